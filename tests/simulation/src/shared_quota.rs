//! Who shares out the rate limit among all processes. Those who do not come back lose their place.

use std::collections::BTreeMap;

use steadymix::quota::{LaneNumber, LimitedCall, Permit, QuotaLimits, TokenBucket};
use steadymix::supervisor::PermitRequest;
use steadymix::time::{Duration, Instant};

/// Past the time at which it was to ask again, or to use the permit that is reserved for its Create.
const PLACE_KEPT: Duration = Duration::from_secs(10);
const RESERVED: Duration = Duration::from_secs(5);

pub(crate) struct SharedQuota {
    bucket: TokenBucket,
    /// Until when each lane is waited for.
    waited_for: BTreeMap<LaneNumber, Instant>,
}

impl SharedQuota {
    pub(crate) fn new(now: Instant) -> Self {
        // A permit takes a while on its way: a little less than the limit is shared out.
        let limits = QuotaLimits { calls_per_second: 7, burst: 2, pcw: 100 };
        Self { bucket: TokenBucket::new(limits, now), waited_for: BTreeMap::new() }
    }

    /// How long to wait before asking again; zero is a permit.
    pub(crate) fn ask(&mut self, now: Instant, PermitRequest { lane, call }: PermitRequest) -> Duration {
        let bucket = &mut self.bucket;
        self.waited_for.retain(|lane, until| {
            let is_waited_for = now <= *until;
            if !is_waited_for {
                bucket.withdraw(*lane);
            }
            is_waited_for
        });
        match bucket.ask(now, lane, call) {
            Permit::Granted if call == LimitedCall::AcquireAndCreate => {
                self.waited_for.insert(lane, now + RESERVED);
                Duration::ZERO
            }
            Permit::Granted => {
                self.waited_for.remove(&lane);
                Duration::ZERO
            }
            Permit::Wait(until) => {
                self.waited_for.insert(lane, until + PLACE_KEPT);
                until.duration_since(now)
            }
        }
    }
}
