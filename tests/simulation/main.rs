//! The core against the emulated service, under simulated time: seeded schedules of faults, and after every step the
//! invariants.
//!
//! `STEADYMIX_SIMULATION="schedules=10000 viewers=3000 seed=1 minutes=20"` sets the parameters of a run (these are the
//! defaults): how many schedules and how many viewers, the seed of the first, and how many simulated minutes the faults
//! of each schedule go on. To repeat a failure: `"schedules=1 seed=…"` or `"viewers=1 seed=…"`, which prints its trace.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and looks only at what it is about"
)]

mod air;
mod chance;
mod checks;
mod incidents;
mod viewers;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use air::Air;
use chance::Chance;
use viewers::Viewer;
use world::{Run, World};

struct Parameters {
    schedules: u64,
    seed: u64,
    minutes: u64,
    viewers: u64,
}

impl Parameters {
    fn from_env() -> Self {
        let mut parameters = Self { schedules: 10_000, seed: 1, minutes: 20, viewers: 3_000 };
        for word in std::env::var("STEADYMIX_SIMULATION").unwrap_or_default().split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let value: u64 = value.parse().unwrap_or_else(|_| panic!("{word:?}: name=number is needed"));
            match name {
                "schedules" => parameters.schedules = value,
                "seed" => parameters.seed = value,
                "minutes" => parameters.minutes = value,
                "viewers" => parameters.viewers = value,
                _ => panic!("{name:?} is not schedules, seed, minutes or viewers"),
            }
        }
        parameters
    }

    fn seeds(&self) -> std::ops::Range<u64> {
        self.seed..self.seed + self.schedules
    }
}

/// What every run of the default size must have reached, or its silence proves nothing.
const HARD_PLACES: [&str; 46] = [
    "a permit that got lost",
    "no permit yet from the shared limit",
    "create carried out, answer lost",
    "create carried out late",
    "create answered without a taskId",
    "create answered 409 after an unknown outcome",
    "create answered 201 after an unknown outcome",
    "create refused",
    "acquire answered after 1 failure",
    "acquire answered after 2 failures",
    "acquire answered after 3 failures",
    "create answered after 1 failure",
    "create answered after 2 failures",
    "create answered after 3 failures",
    "query answered after 1 failure",
    "query answered after 2 failures",
    "query answered after 3 failures",
    "query answered after 4 failures",
    "delete answered after 1 failure",
    "delete answered after 2 failures",
    "update answered after 1 failure",
    "429 with Retry-After",
    "429 without Retry-After",
    "a body cut off",
    "a late answer to a create",
    "an answer that came twice",
    "110 before the answer to its create",
    "111 before 110",
    "a notification twice",
    "death during confirmation",
    "death while running",
    "the service moves a task",
    "the hosts were away",
    "all domains bad",
    "clock set forward by an hour",
    "clock set back by an hour",
    "every uid of a lane unresolved",
    "a builder token too old for its first create",
    "a snapshot that could not be persisted",
    "restored while launching",
    "restored while confirming",
    "restored while running",
    "restored while suspect",
    "restored while unidentified",
    "restored while waiting",
    "restored while stopping",
];

/// How often each hard place was reached, and the first seed found that breaks an invariant.
#[derive(Default)]
struct Searched {
    places: BTreeMap<String, u64>,
    failed: Option<u64>,
}

impl Searched {
    fn add(&mut self, places: BTreeMap<String, u64>) {
        for (place, times) in places {
            *self.places.entry(place).or_default() += times;
        }
    }

    fn fail(&mut self, seed: u64) {
        self.failed = Some(self.failed.map_or(seed, |other| other.min(seed)));
    }
}

/// Runs every seed, on all processors, until one fails.
fn search(seeds: std::ops::Range<u64>, run: impl Fn(u64, &Mutex<Searched>) + Sync) -> Searched {
    let next = AtomicU64::new(seeds.start);
    let searched = Mutex::new(Searched::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || searched.lock().unwrap().failed.is_some() {
                        return;
                    }
                    run(seed, &searched);
                }
            });
        }
    });
    searched.into_inner().unwrap()
}

fn tell(places: &BTreeMap<String, u64>, hard: &[&str], is_large: bool) {
    for (place, times) in places {
        println!("{times:>9}  {place}");
    }
    let missed: Vec<_> = hard.iter().filter(|place| !places.contains_key(**place)).collect();
    assert!(missed.is_empty() || !is_large, "hard places that were not reached: {missed:?}");
}

const NOT_REPEATED: &str = "not repeated: the simulation is not deterministic";

