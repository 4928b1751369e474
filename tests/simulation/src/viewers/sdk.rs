//! The signals of Agora's Web SDK for what arrives over a viewer's network.

use steadymix::failover::{Connection, Kind, LeaveReason, MediaState, Signal, StateReason};

use super::{Happening, STATS_INTERVAL, Tracks, Viewer};
use crate::checks::Check;

/// After this time without a frame the SDK reports a freeze.
const FREEZE_TIMEOUT: u64 = 500;
/// After this time since a reconnect the SDK synthesises leaves of outputs that were not announced again.
const SYNTHETIC_LEAVE_DELAY: u64 = 3_000;

impl Viewer<'_> {
    fn uid(&self, publication: usize) -> u32 {
        self.air.publications[publication].uid
    }

    pub(super) fn tracks(&mut self, uid: u32) -> &mut Tracks {
        self.tracks.entry(uid).or_default()
    }

    pub(super) fn published(&mut self, at: usize) -> Check {
        let publication = self.air.publications[at];
        if publication.until <= self.now {
            return Ok(());
        }
        let uid = publication.uid;
        if let Some(before) = self.tracks(uid).known {
            // The service notices now that the previous one died.
            self.left(before, LeaveReason::TimedOut)?;
        }
        *self.tracks(uid) = Tracks { known: Some(at), published: true, ..Tracks::default() };
        self.report(Signal::Joined(uid))?;
        self.report(Signal::Published(uid, Kind::Audio))?;
        self.report(Signal::Published(uid, Kind::Video))
    }

    pub(super) fn unpublished(&mut self, at: usize) -> Check {
        let uid = self.uid(at);
        if self.tracks(uid).known != Some(at) {
            return Ok(());
        }
        *self.tracks(uid) = Tracks { known: Some(at), published: true, ..Tracks::default() };
        self.report(Signal::Unpublished(uid, Kind::Audio))?;
        self.tracks(uid).published = false;
        self.report(Signal::Unpublished(uid, Kind::Video))
    }

    pub(super) fn left(&mut self, at: usize, reason: LeaveReason) -> Check {
        let uid = self.uid(at);
        if self.tracks(uid).known != Some(at) {
            return Ok(());
        }
        if self.tracks(uid).published {
            self.unpublished(at)?;
        }
        self.tracks(uid).known = None;
        self.report(Signal::Left(uid, reason))
    }

    pub(super) fn sends(&mut self, at: usize) {
        let publication = self.air.publications[at];
        if self.now >= publication.until {
            return;
        }
        self.at(self.now + self.setup.interval, Happening::Sends(at));
        let may_be_lost = self.chance.percent(self.setup.network.lost_percent);
        let rough = self.setup.network.rough;
        let tracks = self.tracks(publication.uid);
        // Of two lost in a row, one is retransmitted in time, unless the network is rough.
        tracks.lost = may_be_lost && (rough || !tracks.lost);
        let is_lost = tracks.lost;
        if !publication.sends_media(self.now) || is_lost {
            return;
        }
        let (often, longest) = self.setup.network.stalls;
        let jitter = self.chance.between(0, self.setup.network.jitter);
        let stall = (self.chance.between(0, 999) < often).then(|| self.chance.between(0, longest));
        let (now, latency) = (self.now, self.setup.network.latency);
        let tracks = self.tracks(publication.uid);
        if let Some(stall) = stall {
            tracks.silent_until = now + stall;
        }
        let arrives = tracks.last_arrival.max(tracks.silent_until.max(now) + latency + jitter);
        tracks.last_arrival = arrives;
        self.at(arrives, Happening::Arrives { publication: at, uid: publication.uid });
    }

    pub(super) fn arrives(&mut self, publication: usize, uid: u32) -> Check {
        if self.setup.network.is_down(self.now) {
            return Ok(());
        }
        let (now, visible) = (self.now, self.visible);
        let tracks = self.tracks(uid);
        if tracks.known != Some(publication) {
            return Ok(());
        }
        (tracks.audio_moved, tracks.video_moved) = (tracks.audio, tracks.video);
        if !tracks.video || !visible || now < tracks.keyframe_at {
            return Ok(());
        }
        tracks.frames += 1;
        tracks.last_frame = now;
        let frame = tracks.frames;
        let was_frozen = std::mem::replace(&mut tracks.frozen, false);
        self.at(now + FREEZE_TIMEOUT, Happening::FrozenYet { uid, frame });
        self.seen(uid);
        match frame {
            1 => self.state(uid, MediaState::Starting)?,
            2 => self.state(uid, MediaState::Decoding)?,
            _ if was_frozen => self.state(uid, MediaState::Decoding)?,
            _ => {}
        }
        if self.setup.reports_frames { self.report(Signal::Frame(uid)) } else { Ok(()) }
    }

    pub(super) fn frozen_yet(&mut self, uid: u32, frame: u64) -> Check {
        let visible = self.visible;
        let tracks = self.tracks(uid);
        if !visible || !tracks.video || tracks.frames != frame || frame < 2 || tracks.frozen {
            return Ok(());
        }
        tracks.frozen = true;
        let reason = if self.setup.network.congested { StateReason::Congestion } else { StateReason::None };
        self.report(Signal::State(uid, Kind::Video, MediaState::Frozen, reason))
    }

    fn state(&mut self, uid: u32, state: MediaState) -> Check {
        self.report(Signal::State(uid, Kind::Video, state, StateReason::None))
    }

    pub(super) fn subscribed(&mut self, uid: u32, kind: Kind) -> Check {
        let refused = self.chance.percent(self.setup.network.refused_percent);
        if self.setup.network.is_down(self.now) || !self.connected {
            self.at(self.now + 500, Happening::Subscribed(uid, kind));
            return Ok(());
        }
        let keyframe_at = self.now + self.chance.between(0, 200);
        let tracks = self.tracks(uid);
        if !tracks.asked[kind as usize] {
            return Ok(());
        }
        if !tracks.published || refused {
            tracks.asked[kind as usize] = false;
            self.reach("a refused subscription");
            return self.report(Signal::SubscribeFailed(uid, kind));
        }
        match kind {
            Kind::Video => (tracks.video, tracks.keyframe_at) = (true, keyframe_at),
            Kind::Audio => tracks.audio = true,
        }
        Ok(())
    }

    /// The application ends a subscription, which only a stats poll finds.
    pub(super) fn unsubscribes(&mut self, uid: u32, kind: Kind) -> Check {
        let tracks = self.tracks(uid);
        let was = match kind {
            Kind::Video => std::mem::take(&mut tracks.video),
            Kind::Audio => std::mem::take(&mut tracks.audio),
        };
        if !was {
            return Ok(());
        }
        tracks.taken[kind as usize] = true;
        self.note(|| format!("! the application unsubscribes from the {kind:?} of {uid}"));
        self.reach("a subscription that the application ends");
        if kind == Kind::Audio {
            return Ok(());
        }
        (self.tracks(uid).frames, self.tracks(uid).frozen) = (0, false);
        self.state(uid, MediaState::Stopped)
    }

    pub(super) fn reconnected(&mut self, since: u64) -> Check {
        self.connected = true;
        self.connected_at = self.now;
        self.reach("the viewer's own reconnect");
        self.report(Signal::Connection(Connection::Connected))?;
        for (at, publication) in self.air.publications.iter().enumerate() {
            let known = self.tracks.get(&publication.uid).is_some_and(|tracks| tracks.known == Some(at));
            if !known {
                continue;
            }
            if publication.until > self.now {
                self.report(Signal::Joined(publication.uid))?;
                self.report(Signal::Published(publication.uid, Kind::Audio))?;
                self.report(Signal::Published(publication.uid, Kind::Video))?;
            } else if publication.until > since {
                self.reach("a leave that the SDK synthesises");
                self.at(self.now + SYNTHETIC_LEAVE_DELAY, Happening::Left(at, LeaveReason::Unknown));
            }
        }
        Ok(())
    }

    pub(super) fn poll_stats(&mut self) -> Check {
        self.at(self.now + STATS_INTERVAL, Happening::PollStats);
        for uid in self.air.uids.clone() {
            for kind in [Kind::Video, Kind::Audio] {
                let tracks = self.tracks(uid);
                if std::mem::take(&mut tracks.taken[kind as usize]) {
                    tracks.asked[kind as usize] = false;
                    self.report(Signal::SubscriptionLost(uid, kind))?;
                }
            }
            let tracks = self.tracks(uid);
            let video = tracks.video.then(|| std::mem::take(&mut tracks.video_moved));
            let audio = tracks.audio.then(|| std::mem::take(&mut tracks.audio_moved));
            if let Some(moved) = video {
                self.report(Signal::Stats(uid, Kind::Video, moved))?;
            }
            if let Some(moved) = audio {
                self.report(Signal::Stats(uid, Kind::Audio, moved))?;
            }
        }
        // The state survives serialisation.
        let text = serde_json::to_string(&self.failover).map_err(|error| error.to_string())?;
        self.failover = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        self.check_picture()
    }
}
