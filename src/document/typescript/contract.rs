//! The documents in `src/js/contract.ts`, in their order.

use std::{env, fs};

use super::{Description, Limits, Member, between, declare, items};
use crate::document::Document;
use crate::domain::{Area, DomainFailure};
use crate::durations::{SettingRange, server};
use crate::error::Invalid;
use crate::notification::{Notification, NotificationKind};
use crate::on_air::{OnAir, OnAirPolicy};
use crate::policy::{DELAY_COUNT, NextDelayOptions, RetryPolicy, RetryReason};
use crate::quota::{GivenLimits, LimitedCall, QuotaEstimate, QuotaEstimateOptions};
use crate::redundancy::{GroupOptions, GroupStatus, LaneOptions};
use crate::status::{Call, Meaning, TaskState};
use crate::supervisor::{
    CommonOptions, EndReason, Event, EventKind, FailReason, KnownTask, LaneState, LaneStatus, LaneUpdate,
    LaunchReason, LearnedBy, Migration, OrphanedReason, Outcome, Presence, Restart, Rollout, ServiceReply,
    Standing, SupervisorOptions, SuspectReason, Via,
};
use crate::task::{
    AudioOption, Canvas, CloudTranscoder, CloudTranscoderConfig, Input, Output, Region, Rtc, Services,
    TaskWarning, Transcoder, VideoOption, WaterMark,
};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/js/contract.ts");

const HEAD: &str =
    "// Generated from the documents of the Rust core: STEADYMIX_GENERATE=1 cargo test typescript
/** The inputs and outputs of the core. All times and durations are in ms unless a name says otherwise. */
import type { EventDetails } from \"./types.js\";

/**
 * An RTC user id: 1 to 4294967295 for an output.
 * @minimum 1
 * @maximum 4294967295
 */
export type Uid = number;
";

macro_rules! described {
    ($($type:ident)+) => { [$(<$type as Document>::description().expect(stringify!($type))),+] };
}

fn documents() -> impl Iterator<Item = Description> {
    let payload = described!(
        Services CloudTranscoder CloudTranscoderConfig Transcoder Input Rtc Region Canvas WaterMark Output AudioOption
        VideoOption Invalid TaskWarning
    );
    let settings = described!(
        Area Restart Migration Rollout Presence OnAirPolicy RetryPolicy GivenLimits CommonOptions SupervisorOptions
        LaneOptions GroupOptions
    );
    let events = described!(
        Event EventKind ServiceReply Call RetryReason LaunchReason SuspectReason EndReason LearnedBy OrphanedReason FailReason Outcome
    );
    let status = described!(GroupStatus OnAir LaneStatus LaneState KnownTask Standing LaneUpdate Via);
    let blocks = described!(
        Meaning TaskState DomainFailure LimitedCall NextDelayOptions QuotaEstimateOptions QuotaEstimate Notification NotificationKind
    );
    payload.into_iter().chain(settings).chain(events).chain(status).chain(blocks)
}

/// Durations whose ranges are not in the Rust docs, with the type that has the field.
const DURATIONS: [(&str, &SettingRange); 3] = [
    ("CommonOptions", &server::DOMAIN_COOLDOWN),
    ("GroupOptions", &server::START_GRACE),
    ("QuotaEstimateOptions", &server::POLL_INTERVAL),
];

/// The range and default of a duration.
fn notes(of: &str, Member { name, typed, .. }: &Member) -> (Option<String>, Option<Limits>) {
    if of == RetryPolicy::typescript() {
        let range = RetryPolicy::RANGES.iter().find(|range| range.field == *name).map(limits).unwrap();
        return (None, Some(if typed.ends_with("[]") { items(DELAY_COUNT).each(range) } else { range }));
    }
    let duration = DURATIONS.iter().find(|(with, duration)| *with == of && duration.field == *name);
    duration.map(|(_, duration)| (duration.documented(), limits(duration))).unzip()
}

fn limits(range: &SettingRange) -> Limits {
    let limits = between(i64::try_from(range.least).unwrap()..=i64::try_from(range.greatest).unwrap());
    if range.or_zero { limits.also_zero() } else { limits }
}

/// `STEADYMIX_GENERATE=1 cargo test typescript` writes the file.
#[test]
fn the_contract_matches_the_documents() {
    let declarations = documents().map(|document| declare(&document, &|field| notes(&document.name, field)));
    let file = declarations.fold(HEAD.to_owned(), |file, declaration| file + "\n" + &declaration);
    if env::var_os("STEADYMIX_GENERATE").is_some() {
        fs::write(PATH, &file).unwrap();
    }
    assert_eq!(
        fs::read_to_string(PATH).unwrap(),
        file,
        "generate it: STEADYMIX_GENERATE=1 cargo test typescript"
    );
}

#[test]
fn every_duration_is_documented() {
    let file = fs::read_to_string(PATH).unwrap().replace("\n   *", "");
    for duration in server::ALL {
        assert!(file.contains(&duration.documented()), "{}", duration.field);
    }
}
