//! The crate's own instant and duration.

use std::fmt;

#[cfg(feature = "server")]
use macro_rules_attribute::apply;
#[cfg(feature = "server")]
use serde::Serialize;

#[cfg(feature = "server")]
use crate::document::{Document, Json, Writer, Wrong, document};
#[cfg(feature = "server")]
use crate::error::Invalid;

/// Milliseconds: an instant (since the Unix epoch) or a duration, as the context says.
///
/// An integer of our own instead of `std::time`, because it must serialise, hash, compare, and work on
/// `wasm32-unknown-unknown`, where `std::time::Instant::now` panics. Arithmetic saturates: no time, however odd,
/// makes the core panic. The range is that of integers a JavaScript number holds exactly (0 to 2^53 − 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "server", derive(Serialize), serde(into = "u64"))]
pub struct Millis(u64);

#[cfg(feature = "server")]
impl Document for Millis {
    fn blank() -> Self {
        Self::ZERO
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        *self = json.value().map(Self::new)?;
        Ok(())
    }

    fn write(&self, out: &mut dyn Writer) {
        self.0.write(out);
    }

    #[cfg(test)]
    fn typescript() -> String {
        u64::typescript()
    }
}
#[cfg(feature = "server")]
document!(@serde read Millis);

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

impl From<u64> for Millis {
    fn from(ms: u64) -> Self {
        Self::new(ms)
    }
}

impl From<Millis> for u64 {
    fn from(millis: Millis) -> Self {
        millis.0
    }
}

impl fmt::Display for Millis {
    /// `1500 ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// One moment, on both of a machine's clocks.
#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// What the caller's clock shows: for events, and for dates that the service sends.
    pub(crate) wall: Millis,
    /// Never goes back: for every wait and deadline.
    pub(crate) mono: Millis,
}

/// Makes a clock that never goes back out of one that may jump either way.
///
/// When the caller's clock is set back, time stands still for us instead, so that a wait of five seconds does not
/// become one of an hour. A jump forward cannot be told from a process that slept: it counts as time, but not for more
/// than a process sleeps, or a clock that was set to the end of time would leave none.
#[cfg(feature = "server")]
#[apply(document)]
#[json(same)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    last_wall: Millis,
    mono: Millis,
}

/// Longer than any wait, so that whatever is due after a longer one is due after this as well.
#[cfg(feature = "server")]
const LONGEST_SLEEP: Millis = Millis::from_secs(365 * 86_400);

#[cfg(feature = "server")]
impl Clock {
    pub(crate) fn starting_at(wall: Millis) -> Self {
        Self { last_wall: wall, mono: wall }
    }

    /// Checks what was restored: there must be time left.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        let end = Millis::new(Millis::MAX.as_u64() / 2);
        if self.mono > end {
            return Err(Invalid::new("clock.mono", self.mono, format!("at most {end}")));
        }
        Ok(())
    }

    /// Takes what the caller's clock shows. The flag says that it was set back by more than a second.
    pub(crate) fn tick(&mut self, wall: Millis) -> (Now, bool) {
        let went_back = self.last_wall.minus(wall) > Millis::from_secs(1);
        self.mono = self.mono.plus(wall.minus(self.last_wall).min(LONGEST_SLEEP));
        self.last_wall = wall;
        (Now { wall, mono: self.mono }, went_back)
    }

    /// What the caller's clock, as it is set now, showed at `mono`, which is over.
    pub(crate) fn wall_of(&self, mono: Millis) -> Millis {
        self.last_wall.minus(self.mono.minus(mono))
    }

    /// When the caller's clock will show `mono`, if nobody sets it.
    pub(crate) fn wall_at(&self, mono: Millis) -> Millis {
        self.last_wall.plus(mono.minus(self.mono))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Millis::new(u64::MAX), Millis::MAX);
        assert_eq!(Millis::MAX.plus(Millis::from_secs(1)), Millis::MAX);
        assert_eq!(Millis::ZERO.minus(Millis::MAX), Millis::ZERO);
        assert_eq!(Millis::from_secs(u64::MAX), Millis::MAX);
        assert_eq!(Millis::new(1500).to_string(), "1500 ms");
        assert_eq!(Millis::MAX.as_u64(), 9_007_199_254_740_991);
        assert_eq!(u64::from(Millis::from(1500)), 1500);
    }

    #[test]
    fn a_clock_set_back_stands_still_and_then_goes_on() {
        let hour = Millis::from_secs(3600);
        let mut clock = Clock::starting_at(hour);
        let deadline = clock.tick(hour).0.mono.plus(Millis::new(5000));

        let (now, went_back) = clock.tick(Millis::ZERO);
        assert!(went_back);
        assert_eq!(now, Now { wall: Millis::ZERO, mono: hour });
        assert_eq!(clock.wall_at(deadline), Millis::new(5000));

        let (now, went_back) = clock.tick(Millis::new(5000));
        assert!(!went_back);
        assert_eq!(now.mono, deadline);
    }

    #[test]
    fn a_clock_set_to_the_end_of_time_leaves_some() {
        let mut clock = Clock::starting_at(Millis::ZERO);
        assert_eq!(clock.tick(Millis::MAX).0.mono, Millis::new(31_536_000_000), "a year");
        clock.tick(Millis::ZERO);
        assert_eq!(clock.tick(Millis::new(5)).0.mono, LONGEST_SLEEP.plus(Millis::new(5)));
    }

    #[test]
    fn a_clock_is_restored_if_there_is_time_left() {
        let check = |mono: u64| Clock { mono: Millis::new(mono), ..Clock::default() }.check();
        assert_eq!(check(4_503_599_627_370_495), Ok(()));
        let refused = Invalid::new("clock.mono", "4503599627370496 ms", "at most 4503599627370495 ms");
        assert_eq!(check(4_503_599_627_370_496), Err(refused));
        assert!(check(u64::MAX).is_err());
    }

    #[test]
    fn a_small_step_back_is_no_jump_and_a_jump_forward_is_time() {
        let mut clock = Clock::starting_at(Millis::new(10_000));
        assert!(!clock.tick(Millis::new(9_500)).1);
        assert_eq!(clock.tick(Millis::new(3_609_500)).0.mono, Millis::new(3_610_000));
        assert!(!clock.tick(Millis::new(3_608_500)).1, "a second");
        assert!(clock.tick(Millis::new(3_607_499)).1, "and a millisecond");
    }
}
