//! Answers to Acquire and Create.

use super::{Context, Verdict};
use crate::policy::RetryReason;
use crate::status::{Call, Meaning};
use crate::supervisor::attempts::Failed;
use crate::supervisor::event::{EventKind, FailReason, LaunchReason};
use crate::supervisor::launch::Launch;
use crate::supervisor::phase::Phase;
use crate::supervisor::request::NoAnswer;
use crate::supervisor::tokens::SentCreate;

/// After this many 429s in a row to a Create, the limit is probably the PCW rather than the rate.
const RATE_LIMITED_FOR_LONG: u32 = 3;

impl Launch {
    pub(super) fn on_acquire(&mut self, cx: &mut Context<'_>) -> Verdict {
        if let Some(reason) = cx.read.refused() {
            return self.refused(cx, reason);
        }
        if let (Meaning::Success, Some(name)) = (cx.read.meaning, &cx.read.body.token_name) {
            self.tokens.acquired(name.clone(), cx.now.mono);
            self.attempts.prepared();
            self.call_at(cx.now.mono);
            return Verdict::Noted;
        }
        let reason = cx.read.retry_reason();
        let failed = self.retry(cx, Call::Acquire, reason);
        match failed.delay {
            None if cx.is_current => Verdict::Exhausted(LaunchReason::AcquireExhausted),
            Some(_) | None => Verdict::Noted,
        }
    }

    /// `yields_no_task`: the answer names no new task of this create, whatever its status.
    pub(super) fn on_create(
        &mut self,
        cx: &mut Context<'_>,
        create: SentCreate<'_>,
        yields_no_task: bool,
    ) -> Verdict {
        if !matches!(self.phase(), Phase::Creating { .. }) {
            return Verdict::Noted;
        }
        if cx.read.no_answer.is_some_and(NoAnswer::was_not_sent) {
            self.tokens.create_not_sent(create);
        } else if cx.read.meaning == Meaning::RateLimited || cx.read.refused().is_some() {
            self.tokens.create_not_carried_out(create);
        }
        if cx.read.meaning == Meaning::AlreadyStarted && !yields_no_task {
            self.task_id_unknown(cx.now.mono);
            self.create_was_answered(create);
            cx.emit(self, EventKind::TaskIdUnknown);
            return Verdict::Unresolved;
        }
        if let Some(reason) = cx.read.refused() {
            return self.refused(cx, reason);
        }
        if cx.is_ending {
            return Verdict::Noted;
        }
        let reason = if yields_no_task { RetryReason::Malformed } else { cx.read.retry_reason() };
        let failed = self.retry(cx, Call::Create, reason);
        match failed.delay {
            None => Verdict::Exhausted(LaunchReason::CreateExhausted),
            // The task that this one replaces may use up the PCW.
            Some(_) if self.attempts.rate_limited() >= RATE_LIMITED_FOR_LONG => Verdict::InTheWay,
            Some(_) => Verdict::Noted,
        }
    }

    /// Schedules the next attempt and reports it.
    pub(super) fn retry(&mut self, cx: &mut Context<'_>, call: Call, reason: RetryReason) -> Failed {
        let failed = cx.failed(self, call, reason);
        self.call_at(cx.now.mono + failed.delay.unwrap_or_default());
        cx.report_retry(self, call, reason, failed);
        failed
    }

    fn refused(&mut self, cx: &mut Context<'_>, reason: FailReason) -> Verdict {
        cx.report_refusal(self);
        self.tokens.close();
        Verdict::Refused(reason)
    }
}
