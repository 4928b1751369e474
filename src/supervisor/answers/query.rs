//! Answers to Query.

use super::{Context, Verdict};
use crate::policy::RetryReason;
use crate::status::{Call, Meaning, TaskState};
use crate::supervisor::attempts::Failed;
use crate::supervisor::config::{Migration, Restart};
use crate::supervisor::event::{EndReason, EventKind, LaunchReason, ServiceReply, SuspectReason};
use crate::supervisor::launch::{Confirmed, Launch};
use crate::supervisor::phase::Phase;
use crate::supervisor::tokens::Round;
use crate::time::Duration;

impl Launch {
    pub(super) fn on_query(&mut self, cx: &mut Context<'_>) -> Verdict {
        let is_reconsidered = matches!(self.phase(), Phase::Reconsidered { .. });
        match cx.read.meaning {
            Meaning::Task { .. } if cx.read.misnamed => self.query_failed(cx),
            // The task exists, but its status is unreadable.
            Meaning::Task { .. } if !cx.read.body.has_status() => {
                self.attempts.found();
                self.query_failed(cx)
            }
            Meaning::Task { task: state } => self.task_is(cx, state),
            Meaning::NotFound | Meaning::WrongParameters | Meaning::WrongCredentials => {
                match self.tokens.try_next(cx.read.token_answer()) {
                    Round::Continues => self.call_at(cx.now.mono),
                    Round::NotFound | Round::Refused if is_reconsidered => self.delete(cx.now.mono),
                    Round::NotFound => return self.not_found(cx),
                    Round::Refused => return self.on_query_refused(cx),
                }
                Verdict::Noted
            }
            Meaning::Success
            | Meaning::AlreadyStarted
            | Meaning::Accepted
            | Meaning::TimedOut
            | Meaning::NotCompleted
            | Meaning::ServerError
            | Meaning::AlreadyGone
            | Meaning::RateLimited
            | Meaning::NoAnswer => self.query_failed(cx),
        }
    }

    /// The answer carries the task's status.
    fn task_is(&mut self, cx: &mut Context<'_>, state: TaskState) -> Verdict {
        let queries = self.queried();
        if let Some(reason) = EndReason::of(state) {
            return Verdict::Gone(reason, cx.reply_about_task(self));
        }
        match self.phase() {
            Phase::AwaitingEnd { .. } => return self.not_deleted(cx, RetryReason::Accepted),
            Phase::Reconsidered { .. } if state == TaskState::Running => return Verdict::TakeBack,
            Phase::Reconsidered { .. } => {
                self.delete(cx.now.mono);
                return Verdict::Noted;
            }
            Phase::Preparing { .. }
            | Phase::Creating { .. }
            | Phase::Unresolved { .. }
            | Phase::TaskIdUnknown { .. }
            | Phase::Confirming { .. }
            | Phase::Running { .. }
            | Phase::Superseded { .. }
            | Phase::Deleting { .. }
            | Phase::Orphaned { .. } => {}
        }
        if !cx.is_wanted {
            return Verdict::Noted;
        }
        match state {
            TaskState::Running => {
                let verdict = self.runs(cx);
                if self.task().is_some_and(|task| task.is_check_requested) {
                    self.check_soon(cx.now, &cx.config.policy);
                }
                verdict
            }
            TaskState::Refused => {
                cx.report_refusal(self);
                Verdict::PayloadRefused
            }
            TaskState::Starting
            | TaskState::Abnormal
            | TaskState::Stopping
            | TaskState::Unknown
            | TaskState::Ended
            | TaskState::Failed => self.does_not_run(cx, state, queries),
        }
    }

    /// The task runs. Reports that if it is new, and schedules the next Query.
    pub(super) fn runs(&mut self, cx: &mut Context<'_>) -> Verdict {
        let Some(confirmed) = self.confirm(cx.now.mono) else { return Verdict::Noted };
        match confirmed {
            Confirmed::New => {
                let took_ms = cx.now.mono.duration_since(self.launched_at);
                cx.emit(self, EventKind::Confirmed { took_ms });
            }
            Confirmed::Recovered { .. } => cx.emit(self, EventKind::Recovered),
            Confirmed::Still { .. } => {}
        }
        self.call_at(cx.now.mono + cx.monitoring_delay(self));
        Verdict::Runs(confirmed)
    }

