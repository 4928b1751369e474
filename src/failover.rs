//! Which output a viewer watches: changes over to the backup when the one that is shown dies.
//!
//! The SDKs' own word that somebody is gone comes 10 to 20 s after an abrupt death. The picture itself tells it sooner:
//! frames that do not come, a track that the SDK calls frozen, bytes that do not move. That is only believed while
//! something else of the same viewer still flows: when both outputs stall together it is the viewer's own network, and
//! changing over would be wrong.
//!
//! [`Failover`] only decides. Its owner hands in what the SDK tells ([`Failover::handle`]), then polls until
//! [`Output::Wait`], and carries out what it is told, in order. Time is any clock in ms that does not go back.

mod config;
mod fault;
mod feed;
#[cfg(any(all(feature = "viewer", target_arch = "wasm32"), all(test, feature = "server")))]
pub(crate) mod numbers;
mod signal;
mod stall;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

pub use self::config::{FailoverConfig, Standby};
use self::fault::Fault;
use self::feed::Feed;
pub use self::signal::{Connection, Kind, Left, MediaState, Signal, StateReason};
use self::stall::SharedStall;
use crate::time::Millis;
use crate::uid::Uid;

/// A subscription that was refused is asked for again this much later.
const RETRY_MS: Millis = Millis::new(1_000);

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Subscribe to this track. Its picture goes below the one that is shown, and it is not to be heard.
    Subscribe(Uid, Kind),
    /// Unsubscribe from this track.
    Unsubscribe(Uid, Kind),
    /// Put this output's picture on top and let it be heard; silence the others.
    Show(Uid),
    /// Tell.
    Emit(Event),
    /// Nothing until something happens, or that time has come.
    Wait(Option<Millis>),
}

/// Why another output is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
pub enum Reason {
    /// It left the channel.
    Left,
    /// Its video was unpublished.
    Unpublished,
    /// Its frames stopped.
    Frozen,
    /// Its bytes stopped.
    Dead,
    /// It was muted on purpose.
    Muted,
    /// Its audio is gone.
    AudioLost,
    /// It cannot be decoded.
    Failed,
    /// It did not start.
    NotStarted,
    /// The server says so.
    OnAir,
    /// Its subscription was lost: the application ended it, or the SDK did. It is asked for again.
    Unsubscribed,
}

/// What an application would want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub enum Event {
    /// The output that is shown is not well.
    Degraded(Uid, Reason),
    /// It is well again, and nothing was changed.
    Recovered(Uid),
    /// Another one is shown.
    Switched {
        /// The one before.
        from: Uid,
        /// The one that is shown.
        to: Uid,
        /// Why.
        reason: Reason,
        /// From the last frame of the old one to the decision, in ms.
        detect_ms: Millis,
        /// From the decision to the first frame of the new one, in ms.
        switch_ms: Millis,
        /// From the last frame of the old one to the first frame of the new one, in ms.
        outage_ms: Millis,
    },
    /// The preferred one is shown again.
    FailedBack {
        /// The one before.
        from: Uid,
        /// The one that is shown.
        to: Uid,
    },
    /// The one that was left flows again so soon that it was left for nothing.
    FalseAlarm(Uid),
    /// None is well.
    BothDown,
    /// This viewer cannot decode or play it. That is no fault of the output: the same of another one fails too.
    Unplayable(Uid, Kind),
    /// The viewer was thrown out, or the same viewer uid is elsewhere: nothing more is done. To join again, under
    /// another uid, is the application's decision.
    Closed,
}

/// How an output is, as far as this viewer can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// It is not in the channel, or publishes no video.
    Absent,
    /// It can be subscribed to.
    Available,
    /// It is subscribed, and has not shown two frames yet.
    Starting,
    /// Its picture flows.
    Playing,
    /// Its picture does not flow any more.
    Frozen,
    /// It was muted on purpose.
    Muted,
    /// It cannot be decoded, or did not start.
    Failed,
}

