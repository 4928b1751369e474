//! The state of one lane, and its commands, notifications and hints.

use std::collections::VecDeque;

use serde::Serialize;

use super::config::{LaneConfig, NewLane, Rollout};
use super::event::{Event, EventKind, IdentifiedBy, LaunchCause};
use super::in_flight::{self, InFlight, Overdue, Purpose};
use super::journal::Journal;
use super::launch::{Launch, Retired};
use super::payload::PayloadRevisions;
use super::phase::Phase;
use super::{Health, KnownTask, LaneStatus, LaneUpdate, Outcome, Standing, Via, is_default};
use crate::decode::{Decode, Json, Wrong, decode};
use crate::domain::DomainLadder;
use crate::error::{Invalid, check_count};
use crate::notice::{Notice, NoticeKind};
use crate::quota::Lane as LaneNumber;
use crate::redact::{DriverSecrets, Redactor};
use crate::task::{Services, TaskWarning};
use crate::time::{Clock, Millis, Now};
use crate::uid::{Uid, UidRing};

/// What the lane is there for.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Goal {
    Run,
    End { outcome: Outcome, since: Millis },
}

impl Decode for Goal {
    fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
        struct End {
            outcome: Outcome,
            since: Millis,
        }
        decode!(Camel End { outcome, since });
        if json.text().is_ok() {
            return json.one_of(&[("run", ())]).map(|()| Self::Run);
        }
        let End { outcome, since } = json.fields()?.get("end")?;
        Ok(Self::End { outcome, since })
    }
}

#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NextLaunch {
    pub(super) at: Millis,
    pub(super) cause: LaunchCause,
    /// It found no uid that could be used.
    pub(super) blocked: bool,
}

decode!(Camel NextLaunch { at, cause, blocked });

/// The output that ran last, until its replacement runs.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OffAir {
    pub(super) uid: Uid,
    pub(super) task_id: Option<String>,
    pub(super) since: Millis,
}

decode!(Camel OffAir { uid, task_id, since });

/// Keeps one output alive.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lane {
    pub(super) number: LaneNumber,
    pub(super) config: LaneConfig,
    pub(super) ring: UidRing,
    pub(super) domains: DomainLadder,
    pub(super) payload: PayloadRevisions,
    pub(super) goal: Goal,
    pub(super) launches: Vec<Launch>,
    pub(super) current: Option<u32>,
    pub(super) next_launch: Option<NextLaunch>,
    pub(super) generation: u32,
    /// Launches in a row that the relaunch ladder counts.
    pub(super) relaunches: u32,
    pub(super) off_air: Option<OffAir>,
    /// A task of this lane has run: the service takes its credentials, and a payload of its.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) has_run: bool,
    pub(super) in_flight: Option<InFlight>,
    pub(super) overdue: VecDeque<Overdue>,
    pub(super) retired: VecDeque<Retired>,
    pub(super) next_request: u64,
    /// When to look into the channel next, and how many looks there were at this pace.
    pub(super) next_look: Millis,
    pub(super) looks: u32,
    /// The service has asked not to be looked at before.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) no_look_before: Millis,
    /// Looks in a row whose answer was that there is nothing to be seen.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) vain_looks: u32,
    pub(super) journal: Journal,
    pub(super) announced_end: bool,
    /// Grows with every change worth persisting.
    pub(super) revision: u64,
    #[serde(skip)]
    pub(super) driver_secrets: DriverSecrets,
}

decode!(Camel Lane {
    number, config, ring, domains, payload, goal, launches, current, next_launch, generation, relaunches, off_air, has_run or false, in_flight,
    overdue, retired, next_request, next_look, looks, no_look_before or Millis::ZERO, vain_looks or 0, journal,
    announced_end, revision, driver_secrets or DriverSecrets::default()
});

impl Lane {
    pub(crate) fn new(number: LaneNumber, lane: NewLane, now: Millis) -> Self {
        let NewLane { config, ring, domains, payload } = lane;
        Self {
            journal: Journal::new(config.name.clone()),
            number,
            config,
            ring,
            domains,
            payload,
            goal: Goal::Run,
            launches: Vec::new(),
            current: None,
            next_launch: Some(NextLaunch { at: now, cause: LaunchCause::Start, blocked: false }),
            generation: 0,
            relaunches: 0,
            off_air: None,
            has_run: false,
            in_flight: None,
            overdue: VecDeque::new(),
            retired: VecDeque::new(),
            next_request: 0,
            next_look: now,
            looks: 0,
            no_look_before: Millis::ZERO,
            vain_looks: 0,
            announced_end: false,
            revision: 0,
            driver_secrets: DriverSecrets::default(),
        }
    }

