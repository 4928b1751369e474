//! Failed attempts of the calls of a launch, and the delay before the next one.

use macro_rules_attribute::apply;

use crate::document::document;
use crate::policy::{RetryPolicy, RetryReason};
use crate::status::Call;
use crate::time::Duration;

/// How often in a row calls failed, by the backoff schedule that the failures went through.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attempts {
    /// Of Acquire, or of the application's RTC token that comes before it.
    preparing: u32,
    /// Of the call of the phase: Create, Query, Update, or Delete with the Queries that follow it.
    call: u32,
    /// 404 to Query.
    not_found: u32,
    /// 40x to Query.
    refused: u32,
    /// 429, to whichever call: it exhausts no schedule.
    rate_limited: u32,
}

/// An attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// The delay before the next one, without jitter and `Retry-After`; none when the schedule is exhausted.
    pub(super) delay: Option<Duration>,
    /// How many failed in a row, 429s left out.
    pub(super) count: u32,
}

impl Attempts {
    /// Counts a failed attempt.
    pub(super) fn failed(&mut self, policy: &RetryPolicy, call: Call, reason: RetryReason) -> Failed {
        let counter = match (call, reason) {
            (Call::Acquire, _) => &mut self.preparing,
            (Call::Query, RetryReason::NotFound) => &mut self.not_found,
            (Call::Query, RetryReason::Refused) => &mut self.refused,
            _ => &mut self.call,
        };
        let before = if reason == RetryReason::RateLimited {
            let before = self.rate_limited;
            self.rate_limited = before.saturating_add(1);
            before
        } else {
            self.rate_limited = 0;
            let before = *counter;
            *counter = before.saturating_add(1);
            before
        };
        Failed { delay: policy.wait(call, reason, before, None), count: *counter }
    }

    /// Counts an RTC token that the application did not give. It is asked for again for as long as it takes: after this delay.
    /// The number is that of the attempts that failed in a row.
    pub(super) fn token_failed(&mut self, policy: &RetryPolicy, is_for_update: bool) -> (Duration, u32) {
        let counter = if is_for_update { &mut self.call } else { &mut self.preparing };
        // There always is one: the last of this schedule repeats.
        let delay = policy.wait(Call::RtcToken, RetryReason::TokenFailed, *counter, None).unwrap_or_default();
        *counter = counter.saturating_add(1);
        (delay, *counter)
    }

    /// Counts an attempt whose delay is not that of a schedule.
    pub(super) fn refused(&mut self) {
        self.call = self.call.saturating_add(1);
    }

    /// What comes before Create succeeded.
    pub(super) fn prepared(&mut self) {
        self.preparing = 0;
    }

    /// The task answered.
    pub(super) fn found(&mut self) {
        self.not_found = 0;
    }

    /// A Query was answered with the task's status. While the end of a task is awaited, the failures are those of Delete.
    pub(super) fn queried(&mut self, is_awaiting_end: bool) {
        let call = if is_awaiting_end { self.call } else { 0 };
        *self = Self { call, preparing: self.preparing, ..Self::default() };
    }

    /// Whether a call is being made again.
    pub(super) fn is_retrying(&self) -> bool {
        Self { preparing: 0, ..*self } != Self::default()
    }

    /// Whether what comes before a Create is.
    pub(super) fn is_preparing_again(&self) -> bool {
        self.preparing > 0
    }

    /// 429s in a row.
    pub(super) fn rate_limited(&self) -> u32 {
        self.rate_limited
    }

    /// Whether the call of the phase failed more than once, 429s included.
    pub(super) fn has_failed_again(&self) -> bool {
        self.call.saturating_add(self.rate_limited) > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::short::ms;

    #[test]
    fn each_schedule_has_a_counter_of_its_own() {
        let policy = RetryPolicy::default();
        let mut attempts = Attempts::default();
        let mut query = |reason| attempts.failed(&policy, Call::Query, reason);
        assert_eq!(query(RetryReason::NotFound), Failed { delay: Some(ms(5_000)), count: 1 });
        assert_eq!(query(RetryReason::Refused), Failed { delay: Some(ms(5_000)), count: 1 });
        assert_eq!(query(RetryReason::ServerError), Failed { delay: Some(ms(5_000)), count: 1 });
        assert_eq!(query(RetryReason::NotFound), Failed { delay: Some(ms(10_000)), count: 2 });
        assert_eq!(query(RetryReason::NotFound), Failed { delay: Some(ms(15_000)), count: 3 });
        assert_eq!(query(RetryReason::NotFound), Failed { delay: None, count: 4 });
        assert_eq!(query(RetryReason::Refused), Failed { delay: Some(ms(10_000)), count: 2 });
        attempts.queried(false);
        assert_eq!(attempts, Attempts::default());
    }

    #[test]
    fn a_429_exhausts_no_schedule_and_other_failures_end_its_row() {
        let policy = RetryPolicy::default();
        let mut attempts = Attempts::default();
        for delay in [1_000, 2_000, 5_000, 10_000, 10_000] {
            let failed = attempts.failed(&policy, Call::Create, RetryReason::RateLimited);
            assert_eq!(failed, Failed { delay: Some(ms(delay)), count: 0 });
        }
        assert_eq!(attempts.rate_limited(), 5);
        attempts.failed(&policy, Call::Create, RetryReason::TimedOut);
        assert_eq!(attempts.rate_limited(), 0);
        let failed = attempts.failed(&policy, Call::Create, RetryReason::RateLimited);
        assert_eq!(failed, Failed { delay: Some(ms(1_000)), count: 1 });
    }

    #[test]
    fn what_fails_before_a_create_is_no_failure_of_the_create() {
        let policy = RetryPolicy::default();
        let mut attempts = Attempts::default();
        attempts.failed(&policy, Call::Acquire, RetryReason::TimedOut);
        attempts.token_failed(&policy, false);
        assert!(attempts.is_preparing_again() && !attempts.is_retrying());
        assert_eq!(attempts.failed(&policy, Call::Acquire, RetryReason::TimedOut).count, 3);
        attempts.prepared();
        assert_eq!(attempts, Attempts::default());
        assert_eq!(attempts.token_failed(&policy, true), (ms(3_000), 1));
        assert!(attempts.is_retrying());
    }

    #[test]
    fn queries_that_await_an_end_leave_the_failures_of_delete() {
        let policy = RetryPolicy::default();
        let mut attempts = Attempts::default();
        attempts.failed(&policy, Call::Delete, RetryReason::ServerError);
        assert!(!attempts.has_failed_again());
        attempts.failed(&policy, Call::Query, RetryReason::Refused);
        attempts.queried(true);
        assert!(attempts.is_retrying());
        attempts.failed(&policy, Call::Delete, RetryReason::Refused);
        assert!(attempts.has_failed_again());
    }
}
