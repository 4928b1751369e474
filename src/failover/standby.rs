//! The outputs that are not on screen: which is best, whether it is ready, and whether one proves that the viewer's own network
//! works.

use super::Failover;
use super::feed::Feed;
use super::signal::Kind;
use crate::time::{Duration, Instant};

impl Failover {
    /// All outputs except the one on screen.
    pub(super) fn others(&self) -> impl Iterator<Item = &Feed> {
        let shown = self.shown();
        self.feeds.iter().filter(move |feed| Some(feed.uid) != shown)
    }

    /// The best of the others, in this order: healthy ones, then those that are ready, the one on air, those already subscribed,
    /// and the order of preference. Outputs that failed recently, stall or are muted come last.
    pub(super) fn best(&self) -> Option<&Feed> {
        let rank = |feed: &&Feed| {
            let is_bad =
                self.now < feed.cooldown_until || self.is_stalled(feed) || feed.muted_since.is_some();
            (is_bad, !self.is_ready(feed), Some(feed.uid) != self.on_air, !feed.is_watched())
        };
        self.others().filter(|feed| feed.is_usable()).min_by_key(rank)
    }

    /// Whether it can be shown: its first frame has arrived (in a hidden page: its bytes arrive), and it is healthy.
    pub(super) fn is_ready(&self, feed: &Feed) -> bool {
        // One frame is enough while the second may still arrive.
        let may_start = self.now < feed.start_deadline(self.config.start_timeout_ms);
        let is_seen = (feed.is_seen() && (feed.has_started() || may_start))
            || (!self.viewer.visible && feed.is_subscribed(Kind::Video) && feed.receives_video(self.now));
        let is_bad = feed.is_frozen() || feed.has_no_data() || feed.is_fallback();
        feed.is_usable() && is_seen && !is_bad
    }

    /// Whether another output is decoding and provably arrives, so a switch takes no time.
    pub(super) fn has_quick_standby(&self, shown: &Feed) -> bool {
        let gap_grace = shown.gap_grace(Duration::ZERO).unwrap_or(self.config.frame_gap_grace_ms);
        let is_quick = |other: &Feed| {
            self.is_ready(other) && other.is_progressing(self.now) && other.continued_after(shown, gap_grace)
        };
        self.viewer.visible && self.others().any(is_quick)
    }

    /// When an output that is subscribed but does not arrive counts as stalled.
    fn stalls_at(&self, feed: &Feed) -> Option<Instant> {
        if !feed.is_subscribed(Kind::Video) {
            return None;
        }
        let at = match feed.freeze() {
            // The stats of the outputs are polled one after the other.
            _ if feed.has_no_data() => {
                feed.last_bytes() + self.config.start_timeout_ms + self.config.frozen_grace_ms
            }
            Some(freeze) => freeze.since + self.config.frozen_grace_ms,
            None if self.viewer.visible && !feed.has_started() => {
                feed.start_deadline(self.config.start_timeout_ms)
            }
            None => return None,
        };
        // A shared stall is no output's fault; if it goes on, another output is worth a try.
        let stall = self.shown.and_then(|shown| shown.stall);
        let excused_until =
            stall.map(
                |stall| if stall.is_over { stall.until } else { stall.since + self.config.start_timeout_ms },
            );
        Some(excused_until.map_or(at, |until| at.max(until)))
    }

    pub(super) fn is_stalled(&self, feed: &Feed) -> bool {
        self.stalls_at(feed).is_some_and(|at| self.now >= at)
    }

    /// When the best standby will count as stalled.
    pub(super) fn next_stall(&self) -> Option<Instant> {
        self.stalls_at(self.best()?).filter(|at| *at > self.now)
    }
}
