//! What is wrong with the output that is shown, and since when that can be believed.

use super::config::Standby;
use super::feed::{Feed, Freeze, Phase};
use super::signal::{Kind, Left};
use super::{Failover, Reason, soonest};
use crate::time::{Duration, Instant};

/// Lost audio is not reported before, as the video is often unpublished in the same moment.
const AUDIO_GRACE: Duration = Duration::from_millis(250);
/// Missing frames are checked again after this time, as the standby's next frame may be what is missing,
const FRAME_INTERVAL: Duration = Duration::from_millis(20);
/// but not for longer than this: the standby does not flow either.
const FRAME_TIMEOUT: Duration = Duration::from_millis(1_000);
/// Whether another output lives is checked again after this time.
const LIFE_INTERVAL: Duration = Duration::from_millis(100);
/// Whether the audio of a cold standby is heard is checked again after this time.
const LISTEN_INTERVAL: Duration = Duration::from_millis(1_000);

/// What is wrong with the output that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing, as far as is known before that time.
    None(Option<Instant>),
    /// Perhaps, from that time on.
    Suspected(Reason, Instant),
    /// It is bad.
    Bad(Reason),
    /// It is not there any more, or does not come: a certain loss, which bypasses the dwell.
    Gone(Reason),
}

impl Failover {
    pub(super) fn fault(&self, shown: &Feed) -> Fault {
        let now = self.now;
        if shown.phase.is_lost() {
            return self.fault_of_lost(shown);
        }
        if shown.failed {
            return Fault::Gone(Reason::Failed);
        }
        if shown.is_fallback() {
            // The viewer's downlink carries no video: that says nothing of the output.
            return Fault::None(None);
        }
        if shown.is_dead() {
            return self.if_another_lives(shown, Reason::Dead, now);
        }
        if let Some(at) = self.start_deadline(shown) {
            return if now >= at { Fault::Gone(Reason::NotStarted) } else { Fault::None(Some(at)) };
        }
        if let Some(freeze) = shown.freeze() {
            let at = freeze.since + self.frozen_grace(shown, freeze);
            return self.if_another_lives(shown, Reason::Frozen, at);
        }
        let gap_at = self.frame_gap_at(shown);
        if gap_at.is_some_and(|at| now >= at) && self.has_quick_standby(shown) {
            return Fault::Bad(Reason::Frozen);
        }
        let is_worth_a_change = |other: &Feed| other.is_usable() && other.muted_since.is_none();
        if let Some(since) = shown.muted_since
            && self.others().any(is_worth_a_change)
        {
            return self.if_another_lives(shown, Reason::Muted, since + self.config.muted_ms);
        }
        let next = gap_at
            .filter(|at| self.config.standby == Standby::Hot && now < *at + FRAME_TIMEOUT)
            .map(|at| if now >= at { now + FRAME_INTERVAL } else { at });
        match shown.audio.lost_since {
            Some(since) => self.fault_of_audio(shown, since, next),
            None => Fault::None(next),
        }
    }

    /// Its video is not there any more.
    fn fault_of_lost(&self, shown: &Feed) -> Fault {
        match (shown.phase, shown.muted_since) {
            // An SDK that does not say how somebody left may be wrong: only if there is another one.
            (Phase::Left(Left::Unknown), _) if self.best().is_none() => Fault::None(None),
            (Phase::Left(_), _) => Fault::Gone(Reason::Left),
            (_, None) => Fault::Gone(Reason::Unpublished),
            (_, Some(since)) => {
                let at = since + self.config.muted_ms;
                if self.now >= at { Fault::Gone(Reason::Muted) } else { Fault::Suspected(Reason::Muted, at) }
            }
        }
    }

    /// When it has failed to start, if it has not started yet.
    fn start_deadline(&self, shown: &Feed) -> Option<Instant> {
        let is_expected = shown.is_subscribed(Kind::Video) || shown.refused_since.is_some();
        if !self.viewer.visible || !is_expected || shown.has_started() {
            return None;
        }
        // One that is refused is subscribed again and again, but has its time only once.
        let refused = shown.refused_since.map(|since| since + self.config.starting_ms);
        Some(refused.unwrap_or_else(|| shown.start_deadline(self.config.starting_ms)))
    }

    fn frozen_grace(&self, shown: &Feed, Freeze { is_congested, .. }: Freeze) -> Duration {
        match (self.viewer.bad_network, is_congested) {
            (true, _) => self.config.bad_network_ms,
            (false, _) if self.has_quick_standby(shown) => Duration::ZERO,
            (false, true) => self.config.congested_ms,
            (false, false) => self.config.frozen_ms,
        }
    }

    /// When missing frames become a fault, if the cadence is known.
    fn frame_gap_at(&self, shown: &Feed) -> Option<Instant> {
        let patience = shown.patience(self.config.frame_gap_ms).filter(|_| !self.viewer.bad_network)?;
        Some(self.after_dwell(self.after_shared_stall(shown.last_frame()? + patience)))
    }

    /// Its audio is lost. `next`: when the picture is to be checked again.
    fn fault_of_audio(&self, shown: &Feed, since: Instant, next: Option<Instant>) -> Fault {
        let believed_at = since + AUDIO_GRACE;
        if self.now < believed_at {
            return Fault::None(soonest(next, Some(believed_at)));
        }
        if self.others().any(|other| other.audio.is_alive(self.now)) {
            let grace =
                if self.viewer.bad_network { self.config.bad_network_ms } else { self.config.audio_ms };
            return self.if_another_lives(shown, Reason::AudioLost, since + grace);
        }
        // A cold standby is listened to once that may help; that nothing better is left does not make this one well.
        let is_unheard = |other: &Feed| other.audio.is_published() && !other.audio.is_subscribed();
        if self.is_degraded() || self.best().is_some_and(is_unheard) {
            return Fault::Suspected(Reason::AudioLost, self.now + LISTEN_INTERVAL);
        }
        Fault::None(next)
    }

    /// Bad from that time on, as long as something else of this viewer flows: or else it is the viewer's network.
    fn if_another_lives(&self, shown: &Feed, reason: Reason, at: Instant) -> Fault {
        let at = self.after_dwell(self.after_shared_stall(at));
        if self.now < at {
            return Fault::Suspected(reason, at);
        }
        // A standby whose bytes came in an earlier stats poll may have stopped at the same time.
        let lives = |other: &Feed| {
            other.lives(self.now) && (reason != Reason::Dead || other.outlives_bytes_of(shown))
        };
        // If there is no other to compare it with, it is to blame.
        if !self.others().any(Feed::is_watched) || self.others().any(lives) {
            return Fault::Bad(reason);
        }
        Fault::Suspected(reason, self.now + LIFE_INTERVAL)
    }

    pub(super) fn is_degraded(&self) -> bool {
        self.shown.is_some_and(|shown| shown.is_degraded)
    }

    /// Not before the dwell after the last change is over.
    pub(super) fn after_dwell(&self, at: Instant) -> Instant {
        let changed_at = self.shown.and_then(|shown| shown.changed_at);
        changed_at.map_or(at, |changed_at| at.max(changed_at + self.config.dwell_ms))
    }
}
