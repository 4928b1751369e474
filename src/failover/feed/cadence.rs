//! The cadence of an output's frames: how late the next one may be before that is a fault.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use crate::time::{Duration, Instant};

/// The number of gaps after which the cadence is known.
const MIN_KNOWN_GAPS: u8 = 8;
/// A gap longer than this, and than three frame intervals, is always out of rhythm.
const RHYTHM_MS: u32 = 150;
/// A longer gap does not count for the cadence: it was a stall, or the page was hidden.
pub(super) const MAX_GAP_MS: u32 = 1_000;

/// The rhythm of the frames since the first one, or since the last stall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Cadence {
    pub(super) last_frame: Instant,
    /// The interval between frames, smoothed, in 1/16 ms.
    interval: u32,
    /// The longest recent gap, in ms.
    longest_gap: u32,
    /// The number of gaps that were measured.
    pub(super) gaps: u8,
}

impl Cadence {
    pub(super) fn new(first_frame: Instant) -> Self {
        Self { last_frame: first_frame, interval: 0, longest_gap: 0, gaps: 0 }
    }

    /// A frame arrived. Returns `false` if it ends a stall.
    pub(super) fn frame(&mut self, now: Instant) -> bool {
        let gap = self.gap(now);
        if gap > MAX_GAP_MS {
            *self = Self::new(now);
            return false;
        }
        self.interval = if self.gaps == 0 { gap * 16 } else { self.interval - self.interval / 8 + gap * 2 };
        // Fades within about ten seconds.
        self.longest_gap = gap.max(self.longest_gap - self.longest_gap / 128);
        self.gaps = self.gaps.saturating_add(1);
        self.last_frame = now;
        true
    }

    /// How long frames may be missing before that is a fault, once the cadence is known.
    pub(super) fn gap_grace(&self, least: Duration) -> Option<Duration> {
        let by_cadence = (self.interval / 4).max(self.longest_gap * 2).min(MAX_GAP_MS);
        self.is_known().then(|| least.max(Duration::from_millis(by_cadence.into())))
    }

    /// The next frame is later than usual.
    pub(super) fn is_out_of_rhythm(&self, now: Instant) -> bool {
        let rhythm = if self.is_known() {
            let most = RHYTHM_MS.max(self.interval * 3 / 16);
            // Not `clamp`: it can panic, and its formatting code would make the module larger.
            self.longest_gap.max(self.interval / 8).min(most).max(34)
        } else {
            RHYTHM_MS
        };
        self.gap(now) > rhythm
    }

    fn is_known(&self) -> bool {
        self.gaps >= MIN_KNOWN_GAPS
    }

    /// Time since the last frame, in ms.
    fn gap(&self, now: Instant) -> u32 {
        u32::try_from(now.duration_since(self.last_frame).as_millis()).unwrap_or(u32::MAX)
    }
}
