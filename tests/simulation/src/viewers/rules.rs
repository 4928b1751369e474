//! The invariants of every viewer.

use super::{STATS_INTERVAL, Tracks, Viewer};
use crate::air::Publication;
use crate::checks::Check;

/// The longest time without a picture while an output is available: the longest grace period, the switch cooldown, a target that
/// does not start, and a refused subscription.
const NO_PICTURE_TIMEOUT: u64 = 15_000;

impl Viewer<'_> {
    /// Whether it sent without interruption for the last seconds.
    pub(super) fn sent_without_interruption(&self, uid: u32, until: u64) -> bool {
        let from = until.saturating_sub(3_000);
        let all_along = |p: &&Publication| {
            p.uid == uid
                && p.from <= from
                && until < p.until
                && p.sends_media(from)
                && p.sends_media(until)
                && !p.freezes(from, until)
        };
        self.air.publications.iter().find(all_along).is_some()
    }

    /// Checks that an output that is known to be offline is not on screen while another is live.
    pub(super) fn check_screen_is_online(&self) -> Check {
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

    /// Checks that no viewer keeps a frozen picture for long while another output is available.
    pub(super) fn check_picture(&mut self) -> Check {
        let now = self.now;
        let flows = |tracks: &Tracks| {
            let publication = tracks.known.and_then(|at| self.air.publications.get(at));
            publication.is_some_and(|publication| {
                publication.sends_media(now) && publication.sends_media(now - STATS_INTERVAL)
            })
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
            self.picture_right_at = now;
        }
        if now > self.picture_right_at + NO_PICTURE_TIMEOUT {
            return Err(format!("no picture for {NO_PICTURE_TIMEOUT} ms, though an output is available"));
        }
        Ok(())
    }
}