/// A change that is under way: its target is not ready to be shown yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
struct Pending {
    to: Uid,
    cause: Cause,
    since: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
enum Cause {
    Start,
    Fault(Reason),
    FailBack,
}

/// A switch whose first frame is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
struct Measured {
    from: Uid,
    to: Uid,
    reason: Reason,
    last_frame: Millis,
    decided: Millis,
}

/// Which output a viewer watches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub struct Failover {
    config: FailoverConfig,
    feeds: Vec<Feed>,
    now: Millis,
    shown: Option<Uid>,
    pending: Option<Pending>,
    connection: Connection,
    media_path: bool,
    /// What is measured before this is not believed.
    settled: Millis,
    visible: bool,
    bad_network: bool,
    wanted: Option<Uid>,
    last_switch: Option<Millis>,
    /// The one that was left for a fault that may have been none.
    left: Option<(Uid, Millis)>,
    measured: Option<Measured>,
    shared_stall: Option<SharedStall>,
    degraded: bool,
    all_bad_since: Option<Millis>,
    all_bad_told: bool,
    #[cfg_attr(feature = "server", serde(skip))]
    events: VecDeque<Event>,
    show: Option<Uid>,
}

impl Failover {
    /// Watches the first of these outputs that is there, the preferred one first.
    #[must_use]
    pub fn new(uids: &[Uid], config: FailoverConfig, now: Millis) -> Self {
        let mut failover = Self {
            config: FailoverConfig::default(),
            feeds: Vec::new(),
            now,
            shown: None,
            pending: None,
            connection: Connection::Reconnecting,
            media_path: true,
            settled: Millis::ZERO,
            visible: true,
            bad_network: false,
            wanted: None,
            last_switch: None,
            left: None,
            measured: None,
            shared_stall: None,
            degraded: false,
            all_bad_since: None,
            all_bad_told: false,
            events: VecDeque::new(),
            show: None,
        };
        failover.configure(|before| *before = config);
        uids.iter().for_each(|uid| failover.add(*uid));
        failover
    }

    /// Another output, the least preferred one.
    pub(crate) fn add(&mut self, uid: Uid) {
        self.feeds.push(Feed::new(uid));
    }

    /// Changes the settings.
    pub(crate) fn configure(&mut self, change: impl FnOnce(&mut FailoverConfig)) {
        let config = &mut self.config;
        change(config);
        // What was asked for, or is shown, since this very moment has its time before it: else two that are bad would be
        // exchanged for each other without end.
        let moment = Millis::new(1);
        config.starting_ms = config.starting_ms.max(moment);
        config.dwell_ms = config.dwell_ms.max(moment);
    }

    /// The output that is shown.
    #[must_use]
    pub fn shown(&self) -> Option<Uid> {
        self.shown
    }

    /// How each output is, in the order of preference.
    pub fn health(&self) -> impl Iterator<Item = (Uid, Health)> {
        self.feeds.iter().map(|feed| (feed.uid, feed.health(self.now, self.visible)))
    }

