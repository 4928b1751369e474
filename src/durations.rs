//! All durations of the settings: defaults and ranges.
//!
//! This is the only table, except for those of a retry policy (`policy.rs`) and of a viewer (`failover/config.rs`).
//! The checks and defaults use it; `src/js/durations.ts` and the ranges in `src/js/contract.ts` are generated from
//! it.
//!
//! Each minimum is larger than the default in seconds: a value given in seconds is usually refused instead of being
//! read as ms. To wait less in a test, use a faster clock (`timeScale`).

#[cfg(test)]
mod tests;

use crate::error::Invalid;
use crate::time::Duration;

/// The range and default of a duration, a list of delays, or a number.
pub(crate) struct SettingRange {
    /// Its name in the settings.
    pub(crate) field: &'static str,
    /// The minimum.
    pub(crate) least: u64,
    /// The maximum.
    pub(crate) greatest: u64,
    /// Whether 0 is allowed, too.
    pub(crate) or_zero: bool,
    /// The unit, as it follows a number in an error: `" ms"` for durations.
    pub(crate) unit: &'static str,
    /// The default: several values for a list of delays, none if it is off by default.
    pub(crate) default: &'static [u64],
}

impl SettingRange {
    /// The default of a duration in these tables, each of which has one.
    pub(crate) const fn default(&self) -> Duration {
        match self.default {
            [ms, ..] => Duration::from_millis(*ms),
            [] => Duration::ZERO,
        }
    }

    /// Checks a value.
    ///
    /// # Errors
    /// An [`Invalid`] with the field's name and, if the value would be valid in seconds, the value that was probably
    /// intended.
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

    /// Checks a value that is not a duration.
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

/// For supervisors and groups, except their policy, and for the quota estimate.
pub(crate) mod server {
    use super::{DAY, MINUTE, SECOND, SettingRange};

    durations! {
        DOMAIN_COOLDOWN = "domainCooldownMs": 1_000 to DAY, default 10 * MINUTE;
        START_GRACE = "startGraceMs": [0] 500 to MINUTE, default 5 * SECOND;
        POLL_INTERVAL = "pollIntervalMs": 1_000 to DAY, default 120 * SECOND;
    }
}

/// For the environment (`SupervisorEnv`), checked by TypeScript.
#[cfg(test)]
pub(crate) mod supervisor_env {
    use super::{MINUTE, SECOND, SettingRange};

    durations! {
        FALLBACK_QUERY_INTERVAL = "fallbackQueryIntervalMs": 1_000 to 10 * MINUTE, default SECOND;
    }
}

/// For the Cloudflare classes, checked by TypeScript.
#[cfg(test)]
pub(crate) mod cloudflare {
    use super::{DAY, HOUR, SECOND, SettingRange};

    durations! {
        RETENTION = "retentionMs": [0] 3_600_000 to 3_650 * DAY, default 7 * DAY;
        REPORT_INTERVAL = "reportIntervalMs": [0] 100 to DAY, default 10 * SECOND;
    }

    const _: () = assert!(RETENTION.least == HOUR);
}
