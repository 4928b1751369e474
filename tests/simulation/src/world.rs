//! Runs one schedule: a group, the emulated service, the network between them, and processes that may crash.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use steadymix::status::Call;
use steadymix::supervisor::{Input, KnownTask, LaneState, LaneStatus, Output, Standing};
use steadymix::time::{Instant, WallTime};
use steadymix_emulator::{Command, Delivery, Emulator, Reply, StartUp};

use crate::air::Air;
use crate::chance::Chance;
use crate::checks::{Check, Checks};
use crate::digest::Digest;
use crate::incidents::{self, Incident};
use crate::network::Arrival;
use crate::plan::Plan;
use crate::process::{Persisted, Process};
use crate::shared_quota::SharedQuota;
use crate::wire;

/// When simulated time begins: 2026-01-01, in ms since the epoch.
pub(crate) const BEGINNING: u64 = 1_767_225_600_000;
/// The longest recovery after the faults, in ms, without jitter: two minutes until a death is noticed, two full cooldowns of
/// 5 minutes, 90 s to start after each, and the backoff schedules in between.
const RECOVERY: u64 = 20 * 60_000;
/// In ms. Every uid beyond the second one may have a task with an unknown id: another cooldown, and 90 s to detect it.
const RECOVERY_PER_UID: u64 = 12 * 60_000;
/// The default deadline of `stop()` and the last answers, in ms.
const STOP_DEADLINE: u64 = 300_000 + 12_000;

/// The result of a schedule.
#[derive(Debug)]
pub struct Run {
    /// How often each situation occurred.
    pub places: BTreeMap<String, u64>,
    /// The invariant that was violated, if any.
    pub violation: Option<String>,
    /// The trace, if it was requested: a line for each step, with its time in s.
    pub trace: Vec<String>,
    /// A digest of the core's outputs.
    pub digest: u64,
    /// Simulated time in ms.
    pub took_ms: u64,
    /// How often the core was polled.
    pub polls: u64,
    /// What was on air, if it was requested.
    pub air: Option<Air>,
    /// The final state of the service.
    pub service: Emulator,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Faults,
    Recovery { since: u64 },
    Calm { until: u64 },
    Stopping { since: u64 },
}

/// The fields in which payloads differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// In s. An Update cannot change it.
    pub(crate) idle_timeout: u64,
    /// In kbit/s. An Update can change it.
    pub(crate) bitrate: u64,
}

impl Wanted {
    fn of(transcoder: &Value) -> Self {
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        Self {
            idle_timeout: number(&transcoder["idleTimeout"]),
            bitrate: number(&transcoder["outputs"][0]["videoOption"]["bitrate"]),
        }
    }
}

/// A schedule that runs.
pub struct World {
    pub(crate) plan: Plan,
    pub(crate) chance: Chance,
    pub(crate) now: u64,
    /// The processes' wall clock minus `now`, in ms.
    pub(crate) offset: i64,
    pub(crate) emulator: Emulator,
    pub(crate) processes: Vec<Process>,
    /// The time until which two processes may share one second of the rate limit.
    pub(crate) overlapped_until: u64,
    /// `Some` if processes share the rate limit.
    pub(crate) shared_quota: Option<SharedQuota>,
    /// When a process starts next.
    pub(crate) back_at: Option<u64>,
    pub(crate) persisted: Option<Persisted>,
    /// A process had an input or output since the last check.
    pub(crate) has_changed: bool,
    pub(crate) coming: Vec<Arrival>,
    pub(crate) number: u64,
    stage: Stage,
    /// Failures in a row, by instance and call.
    pub(crate) failures: BTreeMap<(String, Call), u32>,
    pub(crate) unknown_creates: BTreeMap<String, u32>,
    pub(crate) notifications: BTreeMap<String, Vec<u64>>,
    pub(crate) last_notification: Option<Delivery>,
    /// When the service last moved each uid's task.
    pub(crate) moved: BTreeMap<u32, u64>,
    pub(crate) checks: Checks,
    /// The operator's last payload; `None` if it may be lost or refused.
    pub(crate) wanted: Option<Wanted>,
    pub(crate) refused_updates: BTreeSet<String>,
    places: BTreeMap<String, u64>,
    pub(crate) digest: Digest,
    polls: u64,
    trace: Option<Vec<String>>,
    pub(crate) restored_at_every_step: bool,
    digests_status: bool,
    pub(crate) air: Option<Air>,
}

