//! The rate limit, and what is counted.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::fault::CallKind;

/// What came in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Calls of each kind.
    #[cfg_attr(test, schemars(extend("propertyNames" = { "$ref": "#/$defs/CallKind" })))]
    pub calls: BTreeMap<CallKind, u64>,
    /// Calls to each domain.
    pub domains: BTreeMap<String, u64>,
    /// Calls answered 429 for their rate.
    pub rate_limited: u64,
    /// Most calls in any one second, presence checks aside.
    pub most_in_a_second: usize,
}

/// The calls of the last second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window(VecDeque<u64>);

impl Window {
    /// Counts one call; returns how many the second that ends now has.
    pub(crate) fn count(&mut self, now: u64) -> usize {
        while self.0.front().is_some_and(|at| at + 1_000 <= now) {
            self.0.pop_front();
        }
        self.0.push_back(now);
        self.0.len()
    }
}
