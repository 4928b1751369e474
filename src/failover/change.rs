//! A change from one output to another: pending until its target is ready, then measured until the target's first frame.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::decide::AllDown;
use super::feed::Feed;
use super::{Event, Failover, Reason, Shown};
use crate::time::Instant;
use crate::uid::Uid;

/// A change whose target is not ready yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Pending {
    pub(super) to: Uid,
    pub(super) change: Change,
    pub(super) since: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) enum Change {
    /// The first output to be shown.
    Start,
    Switch(Reason),
    FailBack,
}

impl Change {
    /// Whether it continues while the output on screen is healthy.
    pub(super) fn is_planned(self) -> bool {
        matches!(self, Self::Start | Self::FailBack | Self::Switch(Reason::OnAir))
    }
}

/// A switch whose target has not presented a frame yet.
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
    /// Shows the target if it is ready; otherwise waits for its first frame, until the start timeout.
    pub(super) fn change_to(&mut self, to: Uid, change: Change) -> Option<Instant> {
        let feed = self.feed(to)?;
        let is_usable = feed.is_usable();
        if self.is_ready(feed) {
            self.show(to, change);
            return Some(self.now);
        }
        let before = self.pending.filter(|pending| pending.to == to);
        let since = before.map_or(self.now, |pending| pending.since);
        let until = since + self.config.start_timeout_ms;
        // Always wait for a new target. Otherwise, at the maximum of the clock, `until` would be over at once, and this
        // would recurse forever.
        if is_usable && (before.is_none() || self.now < until) {
            self.pending = Some(Pending { to, change, since });
            return Some(until);
        }
        self.begin_cooldown(to);
        self.pending = None;
        // Another output, or the same one again.
        self.decide()
    }

    /// The output failed: for a while it is chosen only if there is no other.
    pub(super) fn begin_cooldown(&mut self, uid: Uid) {
        let until = self.now + self.config.failure_cooldown_ms;
        if let Some(feed) = self.feed_mut(uid) {
            feed.cooldown_until = until;
        }
    }

    fn show(&mut self, to: Uid, change: Change) {
        let from = self.shown();
        let switched_at = from.map(|_| self.now);
        self.shown = Some(Shown { uid: to, switched_at, is_degraded: false, stall: None });
        self.show = Some(to);
        self.pending = None;
        self.all_down = AllDown::default();
        // The server's choice is older than this change, so it is dropped. At the start it may not be available yet, so
        // it is kept.
        if change != Change::Start || self.on_air == Some(to) {
            self.on_air = None;
        }
        match (from, change) {
            (None, _) | (_, Change::Start) => {}
            (Some(from), Change::FailBack) => self.events.push_back(Event::FailedBack { from, to }),
            (Some(from), Change::Switch(reason)) => self.measure(from, to, reason),
        }
    }

    /// Measures the outage, which ends with the first frame of the new output.
    fn measure(&mut self, from: Uid, to: Uid, reason: Reason) {
        let now = self.now;
        // After lost audio a frame of the old output would prove nothing: its video never stopped.
        let is_doubtful = matches!(reason, Reason::Frozen | Reason::NoData);
        self.left = is_doubtful.then_some((from, now));
        let mut last_frame = now;
        if let Some(feed) = self.feed_mut(from) {
            last_frame = feed.last_picture().unwrap_or(now);
            feed.reset_healthy_since(now);
        }
        let measured = Measured { from, to, reason, last_frame, decided_at: now };
        match self.feed(to).and_then(Feed::last_frame) {
            Some(last) if last < now => self.measured = Some(measured),
            // A frame arrived just now, or frames are not reported, as in a hidden page: the outage ends now.
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

    /// Video of an output arrives: the end of the outage that is measured, or a false alarm.
    pub(super) fn video_arrives(&mut self, uid: Uid) {
        if let Some(measured) = self.measured.filter(|measured| measured.to == uid) {
            self.switched(measured);
        }
        if let Some((_, at)) = self.left.filter(|(left, _)| *left == uid) {
            self.left = None;
            if self.now <= at + self.config.false_alarm_window_ms {
                self.events.push_back(Event::FalseAlarm(uid));
            }
        }
    }
}
