//! Permits for the lanes of a group: from a bucket of their own, or from one that all processes of an App ID share.
//!
//! A request for a permit passes from the core to the application's `acquirePermit`; on Cloudflare it continues as a
//! message to `AppQuota`, where it waits. Each layer waits longer than the next: otherwise, a slow answer would look
//! like a failure. Only the core repeats its request meanwhile:
//!
//! | constant | time | what ends after it |
//! |---|---|---|
//! | `HOLD_MS` (`src/js/cloudflare/rateLimiter.ts`) | 5 s | a request's wait within `AppQuota`: the answer is to ask again |
//! | `RETRY_TIMEOUT_MS` (`src/js/permits.ts`) | 6 s | the wait for an answer while permits fail |
//! | [`ANSWER_TIMEOUT`] | 10 s | the core asks again; the first answer counts |
//! | `QUEUE_TIMEOUT_MS` (`rateLimiter.ts`) | 10 s | the position in the queue of a lane that should have asked again |
//! | `QUOTA_TIMEOUT_MS` (`src/js/cloudflare/objects.ts`) | 20 s | a message to `AppQuota`, which may wait behind many others |
//! | `PERMIT_TIMEOUT_MS` (`permits.ts`) | 25 s | the wait for an answer: calls continue without permits |
//! | [`MAX_WAIT`] | 60 s | the wait that an answer asked for |
//!
//! A permit lasts longer where it is counted than where it is used: otherwise, a call could leave uncounted:
//!
//! | constant | time | what ends after it |
//! |---|---|---|
//! | [`GRANT_LIFETIME`] | 1 s | a permit that the lane has not used |
//! | `MAX_HOLD` (`bucket.rs`) | 1 s | the time for which a Create with a permit is held back: half of the 2 s after its Acquire |
//! | `UNUSED_TIMEOUT` (`bucket.rs`), `PERMIT_TIMEOUT_MS` (`rateLimiter.ts`) | 5 s | a permit without a reported departure: its call may wait that long for its snapshot (`PERSIST_TIMEOUT`, `src/wasm/env.rs`) |

use macro_rules_attribute::apply;

use super::bucket::Held;
use super::by_lane::ByLane;
use super::{LaneNumber, LimitedCall, Permit, QuotaLimits, TokenBucket};
use crate::document::document;
use crate::error::Invalid;
use crate::time::{Duration, Instant};

/// An unused permit is requested again after this time.
const GRANT_LIFETIME: Duration = Duration::from_secs(1);
/// An unanswered request is repeated after this time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum wait that an answer can impose.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// The result of asking for a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Make the call now; it counts.
    Now,
    /// Ask again at this time.
    Wait(Instant),
    /// Ask the owner of the shared rate limit, and hand the answer in.
    Ask,
}

/// A lane's request for a permit.
#[apply(document)]
#[json(same)]
#[derive(Clone, Debug, PartialEq, Eq)]
struct Question {
    call: LimitedCall,
    state: State,
}

/// The state of a request, which is repeated after `until`.
#[apply(document)]
#[json(camel, tag = type)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not answered yet.
    Asked { until: Instant },
    /// Answered with a permit.
    Granted { until: Instant },
    /// Answered with a delay.
    Denied { until: Instant },
}

impl Question {
    fn is_open(&self, call: LimitedCall) -> bool {
        self.call == call && matches!(self.state, State::Asked { .. })
    }
}

/// The permits of a group's lanes.
#[apply(document)]
#[json(same)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permits {
    bucket: TokenBucket,
    /// The request of each lane, if the limit is shared.
    shared: Option<ByLane<Question>>,
}

impl Permits {
    pub(crate) fn new(limits: QuotaLimits, now: Instant) -> Self {
        Self { bucket: TokenBucket::new(limits, now), shared: None }
    }

    pub(crate) fn most_in_any_second(&self) -> usize {
        self.bucket.limits.most_in_any_second()
    }

