//! The stats polls of one track: whether its bytes arrive.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use crate::time::{Duration, Instant};

/// The age up to which a stats poll or a frame proves that a track is alive.
const MAX_EVIDENCE_AGE: Duration = Duration::from_millis(2_500);

/// What the stats polls of one track found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Bytes {
    /// When a stats poll last found new bytes.
    pub(super) received_at: Option<Instant>,
    pub(super) silence: Option<Silence>,
}

/// Consecutive stats polls that found no new bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Silence {
    /// The first of them.
    pub(super) since: Instant,
    polls: u8,
}

impl Bytes {
    /// A stats poll: whether bytes arrived since the last one. Returns how many in a row found none.
    pub(super) fn polled(&mut self, received: bool, now: Instant) -> u8 {
        if received {
            *self = Self { received_at: Some(now), silence: None };
            return 0;
        }
        let silence = self.silence.get_or_insert(Silence { since: now, polls: 0 });
        silence.polls = silence.polls.saturating_add(1);
        silence.polls
    }

    pub(super) fn silent_polls(&self) -> u8 {
        self.silence.map_or(0, |silence| silence.polls)
    }

    /// When bytes last arrived, if they have stopped.
    pub(super) fn silent_since(&self) -> Option<Instant> {
        self.silence.map(|silence| self.received_at.unwrap_or(silence.since))
    }

    /// Whether bytes arrive, according to a recent stats poll.
    pub(super) fn arrive(&self, now: Instant) -> bool {
        self.silence.is_none() && self.received_at.is_some_and(|at| is_recent(now, at))
    }
}

pub(super) fn is_recent(now: Instant, at: Instant) -> bool {
    now.duration_since(at) <= MAX_EVIDENCE_AGE
}
