//! The state diagram of a launch, held against the transitions that launches really take.

use std::collections::BTreeSet;

use steadymix::supervisor::taken_transitions;

const README: &str = include_str!("../../../src/supervisor/README.md");

/// A transition, from one phase to another.
pub type Edge = (String, String);

/// The transitions that a text with a state diagram draws.
#[must_use]
pub fn drawn(text: &str) -> BTreeSet<Edge> {
    let arrow = |line: &str| {
        let (from, to) = line.split_once("-->")?;
        let to = to.split(':').next().unwrap_or_default();
        Some((from.trim().to_owned(), to.trim().to_owned()))
    };
    text.lines().filter_map(arrow).collect()
}

/// Every transition that the simulations of this process have taken is drawn; with `all`, every one that is drawn was taken.
///
/// # Errors
/// Those that are drawn and were not taken, or the other way round.
pub fn compare(all: bool) -> Result<usize, String> {
    let taken = taken_transitions().into_iter().map(|(from, to)| (from.to_owned(), to.to_owned())).collect();
    difference(&drawn(README), &taken, all)?;
    Ok(taken.len())
}

/// What the diagram and the transitions that were taken do not have in common.
///
/// # Errors
/// If there is any.
pub fn difference(drawn: &BTreeSet<Edge>, taken: &BTreeSet<Edge>, all: bool) -> Result<(), String> {
    let missing: Vec<_> = taken.difference(drawn).collect();
    if !missing.is_empty() {
        return Err(format!("taken, and not drawn in src/supervisor/README.md: {missing:?}"));
    }
    let unused: Vec<_> = drawn.difference(taken).collect();
    if all && !unused.is_empty() {
        return Err(format!("drawn in src/supervisor/README.md, and never taken: {unused:?}"));
    }
    Ok(())
}