    /// Takes what the SDK tells. What is about other uids is ignored.
    pub fn handle(&mut self, now: Millis, signal: Signal) {
        self.now = self.now.max(now);
        let now = self.now;
        self.note_shared_stall();
        for feed in self.feeds.iter_mut().filter(|feed| feed.is_lacking()) {
            feed.begins_clear_time(now);
        }
        match signal {
            Signal::Joined(uid) => self.on(uid, |feed| {
                feed.present = true;
                feed.left = None;
            }),
            Signal::Left(uid, how) => self.on(uid, |feed| {
                feed.present = false;
                feed.left = Some(how);
                feed.lost |= feed.video;
                (feed.video, feed.audio, feed.audio_asked, feed.audio_flows) = (false, false, false, false);
                feed.tear_down(now);
            }),
            Signal::Published(uid, kind) => self.on(uid, |feed| {
                // An SDK that publishes has joined, whether we heard of it or not.
                feed.present = true;
                feed.left = None;
                match kind {
                    Kind::Video => {
                        (feed.video, feed.lost, feed.failed, feed.muted_since) = (true, false, false, None);
                        feed.healthy_since.get_or_insert(now);
                    }
                    Kind::Audio => (feed.audio, feed.audio_bad_since) = (true, None),
                }
            }),
            Signal::Unpublished(uid, Kind::Video) => self.on(uid, |feed| {
                let muted = feed.muted_since;
                feed.lost |= feed.video;
                feed.video = false;
                feed.tear_down(now);
                feed.muted_since = muted;
            }),
            Signal::Unpublished(uid, Kind::Audio) => self.on(uid, |feed| {
                if feed.audio {
                    feed.audio_bad_since.get_or_insert(now);
                }
                (feed.audio, feed.audio_asked, feed.audio_flows) = (false, false, false);
            }),
            Signal::Muted(uid, Kind::Video, muted) => self.on(uid, |feed| match muted {
                true => drop(feed.muted_since.get_or_insert(now)),
                // What was taken away with the mute comes back in a moment.
                false if feed.lost => feed.muted_since = Some(now),
                false => feed.muted_since = None,
            }),
            Signal::Muted(uid, Kind::Audio, muted) => self.on(uid, |feed| match muted {
                true => drop(feed.audio_bad_since.get_or_insert(now)),
                false => feed.audio_bad_since = None,
            }),
            Signal::State(uid, Kind::Video, state, reason) => self.video_state(uid, state, reason),
            Signal::State(uid, Kind::Audio, state, reason) => self.audio_state(uid, state, reason),
            // One of a video that was let go of may still be under way.
            Signal::Frame(uid) if self.visible && self.is_asked_for(uid) => {
                self.on(uid, |feed| feed.frame(now));
                self.flowed(uid);
            }
            Signal::Frame(_) => {}
            Signal::Progress(uid, Kind::Video, advanced) => {
                self.on(uid, |feed| feed.progress_of_video(now, advanced));
            }
            Signal::Progress(uid, Kind::Audio, advanced) => {
                self.on(uid, |feed| feed.progress_of_audio(now, advanced));
            }
            Signal::SubscribeFailed(uid, kind) => {
                let penalty = now.plus(self.config.penalty_ms);
                self.on(uid, |feed| {
                    feed.retry_at = now.plus(RETRY_MS);
                    match kind {
                        Kind::Video => {
                            (feed.video_asked, feed.penalty_until) = (false, penalty);
                            feed.refused_since.get_or_insert(feed.asked_at);
                        }
                        Kind::Audio => feed.audio_asked = false,
                    }
                });
            }
            Signal::SubscriptionLost(uid, kind) => {
                if let Some(feed) = self.feed_mut(uid).filter(|feed| feed.is_asked(kind)) {
                    feed.let_go(kind, now);
                    if (Some(uid), kind) == (self.shown, Kind::Video) {
                        self.degrade(uid, Reason::Unsubscribed);
                    }
                }
            }
            Signal::DecodeFailed(uid) => self.on(uid, Feed::fails),
            Signal::Connection(connection) => {
                if connection == Connection::Connected
                    && self.connection != connection
                    && self.shown.is_some()
                {
                    self.settled = now.plus(self.config.settle_ms);
                }
                if connection == Connection::Closed && self.connection != connection {
                    self.events.push_back(Event::Closed);
                }
                self.connection = connection;
                self.forget_time();
            }
            Signal::MediaPath(whole) => {
                self.media_path = whole;
                self.forget_time();
            }
            Signal::BadNetwork(bad) => self.bad_network = bad,
            Signal::Visible(visible) => {
                if self.visible != visible {
                    self.visible = visible;
                    self.forget_time();
                }
            }
            Signal::OnAir(uid) => self.wanted = self.feed(uid).map(|feed| feed.uid),
        }
    }

    /// What to do next. Poll until [`Output::Wait`].
    #[must_use]
    pub fn poll(&mut self, now: Millis) -> Output {
        self.now = self.now.max(now);
        let next = self.decide();
        if let Some(uid) = self.show.take() {
            return Output::Show(uid);
        }
        if let Some(event) = self.events.pop_front() {
            return Output::Emit(event);
        }
        self.subscription().unwrap_or_else(|| Output::Wait(soonest(next, self.next_retry())))
    }

