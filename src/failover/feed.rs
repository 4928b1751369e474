//! One output, as this viewer sees it.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::Health;
use super::signal::{Kind, Left, MediaState};
use crate::time::Millis;
use crate::uid::Uid;

/// A look at the statistics is this old at most, or it says nothing of now.
const PROGRESS_MS: Millis = Millis::new(2_500);
/// Looks without a byte of video after which it is dead, and of audio.
const DEAD_VIDEO_LOOKS: u8 = 2;
const DEAD_AUDIO_LOOKS: u8 = 3;
/// Frames after which the cadence is known.
const CADENCE_FRAMES: u8 = 8;
/// After so many in a row video comes again, though nobody said that the fallback is over: more than a jitter buffer holds.
const FALLBACK_OVER_FRAMES: u8 = 64;
/// A gap this long, or of three frames, is out of rhythm, whatever gaps there were before.
const RHYTHM_MS: Millis = Millis::new(150);
/// A gap this long is no cadence: it was a stall, or the page was hidden.
const LONGEST_GAP_MS: u64 = 1_000;

/// One output, as this viewer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct Feed {
    pub(super) uid: Uid,
    pub(super) present: bool,
    pub(super) video: bool,
    pub(super) audio: bool,
    /// How it left, if it did.
    pub(super) left: Option<Left>,
    /// It left, or its video was unpublished, after it had been there.
    pub(super) lost: bool,
    /// What was asked of the SDK.
    pub(super) video_asked: bool,
    pub(super) audio_asked: bool,
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
    /// The SDK says that its sound flows.
    pub(super) audio_flows: bool,
    pub(super) audio_bad_since: Option<Millis>,
    pub(super) failed: bool,
    /// Only tried again before if there is no other.
    pub(super) penalty_until: Millis,
    /// Not asked for before.
    pub(super) retry_at: Millis,
    pub(super) healthy_since: Option<Millis>,
    pub(super) last_frame: Option<Millis>,
    /// The same, kept when it is gone.
    last_seen: Option<Millis>,
    /// Since when nothing of it is shown any more, where no frames are told of: kept when it is gone.
    stood_since: Option<Millis>,
    /// Between frames, smoothed, in 1/16 ms.
    interval: u64,
    /// The longest gap lately, in ms.
    longest_gap: u64,
    frames: u8,
    last_video_progress: Option<Millis>,
    last_audio_progress: Option<Millis>,
    dead_video_looks: u8,
    dead_audio_looks: u8,
    /// The first of the looks in a row that found no bytes of its video.
    dead_since: Option<Millis>,
}

impl Feed {
    pub(super) fn new(uid: Uid) -> Self {
        Self {
            uid,
            present: false,
            video: false,
            audio: false,
            left: None,
            lost: false,
            video_asked: false,
            audio_asked: false,
            asked_at: Millis::ZERO,
            started_at: None,
            refused_since: None,
            state: MediaState::Stopped,
            decoded: false,
            frozen_since: None,
            congested: false,
            fallback: false,
            muted_since: None,
            audio_flows: false,
            audio_bad_since: None,
            failed: false,
            penalty_until: Millis::ZERO,
            retry_at: Millis::ZERO,
            healthy_since: None,
            last_frame: None,
            last_seen: None,
            stood_since: None,
            interval: 0,
            longest_gap: 0,
            frames: 0,
            last_video_progress: None,
            last_audio_progress: None,
            dead_video_looks: 0,
            dead_audio_looks: 0,
            dead_since: None,
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
            Kind::Audio => self.audio_asked,
        }
    }

    pub(super) fn can_ask(&self, kind: Kind, now: Millis) -> bool {
        let is_published = match kind {
            Kind::Video => self.video,
            Kind::Audio => self.audio,
        };
        self.present && is_published && !self.is_asked(kind) && now >= self.retry_at
    }

    pub(super) fn ask(&mut self, kind: Kind, now: Millis) {
        match kind {
            Kind::Video => (self.video_asked, self.asked_at, self.started_at) = (true, now, None),
            Kind::Audio => self.audio_asked = true,
        }
    }

    pub(super) fn let_go(&mut self, kind: Kind, now: Millis) {
        match kind {
            Kind::Video => self.tear_down(now),
            Kind::Audio => (self.audio_asked, self.audio_flows) = (false, false),
        }
    }

