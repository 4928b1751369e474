//! Handles signals: each changes the state of an output or of the viewer. The next poll makes the decisions.

use super::feed::Feed;
use super::signal::{Connection, Kind, LeaveReason, MediaState, Signal, StateReason};
use super::{Event, Failover, Reason};
use crate::time::{Duration, Instant};
use crate::uid::Uid;

/// A refused subscription is retried after this time.
pub(super) const RETRY_DELAY: Duration = Duration::from_millis(1_000);

impl Failover {
    /// Handles a signal. Signals about other uids than those of the outputs are ignored.
    pub fn handle(&mut self, now: Instant, signal: Signal) {
        self.now = self.now.max(now);
        let now = self.now;
        self.update_shared_stall();
        for feed in self.feeds.iter_mut().filter(|feed| feed.is_incomplete()) {
            feed.reset_healthy_since(now);
        }
        match signal {
            Signal::Joined(uid) => self.on(uid, Feed::joined),
            Signal::Left(uid, reason) => self.on(uid, |feed| feed.left(reason, now)),
            Signal::Published(uid, kind) => self.on(uid, |feed| feed.published(kind, now)),
            Signal::Unpublished(uid, kind) => self.on(uid, |feed| feed.unpublished(kind, now)),
            Signal::Muted(uid, kind, is_muted) => self.on(uid, |feed| feed.muted(kind, is_muted, now)),
            Signal::State(uid, Kind::Video, state, reason) => self.video_state(uid, state, reason),
            Signal::State(uid, Kind::Audio, state, reason) => self.audio_state(uid, state, reason),
            Signal::Frame(uid) => {
                if self.viewer.visible && self.feed_mut(uid).is_some_and(|feed| feed.frame(now)) {
                    self.video_arrives(uid);
                }
            }
            Signal::Stats(uid, kind, received) => self.on(uid, |feed| feed.polled(kind, received, now)),
            Signal::SubscribeFailed(uid, kind) => {
                let cooldown_until = now + self.config.failure_cooldown_ms;
                self.on(uid, |feed| feed.refused(kind, cooldown_until, now + RETRY_DELAY));
            }
            Signal::SubscriptionLost(uid, kind) => self.subscription_lost(uid, kind),
            Signal::DecodeFailed(uid) => self.on(uid, Feed::decode_failed),
            Signal::Connection(connection) => self.connection(connection),
            Signal::MediaConnection(connected) => {
                self.viewer.media_connected = connected;
                self.reset_after_pause();
            }
            Signal::Network(poor) => self.viewer.has_poor_network = poor,
            Signal::Visible(visible) => {
                if self.viewer.visible != visible {
                    self.viewer.visible = visible;
                    self.reset_after_pause();
                }
            }
            Signal::OnAir(uid) => self.on_air = self.feed(uid).map(|feed| feed.uid),
        }
    }

    fn on(&mut self, uid: Uid, change: impl FnOnce(&mut Feed)) {
        if let Some(feed) = self.feed_mut(uid) {
            change(feed);
        }
    }

    fn video_state(&mut self, uid: Uid, state: MediaState, reason: StateReason) {
        let now = self.now;
        let Some(feed) = self.feed_mut(uid) else { return };
        match (state, reason) {
            (_, StateReason::Codec) => self.events.push_back(Event::Unplayable(uid, Kind::Video)),
            (MediaState::Decoding, reason) => {
                if feed.decoding(reason == StateReason::Adaptation, now) {
                    self.video_arrives(uid);
                }
            }
            (_, StateReason::Fallback) => feed.fell_back(),
            (_, StateReason::Local | StateReason::Adaptation) => {}
            (MediaState::Stopped, StateReason::Offline) => feed.left(LeaveReason::Quit, now),
            (MediaState::Stopped, StateReason::Muted) => {
                // Native SDKs also report this on joining, before the first frame.
                if feed.is_seen() {
                    feed.muted(Kind::Video, true, now);
                }
            }
            (MediaState::Stopped, _) => feed.stopped(now),
            (MediaState::Starting, _) => feed.starting(now),
            (MediaState::Frozen, reason) => feed.frozen(reason == StateReason::Congestion, now),
            (MediaState::Failed, _) => feed.decode_failed(),
        }
    }

    fn audio_state(&mut self, uid: Uid, state: MediaState, reason: StateReason) {
        let now = self.now;
        let Some(feed) = self.feed_mut(uid) else { return };
        match (state, reason) {
            (MediaState::Failed, _) => self.events.push_back(Event::Unplayable(uid, Kind::Audio)),
            (MediaState::Stopped, StateReason::Offline) => feed.left(LeaveReason::Quit, now),
            (MediaState::Decoding | MediaState::Starting, _) => {
                feed.audio.started(state == MediaState::Decoding);
            }
            (MediaState::Frozen, _) | (MediaState::Stopped, StateReason::Muted) => {
                feed.audio.stopped();
                feed.audio.lost(now);
            }
            (MediaState::Stopped, _) => feed.audio.stopped(),
        }
    }

    /// The application or the SDK ended a subscription: the next poll subscribes again.
    fn subscription_lost(&mut self, uid: Uid, kind: Kind) {
        let now = self.now;
        let Some(feed) = self.feed_mut(uid).filter(|feed| feed.is_subscribed(kind)) else { return };
        feed.release(kind, now);
        if (Some(uid), kind) == (self.shown(), Kind::Video) {
            self.degrade(Reason::Unsubscribed);
        }
    }

    fn connection(&mut self, connection: Connection) {
        if connection != self.viewer.connection {
            match connection {
                Connection::Connected if self.shown.is_some() => {
                    self.viewer.settled_at = self.now + self.config.reconnect_grace_ms;
                }
                Connection::Connected | Connection::Reconnecting => {}
                Connection::Closed => self.events.push_back(Event::Closed),
            }
        }
        self.viewer.connection = connection;
        self.reset_after_pause();
    }

    /// The page was hidden or the viewer was disconnected: measurements start again.
    fn reset_after_pause(&mut self) {
        let (now, visible) = (self.now, self.viewer.visible);
        self.feeds.iter_mut().for_each(|feed| feed.reset_after_pause(visible, now));
        self.all_down.since = None;
        if let Some(shown) = &mut self.shown {
            shown.stall = None;
        }
    }
}
