//! Signals: what a viewer's SDK reports.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use crate::uid::Uid;

numbered! {
    /// Audio or video.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
    pub enum Kind {
        /// What is heard.
        Audio,
        /// What is seen.
        Video,
    }
}

numbered! {
    /// Why somebody left the channel.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
    pub enum Left {
        /// It said goodbye.
        Quit,
        /// The service has not heard of it for a while (about 20 s).
        TimedOut,
        /// It stopped publishing.
        BecameAudience,
        /// The SDK does not say: it has made the event up after the viewer's own reconnect.
        Unknown,
    }
}

numbered! {
    /// How a remote track is, as the SDKs name it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
    pub enum MediaState {
        /// 0: not played.
        Stopped,
        /// 1: the first of it is there.
        Starting,
        /// 2: it flows.
        Decoding,
        /// 3: it does not flow any more.
        Frozen,
        /// 4: it cannot be decoded or played.
        Failed,
    }
}

/// Why a remote track is as it is, as far as engines say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
pub enum StateReason {
    /// Nothing is said (Web), or nothing of use.
    None,
    /// 1: network congestion.
    Congestion,
    /// 3, 4: the viewer's own mute.
    Local,
    /// 5: the sender muted it, or stopped sending.
    Muted,
    /// 7: the sender left.
    Offline,
    /// 8: the SDK has fallen back to audio only, because of the viewer's downlink.
    Fallback,
    /// 9 to 11: the SDK adapts to the viewer's downlink.
    Adaptation,
    /// 13: this viewer cannot decode it, whoever sends it.
    Codec,
}

impl StateReason {
    /// By the native engines' number.
    #[must_use]
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Congestion,
            3 | 4 => Self::Local,
            5 => Self::Muted,
            7 => Self::Offline,
            8 => Self::Fallback,
            9..=11 => Self::Adaptation,
            13 => Self::Codec,
            _ => Self::None,
        }
    }
}

numbered! {
    /// The viewer's own connection.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
    pub enum Connection {
        /// Not there yet, or lost for the moment.
        Reconnecting,
        /// There.
        Connected,
        /// Lost for good: banned, or the same viewer uid elsewhere. What follows is the application's decision.
        Closed,
    }
}

/// What an SDK reports of the outputs and of the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
pub enum Signal {
    /// Somebody is in the channel.
    Joined(Uid),
    /// Somebody left it.
    Left(Uid, Left),
    /// A track can be subscribed to.
    Published(Uid, Kind),
    /// A track cannot be subscribed to any more: the SDK tears it down.
    Unpublished(Uid, Kind),
    /// The sender says that it muted a track, or unmuted it (`true`: muted).
    Muted(Uid, Kind, bool),
    /// A track's state changed.
    State(Uid, Kind, MediaState, StateReason),
    /// A frame of the video was presented.
    Frame(Uid),
    /// A stats poll: whether bytes came in since the last one.
    Progress(Uid, Kind, bool),
    /// A subscription failed.
    SubscribeFailed(Uid, Kind),
    /// A subscription is gone, though nobody here ended it: the application did, or the SDK lost it.
    SubscriptionLost(Uid, Kind),
    /// The decoder gave up (Web exception 1005).
    DecodeFailed(Uid),
    /// The viewer's connection to the service.
    Connection(Connection),
    /// The viewer's media path (`false`: it is being rebuilt).
    MediaPath(bool),
    /// The viewer's downlink is bad (quality 5 or 6).
    BadNetwork(bool),
    /// The page can be seen.
    Visible(bool),
    /// The output that the server says is on air.
    OnAir(Uid),
}