    pub(super) fn joined(&mut self) {
        (self.present, self.left) = (true, None);
    }

    pub(super) fn left(&mut self, how: Left, now: Millis) {
        (self.present, self.left) = (false, Some(how));
        self.lost |= self.video;
        (self.video, self.audio, self.audio_asked, self.audio_flows) = (false, false, false, false);
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
            Kind::Audio => (self.audio, self.audio_bad_since) = (true, None),
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
            Kind::Audio => {
                if self.audio {
                    self.audio_bad_since.get_or_insert(now);
                }
                (self.audio, self.audio_asked, self.audio_flows) = (false, false, false);
            }
        }
    }

    /// The sender says that it muted a track, or unmuted it.
    pub(super) fn muted(&mut self, kind: Kind, is_muted: bool, now: Millis) {
        match (kind, is_muted) {
            (Kind::Video, true) => drop(self.muted_since.get_or_insert(now)),
            // What was unpublished with the mute comes back in a moment.
            (Kind::Video, false) => self.muted_since = self.lost.then_some(now),
            (Kind::Audio, true) => drop(self.audio_bad_since.get_or_insert(now)),
            (Kind::Audio, false) => self.audio_bad_since = None,
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
            Kind::Audio => self.audio_asked = false,
        }
    }

    /// It has shown its second frame: one alone may be all that comes.
    pub(super) fn has_started(&self) -> bool {
        self.decoded && (self.state != MediaState::Starting || self.frames > 0)
    }

    /// When it has failed to start: so long after it was asked for, unless its first frame has only just come.
    pub(super) fn start_deadline(&self, starting: Millis) -> Millis {
        let asked = self.asked_at.plus(starting);
        self.started_at.map_or(asked, |first| asked.max(first.plus(Millis::new(LONGEST_GAP_MS))))
    }

    pub(super) fn health(&self, now: Millis, visible: bool) -> Health {
        let is_overdue = |last: Millis| visible && now > last.plus(Millis::new(LONGEST_GAP_MS));
        if !self.present || !self.video {
            if self.muted_since.is_some() { Health::Muted } else { Health::Absent }
        } else if self.failed || now < self.penalty_until {
            Health::Failed
        } else if self.muted_since.is_some() {
            Health::Muted
        } else if !self.video_asked {
            Health::Available
        } else if self.frozen_since.is_some() || self.is_dead() || self.last_frame.is_some_and(is_overdue) {
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

    /// Its element is gone: that no frames come says nothing of the output, whether they are told of from now on or not.
    pub(super) fn stopped(&mut self, now: Millis) {
        self.stands_still(now);
        self.forget_time();
        self.last_seen = None;
    }

    /// Its picture does not flow from now on, if it did until now.
    fn stands_still(&mut self, now: Millis) {
        if self.decoded {
            self.stood_since = self.last_picture().or(Some(now));
        }
    }

    /// When its picture was last seen to flow, if it does not any more: its last frame, or what else is known of it.
    pub(super) fn last_picture(&self) -> Option<Millis> {
        let silent_since =
            || self.last_video_progress.or(self.dead_since).filter(|_| self.dead_video_looks > 0);
        self.last_seen.or(self.stood_since).or(self.frozen_since).or(self.muted_since).or_else(silent_since)
    }

    /// What was measured does not hold any more: the page was hidden, or the viewer was away.
    pub(super) fn forget_all_time(&mut self, now: Millis, visible: bool) {
        self.forget_time();
        // What SDKs do not say again still holds.
        self.frozen_since = (visible && self.state == MediaState::Frozen).then_some(now);
        self.audio_bad_since = self.audio_bad_since.map(|_| now);
        (self.last_seen, self.stood_since) = (None, None);
        // What could not start has its time before it again.
        (self.asked_at, self.started_at) = (now, None);
        self.refused_since = self.refused_since.map(|_| now);
    }

    /// What was measured does not hold any more for this output.
    pub(super) fn forget_time(&mut self) {
        self.frozen_since = None;
        self.congested = false;
        self.judge_audio_anew();
        self.last_frame = None;
        self.frames = 0;
        self.longest_gap = 0;
        self.dead_video_looks = 0;
        self.last_video_progress = None;
        self.last_audio_progress = None;
    }

    /// What was not heard may have been missed with the picture; what is not published cannot be heard.
    fn judge_audio_anew(&mut self) {
        self.dead_audio_looks = 0;
        if self.audio {
            self.audio_bad_since = None;
        }
    }

    /// A frame was presented. Whether it counts: one of a video that was released may still be under way.
    pub(super) fn frame(&mut self, now: Millis) -> bool {
        if !self.video_asked {
            return false;
        }
        if let Some(last) = self.last_frame {
            let gap = now.minus(last).as_u64();
            if gap > LONGEST_GAP_MS {
                self.frames = 0;
                self.longest_gap = 0;
            } else {
                self.interval =
                    if self.frames == 0 { gap * 16 } else { self.interval - self.interval / 8 + gap * 2 };
                // It fades within some ten seconds.
                self.longest_gap = gap.max(self.longest_gap - self.longest_gap / 128);
                self.frames = self.frames.saturating_add(1);
                self.fallback &= self.frames < FALLBACK_OVER_FRAMES;
                // It decodes after all.
                self.failed = false;
            }
        }
        (self.last_frame, self.last_seen) = (Some(now), Some(now));
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

    /// The SDK says that its audio is there, and whether it flows yet.
    pub(super) fn audio_heard(&mut self, flows: bool) {
        (self.audio_flows, self.audio_bad_since) = (flows, None);
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
        self.dead_video_looks = 0;
    }

    /// A picture is there.
    fn flows(&mut self, now: Millis) {
        self.started_at.get_or_insert(now);
        self.decoded = true;
        self.stood_since = None;
        // Where frames are told of, the one behind a change of state may be told of a moment later.
        self.last_seen = self.last_seen.map(|_| now);
        // After a freeze one frame alone may be all that comes, and SDKs do not call it frozen again.
        if self.state == MediaState::Frozen && self.frames == 0 {
            return;
        }
        self.penalty_until = Millis::ZERO;
        if self.frozen_since.take().is_some() {
            self.judge_audio_anew();
        }
        self.congested = false;
        self.dead_video_looks = 0;
        self.healthy_since.get_or_insert(now);
    }

    /// It cannot be decoded. What is not subscribed is not decoded: that was told late.
    pub(super) fn decode_failed(&mut self) {
        self.failed |= self.video_asked;
    }

    /// It is seen, but not heard, or it is muted: nothing to go back to.
    pub(super) fn is_lacking(&self) -> bool {
        self.audio_bad_since.is_some() || self.muted_since.is_some()
    }

    /// If it is well, it is so since now only, as far as going back to it is concerned.
    pub(super) fn begins_clear_time(&mut self, now: Millis) {
        self.healthy_since = self.healthy_since.map(|_| now);
    }

    /// A stats poll: whether bytes of that track came since the last one.
    pub(super) fn polled(&mut self, kind: Kind, came: bool, now: Millis) {
        match kind {
            Kind::Video => self.progress_of_video(now, came),
            Kind::Audio => self.progress_of_audio(now, came),
        }
    }

    fn progress_of_video(&mut self, now: Millis, advanced: bool) {
        if advanced {
            self.last_video_progress = Some(now);
            self.dead_video_looks = 0;
        } else {
            if self.dead_video_looks == 0 {
                self.dead_since = Some(now);
            }
            self.dead_video_looks = self.dead_video_looks.saturating_add(1);
            if self.dead_video_looks >= DEAD_VIDEO_LOOKS {
                self.healthy_since = None;
            }
        }
    }

    fn progress_of_audio(&mut self, now: Millis, advanced: bool) {
        if advanced {
            self.last_audio_progress = Some(now);
            self.dead_audio_looks = 0;
            self.audio_bad_since = None;
        } else {
            self.dead_audio_looks = self.dead_audio_looks.saturating_add(1);
            if self.dead_audio_looks >= DEAD_AUDIO_LOOKS {
                self.audio_bad_since.get_or_insert(now);
            }
        }
    }

    /// No byte of video came between the last looks.
    pub(super) fn is_dead(&self) -> bool {
        self.video_asked && self.dead_video_looks >= DEAD_VIDEO_LOOKS
    }

    /// How long no frame may come before something is wrong, once the cadence is known.
    pub(super) fn patience(&self, least: Millis) -> Option<Millis> {
        let known = self.frames >= CADENCE_FRAMES;
        let by_cadence = (self.interval / 4).max(self.longest_gap * 2);
        known.then(|| least.max(Millis::new(by_cadence.min(LONGEST_GAP_MS))))
    }

    /// The next frame is later than frames are.
    pub(super) fn is_out_of_rhythm(&self, now: Millis) -> bool {
        let rhythm = match self.patience(Millis::ZERO) {
            Some(_) => {
                let most = RHYTHM_MS.as_u64().max(self.interval * 3 / 16);
                // Not `clamp`: that can panic, and brings all that writes of it into the module.
                Millis::new(self.longest_gap.max(self.interval / 8).min(most).max(34))
            }
            None => RHYTHM_MS,
        };
        self.last_frame.is_some_and(|last| now.minus(last) > rhythm)
    }

    /// It provably flows: a frame, or bytes, came just now.
    pub(super) fn is_progressing(&self, now: Millis) -> bool {
        match self.last_frame {
            Some(_) => !self.is_out_of_rhythm(now),
            None => self.video_bytes_come(now) || self.audio_is_alive(now),
        }
    }

    /// Something of it has come, or was looked for.
    pub(super) fn is_known(&self) -> bool {
        let is_audio_known = self.last_audio_progress.is_some() || self.dead_audio_looks > 0;
        self.present && (self.decoded || self.dead_video_looks > 0 || (self.audio_asked && is_audio_known))
    }

    /// It was asked for, and has not shown a picture yet: for how long.
    pub(super) fn starts_for(&self, now: Millis) -> Option<Millis> {
        (self.present && self.video_asked && !self.decoded).then(|| now.minus(self.asked_at))
    }

    /// It has shown a frame well after the last one of the other: their silence is not the same.
    pub(super) fn outlives(&self, other: &Self, patience: Millis) -> bool {
        let well_after =
            |(frame, last): (Millis, Millis)| frame.minus(last).as_u64() * 4 >= patience.as_u64() * 3;
        self.last_frame.zip(other.last_seen).is_some_and(well_after)
    }

    /// It flows, or nothing was heard to the contrary from an SDK that only tells of changes.
    pub(super) fn lives(&self, now: Millis) -> bool {
        let is_said_to_flow =
            self.state == MediaState::Decoding && self.frozen_since.is_none() && self.dead_video_looks == 0;
        self.is_progressing(now) || (is_said_to_flow && self.last_frame.is_none())
    }

    /// Bytes of it came after a look had found none of the other. Frames say more than looks do.
    pub(super) fn outlives_bytes_of(&self, other: &Self) -> bool {
        let last = self.last_video_progress.max(self.last_audio_progress);
        match (self.last_frame, last, other.dead_since) {
            (None, Some(last), Some(dead_since)) => last > dead_since,
            _ => true,
        }
    }

    pub(super) fn was_seen_lately(&self, now: Millis) -> bool {
        self.last_frame.is_some_and(|at| is_recent(now, at))
    }

    /// When it was last known to flow.
    pub(super) fn last_sign(&self) -> Option<Millis> {
        self.last_seen.or(self.frozen_since).or(self.last_video_progress)
    }

    /// When bytes of its video were last seen to come, or it was asked for.
    pub(super) fn last_bytes(&self) -> Millis {
        self.last_video_progress.unwrap_or(self.asked_at)
    }

    pub(super) fn video_bytes_come(&self, now: Millis) -> bool {
        self.dead_video_looks == 0 && self.last_video_progress.is_some_and(|at| is_recent(now, at))
    }

    pub(super) fn audio_is_alive(&self, now: Millis) -> bool {
        let flows = self.last_audio_progress.map_or(self.audio_flows, |at| is_recent(now, at));
        self.audio && self.dead_audio_looks == 0 && flows
    }

    pub(super) fn is_watched(&self) -> bool {
        self.video_asked || self.audio_asked
    }
}

fn is_recent(now: Millis, at: Millis) -> bool {
    now.minus(at) <= PROGRESS_MS
}

#[cfg(test)]
mod tests;
