//! Decisions: to stay, to hold, to change over to another output, to fail back; and when to decide again.

use super::change::{Cause, Pending};
use super::fault::Fault;
use super::feed::Feed;
use super::signal::Connection;
use super::{Event, Failover, Reason, Standby, soonest};
use crate::time::Millis;
use crate::uid::Uid;

impl Failover {
    /// Decides, and says when to decide again.
    pub(super) fn decide(&mut self) -> Option<Millis> {
        if self.connection != Connection::Connected || !self.media_path {
            // It is the viewer who is away: nothing that is missing says anything of the outputs.
            self.pending = None;
            return None;
        }
        if self.now < self.settled {
            return Some(self.settled);
        }
        let Some(shown) = self.shown_feed() else { return self.start() };
        let uid = shown.uid;
        match self.fault(shown) {
            Fault::Gone(reason) => self.change(uid, reason, true),
            Fault::Bad(reason) => self.change(uid, reason, false),
            Fault::Suspected(reason, at) => {
                self.degrade(uid, reason);
                soonest(self.keep_pending(), Some(at))
            }
            Fault::None(at) => {
                self.is_well();
                soonest(soonest(self.prefer(uid), at), self.next_stall())
            }
        }
    }

    /// Nothing is shown yet: the server's word first, then the order of preference.
    fn start(&mut self) -> Option<Millis> {
        if !self.feeds.iter().any(|feed| feed.phase.is_published()) {
            // Nobody is there yet, or any more: nothing to wait for.
            (self.all_bad_since, self.all_bad_told) = (None, false);
            return None;
        }
        let best = self.best().map(|best| best.uid);
        let next = best.and_then(|best| self.pending_or_show(best, Cause::Start));
        if self.shown.is_some() { next } else { soonest(next, self.none_is_well()) }
    }

    /// The one that is shown is bad: changes to another, as soon as that can be shown.
    fn change(&mut self, shown: Uid, reason: Reason, gone: bool) -> Option<Millis> {
        self.degrade(shown, reason);
        if reason == Reason::NotStarted {
            self.penalise(shown);
        }
        let best = self.best();
        // The one that is waited for already, unless only another one is ready.
        let is_still_best = |to: &&Feed| self.is_ready(to) || !best.is_some_and(|best| self.is_ready(best));
        let pending = self.pending.filter(|pending| pending.to != shown);
        let to = pending.and_then(|pending| self.feed(pending.to)).filter(is_still_best).or(best);
        let Some(to) = to.map(|to| to.uid).filter(|_| gone || self.now >= self.after_dwell(Millis::ZERO))
        else {
            return self.none_is_well();
        };
        let at = self.pending_or_show(to, Cause::Fault(reason));
        if self.shown == Some(to) { at } else { soonest(at, self.none_is_well()) }
    }

    fn keep_pending(&mut self) -> Option<Millis> {
        // One that does not come keeps the shared stall open, in which nobody else would give it up.
        let (now, starting) = (self.now, self.config.starting_ms);
        self.pending = self.pending.filter(|pending| now < pending.since.plus(starting));
        let others_are_down = !self.others().any(|feed| self.is_ready(feed));
        if others_are_down && self.config.standby == Standby::Hot { self.none_is_well() } else { None }
    }

    fn is_well(&mut self) {
        let seen = self.shown_feed().filter(|feed| feed.is_seen()).map(|feed| feed.uid);
        if let (true, Some(uid)) = (self.degraded, seen) {
            self.events.push_back(Event::Recovered(uid));
            self.degraded = false;
            self.all_bad_since = None;
            self.all_bad_told = false;
        }
        if matches!(self.pending, Some(Pending { cause: Cause::Fault(reason), .. }) if reason != Reason::OnAir)
        {
            self.pending = None;
        }
    }

    /// The one that is shown is well: but the server may want another, or the preferred one is back.
    fn prefer(&mut self, shown: Uid) -> Option<Millis> {
        self.wanted = self.wanted.filter(|wanted| *wanted != shown);
        if let Some(wanted) = self.wanted {
            let feed = self.feed(wanted)?;
            if !feed.is_available(self.now) {
                // Perhaps once its penalty is over.
                return Some(feed.penalty_until).filter(|_| feed.is_usable());
            }
            let at = self.after_dwell(Millis::ZERO);
            return if self.now < at {
                Some(at)
            } else {
                self.pending_or_show(wanted, Cause::Fault(Reason::OnAir))
            };
        }
        let clear = self.config.fail_back_ms?;
        let is_well = |feed: &&Feed| feed.is_available(self.now) && !feed.is_lacking();
        let better = self.feeds.iter().take_while(|feed| feed.uid != shown).find(is_well)?;
        let (better, since) = (better.uid, better.healthy_since?);
        let at = self.after_dwell(since.plus(clear));
        if self.now < at { Some(at) } else { self.pending_or_show(better, Cause::FailBack) }
    }

    /// Nothing that could be shown is well.
    fn none_is_well(&mut self) -> Option<Millis> {
        let since = *self.all_bad_since.get_or_insert(self.now);
        let at = since.plus(self.config.both_down_ms);
        if self.now < at {
            return Some(at);
        }
        if !std::mem::replace(&mut self.all_bad_told, true) {
            self.events.push_back(Event::BothDown);
        }
        // A penalty may be over.
        Some(self.now.plus(Millis::new(1_000)))
    }

    pub(super) fn degrade(&mut self, shown: Uid, reason: Reason) {
        if !std::mem::replace(&mut self.degraded, true) {
            self.events.push_back(Event::Degraded(shown, reason));
        }
    }
}
