//! The limits of an App ID.

use std::ops::RangeInclusive;

use macro_rules_attribute::apply;

#[cfg(test)]
use crate::document::between;
use crate::document::{self, document};
use crate::domain::Area;
use crate::error::Invalid;
use crate::time::Duration;

/// The limits of an App ID.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaLimits {
    /// Sustained calls per second. With `burst` added, the maximum in any second.
    pub calls_per_second: u32,
    /// Calls at once after a quiet time.
    pub burst: u32,
    /// Peak concurrent tasks (PCW) of the largest output size in use. At most a tenth of it may be created per second.
    pub pcw: u32,
}

const CALLS_PER_SECOND: u32 = 8;
const BURST: u32 = 2;
/// This many concurrent tasks allow one request per second.
pub(super) const PCW_PER_CALL: u32 = 10;

const RATE: RangeInclusive<i64> = 1..=10_000;
const AT_ONCE: RangeInclusive<i64> = 2..=10_000;
const PCW: RangeInclusive<i64> = 1..=1_000_000;

impl QuotaLimits {
    /// The documented defaults: 10 calls in any second, and the PCW of this area and size.
    #[must_use]
    pub fn documented(area: Area, size: OutputSize) -> Self {
        Self { calls_per_second: CALLS_PER_SECOND, burst: BURST, pcw: documented_pcw(area, size) }
    }

    /// The limits in `json` (JSON text: an object with any of the fields), the documented ones otherwise. A given PCW
    /// also sets the default rate if a tenth of it is less: the service allows no more requests per second, and does
    /// not document whether that includes Query.
    ///
    /// # Errors
    /// An unknown field, or a value out of its range.
    pub fn from_json(area: Area, size: OutputSize, json: &str) -> Result<Self, Invalid> {
        document::read::<GivenLimits>("quota", json)?.limits(area, size)
    }

    /// Checks all values against their ranges.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let ranges = [
            ("quota.callsPerSecond", self.calls_per_second, RATE),
            ("quota.burst", self.burst, AT_ONCE),
            ("quota.pcw", self.pcw, PCW),
        ];
        for (field, value, allowed) in ranges {
            if !allowed.contains(&i64::from(value)) {
                return Err(Invalid::new(
                    field,
                    value,
                    format!("from {} to {}", allowed.start(), allowed.end()),
                ));
            }
        }
        Ok(())
    }

    pub(crate) fn most_in_any_second(&self) -> usize {
        self.calls_per_second.saturating_add(self.burst) as usize
    }

    /// The time between two Creates: at most a tenth of the PCW per second.
    pub(super) fn create_spacing(&self) -> Duration {
        Duration::from_millis(u64::from(PCW_PER_CALL * 1000).div_ceil(u64::from(self.pcw.max(1))))
    }
}

/// Limits of an App ID that differ from the documented ones: Agora's support can raise them.
#[apply(document)]
#[json(camel, unknown = refused)]
#[derive(Clone, Debug, Default)]
pub(crate) struct GivenLimits {
    /// Sustained calls per second: 1 to 10000. The default is 8, because services are known to refuse calls before
    /// their nominal 10. With a `pcw` below 80 the default is a tenth of it, but at least 1: the service allows no more
    /// requests, and does not document whether that includes Query. With `burst` added, the maximum in any second.
    #[limits(between(RATE))]
    calls_per_second: Option<u32>,
    /// Calls at once after a quiet time: 2 to 10000, default 2 (an Acquire and its Create).
    #[limits(between(AT_ONCE))]
    burst: Option<u32>,
    /// Peak concurrent tasks of the largest output size in use: 1 to 1000000. The default is the limit of a new
    /// project: in North America and Europe 10 SD (up to 640×360 pixels), 5 HD (1280×720) or 2 FHD (1920×1080); in Asia
    /// Pacific 20, 10 or 3; in mainland China 20, 10 or 5. At most a tenth of it may be created per second.
    #[limits(between(PCW))]
    pub(super) pcw: Option<u32>,
}

impl GivenLimits {
    /// See [`QuotaLimits::from_json`].
    pub(crate) fn limits(&self, area: Area, size: OutputSize) -> Result<QuotaLimits, Invalid> {
        let documented = QuotaLimits::documented(area, size);
        let rate = self.pcw.map(|pcw| (pcw / PCW_PER_CALL).clamp(1, CALLS_PER_SECOND));
        let limits = QuotaLimits {
            calls_per_second: self.calls_per_second.or(rate).unwrap_or(documented.calls_per_second),
            burst: self.burst.unwrap_or(documented.burst),
            pcw: self.pcw.unwrap_or(documented.pcw),
        };
        limits.check()?;
        Ok(limits)
    }
}

/// The output size of a task, as the service counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutputSize {
    /// At most 640 × 360.
    Sd,
    /// At most 1280 × 720.
    Hd,
    /// At most 1920 × 1080.
    Fhd,
}

impl OutputSize {
    /// All sizes, smallest first.
    pub const ALL: [Self; 3] = [Self::Sd, Self::Hd, Self::Fhd];

    /// The size of a picture with these sides in pixels, in any orientation.
    #[must_use]
    pub fn of(width: i64, height: i64) -> Self {
        match width.saturating_mul(height) {
            ..=230_400 => Self::Sd,
            230_401..=921_600 => Self::Hd,
            921_601.. => Self::Fhd,
        }
    }
}

/// The documented PCW of an area and an output size, before support raises it.
#[must_use]
pub fn documented_pcw(area: Area, size: OutputSize) -> u32 {
    match (area, size) {
        (Area::NorthAmerica | Area::Europe, OutputSize::Sd) => 10,
        (Area::NorthAmerica | Area::Europe, OutputSize::Hd) => 5,
        (Area::NorthAmerica | Area::Europe, OutputSize::Fhd) => 2,
        (Area::China | Area::AsiaPacific, OutputSize::Sd) => 20,
        (Area::China | Area::AsiaPacific, OutputSize::Hd) => 10,
        (Area::China, OutputSize::Fhd) => 5,
        (Area::AsiaPacific, OutputSize::Fhd) => 3,
    }
}

#[cfg(test)]
mod tests;
