//! One schedule: a group, the emulated service, the network between them, and a process that may die.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;
use steadymix::notice;
use steadymix::quota::{Permit, QuotaLimits, TokenBucket, Want};
use steadymix::redundancy::{GroupConfig, RedundancyGroup};
use steadymix::supervisor::{
    Answer, Event, EventCall, EventKind, Input, NoAnswer, Output, PermitRequest, Request, RequestId, Standing,
};
use steadymix::task::Services;
use steadymix::time::Millis;
use steadymix_emulator::{Call, Command, Delivery, Emulator, Reply, Rule, Silence, StartUp};

use crate::air::Air;
use crate::chance::Chance;
use crate::checks::{Check, Checks, Sent};
use crate::incidents::{self, Incident};

/// Simulated time begins here: 2026-01-01, in ms since the epoch.
const BEGINNING: u64 = 1_767_225_600_000;
/// Once the faults have stopped: the 5 minutes of a full cool-down, doubled by the longest jitter, 90 s to start, and the
/// ladders in between.
const RECOVERY: u64 = 20 * 60_000;
/// The default deadline of `stop()`, and the last answers.
const STOP_DEADLINE: u64 = 300_000 + 12_000;
/// More polls than this without time passing is spinning.
const MOST_POLLS: u32 = 5_000;

/// What became of a schedule.
pub(crate) struct Run {
    pub(crate) places: BTreeMap<String, u64>,
    pub(crate) violation: Option<String>,
    pub(crate) trace: Vec<String>,
    pub(crate) digest: u64,
    /// What was on the air, if it was to be recorded.
    pub(crate) air: Option<Air>,
}

/// Something on its way to the process.
enum Coming {
    Answer {
        id: RequestId,
        sent: Sent,
        answer: Answer,
    },
    Token {
        id: RequestId,
        token: Result<Option<String>, ()>,
    },
    Permit {
        request: PermitRequest,
        wait: Millis,
    },
    /// The snapshot of this request is written at last.
    Persisted(Request),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Faults,
    Recovery { since: u64 },
    Calm { until: u64 },
    Stopping { since: u64 },
}

pub(crate) struct World {
    chance: Chance,
    now: u64,
    /// What the process's clock shows more than `now`.
    offset: i64,
    emulator: Emulator,
    config: Value,
    uids: Vec<u32>,
    group: Option<RedundancyGroup>,
    /// The rate limit, if processes share it.
    shared_quota: Option<TokenBucket>,
    /// When the process that died is back.
    back_at: Option<u64>,
    persisted: Option<RedundancyGroup>,
    persisted_revision: u64,
    wake: u64,
    coming: Vec<(u64, u64, Coming)>,
    number: u64,
    incidents: Vec<(u64, Incident)>,
    minutes: u64,
    stage: Stage,
    done: bool,
    /// Failures in a row, by instance and call.
    failures: BTreeMap<(String, EventCall), u32>,
    unknown_creates: BTreeMap<String, u32>,
    notices: BTreeMap<String, Vec<u64>>,
    last_notice: Option<Delivery>,
    checks: Checks,
    places: BTreeMap<String, u64>,
    hasher: DefaultHasher,
    trace: Option<Vec<String>>,
    restored_at_every_step: bool,
    air: Option<Air>,
}

