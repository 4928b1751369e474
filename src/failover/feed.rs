//! One output, as this viewer sees it.

mod audio;
mod bytes;
mod cadence;

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use self::audio::{Audio, Track};
use self::bytes::{Bytes, is_recent};
use self::cadence::{Cadence, LONGEST_GAP_MS};
use super::Health;
use super::signal::{Kind, Left, MediaState};
use crate::time::Millis;
use crate::uid::Uid;

/// A gap this long is no cadence.
const LONGEST_GAP: Millis = Millis::new(LONGEST_GAP_MS as u64);
/// Stats polls in a row without a byte of video after which it is dead.
const DEAD_POLLS: u8 = 2;
/// After so many gaps video comes again, though nobody said that the fallback is over: more than a jitter buffer holds.
const FALLBACK_OVER_GAPS: u8 = 64;

/// One output, as this viewer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Feed {
    pub(super) uid: Uid,
    pub(super) present: bool,
    pub(super) video: bool,
    /// How it left, if it did.
    pub(super) left: Option<Left>,
    /// It left, or its video was unpublished, after it had been there.
    pub(super) lost: bool,
    /// What was asked of the SDK.
    pub(super) video_asked: bool,
    /// When its video was asked for.
    pub(super) asked_at: Millis,
    /// When its first picture came after that.
    started_at: Option<Millis>,
    /// When its video was first asked for, if that was refused, and no first picture has come since.
    pub(super) refused_since: Option<Millis>,
    pub(super) state: MediaState,
    /// It has shown a frame since it was subscribed.
    pub(super) decoded: bool,
    pub(super) frozen_since: Option<Millis>,
    /// The engine says that congestion froze it.
    pub(super) congested: bool,
    /// The SDK has fallen back to audio only.
    pub(super) fallback: bool,
    pub(super) muted_since: Option<Millis>,
    pub(super) failed: bool,
    /// Only tried again before if there is no other.
    pub(super) penalty_until: Millis,
    /// Not asked for before.
    pub(super) retry_at: Millis,
    pub(super) healthy_since: Option<Millis>,
    cadence: Option<Cadence>,
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
    Frame(Millis),
    /// It has not flowed since then, as far as is known without frames.
    Stood(Millis),
}

impl Feed {
    pub(super) fn new(uid: Uid) -> Self {
        Self {
            uid,
            present: false,
            video: false,
            left: None,
            lost: false,
            video_asked: false,
            asked_at: Millis::ZERO,
            started_at: None,
            refused_since: None,
            state: MediaState::Stopped,
            decoded: false,
            frozen_since: None,
            congested: false,
            fallback: false,
            muted_since: None,
            failed: false,
            penalty_until: Millis::ZERO,
            retry_at: Millis::ZERO,
            healthy_since: None,
            cadence: None,
            last_picture: LastPicture::Unknown,
            bytes: Bytes::default(),
            audio: Audio::default(),
        }
    }

    /// Whether it can be subscribed to.
    pub(super) fn is_there(&self) -> bool {
        self.present && self.video && !self.failed
    }

    /// Whether it can be subscribed to, and has not failed lately.
    pub(super) fn is_available(&self, now: Millis) -> bool {
        self.is_there() && now >= self.penalty_until
    }

    pub(super) fn is_asked(&self, kind: Kind) -> bool {
        match kind {
            Kind::Video => self.video_asked,
            Kind::Audio => self.audio.is_subscribed(),
        }
    }

    pub(super) fn can_ask(&self, kind: Kind, now: Millis) -> bool {
        let is_published = match kind {
            Kind::Video => self.video,
            Kind::Audio => self.audio.is_published(),
        };
        is_published && !self.is_asked(kind) && now >= self.retry_at
    }

    pub(super) fn ask(&mut self, kind: Kind, now: Millis) {
        match kind {
            Kind::Video => (self.video_asked, self.asked_at, self.started_at) = (true, now, None),
            Kind::Audio => self.audio.track = Track::Subscribed,
        }
    }

    pub(super) fn let_go(&mut self, kind: Kind, now: Millis) {
        match kind {
            Kind::Video => self.tear_down(now),
            Kind::Audio => self.audio.end(Track::Published),
        }
    }

    pub(super) fn joined(&mut self) {
        (self.present, self.left) = (true, None);
    }

