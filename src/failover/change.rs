//! A change from one output to another: under way until its target can be shown, then measured until the first frame.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::decide::AllDown;
use super::feed::Feed;
use super::{Event, Failover, Reason, Shown};
use crate::time::Instant;
use crate::uid::Uid;

/// A change that is under way: its target is not ready to be shown yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Pending {
    pub(super) to: Uid,
    pub(super) cause: Cause,
    pub(super) since: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) enum Cause {
    Start,
    Fault(Reason),
    FailBack,
}

impl Cause {
    /// The change is wanted though the output that is shown is well.
    pub(super) fn is_wish(self) -> bool {
        matches!(self, Self::Start | Self::FailBack | Self::Fault(Reason::OnAir))
    }
}

/// A change whose first frame is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Measured {
    pub(super) from: Uid,
    to: Uid,
    reason: Reason,
    last_frame: Instant,
    decided_at: Instant,
}

impl Failover {
    /// Shows it if it is ready; or else waits for its first frame, but not for ever.
    pub(super) fn change_to(&mut self, to: Uid, cause: Cause) -> Option<Instant> {
        let feed = self.feed(to)?;
        let is_usable = feed.is_usable();
        if self.is_ready(feed) {
            self.show(to, cause);
            return Some(self.now);
        }
        let before = self.pending.filter(|pending| pending.to == to);
        let since = before.map_or(self.now, |pending| pending.since);
        let until = since + self.config.starting_ms;
        // One that has only just begun is waited for, even at the end of time.
        if is_usable && (before.is_none() || self.now < until) {
            self.pending = Some(Pending { to, cause, since });
            return Some(until);
        }
        self.penalise(to);
        self.pending = None;
        // Another one, or the same from the beginning.
        self.decide()
    }

    /// Any other output is better for a while.
    pub(super) fn penalise(&mut self, uid: Uid) {
        let until = self.now + self.config.penalty_ms;
        if let Some(feed) = self.feed_mut(uid) {
            feed.penalty_until = until;
        }
    }

    fn show(&mut self, to: Uid, cause: Cause) {
        let from = self.shown();
        let changed_at = from.map(|_| self.now);
        self.shown = Some(Shown { uid: to, changed_at, is_degraded: false, stall: None });
        self.show = Some(to);
        self.pending = None;
        self.all_down = AllDown::default();
        // What the server said is older than this change, unless it said so before there was anything to show.
        if cause != Cause::Start || self.on_air == Some(to) {
            self.on_air = None;
        }
        match (from, cause) {
            (None, _) | (_, Cause::Start) => {}
            (Some(from), Cause::FailBack) => self.events.push_back(Event::FailedBack { from, to }),
            (Some(from), Cause::Fault(reason)) => self.measure(from, to, reason),
        }
    }

    /// Measures the outage: it ends with the first frame of the new output.
    fn measure(&mut self, from: Uid, to: Uid, reason: Reason) {
        let now = self.now;
        // Not if its audio was lost: that the picture flows was known.
        let is_doubtful = matches!(reason, Reason::Frozen | Reason::Dead);
        self.left = is_doubtful.then_some((from, now));
        let mut last_frame = now;
        if let Some(feed) = self.feed_mut(from) {
            last_frame = feed.last_picture().unwrap_or(now);
            feed.begin_clear_time(now);
        }
        let measured = Measured { from, to, reason, last_frame, decided_at: now };
        match self.feed(to).and_then(Feed::last_frame) {
            Some(last) if last < now => self.measured = Some(measured),
            // A frame has just come, or none are reported, as in a hidden page: the outage ends now.
            _ => self.switched(measured),
        }
    }

    fn switched(&mut self, Measured { from, to, reason, last_frame, decided_at }: Measured) {
        self.measured = None;
        self.events.push_back(Event::Switched {
            from,
            to,
            reason,
            detect_ms: decided_at.duration_since(last_frame),
            switch_ms: self.now.duration_since(decided_at),
            outage_ms: self.now.duration_since(last_frame),
        });
    }

    /// An output shows a picture: the first of a change that is measured, or of an output that was left for nothing.
    pub(super) fn flows(&mut self, uid: Uid) {
        if let Some(measured) = self.measured.filter(|measured| measured.to == uid) {
            self.switched(measured);
        }
        if let Some((_, at)) = self.left.filter(|(left, _)| *left == uid) {
            self.left = None;
            if self.now <= at + self.config.false_alarm_ms {
                self.events.push_back(Event::FalseAlarm(uid));
            }
        }
    }
}
