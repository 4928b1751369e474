//! Where the lanes of one machine get their permits: from a bucket of their own, or from one that all processes under an
//! App ID share.
//!
//! A question goes from the core to `acquirePermit` of the application's, on Cloudflare from there in a message to `AppQuota`, and waits
//! there. Each waits longer than the next, or a slow answer would be taken for a failure; only the core asks again meanwhile:
//!
//! | constant | time | what ends after it |
//! |---|---|---|
//! | `HOLD_MS` (`src/js/cloudflare/rateLimiter.ts`) | 5 s | a call's wait within `AppQuota`: it is told to ask again |
//! | `RETRY_TIMEOUT_MS` (`src/js/permits.ts`) | 6 s | the wait for an answer while permits fail |
//! | [`ANSWER_TAKES`] | 10 s | the core asks again; whichever answer comes first counts |
//! | `QUEUE_TIMEOUT_MS` (`rateLimiter.ts`) | 10 s | the place in the queue of whoever was to ask again by now |
//! | `QUOTA_TIMEOUT_MS` (`src/js/cloudflare/objects.ts`) | 20 s | a message to `AppQuota`, which may wait behind many others |
//! | `PERMIT_TIMEOUT_MS` (`permits.ts`) | 25 s | the wait for an answer: calls go on without permits |
//! | [`LONGEST_WAIT`] | 60 s | the wait that an answer asked for |
//!
//! And a permit lasts longer where it is counted than where it is used, or a call could leave that nobody counts:
//!
//! | constant | time | what ends after it |
//! |---|---|---|
//! | [`GRANT_LASTS`] | 1 s | a permit that the lane has not used |
//! | `LONGEST_HELD` (`bucket.rs`) | 1 s | how long a Create with a permit is held back: half of the 2 s that it has after its Acquire |
//! | `UNUSED_FOR` (`bucket.rs`), `PERMIT_TIMEOUT_MS` (`rateLimiter.ts`) | 5 s | a permit whose call is not known to have left: it may wait for its snapshot as long (`PERSIST_TIMEOUT`, `src/wasm/env.rs`) |

use macro_rules_attribute::apply;

use super::bucket::Held;
use super::by_lane::ByLane;
use super::{LaneNumber, LimitedCall, Permit, QuotaLimits, TokenBucket};
use crate::document::document;
use crate::error::Invalid;
use crate::time::{Duration, Instant};

/// A permit that was not used for so long is asked for anew.
const GRANT_LASTS: Duration = Duration::from_secs(1);
/// When an unanswered question is asked again.
const ANSWER_TAKES: Duration = Duration::from_secs(10);
/// A permit is asked for again after this long, whatever was answered.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Make the call now; it is counted.
    Now,
    /// Ask again at this time.
    Wait(Instant),
    /// The owner is to ask whoever shares the limit out, and to hand the answer in.
    Ask,
}

/// What was asked for a lane.
#[apply(document)]
#[json(same)]
#[derive(Clone, Debug, PartialEq, Eq)]
struct Question {
    call: LimitedCall,
    state: State,
}

/// What has become of a question. It is asked again after `until`.
#[apply(document)]
#[json(camel, tag = type)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not answered yet.
    Asked { until: Instant },
    /// Answered with a permit.
    Granted { until: Instant },
    /// Answered with a time to wait.
    Denied { until: Instant },
}

impl Question {
    fn is_open(&self, call: LimitedCall) -> bool {
        self.call == call && matches!(self.state, State::Asked { .. })
    }
}

/// The permits of one machine's lanes.
#[apply(document)]
#[json(same)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permits {
    bucket: TokenBucket,
    /// What was asked for each lane, if the limit is shared with others.
    shared: Option<ByLane<Question>>,
}

impl Permits {
    pub(crate) fn new(limits: QuotaLimits, now: Instant) -> Self {
        Self { bucket: TokenBucket::new(limits, now), shared: None }
    }

    pub(crate) fn most_in_any_second(&self) -> usize {
        self.bucket.limits.most_in_any_second()
    }

