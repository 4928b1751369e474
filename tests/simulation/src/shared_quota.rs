//! Shares the rate limit among all processes. A lane that does not ask again in time loses its place in the queue.

use std::collections::BTreeMap;

use steadymix::quota::{LaneNumber, LimitedCall, Permit, QuotaLimits, TokenBucket};
use steadymix::supervisor::PermitRequest;
use steadymix::time::{Duration, Instant};

/// How long a lane may be late to ask again before it loses its place.
const ASK_AGAIN_GRACE: Duration = Duration::from_secs(10);
/// How long a permit stays reserved for the Create that follows an Acquire.
const RESERVATION: Duration = Duration::from_secs(5);

pub(crate) struct SharedQuota {
    bucket: TokenBucket,
    /// The time until which each lane keeps its place in the queue.
    places: BTreeMap<LaneNumber, Instant>,
}

impl SharedQuota {
    pub(crate) fn new(now: Instant) -> Self {
        // Permits take time to arrive, so slightly fewer than the limit are granted.
        let limits = QuotaLimits { calls_per_second: 7, burst: 2, pcw: 100 };
        Self { bucket: TokenBucket::new(limits, now), places: BTreeMap::new() }
    }

    /// How long to wait before asking again; zero means granted.
    pub(crate) fn ask(&mut self, now: Instant, PermitRequest { lane, call }: PermitRequest) -> Duration {
        let bucket = &mut self.bucket;
        self.places.retain(|lane, until| {
            let is_kept = now <= *until;
            if !is_kept {
                bucket.withdraw(*lane);
            }
            is_kept
        });
        match bucket.ask(now, lane, call) {
            Permit::Granted if call == LimitedCall::AcquireAndCreate => {
                self.places.insert(lane, now + RESERVATION);
                Duration::ZERO
            }
            Permit::Granted => {
                self.places.remove(&lane);
                Duration::ZERO
            }
            Permit::Wait(until) => {
                self.places.insert(lane, until + ASK_AGAIN_GRACE);
                until.duration_since(now)
            }
        }
    }
}
