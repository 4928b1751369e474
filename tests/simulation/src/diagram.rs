//! State diagrams (Mermaid), held against the transitions that are really taken.

use std::collections::{BTreeMap, BTreeSet};

use steadymix::supervisor::taken_transitions;

use crate::{Plan, World};

const LAUNCHES: &str = include_str!("../../../src/supervisor/README.md");

/// Where Mermaid's state diagrams begin.
pub(crate) const BEGINNING: &str = "[*]";

/// Schedules that take the transitions which few do.
const RARE: [u64; 15] = [
    1_202, 1_611, 2_556, 4_933, 8_112, 8_215, 9_368, 12_267, 19_007, 24_806, 29_963, 55_039, 118_134,
    135_784, 80_135_743,
];

/// From one phase to another.
pub type Transition = (String, String);

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

/// Takes the transitions that may not come in some thousand schedules.
///
/// # Errors
/// The rule that one of these schedules breaks.
pub fn take_rare_transitions() -> Result<(), String> {
    for seed in RARE {
        if let Some(violation) = World::new(Plan::schedule(seed, 10)).run().violation {
            return Err(format!("schedule {seed}: {violation}"));
        }
    }
    Ok(())
}

/// Every transition that the simulated launches of this process have taken is drawn; with `all`, every one that is drawn was
/// taken. Returns how many were taken.
///
/// # Errors
/// Those that are drawn and were not taken, or the other way round.
pub fn compare_launches(all: bool) -> Result<usize, String> {
    let taken = taken_transitions().into_iter().map(|(from, to)| (from.to_owned(), to.to_owned())).collect();
    compare("src/supervisor/README.md", &drawn(LAUNCHES), &taken, all)?;
    Ok(taken.len())
}

/// The diagram of this file draws what was taken, and with `all` nothing else.
///
/// # Errors
/// What they do not have in common.
pub fn compare(
    file: &str,
    drawn: &BTreeSet<Transition>,
    taken: &BTreeSet<Transition>,
    all: bool,
) -> Result<(), String> {
    let missing: Vec<_> = taken.difference(drawn).collect();
    if !missing.is_empty() {
        return Err(format!("taken, and not drawn in {file}: {missing:?}"));
    }
    let unused: Vec<_> = drawn.difference(taken).collect();
    if all && !unused.is_empty() {
        return Err(format!("drawn in {file}, and never taken: {unused:?}"));
    }
    Ok(())
}
