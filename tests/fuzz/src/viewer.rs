//! A viewer's failover with arbitrary sequences of signals.

use std::collections::BTreeMap;

use steadymix::failover::{
    Connection, Event, Failover, FailoverConfig, Health, Kind, Left, MediaState, Output, Signal, Standby,
    StateReason,
};
use steadymix::time::{Duration, Instant};

use crate::source::Source;

/// More polls than this at one instant mean that the failover spins.
const MAX_POLLS: u32 = 100;
const UIDS: [u32; 4] = [9001, 9002, 9101, 9102];
/// A uid that is not an output of this viewer.
const STRANGER: u32 = 7;

/// The longest duration that the settings allow.
const LONGEST_TIME: Duration = Duration::from_secs(86_400);

/// A viewer's knowledge of an output.
#[derive(Clone, Default)]
struct Known {
    /// There was a picture since the subscription or the output's return.
    seen: bool,
    /// It certainly left or unpublished its video.
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
    media_path: bool,
    visible: bool,
    /// The SDK stopped some picture because of the viewer's own downlink. The model does not track which output it was.
    fell_back: bool,
}

/// # Panics
/// If an invariant is violated.
pub fn viewer(data: &[u8]) {
    let mut source = Source::new(data);
    let mut viewer = Viewer::new(&mut source);
    while !source.is_exhausted() {
        match source.byte() & 7 {
            0 => viewer.now = viewer.wake.unwrap_or(viewer.now),
            1 => viewer.now += Duration::from_millis(source.byte().into()),
            2 => viewer.now += Duration::from_millis(source.short().into()),
            // Many frames at a regular interval.
            3 => viewer.frames(&mut source),
            4 if source.flag() => viewer.assert_round_trip(),
            _ => {
                let signal = signal(&mut source);
                viewer.tell(signal);
            }
        }
        viewer.settle();
    }
}

fn millis(source: &mut Source, usual: Duration) -> Duration {
    match source.byte() {
        0..200 => usual,
        200..250 => Duration::from_millis(source.short().into()),
        250..255 => Duration::ZERO,
        255 => LONGEST_TIME,
    }
}

fn config(source: &mut Source) -> FailoverConfig {
    let usual = FailoverConfig {
        standby: source.one(&[Standby::Hot, Standby::Probe, Standby::Cold]),
        ..FailoverConfig::default()
    };
    if source.flag() {
        return usual;
    }
    let fail_back = source.flag().then_some(Duration::from_millis(20_000));
    FailoverConfig {
        frozen_ms: millis(source, usual.frozen_ms),
        congested_ms: millis(source, usual.congested_ms),
        bad_network_ms: millis(source, usual.bad_network_ms),
        muted_ms: millis(source, usual.muted_ms),
        audio_ms: millis(source, usual.audio_ms),
        frame_gap_ms: millis(source, usual.frame_gap_ms),
        starting_ms: millis(source, usual.starting_ms),
        penalty_ms: millis(source, usual.penalty_ms),
        dwell_ms: millis(source, usual.dwell_ms),
        settle_ms: millis(source, usual.settle_ms),
        both_down_ms: millis(source, usual.both_down_ms),
        fail_back_ms: fail_back.map(|usual| millis(source, usual)),
        false_alarm_ms: millis(source, usual.false_alarm_ms),
        ..usual
    }
}

