//! What is subscribed: the output that is shown, the one that is to be shown, and the standby as far as it is kept ready.

use super::config::Standby;
use super::feed::Feed;
use super::signal::{Connection, Kind};
use super::{Failover, Output, RETRY_MS};
use crate::time::Millis;

impl Failover {
    /// The next subscription that is missing, or else one that is not wanted any more: SDKs carry them out one after the
    /// other, and what is left must not delay what is waited for.
    pub(super) fn subscription(&mut self) -> Option<Output> {
        if self.connection != Connection::Connected {
            return None;
        }
        let every = || {
            [Kind::Video, Kind::Audio]
                .into_iter()
                .flat_map(|kind| (0..self.feeds.len()).map(move |at| (at, kind)))
        };
        let missing = every().find(|(at, kind)| {
            self.wants(*at, *kind) && self.feeds.get(*at).is_some_and(|feed| feed.can_ask(*kind, self.now))
        });
        let now = self.now;
        if let Some((at, kind)) = missing {
            let feed = self.feeds.get_mut(at)?;
            feed.ask(kind, now);
            return Some(Output::Subscribe(feed.uid, kind));
        }
        // Until the viewer's media path is whole nothing is pending, and what was would be asked for anew.
        if !self.media_path {
            return None;
        }
        let (at, kind) = every().find(|(at, kind)| {
            // Make before break: what was left is let go of when the new one flows.
            let is_kept = self.measured.is_some_and(|measured| measured.from == *at);
            self.feeds.get(*at).is_some_and(|feed| {
                let is_unwanted = !is_kept && !self.wants(*at, *kind);
                feed.is_asked(*kind) && (is_unwanted || (*kind == Kind::Video && self.never_came(*at, feed)))
            })
        })?;
        let is_stalled = kind == Kind::Video && self.feeds.get(at).is_some_and(|feed| self.is_stalled(feed));
        let penalty = now.plus(self.config.penalty_ms);
        let feed = self.feeds.get_mut(at)?;
        if is_stalled {
            feed.penalty_until = penalty;
        }
        if kind == Kind::Video && std::mem::take(&mut feed.failed) {
            // A decoder may give up for what passes: any other is better for a while, but it is not out for ever.
            (feed.penalty_until, feed.retry_at) = (penalty, now.plus(RETRY_MS));
        }
        feed.let_go(kind, now);
        Some(Output::Unsubscribe(feed.uid, kind))
    }

    fn wants(&self, at: usize, kind: Kind) -> bool {
        let standby = self.shown.and_then(|shown| self.best(Some(shown)));
        let is_standby = Some(at) == standby;
        let is_needed = Some(at) == self.shown
            || Some(at) == self.pending.map(|pending| pending.to)
            || (is_standby && self.degraded);
        let is_ready_kind = match (self.config.standby, kind) {
            (Standby::Hot, _) | (Standby::Probe, Kind::Audio) => true,
            (Standby::Probe, Kind::Video) | (Standby::Cold, _) => false,
        };
        is_needed || (is_standby && is_ready_kind)
    }

    /// The SDK has taken the subscription, but nothing came of it; and there is no other to try in its place.
    fn never_came(&self, at: usize, feed: &Feed) -> bool {
        let is_another =
            |(other, feed): (usize, &Feed)| other != at && Some(other) != self.shown && feed.is_there();
        self.visible
            && !feed.has_started()
            && self.now >= feed.asked_at.plus(RETRY_MS)
            && self.is_stalled(feed)
            && !self.feeds.iter().enumerate().any(is_another)
    }

    /// When a subscription that was refused may be asked for again.
    pub(super) fn next_retry(&self) -> Option<Millis> {
        self.feeds.iter().map(|feed| feed.retry_at).filter(|at| *at > self.now).min()
    }

    /// When an output that is subscribed, but does not flow, is given up in favour of one that may.
    fn stalls_at(&self, feed: &Feed) -> Option<Millis> {
        if !feed.video_asked {
            return None;
        }
        let at = match feed.frozen_since {
            // The statistics of the outputs are told of one after the other.
            _ if feed.is_dead() => {
                Some(feed.last_bytes().plus(self.config.starting_ms).plus(self.config.frozen_ms))
            }
            Some(since) => Some(since.plus(self.config.frozen_ms)),
            None if self.visible && !feed.has_started() => Some(feed.start_deadline(self.config.starting_ms)),
            None => None,
        };
        // As long as all stall together, none of them is to blame; if that goes on, another one is worth a try.
        let stall = self
            .shared_stall
            .map(|stall| if stall.is_over { stall.until } else { stall.since.plus(self.config.starting_ms) });
        at.map(|at| stall.map_or(at, |stall| at.max(stall)))
    }

    pub(super) fn is_stalled(&self, feed: &Feed) -> bool {
        self.stalls_at(feed).is_some_and(|at| self.now >= at)
    }

    /// When to look for another standby.
    pub(super) fn next_stall(&self, shown: usize) -> Option<Millis> {
        let standby = self.feeds.get(self.best(Some(shown))?)?;
        self.stalls_at(standby).filter(|at| *at > self.now)
    }
}
