//! A viewer's failover against arbitrary sequences of signals.

use std::collections::BTreeMap;

use steadymix::failover::{
    Connection, Event, Failover, FailoverConfig, Health, Kind, LeaveReason, MediaState, Output, Signal,
    Standby, StateReason,
};
use steadymix::time::{Duration, Instant};

use crate::source::Source;

/// More polls than this without time passing are an endless loop.
const MAX_POLLS: u32 = 100;
const UIDS: [u32; 4] = [9001, 9002, 9101, 9102];
/// A uid that is no output of this viewer.
const STRANGER: u32 = 7;

/// The longest duration that the settings allow.
const MAX_DURATION: Duration = Duration::from_secs(86_400);

/// What is known about an output.
#[derive(Clone, Default)]
struct Known {
    /// A frame arrived since it was subscribed or returned.
    seen: bool,
    /// It certainly left, or its video was unpublished.
    offline: bool,
}

struct Viewer {
    failover: Failover,
    config: FailoverConfig,
    now: Instant,
    wake: Option<Instant>,
    known: BTreeMap<u32, Known>,
    connection: Connection,
    connected_at: Instant,
    media_connected: bool,
    visible: bool,
    /// The SDK fell back to audio because of the viewer's downlink, for any output.
    fell_back: bool,
}

/// # Panics
/// If a rule is broken.
pub fn viewer(data: &[u8]) {
    let mut source = Source::new(data);
    let mut viewer = Viewer::new(&mut source);
    while !source.is_exhausted() {
        match source.byte() & 7 {
            0 => viewer.now = viewer.wake.unwrap_or(viewer.now),
            1 => viewer.now += Duration::from_millis(source.byte().into()),
            2 => viewer.now += Duration::from_millis(source.short().into()),
            // A whole cadence of frames.
            3 => viewer.frames(&mut source),
            4 if source.flag() => viewer.is_rebuilt(),
            _ => {
                let signal = signal(&mut source);
                viewer.report(signal);
            }
        }
        viewer.rest();
    }
}

fn millis(source: &mut Source, usual: Duration) -> Duration {
    match source.byte() {
        0..200 => usual,
        200..250 => Duration::from_millis(source.short().into()),
        250..255 => Duration::ZERO,
        255 => MAX_DURATION,
    }
}

fn config(source: &mut Source) -> FailoverConfig {
    let usual = FailoverConfig {
        standby: source.one(&[Standby::Hot, Standby::Warm, Standby::Cold]),
        ..FailoverConfig::default()
    };
    if source.flag() {
        return usual;
    }
    let fail_back = source.flag().then_some(Duration::from_millis(20_000));
    FailoverConfig {
        frozen_grace_ms: millis(source, usual.frozen_grace_ms),
        congested_grace_ms: millis(source, usual.congested_grace_ms),
        poor_network_grace_ms: millis(source, usual.poor_network_grace_ms),
        muted_grace_ms: millis(source, usual.muted_grace_ms),
        audio_lost_grace_ms: millis(source, usual.audio_lost_grace_ms),
        frame_gap_grace_ms: millis(source, usual.frame_gap_grace_ms),
        start_timeout_ms: millis(source, usual.start_timeout_ms),
        failure_cooldown_ms: millis(source, usual.failure_cooldown_ms),
        switch_cooldown_ms: millis(source, usual.switch_cooldown_ms),
        reconnect_grace_ms: millis(source, usual.reconnect_grace_ms),
        all_down_grace_ms: millis(source, usual.all_down_grace_ms),
        fail_back_delay_ms: fail_back.map(|usual| millis(source, usual)),
        false_alarm_window_ms: millis(source, usual.false_alarm_window_ms),
        ..usual
    }
}

