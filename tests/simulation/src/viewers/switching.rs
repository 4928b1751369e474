//! Carries out and measures the decisions of a viewer's failover.

use steadymix::failover::{Event, Kind, Output, Reason, Signal, Standby};
use steadymix::time::Instant;

use super::{Happening, Replaced, Viewer};
use crate::air::Publication;
use crate::checks::Check;

/// A stall is visible from this length on.
const STALL: u64 = 500;

impl Viewer<'_> {
    pub(super) fn report(&mut self, signal: Signal) -> Check {
        let is_worth_a_note = !matches!(signal, Signal::Frame(_) | Signal::Stats(_, _, true));
        if is_worth_a_note {
            self.note(|| format!("< {signal:?}"));
        }
        self.signals += 1;
        self.failover.handle(Instant::from_millis(self.now), signal);
        self.note_phases();
        self.drive()
    }

    pub(super) fn drive(&mut self) -> Check {
        for _ in 0..100 {
            let output = self.failover.poll(Instant::from_millis(self.now));
            self.note_phases();
            self.digest.debug(&(self.now, &output));
            match output {
                Output::Wait(until) => {
                    if let Some(until) = until.map(Instant::as_millis).filter(|until| *until != self.wake) {
                        if until <= self.now {
                            return Err(format!("a wait until {until} that is over already"));
                        }
                        self.wake = until;
                        self.at(until, Happening::Wake(until));
                    }
                    return self.check_screen_is_online();
                }
                Output::Subscribe(uid, kind) => {
                    self.note(|| format!("> {output:?}"));
                    let moment = (self.signals, self.now);
                    let tracks = self.tracks(uid);
                    (tracks.asked[kind as usize], tracks.asked_after[kind as usize]) = (true, moment);
                    let [least, most] = self.setup.network.subscribe;
                    let takes = self.chance.between(least, most);
                    self.at(self.now + takes, Happening::Subscribed(uid, kind));
                }
                Output::Unsubscribe(uid, kind) => {
                    self.note(|| format!("> {output:?}"));
                    let moment = (self.signals, self.now);
                    let tracks = self.tracks(uid);
                    let was_asked = std::mem::take(&mut tracks.asked[kind as usize]);
                    tracks.taken[kind as usize] = false;
                    if was_asked && tracks.asked_after[kind as usize] == moment {
                        return Err(format!("{uid} is subscribed and released for the same reason"));
                    }
                    match kind {
                        Kind::Video => (tracks.video, tracks.frames, tracks.frozen) = (false, 0, false),
                        Kind::Audio => tracks.audio = false,
                    }
                }
                Output::Show(uid) => self.shows(uid)?,
                Output::Emit(event) => self.on_event(event)?,
            }
        }
        Err("the failover spins".to_owned())
    }

    fn note_phases(&mut self) {
        if let Some(phases) = &mut self.phases {
            phases.note(&self.failover);
        }
    }

    fn shows(&mut self, uid: u32) -> Check {
        self.note(|| format!("> show {uid}"));
        let is_taken = self.tracks(uid).taken[Kind::Video as usize];
        if self.visible && self.tracks(uid).frames == 0 && !is_taken {
            return Err(format!("{uid} is shown, but was not seen"));
        }
        let old = self.screen.replace(uid).and_then(|old| Some((old, *self.last_seen.get(&old)?)));
        let first_frame = self.last_seen.get(&uid).copied().filter(|at| *at == self.now);
        let shown_at = self.now;
        self.replaced = old.map(|(old, last_frame)| Replaced { old, shown_at, last_frame, first_frame });
        self.watched.changes.extend(self.replaced.filter(|_| first_frame.is_some()));
        Ok(())
    }

    /// An output presents a frame.
    pub(super) fn seen(&mut self, uid: u32) {
        self.last_seen.insert(uid, self.now);
        if self.screen != Some(uid) {
            return;
        }
        if let Some(replaced) = self.replaced.as_mut().filter(|replaced| replaced.first_frame.is_none()) {
            replaced.first_frame = Some(self.now);
            self.watched.changes.push(*replaced);
        }
        let since = self.picture_at.replace(self.now);
        let stall = since.map(|since| (since, self.now)).filter(|(since, now)| now - since > STALL);
        self.watched.stalls.extend(stall);
    }

    fn on_event(&mut self, event: Event) -> Check {
        self.note(|| format!("> {event:?}"));
        let Event::Switched { from, to, reason, switch_ms, outage_ms, .. } = event else {
            match event {
                Event::FailedBack { .. } => {
                    self.reach("failed back");
                    self.last_change = Some(self.now);
                }
                Event::FalseAlarm(_) => self.reach("a false alarm"),
                Event::AllDown => self.reach("all down"),
                Event::Recovered(_) => self.reach("recovered"),
                _ => {}
            }
            return Ok(());
        };
        let decided = self.now - switch_ms.as_millis();
        self.reach(&format!("switched: {reason:?}"));
        let is_soft = matches!(reason, Reason::Frozen | Reason::NoData | Reason::AudioLost);
        let cooldown = self.setup.config.switch_cooldown_ms.as_millis();
        if let (true, Some(last)) = (is_soft || reason == Reason::OnAir, self.last_change)
            && decided < last + cooldown
        {
            return Err(format!("changed again {} ms after the last time", decided - last));
        }
        self.last_change = Some(decided);
        if is_soft && self.sent_without_interruption(from, decided) {
            if !self.setup.network.rough {
                return Err(format!("{from} was left, but it sent without interruption"));
            }
            self.reach("a false switch on a rough network");
        }
        let Some(replaced) = self.replaced.filter(|replaced| replaced.old == from && self.visible) else {
            return Ok(());
        };
        let since_seen = self.visible_since.max(self.connected_at);
        if let Some(truth) = replaced.frozen().filter(|_| replaced.last_frame >= since_seen) {
            if self.setup.reports_frames && outage_ms.as_millis() != truth {
                return Err(format!(
                    "an outage of {truth} ms from {from} to {to} was reported as {outage_ms}"
                ));
            }
            self.measure(from, truth, reason);
        }
        Ok(())
    }

    /// The outage, if nothing else was wrong.
    fn measure(&mut self, from: u32, outage: u64, reason: Reason) {
        let quiet_since = self.now.saturating_sub(10_000);
        let is_quiet = self.setup.config.standby == Standby::Hot
            && reason == Reason::Frozen
            && self.visible_since < quiet_since
            && self.setup.network.outages.iter().all(|(_, until)| !(quiet_since..self.now).contains(until))
            && !self.setup.network.is_down(self.now);
        let died = |p: &Publication| p.uid == from && p.died && (quiet_since..self.now).contains(&p.until);
        if is_quiet && self.air.publications.iter().any(died) {
            self.watched.outages.push((self.setup.interval, outage));
        }
    }
}
