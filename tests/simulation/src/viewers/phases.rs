//! The phases that the outputs of simulated viewers go through, and those that a state diagram draws.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::Value;
use steadymix::failover::Failover;

use super::{Viewer, babble, broadcast};

/// Where Mermaid's state diagrams begin.
const BEGINNING: &str = "[*]";

/// From one phase to another.
pub type Transition = (String, String);

/// The transitions that were taken. Phases are read from snapshots, so that this costs the core nothing.
#[derive(Default)]
pub(super) struct Phases {
    now: Vec<String>,
    pub(super) taken: BTreeSet<Transition>,
}

impl Phases {
    /// After each call of the failover: one call takes an output through one transition at most.
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

/// The name of a phase; of a subscription, that of its playback.
fn name_of(phase: &Value) -> String {
    match phase.as_object().and_then(|phase| phase.iter().next()) {
        Some((name, data)) if name == "Subscribed" => name_of(&data["playback"]),
        Some((name, _)) => name.clone(),
        None => phase.as_str().unwrap().to_owned(),
    }
}

/// The transitions that outputs take: of viewers of broadcasts, and of viewers whose SDK says anything in any order.
#[must_use]
pub fn taken(viewers: Range<u64>, babbles: Range<u64>) -> BTreeSet<Transition> {
    let watched = viewers.map(|seed| {
        let air = broadcast(seed).unwrap();
        Viewer::new(&air, seed, false).with_phases().run().transitions
    });
    let babbled = babbles.map(|seed| babble::transitions(seed).unwrap());
    watched.chain(babbled).flatten().collect()
}

/// The transitions of a state diagram (Mermaid). One that leaves a composite state leaves each state in it; one that enters it
/// enters the first.
#[must_use]
pub fn drawn(diagram: &str) -> BTreeSet<Transition> {
    let mut inside: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut arrows = Vec::new();
    let mut composite = None;
    for line in diagram.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("state ").and_then(|line| line.strip_suffix(" {")) {
            composite = Some(name);
        } else if line == "}" {
            composite = None;
        } else if let Some((from, to)) = line.split_once(" --> ") {
            let to = to.split(':').next().unwrap_or_default();
            if let Some(name) = composite {
                inside.entry(name).or_default().push(to);
            }
            if composite.is_none() || from != BEGINNING {
                arrows.push((from, to));
            }
        }
    }
    let mut drawn = BTreeSet::new();
    for (from, to) in arrows {
        let first = inside.get(to).map_or(to, |states| states[0]);
        for from in inside.get(from).unwrap_or(&vec![from]) {
            drawn.insert(((*from).to_owned(), first.to_owned()));
        }
    }
    drawn
}
