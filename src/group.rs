//! The lanes of one broadcast: polls them in turn, within one rate limit, and hands each what is for it.
//!
//! A [`Supervisor`](crate::supervisor::Supervisor) is a group of one lane, a
//! [`RedundancyGroup`](crate::redundancy::RedundancyGroup) one of several, of which one is on air.

use macro_rules_attribute::apply;

use crate::document::document;
use crate::error::{Invalid, check_count};
use crate::on_air::OnAirChoice;
use crate::quota::QuotaLimits;
use crate::quota::permits::Permits;
use crate::redact::DriverSecrets;
use crate::status::Call;
use crate::supervisor::snapshot::{self, SnapshotError};
use crate::supervisor::{
    ChannelLook, FailReason, Input, Lane, LaneUpdate, NewLane, Outcome, Output, PermitRequest, Request,
    RequestId, Step, Why,
};
use crate::task::{Services, TaskWarning};
use crate::time::{Clock, Instant, Now, WallTime};

#[apply(document)]
#[json(camel)]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Group {
    clock: Clock,
    /// The primary first; there is one at least.
    lanes: Vec<Lane>,
    permits: Permits,
    /// Which lane viewers should watch. None: nobody chooses, as there is one lane.
    on_air: Option<OnAirChoice>,
    /// The lane that is asked first at the next poll: all get their turn.
    first: usize,
}

impl Group {
    pub(crate) fn new(
        lanes: impl IntoIterator<Item = NewLane>,
        limits: QuotaLimits,
        on_air: Option<OnAirChoice>,
        now: WallTime,
    ) -> Self {
        let clock = Clock::starting_at(now);
        let now = clock.mono();
        let lanes = (0..).zip(lanes).map(|(number, lane)| Lane::new(number, lane, now)).collect();
        Self { clock, lanes, permits: Permits::new(limits, now), on_air, first: 0 }
    }

    /// What to do next.
    pub(crate) fn poll(&mut self, now: WallTime) -> Output {
        let now = self.tick(now);
        for at in 0..self.lanes.len() {
            if let Some(look) = self.lanes.get_mut(at).and_then(|lane| lane.time_out(now)) {
                self.look(now, at, &look);
            }
        }
        // What happened to a lane is told before what that means for the viewers.
        let told = self.lanes.iter_mut().find_map(Lane::next_event);
        let choose = || self.on_air.as_mut()?.choose(now, &self.lanes);
        if let Some(event) = told.or_else(choose) {
            return Output::Emit(event);
        }
        loop {
            if let Some(output) = self.poll_lanes(now) {
                return output;
            }
        }
    }

    /// Asks the lanes in turn, until one has something to do. None: what some of them wait for came only with those after
    /// them, so that all are to be asked once more.
    fn poll_lanes(&mut self, now: Now) -> Option<Output> {
        let rolls_out = self.next_to_roll_out(now);
        let mut soonest: Option<(Instant, Why)> = None;
        let mut outcomes = Vec::new();
        let mut is_permit_free = false;
        let (first, count) = (self.first, self.lanes.len());
        for at in (0..count).map(|i| (first + i) % count) {
            let Some(lane) = self.lanes.get_mut(at) else { continue };
            let number = lane.number();
            let held = self.permits.held_by(number);
            let step = lane.poll(now, &mut self.permits, rolls_out == Some(at));
            is_permit_free |= held.is_some() && held != self.permits.held_by(number);
            self.first = at;
            match step {
                Step::Emit(event) => return Some(Output::Emit(event)),
                Step::Send(request) => return Some(self.send(now, at, request)),
                Step::NeedToken(request) => return Some(Output::NeedToken(request)),
                Step::NeedPermit(request) => return Some(Output::NeedPermit(request)),
                Step::Wait { until, why } if soonest.is_none_or(|(soonest, _)| until < soonest) => {
                    soonest = Some((until, why));
                }
                Step::Wait { .. } => {}
                Step::Done(outcome) => outcomes.push(outcome),
            }
        }
        self.first = 0;
        let Some((until, why)) = soonest else { return Some(Output::Done(together(&outcomes))) };
        // A lane that was rolling out may have come to its end.
        let is_turn_free = self.next_to_roll_out(now) != rolls_out;
        if is_permit_free || is_turn_free {
            return None;
        }
        let held_until = self.on_air.as_ref().and_then(OnAirChoice::held_until);
        let (until, why) = match held_until.filter(|held| now.mono < *held && *held < until) {
            Some(held) => (held, Why::Confirm),
            None => (until, why),
        };
        Some(Output::Wait { until: self.clock.wall_at(until), why })
    }

    fn send(&mut self, now: Now, at: usize, request: Request) -> Output {
        if request.call == Call::Presence {
            self.share_look(at, now.mono + request.timeout);
        }
        Output::Send(request)
    }

