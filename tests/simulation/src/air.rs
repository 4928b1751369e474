//! What is on the air during a schedule: who publishes from when to when, and what viewers are told of it.

use steadymix::supervisor::{Event, EventKind};

use crate::chance::Chance;

/// A task's time in the channel, in ms since the schedule began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publication {
    pub(crate) uid: u32,
    pub(crate) from: u64,
    pub(crate) until: u64,
    /// It died without a word, and the service takes its time to notice.
    pub(crate) died: bool,
    /// It lives in this time, but sends nothing.
    pub(crate) frozen: Option<(u64, u64)>,
}

impl Publication {
    /// Whether anything of it is sent at that time.
    pub(crate) fn flows(&self, at: u64) -> bool {
        let is_frozen = self.frozen.is_some_and(|(from, until)| (from..until).contains(&at));
        (self.from..self.until).contains(&at) && !is_frozen
    }

    /// Whether it sends nothing at some time between these.
    pub(crate) fn freezes(&self, from: u64, until: u64) -> bool {
        self.frozen.is_some_and(|(frozen, thawed)| frozen <= until && from < thawed)
    }
}

/// What is on the air during a schedule.
#[derive(Clone, Debug, Default)]
pub struct Air {
    /// The outputs, the preferred one first.
    pub(crate) uids: Vec<u32>,
    pub(crate) publications: Vec<Publication>,
    /// The server's word of the output on air.
    pub(crate) words: Vec<(u64, u32)>,
    /// When the server knew of an output that it runs, or runs again.
    pub(crate) proofs: Vec<(u64, u32)>,
    pub(crate) ends: u64,
    open: Vec<(u32, u64)>,
}

impl Air {
    pub(crate) fn of(uids: &[u32]) -> Self {
        Self { uids: uids.to_vec(), ..Self::default() }
    }

    /// These run at that time.
    pub(crate) fn runs(&mut self, now: u64, running: &[u32]) {
        self.ends = now;
        let gone: Vec<_> = self.open.extract_if(.., |(uid, _)| !running.contains(uid)).collect();
        for (uid, from) in gone {
            self.close(uid, from, now, false);
        }
        for uid in running {
            if !self.open.iter().any(|(open, _)| open == uid) {
                self.open.push((*uid, now));
            }
        }
    }

    /// It dies without a word.
    pub(crate) fn dies(&mut self, now: u64, uid: u32) {
        let gone: Vec<_> = self.open.extract_if(.., |(open, _)| *open == uid).collect();
        for (uid, from) in gone {
            self.close(uid, from, now, true);
        }
    }

    /// The server says something.
    pub(crate) fn told(&mut self, now: u64, event: &Event) {
        match (&event.kind, event.uid) {
            (EventKind::OnAir { to_uid: Some(uid), .. }, _) => self.words.push((now, *uid)),
            (EventKind::Confirmed { .. } | EventKind::Recovered, Some(uid)) => self.proofs.push((now, uid)),
            _ => {}
        }
    }

    /// The schedule is over.
    pub(crate) fn closed(mut self) -> Self {
        for (uid, from) in std::mem::take(&mut self.open) {
            self.close(uid, from, self.ends, false);
        }
        self
    }

    /// The schedule is over; some outputs froze for a while.
    pub(crate) fn ended(self, chance: &mut Chance) -> Self {
        let mut closed = self.closed();
        for publication in &mut closed.publications {
            let length = publication.until - publication.from;
            if length > 30_000 && chance.percent(20) {
                let from = publication.from + chance.between(5_000, length - 10_000);
                publication.frozen = Some((from, from + chance.one(&[700, 3_000, 15_000])));
            }
        }
        closed
    }

    fn close(&mut self, uid: u32, from: u64, until: u64, died: bool) {
        if until > from {
            self.publications.push(Publication { uid, from, until, died, frozen: None });
        }
    }
}