    pub(super) fn left(&mut self, how: Left, now: Millis) {
        (self.present, self.left) = (false, Some(how));
        self.lost |= self.video;
        self.video = false;
        self.audio.end(Track::Unpublished);
        self.tear_down(now);
    }

    pub(super) fn published(&mut self, kind: Kind, now: Millis) {
        // An SDK that publishes has joined, whether we heard of it or not.
        self.joined();
        match kind {
            Kind::Video => {
                (self.video, self.lost, self.failed, self.muted_since) = (true, false, false, None);
                self.healthy_since.get_or_insert(now);
            }
            Kind::Audio => self.audio.published(),
        }
    }

    pub(super) fn unpublished(&mut self, kind: Kind, now: Millis) {
        match kind {
            Kind::Video => {
                let muted = self.muted_since;
                self.lost |= self.video;
                self.video = false;
                self.tear_down(now);
                self.muted_since = muted;
            }
            Kind::Audio => self.audio.unpublished(now),
        }
    }

    /// The sender says that it muted a track, or unmuted it.
    pub(super) fn muted(&mut self, kind: Kind, is_muted: bool, now: Millis) {
        match (kind, is_muted) {
            (Kind::Video, true) => drop(self.muted_since.get_or_insert(now)),
            // What was unpublished with the mute comes back in a moment.
            (Kind::Video, false) => self.muted_since = self.lost.then_some(now),
            (Kind::Audio, true) => self.audio.lost(now),
            (Kind::Audio, false) => self.audio.lost_since = None,
        }
    }

    /// The SDK refused a subscription: it is tried again, but any other output is better for a while.
    pub(super) fn refused(&mut self, kind: Kind, penalty_until: Millis, retry_at: Millis) {
        self.retry_at = retry_at;
        match kind {
            Kind::Video => {
                (self.video_asked, self.penalty_until) = (false, penalty_until);
                self.refused_since.get_or_insert(self.asked_at);
            }
            Kind::Audio => self.audio.refused(),
        }
    }

    /// It has shown its second frame: one alone may be all that comes.
    pub(super) fn has_started(&self) -> bool {
        self.decoded && (self.state != MediaState::Starting || self.gaps() > 0)
    }

    /// When it has failed to start: so long after it was asked for, unless its first frame has only just come.
    pub(super) fn start_deadline(&self, starting: Millis) -> Millis {
        let asked = self.asked_at.plus(starting);
        self.started_at.map_or(asked, |first| asked.max(first.plus(LONGEST_GAP)))
    }

    pub(super) fn health(&self, now: Millis, visible: bool) -> Health {
        let is_overdue = |last: Millis| visible && now > last.plus(LONGEST_GAP);
        if !self.present || !self.video {
            if self.muted_since.is_some() { Health::Muted } else { Health::Absent }
        } else if self.failed || now < self.penalty_until {
            Health::Failed
        } else if self.muted_since.is_some() {
            Health::Muted
        } else if !self.video_asked {
            Health::Available
        } else if self.frozen_since.is_some() || self.is_dead() || self.last_frame().is_some_and(is_overdue) {
            Health::Frozen
        } else if self.has_started() {
            Health::Playing
        } else {
            Health::Starting
        }
    }

    /// It is gone, or its video is: nothing of it is shown any more.
    fn tear_down(&mut self, now: Millis) {
        self.stands_still(now);
        self.video_asked = false;
        self.decoded = false;
        self.refused_since = None;
        self.fallback = false;
        self.state = MediaState::Stopped;
        self.forget_time();
        self.muted_since = None;
        self.healthy_since = None;
    }

    /// Its element is gone: that no frames come says nothing of the output, whether they are reported from now on or not.
    pub(super) fn stopped(&mut self, now: Millis) {
        self.stands_still(now);
        self.forget_time();
        if let LastPicture::Frame(at) = self.last_picture {
            self.last_picture = LastPicture::Stood(at);
        }
    }

    /// Its picture does not flow from now on, if it did until now.
    fn stands_still(&mut self, now: Millis) {
        if self.decoded && self.last_picture == LastPicture::Unknown {
            self.last_picture = LastPicture::Stood(self.last_picture().unwrap_or(now));
        }
    }

