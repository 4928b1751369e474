//! A small part of `npm run prove`, and tests that the checks find violations.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use steadymix_simulation::fleet::{self, Searched};
use steadymix_simulation::search::{Bounds, search};
use steadymix_simulation::{
    Plan, Viewer, World, broadcast, diagram, golden, phases, releases, shrink, sweep,
};

fn assert_clean(searched: Searched) {
    if let Some((seed, violation)) = searched.failed {
        panic!("seed {seed}: {violation}");
    }
}

#[test]
fn the_golden_traces_are_the_same() {
    golden::compare().unwrap();
}

#[test]
fn the_table_of_settings_is_up_to_date() {
    if let Err(difference) = sweep::compare(&sweep::tables().unwrap()) {
        panic!("{difference}");
    }
}

#[test]
fn a_row_that_differs_is_reported_with_its_table() {
    let row = sweep::COMMITTED.lines().rfind(|line| line.starts_with('|')).unwrap();
    let difference = sweep::compare(&sweep::COMMITTED.replace(row, "| another |")).unwrap_err();
    assert!(difference.starts_with("### `standby` cold\n is: | another |\nwas: | "), "{difference}");
    assert!(
        difference.contains(row) && difference.ends_with("--sweep tests/simulation/sweep.md"),
        "{difference}"
    );
    assert!(sweep::compare(&sweep::COMMITTED.replace(row, "")).is_err());
    assert!(sweep::compare(&format!("{}{row}\n", sweep::COMMITTED)).is_err());
}

#[test]
fn snapshots_of_every_release_are_restored() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots");
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    // Every release adds a file: `npm run prove -- --snapshots tests/snapshots/<version>.jsonl`.
    let own = concat!(env!("CARGO_PKG_VERSION"), ".jsonl");
    assert!(files.iter().any(|file| file.ends_with(own)), "no {own} among {files:?}");
    for file in files {
        let restored = releases::restore_all(&fs::read_to_string(&file).unwrap());
        assert!(restored.as_ref().is_ok_and(|number| *number > 10), "{}: {restored:?}", file.display());
    }
}

#[test]
fn no_schedule_of_faults_violates_an_invariant() {
    assert_clean(fleet::schedules(1..1_001, 20));
}

#[test]
fn no_small_world_violates_an_invariant() {
    let found = search(Bounds { depth: 20, mishaps: 2, intruder: false });
    assert_eq!(found.failed, None);
    assert!(found.states > 1_000 && found.settled > 10, "{found:?}");
}

#[test]
fn the_search_reports_the_shortest_trace_to_a_violation() {
    let failed = search(Bounds { depth: 20, mishaps: 2, intruder: true }).failed.unwrap();
    assert!(
        failed.lines().next().unwrap().ends_with("two live tasks on uid 9001: intruder and one of show-0-2")
    );
    assert!(failed.contains("  ! Dies") && failed.contains("\"uid\":9001"), "{failed}");
}

#[test]
fn restoring_at_every_step_changes_nothing() {
    assert_clean(fleet::restored(1..101, 10));
}

#[test]
fn a_week_violates_no_invariant() {
    assert_clean(fleet::soak(1..5, 7));
}

#[test]
fn no_viewer_keeps_a_frozen_picture_or_switches_without_need() {
    assert_clean(fleet::viewers(1..201));
}

#[test]
fn the_state_diagram_of_outputs_is_complete() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/failover/README.md");
    let drawn = diagram::drawn(&fs::read_to_string(readme).unwrap());
    diagram::compare("src/failover/README.md", &drawn, &phases::taken(1..9, 1..301), true).unwrap();
}

#[test]
fn a_transition_from_a_composite_state_starts_in_each_of_its_states() {
    let drawn = diagram::drawn(
        "stateDiagram-v2\n[*] --> A\nA --> B: text\nstate B {\n  [*] --> C\n  C --> D: text\n}\nB --> A",
    );
    let expected = [("A", "C"), ("C", "A"), ("C", "D"), ("D", "A"), ("[*]", "A")];
    assert!(drawn.iter().map(|(from, to)| (from.as_str(), to.as_str())).eq(expected), "{drawn:?}");
}

#[test]
fn a_violation_is_found_and_its_schedule_shrunk() {
    let plan = Plan::schedule(3, 10).with_intruder();
    assert!(plan.incidents() > 3);
    let (smaller, run) = shrink(plan);
    assert!(run.violation.unwrap().contains("two live tasks"));
    assert_eq!(smaller.incidents(), 0);
}

#[test]
fn a_viewer_that_violates_an_invariant_is_found() {
    let hasty =
        |seed| Viewer::new(&broadcast(seed / 2).unwrap(), seed, false).without_switch_cooldown().run();
    assert!((1..200).any(|seed| hasty(seed).violation.is_some_and(|text| text.contains("changed again"))));
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let trace = |seed| World::new(Plan::schedule(seed, 10)).traced().run().trace;
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}

#[test]
fn the_state_diagram_of_launches_is_complete() {
    assert_clean(fleet::schedules(1..1_001, 10));
    diagram::take_rare_transitions().unwrap();
    diagram::compare_launches(true).unwrap();
}

#[test]
fn missing_and_unused_transitions_are_reported() {
    let edges = |text| diagram::drawn(text);
    let taken = edges("A --> B: because\n    B --> [*]");
    assert_eq!(taken.len(), 2);
    let compare = |drawn: &_, all| diagram::compare("README.md", drawn, &taken, all);
    assert_eq!(compare(&taken, true), Ok(()));
    let undrawn = compare(&edges("A --> B"), false).unwrap_err();
    assert!(undrawn.contains("not drawn") && undrawn.contains("[*]"), "{undrawn}");
    let more = edges("A --> B\nB --> [*]\nB --> A");
    assert!(compare(&more, true).unwrap_err().contains("never taken"));
    assert_eq!(compare(&more, false), Ok(()), "without `all`, unused transitions are allowed");
}
