//! Every duration among the settings: its default, and what is allowed.
//!
//! This is the only table of them, except for those of a retry policy (`policy.rs`) and of a viewer (`failover/config.rs`).
//! The checks and the defaults use it; `src/js/durations.ts`, and the ranges in the docs of `src/js/contract.ts`, are
//! generated from it.
//!
//! The least value of each is larger than its default in seconds, so a value that was meant in seconds is mostly refused
//! instead of being taken for milliseconds. A faster clock (`timeScale`) is the way to wait less in a test.

#[cfg(test)]
mod tests;

use crate::error::Invalid;
use crate::time::Duration;

/// The range and the default of one duration, of one list of delays, or of one number.
pub(crate) struct SettingRange {
    /// Its name in the settings.
    pub(crate) field: &'static str,
    /// The least value.
    pub(crate) least: u64,
    /// The greatest value.
    pub(crate) greatest: u64,
    /// Whether 0 is allowed as well.
    pub(crate) or_zero: bool,
    /// The unit of all values, as an error has it behind a number: `" ms"` of every duration.
    pub(crate) unit: &'static str,
    /// Its default: several for a list of delays, none for what is off by default.
    pub(crate) default: &'static [u64],
}

impl SettingRange {
    /// The default of a duration of these tables, each of which has one.
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

    /// Checks a value that is no duration.
    pub(crate) fn check_number(&self, value: u64) -> Result<(), Invalid> {
        if self.allows(value) { Ok(()) } else { Err(Invalid::new(self.field, value, self.allowed())) }
    }

    fn allows(&self, value: u64) -> bool {
        (self.least..=self.greatest).contains(&value) || (self.or_zero && value == 0)
    }

    fn allowed(&self) -> String {
        let Self { least, greatest, unit, .. } = self;
        let zero = if self.or_zero { "0, or " } else { "" };
        format!("{zero}from {least} to {greatest}{unit}")
    }
}

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;

/// Defines one table: `NAME = "fieldMs": least to greatest, default …;` with `[0]` before what may be 0.
macro_rules! durations {
    ($($name:ident = $field:literal: $([$zero:literal])? $least:literal to $greatest:expr, default $default:expr;)+) => {
        $(pub(crate) const $name: SettingRange = SettingRange {
            field: $field,
            least: $least,
            greatest: $greatest,
            or_zero: !<[u64]>::is_empty(&[$($zero)?]),
            unit: " ms",
            default: &[$default],
        };)+
        #[cfg(test)]
        pub(crate) const ALL: &[SettingRange] = &[$($name),+];
    };
}

/// Of supervisors and groups, besides their policy, and of the quota estimate.
pub(crate) mod server {
    use super::{DAY, MINUTE, SECOND, SettingRange};

    durations! {
        DOMAIN_COOLDOWN = "domainCooldownMs": 1_000 to DAY, default 10 * MINUTE;
        START_GRACE = "startGraceMs": [0] 500 to MINUTE, default 5 * SECOND;
        POLL_INTERVAL = "pollIntervalMs": 1_000 to DAY, default 120 * SECOND;
    }
}

/// Of the host, which TypeScript checks.
#[cfg(test)]
pub(crate) mod supervisor_env {
    use super::{MINUTE, SECOND, SettingRange};

    durations! {
        FALLBACK_QUERY_INTERVAL = "fallbackQueryIntervalMs": 1_000 to 10 * MINUTE, default SECOND;
    }
}

/// Of the Cloudflare classes, which TypeScript checks.
#[cfg(test)]
pub(crate) mod cloudflare {
    use super::{DAY, HOUR, SECOND, SettingRange};

    durations! {
        RETENTION = "retentionMs": [0] 3_600_000 to 3_650 * DAY, default 7 * DAY;
        REPORT_INTERVAL = "reportIntervalMs": [0] 100 to DAY, default 10 * SECOND;
    }

    const _: () = assert!(RETENTION.least == HOUR);
}
