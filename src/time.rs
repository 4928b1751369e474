//! Times of two clocks, and durations.
//!
//! All count milliseconds from 0 to 2^53 − 1. Arithmetic saturates: no time makes the core panic. `std::time` does
//! not fit: its types cannot be serialized, and `std::time::Instant::now` panics on `wasm32-unknown-unknown`.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

#[cfg(feature = "server")]
use macro_rules_attribute::apply;
#[cfg(feature = "server")]
use serde::Serialize;

#[cfg(feature = "server")]
use crate::document::{Document, Json, Writer, Wrong, document};
#[cfg(feature = "server")]
use crate::error::Invalid;

/// The largest integer that JavaScript represents exactly, and so the maximum of milliseconds.
pub(crate) const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Declares a type of time.
macro_rules! milliseconds {
    ($(#[$about:meta])* $Time:ident, $(#[$about_zero:meta])* ZERO) => {
        $(#[$about])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "server", derive(Serialize), serde(transparent))]
        pub struct $Time(u64);

        impl $Time {
            $(#[$about_zero])*
            pub const ZERO: Self = Self(0);
            /// The maximum: 2^53 − 1 ms.
            pub const MAX: Self = Self(MAX_SAFE_INTEGER);

            /// From milliseconds, at most [`MAX`](Self::MAX).
            #[must_use]
            pub const fn from_millis(ms: u64) -> Self {
                if ms > MAX_SAFE_INTEGER { Self::MAX } else { Self(ms) }
            }

            /// In milliseconds.
            #[must_use]
            pub const fn as_millis(self) -> u64 {
                self.0
            }

            /// From a JavaScript number of milliseconds; negative numbers and NaN become 0.
            #[must_use]
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
            pub const fn from_f64(ms: f64) -> Self {
                Self::from_millis(ms as u64)
            }

            /// As a JavaScript number, which is exact.
            #[must_use]
            #[allow(clippy::cast_precision_loss, reason = "it is at most `MAX`")]
            pub const fn as_f64(self) -> f64 {
                self.0 as f64
            }
        }

        impl Add<Duration> for $Time {
            type Output = Self;

            /// At most [`MAX`](Self::MAX).
            fn add(self, duration: Duration) -> Self {
                Self::from_millis(self.0 + duration.0)
            }
        }

        impl AddAssign<Duration> for $Time {
            fn add_assign(&mut self, duration: Duration) {
                *self = *self + duration;
            }
        }

        impl fmt::Debug for $Time {
            /// `Millis(1500)`: shows the unit.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple("Millis").field(&self.0).finish()
            }
        }

        #[cfg(feature = "server")]
        impl Document for $Time {
            fn blank() -> Self {
                Self::ZERO
            }

            fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
                *self = json.value().map(Self::from_millis)?;
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
        document!(@serde read $Time);
    };
}

milliseconds! {
    /// A duration, in ms.
    Duration,
    /// Zero.
    ZERO
}

milliseconds! {
    /// A time of a monotonic clock, in ms since its start: for waits, deadlines and ages. Times of two clocks cannot
    /// be compared. A supervisor derives such a clock from its caller's; a viewer uses its page's.
    Instant,
    /// The earliest time.
    ZERO
}

milliseconds! {
    /// A wall-clock time, in ms since the Unix epoch: for people, and for the service's dates. Such a clock may be
    /// set: a difference of two of its times is no proof that time has passed.
    WallTime,
    /// The Unix epoch.
    ZERO
}

impl Duration {
    /// From seconds.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self::from_millis(s.saturating_mul(1000))
    }

    /// `self - other`, at least zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Instant {
    /// The time since `earlier`; zero if that is later.
    #[must_use]
    pub const fn duration_since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl WallTime {
    /// The time since `earlier` by this clock; zero if that is later.
    #[must_use]
    pub const fn duration_since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Sub<Duration> for WallTime {
    type Output = Self;

    /// At least the epoch.
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration.0))
    }
}

impl From<Duration> for u64 {
    fn from(duration: Duration) -> Self {
        duration.0
    }
}

impl fmt::Display for Duration {
    /// `1500 ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// The current time of both clocks of a machine.
#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// The caller's wall clock: for events, and for the service's dates.
    pub(crate) wall: WallTime,
    /// The monotonic clock: for all waits and deadlines.
    pub(crate) mono: Instant,
}

/// Derives a monotonic clock from a wall clock that may jump in either direction. Nothing else converts between the
/// two.
///
/// When the caller's clock is set back, monotonic time stands still, so a wait of five seconds does not become one of
/// an hour. A jump forward looks like a process that slept. It counts, but only as much as a process may sleep:
/// otherwise, a clock that is set to its maximum would leave no time.
///
/// The time between the last tick and a set-back would be lost, and with it most of a long wait. It is counted in
/// three steps:
/// 1. `EnvCalls.now()` (`src/js/env.ts`) compares the application's clock with `performance.now()`. When it goes back,
/// `beforeSetBack()` returns the time that it would have shown.
/// 2. The driver (`src/wasm/driver.rs`, `at`) passes that on first, if the clock went back by more than a second
///    (`elapse` of the group): a tick up to the time of the set-back.
/// 3. The next tick, with the new time, stands still; later ones continue from there.
///
/// The Durable Objects use a similar clock for their own short waits (`src/js/cloudflare/clock.ts`), without steps 1
/// and 2.
#[cfg(feature = "server")]
#[apply(document)]
#[json(same)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    last_wall: WallTime,
    mono: Instant,
}

/// Longer than any wait: whatever is due after a longer jump is due after this one, too.
#[cfg(feature = "server")]
const MAX_SLEEP: Duration = Duration::from_secs(365 * 86_400);