#[test]
fn no_schedule_of_faults_breaks_an_invariant() {
    let parameters = Parameters::from_env();
    let Searched { places, failed } = search(parameters.seeds(), |seed, searched| {
        let run = World::new(seed, parameters.minutes, false).run();
        let mut searched = searched.lock().unwrap();
        searched.add(run.places);
        if run.violation.is_some() {
            searched.fail(seed);
        }
    });
    if let Some(seed) = failed {
        let run = World::new(seed, parameters.minutes, true).run();
        let violation = run.violation.unwrap_or_else(|| NOT_REPEATED.to_owned());
        panic!("seed {seed}: {violation}\n\n{}", run.trace.join("\n"));
    }
    println!("{} schedules from seed {}: no violation", parameters.schedules, parameters.seed);
    tell(&places, &HARD_PLACES, parameters.schedules >= 1_000);
}

/// What viewers must have been through.
const HARD_PLACES_OF_VIEWERS: [&str; 13] = [
    "switched: Left",
    "switched: Frozen",
    "switched: Dead",
    "switched: OnAir",
    "failed back",
    "a false alarm",
    "both down",
    "recovered",
    "an outage of the viewer's network",
    "the viewer's own reconnect",
    "a leave that the SDK makes up",
    "a page that is seen again",
    "a refused subscription",
];

/// Faults go on this long where viewers watch: each frame of theirs is simulated.
const WATCHED_MINUTES: u64 = 3;

fn broadcast(seed: u64) -> Result<Air, String> {
    let run = World::new(seed, WATCHED_MINUTES, false).recorded().run();
    if let Some(violation) = run.violation {
        return Err(violation);
    }
    Ok(run.air.unwrap_or_default().ended(&mut Chance::new(seed)))
}

#[test]
fn no_viewer_is_left_with_a_frozen_picture_or_changes_over_for_nothing() {
    let parameters = Parameters::from_env();
    let seeds = parameters.seed..parameters.seed + parameters.viewers;
    let outages = Mutex::new(Vec::new());
    let Searched { places, failed } = search(seeds.clone(), |seed, searched| {
        let watched = broadcast(seed / 2).map(|air| Viewer::new(&air, seed, false).run());
        let mut searched = searched.lock().unwrap();
        match watched {
            Ok(watched) if watched.violation.is_none() => {
                searched.add(watched.places);
                outages.lock().unwrap().extend(watched.outages);
            }
            _ => searched.fail(seed),
        }
    });
    if let Some(seed) = failed {
        let air = broadcast(seed / 2).unwrap();
        let watched = Viewer::new(&air, seed, true).run();
        let violation = watched.violation.unwrap_or_else(|| NOT_REPEATED.to_owned());
        panic!("viewer {seed}: {violation}\n\n{:#?}\n{}", air.publications, watched.trace.join("\n"));
    }
    println!("{} viewers from seed {}: no violation", parameters.viewers, seeds.start);
    for interval in [66, 33] {
        let mut outages: Vec<u64> =
            outages.lock().unwrap().iter().filter(|(of, _)| *of == interval).map(|(_, ms)| *ms).collect();
        outages.sort_unstable();
        if let (Some(median), Some(p95)) =
            (outages.get(outages.len() / 2), outages.get(outages.len() * 95 / 100))
        {
            let frames = 1000 / interval;
            println!(
                "{} abrupt deaths at {frames} frames a second: frozen for {median} ms, p95 {p95} ms",
                outages.len()
            );
        }
    }
    tell(&places, &HARD_PLACES_OF_VIEWERS, parameters.viewers >= 1_000);
}

#[test]
fn the_same_seeds_give_the_same_traces() {
    let parameters = Parameters::from_env();
    let digest = |seed: u64| World::new(seed, parameters.minutes, false).run().digest;
    let seeds = parameters.seed..parameters.seed + parameters.schedules.min(300);
    for seed in seeds.clone() {
        assert_eq!(digest(seed), digest(seed), "seed {seed}");
    }
    let digests: std::collections::BTreeSet<u64> = seeds.clone().map(digest).collect();
    assert_eq!(digests.len() as u64, seeds.end - seeds.start, "different seeds, different traces");
}

#[test]
fn restored_at_every_step_it_goes_on_in_the_same_way() {
    let parameters = Parameters::from_env();
    for seed in parameters.seed..parameters.seed + parameters.schedules.min(100) {
        let whole = World::new(seed, parameters.minutes, false).run();
        let restored = World::new(seed, parameters.minutes, false).restored_at_every_step().run();
        assert_eq!((restored.violation, restored.digest), (whole.violation, whole.digest), "seed {seed}");
    }
}

#[test]
fn a_broken_rule_would_be_noticed() {
    // The checks themselves: a world in which a second task is started under a uid behind the core's back.
    let Run { violation, .. } = World::new(1, 1, false).with_intruder().run();
    assert!(violation.is_some_and(|violation| violation.contains("two live tasks")));
    let hasty =
        |seed| Viewer::new(&broadcast(seed / 2).unwrap(), seed, false).without_dwell().run().violation;
    let noticed = |violation: Option<String>| violation.is_some_and(|text| text.contains("changed again"));
    assert!((1..200).map(hasty).any(noticed));
}
