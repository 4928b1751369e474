//! What must hold of every viewer.

use super::{LOOK, Tracks, Viewer};
use crate::air::Publication;
use crate::checks::Check;

/// No viewer may be without a picture for longer, once there is one to be had: the longest grace, the dwell, a target
/// that does not start, and a refused subscription.
const PATIENCE: u64 = 15_000;

impl Viewer<'_> {
    /// Whether it sent without a break for the last seconds.
    pub(super) fn flowed_all_along(&self, uid: u32, until: u64) -> bool {
        let from = until.saturating_sub(3_000);
        let all_along = |p: &&Publication| {
            p.uid == uid
                && p.from <= from
                && until < p.until
                && p.flows(from)
                && p.flows(until)
                && !p.freezes(from, until)
        };
        self.air.publications.iter().find(all_along).is_some()
    }

    /// One that is known to be offline is not shown while another is live.
    pub(super) fn is_offline_shown(&self) -> Check {
        let settled = self.connected_at == 0 || self.now > self.connected_at + 3_600;
        let Some(shown) = self.screen.filter(|_| self.visible && self.connected && settled) else {
            return Ok(());
        };
        let is_offline = self.tracks.get(&shown).is_none_or(|tracks| !tracks.published);
        let is_live = |(uid, tracks): (&u32, &Tracks)| {
            *uid != shown && tracks.frames > 1 && self.now - tracks.last_frame <= 100
        };
        let live = self.tracks.iter().find(|(uid, tracks)| is_live((uid, tracks)));
        match live.filter(|_| is_offline) {
            Some((live, _)) => Err(format!("{shown} is shown, though it is offline and {live} is live")),
            None => Ok(()),
        }
    }

    /// Nobody looks at a frozen picture for long when there is another to be had.
    pub(super) fn picture(&mut self) -> Check {
        let now = self.now;
        let flows = |tracks: &Tracks| {
            let publication = tracks.known.and_then(|at| self.air.publications.get(at));
            publication.is_some_and(|publication| publication.flows(now) && publication.flows(now - LOOK))
        };
        let is_away = self.setup.network.is_down(now) || !self.connected || now < self.connected_at + 3_600;
        let is_seen = self.screen.and_then(|uid| self.tracks.get(&uid)).is_some_and(|tracks| {
            if self.visible {
                tracks.video && now - tracks.last_frame < LOOK
            } else {
                tracks.video && flows(tracks)
            }
        });
        if is_away || is_seen || !self.tracks.values().any(flows) {
            self.content_at = now;
        }
        if now > self.content_at + PATIENCE {
            return Err(format!("no picture for {PATIENCE} ms, though there is one to be had"));
        }
        Ok(())
    }
}
