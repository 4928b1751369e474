//! The state of one lane, and what changes it besides answers: time, commands, notifications, hints.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::config::{LaneConfig, Restart};
use super::event::{
    Ending, Event, EventKind, FailReason, IdentifiedBy, LaunchCause, LeftBehindReason, Suspicion,
};
use super::launch::{Launch, Phase, Retired};
use super::request::RequestId;
use super::{Health, KnownTask, LaneStatus, Outcome, Standing};
use crate::domain::DomainLadder;
use crate::error::Invalid;
use crate::notice::{Notice, NoticeKind};
use crate::quota::Lane as LaneNumber;
use crate::task::Services;
use crate::time::{Millis, Now};
use crate::uid::{Uid, UidRing};

/// Launches that are over and remembered.
const MAX_RETIRED: usize = 32;
/// Creates without an answer whose late replies are still known.
const MAX_OVERDUE: usize = 8;
/// How long a create that nobody can look for is waited for after `stop()`: a late reply or notification.
const STOP_GRACE: Millis = Millis::from_secs(30);

/// What the lane is there for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Goal {
    Run,
    End { outcome: Outcome, since: Millis },
}

/// A request whose answer is awaited.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InFlight {
    pub(super) id: RequestId,
    pub(super) purpose: Purpose,
    /// The launch that it is for; none for a look into the channel.
    pub(super) generation: Option<u32>,
    /// The builder token that it carries.
    pub(super) token: Option<String>,
    pub(super) domain: String,
    pub(super) sent_at: Millis,
    pub(super) deadline: Millis,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Purpose {
    InputToken,
    OutputToken,
    Acquire,
    Create,
    Query,
    Update,
    Delete,
    Presence,
}

/// A Create that timed out; its reply may still come.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Overdue {
    pub(super) id: RequestId,
    pub(super) generation: u32,
    pub(super) token: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NextLaunch {
    pub(super) at: Millis,
    pub(super) cause: LaunchCause,
    /// It found no uid that could be used.
    pub(super) blocked: bool,
}

/// The output that ran last, until its replacement runs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OffAir {
    uid: Uid,
    task_id: Option<String>,
    since: Millis,
}

/// Keeps one output alive.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lane {
    pub(super) number: LaneNumber,
    pub(super) config: LaneConfig,
    pub(super) ring: UidRing,
    pub(super) domains: DomainLadder,
    pub(super) goal: Goal,
    pub(super) launches: Vec<Launch>,
    pub(super) current: Option<u32>,
    pub(super) next_launch: Option<NextLaunch>,
    generation: u32,
    /// Launches in a row that the relaunch ladder counts.
    relaunches: u32,
    off_air: Option<OffAir>,
    pub(super) in_flight: Option<InFlight>,
    pub(super) overdue: VecDeque<Overdue>,
    pub(super) retired: VecDeque<Retired>,
    pub(super) next_request: u64,
    /// When to look into the channel next, and how many looks there were at this pace.
    pub(super) next_look: Millis,
    pub(super) looks: u32,
    pub(super) events: VecDeque<Event>,
    announced_end: bool,
    /// Grows with every change worth persisting.
    pub(super) revision: u64,
}

