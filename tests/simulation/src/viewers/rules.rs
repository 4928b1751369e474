//! Invariants of every viewer.

use super::{STATS_INTERVAL, Tracks, Viewer};
use crate::air::Publication;
use crate::checks::Check;

/// The longest time without a picture while one is available, in ms: the longest grace, the switch cooldown, a target that
/// does not start, and a refused subscription.
const MAX_WITHOUT_PICTURE: u64 = 15_000;

impl Viewer<'_> {
    /// Whether the output has sent media without a break for the last 3 s.
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

    /// An output that is known to be offline must not be shown while another one is live.
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

    /// A frozen picture must be replaced soon if another output is live.
    pub(super) fn picture(&mut self) -> Check {
        let now = self.now;
        let flows = |tracks: &Tracks| {
            let publication = tracks.known.and_then(|at| self.air.publications.get(at));
            publication
                .is_some_and(|publication| publication.flows(now) && publication.flows(now - STATS_INTERVAL))
        };
        let is_away = self.setup.network.is_down(now) || !self.connected || now < self.connected_at + 3_600;
        let is_seen = self.screen.and_then(|uid| self.tracks.get(&uid)).is_some_and(|tracks| {
            if self.visible {
                tracks.video && now - tracks.last_frame < STATS_INTERVAL
            } else {
                tracks.video && flows(tracks)
            }
        });
        if is_away || is_seen || !self.tracks.values().any(flows) {
            self.content_at = now;
        }
        if now > self.content_at + MAX_WITHOUT_PICTURE {
            return Err(format!("no picture for {MAX_WITHOUT_PICTURE} ms, though one is available"));
        }
        Ok(())
    }
}