    pub(crate) fn keep_secret(&mut self, secrets: DriverSecrets) {
        self.driver_secrets = secrets;
    }

    /// Checks what was restored as the lane of this number.
    pub(crate) fn check(&self, number: LaneNumber) -> Result<(), Invalid> {
        if self.number != number {
            return Err(Invalid::new("lane.number", self.number, number.to_string()));
        }
        check_count("lane.revision", self.revision)?;
        self.config.policy.check()
    }

    pub(crate) fn number(&self) -> LaneNumber {
        self.number
    }

    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    pub(crate) fn output_channel(&self) -> &str {
        &self.config.output_channel
    }

    /// The newest payload that was not refused.
    pub(crate) fn services(&self) -> &Services {
        self.payload.desired()
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether it is over, and its last event was emitted.
    pub(crate) fn has_ended(&self) -> bool {
        self.announced_end && self.launches.is_empty() && self.journal.is_empty()
    }

    /// Emits that it had already ended.
    pub(crate) fn note_ended(&mut self, now: Now) {
        if let Goal::End { outcome, .. } = &self.goal {
            let outcome = outcome.clone();
            self.emit(now, None, EventKind::AlreadyEnded { outcome });
        }
    }

    /// Whether its output is still wanted.
    pub(crate) fn is_to_run(&self) -> bool {
        self.goal == Goal::Run
    }

    /// What changed is worth persisting.
    pub(super) fn mark_changed(&mut self) {
        self.revision += 1;
    }

    /// The next thing to tell.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.journal.next()
    }

    /// The running task's uid and how sure that is.
    pub(crate) fn health(&self) -> Health {
        match self.serving() {
            Some(launch) if launch.is_suspect() => Health::Suspect(launch.uid),
            Some(launch) => Health::Running(launch.uid),
            None => match self.unidentified() {
                Some(launch) => Health::Unidentified(launch.uid),
                None => Health::Down,
            },
        }
    }

    pub(crate) fn status(&self, clock: &Clock) -> LaneStatus {
        let current = self.serving().or(self.current_launch());
        LaneStatus {
            name: self.config.name.clone(),
            state: self.state(current),
            generation: self.generation,
            uids: self.ring.uids().to_vec(),
            uid: current.map(|launch| launch.uid),
            task_id: current.and_then(Launch::task_id).map(str::to_owned),
            last_seen_running_ms: current
                .and_then(|launch| launch.task()?.seen_running_at)
                .map(|at| clock.wall_of(at)),
            last_problem: self.journal.last_problem().cloned(),
            tasks: self
                .launches
                .iter()
                .filter(|launch| launch.may_be_live())
                .map(|launch| self.known(launch))
                .collect(),
        }
    }

