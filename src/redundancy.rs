//! A primary and its backups, started together, and which of them viewers should watch.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decode::{self, decode};
use crate::durations::server::START_GRACE;
use crate::error::{Invalid, check_count, quoted};
use crate::quota::QuotaLimits;
use crate::quota::permits::Permits;
use crate::redact::DriverSecrets;
use crate::supervisor::snapshot::{self, SnapshotError};
use crate::supervisor::{
    ChannelLook, Event, EventCall, EventKind, FailReason, Health, Input, Lane, LaneStatus, LaneUpdate,
    NewLane, Outcome, Output, PermitRequest, Raw, RequestId, Shared, Step, Why,
};
use crate::task::{Services, TaskWarning};
use crate::time::{Clock, Millis, Now};
use crate::uid::Uid;

/// Which output is put on air.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnAirPolicy {
    /// The one that is on air stays there while it runs.
    #[default]
    Sticky,
    /// The first lane, whenever it runs.
    PreferPrimary,
}

decode!(Kebab enum OnAirPolicy { Sticky, PreferPrimary });

/// The settings of a group, as JSON: those of a supervisor, with `lanes: [{ name, uids, services? }]` in the place of
/// `uids`, the primary first, and `onAir?`.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    lanes: Vec<NewLane>,
    limits: QuotaLimits,
    on_air: OnAirPolicy,
    start_grace: Millis,
}

/// A lane's name is at most this long, in characters.
const NAME_CHARS: usize = 32;
/// As many lanes as have two-digit numbers in an instanceId.
const MAX_LANES: usize = 99;

impl GroupConfig {
    /// Reads and checks the settings.
    ///
    /// # Errors
    /// The first value that is not allowed.
    pub fn from_json(json: &Value) -> Result<Self, Invalid> {
        let mut raw: Raw = decode::read("config", json)?;
        raw.refuse_uids()?;
        let on_air = raw.on_air.unwrap_or_default();
        let start_grace = raw.start_grace_ms.unwrap_or(START_GRACE.default());
        START_GRACE.check(start_grace).map_err(|invalid| invalid.within("config"))?;
        let raw_lanes = raw.lanes.as_mut().map(std::mem::take).unwrap_or_default();
        if raw_lanes.is_empty() || raw_lanes.len() > MAX_LANES {
            let found = format!("{} lanes", raw_lanes.len());
            return Err(Invalid::new("config.lanes", found, format!("a list of 1 to {MAX_LANES} lanes")));
        }
        let shared = Shared::new(raw)?;
        let mut lanes: Vec<NewLane> = Vec::new();
        for (i, raw) in raw_lanes.into_iter().enumerate() {
            let field = |name: &str| format!("config.lanes[{i}].{name}");
            let length = raw.name.chars().count();
            if length == 0 || length > NAME_CHARS || lanes.iter().any(|lane| lane.name() == raw.name) {
                let allowed = format!("1 to {NAME_CHARS} characters, and no other lane's");
                return Err(Invalid::new(field("name"), quoted(&raw.name), allowed));
            }
            let instance_id = format!("{}-{i}", shared.raw.instance_id);
            let services = raw.services.as_ref();
            let lane = shared.lane(raw.name, instance_id, raw.uids, services).map_err(|invalid| {
                let name = match invalid.field.as_str() {
                    "config.uids" => "uids",
                    // The payload that all have in common is no lane's.
                    name if services.is_some() && name.starts_with("services") => name,
                    _ => return invalid,
                };
                Invalid { field: field(name), ..invalid }
            })?;
            let in_channel = |other: &&NewLane| other.output_channel() == lane.output_channel();
            let taken = |uid: &&Uid| lanes.iter().filter(in_channel).any(|other| other.uids().contains(uid));
            if let Some(uid) = lane.uids().iter().find(taken) {
                let allowed = "different from the uids of every other lane in the same output channel";
                return Err(Invalid::new(field("uids"), uid, allowed));
            }
            lanes.push(lane);
        }
        let limits = shared.limits(&lanes)?;
        Ok(Self { lanes, limits, on_air, start_grace })
    }

