//! What is subscribed: the output that is shown, the one that is to be shown, and the standby as far as it is kept ready.

use super::config::Standby;
use super::feed::Feed;
use super::handle::RETRY_MS;
use super::signal::{Connection, Kind};
use super::{Failover, Output};
use crate::time::Millis;
use crate::uid::Uid;

impl Failover {
    /// The next subscription that is missing, or else one that is not wanted any more: SDKs carry them out one after the
    /// other, and what is left must not delay what is waited for.
    pub(super) fn subscription(&mut self) -> Option<Output> {
        if self.connection != Connection::Connected {
            return None;
        }
        let now = self.now;
        let missing = |feed: &Feed, kind| self.wants(feed, kind) && feed.can_subscribe(kind, now);
        if let Some((uid, kind)) = self.first(missing) {
            self.feed_mut(uid)?.subscribe(kind, now);
            return Some(Output::Subscribe(uid, kind));
        }
        // Until the viewer's media path is whole nothing is pending, and what was would be asked for anew.
        if !self.media_path {
            return None;
        }
        let unwanted = |feed: &Feed, kind| {
            // Make before break: what was left is let go of when the new one flows.
            let is_kept = self.measured.is_some_and(|measured| measured.from == feed.uid);
            let is_unwanted = !is_kept && !self.wants(feed, kind);
            feed.is_subscribed(kind) && (is_unwanted || (kind == Kind::Video && self.never_came(feed)))
        };
        let (uid, kind) = self.first(unwanted)?;
        let is_stalled = kind == Kind::Video && self.is_stalled(self.feed(uid)?);
        let penalty = now.plus(self.config.penalty_ms);
        let feed = self.feed_mut(uid)?;
        if is_stalled {
            feed.penalty_until = penalty;
        }
        if kind == Kind::Video && std::mem::take(&mut feed.failed) {
            // A decoder may give up for what passes: any other is better for a while, but it is not out for ever.
            (feed.penalty_until, feed.retry_at) = (penalty, now.plus(RETRY_MS));
        }
        feed.release(kind, now);
        Some(Output::Unsubscribe(uid, kind))
    }

    /// The first track of which that is true, videos first.
    fn first(&self, is: impl Fn(&Feed, Kind) -> bool) -> Option<(Uid, Kind)> {
        let of = |kind| self.feeds.iter().find(|feed| is(feed, kind)).map(|feed| (feed.uid, kind));
        of(Kind::Video).or_else(|| of(Kind::Audio))
    }

    /// Not inlined: the viewer's module is to be small.
    #[inline(never)]
    fn wants(&self, feed: &Feed, kind: Kind) -> bool {
        let uid = Some(feed.uid);
        let standby = self.shown.and_then(|_| self.best()).map(|best| best.uid);
        let is_standby = uid == standby;
        let is_needed = uid == self.shown
            || uid == self.pending.map(|pending| pending.to)
            || (is_standby && self.degraded);
        let is_ready_kind = match (self.config.standby, kind) {
            (Standby::Hot, _) | (Standby::Probe, Kind::Audio) => true,
            (Standby::Probe, Kind::Video) | (Standby::Cold, _) => false,
        };
        is_needed || (is_standby && is_ready_kind)
    }

    /// The SDK has taken the subscription, but nothing came of it; and there is no other to try in its place.
    fn never_came(&self, feed: &Feed) -> bool {
        self.visible
            && !feed.has_started()
            && self.now >= feed.subscribed_at.plus(RETRY_MS)
            && self.is_stalled(feed)
            && !self.others().any(|other| other.uid != feed.uid && other.is_usable())
    }

    /// When a subscription that was refused may be asked for again.
    pub(super) fn next_retry(&self) -> Option<Millis> {
        self.feeds.iter().map(|feed| feed.retry_at).filter(|at| *at > self.now).min()
    }
}
