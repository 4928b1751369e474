//! The core against the emulated service, under simulated time: seeded schedules of faults, and after every step the
//! invariants.
//!
//! `STEADYMIX_SIMULATION="schedules=10000 seed=1 minutes=20"` sets the parameters of a run (these are the defaults):
//! how many schedules, the seed of the first, and how many simulated minutes the faults of each go on. To repeat a
//! failure: `STEADYMIX_SIMULATION="schedules=1 seed=…"`, which prints its trace.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and looks only at what it is about"
)]

mod chance;
mod checks;
mod incidents;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use world::{Run, World};

struct Parameters {
    schedules: u64,
    seed: u64,
    minutes: u64,
}

impl Parameters {
    fn from_env() -> Self {
        let mut parameters = Self { schedules: 10_000, seed: 1, minutes: 20 };
        for word in std::env::var("STEADYMIX_SIMULATION").unwrap_or_default().split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let value: u64 = value.parse().unwrap_or_else(|_| panic!("{word:?}: name=number is needed"));
            match name {
                "schedules" => parameters.schedules = value,
                "seed" => parameters.seed = value,
                "minutes" => parameters.minutes = value,
                _ => panic!("{name:?} is not schedules, seed or minutes"),
            }
        }
        parameters
    }

    fn seeds(&self) -> std::ops::Range<u64> {
        self.seed..self.seed + self.schedules
    }
}

/// What every run of the default size must have reached, or its silence proves nothing.
const HARD_PLACES: [&str; 44] = [
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

fn run_all(parameters: &Parameters) -> BTreeMap<String, u64> {
    let next = AtomicU64::new(parameters.seed);
    let total = Mutex::new((BTreeMap::<String, u64>::new(), None::<u64>));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= parameters.seeds().end || total.lock().unwrap().1.is_some() {
                        return;
                    }
                    let run = World::new(seed, parameters.minutes, false).run();
                    let mut total = total.lock().unwrap();
                    for (place, times) in run.places {
                        *total.0.entry(place).or_default() += times;
                    }
                    if run.violation.is_some() {
                        total.1 = Some(total.1.map_or(seed, |other| other.min(seed)));
                    }
                }
            });
        }
    });
    let (places, failed) = total.into_inner().unwrap();
    if let Some(seed) = failed {
        let run = World::new(seed, parameters.minutes, true).run();
        let violation =
            run.violation.unwrap_or_else(|| "not repeated: the simulation is not deterministic".to_owned());
        panic!("seed {seed}: {violation}\n\n{}", run.trace.join("\n"));
    }
    places
}

#[test]
fn no_schedule_of_faults_breaks_an_invariant() {
    let parameters = Parameters::from_env();
    let places = run_all(&parameters);
    println!("{} schedules from seed {}: no violation", parameters.schedules, parameters.seed);
    for (place, times) in &places {
        println!("{times:>9}  {place}");
    }
    if parameters.schedules >= 1_000 {
        let missed: Vec<_> = HARD_PLACES.iter().filter(|place| !places.contains_key(**place)).collect();
        assert!(missed.is_empty(), "hard places that were not reached: {missed:?}");
    }
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
}
