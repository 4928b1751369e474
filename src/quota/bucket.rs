//! Decides which lane may make the next call within the rate limit.

use std::collections::VecDeque;

use macro_rules_attribute::apply;

use super::by_lane::ByLane;
use super::limits::QuotaLimits;
use crate::document::document;
use crate::error::{Invalid, check_count};
use crate::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// How long a call counts if its departure is reported: a second, plus a margin for the variation of network delays. So
/// the service never counts more calls in a second.
pub(crate) const CALL_WINDOW: Duration = Duration::from_millis(1_100);

/// A permit whose use was not reported within this time counts as unused: see `permits.rs`.
const UNUSED_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a Create with a permit may be held back, so that Creates whose Acquires are answered together do not
/// leave together: half of the 2 s within which a Create must follow its Acquire.
const MAX_HOLD: Duration = SECOND;

/// A call that needs a permit of the rate limit, by priority.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitedCall {
    /// Deletes a task.
    Delete,
    /// An Acquire; the permit of its Create, which must follow within 2 s, is reserved with it.
    AcquireAndCreate,
    /// A retried Create.
    Create,
    /// Updates a task.
    Update,
    /// Queries a task.
    Query,
}

/// The priority of a lane that has waited longer than its share of a round: only Delete comes before it.
const OVERDUE_RANK: u8 = 1;

impl LimitedCall {
    fn rank(self) -> u8 {
        match self {
            Self::Delete => 0,
            Self::AcquireAndCreate | Self::Create | Self::Update => OVERDUE_RANK + 1,
            Self::Query => OVERDUE_RANK + 2,
        }
    }

    fn permits(self) -> u32 {
        match self {
            Self::AcquireAndCreate => 2,
            Self::Delete | Self::Create | Self::Update | Self::Query => 1,
        }
    }

    fn creates(self) -> bool {
        matches!(self, Self::AcquireAndCreate | Self::Create)
    }
}

/// The answer to a [`LimitedCall`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Make the call now; it counts.
    Granted,
    /// Ask again at this time.
    Wait(Instant),
}

/// A lane's number in its group.
pub type LaneNumber = u32;

#[apply(document)]
#[json(same)]
#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    call: LimitedCall,
    since: Instant,
    order: u64,
}

/// Permits at most `callsPerSecond + burst` calls in any second, for any number of lanes: a token bucket with a log of
/// the last second, so reserved permits do not add up to a burst. Delete comes before Create before Query, but except
/// for Deletes no lane waits much longer than (number of waiting lanes) / `callsPerSecond` seconds.
///
/// A gap of more than a second between two times may be a clock that was set forward: the log ignores it, unless the
/// previous gap was as long (a quiet time). So a burst may follow, but never more calls than fit into the second in
/// which the clock was set.
#[apply(document)]
#[json(same, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    pub(super) limits: QuotaLimits,
    milli_tokens: u64,
    seen: Instant,
    gap_before: bool,
    /// The bucket's own time, without the gaps that the log ignores.
    time: Instant,
    sent: VecDeque<Instant>,
    reserved: Vec<LaneNumber>,
    claims: ByLane<Claim>,
    next_order: u64,
    /// The earliest time of the next Acquire, or of a Create without one.
    next_create: Instant,
    /// The earliest time of the next Create with a reserved permit, if it can wait that long.
    next_reserved: Instant,
    /// The departure times of the Creates that have asked.
    departures: ByLane<Instant>,
    /// If departures are reported by [`TokenBucket::used`]: the times of permits whose calls have not left yet.
    unused: Option<ByLane<Instant>>,
}

/// What a lane withholds from the others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    /// The position of its claim in the queue.
    pub(crate) claim: Option<u64>,
    /// Whether a permit is reserved for its Create.
    is_reserved: bool,
}

impl TokenBucket {
    /// A full bucket at `now`.
    #[must_use]
    pub fn new(limits: QuotaLimits, now: Instant) -> Self {
        Self {
            milli_tokens: u64::from(limits.burst) * 1000,
            limits,
            seen: now,
            gap_before: false,
            time: now,
            sent: VecDeque::new(),
            reserved: Vec::new(),
            claims: ByLane::new(),
            next_order: 0,
            next_create: now,
            next_reserved: now,
            departures: ByLane::new(),
            unused: None,
        }
    }