    fn state(&self, current: Option<&Launch>) -> &'static str {
        if let Goal::End { outcome, .. } = &self.goal {
            return match outcome {
                _ if !self.launches.is_empty() => "stopping",
                Outcome::Failed { .. } => "failed",
                Outcome::Stopped | Outcome::Ended => "stopped",
            };
        }
        match current.map(Launch::phase) {
            None if self.unidentified().is_some() => "unidentified",
            None => "waiting",
            Some(Phase::Preparing { .. } | Phase::Creating { .. }) => "launching",
            Some(Phase::Confirming { .. }) => "confirming",
            Some(Phase::Running { suspicion: None, .. }) => "running",
            Some(Phase::Running { suspicion: Some(_), .. }) => "suspect",
            Some(Phase::Unidentified { .. }) => "unidentified",
            Some(Phase::Unresolved { .. } | Phase::Superseded { .. } | Phase::Reconsidered { .. }) => {
                "waiting"
            }
            Some(Phase::Deleting { .. } | Phase::AwaitingEnd { .. } | Phase::Orphaned { .. }) => "stopping",
        }
    }

    /// The launch whose task runs.
    pub(super) fn serving(&self) -> Option<&Launch> {
        let current = self.current_launch().filter(|launch| launch.is_running());
        current.or_else(|| self.outgoing())
    }

    /// The launch whose task runs while another one is made to replace it, with a new payload.
    pub(super) fn outgoing(&self) -> Option<&Launch> {
        let is_outgoing = |launch: &&Launch| launch.is_running() && self.current != Some(launch.generation);
        self.launches.iter().find(is_outgoing).filter(|_| self.goal == Goal::Run)
    }

    /// Whether this launch's task is the current one, or runs until that does.
    pub(super) fn is_of_interest(&self, generation: u32) -> bool {
        self.current == Some(generation)
            || self.outgoing().is_some_and(|launch| launch.generation == generation)
    }

    /// A launch that is known to run, and whose task nobody has named.
    fn unidentified(&self) -> Option<&Launch> {
        self.launches.iter().find(|launch| launch.phase().is_live_unnamed())
    }

    fn known(&self, launch: &Launch) -> KnownTask {
        KnownTask {
            generation: launch.generation,
            uid: launch.uid,
            instance_id: launch.instance_id.clone(),
            task_id: launch.task_id().map(str::to_owned),
            standing: match launch.phase() {
                Phase::Orphaned { .. } => Standing::LeftBehind,
                Phase::Superseded { .. }
                | Phase::Reconsidered { .. }
                | Phase::Deleting { .. }
                | Phase::AwaitingEnd { .. } => Standing::Stopping,
                Phase::Preparing { .. }
                | Phase::Creating { .. }
                | Phase::Unresolved { .. }
                | Phase::Unidentified { .. } => Standing::Unresolved,
                Phase::Confirming { .. } | Phase::Running { .. } => Standing::Adopted,
            },
        }
    }

    // ---- commands, notifications, hints --------------------------------------------------------------------------

    pub(crate) fn stop(&mut self, now: Now) {
        if self.goal == Goal::Run {
            self.emit(now, None, EventKind::Stopping);
            self.end(now, Outcome::Stopped);
        }
    }

    /// Checks that a new payload fits what runs.
    pub(crate) fn check_update(&self, services: &Services) -> Result<(), Invalid> {
        self.config.check_services(services, &self.ring)?;
        self.payload.confirm_delays_with(&self.config.policy, services)?;
        let running = self.serving().or(self.current_launch()).filter(|launch| launch.tokens.has_created());
        let fixed = running.and_then(|launch| self.fixed_difference(launch, services));
        match fixed.filter(|_| self.config.rollout == Rollout::Refuse) {
            None => Ok(()),
            Some(field) => Err(Invalid::new(
                field,
                "another value than the running task's",
                "what it was started with: the service cannot change it in a running task (rollout: \"relaunch\" starts another one)",
            )),
        }
    }

    pub(crate) fn warnings(&self) -> Vec<TaskWarning> {
        self.payload.desired().warnings()
    }

    /// Takes a new payload: for the running task by Update, or by a task that replaces it; for later ones by their Create.
    pub(crate) fn update(&mut self, now: Now, services: Services) -> Result<LaneUpdate, Invalid> {
        let update = LaneUpdate { lane: self.config.name.clone(), via: self.via(&services) };
        if update.via == Via::Nothing {
            return Ok(update);
        }
        self.config.check_services(&services, &self.ring)?;
        let before = self.payload.replace(&self.config.policy, services)?;
        self.payload_has_changed(now, &before);
        self.cancel_rollout();
        self.mark_changed();
        Ok(update)
    }

    /// A replacement that has not begun is not needed any more: the running task can take the payload that is wanted now.
    fn cancel_rollout(&mut self) {
        if self.outgoing().is_none_or(|launch| self.needs_relaunch(launch)) {
            return;
        }
        if let Some(at) = self.current.and_then(|generation| self.position(generation)) {
            if self.at(at).may_be_live() {
                return;
            }
            let generation = self.at(at).generation;
            if self.in_flight.as_ref().is_some_and(|sent| sent.purpose.generation() == Some(generation)) {
                self.let_go_of_request();
            }
            self.forget(at, None);
        }
        self.keep_outgoing();
    }

    /// Which way a new payload goes.
    fn via(&self, services: &Services) -> Via {
        if services == self.payload.desired() {
            return Via::Nothing;
        }
        match self.serving().or(self.current_launch()).filter(|launch| launch.tokens.has_created()) {
            None => Via::Launch,
            Some(launch) if self.fixed_difference(launch, services).is_some() => Via::Relaunch,
            Some(_) => Via::Update,
        }
    }

    /// The field of a payload that an Update of this launch's task could not change.
    fn fixed_difference(&self, launch: &Launch, services: &Services) -> Option<&'static str> {
        launch.payload.created_with().unwrap_or(self.payload.desired()).fixed_difference(services)
    }

    /// The newest payload was refused: goes back to the one before it, if there is one.
    pub(super) fn go_back(&mut self, now: Now) -> bool {
        let refused = self.payload.revert();
        if let Some(refused) = &refused {
            self.payload_has_changed(now, refused);
        }
        refused.is_some()
    }

    /// Each launch is to have the payload that the lane has now, in the place of this one.
    fn payload_has_changed(&mut self, now: Now, before: &Services) {
        let updating = match self.in_flight.as_ref().map(|sent| &sent.purpose) {
            Some(Purpose::Update { generation }) => Some(*generation),
            Some(_) | None => None,
        };
        for launch in &mut self.launches {
            if !launch.tokens.has_created() {
                launch.payload.start_with_new();
                launch.tokens.drop_next();
                continue;
            }
            let is_running = launch.is_running();
            let carries_it =
                if is_running { updating == Some(launch.generation) } else { !launch.payload.is_behind() };
            // Tokens that were given may be for another channel than the new one's.
            if is_running || launch.payload.composed().is_none() {
                launch.forget_payload();
            }
            launch.payload.is_replaced(before, carries_it, now.mono);
        }
        self.let_go_of_preparation();
    }

    /// Does not await any longer what was asked for with a payload, or for one, that is not to be sent any more.
    fn let_go_of_preparation(&mut self) {
        let generation = self.in_flight.as_ref().and_then(|sent| match sent.purpose {
            Purpose::RtcToken { generation, .. } | Purpose::Acquire { generation } => Some(generation),
            Purpose::Create { .. }
            | Purpose::Query { .. }
            | Purpose::Update { .. }
            | Purpose::Delete { .. }
            | Purpose::Presence => None,
        });
        let launch = generation.and_then(|generation| self.launch(generation));
        if launch.is_some_and(|launch| launch.payload.composed().is_none()) {
            self.let_go_of_request();
        }
    }

    /// A notification: brings the next Query forward, or names a task. Says whether it was about this lane.
    pub(crate) fn notice(&mut self, now: Now, notice: &Notice) -> bool {
        if self.is_a_credential(&notice.task_id) {
            return false;
        }
        let of_task = |launch: &Launch| launch.task_id() == Some(&notice.task_id);
        if let Some(at) = self.launches.iter().position(of_task) {
            if self.is_of_interest(self.at(at).generation) {
                self.doubt(now, at, &notice.kind);
            }
            return true;
        }
        if self.create_of(&notice.task_id).is_some() {
            return true;
        }
        let instance_id = notice.instance_id.as_deref();
        let Some(generation) = instance_id.and_then(|id| self.generation_of(id)) else { return false };
        let ended = matches!(notice.kind, NoticeKind::Stopped { .. });
        self.learn(now, generation, &notice.task_id, None, ended, IdentifiedBy::Notice);
        true
    }

    /// The service says that a task is not well: Query may learn of it only later than we do.
    fn doubt(&mut self, now: Now, at: usize, kind: &NoticeKind) {
        let until = now.mono.plus(self.config.policy.migration_ms);
        let (is_bad, reason) = match kind {
            NoticeKind::Stopped { reason } => {
                (true, reason.as_deref().map(|reason| self.redactor().text(reason)))
            }
            NoticeKind::Status { state } => (state.as_deref() == Some("failed"), None),
            NoticeKind::Started | NoticeKind::Updated | NoticeKind::Other { .. } => (false, None),
        };
        let policy = self.config.policy.clone();
        let launch = self.at_mut(at);
        if let Some(task) = launch.task_mut().filter(|_| is_bad) {
            task.doubted_until = Some(until);
            task.stop_reason = reason.or(task.stop_reason.take());
        }
        launch.check_soon(now, &policy);
    }

    /// Brings the next Query about the current task forward, and about one that runs until that does.
    pub(crate) fn hint(&mut self, now: Now) {
        let outgoing = self.outgoing().map(|launch| launch.generation);
        for launch in &mut self.launches {
            if [self.current, outgoing].contains(&Some(launch.generation)) {
                launch.check_soon(now, &self.config.policy);
            }
        }
    }

    /// The caller's clock was set back: how old the builder tokens are is not known any more.
    pub(crate) fn clock_went_back(&mut self) {
        for launch in &mut self.launches {
            launch.tokens.drop_next();
        }
    }

    // ---- helpers -------------------------------------------------------------------------------------------------

    /// Emits an event about this launch, or about the whole lane.
    pub(super) fn emit(&mut self, now: Now, generation: Option<u32>, kind: EventKind) {
        let is_it = |launch: &&Launch| Some(launch.generation) == generation;
        self.journal.emit(now, self.launches.iter().find(is_it), kind);
    }

    fn secrets(&self) -> Secrets<'_> {
        Secrets {
            app_id: &self.config.app_id,
            payload: &self.payload,
            launches: [&self.launches, &[]],
            retired: &self.retired,
            driver: &self.driver_secrets,
        }
    }

    /// Redacts whatever the service may be heard to repeat. Every text of the service passes through it on its way into an
    /// event or a status.
    pub(super) fn redactor(&self) -> Redactor {
        self.secrets().redactor(None)
    }

    /// Whether what is meant to be an id has a credential in it: ids are shown.
    pub(super) fn is_a_credential(&self, id: &str) -> bool {
        Redactor::new(&self.driver_secrets.0).finds(id)
    }

    pub(super) fn launch(&self, generation: u32) -> Option<&Launch> {
        self.launches.iter().find(|launch| launch.generation == generation)
    }

    pub(super) fn launch_mut(&mut self, generation: u32) -> Option<&mut Launch> {
        self.launches.iter_mut().find(|launch| launch.generation == generation)
    }

    pub(super) fn position(&self, generation: u32) -> Option<usize> {
        self.launches.iter().position(|launch| launch.generation == generation)
    }

    /// The launch at this place in the list, which was found just now.
    #[allow(clippy::indexing_slicing, reason = "a place is that of a launch which is in the list")]
    pub(super) fn at(&self, at: usize) -> &Launch {
        &self.launches[at]
    }

    pub(super) fn at_mut(&mut self, at: usize) -> &mut Launch {
        nth(&mut self.launches, at)
    }

    pub(super) fn current_launch(&self) -> Option<&Launch> {
        self.current.and_then(|generation| self.launch(generation))
    }

    /// Does not await the answer to the request under way any longer; that to a Create is still kept in mind.
    pub(super) fn let_go_of_request(&mut self) -> Option<InFlight> {
        let in_flight = self.in_flight.take()?;
        in_flight::remember(&mut self.overdue, &in_flight);
        Some(in_flight)
    }
}

