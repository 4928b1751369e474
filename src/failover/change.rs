//! A change from one output to another: under way until its target can be shown, then measured until the first frame.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::feed::Feed;
use super::{Event, Failover, Reason};
use crate::time::Millis;
use crate::uid::Uid;

/// A change that is under way: its target is not ready to be shown yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Pending {
    pub(super) to: Uid,
    pub(super) cause: Cause,
    pub(super) since: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) enum Cause {
    Start,
    Fault(Reason),
    FailBack,
}

/// A change whose first frame is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Measured {
    pub(super) from: Uid,
    to: Uid,
    reason: Reason,
    last_frame: Millis,
    decided: Millis,
}

impl Failover {
    /// Shows it if it is ready; or else waits for its first frame, but not for ever.
    pub(super) fn pending_or_show(&mut self, to: Uid, cause: Cause) -> Option<Millis> {
        let feed = self.feed(to)?;
        let is_usable = feed.is_usable();
        if self.is_ready(feed) {
            self.show_now(to, cause);
            return Some(self.now);
        }
        let before = self.pending.filter(|pending| pending.to == to);
        let since = before.map_or(self.now, |pending| pending.since);
        let until = since.plus(self.config.starting_ms);
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

    pub(super) fn penalise(&mut self, uid: Uid) {
        let until = self.now.plus(self.config.penalty_ms);
        if let Some(feed) = self.feed_mut(uid) {
            feed.penalty_until = until;
        }
    }

    fn show_now(&mut self, to: Uid, cause: Cause) {
        let now = self.now;
        let from = self.shown.replace(to);
        self.pending = None;
        // The word is older than this change, unless it was given before there was anything to show.
        if cause != Cause::Start || self.wanted == Some(to) {
            self.wanted = None;
        }
        self.degraded = false;
        (self.all_bad_since, self.shared_stall) = (None, None);
        self.all_bad_told = false;
        self.show = Some(to);
        let Some(from) = from else { return };
        self.last_switch = Some(now);
        match cause {
            Cause::Start => {}
            Cause::FailBack => self.events.push_back(Event::FailedBack { from, to }),
            Cause::Fault(reason) => {
                // Lost audio is none: that its picture flows was known.
                let soft = matches!(reason, Reason::Frozen | Reason::Dead);
                self.left = soft.then_some((from, now));
                let mut last_frame = now;
                if let Some(feed) = self.feed_mut(from) {
                    last_frame = feed.last_picture().unwrap_or(now);
                    feed.begin_clear_time(now);
                }
                let measured = Measured { from, to, reason, last_frame, decided: now };
                match self.feed(to).and_then(Feed::last_frame) {
                    Some(last) if last < now => self.measured = Some(measured),
                    // It has just come, or nobody tells of frames, as in a hidden page: it is shown when it is raised.
                    _ => self.tell_switch(measured),
                }
            }
        }
    }

    fn tell_switch(&mut self, Measured { from, to, reason, last_frame, decided }: Measured) {
        self.measured = None;
        self.events.push_back(Event::Switched {
            from,
            to,
            reason,
            detect_ms: decided.minus(last_frame),
            switch_ms: self.now.minus(decided),
            outage_ms: self.now.minus(last_frame),
        });
    }

    /// An output shows a picture: the first of a switch that was measured, or of one that was left for nothing.
    pub(super) fn flowed(&mut self, uid: Uid) {
        if let Some(measured) = self.measured.filter(|measured| measured.to == uid) {
            self.tell_switch(measured);
        }
        if let Some((_, at)) = self.left.filter(|(left, _)| *left == uid) {
            self.left = None;
            if self.now <= at.plus(self.config.false_alarm_ms) {
                self.events.push_back(Event::FalseAlarm(uid));
            }
        }
    }
}
