//! Counts failed attempts of a launch's calls, and returns the delay before the next one.

use macro_rules_attribute::apply;

use crate::document::document;
use crate::policy::{RetryPolicy, RetryReason};
use crate::status::Call;
use crate::time::Duration;

/// Consecutive failures, one counter for each backoff schedule.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attempts {
    /// Of Acquire, or of the application's RTC token before it.
    preparing: u32,
    /// Of the phase's call: Create, Query, Update, or Delete with its Queries.
    call: u32,
    /// 404 answers to Query.
    not_found: u32,
    /// 40x answers to Query.
    refused: u32,
    /// 429 answers to any call: they exhaust no schedule.
    rate_limited: u32,
}

/// An attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// The delay before the next attempt, without jitter and `Retry-After`; none if the schedule is exhausted.
    pub(super) delay: Option<Duration>,
    /// Consecutive failures, without 429s.
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
        Failed { delay: policy.next_delay(call, reason, before, None), count: *counter }
    }

    /// Counts a failed request for an RTC token, which is retried without limit. Returns the delay before the next
    /// attempt, and the number of consecutive failures.
    pub(super) fn token_failed(&mut self, policy: &RetryPolicy, is_for_update: bool) -> (Duration, u32) {
        let counter = if is_for_update { &mut self.call } else { &mut self.preparing };
        // Never `None`: the schedule's last delay repeats.
        let delay =
            policy.next_delay(Call::RtcToken, RetryReason::TokenFailed, *counter, None).unwrap_or_default();
        *counter = counter.saturating_add(1);
        (delay, *counter)
    }

    /// Counts a failure whose delay comes from no schedule.
    pub(super) fn refused(&mut self) {
        self.call = self.call.saturating_add(1);
    }

    /// The steps before Create succeeded.
    pub(super) fn prepared(&mut self) {
        self.preparing = 0;
    }

    /// Query found the task.
    pub(super) fn found(&mut self) {
        self.not_found = 0;
    }

    /// A Query returned the task's status. While the end of a task is awaited, the count of failed Deletes remains.
    pub(super) fn queried(&mut self, is_awaiting_end: bool) {
        let call = if is_awaiting_end { self.call } else { 0 };
        *self = Self { call, preparing: self.preparing, ..Self::default() };
    }

    /// Whether the phase's call is being retried.
    pub(super) fn is_retrying(&self) -> bool {
        Self { preparing: 0, ..*self } != Self::default()
    }

    /// Whether a step before Create is being retried.
    pub(super) fn is_preparing_again(&self) -> bool {
        self.preparing > 0
    }

    /// Consecutive 429s.
    pub(super) fn rate_limited(&self) -> u32 {
        self.rate_limited
    }

    /// Whether the phase's call failed more than once, 429s included.
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
    fn a_429_exhausts_no_schedule_and_another_failure_resets_its_count() {
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
    fn failures_before_a_create_do_not_count_for_the_create() {
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
    fn queries_that_await_an_end_keep_the_count_of_failed_deletes() {
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
