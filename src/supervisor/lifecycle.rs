//! The life of a lane: a launch begins, its task runs, is replaced, ends, is left behind.

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

/// How long a task lives on that was replaced for a new payload: viewers change over in the meantime.
const HANDOVER: Duration = Duration::from_secs(10);

impl Lane {
    /// Begins the next launch: on the next uid in turn that is free, or whose unresolved create is to be gone on
    /// with. Where every uid is taken by something else, room is made, and it is tried again later.
    pub(super) fn begin(&mut self, now: Now, next: NextLaunch) {
        let reason = next.reason;
        let before = self.ring.last();
        let free = |uid: Uid| match self.launches.iter().position(|launch| launch.uid == uid) {
            None => (!self.ring.is_held(uid)).then_some((uid, None)),
            Some(at) => self.launches.at(at).is_resumable().then_some((uid, Some(at))),
        };
        let turn = self.ring.in_turn().find_map(free);
        let Some((uid, unresolved)) = turn.or_else(|| self.probe(next)) else {
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

    /// A create that runs but that nobody names is made again only when there is no other way.
    fn probe(&self, next: NextLaunch) -> Option<(Uid, Option<usize>)> {
        if !next.blocked || self.launches.iter().any(Launch::is_leaving) {
            return None;
        }
        let is_unnamed = |launch: &Launch| {
            matches!(launch.phase(), Phase::TaskIdUnknown { .. }) && !launch.tokens.is_closed()
        };
        let at = self.launches.iter().position(is_unnamed)?;
        Some((self.launches.at(at).uid, Some(at)))
    }

    /// A task lives, or may live, under every uid: what was given up is taken back or ended, and it is tried again later.
    fn make_room(&mut self, now: Now, next: NextLaunch) {
        self.reconsider(now);
        let is_lost =
            |launch: &Launch| launch.tokens.is_closed() && matches!(launch.phase(), Phase::Unresolved { .. });
        if next.blocked && !self.can_look() && self.launches.iter().all(is_lost) {
            return self.end(now, Outcome::Failed { reason: FailReason::NoFreeUid });
        }
        let wait = self
            .config
            .policy
            .relaunch_delays_ms
            .wait_or_last(self.relaunch_count)
            .max(Duration::from_secs(5));
        self.relaunch_count = self.relaunch_count.saturating_add(1);
        self.emit(now, None, EventKind::NoFreeUid { wait_ms: wait });
        self.stage.plan(NextLaunch { at: now.mono + wait, reason: next.reason, blocked: true });
    }

    /// Plans the next launch, after the cool-down.
    pub(super) fn schedule(&mut self, now: Now, reason: LaunchReason) {
        if self.stage.is_ending() || self.keep_outgoing() {
            return;
        }
        let seed = self.config.seed;
        let wait = self.config.policy.relaunch_delays_ms.wait_or_last(self.relaunch_count);
        let wait = self.config.policy.jittered(
            wait,
            seed,
            u64::from(self.launches.generation) << 32 | u64::from(self.relaunch_count),
        );
        self.relaunch_count = self.relaunch_count.saturating_add(1);
        self.stage.plan(NextLaunch { at: now.mono + wait, reason, blocked: false });
        self.mark_changed();
    }

    /// A launch got nowhere: it is watched if it may have started a task, forgotten otherwise.
    pub(super) fn abandon(&mut self, now: Now, at: usize, reason: LaunchReason) {
        let launch = self.launches.at_mut(at);
        if launch.may_be_live() && !launch.is_resolved() {
            launch.pause();
            self.look_soon(now);
        } else {
            self.forget(at, None);
        }
        self.schedule(now, reason);
    }

    /// A task is not good any more, but may live: it is kept until its replacement runs.
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

    /// The task of this launch does not run any more: another one takes its place, if it is not on its way already.
    fn replace(&mut self, now: Now, generation: u32, reason: LaunchReason) {
        match self.stage.current() {
            Some(current) if current != generation => return,
            Some(_) => {}
            // What has kept its replacement waiting was another reason.
            None => self.relaunch_count = 0,
        }
        self.schedule(now, reason);
    }

    /// What was given up is in the way: it is asked once more whether it runs.
    pub(super) fn reconsider(&mut self, now: Now) {
        self.launches.iter_mut().for_each(|launch| launch.reconsider(now.mono));
    }

    /// A task that was given up runs after all, and nothing else does: the service may have moved it. Returns its place in the
    /// list, unless its replacement has a task by now, which has to prove that it runs.
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

    /// Query does not know the current task any more: by the guide it has exited. Should it live on after all, nobody else
    /// would ever end it: it is deleted as one that was replaced, or taken back if it runs and is in the way. Where another
    /// Create of the launch may have started a task, the launch is that one's from now on.
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
        let is_restarted = self.is_to_run() && was_wanted;
        let kind = if was_wanted { EventKind::Ended { reason, reply } } else { EventKind::Removed };
        self.journal.emit(now, self.launches.get(at), kind);
        if was_wanted {
            self.note_off_air(now, at);
        }
        let launch = self.launches.at_mut(at);
        let task_id = launch.task_id().map(str::to_owned);
        if reason != EndReason::Absent && launch.goes_on_as_another(now.mono) {
            self.stage.release(generation);
            self.launches.remember_gone(at, task_id);
            self.mark_changed();
            self.look_soon(now);
        } else {
            self.forget(at, task_id);
        }
        if is_restarted {
            self.restart(now, generation, reason);
        }
    }

    /// The task on air is gone: by the restart policy another one is launched, or it was the last.
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

    /// Gives up for good; what lives is ended.
    pub(super) fn end(&mut self, now: Now, outcome: Outcome) {
        if self.is_to_run() {
            self.stage.end(outcome, now.mono);
            // What is asked for is not wanted any more.
            if self
                .requests
                .in_flight
                .as_ref()
                .is_some_and(|in_flight| in_flight.purpose.call() != Call::Delete)
            {
                self.requests.give_up();
            }
            self.look_soon(now);
            self.mark_changed();
        }
    }

    /// A launch is over: its uid is free again, unless another one holds it.
    pub(super) fn forget(&mut self, at: usize, gone: Option<String>) {
        self.stage.release(self.launches.at(at).generation);
        if let Some(free) = self.launches.remove(at, gone) {
            self.ring.release(free);
        }
        // There may be room now for a launch that found none.
        self.stage.unblock();
        self.mark_changed();
    }

    /// The task of this launch runs.
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
                    // It has run until now.
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

    /// Deletes what the running task has replaced.
    pub(super) fn delete_replaced(&mut self, now: Now) {
        let outgoing = self.outgoing().map(|launch| launch.generation);
        for launch in self.launches.iter_mut() {
            if outgoing == Some(launch.generation) {
                // Viewers are still with it.
                launch.delete(now.mono + HANDOVER);
            } else if launch.is_given_up() {
                launch.delete(now.mono);
            }
        }
    }

    /// The lane is being ended: deletes what lives, gives up what can neither be deleted nor found, and at last reports the
    /// end.
    pub(super) fn wind_down(&mut self, now: Now, outcome: Outcome, since: Instant) {
        let shortest = self.config.policy.delete_delays_ms.wait_or_last(0);
        let mut at = 0;
        while let Some(launch) = self.launches.get(at) {
            let is_given_up = self.given_up_at(launch, since).is_some_and(|at| now.mono >= at);
            if is_given_up || !launch.may_be_live() {
                self.leave_behind(now, at);
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

    /// Reports that a task may live on, unless that was reported.
    fn leave_behind(&mut self, now: Now, at: usize) {
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
