//! Situations that a large run must reach: otherwise its success proves little.

use std::collections::BTreeMap;

/// Situations that a thousand schedules reach.
pub const OF_SCHEDULES: [&str; 51] = [
    "create answered with a task of another create",
    "a permit that got lost",
    "no permit yet from the shared limit",
    "create carried out, answer lost",
    "create carried out late",
    "create answered without a taskId",
    "create answered 409 after an unknown outcome",
    "create answered 201 after an unknown outcome",
    "create refused",
    "acquire answered after 1 failure",
    "acquire answered after 2 failures",
    "acquire answered after 3 failures",
    "create answered after 1 failure",
    "create answered after 2 failures",
    "create answered after 3 failures",
    "query answered after 1 failure",
    "query answered after 2 failures",
    "query answered after 3 failures",
    "query answered after 4 failures",
    "delete answered after 1 failure",
    "delete answered after 2 failures",
    "update answered after 1 failure",
    "429 with Retry-After",
    "429 without Retry-After",
    "a body cut off",
    "a late answer to a create",
    "an answer that came twice",
    "110 before the answer to its create",
    "111 before 110",
    "a notification twice",
    "death during confirmation",
    "death while running",
    "the service moves a task",
    "the operator's last payload runs",
    "a task that was given up is taken back",
    "the hosts were away",
    "all domains bad",
    "clock set forward by an hour",
    "clock set back by an hour",
    "every uid of a lane unresolved",
    "a builder token too old for its first create",
    "a snapshot that could not be persisted",
    "a second process from the same snapshot",
    "a snapshot of a process that was replaced",
    "restored while launching",
    "restored while confirming",
    "restored while running",
    "restored while suspect",
    "restored while taskIdUnknown",
    "restored while waiting",
    "restored while stopping",
];

/// Situations that a thousand viewers reach.
pub const OF_VIEWERS: [&str; 14] = [
    "switched: Left",
    "switched: Frozen",
    "switched: NoData",
    "switched: OnAir",
    "failed back",
    "a false alarm",
    "all down",
    "recovered",
    "an outage of the viewer's network",
    "the viewer's own reconnect",
    "a leave that the SDK synthesises",
    "a page that is visible again",
    "a refused subscription",
    "a subscription that the application ends",
];

/// How often each situation occurred.
pub type Places = BTreeMap<String, u64>;

/// The situations of `required` that did not occur.
#[must_use]
pub fn missed<'a>(places: &Places, required: &[&'a str]) -> Vec<&'a str> {
    required.iter().copied().filter(|place| !places.contains_key(*place)).collect()
}