impl World {
    /// A world at the beginning of this plan.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            chance: plan.chance.clone(),
            now: BEGINNING,
            offset: 0,
            emulator: Emulator::new(plan.profile.clone()),
            processes: Vec::new(),
            overlapped_until: 0,
            shared_quota: plan.shares_quota.then(|| SharedQuota::new(Instant::from_millis(BEGINNING))),
            back_at: Some(BEGINNING),
            persisted: None,
            has_changed: false,
            coming: Vec::new(),
            number: 0,
            stage: Stage::Faults,
            failures: BTreeMap::new(),
            unknown_creates: BTreeMap::new(),
            notifications: BTreeMap::new(),
            last_notification: None,
            moved: BTreeMap::new(),
            checks: Checks::default(),
            wanted: None,
            refused_updates: BTreeSet::new(),
            places: BTreeMap::new(),
            digest: Digest::new(),
            polls: 0,
            trace: None,
            restored_at_every_step: false,
            digests_status: false,
            air: None,
            plan,
        }
    }

    /// Records the trace.
    #[must_use]
    pub fn traced(mut self) -> Self {
        self.trace = Some(Vec::new());
        self
    }

    /// Records what is on air.
    #[must_use]
    pub fn recorded(mut self) -> Self {
        self.air = Some(Air::of(&self.plan.uids));
        self
    }

    /// Restores the group from a snapshot at every step.
    #[must_use]
    pub fn restored_at_every_step(mut self) -> Self {
        self.restored_at_every_step = true;
        self
    }

    /// Adds the groups' status to the digest.
    #[must_use]
    pub(crate) fn with_status(mut self) -> Self {
        self.digests_status = true;
        self
    }

    /// Runs until the end or the first violation.
    #[must_use]
    pub fn run(mut self) -> Run {
        let violation = self.play().err();
        Run {
            places: self.places,
            violation,
            trace: self.trace.unwrap_or_default(),
            digest: self.digest.value(),
            took_ms: self.now - BEGINNING,
            polls: self.polls,
            air: self.air,
            service: self.emulator,
        }
    }

    fn play(&mut self) -> Check {
        if self.plan.has_intruder {
            self.intrude();
        }
        loop {
            self.happen()?;
            self.drive()?;
            self.check()?;
            self.record();
            if self.advance_stage()? {
                return Ok(());
            }
            let incident = self.plan.incidents.first().map(|(at, _)| BEGINNING + at);
            let coming = self.coming.iter().map(|coming| coming.at).min();
            let processes = self.processes.iter().flat_map(|process| {
                [(!process.done).then_some(process.wake), process.ends_at].into_iter().flatten()
            });
            let stage = match self.stage {
                Stage::Faults => BEGINNING + self.plan.faults_ms,
                Stage::Recovery { since } => since + self.recovery(),
                Stage::Calm { until } => until,
                Stage::Stopping { since } => since + STOP_DEADLINE,
            };
            let times = [incident, coming, processes.min(), self.back_at, self.emulator.next_event_at()];
            let next = times.into_iter().flatten().fold(stage, u64::min);
            self.now = self.now.max(next);
        }
    }

    fn intrude(&mut self) {
        for number in 1..=2 {
            let mut services = incidents::services(300, 2_000);
            *services.pointer_mut("/cloudTranscoder/config/transcoder/outputs/0/rtc/rtcUid").unwrap() =
                9000.into();
            let base = "/v1/projects/app/rtsc/cloud-transcoder";
            let call = |path: String, body: Value| steadymix_emulator::Call {
                domain: "api.agora.io".to_owned(),
                method: "POST".to_owned(),
                path,
                authorization: Some(wire::AUTHORIZATION.to_owned()),
                body: body.to_string(),
            };
            let acquire =
                serde_json::json!({ "instanceId": format!("intruder-{number}"), "services": services });
            let reply = self.emulator.handle(self.now, &call(format!("{base}/builderTokens"), acquire));
            let Reply::Answer { body: reply, .. } = reply else { panic!("no answer") };
            let token = wire::json(&reply)["tokenName"].as_str().unwrap().to_owned();
            let create = serde_json::json!({ "services": services });
            self.emulator.handle(self.now, &call(format!("{base}/tasks?builderToken={token}"), create));
        }
    }

    fn happen(&mut self) -> Check {
        self.emulator.advance(self.now);
        self.end_replaced(self.now);
        if self.back_at.is_some_and(|at| at <= self.now) {
            self.start_process()?;
        }
        while self.plan.incidents.first().is_some_and(|(at, _)| BEGINNING + *at <= self.now) {
            let (_, incident) = self.plan.incidents.remove(0);
            self.incident(incident)?;
        }
        for delivery in self.emulator.take_notifications(self.now) {
            self.deliver(&delivery)?;
            self.last_notification = Some(delivery);
        }
        self.arrive()
    }

    fn record(&mut self) {
        let now = self.now - BEGINNING;
        if let Some(air) = &mut self.air {
            let running: Vec<u32> =
                self.emulator.tasks().filter(|task| task.running).map(|task| task.uid).collect();
            air.runs(now, &running);
        }
    }

    pub(crate) fn wall(&self) -> WallTime {
        WallTime::from_millis(self.now.saturating_add_signed(self.offset))
    }

    pub(crate) fn is_faulty(&self) -> bool {
        self.stage == Stage::Faults
    }

    pub(crate) fn is_stopping(&self) -> bool {
        matches!(self.stage, Stage::Stopping { .. })
    }

    // ---- stages and invariants --------------------------------------------------------------

    /// Returns whether the schedule is over.
    fn advance_stage(&mut self) -> Result<bool, String> {
        if self.owner().is_some_and(|process| process.done) {
            self.check_all_reported()?;
            return Ok(true);
        }
        match self.stage {
            Stage::Faults if self.now >= BEGINNING + self.plan.faults_ms => {
                for (_, incident) in std::mem::take(&mut self.plan.incidents) {
                    if matches!(incident, Incident::Service(Command::Hosts { .. })) {
                        self.incident(incident)?;
                    }
                }
                self.emulator.control(self.now, Command::ClearRules);
                self.emulator.control(self.now, Command::StartUp { start_up: StartUp::default() });
                self.stage = Stage::Recovery { since: self.now };
                self.note(|| "  ! the faults stop".to_owned());
            }
            Stage::Recovery { since } => {
                if self.has_recovered() {
                    self.stage = Stage::Calm { until: self.now + self.chance.between(0, 300_000) };
                } else if self.now >= since + self.recovery() {
                    return Err("it does not run again after the faults".to_owned());
                }
            }
            Stage::Calm { until } if self.now >= until => {
                self.check_payloads()?;
                self.stage = Stage::Stopping { since: self.now };
                self.note(|| "  ! stop()".to_owned());
                self.end_replaced(u64::MAX);
                self.checks.on_stop();
                self.handle(Input::Stop);
                // Sometimes a crash during the stop.
                if self.plan.mishaps.crashes && self.chance.percent(20) {
                    if !self.processes.is_empty() {
                        self.persist_changes(0);
                    }
                    // Sometimes the downtime exceeds the deadline of the stop.
                    let (least, most) =
                        if self.chance.percent(25) { (300_000, 600_000) } else { (50, 5_000) };
                    let down_ms = self.chance.between(least, most);
                    self.stage = Stage::Stopping { since: self.now + down_ms };
                    self.drive()?;
                    self.crash(down_ms);
                }
                if let Some(process) = self.processes.first_mut() {
                    process.wake = self.now;
                }
            }
            Stage::Stopping { since } if self.now >= since + STOP_DEADLINE => {
                return Err("stop() does not finish in time".to_owned());
            }
            Stage::Faults | Stage::Calm { .. } | Stage::Stopping { .. } => {}
        }
        Ok(false)
    }

    fn recovery(&self) -> u64 {
        let config = &self.plan.config;
        let uids_of = |lane: &Value| lane["uids"].as_array().map_or(0, Vec::len) as u64;
        let most = config["lanes"].as_array().and_then(|lanes| lanes.iter().map(uids_of).max());
        // A custom interval may exceed the default of two minutes.
        let interval = config["policy"]["monitorIntervalMs"].as_u64().unwrap_or_default();
        let jitter = config["policy"]["jitterPercent"].as_u64().unwrap_or_default();
        RECOVERY * (100 + jitter) / 100
            + 2 * interval
            + RECOVERY_PER_UID * most.unwrap_or_default().saturating_sub(2)
    }

    fn has_recovered(&self) -> bool {
        let Some(process) = self.owner() else { return false };
        let waits_for_a_name = self.plan.config["policy"]["taskIdUnknownGraceMs"].is_null();
        let is_blind = self.plan.config["presence"] == "never";
        process.group.status().lanes.iter().all(|lane| match lane.state {
            LaneState::Running | LaneState::Failed | LaneState::Stopped => true,
            LaneState::TaskIdUnknown if waits_for_a_name && is_blind => true,
            // A task with an unknown id cannot be ended: the lane waits, or repeats its Create from time to time.
            LaneState::TaskIdUnknown | LaneState::Launching => {
                let unresolved = lane.tasks.iter().filter(|task| task.standing == Standing::Unresolved);
                let uids: Vec<u32> = unresolved.map(|task| task.uid).collect();
                (waits_for_a_name || uids.len() == lane.uids.len())
                    && (is_blind || uids.iter().any(|uid| self.is_running(Some(*uid))))
            }
            _ => false,
        })
    }

    pub(crate) fn is_running(&self, uid: Option<u32>) -> bool {
        self.emulator.tasks().any(|task| task.running && Some(task.uid) == uid)
    }

    fn check(&mut self) -> Check {
        if let Some(overlap) = self.emulator.overlaps().first() {
            return Err(format!(
                "two live tasks on uid {}: {} and {}",
                overlap.uid, overlap.older, overlap.younger
            ));
        }
        // The knowledge of a process that was replaced no longer matters.
        if !std::mem::take(&mut self.has_changed) {
            return Ok(());
        }
        let Some(process) = self.owner() else { return Ok(()) };
        let status = process.group.status();
        process.model.agrees(&status, |name| self.checks.orphaned.contains(name))?;
        let is_lost = |lane: &LaneStatus| {
            let is_unresolved = |task: &&KnownTask| task.standing == Standing::Unresolved;
            let unresolved = lane.tasks.iter().filter(is_unresolved).count();
            unresolved > 1 && unresolved == lane.uids.len()
        };
        if status.lanes.iter().any(is_lost) {
            self.reach("every uid of a lane unresolved");
        }
        Ok(())
    }

    /// Checks that every running task has its lane's desired payload, which is the operator's last one.
    fn check_payloads(&mut self) -> Check {
        if self.overlapped_until > 0 || self.plan.has_intruder {
            // A process does not know the updates of another one.
            return Ok(());
        }
        let Some(process) = self.owner() else { return Ok(()) };
        let snapshot = process.group.snapshot();
        let state = wire::json(snapshot.split_once('\n').map_or("", |(_, state)| state));
        let mut checked = 0;
        for lane in state["lanes"].as_array().into_iter().flatten() {
            let wanted = Wanted::of(&lane["payload"]["desired"]["cloudTranscoder"]["config"]["transcoder"]);
            if let Some(given) = self.wanted.filter(|given| *given != wanted) {
                return Err(format!(
                    "lane {} has the payload {wanted:?}, but the operator gave {given:?}",
                    lane["number"]
                ));
            }
            let is_current = |launch: &&Value| launch["generation"] == lane["stage"]["generation"];
            let current =
                lane["launches"]["list"].as_array().and_then(|launches| launches.iter().find(is_current));
            let Some(launch) = current.filter(|launch| launch["payload"]["pendingUpdate"].is_null()) else {
                continue;
            };
            let task =
                self.emulator.tasks().find(|task| task.live && launch["phase"]["task"]["id"] == task.task_id);
            // The payload of a task is unknown if its Create was unclear and it refuses Updates.
            let is_unsure = launch["payload"]["isUnsure"] == true;
            let task = task.filter(|task| !is_unsure || !self.refused_updates.contains(task.task_id));
            let has = task.and_then(|task| Some((task.task_id, self.emulator.transcoder(task.task_id)?)));
            if let Some((task_id, has)) = has
                && Wanted::of(has) != wanted
            {
                return Err(format!("{task_id} has the payload {:?} instead of {wanted:?}", Wanted::of(has)));
            }
            checked += 1;
        }
        if checked > 0 && self.wanted.is_some() {
            self.reach("the operator's last payload runs");
        }
        Ok(())
    }

    /// Checks that, at the end, every task that still lives was reported to the operator.
    fn check_all_reported(&mut self) -> Check {
        self.emulator.advance(self.now + 120_000);
        let orphaned = &self.checks.orphaned;
        let forgotten = self.emulator.tasks().find(|task| {
            task.live && !orphaned.contains(task.task_id) && !orphaned.contains(task.instance_id)
        });
        match forgotten {
            Some(task) => {
                Err(format!("{} ({}) lives on, but was not reported", task.task_id, task.instance_id))
            }
            None => Ok(()),
        }
    }

    // ---- records ----------------------------------------------------------------------------------------

    /// Digests an output. Events are digested elsewhere, as JSON.
    pub(crate) fn digest_output(&mut self, at: usize, output: &Output) {
        self.polls += 1;
        if self.digests_status {
            self.digest.debug(&self.processes[at].group.status());
        }
        self.digest.number(self.now);
        match output {
            Output::Emit(_) => {}
            Output::Send(request) => {
                for text in [&request.domain, &request.path, request.body.as_ref().unwrap_or(&request.domain)]
                {
                    self.digest.text(text);
                }
                let latest = request.send_before.unwrap_or_default();
                for number in [request.id.as_u64(), request.timeout.as_millis(), latest.as_millis()] {
                    self.digest.number(number);
                }
            }
            Output::Wait { until, why } => {
                self.digest.number(until.as_millis());
                self.digest.number(*why as u64);
            }
            Output::NeedToken(request) => self.digest.debug(request),
            Output::NeedPermit(request) => self.digest.debug(request),
            Output::Done(outcome) => self.digest.debug(outcome),
        }
    }

    pub(crate) fn reach(&mut self, place: &str) {
        match self.places.get_mut(place) {
            Some(times) => *times += 1,
            None => drop(self.places.insert(place.to_owned(), 1)),
        }
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.now - BEGINNING;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>9.3} {}", now as f64 / 1000.0, line()));
        }
    }
}
