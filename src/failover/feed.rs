//! One output, as this viewer sees it: every transition between its phases. What can be told from them is in `evidence.rs`.

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
use super::signal::{Kind, Left, MediaState};
use crate::time::Instant;
use crate::uid::Uid;

/// Stats polls in a row without a byte of video after which it is dead.
const DEAD_POLLS: u8 = 2;
/// After so many gaps video comes again, though nobody said that the fallback is over: more than a jitter buffer holds.
const FALLBACK_OVER_GAPS: u8 = 64;

/// One output, as this viewer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Feed {
    pub(super) uid: Uid,
    pub(super) phase: Phase,
    /// What the SDK last said of its video. It may say so of one that is not subscribed.
    state: MediaState,
    /// The decoder has given up on its video, which was neither released nor published anew since.
    pub(super) failed: bool,
    pub(super) muted_since: Option<Instant>,
    /// Since when it could be shown again, as far as failing back is concerned.
    pub(super) healthy_since: Option<Instant>,
    /// When its video was subscribed.
    pub(super) subscribed_at: Instant,
    /// When its video was first subscribed, if the SDK refused that, and no first picture has come since.
    pub(super) refused_since: Option<Instant>,
    /// Until then any other output is better.
    pub(super) penalty_until: Instant,
    /// Until then it is not subscribed again.
    pub(super) retry_at: Instant,
    last_picture: LastPicture,
    bytes: Bytes,
    pub(super) audio: Audio,
}