    /// When its picture was last seen to flow, if it does not any more: its last frame, or what else is known of it.
    pub(super) fn last_picture(&self) -> Option<Millis> {
        if let LastPicture::Frame(at) | LastPicture::Stood(at) = self.last_picture {
            return Some(at);
        }
        self.frozen_since.or(self.muted_since).or_else(|| self.bytes.silent_since())
    }

    /// What was measured does not hold any more: the page was hidden, or the viewer was away.
    pub(super) fn forget_all_time(&mut self, now: Millis, visible: bool) {
        self.forget_time();
        // What SDKs do not say again still holds.
        self.frozen_since = (visible && self.state == MediaState::Frozen).then_some(now);
        self.audio.lost_since = self.audio.lost_since.map(|_| now);
        self.last_picture = LastPicture::Unknown;
        // What could not start has its time before it again.
        (self.asked_at, self.started_at) = (now, None);
        self.refused_since = self.refused_since.map(|_| now);
    }

    /// What was measured does not hold any more for this output.
    pub(super) fn forget_time(&mut self) {
        self.frozen_since = None;
        self.congested = false;
        self.cadence = None;
        self.bytes = Bytes::default();
        self.audio.forget_measured();
    }

    /// A frame was presented. Whether it counts: one of a video that was released may still be under way.
    pub(super) fn frame(&mut self, now: Millis) -> bool {
        if !self.video_asked {
            return false;
        }
        match &mut self.cadence {
            None => self.cadence = Some(Cadence::new(now)),
            Some(cadence) => {
                if cadence.frame(now) {
                    self.fallback &= cadence.gaps < FALLBACK_OVER_GAPS;
                    // It decodes after all.
                    self.failed = false;
                }
            }
        }
        self.last_picture = LastPicture::Frame(now);
        self.flows(now);
        true
    }

    /// The SDK says that the picture flows. Whether that counts: of one that is not subscribed it is reported late.
    pub(super) fn decoding(&mut self, is_recovery: bool, now: Millis) -> bool {
        if !self.video_asked {
            return false;
        }
        (self.state, self.muted_since, self.failed) = (MediaState::Decoding, None, false);
        // What was on its way before the fallback is decoded after it.
        self.fallback &= !is_recovery;
        self.flows(now);
        true
    }

    /// The SDK says that the picture does not flow any more.
    pub(super) fn frozen(&mut self, is_congested: bool, now: Millis) {
        if self.decoded {
            (self.state, self.congested, self.healthy_since) = (MediaState::Frozen, is_congested, None);
            self.frozen_since.get_or_insert(now);
        }
    }

    /// The SDK has fallen back to audio only.
    pub(super) fn fell_back(&mut self) {
        // That of a video that is not subscribed any more is reported late, and its end would never be.
        self.fallback = self.video_asked;
        self.forget_time();
    }

    /// The first picture is there, but it may remain the only one.
    pub(super) fn starting(&mut self, now: Millis) {
        // One that starts anew has as long for its second frame as it had at first.
        if self.state != MediaState::Starting {
            self.started_at = None;
        }
        self.state = MediaState::Starting;
        self.refused_since = None;
        self.started_at.get_or_insert(now);
        self.bytes.silence = None;
    }

    /// A picture is there.
    fn flows(&mut self, now: Millis) {
        self.started_at.get_or_insert(now);
        self.decoded = true;
        // Where frames are reported, the one behind a change of state may be reported a moment later.
        let is_frame = matches!(self.last_picture, LastPicture::Frame(_));
        self.last_picture = if is_frame { LastPicture::Frame(now) } else { LastPicture::Unknown };
        // After a freeze one frame alone may be all that comes, and SDKs do not call it frozen again.
        if self.state == MediaState::Frozen && self.gaps() == 0 {
            return;
        }
        self.penalty_until = Millis::ZERO;
        if self.frozen_since.take().is_some() {
            self.audio.judge_anew();
        }
        self.congested = false;
        self.bytes.silence = None;
        self.healthy_since.get_or_insert(now);
    }

    /// It cannot be decoded. What is not subscribed is not decoded: that was told late.
    pub(super) fn decode_failed(&mut self) {
        self.failed |= self.video_asked;
    }

    /// It is seen, but not heard, or it is muted: nothing to go back to.
    pub(super) fn is_lacking(&self) -> bool {
        self.audio.lost_since.is_some() || self.muted_since.is_some()
    }