impl Lane {
    pub(crate) fn new(number: LaneNumber, config: LaneConfig, now: Millis) -> Self {
        Self {
            number,
            ring: config.ring.clone(),
            domains: config.domains.clone(),
            config,
            goal: Goal::Run,
            launches: Vec::new(),
            current: None,
            next_launch: Some(NextLaunch { at: now, cause: LaunchCause::Start, blocked: false }),
            generation: 0,
            relaunches: 0,
            off_air: None,
            in_flight: None,
            overdue: VecDeque::new(),
            retired: VecDeque::new(),
            next_request: 0,
            next_look: now,
            looks: 0,
            events: VecDeque::new(),
            announced_end: false,
            revision: 0,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    pub(crate) fn output_channel(&self) -> &str {
        &self.config.output_channel
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The next thing to tell.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The running task's uid and how sure that is.
    pub(crate) fn health(&self) -> Health {
        match self.current_launch() {
            Some(launch) if launch.phase == Phase::Running => match launch.suspect {
                None => Health::Running(launch.uid),
                Some(_) => Health::Suspect(launch.uid),
            },
            Some(_) | None => match self.unidentified() {
                Some(launch) => Health::Unidentified(launch.uid),
                None => Health::Down,
            },
        }
    }

    pub(crate) fn status(&self) -> LaneStatus {
        let current = self.current_launch();
        LaneStatus {
            name: self.config.name.clone(),
            state: match (&self.goal, current.map(|launch| (launch.phase, launch.suspect))) {
                (Goal::End { outcome, .. }, _) if self.launches.is_empty() => match outcome {
                    Outcome::Failed { .. } => "failed",
                    Outcome::Stopped | Outcome::Ended => "stopped",
                },
                (Goal::End { .. }, _) => "stopping",
                (Goal::Run, None) if self.unidentified().is_some() => "unidentified",
                (Goal::Run, None) => "waiting",
                (Goal::Run, Some((Phase::Preparing | Phase::Creating, _))) => "launching",
                (Goal::Run, Some((Phase::Confirming, _))) => "confirming",
                (Goal::Run, Some((Phase::Running, None))) => "running",
                (Goal::Run, Some((Phase::Running, Some(_)))) => "suspect",
                (Goal::Run, Some((Phase::Unidentified, _))) => "unidentified",
                (Goal::Run, Some((Phase::Unresolved | Phase::Superseded, _))) => "waiting",
                (Goal::Run, Some((Phase::Deleting | Phase::AwaitingEnd | Phase::LeftBehind, _))) => {
                    "stopping"
                }
            },
            generation: self.generation,
            uid: current.map(|launch| launch.uid),
            task_id: current.and_then(|launch| launch.task_id.clone()),
            last_seen_running_ms: current.and_then(|launch| launch.seen_running_at),
            tasks: self
                .launches
                .iter()
                .filter(|launch| launch.may_be_live())
                .map(|launch| self.known(launch))
                .collect(),
        }
    }

    /// A launch that the service says runs already, and that nobody has named.
    fn unidentified(&self) -> Option<&Launch> {
        self.launches.iter().find(|launch| launch.said_to_run && launch.task_id.is_none())
    }

    fn known(&self, launch: &Launch) -> KnownTask {
        KnownTask {
            generation: launch.generation,
            uid: launch.uid,
            instance_id: launch.instance_id.clone(),
            task_id: launch.task_id.clone(),
            standing: match launch.phase {
                Phase::LeftBehind => Standing::LeftBehind,
                Phase::Superseded | Phase::Deleting | Phase::AwaitingEnd => Standing::Stopping,
                _ if launch.task_id.is_none() => Standing::Unresolved,
                Phase::Preparing
                | Phase::Creating
                | Phase::Unresolved
                | Phase::Unidentified
                | Phase::Confirming
                | Phase::Running => Standing::Adopted,
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
        self.config.check_services(services)
    }

    /// Takes a new payload: for the running task by Update, for later ones by their Create.
    pub(crate) fn update(&mut self, now: Now, services: Services) -> Result<(), Invalid> {
        self.config.accept_services(services)?;
        for launch in &mut self.launches {
            if launch.creates == 0 {
                // Nothing was sent yet: it starts with the new payload.
                launch.forget_payload();
                launch.builder = None;
            } else {
                // The ladder of an update that is under way goes on: nothing shortens a wait.
                launch.update_due = launch.update_due.or(Some(now.mono));
            }
            if launch.phase == Phase::Running {
                launch.forget_payload();
            }
        }
        self.revision += 1;
        Ok(())
    }

    /// A notification: brings the next Query forward, or names a task. Says whether it was about this lane.
    pub(crate) fn notice(&mut self, now: Now, notice: &Notice) -> bool {
        if let Some(launch) =
            self.launches.iter().find(|launch| launch.task_id.as_deref() == Some(&notice.task_id))
        {
            if Some(launch.generation) == self.current {
                self.hint(now);
            }
            return true;
        }
        let Some(generation) = self.config.generation_of(&notice.instance_id) else { return false };
        let ended = matches!(notice.kind, NoticeKind::Stopped { .. });
        self.learn(now, generation, &notice.task_id, None, ended, IdentifiedBy::Notice);
        true
    }

    /// Brings the next Query about the current task forward, unless one was sent just now, or a ladder is under way
    /// (whose waits nothing shortens).
    pub(crate) fn hint(&mut self, now: Now) {
        let spacing = self.config.policy.hint_interval_ms;
        let Some(launch) = self.current_mut() else { return };
        let asked = matches!(launch.phase, Phase::Confirming | Phase::Running);
        if asked
            && launch.failures == 0
            && launch.not_found == 0
            && launch.refusals == 0
            && launch.rate_limited == 0
        {
            let earliest = launch.last_query_at.map_or(now.mono, |at| at.plus(spacing)).max(now.mono);
            launch.due = launch.due.min(earliest);
        }
    }

    /// The caller's clock was set back: how old the builder tokens are is not known any more.
    pub(crate) fn clock_went_back(&mut self) {
        for launch in &mut self.launches {
            launch.builder = None;
        }
    }

    // ---- time ----------------------------------------------------------------------------------------------------

    /// Does what only the passing of time asks for. True when something changed.
    pub(super) fn settle(&mut self, now: Now) -> bool {
        match self.goal.clone() {
            Goal::Run => self.settle_run(now),
            Goal::End { outcome, since } => self.settle_end(now, &outcome, since),
        }
    }

    fn settle_run(&mut self, now: Now) -> bool {
        if let Some(launch) = self.current_launch() {
            let (phase, since) = (launch.phase, launch.since);
            match phase {
                Phase::Running if self.supersede_done(now) => return true,
                Phase::Unidentified => {
                    let limit = self.config.policy.unidentified_ms;
                    if limit.is_some_and(|limit| now.mono >= since.plus(limit)) {
                        self.current = None;
                        self.schedule(now, LaunchCause::Unidentified);
                        return true;
                    }
                }
                Phase::Running
                | Phase::Preparing
                | Phase::Creating
                | Phase::Unresolved
                | Phase::Confirming
                | Phase::Superseded
                | Phase::Deleting
                | Phase::AwaitingEnd
                | Phase::LeftBehind => {}
            }
            return false;
        }
        match self.next_launch.clone() {
            Some(next) if now.mono >= next.at => {
                self.begin(now, &next);
                true
            }
            Some(_) => false,
            None => {
                self.schedule(now, LaunchCause::Ended);
                true
            }
        }
    }

    fn settle_end(&mut self, now: Now, outcome: &Outcome, since: Millis) -> bool {
        let grace =
            if self.config.looks_into_channel() { self.config.policy.stop_deadline_ms } else { STOP_GRACE };
        let stop_at = since.plus(self.config.policy.stop_deadline_ms);
        let watch_until = since.plus(grace).min(stop_at);
        let in_flight = self.in_flight.as_ref().and_then(|in_flight| in_flight.generation);
        let mut changed = false;
        for generation in self.launches.iter().map(|launch| launch.generation).collect::<Vec<_>>() {
            let Some(launch) = self.launch_mut(generation) else { continue };
            if now.mono >= stop_at || (launch.task_id.is_none() && now.mono >= watch_until) {
                self.leave_behind(now, generation);
                self.forget(generation, None);
                changed = true;
                continue;
            }
            if !launch.may_be_live() && in_flight != Some(generation) {
                self.forget(generation, None);
                changed = true;
                continue;
            }
            match launch.phase {
                Phase::Creating if in_flight != Some(generation) => {
                    launch.enter(Phase::Unresolved, now.mono, now.mono);
                    changed = true;
                }
                Phase::Confirming | Phase::Running | Phase::Superseded => {
                    launch.enter(Phase::Deleting, now.mono, now.mono);
                    changed = true;
                }
                Phase::LeftBehind if launch.task_id.is_some() && launch.since < since => {
                    // One more try, now that the broadcast ends.
                    launch.enter(Phase::Deleting, now.mono, now.mono);
                    changed = true;
                }
                Phase::Preparing
                | Phase::Creating
                | Phase::Unresolved
                | Phase::Unidentified
                | Phase::Deleting
                | Phase::AwaitingEnd
                | Phase::LeftBehind => {}
            }
        }
        if self.launches.is_empty() && self.in_flight.is_none() && !self.announced_end {
            self.announced_end = true;
            let kind = match outcome {
                Outcome::Failed { reason } => EventKind::Failed { reason: *reason },
                Outcome::Stopped | Outcome::Ended => EventKind::Stopped,
            };
            self.emit(now, None, kind);
            changed = true;
        }
        changed
    }

    /// When `settle` will next have something to do.
    pub(super) fn next_settle(&self) -> Option<(Millis, super::Why)> {
        match &self.goal {
            Goal::End { since, .. } => {
                let stop_at = since.plus(self.config.policy.stop_deadline_ms);
                let watches = self.launches.iter().any(|launch| launch.task_id.is_none());
                let until = if watches && !self.config.looks_into_channel() {
                    since.plus(STOP_GRACE).min(stop_at)
                } else {
                    stop_at
                };
                Some((until, super::Why::Stopping))
            }
            Goal::Run => match (self.current_launch(), &self.next_launch) {
                (Some(launch), _) if launch.phase == Phase::Unidentified => self
                    .config
                    .policy
                    .unidentified_ms
                    .map(|limit| (launch.since.plus(limit), super::Why::Unidentified)),
                (Some(_), _) => None,
                (None, Some(next)) => Some((next.at, super::Why::CoolDown)),
                (None, None) => None,
            },
        }
    }

    /// Deletes what the running task has replaced. True when there was something.
    fn supersede_done(&mut self, now: Now) -> bool {
        let mut changed = false;
        for launch in self.launches.iter_mut().filter(|launch| launch.phase == Phase::Superseded) {
            launch.enter(Phase::Deleting, now.mono, now.mono);
            changed = true;
        }
        changed
    }

    // ---- launching and ending ------------------------------------------------------------------------------------

    /// Begins the next launch: on the next uid in turn that is free, or whose unresolved create is to be gone on
    /// with. Where every uid is taken by something else, room is made, and it is tried again later.
    fn begin(&mut self, now: Now, next: &NextLaunch) {
        let cause = next.cause;
        let before = self.ring.last();
        let held_by = |lane: &Self, uid: Uid| lane.launches.iter().position(|launch| launch.uid == uid);
        let resumable = |launch: &Launch| launch.phase == Phase::Unresolved && !launch.closed;
        let turn = self.ring.in_turn().find_map(|uid| match held_by(self, uid) {
            None if !self.ring.is_held(uid) => Some((uid, None)),
            None => None,
            Some(at) => self
                .launches
                .get(at)
                .filter(|launch| resumable(launch))
                .map(|launch| (uid, Some(launch.generation))),
        });
        let Some((uid, unresolved)) = turn.or_else(|| self.probe(next)) else {
            return self.make_room(now, next);
        };
        let generation = match unresolved {
            Some(generation) => {
                self.ring.resume(uid);
                if let Some(launch) = self.launch_mut(generation) {
                    launch.enter(Phase::Creating, now.mono, now.mono);
                }
                generation
            }
            None => {
                if self.ring.take(uid).is_err() {
                    return;
                }
                self.generation = self.generation.saturating_add(1);
                let instance_id = self.config.instance_id_of(self.generation);
                self.launches.push(Launch::new(self.generation, uid, instance_id, now.mono));
                self.generation
            }
        };
        self.current = Some(generation);
        self.next_launch = None;
        if let Some(from) = before.filter(|from| *from != uid) {
            self.emit(now, Some(generation), EventKind::UidSwitched { from, to: uid, reason: cause });
        }
        self.emit(now, Some(generation), EventKind::Launching { cause });
        self.revision += 1;
    }

    /// A create that runs but that nobody names is made again only when there is no other way.
    fn probe(&self, next: &NextLaunch) -> Option<(Uid, Option<u32>)> {
        let is_leaving = |launch: &Launch| {
            matches!(launch.phase, Phase::Superseded | Phase::Deleting | Phase::AwaitingEnd)
        };
        if !next.blocked || self.launches.iter().any(is_leaving) {
            return None;
        }
        let unnamed =
            self.launches.iter().find(|launch| launch.phase == Phase::Unidentified && !launch.closed)?;
        Some((unnamed.uid, Some(unnamed.generation)))
    }

    /// A task lives, or may live, under every uid: what can be ended is, and it is tried again later.
    fn make_room(&mut self, now: Now, next: &NextLaunch) {
        self.supersede_done(now);
        let is_lost = |launch: &Launch| launch.closed && launch.phase == Phase::Unresolved;
        if next.blocked && !self.config.looks_into_channel() && self.launches.iter().all(is_lost) {
            return self.end(now, Outcome::Failed { reason: FailReason::NoUidFree });
        }
        let wait = self.config.policy.relaunch_ms.wait_or_last(self.relaunches).max(Millis::from_secs(5));
        self.relaunches = self.relaunches.saturating_add(1);
        self.emit(now, None, EventKind::NoUidFree { wait_ms: wait });
        self.next_launch = Some(NextLaunch { at: now.mono.plus(wait), cause: next.cause, blocked: true });
    }

    /// Plans the next launch, after the cool-down.
    pub(super) fn schedule(&mut self, now: Now, cause: LaunchCause) {
        if self.goal != Goal::Run {
            return;
        }
        let seed = self.config.seed;
        let wait = self.config.policy.relaunch_ms.wait_or_last(self.relaunches);
        let wait = self.config.policy.jittered(
            wait,
            seed,
            u64::from(self.generation) << 32 | u64::from(self.relaunches),
        );
        self.relaunches = self.relaunches.saturating_add(1);
        self.next_launch = Some(NextLaunch { at: now.mono.plus(wait), cause, blocked: false });
        self.revision += 1;
    }

    /// The current launch got nowhere: it is watched if it may have started a task, forgotten otherwise.
    pub(super) fn abandon(&mut self, now: Now, cause: LaunchCause) {
        let Some(launch) = self.current_mut() else { return };
        let generation = launch.generation;
        let live = launch.may_be_live();
        if live {
            launch.enter(Phase::Unresolved, now.mono, now.mono);
        }
        self.current = None;
        if live {
            self.look_soon(now);
        } else {
            self.forget(generation, None);
        }
        self.schedule(now, cause);
    }

    /// The current task is not good any more, but may live: it is kept until its replacement runs.
    pub(super) fn supersede(&mut self, now: Now, cause: LaunchCause) {
        self.note_off_air(now);
        if let Some(launch) = self.current_mut() {
            launch.enter(Phase::Superseded, now.mono, now.mono);
        }
        self.current = None;
        self.schedule(now, cause);
    }

    /// The task of this launch is known to be gone.
    pub(super) fn gone(&mut self, now: Now, generation: u32, how: Ending) {
        let was_current = self.current == Some(generation);
        let Some(launch) = self.launch(generation) else { return };
        let kind = if was_current { EventKind::Ended { how } } else { EventKind::Removed };
        let task_id = launch.task_id.clone();
        let ours = self.goal != Goal::Run || !was_current;
        self.emit(now, Some(generation), kind);
        if was_current {
            self.note_off_air(now);
        }
        self.forget(generation, task_id);
        if ours {
            return;
        }
        match (self.config.restart, how) {
            (Restart::Never, Ending::Normal) | (Restart::OnFailure, Ending::Normal) => {
                self.end(now, Outcome::Ended)
            }
            (Restart::Never, Ending::Failed | Ending::NotFound | Ending::Absent) => {
                self.end(now, Outcome::Failed { reason: FailReason::NotRestarted });
            }
            (Restart::Always, Ending::Normal) | (_, Ending::Failed) => self.schedule(now, LaunchCause::Ended),
            (_, Ending::NotFound) => self.schedule(now, LaunchCause::NotFound),
            (_, Ending::Absent) => self.schedule(now, LaunchCause::Absent),
        }
    }

    /// Gives up for good; what lives is ended.
    pub(super) fn end(&mut self, now: Now, outcome: Outcome) {
        if self.goal == Goal::Run {
            self.goal = Goal::End { outcome, since: now.mono };
            // What is asked for is not wanted any more.
            if self.in_flight.as_ref().is_some_and(|in_flight| in_flight.purpose != Purpose::Delete) {
                self.let_go_of_request();
            }
            self.current = None;
            self.next_launch = None;
            self.look_soon(now);
            self.revision += 1;
        }
    }

    /// A launch is over: its uid is free again, unless another one holds it.
    pub(super) fn forget(&mut self, generation: u32, gone: Option<String>) {
        let Some(at) = self.launches.iter().position(|launch| launch.generation == generation) else {
            return;
        };
        let launch = self.launches.remove(at);
        if self.current == Some(generation) {
            self.current = None;
        }
        if launch.may_be_live() {
            self.retired.push_back(Retired {
                generation: launch.generation,
                uid: launch.uid,
                instance_id: launch.instance_id,
                tokens: launch.tokens,
                gone,
            });
            if self.retired.len() > MAX_RETIRED {
                self.retired.pop_front();
            }
        }
        if !self.launches.iter().any(|other| other.uid == launch.uid) {
            self.ring.release(launch.uid);
        }
        // There may be room now for a launch that found none.
        if let Some(next) = self.next_launch.as_mut().filter(|next| next.blocked) {
            next.at = Millis::ZERO;
        }
        self.revision += 1;
    }

    /// Tells the operator, once, that a task may live on.
    pub(super) fn leave_behind(&mut self, now: Now, generation: u32) {
        let Some(launch) = self.launch_mut(generation) else { return };
        if launch.told || !launch.may_be_live() {
            return;
        }
        launch.told = true;
        let reason = match launch.task_id {
            Some(_) => LeftBehindReason::DeleteFailed,
            None => LeftBehindReason::NeverIdentified,
        };
        self.emit(now, Some(generation), EventKind::LeftBehind { reason });
    }

    /// The current task runs.
    pub(super) fn confirm(&mut self, now: Now) {
        let reset = self.config.policy.relaunch_reset_ms;
        let Some(launch) = self.current_mut() else { return };
        let (generation, phase, since, launched_at) =
            (launch.generation, launch.phase, launch.since, launch.launched_at);
        launch.seen_running_at = Some(now.mono);
        launch.odd_since = None;
        let suspect = launch.suspect.take();
        if phase == Phase::Running {
            if suspect.is_some() {
                self.emit(now, Some(generation), EventKind::Recovered);
            }
            if now.mono >= since.plus(reset) {
                self.relaunches = 0;
            }
            return;
        }
        launch.phase = Phase::Running;
        launch.since = now.mono;
        if launch.update_due.is_some() {
            // The new payload came while the old one was being launched.
            launch.update_due = Some(now.mono);
            launch.forget_payload();
        }
        self.emit(now, Some(generation), EventKind::Confirmed { took_ms: now.mono.minus(launched_at) });
        if let Some(off_air) = self.off_air.take() {
            self.emit(
                now,
                Some(generation),
                EventKind::Relaunched {
                    previous_uid: off_air.uid,
                    previous_task_id: off_air.task_id,
                    gap_ms: now.mono.minus(off_air.since),
                },
            );
        }
        self.revision += 1;
    }

    pub(super) fn suspect(&mut self, now: Now, reason: Suspicion) {
        let Some(launch) = self.current_mut() else { return };
        if launch.phase == Phase::Running && launch.suspect.is_none() {
            launch.suspect = Some(reason);
            let generation = launch.generation;
            self.emit(now, Some(generation), EventKind::Suspect { reason });
        }
    }

    fn note_off_air(&mut self, now: Now) {
        let Some(launch) = self.current_launch().filter(|launch| launch.phase == Phase::Running) else {
            return;
        };
        self.off_air = Some(OffAir {
            uid: launch.uid,
            task_id: launch.task_id.clone(),
            since: launch.seen_running_at.unwrap_or(now.mono),
        });
    }

    // ---- what others tell of a create ----------------------------------------------------------------------------

    /// A taskId was learnt: from the reply to a Create (in time or late), or from a notification.
    pub(super) fn learn(
        &mut self,
        now: Now,
        generation: u32,
        task_id: &str,
        token: Option<&str>,
        ended: bool,
        by: IdentifiedBy,
    ) {
        if self.retired.iter().any(|retired| retired.gone.as_deref() == Some(task_id))
            || self.launches.iter().any(|launch| launch.task_id.as_deref() == Some(task_id))
        {
            return;
        }
        self.revision += 1;
        if self.in_flight.as_ref().is_some_and(|in_flight| {
            in_flight.purpose == Purpose::Create && in_flight.generation == Some(generation)
        }) {
            // Should it still be waiting for its snapshot, it must not be sent any more.
            self.let_go_of_request();
        }
        let first_look = self.config.policy.confirm_ms.wait_or_last(0);
        let running = self.goal == Goal::Run;
        let displaceable = match self.current_launch() {
            None => true,
            Some(launch) => {
                launch.generation == generation
                    || matches!(launch.phase, Phase::Preparing | Phase::Creating | Phase::Unidentified)
            }
        };
        let current = self.current;
        let Some(launch) = self.launch_mut(generation).filter(|launch| launch.task_id.is_none()) else {
            return self.adopt_orphan(now, generation, task_id, by);
        };
        launch.task_id = Some(task_id.to_owned());
        launch.looks = 0;
        if let Some(token) = token {
            launch.tokens.retain(|other| other != token);
            launch.tokens.insert(0, token.to_owned());
        }
        let first_answer =
            by == IdentifiedBy::Reply && launch.phase == Phase::Creating && launch.creates <= 1;
        if first_answer && launch.tokens.len() > 1 {
            launch.tokens.truncate(1);
        }
        let started = launch.phase == Phase::Creating && by == IdentifiedBy::Reply;
        if running && !ended && displaceable {
            let due = if started { now.mono.plus(first_look) } else { now.mono };
            launch.enter(Phase::Confirming, now.mono, due);
            if current != Some(generation) {
                self.displace(now);
                self.current = Some(generation);
                self.next_launch = None;
            }
        } else {
            launch.enter(Phase::Deleting, now.mono, now.mono);
            if current == Some(generation) {
                self.current = None;
                if running {
                    self.schedule(now, LaunchCause::Ended);
                }
            }
        }
        let kind = if started { EventKind::Created } else { EventKind::Identified { by } };
        self.emit(now, Some(generation), kind);
    }

    /// The current launch makes way for one whose task was found.
    fn displace(&mut self, now: Now) {
        let Some(launch) = self.current_mut() else { return };
        let generation = launch.generation;
        if launch.may_be_live() {
            if launch.phase != Phase::Unidentified {
                launch.enter(Phase::Unresolved, now.mono, now.mono);
            }
            self.look_soon(now);
        } else {
            self.forget(generation, None);
        }
        self.current = None;
    }

    /// A task of a launch that has another one, or is over: nobody wants it.
    fn adopt_orphan(&mut self, now: Now, generation: u32, task_id: &str, by: IdentifiedBy) {
        let known = self
            .launch(generation)
            .map(|launch| (launch.uid, launch.instance_id.clone(), launch.tokens.clone()));
        let retired = || self.retired.iter().find(|retired| retired.generation == generation);
        let Some((uid, instance_id, tokens)) =
            known.or_else(|| retired().map(|old| (old.uid, old.instance_id.clone(), old.tokens.clone())))
        else {
            return;
        };
        self.generation = self.generation.saturating_add(1);
        let mut launch = Launch::new(self.generation, uid, instance_id, now.mono);
        launch.task_id = Some(task_id.to_owned());
        launch.tokens = tokens;
        launch.enter(Phase::Deleting, now.mono, now.mono);
        self.ring.hold(uid);
        self.launches.push(launch);
        self.emit(now, Some(self.generation), EventKind::Identified { by });
    }

    /// Who is in the channel, by a look that was sent at `sent_at`.
    pub(crate) fn look(&mut self, now: Now, sent_at: Millis, broadcasters: &[Uid]) {
        self.welcome_back(now, broadcasters);
        let start_up = self.config.policy.confirm_deadline_ms;
        let enough = self.config.policy.absences_that_prove();
        for generation in self.launches.iter().map(|launch| launch.generation).collect::<Vec<_>>() {
            let Some(launch) = self.launch_mut(generation) else { continue };
            let present = broadcasters.contains(&launch.uid);
            if launch.phase == Phase::Running && !present {
                self.suspect(now, Suspicion::Absent);
                self.hint(now);
            } else if launch.is_watched() {
                if present {
                    launch.absences = 0;
                } else if sent_at >= launch.last_create_at.plus(start_up) {
                    launch.absences = launch.absences.saturating_add(1);
                }
                if launch.absences >= enough {
                    self.gone(now, generation, Ending::Absent);
                }
            }
        }
        self.next_look = now.mono.plus(self.look_interval());
        self.looks = self.looks.saturating_add(1);
    }

    /// A task that nobody had named was taken for gone, and is there after all: it holds its uid again.
    fn welcome_back(&mut self, now: Now, broadcasters: &[Uid]) {
        for uid in self.config.ring.uids().to_vec() {
            if !broadcasters.contains(&uid) || self.launches.iter().any(|launch| launch.uid == uid) {
                continue;
            }
            let Some(at) = self.retired.iter().rposition(|old| old.uid == uid) else { continue };
            let Some(old) = self.retired.remove(at) else { continue };
            if old.gone.is_some() {
                self.retired.insert(at, old);
                continue;
            }
            let mut launch = Launch::new(old.generation, uid, old.instance_id, now.mono);
            launch.tokens = old.tokens;
            launch.creates = 1;
            launch.last_create_at = now.mono;
            launch.said_to_run = true;
            launch.enter(Phase::Unresolved, now.mono, now.mono);
            self.ring.hold(uid);
            self.launches.push(launch);
            self.emit(now, Some(old.generation), EventKind::Unidentified);
            self.revision += 1;
        }
    }

    /// Another lane looks into the same channel, and will share what it sees by `until`.
    pub(crate) fn leave_look_to_another(&mut self, until: Millis) {
        self.next_look = self.next_look.max(until);
    }

    pub(super) fn look_interval(&self) -> Millis {
        if self.launches.iter().any(|launch| launch.is_watched() && launch.absences > 0) {
            // It will soon be known.
            self.config.policy.presence_ms.wait_or_last(0)
        } else if self.launches.iter().any(Launch::is_watched) {
            self.config.policy.presence_ms.wait_or_last(self.looks)
        } else {
            self.config.policy.monitor_interval_ms
        }
    }

    /// Something became watched: looks begin again at their quickest pace.
    pub(super) fn look_soon(&mut self, now: Now) {
        self.looks = 0;
        self.next_look = now.mono.plus(self.config.policy.presence_ms.wait_or_last(0));
    }

    // ---- helpers -------------------------------------------------------------------------------------------------

    pub(super) fn emit(&mut self, now: Now, generation: Option<u32>, kind: EventKind) {
        let launch = generation.and_then(|generation| self.launch(generation));
        let event = Event {
            at: now.wall,
            lane: self.config.name.clone(),
            generation: launch.map(|launch| launch.generation),
            uid: launch.map(|launch| launch.uid),
            task_id: launch.and_then(|launch| launch.task_id.clone()),
            instance_id: launch.map(|launch| launch.instance_id.clone()),
            kind,
        };
        self.events.push_back(event);
    }

    pub(super) fn launch(&self, generation: u32) -> Option<&Launch> {
        self.launches.iter().find(|launch| launch.generation == generation)
    }

    pub(super) fn launch_mut(&mut self, generation: u32) -> Option<&mut Launch> {
        self.launches.iter_mut().find(|launch| launch.generation == generation)
    }

    pub(super) fn current_launch(&self) -> Option<&Launch> {
        self.current.and_then(|generation| self.launch(generation))
    }

    pub(super) fn current_mut(&mut self) -> Option<&mut Launch> {
        self.current.and_then(|generation| self.launch_mut(generation))
    }

    /// Does not await the answer to the request under way any longer; that to a Create is still kept in mind.
    pub(super) fn let_go_of_request(&mut self) -> Option<InFlight> {
        let in_flight = self.in_flight.take()?;
        if let (Purpose::Create, Some(generation), Some(token)) =
            (in_flight.purpose, in_flight.generation, in_flight.token.clone())
        {
            self.overdue.push_back(Overdue { id: in_flight.id, generation, token });
            if self.overdue.len() > MAX_OVERDUE {
                self.overdue.pop_front();
            }
        }
        Some(in_flight)
    }
}
