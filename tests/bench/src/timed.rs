//! Measures operations that are shorter than the clock's resolution.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The result is the median of this many rounds.
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(60);

/// Time (ns) and allocations of one call: the median of several rounds of many calls.
pub(crate) fn timed(mut once: impl FnMut()) -> Value {
    let mut times = 64_u32;
    while of(times, &mut once) < ROUND {
        times *= 2;
    }
    let mut rounds: Vec<f64> =
        (0..ROUNDS).map(|_| of(times, &mut once).as_secs_f64() * 1e9 / f64::from(times)).collect();
    rounds.sort_by(f64::total_cmp);
    let counted = allocation_counter::measure(|| (0..10_000).for_each(|_| once()));
    json!({
        "ns": rounds.get(ROUNDS / 2),
        "allocations": counted.count_total as f64 / 10_000.0,
        "allocatedBytes": counted.bytes_total as f64 / 10_000.0,
    })
}

fn of(times: u32, once: &mut impl FnMut()) -> Duration {
    let began = Instant::now();
    (0..times).for_each(|_| once());
    began.elapsed()
}