    /// What is allowed, but probably not meant.
    #[must_use]
    pub fn warnings(&self) -> Vec<TaskWarning> {
        self.lanes.iter().flat_map(NewLane::warnings).collect()
    }
}

/// A new payload for every lane, or one for some of them: `{ lanes: [{ name, services }] }`.
#[derive(Clone, Debug)]
pub enum GroupUpdate {
    /// For every lane; each keeps its own output channel.
    All(Box<Services>),
    /// For these lanes, by name.
    Lanes(Vec<(String, Services)>),
}

impl GroupUpdate {
    /// Reads and checks it.
    ///
    /// # Errors
    /// The first value that is not allowed.
    pub fn from_json(json: &Value) -> Result<Self, Invalid> {
        struct Raw {
            lanes: Vec<OfLane>,
        }
        struct OfLane {
            name: String,
            services: Value,
        }
        decode!(Camel Raw { lanes; only });
        decode!(Camel OfLane { name, services; only });
        if json.get("lanes").is_none() {
            return Services::from_json(json).map(|services| Self::All(Box::new(services)));
        }
        let Raw { lanes } = decode::read("update", json)?;
        if lanes.is_empty() {
            return Err(Invalid::new("update.lanes", "empty", "one or more of the group's lanes"));
        }
        let read = |(at, lane): (usize, OfLane)| {
            let services = Services::from_json(&lane.services)
                .map_err(|invalid| invalid.within(&format!("update.lanes[{at}]")))?;
            Ok((lane.name, services))
        };
        lanes.into_iter().enumerate().map(read).collect::<Result<_, _>>().map(Self::Lanes)
    }
}

/// The output that viewers should watch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OnAir {
    /// The lane's name.
    pub lane: String,
    /// Its channel.
    pub channel: String,
    /// Its output uid.
    pub uid: Uid,
}

/// How a group is, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupStatus {
    /// What viewers should watch.
    pub on_air: Option<OnAir>,
    /// The lanes, the primary first.
    pub lanes: Vec<LaneStatus>,
}

/// A primary supervisor and its backups on the same inputs, each with its own ring of uids, within one rate limit.
///
/// Driven as a [`Supervisor`](crate::supervisor::Supervisor) is.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RedundancyGroup {
    clock: Clock,
    lanes: Vec<Lane>,
    permits: Permits,
    policy: OnAirPolicy,
    on_air: Option<(usize, Uid)>,
    /// How long a backup waits for the primary, so that viewers do not begin with it only to leave it a moment later. None:
    /// an output was on air.
    start_grace: Option<Millis>,
    /// Since when a backup has been up alone.
    first_up: Option<Millis>,
    /// The lane that is asked first at the next poll: all get their turn.
    first: usize,
}

decode!(Camel RedundancyGroup { clock, lanes, permits, policy, on_air, start_grace, first_up, first });

impl RedundancyGroup {
    /// A group that begins at `now`.
    #[must_use]
    pub fn new(config: GroupConfig, now: Millis) -> Self {
        let lanes = (0..).zip(config.lanes).map(|(number, lane)| Lane::new(number, lane, now)).collect();
        Self {
            clock: Clock::starting_at(now),
            lanes,
            permits: Permits::new(config.limits, now),
            policy: config.on_air,
            on_air: None,
            start_grace: Some(config.start_grace),
            first_up: None,
            first: 0,
        }
    }

    /// What to do next. May change after every [`handle`](Self::handle), and when the time of a `Wait` has come.
    #[must_use]
    pub fn poll(&mut self, now: Millis) -> Output {
        let now = self.tick(now);
        for at in 0..self.lanes.len() {
            if let Some(look) = self.lanes.get_mut(at).and_then(|lane| lane.time_out(now)) {
                self.look(now, at, &look);
            }
        }
        // What happened to a lane is told before what that means for the viewers.
        let told = self.lanes.iter_mut().find_map(Lane::next_event);
        if let Some(event) = told.or_else(|| self.choose_on_air(now)) {
            return Output::Emit(event);
        }
        loop {
            if let Some(output) = self.poll_lanes(now) {
                return output;
            }
        }
    }

