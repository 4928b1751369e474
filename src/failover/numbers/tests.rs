#![allow(clippy::wildcard_enum_match_arm, reason = "a field is of the signals that have it")]

use std::path::Path;

use serde_json::{Value, json};

use super::super::{Health, Reason};
use super::*;
use crate::time::short::{at, ms};

const UID: Uid = 42;
/// The name in JavaScript: `becameAudience` for `BecameAudience`.
fn name(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    let first = text.chars().next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(text.chars().skip(1)).collect()
}

/// The names of the values of a signal's field, in the order of their numbers.
fn names(number: u8, field: usize, of: impl Fn(Signal) -> Option<String>) -> Vec<String> {
    let value = |value: u8| {
        let mut fields = [0; 3];
        fields[field] = value;
        signal(number, UID, fields[0], fields[1], fields[2]).and_then(&of)
    };
    (0..=u8::MAX).map_while(value).collect()
}

/// Each signal in the order of the numbers: its name, whether it has a uid, and the values of its fields.
fn signals() -> Vec<Value> {
    let mut all = Vec::new();
    while let Some(signal) = u8::try_from(all.len()).ok().and_then(|number| signal(number, UID, 0, 0, 0)) {
        let at = all.len() as u8;
        let text = name(&signal);
        let is_about_an_output = text.contains(&UID.to_string());
        let kinds = || {
            names(at, 0, |signal| match signal {
                Signal::Published(_, kind)
                | Signal::Unpublished(_, kind)
                | Signal::Muted(_, kind, _)
                | Signal::State(_, kind, ..)
                | Signal::Stats(_, kind, _)
                | Signal::SubscribeFailed(_, kind)
                | Signal::SubscriptionLost(_, kind) => Some(name(&kind)),
                _ => None,
            })
        };
        let fields = match signal {
            Signal::Joined(_) | Signal::Frame(_) | Signal::DecodeFailed(_) | Signal::OnAir(_) => vec![],
            Signal::Left(..) => vec![names(at, 0, |signal| match signal {
                Signal::Left(_, reason) => Some(name(&reason)),
                _ => None,
            })],
            Signal::Published(..)
            | Signal::Unpublished(..)
            | Signal::SubscribeFailed(..)
            | Signal::SubscriptionLost(..) => vec![kinds()],
            Signal::Muted(..) | Signal::Stats(..) => vec![
                kinds(),
                names(at, 1, |signal| match signal {
                    Signal::Muted(_, _, yes) | Signal::Stats(_, _, yes) => Some(name(&yes)),
                    _ => None,
                }),
            ],
            // The engines' own numbers of reasons follow: all of them are taken.
            Signal::State(..) => vec![
                kinds(),
                names(at, 1, |signal| match signal {
                    Signal::State(_, _, state, _) => Some(name(&state)),
                    _ => None,
                }),
            ],
            Signal::Connection(_) => vec![names(at, 0, |signal| match signal {
                Signal::Connection(state) => Some(name(&state)),
                _ => None,
            })],
            Signal::MediaConnection(_) | Signal::Network(_) | Signal::Visible(_) => {
                vec![names(at, 0, |signal| match signal {
                    Signal::MediaConnection(yes) | Signal::Network(yes) | Signal::Visible(yes) => {
                        Some(name(&yes))
                    }
                    _ => None,
                })]
            }
        };
        let text = text.split('(').next().unwrap_or_default();
        all.push(json!([text, is_about_an_output, fields]));
    }
    all
}

/// Examples of each output: its number and those of its fields. Distinct values show the order of the fields.
fn outputs() -> Vec<Value> {
    let switched = |reason| {
        Output::Emit(Event::Switched {
            from: 1,
            to: 2,
            reason,
            detect_ms: ms(1_003),
            switch_ms: ms(1_004),
            outage_ms: ms(1_005),
        })
    };
    let numbers = |what: Output| {
        let mut fields = [f64::INFINITY; 6];
        let number = output(what, &mut fields);
        json!([number, fields.into_iter().filter(|field| field.is_finite()).collect::<Vec<_>>()])
    };
    let kind = |of: fn(Uid, Kind) -> Output| [numbers(of(UID, Kind::Audio)), numbers(of(UID, Kind::Video))];
    let mut all = vec![numbers(Output::Wait(Some(at(1_000)))), numbers(Output::Show(UID))];
    all.extend(kind(Output::Subscribe));
    all.extend(kind(Output::Unsubscribe));
    all.extend(kind(|uid, kind| Output::Emit(Event::Unplayable(uid, kind))));
    all.extend(Reason::ALL.iter().map(|reason| numbers(Output::Emit(Event::Degraded(UID, *reason)))));
    all.extend(Reason::ALL.iter().map(|reason| numbers(switched(*reason))));
    for event in [
        Event::Recovered(UID),
        Event::FailedBack { from: 1, to: 2 },
        Event::FalseAlarm(UID),
        Event::AllDown,
        Event::Closed,
    ] {
        all.push(numbers(Output::Emit(event)));
    }
    all
}

/// The settings in the order of their numbers, found by which one changes.
fn settings() -> Vec<String> {
    let as_json = |config: &FailoverConfig| serde_json::to_value(config).unwrap();
    let standard = as_json(&FailoverConfig::default());
    let changed = |at: u8| {
        let mut config = FailoverConfig::default();
        if !set(&mut config, at, 2.0) {
            return None;
        }
        let is_other =
            |(name, value): (&String, &Value)| (standard.get(name) != Some(value)).then(|| name.clone());
        as_json(&config).as_object().and_then(|with| with.iter().find_map(is_other))
    };
    (0..=u8::MAX).map_while(changed).collect()
}

/// The names of these values. The number of each must be its position.
fn numbered<T: Copy + std::fmt::Debug>(all: &[T], number: impl Fn(T) -> usize) -> Vec<String> {
    assert!(all.iter().enumerate().all(|(at, value)| number(*value) == at), "{all:?}");
    all.iter().map(name).collect()
}

/// `tests/viewer/viewer.test.ts` compares TypeScript's tables with the same file.
#[test]
fn the_numbers_match_the_tables_of_typescript() {
    let tables = json!({
        "signals": signals(),
        "outputs": outputs(),
        "options": settings(),
        "standby": numbered(Standby::ALL, |standby| standby as usize),
        "kinds": numbered(Kind::ALL, |kind| kind as usize),
        "reasons": numbered(Reason::ALL, |reason| reason as usize),
        "health": numbered(Health::ALL, |health| health as usize),
    });
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/viewer/numbers.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(kept, tables, "tests/viewer/numbers.json should be:\n{tables}");
}

#[test]
fn unknown_numbers_are_refused() {
    assert_eq!(signal(16, UID, 0, 0, 0), None);
    assert_eq!(signal(1, UID, 4, 0, 0), None, "why it left");
    assert_eq!(signal(2, UID, 2, 0, 0), None, "a kind");
    assert_eq!(signal(4, UID, 0, 2, 0), None, "whether it is muted");
    assert_eq!(signal(5, UID, 0, 5, 0), None, "a state");
    assert_eq!(signal(11, 0, 3, 0, 0), None, "a connection");
    let mut config = FailoverConfig::default();
    assert!(!set(&mut config, 0, 3.0), "a standby");
    assert!(!set(&mut config, 14, 1_000.0), "a setting");
    assert_eq!(config, FailoverConfig::default());
}