    /// If it is well, it is so since now only, as far as going back to it is concerned.
    pub(super) fn begins_clear_time(&mut self, now: Millis) {
        self.healthy_since = self.healthy_since.map(|_| now);
    }

    /// A stats poll: whether bytes of that track came since the last one.
    pub(super) fn polled(&mut self, kind: Kind, came: bool, now: Millis) {
        match kind {
            Kind::Video => {
                if self.bytes.polled(came, now) >= DEAD_POLLS {
                    self.healthy_since = None;
                }
            }
            Kind::Audio => self.audio.polled(came, now),
        }
    }

    /// No byte of its video came between the last stats polls.
    pub(super) fn is_dead(&self) -> bool {
        self.video_asked && self.bytes.silent_polls() >= DEAD_POLLS
    }

    pub(super) fn last_frame(&self) -> Option<Millis> {
        self.cadence.map(|cadence| cadence.last_frame)
    }

    /// Gaps between frames that were measured.
    fn gaps(&self) -> u8 {
        self.cadence.map_or(0, |cadence| cadence.gaps)
    }

    /// How long no frame may come before something is wrong, once the cadence is known.
    pub(super) fn patience(&self, least: Millis) -> Option<Millis> {
        self.cadence.and_then(|cadence| cadence.patience(least))
    }

    /// The next frame is later than frames are.
    pub(super) fn is_out_of_rhythm(&self, now: Millis) -> bool {
        self.cadence.is_some_and(|cadence| cadence.is_out_of_rhythm(now))
    }

    /// It provably flows: a frame, or bytes, came just now.
    pub(super) fn is_progressing(&self, now: Millis) -> bool {
        match self.cadence {
            Some(cadence) => !cadence.is_out_of_rhythm(now),
            None => self.bytes.come(now) || self.audio.is_alive(now),
        }
    }

    /// Something of it has come, or was looked for.
    pub(super) fn is_known(&self) -> bool {
        let is_audio_known = self.audio.is_subscribed() && self.audio.bytes != Bytes::default();
        self.present && (self.decoded || self.bytes.silence.is_some() || is_audio_known)
    }

    /// It was asked for, and has not shown a picture yet: for how long.
    pub(super) fn starts_for(&self, now: Millis) -> Option<Millis> {
        (self.present && self.video_asked && !self.decoded).then(|| now.minus(self.asked_at))
    }

    /// It has shown a frame well after the last one of the other: their silence is not the same.
    pub(super) fn outlives(&self, other: &Self, patience: Millis) -> bool {
        let LastPicture::Frame(last) = other.last_picture else { return false };
        self.last_frame().is_some_and(|frame| frame.minus(last).as_u64() * 4 >= patience.as_u64() * 3)
    }

    /// It flows, or nothing was heard to the contrary from an SDK that only reports changes.
    pub(super) fn lives(&self, now: Millis) -> bool {
        let is_said_to_flow = self.state == MediaState::Decoding
            && self.frozen_since.is_none()
            && self.bytes.silence.is_none()
            && self.cadence.is_none();
        self.is_progressing(now) || is_said_to_flow
    }

    /// Bytes of it came after a stats poll had found none of the other. Frames say more than stats polls do.
    pub(super) fn outlives_bytes_of(&self, other: &Self) -> bool {
        let last = self.bytes.came_at.max(self.audio.bytes.came_at);
        match (self.cadence, last, other.bytes.silence) {
            (None, Some(last), Some(silence)) => last > silence.since,
            _ => true,
        }
    }

    pub(super) fn was_seen_lately(&self, now: Millis) -> bool {
        self.last_frame().is_some_and(|at| is_recent(now, at))
    }

    /// When it was last known to flow.
    pub(super) fn last_sign(&self) -> Option<Millis> {
        if let LastPicture::Frame(at) = self.last_picture {
            return Some(at);
        }
        self.frozen_since.or(self.bytes.came_at)
    }

    /// When bytes of its video were last seen to come, or it was asked for.
    pub(super) fn last_bytes(&self) -> Millis {
        self.bytes.came_at.unwrap_or(self.asked_at)
    }

    pub(super) fn video_bytes_come(&self, now: Millis) -> bool {
        self.bytes.come(now)
    }

    pub(super) fn is_watched(&self) -> bool {
        self.video_asked || self.audio.is_subscribed()
    }
}

#[cfg(test)]
mod tests;