    /// None: a lane may have waited for what one after it wants no more, so that all are to be asked once more.
    fn poll_lanes(&mut self, now: Now) -> Option<Output> {
        let mut wait: Option<(Millis, _)> = None;
        let mut outcomes = Vec::new();
        let mut made_way = false;
        let count = self.lanes.len();
        let may_roll_out = self.next_to_roll_out(now);
        for at in (0..count).map(|i| (self.first + i) % count) {
            let Some(lane) = self.lanes.get_mut(at) else { continue };
            let held = self.permits.held_by(lane.number());
            let step = lane.poll(now, &mut self.permits, may_roll_out == Some(at));
            made_way |= held != (None, false) && held != self.permits.held_by(lane.number());
            let output = match step {
                Step::Emit(event) => Output::Emit(event),
                Step::Send(request) => {
                    if request.call == EventCall::Presence {
                        self.share_look(at, now.mono.plus(request.timeout));
                    }
                    Output::Send(request)
                }
                Step::NeedToken(request) => Output::NeedToken(request),
                Step::NeedPermit(request) => Output::NeedPermit(request),
                Step::Wait { until, why } => {
                    if wait.is_none_or(|(soonest, _)| until < soonest) {
                        wait = Some((until, why));
                    }
                    continue;
                }
                Step::Done(outcome) => {
                    outcomes.push(outcome);
                    continue;
                }
            };
            self.first = at;
            return Some(output);
        }
        self.first = 0;
        match wait {
            Some(_) if made_way => None,
            // A lane that was rolling out has come to its end meanwhile.
            Some(_) if self.next_to_roll_out(now) != may_roll_out => None,
            Some((until, why)) => {
                let (until, why) = match self.held_until() {
                    Some(held) if now.mono < held && held < until => (held, Why::Confirm),
                    Some(_) | None => (until, why),
                };
                Some(Output::Wait { until: self.clock.wall_at(until), why })
            }
            None => Some(Output::Done(together(&outcomes))),
        }
    }

    /// The lane whose running task may be replaced now for a new payload: one after the other, that on air last.
    fn next_to_roll_out(&self, now: Now) -> Option<usize> {
        if self.lanes.iter().any(Lane::is_rolling_out) {
            return None;
        }
        let on_air = self.on_air.map(|(at, _)| at);
        let wanting = self.lanes.iter().enumerate().filter(|(_, lane)| lane.wants_rollout(now));
        wanting.map(|(at, _)| at).min_by_key(|at| (Some(*at) == on_air, *at))
    }

    /// A look of this lane came to something: it serves every output of the channel.
    fn look(&mut self, now: Now, at: usize, look: &ChannelLook) {
        let channel = self.lanes.get(at).map(|lane| lane.output_channel().to_owned());
        let of_channel = |lane: &&mut Lane| channel.as_deref() == Some(lane.output_channel());
        self.lanes.iter_mut().filter(of_channel).for_each(|lane| lane.look(now, look));
    }

    /// The caller's clock was set back when it showed `until`: the time that had passed by then still counts.
    pub fn elapse(&mut self, until: Millis) {
        self.tick(until);
    }

    /// Call it after a restore: if it had already ended, emits `AlreadyEnded`, as no other event will follow.
    pub fn note_restored(&mut self, now: Millis) {
        let now = self.tick(now);
        if self.lanes.iter().all(Lane::has_ended) {
            self.lanes.iter_mut().for_each(|lane| lane.note_ended(now));
        }
    }

