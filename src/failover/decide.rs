//! Decisions: stay, hold, switch to another output, or fail back; and when to decide again.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::fault::Fault;
use super::feed::Feed;
use super::signal::Connection;
use super::{Event, Failover, Reason, Standby, soonest};
use crate::time::{Duration, Instant};
use crate::uid::Uid;

/// While all outputs are down, the next decision is made after this time: a cooldown may be over.
const ALL_DOWN_INTERVAL: Duration = Duration::from_millis(1_000);

/// Since when no output is healthy, and whether that was reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct AllDown {
    pub(super) since: Option<Instant>,
    pub(super) is_reported: bool,
}

impl Failover {
    /// Decides, and returns when to decide again.
    pub(super) fn decide(&mut self) -> Option<Instant> {
        if self.viewer.connection != Connection::Connected || !self.viewer.media_connected {
            // The viewer itself is disconnected: missing media says nothing about the outputs.
            self.pending = None;
            return None;
        }
        if self.now < self.viewer.settled_at {
            return Some(self.viewer.settled_at);
        }
        let Some(shown) = self.shown_feed() else { return self.start() };
        let uid = shown.uid;
        match self.fault(shown) {
            Fault::Gone(reason) => self.leave(uid, reason, true),
            Fault::Bad(reason) => self.leave(uid, reason, false),
            Fault::Suspected(reason, at) => {
                self.degrade(reason);
                soonest(self.hold(), Some(at))
            }
            Fault::None(at) => {
                self.stay();
                soonest(soonest(self.prefer(uid), at), self.next_stall())
            }
        }
    }

    /// Nothing is on screen yet: shows the best output as soon as it is ready.
    fn start(&mut self) -> Option<Instant> {
        if !self.feeds.iter().any(|feed| feed.phase.is_published()) {
            // No output is published: there is nothing to wait for.
            self.all_down = AllDown::default();
            return None;
        }
        let best = self.best().map(|best| best.uid);
        let next = best.and_then(|best| self.change_to(best, Change::Start));
        if self.shown.is_some() { next } else { soonest(next, self.all_down()) }
    }

    /// The output on screen is bad: switches to another one as soon as that is ready.
    fn leave(&mut self, shown: Uid, reason: Reason, is_gone: bool) -> Option<Instant> {
        self.degrade(reason);
        if reason == Reason::NotStarted {
            self.begin_cooldown(shown);
        }
        let best = self.best();
        // Keep the pending target, unless another output is ready and the target is not.
        let is_still_best = |to: &&Feed| self.is_ready(to) || !best.is_some_and(|best| self.is_ready(best));
        let pending = self.pending.filter(|pending| pending.to != shown);
        let to = pending.and_then(|pending| self.feed(pending.to)).filter(is_still_best).or(best);
        let Some(to) =
            to.map(|to| to.uid).filter(|_| is_gone || self.now >= self.after_cooldown(Instant::ZERO))
        else {
            return self.all_down();
        };
        let at = self.change_to(to, Change::Switch(reason));
        if self.shown() == Some(to) { at } else { soonest(at, self.all_down()) }
    }

    /// The output on screen may be bad: a pending change continues until the start timeout.
    fn hold(&mut self) -> Option<Instant> {
        // A target that does not start keeps the shared stall open, during which nothing else cancels it.
        let (now, starting) = (self.now, self.config.start_timeout_ms);
        self.pending = self.pending.filter(|pending| now < pending.since + starting);
        let others_are_down = !self.others().any(|feed| self.is_ready(feed));
        if others_are_down && self.config.standby == Standby::Hot { self.all_down() } else { None }
    }

    /// The output on screen is healthy.
    fn stay(&mut self) {
        let is_seen = self.shown_feed().is_some_and(Feed::is_seen);
        if let Some(shown) = self.shown.as_mut().filter(|shown| shown.is_degraded && is_seen) {
            shown.is_degraded = false;
            self.events.push_back(Event::Recovered(shown.uid));
            self.all_down = AllDown::default();
        }
        self.pending = self.pending.filter(|pending| pending.change.is_planned());
    }

    /// The output on screen is healthy, but the server may have put another one on air, or a more preferred one is back.
    fn prefer(&mut self, shown: Uid) -> Option<Instant> {
        self.on_air = self.on_air.filter(|on_air| *on_air != shown);
        if let Some(on_air) = self.on_air {
            let feed = self.feed(on_air)?;
            if !feed.is_available(self.now) {
                return Some(feed.cooldown_until).filter(|_| feed.is_usable());
            }
            return self.change_at(Instant::ZERO, on_air, Change::Switch(Reason::OnAir));
        }
        let delay = self.config.fail_back_delay_ms?;
        let is_healthy = |feed: &&Feed| feed.is_available(self.now) && !feed.is_incomplete();
        let better = self.feeds.iter().take_while(|feed| feed.uid != shown).find(is_healthy)?;
        let (better, at) = (better.uid, better.healthy_since? + delay);
        self.change_at(at, better, Change::FailBack)
    }

    /// Changes to another output at that time, or when the switch cooldown is over.
    fn change_at(&mut self, at: Instant, to: Uid, change: Change) -> Option<Instant> {
        let at = self.after_cooldown(at);
        if self.now < at { Some(at) } else { self.change_to(to, change) }
    }

    /// No output is healthy. Returns when to decide again.
    // Not inlined: many callers, and the viewer's module must stay small.
    #[inline(never)]
    pub(super) fn all_down(&mut self) -> Option<Instant> {
        let since = *self.all_down.since.get_or_insert(self.now);
        let at = since + self.config.all_down_grace_ms;
        if self.now < at {
            return Some(at);
        }
        if !std::mem::replace(&mut self.all_down.is_reported, true) {
            self.events.push_back(Event::AllDown);
        }
        Some(self.now + ALL_DOWN_INTERVAL)
    }

    pub(super) fn degrade(&mut self, reason: Reason) {
        if let Some(shown) = self.shown.as_mut().filter(|shown| !shown.is_degraded) {
            shown.is_degraded = true;
            self.events.push_back(Event::Degraded(shown.uid, reason));
        }
    }
}
