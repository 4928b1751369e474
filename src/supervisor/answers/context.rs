//! The part of the lane that a launch needs to apply an answer.

use super::Read;
use crate::policy::{Backoff, RetryReason};
use crate::status::Call;
use crate::supervisor::attempts::Failed;
use crate::supervisor::config::LaneConfig;
use crate::supervisor::event::{EventKind, ServiceReply};
use crate::supervisor::journal::Journal;
use crate::supervisor::lane::Secrets;
use crate::supervisor::launch::Launch;
use crate::supervisor::reply::service_reply;
use crate::time::{Duration, Now};

pub(super) struct Context<'a> {
    pub(super) now: Now,
    pub(super) read: &'a Read<'a>,
    pub(super) config: &'a LaneConfig,
    /// The delays between Queries of a new task.
    pub(super) confirm_delays: &'a Backoff,
    pub(super) journal: &'a mut Journal,
    /// All secrets except those of the launch.
    pub(super) secrets: Secrets<'a>,
    /// Varies the jitter from answer to answer.
    pub(super) number: u64,
    /// The launch is the current one.
    pub(super) is_current: bool,
    /// Its task is the current one, or runs until the current one does.
    pub(super) is_wanted: bool,
    /// The lane is ending.
    pub(super) is_ending: bool,
}

impl Context<'_> {
    pub(super) fn emit(&mut self, launch: &Launch, kind: EventKind) {
        self.journal.emit(self.now, Some(launch), kind);
    }

    /// The service's reply, redacted.
    pub(super) fn reply(&self, launch: &Launch) -> ServiceReply {
        service_reply(self.read.answer, &self.read.body, &self.secrets.redactor(Some(launch)))
    }

    /// The reply, plus the stop reason of the launch's task from a notification.
    pub(super) fn reply_about_task(&self, launch: &Launch) -> ServiceReply {
        let stop_reason = launch.task().and_then(|task| task.stop_reason.clone());
        ServiceReply { stop_reason, ..self.reply(launch) }
    }

    /// Reports that the service refused the call.
    pub(super) fn report_refusal(&mut self, launch: &Launch) {
        let reply = self.reply(launch);
        self.emit(launch, EventKind::CallRejected { call: self.read.call, reply });
    }

    /// Counts a failed attempt. The delay includes jitter and `Retry-After`.
    pub(super) fn failed(&self, launch: &mut Launch, call: Call, reason: RetryReason) -> Failed {
        // A failing Update must not delay Queries.
        let attempts = match (call, launch.payload.update_attempts()) {
            (Call::Update, Some(attempts)) => attempts,
            _ => &mut launch.attempts,
        };
        let failed = attempts.failed(&self.config.policy, call, reason);
        Failed { delay: failed.delay.map(|delay| self.lengthened(delay)), ..failed }
    }

    /// Reports a failed attempt.
    pub(super) fn report_retry(&mut self, launch: &Launch, call: Call, reason: RetryReason, failed: Failed) {
        let kind = EventKind::Retrying {
            call,
            reason,
            wait_ms: failed.delay,
            attempt: failed.count,
            domain: Some(self.read.domain.to_owned()),
            reply: self.reply(launch),
        };
        self.emit(launch, kind);
    }

    /// A delay with jitter, or the longer one that the service asks for: with jitter, up to `maxRetryAfterMs`.
    pub(super) fn lengthened(&self, delay: Duration) -> Duration {
        match self.read.retry_after.filter(|asked| *asked > delay) {
            Some(asked) => self.jittered(asked).min(self.config.policy.max_retry_after_ms),
            None => self.jittered(delay),
        }
    }

    fn jittered(&self, delay: Duration) -> Duration {
        self.config.jittered(delay, self.number)
    }

    /// The delay before the next Query of a running task: short after a notification that it stopped or failed.
    pub(super) fn monitoring_delay(&self, launch: &Launch) -> Duration {
        let interval = self.config.policy.monitor_interval_ms;
        let is_doubted =
            launch.task().and_then(|task| task.doubted_until).is_some_and(|until| self.now.mono < until);
        self.jittered(if is_doubted { self.confirm_delays.longest().min(interval) } else { interval })
    }
}
