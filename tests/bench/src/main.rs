//! Measures the core natively: time and allocations of each decision, and growth. Prints JSON for `npm run bench`.

#![allow(clippy::disallowed_methods, reason = "it measures real time")]

mod broadcast;
mod growth;
mod timed;

use std::hint::black_box;

use serde_json::json;
use steadymix::failover::{Failover, FailoverConfig, Kind, Output, Signal};
use steadymix::policy::{RetryPolicy, RetryReason};
use steadymix::status::{Call, ServiceStatus, TaskStatus, interpret};
use steadymix::time::Instant;

use self::broadcast::Broadcast;
use self::timed::timed;

fn main() {
    let (running, in_progress) = (TaskStatus::InProgress, ServiceStatus::ServiceInProgress);
    let interpreting = timed(|| {
        black_box(interpret(
            black_box(Call::Query),
            black_box(Some(200)),
            None,
            Some(&running),
            Some(&in_progress),
        ));
    });
    let policy = RetryPolicy::default();
    let retrying = timed(|| {
        black_box(policy.next_delay(black_box(Call::Create), black_box(RetryReason::ServerError), 1, None));
    });
    let mut broadcast = Broadcast::running();
    let stepping = timed(|| broadcast.step());
    let mut viewer = Viewer::watching();
    let watching = timed(|| viewer.frame());
    let report = json!({
        "interpret": interpreting,
        "retry": retrying,
        "step": stepping,
        "frame": watching,
        "growth": growth::measured(),
    });
    println!("{report:#}");
}

/// A viewer of two outputs with 30 frames a second each.
struct Viewer {
    failover: Failover,
    now: u64,
    at: usize,
}

const UIDS: [u32; 2] = [9001, 9002];

impl Viewer {
    fn watching() -> Self {
        let now = 1_767_225_600_000;
        let mut failover = Failover::new(&UIDS, FailoverConfig::default(), Instant::from_millis(now));
        for uid in UIDS {
            for kind in [Kind::Video, Kind::Audio] {
                failover.handle(Instant::from_millis(now), Signal::Published(uid, kind));
            }
        }
        let mut viewer = Self { failover, now, at: 0 };
        for _ in 0..1_000 {
            viewer.frame();
        }
        viewer
    }

    /// Handles the next frame of one of the outputs.
    fn frame(&mut self) {
        self.now += 16;
        self.at = 1 - self.at;
        let uid = UIDS.get(self.at).copied().unwrap_or_default();
        let now = Instant::from_millis(self.now);
        self.failover.handle(now, Signal::Frame(uid));
        while !matches!(black_box(self.failover.poll(now)), Output::Wait(_)) {}
    }
}
