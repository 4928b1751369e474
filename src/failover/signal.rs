//! Signals: what the viewer's SDK reports.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use crate::uid::Uid;

numbered! {
    /// The kind of a track.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
    pub enum Kind {
        /// Audio.
        Audio,
        /// Video.
        Video,
    }
}

numbered! {
    /// Why an output left the channel.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
    pub enum LeaveReason {
        /// It left on its own.
        Quit,
        /// The service received no heartbeat of it for about 20 s.
        TimedOut,
        /// It stopped publishing.
        BecameAudience,
        /// The SDK gives no reason, as in the event that it synthesises after the viewer's own reconnect.
        Unknown,
    }
}

numbered! {
    /// The state of a remote track, with the numbers of the SDKs.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
    pub enum MediaState {
        /// 0: not playing.
        Stopped,
        /// 1: its first frame or packet has arrived.
        Starting,
        /// 2: it is decoded.
        Decoding,
        /// 3: it has stopped arriving.
        Frozen,
        /// 4: it cannot be decoded or played.
        Failed,
    }
}

/// Why a remote track is in its state, as native SDKs report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
pub enum StateReason {
    /// No reason (Web), or one without a meaning for the failover.
    None,
    /// 1: network congestion.
    Congestion,
    /// 3, 4: muted or unmuted by the viewer itself.
    Local,
    /// 5: the sender muted it, or stopped sending.
    Muted,
    /// 7: the sender left.
    Offline,
    /// 8: the SDK fell back to audio only because of the viewer's downlink.
    Fallback,
    /// 9 to 11: the SDK adapts to the viewer's downlink.
    Adaptation,
    /// 13: this viewer cannot decode the codec, whichever output uses it.
    Codec,
}

impl StateReason {
    /// The reason with this number of the native SDKs.
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
        /// Not connected yet, or connecting again.
        Reconnecting,
        /// Connected.
        Connected,
        /// Ended: banned, or the viewer's uid joined elsewhere. The application decides whether to join again.
        Closed,
    }
}

/// What an SDK reports about the outputs and the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
pub enum Signal {
    /// An output joined the channel.
    Joined(Uid),
    /// An output left the channel.
    Left(Uid, LeaveReason),
    /// A track was published.
    Published(Uid, Kind),
    /// A track was unpublished: the SDK destroys it.
    Unpublished(Uid, Kind),
    /// The sender muted (`true`) or unmuted a track.
    Muted(Uid, Kind, bool),
    /// The state of a track changed.
    State(Uid, Kind, MediaState, StateReason),
    /// A video frame was presented.
    Frame(Uid),
    /// A stats poll: whether bytes of the track arrived since the last one.
    Stats(Uid, Kind, bool),
    /// A subscription failed.
    SubscribeFailed(Uid, Kind),
    /// The application or the SDK ended a subscription.
    SubscriptionLost(Uid, Kind),
    /// The decoder gave up (Web exception 1005).
    DecodeFailed(Uid),
    /// The state of the viewer's connection to the service.
    Connection(Connection),
    /// Whether the viewer's media connection is up.
    MediaConnection(bool),
    /// Whether the viewer's downlink is poor (quality 5 or worse).
    Network(bool),
    /// Whether the page is visible.
    Visible(bool),
    /// The output that the server has put on air.
    OnAir(Uid),
}
