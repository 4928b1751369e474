//! Faults of the output on screen, and the time from which they are certain.

use super::config::Standby;
use super::feed::{Feed, Freeze, Phase};
use super::signal::{Kind, LeaveReason};
use super::{Failover, Reason, soonest};
use crate::time::{Duration, Instant};

/// Lost audio is ignored for this long: the video is often unpublished in the same moment.
const AUDIO_GRACE: Duration = Duration::from_millis(250);
/// How often missing frames are checked again: the next frame of the standby may still prove the fault.
const FRAME_CHECK_INTERVAL: Duration = Duration::from_millis(20);
/// How long missing frames are checked: after that the standby has stopped too.
const FRAME_CHECK_TIMEOUT: Duration = Duration::from_millis(1_000);
/// How often it is checked whether another output is alive.
const ALIVE_CHECK_INTERVAL: Duration = Duration::from_millis(100);
/// How often it is checked whether the audio of a cold standby arrives.
const AUDIO_CHECK_INTERVAL: Duration = Duration::from_millis(1_000);

/// The fault of the output on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing; check again at this time.
    None(Option<Instant>),
    /// It may be bad; check again at this time.
    Suspected(Reason, Instant),
    /// It is bad.
    Bad(Reason),
    /// Certain loss: bypasses the switch cooldown.
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
            // The viewer's downlink is too slow for video, which says nothing about the output.
            return Fault::None(None);
        }
        if shown.has_no_data() {
            return self.if_another_is_alive(shown, Reason::NoData, now);
        }
        if let Some(at) = self.start_deadline(shown) {
            return if now >= at { Fault::Gone(Reason::NotStarted) } else { Fault::None(Some(at)) };
        }
        if let Some(freeze) = shown.freeze() {
            let at = freeze.since + self.frozen_grace(shown, freeze);
            return self.if_another_is_alive(shown, Reason::Frozen, at);
        }
        let gap_at = self.frame_gap_at(shown);
        if gap_at.is_some_and(|at| now >= at) && self.has_quick_standby(shown) {
            return Fault::Bad(Reason::Frozen);
        }
        let is_worth_a_change = |other: &Feed| other.is_usable() && other.muted_since.is_none();
        if let Some(since) = shown.muted_since
            && self.others().any(is_worth_a_change)
        {
            return self.if_another_is_alive(shown, Reason::Muted, since + self.config.muted_grace_ms);
        }
        let next = gap_at
            .filter(|at| self.config.standby == Standby::Hot && now < *at + FRAME_CHECK_TIMEOUT)
            .map(|at| if now >= at { now + FRAME_CHECK_INTERVAL } else { at });
        match shown.audio.lost_since {
            Some(since) => self.fault_of_audio(shown, since, next),
            None => Fault::None(next),
        }
    }

    /// Its video was unpublished, or it left.
    fn fault_of_lost(&self, shown: &Feed) -> Fault {
        match (shown.phase, shown.muted_since) {
            // A leave without a reason may be wrong: it counts only if there is another output.
            (Phase::Left(LeaveReason::Unknown), _) if self.best().is_none() => Fault::None(None),
            (Phase::Left(_), _) => Fault::Gone(Reason::Left),
            (_, None) => Fault::Gone(Reason::Unpublished),
            (_, Some(since)) => {
                let at = since + self.config.muted_grace_ms;
                if self.now >= at { Fault::Gone(Reason::Muted) } else { Fault::Suspected(Reason::Muted, at) }
            }
        }
    }

    /// When the start timeout is over, if it has not started yet.
    fn start_deadline(&self, shown: &Feed) -> Option<Instant> {
        let is_expected = shown.is_subscribed(Kind::Video) || shown.refused_since.is_some();
        if !self.viewer.visible || !is_expected || shown.has_started() {
            return None;
        }
        // A refused subscription is retried, but the timeout runs from the first attempt.
        let refused = shown.refused_since.map(|since| since + self.config.start_timeout_ms);
        Some(refused.unwrap_or_else(|| shown.start_deadline(self.config.start_timeout_ms)))
    }

    fn frozen_grace(&self, shown: &Feed, Freeze { is_congested, .. }: Freeze) -> Duration {
        match (self.viewer.has_poor_network, is_congested) {
            (true, _) => self.config.poor_network_grace_ms,
            (false, _) if self.has_quick_standby(shown) => Duration::ZERO,
            (false, true) => self.config.congested_grace_ms,
            (false, false) => self.config.frozen_grace_ms,
        }
    }

    /// When missing frames become a fault, if the cadence is known.
    fn frame_gap_at(&self, shown: &Feed) -> Option<Instant> {
        let gap_grace =
            shown.gap_grace(self.config.frame_gap_grace_ms).filter(|_| !self.viewer.has_poor_network)?;
        Some(self.after_cooldown(self.after_shared_stall(shown.last_frame()? + gap_grace)))
    }

    /// Its audio is lost. `next`: when to check its frames again.
    fn fault_of_audio(&self, shown: &Feed, since: Instant, next: Option<Instant>) -> Fault {
        let grace_end = since + AUDIO_GRACE;
        if self.now < grace_end {
            return Fault::None(soonest(next, Some(grace_end)));
        }
        if self.others().any(|other| other.audio.is_alive(self.now)) {
            let grace = if self.viewer.has_poor_network {
                self.config.poor_network_grace_ms
            } else {
                self.config.audio_lost_grace_ms
            };
            return self.if_another_is_alive(shown, Reason::AudioLost, since + grace);
        }
        // A suspicion subscribes the audio of a cold standby. While the output is degraded, the suspicion remains:
        // without a better output, this one is still unhealthy.
        let is_unheard = |other: &Feed| other.audio.is_published() && !other.audio.is_subscribed();
        if self.is_degraded() || self.best().is_some_and(is_unheard) {
            return Fault::Suspected(Reason::AudioLost, self.now + AUDIO_CHECK_INTERVAL);
        }
        Fault::None(next)
    }

    /// A fault from `at` on, if another output arrives then. Otherwise the viewer's own network is the cause.
    fn if_another_is_alive(&self, shown: &Feed, reason: Reason, at: Instant) -> Fault {
        let at = self.after_cooldown(self.after_shared_stall(at));
        if self.now < at {
            return Fault::Suspected(reason, at);
        }
        // A standby whose last bytes are from an earlier stats poll may have stopped at the same time.
        let is_alive = |other: &Feed| {
            other.is_alive(self.now) && (reason != Reason::NoData || other.received_after(shown))
        };
        // Without a subscribed standby there is nothing to compare with.
        if !self.others().any(Feed::is_watched) || self.others().any(is_alive) {
            return Fault::Bad(reason);
        }
        Fault::Suspected(reason, self.now + ALIVE_CHECK_INTERVAL)
    }

    pub(super) fn is_degraded(&self) -> bool {
        self.shown.is_some_and(|shown| shown.is_degraded)
    }

    /// `at`, or the end of the switch cooldown if that is later.
    pub(super) fn after_cooldown(&self, at: Instant) -> Instant {
        let switched_at = self.shown.and_then(|shown| shown.switched_at);
        switched_at.map_or(at, |switched_at| at.max(switched_at + self.config.switch_cooldown_ms))
    }
}
