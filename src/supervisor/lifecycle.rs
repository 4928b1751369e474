//! The life of a lane: launches start, run, are replaced, end, or are orphaned.

use super::Outcome;
use super::config::Restart;
use super::event::{EndReason, EventKind, FailReason, LaunchReason, OrphanedReason, ServiceReply};
use super::lane::{Lane, OffAir};
use super::launch::{Confirmed, Launch};
use super::phase::Phase;
use super::stage::NextLaunch;
use crate::status::Call;
use crate::time::{Duration, Instant, Now};
use crate::uid::Uid;

/// How long a replaced task keeps running after a rollout: viewers switch in the meantime.
const HANDOVER_DELAY: Duration = Duration::from_secs(10);

impl Lane {
    /// Starts the next launch under the next uid that is free, or whose unresolved create can be resumed. If there is
    /// none, makes room and tries again later.
    pub(super) fn begin(&mut self, now: Now, next: NextLaunch) {
        let reason = next.reason;
        let before = self.ring.last();
        let free = |uid: Uid| match self.launches.iter().position(|launch| launch.uid == uid) {
            None => (!self.ring.is_held(uid)).then_some((uid, None)),
            Some(at) => self.launches.at(at).is_resumable().then_some((uid, Some(at))),
        };
        let turn = self.ring.in_turn().find_map(free);
        let Some((uid, unresolved)) = turn.or_else(|| self.resumable_as_last_resort(next)) else {
            return self.make_room(now, next);
        };
        let generation = match unresolved {
            Some(at) => {
                let launch = self.launches.at_mut(at);
                launch.resume(now.mono);
                launch.generation
            }
            None => {
                self.ring.hold(uid);
                let generation = self.launches.next_generation();
                let instance_id = self.config.instance_id_of(generation);
                self.launches.add(Launch::new(generation, uid, instance_id, now.mono));
                generation
            }
        };
        self.ring.resume(uid);
        self.stage.launch(generation);
        if let Some(from) = before.filter(|from| *from != uid) {
            self.emit(now, Some(generation), EventKind::UidSwitched { from, to: uid, reason });
        }
        self.emit(now, Some(generation), EventKind::Launching { reason });
        self.mark_changed();
    }

    /// The last resort if no uid is free: resumes the create of a task whose id is unknown.
    fn resumable_as_last_resort(&self, next: NextLaunch) -> Option<(Uid, Option<usize>)> {
        if !next.blocked || self.launches.iter().any(Launch::is_leaving) {
            return None;
        }
        let is_unnamed = |launch: &Launch| {
            matches!(launch.phase(), Phase::TaskIdUnknown { .. }) && !launch.tokens.is_closed()
        };
        let at = self.launches.iter().position(is_unnamed)?;
        Some((self.launches.at(at).uid, Some(at)))
    }

    /// No uid is free, because each may have a live task: queries superseded tasks once more, and plans another
    /// attempt.
    fn make_room(&mut self, now: Now, next: NextLaunch) {
        self.reconsider(now);
        let is_lost =
            |launch: &Launch| launch.tokens.is_closed() && matches!(launch.phase(), Phase::Unresolved { .. });
        if next.blocked && !self.can_check_presence() && self.launches.iter().all(is_lost) {
            return self.end(now, Outcome::Failed { reason: FailReason::NoFreeUid });
        }
        let wait = self
            .config
            .policy
            .relaunch_delays_ms
            .delay_or_last(self.relaunch_count)
            .max(Duration::from_secs(5));
        self.relaunch_count = self.relaunch_count.saturating_add(1);
        self.emit(now, None, EventKind::NoFreeUid { wait_ms: wait });
        self.stage.plan(NextLaunch { at: now.mono + wait, reason: next.reason, blocked: true });
    }

    /// Plans the next launch, after the delay of the backoff schedule.
    pub(super) fn schedule(&mut self, now: Now, reason: LaunchReason) {
        if self.stage.is_ending() || self.keep_outgoing() {
            return;
        }
        let seed = self.config.seed;
        let wait = self.config.policy.relaunch_delays_ms.delay_or_last(self.relaunch_count);
        let wait = self.config.policy.jittered(
            wait,
            seed,
            u64::from(self.launches.generation) << 32 | u64::from(self.relaunch_count),
        );
        self.relaunch_count = self.relaunch_count.saturating_add(1);
        self.stage.plan(NextLaunch { at: now.mono + wait, reason, blocked: false });
        self.mark_changed();
    }

