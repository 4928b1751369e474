//! Every duration among the settings: its default, and what is allowed.
//!
//! This is the only table of them, except for a viewer's (`failover/config.rs`). The checks and the defaults use it;
//! `src/js/durations.ts`, and the ranges in the docs of `src/js/contract.ts`, are generated from it.
//!
//! The least value of each is larger than its default in seconds, so a value that was meant in seconds is mostly refused
//! instead of being taken for milliseconds. A faster clock (`timeScale`) is the way to wait less in a test.

#[cfg(test)]
mod tests;

use crate::error::Invalid;
use crate::time::Duration;

/// The range and the default of one duration, or of one list of delays.
pub(crate) struct DurationRange {
    /// Its name in the settings.
    pub(crate) field: &'static str,
    /// The least value, in ms.
    pub(crate) least: u64,
    /// The greatest value, in ms.
    pub(crate) greatest: u64,
    /// Whether 0 is allowed as well.
    pub(crate) or_zero: bool,
    /// Its default, in ms: several for a list of delays, none for what is off by default.
    pub(crate) default: &'static [u64],
}

impl DurationRange {
    /// The default of what has exactly one.
    pub(crate) const fn default(&self) -> Duration {
        match self.default {
            [ms, ..] => Duration::from_millis(*ms),
            [] => Duration::ZERO,
        }
    }

    /// Checks a value.
    ///
    /// # Errors
    /// An [`Invalid`] with the name of the field, and, where the value fits as a number of seconds, what was probably meant.
    pub(crate) fn check(&self, value: Duration) -> Result<(), Invalid> {
        if self.allows(value.as_millis()) {
            return Ok(());
        }
        let mut allowed = self.allowed();
        let in_seconds = Duration::from_secs(value.as_millis());
        if value < in_seconds && self.allows(in_seconds.as_millis()) {
            allowed = format!("{allowed}: did you mean {in_seconds} ({} s)?", value.as_millis());
        }
        Err(Invalid::new(self.field, value, allowed))
    }

    fn allows(&self, ms: u64) -> bool {
        (self.least..=self.greatest).contains(&ms) || (self.or_zero && ms == 0)
    }

    fn allowed(&self) -> String {
        let zero = if self.or_zero { "0, or " } else { "" };
        format!("{zero}from {} to {} ms", self.least, self.greatest)
    }
}

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;

/// Defines one table: `NAME = "fieldMs": least to greatest, default […];` with `[0]` before what may be 0.
macro_rules! durations {
    ($($name:ident = $field:literal: $([$zero:literal])? $least:literal to $greatest:expr, default $default:expr;)+) => {
        $(pub(crate) const $name: DurationRange = DurationRange {
            field: $field,
            least: $least,
            greatest: $greatest,
            or_zero: { let zeros: &[u64] = &[$($zero)?]; !zeros.is_empty() },
            default: &$default,
        };)+
        #[cfg(test)]
        pub(crate) const ALL: &[DurationRange] = &[$($name),+];
    };
}

/// Of [`RetryPolicy`](crate::policy::RetryPolicy). The defaults are the service's, where it documents one.
pub(crate) mod policy {
    use super::{DAY, DurationRange, HOUR, MINUTE, SECOND};

    durations! {
        CREATE_TIMED_OUT = "createTimedOutMs": 100 to HOUR, default [3_000, 6_000, 9_000];
        CREATE_SERVER_ERROR = "createServerErrorMs": 100 to HOUR, default [3_000, 6_000, 9_000];
        CREATE_NOT_COMPLETED = "createNotCompletedMs": 100 to HOUR, default [3_000, 6_000];
        QUERY_NOT_FOUND = "queryNotFoundMs": 100 to HOUR, default [5_000, 10_000, 15_000];
        QUERY_SERVER_ERROR = "queryServerErrorMs": 100 to HOUR, default [5_000, 10_000, 15_000, 30_000];
        QUERY_REFUSED = "queryRefusedMs": 100 to HOUR, default [5_000, 10_000, 15_000];
        DELETE = "deleteMs": 100 to HOUR, default [5_000, 10_000, 15_000, 30_000];
        NO_ANSWER = "noAnswerMs": 100 to HOUR, default [1_000, 3_000, 6_000];
        RATE_LIMITED = "rateLimitedMs": 100 to HOUR, default [1_000, 2_000, 5_000, 10_000];
        CONFIRM = "confirmMs": 100 to HOUR, default [5_000, 5_000, 5_000, 10_000];
        CONFIRM_DEADLINE = "confirmDeadlineMs": 1_000 to HOUR, default [90 * SECOND];
        MONITOR_INTERVAL = "monitorIntervalMs": 1_000 to HOUR, default [120 * SECOND];
        RELAUNCH = "relaunchMs": [0] 500 to HOUR, default [0, 5_000, 15_000, 30_000, 60_000, 120_000, 300_000];
        RELAUNCH_RESET = "relaunchResetMs": [0] 10_000 to DAY, default [10 * MINUTE];
        MIGRATION = "migrationMs": 1_000 to HOUR, default [90 * SECOND];
        UNIDENTIFIED = "unidentifiedMs": 1_000 to HOUR, default [90 * SECOND];
        PRESENCE = "presenceMs": 100 to HOUR, default [10_000, 10_000, 10_000, 15_000, 30_000, 60_000];
        STOP_DEADLINE = "stopDeadlineMs": [0] 1_000 to HOUR, default [5 * MINUTE];
        REQUEST_TIMEOUT = "requestTimeoutMs": 1_000 to 2 * MINUTE, default [10 * SECOND];
        HINT_INTERVAL = "hintIntervalMs": 1_000 to HOUR, default [5 * SECOND];
        RETRY_AFTER_MAX = "retryAfterMaxMs": [0] 1_000 to HOUR, default [5 * MINUTE];
    }
}

/// Of supervisors and groups, besides their policy, and of the quota estimate.
pub(crate) mod server {
    use super::{DAY, DurationRange, MINUTE, SECOND};

    durations! {
        DOMAIN_RETURN = "domainReturnMs": 1_000 to DAY, default [10 * MINUTE];
        START_GRACE = "startGraceMs": [0] 500 to MINUTE, default [5 * SECOND];
        POLL_INTERVAL = "pollIntervalMs": 1_000 to DAY, default [120 * SECOND];
    }
}

/// Of the host, which TypeScript checks.
#[cfg(test)]
pub(crate) mod host {
    use super::{DurationRange, MINUTE, SECOND};

    durations! {
        FALLBACK_QUERY_INTERVAL = "fallbackQueryIntervalMs": 1_000 to 10 * MINUTE, default [SECOND];
    }
}

/// Of the Cloudflare classes, which TypeScript checks.
#[cfg(test)]
pub(crate) mod cloudflare {
    use super::{DAY, DurationRange, HOUR, SECOND};

    durations! {
        KEPT_FOR = "keptForMs": [0] 3_600_000 to 3_650 * DAY, default [7 * DAY];
        HINT_INTERVAL = "hintIntervalMs": [0] 100 to DAY, default [10 * SECOND];
    }

    const _: () = assert!(KEPT_FOR.least == HOUR);
}
