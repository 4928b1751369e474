//! The delay after each failure, and when a backoff schedule is exhausted.

use std::ops::RangeInclusive;
use std::sync::Arc;

use macro_rules_attribute::apply;

use crate::document::{self, document};
use crate::durations::SettingRange;
use crate::error::{Invalid, list_of};
use crate::retry_after::parse_retry_after;
use crate::status::{Call, Meaning};
use crate::time::{Duration, WallTime};

/// The delays before further attempts. When none is left, the schedule is *exhausted*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff(Vec<Duration>);

document!(@transparent Backoff);
document!(@serde both Backoff);

impl Backoff {
    /// A schedule of these delays, in ms.
    #[must_use]
    pub fn from_ms(delays: &[u64]) -> Self {
        Self(delays.iter().copied().map(Duration::from_millis).collect())
    }

    /// The delays, in order.
    #[must_use]
    pub fn delays(&self) -> &[Duration] {
        &self.0
    }

    /// The delay after `failures` consecutive failures before this one, or `None` if the schedule is exhausted.
    #[must_use]
    pub fn delay(&self, failures: u32) -> Option<Duration> {
        self.0.get(failures as usize).copied()
    }

    /// Like [`delay`](Self::delay), but the last delay repeats.
    #[must_use]
    pub fn delay_or_last(&self, failures: u32) -> Duration {
        self.delay(failures).unwrap_or_else(|| self.last())
    }

    /// A schedule whose last delay repeats.
    fn repeated(&self) -> Schedule<'_> {
        Schedule { delays: self, then: Some(self.last()) }
    }

    fn last(&self) -> Duration {
        self.0.last().copied().unwrap_or(Duration::from_secs(1))
    }

    /// The longest delay.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.0.iter().copied().max().unwrap_or_default()
    }

    fn capped(&self, cap: Duration) -> Self {
        Self(self.0.iter().map(|wait| (*wait).min(cap)).collect())
    }
}

/// The delays of a [`Backoff`], and what follows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule<'a> {
    /// The delays, in order.
    pub delays: &'a Backoff,
    /// The delay that repeats after those, or `None` if the schedule is then exhausted.
    pub then: Option<Duration>,
}

impl Schedule<'_> {
    /// The delay after `failures` consecutive failures before this one, or `None` if the schedule is exhausted.
    #[must_use]
    pub fn delay(&self, failures: u32) -> Option<Duration> {
        self.delays.delay(failures).or(self.then)
    }
}

/// A failed call, for `RetryPolicy.nextDelay`.
#[apply(document)]
#[json(camel, unknown = refused)]
#[derive(Clone, Debug)]
pub struct NextDelayOptions {
    /// The call that failed.
    call: Call,
    /// Why it is retried.
    reason: RetryReason,
    /// How many consecutive failures there were before this one, from 0.
    #[json(or = 0)]
    failures: u32,
    /// The reply's `Retry-After` header: seconds, or a date. It only lengthens the delay.
    #[typed("string | null")]
    retry_after: Option<String>,
    /// The caller's time in ms since the epoch, to which a date in `retryAfter` is compared. Default: now.
    now: Option<WallTime>,
}

impl NextDelayOptions {
    /// Parses the options from JSON text.
    ///
    /// # Errors
    /// An unknown or missing field, or a value that is not allowed.
    pub fn from_json(json: &str) -> Result<Self, Invalid> {
        document::read("options", json)
    }
}

/// Why a call is retried.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetryReason {
    /// 206: the outcome is unknown.
    TimedOut,
    /// Code 65: the outcome is unknown.
    NotCompleted,
    /// 50x.
    ServerError,
    /// 202: accepted, not done yet.
    Accepted,
    /// Query or Update 404.
    NotFound,
    /// Query or Delete 40x: says nothing about the task.
    Refused,
    /// 429.
    RateLimited,
    /// The domain's name was not resolved.
    Dns,
    /// There was no connection.
    Unreachable,
    /// There was no answer in time, or none for an unknown reason.
    NoAnswer,
    /// The reply's body was not as documented (no taskId, not JSON, truncated).
    Malformed,
    /// The call was not sent: it was too late, or no longer needed.
    NotSent,
    /// The call was not sent: `persist` failed or timed out.
    NotPersisted,
    /// The `rtcToken` callback failed.
    TokenFailed,
}