    /// Takes what happened. True when it was about this group.
    pub fn handle(&mut self, now: Millis, input: Input) -> bool {
        let now = self.tick(now);
        match input {
            Input::Answer(id, answer) => {
                let at = id.lane() as usize;
                let count = self.lanes.len();
                let (before, rest) = self.lanes.split_at_mut(at.min(count));
                let Some((lane, after)) = rest.split_first_mut() else { return false };
                let is_of_others =
                    |task: &str| before.iter().chain(&*after).any(|other| other.create_of(task).is_some());
                if let Some(look) = lane.answer(now, id, &answer, &is_of_others) {
                    self.look(now, at, &look);
                }
                true
            }
            Input::Token(id, token) => {
                let Some(lane) = self.lane_of(id) else { return false };
                lane.token(now, id, token);
                true
            }
            Input::Permit(request, wait) => {
                self.permits.answered(now.mono, request.lane, request.want, wait);
                true
            }
            Input::Notice(notice) => {
                // The lane of the task, whatever the instanceId says.
                let owner = self.lanes.iter().position(|lane| lane.create_of(&notice.task_id).is_some());
                match owner.and_then(|at| self.lanes.get_mut(at)) {
                    Some(lane) => lane.notice(now, &notice),
                    None => self.lanes.iter_mut().any(|lane| lane.notice(now, &notice)),
                }
            }
            Input::Hint => {
                let on_air = self.on_air.and_then(|(at, _)| self.lanes.get_mut(at));
                on_air.into_iter().for_each(|lane| lane.hint(now));
                true
            }
            Input::Stop => {
                self.lanes.iter_mut().for_each(|lane| lane.stop(now));
                true
            }
        }
    }

    /// Takes a new payload for every lane, as [`Supervisor::update`](crate::supervisor::Supervisor::update) does; for
    /// all or for none. Each lane keeps the channel, and the RTC token, of its own output; the payload names that of any
    /// lane. Where tasks have to be replaced, it is one lane after the other, that on air last.
    ///
    /// # Errors
    /// A payload that does not fit one of the lanes, or whose output is in no lane's channel.
    pub fn update(&mut self, now: Millis, services: &Services) -> Result<Vec<LaneUpdate>, Invalid> {
        let named = services.rtc_outputs().next().map(|rtc| rtc.rtc_channel.as_str());
        let is_named = |lane: &Lane| Some(lane.output_channel()) == named;
        let names_a_lane = self.lanes.iter().any(is_named);
        let of_lane = |lane: &Lane| match names_a_lane && !is_named(lane) {
            true => services.clone().with_output_of(lane.services()),
            false => services.clone(),
        };
        let payloads = self.lanes.iter().map(of_lane).collect();
        self.update_all(now, payloads)
    }

    /// Takes one or the other.
    ///
    /// # Errors
    /// As [`update`](Self::update) and [`update_lanes`](Self::update_lanes).
    pub fn update_with(&mut self, now: Millis, update: GroupUpdate) -> Result<Vec<LaneUpdate>, Invalid> {
        match update {
            GroupUpdate::All(services) => self.update(now, &services),
            GroupUpdate::Lanes(lanes) => self.update_lanes(now, &lanes),
        }
    }

    /// Takes a new payload for each of these lanes, by name; for all or for none.
    ///
    /// # Errors
    /// A name that is no lane's; a payload that does not fit its lane.
    pub fn update_lanes(
        &mut self,
        now: Millis,
        payloads: &[(String, Services)],
    ) -> Result<Vec<LaneUpdate>, Invalid> {
        let names = || self.lanes.iter().map(Lane::name);
        let is_wrong = |(at, (name, _)): &(usize, &(String, Services))| {
            let is_twice = payloads.iter().take(*at).any(|(other, _)| other == name);
            is_twice || !names().any(|of| of == name)
        };
        if let Some((at, (name, _))) = payloads.iter().enumerate().find(is_wrong) {
            let allowed = format!("one of {}, each once", names().map(quoted).collect::<Vec<_>>().join(", "));
            return Err(Invalid::new(format!("update.lanes[{at}].name"), quoted(name), allowed));
        }
        let of_lane = |lane: &Lane| {
            let given = payloads.iter().find(|(name, _)| name == lane.name());
            given.map_or_else(|| lane.services().clone(), |(_, services)| services.clone())
        };
        let payloads = self.lanes.iter().map(of_lane).collect();
        self.update_all(now, payloads)
    }

    fn update_all(&mut self, now: Millis, payloads: Vec<Services>) -> Result<Vec<LaneUpdate>, Invalid> {
        let now = self.tick(now);
        self.lanes.iter().zip(&payloads).try_for_each(|(lane, services)| lane.check_update(services))?;
        self.lanes.iter_mut().zip(payloads).map(|(lane, services)| lane.update(now, services)).collect()
    }

