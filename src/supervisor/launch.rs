//! One logical create and the task that it starts: a state machine whose transitions are all in this file.
//!
//! A transition is a method that says what becomes of each phase that it may begin in; in every other phase it changes
//! nothing. Which transition is made when is decided elsewhere: by [answers](super::answers), by what is [due](super::due), by
//! what others [say](super::discovery) or [show](super::presence), and for the lane as a whole ([`lifecycle`](super::lifecycle),
//! [`update`](super::update)).

use macro_rules_attribute::apply;

use super::attempts::Attempts;
use super::discovery::Origin;
use super::event::SuspectReason;
use super::launches::Retired;
use super::payload::LaunchPayload;
use super::phase::{Phase, Task};
use super::request::RequestId;
use super::tokens::{SentCreate, TokenLedger};
use super::transitions;
use crate::document::document;
use crate::policy::RetryPolicy;
use crate::time::{Duration, Instant, Now};
use crate::uid::Uid;

/// A logical create and its task.
#[apply(document)]
#[json(camel)]
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Launch {
    /// Numbers the launches of a lane.
    pub(super) generation: u32,
    pub(super) uid: Uid,
    pub(super) instance_id: String,
    pub(super) launched_at: Instant,
    phase: Phase,
    pub(super) attempts: Attempts,
    pub(super) tokens: TokenLedger,
    pub(super) payload: LaunchPayload,
}

/// What a Query that finds a task running means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Confirmed {
    /// It began to run.
    New,
    /// It runs on, since this moment.
    Still { since: Instant },
    /// It runs on, since this moment, though it was suspected not to.
    Recovered { since: Instant },
}

impl Launch {
    pub(super) fn new(generation: u32, uid: Uid, instance_id: String, now: Instant) -> Self {
        Self {
            generation,
            uid,
            instance_id,
            launched_at: now,
            phase: Phase::Preparing { due: now },
            attempts: Attempts::default(),
            tokens: TokenLedger::default(),
            payload: LaunchPayload::default(),
        }
    }

    /// Of a task that was found and that nobody wants: it is deleted.
    pub(super) fn of_unwanted(generation: u32, of: &Origin, task_id: String, now: Instant) -> Self {
        let (task, is_reported) = (Task::new(task_id), false);
        Self {
            phase: Phase::Deleting { task, due: of.due.max(now), is_reported },
            tokens: TokenLedger::of_task(of.tokens.clone()),
            ..Self::new(generation, of.uid, of.instance_id.clone(), now)
        }
    }

    /// Of a create that was given up, and whose uid is in the channel nevertheless.
    pub(super) fn found_again(old: Retired, now: Instant) -> Self {
        Self {
            phase: Phase::Unresolved { is_live: true, absences: 0 },
            tokens: TokenLedger::found_again(old.tokens, old.closed, now),
            // Which payload it was started with is not known any more.
            payload: LaunchPayload::unknown(now),
            ..Self::new(old.generation, old.uid, old.instance_id, now)
        }
    }

    pub(super) fn phase(&self) -> &Phase {
        &self.phase
    }

    pub(super) fn task(&self) -> Option<&Task> {
        self.phase.task()
    }

