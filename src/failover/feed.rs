//! One output, as this viewer sees it: all transitions between its phases. What follows from them is in `evidence.rs`.

mod audio;
mod bytes;
mod cadence;
mod evidence;
mod phase;

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use self::audio::{Audio, Track};
use self::bytes::Bytes;
use self::cadence::Cadence;
pub(super) use self::phase::{Freeze, Phase};
use self::phase::{Playback, Subscription};
use super::signal::{Kind, LeaveReason, MediaState};
use crate::time::Instant;
use crate::uid::Uid;

/// Consecutive stats polls without a byte of video after which it has no data.
const NO_DATA_POLLS: u8 = 2;
/// Frames in a row after which a fallback to audio is over, even without a report: more than a jitter buffer holds.
const FALLBACK_OVER_GAPS: u8 = 64;

/// One output, as this viewer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Feed {
    pub(super) uid: Uid,
    pub(super) phase: Phase,
    /// The last state of its video that the SDK reported. SDKs may report one that is not subscribed.
    state: MediaState,
    /// The decoder gave up on its video. Reset when the video is released or published again.
    pub(super) failed: bool,
    pub(super) muted_since: Option<Instant>,
    /// The start of the time after which the viewer may fail back to it.
    pub(super) healthy_since: Option<Instant>,
    /// When its video was subscribed.
    pub(super) subscribed_at: Instant,
    /// When its video was first subscribed, if the SDK refused that and no picture has arrived since.
    pub(super) refused_since: Option<Instant>,
    /// It failed: until then it is chosen only if there is no other.
    pub(super) cooldown_until: Instant,
    /// No new subscription is made before this time.
    pub(super) retry_at: Instant,
    last_picture: LastPicture,
    bytes: Bytes,
    pub(super) audio: Audio,
}

/// When its video last arrived. Kept when the video is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
enum LastPicture {
    /// It arrives, and frames are not reported; or it never arrived.
    Unknown,
    /// Its last frame.
    Frame(Instant),
    /// It stopped then, by evidence other than frames.
    Stopped(Instant),
}

impl Feed {
    pub(super) fn new(uid: Uid) -> Self {
        Self {
            uid,
            phase: Phase::Absent,
            state: MediaState::Stopped,
            failed: false,
            muted_since: None,
            healthy_since: None,
            subscribed_at: Instant::ZERO,
            refused_since: None,
            cooldown_until: Instant::ZERO,
            retry_at: Instant::ZERO,
            last_picture: LastPicture::Unknown,
            bytes: Bytes::default(),
            audio: Audio::default(),
        }
    }

    // ---- presence ------------------------------------------------------------------------------------------------

    pub(super) fn joined(&mut self) {
        match self.phase {
            Phase::Absent => self.phase = Phase::Joined,
            Phase::Left(_) => self.phase = Phase::Unpublished,
            Phase::Joined
            | Phase::Unpublished
            | Phase::Available
            | Phase::Subscribed(_)
            | Phase::Refused(_) => {}
        }
    }

    pub(super) fn left(&mut self, reason: LeaveReason, now: Instant) {
        let had_video = self.phase.is_published() || self.phase.is_lost();
        self.audio.end(Track::Unpublished);
        self.end_video(if had_video { Phase::Left(reason) } else { Phase::Absent }, now);
    }

    pub(super) fn published(&mut self, kind: Kind, now: Instant) {
        // An SDK may report this without reporting that the output joined.
        self.joined();
        match kind {
            Kind::Video => {
                if !self.phase.is_published() {
                    self.phase = Phase::Available;
                }
                (self.failed, self.muted_since) = (false, None);
                self.healthy_since.get_or_insert(now);
            }
            Kind::Audio => self.audio.published(),
        }
    }

    pub(super) fn unpublished(&mut self, kind: Kind, now: Instant) {
        match kind {
            Kind::Video => {
                let muted = self.muted_since;
                self.end_video(if self.phase.is_published() { Phase::Unpublished } else { self.phase }, now);
                self.muted_since = muted;
            }
            Kind::Audio => self.audio.unpublished(now),
        }
    }

