//! What is known about an output from the SDK's reports, its frames and its bytes.

use super::bytes::is_recent;
use super::cadence::{Cadence, MAX_GAP_MS};
use super::phase::{Freeze, Playback};
use super::{Feed, LastPicture, NO_DATA_POLLS};
use crate::failover::Health;
use crate::failover::signal::{Kind, MediaState};
use crate::time::{Duration, Instant};

/// [`MAX_GAP_MS`] as a duration.
const MAX_GAP: Duration = Duration::from_millis(MAX_GAP_MS as u64);

impl Playback {
    pub(super) fn cadence(&self) -> Option<&Cadence> {
        match self {
            Self::Starting => None,
            Self::Playing(cadence) | Self::Frozen(_, cadence) => cadence.as_ref(),
        }
    }

    /// The number of gaps between frames that were measured.
    pub(super) fn gaps(&self) -> u8 {
        self.cadence().map_or(0, |cadence| cadence.gaps)
    }
}

impl Feed {
    pub(in crate::failover) fn health(&self, now: Instant, visible: bool) -> Health {
        let is_overdue = |last: Instant| visible && now > last + MAX_GAP;
        if !self.phase.is_published() {
            if self.muted_since.is_some() { Health::Muted } else { Health::Absent }
        } else if !self.is_available(now) {
            Health::Failed
        } else if self.muted_since.is_some() {
            Health::Muted
        } else if !self.is_subscribed(Kind::Video) {
            Health::Available
        } else if self.is_frozen() || self.has_no_data() || self.last_frame().is_some_and(is_overdue) {
            Health::Frozen
        } else if self.has_started() {
            Health::Playing
        } else {
            Health::Starting
        }
    }

    // ---- subscriptions -------------------------------------------------------------------------------------------

    /// It can be subscribed and, as far as is known, decoded.
    pub(in crate::failover) fn is_usable(&self) -> bool {
        self.phase.is_published() && !self.failed
    }

