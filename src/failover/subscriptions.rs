//! What is subscribed: the output that is shown, the one that is to be shown, and the standby as far as it is kept ready.

use super::config::Standby;
use super::feed::Feed;
use super::handle::RETRY;
use super::signal::{Connection, Kind};
use super::{Failover, Output};
use crate::time::Instant;
use crate::uid::Uid;

impl Failover {
    /// The next subscription that is missing, or else one that is not wanted any more: SDKs carry them out one after the
    /// other, and what is left must not delay what is waited for.
    pub(super) fn subscription(&mut self) -> Option<Output> {
        if self.viewer.connection != Connection::Connected {
            return None;
        }
        let now = self.now;
        let is_missing = |feed: &Feed, kind| feed.can_subscribe(kind, now) && self.wants(feed, kind);
        if let Some((uid, kind)) = self.first_track(is_missing) {
            self.feed_mut(uid)?.subscribe(kind, now);
            return Some(Output::Subscribe(uid, kind));
        }
        // Until the viewer's media path is whole nothing is pending, and what was would be subscribed anew.
        if !self.viewer.media_path {
            return None;
        }
        let (uid, kind) = self.first_track(|feed, kind| self.is_to_be_released(feed, kind))?;
        let is_stalled = kind == Kind::Video && self.is_stalled(self.feed(uid)?);
        let penalty_until = now + self.config.penalty_ms;
        let feed = self.feed_mut(uid)?;
        if is_stalled {
            feed.penalty_until = penalty_until;
        }
        if kind == Kind::Video && std::mem::take(&mut feed.failed) {
            // A decoder may give up for what passes: any other is better for a while, but it is not out for ever.
            (feed.penalty_until, feed.retry_at) = (penalty_until, now + RETRY);
        }
        feed.release(kind, now);
        Some(Output::Unsubscribe(uid, kind))
    }

    /// The first track of which that is true, videos first.
    fn first_track(&self, is: impl Fn(&Feed, Kind) -> bool) -> Option<(Uid, Kind)> {
        let first = |kind| self.feeds.iter().find(|feed| is(feed, kind)).map(|feed| (feed.uid, kind));
        first(Kind::Video).or_else(|| first(Kind::Audio))
    }

    /// Not inlined: the viewer's module is to be small.
    #[inline(never)]
    fn wants(&self, feed: &Feed, kind: Kind) -> bool {
        let uid = Some(feed.uid);
        let is_standby = self.shown.is_some() && self.best().map(|best| best.uid) == uid;
        let is_needed = uid == self.shown()
            || uid == self.pending.map(|pending| pending.to)
            || (is_standby && self.is_degraded());
        let is_kept_ready = match (self.config.standby, kind) {
            (Standby::Hot, _) | (Standby::Probe, Kind::Audio) => true,
            (Standby::Probe, Kind::Video) | (Standby::Cold, _) => false,
        };
        is_needed || (is_standby && is_kept_ready)
    }

    fn is_to_be_released(&self, feed: &Feed, kind: Kind) -> bool {
        // Make before break: what was left is released when the new one flows.
        let is_kept = self.measured.is_some_and(|measured| measured.from == feed.uid);
        let is_unwanted = !is_kept && !self.wants(feed, kind);
        feed.is_subscribed(kind) && (is_unwanted || (kind == Kind::Video && self.never_came(feed)))
    }

    /// The SDK has taken the subscription, but nothing came of it; and there is no other to try in its place.
    fn never_came(&self, feed: &Feed) -> bool {
        self.viewer.visible
            && !feed.has_started()
            && self.now >= feed.subscribed_at + RETRY
            && self.is_stalled(feed)
            && !self.others().any(|other| other.uid != feed.uid && other.is_usable())
    }

    /// When a subscription that was refused may be tried again.
    pub(super) fn next_retry(&self) -> Option<Instant> {
        self.feeds.iter().map(|feed| feed.retry_at).filter(|at| *at > self.now).min()
    }
}