    /// What is allowed in the payloads that the next launches have, but probably not meant.
    #[must_use]
    pub fn warnings(&self) -> Vec<TaskWarning> {
        self.lanes.iter().flat_map(Lane::warnings).collect()
    }

    /// The newest payload that was not refused, with secrets in it, if all lanes have the same but for their outputs: of the
    /// first lane's.
    #[must_use]
    pub fn services(&self) -> Option<&Services> {
        let first = self.lanes.first()?.services();
        let is_same = |lane: &Lane| lane.services().clone().with_output_of(first) == *first;
        self.lanes.iter().all(is_same).then_some(first)
    }

    /// Texts that only the driver knows, as [`Supervisor::keep_secret`](crate::supervisor::Supervisor::keep_secret) takes
    /// them.
    pub fn keep_secret(&mut self, secrets: impl IntoIterator<Item = String>) {
        let secrets = DriverSecrets::new(secrets);
        self.lanes.iter_mut().for_each(|lane| lane.keep_secret(secrets.clone()));
    }

    /// The most calls that it makes in any one second, while nobody else shares out the App ID's rate limit.
    #[must_use]
    pub fn most_calls_in_a_second(&self) -> usize {
        self.permits.most_in_any_second()
    }

    /// Whether somebody else shares out the App ID's rate limit, among all processes that make calls under it. Then each
    /// call is preceded by an [`Output::NeedPermit`]; else the machine keeps to `quota` by itself.
    pub fn share_quota(&mut self, shared: bool) {
        self.permits.share(shared);
    }

    /// Whether the answer to this question is still awaited.
    #[must_use]
    pub fn awaits_permit(&self, request: PermitRequest) -> bool {
        self.permits.awaits(request.lane, request.want)
    }

    /// Whether the answer to this request is still awaited. Ask before sending what had to wait for its snapshot.
    #[must_use]
    pub fn awaits(&self, id: RequestId) -> bool {
        self.lanes.iter().any(|lane| lane.awaits(id))
    }

    /// What viewers should watch.
    #[must_use]
    pub fn on_air(&self) -> Option<OnAir> {
        let (at, uid) = self.on_air?;
        let lane = self.lanes.get(at)?;
        Some(OnAir { lane: lane.name().to_owned(), channel: lane.output_channel().to_owned(), uid })
    }

    /// How the group is, for people.
    #[must_use]
    pub fn status(&self) -> GroupStatus {
        GroupStatus {
            on_air: self.on_air(),
            lanes: self.lanes.iter().map(|lane| lane.status(&self.clock)).collect(),
        }
    }