fn signal(source: &mut Source) -> Signal {
    use MediaState::{Decoding, Failed, Frozen, Starting, Stopped};
    let which = source.byte();
    let uid =
        UIDS.get(usize::from(which & 7)).copied().unwrap_or(if which & 7 == 7 { STRANGER } else { UIDS[0] });
    let kind = if which & 8 == 0 { Kind::Video } else { Kind::Audio };
    let is_so = which & 16 == 0;
    match source.below(15) {
        0 => Signal::Joined(uid),
        1 => Signal::Left(
            uid,
            source.one(&[
                LeaveReason::Quit,
                LeaveReason::TimedOut,
                LeaveReason::BecameAudience,
                LeaveReason::Unknown,
            ]),
        ),
        2 => Signal::Published(uid, kind),
        3 => Signal::Unpublished(uid, kind),
        4 => Signal::Muted(uid, kind, is_so),
        5 => {
            let state = source.one(&[Decoding, Frozen, Starting, Stopped, Failed]);
            Signal::State(uid, kind, state, StateReason::from_number(source.byte() & 15))
        }
        6 => Signal::Frame(uid),
        7 => Signal::Stats(uid, kind, is_so),
        8 => Signal::SubscribeFailed(uid, kind),
        9 => Signal::DecodeFailed(uid),
        10 => Signal::Connection(source.one(&[
            Connection::Connected,
            Connection::Reconnecting,
            Connection::Closed,
        ])),
        11 => Signal::MediaConnection(is_so),
        12 => Signal::Network(is_so),
        13 => Signal::Visible(is_so),
        _ => Signal::OnAir(uid),
    }
}

impl Viewer {
    fn new(source: &mut Source) -> Self {
        let now = Instant::from_millis(1_000_000);
        let config = config(source);
        let uids = &UIDS[..source.below(UIDS.len() + 1)];
        let mut viewer = Self {
            failover: Failover::new(uids, config.clone(), now),
            config,
            now,
            wake: None,
            known: uids.iter().map(|uid| (*uid, Known::default())).collect(),
            connection: Connection::Reconnecting,
            connected_at: now,
            media_connected: true,
            visible: true,
            fell_back: false,
        };
        // In most runs, outputs are published.
        if source.flag() {
            viewer.report(Signal::Connection(Connection::Connected));
            for uid in uids {
                viewer.report(Signal::Published(*uid, Kind::Video));
                viewer.report(Signal::Published(*uid, Kind::Audio));
            }
            viewer.rest();
        }
        viewer
    }

    fn frames(&mut self, source: &mut Source) {
        let (which, interval) = (source.byte(), source.byte());
        for _ in 0..10 {
            self.now += Duration::from_millis(interval.into());
            for (at, uid) in UIDS.iter().enumerate() {
                if which >> at & 1 == 1 {
                    self.report(Signal::Frame(*uid));
                }
            }
            self.rest();
        }
    }

    fn report(&mut self, signal: Signal) {
        self.note(signal);
        self.failover.handle(self.now, signal);
    }

    fn note(&mut self, signal: Signal) {
        let mut known = |uid, note: &dyn Fn(&mut Known)| self.known.get_mut(&uid).into_iter().for_each(note);
        match signal {
            Signal::Frame(uid) if self.visible => known(uid, &|known| known.seen = true),
            Signal::Stats(uid, Kind::Video, true) => known(uid, &|known| known.seen = true),
            Signal::State(uid, kind, state, reason) => match (kind, state, reason) {
                (Kind::Video, MediaState::Decoding, reason) if reason != StateReason::Codec => {
                    known(uid, &|known| known.seen = true);
                }
                (_, MediaState::Stopped, StateReason::Offline) => {
                    known(uid, &|known| *known = Known { seen: false, offline: true })
                }
                (_, _, StateReason::Fallback) => self.fell_back = true,
                _ => {}
            },
            Signal::Left(uid, reason) => {
                known(uid, &|known| *known = Known { seen: false, offline: reason != LeaveReason::Unknown })
            }
            Signal::Unpublished(uid, Kind::Video) => {
                known(uid, &|known| *known = Known { seen: false, offline: true })
            }
            Signal::Published(uid, Kind::Video) => known(uid, &|known| known.offline = false),
            Signal::Connection(connection) => {
                if connection == Connection::Connected && self.connection != connection {
                    self.connected_at = self.now;
                }
                self.connection = connection;
            }
            Signal::MediaConnection(connected) => self.media_connected = connected,
            Signal::Visible(visible) => self.visible = visible,
            _ => {}
        }
    }

