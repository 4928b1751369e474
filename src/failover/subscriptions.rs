//! Subscriptions: the output on screen, the target of a pending change, and the standby as configured.

use super::config::Standby;
use super::feed::Feed;
use super::handle::RETRY_DELAY;
use super::signal::{Connection, Kind};
use super::{Failover, Output};
use crate::time::Instant;
use crate::uid::Uid;

impl Failover {
    /// The next track to subscribe; if there is none, the next one to release. SDKs serialise these calls, so a release must not
    /// delay a subscription.
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
        // Without a media connection nothing is pending: pending targets would be released, and subscribed again later.
        if !self.viewer.media_connected {
            return None;
        }
        let (uid, kind) = self.first_track(|feed, kind| self.should_release(feed, kind))?;
        let is_stalled = kind == Kind::Video && self.is_stalled(self.feed(uid)?);
        let cooldown_until = now + self.config.failure_cooldown_ms;
        let feed = self.feed_mut(uid)?;
        if is_stalled {
            feed.cooldown_until = cooldown_until;
        }
        if kind == Kind::Video && std::mem::take(&mut feed.failed) {
            // A decoder may fail only for a while: prefer other outputs, but do not exclude this one.
            (feed.cooldown_until, feed.retry_at) = (cooldown_until, now + RETRY_DELAY);
        }
        feed.release(kind, now);
        Some(Output::Unsubscribe(uid, kind))
    }

    /// The first track that `is` accepts, videos first.
    fn first_track(&self, is: impl Fn(&Feed, Kind) -> bool) -> Option<(Uid, Kind)> {
        let first = |kind| self.feeds.iter().find(|feed| is(feed, kind)).map(|feed| (feed.uid, kind));
        first(Kind::Video).or_else(|| first(Kind::Audio))
    }

    // Not inlined: the viewer's module must stay small.
    #[inline(never)]
    fn wants(&self, feed: &Feed, kind: Kind) -> bool {
        let uid = Some(feed.uid);
        let is_standby = self.shown.is_some() && self.best().map(|best| best.uid) == uid;
        let is_needed = uid == self.shown()
            || uid == self.pending.map(|pending| pending.to)
            || (is_standby && self.is_degraded());
        let is_kept_ready = match (self.config.standby, kind) {
            (Standby::Hot, _) | (Standby::Warm, Kind::Audio) => true,
            (Standby::Warm, Kind::Video) | (Standby::Cold, _) => false,
        };
        is_needed || (is_standby && is_kept_ready)
    }

    fn should_release(&self, feed: &Feed, kind: Kind) -> bool {
        // Make before break: the previous output is released when the new one presents its first frame.
        let is_kept = self.measured.is_some_and(|measured| measured.from == feed.uid);
        let is_unwanted = !is_kept && !self.wants(feed, kind);
        feed.is_subscribed(kind) && (is_unwanted || (kind == Kind::Video && self.never_started(feed)))
    }

    /// The SDK accepted the subscription, but no video arrives; and there is no other output to try instead.
    fn never_started(&self, feed: &Feed) -> bool {
        self.viewer.visible
            && !feed.has_started()
            && self.now >= feed.subscribed_at + RETRY_DELAY
            && self.is_stalled(feed)
            && !self.others().any(|other| other.uid != feed.uid && other.is_usable())
    }

    /// When the next refused subscription may be retried.
    pub(super) fn next_retry(&self) -> Option<Instant> {
        self.feeds.iter().map(|feed| feed.retry_at).filter(|at| *at > self.now).min()
    }
}
