//! Golden traces: digests of the core's outputs in many schedules. They are equal in every build and on every platform, and
//! change only with an intended change of behaviour.

use std::ops::RangeInclusive;

use crate::digest::Digest;
use crate::plan::Plan;
use crate::viewers::{Viewer, broadcast, random_signals};
use crate::world::World;

/// The seeds whose digests are committed.
pub const SEEDS: RangeInclusive<u64> = 1..=3_000;
/// The committed digests of [`SEEDS`], one line each.
pub const COMMITTED: &str = include_str!("../golden.txt");

const MINUTES: u64 = 10;
/// One of this many schedules also has a viewer, simulated frame by frame.
const SCHEDULES_PER_VIEWER: u64 = 50;

fn digest(seed: u64) -> u64 {
    let mut digest = Digest::new();
    let run = World::new(Plan::schedule(seed, MINUTES)).with_status().run();
    // A digest of a run that stopped early would hide everything after that.
    assert!(run.violation.is_none(), "seed {seed}: {:?}", run.violation);
    digest.number(run.digest);
    if seed.is_multiple_of(SCHEDULES_PER_VIEWER)
        && let Ok(air) = broadcast(seed)
    {
        let viewed = Viewer::new(&air, seed, false).run();
        assert!(viewed.violation.is_none(), "seed {seed}: {:?}", viewed.violation);
        digest.number(viewed.digest);
    }
    match random_signals::digest(seed) {
        Ok(signals) => digest.number(signals),
        Err(violation) => panic!("seed {seed}: {violation}"),
    }
    digest.value()
}

fn line(seed: u64) -> String {
    format!("{seed} {:016x}\n", digest(seed))
}

/// The digests of these seeds, in the format of the committed file.
#[must_use]
pub fn lines(seeds: RangeInclusive<u64>) -> String {
    seeds.map(line).collect()
}

/// Compares every digest with the committed one.
///
/// # Errors
/// The first difference.
pub fn compare() -> Result<(), String> {
    let committed: Vec<&str> = COMMITTED.split_inclusive('\n').collect();
    if committed.len() != SEEDS.count() {
        return Err(format!(
            "{} digests are committed, but there are {} seeds",
            committed.len(),
            SEEDS.count()
        ));
    }
    for (seed, committed) in SEEDS.zip(committed) {
        let found = line(seed);
        if found != committed {
            return Err(format!(
                "seed and digest are {}, but {} is committed",
                found.trim(),
                committed.trim()
            ));
        }
    }
    Ok(())
}