impl World {
    pub(crate) fn new(seed: u64, minutes: u64, traced: bool) -> Self {
        let mut chance = Chance::new(seed);
        let (config, uids) = incidents::config(&mut chance);
        // A task that hangs for ever and was never named cannot be told from none by looking into the channel.
        let may_hang = config["presence"] == "never" && chance.percent(30);
        let profile = incidents::profile(&mut chance, may_hang);
        let hosts_may_leave = chance.percent(30);
        // A permit takes a while from whoever gives it: a little less than the limit is shared out.
        let limits = QuotaLimits { calls_per_second: 7, burst: 2, pcw: 100 };
        let shared_quota = chance.percent(30).then(|| TokenBucket::new(limits, Millis::new(BEGINNING)));
        let until = BEGINNING + minutes * 60_000;
        let mut incidents = incidents::incidents(&mut chance, minutes * 60_000, &uids, hosts_may_leave);
        incidents.iter_mut().for_each(|(at, _)| *at += BEGINNING);
        Self {
            chance,
            now: BEGINNING,
            offset: 0,
            emulator: Emulator::new(profile),
            config,
            uids,
            group: None,
            shared_quota,
            back_at: Some(BEGINNING),
            persisted: None,
            persisted_revision: 0,
            wake: until,
            coming: Vec::new(),
            number: 0,
            incidents,
            minutes,
            stage: Stage::Faults,
            done: false,
            failures: BTreeMap::new(),
            unknown_creates: BTreeMap::new(),
            notices: BTreeMap::new(),
            last_notice: None,
            checks: Checks::default(),
            places: BTreeMap::new(),
            hasher: DefaultHasher::new(),
            trace: traced.then(Vec::new),
            restored_at_every_step: false,
            air: None,
        }
    }

    /// Keeps what is on the air.
    pub(crate) fn recorded(mut self) -> Self {
        self.air = Some(Air::of(&self.uids));
        self
    }

    /// After every step the group is taken up from its snapshot.
    pub(crate) fn restored_at_every_step(mut self) -> Self {
        self.restored_at_every_step = true;
        self
    }

