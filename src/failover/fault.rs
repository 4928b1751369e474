//! What is wrong with the output that is shown, and since when that can be believed.

use super::config::Standby;
use super::feed::{Feed, Freeze, Phase};
use super::signal::{Kind, Left};
use super::{Failover, Reason, soonest};
use crate::time::Millis;

/// Audio that is lost is not worth a word before, as the video is often unpublished in the same moment.
const AUDIO_TOLD_MS: Millis = Millis::new(250);

/// What is wrong with the output that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing, as far as is known before that time.
    None(Option<Millis>),
    /// Perhaps, from that time on.
    Suspected(Reason, Millis),
    /// It is bad.
    Bad(Reason),
    /// It is not there any more, or does not come: no illusion, so that the dwell does not count.
    Gone(Reason),
}

impl Failover {
    pub(super) fn fault(&self, feed: &Feed) -> Fault {
        let (now, config) = (self.now, &self.config);
        if feed.phase.is_lost() {
            return self.fault_of_lost(feed);
        }
        if feed.failed {
            return Fault::Gone(Reason::Failed);
        }
        if feed.is_fallback() {
            // The viewer's downlink carries no video: that says nothing of the output.
            return Fault::None(None);
        }
        if feed.is_dead() {
            return self.if_another_lives(feed, Reason::Dead, now);
        }
        if self.visible
            && (feed.is_subscribed(Kind::Video) || feed.refused_since.is_some())
            && !feed.has_started()
        {
            // One that is refused is asked for again and again, but has its time only once.
            let refused = feed.refused_since.map(|since| since.plus(config.starting_ms));
            let at = refused.unwrap_or_else(|| feed.start_deadline(config.starting_ms));
            return if now >= at { Fault::Gone(Reason::NotStarted) } else { Fault::None(Some(at)) };
        }
        let mut next = None;
        if let Some(Freeze { since, is_congested }) = feed.freeze() {
            let grace = match (self.bad_network, is_congested) {
                (true, _) => config.bad_network_ms,
                (false, _) if self.has_quick_standby(feed) => Millis::ZERO,
                (false, true) => config.congested_ms,
                (false, false) => config.frozen_ms,
            };
            return self.if_another_lives(feed, Reason::Frozen, since.plus(grace));
        }
        if let (Some(last), Some(patience), false) =
            (feed.last_frame(), feed.patience(config.frame_gap_ms), self.bad_network)
        {
            let at = self.after_dwell(self.after_shared_stall(last.plus(patience)));
            if now >= at && self.has_quick_standby(feed) {
                return Fault::Bad(Reason::Frozen);
            }
            // Looked at again soon after: the standby's next frame may be what is missing.
            next = Some(if now >= at { now.plus(Millis::new(20)) } else { at })
                .filter(|_| self.config.standby == Standby::Hot && now < at.plus(Millis::new(1_000)));
        }
        let is_worth_a_change = |other: &Feed| other.is_usable() && other.muted_since.is_none();
        if let Some(since) = feed.muted_since
            && self.others().any(is_worth_a_change)
        {
            return self.if_another_lives(feed, Reason::Muted, since.plus(config.muted_ms));
        }
        if let Some(since) = feed.audio.lost_since {
            let told = since.plus(AUDIO_TOLD_MS);
            if now < told {
                return Fault::None(soonest(next, Some(told)));
            }
            if self.others().any(|other| other.audio.is_alive(now)) {
                let grace = if self.bad_network { config.bad_network_ms } else { config.audio_ms };
                return self.if_another_lives(feed, Reason::AudioLost, since.plus(grace));
            }
            // A cold standby is listened to once that may help; that nothing better is left does not make this one well.
            let is_unheard = |other: &Feed| other.audio.is_published() && !other.audio.is_subscribed();
            if self.degraded || self.best().is_some_and(is_unheard) {
                return Fault::Suspected(Reason::AudioLost, now.plus(Millis::new(1_000)));
            }
        }
        Fault::None(next)
    }

    /// Its video is not there any more.
    fn fault_of_lost(&self, shown: &Feed) -> Fault {
        match (shown.phase, shown.muted_since) {
            // An SDK that does not say how somebody left may be wrong: only if there is another one.
            (Phase::Left(Left::Unknown), _) if self.best().is_none() => Fault::None(None),
            (Phase::Left(_), _) => Fault::Gone(Reason::Left),
            (_, None) => Fault::Gone(Reason::Unpublished),
            (_, Some(since)) => {
                let at = since.plus(self.config.muted_ms);
                if self.now >= at { Fault::Gone(Reason::Muted) } else { Fault::Suspected(Reason::Muted, at) }
            }
        }
    }

    /// Bad from that time on, as long as something else of this viewer flows: or else it is the viewer's network.
    fn if_another_lives(&self, shown: &Feed, reason: Reason, at: Millis) -> Fault {
        let at = self.after_dwell(self.after_shared_stall(at));
        if self.now < at {
            return Fault::Suspected(reason, at);
        }
        // What was looked at a moment before may have stopped in the same one.
        let lives = |other: &Feed| {
            other.lives(self.now) && (reason != Reason::Dead || other.outlives_bytes_of(shown))
        };
        if self.is_alone() || self.others().any(lives) {
            return Fault::Bad(reason);
        }
        Fault::Suspected(reason, self.now.plus(Millis::new(100)))
    }

    pub(super) fn after_dwell(&self, at: Millis) -> Millis {
        self.last_switch.map_or(at, |last| at.max(last.plus(self.config.dwell_ms)))
    }

    /// There is no other to compare it with.
    fn is_alone(&self) -> bool {
        !self.others().any(Feed::is_watched)
    }
}
