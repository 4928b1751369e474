//! The audio of one output.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::bytes::{Bytes, is_recent};
use crate::time::Instant;

/// Stats polls in a row without a byte after which audio is lost.
const LOST_POLLS: u8 = 3;

/// Whether there is a track, and whether it is subscribed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) enum Track {
    #[default]
    Unpublished,
    Published,
    Subscribed,
}

/// The audio of one output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(in crate::failover) struct Audio {
    pub(super) track: Track,
    /// The SDK says that it flows.
    flows: bool,
    /// Since when it is silent, muted or unpublished.
    pub(in crate::failover) lost_since: Option<Instant>,
    pub(super) bytes: Bytes,
}

impl Audio {
    pub(in crate::failover) fn is_published(&self) -> bool {
        self.track != Track::Unpublished
    }

    pub(in crate::failover) fn is_subscribed(&self) -> bool {
        self.track == Track::Subscribed
    }

    pub(in crate::failover) fn is_alive(&self, now: Instant) -> bool {
        let flows = self.bytes.came_at.map_or(self.flows, |at| is_recent(now, at));
        self.is_published() && self.bytes.silence.is_none() && flows
    }

    pub(super) fn published(&mut self) {
        if !self.is_published() {
            self.track = Track::Published;
        }
        self.lost_since = None;
    }

    pub(super) fn unpublished(&mut self, now: Instant) {
        if self.is_published() {
            self.lost(now);
        }
        self.end(Track::Unpublished);
    }

    pub(super) fn refused(&mut self) {
        if self.is_subscribed() {
            self.track = Track::Published;
        }
    }

    /// It is not subscribed any more.
    pub(super) fn end(&mut self, then: Track) {
        (self.track, self.flows) = (then, false);
    }

    /// The SDK says that it is there, and whether it flows yet.
    pub(in crate::failover) fn heard(&mut self, flows: bool) {
        (self.flows, self.lost_since) = (flows, None);
    }

    /// The SDK says that it does not flow.
    pub(in crate::failover) fn stopped(&mut self) {
        self.flows = false;
    }

    pub(super) fn polled(&mut self, came: bool, now: Instant) {
        let silent_polls = self.bytes.polled(came, now);
        if came {
            self.lost_since = None;
        } else if silent_polls >= LOST_POLLS {
            self.lost(now);
        }
    }

    pub(in crate::failover) fn lost(&mut self, now: Instant) {
        self.lost_since.get_or_insert(now);
    }

    /// What was not heard may have been missed with the picture; what is not published cannot be heard.
    pub(super) fn judge_anew(&mut self) {
        self.bytes.silence = None;
        if self.is_published() {
            self.lost_since = None;
        }
    }

    pub(super) fn forget_measured(&mut self) {
        self.judge_anew();
        self.bytes = Bytes::default();
    }
}
