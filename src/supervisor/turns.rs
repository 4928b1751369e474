//! The turns of a lane's life: a launch begins, runs, is replaced, ends, is left behind.

use super::Outcome;
use super::config::Restart;
use super::event::EventCall;
use super::event::{Ending, EventKind, FailReason, LaunchCause, LeftBehindReason, Said, Suspicion};
use super::lane::{Goal, Lane, NextLaunch, OffAir};
use super::launch::{Confirmed, Launch, Retired};
use super::phase::Phase;
use crate::time::{Millis, Now};
use crate::uid::Uid;

/// Launches that are over and remembered.
const MAX_RETIRED: usize = 32;

impl Lane {
    /// Begins the next launch: on the next uid in turn that is free, or whose unresolved create is to be gone on
    /// with. Where every uid is taken by something else, room is made, and it is tried again later.
    pub(super) fn begin(&mut self, now: Now, next: &NextLaunch) {
        let cause = next.cause;
        let before = self.ring.last();
        let held_by = |lane: &Self, uid: Uid| lane.launches.iter().position(|launch| launch.uid == uid);
        let turn = self.ring.in_turn().find_map(|uid| match held_by(self, uid) {
            None if !self.ring.is_held(uid) => Some((uid, None)),
            None => None,
            Some(at) => self
                .launches
                .get(at)
                .filter(|launch| launch.is_resumable())
                .map(|launch| (uid, Some(launch.generation))),
        });
        let Some((uid, unresolved)) = turn.or_else(|| self.probe(next)) else {
            return self.make_room(now, next);
        };
        let generation = match unresolved {
            Some(generation) => {
                self.ring.resume(uid);
                if let Some(launch) = self.launch_mut(generation) {
                    launch.resume(now.mono);
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
        self.mark_changed();
    }

    /// A create that runs but that nobody names is made again only when there is no other way.
    fn probe(&self, next: &NextLaunch) -> Option<(Uid, Option<u32>)> {
        if !next.blocked || self.launches.iter().any(Launch::is_leaving) {
            return None;
        }
        let unnamed = self.launches.iter().find(|launch| {
            matches!(launch.phase(), Phase::Unidentified { .. }) && !launch.tokens.is_closed()
        })?;
        Some((unnamed.uid, Some(unnamed.generation)))
    }

    /// A task lives, or may live, under every uid: what was given up is taken back or ended, and it is tried again later.
    fn make_room(&mut self, now: Now, next: &NextLaunch) {
        self.reconsider(now);
        let is_lost =
            |launch: &Launch| launch.tokens.is_closed() && matches!(launch.phase(), Phase::Unresolved { .. });
        if next.blocked && !self.can_look() && self.launches.iter().all(is_lost) {
            return self.end(now, Outcome::Failed { reason: FailReason::NoUidFree });
        }
        let wait = self.config.policy.relaunch_ms.wait_or_last(self.relaunches).max(Millis::from_secs(5));
        self.relaunches = self.relaunches.saturating_add(1);
        self.emit(now, None, EventKind::NoUidFree { wait_ms: wait });
        self.next_launch = Some(NextLaunch { at: now.mono.plus(wait), cause: next.cause, blocked: true });
    }

    /// Plans the next launch, after the cool-down.
    pub(super) fn schedule(&mut self, now: Now, cause: LaunchCause) {
        if self.goal != Goal::Run || self.keep_outgoing() {
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
        self.mark_changed();
    }

    /// Whether the running task is to be replaced for the newest payload, and now.
    pub(crate) fn wants_rollout(&self, now: Now) -> bool {
        let current = self.current_launch().filter(|launch| launch.is_running());
        current.is_some_and(|launch| {
            let is_due = launch.payload.update_due().is_some_and(|due| due <= now.mono);
            is_due && launch.payload.needs_relaunch(self.payload.desired()) && self.ring.next().is_some()
        })
    }

    /// Whether a task that runs is being replaced for a new payload.
    pub(crate) fn is_rolling_out(&self) -> bool {
        self.outgoing().is_some()
    }

    /// Launches a task with the newest payload; the running one goes on until that one runs.
    pub(super) fn roll_out(&mut self, now: Now) {
        self.current = None;
        self.next_launch = Some(NextLaunch { at: now.mono, cause: LaunchCause::Updated, blocked: false });
        self.mark_changed();
    }

    /// The task that was to be replaced has the right payload after all, as the new one was refused: it stays.
    pub(super) fn keep_outgoing(&mut self) -> bool {
        let stays = |launch: &&Launch| !launch.payload.needs_relaunch(self.payload.desired());
        let Some((generation, uid)) =
            self.outgoing().filter(stays).map(|launch| (launch.generation, launch.uid))
        else {
            return false;
        };
        self.current = Some(generation);
        self.next_launch = None;
        self.ring.resume(uid);
        let desired = self.payload.desired().clone();
        if self.launch_mut(generation).is_some_and(|launch| launch.payload.keep_created(&desired)) {
            self.payload.accepted(None);
        }
        self.mark_changed();
        true
    }

    /// The service has asked for no call before.
    pub(super) fn launch_not_before(&mut self, at: Millis) {
        if let Some(next) = &mut self.next_launch {
            next.at = next.at.max(at);
        }
    }

    /// The current launch got nowhere: it is watched if it may have started a task, forgotten otherwise.
    pub(super) fn abandon(&mut self, now: Now, cause: LaunchCause) {
        let Some(launch) = self.current_mut() else { return };
        let generation = launch.generation;
        let live = launch.may_be_live() && !launch.is_resolved();
        if live {
            launch.pause();
        }
        self.current = None;
        if live {
            self.look_soon(now);
        } else {
            self.forget(generation, None);
        }
        self.schedule(now, cause);
    }

    /// A task is not good any more, but may live: it is kept until its replacement runs.
    pub(super) fn supersede(&mut self, now: Now, generation: u32, cause: LaunchCause) {
        let is_current = self.current == Some(generation);
        let Some(launch) = self.launch(generation) else { return };
        if is_current && launch.is_running() && self.config.restart == Restart::Never {
            return self.end(now, Outcome::Failed { reason: FailReason::NotRestarted });
        }
        self.note_off_air(now, generation);
        if let Some(launch) = self.launch_mut(generation) {
            launch.supersede();
        }
        self.replace(now, generation, cause);
    }

    /// The task of this launch does not run any more: another one takes its place, if it is not on its way already.
    fn replace(&mut self, now: Now, generation: u32, cause: LaunchCause) {
        if self.current == Some(generation) {
            self.current = None;
        } else if self.current.is_none() {
            // What has kept its replacement waiting was another reason.
            self.relaunches = 0;
        } else {
            return;
        }
        self.schedule(now, cause);
    }

    /// What was given up is in the way: it is asked once more whether it runs.
    pub(super) fn reconsider(&mut self, now: Now) {
        self.launches.iter_mut().for_each(|launch| launch.reconsider(now.mono));
    }

    /// A task that was given up runs after all, and nothing else does: the service may have moved it.
    pub(super) fn take_back(&mut self, now: Now, generation: u32) {
        if !self.current_is_displaceable() {
            // Its replacement has a task by now, and has to prove that it runs.
            if let Some(launch) = self.launch_mut(generation) {
                launch.supersede();
            }
            return;
        }
        self.displace(now);
        self.current = Some(generation);
        self.next_launch = None;
        let wait = self.monitoring_wait(now, generation);
        let Some(launch) = self.current_mut() else { return };
        let uid = launch.uid;
        launch.take_back(now.mono);
        if launch.is_running() {
            self.off_air = None;
            self.note_payload(now);
        }
        self.ring.resume(uid);
        self.confirm(now, generation);
        if let Some(launch) = self.current_mut() {
            launch.call_at(now.mono.plus(wait));
        }
        self.mark_changed();
    }

    /// Query does not know the current task any more: by the guide it has exited. Should it live on after all, nobody else
    /// would ever end it: it is deleted as one that was replaced, or taken back if it runs and is in the way. Where another
    /// Create of the launch may have started a task, the launch is that one's from now on.
    pub(super) fn lost(&mut self, now: Now, generation: u32, said: Said) {
        if self.launch(generation).is_some_and(Launch::may_have_another_task) {
            return self.gone(now, generation, Ending::NotFound, said);
        }
        self.emit(now, Some(generation), EventKind::Ended { how: Ending::NotFound, said });
        if self.current == Some(generation) && self.config.restart == Restart::Never {
            return self.end(now, Outcome::Failed { reason: FailReason::NotRestarted });
        }
        self.supersede(now, generation, LaunchCause::NotFound);
    }

    /// The task of this launch is known to be gone.
    pub(super) fn gone(&mut self, now: Now, generation: u32, how: Ending, said: Said) {
        let was_current = self.is_of_interest(generation);
        let Some(launch) = self.launch(generation) else { return };
        let kind = if was_current { EventKind::Ended { how, said } } else { EventKind::Removed };
        let task_id = launch.task_id().map(str::to_owned);
        let ours = self.goal != Goal::Run || !was_current;
        self.emit(now, Some(generation), kind);
        if was_current {
            self.note_off_air(now, generation);
        }
        let is_there = how != Ending::Absent;
        if is_there && self.launch_mut(generation).is_some_and(|launch| launch.goes_on_as_another(now.mono)) {
            self.remember_gone(generation, task_id);
            self.look_soon(now);
        } else {
            self.forget(generation, task_id);
        }
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
            (Restart::Always, Ending::Normal) | (_, Ending::Failed) => {
                self.replace(now, generation, LaunchCause::Ended)
            }
            (_, Ending::NotFound) => self.replace(now, generation, LaunchCause::NotFound),
            (_, Ending::Absent) => self.replace(now, generation, LaunchCause::Absent),
        }
    }

    /// Gives up for good; what lives is ended.
    pub(super) fn end(&mut self, now: Now, outcome: Outcome) {
        if self.goal == Goal::Run {
            self.goal = Goal::End { outcome, since: now.mono };
            // What is asked for is not wanted any more.
            if self.in_flight.as_ref().is_some_and(|in_flight| in_flight.purpose.call() != EventCall::Delete)
            {
                self.let_go_of_request();
            }
            self.current = None;
            self.next_launch = None;
            self.look_soon(now);
            self.mark_changed();
        }
    }

    /// A launch is over: its uid is free again, unless another one holds it.
    pub(super) fn forget(&mut self, generation: u32, gone: Option<String>) {
        let Some(at) = self.launches.iter().position(|launch| launch.generation == generation) else {
            return;
        };
        let launch = self.launches.remove(at);
        let uid = launch.uid;
        if self.current == Some(generation) {
            self.current = None;
        }
        if launch.may_be_live() {
            self.remember(launch, gone);
        }
        if !self.launches.iter().any(|other| other.uid == uid) {
            self.ring.release(uid);
        }
        // There may be room now for a launch that found none.
        if let Some(next) = self.next_launch.as_mut().filter(|next| next.blocked) {
            next.at = Millis::ZERO;
        }
        self.mark_changed();
    }

    /// The task of this launch is gone, but the launch goes on.
    fn remember_gone(&mut self, generation: u32, gone: Option<String>) {
        if self.current == Some(generation) {
            self.current = None;
        }
        if let Some(launch) = self.launch(generation).cloned() {
            self.remember(launch, gone);
        }
        self.mark_changed();
    }

    fn remember(&mut self, launch: Launch, gone: Option<String>) {
        self.retired.push_back(Retired::new(launch, gone));
        if self.retired.len() > MAX_RETIRED {
            self.retired.pop_front();
        }
    }

    /// A task that may live on is given up, which is reported.
    pub(super) fn leave_behind(&mut self, now: Now, generation: u32) {
        let Some(launch) = self.launch(generation).filter(|launch| launch.may_be_live()) else { return };
        let reason = match launch.task() {
            Some(_) => LeftBehindReason::DeleteFailed,
            None => LeftBehindReason::NeverIdentified,
        };
        self.emit(now, Some(generation), EventKind::LeftBehind { reason });
    }

    /// A task runs.
    pub(super) fn confirm(&mut self, now: Now, generation: u32) {
        let reset = self.config.policy.relaunch_reset_ms;
        let Some(launch) = self.launch_mut(generation) else { return };
        let launched_at = launch.launched_at;
        let confirmed = launch.confirm(now.mono);
        if let Confirmed::Recovered { .. } = confirmed {
            self.emit(now, Some(generation), EventKind::Recovered);
        }
        if let Confirmed::Recovered { since } | Confirmed::Still { since } = confirmed {
            if now.mono >= since.plus(reset) {
                self.relaunches = 0;
            }
            return;
        }
        self.has_run = true;
        self.note_payload(now);
        self.emit(now, Some(generation), EventKind::Confirmed { took_ms: now.mono.minus(launched_at) });
        let replaced = self.off_air.take().or_else(|| {
            // It has run until now.
            let outgoing = self.outgoing()?;
            let task_id = outgoing.task_id().map(str::to_owned);
            Some(OffAir { uid: outgoing.uid, task_id, since: now.mono })
        });
        if let Some(off_air) = replaced {
            self.emit(
                now,
                Some(generation),
                EventKind::Relaunched {
                    previous_uid: off_air.uid,
                    previous_task_id: off_air.task_id,
                    downtime_ms: now.mono.minus(off_air.since),
                },
            );
        }
        self.mark_changed();
    }

    /// The current task runs: so the service has taken the payload that it was started with. Should there be a newer one,
    /// the task is updated now, or, where that was tried before, when the wait is over.
    fn note_payload(&mut self, now: Now) {
        let Some(launch) = self.current_mut() else { return };
        let created_with = launch.payload.take_outdated();
        let Some(due) = launch.payload.update_due() else {
            return self.payload.accepted(None);
        };
        launch.payload.update_at(due.max(now.mono));
        launch.forget_payload();
        let is_kept =
            created_with.is_some_and(|created_with| self.payload.accepted_unless_other(created_with));
        if let Some(launch) = self.current_mut().filter(|_| !is_kept) {
            launch.payload.not_sure();
        }
    }

    /// Something is wrong with a task that runs: it is reported, unless it was.
    pub(super) fn suspect(&mut self, now: Now, generation: u32, reason: Suspicion, said: Said) {
        if self.launch_mut(generation).is_some_and(|launch| launch.suspect(reason)) {
            self.emit(now, Some(generation), EventKind::Suspect { reason, said });
        }
    }

    fn note_off_air(&mut self, now: Now, generation: u32) {
        let Some(launch) = self.launch(generation).filter(|launch| launch.is_running()) else {
            return;
        };
        self.off_air = launch.task().map(|task| OffAir {
            uid: launch.uid,
            task_id: Some(task.id.clone()),
            since: task.seen_running_at.unwrap_or(now.mono),
        });
    }
}
