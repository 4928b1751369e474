#![allow(clippy::wildcard_enum_match_arm, reason = "a test matches only the cases it needs")]

use super::*;
use crate::time::short::at;

mod frames;
mod native;
mod sdk_at_random;
mod signals_at_random;
mod subscribing;
mod switching;
mod web;

const A: Uid = 9001;
const B: Uid = 9002;
const C: Uid = 9101;

/// A viewer, its clock, and the outputs of its failover with their times.
struct Viewer {
    failover: Failover,
    now: u64,
    outputs: Vec<(u64, Output)>,
}

impl Viewer {
    /// Both outputs are published; A is shown.
    fn watching(config: FailoverConfig) -> Self {
        let mut viewer = Self::before(config);
        for uid in [A, B] {
            viewer.signal(Signal::Joined(uid));
            viewer.publish(uid);
        }
        viewer.signal(Signal::State(A, Kind::Video, MediaState::Starting, StateReason::None));
        viewer.signal(Signal::State(A, Kind::Video, MediaState::Decoding, StateReason::None));
        if config_of(&viewer).standby == Standby::Hot {
            viewer.signal(Signal::State(B, Kind::Video, MediaState::Decoding, StateReason::None));
        }
        assert_eq!(viewer.failover.shown(), Some(A));
        viewer.outputs.clear();
        viewer
    }

    fn before(config: FailoverConfig) -> Self {
        Self::of(&[A, B], config)
    }

    /// None of the outputs is published yet.
    fn of(uids: &[Uid], config: FailoverConfig) -> Self {
        let mut failover = Failover::new(uids, config, Instant::ZERO);
        failover.handle(Instant::ZERO, Signal::Connection(Connection::Connected));
        Self { failover, now: 0, outputs: Vec::new() }
    }

    fn signal(&mut self, signal: Signal) {
        self.failover.handle(at(self.now), signal);
        self.settle();
    }

    /// Polls until there is nothing to do. Returns the time of the next wake-up.
    fn settle(&mut self) -> Option<u64> {
        for _ in 0..100 {
            match self.failover.poll(at(self.now)) {
                Output::Wait(until) => return until.map(Instant::as_millis),
                output => self.outputs.push((self.now, output)),
            }
        }
        panic!("it spins: {:?}", self.outputs);
    }

    /// Lets time pass, and polls at every wake-up.
    fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(next) = self.settle().filter(|next| *next <= until) {
            assert!(next > self.now, "a wake-up that is over at {}", self.now);
            self.now = next;
        }
        self.now = until;
        self.settle();
    }

    /// Frames of these outputs, 15 per second.
    fn frames(&mut self, uids: &[Uid], ms: u64) {
        let until = self.now + ms;
        while self.now < until {
            for uid in uids {
                self.signal(Signal::Frame(*uid));
            }
            self.pass(66);
        }
    }

    /// Frames as above, with a stats poll each second: video of `uids` and audio of `audible` arrive.
    fn live(&mut self, uids: &[Uid], audible: &[Uid], ms: u64) {
        let until = self.now + ms;
        while self.now < until {
            uids.iter().for_each(|uid| self.signal(Signal::Stats(*uid, Kind::Video, true)));
            audible.iter().for_each(|uid| self.signal(Signal::Stats(*uid, Kind::Audio, true)));
            let second = (until - self.now).min(1_000);
            if uids.is_empty() { self.pass(second) } else { self.frames(uids, second) }
        }
    }

    fn publish(&mut self, uid: Uid) {
        for kind in [Kind::Audio, Kind::Video] {
            self.signal(Signal::Published(uid, kind));
        }
    }

    fn shown(&self) -> Uid {
        self.failover.shown().unwrap()
    }

    /// The time in ms until another output was shown.
    fn shown_after(&mut self, ms: u64) -> Option<u64> {
        let (began, at_first) = (self.now, self.shown());
        self.outputs.clear();
        self.pass(ms);
        let shown = |output: &Output| matches!(output, Output::Show(uid) if *uid != at_first);
        self.outputs.iter().find(|(_, output)| shown(output)).map(|(at, _)| at - began)
    }

    /// The outputs that were shown, in order.
    fn shows(&self) -> Vec<Uid> {
        let show = |(_, output): &(u64, Output)| match output {
            Output::Show(uid) => Some(*uid),
            _ => None,
        };
        self.outputs.iter().filter_map(show).collect()
    }

    fn events(&self) -> Vec<Event> {
        let event = |(_, output): &(u64, Output)| match output {
            Output::Emit(event) => Some(*event),
            Output::Subscribe(..) | Output::Unsubscribe(..) | Output::Show(_) | Output::Wait(_) => None,
        };
        self.outputs.iter().filter_map(event).collect()
    }

    fn video(&mut self, uid: Uid, state: u8, reason: u8) {
        self.signal(Signal::State(
            uid,
            Kind::Video,
            MediaState::ALL[usize::from(state)],
            StateReason::from_number(reason),
        ));
    }
}

fn config_of(viewer: &Viewer) -> &FailoverConfig {
    &viewer.failover.config
}

fn with(standby: Standby) -> FailoverConfig {
    FailoverConfig { standby, ..FailoverConfig::default() }
}

fn hot() -> Viewer {
    Viewer::watching(FailoverConfig::default())
}