/// The launch at this place in the list, which was found just now.
#[allow(clippy::indexing_slicing, reason = "a place is that of a launch which is in the list")]
pub(super) fn nth(launches: &mut [Launch], at: usize) -> &mut Launch {
    &mut launches[at]
}

/// Where a lane's secrets are: what the service may have been told, and must not be heard to repeat.
pub(super) struct Secrets<'a> {
    pub(super) app_id: &'a str,
    pub(super) payload: &'a PayloadRevisions,
    pub(super) launches: [&'a [Launch]; 2],
    pub(super) retired: &'a VecDeque<Retired>,
    pub(super) driver: &'a DriverSecrets,
}

impl Secrets<'_> {
    /// All of them, and those of this launch, which is not in the lists.
    fn all(&self, launch: Option<&Launch>) -> Vec<String> {
        let mut secrets = self.payload.secrets();
        let launches = self.launches.into_iter().flatten().chain(launch);
        launches.for_each(|launch| secrets.append(&mut launch.secrets()));
        self.retired.iter().for_each(|old| secrets.extend_from_slice(&old.tokens));
        secrets.extend_from_slice(&self.driver.0);
        // Projects without a certificate have their App ID in the place of tokens: that is no secret.
        secrets.retain(|secret| secret != self.app_id);
        secrets
    }

    pub(super) fn redactor(&self, launch: Option<&Launch>) -> Redactor {
        Redactor::new(&self.all(launch))
    }
}

#[cfg(test)]
mod tests;
