//! What a launch may use of its lane while it takes an answer.

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
    /// When a new task is queried.
    pub(super) confirm_delays: &'a Backoff,
    pub(super) journal: &'a mut Journal,
    /// Those of everything but the launch.
    pub(super) secrets: Secrets<'a>,
    /// Makes the jitter of each answer another one.
    pub(super) number: u64,
    /// It is the lane's current launch.
    pub(super) is_current: bool,
    /// Its task is the current one, or runs until that does.
    pub(super) is_wanted: bool,
    /// The broadcast is being ended.
    pub(super) is_ending: bool,
}

impl Context<'_> {
    pub(super) fn emit(&mut self, launch: &Launch, kind: EventKind) {
        self.journal.emit(self.now, Some(launch), kind);
    }

    /// What the service said, redacted.
    pub(super) fn reply(&self, launch: &Launch) -> ServiceReply {
        service_reply(self.read.answer, &self.read.body, &self.secrets.redactor(Some(launch)))
    }

    /// The same about the launch's task, with why it stopped, if a notification said that.
    pub(super) fn reply_about_task(&self, launch: &Launch) -> ServiceReply {
        let stop_reason = launch.task().and_then(|task| task.stop_reason.clone());
        ServiceReply { stop_reason, ..self.reply(launch) }
    }

    /// Reports that the service refused the call.
    pub(super) fn report_refusal(&mut self, launch: &Launch) {
        let reply = self.reply(launch);
        self.emit(launch, EventKind::CallRejected { call: self.read.call, reply });
    }

    /// Counts a failed attempt. The delay before the next one is lengthened by jitter, or as the service asks for.
    pub(super) fn failed(&self, launch: &mut Launch, call: Call, reason: RetryReason) -> Failed {
        // Query goes on while an Update has to wait.
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

    /// A delay, made longer by jitter, or as the service asks for; the latter up to `maxRetryAfterMs`, jitter included.
    pub(super) fn lengthened(&self, delay: Duration) -> Duration {
        match self.read.retry_after.filter(|asked| *asked > delay) {
            Some(asked) => self.jittered(asked).min(self.config.policy.max_retry_after_ms),
            None => self.jittered(delay),
        }
    }

    fn jittered(&self, delay: Duration) -> Duration {
        self.config.jittered(delay, self.number)
    }

    /// How long to leave a running task alone: not for long while a notification has it that it stopped.
    pub(super) fn monitoring_delay(&self, launch: &Launch) -> Duration {
        let interval = self.config.policy.monitor_interval_ms;
        let is_doubted =
            launch.task().and_then(|task| task.doubted_until).is_some_and(|until| self.now.mono < until);
        self.jittered(if is_doubted { self.confirm_delays.longest().min(interval) } else { interval })
    }
}
