//! Moments of two clocks, and how long it is between them.
//!
//! All count milliseconds, from 0 to 2^53 − 1. Arithmetic saturates: no time, however odd, makes the core panic. Types of our
//! own instead of `std::time`'s, because they must serialise, and work
//! on `wasm32-unknown-unknown`, where `std::time::Instant::now` panics.

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

/// The largest integer that a JavaScript number holds exactly, and so the largest number of milliseconds.
pub(crate) const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Declares one kind of time.
macro_rules! milliseconds {
    ($(#[$about:meta])* $Time:ident, $(#[$about_zero:meta])* ZERO) => {
        $(#[$about])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "server", derive(Serialize), serde(transparent))]
        pub struct $Time(u64);

        impl $Time {
            $(#[$about_zero])*
            pub const ZERO: Self = Self(0);
            /// The largest value: 2^53 − 1 ms.
            pub const MAX: Self = Self(MAX_SAFE_INTEGER);

            /// A number of milliseconds; more than [`MAX`](Self::MAX) become it.
            #[must_use]
            pub const fn from_millis(ms: u64) -> Self {
                if ms > MAX_SAFE_INTEGER { Self::MAX } else { Self(ms) }
            }

            /// The number of milliseconds.
            #[must_use]
            pub const fn as_millis(self) -> u64 {
                self.0
            }

            /// The same of a JavaScript number; what is negative, or no number, is 0.
            #[must_use]
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
            pub const fn from_f64(ms: f64) -> Self {
                Self::from_millis(ms as u64)
            }

            /// As a JavaScript number, which holds it exactly.
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
            /// `Millis(1500)`: the unit is what a reader cannot know.
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
    /// How long something takes, in ms.
    Duration,
    /// No time at all.
    ZERO
}

milliseconds! {
    /// A moment of a clock that never goes back, in ms since that began: for waits, deadlines and ages. Moments of two clocks
    /// cannot be compared. A supervisor makes such a clock of its caller's; a viewer is given that of its page.
    Instant,
    /// The earliest moment.
    ZERO
}

milliseconds! {
    /// A moment by a clock on the wall, in ms since the Unix epoch: for people, and for dates that the service sends. Such a
    /// clock may be set, so the difference between two of its moments is no proof that time has passed.
    WallTime,
    /// The Unix epoch.
    ZERO
}

impl Duration {
    /// A number of seconds.
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
    /// How much later it is than `earlier`; zero if it is not.
    #[must_use]
    pub const fn duration_since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl WallTime {
    /// How much later the clock showed it than `earlier`; zero if it did not.
    #[must_use]
    pub const fn duration_since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Sub<Duration> for WallTime {
    type Output = Self;

    /// Not before the epoch.
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

/// One moment, on both of a machine's clocks.
#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// What the caller's clock shows: for events, and for dates that the service sends.
    pub(crate) wall: WallTime,
    /// For every wait and deadline.
    pub(crate) mono: Instant,
}

/// Makes a clock that never goes back out of one that may jump either way. Nothing else converts between the two.
///
/// When the caller's clock is set back, time stands still for us instead, so that a wait of five seconds does not
/// become one of an hour. A jump forward cannot be told from a process that slept: it counts as time, but not for more
/// than a process sleeps, or a clock that was set to the end of time would leave none.
///
/// The time between the last tick and the set-back would be lost, and with it most of a long wait. It is counted in three steps:
/// 1. `EnvCalls.now()` (`src/js/host.ts`) reads `performance.now()` beside the application's clock. Where that shows less than
///    before, it notes what it would have shown: `beforeSetBack()`.
/// 2. The driver (`src/wasm/driver.rs`, `at`) hands that in before anything else, if the clock went back by more than a second
///    (`elapse` of the group): a tick up to the moment at which it was set.
/// 3. The tick with what the clock shows now stands still, and the next ones go on from there.
///
/// The Durable Objects have a clock of the same kind for their own short waits (`src/js/cloudflare/clock.ts`), without 1 and 2.
#[cfg(feature = "server")]
#[apply(document)]
#[json(same)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    last_wall: WallTime,
    mono: Instant,
}

/// Longer than any wait, so that whatever is due after a longer one is due after this as well.
#[cfg(feature = "server")]
const LONGEST_SLEEP: Duration = Duration::from_secs(365 * 86_400);

#[cfg(feature = "server")]
impl Clock {
    /// Begins with the number that the caller's shows.
    pub(crate) fn starting_at(wall: WallTime) -> Self {
        Self { last_wall: wall, mono: Instant(wall.0) }
    }

    /// Checks what was restored: there must be time left.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        let (found, most) = (Duration(self.mono.0), Duration(MAX_SAFE_INTEGER / 2));
        if found > most {
            return Err(Invalid::new("clock.mono", found, format!("at most {most}")));
        }
        Ok(())
    }

    /// The moment of the last [`tick`](Self::tick).
    pub(crate) fn mono(&self) -> Instant {
        self.mono
    }

    /// Takes what the caller's clock shows. The flag says that it was set back by more than a second.
    pub(crate) fn tick(&mut self, wall: WallTime) -> (Now, bool) {
        let went_back = self.last_wall.duration_since(wall) > Duration::from_secs(1);
        self.mono += wall.duration_since(self.last_wall).min(LONGEST_SLEEP);
        self.last_wall = wall;
        (Now { wall, mono: self.mono }, went_back)
    }

    /// The moment at which the caller's clock shows this.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn instant(&mut self, wall: WallTime) -> Instant {
        self.tick(wall).0.mono
    }

    /// What the caller's clock, as it is set now, showed at `mono`, which is over.
    pub(crate) fn wall_of(&self, mono: Instant) -> WallTime {
        self.last_wall - self.mono.duration_since(mono)
    }

    /// When the caller's clock will show `mono`, if nobody sets it.
    pub(crate) fn wall_at(&self, mono: Instant) -> WallTime {
        self.last_wall + mono.duration_since(self.mono)
    }
}

/// Short names for tests, which have many times.
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
    fn javascript_numbers_are_taken_as_they_are_or_as_the_nearest_that_there_is() {
        assert_eq!(
            [1.9, 0.0, -1.0, f64::NAN, f64::INFINITY].map(Duration::from_f64),
            [ms(1), ms(0), ms(0), ms(0), Duration::MAX]
        );
        assert_eq!(Duration::MAX.as_f64(), 9_007_199_254_740_991.0);
    }

    #[test]
    fn texts_say_the_unit() {
        assert_eq!(secs(1).to_string(), "1000 ms");
        assert_eq!(
            format!("{:?}", (secs(1), Instant::ZERO, wall(5))),
            "(Millis(1000), Millis(0), Millis(5))"
        );
    }

    #[test]
    fn a_clock_set_back_stands_still_and_then_goes_on() {
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
    fn a_clock_set_to_the_end_of_time_leaves_some() {
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
    fn a_small_step_back_is_no_jump_and_a_jump_forward_is_time() {
        let mut clock = Clock::starting_at(wall(10_000));
        assert!(!clock.tick(wall(9_500)).1);
        assert_eq!(clock.tick(wall(3_609_500)).0.mono.as_millis(), 3_610_000);
        assert!(!clock.tick(wall(3_608_500)).1, "a second");
        assert!(clock.tick(wall(3_607_499)).1, "and a millisecond");
    }
}