    fn on(&mut self, uid: Uid, change: impl FnOnce(&mut Feed)) {
        if let Some(feed) = self.feed_mut(uid) {
            change(feed);
        }
    }

    /// Not inlined, like the next one: there are many callers, and the viewer's module is to be small.
    #[inline(never)]
    fn feed(&self, uid: Uid) -> Option<&Feed> {
        self.feeds.iter().find(|feed| feed.uid == uid)
    }

    #[inline(never)]
    fn feed_mut(&mut self, uid: Uid) -> Option<&mut Feed> {
        self.feeds.iter_mut().find(|feed| feed.uid == uid)
    }

    /// Whether its video is, or will be, subscribed.
    fn is_asked_for(&self, uid: Uid) -> bool {
        self.feed(uid).is_some_and(|feed| feed.video_asked)
    }

    fn forget_time(&mut self) {
        let (now, visible) = (self.now, self.visible);
        self.feeds.iter_mut().for_each(|feed| feed.forget_all_time(now, visible));
        (self.all_bad_since, self.shared_stall) = (None, None);
    }

    fn video_state(&mut self, uid: Uid, state: MediaState, reason: StateReason) {
        let now = self.now;
        match (state, reason) {
            (_, StateReason::Codec) => self.unplayable(uid, Kind::Video),
            (MediaState::Decoding, _) if !self.is_asked_for(uid) => {}
            (MediaState::Decoding, reason) => {
                self.on(uid, |feed| {
                    (feed.state, feed.muted_since, feed.failed) = (state, None, false);
                    // What was on its way before the fallback is decoded after it.
                    feed.fallback &= reason != StateReason::Adaptation;
                    feed.flows(now);
                });
                self.flowed(uid);
            }
            (_, StateReason::Fallback) => self.on(uid, |feed| {
                // A fallback of what is not subscribed any more is reported late, and its end would never be.
                feed.fallback = feed.video_asked;
                feed.forget_time();
            }),
            (_, StateReason::Local | StateReason::Adaptation) => {}
            (MediaState::Stopped, StateReason::Offline) => self.handle(now, Signal::Left(uid, Left::Quit)),
            (MediaState::Stopped, StateReason::Muted) => self.on(uid, |feed| {
                // On joining, engines say so before there ever was a picture.
                if feed.decoded {
                    feed.muted_since.get_or_insert(now);
                }
            }),
            (MediaState::Stopped, _) => self.on(uid, |feed| feed.stops(now)),
            (MediaState::Starting, _) => self.on(uid, |feed| feed.starts(now)),
            (MediaState::Frozen, reason) => self.on(uid, |feed| {
                if feed.decoded {
                    (feed.state, feed.congested, feed.healthy_since) =
                        (state, reason == StateReason::Congestion, None);
                    feed.frozen_since.get_or_insert(now);
                }
            }),
            (MediaState::Failed, _) => self.on(uid, Feed::fails),
        }
    }

    fn audio_state(&mut self, uid: Uid, state: MediaState, reason: StateReason) {
        let now = self.now;
        match (state, reason) {
            (MediaState::Failed, _) => self.unplayable(uid, Kind::Audio),
            (MediaState::Stopped, StateReason::Offline) => self.handle(now, Signal::Left(uid, Left::Quit)),
            (MediaState::Decoding | MediaState::Starting, _) => {
                self.on(uid, |feed| {
                    (feed.audio_flows, feed.audio_bad_since) = (state == MediaState::Decoding, None);
                });
            }
            (MediaState::Frozen, _) | (MediaState::Stopped, StateReason::Muted) => self.on(uid, |feed| {
                feed.audio_flows = false;
                feed.audio_bad_since.get_or_insert(now);
            }),
            (MediaState::Stopped, _) => self.on(uid, |feed| feed.audio_flows = false),
        }
    }

    fn unplayable(&mut self, uid: Uid, kind: Kind) {
        if self.feed(uid).is_some() {
            self.events.push_back(Event::Unplayable(uid, kind));
        }
    }

