//! One logical create and its task: a state machine with all its transitions.
//!
//! A transition is a method. It names the phases in which it applies, and changes nothing in all others. Its callers:
//! [answers](super::answers), what is [due](super::due), [discovery](super::discovery), [presence](super::presence),
//! and the lane as a whole ([`lifecycle`](super::lifecycle), [`update`](super::update)).

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
    /// The launch's number within its lane.
    pub(super) generation: u32,
    pub(super) uid: Uid,
    pub(super) instance_id: String,
    pub(super) launched_at: Instant,
    phase: Phase,
    pub(super) attempts: Attempts,
    pub(super) tokens: TokenLedger,
    pub(super) payload: LaunchPayload,
}

/// The meaning of a Query that finds the task running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Confirmed {
    /// It runs for the first time.
    New,
    /// It still runs, and has run since this time.
    Still { since: Instant },
    /// It was suspect, but still runs, and has run since this time.
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

    /// For a task that was found but is not wanted: it is deleted.
    pub(super) fn of_unwanted(generation: u32, of: &Origin, task_id: String, now: Instant) -> Self {
        let (task, is_reported) = (Task::new(task_id), false);
        Self {
            phase: Phase::Deleting { task, due: of.due.max(now), is_reported },
            tokens: TokenLedger::of_task(of.tokens.clone()),
            ..Self::new(generation, of.uid, of.instance_id.clone(), now)
        }
    }

    /// For a create that was given up, but whose uid is in the channel.
    pub(super) fn reopened(old: Retired, now: Instant) -> Self {
        Self {
            phase: Phase::Unresolved { is_live: true, absences: 0 },
            tokens: TokenLedger::reopened(old.tokens, old.closed, now),
            // Its payload is no longer known.
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

    /// Whether its Create is being prepared or retried.
    pub(super) fn is_creating(&self) -> bool {
        matches!(self.phase, Phase::Preparing { .. } | Phase::Creating { .. })
    }

    /// Whether it runs, but is suspect.
    pub(super) fn is_suspect(&self) -> bool {
        matches!(self.phase, Phase::Running { suspicion: Some(_), .. })
    }

    /// Whether this launch may have a live task.
    pub(super) fn may_be_live(&self) -> bool {
        self.phase.task().is_some() || self.tokens.has_created()
    }

    /// Whether the outcome of all its Creates is known and no task is left.
    pub(super) fn is_resolved(&self) -> bool {
        self.phase.task().is_none() && !self.phase.has_live_unknown_task() && self.tokens.is_resolved()
    }

    /// Whether Delete has failed more than once. A single failure may only mean that the process that sent the Delete
    /// has ended.
    pub(super) fn is_hard_to_delete(&self) -> bool {
        let is_being_deleted = matches!(self.phase, Phase::Deleting { .. } | Phase::AwaitingEnd { .. });
        is_being_deleted && self.attempts.has_failed_again()
    }

    /// Whether it was reported that its task may still run.
    pub(super) fn is_reported(&self) -> bool {
        matches!(
            self.phase,
            Phase::Deleting { is_reported: true, .. }
                | Phase::AwaitingEnd { is_reported: true, .. }
                | Phase::Orphaned { .. }
        )
    }

    /// Whether only presence checks and notifications can resolve it.
    pub(super) fn needs_presence(&self) -> bool {
        self.phase.absences().is_some()
    }

    /// Whether its Create is retried when its uid's turn comes.
    pub(super) fn is_resumable(&self) -> bool {
        matches!(self.phase, Phase::Unresolved { .. }) && !self.tokens.is_closed()
    }

    /// Whether another launch is to replace its task.
    pub(super) fn is_given_up(&self) -> bool {
        matches!(self.phase, Phase::Superseded { .. } | Phase::Reconsidered { .. })
    }

    /// Whether the end of the lane changes the phase of this launch.
    pub(super) fn needs_wind_down(&self) -> bool {
        let is_active = matches!(
            self.phase,
            Phase::Creating { .. }
                | Phase::Confirming { .. }
                | Phase::Running { .. }
                | Phase::Superseded { .. }
                | Phase::Reconsidered { .. }
                | Phase::Orphaned { .. }
        );
        is_active || !self.may_be_live()
    }

    /// Whether it is being replaced or deleted: its uid will be free.
    pub(super) fn is_leaving(&self) -> bool {
        self.is_given_up() || matches!(self.phase, Phase::Deleting { .. } | Phase::AwaitingEnd { .. })
    }

    /// Whether another launch may displace it, because no task of it is known.
    pub(super) fn is_displaceable(&self) -> bool {
        self.is_creating() || matches!(self.phase, Phase::TaskIdUnknown { .. })
    }

    /// Schedules the next call, if the phase makes calls.
    pub(super) fn call_at(&mut self, at: Instant) {
        self.phase.due_mut().into_iter().for_each(|due| *due = at);
    }

    /// Brings the next Query forward, except right after another one and during a backoff, which nothing shortens. If
    /// a Query is in flight, another one follows.
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

    /// Every phase change goes through here.
    fn go_to(&mut self, phase: Phase) {
        transitions::note(Some(&self.phase), Some(&phase));
        self.phase = phase;
    }

    /// Enters a phase with all counters at zero.
    fn enter(&mut self, phase: Phase) {
        self.go_to(phase);
        self.attempts = Attempts::default();
        self.tokens.begin_round();
    }

    /// A Create is sent now.
    pub(super) fn create_sent(&mut self, id: RequestId, now: Instant) {
        self.tokens.create_sent(id, now);
        if let Phase::Preparing { due } = self.phase {
            self.go_to(Phase::Creating { due, is_live: false });
        }
    }

    /// A Query is sent now.
    pub(super) fn query_sent(&mut self, now: Instant) {
        if let Some(task) = self.phase.task_mut() {
            task.last_query_at = Some(now);
            task.is_check_requested = false;
        }
    }

    /// The lane is ending. A task that could not be deleted gets one more Delete, but not right after a failed one.
    pub(super) fn wind_down(&mut self, now: Instant, shortest_delay: Duration) {
        if let Phase::Creating { .. } = self.phase {
            self.pause();
        } else if let Phase::Orphaned { since, .. } = self.phase {
            self.delete((since + shortest_delay).max(now));
        } else {
            self.delete(now);
        }
    }

    /// Pauses the retries of Create.
    pub(super) fn pause(&mut self) {
        if let Phase::Preparing { .. } | Phase::Creating { .. } = self.phase {
            self.enter(Phase::Unresolved { is_live: self.phase.has_live_unknown_task(), absences: 0 });
        }
    }

    /// Another launch takes its place. The backoff of this launch still applies when it is resumed.
    pub(super) fn displace(&mut self) {
        if let Phase::Preparing { due } | Phase::Creating { due, .. } = self.phase {
            self.tokens.resume_at(due);
            self.pause();
        }
    }

    /// Its uid's turn has come: Create is retried.
    pub(super) fn resume(&mut self, now: Instant) {
        if let Phase::Unresolved { .. } | Phase::TaskIdUnknown { .. } = self.phase {
            let due = self.tokens.resumes_at().max(now);
            self.enter(Phase::Creating { due, is_live: self.phase.has_live_unknown_task() });
        }
    }

    /// The service answers that the task runs, but does not name it.
    pub(super) fn task_id_unknown(&mut self, now: Instant) {
        if let Phase::Creating { .. } = self.phase {
            self.enter(Phase::TaskIdUnknown { since: now, absences: 0 });
        }
    }

    /// The task's id was learned. The first Query is due at `due`.
    pub(super) fn task_id_learned(&mut self, task_id: String, now: Instant, due: Instant) {
        if self.phase.task().is_none() {
            self.enter(Phase::Confirming { task: Task::new(task_id), since: now, due, queries: 0 });
        }
    }

    /// The id of an unwanted task was learned.
    pub(super) fn learned_unwanted(&mut self, task_id: String, now: Instant) {
        if self.phase.task().is_none() {
            self.enter(Phase::Deleting { task: Task::new(task_id), due: now, is_reported: false });
        }
    }

    /// Query has found the task running.
    pub(super) fn confirm(&mut self, now: Instant) -> Option<Confirmed> {
        if let Phase::Running { task, since, suspicion, not_running_since, .. } = &mut self.phase {
            task.seen_running_at = Some(now);
            *not_running_since = None;
            let since = *since;
            return Some(match suspicion.take() {
                Some(_) => Confirmed::Recovered { since },
                None => Confirmed::Still { since },
            });
        }
        let Phase::Confirming { task, due, .. } = &mut self.phase else { return None };
        let task = Task { seen_running_at: Some(now), ..std::mem::take(task) };
        let (due, since) = (*due, now);
        self.enter(Phase::Running { task, since, due, suspicion: None, not_running_since: None });
        Some(Confirmed::New)
    }

    /// Makes a running task suspect. Returns whether that is new and must be reported. A starting task is reported
    /// when it is given up.
    pub(super) fn suspect(&mut self, reason: SuspectReason) -> bool {
        let Phase::Running { suspicion, .. } = &mut self.phase else { return false };
        let is_new = suspicion.is_none();
        suspicion.get_or_insert(reason);
        is_new
    }

    /// Records a notification that the task stopped or failed, and the reason if it contains one.
    pub(super) fn doubt(&mut self, until: Instant, stop_reason: Option<String>) {
        if let Some(task) = self.phase.task_mut() {
            task.doubted_until = Some(until);
            task.stop_reason = stop_reason.or(task.stop_reason.take());
        }
    }

    /// Gives up the task: it is kept until its replacement is confirmed.
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

    /// It was given up, but runs after all.
    pub(super) fn take_back(&mut self, now: Instant) {
        if let Phase::Reconsidered { task, .. } = &mut self.phase {
            let task = std::mem::take(task);
            let (since, due) = (now, now);
            self.enter(match task.seen_running_at {
                // As a suspect, it is reported as recovered, whatever the reason for giving it up.
                Some(_) => Phase::Running {
                    task,
                    since,
                    due,
                    suspicion: Some(SuspectReason::NotRunning),
                    not_running_since: None,
                },
                None => Phase::Confirming { task, since, due, queries: 0 },
            });
        }
    }

    /// Schedules the deletion of the task.
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

    /// A Delete failed, or the task still exists after one: the next one is sent at `due`.
    pub(super) fn delete_again(&mut self, due: Instant) {
        if let Some((task, is_reported)) = self.leaving_task() {
            self.go_to(Phase::Deleting { task, due, is_reported });
        }
    }

    /// A Delete was accepted: Query checks the end at `due`.
    pub(super) fn await_end(&mut self, due: Instant) {
        if let Some((task, is_reported)) = self.leaving_task() {
            self.go_to(Phase::AwaitingEnd { task, due, is_reported });
            self.tokens.begin_round();
        }
    }

    /// The task could not be deleted; Delete is retried at `due`.
    pub(super) fn orphan(&mut self, now: Instant, due: Instant) {
        if let Some((task, _)) = self.leaving_task() {
            self.enter(Phase::Orphaned { task, since: now, due, absences: 0 });
        }
    }

    /// Takes the task out of a deleting phase, and whether it was reported as orphaned.
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

    /// The known task is gone. If a Create with another token may have started a second one, the launch continues as
    /// that create.
    pub(super) fn continue_as_another(&mut self, now: Instant) -> bool {
        if !self.may_have_another_task() {
            return false;
        }
        self.tokens.task_is_over();
        self.enter(Phase::Unresolved { is_live: false, absences: 0 });
        if self.tokens.next().is_none() || !self.payload.can_repeat_create() {
            self.tokens.drop_next();
            self.forget_payload();
        }
        self.payload.continue_with_another_task(now);
        true
    }

    /// Applies a presence check. `proves_absence`: it was sent late enough to cover all Creates. Returns whether the
    /// uid was found for the first time.
    pub(super) fn note_presence(&mut self, is_present: bool, proves_absence: bool) -> bool {
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

    /// A Query returned the task's status. Returns how many Queries were answered while it was starting.
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

    /// Query is refused persistently. Returns whether that is new and must be reported.
    pub(super) fn query_refused(&mut self) -> bool {
        let is_new = |task: &mut Task| !std::mem::replace(&mut task.is_refusal_reported, true);
        self.phase.task_mut().is_some_and(is_new)
    }

    /// Query reports that the task does not run. Returns since when (for a starting task: since when its id is known),
    /// and whether this is the first such answer.
    pub(super) fn note_not_running(&mut self, now: Instant) -> (Instant, bool) {
        if let Phase::Running { not_running_since, .. } = &mut self.phase {
            let is_first = not_running_since.is_none();
            (*not_running_since.get_or_insert(now), is_first)
        } else if let Phase::Confirming { since, .. } = self.phase {
            (since, false)
        } else {
            (now, false)
        }
    }

    // ---- tokens and payload --------------------------------------------------------------------------------------

    /// Drops an expired builder token.
    pub(super) fn expire_token(&mut self, now: Instant) {
        if self.tokens.expire(now) {
            // Its five minutes are over: the RTC tokens may have expired, too.
            self.forget_payload();
        }
    }

    /// Discards the composed payload.
    pub(super) fn forget_payload(&mut self) {
        self.payload.forget(self.phase.task().is_some());
    }

    /// This Create is resolved.
    pub(super) fn create_was_answered(&mut self, create: SentCreate<'_>) {
        if self.tokens.answered(create) && self.phase.task().is_none() {
            self.forget_payload();
        }
    }

    /// Whether a Create with another token than the known task's may have started a second task.
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