    fn rest(&mut self) {
        for _ in 0..MAX_POLLS {
            match self.failover.poll(self.now) {
                Output::Wait(until) => {
                    assert!(until.is_none_or(|until| until > self.now), "a wait that is over already");
                    self.wake = until;
                    return self.rests(until);
                }
                Output::Show(uid) => {
                    let seen = self.known.get(&uid).is_some_and(|known| known.seen);
                    assert!(seen, "{uid} is shown, but was not seen");
                }
                Output::Unsubscribe(uid, Kind::Video) => {
                    if let Some(known) = self.known.get_mut(&uid) {
                        known.seen = false;
                    }
                }
                Output::Emit(Event::Switched { from, to, detect_ms, switch_ms, outage_ms, .. }) => {
                    assert!(
                        from != to && outage_ms == detect_ms + switch_ms,
                        "the outage is not the sum of its parts"
                    );
                }
                Output::Emit(_) | Output::Subscribe(..) | Output::Unsubscribe(..) => {}
            }
        }
        panic!("the failover spins: {:?}, {:?}", self.failover.poll(self.now), self.failover.poll(self.now));
    }

    /// At rest, polling once more changes nothing.
    fn rests(&mut self, until: Option<Instant>) {
        let before = self.failover.clone();
        let again = self.failover.poll(self.now);
        assert!(
            again == Output::Wait(until) && self.failover == before,
            "a wait until {until:?}, but polled once more {again:?}"
        );
        self.assert_shown_is_online();
    }

    fn assert_shown_is_online(&self) {
        let is_away = self.connection != Connection::Connected
            || !self.media_connected
            || self.now < self.connected_at + self.config.reconnect_grace_ms;
        let Some(shown) = self.failover.shown().filter(|_| !is_away && !self.fell_back) else { return };
        let is_offline = self.known.get(&shown).is_some_and(|known| known.offline);
        let plays = |health: &(u32, Health)| health.0 != shown && health.1 == Health::Playing;
        let state = self.failover.health().find(|(uid, _)| *uid == shown);
        if let (true, Some((_, Health::Absent)), Some((live, _))) =
            (is_offline, state, self.failover.health().find(plays))
        {
            panic!("{shown} is shown, though it is offline and {live} plays");
        }
    }

    /// The state survives serialisation.
    fn is_rebuilt(&mut self) {
        let text = serde_json::to_string(&self.failover).unwrap();
        let rebuilt: Failover = serde_json::from_str(&text).unwrap();
        assert!(rebuilt == self.failover, "the state that was read differs from the one that was written");
        self.failover = rebuilt;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watching() -> Viewer {
        // The usual settings, two outputs, and connected.
        let mut viewer = Viewer::new(&mut Source::new(&[0, 1, 2, 1]));
        for _ in 0..3 {
            viewer.now += Duration::from_millis(66);
            UIDS[..2].iter().for_each(|uid| viewer.report(Signal::Frame(*uid)));
            viewer.rest();
        }
        viewer
    }

    #[test]
    fn an_output_with_frames_is_shown() {
        assert_eq!(watching().failover.shown(), Some(UIDS[0]));
    }

    #[test]
    #[should_panic(expected = "9001 is shown, but was not seen")]
    fn showing_an_output_without_a_frame_is_detected() {
        let mut viewer = Viewer::new(&mut Source::new(&[0, 1, 2, 1]));
        viewer.failover.handle(viewer.now, Signal::Frame(UIDS[0]));
        viewer.rest();
    }

    #[test]
    #[should_panic(expected = "9001 is shown, though it is offline and 9002 plays")]
    fn showing_an_offline_output_is_detected() {
        let mut viewer = watching();
        viewer.config.reconnect_grace_ms = Duration::ZERO;
        // The failover is not polled, so it does not switch.
        viewer.failover.handle(viewer.now, Signal::Left(UIDS[0], LeaveReason::Quit));
        viewer.known.entry(UIDS[0]).or_default().offline = true;
        viewer.assert_shown_is_online();
    }

    #[test]
    #[should_panic(expected = "polled once more")]
    fn another_output_at_the_same_time_is_detected() {
        watching().rests(Some(Instant::MAX));
    }
}