    /// An output shows a picture: the first of a switch that was measured, or of one that was left for nothing.
    fn flowed(&mut self, uid: Uid) {
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

    // ---- deciding ------------------------------------------------------------------------------------------------

    /// Decides, and says when to decide again.
    fn decide(&mut self) -> Option<Millis> {
        if self.connection != Connection::Connected || !self.media_path {
            // It is the viewer who is away: nothing that is missing says anything of the outputs.
            self.pending = None;
            return None;
        }
        if self.now < self.settled {
            return Some(self.settled);
        }
        let Some(shown) = self.shown_feed() else { return self.start() };
        let uid = shown.uid;
        match self.fault(shown) {
            Fault::Gone(reason) => self.change(uid, reason, true),
            Fault::Bad(reason) => self.change(uid, reason, false),
            Fault::Suspected(reason, at) => {
                self.degrade(uid, reason);
                soonest(self.keep_pending(), Some(at))
            }
            Fault::None(at) => {
                self.is_well();
                soonest(soonest(self.prefer(uid), at), self.next_stall())
            }
        }
    }

    fn shown_feed(&self) -> Option<&Feed> {
        self.feed(self.shown?)
    }

    /// Nothing is shown yet: the server's word first, then the order of preference.
    fn start(&mut self) -> Option<Millis> {
        if !self.feeds.iter().any(|feed| feed.present && feed.video) {
            // Nobody is there yet, or any more: nothing to wait for.
            (self.all_bad_since, self.all_bad_told) = (None, false);
            return None;
        }
        let best = self.best().map(|best| best.uid);
        let next = best.and_then(|best| self.pending_or_show(best, Cause::Start));
        if self.shown.is_some() { next } else { soonest(next, self.none_is_well()) }
    }

    /// Whether it can be shown: it has been seen (or, in a hidden page, its bytes come), and it is well.
    fn is_ready(&self, feed: &Feed) -> bool {
        // The first frame is enough to be shown, for as long as the second may still come.
        let may_start = self.now < feed.start_deadline(self.config.starting_ms);
        let is_seen = (feed.decoded && (feed.has_started() || may_start))
            || (!self.visible && feed.video_asked && feed.video_bytes_come(self.now));
        let is_bad = feed.frozen_since.is_some() || feed.is_dead() || feed.fallback;
        feed.is_there() && is_seen && !is_bad
    }

    /// All but the one that is shown.
    fn others(&self) -> impl Iterator<Item = &Feed> {
        self.feeds.iter().filter(|feed| Some(feed.uid) != self.shown)
    }

    /// The best output besides the one that is shown: ready ones first, then the server's word, then what is subscribed
    /// already, then the order of preference; one that failed lately, does not flow, or is muted, only if there is no other.
    fn best(&self) -> Option<&Feed> {
        let rank = |feed: &&Feed| {
            let is_bad = self.now < feed.penalty_until || self.is_stalled(feed) || feed.muted_since.is_some();
            (is_bad, !self.is_ready(feed), Some(feed.uid) != self.wanted, !feed.is_watched())
        };
        self.others().filter(|feed| feed.is_there()).min_by_key(rank)
    }

    /// The one that is shown is bad: changes to another, as soon as that can be shown.
    fn change(&mut self, shown: Uid, reason: Reason, gone: bool) -> Option<Millis> {
        self.degrade(shown, reason);
        if reason == Reason::NotStarted {
            self.penalise(shown);
        }
        let best = self.best();
        // The one that is waited for already, unless only another one is ready.
        let is_still_best = |to: &&Feed| self.is_ready(to) || !best.is_some_and(|best| self.is_ready(best));
        let pending = self.pending.filter(|pending| pending.to != shown);
        let to = pending.and_then(|pending| self.feed(pending.to)).filter(is_still_best).or(best);
        let Some(to) = to.map(|to| to.uid).filter(|_| gone || self.now >= self.after_dwell(Millis::ZERO))
        else {
            return self.none_is_well();
        };
        let at = self.pending_or_show(to, Cause::Fault(reason));
        if self.shown == Some(to) { at } else { soonest(at, self.none_is_well()) }
    }

    /// Shows it if it is ready; or else waits for its first frame, but not for ever.
    fn pending_or_show(&mut self, to: Uid, cause: Cause) -> Option<Millis> {
        let feed = self.feed(to)?;
        let is_there = feed.is_there();
        if self.is_ready(feed) {
            self.show_now(to, cause);
            return Some(self.now);
        }
        let before = self.pending.filter(|pending| pending.to == to);
        let since = before.map_or(self.now, |pending| pending.since);
        let until = since.plus(self.config.starting_ms);
        // One that has only just begun is waited for, even at the end of time.
        if is_there && (before.is_none() || self.now < until) {
            self.pending = Some(Pending { to, cause, since });
            return Some(until);
        }
        self.penalise(to);
        self.pending = None;
        // Another one, or the same from the beginning.
        self.decide()
    }

    fn penalise(&mut self, uid: Uid) {
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
                    feed.begins_clear_time(now);
                }
                let measured = Measured { from, to, reason, last_frame, decided: now };
                match self.feed(to).and_then(|feed| feed.last_frame) {
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

    fn degrade(&mut self, shown: Uid, reason: Reason) {
        if !std::mem::replace(&mut self.degraded, true) {
            self.events.push_back(Event::Degraded(shown, reason));
        }
    }

    fn is_well(&mut self) {
        let seen = self.shown_feed().filter(|feed| feed.decoded).map(|feed| feed.uid);
        if let (true, Some(uid)) = (self.degraded, seen) {
            self.events.push_back(Event::Recovered(uid));
            self.degraded = false;
            self.all_bad_since = None;
            self.all_bad_told = false;
        }
        if matches!(self.pending, Some(Pending { cause: Cause::Fault(reason), .. }) if reason != Reason::OnAir)
        {
            self.pending = None;
        }
    }

    /// Nothing that could be shown is well.
    fn none_is_well(&mut self) -> Option<Millis> {
        let since = *self.all_bad_since.get_or_insert(self.now);
        let at = since.plus(self.config.both_down_ms);
        if self.now < at {
            return Some(at);
        }
        if !std::mem::replace(&mut self.all_bad_told, true) {
            self.events.push_back(Event::BothDown);
        }
        // A penalty may be over.
        Some(self.now.plus(Millis::new(1_000)))
    }

    fn keep_pending(&mut self) -> Option<Millis> {
        // One that does not come keeps the shared stall open, in which nobody else would give it up.
        let (now, starting) = (self.now, self.config.starting_ms);
        self.pending = self.pending.filter(|pending| now < pending.since.plus(starting));
        let others_are_down = !self.others().any(|feed| self.is_ready(feed));
        if others_are_down && self.config.standby == Standby::Hot { self.none_is_well() } else { None }
    }

    /// The one that is shown is well: but the server may want another, or the preferred one is back.
    fn prefer(&mut self, shown: Uid) -> Option<Millis> {
        self.wanted = self.wanted.filter(|wanted| *wanted != shown);
        if let Some(wanted) = self.wanted {
            let feed = self.feed(wanted)?;
            if !feed.is_available(self.now) {
                // Perhaps once its penalty is over.
                return Some(feed.penalty_until).filter(|_| feed.is_there());
            }
            let at = self.after_dwell(Millis::ZERO);
            return if self.now < at {
                Some(at)
            } else {
                self.pending_or_show(wanted, Cause::Fault(Reason::OnAir))
            };
        }
        let clear = self.config.fail_back_ms?;
        let is_well = |feed: &&Feed| feed.is_available(self.now) && !feed.is_lacking();
        let better = self.feeds.iter().take_while(|feed| feed.uid != shown).find(is_well)?;
        let (better, since) = (better.uid, better.healthy_since?);
        let at = self.after_dwell(since.plus(clear));
        if self.now < at { Some(at) } else { self.pending_or_show(better, Cause::FailBack) }
    }
}

fn soonest(a: Option<Millis>, b: Option<Millis>) -> Option<Millis> {
    a.into_iter().chain(b).min()
}
