//! What can be told of an output from what its SDK has said, its frames and its bytes.

use super::bytes::is_recent;
use super::cadence::{Cadence, LONGEST_GAP_MS};
use super::phase::{Freeze, Playback};
use super::{DEAD_POLLS, Feed, LastPicture};
use crate::failover::Health;
use crate::failover::signal::{Kind, MediaState};
use crate::time::{Duration, Instant};

/// A gap this long is no cadence.
const LONGEST_GAP: Duration = Duration::from_millis(LONGEST_GAP_MS as u64);

impl Playback {
    pub(super) fn cadence(&self) -> Option<&Cadence> {
        match self {
            Self::Starting => None,
            Self::Playing(cadence) | Self::Frozen(_, cadence) => cadence.as_ref(),
        }
    }

    /// Gaps between frames that were measured.
    pub(super) fn gaps(&self) -> u8 {
        self.cadence().map_or(0, |cadence| cadence.gaps)
    }
}

impl Feed {
    pub(in crate::failover) fn health(&self, now: Instant, visible: bool) -> Health {
        let is_overdue = |last: Instant| visible && now > last + LONGEST_GAP;
        if !self.phase.is_published() {
            if self.muted_since.is_some() { Health::Muted } else { Health::Absent }
        } else if !self.is_available(now) {
            Health::Failed
        } else if self.muted_since.is_some() {
            Health::Muted
        } else if !self.is_subscribed(Kind::Video) {
            Health::Available
        } else if self.is_frozen() || self.is_dead() || self.last_frame().is_some_and(is_overdue) {
            Health::Frozen
        } else if self.has_started() {
            Health::Playing
        } else {
            Health::Starting
        }
    }

    // ---- subscriptions -------------------------------------------------------------------------------------------

    /// Whether it can be subscribed, and decoded.
    pub(in crate::failover) fn is_usable(&self) -> bool {
        self.phase.is_published() && !self.failed
    }

    /// The same, and it has not failed lately.
    pub(in crate::failover) fn is_available(&self, now: Instant) -> bool {
        self.is_usable() && now >= self.penalty_until
    }

    pub(in crate::failover) fn is_subscribed(&self, kind: Kind) -> bool {
        match kind {
            Kind::Video => matches!(self.phase, super::Phase::Subscribed(_)),
            Kind::Audio => self.audio.is_subscribed(),
        }
    }

    pub(in crate::failover) fn can_subscribe(&self, kind: Kind, now: Instant) -> bool {
        let is_published = match kind {
            Kind::Video => self.phase.is_published(),
            Kind::Audio => self.audio.is_published(),
        };
        is_published && !self.is_subscribed(kind) && now >= self.retry_at
    }

    /// Its video or its audio is subscribed.
    pub(in crate::failover) fn is_watched(&self) -> bool {
        self.is_subscribed(Kind::Video) || self.audio.is_subscribed()
    }

    // ---- the picture ---------------------------------------------------------------------------------------------

    /// Not inlined: there are many callers, and the viewer's module is to be small.
    #[inline(never)]
    fn cadence(&self) -> Option<&Cadence> {
        self.phase.subscription()?.playback.cadence()
    }

    pub(in crate::failover) fn freeze(&self) -> Option<Freeze> {
        match self.phase.subscription()?.playback {
            Playback::Starting | Playback::Playing(_) => None,
            Playback::Frozen(freeze, _) => Some(freeze),
        }
    }

    pub(in crate::failover) fn is_frozen(&self) -> bool {
        self.freeze().is_some()
    }

    /// A picture was seen since it was subscribed.
    pub(in crate::failover) fn is_seen(&self) -> bool {
        self.phase.subscription().is_some_and(|of| !matches!(of.playback, Playback::Starting))
    }

    pub(in crate::failover) fn is_fallback(&self) -> bool {
        self.phase.subscription().is_some_and(|of| of.is_fallback)
    }

    pub(in crate::failover) fn last_frame(&self) -> Option<Instant> {
        self.cadence().map(|cadence| cadence.last_frame)
    }

    /// It has shown its second frame: one alone may be all that comes.
    pub(in crate::failover) fn has_started(&self) -> bool {
        let has_gaps = || self.cadence().is_some_and(|cadence| cadence.gaps > 0);
        self.is_seen() && (self.state != MediaState::Starting || has_gaps())
    }