    /// Gives up a launch. If it may have started a task, it is kept as unresolved; otherwise it is forgotten.
    pub(super) fn abandon(&mut self, now: Now, at: usize, reason: LaunchReason) {
        let launch = self.launches.at_mut(at);
        if launch.may_be_live() && !launch.is_resolved() {
            launch.pause();
            self.check_presence_soon(now);
        } else {
            self.forget(at, None);
        }
        self.schedule(now, reason);
    }

    /// Gives up a task that may still run: it is kept until its replacement is confirmed.
    pub(super) fn supersede(&mut self, now: Now, at: usize, reason: LaunchReason) {
        let launch = self.launches.at(at);
        let generation = launch.generation;
        let is_current = self.stage.is_current(generation);
        if is_current && launch.is_running() && self.config.restart == Restart::Never {
            return self.end(now, Outcome::Failed { reason: FailReason::NotRestarted });
        }
        self.note_off_air(now, at);
        self.launches.at_mut(at).supersede();
        self.replace(now, generation, reason);
    }

    /// Replaces the task of this launch, unless a replacement is on its way.
    fn replace(&mut self, now: Now, generation: u32, reason: LaunchReason) {
        match self.stage.current() {
            Some(current) if current != generation => return,
            Some(_) => {}
            // No launch is current: the delays so far had another reason.
            None => self.relaunch_count = 0,
        }
        self.schedule(now, reason);
    }

    /// Queries each superseded task once more, because it is in the way of its replacement.
    pub(super) fn reconsider(&mut self, now: Now) {
        self.launches.iter_mut().for_each(|launch| launch.reconsider(now.mono));
    }

    /// Takes back a superseded task that runs after all, perhaps after a migration. Returns its index, or `None` if its
    /// replacement already has a task: that one is confirmed instead.
    pub(super) fn take_back(&mut self, now: Now, at: usize) -> Option<usize> {
        if !self.current_is_displaceable() {
            self.launches.at_mut(at).supersede();
            return None;
        }
        let (generation, uid) = (self.launches.at(at).generation, self.launches.at(at).uid);
        self.displace(now);
        self.stage.launch(generation);
        self.ring.resume(uid);
        let at = self.launches.position(generation)?;
        let launch = self.launches.at_mut(at);
        launch.take_back(now.mono);
        if launch.is_running() {
            self.off_air = None;
            self.note_payload(now, at);
        }
        Some(at)
    }

    /// Query no longer knows this task: according to the service's guide, it has exited. In case it still runs, it is
    /// kept as superseded, to be deleted or taken back. If another Create of the launch may have started a task, the
    /// launch continues with that task.
    pub(super) fn lost(&mut self, now: Now, at: usize, reply: ServiceReply) {
        let launch = self.launches.at(at);
        if launch.may_have_another_task() {
            return self.gone(now, at, EndReason::NotFound, reply);
        }
        let generation = launch.generation;
        self.journal.emit(
            now,
            self.launches.get(at),
            EventKind::Ended { reason: EndReason::NotFound, reply },
        );
        if self.stage.is_current(generation) && self.config.restart == Restart::Never {
            return self.end(now, Outcome::Failed { reason: FailReason::NotRestarted });
        }
        self.supersede(now, at, LaunchReason::NotFound);
    }

    /// The task of this launch is known to be gone.
    pub(super) fn gone(&mut self, now: Now, at: usize, reason: EndReason, reply: ServiceReply) {
        let generation = self.launches.at(at).generation;
        let was_wanted = self.is_wanted(generation);
        let is_restarted = self.should_run() && was_wanted;
        let kind = if was_wanted { EventKind::Ended { reason, reply } } else { EventKind::Removed };
        self.journal.emit(now, self.launches.get(at), kind);
        if was_wanted {
            self.note_off_air(now, at);
        }
        let launch = self.launches.at_mut(at);
        let task_id = launch.task_id().map(str::to_owned);
        if reason != EndReason::Absent && launch.continue_as_another(now.mono) {
            self.stage.release(generation);
            self.launches.remember_gone(at, task_id);
            self.mark_changed();
            self.check_presence_soon(now);
        } else {
            self.forget(at, task_id);
        }
        if is_restarted {
            self.restart(now, generation, reason);
        }
    }

    /// The current task is gone: the restart policy decides whether another one is launched.
    fn restart(&mut self, now: Now, generation: u32, reason: EndReason) {
        match (self.config.restart, reason) {
            (Restart::Never | Restart::OnFailure, EndReason::Normal) => self.end(now, Outcome::Ended),
            (Restart::Never, EndReason::Failed | EndReason::NotFound | EndReason::Absent) => {
                self.end(now, Outcome::Failed { reason: FailReason::NotRestarted });
            }
            (Restart::Always, EndReason::Normal) | (_, EndReason::Failed) => {
                self.replace(now, generation, LaunchReason::Ended);
            }
            (_, EndReason::NotFound) => self.replace(now, generation, LaunchReason::NotFound),
            (_, EndReason::Absent) => self.replace(now, generation, LaunchReason::Absent),
        }
    }

