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

/// 429s in a row, the last to Create, after which the limit is hardly that of the rate.
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
            None if cx.is_current => Verdict::Exhausted(LaunchReason::AcquireSpent),
            Some(_) | None => Verdict::Noted,
        }
    }

    /// `brings_none`: whatever the answer, there is no task to go on with.
    pub(super) fn on_create(
        &mut self,
        cx: &mut Context<'_>,
        create: SentCreate<'_>,
        brings_none: bool,
    ) -> Verdict {
        if !matches!(self.phase(), Phase::Creating { .. }) {
            return Verdict::Noted;
        }
        if cx.read.nothing.is_some_and(NoAnswer::was_not_sent) {
            self.tokens.create_did_not_leave(create);
        } else if cx.read.meaning == Meaning::RateLimited || cx.read.refused().is_some() {
            self.tokens.create_did_not_happen(create);
        }
        if cx.read.meaning == Meaning::AlreadyStarted && !brings_none {
            self.runs_unnamed(cx.now.mono);
            self.create_was_answered(create);
            cx.emit(self, EventKind::TaskIdUnknown);
            return Verdict::Watched;
        }
        if let Some(reason) = cx.read.refused() {
            return self.refused(cx, reason);
        }
        if cx.is_ending {
            return Verdict::Noted;
        }
        let reason = if brings_none { RetryReason::Malformed } else { cx.read.retry_reason() };
        let failed = self.retry(cx, Call::Create, reason);
        match failed.delay {
            None => Verdict::Exhausted(LaunchReason::CreateSpent),
            // It may be the number of tasks that is over its limit, and what this one replaces that is in its way.
            Some(_) if self.attempts.rate_limited() >= RATE_LIMITED_FOR_LONG => Verdict::InTheWay,
            Some(_) => Verdict::Noted,
        }
    }

    /// The call is made again after the delay that its failures have come to, which is reported.
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