    /// When it has failed to start: so long after it was subscribed, unless its first frame has only just come.
    pub(in crate::failover) fn start_deadline(&self, starting: Duration) -> Instant {
        let deadline = self.subscribed_at + starting;
        let first = self.phase.subscription().and_then(|of| of.started_at);
        first.map_or(deadline, |first| deadline.max(first + LONGEST_GAP))
    }

    /// It is subscribed, and no picture was seen yet: for how long.
    pub(in crate::failover) fn starts_for(&self, now: Instant) -> Option<Duration> {
        (self.is_subscribed(Kind::Video) && !self.is_seen()).then(|| now.duration_since(self.subscribed_at))
    }

    /// How long no frame may come before something is wrong, once the cadence is known.
    pub(in crate::failover) fn patience(&self, least: Duration) -> Option<Duration> {
        self.cadence().and_then(|cadence| cadence.patience(least))
    }

    /// The next frame is later than frames are.
    pub(in crate::failover) fn is_out_of_rhythm(&self, now: Instant) -> bool {
        self.cadence().is_some_and(|cadence| cadence.is_out_of_rhythm(now))
    }

    pub(in crate::failover) fn was_seen_lately(&self, now: Instant) -> bool {
        self.last_frame().is_some_and(|at| is_recent(now, at))
    }

    /// When its picture was last seen to flow, if it does not any more: its last frame, or what else is known of it.
    pub(in crate::failover) fn last_picture(&self) -> Option<Instant> {
        if let LastPicture::Frame(at) | LastPicture::Stood(at) = self.last_picture {
            return Some(at);
        }
        let frozen_since = self.freeze().map(|freeze| freeze.since);
        frozen_since.or(self.muted_since).or_else(|| self.bytes.silent_since())
    }

    // ---- signs of life -------------------------------------------------------------------------------------------

    /// No byte of its video came between the last stats polls.
    pub(in crate::failover) fn is_dead(&self) -> bool {
        self.is_subscribed(Kind::Video) && self.bytes.silent_polls() >= DEAD_POLLS
    }

    pub(in crate::failover) fn video_bytes_come(&self, now: Instant) -> bool {
        self.bytes.come(now)
    }

    /// When bytes of its video were last seen to come, or it was subscribed.
    pub(in crate::failover) fn last_bytes(&self) -> Instant {
        self.bytes.came_at.unwrap_or(self.subscribed_at)
    }

    /// It provably flows: a frame, or bytes, came just now.
    pub(in crate::failover) fn is_progressing(&self, now: Instant) -> bool {
        match self.cadence() {
            Some(cadence) => !cadence.is_out_of_rhythm(now),
            None => self.bytes.come(now) || self.audio.is_alive(now),
        }
    }

    /// It flows, or nothing was heard to the contrary from an SDK that only reports changes.
    pub(in crate::failover) fn lives(&self, now: Instant) -> bool {
        let is_said_to_flow =
            self.state == MediaState::Decoding && self.bytes.silence.is_none() && self.cadence().is_none();
        self.is_progressing(now) || is_said_to_flow
    }

    /// It has shown a frame well after the last one of the other: their silence is not the same.
    pub(in crate::failover) fn outlives(&self, other: &Self, patience: Duration) -> bool {
        let LastPicture::Frame(last) = other.last_picture else { return false };
        self.last_frame()
            .is_some_and(|frame| frame.duration_since(last).as_millis() * 4 >= patience.as_millis() * 3)
    }

    /// Bytes of it came after a stats poll had found none of the other. Frames say more than stats polls do.
    pub(in crate::failover) fn outlives_bytes_of(&self, other: &Self) -> bool {
        let last = self.bytes.came_at.max(self.audio.bytes.came_at);
        match (self.cadence(), last, other.bytes.silence) {
            (None, Some(last), Some(silence)) => last > silence.since,
            _ => true,
        }
    }

    /// Something of it has come, or was looked for.
    pub(in crate::failover) fn is_known(&self) -> bool {
        let is_audio_known = self.audio.is_subscribed() && self.audio.bytes != super::Bytes::default();
        self.phase.is_present() && (self.is_seen() || self.bytes.silence.is_some() || is_audio_known)
    }

    /// When it was last known to flow.
    pub(in crate::failover) fn last_sign(&self) -> Option<Instant> {
        if let LastPicture::Frame(at) = self.last_picture {
            return Some(at);
        }
        self.freeze().map(|freeze| freeze.since).or(self.bytes.came_at)
    }

    /// It is seen, but not heard, or it is muted: nothing to fail back to.
    pub(in crate::failover) fn is_lacking(&self) -> bool {
        self.audio.lost_since.is_some() || self.muted_since.is_some()
    }
}
