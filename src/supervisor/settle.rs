//! What only the passing of time asks for.

use super::event::{EventKind, LaunchCause};
use super::lane::{Goal, Lane};
use super::launch::Launch;
use super::phase::Phase;
use super::{Outcome, Why};
use crate::time::{Millis, Now};

/// How long a create that nobody can look for is waited for after `stop()`: a late reply or notification.
const STOP_GRACE: Millis = Millis::from_secs(30);

/// How long a task lives on that was replaced for a new payload: viewers change over in the meantime.
const HANDOVER: Millis = Millis::from_secs(10);

impl Lane {
    /// Does what only the passing of time asks for. True when something changed.
    pub(super) fn settle(&mut self, now: Now, may_roll_out: bool) -> bool {
        match self.goal.clone() {
            Goal::Run => self.settle_run(now, may_roll_out),
            Goal::End { outcome, since } => self.settle_end(now, &outcome, since),
        }
    }

    fn settle_run(&mut self, now: Now, may_roll_out: bool) -> bool {
        if let Some(launch) = self.current_launch() {
            match *launch.phase() {
                // Where nobody looks for its task, going on is better than giving up.
                Phase::Creating { .. } if self.can_look() => return self.give_up_when_full(now),
                Phase::Running { .. } => {
                    if self.supersede_done(now) {
                        return true;
                    }
                    let rolls_out = may_roll_out && self.wants_rollout(now);
                    if rolls_out {
                        self.roll_out(now);
                    }
                    return rolls_out;
                }
                Phase::Unidentified { since, .. } => {
                    let limit = self.config.policy.unidentified_ms;
                    if limit.is_some_and(|limit| now.mono >= since.plus(limit)) {
                        self.current = None;
                        self.schedule(now, LaunchCause::Unidentified);
                        return true;
                    }
                }
                Phase::Preparing { .. }
                | Phase::Creating { .. }
                | Phase::Unresolved { .. }
                | Phase::Confirming { .. }
                | Phase::Superseded { .. }
                | Phase::Reconsidered { .. }
                | Phase::Deleting { .. }
                | Phase::AwaitingEnd { .. }
                | Phase::Orphaned { .. } => {}
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

    /// Gives up the current launch if another Create would need more tokens than are kept.
    fn give_up_when_full(&mut self, now: Now) -> bool {
        let Some(launch) = self.current_mut() else { return false };
        launch.expire_token(now.mono);
        let is_full = launch.tokens.is_full();
        if is_full {
            launch.tokens.close();
            self.abandon(now, LaunchCause::CreateSpent);
        }
        is_full
    }

    fn settle_end(&mut self, now: Now, outcome: &Outcome, since: Millis) -> bool {
        let mut changed = false;
        let shortest = self.config.policy.delete_ms.wait_or_last(0);
        for generation in self.launches.iter().map(|launch| launch.generation).collect::<Vec<_>>() {
            let given_up_at = self.launch(generation).and_then(|launch| self.given_up_at(launch, since));
            let Some(launch) = self.launch_mut(generation) else { continue };
            if given_up_at.is_some_and(|at| now.mono >= at) {
                if !launch.is_reported() {
                    self.leave_behind(now, generation);
                }
                self.forget(generation, None);
                changed = true;
                continue;
            }
            if !launch.may_be_live() {
                self.forget(generation, None);
                changed = true;
                continue;
            }
            match *launch.phase() {
                Phase::Creating { .. } => {
                    launch.pause();
                    changed = true;
                }
                Phase::Confirming { .. }
                | Phase::Running { .. }
                | Phase::Superseded { .. }
                | Phase::Reconsidered { .. } => {
                    launch.delete(now.mono);
                    changed = true;
                }
                Phase::Orphaned { since, .. } => {
                    // One more try, now that the broadcast ends, but not right after one that failed: after it, it is forgotten.
                    launch.delete(since.plus(shortest).max(now.mono));
                    changed = true;
                }
                Phase::Preparing { .. }
                | Phase::Unresolved { .. }
                | Phase::Unidentified { .. }
                | Phase::Deleting { .. }
                | Phase::AwaitingEnd { .. } => {}
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

    /// When a launch is given up after an end at `since`: not before it was tried to delete its task, however much time has
    /// passed by itself.
    fn given_up_at(&self, launch: &Launch, since: Millis) -> Option<Millis> {
        let stop_at = since.plus(self.config.policy.stop_deadline_ms);
        match launch.task() {
            Some(_) => launch.is_hard_to_delete().then_some(stop_at),
            None if self.can_look() => Some(stop_at),
            None => Some(since.plus(STOP_GRACE).min(stop_at)),
        }
    }

    /// When `settle` will next have something to do.
    pub(super) fn next_settle(&self, now: Now) -> Option<(Millis, Why)> {
        match &self.goal {
            Goal::End { since, .. } => {
                let given_up = self.launches.iter().filter_map(|launch| self.given_up_at(launch, *since));
                given_up.min().map(|at| (at, Why::Stopping))
            }
            Goal::Run => match (self.current_launch(), &self.next_launch) {
                (Some(launch), _) if let Phase::Unidentified { since, .. } = *launch.phase() => {
                    let limit = self.config.policy.unidentified_ms;
                    limit.map(|limit| (since.plus(limit), Why::Unidentified))
                }
                (Some(launch), _) => {
                    // Where it is due it is another lane's turn, or no uid is free.
                    let rollout = launch
                        .payload
                        .update_due()
                        .filter(|_| launch.payload.needs_relaunch(self.payload.desired()));
                    rollout.filter(|due| *due > now.mono).map(|due| (due, Why::Update))
                }
                (None, Some(next)) => Some((next.at, Why::CoolDown)),
                (None, None) => None,
            },
        }
    }

    /// Deletes what the running task has replaced. True when there was something.
    pub(super) fn supersede_done(&mut self, now: Now) -> bool {
        let outgoing = self.outgoing().map(|launch| launch.generation);
        let mut changed = false;
        for launch in &mut self.launches {
            let is_outgoing = outgoing == Some(launch.generation);
            if is_outgoing {
                // Viewers are still with it.
                launch.delete(now.mono.plus(HANDOVER));
            } else if launch.is_given_up() {
                launch.delete(now.mono);
            } else {
                continue;
            }
            changed = true;
        }
        changed
    }
}