    /// It is usable, and not in the cooldown after a failure.
    pub(in crate::failover) fn is_available(&self, now: Instant) -> bool {
        self.is_usable() && now >= self.cooldown_until
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

    /// Its video or audio is subscribed.
    pub(in crate::failover) fn is_watched(&self) -> bool {
        self.is_subscribed(Kind::Video) || self.audio.is_subscribed()
    }

    // ---- the picture ---------------------------------------------------------------------------------------------

    // Not inlined: many callers, and the viewer's module must stay small.
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

    /// Its first frame has arrived since it was subscribed.
    pub(in crate::failover) fn is_seen(&self) -> bool {
        self.phase.subscription().is_some_and(|of| !matches!(of.playback, Playback::Starting))
    }

    pub(in crate::failover) fn is_fallback(&self) -> bool {
        self.phase.subscription().is_some_and(|of| of.is_fallback)
    }

    pub(in crate::failover) fn last_frame(&self) -> Option<Instant> {
        self.cadence().map(|cadence| cadence.last_frame)
    }

    /// Its second frame has arrived: the first one may remain the only one.
    pub(in crate::failover) fn has_started(&self) -> bool {
        let has_gaps = || self.cadence().is_some_and(|cadence| cadence.gaps > 0);
        self.is_seen() && (self.state != MediaState::Starting || has_gaps())
    }

    /// The end of the start timeout, with some time left after the first frame.
    pub(in crate::failover) fn start_deadline(&self, starting: Duration) -> Instant {
        let deadline = self.subscribed_at + starting;
        let first = self.phase.subscription().and_then(|of| of.started_at);
        first.map_or(deadline, |first| deadline.max(first + MAX_GAP))
    }

    /// How long it has been subscribed without a first frame.
    pub(in crate::failover) fn starting_for(&self, now: Instant) -> Option<Duration> {
        (self.is_subscribed(Kind::Video) && !self.is_seen()).then(|| now.duration_since(self.subscribed_at))
    }

    /// How long frames may be missing before that is a fault, once the cadence is known.
    pub(in crate::failover) fn gap_grace(&self, least: Duration) -> Option<Duration> {
        self.cadence().and_then(|cadence| cadence.gap_grace(least))
    }

    /// The next frame is later than usual.
    pub(in crate::failover) fn is_out_of_rhythm(&self, now: Instant) -> bool {
        self.cadence().is_some_and(|cadence| cadence.is_out_of_rhythm(now))
    }

    pub(in crate::failover) fn had_recent_frame(&self, now: Instant) -> bool {
        self.last_frame().is_some_and(|at| is_recent(now, at))
    }

    /// When its video last arrived: its last frame, or the best estimate without frames. `None`: it still arrives.
    pub(in crate::failover) fn last_picture(&self) -> Option<Instant> {
        if let LastPicture::Frame(at) | LastPicture::Stopped(at) = self.last_picture {
            return Some(at);
        }
        let frozen_since = self.freeze().map(|freeze| freeze.since);
        frozen_since.or(self.muted_since).or_else(|| self.bytes.silent_since())
    }

    // ---- signs of life -------------------------------------------------------------------------------------------

    /// The last stats polls found no new byte of its video.
    pub(in crate::failover) fn has_no_data(&self) -> bool {
        self.is_subscribed(Kind::Video) && self.bytes.silent_polls() >= NO_DATA_POLLS
    }

    pub(in crate::failover) fn receives_video(&self, now: Instant) -> bool {
        self.bytes.arrive(now)
    }

    /// When bytes of its video last arrived, or when it was subscribed.
    pub(in crate::failover) fn last_bytes(&self) -> Instant {
        self.bytes.received_at.unwrap_or(self.subscribed_at)
    }

    /// It provably arrives: by its frames, or without frames by recent stats polls.
    pub(in crate::failover) fn is_progressing(&self, now: Instant) -> bool {
        match self.cadence() {
            Some(cadence) => !cadence.is_out_of_rhythm(now),
            None => self.bytes.arrive(now) || self.audio.is_alive(now),
        }
    }

    /// It arrives, or an SDK that only reports changes has not reported the contrary.
    pub(in crate::failover) fn is_alive(&self, now: Instant) -> bool {
        let is_reported =
            self.state == MediaState::Decoding && self.bytes.silence.is_none() && self.cadence().is_none();
        self.is_progressing(now) || is_reported
    }

    /// It presented a frame well after the other's last one, so the two did not stall together.
    pub(in crate::failover) fn continued_after(&self, other: &Self, gap_grace: Duration) -> bool {
        let LastPicture::Frame(last) = other.last_picture else { return false };
        self.last_frame()
            .is_some_and(|frame| frame.duration_since(last).as_millis() * 4 >= gap_grace.as_millis() * 3)
    }

    /// Its bytes arrived after a stats poll had found none of the other. Frames are better evidence: with frames, this
    /// is always true.
    pub(in crate::failover) fn received_after(&self, other: &Self) -> bool {
        let last = self.bytes.received_at.max(self.audio.bytes.received_at);
        match (self.cadence(), last, other.bytes.silence) {
            (None, Some(last), Some(silence)) => last > silence.since,
            _ => true,
        }
    }

    /// There is evidence for or against it: a frame, or a stats poll.
    pub(in crate::failover) fn has_evidence(&self) -> bool {
        let has_audio_polls = self.audio.is_subscribed() && self.audio.bytes != super::Bytes::default();
        self.phase.is_present() && (self.is_seen() || self.bytes.silence.is_some() || has_audio_polls)
    }

    /// When it last arrived for certain.
    pub(in crate::failover) fn last_active_at(&self) -> Option<Instant> {
        if let LastPicture::Frame(at) = self.last_picture {
            return Some(at);
        }
        self.freeze().map(|freeze| freeze.since).or(self.bytes.received_at)
    }

    /// Its audio is lost, or its video is muted: do not fail back to it.
    pub(in crate::failover) fn is_incomplete(&self) -> bool {
        self.audio.lost_since.is_some() || self.muted_since.is_some()
    }
}