    /// Grows with every change worth persisting, besides those that a request asks to persist first.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.lanes.iter().map(Lane::revision).sum()
    }

    /// The whole state, as text. It carries tokens: keep it where the credentials are kept.
    ///
    /// # Errors
    /// None that is known; serialising may fail in principle.
    pub fn snapshot(&self) -> Result<String, SnapshotError> {
        snapshot::write("group", self)
    }

    /// A group that goes on exactly as the one that the snapshot was taken from.
    ///
    /// # Errors
    /// A snapshot of something else, of a newer version, or a damaged one.
    pub fn restore(text: &str) -> Result<Self, SnapshotError> {
        snapshot::read("group", text, |group: &Self| {
            group.clock.check()?;
            check_count("first", group.first as u64)?;
            group.permits.check()?;
            (0..).zip(&group.lanes).try_for_each(|(number, lane)| lane.check(number))
        })
    }

    fn tick(&mut self, now: Millis) -> Now {
        let (now, went_back) = self.clock.tick(now);
        if went_back {
            self.lanes.iter_mut().for_each(Lane::clock_went_back);
        }
        now
    }

    /// One look serves every output of a channel: the other lanes wait for this lane's.
    fn share_look(&mut self, at: usize, until: Millis) {
        let Some(channel) = self.lanes.get(at).map(|lane| lane.output_channel().to_owned()) else { return };
        for (i, lane) in self.lanes.iter_mut().enumerate() {
            if i != at && lane.output_channel() == channel {
                lane.leave_look_to_another(until);
            }
        }
    }

    fn lane_of(&mut self, id: RequestId) -> Option<&mut Lane> {
        self.lanes.get_mut(id.lane() as usize)
    }

    /// Whether an output that would be the first on air has to wait for the primary's.
    fn holds_for_primary(&mut self, now: Now, next: Option<(usize, Uid)>) -> bool {
        let is_backup = next.is_some_and(|(at, _)| at > 0) && self.lanes.first().is_some_and(Lane::is_to_run);
        if is_backup && self.start_grace.is_some() {
            self.first_up.get_or_insert(now.mono);
        }
        let holds = is_backup && self.held_until().is_some_and(|until| now.mono < until);
        if !holds {
            self.start_grace = None;
        }
        holds
    }

    /// Until when a backup that is up waits for the primary.
    fn held_until(&self) -> Option<Millis> {
        Some(self.first_up?.plus(self.start_grace?))
    }

    /// Moves what is on air when it does not run any more, to a lane that does.
    fn choose_on_air(&mut self, now: Now) -> Option<Event> {
        let healths: Vec<Health> = self.lanes.iter().map(Lane::health).collect();
        let running = |(at, health): (usize, &Health)| match health {
            Health::Running(uid) => Some((at, *uid)),
            Health::Unidentified(_) | Health::Suspect(_) | Health::Down => None,
        };
        let up = |(at, health): (usize, &Health)| match health {
            Health::Running(uid) | Health::Suspect(uid) | Health::Unidentified(uid) => Some((at, *uid)),
            Health::Down => None,
        };
        let first_running = healths.iter().enumerate().find_map(running);
        let first_up = || healths.iter().enumerate().find_map(up);
        let here = |at: usize| healths.get(at).map(|health| (at, health));
        let stays = self.on_air.and_then(|(at, _)| here(at)).and_then(running);
        // One that is suspect is left for one that surely runs, but not for nothing.
        let holds = || self.on_air.and_then(|(at, _)| here(at)).and_then(up);
        let next = match self.policy {
            OnAirPolicy::Sticky => stays.or(first_running).or_else(holds).or_else(first_up),
            OnAirPolicy::PreferPrimary => first_running.or_else(holds).or_else(first_up),
        };
        if next == self.on_air || self.holds_for_primary(now, next) {
            return None;
        }
        let from = std::mem::replace(&mut self.on_air, next);
        let name = |at: usize| self.lanes.get(at).map(|lane| lane.name().to_owned());
        let channel = |at: usize| self.lanes.get(at).map(|lane| lane.output_channel().to_owned());
        let (from_lane, to_lane) = (from.and_then(|(at, _)| name(at)), next.and_then(|(at, _)| name(at)));
        Some(Event {
            at: now.wall,
            lane: to_lane.clone().or_else(|| from_lane.clone()).unwrap_or_default(),
            generation: None,
            uid: next.map(|(_, uid)| uid),
            task_id: None,
            instance_id: None,
            kind: EventKind::OnAir {
                from_lane,
                to_lane,
                from_uid: from.map(|(_, uid)| uid),
                to_uid: next.map(|(_, uid)| uid),
                from_channel: from.and_then(|(at, _)| channel(at)),
                to_channel: next.and_then(|(at, _)| channel(at)),
            },
        })
    }
}

/// How a group ended: failed only if every lane did.
fn together(outcomes: &[Outcome]) -> Outcome {
    let failed = |outcome: &Outcome| match outcome {
        Outcome::Failed { reason } => Some(*reason),
        Outcome::Stopped | Outcome::Ended => None,
    };
    let reasons: Vec<FailReason> = outcomes.iter().filter_map(failed).collect();
    match reasons.first() {
        Some(reason) if reasons.len() == outcomes.len() => Outcome::Failed { reason: *reason },
        _ if outcomes.contains(&Outcome::Stopped) => Outcome::Stopped,
        _ => Outcome::Ended,
    }
}

#[cfg(test)]
mod tests;
