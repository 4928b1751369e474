//! The outputs that are not shown: which of them is best, whether it can be shown, and whether one proves that the viewer's
//! own network is well.

use super::Failover;
use super::feed::Feed;
use super::signal::Kind;
use crate::time::{Duration, Instant};

impl Failover {
    /// All outputs but the one that is shown.
    pub(super) fn others(&self) -> impl Iterator<Item = &Feed> {
        let shown = self.shown();
        self.feeds.iter().filter(move |feed| Some(feed.uid) != shown)
    }

    /// The best of the others: one that is ready, then the one that the server says is on air, then one that is subscribed
    /// already, then the preferred one. One that failed lately, does not flow, or is muted, only if there is no other.
    pub(super) fn best(&self) -> Option<&Feed> {
        let rank = |feed: &&Feed| {
            let is_bad = self.now < feed.penalty_until || self.is_stalled(feed) || feed.muted_since.is_some();
            (is_bad, !self.is_ready(feed), Some(feed.uid) != self.on_air, !feed.is_watched())
        };
        self.others().filter(|feed| feed.is_usable()).min_by_key(rank)
    }

    /// Whether it can be shown: it has been seen (or, in a hidden page, its bytes come), and it is well.
    pub(super) fn is_ready(&self, feed: &Feed) -> bool {
        // The first frame is enough to be shown, for as long as the second may still come.
        let may_start = self.now < feed.start_deadline(self.config.starting_ms);
        let is_seen = (feed.is_seen() && (feed.has_started() || may_start))
            || (!self.viewer.visible && feed.is_subscribed(Kind::Video) && feed.video_bytes_come(self.now));
        let is_bad = feed.is_frozen() || feed.is_dead() || feed.is_fallback();
        feed.is_usable() && is_seen && !is_bad
    }

    /// Another output is decoded and provably flows: changing over costs next to nothing.
    pub(super) fn has_quick_standby(&self, shown: &Feed) -> bool {
        let patience = shown.patience(Duration::ZERO).unwrap_or(self.config.frame_gap_ms);
        let is_quick = |other: &Feed| {
            self.is_ready(other) && other.is_progressing(self.now) && other.outlives(shown, patience)
        };
        self.viewer.visible && self.others().any(is_quick)
    }

    /// When an output that is subscribed, but does not flow, is given up in favour of one that may.
    fn stalls_at(&self, feed: &Feed) -> Option<Instant> {
        if !feed.is_subscribed(Kind::Video) {
            return None;
        }
        let at = match feed.freeze() {
            // The statistics of the outputs come one after the other.
            _ if feed.is_dead() => feed.last_bytes() + self.config.starting_ms + self.config.frozen_ms,
            Some(freeze) => freeze.since + self.config.frozen_ms,
            None if self.viewer.visible && !feed.has_started() => {
                feed.start_deadline(self.config.starting_ms)
            }
            None => return None,
        };
        // As long as all stall together, none of them is to blame; if that goes on, another one is worth a try.
        let stall = self.shown.and_then(|shown| shown.stall);
        let blamed_from = stall
            .map(|stall| if stall.is_over { stall.until } else { stall.since + self.config.starting_ms });
        Some(blamed_from.map_or(at, |from| at.max(from)))
    }

    pub(super) fn is_stalled(&self, feed: &Feed) -> bool {
        self.stalls_at(feed).is_some_and(|at| self.now >= at)
    }

    /// When to look for another standby.
    pub(super) fn next_stall(&self) -> Option<Instant> {
        self.stalls_at(self.best()?).filter(|at| *at > self.now)
    }
}