fn signal(source: &mut Source) -> Signal {
    use MediaState::{Decoding, Failed, Frozen, Starting, Stopped};
    let which = source.byte();
    let uid =
        UIDS.get(usize::from(which & 7)).copied().unwrap_or(if which & 7 == 7 { STRANGER } else { UIDS[0] });
    let kind = if which & 8 == 0 { Kind::Video } else { Kind::Audio };
    let how = which & 16 == 0;
    match source.below(15) {
        0 => Signal::Joined(uid),
        1 => {
            Signal::Left(uid, source.one(&[Left::Quit, Left::TimedOut, Left::BecameAudience, Left::Unknown]))
        }
        2 => Signal::Published(uid, kind),
        3 => Signal::Unpublished(uid, kind),
        4 => Signal::Muted(uid, kind, how),
        5 => {
            let state = source.one(&[Decoding, Frozen, Starting, Stopped, Failed]);
            Signal::State(uid, kind, state, StateReason::from_number(source.byte() & 15))
        }
        6 => Signal::Frame(uid),
        7 => Signal::Progress(uid, kind, how),
        8 => Signal::SubscribeFailed(uid, kind),
        9 => Signal::DecodeFailed(uid),
        10 => Signal::Connection(source.one(&[
            Connection::Connected,
            Connection::Reconnecting,
            Connection::Closed,
        ])),
        11 => Signal::MediaPath(how),
        12 => Signal::BadNetwork(how),
        13 => Signal::Visible(how),
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
            media_path: true,
            visible: true,
            fell_back: false,
        };
        // Most inputs start with a connection.
        if source.flag() {
            viewer.tell(Signal::Connection(Connection::Connected));
            for uid in uids {
                viewer.tell(Signal::Published(*uid, Kind::Video));
                viewer.tell(Signal::Published(*uid, Kind::Audio));
            }
            viewer.settle();
        }
        viewer
    }

    fn frames(&mut self, source: &mut Source) {
        let (which, interval) = (source.byte(), source.byte());
        for _ in 0..10 {
            self.now += Duration::from_millis(interval.into());
            for (at, uid) in UIDS.iter().enumerate() {
                if which >> at & 1 == 1 {
                    self.tell(Signal::Frame(*uid));
                }
            }
            self.settle();
        }
    }

    fn tell(&mut self, signal: Signal) {
        self.note(signal);
        self.failover.handle(self.now, signal);
    }

    fn note(&mut self, signal: Signal) {
        let mut known = |uid, note: &dyn Fn(&mut Known)| self.known.get_mut(&uid).into_iter().for_each(note);
        match signal {
            Signal::Frame(uid) if self.visible => known(uid, &|known| known.seen = true),
            Signal::Progress(uid, Kind::Video, true) => known(uid, &|known| known.seen = true),
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
            Signal::Left(uid, how) => {
                known(uid, &|known| *known = Known { seen: false, offline: how != Left::Unknown })
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
            Signal::MediaPath(whole) => self.media_path = whole,
            Signal::Visible(visible) => self.visible = visible,
            _ => {}
        }
    }

    fn settle(&mut self) {
        for _ in 0..MAX_POLLS {
            match self.failover.poll(self.now) {
                Output::Wait(until) => {
                    assert!(until.is_none_or(|until| until > self.now), "the wait is already over");
                    self.wake = until;
                    return self.assert_settled(until);
                }
                Output::Show(uid) => {
                    let seen = self.known.get(&uid).is_some_and(|known| known.seen);
                    assert!(seen, "{uid} is shown, but had no frame");
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
        panic!("the core spins: {:?}, {:?}", self.failover.poll(self.now), self.failover.poll(self.now));
    }

    /// Checks that another poll changes nothing.
    fn assert_settled(&mut self, until: Option<Instant>) {
        let before = self.failover.clone();
        let again = self.failover.poll(self.now);
        assert!(
            again == Output::Wait(until) && self.failover == before,
            "the wait was until {until:?}, but a second poll returns {again:?}"
        );
        self.shows_nothing_offline();
    }

    fn shows_nothing_offline(&self) {
        let is_away = self.connection != Connection::Connected
            || !self.media_path
            || self.now < self.connected_at + self.config.settle_ms;
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

    /// Checks that serializing and parsing the state does not change it.
    fn assert_round_trip(&mut self) {
        let text = serde_json::to_string(&self.failover).unwrap();
        let rebuilt: Failover = serde_json::from_str(&text).unwrap();
        assert!(rebuilt == self.failover, "serializing and parsing changes it");
        self.failover = rebuilt;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watching() -> Viewer {
        // Default settings, two outputs, connected.
        let mut viewer = Viewer::new(&mut Source::new(&[0, 1, 2, 1]));
        for _ in 0..3 {
            viewer.now += Duration::from_millis(66);
            UIDS[..2].iter().for_each(|uid| viewer.tell(Signal::Frame(*uid)));
            viewer.settle();
        }
        viewer
    }

    #[test]
    fn an_output_that_plays_is_shown() {
        assert_eq!(watching().failover.shown(), Some(UIDS[0]));
    }

    #[test]
    #[should_panic(expected = "9001 is shown, but had no frame")]
    fn showing_an_output_without_a_frame_is_found() {
        let mut viewer = Viewer::new(&mut Source::new(&[0, 1, 2, 1]));
        viewer.failover.handle(viewer.now, Signal::Frame(UIDS[0]));
        viewer.settle();
    }

    #[test]
    #[should_panic(expected = "9001 is shown, though it is offline and 9002 plays")]
    fn showing_an_offline_output_is_found() {
        let mut viewer = watching();
        viewer.config.settle_ms = Duration::ZERO;
        // The failover is not polled, so it cannot switch.
        viewer.failover.handle(viewer.now, Signal::Left(UIDS[0], Left::Quit));
        viewer.known.entry(UIDS[0]).or_default().offline = true;
        viewer.shows_nothing_offline();
    }

    #[test]
    #[should_panic(expected = "a second poll returns")]
    fn a_second_poll_with_another_output_is_found() {
        watching().assert_settled(Some(Instant::MAX));
    }
}
