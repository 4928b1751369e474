//! The numbers by which values cross to JavaScript. The number of a value is its position in `ALL`; those of signals and outputs
//! are here. `src/js/viewer/tables.ts` has the same names in the same order; tests compare both with
//! `tests/viewer/numbers.json`. An unknown number is `None` or `false`, which JavaScript reports as an error with its name.

use super::config::{FailoverConfig, Standby};
use super::signal::{Connection, Kind, LeaveReason, MediaState, Signal, StateReason};
use super::{Event, Output};
use crate::time::{Duration, Instant};
use crate::uid::Uid;

const NO_YES: &[bool] = &[false, true];
/// The fields of an output: six at most.
pub(crate) type Fields = [f64; 6];

/// Sets the setting with this number: 0 is `standby`, whose value is a number too; the others are the durations, in ms. Returns
/// whether there is such a setting and value.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
pub(crate) fn set(config: &mut FailoverConfig, number: u8, value: f64) -> bool {
    match number.checked_sub(1) {
        Some(number) => config.set_duration(number, Duration::from_f64(value)),
        None => named(Standby::ALL, value as u8).is_some_and(|standby| {
            config.standby = standby;
            true
        }),
    }
}

/// The signal with this number and these numbers of its fields.
pub(crate) fn signal(number: u8, uid: Uid, a: u8, b: u8, c: u8) -> Option<Signal> {
    let kind = || named(Kind::ALL, a);
    Some(match number {
        0 => Signal::Joined(uid),
        1 => Signal::Left(uid, named(LeaveReason::ALL, a)?),
        2 => Signal::Published(uid, kind()?),
        3 => Signal::Unpublished(uid, kind()?),
        4 => Signal::Muted(uid, kind()?, named(NO_YES, b)?),
        5 => Signal::State(uid, kind()?, named(MediaState::ALL, b)?, StateReason::from_number(c)),
        6 => Signal::Frame(uid),
        7 => Signal::Stats(uid, kind()?, named(NO_YES, b)?),
        8 => Signal::SubscribeFailed(uid, kind()?),
        9 => Signal::SubscriptionLost(uid, kind()?),
        10 => Signal::DecodeFailed(uid),
        11 => Signal::Connection(named(Connection::ALL, a)?),
        12 => Signal::MediaConnection(named(NO_YES, a)?),
        13 => Signal::Network(named(NO_YES, a)?),
        14 => Signal::Visible(named(NO_YES, a)?),
        15 => Signal::OnAir(uid),
        _ => return None,
    })
}

/// The number of an output; writes the numbers of its fields into `fields`.
pub(crate) fn output(output: Output, fields: &mut Fields) -> u8 {
    let mut out = |number: u8, values: &[f64]| {
        for (to, from) in fields.iter_mut().zip(values) {
            *to = *from;
        }
        number
    };
    match output {
        Output::Wait(until) => out(0, &[until.map_or(f64::NAN, Instant::as_f64)]),
        Output::Subscribe(uid, kind) => out(1, &[uid.into(), f64::from(kind as u8)]),
        Output::Unsubscribe(uid, kind) => out(2, &[uid.into(), f64::from(kind as u8)]),
        Output::Show(uid) => out(3, &[uid.into()]),
        Output::Emit(Event::Degraded(uid, reason)) => out(4, &[uid.into(), f64::from(reason as u8)]),
        Output::Emit(Event::Recovered(uid)) => out(5, &[uid.into()]),
        Output::Emit(Event::Switched { from, to, reason, detect_ms, switch_ms, outage_ms }) => out(
            6,
            &[
                from.into(),
                to.into(),
                f64::from(reason as u8),
                detect_ms.as_f64(),
                switch_ms.as_f64(),
                outage_ms.as_f64(),
            ],
        ),
        Output::Emit(Event::FailedBack { from, to }) => out(7, &[from.into(), to.into()]),
        Output::Emit(Event::FalseAlarm(uid)) => out(8, &[uid.into()]),
        Output::Emit(Event::AllDown) => out(9, &[]),
        Output::Emit(Event::Unplayable(uid, kind)) => out(10, &[uid.into(), f64::from(kind as u8)]),
        Output::Emit(Event::Closed) => out(11, &[]),
    }
}

fn named<T: Copy>(table: &[T], number: u8) -> Option<T> {
    table.get(usize::from(number)).copied()
}

#[cfg(test)]
mod tests;