    /// The lane whose running task may be replaced now for a new payload: one after the other, that on air last.
    fn next_to_roll_out(&self, now: Now) -> Option<usize> {
        if self.lanes.iter().any(Lane::is_rolling_out) {
            return None;
        }
        let on_air = self.on_air.as_ref().and_then(OnAirChoice::lane);
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
    pub(crate) fn elapse(&mut self, until: WallTime) {
        self.tick(until);
    }

    /// If it had already ended when it was restored, emits `AlreadyEnded`, as no other event will follow.
    pub(crate) fn note_restored(&mut self, now: WallTime) {
        let now = self.tick(now);
        if self.lanes.iter().all(Lane::has_ended) {
            self.lanes.iter_mut().for_each(|lane| lane.note_ended(now));
        }
    }

    /// Takes what happened. True when it was about this group.
    pub(crate) fn handle(&mut self, now: WallTime, input: Input) -> bool {
        let now = self.tick(now);
        match input {
            Input::Answer(id, answer) => {
                let at = id.lane() as usize;
                let count = self.lanes.len();
                let (before, rest) = self.lanes.split_at_mut(at.min(count));
                let Some((lane, after)) = rest.split_first_mut() else { return false };
                let is_of_others =
                    |task: &str| before.iter().chain(&*after).any(|other| other.has_made(task));
                if let Some(look) = lane.answer(now, id, &answer, &is_of_others) {
                    self.look(now, at, &look);
                }
                true
            }
            Input::Token(id, token) => {
                let Some(lane) = self.lanes.get_mut(id.lane() as usize) else { return false };
                lane.token(now, id, token);
                true
            }
            Input::Permit(request, wait) => {
                self.permits.answered(now.mono, request.lane, request.call, wait);
                true
            }
            Input::Notification(notification) => {
                // The lane of the task, whatever the instanceId says.
                let owner = self.lanes.iter().position(|lane| lane.has_made(&notification.task_id));
                match owner.and_then(|at| self.lanes.get_mut(at)) {
                    Some(lane) => lane.handle_notification(now, &notification),
                    None => self.lanes.iter_mut().any(|lane| lane.handle_notification(now, &notification)),
                }
            }
            Input::CheckNow => {
                let watched = match &self.on_air {
                    Some(on_air) => on_air.lane(),
                    None => Some(0),
                };
                watched
                    .and_then(|at| self.lanes.get_mut(at))
                    .into_iter()
                    .for_each(|lane| lane.check_now(now));
                true
            }
            Input::Stop => {
                self.lanes.iter_mut().for_each(|lane| lane.stop(now));
                true
            }
        }
    }

    /// Gives each lane its payload; all or none.
    pub(crate) fn update(
        &mut self,
        now: WallTime,
        payload_of: impl Fn(&Lane) -> Services,
    ) -> Result<Vec<LaneUpdate>, Invalid> {
        let now = self.tick(now);
        let payloads: Vec<Services> = self.lanes.iter().map(payload_of).collect();
        self.lanes.iter().zip(&payloads).try_for_each(|(lane, services)| lane.check_update(services))?;
        self.lanes.iter_mut().zip(payloads).map(|(lane, services)| lane.update(now, services)).collect()
    }

    pub(crate) fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    #[cfg(test)]
    pub(crate) fn permits(&self) -> &Permits {
        &self.permits
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn on_air(&self) -> Option<&OnAirChoice> {
        self.on_air.as_ref()
    }

    pub(crate) fn warnings(&self) -> Vec<TaskWarning> {
        self.lanes.iter().flat_map(Lane::warnings).collect()
    }

    /// The newest payload that was not refused, if all lanes have the same but for their outputs: of the first lane's.
    pub(crate) fn services(&self) -> Option<&Services> {
        let first = self.lanes.first()?.services();
        let is_same = |lane: &Lane| lane.services().clone().with_output_of(first) == *first;
        self.lanes.iter().all(is_same).then_some(first)
    }

    pub(crate) fn keep_secret(&mut self, secrets: impl IntoIterator<Item = String>) {
        let secrets = DriverSecrets::new(secrets);
        self.lanes.iter_mut().for_each(|lane| lane.keep_secret(secrets.clone()));
    }

    pub(crate) fn most_calls_in_a_second(&self) -> usize {
        self.permits.most_in_any_second()
    }

    pub(crate) fn share_quota(&mut self, shared: bool) {
        self.permits.share(shared);
    }

    pub(crate) fn awaits_permit(&self, request: PermitRequest) -> bool {
        self.permits.awaits(request.lane, request.call)
    }

    pub(crate) fn awaits(&self, id: RequestId) -> bool {
        self.lanes.iter().any(|lane| lane.awaits(id))
    }

    pub(crate) fn revision(&self) -> u64 {
        self.lanes.iter().map(Lane::revision).sum()
    }

    /// The whole state, as text.
    pub(crate) fn snapshot(&self) -> String {
        snapshot::write(self.kind(), self)
    }

    /// A group that goes on exactly as the one that the snapshot was taken from.
    pub(crate) fn restore(kind: &'static str, text: &str) -> Result<Self, SnapshotError> {
        let mut group = snapshot::read(kind, text, |group: &Self| {
            group.clock.check()?;
            check_count("first", group.first as u64)?;
            group.permits.check()?;
            let lanes = group.lanes.len();
            if kind != group.kind() || lanes == 0 || (group.on_air.is_none() && lanes > 1) {
                return Err(Invalid::new("lanes", lanes, format!("those of a {kind}")));
            }
            (0..).zip(&group.lanes).try_for_each(|(number, lane)| lane.check(number))
        })?;
        group.lanes.iter_mut().for_each(Lane::share_policy);
        Ok(group)
    }

    fn kind(&self) -> &'static str {
        if self.on_air.is_some() { GROUP } else { SUPERVISOR }
    }

    fn tick(&mut self, now: WallTime) -> Now {
        let (now, went_back) = self.clock.tick(now);
        if went_back {
            self.lanes.iter_mut().for_each(Lane::clock_went_back);
        }
        now
    }

    /// One look serves every output of a channel: the other lanes wait for this lane's.
    fn share_look(&mut self, at: usize, until: Instant) {
        let Some(channel) = self.lanes.get(at).map(|lane| lane.output_channel().to_owned()) else { return };
        for (i, lane) in self.lanes.iter_mut().enumerate() {
            if i != at && lane.output_channel() == channel {
                lane.leave_look_to_another(until);
            }
        }
    }
}

/// What a snapshot is the state of.
pub(crate) const SUPERVISOR: &str = "supervisor";
/// What a snapshot is the state of.
pub(crate) const GROUP: &str = "group";

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

/// What a supervisor and a group have in common, for whoever drives them.
macro_rules! driven {
    ($machine:ident, $kind:expr) => {
        impl serde::Serialize for $machine {
            /// The whole state, as in a snapshot.
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::document::Serializable(&self.0).serialize(serializer)
            }
        }

        impl $machine {
            /// What to do next. May change after every [`handle`](Self::handle), and when the time of a `Wait` has come.
            #[must_use]
            pub fn poll(&mut self, now: WallTime) -> Output {
                self.0.poll(now)
            }

            /// Takes what happened. True when it was about this one.
            pub fn handle(&mut self, now: WallTime, input: Input) -> bool {
                self.0.handle(now, input)
            }

            /// The caller's clock was set back when it showed `until`: the time that had passed by then still counts.
            pub fn elapse(&mut self, until: WallTime) {
                self.0.elapse(until);
            }

            /// Call it after a restore: if it had already ended, emits `AlreadyEnded`, as no other event will follow.
            pub fn note_restored(&mut self, now: WallTime) {
                self.0.note_restored(now);
            }

            /// What is allowed in the payloads that the next launches have, but probably not meant.
            #[must_use]
            pub fn warnings(&self) -> Vec<TaskWarning> {
                self.0.warnings()
            }

            /// The most calls that it makes in any one second, while nobody else shares out the App ID's rate limit.
            #[must_use]
            pub fn most_calls_in_a_second(&self) -> usize {
                self.0.most_calls_in_a_second()
            }

            /// Whether somebody else shares out the App ID's rate limit, among all processes that make calls under it. Then
            /// each call is preceded by an [`Output::NeedPermit`]; else the machine keeps to `quota` by itself.
            pub fn share_quota(&mut self, shared: bool) {
                self.0.share_quota(shared);
            }

            /// Texts that only the driver knows, such as the customer's secret and the `Authorization` header: they are
            /// redacted wherever the service, or a proxy before it, repeats them. No snapshot has them, so they are handed in
            /// after [`restore`](Self::restore) too. What has fewer than 6 characters, or fewer than 16 of which all are
            /// letters, is taken for a word, and stays.
            pub fn keep_secret(&mut self, secrets: impl IntoIterator<Item = String>) {
                self.0.keep_secret(secrets);
            }

            /// Whether the answer to this question is still awaited.
            #[must_use]
            pub fn awaits_permit(&self, request: PermitRequest) -> bool {
                self.0.awaits_permit(request)
            }

            /// Whether the answer to this request is still awaited. Ask before sending what had to wait for its snapshot.
            #[must_use]
            pub fn awaits(&self, id: RequestId) -> bool {
                self.0.awaits(id)
            }

            /// Grows with every change worth persisting, besides those that a request asks to persist first.
            #[must_use]
            pub fn revision(&self) -> u64 {
                self.0.revision()
            }

            /// The whole state, as text. It carries tokens: keep it where the credentials are kept.
            pub fn snapshot(&self) -> String {
                self.0.snapshot()
            }

            /// One that goes on exactly as the one that the snapshot was taken from.
            ///
            /// # Errors
            /// A snapshot of something else, of another version, or a damaged one.
            pub fn restore(snapshot: &str) -> Result<Self, SnapshotError> {
                Group::restore($kind, snapshot).map(Self)
            }
        }
    };
}
pub(crate) use driven;
