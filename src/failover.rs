//! Which output a viewer watches: changes over to the backup when the one that is shown dies.
//!
//! SDKs report that a publisher has died 10 to 20 s late. The picture shows it sooner: frames stop, the SDK calls the track
//! frozen, or its bytes stop. That is only believed while another output still flows for the same viewer: when all stall
//! together, the cause is the viewer's own network, and changing over would be wrong.
//!
//! [`Failover`] does no I/O. Its owner passes in the signals of the SDK ([`Failover::handle`]), then polls until
//! [`Output::Wait`], and carries out each output, in order. Time is any clock in ms that does not go back.

/// Declares an enum whose values cross to JavaScript as numbers: the number of one is its place.
macro_rules! numbered {
    ($(#[$about:meta])* pub enum $Name:ident { $($(#[$value_about:meta])* $value:ident,)+ }) => {
        $(#[$about])*
        pub enum $Name {
            $($(#[$value_about])* $value,)+
        }

        impl $Name {
            /// All of them, in the order of their numbers.
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
pub use self::signal::{Connection, Kind, Left, MediaState, Signal, StateReason};
use self::stall::SharedStall;
use crate::time::{Duration, Instant};
use crate::uid::Uid;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Subscribe to this track. Its picture goes below the one that is shown, and it is not to be heard.
    Subscribe(Uid, Kind),
    /// Unsubscribe from this track.
    Unsubscribe(Uid, Kind),
    /// Put this output's picture on top and let it be heard; silence the others.
    Show(Uid),
    /// Report this event to the application.
    Emit(Event),
    /// Do nothing until the next signal, or until that time.
    Wait(Option<Instant>),
}

numbered! {
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
}

/// What is reported to the application.
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
        detect_ms: Duration,
        /// From the decision to the first frame of the new one, in ms.
        switch_ms: Duration,
        /// From the last frame of the old one to the first frame of the new one, in ms.
        outage_ms: Duration,
    },
    /// The preferred one is shown again.
    FailedBack {
        /// The one before.
        from: Uid,
        /// The one that is shown.
        to: Uid,
    },
    /// A false positive: the output that was left flows again within the time for false alarms.
    FalseAlarm(Uid),
    /// Outputs are there, but none is well.
    BothDown,
    /// This viewer cannot decode or play it. That is no fault of the output: the same of another one fails too.
    Unplayable(Uid, Kind),
    /// The viewer was thrown out, or the same viewer uid is elsewhere: nothing more is done. To join again, under
    /// another uid, is the application's decision.
    Closed,
}

numbered! {
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
}

/// Which output a viewer watches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub struct Failover {
    config: FailoverConfig,
    feeds: Vec<Feed>,
    now: Instant,
    viewer: Viewer,
    shown: Option<Shown>,
    /// The output that the server says is on air, until another one is shown.
    on_air: Option<Uid>,
    pending: Option<Pending>,
    measured: Option<Measured>,
    /// The output that was left for a fault that may have been none, and when.
    left: Option<(Uid, Instant)>,
    all_down: AllDown,
    show: Option<Uid>,
    #[cfg_attr(feature = "server", serde(skip))]
    events: VecDeque<Event>,
}

/// The viewer's own side: its connection to the service, its downlink, its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
struct Viewer {
    connection: Connection,
    /// `false`: it is being rebuilt.
    media_path: bool,
    bad_network: bool,
    visible: bool,
    /// Nothing is believed before: the viewer has only just come back.
    settled_at: Instant,
}

/// The output that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
struct Shown {
    uid: Uid,
    /// When it took the place of another one.
    changed_at: Option<Instant>,
    /// That it is not well has been reported.
    is_degraded: bool,
    stall: Option<SharedStall>,
}

impl Failover {
    /// Watches the first of these outputs that is there, the preferred one first.
    #[must_use]
    pub fn new(uids: &[Uid], config: FailoverConfig, now: Instant) -> Self {
        let viewer = Viewer {
            connection: Connection::Reconnecting,
            media_path: true,
            bad_network: false,
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
        let moment = Duration::from_millis(1);
        config.starting_ms = config.starting_ms.max(moment);
        config.dwell_ms = config.dwell_ms.max(moment);
    }

    /// The output that is shown.
    #[must_use]
    pub fn shown(&self) -> Option<Uid> {
        self.shown.map(|shown| shown.uid)
    }

    /// How each output is, in the order of preference.
    pub fn health(&self) -> impl Iterator<Item = (Uid, Health)> {
        self.feeds.iter().map(|feed| (feed.uid, feed.health(self.now, self.viewer.visible)))
    }

    /// What to do next. Poll until [`Output::Wait`].
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

    /// Not inlined, like the next one: there are many callers, and the viewer's module is to be small.
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
