//! The phases of an output's video, each with the data that only this phase needs.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::cadence::Cadence;
use crate::failover::signal::LeaveReason;
use crate::time::Instant;

/// The phase of an output's video. The state diagram is in `src/failover/README.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(in crate::failover) enum Phase {
    /// Not in the channel, and no video of it was lost.
    Absent,
    /// Left the channel after it had published video.
    Left(LeaveReason),
    /// In the channel, but has not published video yet.
    Joined,
    /// In the channel, but its video was unpublished.
    Unpublished,
    /// Published, but not subscribed.
    Available,
    Subscribed(Subscription),
    /// The SDK refused the subscription, which is retried later. Frames that had arrived still count.
    Refused(Subscription),
}

/// The state of a subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(in crate::failover) struct Subscription {
    /// When its first frame arrived.
    pub(super) started_at: Option<Instant>,
    /// The SDK fell back to audio only because of the viewer's downlink.
    pub(super) is_fallback: bool,
    pub(super) playback: Playback,
}

/// The video of a subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) enum Playback {
    /// No frame yet.
    #[default]
    Starting,
    /// Not reported as frozen. The cadence is known only where frames are reported.
    Playing(Option<Cadence>),
    /// Reported as frozen by the SDK.
    Frozen(Freeze, Option<Cadence>),
}

/// A freeze that the SDK reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(in crate::failover) struct Freeze {
    pub(in crate::failover) since: Instant,
    /// The SDK reported congestion as the reason.
    pub(in crate::failover) is_congested: bool,
}

impl Phase {
    pub(in crate::failover) fn is_present(&self) -> bool {
        !matches!(self, Self::Absent | Self::Left(_))
    }

    /// Its video was published, and is gone.
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
