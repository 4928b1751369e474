//! Decisions: to stay, to hold, to change over to another output, to fail back; and when to decide again.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::change::Cause;
use super::fault::Fault;
use super::feed::Feed;
use super::signal::Connection;
use super::{Event, Failover, Reason, Standby, soonest};
use crate::time::{Duration, Instant};
use crate::uid::Uid;

/// While all outputs are down, it is decided anew after this time: a penalty may be over.
const ALL_DOWN_INTERVAL: Duration = Duration::from_millis(1_000);

/// No output is well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize))]
pub(super) struct AllDown {
    pub(super) since: Option<Instant>,
    pub(super) is_reported: bool,
}

impl Failover {
    /// Decides, and says when to decide again.
    pub(super) fn decide(&mut self) -> Option<Instant> {
        if self.viewer.connection != Connection::Connected || !self.viewer.media_path {
            // It is the viewer who is away: nothing that is missing says anything of the outputs.
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

    /// Nothing is shown yet: the best output is shown as soon as it is ready.
    fn start(&mut self) -> Option<Instant> {
        if !self.feeds.iter().any(|feed| feed.phase.is_published()) {
            // Nobody is there yet, or any more: nothing to wait for.
            self.all_down = AllDown::default();
            return None;
        }
        let best = self.best().map(|best| best.uid);
        let next = best.and_then(|best| self.change_to(best, Cause::Start));
        if self.shown.is_some() { next } else { soonest(next, self.all_down()) }
    }

    /// The output that is shown is bad: changes to another one, as soon as that can be shown.
    fn leave(&mut self, shown: Uid, reason: Reason, is_gone: bool) -> Option<Instant> {
        self.degrade(reason);
        if reason == Reason::NotStarted {
            self.penalise(shown);
        }
        let best = self.best();
        // The one that is waited for already, unless only another one is ready.
        let is_still_best = |to: &&Feed| self.is_ready(to) || !best.is_some_and(|best| self.is_ready(best));
        let pending = self.pending.filter(|pending| pending.to != shown);
        let to = pending.and_then(|pending| self.feed(pending.to)).filter(is_still_best).or(best);
        let Some(to) = to.map(|to| to.uid).filter(|_| is_gone || self.now >= self.after_dwell(Instant::ZERO))
        else {
            return self.all_down();
        };
        let at = self.change_to(to, Cause::Fault(reason));
        if self.shown() == Some(to) { at } else { soonest(at, self.all_down()) }
    }

    /// The output that is shown may be bad: a change that is under way goes on, but not for ever.
    fn hold(&mut self) -> Option<Instant> {
        // One that does not come keeps the shared stall open, in which nobody else would give it up.
        let (now, starting) = (self.now, self.config.starting_ms);
        self.pending = self.pending.filter(|pending| now < pending.since + starting);
        let others_are_down = !self.others().any(|feed| self.is_ready(feed));
        if others_are_down && self.config.standby == Standby::Hot { self.all_down() } else { None }
    }

    /// The output that is shown is well.
    fn stay(&mut self) {
        let is_seen = self.shown_feed().is_some_and(Feed::is_seen);
        if let Some(shown) = self.shown.as_mut().filter(|shown| shown.is_degraded && is_seen) {
            shown.is_degraded = false;
            self.events.push_back(Event::Recovered(shown.uid));
            self.all_down = AllDown::default();
        }
        self.pending = self.pending.filter(|pending| pending.cause.is_wish());
    }

    /// The output that is shown is well: but the server may want another one, or the preferred one is back.
    fn prefer(&mut self, shown: Uid) -> Option<Instant> {
        self.on_air = self.on_air.filter(|on_air| *on_air != shown);
        if let Some(on_air) = self.on_air {
            let feed = self.feed(on_air)?;
            if !feed.is_available(self.now) {
                // Perhaps once its penalty is over.
                return Some(feed.penalty_until).filter(|_| feed.is_usable());
            }
            return self.change_at(Instant::ZERO, on_air, Cause::Fault(Reason::OnAir));
        }
        let clear = self.config.fail_back_ms?;
        let is_well = |feed: &&Feed| feed.is_available(self.now) && !feed.is_lacking();
        let better = self.feeds.iter().take_while(|feed| feed.uid != shown).find(is_well)?;
        let (better, clear_at) = (better.uid, better.healthy_since? + clear);
        self.change_at(clear_at, better, Cause::FailBack)
    }

    /// Changes to it from that time on, but not before the dwell is over.
    fn change_at(&mut self, at: Instant, to: Uid, cause: Cause) -> Option<Instant> {
        let at = self.after_dwell(at);
        if self.now < at { Some(at) } else { self.change_to(to, cause) }
    }

    /// No output that could be shown is well. When to decide again.
    ///
    /// Not inlined: there are many callers, and the viewer's module is to be small.
    #[inline(never)]
    pub(super) fn all_down(&mut self) -> Option<Instant> {
        let since = *self.all_down.since.get_or_insert(self.now);
        let at = since + self.config.both_down_ms;
        if self.now < at {
            return Some(at);
        }
        if !std::mem::replace(&mut self.all_down.is_reported, true) {
            self.events.push_back(Event::BothDown);
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
