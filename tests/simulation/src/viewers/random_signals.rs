//! An SDK that reports anything in any order, over outputs that come, stall and go. The failover's outputs are digested for the
//! golden traces; the only check is that it comes to rest.

use std::collections::BTreeSet;

use steadymix::failover::{
    Connection, Failover, FailoverConfig, Kind, LeaveReason, MediaState, Output, Signal, Standby, StateReason,
};
use steadymix::time::{Duration, Instant};

use super::phases::Phases;
use crate::chance::Chance;
use crate::diagram::Transition;
use crate::digest::Digest;

const UIDS: [u32; 3] = [9000, 9100, 9200];
const STEPS: u32 = 250;
/// More outputs than this without time passing are spinning.
const MAX_POLLS: u32 = 200;

/// A digest of the failover's outputs with the SDK of this seed.
pub(crate) fn digest(seed: u64) -> Result<u64, String> {
    Ok(RandomSdk::new(seed).run()?.digest.value())
}

/// The transitions between the phases of its outputs.
pub(super) fn transitions(seed: u64) -> Result<BTreeSet<Transition>, String> {
    let mut random_sdk = RandomSdk::new(seed);
    random_sdk.phases = Some(Phases::default());
    Ok(random_sdk.run()?.phases.map(|phases| phases.taken).unwrap_or_default())
}

struct RandomSdk {
    chance: Chance,
    failover: Failover,
    uids: Vec<u32>,
    now: u64,
    /// When it is to be polled again.
    wake: Option<u64>,
    interval: u64,
    flowing: Vec<u32>,
    digest: Digest,
    phases: Option<Phases>,
}

impl RandomSdk {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let uids = UIDS[..chance.between(1, 3) as usize].to_vec();
        let config = FailoverConfig {
            standby: chance.one(&[Standby::Hot, Standby::Hot, Standby::Warm, Standby::Cold]),
            fail_back_delay_ms: chance.one(&[None, None, Some(Duration::from_millis(4_000))]),
            switch_cooldown_ms: Duration::from_millis(chance.one(&[5_000, 5_000, 500])),
            failure_cooldown_ms: Duration::from_millis(chance.one(&[30_000, 4_000])),
            all_down_grace_ms: Duration::from_millis(chance.one(&[10_000, 1_000])),
            ..FailoverConfig::default()
        };
        Self {
            failover: Failover::new(&uids, config, Instant::ZERO),
            interval: chance.one(&[33, 66, 66, 200]),
            chance,
            flowing: uids.clone(),
            uids,
            now: 0,
            wake: None,
            digest: Digest::new(),
            phases: None,
        }
    }

    fn run(mut self) -> Result<Self, String> {
        self.begin()?;
        for _ in 0..STEPS {
            self.step()?;
        }
        Ok(self)
    }

    fn begin(&mut self) -> Result<(), String> {
        self.report(Signal::Connection(Connection::Connected))?;
        for uid in self.uids.clone() {
            if self.chance.percent(80) {
                self.report(Signal::Joined(uid))?;
                self.report(Signal::Published(uid, Kind::Audio))?;
                self.report(Signal::Published(uid, Kind::Video))?;
            }
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), String> {
        match self.chance.between(0, 99) {
            0..72 => {
                let late = self.chance.one(&[0, 0, 1, 7, 40]);
                self.pass(self.interval + late)?;
                for uid in self.flowing.clone() {
                    if !self.chance.percent(3) {
                        self.report(Signal::Frame(uid))?;
                    }
                }
                Ok(())
            }
            72..80 => self.poll_stats(),
            80..86 => {
                let ms = self.chance.one(&[100, 250, 500, 1_000, 2_000, 3_000, 10_000, 31_000]);
                self.pass(ms)
            }
            86..90 => {
                let uid = self.chance.one(&self.uids);
                match self.flowing.iter().position(|flowing| *flowing == uid) {
                    Some(at) => drop(self.flowing.swap_remove(at)),
                    None => self.flowing.push(uid),
                }
                Ok(())
            }
            _ => {
                let signal = self.anything();
                self.report(signal)
            }
        }
    }

    fn poll_stats(&mut self) -> Result<(), String> {
        for uid in self.uids.clone() {
            let flows = self.flowing.contains(&uid) != self.chance.percent(5);
            self.report(Signal::Stats(uid, Kind::Video, flows))?;
            self.report(Signal::Stats(uid, Kind::Audio, flows))?;
        }
        Ok(())
    }

    fn anything(&mut self) -> Signal {
        // Now and then an unknown uid.
        let uid = if self.chance.percent(3) { 7 } else { self.chance.one(&self.uids) };
        let kind = self.chance.one(&[Kind::Video, Kind::Video, Kind::Audio]);
        let yes = self.chance.percent(50);
        match self.chance.between(0, 20) {
            0 => Signal::Joined(uid),
            1 => {
                let reasons = [
                    LeaveReason::Quit,
                    LeaveReason::TimedOut,
                    LeaveReason::BecameAudience,
                    LeaveReason::Unknown,
                ];
                Signal::Left(uid, self.chance.one(&reasons))
            }
            2..5 => Signal::Published(uid, kind),
            5 => Signal::Unpublished(uid, kind),
            6 => Signal::Muted(uid, kind, yes),
            7..12 => {
                let state = self.chance.one(MediaState::ALL);
                let reason = StateReason::from_number(self.chance.between(0, 13) as u8);
                Signal::State(uid, kind, state, self.chance.one(&[reason, StateReason::None]))
            }
            12 => Signal::SubscribeFailed(uid, kind),
            13 => Signal::DecodeFailed(uid),
            14 => Signal::Connection(self.chance.one(&[Connection::Reconnecting, Connection::Connected])),
            15 => Signal::MediaConnection(yes),
            16 => Signal::Network(yes),
            17 => Signal::Visible(yes),
            18 => Signal::SubscriptionLost(uid, kind),
            _ => Signal::OnAir(uid),
        }
    }

    /// Time passes. The failover is polled when it is due, and sometimes just before.
    fn pass(&mut self, ms: u64) -> Result<(), String> {
        let until = self.now + ms;
        while let Some(wake) = self.wake.filter(|wake| *wake <= until) {
            if wake > self.now + 1 && self.chance.percent(30) {
                self.now = wake - 1;
                self.settle()?;
            }
            self.now = self.now.max(wake);
            self.settle()?;
        }
        self.now = until;
        Ok(())
    }

    fn report(&mut self, signal: Signal) -> Result<(), String> {
        self.failover.handle(Instant::from_millis(self.now), signal);
        self.note_phases();
        self.settle()
    }

    fn settle(&mut self) -> Result<(), String> {
        for _ in 0..MAX_POLLS {
            let output = self.failover.poll(Instant::from_millis(self.now));
            self.note_phases();
            self.digest.debug(&output);
            if let Output::Wait(until) = output {
                self.wake = until.map(Instant::as_millis);
                self.digest.debug(&self.failover.health().collect::<Vec<_>>());
                if self.wake.is_some_and(|wake| wake <= self.now) {
                    return Err(format!("a wait until {:?}, which is over at {}", self.wake, self.now));
                }
                return Ok(());
            }
        }
        Err("the failover spins".to_owned())
    }

    fn note_phases(&mut self) {
        if let Some(phases) = &mut self.phases {
            phases.note(&self.failover);
        }
    }
}
