//! Signals: what each of them changes. What follows from that is decided by the next poll.

use super::feed::Feed;
use super::signal::{Connection, Kind, Left, MediaState, Signal, StateReason};
use super::{Event, Failover, Reason};
use crate::time::{Duration, Instant};
use crate::uid::Uid;

/// A subscription that was refused is tried again this much later.
pub(super) const RETRY: Duration = Duration::from_millis(1_000);

impl Failover {
    /// Takes a signal. One that is about another uid than the outputs' is ignored.
    pub fn handle(&mut self, now: Instant, signal: Signal) {
        self.now = self.now.max(now);
        let now = self.now;
        self.note_shared_stall();
        for feed in self.feeds.iter_mut().filter(|feed| feed.is_lacking()) {
            feed.begin_clear_time(now);
        }
        match signal {
            Signal::Joined(uid) => self.on(uid, Feed::joined),
            Signal::Left(uid, how) => self.on(uid, |feed| feed.left(how, now)),
            Signal::Published(uid, kind) => self.on(uid, |feed| feed.published(kind, now)),
            Signal::Unpublished(uid, kind) => self.on(uid, |feed| feed.unpublished(kind, now)),
            Signal::Muted(uid, kind, is_muted) => self.on(uid, |feed| feed.muted(kind, is_muted, now)),
            Signal::State(uid, Kind::Video, state, reason) => self.video_state(uid, state, reason),
            Signal::State(uid, Kind::Audio, state, reason) => self.audio_state(uid, state, reason),
            Signal::Frame(uid) => {
                if self.viewer.visible && self.feed_mut(uid).is_some_and(|feed| feed.frame(now)) {
                    self.flows(uid);
                }
            }
            Signal::Progress(uid, kind, came) => self.on(uid, |feed| feed.polled(kind, came, now)),
            Signal::SubscribeFailed(uid, kind) => {
                let penalty_until = now + self.config.penalty_ms;
                self.on(uid, |feed| feed.refused(kind, penalty_until, now + RETRY));
            }
            Signal::SubscriptionLost(uid, kind) => self.subscription_lost(uid, kind),
            Signal::DecodeFailed(uid) => self.on(uid, Feed::decode_failed),
            Signal::Connection(connection) => self.connection(connection),
            Signal::MediaPath(whole) => {
                self.viewer.media_path = whole;
                self.forget_time();
            }
            Signal::BadNetwork(bad) => self.viewer.bad_network = bad,
            Signal::Visible(visible) => {
                if self.viewer.visible != visible {
                    self.viewer.visible = visible;
                    self.forget_time();
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
                    self.flows(uid);
                }
            }
            (_, StateReason::Fallback) => feed.fell_back(),
            (_, StateReason::Local | StateReason::Adaptation) => {}
            (MediaState::Stopped, StateReason::Offline) => feed.left(Left::Quit, now),
            (MediaState::Stopped, StateReason::Muted) => {
                // On joining, engines say so before there ever was a picture.
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
            (MediaState::Stopped, StateReason::Offline) => feed.left(Left::Quit, now),
            (MediaState::Decoding | MediaState::Starting, _) => {
                feed.audio.heard(state == MediaState::Decoding);
            }
            (MediaState::Frozen, _) | (MediaState::Stopped, StateReason::Muted) => {
                feed.audio.stopped();
                feed.audio.lost(now);
            }
            (MediaState::Stopped, _) => feed.audio.stopped(),
        }
    }

    /// The application ended a subscription, or the SDK did: it is subscribed again.
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
                    self.viewer.settled_at = self.now + self.config.settle_ms;
                }
                Connection::Connected | Connection::Reconnecting => {}
                Connection::Closed => self.events.push_back(Event::Closed),
            }
        }
        self.viewer.connection = connection;
        self.forget_time();
    }

    /// What was measured does not hold any more: the page was hidden, or the viewer was away.
    fn forget_time(&mut self) {
        let (now, visible) = (self.now, self.viewer.visible);
        self.feeds.iter_mut().for_each(|feed| feed.forget_time(visible, now));
        self.all_down.since = None;
        if let Some(shown) = &mut self.shown {
            shown.stall = None;
        }
    }
}