impl RetryReason {
    /// The reason to retry `call` after an answer with this meaning, if any.
    #[must_use]
    pub fn of(call: Call, meaning: Meaning) -> Option<Self> {
        let asks_or_ends = matches!(call, Call::Query | Call::Delete);
        match meaning {
            Meaning::TimedOut => Some(Self::TimedOut),
            Meaning::NotCompleted => Some(Self::NotCompleted),
            Meaning::ServerError => Some(Self::ServerError),
            Meaning::Accepted => Some(Self::Accepted),
            Meaning::NotFound => Some(Self::NotFound),
            Meaning::RateLimited => Some(Self::RateLimited),
            Meaning::NoAnswer => Some(Self::NoAnswer),
            Meaning::WrongParameters | Meaning::WrongCredentials => asks_or_ends.then_some(Self::Refused),
            Meaning::Success | Meaning::AlreadyStarted | Meaning::Task { .. } | Meaning::AlreadyGone => None,
        }
    }
}

/// Declares [`RetryPolicy`] and all that depends on its list of settings: ranges and defaults in the docs (repeated
/// in `src/js/contract.ts`), the defaults and the checks.
macro_rules! settings {
    ($(
        $(#[doc = $doc:literal])+
        $field:ident: $Type:ty =
            $([$zero:literal] or)? $least:literal to $greatest:literal $unit:ident, default $default:tt;
    )+) => {
        /// All backoff schedules and timeouts. The defaults are the service's documented ones, or this project's
        /// where it documents none. A list holds the delays before further attempts.
        #[apply(document)]
        #[json(camel, unknown = refused, defaults = Self::default(), serde = both)]
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct RetryPolicy {
            $(
                $(#[doc = $doc])+
                #[doc = documented!($($zero or)? $least to $greatest, default $default)]
                pub $field: $Type,
            )+
        }

        impl Default for RetryPolicy {
            fn default() -> Self {
                Self { $($field: default_of!($unit $default).into(),)+ }
            }
        }

        impl RetryPolicy {
            /// The range of each setting, in the order of the fields.
            pub(crate) const RANGES: &[SettingRange] = &[$(SettingRange {
                field: document::name!(camel $field),
                least: $least,
                greatest: $greatest,
                or_zero: !<[u64]>::is_empty(&[$($zero)?]),
                unit: unit_of!($unit),
                default: &all_of!($default),
            },)+];

            /// Checks all values against their ranges.
            ///
            /// # Errors
            /// The first value out of range, by its field.
            pub fn check(&self) -> Result<(), Invalid> {
                let settings: &[&dyn Setting] = &[$(&self.$field),+];
                Self::RANGES.iter().zip(settings).try_for_each(|(range, setting)| setting.check(range))
            }
        }
    };
}

macro_rules! documented {
    ($zero:literal or $least:literal to $greatest:literal, default $default:tt) => {
        concat!($zero, ", or from ", $least, " to ", $greatest, ". Default ", documented!($default), ".")
    };
    ($least:literal to $greatest:literal, default $default:tt) => {
        concat!("From ", $least, " to ", $greatest, ". Default ", documented!($default), ".")
    };
    ([$first:literal $(, $other:literal)*]) => {
        concat!($first $(, ", ", $other)*)
    };
    ($default:literal) => {
        $default
    };
}

macro_rules! default_of {
    (ms [$($wait:literal),+]) => {
        Backoff::from_ms(&[$($wait),+])
    };
    (ms $duration:literal) => {
        Duration::from_millis($duration)
    };
    ($unit:ident $number:literal) => {
        $number
    };
}

macro_rules! all_of {
    ([$($value:literal),+]) => {
        [$($value),+]
    };
    ($value:literal) => {
        [$value]
    };
}

macro_rules! unit_of {
    (ms) => {
        " ms"
    };
    (percent) => {
        " %"
    };
    (times) => {
        ""
    };
}

settings! {
    /// Retries of Acquire, Create or Update after 206.
    create_timed_out_delays_ms: Backoff = 100 to 3_600_000 ms, default [3_000, 6_000, 9_000];
    /// Retries of Acquire, Create or Update after 50x.
    create_server_error_delays_ms: Backoff = 100 to 3_600_000 ms, default [3_000, 6_000, 9_000];
    /// Retries of Acquire, Create or Update after code 65, also in a 40x.
    create_not_completed_delays_ms: Backoff = 100 to 3_600_000 ms, default [3_000, 6_000];
    /// Retries of Query after 404; once exhausted, the task is considered gone.
    query_not_found_delays_ms: Backoff = 100 to 3_600_000 ms, default [5_000, 10_000, 15_000];
    /// Retries of Query after 50x or 206; the last delay repeats, because these answers never prove that the task
    /// ended.
    query_server_error_delays_ms: Backoff = 100 to 3_600_000 ms, default [5_000, 10_000, 15_000, 30_000];
    /// Retries of Query after 40x; once exhausted, the refusal is reported and monitoring continues.
    query_refused_delays_ms: Backoff = 100 to 3_600_000 ms, default [5_000, 10_000, 15_000];
    /// Retries of Delete after 50x, 206 or 40x; once exhausted, the task is orphaned.
    delete_delays_ms: Backoff = 100 to 3_600_000 ms, default [5_000, 10_000, 15_000, 30_000];
    /// Retries of any call without an answer, each on the domain whose turn it is.
    no_answer_delays_ms: Backoff = 100 to 3_600_000 ms, default [1_000, 3_000, 6_000];
    /// Retries after 429 without `Retry-After`; the last delay repeats, and no attempt is used up.
    rate_limited_delays_ms: Backoff = 100 to 3_600_000 ms, default [1_000, 2_000, 5_000, 10_000];
    /// Delays between Queries of a new task, the first after its taskId is known; the last repeats; each is shorter
    /// than `idleTimeout`.
    confirm_delays_ms: Backoff = 100 to 3_600_000 ms, default [5_000, 5_000, 5_000, 10_000];
    /// A task that does not run this long after its taskId is known has not started.
    confirm_timeout_ms: Duration = 1_000 to 3_600_000 ms, default 90_000;
    /// The interval between Queries of a running task.
    monitor_interval_ms: Duration = 1_000 to 3_600_000 ms, default 120_000;
    /// Delays before relaunches; the last repeats.
    relaunch_delays_ms: Backoff = [0] or 500 to 3_600_000 ms, default [0, 5_000, 15_000, 30_000, 60_000, 120_000, 300_000];
    /// After a task has run this long, the relaunch delays start again.
    relaunch_reset_after_ms: Duration = [0] or 10_000 to 86_400_000 ms, default 600_000;
    /// How long the service may take to migrate a failed task (`migration: "wait"`). Also how long a running task is
    /// queried every 10 s after a notification that it stopped or failed.
    migration_grace_ms: Duration = 1_000 to 3_600_000 ms, default 90_000;
    /// A running task whose id is not learned within this time is replaced; `null`: never.
    task_id_unknown_grace_ms: Option<Duration> = 1_000 to 3_600_000 ms, default 90_000;
    /// Delays between presence checks for an unresolved create; the last repeats.
    presence_delays_ms: Backoff = 100 to 3_600_000 ms, default [10_000, 10_000, 10_000, 15_000, 30_000, 60_000];
    /// This many consecutive presence checks without a uid prove that its task is gone, in addition to those during
    /// `migrationGraceMs`, in which the service may be migrating it.
    presence_absences: u8 = 1 to 20 times, default 3;
    /// How long `stop()` waits for a task that cannot be deleted or found. A task with a known id is not given up
    /// before Delete has failed, even after this time.
    stop_timeout_ms: Duration = [0] or 1_000 to 3_600_000 ms, default 300_000;
    /// The timeout of each attempt.
    request_timeout_ms: Duration = 1_000 to 120_000 ms, default 10_000;
    /// The minimum time between Queries that `checkNow()` or notifications bring forward.
    check_now_interval_ms: Duration = 1_000 to 3_600_000 ms, default 5_000;
    /// The maximum `Retry-After`: longer ones are reduced to it. Dates are relative to the reply's own `Date`, if it
    /// has one.
    max_retry_after_ms: Duration = [0] or 1_000 to 3_600_000 ms, default 300_000;
    /// The maximum jitter, in percent of a delay. It keeps many processes from calling at the same moment.
    jitter_percent: u8 = 0 to 100 percent, default 0;
}

/// How many delays a list may have.
pub(crate) const DELAY_COUNT: RangeInclusive<usize> = 1..=20;

/// A value of a [`RetryPolicy`].
trait Setting {
    fn check(&self, range: &SettingRange) -> Result<(), Invalid>;
}

impl Setting for Backoff {
    fn check(&self, range: &SettingRange) -> Result<(), Invalid> {
        let field = range.field;
        if !DELAY_COUNT.contains(&self.0.len()) {
            let found = format!("an array of {} delays", self.0.len());
            let allowed = format!("an array of {} to {} delays", DELAY_COUNT.start(), DELAY_COUNT.end());
            return Err(Invalid::new(field, found, allowed));
        }
        for (i, wait) in self.0.iter().enumerate() {
            range.check(*wait).map_err(|invalid| Invalid { field: format!("{field}[{i}]"), ..invalid })?;
        }
        Ok(())
    }
}

impl Setting for Duration {
    fn check(&self, range: &SettingRange) -> Result<(), Invalid> {
        range.check(*self)
    }
}

impl Setting for Option<Duration> {
    fn check(&self, range: &SettingRange) -> Result<(), Invalid> {
        self.map_or(Ok(()), |duration| range.check(duration))
    }
}

impl Setting for u8 {
    fn check(&self, range: &SettingRange) -> Result<(), Invalid> {
        range.check_number(u64::from(*self))
    }
}

impl RetryPolicy {
    /// The defaults with these overrides (JSON text: an object with any of the fields).
    ///
    /// # Errors
    /// An unknown field, or a value out of its range.
    pub fn from_json(overrides: &str) -> Result<Self, Invalid> {
        let policy: Self = document::read("policy", overrides)?;
        policy.check().map_err(|invalid| invalid.within("policy"))?;
        Ok(policy)
    }

    /// The same policy in shared memory: all supervisors of a process with the defaults share one.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn shared(self: Arc<Self>) -> Arc<Self> {
        static DEFAULTS: std::sync::LazyLock<Arc<RetryPolicy>> = std::sync::LazyLock::new(Arc::default);
        if self == *DEFAULTS { Arc::clone(&DEFAULTS) } else { self }
    }

    /// In WebAssembly a process rarely has more than one group, whose lanes share a policy anyway.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn shared(self: Arc<Self>) -> Arc<Self> {
        self
    }

    /// The delays between Queries of a new task with this `idleTimeout`. Each must be shorter, jitter included, or
    /// the task could start and end unseen. Default delays are shortened to fit; chosen ones are refused. `delays`
    /// are the current ones.
    ///
    /// # Errors
    /// `confirmDelaysMs` was chosen and has a delay that is not shorter than `idleTimeout`.
    pub(crate) fn confirm_delays_within(
        &self,
        delays: &Backoff,
        idle_timeout: Duration,
    ) -> Result<Backoff, Invalid> {
        let stretched = |wait: Duration| {
            Duration::from_millis(wait.as_millis() * (100 + u64::from(self.jitter_percent)) / 100)
        };
        if stretched(delays.longest()) < idle_timeout {
            return Ok(delays.clone());
        }
        // They may have been shortened before.
        if *delays != Self::default().confirm_delays_ms.capped(delays.longest()) {
            let allowed = format!("shorter, with jitter, than the task's idleTimeout of {idle_timeout}");
            return Err(Invalid::new("policy.confirmDelaysMs", list_of(&delays.0), allowed));
        }
        Ok(delays.capped(Duration::from_millis((idle_timeout.as_millis() / 3).max(1))))
    }

    /// How many consecutive presence checks without a uid prove that its task is gone. Checks are counted instead of
    /// measuring time, because a change of the clock would falsify a measurement.
    #[must_use]
    pub fn absences_that_prove(&self) -> u32 {
        let pace = self.presence_delays_ms.delay_or_last(0).as_millis().max(1);
        let moving = self.migration_grace_ms.as_millis().div_ceil(pace);
        u32::from(self.presence_absences).saturating_add(u32::try_from(moving).unwrap_or(u32::MAX))
    }

    /// The schedule for retries of `call` after this failure.
    #[must_use]
    pub fn schedule(&self, call: Call, reason: RetryReason) -> Schedule<'_> {
        let ends = |delays| Schedule { delays, then: None };
        // Neither a missing answer nor a 50x proves that a task ended.
        let continues = |delays| Schedule { delays, then: Some(self.query_server_error_delays_ms.longest()) };
        match (reason, call) {
            (_, Call::Presence) => self.presence_delays_ms.repeated(),
            (_, Call::RtcToken) | (RetryReason::TokenFailed, _) => {
                self.create_server_error_delays_ms.repeated()
            }
            (
                RetryReason::NoAnswer
                | RetryReason::Dns
                | RetryReason::Unreachable
                | RetryReason::NotSent
                | RetryReason::NotPersisted,
                _,
            ) => {
                if call == Call::Query {
                    continues(&self.no_answer_delays_ms)
                } else {
                    ends(&self.no_answer_delays_ms)
                }
            }
            (RetryReason::RateLimited, _) => self.rate_limited_delays_ms.repeated(),
            (_, Call::Delete) => ends(&self.delete_delays_ms),
            (RetryReason::NotFound, Call::Query) => ends(&self.query_not_found_delays_ms),
            (RetryReason::Refused, Call::Query) => ends(&self.query_refused_delays_ms),
            (_, Call::Query) => continues(&self.query_server_error_delays_ms),
            (RetryReason::NotCompleted, _) => ends(&self.create_not_completed_delays_ms),
            (RetryReason::TimedOut, _) => ends(&self.create_timed_out_delays_ms),
            (_, Call::Acquire | Call::Create | Call::Update) => ends(&self.create_server_error_delays_ms),
        }
    }

    /// How many delays there are before the schedule is exhausted or repeats its last one.
    pub(crate) fn attempts(&self, call: Call, reason: RetryReason) -> usize {
        self.schedule(call, reason).delays.delays().len()
    }

    /// The delay before `call` is retried after `failures` consecutive failures before this one, or `None` if its
    /// [schedule](Self::schedule) is exhausted. A `Retry-After` only lengthens the delay, up to `maxRetryAfterMs`.
    ///
    /// ```
    /// use steadymix::policy::{RetryPolicy, RetryReason};
    /// use steadymix::status::Call;
    /// use steadymix::time::Duration;
    ///
    /// let policy = RetryPolicy::default();
    /// let delays = [0, 1, 2, 3].map(|failures| policy.next_delay(Call::Query, RetryReason::NotFound, failures, None));
    /// let seconds = |s| Some(Duration::from_secs(s));
    /// assert_eq!(delays, [seconds(5), seconds(10), seconds(15), None]); // then the task is considered gone
    /// ```
    #[must_use]
    pub fn next_delay(
        &self,
        call: Call,
        reason: RetryReason,
        failures: u32,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        let delay = self.schedule(call, reason).delay(failures)?;
        Some(delay.max(retry_after.unwrap_or_default().min(self.max_retry_after_ms)))
    }

    /// Like [`next_delay`](Self::next_delay), for the options of JavaScript. `now` is the default of their field.
    #[must_use]
    pub fn next_delay_of(&self, failed: &NextDelayOptions, now: WallTime) -> Option<Duration> {
        let now = failed.now.unwrap_or(now);
        let retry_after = failed.retry_after.as_deref().and_then(|header| parse_retry_after(header, now));
        self.next_delay(failed.call, failed.reason, failed.failures, retry_after)
    }

    /// `wait` with jitter of up to `jitterPercent`. The same seed and counter give the same jitter.
    #[must_use]
    pub fn jittered(&self, wait: Duration, seed: u64, counter: u64) -> Duration {
        let most = wait.as_millis().saturating_mul(u64::from(self.jitter_percent)) / 100;
        let chance = splitmix64(seed ^ counter.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        wait + Duration::from_millis(if most == 0 { 0 } else { chance % (most + 1) })
    }
}