    /// The sender muted or unmuted a track.
    pub(super) fn muted(&mut self, kind: Kind, is_muted: bool, now: Instant) {
        match (kind, is_muted) {
            (Kind::Video, true) => drop(self.muted_since.get_or_insert(now)),
            // Muting unpublished the video too: it is published again in a moment.
            (Kind::Video, false) => self.muted_since = self.phase.is_lost().then_some(now),
            (Kind::Audio, true) => self.audio.lost(now),
            (Kind::Audio, false) => self.audio.lost_since = None,
        }
    }

    // ---- subscriptions -------------------------------------------------------------------------------------------

    pub(super) fn subscribe(&mut self, kind: Kind, now: Instant) {
        match kind {
            Kind::Video => {
                let before = self.phase.subscription().copied().unwrap_or_default();
                self.phase = Phase::Subscribed(Subscription { started_at: None, ..before });
                self.subscribed_at = now;
            }
            Kind::Audio => self.audio.track = Track::Subscribed,
        }
    }

    /// The SDK refused a subscription. It is retried, but for a while any other output is preferred.
    pub(super) fn refused(&mut self, kind: Kind, cooldown_until: Instant, retry_at: Instant) {
        self.retry_at = retry_at;
        match kind {
            Kind::Video => {
                if let Phase::Subscribed(subscription) = self.phase {
                    self.phase = Phase::Refused(subscription);
                }
                self.cooldown_until = cooldown_until;
                self.refused_since.get_or_insert(self.subscribed_at);
            }
            Kind::Audio => self.audio.refused(),
        }
    }

    pub(super) fn release(&mut self, kind: Kind, now: Instant) {
        match kind {
            Kind::Video => self.end_video(Phase::Available, now),
            Kind::Audio => self.audio.end(Track::Published),
        }
    }

    /// The subscription of its video has ended.
    // Not inlined: many callers, and the viewer's module must stay small.
    #[inline(never)]
    fn end_video(&mut self, then: Phase, now: Instant) {
        self.record_last_picture(now);
        self.phase = then;
        self.state = MediaState::Stopped;
        self.reset_measurements();
        (self.refused_since, self.muted_since, self.healthy_since) = (None, None, None);
    }

    // ---- the picture ---------------------------------------------------------------------------------------------

    /// A frame was presented. Returns whether it counts: a released video may still present a last one.
    pub(super) fn frame(&mut self, now: Instant) -> bool {
        let Phase::Subscribed(subscription) = &mut self.phase else { return false };
        match &mut subscription.playback {
            Playback::Playing(Some(cadence)) | Playback::Frozen(_, Some(cadence)) => {
                if cadence.frame(now) {
                    subscription.is_fallback &= cadence.gaps < FALLBACK_OVER_GAPS;
                    self.failed = false;
                }
            }
            Playback::Frozen(_, cadence) => *cadence = Some(Cadence::new(now)),
            Playback::Starting | Playback::Playing(_) => {
                subscription.playback = Playback::Playing(Some(Cadence::new(now)));
            }
        }
        self.last_picture = LastPicture::Frame(now);
        self.video_arrives(now);
        true
    }

    /// The SDK reports that frames are decoded. Returns whether it counts: the report may be late, after a release.
    pub(super) fn decoding(&mut self, is_recovery: bool, now: Instant) -> bool {
        let Phase::Subscribed(subscription) = &mut self.phase else { return false };
        // Frames in the jitter buffer are still decoded after the fallback began.
        subscription.is_fallback &= !is_recovery;
        (self.state, self.muted_since, self.failed) = (MediaState::Decoding, None, false);
        self.video_arrives(now);
        true
    }

    /// Its video arrives.
    fn video_arrives(&mut self, now: Instant) {
        let is_frozen = self.state == MediaState::Frozen;
        // The frame that led to a change of state may be reported a moment later.
        let is_frame = matches!(self.last_picture, LastPicture::Frame(_));
        self.last_picture = if is_frame { LastPicture::Frame(now) } else { LastPicture::Unknown };
        let Phase::Subscribed(subscription) = &mut self.phase else { return };
        subscription.started_at.get_or_insert(now);
        let playback = &mut subscription.playback;
        // A single frame after a freeze proves nothing: SDKs do not report the freeze again.
        if is_frozen && playback.gaps() == 0 {
            return;
        }
        match *playback {
            Playback::Starting => *playback = Playback::Playing(None),
            Playback::Playing(_) => {}
            Playback::Frozen(_, cadence) => {
                *playback = Playback::Playing(cadence);
                self.audio.reset_loss();
            }
        }
        self.cooldown_until = Instant::ZERO;
        self.bytes.silence = None;
        self.healthy_since.get_or_insert(now);
    }

