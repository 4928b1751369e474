//! The phases that the outputs of simulated viewers go through.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value;
use steadymix::failover::Failover;

use super::{Viewer, broadcast, random_signals};
use crate::diagram::{BEGINNING, Transition};

/// The transitions that were taken. Phases are read from snapshots, so the core needs no code for this.
#[derive(Default)]
pub(super) struct Phases {
    now: Vec<String>,
    pub(super) taken: BTreeSet<Transition>,
}

impl Phases {
    /// Call it after each call of the failover, which takes an output through one transition at most.
    pub(super) fn note(&mut self, failover: &Failover) {
        let snapshot = serde_json::to_value(failover).unwrap();
        let phases =
            snapshot["feeds"].as_array().unwrap().iter().map(|feed| name_of(&feed["phase"])).collect();
        let before = std::mem::replace(&mut self.now, phases);
        let before = before.into_iter().chain(std::iter::repeat(BEGINNING.to_owned()));
        let steps = before.zip(self.now.iter().cloned());
        self.taken.extend(steps.filter(|(from, to)| from != to));
    }
}

/// The name of a phase; for a subscription, the name of its playback.
fn name_of(phase: &Value) -> String {
    match phase.as_object().and_then(|phase| phase.iter().next()) {
        Some((name, data)) if name == "Subscribed" => name_of(&data["playback"]),
        Some((name, _)) => name.clone(),
        None => phase.as_str().unwrap().to_owned(),
    }
}

/// The transitions of outputs: with viewers of broadcasts, and with an SDK that reports anything in any order.
#[must_use]
pub fn taken(viewers: Range<u64>, random_seeds: Range<u64>) -> BTreeSet<Transition> {
    let watched = viewers.map(|seed| {
        let air = broadcast(seed).unwrap();
        Viewer::new(&air, seed, false).with_phases().run().transitions
    });
    let random = random_seeds.map(|seed| random_signals::transitions(seed).unwrap());
    watched.chain(random).flatten().collect()
}