    /// The task exists, but does not run.
    fn does_not_run(&mut self, cx: &mut Context<'_>, state: TaskState, queries: u32) -> Verdict {
        let policy = &cx.config.policy;
        let relaunches = cx.config.migration == Migration::Relaunch && cx.config.restart != Restart::Never;
        let running = self.is_running();
        let (since, is_first) = self.note_not_running(cx.now.mono);
        let limit = match state {
            TaskState::Abnormal if relaunches => Duration::ZERO,
            // One more Query: a status may lag behind.
            TaskState::Starting | TaskState::Stopping if relaunches && running && !is_first => Duration::ZERO,
            TaskState::Starting
            | TaskState::Running
            | TaskState::Abnormal
            | TaskState::Stopping
            | TaskState::Ended
            | TaskState::Failed
            | TaskState::Refused
            | TaskState::Unknown => {
                if running {
                    policy.migration_grace_ms
                } else {
                    policy.confirm_timeout_ms
                }
            }
        };
        let until = since + limit;
        let is_over = cx.now.mono >= until;
        self.call_at((cx.now.mono + cx.confirm_delays.delay_or_last(queries)).min(until));
        let (reason, launch_reason) = match state {
            TaskState::Abnormal => (SuspectReason::Abnormal, LaunchReason::Abnormal),
            TaskState::Starting
            | TaskState::Running
            | TaskState::Stopping
            | TaskState::Ended
            | TaskState::Failed
            | TaskState::Refused
            | TaskState::Unknown
                if running =>
            {
                (SuspectReason::NotRunning, LaunchReason::Abnormal)
            }
            TaskState::Starting
            | TaskState::Running
            | TaskState::Stopping
            | TaskState::Ended
            | TaskState::Failed
            | TaskState::Refused
            | TaskState::Unknown => (SuspectReason::NotRunning, LaunchReason::DidNotStart),
        };
        // A starting task is not suspicious before its timeout; a superseded one is always reported, with the
        // service's reply.
        let is_reported = if running { self.suspect(reason) } else { is_over };
        if is_reported {
            let reply = cx.reply_about_task(self);
            cx.emit(self, EventKind::Suspect { reason, reply });
        }
        if is_over { Verdict::Supersede(launch_reason) } else { Verdict::Noted }
    }

    fn not_found(&mut self, cx: &mut Context<'_>) -> Verdict {
        let failed = cx.failed(self, Call::Query, RetryReason::NotFound);
        let Some(delay) = failed.delay else {
            return match cx.is_wanted {
                true => Verdict::Lost(cx.reply_about_task(self)),
                false => Verdict::Gone(EndReason::NotFound, ServiceReply::default()),
            };
        };
        self.call_at(cx.now.mono + delay);
        cx.report_retry(self, Call::Query, RetryReason::NotFound, failed);
        if cx.is_wanted && self.suspect(SuspectReason::NotFound) {
            let reply = cx.reply_about_task(self);
            cx.emit(self, EventKind::Suspect { reason: SuspectReason::NotFound, reply });
        }
        Verdict::Noted
    }

    /// Query answered 40x, which does not mean that the task ended. Persistent refusals are reported.
    fn on_query_refused(&mut self, cx: &mut Context<'_>) -> Verdict {
        let failed = cx.failed(self, Call::Query, RetryReason::Refused);
        if failed.delay.is_none() && matches!(self.phase(), Phase::AwaitingEnd { .. }) {
            // There is no way to find out whether it has ended.
            return self.not_deleted(cx, RetryReason::Refused);
        }
        let interval = cx.lengthened(cx.config.policy.monitor_interval_ms);
        self.call_at(cx.now.mono + failed.delay.unwrap_or(interval));
        if failed.delay.is_some() {
            cx.report_retry(self, Call::Query, RetryReason::Refused, failed);
            return Verdict::Noted;
        }
        if self.query_refused() {
            cx.report_refusal(self);
        }
        // A task that was never seen running may not be the one that was created: its time to start is limited. 401
        // is excluded: it is about the customer's credentials.
        let deadline = cx.config.policy.confirm_timeout_ms;
        let is_late =
            matches!(self.phase(), Phase::Confirming { since, .. } if cx.now.mono >= *since + deadline);
        if is_late && !cx.read.unauthorized && cx.is_current {
            return Verdict::Supersede(LaunchReason::DidNotStart);
        }
        Verdict::Noted
    }

    /// No answer to Query, or a 5xx: nothing is known, so Query is retried without limit.
    fn query_failed(&mut self, cx: &mut Context<'_>) -> Verdict {
        let reason = cx.read.retry_reason();
        let limit = cx.config.policy.attempts(Call::Query, reason);
        let failed = cx.failed(self, Call::Query, reason);
        let Failed { delay, count } = failed;
        let is_exhausted = reason != RetryReason::RateLimited && count as usize > limit;
        if is_exhausted && matches!(self.phase(), Phase::Reconsidered { .. }) {
            self.delete(cx.now.mono);
            return Verdict::Noted;
        }
        self.call_at(cx.now.mono + delay.unwrap_or_default());
        cx.report_retry(self, Call::Query, reason, failed);
        Verdict::Noted
    }
}
