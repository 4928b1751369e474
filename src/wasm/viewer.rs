//! The viewer's failover for JavaScript: numbers in and out, so that the module stays small.

use wasm_bindgen::prelude::*;

use crate::failover::{
    Connection, Event, FailoverConfig, Health, Kind, Left, MediaState, Output, Reason, Signal, Standby,
    StateReason,
};
use crate::time::Millis;
use crate::{failover, uid::Uid};

/// Which output a viewer watches. `src/js/viewer/failover.ts` gives the numbers their names.
#[wasm_bindgen]
pub struct Failover {
    machine: failover::Failover,
    /// What the last output carries.
    fields: [f64; 6],
}

#[wasm_bindgen]
impl Failover {
    /// `settings` in the order of `FailoverConfig`; NaN keeps the default.
    #[wasm_bindgen(constructor)]
    pub fn new(uids: &[u32], settings: &[f64], now: f64) -> Failover {
        let mut config = FailoverConfig::default();
        let given = |at: usize| settings.get(at).copied().filter(|value| !value.is_nan());
        config.standby = match given(0) {
            Some(1.0) => Standby::Probe,
            Some(2.0) => Standby::Cold,
            _ => Standby::Hot,
        };
        let times = [
            &mut config.frozen_ms,
            &mut config.congested_ms,
            &mut config.bad_network_ms,
            &mut config.muted_ms,
            &mut config.audio_ms,
            &mut config.frame_gap_ms,
            &mut config.starting_ms,
            &mut config.penalty_ms,
            &mut config.dwell_ms,
            &mut config.settle_ms,
            &mut config.both_down_ms,
            &mut config.false_alarm_ms,
        ];
        for (i, time) in times.into_iter().enumerate() {
            if let Some(value) = given(i + 1) {
                *time = millis(value);
            }
        }
        config.fail_back_ms = given(13).map(millis);
        Self { machine: failover::Failover::new(uids, config, millis(now)), fields: [0.0; 6] }
    }

    /// Takes a signal by its number; `a` and `b` are its further values.
    pub fn handle(&mut self, now: f64, signal: u8, uid: Uid, a: u8, b: u8) {
        if let Some(signal) = signal_of(signal, uid, a, b) {
            self.machine.handle(millis(now), signal);
        }
    }

    /// The number of what to do next; `field` has what it carries.
    pub fn poll(&mut self, now: f64) -> u8 {
        let mut out = |number: u8, fields: &[f64]| {
            for (to, from) in self.fields.iter_mut().zip(fields) {
                *to = *from;
            }
            number
        };
        match self.machine.poll(millis(now)) {
            Output::Wait(until) => out(0, &[until.map_or(f64::NAN, from_millis)]),
            Output::Subscribe(uid, kind) => out(1, &[uid.into(), kind_number(kind)]),
            Output::Unsubscribe(uid, kind) => out(2, &[uid.into(), kind_number(kind)]),
            Output::Show(uid) => out(3, &[uid.into()]),
            Output::Emit(Event::Degraded(uid, reason)) => out(4, &[uid.into(), reason_number(reason)]),
            Output::Emit(Event::Recovered(uid)) => out(5, &[uid.into()]),
            Output::Emit(Event::Switched { from, to, reason, detect_ms, switch_ms, outage_ms }) => out(
                6,
                &[
                    from.into(),
                    to.into(),
                    reason_number(reason),
                    from_millis(detect_ms),
                    from_millis(switch_ms),
                    from_millis(outage_ms),
                ],
            ),
            Output::Emit(Event::FailedBack { from, to }) => out(7, &[from.into(), to.into()]),
            Output::Emit(Event::FalseAlarm(uid)) => out(8, &[uid.into()]),
            Output::Emit(Event::BothDown) => out(9, &[]),
            Output::Emit(Event::Unplayable(uid, kind)) => out(10, &[uid.into(), kind_number(kind)]),
            Output::Emit(Event::Closed) => out(11, &[]),
        }
    }

    /// A value of what `poll` said last.
    pub fn field(&self, at: usize) -> f64 {
        self.fields.get(at).copied().unwrap_or(f64::NAN)
    }

    /// How the output at that place of the list is.
    pub fn health(&self, at: usize) -> u8 {
        self.machine.health().nth(at).map_or(0, |(_, health)| match health {
            Health::Absent => 0,
            Health::Available => 1,
            Health::Starting => 2,
            Health::Playing => 3,
            Health::Frozen => 4,
            Health::Muted => 5,
            Health::Failed => 6,
        })
    }

    /// The uid that is shown, or 0.
    pub fn shown(&self) -> Uid {
        self.machine.shown().unwrap_or_default()
    }
}

fn signal_of(signal: u8, uid: Uid, a: u8, b: u8) -> Option<Signal> {
    let kind = if a == 0 { Kind::Audio } else { Kind::Video };
    let (state, reason) = (MediaState::from_number(b & 15), StateReason::from_number(b >> 4));
    Some(match signal {
        0 => Signal::Joined(uid),
        1 => Signal::Left(
            uid,
            match a {
                0 => Left::Quit,
                1 => Left::TimedOut,
                2 => Left::BecameAudience,
                _ => Left::Unknown,
            },
        ),
        2 => Signal::Published(uid, kind),
        3 => Signal::Unpublished(uid, kind),
        4 => Signal::Muted(uid, kind, b != 0),
        5 => Signal::State(uid, kind, state, reason),
        6 => Signal::Frame(uid),
        7 => Signal::Progress(uid, kind, b != 0),
        8 => Signal::SubscribeFailed(uid, kind),
        9 => Signal::DecodeFailed(uid),
        10 => Signal::Connection(match a {
            0 => Connection::Reconnecting,
            1 => Connection::Connected,
            _ => Connection::Closed,
        }),
        11 => Signal::MediaPath(a != 0),
        12 => Signal::BadNetwork(a != 0),
        13 => Signal::Visible(a != 0),
        14 => Signal::OnAir(uid),
        _ => return None,
    })
}

fn kind_number(kind: Kind) -> f64 {
    match kind {
        Kind::Audio => 0.0,
        Kind::Video => 1.0,
    }
}

fn reason_number(reason: Reason) -> f64 {
    match reason {
        Reason::Left => 0.0,
        Reason::Unpublished => 1.0,
        Reason::Frozen => 2.0,
        Reason::Dead => 3.0,
        Reason::Muted => 4.0,
        Reason::AudioLost => 5.0,
        Reason::Failed => 6.0,
        Reason::NotStarted => 7.0,
        Reason::OnAir => 8.0,
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and so does Millis"
)]
fn millis(value: f64) -> Millis {
    Millis::new(value as u64)
}

#[allow(clippy::cast_precision_loss, reason = "Millis fits a JavaScript number")]
fn from_millis(value: Millis) -> f64 {
    value.as_u64() as f64
}