    /// Checks what was restored.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        self.bucket.check()
    }

    /// From now on somebody else shares out the limit, or not. What was asked before is asked anew.
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
        shared.insert(lane, Question { call, state: State::Asked { until: now + ANSWER_TAKES } });
        Turn::Ask
    }

    /// What was answered to [`Turn::Ask`]: zero is a permit, else it is the time to wait before asking again. An answer
    /// to a question that is not asked any more changes nothing.
    pub(crate) fn answered(&mut self, now: Instant, lane: LaneNumber, call: LimitedCall, wait: Duration) {
        let question = self.shared.as_mut().and_then(|shared| shared.get_mut(lane));
        if let Some(question) = question.filter(|question| question.is_open(call)) {
            question.state = match wait {
                Duration::ZERO => State::Granted { until: now + GRANT_LASTS },
                wait => State::Denied { until: now + wait.min(LONGEST_WAIT) },
            };
        }
    }

    /// Whether the answer to this question is still awaited.
    pub(crate) fn awaits(&self, lane: LaneNumber, call: LimitedCall) -> bool {
        let question = self.shared.as_ref().and_then(|shared| shared.get(lane));
        question.is_some_and(|question| question.is_open(call))
    }

    /// What the lane keeps the others from, if anything.
    pub(crate) fn held_by(&self, lane: LaneNumber) -> Option<Held> {
        self.bucket.held_by(lane)
    }

    /// The lane wants nothing (any more).
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
    fn alone_it_is_the_bucket_and_the_create_of_an_acquire_has_its_permit() {
        let mut permits = Permits::new(limits(), at(0));
        assert_eq!(permits.ask(at(0), LANE, LimitedCall::AcquireAndCreate), Turn::Now);
        assert_eq!(permits.ask(at(1), LANE, LimitedCall::Create), Turn::Now);
        assert!(matches!(permits.ask(at(2), LANE, LimitedCall::Query), Turn::Wait(_)));
    }

    #[test]
    fn shared_it_is_asked_for_once_and_used_once() {
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
    fn told_to_wait_it_waits_and_asks_again() {
        let mut permits = shared();
        assert_eq!(permits.ask(at(0), LANE, LimitedCall::Query), Turn::Ask);
        permits.answered(at(20), LANE, LimitedCall::Query, ms(700));
        assert_eq!(permits.ask(at(30), LANE, LimitedCall::Query), Turn::Wait(at(720)));
        assert_eq!(permits.ask(at(720), LANE, LimitedCall::Query), Turn::Ask);
        permits.answered(at(720), LANE, LimitedCall::Query, Duration::MAX);
        assert_eq!(permits.ask(at(730), LANE, LimitedCall::Query), Turn::Wait(at(60_720)));
    }

    #[test]
    fn what_is_unanswered_or_unused_for_too_long_is_asked_again() {
        let mut permits = shared();
        assert_eq!(permits.ask(at(0), LANE, LimitedCall::Query), Turn::Ask);
        assert_eq!(permits.ask(at(10_000), LANE, LimitedCall::Query), Turn::Ask);
        permits.answered(at(10_001), LANE, LimitedCall::Query, ms(0));
        assert_eq!(permits.ask(at(11_002), LANE, LimitedCall::Query), Turn::Ask);
    }

    #[test]
    fn what_is_more_important_does_not_wait_for_what_is_not_wanted_any_more() {
        let mut permits = shared();
        assert_eq!(permits.ask(at(0), LANE, LimitedCall::Query), Turn::Ask);
        assert_eq!(permits.ask(at(1), LANE, LimitedCall::Delete), Turn::Ask);
        permits.answered(at(2), LANE, LimitedCall::Query, ms(0));
        assert_eq!(
            permits.ask(at(3), LANE, LimitedCall::Delete),
            Turn::Wait(at(10_001)),
            "that was not the answer"
        );
        permits.answered(at(4), LANE, LimitedCall::Delete, ms(0));
        assert_eq!(permits.ask(at(5), LANE, LimitedCall::Delete), Turn::Now);
        assert_eq!(permits.ask(at(6), LANE, LimitedCall::Query), Turn::Ask);
        permits.withdraw(LANE);
        permits.answered(at(7), LANE, LimitedCall::Query, ms(0));
        assert_eq!(
            permits.ask(at(8), LANE, LimitedCall::Query),
            Turn::Ask,
            "nobody wants what was granted then"
        );
    }
}
