//! Arbitrary snapshots, and genuine ones with some values replaced. They are refused, or restored and resumed.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};
use steadymix::redundancy::RedundancyGroup;
use steadymix::supervisor::Supervisor;

use crate::driver::Driver;
use crate::fixtures::{BEGINNING, CALLS, GROUPS};
use crate::machine::Machine;
use crate::source::Source;
use crate::template::Template;

/// Snapshots of the machines that the other targets start from.
static STATES: LazyLock<[Vec<Template>; 2]> = LazyLock::new(|| {
    let groups = GROUPS.iter().map(|driver| driver.machine.snapshot());
    let supervisors = CALLS.iter().map(|(driver, ..)| driver.machine.snapshot());
    let state = |text: String| Template::new(text.split_once('\n').unwrap().1.to_owned());
    [supervisors.map(state).collect(), groups.map(state).collect()]
});

/// # Panics
/// If an invariant is violated.
pub fn snapshots(data: &[u8]) {
    let mut source = Source::new(data);
    let how = source.byte();
    let kind = usize::from(how & 1);
    let text = match how >> 1 & 3 {
        0 => source.rest(),
        _ => {
            let states = &STATES[kind];
            let state = states[source.below(states.len())].edited(&mut source);
            sealed(["supervisor", "group"][kind], &state)
        }
    };
    match kind {
        0 => take_up::<Supervisor>(&text),
        _ => take_up::<RedundancyGroup>(&text),
    }
}

/// A snapshot with a valid digest for this state.
fn sealed(kind: &str, state: &str) -> String {
    let hash = Sha256::new().chain_update(kind).chain_update(state).finalize();
    format!("steadymix-snapshot-1 {kind} {}\n{state}", hex::encode(&hash[..16]))
}

fn take_up<M: Machine>(text: &str) {
    match M::restore(text) {
        Err(error) => Driver::<M>::refused(&error),
        Ok(machine) => {
            let mut driver = Driver::of_any_state(machine, BEGINNING);
            driver.restore();
            driver.serve_for(12);
            driver.assert_settled();
            driver.restore();
        }
    }
}