#[cfg(feature = "server")]
impl Clock {
    /// Starts with the caller's time.
    pub(crate) fn starting_at(wall: WallTime) -> Self {
        Self { last_wall: wall, mono: Instant(wall.0) }
    }

    /// Checks a restored clock: there must be time left.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        let (found, most) = (Duration(self.mono.0), Duration(MAX_SAFE_INTEGER / 2));
        if found > most {
            return Err(Invalid::new("clock.mono", found, format!("at most {most}")));
        }
        Ok(())
    }

    /// The time of the last [`tick`](Self::tick).
    pub(crate) fn mono(&self) -> Instant {
        self.mono
    }

    /// Updates the clock with the caller's. The flag reports that it was set back by more than a second.
    pub(crate) fn tick(&mut self, wall: WallTime) -> (Now, bool) {
        let went_back = self.last_wall.duration_since(wall) > Duration::from_secs(1);
        self.mono += wall.duration_since(self.last_wall).min(MAX_SLEEP);
        self.last_wall = wall;
        (Now { wall, mono: self.mono }, went_back)
    }

    /// The monotonic time at which the caller's clock shows this.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn instant(&mut self, wall: WallTime) -> Instant {
        self.tick(wall).0.mono
    }

    /// The time that the caller's clock, as it is set now, would have shown at `mono`, which is in the past.
    pub(crate) fn wall_of(&self, mono: Instant) -> WallTime {
        self.last_wall - self.mono.duration_since(mono)
    }

    /// The wall-clock time at `mono`, if the clock is not set meanwhile.
    pub(crate) fn wall_at(&self, mono: Instant) -> WallTime {
        self.last_wall + mono.duration_since(self.mono)
    }
}

/// Short names for tests, which contain many times.
#[cfg(test)]
pub(crate) mod short {
    use super::{Duration, Instant, WallTime};

    pub(crate) const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    pub(crate) const fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    pub(crate) const fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    pub(crate) const fn wall(ms: u64) -> WallTime {
        WallTime::from_millis(ms)
    }
}

#[cfg(test)]
mod tests {
    use super::short::{ms, secs, wall};
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Duration::from_millis(u64::MAX), Duration::MAX);
        assert_eq!(Duration::from_secs(u64::MAX), Duration::MAX);
        assert_eq!(Duration::MAX + secs(1), Duration::MAX);
        assert_eq!(Duration::MAX + Duration::MAX, Duration::MAX);
        assert_eq!(Duration::ZERO.saturating_sub(Duration::MAX), Duration::ZERO);
        assert_eq!(Instant::MAX + secs(1), Instant::MAX);
        assert_eq!(Instant::ZERO.duration_since(Instant::MAX), Duration::ZERO);
        assert_eq!(WallTime::ZERO.duration_since(WallTime::MAX), Duration::ZERO);
        assert_eq!(WallTime::ZERO - secs(1), WallTime::ZERO);
        assert_eq!(Duration::MAX.as_millis(), 9_007_199_254_740_991);
        assert_eq!(u64::from(secs(1)), 1000);
    }

    #[test]
    fn javascript_numbers_become_the_nearest_valid_time() {
        assert_eq!(
            [1.9, 0.0, -1.0, f64::NAN, f64::INFINITY].map(Duration::from_f64),
            [ms(1), ms(0), ms(0), ms(0), Duration::MAX]
        );
        assert_eq!(Duration::MAX.as_f64(), 9_007_199_254_740_991.0);
    }

    #[test]
    fn displayed_times_have_a_unit() {
        assert_eq!(secs(1).to_string(), "1000 ms");
        assert_eq!(
            format!("{:?}", (secs(1), Instant::ZERO, wall(5))),
            "(Millis(1000), Millis(0), Millis(5))"
        );
    }

    #[test]
    fn a_clock_set_back_stands_still_and_then_continues() {
        let mut clock = Clock::starting_at(wall(3_600_000));
        let began = clock.mono();
        let deadline = began + secs(5);

        let (now, went_back) = clock.tick(WallTime::ZERO);
        assert!(went_back);
        assert_eq!(now, Now { wall: WallTime::ZERO, mono: began });
        assert_eq!(clock.wall_at(deadline), wall(5000));

        let (now, went_back) = clock.tick(wall(5000));
        assert!(!went_back);
        assert_eq!(now.mono, deadline);
    }

    #[test]
    fn a_clock_set_to_its_maximum_leaves_time() {
        let mut clock = Clock::starting_at(WallTime::ZERO);
        assert_eq!(clock.tick(WallTime::MAX).0.mono.as_millis(), 31_536_000_000, "a year");
        clock.tick(WallTime::ZERO);
        assert_eq!(clock.tick(wall(5)).0.mono.as_millis(), 31_536_000_005);
    }

    #[test]
    fn a_clock_is_restored_if_there_is_time_left() {
        let check = |mono| Clock { mono: Instant::from_millis(mono), ..Clock::default() }.check();
        assert_eq!(check(4_503_599_627_370_495), Ok(()));
        let refused = Invalid::new("clock.mono", "4503599627370496 ms", "at most 4503599627370495 ms");
        assert_eq!(check(4_503_599_627_370_496), Err(refused));
        assert!(check(u64::MAX).is_err());
    }

    #[test]
    fn a_small_step_back_is_no_jump_and_a_jump_forward_counts() {
        let mut clock = Clock::starting_at(wall(10_000));
        assert!(!clock.tick(wall(9_500)).1);
        assert_eq!(clock.tick(wall(3_609_500)).0.mono.as_millis(), 3_610_000);
        assert!(!clock.tick(wall(3_608_500)).1, "a second");
        assert!(clock.tick(wall(3_607_499)).1, "and a millisecond");
    }
}