    /// A second task comes under a uid that is taken.
    pub(crate) fn with_intruder(mut self) -> Self {
        let body = |services: &Value| services.to_string();
        let services = incidents::services(300);
        for uid in [9000, 9000] {
            let mut services = services.clone();
            *services.pointer_mut("/cloudTranscoder/config/transcoder/outputs/0/rtc/rtcUid").unwrap() =
                uid.into();
            let base = "/v1/projects/app/rtsc/cloud-transcoder";
            self.number += 1;
            let acquire =
                format!(r#"{{"instanceId":"intruder-{}","services":{}}}"#, self.number, body(&services));
            let call = |path: String, body: String| Call {
                domain: "api.agora.io".to_owned(),
                method: "POST".to_owned(),
                path,
                authorization: None,
                body,
            };
            let reply = self.emulator.handle(self.now, &call(format!("{base}/builderTokens"), acquire));
            let Reply::Answer { body: reply, .. } = reply else { panic!("no answer") };
            let token =
                serde_json::from_str::<Value>(&reply).unwrap()["tokenName"].as_str().unwrap().to_owned();
            let create = format!(r#"{{"services":{}}}"#, body(&services));
            self.emulator.handle(self.now, &call(format!("{base}/tasks?builderToken={token}"), create));
        }
        self
    }

    pub(crate) fn run(mut self) -> Run {
        let violation = self.play().err();
        Run {
            places: self.places,
            violation,
            trace: self.trace.unwrap_or_default(),
            digest: self.hasher.finish(),
            air: self.air,
        }
    }

    fn play(&mut self) -> Check {
        loop {
            self.happen()?;
            self.drive()?;
            self.check()?;
            self.record();
            if self.advance_stage()? {
                return Ok(());
            }
            let incident = self.incidents.first().map(|(at, _)| *at);
            let coming = self.coming.iter().map(|(at, ..)| *at).min();
            let wake = self.group.as_ref().filter(|_| !self.done).map(|_| self.wake);
            let stage = match self.stage {
                Stage::Faults => BEGINNING + self.minutes * 60_000,
                Stage::Recovery { since } => since + RECOVERY,
                Stage::Calm { until } => until,
                Stage::Stopping { since } => since + STOP_DEADLINE,
            };
            let emulator = self.emulator.next_event_at();
            let times = [incident, coming, wake, self.back_at, emulator, Some(stage)];
            let next = times.into_iter().flatten().min().unwrap_or(stage);
            self.now = self.now.max(next);
        }
    }

    fn record(&mut self) {
        let now = self.now - BEGINNING;
        if let Some(air) = &mut self.air {
            let running: Vec<u32> =
                self.emulator.tasks().filter(|task| task.running).map(|task| task.uid).collect();
            air.runs(now, &running);
        }
    }

    fn wall(&self) -> Millis {
        Millis::new(self.now.saturating_add_signed(self.offset))
    }

    // ---- the process ---------------------------------------------------------------------------------------------

    /// Polls until there is nothing to do.
    fn drive(&mut self) -> Check {
        for _ in 0..MOST_POLLS {
            self.restore_if_told()?;
            let wall = self.wall();
            let Some(group) = &mut self.group else { return Ok(()) };
            match group.poll(wall) {
                Output::Emit(event) => self.on_event(&event)?,
                Output::Send(request) => self.on_send(request)?,
                Output::NeedToken(request) => {
                    let takes = self.chance.between(1, 300);
                    let token = match self.chance.between(0, 99) {
                        0..3 if self.stage == Stage::Faults => Err(()),
                        3..20 => Ok(None),
                        _ => Ok(Some(format!("rtc-secret-{}", request.uid))),
                    };
                    self.come(takes, Coming::Token { id: request.id, token });
                }
                Output::NeedPermit(request) => self.ask_permit(request),
                Output::Wait { until, why } => {
                    if until <= wall {
                        return Err(format!("a wait for {why:?} that is over already"));
                    }
                    if until.minus(wall) > Millis::from_secs(3600) {
                        return Err(format!("a wait of {} for {why:?}", until.minus(wall)));
                    }
                    self.wake = until.as_u64().saturating_add_signed(-self.offset);
                    self.persist_changes();
                    return Ok(());
                }
                Output::Done(outcome) => {
                    if !self.done {
                        self.note(|| format!("done: {outcome:?}"));
                    }
                    self.done = true;
                    return Ok(());
                }
            }
        }
        Err("it spins".to_owned())
    }

    fn ask_permit(&mut self, request: PermitRequest) {
        let now = Millis::new(self.now);
        let Some(quota) = &mut self.shared_quota else { return };
        let has_reserved = request.want == Want::Create && quota.use_reserved(now, request.lane);
        let wait = match has_reserved {
            true => Millis::ZERO,
            false => match quota.ask(now, request.lane, request.want) {
                Permit::Granted => Millis::ZERO,
                Permit::Wait(until) => until.minus(now),
            },
        };
        if self.stage == Stage::Faults && self.chance.percent(1) {
            self.reach("a permit that got lost");
            return;
        }
        if wait > Millis::ZERO {
            self.reach("no permit yet from the shared limit");
        }
        let takes = self.chance.between(1, 60);
        self.come(takes, Coming::Permit { request, wait });
    }

    fn restore_if_told(&mut self) -> Check {
        let Some(group) = self.group.as_mut().filter(|_| self.restored_at_every_step) else { return Ok(()) };
        let text = group.snapshot().map_err(|error| error.to_string())?;
        let restored = RedundancyGroup::restore(&text).map_err(|error| error.to_string())?;
        if restored != *group {
            return Err("restored is not what the snapshot was taken from".to_owned());
        }
        *group = restored;
        Ok(())
    }

    fn on_event(&mut self, event: &Event) -> Check {
        self.note(|| format!("    {}", serde_json::to_string(event).unwrap_or_default()));
        format!("{event:?}").hash(&mut self.hasher);
        if let (Some(air), EventKind::OnAir { to_uid: Some(uid), .. }) = (&mut self.air, &event.kind) {
            air.word(self.now - BEGINNING, *uid);
        }
        // An event may have waited for a process that was dead.
        let happened = event.at.as_u64().saturating_add_signed(-self.offset).min(self.now);
        self.checks.on_event(happened, event)?;
        if let (EventKind::Retrying { call, attempt, .. }, Some(instance)) = (&event.kind, &event.instance_id)
        {
            self.failures.insert((instance.clone(), *call), *attempt);
        }
        if matches!(event.kind, EventKind::Misconfigured { call: EventCall::Create, .. }) {
            self.reach("create refused");
        }
        Ok(())
    }

    fn persist_changes(&mut self) {
        let Some(group) = &self.group else { return };
        if group.revision() != self.persisted_revision {
            self.persisted_revision = group.revision();
            self.persisted = Some(group.clone());
        }
    }

    fn on_send(&mut self, request: Request) -> Check {
        self.checks.on_hand_out(&request);
        if request.persist_first {
            let faulty = self.stage == Stage::Faults;
            if faulty && self.chance.percent(1) {
                self.reach("a snapshot that could not be persisted");
                let answer = Answer::Nothing(NoAnswer::NotSent);
                let sent = Sent { call: request.call, path: String::new(), instance: None };
                self.come(1, Coming::Answer { id: request.id, sent, answer });
                return Ok(());
            }
            self.persisted.clone_from(&self.group);
            if faulty && self.chance.percent(2) {
                let takes = self.chance.between(10, 4_000);
                self.come(takes, Coming::Persisted(request));
                return Ok(());
            }
            if faulty && self.chance.percent(1) {
                self.crash(1_000);
                return Ok(());
            }
        }
        self.send(request)
    }

    fn send(&mut self, request: Request) -> Check {
        let of_task = |id: &str| {
            self.emulator.tasks().find(|task| task.task_id == id).map(|task| task.instance_id.to_owned())
        };
        let instance = self.checks.instance_of(&request, of_task);
        self.note(|| {
            let path = request.path.split("/cloud-transcoder").last().unwrap_or_default();
            format!(
                "  > {:?} {} {path} ({})",
                request.call,
                request.domain,
                instance.as_deref().unwrap_or("-")
            )
        });
        (&request.path, &request.domain, self.now).hash(&mut self.hasher);
        self.checks.on_send(self.now, &request, instance.as_deref())?;
        let call = Call {
            domain: request.domain.clone(),
            method: request.method.to_owned(),
            path: request.path.clone(),
            authorization: None,
            body: request.body.unwrap_or_default(),
        };
        let reply = self.emulator.handle(self.now, &call);
        let is_create = request.call == EventCall::Create;
        let sent = Sent { call: request.call, path: request.path, instance };
        let id = request.id;
        match reply {
            Reply::Answer { delay_ms, status, headers, body } => {
                let header =
                    |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
                let answer = Answer::Http {
                    status,
                    retry_after: header("retry-after"),
                    request_id: header("x-request-id"),
                    resource_id: header("x-resource-id"),
                    body,
                };
                if self.chance.percent(2) {
                    let again = self.chance.between(1, 5_000);
                    self.come(
                        delay_ms + again,
                        Coming::Answer { id, sent: sent.clone(), answer: answer.clone() },
                    );
                    self.reach("an answer that came twice");
                }
                self.come(delay_ms, Coming::Answer { id, sent, answer });
            }
            Reply::Nothing { why } => {
                if is_create && why == Silence::Lost {
                    let instance = sent.instance.as_deref().unwrap_or_default();
                    let live = self.emulator.tasks().any(|task| task.live && task.instance_id == instance);
                    self.reach(if live {
                        "create carried out, answer lost"
                    } else {
                        "create lost, or carried out late"
                    });
                }
                let (takes, why) = match why {
                    // The driver gives a lost call up in the end.
                    Silence::Lost => (request.timeout.as_u64() * 3, NoAnswer::TimedOut),
                    // Browsers and Workers do not say why.
                    Silence::Dns => (30, self.chance.one(&[NoAnswer::Dns, NoAnswer::Unknown])),
                    Silence::Refused => (30, self.chance.one(&[NoAnswer::Unreachable, NoAnswer::Unknown])),
                };
                self.come(takes, Coming::Answer { id, sent, answer: Answer::Nothing(why) });
            }
        }
        if self.stage == Stage::Faults && self.chance.percent(1) && self.chance.percent(30) {
            self.crash(500);
        }
        Ok(())
    }

    fn come(&mut self, takes: u64, what: Coming) {
        self.number += 1;
        self.coming.push((self.now + takes, self.number, what));
    }

    fn crash(&mut self, down_ms: u64) {
        let Some(group) = self.group.take() else { return };
        for lane in group.status().lanes {
            self.reach(&format!("restored while {}", lane.state));
        }
        self.note(|| format!("  ! the process dies, and is back after {down_ms} ms"));
        self.coming.clear();
        self.checks.on_crash();
        self.back_at = Some(self.now + down_ms);
    }

    fn come_back(&mut self) -> Check {
        self.back_at = None;
        let mut group = match &self.persisted {
            None => {
                let config = GroupConfig::from_json(&self.config).map_err(|invalid| invalid.to_string())?;
                RedundancyGroup::new(config, self.wall())
            }
            Some(persisted) => {
                let text = persisted.snapshot().map_err(|error| error.to_string())?;
                let restored = RedundancyGroup::restore(&text).map_err(|error| error.to_string())?;
                if restored != *persisted {
                    return Err("restored is not what was persisted".to_owned());
                }
                restored
            }
        };
        self.persisted_revision = group.revision();
        group.share_quota(self.shared_quota.is_some());
        self.group = Some(group);
        if matches!(self.stage, Stage::Stopping { .. }) {
            self.handle(Input::Stop);
        }
        Ok(())
    }

    fn handle(&mut self, input: Input) -> bool {
        let wall = self.wall();
        self.group.as_mut().is_some_and(|group| group.handle(wall, input))
    }

    // ---- what happens --------------------------------------------------------------------------------------------

    fn happen(&mut self) -> Check {
        self.emulator.advance(self.now);
        if self.back_at.is_some_and(|at| at <= self.now) {
            self.come_back()?;
        }
        while self.incidents.first().is_some_and(|(at, _)| *at <= self.now) {
            let (_, incident) = self.incidents.remove(0);
            self.incident(incident)?;
        }
        for delivery in self.emulator.take_notices(self.now) {
            self.deliver(&delivery)?;
            self.last_notice = Some(delivery);
        }
        loop {
            let due = self.coming.iter().enumerate().filter(|(_, (at, ..))| *at <= self.now);
            let Some((i, _)) = due.min_by_key(|(_, (at, number, _))| (*at, *number)) else { return Ok(()) };
            let (.., coming) = self.coming.remove(i);
            match coming {
                Coming::Answer { id, sent, answer } => self.answer(id, &sent, answer),
                Coming::Token { id, token } => drop(self.handle(Input::Token(id, token))),
                Coming::Permit { request, wait } => drop(self.handle(Input::Permit(request, wait))),
                Coming::Persisted(request) => self.persisted_at_last(request)?,
            }
        }
    }

    fn persisted_at_last(&mut self, request: Request) -> Check {
        let wall = self.wall();
        let Some(group) = &self.group else { return Ok(()) };
        let too_late = request.send_before.is_some_and(|latest| wall > latest);
        if too_late || !group.awaits(request.id) {
            if too_late {
                self.reach("a builder token too old for its first create");
            }
            self.handle(Input::Answer(request.id, Answer::Nothing(NoAnswer::NotSent)));
            return Ok(());
        }
        self.send(request)
    }

    fn answer(&mut self, id: RequestId, sent: &Sent, answer: Answer) {
        let late = !self.group.as_ref().is_some_and(|group| group.awaits(id));
        self.note(|| match &answer {
            Answer::Http { status, body, .. } => {
                format!("  < {:?} {status} {body}{}", sent.call, if late { " (late)" } else { "" })
            }
            Answer::Nothing(why) => format!("  < {:?} nothing: {why:?}", sent.call),
        });
        if let (Answer::Http { status, retry_after, body, .. }, Some(instance)) = (&answer, &sent.instance) {
            self.places_of_answer(sent, instance, *status, retry_after.is_some(), body, late);
            if self.group.is_some() {
                self.checks.on_reply(self.now, sent, *status, body, late);
            }
        }
        if let (EventCall::Create, Some(instance)) = (sent.call, &sent.instance) {
            let unknown = match &answer {
                Answer::Http { status, .. } => *status == 206 || *status >= 500,
                Answer::Nothing(_) => true,
            };
            *self.unknown_creates.entry(instance.clone()).or_default() += u32::from(unknown);
        }
        self.handle(Input::Answer(id, answer));
    }

    fn places_of_answer(
        &mut self,
        sent: &Sent,
        instance: &str,
        status: u16,
        retry_after: bool,
        body: &str,
        late: bool,
    ) {
        let name = format!("{:?}", sent.call).to_lowercase();
        if serde_json::from_str::<Value>(body).is_err() && !body.is_empty() {
            self.reach("a body cut off");
        }
        if status == 429 {
            self.reach(if retry_after { "429 with Retry-After" } else { "429 without Retry-After" });
        }
        if late {
            if sent.call == EventCall::Create && status == 200 {
                self.reach("a late answer to a create");
            }
            return;
        }
        if status == 200 {
            let key = (instance.to_owned(), sent.call);
            if let Some(failures) = self.failures.remove(&key).filter(|failures| *failures > 0) {
                self.reach(&format!(
                    "{name} answered after {failures} failure{}",
                    if failures == 1 { "" } else { "s" }
                ));
            }
        }
        if sent.call == EventCall::Create {
            let unknown = self.unknown_creates.get(instance).is_some_and(|count| *count > 0);
            if status == 200 && !body.contains("taskId") {
                self.reach("create answered without a taskId");
            }
            if unknown && (status == 409 || status == 201) {
                self.reach(&format!("create answered {status} after an unknown outcome"));
            }
        }
    }

    fn deliver(&mut self, delivery: &Delivery) -> Check {
        notice::verify(
            b"notice-secret",
            delivery.body.as_bytes(),
            Some(&delivery.signature),
            Some(&delivery.signature_v2),
        )
        .map_err(|error| error.to_string())?;
        let notice = notice::parse(delivery.body.as_bytes()).map_err(|error| error.to_string())?;
        self.note(|| format!("  * {:?} {} of {}", notice.kind, notice.task_id, notice.instance_id));
        let event_type =
            serde_json::from_str::<Value>(&delivery.body).unwrap_or_default()["eventType"].as_u64();
        let seen = self.notices.entry(notice.task_id.clone()).or_default();
        let (first_110, twice) =
            (!seen.contains(&110), event_type.is_some_and(|kind| kind != 112 && seen.contains(&kind)));
        seen.extend(event_type);
        if event_type == Some(111) && first_110 {
            self.reach("111 before 110");
        }
        if twice {
            self.reach("a notification twice");
        }
        if self.group.is_none() {
            return Ok(());
        }
        let is_known = self.checks.learnt.values().any(|task| *task == notice.task_id);
        if event_type == Some(110) && !is_known {
            self.reach("110 before the answer to its create");
        }
        if let Some(true) =
            self.emulator.tasks().find(|task| task.task_id == notice.task_id).map(|task| task.live)
        {
            self.checks.learnt.entry(notice.instance_id.clone()).or_insert(notice.task_id.clone());
        }
        self.handle(Input::Notice(notice));
        Ok(())
    }

    fn incident(&mut self, incident: Incident) -> Check {
        self.note(|| format!("  ! {incident:?}"));
        match incident {
            Incident::Service(command) => {
                let is_live = |uid| self.emulator.tasks().any(|task| task.live && Some(task.uid) == uid);
                match &command {
                    Command::Kill { target, .. } if self.is_running(target.uid) => {
                        self.reach("death while running")
                    }
                    Command::Kill { target, .. } if is_live(target.uid) => {
                        self.reach("death during confirmation")
                    }
                    Command::Fail { target, .. } if self.is_running(target.uid) => {
                        self.reach("the service moves a task");
                    }
                    Command::AddRule { rule, .. }
                        if matches!(rule.effect, steadymix_emulator::Effect::PerformLate { .. }) =>
                    {
                        self.reach("create carried out late");
                    }
                    _ => {}
                }
                if let (Some(air), Command::Kill { target, .. } | Command::Fail { target, .. }) =
                    (&mut self.air, &command)
                    && let Some(uid) = target.uid
                {
                    air.dies(self.now - BEGINNING, uid);
                }
                self.emulator.control(self.now, command);
            }
            Incident::Blackout(then, ms) => {
                self.reach("all domains bad");
                self.emulator
                    .control(self.now, Command::AddRule { rule: Rule::new(None, then), for_ms: Some(ms) });
            }
            Incident::HostsAway(ms) => {
                self.reach("the hosts were away");
                let hosts = |present| Command::Hosts { channel: "studio".to_owned(), present };
                self.emulator.control(self.now, hosts(false));
                let back = (self.now + ms, Incident::Service(hosts(true)));
                let at = self.incidents.partition_point(|(at, _)| *at <= back.0);
                self.incidents.insert(at, back);
            }
            Incident::ClockSet(by) => {
                if by.abs() >= 3_600_000 {
                    self.reach(if by > 0 {
                        "clock set forward by an hour"
                    } else {
                        "clock set back by an hour"
                    });
                }
                self.offset += by;
                self.checks.on_clock_set(by < 0);
            }
            Incident::Crash(down_ms) => self.crash(down_ms),
            Incident::Update => {
                let idle_timeout = self.chance.between(60, 400);
                let services =
                    Services::from_json(&incidents::services(idle_timeout)).map_err(|e| e.to_string())?;
                let wall = self.wall();
                if let Some(group) = &mut self.group {
                    group.update(wall, &services).map_err(|invalid| invalid.to_string())?;
                }
            }
            Incident::Hint => drop(self.handle(Input::Hint)),
            Incident::ForeignNotice => {
                let instance_id = self.chance.one(&["other-1", "show-0-77", "show-9-1", "show", "show-0-"]);
                let body = serde_json::json!({
                    "noticeId": "n", "productId": 1, "eventType": 110, "notifyMs": 1,
                    "payload": { "taskId": "foreign", "instanceId": instance_id, "sequence": 1, "sendts": 1, "details": {} },
                });
                if let Ok(notice) = notice::parse(body.to_string().as_bytes()) {
                    self.handle(Input::Notice(notice));
                }
            }
            Incident::RepeatedNotice => {
                if let Some(delivery) = self.last_notice.clone() {
                    self.deliver(&delivery)?;
                }
            }
        }
        Ok(())
    }

    // ---- the stages of a schedule, and what must hold --------------------------------------------------------------

    /// True when the schedule is over.
    fn advance_stage(&mut self) -> Result<bool, String> {
        if self.done && self.group.is_some() {
            self.accounted_for()?;
            return Ok(true);
        }
        match self.stage {
            Stage::Faults if self.now >= BEGINNING + self.minutes * 60_000 => {
                self.incidents
                    .retain(|(_, incident)| matches!(incident, Incident::Service(Command::Hosts { .. })));
                for (_, incident) in std::mem::take(&mut self.incidents) {
                    self.incident(incident)?;
                }
                self.emulator.control(self.now, Command::ClearRules);
                self.emulator.control(self.now, Command::StartUp { start_up: StartUp::default() });
                self.stage = Stage::Recovery { since: self.now };
                self.note(|| "  ! the faults stop".to_owned());
            }
            Stage::Recovery { since } => {
                if self.has_recovered() {
                    self.stage = Stage::Calm { until: self.now + self.chance.between(0, 300_000) };
                } else if self.now >= since + RECOVERY {
                    return Err("not running again though the faults have stopped".to_owned());
                }
            }
            Stage::Calm { until } if self.now >= until => {
                self.stage = Stage::Stopping { since: self.now };
                self.note(|| "  ! stop()".to_owned());
                self.checks.on_stop();
                self.handle(Input::Stop);
                // A crash while it stops.
                if self.chance.percent(20) {
                    self.persist_changes();
                    let down_ms = self.chance.between(50, 5_000);
                    self.drive()?;
                    self.crash(down_ms);
                }
                self.wake = self.now;
            }
            Stage::Stopping { since } if self.now >= since + STOP_DEADLINE => {
                return Err("stop() did not end in time".to_owned());
            }
            Stage::Faults | Stage::Calm { .. } | Stage::Stopping { .. } => {}
        }
        Ok(false)
    }

    fn has_recovered(&self) -> bool {
        let Some(group) = &self.group else { return false };
        let waits_for_a_name = self.config["policy"]["unidentifiedMs"].is_null();
        let is_blind = self.config["presence"] == "never";
        group.status().lanes.iter().all(|lane| match lane.state {
            "running" | "failed" | "stopped" => true,
            "unidentified" if waits_for_a_name && is_blind => true,
            // Nobody names it: it can only be left as it is, or its Create be made again from time to time.
            "unidentified" | "launching" => {
                let unresolved = lane.tasks.iter().filter(|task| task.standing == Standing::Unresolved);
                let uids: Vec<u32> = unresolved.map(|task| task.uid).collect();
                let no_other =
                    self.uids.iter().filter(|uid| uids.first().is_some_and(|of| of / 100 == **uid / 100));
                (waits_for_a_name || uids.len() == no_other.count())
                    && (is_blind || uids.iter().any(|uid| self.is_running(Some(*uid))))
            }
            _ => false,
        })
    }

    fn is_running(&self, uid: Option<u32>) -> bool {
        self.emulator.tasks().any(|task| task.running && Some(task.uid) == uid)
    }

    fn check(&mut self) -> Check {
        if let Some(overlap) = self.emulator.overlaps().first() {
            return Err(format!(
                "two live tasks on uid {}: {} and {}",
                overlap.uid, overlap.older, overlap.younger
            ));
        }
        let Some(group) = &self.group else { return Ok(()) };
        let status = group.status();
        self.checks.accounts(&status)?;
        for lane in &status.lanes {
            let unresolved = lane.tasks.iter().filter(|task| task.standing == Standing::Unresolved).count();
            let ring = self
                .uids
                .iter()
                .filter(|uid| **uid / 100 == lane.tasks.first().map_or(0, |task| task.uid / 100));
            if unresolved > 1 && unresolved == ring.count() {
                *self.places.entry("every uid of a lane unresolved".to_owned()).or_default() += 1;
            }
        }
        Ok(())
    }

    /// At the end: no task lives that the operator was not told of.
    fn accounted_for(&mut self) -> Check {
        self.emulator.advance(self.now + 120_000);
        let told = &self.checks.left_behind;
        let forgotten = self
            .emulator
            .tasks()
            .find(|task| task.live && !told.contains(task.task_id) && !told.contains(task.instance_id));
        match forgotten {
            Some(task) => {
                Err(format!("{} ({}) lives on, and nobody was told", task.task_id, task.instance_id))
            }
            None => Ok(()),
        }
    }

    fn reach(&mut self, place: &str) {
        match self.places.get_mut(place) {
            Some(times) => *times += 1,
            None => drop(self.places.insert(place.to_owned(), 1)),
        }
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.now - BEGINNING;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>9.3} {}", now as f64 / 1000.0, line()));
        }
    }
}
