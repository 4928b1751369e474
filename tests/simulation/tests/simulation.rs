//! A small part of what `npm run prove` does, and that the proof would notice what is wrong.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use steadymix_simulation::fleet::{self, Searched};
use steadymix_simulation::search::{Bounds, search};
use steadymix_simulation::{
    Plan, Viewer, World, broadcast, diagram, golden, phases, releases, shrink, sweep,
};

fn is_clean(searched: Searched) {
    if let Some((seed, violation)) = searched.failed {
        panic!("seed {seed}: {violation}");
    }
}

#[test]
fn the_golden_traces_are_the_same() {
    golden::compare().unwrap();
}

#[test]
fn what_the_settings_are_worth_is_what_the_table_says() {
    if let Err(difference) = sweep::compare(&sweep::tables().unwrap()) {
        panic!("{difference}");
    }
}

#[test]
fn a_row_that_differs_is_named_with_its_table() {
    let row = sweep::KEPT.lines().rfind(|line| line.starts_with('|')).unwrap();
    let difference = sweep::compare(&sweep::KEPT.replace(row, "| another |")).unwrap_err();
    assert!(difference.starts_with("### `standby` cold\n is: | another |\nwas: | "), "{difference}");
    assert!(
        difference.contains(row) && difference.ends_with("--sweep tests/simulation/sweep.md"),
        "{difference}"
    );
    assert!(sweep::compare(&sweep::KEPT.replace(row, "")).is_err());
    assert!(sweep::compare(&format!("{}{row}\n", sweep::KEPT)).is_err());
}

#[test]
fn what_any_release_has_persisted_is_taken_up() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots");
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    // Every release adds its own: `npm run prove -- --snapshots tests/snapshots/<version>.jsonl`.
    let own = concat!(env!("CARGO_PKG_VERSION"), ".jsonl");
    assert!(files.iter().any(|file| file.ends_with(own)), "no {own} among {files:?}");
    for file in files {
        let taken_up = releases::take_up(&fs::read_to_string(&file).unwrap());
        assert!(taken_up.as_ref().is_ok_and(|number| *number > 10), "{}: {taken_up:?}", file.display());
    }
}

#[test]
fn no_schedule_of_faults_breaks_an_invariant() {
    is_clean(fleet::schedules(1..1_001, 20));
}

#[test]
fn no_small_world_breaks_an_invariant() {
    let found = search(Bounds { depth: 20, mishaps: 2, intruder: false });
    assert_eq!(found.failed, None);
    assert!(found.states > 1_000 && found.settled > 10, "{found:?}");
}

#[test]
fn the_search_tells_the_shortest_way_to_a_broken_rule() {
    let failed = search(Bounds { depth: 20, mishaps: 2, intruder: true }).failed.unwrap();
    assert!(
        failed.lines().next().unwrap().ends_with("two live tasks on uid 9001: intruder and one of show-0-2")
    );
    assert!(failed.contains("  ! Dies") && failed.contains("\"uid\":9001"), "{failed}");
}

#[test]
fn restored_at_every_step_it_goes_on_in_the_same_way() {
    is_clean(fleet::restored(1..101, 10));
}

#[test]
fn a_week_breaks_no_invariant() {
    is_clean(fleet::soak(1..5, 7));
}

#[test]
fn no_viewer_is_left_with_a_frozen_picture_or_changes_over_for_nothing() {
    is_clean(fleet::viewers(1..201));
}

#[test]
fn the_phases_of_outputs_are_those_of_the_state_diagram() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/failover/README.md");
    let drawn = diagram::drawn(&fs::read_to_string(readme).unwrap());
    diagram::compare("src/failover/README.md", &drawn, &phases::taken(1..9, 1..301), true).unwrap();
}

#[test]
fn a_transition_of_a_composite_state_is_one_of_each_state_in_it() {
    let drawn = diagram::drawn(
        "stateDiagram-v2\n[*] --> A\nA --> B: text\nstate B {\n  [*] --> C\n  C --> D: text\n}\nB --> A",
    );
    let expected = [("A", "C"), ("C", "A"), ("C", "D"), ("D", "A"), ("[*]", "A")];
    assert!(drawn.iter().map(|(from, to)| (from.as_str(), to.as_str())).eq(expected), "{drawn:?}");
}

#[test]
fn a_broken_rule_is_noticed_and_its_schedule_made_smaller() {
    let plan = Plan::schedule(3, 10).with_intruder();
    assert!(plan.incidents() > 3);
    let (smaller, run) = shrink(plan);
    assert!(run.violation.unwrap().contains("two live tasks"));
    assert_eq!(smaller.incidents(), 0);
}

#[test]
fn a_viewer_that_breaks_a_rule_is_noticed() {
    let hasty = |seed| Viewer::new(&broadcast(seed / 2).unwrap(), seed, false).without_dwell().run();
    assert!((1..200).any(|seed| hasty(seed).violation.is_some_and(|text| text.contains("changed again"))));
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let trace = |seed| World::new(Plan::schedule(seed, 10)).traced().run().trace;
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}

#[test]
fn the_state_diagram_draws_what_launches_do() {
    is_clean(fleet::schedules(1..1_001, 10));
    diagram::take_rare_transitions().unwrap();
    diagram::compare_launches(true).unwrap();
}

#[test]
fn a_transition_that_is_not_drawn_is_named_and_one_that_is_never_taken() {
    let edges = |text| diagram::drawn(text);
    let taken = edges("A --> B: because\n    B --> [*]");
    assert_eq!(taken.len(), 2);
    let compare = |drawn: &_, all| diagram::compare("README.md", drawn, &taken, all);
    assert_eq!(compare(&taken, true), Ok(()));
    let undrawn = compare(&edges("A --> B"), false).unwrap_err();
    assert!(undrawn.contains("not drawn") && undrawn.contains("[*]"), "{undrawn}");
    let more = edges("A --> B\nB --> [*]\nB --> A");
    assert!(compare(&more, true).unwrap_err().contains("never taken"));
    assert_eq!(compare(&more, false), Ok(()), "not all need to be reached");
}