    /// A bucket whose owner calls [`TokenBucket::used`] when a call leaves. Until then its permit counts as one that
    /// may be used at any time, so delayed calls do not leave together. Otherwise a call counts from its permit on.
    #[must_use]
    pub fn with_reported_use(self) -> Self {
        Self { unused: Some(ByLane::new()), ..self }
    }

    /// The lane's permitted call leaves now.
    pub fn used(&mut self, now: Instant, lane: LaneNumber) {
        self.tick(now);
        if let Some(unused) = self.unused.as_mut().filter(|unused| unused.get(lane).is_some()) {
            unused.remove(lane);
            self.sent.push_back(self.time);
        }
    }

    /// Asks for a permit. Until it is granted, the lane counts as waiting; repeated requests change nothing. A Create
    /// uses the permit that was reserved with its Acquire, if any.
    ///
    /// ```
    /// use steadymix::domain::Area;
    /// use steadymix::quota::{LimitedCall, OutputSize, Permit, QuotaLimits, TokenBucket};
    /// use steadymix::time::Instant;
    ///
    /// let limits = r#"{ "callsPerSecond": 7, "burst": 2, "pcw": 100 }"#;
    /// let limits = QuotaLimits::from_json(Area::Europe, OutputSize::Hd, limits).unwrap();
    /// let now = Instant::from_millis(0);
    /// let mut bucket = TokenBucket::new(limits, now);
    /// let answers = [0, 1, 2].map(|lane| bucket.ask(now, lane, LimitedCall::Query));
    /// assert_eq!(answers[..2], [Permit::Granted, Permit::Granted]); // the burst
    /// assert!(matches!(answers[2], Permit::Wait(until) if until > now));
    /// ```
    #[must_use]
    pub fn ask(&mut self, now: Instant, lane: LaneNumber, call: LimitedCall) -> Permit {
        self.tick(now);
        if call == LimitedCall::Create
            && let Ok(at) = self.reserved.binary_search(&lane)
        {
            let departure = self.departure_of(lane);
            if self.seen < departure {
                return Permit::Wait(departure);
            }
            self.reserved.remove(at);
            self.departures.remove(lane);
            self.grant(lane);
            return Permit::Granted;
        }
        if self.claims.get(lane).is_none_or(|claim| claim.call != call) {
            let claim = Claim { call, since: self.time, order: self.next_order };
            self.next_order += 1;
            self.claims.insert(lane, claim);
        }
        let delay = self.delay(lane, call);
        if delay > Duration::ZERO {
            return Permit::Wait(now + delay);
        }
        self.claims.remove(lane);
        self.milli_tokens -= u64::from(call.permits()) * 1000;
        self.grant(lane);
        if call.creates() {
            self.next_create = self.seen + self.limits.create_spacing();
        }
        if call == LimitedCall::Create {
            self.next_reserved = self.next_reserved.max(self.next_create);
        }
        if call == LimitedCall::AcquireAndCreate {
            // The departure of its previous Create does not limit the next one.
            self.departures.remove(lane);
            if let Err(at) = self.reserved.binary_search(&lane) {
                self.reserved.insert(at, lane);
            }
        }
        Permit::Granted
    }

    /// The lane no longer needs a permit: it loses its claim and its reserved permit.
    pub fn withdraw(&mut self, lane: LaneNumber) {
        self.claims.remove(lane);
        self.reserved.retain(|reserved| *reserved != lane);
        self.departures.remove(lane);
    }

    /// When the lane's Create with a reserved permit leaves: in turn, or at once if that would be too late.
    fn departure_of(&mut self, lane: LaneNumber) -> Instant {
        if let Some(at) = self.departures.get(lane) {
            return *at;
        }
        let in_turn = self.next_reserved.max(self.seen);
        let at = if in_turn.duration_since(self.seen) > MAX_HOLD { self.seen } else { in_turn };
        self.next_reserved = in_turn.max(at + self.limits.create_spacing());
        self.departures.insert(lane, at);
        at
    }