    /// The SDK reports the first frame. It may remain the only one.
    pub(super) fn starting(&mut self, now: Instant) {
        // A restart gets the full time for its second frame.
        let is_restart = self.state != MediaState::Starting;
        self.state = MediaState::Starting;
        if let Some(subscription) = self.phase.subscription_mut() {
            subscription.started_at = subscription.started_at.filter(|_| !is_restart).or(Some(now));
        }
        self.refused_since = None;
        self.bytes.silence = None;
    }

    /// The SDK reports that the video is frozen.
    pub(super) fn frozen(&mut self, is_congested: bool, now: Instant) {
        let Some(subscription) = self.phase.subscription_mut() else { return };
        let (since, cadence) = match subscription.playback {
            Playback::Starting => return,
            Playback::Playing(cadence) => (now, cadence),
            Playback::Frozen(freeze, cadence) => (freeze.since, cadence),
        };
        subscription.playback = Playback::Frozen(Freeze { since, is_congested }, cadence);
        (self.state, self.healthy_since) = (MediaState::Frozen, None);
    }

    /// Its element is gone: missing frames say nothing about the output any more.
    pub(super) fn stopped(&mut self, now: Instant) {
        self.record_last_picture(now);
        self.reset_measurements();
        if let LastPicture::Frame(at) = self.last_picture {
            self.last_picture = LastPicture::Stopped(at);
        }
    }

    /// The SDK has fallen back to audio only.
    pub(super) fn fell_back(&mut self) {
        // Without a subscription the report is late, and the end of the fallback is never reported.
        let is_subscribed = self.is_subscribed(Kind::Video);
        if let Some(subscription) = self.phase.subscription_mut() {
            subscription.is_fallback = is_subscribed;
        }
        self.reset_measurements();
    }

    /// It cannot be decoded.
    pub(super) fn decode_failed(&mut self) {
        // Without a subscription the report is late.
        self.failed |= self.is_subscribed(Kind::Video);
    }

    /// A stats poll: whether bytes of that track arrived since the last one.
    pub(super) fn polled(&mut self, kind: Kind, received: bool, now: Instant) {
        match kind {
            Kind::Video => {
                if self.bytes.polled(received, now) >= NO_DATA_POLLS {
                    self.healthy_since = None;
                }
            }
            Kind::Audio => self.audio.polled(received, now),
        }
    }

    // ---- time ----------------------------------------------------------------------------------------------------

    /// Its video stops now, if it arrived until now.
    fn record_last_picture(&mut self, now: Instant) {
        if self.is_seen() && self.last_picture == LastPicture::Unknown {
            self.last_picture = LastPicture::Stopped(self.last_picture().unwrap_or(now));
        }
    }

    /// If it is healthy, it counts as healthy from now on.
    pub(super) fn reset_healthy_since(&mut self, now: Instant) {
        self.healthy_since = self.healthy_since.map(|_| now);
    }

    /// The page was hidden or the viewer was disconnected: measurements start again.
    pub(super) fn reset_after_pause(&mut self, visible: bool, now: Instant) {
        self.reset_measurements();
        // SDKs do not report a freeze again.
        let is_frozen = visible && self.state == MediaState::Frozen;
        if let Some(subscription) = self.phase.subscription_mut() {
            // The start timeout begins again.
            subscription.started_at = None;
            if is_frozen {
                subscription.playback = Playback::Frozen(Freeze { since: now, is_congested: false }, None);
            }
        }
        self.audio.lost_since = self.audio.lost_since.map(|_| now);
        self.last_picture = LastPicture::Unknown;
        self.subscribed_at = now;
        self.refused_since = self.refused_since.map(|_| now);
    }

    /// Measurements of this output start again.
    // Not inlined, for the same reason as `end_video`.
    #[inline(never)]
    fn reset_measurements(&mut self) {
        if let Some(subscription) = self.phase.subscription_mut()
            && !matches!(subscription.playback, Playback::Starting)
        {
            subscription.playback = Playback::Playing(None);
        }
        self.bytes = Bytes::default();
        self.audio.reset_measurements();
    }
}

#[cfg(test)]
mod tests;
