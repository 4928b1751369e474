//! Answers to Update.

use super::{Context, Verdict};
use crate::policy::RetryReason;
use crate::status::{Call, Meaning};
use crate::supervisor::attempts::Failed;
use crate::supervisor::event::EventKind;
use crate::supervisor::launch::Launch;

impl Launch {
    pub(super) fn on_update(&mut self, cx: &mut Context<'_>) -> Verdict {
        if !self.payload.is_behind() {
            return Verdict::Noted;
        }
        // The payload that was sent, if there is a newer one by now.
        let outdated = self.payload.take_outdated();
        match cx.read.meaning {
            Meaning::Success | Meaning::Accepted if !cx.read.misnamed && !cx.read.body.is_unreadable => {
                self.payload.updated(outdated.is_some(), cx.now.mono);
                cx.emit(self, EventKind::Updated { sequence_id: self.payload.last_sequence_id() });
                Verdict::Updated { outdated: outdated.map(Box::new) }
            }
            Meaning::WrongParameters => {
                self.forget_payload();
                cx.report_refusal(self);
                Verdict::UpdateRefused { is_outdated: outdated.is_some() }
            }
            Meaning::WrongCredentials => {
                // The credentials are refused, not the payload.
                let interval = cx.lengthened(cx.config.policy.monitor_interval_ms);
                if self.payload.update_not_allowed(cx.now.mono + interval) {
                    cx.report_refusal(self);
                }
                Verdict::Noted
            }
            Meaning::Success
            | Meaning::Accepted
            | Meaning::AlreadyStarted
            | Meaning::Task { .. }
            | Meaning::TimedOut
            | Meaning::NotCompleted
            | Meaning::ServerError
            | Meaning::NotFound
            | Meaning::AlreadyGone
            | Meaning::RateLimited
            | Meaning::NoAnswer => self.update_failed(cx),
        }
    }

    fn update_failed(&mut self, cx: &mut Context<'_>) -> Verdict {
        let reason = cx.read.retry_reason();
        let failed = cx.failed(self, Call::Update, reason);
        let longest = cx.config.policy.query_server_error_delays_ms.longest();
        let delay = failed.delay.unwrap_or_else(|| cx.lengthened(longest));
        if reason != RetryReason::RateLimited {
            self.payload.mark_unsure();
        }
        self.payload.update_at(cx.now.mono + delay);
        cx.report_retry(self, Call::Update, reason, Failed { delay: Some(delay), ..failed });
        if cx.read.meaning != Meaning::NotFound {
            return Verdict::Noted;
        }
        // A 404 is about the task, not the payload. Query shows whether the task exists.
        self.check_soon(cx.now, &cx.config.policy);
        let query_at = self.phase().due().map_or(cx.now.mono, |due| due.max(cx.now.mono));
        self.payload.update_at(query_at + delay);
        Verdict::CheckNow
    }
}
