//! Runs many seeds on all processors.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::places::Places;
use crate::plan::Plan;
use crate::viewers::{Viewer, broadcast};
use crate::world::{Run, World};

/// The results of many seeds.
#[derive(Debug, Default)]
pub struct Searched {
    /// How often each situation occurred.
    pub places: Places,
    /// Simulated time in ms.
    pub took_ms: u64,
    /// How often the core was polled.
    pub polls: u64,
    /// Outages with a hot standby: the frame interval, and how long the picture was frozen, both in ms.
    pub outages: Vec<(u64, u64)>,
    /// The lowest seed found that violates an invariant, and the violation.
    pub failed: Option<(u64, String)>,
}

impl Searched {
    fn add(&mut self, places: Places) {
        for (place, times) in places {
            *self.places.entry(place).or_default() += times;
        }
    }

    fn run(&mut self, seed: u64, run: Run) {
        self.add(run.places);
        self.took_ms += run.took_ms;
        self.polls += run.polls;
        self.failed_if(seed, run.violation);
    }

    fn failed_if(&mut self, seed: u64, violation: Option<String>) {
        if let Some(violation) = violation
            && self.failed.as_ref().is_none_or(|(other, _)| seed < *other)
        {
            self.failed = Some((seed, violation));
        }
    }
}

/// Runs every seed until one fails. Results are added up in batches: the lock is taken less often.
fn search(seeds: Range<u64>, run: impl Fn(u64, &mut Searched) + Sync) -> Searched {
    const BATCH: u64 = 64;
    let next = AtomicU64::new(seeds.start);
    let total = Mutex::new(Searched::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(BATCH, Ordering::Relaxed);
                    if from >= seeds.end || total.lock().unwrap().failed.is_some() {
                        return;
                    }
                    let mut batch = Searched::default();
                    for seed in from..(from + BATCH).min(seeds.end) {
                        run(seed, &mut batch);
                        if batch.failed.is_some() {
                            break;
                        }
                    }
                    let mut total = total.lock().unwrap();
                    total.add(batch.places);
                    total.took_ms += batch.took_ms;
                    total.polls += batch.polls;
                    total.outages.extend(batch.outages);
                    if let Some((seed, violation)) = batch.failed {
                        total.failed_if(seed, Some(violation));
                    }
                }
            });
        }
    });
    total.into_inner().unwrap()
}

/// Schedules with this many minutes of faults.
#[must_use]
pub fn schedules(seeds: Range<u64>, minutes: u64) -> Searched {
    search(seeds, |seed, batch| batch.run(seed, World::new(Plan::schedule(seed, minutes)).run()))
}

/// Broadcasts that last this many days.
#[must_use]
pub fn soak(seeds: Range<u64>, days: u64) -> Searched {
    search(seeds, |seed, batch| batch.run(seed, World::new(Plan::soak(seed, days)).run()))
}

/// Schedules that are restored from a snapshot at every step, and must end exactly like those that are not.
#[must_use]
pub fn restored(seeds: Range<u64>, minutes: u64) -> Searched {
    search(seeds, |seed, batch| {
        let plan = Plan::schedule(seed, minutes);
        let whole = World::new(plan.clone()).run();
        let mut restored = World::new(plan).restored_at_every_step().run();
        if restored.violation.is_none() && restored.digest != whole.digest {
            restored.violation = Some("the run differs when it is restored at every step".to_owned());
        }
        batch.run(seed, restored);
    })
}

/// Viewers of broadcasts, two for each broadcast.
#[must_use]
pub fn viewers(seeds: Range<u64>) -> Searched {
    search(seeds, |seed, batch| match broadcast(seed / 2) {
        Ok(air) => {
            let watched = Viewer::new(&air, seed, false).run();
            batch.add(watched.places);
            batch.outages.extend(watched.outages);
            batch.failed_if(seed, watched.violation);
        }
        Err(violation) => batch.failed_if(seed, Some(violation)),
    })
}
