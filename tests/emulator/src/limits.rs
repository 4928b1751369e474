//! The rate limit and the statistics of calls.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::fault::CallKind;

/// Statistics of the calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Calls by kind.
    #[cfg_attr(test, schemars(extend("propertyNames" = { "$ref": "#/$defs/CallKind" })))]
    pub calls: BTreeMap<CallKind, u64>,
    /// Calls by domain.
    pub domains: BTreeMap<String, u64>,
    /// Calls that were answered 429 because of the rate limit.
    pub rate_limited: u64,
    /// The most calls in any second, without presence checks.
    pub most_in_a_second: usize,
}

/// The calls of the last second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window(VecDeque<u64>);

impl Window {
    /// Counts a call; returns the calls of the last second.
    pub(crate) fn count(&mut self, now: u64) -> usize {
        while self.0.front().is_some_and(|at| at + 1_000 <= now) {
            self.0.pop_front();
        }
        self.0.push_back(now);
        self.0.len()
    }
}
