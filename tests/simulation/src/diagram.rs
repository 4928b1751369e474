//! Compares state diagrams (Mermaid) with the transitions that are taken.

use std::collections::{BTreeMap, BTreeSet};

use steadymix::supervisor::taken_transitions;

use crate::{Plan, World};

const LAUNCHES: &str = include_str!("../../../src/supervisor/README.md");

/// Mermaid's initial state.
pub(crate) const BEGINNING: &str = "[*]";

/// Seeds of schedules that take rare transitions.
const RARE: [u64; 15] = [
    1_202, 1_611, 2_556, 4_933, 8_112, 8_215, 9_368, 12_267, 19_007, 24_806, 29_963, 55_039, 118_134,
    135_784, 80_135_743,
];

/// From one phase to another.
pub type Transition = (String, String);

/// The transitions of a Mermaid state diagram. A transition from a composite state starts in each of its states; a transition
/// to it ends in its first state.
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

/// Runs the schedules that take rare transitions, which a few thousand random schedules may miss.
///
/// # Errors
/// The violation, and the seed of its schedule.
pub fn take_rare_transitions() -> Result<(), String> {
    for seed in RARE {
        if let Some(violation) = World::new(Plan::schedule(seed, 10)).run().violation {
            return Err(format!("schedule {seed}: {violation}"));
        }
    }
    Ok(())
}

/// Compares the transitions of all launches that were simulated in this process with the launches' diagram, and returns how
/// many were taken. See [`compare`].
///
/// # Errors
/// The transitions that differ.
pub fn compare_launches(all: bool) -> Result<usize, String> {
    let taken = taken_transitions().into_iter().map(|(from, to)| (from.to_owned(), to.to_owned())).collect();
    compare("src/supervisor/README.md", &drawn(LAUNCHES), &taken, all)?;
    Ok(taken.len())
}

/// Checks that the diagram of this file draws every transition that was taken; with `all`, also that every drawn transition
/// was taken.
///
/// # Errors
/// The transitions that differ.
pub fn compare(
    file: &str,
    drawn: &BTreeSet<Transition>,
    taken: &BTreeSet<Transition>,
    all: bool,
) -> Result<(), String> {
    let missing: Vec<_> = taken.difference(drawn).collect();
    if !missing.is_empty() {
        return Err(format!("transitions that are taken but not drawn in {file}: {missing:?}"));
    }
    let unused: Vec<_> = drawn.difference(taken).collect();
    if all && !unused.is_empty() {
        return Err(format!("transitions that are drawn in {file} but never taken: {unused:?}"));
    }
    Ok(())
}
