//! Digests of what the core said in many schedules: the same in every build, on every platform, from one release to the
//! next, unless it is meant to behave in another way.

use std::ops::RangeInclusive;

use crate::digest::Digest;
use crate::plan::Plan;
use crate::viewers::{Viewer, babble, broadcast};
use crate::world::World;

/// The seeds whose digests are kept.
pub const SEEDS: RangeInclusive<u64> = 1..=3_000;
/// The digests of [`SEEDS`], a line for each.
pub const KEPT: &str = include_str!("../golden.txt");

const MINUTES: u64 = 10;
/// One in so many has a viewer too, frame by frame.
const VIEWERS: u64 = 50;

/// The digest of one seed.
fn digest(seed: u64) -> u64 {
    let mut digest = Digest::new();
    digest.number(World::new(Plan::schedule(seed, MINUTES)).with_status().run().digest);
    if seed.is_multiple_of(VIEWERS)
        && let Ok(air) = broadcast(seed)
    {
        digest.number(Viewer::new(&air, seed, false).run().digest);
    }
    match babble::digest(seed) {
        Ok(babble) => digest.number(babble),
        Err(broken) => panic!("seed {seed}: {broken}"),
    }
    digest.value()
}

fn line(seed: u64) -> String {
    format!("{seed} {:016x}\n", digest(seed))
}

/// The digests of these seeds, as they are kept.
#[must_use]
pub fn lines(seeds: RangeInclusive<u64>) -> String {
    seeds.map(line).collect()
}

/// Compares every digest with the kept one, until one differs.
///
/// # Errors
/// What it is, and what it should be.
pub fn compare() -> Result<(), String> {
    let kept: Vec<&str> = KEPT.split_inclusive('\n').collect();
    if kept.len() != SEEDS.count() {
        return Err(format!("{} digests are kept, of {} seeds", kept.len(), SEEDS.count()));
    }
    for (seed, kept) in SEEDS.zip(kept) {
        let found = line(seed);
        if found != kept {
            return Err(format!("seed and digest are {}, and were {}", found.trim(), kept.trim()));
        }
    }
    Ok(())
}
