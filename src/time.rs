//! The crate's own instant and duration.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds: an instant (since the Unix epoch) or a duration, as the context says.
///
/// An integer of our own instead of `std::time`, because it must serialise, hash, compare, and work on
/// `wasm32-unknown-unknown`, where `std::time::Instant::now` panics. Arithmetic saturates: no time, however odd,
/// makes the core panic. The range is that of integers a JavaScript number holds exactly (0 to 2^53 − 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(u64);

impl Millis {
    /// Zero: the epoch, or no time at all.
    pub const ZERO: Self = Self(0);
    /// The largest value: `Number.MAX_SAFE_INTEGER` of JavaScript.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// A number of milliseconds; values over [`Millis::MAX`] become it.
    #[must_use]
    pub const fn new(ms: u64) -> Self {
        if ms > Self::MAX.0 { Self::MAX } else { Self(ms) }
    }

    /// A number of seconds.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self::new(s.saturating_mul(1000))
    }

    /// The number of milliseconds.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// `self + other`, at most [`Millis::MAX`].
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self::new(self.0.saturating_add(other.0))
    }

    /// `self - other`, at least zero.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Millis {
    /// `1500 ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}
