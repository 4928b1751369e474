//! Many broadcasts in one process.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use serde_json::{Value, json};

use crate::broadcast::{Broadcast, START};

const SIZES: [usize; 4] = [1, 100, 10_000, 100_000];
/// Simulated hours for each of [`SIZES`].
const HOURS: [u64; 4] = [24 * 365, 24 * 30, 24, 3];
const HOUR_MS: u64 = 3_600_000;

/// For each size: the time for a simulated hour, and the memory of each broadcast.
pub(crate) fn measured() -> Vec<Value> {
    SIZES.into_iter().zip(HOURS).map(|(size, hours)| of(size, hours)).collect()
}

fn of(size: usize, hours: u64) -> Value {
    let mut broadcasts = Vec::new();
    let weighed = allocation_counter::measure(|| {
        broadcasts = (0..size).map(|_| Broadcast::running()).collect();
    });
    let mut turns: BinaryHeap<_> =
        broadcasts.iter().enumerate().map(|(at, broadcast)| Reverse((broadcast.due, at))).collect();
    let end = START + (1 + hours) * HOUR_MS;
    let mut steps = 0_u64;
    let began = Instant::now();
    while let Some(Reverse((due, at))) = turns.pop() {
        let Some(broadcast) = broadcasts.get_mut(at).filter(|_| due < end) else { break };
        steps += broadcast.run_until(due + 1);
        turns.push(Reverse((broadcast.due, at)));
    }
    let took = began.elapsed();
    json!({
        "supervisors": size,
        "msPerSimulatedHour": took.as_secs_f64() * 1e3 / hours as f64,
        "nsPerStep": took.as_secs_f64() * 1e9 / steps as f64,
        "bytesEach": weighed.bytes_current / size as i64,
        "snapshotBytes": broadcasts.first().map(Broadcast::snapshot_bytes),
    })
}
