//! The audio of one output.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::bytes::{Bytes, is_recent};
use crate::time::Instant;

/// Consecutive stats polls without a packet after which audio is lost.
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
    /// The SDK reports that it is decoded.
    is_decoding: bool,
    /// Since when it has no packets, is muted or unpublished.
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
        let arrives = self.bytes.received_at.map_or(self.is_decoding, |at| is_recent(now, at));
        self.is_published() && self.bytes.silence.is_none() && arrives
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

    /// Its subscription has ended.
    pub(super) fn end(&mut self, then: Track) {
        (self.track, self.is_decoding) = (then, false);
    }

    /// The SDK reports that it starts, or is decoded.
    pub(in crate::failover) fn started(&mut self, is_decoding: bool) {
        (self.is_decoding, self.lost_since) = (is_decoding, None);
    }

    pub(in crate::failover) fn stopped(&mut self) {
        self.is_decoding = false;
    }

    pub(super) fn polled(&mut self, received: bool, now: Instant) {
        let silent_polls = self.bytes.polled(received, now);
        if received {
            self.lost_since = None;
        } else if silent_polls >= LOST_POLLS {
            self.lost(now);
        }
    }

    pub(in crate::failover) fn lost(&mut self, now: Instant) {
        self.lost_since.get_or_insert(now);
    }

    /// It may have been lost together with the video: judge it again, unless it is unpublished.
    pub(super) fn reset_loss(&mut self) {
        self.bytes.silence = None;
        if self.is_published() {
            self.lost_since = None;
        }
    }

    pub(super) fn reset_measurements(&mut self) {
        self.reset_loss();
        self.bytes = Bytes::default();
    }
}
