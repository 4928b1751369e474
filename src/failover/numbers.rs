//! What crosses to JavaScript, as numbers: the place of a name in these tables, or where it is declared.
//! `src/js/viewer/tables.ts` has the same names in the same order, and `tests/viewer/numbers.json` is what both are compared with.

use super::config::{FailoverConfig, Standby};
use super::signal::{Connection, Kind, Left, MediaState, Signal, StateReason};
use super::{Event, Output};
use crate::time::Millis;
use crate::uid::Uid;

const KINDS: [Kind; 2] = [Kind::Audio, Kind::Video];
const LEFT: [Left; 4] = [Left::Quit, Left::TimedOut, Left::BecameAudience, Left::Unknown];
const STATES: [MediaState; 5] =
    [MediaState::Stopped, MediaState::Starting, MediaState::Decoding, MediaState::Frozen, MediaState::Failed];
const CONNECTIONS: [Connection; 3] = [Connection::Reconnecting, Connection::Connected, Connection::Closed];
const STANDBY: [Standby; 3] = [Standby::Hot, Standby::Probe, Standby::Cold];
const NO_YES: [bool; 2] = [false, true];
/// What an output carries at most.
pub(crate) type Fields = [f64; 6];

/// Sets the setting at that place: `standby` by its number, all others in ms. `None`: one has no place in the tables.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
pub(crate) fn set(config: &mut FailoverConfig, at: u8, value: f64) -> Option<()> {
    let time = match at {
        0 => {
            config.standby = named(&STANDBY, value as u8)?;
            return Some(());
        }
        1 => &mut config.frozen_ms,
        2 => &mut config.congested_ms,
        3 => &mut config.bad_network_ms,
        4 => &mut config.muted_ms,
        5 => &mut config.audio_ms,
        6 => &mut config.frame_gap_ms,
        7 => &mut config.starting_ms,
        8 => &mut config.penalty_ms,
        9 => &mut config.dwell_ms,
        10 => &mut config.settle_ms,
        11 => &mut config.both_down_ms,
        12 => &mut config.false_alarm_ms,
        13 => config.fail_back_ms.get_or_insert(Millis::ZERO),
        _ => return None,
    };
    *time = millis(value);
    Some(())
}

/// A signal by its number and those of its fields. `None`: one has no place in the tables.
pub(crate) fn signal(number: u8, uid: Uid, a: u8, b: u8, c: u8) -> Option<Signal> {
    let kind = || named(&KINDS, a);
    Some(match number {
        0 => Signal::Joined(uid),
        1 => Signal::Left(uid, named(&LEFT, a)?),
        2 => Signal::Published(uid, kind()?),
        3 => Signal::Unpublished(uid, kind()?),
        4 => Signal::Muted(uid, kind()?, named(&NO_YES, b)?),
        5 => Signal::State(uid, kind()?, named(&STATES, b)?, StateReason::from_number(c)),
        6 => Signal::Frame(uid),
        7 => Signal::Progress(uid, kind()?, named(&NO_YES, b)?),
        8 => Signal::SubscribeFailed(uid, kind()?),
        9 => Signal::SubscriptionLost(uid, kind()?),
        10 => Signal::DecodeFailed(uid),
        11 => Signal::Connection(named(&CONNECTIONS, a)?),
        12 => Signal::MediaPath(named(&NO_YES, a)?),
        13 => Signal::BadNetwork(named(&NO_YES, a)?),
        14 => Signal::Visible(named(&NO_YES, a)?),
        15 => Signal::OnAir(uid),
        _ => return None,
    })
}

/// The number of an output, and those of its fields in `fields`.
pub(crate) fn output(output: Output, fields: &mut Fields) -> u8 {
    let mut out = |number: u8, values: &[f64]| {
        for (to, from) in fields.iter_mut().zip(values) {
            *to = *from;
        }
        number
    };
    match output {
        Output::Wait(until) => out(0, &[until.map_or(f64::NAN, from_millis)]),
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
                from_millis(detect_ms),
                from_millis(switch_ms),
                from_millis(outage_ms),
            ],
        ),
        Output::Emit(Event::FailedBack { from, to }) => out(7, &[from.into(), to.into()]),
        Output::Emit(Event::FalseAlarm(uid)) => out(8, &[uid.into()]),
        Output::Emit(Event::BothDown) => out(9, &[]),
        Output::Emit(Event::Unplayable(uid, kind)) => out(10, &[uid.into(), f64::from(kind as u8)]),
        Output::Emit(Event::Closed) => out(11, &[]),
    }
}

fn named<T: Copy>(table: &[T], number: u8) -> Option<T> {
    table.get(usize::from(number)).copied()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and so does Millis"
)]
pub(crate) fn millis(value: f64) -> Millis {
    Millis::new(value as u64)
}

#[allow(clippy::cast_precision_loss, reason = "Millis fits a JavaScript number")]
fn from_millis(value: Millis) -> f64 {
    value.as_u64() as f64
}

#[cfg(test)]
mod tests;
