//! Decides which output a viewer watches: switches to a backup when the output on screen dies.
//!
//! SDKs report a dead publisher 10 to 20 s late. The media shows it sooner: frames stop, the SDK reports the track as frozen,
//! or its bytes stop. This counts only while another output still arrives at the same viewer. When all outputs stall together,
//! the viewer's own network is the cause, and a switch would not help.
//!
//! [`Failover`] is sans-I/O: no network, no clock, no randomness. Its owner passes in the signals of the SDK
//! ([`Failover::handle`]), polls until [`Output::Wait`], and carries out each output in order. Time is any clock in ms that
//! does not go back.

/// Declares an enum whose values cross to JavaScript as numbers: the number of a value is its position.
macro_rules! numbered {
    ($(#[$about:meta])* pub enum $Name:ident { $($(#[$value_about:meta])* $value:ident,)+ }) => {
        $(#[$about])*
        pub enum $Name {
            $($(#[$value_about])* $value,)+
        }

        impl $Name {
            /// All values, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$value),+];
        }
    };
}

mod change;
mod config;
mod decide;
mod fault;
mod feed;
mod handle;
#[cfg(any(all(feature = "viewer", target_arch = "wasm32"), all(test, feature = "server")))]
pub(crate) mod numbers;
mod signal;
mod stall;
mod standby;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use self::change::{Measured, Pending};
pub use self::config::{FailoverConfig, Standby};
use self::decide::AllDown;
use self::feed::Feed;
pub use self::signal::{Connection, Kind, LeaveReason, MediaState, Signal, StateReason};
use self::stall::SharedStall;
use crate::time::{Duration, Instant};
use crate::uid::Uid;

/// The next action for the owner of a [`Failover`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Subscribe to this track. Play its video behind the one on screen, and its audio muted.
    Subscribe(Uid, Kind),
    /// Unsubscribe from this track.
    Unsubscribe(Uid, Kind),
    /// Bring this output's video to the front and unmute it; mute the others.
    Show(Uid),
    /// Emit this event to the application.
    Emit(Event),
    /// Do nothing until the next signal, or until this time.
    Wait(Option<Instant>),
}

numbered! {
    /// Why the viewer switches, or why the output on screen is degraded.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
    pub enum Reason {
        /// The output left the channel.
        Left,
        /// Its video was unpublished.
        Unpublished,
        /// Its frames stopped.
        Frozen,
        /// Its bytes stopped.
        NoData,
        /// The sender muted its video.
        Muted,
        /// Its audio stopped.
        AudioLost,
        /// It cannot be decoded.
        Failed,
        /// It did not start within `startTimeoutMs`.
        NotStarted,
        /// The server has put another output on air.
        OnAir,
        /// The application or the SDK ended the subscription. It is subscribed again.
        Unsubscribed,
    }
}

/// An event for the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub enum Event {
    /// The output on screen is unhealthy.
    Degraded(Uid, Reason),
    /// The output on screen is healthy again, without a switch.
    Recovered(Uid),
    /// Another output is on screen.
    Switched {
        /// The output that was on screen.
        from: Uid,
        /// The output that is on screen now.
        to: Uid,
        /// Why the viewer switched.
        reason: Reason,
        /// From the last frame of the old output to the decision, in ms.
        detect_ms: Duration,
        /// From the decision to the first frame of the new output, in ms.
        switch_ms: Duration,
        /// From the last frame of the old output to the first frame of the new one, in ms.
        outage_ms: Duration,
    },
    /// A more preferred output is on screen again.
    FailedBack {
        /// The output that was on screen.
        from: Uid,
        /// The output that is on screen now.
        to: Uid,
    },
    /// A false positive: the previous output recovered within `falseAlarmWindowMs`.
    FalseAlarm(Uid),
    /// Outputs are published, but none is healthy.
    AllDown,
    /// This viewer cannot decode or play the track. Other outputs with the same codec would fail too.
    Unplayable(Uid, Kind),
    /// The viewer was banned, or its uid joined elsewhere: the failover has stopped. The application decides whether to
    /// join again, with another uid.
    Closed,
}

numbered! {
    /// The state of an output, as seen by this viewer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Health {
        /// Not in the channel, or without video.
        Absent,
        /// Published, but not subscribed.
        Available,
        /// Subscribed; its second frame has not arrived yet.
        Starting,
        /// Its frames arrive.
        Playing,
        /// Its frames have stopped.
        Frozen,
        /// The sender muted its video.
        Muted,
        /// It could not be decoded or did not start, and `failureCooldownMs` is not over.
        Failed,
    }
}

/// Decides which output a viewer watches.
///
/// ```
/// use steadymix::failover::{Connection, Failover, FailoverConfig, Kind, Output, Signal};
/// use steadymix::time::Instant;
///
/// let now = Instant::from_millis(0);
/// let mut failover = Failover::new(&[9001, 9101], FailoverConfig::default(), now); // the preferred output first
/// failover.handle(now, Signal::Connection(Connection::Connected)); // the viewer itself
/// failover.handle(now, Signal::Joined(9001));
/// failover.handle(now, Signal::Published(9001, Kind::Video));
/// assert_eq!(failover.poll(now), Output::Subscribe(9001, Kind::Video));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub struct Failover {
    config: FailoverConfig,
    feeds: Vec<Feed>,
    now: Instant,
    viewer: Viewer,
    shown: Option<Shown>,
    /// The output that the server has put on air, until the next switch.
    on_air: Option<Uid>,
    pending: Option<Pending>,
    measured: Option<Measured>,
    /// The previous output and when the viewer switched away from it, if that may have been a false alarm.
    left: Option<(Uid, Instant)>,
    all_down: AllDown,
    /// The output that the next poll shows.
    show: Option<Uid>,
    #[cfg_attr(feature = "server", serde(skip))]
    events: VecDeque<Event>,
}

