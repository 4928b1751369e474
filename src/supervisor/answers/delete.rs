//! Answers to Delete.

use super::{Context, Verdict};
use crate::policy::RetryReason;
use crate::status::{Call, Meaning, TaskState};
use crate::supervisor::attempts::Failed;
use crate::supervisor::event::{EndReason, EventKind, OrphanedReason};
use crate::supervisor::launch::Launch;
use crate::supervisor::tokens::Round;

impl Launch {
    pub(super) fn on_delete(&mut self, cx: &mut Context<'_>) -> Verdict {
        let state = TaskState::of(cx.read.body.task_status.as_ref(), cx.read.body.service_status.as_ref());
        match cx.read.meaning {
            Meaning::Success | Meaning::Accepted if cx.read.misnamed => {
                self.not_deleted(cx, cx.read.retry_reason())
            }
            // An unreadable body is not from the service: a live, billed task must not count as gone.
            Meaning::Success if cx.read.body.is_unreadable => self.not_deleted(cx, cx.read.retry_reason()),
            Meaning::Success if state != TaskState::Running => {
                self.tokens.first_is_proven();
                Verdict::Gone(EndReason::Normal, cx.reply_about_task(self))
            }
            Meaning::AlreadyGone | Meaning::WrongParameters | Meaning::WrongCredentials => {
                match self.tokens.try_next(cx.read.token_answer()) {
                    Round::Continues => {
                        self.call_at(cx.now.mono);
                        Verdict::Noted
                    }
                    Round::NotFound => Verdict::Gone(EndReason::NotFound, cx.reply_about_task(self)),
                    Round::Refused => self.not_deleted(cx, cx.read.retry_reason()),
                }
            }
            // 202, or a body that reports that the task still runs.
            Meaning::Accepted | Meaning::Success => {
                self.await_end(cx.now.mono + cx.confirm_delays.delay_or_last(0));
                Verdict::Noted
            }
            Meaning::AlreadyStarted
            | Meaning::Task { .. }
            | Meaning::TimedOut
            | Meaning::NotCompleted
            | Meaning::ServerError
            | Meaning::NotFound
            | Meaning::RateLimited
            | Meaning::NoAnswer => self.not_deleted(cx, cx.read.retry_reason()),
        }
    }

    /// A Delete failed, or the task still exists after one.
    pub(super) fn not_deleted(&mut self, cx: &mut Context<'_>, reason: RetryReason) -> Verdict {
        let was_reported = self.is_reported();
        let failed = cx.failed(self, Call::Delete, reason);
        let Failed { delay, .. } = failed;
        // A 429 exhausts no schedule, not even the last attempt of an ending lane.
        let has_attempt = !was_reported || (cx.is_ending && reason == RetryReason::RateLimited);
        if let Some(delay) = delay.filter(|_| has_attempt) {
            self.delete_again(cx.now.mono + delay);
            cx.report_retry(self, Call::Delete, reason, failed);
            return Verdict::Noted;
        }
        let interval = cx.lengthened(cx.config.policy.monitor_interval_ms).max(delay.unwrap_or_default());
        self.orphan(cx.now.mono, cx.now.mono + interval);
        if !was_reported {
            if cx.read.refused().is_some() {
                cx.report_refusal(self);
            }
            cx.emit(self, EventKind::Orphaned { reason: OrphanedReason::DeleteFailed });
        }
        Verdict::Orphaned
    }
}
