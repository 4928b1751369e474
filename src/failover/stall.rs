//! Shared stalls: when no output arrives, the viewer's own network is the cause. Afterwards, the first sign of life of one output
//! says nothing about the others yet.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::Failover;
use super::feed::Feed;
use crate::time::{Duration, Instant};

/// A start that takes longer was held up, perhaps by the viewer's own network.
const LATE_START: Duration = Duration::from_millis(1_000);

/// A period in which no output arrived. The output on screen may recover a little later than another. It gets as much
/// time as the stall lasted, but at least `frameGapGraceMs` and at most `congestedGraceMs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct SharedStall {
    pub(super) since: Instant,
    /// The output on screen may recover until this time.
    pub(super) until: Instant,
    pub(super) is_over: bool,
}

impl Failover {
    /// `at`, or the end of the time for recovery from a shared stall if that is later.
    pub(super) fn after_shared_stall(&self, at: Instant) -> Instant {
        self.shown.and_then(|shown| shown.stall).map_or(at, |stall| at.max(stall.until))
    }

    /// Begins, extends or ends the shared stall. Call it before a signal changes the state of an output.
    pub(super) fn update_shared_stall(&mut self) {
        let stall = self.shared_stall();
        if let Some(shown) = &mut self.shown {
            shown.stall = stall;
        }
    }

    fn shared_stall(&self) -> Option<SharedStall> {
        let feed = self.shown_feed()?;
        let before = self.shown?.stall;
        let ended = before.map(|stall| SharedStall { is_over: true, ..stall });
        if !(feed.is_frozen() || feed.has_no_data() || feed.is_out_of_rhythm(self.now)) {
            return ended;
        }
        let open = before.filter(|stall| !stall.is_over);
        let start = self.others().filter_map(|other| other.starting_for(self.now)).max();
        let is_late = start.is_some_and(|takes| takes > LATE_START);
        if is_late || (!self.is_another_alive() && (open.is_some() || self.can_judge_others())) {
            let since = open.map(|stall| stall.since).or_else(|| self.last_active_at());
            return Some(self.ongoing_stall(before, since.unwrap_or(self.now)));
        }
        if start.is_some() { Some(self.stall_by_start(before, feed)) } else { ended }
    }

    fn is_another_alive(&self) -> bool {
        // If another output reports frames, stats polls prove nothing: their bytes may be older than the last frame.
        let has_frames = self.others().any(|other| other.had_recent_frame(self.now));
        self.others().any(|other| other.is_alive(self.now) && other.had_recent_frame(self.now) == has_frames)
    }

    /// Whether it means anything that no other output is alive: there is evidence about another output, or no other
    /// output is usable.
    fn can_judge_others(&self) -> bool {
        self.others().any(Feed::has_evidence) || !self.others().any(Feed::is_usable)
    }

    /// When any subscribed output last arrived for certain.
    fn last_active_at(&self) -> Option<Instant> {
        self.feeds.iter().filter(|feed| feed.is_watched()).filter_map(Feed::last_active_at).max()
    }

    fn ongoing_stall(&self, before: Option<SharedStall>, since: Instant) -> SharedStall {
        let lasted = self.now.duration_since(since);
        let grace = lasted.max(self.config.frame_gap_grace_ms).min(self.config.congested_grace_ms);
        SharedStall { since, until: self.latest_end(before, grace), is_over: false }
    }

    /// Another output has only just begun to start, which proves nothing yet.
    fn stall_by_start(&self, before: Option<SharedStall>, shown: &Feed) -> SharedStall {
        // Without frames the beginning of the stall is unknown: the network may have recovered only just now.
        let is_vague = self.viewer.visible && shown.has_no_data() && shown.last_frame().is_none();
        let grace = if is_vague { self.config.congested_grace_ms } else { self.config.frame_gap_grace_ms };
        SharedStall { since: self.now, until: self.latest_end(before, grace), is_over: true }
    }

    /// The end of a grace period that begins now, but not before the end of the one before.
    fn latest_end(&self, before: Option<SharedStall>, grace: Duration) -> Instant {
        let end = self.now + grace;
        before.map_or(end, |stall| stall.until.max(end))
    }
}