    /// Begins to end the lane: from now on, `wind_down` deletes all tasks.
    pub(super) fn end(&mut self, now: Now, outcome: Outcome) {
        if self.should_run() {
            self.stage.end(outcome, now.mono);
            // The request in flight is no longer needed.
            if self
                .requests
                .in_flight
                .as_ref()
                .is_some_and(|in_flight| in_flight.purpose.call() != Call::Delete)
            {
                self.requests.cancel();
            }
            self.check_presence_soon(now);
            self.mark_changed();
        }
    }

    /// Removes a launch that is over. Its uid is free again, unless another launch has it.
    pub(super) fn forget(&mut self, at: usize, gone: Option<String>) {
        self.stage.release(self.launches.at(at).generation);
        if let Some(free) = self.launches.remove(at, gone) {
            self.ring.release(free);
        }
        // A launch that found no free uid may start now.
        self.stage.unblock();
        self.mark_changed();
    }

    /// Query has found the task of this launch running.
    pub(super) fn runs(&mut self, now: Now, at: usize, confirmed: Confirmed) {
        match confirmed {
            Confirmed::Recovered { since } | Confirmed::Still { since } => {
                if now.mono >= since + self.config.policy.relaunch_reset_after_ms {
                    self.relaunch_count = 0;
                }
            }
            Confirmed::New => {
                self.has_run = true;
                self.note_payload(now, at);
                let outgoing = self.outgoing().map(|launch| OffAir {
                    uid: launch.uid,
                    task_id: launch.task_id().map(str::to_owned),
                    // It still runs.
                    since: now.mono,
                });
                if let Some(OffAir { uid, task_id, since }) = self.off_air.take().or(outgoing) {
                    let kind = EventKind::Relaunched {
                        previous_uid: uid,
                        previous_task_id: task_id,
                        downtime_ms: now.mono.duration_since(since),
                    };
                    self.journal.emit(now, self.launches.get(at), kind);
                }
                self.mark_changed();
            }
        }
    }

    fn note_off_air(&mut self, now: Now, at: usize) {
        let launch = self.launches.at(at);
        if let Some(task) = launch.task().filter(|_| launch.is_running()) {
            self.off_air = Some(OffAir {
                uid: launch.uid,
                task_id: Some(task.id.clone()),
                since: task.seen_running_at.unwrap_or(now.mono),
            });
        }
    }

    /// Deletes the tasks that the running one has replaced.
    pub(super) fn delete_replaced(&mut self, now: Now) {
        let outgoing = self.outgoing().map(|launch| launch.generation);
        for launch in self.launches.iter_mut() {
            if outgoing == Some(launch.generation) {
                // Viewers still watch it.
                launch.delete(now.mono + HANDOVER_DELAY);
            } else if launch.is_given_up() {
                launch.delete(now.mono);
            }
        }
    }

    /// Deletes all tasks of a lane that ends, gives up those that can be neither deleted nor identified, and finally
    /// reports the end.
    pub(super) fn wind_down(&mut self, now: Now, outcome: Outcome, since: Instant) {
        let shortest = self.config.policy.delete_delays_ms.delay_or_last(0);
        let mut at = 0;
        while let Some(launch) = self.launches.get(at) {
            let is_given_up = self.given_up_at(launch, since).is_some_and(|at| now.mono >= at);
            if is_given_up || !launch.may_be_live() {
                self.report_orphaned(now, at);
                self.forget(at, None);
            } else {
                self.launches.at_mut(at).wind_down(now.mono, shortest);
                at += 1;
            }
        }
        if self.launches.is_empty() && self.requests.in_flight.is_none() && !self.stage.is_end_announced() {
            self.stage.announce_end();
            let kind = match outcome {
                Outcome::Failed { reason } => EventKind::Failed { reason },
                Outcome::Stopped | Outcome::Ended => EventKind::Stopped,
            };
            self.emit(now, None, kind);
        }
    }

    /// Reports that a task may still run, unless it was reported before.
    fn report_orphaned(&mut self, now: Now, at: usize) {
        let launch = self.launches.at(at);
        if launch.may_be_live() && !launch.is_reported() {
            let reason = match launch.task() {
                Some(_) => OrphanedReason::DeleteFailed,
                None => OrphanedReason::TaskIdUnknown,
            };
            self.journal.emit(now, self.launches.get(at), EventKind::Orphaned { reason });
        }
    }
}