    /// Checks restored state.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        self.bucket.check()
    }

    /// Sets whether the limit is shared. Earlier requests are void.
    pub(crate) fn share(&mut self, shared: bool) {
        self.shared = shared.then(ByLane::new);
    }

    pub(crate) fn ask(&mut self, now: Instant, lane: LaneNumber, call: LimitedCall) -> Turn {
        let Some(shared) = &mut self.shared else {
            return match self.bucket.ask(now, lane, call) {
                Permit::Granted => Turn::Now,
                Permit::Wait(until) => Turn::Wait(until),
            };
        };
        if let Some(question) = shared.get(lane).filter(|question| question.call == call) {
            match question.state {
                State::Granted { until } if now <= until => {
                    shared.remove(lane);
                    return Turn::Now;
                }
                State::Asked { until } | State::Denied { until } if now < until => return Turn::Wait(until),
                State::Asked { .. } | State::Granted { .. } | State::Denied { .. } => {}
            }
        }
        shared.insert(lane, Question { call, state: State::Asked { until: now + ANSWER_TIMEOUT } });
        Turn::Ask
    }

    /// Handles the answer to [`Turn::Ask`]: zero grants the permit, any other value is the delay before the next
    /// request. An answer to a void request changes nothing.
    pub(crate) fn answered(&mut self, now: Instant, lane: LaneNumber, call: LimitedCall, wait: Duration) {
        let question = self.shared.as_mut().and_then(|shared| shared.get_mut(lane));
        if let Some(question) = question.filter(|question| question.is_open(call)) {
            question.state = match wait {
                Duration::ZERO => State::Granted { until: now + GRANT_LIFETIME },
                wait => State::Denied { until: now + wait.min(MAX_WAIT) },
            };
        }
    }

    /// Whether the answer to this request is still awaited.
    pub(crate) fn awaits(&self, lane: LaneNumber, call: LimitedCall) -> bool {
        let question = self.shared.as_ref().and_then(|shared| shared.get(lane));
        question.is_some_and(|question| question.is_open(call))
    }

    /// What the lane withholds from the others, if anything.
    pub(crate) fn held_by(&self, lane: LaneNumber) -> Option<Held> {
        self.bucket.held_by(lane)
    }

    /// The lane no longer needs a permit.
    pub(crate) fn withdraw(&mut self, lane: LaneNumber) {
        self.bucket.withdraw(lane);
        if let Some(shared) = &mut self.shared {
            shared.remove(lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Area;
    use crate::quota::OutputSize;
    use crate::time::short::{at, ms};

    const LANE: LaneNumber = 3;

    fn limits() -> QuotaLimits {
        QuotaLimits { pcw: 100, ..QuotaLimits::documented(Area::China, OutputSize::Hd) }
    }

    fn shared() -> Permits {
        let mut permits = Permits::new(limits(), at(0));
        permits.share(true);
        permits
    }

    #[test]
    fn without_sharing_the_bucket_decides_and_a_create_has_the_permit_of_its_acquire() {
        let mut permits = Permits::new(limits(), at(0));
        assert_eq!(permits.ask(at(0), LANE, LimitedCall::AcquireAndCreate), Turn::Now);
        assert_eq!(permits.ask(at(1), LANE, LimitedCall::Create), Turn::Now);
        assert!(matches!(permits.ask(at(2), LANE, LimitedCall::Query), Turn::Wait(_)));
    }

    #[test]
    fn a_shared_permit_is_requested_once_and_used_once() {
        let mut permits = shared();
        assert_eq!(permits.ask(at(0), LANE, LimitedCall::Query), Turn::Ask);
        assert!(permits.awaits(LANE, LimitedCall::Query));
        assert_eq!(permits.ask(at(5), LANE, LimitedCall::Query), Turn::Wait(at(10_000)));
        permits.answered(at(20), LANE, LimitedCall::Query, ms(0));
        assert!(!permits.awaits(LANE, LimitedCall::Query));
        assert_eq!(permits.ask(at(21), LANE, LimitedCall::Query), Turn::Now);
        assert_eq!(
            permits.ask(at(22), LANE, LimitedCall::Query),
            Turn::Ask,
            "the next call needs another one"
        );
    }

    #[test]
    fn an_answer_to_wait_delays_the_next_request() {
        let mut permits = shared();
        assert_eq!(permits.ask(at(0), LANE, LimitedCall::Query), Turn::Ask);
        permits.answered(at(20), LANE, LimitedCall::Query, ms(700));
        assert_eq!(permits.ask(at(30), LANE, LimitedCall::Query), Turn::Wait(at(720)));
        assert_eq!(permits.ask(at(720), LANE, LimitedCall::Query), Turn::Ask);
        permits.answered(at(720), LANE, LimitedCall::Query, Duration::MAX);
        assert_eq!(permits.ask(at(730), LANE, LimitedCall::Query), Turn::Wait(at(60_720)));
    }

    #[test]
    fn an_unanswered_or_unused_permit_is_requested_again() {
        let mut permits = shared();
        assert_eq!(permits.ask(at(0), LANE, LimitedCall::Query), Turn::Ask);
        assert_eq!(permits.ask(at(10_000), LANE, LimitedCall::Query), Turn::Ask);
        permits.answered(at(10_001), LANE, LimitedCall::Query, ms(0));
        assert_eq!(permits.ask(at(11_002), LANE, LimitedCall::Query), Turn::Ask);
    }

    #[test]
    fn a_call_does_not_wait_for_the_request_of_an_unwanted_one() {
        let mut permits = shared();
        assert_eq!(permits.ask(at(0), LANE, LimitedCall::Query), Turn::Ask);
        assert_eq!(permits.ask(at(1), LANE, LimitedCall::Delete), Turn::Ask);
        permits.answered(at(2), LANE, LimitedCall::Query, ms(0));
        assert_eq!(
            permits.ask(at(3), LANE, LimitedCall::Delete),
            Turn::Wait(at(10_001)),
            "the answer was to another request"
        );
        permits.answered(at(4), LANE, LimitedCall::Delete, ms(0));
        assert_eq!(permits.ask(at(5), LANE, LimitedCall::Delete), Turn::Now);
        assert_eq!(permits.ask(at(6), LANE, LimitedCall::Query), Turn::Ask);
        permits.withdraw(LANE);
        permits.answered(at(7), LANE, LimitedCall::Query, ms(0));
        assert_eq!(
            permits.ask(at(8), LANE, LimitedCall::Query),
            Turn::Ask,
            "the granted permit is no longer needed"
        );
    }
}