    /// Checks restored state.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        check_count("permits.bucket.next_order", self.next_order)?;
        self.limits.check()
    }

    /// What the lane withholds from the others, if anything.
    pub(crate) fn held_by(&self, lane: LaneNumber) -> Option<Held> {
        let claim = self.claims.get(lane).map(|claim| claim.order);
        let is_reserved = self.reserved.binary_search(&lane).is_ok();
        (claim.is_some() || is_reserved).then_some(Held { claim, is_reserved })
    }

    fn grant(&mut self, lane: LaneNumber) {
        let Some(unused) = &mut self.unused else {
            self.sent.push_back(self.time);
            return;
        };
        // A lane that already has another permit may have used it unnoticed.
        if unused.get(lane).is_some() {
            self.sent.push_back(self.time);
        }
        unused.insert(lane, self.time);
    }

    /// How long a call counts.
    fn window(&self) -> Duration {
        if self.unused.is_some() { CALL_WINDOW } else { SECOND }
    }

    fn tick(&mut self, now: Instant) {
        let elapsed = now.duration_since(self.seen);
        let gap = elapsed > SECOND;
        let aged = if gap && !self.gap_before { Duration::ZERO } else { elapsed };
        if elapsed > Duration::ZERO {
            self.gap_before = gap;
        }
        self.seen = now;
        self.time += aged;
        let refill = elapsed.as_millis().saturating_mul(u64::from(self.limits.calls_per_second));
        self.milli_tokens = self.milli_tokens.saturating_add(refill).min(u64::from(self.limits.burst) * 1000);
        let window = self.window();
        while self.sent.front().is_some_and(|sent| self.time.duration_since(*sent) > window) {
            self.sent.pop_front();
        }
        if let Some(unused) = &mut self.unused {
            let time = self.time;
            unused.retain(|granted| time.duration_since(*granted) <= UNUSED_TIMEOUT);
        }
    }

    /// How long `lane` must still wait; zero if it is its turn and there is a permit.
    fn delay(&self, lane: LaneNumber, call: LimitedCall) -> Duration {
        if self.is_too_soon(call) {
            return self.earliest(call).duration_since(self.seen);
        }
        let mine = self.rank(lane);
        let before: u32 = self
            .claims
            .iter()
            .filter(|(other, claim)| !self.is_too_soon(claim.call) && self.rank(*other) < mine)
            .map(|(_, claim)| claim.call.permits())
            .sum();
        let needed = u64::from(before.saturating_add(call.permits())) * 1000;
        let refill =
            needed.saturating_sub(self.milli_tokens).div_ceil(u64::from(self.limits.calls_per_second));
        let asked = (before + call.permits()) as usize;
        let busy =
            self.sent.len() + self.reserved.len() + self.unused.as_ref().map_or(0, ByLane::len) + asked;
        let over = busy.saturating_sub(self.limits.most_in_any_second());
        let window = match over {
            0 => Duration::ZERO,
            over => self.sent.get(over - 1).map_or(Duration::from_millis(100), |sent| {
                (*sent + self.window()).duration_since(self.time) + Duration::from_millis(1)
            }),
        };
        Duration::from_millis(refill).max(window).min(SECOND)
    }

    /// Whether it must wait for the Creates before it, measured by the clock including gaps: a clock that is set
    /// forward causes at most one early Create.
    fn is_too_soon(&self, call: LimitedCall) -> bool {
        self.seen < self.earliest(call)
    }

    fn earliest(&self, call: LimitedCall) -> Instant {
        match call {
            LimitedCall::AcquireAndCreate => self.next_create,
            LimitedCall::Create => self.next_create.max(self.next_reserved),
            LimitedCall::Delete | LimitedCall::Update | LimitedCall::Query => Instant::ZERO,
        }
    }

    /// The order of claims: Deletes, then lanes that have waited longer than their share of a round, then by
    /// priority, then by position.
    fn rank(&self, lane: LaneNumber) -> Option<(u8, u64)> {
        let claim = self.claims.get(lane)?;
        let round_ms = self.claims.len() as u64 * 1000 / u64::from(self.limits.calls_per_second);
        let overdue = self.time.duration_since(claim.since).as_millis() > round_ms.max(500);
        let rank = claim.call.rank();
        Some((if overdue { rank.min(OVERDUE_RANK) } else { rank }, claim.order))
    }
}

#[cfg(test)]
mod tests;
