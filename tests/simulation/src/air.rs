//! What is on air during a schedule: when each output is published, and which on-air updates viewers receive.

use steadymix::supervisor::{Event, EventKind};

use crate::chance::Chance;

/// A task's time in the channel, in ms since the schedule began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publication {
    pub(crate) uid: u32,
    pub(crate) from: u64,
    pub(crate) until: u64,
    /// It died without leaving the channel: viewers learn of it only by the service's timeouts.
    pub(crate) died: bool,
    /// The interval in which the task lives but sends no media: from, until.
    pub(crate) frozen: Option<(u64, u64)>,
}

impl Publication {
    /// Whether it sends media at that time.
    pub(crate) fn sends_media(&self, at: u64) -> bool {
        let is_frozen = self.frozen.is_some_and(|(from, until)| (from..until).contains(&at));
        (self.from..self.until).contains(&at) && !is_frozen
    }

    /// Whether it is frozen at any time in this interval.
    pub(crate) fn freezes(&self, from: u64, until: u64) -> bool {
        self.frozen.is_some_and(|(frozen, thawed)| frozen <= until && from < thawed)
    }
}

/// What is on air during a schedule. All times are in ms since it began.
#[derive(Clone, Debug, Default)]
pub struct Air {
    /// The outputs, the preferred one first.
    pub(crate) uids: Vec<u32>,
    pub(crate) publications: Vec<Publication>,
    /// Each on-air update of the server: when, and which output.
    pub(crate) updates: Vec<(u64, u32)>,
    /// Each confirmation or recovery that the server reported: when, and of which output.
    pub(crate) confirmations: Vec<(u64, u32)>,
    pub(crate) ends: u64,
    open: Vec<(u32, u64)>,
}

impl Air {
    pub(crate) fn of(uids: &[u32]) -> Self {
        Self { uids: uids.to_vec(), ..Self::default() }
    }

    /// Records which outputs run at that time.
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

    /// Records a death without a leave.
    pub(crate) fn dies(&mut self, now: u64, uid: u32) {
        let gone: Vec<_> = self.open.extract_if(.., |(open, _)| *open == uid).collect();
        for (uid, from) in gone {
            self.close(uid, from, now, true);
        }
    }

    pub(crate) fn on_event(&mut self, now: u64, event: &Event) {
        match (&event.kind, event.uid) {
            (EventKind::OnAir { to_uid: Some(uid), .. }, _) => self.updates.push((now, *uid)),
            (EventKind::Confirmed { .. } | EventKind::Recovered, Some(uid)) => {
                self.confirmations.push((now, uid))
            }
            _ => {}
        }
    }

    /// Ends the schedule.
    pub(crate) fn closed(mut self) -> Self {
        for (uid, from) in std::mem::take(&mut self.open) {
            self.close(uid, from, self.ends, false);
        }
        self
    }

    /// Ends the schedule and lets some outputs freeze for a while.
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