/// When the picture was last seen to flow. Kept when the video is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
enum LastPicture {
    /// It flows, and no frames are reported; or it was never seen.
    Unknown,
    /// Its last frame.
    Frame(Instant),
    /// It has not flowed since then, as far as is known without frames.
    Stood(Instant),
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
            penalty_until: Instant::ZERO,
            retry_at: Instant::ZERO,
            last_picture: LastPicture::Unknown,
            bytes: Bytes::default(),
            audio: Audio::default(),
        }
    }

    // ---- the roster ----------------------------------------------------------------------------------------------

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

    pub(super) fn left(&mut self, how: Left, now: Instant) {
        let had_video = self.phase.is_published() || self.phase.is_lost();
        self.audio.end(Track::Unpublished);
        self.end_video(if had_video { Phase::Left(how) } else { Phase::Absent }, now);
    }

    pub(super) fn published(&mut self, kind: Kind, now: Instant) {
        // An SDK that publishes has joined, whether we heard of it or not.
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

    /// The sender says that it muted a track, or unmuted it.
    pub(super) fn muted(&mut self, kind: Kind, is_muted: bool, now: Instant) {
        match (kind, is_muted) {
            (Kind::Video, true) => drop(self.muted_since.get_or_insert(now)),
            // What was unpublished with the mute comes back in a moment.
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

    /// The SDK refused a subscription: it is tried again, but any other output is better for a while.
    pub(super) fn refused(&mut self, kind: Kind, penalty_until: Instant, retry_at: Instant) {
        self.retry_at = retry_at;
        match kind {
            Kind::Video => {
                if let Phase::Subscribed(subscription) = self.phase {
                    self.phase = Phase::Refused(subscription);
                }
                self.penalty_until = penalty_until;
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

    /// Its video is not subscribed any more: nothing of it is shown from now on.
    ///
    /// Not inlined: there are many callers, and the viewer's module is to be small.
    #[inline(never)]
    fn end_video(&mut self, then: Phase, now: Instant) {
        self.stands_still(now);
        self.phase = then;
        self.state = MediaState::Stopped;
        self.forget_measured();
        (self.refused_since, self.muted_since, self.healthy_since) = (None, None, None);
    }

    // ---- the picture ---------------------------------------------------------------------------------------------

    /// A frame was presented. Whether it counts: one of a video that was released may still be under way.
    pub(super) fn frame(&mut self, now: Instant) -> bool {
        let Phase::Subscribed(subscription) = &mut self.phase else { return false };
        match &mut subscription.playback {
            Playback::Playing(Some(cadence)) | Playback::Frozen(_, Some(cadence)) => {
                if cadence.frame(now) {
                    subscription.is_fallback &= cadence.gaps < FALLBACK_OVER_GAPS;
                    // It decodes after all.
                    self.failed = false;
                }
            }
            Playback::Frozen(_, cadence) => *cadence = Some(Cadence::new(now)),
            Playback::Starting | Playback::Playing(_) => {
                subscription.playback = Playback::Playing(Some(Cadence::new(now)));
            }
        }
        self.last_picture = LastPicture::Frame(now);
        self.flows(now);
        true
    }

    /// The SDK says that the picture flows. Whether that counts: of one that is not subscribed it is reported late.
    pub(super) fn decoding(&mut self, is_recovery: bool, now: Instant) -> bool {
        let Phase::Subscribed(subscription) = &mut self.phase else { return false };
        // What was on its way before the fallback is decoded after it.
        subscription.is_fallback &= !is_recovery;
        (self.state, self.muted_since, self.failed) = (MediaState::Decoding, None, false);
        self.flows(now);
        true
    }

    /// A picture is there.
    fn flows(&mut self, now: Instant) {
        let is_frozen = self.state == MediaState::Frozen;
        // Where frames are reported, the one behind a change of state may be reported a moment later.
        let is_frame = matches!(self.last_picture, LastPicture::Frame(_));
        self.last_picture = if is_frame { LastPicture::Frame(now) } else { LastPicture::Unknown };
        let Phase::Subscribed(subscription) = &mut self.phase else { return };
        subscription.started_at.get_or_insert(now);
        let playback = &mut subscription.playback;
        // After a freeze one frame alone may be all that comes, and SDKs do not call it frozen again.
        if is_frozen && playback.gaps() == 0 {
            return;
        }
        match *playback {
            Playback::Starting => *playback = Playback::Playing(None),
            Playback::Playing(_) => {}
            Playback::Frozen(_, cadence) => {
                *playback = Playback::Playing(cadence);
                self.audio.judge_anew();
            }
        }
        self.penalty_until = Instant::ZERO;
        self.bytes.silence = None;
        self.healthy_since.get_or_insert(now);
    }

    /// The SDK says that the first picture is there. It may remain the only one.
    pub(super) fn starting(&mut self, now: Instant) {
        // One that starts anew has as long for its second frame as it had at first.
        let is_anew = self.state != MediaState::Starting;
        self.state = MediaState::Starting;
        if let Some(subscription) = self.phase.subscription_mut() {
            subscription.started_at = subscription.started_at.filter(|_| !is_anew).or(Some(now));
        }
        self.refused_since = None;
        self.bytes.silence = None;
    }

    /// The SDK says that the picture does not flow any more.
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

    /// Its element is gone: that no frames come says nothing of the output, whether they are reported from now on or not.
    pub(super) fn stopped(&mut self, now: Instant) {
        self.stands_still(now);
        self.forget_measured();
        if let LastPicture::Frame(at) = self.last_picture {
            self.last_picture = LastPicture::Stood(at);
        }
    }

    /// The SDK has fallen back to audio only.
    pub(super) fn fell_back(&mut self) {
        // That of a video that is not subscribed any more is reported late, and its end would never be.
        let is_subscribed = self.is_subscribed(Kind::Video);
        if let Some(subscription) = self.phase.subscription_mut() {
            subscription.is_fallback = is_subscribed;
        }
        self.forget_measured();
    }

    /// It cannot be decoded. Of one that is not subscribed that is reported late.
    pub(super) fn decode_failed(&mut self) {
        self.failed |= self.is_subscribed(Kind::Video);
    }

    /// A stats poll: whether bytes of that track came since the last one.
    pub(super) fn polled(&mut self, kind: Kind, came: bool, now: Instant) {
        match kind {
            Kind::Video => {
                if self.bytes.polled(came, now) >= DEAD_POLLS {
                    self.healthy_since = None;
                }
            }
            Kind::Audio => self.audio.polled(came, now),
        }
    }

    // ---- time ----------------------------------------------------------------------------------------------------

    /// Its picture does not flow from now on, if it did until now.
    fn stands_still(&mut self, now: Instant) {
        if self.is_seen() && self.last_picture == LastPicture::Unknown {
            self.last_picture = LastPicture::Stood(self.last_picture().unwrap_or(now));
        }
    }

    /// If it is well, its clear time begins now.
    pub(super) fn begin_clear_time(&mut self, now: Instant) {
        self.healthy_since = self.healthy_since.map(|_| now);
    }

    /// What was measured does not hold any more: the page was hidden, or the viewer was away.
    pub(super) fn forget_time(&mut self, visible: bool, now: Instant) {
        self.forget_measured();
        // What SDKs do not say again still holds.
        let is_frozen = visible && self.state == MediaState::Frozen;
        if let Some(subscription) = self.phase.subscription_mut() {
            // A subscription that could not start has its time before it again.
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

    /// What was measured does not hold any more for this output.
    ///
    /// Not inlined, for the same reason as `end_video`.
    #[inline(never)]
    fn forget_measured(&mut self) {
        if let Some(subscription) = self.phase.subscription_mut()
            && !matches!(subscription.playback, Playback::Starting)
        {
            subscription.playback = Playback::Playing(None);
        }
        self.bytes = Bytes::default();
        self.audio.forget_measured();
    }
}

#[cfg(test)]
mod tests;