    pub(super) fn task_id(&self) -> Option<&str> {
        self.phase.task().map(|task| task.id.as_str())
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running { .. })
    }

    /// Whether its Create is prepared, or sent again.
    pub(super) fn is_creating(&self) -> bool {
        matches!(self.phase, Phase::Preparing { .. } | Phase::Creating { .. })
    }

    /// Whether it runs, but something is wrong with it.
    pub(super) fn is_suspect(&self) -> bool {
        matches!(self.phase, Phase::Running { suspicion: Some(_), .. })
    }

    /// Whether a task of this launch may be live.
    pub(super) fn may_be_live(&self) -> bool {
        self.phase.task().is_some() || self.tokens.has_created()
    }

    /// Whether the outcome of each of its Creates is known, and none of their tasks is left.
    pub(super) fn is_resolved(&self) -> bool {
        self.phase.task().is_none() && !self.phase.is_live_unnamed() && self.tokens.is_resolved()
    }

    /// Whether it was tried to delete it, in vain so far. The first Delete may have failed for nothing but that the process
    /// that had sent it was gone.
    pub(super) fn is_hard_to_delete(&self) -> bool {
        let is_being_deleted = matches!(self.phase, Phase::Deleting { .. } | Phase::AwaitingEnd { .. });
        is_being_deleted && self.attempts.has_failed_again()
    }

    /// Whether it was reported that its task may live on.
    pub(super) fn is_reported(&self) -> bool {
        matches!(
            self.phase,
            Phase::Deleting { is_reported: true, .. }
                | Phase::AwaitingEnd { is_reported: true, .. }
                | Phase::Orphaned { .. }
        )
    }

    /// Whether only presence and notifications can tell what became of it.
    pub(super) fn is_watched(&self) -> bool {
        self.phase.absences().is_some()
    }

    /// Whether its Create may be sent again when the turn of its uid comes.
    pub(super) fn is_resumable(&self) -> bool {
        matches!(self.phase, Phase::Unresolved { .. }) && !self.tokens.is_closed()
    }

    /// Whether another launch is to take the place of its task.
    pub(super) fn is_given_up(&self) -> bool {
        matches!(self.phase, Phase::Superseded { .. } | Phase::Reconsidered { .. })
    }

    /// Whether there is something to do for it once the lane is being ended.
    pub(super) fn is_to_wind_down(&self) -> bool {
        let goes_on = matches!(
            self.phase,
            Phase::Creating { .. }
                | Phase::Confirming { .. }
                | Phase::Running { .. }
                | Phase::Superseded { .. }
                | Phase::Reconsidered { .. }
                | Phase::Orphaned { .. }
        );
        goes_on || !self.may_be_live()
    }

    /// Whether it is being replaced, or deleted: its uid will be free.
    pub(super) fn is_leaving(&self) -> bool {
        self.is_given_up() || matches!(self.phase, Phase::Deleting { .. } | Phase::AwaitingEnd { .. })
    }

    /// Whether it may make way for another one: it has no task that is known.
    pub(super) fn is_displaceable(&self) -> bool {
        self.is_creating() || matches!(self.phase, Phase::TaskIdUnknown { .. })
    }

    /// Its next call is due at this moment, if its phase makes calls.
    pub(super) fn call_at(&mut self, at: Instant) {
        self.phase.due_mut().into_iter().for_each(|due| *due = at);
    }

    /// Brings its next Query forward, unless one was sent just now, or it is being made again (nothing shortens a backoff).
    /// While a Query is under way it is the one after that.
    pub(super) fn check_soon(&mut self, now: Now, policy: &RetryPolicy) {
        if let Phase::Confirming { task, due, .. } | Phase::Running { task, due, .. } = &mut self.phase {
            task.is_check_requested = true;
            if !self.attempts.is_retrying() {
                let earliest = task.last_query_at.map_or(now.mono, |at| at + policy.check_now_interval_ms);
                *due = (*due).min(earliest.max(now.mono));
            }
        }
    }

    // ---- transitions ---------------------------------------------------------------------------------------------

    /// Every change of the phase is made here.
    fn go_to(&mut self, phase: Phase) {
        transitions::note(Some(&self.phase), Some(&phase));
        self.phase = phase;
    }

    /// Enters a phase, in which nothing has failed yet.
    fn enter(&mut self, phase: Phase) {
        self.go_to(phase);
        self.attempts = Attempts::default();
        self.tokens.begin_round();
    }

    /// A Create is sent now.
    pub(super) fn create_leaves(&mut self, id: RequestId, now: Instant) {
        self.tokens.create_leaves(id, now);
        if let Phase::Preparing { due } = self.phase {
            self.go_to(Phase::Creating { due, is_live: false });
        }
    }

    /// A Query is sent now.
    pub(super) fn query_leaves(&mut self, now: Instant) {
        if let Some(task) = self.phase.task_mut() {
            task.last_query_at = Some(now);
            task.is_check_requested = false;
        }
    }

    /// The lane is being ended. One more try for what could not be deleted, but not right after one that failed.
    pub(super) fn wind_down(&mut self, now: Instant, shortest_delay: Duration) {
        if let Phase::Creating { .. } = self.phase {
            self.pause();
        } else if let Phase::Orphaned { since, .. } = self.phase {
            self.delete((since + shortest_delay).max(now));
        } else {
            self.delete(now);
        }
    }

    /// Its Creates are not sent again for now.
    pub(super) fn pause(&mut self) {
        if let Phase::Preparing { .. } | Phase::Creating { .. } = self.phase {
            self.enter(Phase::Unresolved { is_live: self.phase.is_live_unnamed(), absences: 0 });
        }
    }

    /// Another launch takes its place. If it is resumed, it waits as long as it would have.
    pub(super) fn displace(&mut self) {
        if let Phase::Preparing { due } | Phase::Creating { due, .. } = self.phase {
            self.tokens.resume_at(due);
            self.pause();
        }
    }

    /// Its uid's turn has come: its Create is sent again.
    pub(super) fn resume(&mut self, now: Instant) {
        if let Phase::Unresolved { .. } | Phase::TaskIdUnknown { .. } = self.phase {
            let due = self.tokens.resumes_at().max(now);
            self.enter(Phase::Creating { due, is_live: self.phase.is_live_unnamed() });
        }
    }

    /// The service answers that it runs already, but not as which task.
    pub(super) fn runs_unnamed(&mut self, now: Instant) {
        if let Phase::Creating { .. } = self.phase {
            self.enter(Phase::TaskIdUnknown { since: now, absences: 0 });
        }
    }

    /// Its task was named. It is queried at `due`.
    pub(super) fn task_id_learned(&mut self, task_id: String, now: Instant, due: Instant) {
        if self.phase.task().is_none() {
            self.enter(Phase::Confirming { task: Task::new(task_id), since: now, due, queries: 0 });
        }
    }

    /// Its task was named, and is not wanted.
    pub(super) fn learned_unwanted(&mut self, task_id: String, now: Instant) {
        if self.phase.task().is_none() {
            self.enter(Phase::Deleting { task: Task::new(task_id), due: now, is_reported: false });
        }
    }

    /// Query says that its task runs.
    pub(super) fn confirm(&mut self, now: Instant) -> Option<Confirmed> {
        if let Phase::Running { task, since, suspicion, odd_since, .. } = &mut self.phase {
            task.seen_running_at = Some(now);
            *odd_since = None;
            let since = *since;
            return Some(match suspicion.take() {
                Some(_) => Confirmed::Recovered { since },
                None => Confirmed::Still { since },
            });
        }
        let Phase::Confirming { task, due, .. } = &mut self.phase else { return None };
        let task = Task { seen_running_at: Some(now), ..std::mem::take(task) };
        let (due, since) = (*due, now);
        self.enter(Phase::Running { task, since, due, suspicion: None, odd_since: None });
        Some(Confirmed::New)
    }

    /// Something is wrong with its task. Returns whether that is new, and to be reported. What is wrong with a task that is
    /// starting is reported once it is given up.
    pub(super) fn suspect(&mut self, reason: SuspectReason) -> bool {
        let Phase::Running { suspicion, .. } = &mut self.phase else { return false };
        let is_new = suspicion.is_none();
        suspicion.get_or_insert(reason);
        is_new
    }

    /// A notification says that its task stopped or failed, and perhaps why.
    pub(super) fn doubt(&mut self, until: Instant, stop_reason: Option<String>) {
        if let Some(task) = self.phase.task_mut() {
            task.doubted_until = Some(until);
            task.stop_reason = stop_reason.or(task.stop_reason.take());
        }
    }

    /// Another launch is to take the place of its task, which is kept until then.
    pub(super) fn supersede(&mut self) {
        if let Phase::Confirming { task, .. }
        | Phase::Running { task, .. }
        | Phase::Reconsidered { task, .. } = &mut self.phase
        {
            let task = std::mem::take(task);
            self.enter(Phase::Superseded { task });
        }
    }

    /// It is in the way of its replacement: it is queried once more.
    pub(super) fn reconsider(&mut self, now: Instant) {
        if let Phase::Superseded { task } = &mut self.phase {
            let task = std::mem::take(task);
            self.enter(Phase::Reconsidered { task, due: now });
        }
    }

    /// It was given up, and runs after all.
    pub(super) fn take_back(&mut self, now: Instant) {
        if let Phase::Reconsidered { task, .. } = &mut self.phase {
            let task = std::mem::take(task);
            let (since, due) = (now, now);
            self.enter(match task.seen_running_at {
                // Reported as recovered, whatever it was given up for.
                Some(_) => Phase::Running {
                    task,
                    since,
                    due,
                    suspicion: Some(SuspectReason::NotRunning),
                    odd_since: None,
                },
                None => Phase::Confirming { task, since, due, queries: 0 },
            });
        }
    }

    /// Its task is deleted, at `due`.
    pub(super) fn delete(&mut self, due: Instant) {
        let is_reported = self.is_reported();
        if let Phase::Confirming { task, .. }
        | Phase::Running { task, .. }
        | Phase::Superseded { task }
        | Phase::Reconsidered { task, .. }
        | Phase::Orphaned { task, .. } = &mut self.phase
        {
            let task = std::mem::take(task);
            self.enter(Phase::Deleting { task, due, is_reported });
        }
    }

    /// A Delete failed, or its task is still there after one: it is sent again at `due`.
    pub(super) fn delete_again(&mut self, due: Instant) {
        if let Some((task, is_reported)) = self.leaving_task() {
            self.go_to(Phase::Deleting { task, due, is_reported });
        }
    }

    /// A Delete was accepted: its end is queried at `due`.
    pub(super) fn await_end(&mut self, due: Instant) {
        if let Some((task, is_reported)) = self.leaving_task() {
            self.go_to(Phase::AwaitingEnd { task, due, is_reported });
            self.tokens.begin_round();
        }
    }

    /// Its task could not be deleted; that is tried again at `due`.
    pub(super) fn orphan(&mut self, now: Instant, due: Instant) {
        if let Some((task, _)) = self.leaving_task() {
            self.enter(Phase::Orphaned { task, since: now, due, absences: 0 });
        }
    }

    /// The task that is being deleted, taken out of its phase, and whether it was reported as left behind.
    fn leaving_task(&mut self) -> Option<(Task, bool)> {
        let is_reported = self.is_reported();
        if let Phase::Deleting { task, .. } | Phase::AwaitingEnd { task, .. } | Phase::Orphaned { task, .. } =
            &mut self.phase
        {
            Some((std::mem::take(task), is_reported))
        } else {
            None
        }
    }

    /// The known task is gone; but a Create with another token may have started one after it. Then this launch is that
    /// create from now on.
    pub(super) fn goes_on_as_another(&mut self, now: Instant) -> bool {
        if !self.may_have_another_task() {
            return false;
        }
        self.tokens.task_is_over();
        self.enter(Phase::Unresolved { is_live: false, absences: 0 });
        if self.tokens.next().is_none() || !self.payload.can_repeat_create() {
            self.tokens.drop_next();
            self.forget_payload();
        }
        self.payload.is_of_another_task(now);
        true
    }

    /// A presence check: whether its uid is in the channel. `proves_absence`: it was sent late enough to say so of its Creates.
    /// Returns whether it was found only now.
    pub(super) fn seen(&mut self, is_present: bool, proves_absence: bool) -> bool {
        if let Phase::Unresolved { absences, .. }
        | Phase::TaskIdUnknown { absences, .. }
        | Phase::Orphaned { absences, .. } = &mut self.phase
        {
            if is_present {
                *absences = 0;
            } else if proves_absence {
                *absences = absences.saturating_add(1);
            }
        }
        let Phase::Unresolved { is_live, .. } = &mut self.phase else { return false };
        is_present && !std::mem::replace(is_live, true)
    }

    /// A Query was answered with the task's status. Returns how many there were while it was starting.
    pub(super) fn queried(&mut self) -> u32 {
        self.tokens.first_is_proven();
        self.attempts.queried(matches!(self.phase, Phase::AwaitingEnd { .. }));
        if let Some(task) = self.phase.task_mut() {
            task.is_refusal_reported = false;
        }
        let Phase::Confirming { queries, .. } = &mut self.phase else { return 0 };
        *queries = queries.saturating_add(1);
        *queries
    }

    /// Query is refused again and again. Returns whether that is new, and to be reported.
    pub(super) fn query_refused(&mut self) -> bool {
        let is_new = |task: &mut Task| !std::mem::replace(&mut task.is_refusal_reported, true);
        self.phase.task_mut().is_some_and(is_new)
    }

    /// Query says that it does not run. Returns since when that is so, or it was to start; and whether this is the first time.
    pub(super) fn note_not_running(&mut self, now: Instant) -> (Instant, bool) {
        if let Phase::Running { odd_since, .. } = &mut self.phase {
            let is_first = odd_since.is_none();
            (*odd_since.get_or_insert(now), is_first)
        } else if let Phase::Confirming { since, .. } = self.phase {
            (since, false)
        } else {
            (now, false)
        }
    }

    // ---- tokens and payload --------------------------------------------------------------------------------------

    /// Drops the builder token for the next Create if it is too old.
    pub(super) fn expire_token(&mut self, now: Instant) {
        if self.tokens.expire(now) {
            // Minutes have passed: the RTC tokens may be too old as well.
            self.forget_payload();
        }
    }

    /// The payload is to be composed anew.
    pub(super) fn forget_payload(&mut self) {
        self.payload.forget(self.phase.task().is_some());
    }

    /// This Create is resolved.
    pub(super) fn create_was_answered(&mut self, create: SentCreate<'_>) {
        if self.tokens.answered(create) && self.phase.task().is_none() {
            self.forget_payload();
        }
    }

    /// Whether a Create with another token than that of the known task may have started one as well.
    pub(super) fn may_have_another_task(&self) -> bool {
        self.phase.task().is_some() && self.tokens.may_have_started_another()
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        let mut secrets: Vec<String> = self.tokens.secrets().cloned().collect();
        secrets.append(&mut self.payload.secrets());
        secrets
    }
}

#[cfg(test)]
mod tests;
