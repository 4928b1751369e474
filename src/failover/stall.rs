//! When nothing comes of any output it is the viewer's own network: then the first sign of one says nothing of the others.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::Failover;
use super::feed::Feed;
use crate::time::{Duration, Instant};

/// A start that takes this long was held up, perhaps by the viewer's own network.
const LATE_START: Duration = Duration::from_millis(1_000);

/// A time in which nothing of any output came. The one that is shown may come back a little later than another: it is
/// given as long as that took, within bounds; and a little while when another has only just begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct SharedStall {
    pub(super) since: Instant,
    /// Until then the one that is shown is waited for.
    pub(super) until: Instant,
    pub(super) is_over: bool,
}

impl Failover {
    /// Whether nothing came of any output until now: then what comes first says nothing of the others yet.
    pub(super) fn note_shared_stall(&mut self) {
        let stall = self.shared_stall();
        if let Some(shown) = &mut self.shown {
            shown.stall = stall;
        }
    }

    fn shared_stall(&self) -> Option<SharedStall> {
        let (now, config) = (self.now, &self.config);
        let feed = self.shown_feed()?;
        let before = self.shown.and_then(|shown| shown.stall);
        let shown_stalls = feed.is_frozen() || feed.is_dead() || feed.is_out_of_rhythm(now);
        let open = before.filter(|stall| !stall.is_over);
        let known = before.map_or(now, |stall| stall.until);
        let starting = self.others().filter_map(|feed| feed.starts_for(now)).max();
        let starts_late = starting.is_some_and(|takes| takes > LATE_START);
        // Where another one reports frames, a stats poll says too little of the rest: its bytes may be as old as the last frame.
        let is_seen = self.others().any(|other| other.was_seen_lately(now));
        let lives = self.others().any(|other| other.lives(now) && other.was_seen_lately(now) == is_seen);
        // One that is there, but was never polled, says nothing either way.
        let is_known = self.others().any(Feed::is_known) || !self.others().any(Feed::is_usable);
        if shown_stalls && (starts_late || (!lives && (is_known || open.is_some()))) {
            let last_sign =
                || self.feeds.iter().filter(|feed| feed.is_watched()).filter_map(Feed::last_sign).max();
            let since = open.map(|stall| stall.since).or_else(last_sign).unwrap_or(now);
            let takes = now.duration_since(since).max(config.frame_gap_ms).min(config.congested_ms);
            return Some(SharedStall { since, until: known.max(now + takes), is_over: false });
        }
        if shown_stalls && starting.is_some() {
            // Where no frame tells since when it stalls, the network may have come back only just now.
            let is_vague = self.viewer.visible && feed.is_dead() && feed.last_frame().is_none();
            let patience = if is_vague { config.congested_ms } else { config.frame_gap_ms };
            return Some(SharedStall { since: now, until: known.max(now + patience), is_over: true });
        }
        before.map(|stall| SharedStall { is_over: true, ..stall })
    }

    pub(super) fn after_shared_stall(&self, at: Instant) -> Instant {
        self.shown.and_then(|shown| shown.stall).map_or(at, |stall| at.max(stall.until))
    }
}