/// The viewer's own connection, network and page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
struct Viewer {
    connection: Connection,
    media_connected: bool,
    has_poor_network: bool,
    /// Whether the page is visible.
    visible: bool,
    /// The end of the grace period after a reconnect: no decision is made before.
    settled_at: Instant,
}

/// The output on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
struct Shown {
    uid: Uid,
    /// When it replaced another output.
    switched_at: Option<Instant>,
    /// [`Event::Degraded`] was emitted for it.
    is_degraded: bool,
    stall: Option<SharedStall>,
}

impl Failover {
    /// `uids` are the outputs, the most preferred one first.
    #[must_use]
    pub fn new(uids: &[Uid], config: FailoverConfig, now: Instant) -> Self {
        let viewer = Viewer {
            connection: Connection::Reconnecting,
            media_connected: true,
            has_poor_network: false,
            visible: true,
            settled_at: Instant::ZERO,
        };
        let mut failover = Self {
            config: FailoverConfig::default(),
            feeds: Vec::new(),
            now,
            viewer,
            shown: None,
            on_air: None,
            pending: None,
            measured: None,
            left: None,
            all_down: AllDown::default(),
            show: None,
            events: VecDeque::new(),
        };
        failover.configure(|before| *before = config);
        uids.iter().for_each(|uid| failover.add(*uid));
        failover
    }

    /// Adds an output, the least preferred one.
    pub(crate) fn add(&mut self, uid: Uid) {
        self.feeds.push(Feed::new(uid));
    }

    /// Changes the settings.
    pub(crate) fn configure(&mut self, change: impl FnOnce(&mut FailoverConfig)) {
        let config = &mut self.config;
        change(config);
        // With 0, two bad outputs would replace each other endlessly within one instant.
        let least = Duration::from_millis(1);
        config.start_timeout_ms = config.start_timeout_ms.max(least);
        config.switch_cooldown_ms = config.switch_cooldown_ms.max(least);
    }

    /// The output on screen.
    #[must_use]
    pub fn shown(&self) -> Option<Uid> {
        self.shown.map(|shown| shown.uid)
    }

    /// The state of each output, in the order of preference.
    pub fn health(&self) -> impl Iterator<Item = (Uid, Health)> {
        self.feeds.iter().map(|feed| (feed.uid, feed.health(self.now, self.viewer.visible)))
    }

    /// The next action. Poll until [`Output::Wait`].
    #[must_use]
    pub fn poll(&mut self, now: Instant) -> Output {
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

    // Not inlined, like `feed_mut`: many callers, and the viewer's module must stay small.
    #[inline(never)]
    fn feed(&self, uid: Uid) -> Option<&Feed> {
        self.feeds.iter().find(|feed| feed.uid == uid)
    }

    #[inline(never)]
    fn feed_mut(&mut self, uid: Uid) -> Option<&mut Feed> {
        self.feeds.iter_mut().find(|feed| feed.uid == uid)
    }

    fn shown_feed(&self) -> Option<&Feed> {
        self.feed(self.shown()?)
    }
}

fn soonest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    a.into_iter().chain(b).min()
}
