//! The phases of an output's video, from absent to playing, each with what only it knows.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::cadence::Cadence;
use crate::failover::signal::Left;
use crate::time::Instant;

/// Where an output's video is. The state diagram is in `src/failover/README.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(in crate::failover) enum Phase {
    /// The output is not in the channel, and no video of it was lost.
    Absent,
    /// It left the channel after it had published video.
    Left(Left),
    /// It is in the channel, and has not published video yet.
    Joined,
    /// It is in the channel, and its video was unpublished.
    Unpublished,
    /// Published, and not subscribed.
    Available,
    /// Subscribed.
    Subscribed(Subscription),
    /// The SDK refused the subscription, which is tried again later. What it had shown until then still counts.
    Refused(Subscription),
}

/// What a subscription has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(in crate::failover) struct Subscription {
    /// When its first picture came.
    pub(super) started_at: Option<Instant>,
    /// The SDK has fallen back to audio only, because of the viewer's downlink.
    pub(super) is_fallback: bool,
    pub(super) playback: Playback,
}

/// The picture of a subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) enum Playback {
    /// None has been seen.
    #[default]
    Starting,
    /// It flows, as far as the SDK says. The cadence is that of the frames, where they are reported.
    Playing(Option<Cadence>),
    /// The SDK says that it does not flow any more.
    Frozen(Freeze, Option<Cadence>),
}

/// A picture that the SDK calls frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(in crate::failover) struct Freeze {
    pub(in crate::failover) since: Instant,
    /// The engine says that congestion is the cause.
    pub(in crate::failover) is_congested: bool,
}

impl Phase {
    pub(in crate::failover) fn is_present(&self) -> bool {
        !matches!(self, Self::Absent | Self::Left(_))
    }

    /// Its video was there, and is not any more.
    pub(in crate::failover) fn is_lost(&self) -> bool {
        matches!(self, Self::Left(_) | Self::Unpublished)
    }

    pub(in crate::failover) fn is_published(&self) -> bool {
        matches!(self, Self::Available | Self::Subscribed(_) | Self::Refused(_))
    }

    pub(super) fn subscription(&self) -> Option<&Subscription> {
        match self {
            Self::Subscribed(subscription) | Self::Refused(subscription) => Some(subscription),
            Self::Absent | Self::Left(_) | Self::Joined | Self::Unpublished | Self::Available => None,
        }
    }

    pub(super) fn subscription_mut(&mut self) -> Option<&mut Subscription> {
        match self {
            Self::Subscribed(subscription) | Self::Refused(subscription) => Some(subscription),
            Self::Absent | Self::Left(_) | Self::Joined | Self::Unpublished | Self::Available => None,
        }
    }
}