/// One step of the splitmix64 generator: good enough for jitter, without state.
fn splitmix64(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::time::short::{ms, secs};

    fn schedule(call: Call, cause: RetryReason) -> Vec<u64> {
        let policy = RetryPolicy::default();
        (0..6)
            .map_while(|n| policy.next_delay(call, cause, n, None))
            .map(|wait| wait.as_millis() / 1000)
            .collect()
    }

    #[test]
    fn the_documented_schedules_are_the_defaults() {
        assert_eq!(schedule(Call::Create, RetryReason::TimedOut), [3, 6, 9]);
        assert_eq!(schedule(Call::Create, RetryReason::ServerError), [3, 6, 9]);
        assert_eq!(schedule(Call::Create, RetryReason::NotCompleted), [3, 6]);
        assert_eq!(schedule(Call::Acquire, RetryReason::TimedOut), [3, 6, 9]);
        assert_eq!(schedule(Call::Query, RetryReason::NotFound), [5, 10, 15]);
        assert_eq!(schedule(Call::Query, RetryReason::ServerError), [5, 10, 15, 30, 30, 30]);
        assert_eq!(schedule(Call::Query, RetryReason::TimedOut), [5, 10, 15, 30, 30, 30]);
        for call in [Call::Acquire, Call::Create, Call::Update, Call::Delete] {
            assert_eq!(schedule(call, RetryReason::NoAnswer), [1, 3, 6]);
        }
        assert_eq!(schedule(Call::Query, RetryReason::NoAnswer), [1, 3, 6, 30, 30, 30]);
        for reason in
            [RetryReason::Dns, RetryReason::Unreachable, RetryReason::NotSent, RetryReason::NotPersisted]
        {
            assert_eq!(schedule(Call::Create, reason), schedule(Call::Create, RetryReason::NoAnswer));
        }
        assert_eq!(schedule(Call::RtcToken, RetryReason::TokenFailed), [3, 6, 9, 9, 9, 9]);
        assert_eq!(schedule(Call::Presence, RetryReason::ServerError), [10, 10, 10, 15, 30, 60]);
        assert_eq!(schedule(Call::Query, RetryReason::RateLimited), [1, 2, 5, 10, 10, 10]);
        let policy = RetryPolicy::default();
        assert_eq!(policy.confirm_delays_ms.delay(0), Some(secs(5)));
        assert_eq!(policy.confirm_timeout_ms, secs(90));
        assert_eq!(policy.monitor_interval_ms, secs(120));
        assert_eq!(policy.relaunch_delays_ms.longest(), secs(300));
    }

    #[test]
    fn values_can_be_overridden_and_invalid_ones_are_named() {
        let policy = RetryPolicy::from_json(
            &json!({ "monitorIntervalMs": 60_000, "taskIdUnknownGraceMs": null }).to_string(),
        )
        .unwrap();
        assert_eq!(policy.monitor_interval_ms, secs(60));
        assert_eq!(policy.task_id_unknown_grace_ms, None);
        assert_eq!(policy.no_answer_delays_ms, RetryPolicy::default().no_answer_delays_ms);

        let refused = |json: serde_json::Value| RetryPolicy::from_json(&json.to_string()).unwrap_err();
        assert_eq!(
            refused(json!({ "queryNotFoundDelaysMs": [5_000, 0] })),
            Invalid::new("policy.queryNotFoundDelaysMs[1]", "0 ms", "from 100 to 3600000 ms")
        );
        let in_seconds = refused(json!({ "queryNotFoundDelaysMs": [5, 10, 15], "confirmTimeoutMs": 90 }));
        assert_eq!(
            in_seconds.to_string(),
            "policy.queryNotFoundDelaysMs[0] is 5 ms, but must be from 100 to 3600000 ms: did you mean 5000 ms (5 s)?"
        );
        assert_eq!(
            refused(json!({ "jitterPercent": 101 })),
            Invalid::new("policy.jitterPercent", 101, "from 0 to 100 %")
        );
        assert_eq!(
            refused(json!({ "confirmDelaysMs": [] })),
            Invalid::new("policy.confirmDelaysMs", "an array of 0 delays", "an array of 1 to 20 delays")
        );
        assert_eq!(refused(json!({ "confirmDelaysMs": vec![5; 21] })).value, "an array of 21 delays");
        assert_eq!(
            refused(json!({ "relaunchResetAfterMs": 86_400_001 })).allowed,
            "0, or from 10000 to 86400000 ms"
        );
        let widest = json!({ "confirmDelaysMs": vec![100; 20], "relaunchResetAfterMs": 86_400_000, "jitterPercent": 100 });
        let widest = RetryPolicy::from_json(&widest.to_string()).unwrap();
        assert_eq!(widest.confirm_delays_ms.delays(), [ms(100); 20]);
        let wrong_type = refused(json!({ "deleteDelaysMs": [1_000, "x"] }));
        assert_eq!(
            (wrong_type.field.as_str(), wrong_type.value.as_str()),
            ("policy.deleteDelaysMs[1]", "\"x\"")
        );
        assert_eq!(refused(json!({ "retries": 3 })).field, "policy.retries");
    }

    #[test]
    fn a_new_task_is_queried_within_its_idle_timeout() {
        let policy = RetryPolicy::default();
        let within = |delays: &Backoff, timeout| policy.confirm_delays_within(delays, ms(timeout)).unwrap();
        assert_eq!(within(&policy.confirm_delays_ms, 300_000), policy.confirm_delays_ms);
        let shortened = within(&policy.confirm_delays_ms, 6_000);
        assert_eq!(shortened.longest(), secs(2));
        assert_eq!(within(&shortened, 2_000).longest(), ms(666), "shortened twice");

        let mut chosen =
            RetryPolicy { confirm_delays_ms: Backoff::from_ms(&[5_000]), ..RetryPolicy::default() };
        let fits = |policy: &RetryPolicy, timeout| {
            policy.confirm_delays_within(&policy.confirm_delays_ms, ms(timeout))
        };
        assert_eq!(fits(&chosen, 5_000).unwrap_err().field, "policy.confirmDelaysMs");
        chosen.jitter_percent = 100;
        assert!(fits(&chosen, 10_000).is_err(), "jitter counts");
        assert_eq!(fits(&chosen, 10_001), Ok(chosen.confirm_delays_ms.clone()));
    }

    #[test]
    fn retry_after_lengthens_and_never_shortens() {
        let policy = RetryPolicy::default();
        let wait = |after: u64| policy.next_delay(Call::Create, RetryReason::TimedOut, 0, Some(secs(after)));
        assert_eq!(wait(1), Some(secs(3)));
        assert_eq!(wait(60), Some(secs(60)));
        assert_eq!(wait(86_400), Some(secs(300)));
    }

    /// The generator's published test values.
    #[test]
    fn jitter_uses_splitmix64() {
        let golden_ratio = 0x9E37_79B9_7F4A_7C15;
        assert_eq!(splitmix64(1_234_567), 6_457_827_717_110_365_317);
        assert_eq!(splitmix64(golden_ratio + 1_234_567), 3_203_168_211_198_807_973);
    }

    #[test]
    fn jitter_has_every_value_up_to_its_maximum() {
        let policy = RetryPolicy { jitter_percent: 20, ..RetryPolicy::default() };
        let jittered = |counter| policy.jittered(ms(50), 7, counter).as_millis();
        let lengths: std::collections::BTreeSet<_> = (0..200).map(jittered).collect();
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), (50..=60).collect::<Vec<_>>());
        let half = RetryPolicy { jitter_percent: 50, ..policy };
        let of_seeds = [(7, 0), (7, 1), (7, 3), (8, 3)].map(|(seed, n)| half.jittered(secs(1), seed, n));
        assert_eq!(of_seeds, [1279, 1011, 1172, 1208].map(ms));
    }

    proptest! {
        #[test]
        fn jitter_only_lengthens_and_repeats_from_its_seed(
            wait in 0u64..400_000, percent in 0u8..=100, seed: u64, counter: u64,
        ) {
            let policy = RetryPolicy { jitter_percent: percent, ..RetryPolicy::default() };
            let longer = policy.jittered(ms(wait), seed, counter);
            prop_assert!(longer >= ms(wait));
            prop_assert!(longer.as_millis() <= wait + wait * u64::from(percent) / 100);
            prop_assert_eq!(longer, policy.jittered(ms(wait), seed, counter));
        }
    }
}
