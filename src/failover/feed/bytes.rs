//! What the stats polls say of one track: whether its bytes come.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use crate::time::{Duration, Instant};

/// A stats poll is this old at most, or it says nothing of now.
const RECENT: Duration = Duration::from_millis(2_500);

/// What the stats polls of one track have found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Bytes {
    /// When bytes came last.
    pub(super) came_at: Option<Instant>,
    pub(super) silence: Option<Silence>,
}

/// Stats polls in a row that found no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Silence {
    /// The first of them.
    pub(super) since: Instant,
    polls: u8,
}

impl Bytes {
    /// A stats poll: whether bytes came since the last one. How many in a row have found none.
    pub(super) fn polled(&mut self, came: bool, now: Instant) -> u8 {
        if came {
            *self = Self { came_at: Some(now), silence: None };
            return 0;
        }
        let silence = self.silence.get_or_insert(Silence { since: now, polls: 0 });
        silence.polls = silence.polls.saturating_add(1);
        silence.polls
    }

    pub(super) fn silent_polls(&self) -> u8 {
        self.silence.map_or(0, |silence| silence.polls)
    }

    /// When bytes were last known to come, if they do not any more.
    pub(super) fn silent_since(&self) -> Option<Instant> {
        self.silence.map(|silence| self.came_at.unwrap_or(silence.since))
    }

    /// Whether they come, if a stats poll was recent enough to know.
    pub(super) fn come(&self, now: Instant) -> bool {
        self.silence.is_none() && self.came_at.is_some_and(|at| is_recent(now, at))
    }
}

pub(super) fn is_recent(now: Instant, at: Instant) -> bool {
    now.duration_since(at) <= RECENT
}
