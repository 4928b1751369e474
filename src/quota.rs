//! The rate limit of an App ID, shared by all its supervisors, and whether a plan fits it.

mod by_lane;
pub(crate) mod permits;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::by_lane::ByLane;
use crate::decode::{self, decode};
use crate::domain::Area;
use crate::durations::server::POLL_INTERVAL;
use crate::error::Invalid;
use crate::time::Millis;

const SECOND: Millis = Millis::from_secs(1);

/// For how long a Create that has its permit is held back, so that those whose Acquires are answered at once do not all
/// leave at once. Half of the 2 s within which it must follow its Acquire.
const LONGEST_HELD: Millis = SECOND;

/// The limits of an App ID. They are defaults that Agora's support can raise, so they are settings here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotaLimits {
    /// Calls a second in the long run: 1 to 10000, by default 8. With `burst` it makes the most in any one second.
    pub calls_per_second: u32,
    /// Calls that may follow each other at once: 2 to 10000, by default 2 (an Acquire and its Create).
    pub burst: u32,
    /// Peak concurrent tasks (PCW): 1 to 1000000. At most a tenth of it may be created a second.
    pub pcw: u32,
}

decode!(Camel QuotaLimits { calls_per_second or CALLS_PER_SECOND, burst or BURST, pcw; only });

const CALLS_PER_SECOND: u32 = 8;
const BURST: u32 = 2;

impl QuotaLimits {
    /// The documented defaults of an area: 10 calls in any one second; PCW 100 in mainland China, 30 elsewhere.
    #[must_use]
    pub fn for_area(area: Area) -> Self {
        let pcw = match area {
            Area::China => 100,
            Area::NorthAmerica | Area::Europe | Area::AsiaPacific => 30,
        };
        Self { calls_per_second: CALLS_PER_SECOND, burst: BURST, pcw }
    }

    /// The limits in `json` (an object of any of the fields), the area's defaults elsewhere.
    ///
    /// # Errors
    /// A field that does not exist, or a value out of its range.
    pub fn from_json(area: Area, json: &Value) -> Result<Self, Invalid> {
        let mut merged = json.clone();
        if let Value::Object(fields) = &mut merged {
            fields.entry("pcw").or_insert_with(|| Self::for_area(area).pcw.into());
        }
        let limits: Self = decode::read("quota", &merged)?;
        limits.check()?;
        Ok(limits)
    }

    /// Checks every value against its range.
    fn check(&self) -> Result<(), Invalid> {
        let ranges = [
            ("quota.callsPerSecond", self.calls_per_second, 1, 10_000),
            ("quota.burst", self.burst, 2, 10_000),
            ("quota.pcw", self.pcw, 1, 1_000_000),
        ];
        for (field, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(Invalid::new(field, value, format!("from {least} to {most}")));
            }
        }
        Ok(())
    }

    fn most_in_any_second(&self) -> usize {
        self.calls_per_second.saturating_add(self.burst) as usize
    }

    /// The time between two Creates, in ms: at most a tenth of the PCW a second.
    fn create_spacing(&self) -> Millis {
        Millis::new(10_000_u64.div_ceil(u64::from(self.pcw.max(1))))
    }
}

/// A call that wants to be made, in the order of importance: Delete, then what creates, then Query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Want {
    /// Ends a task.
    Delete,
    /// An Acquire together with its Create, which must follow within 2 s: its permit is reserved at once.
    AcquireAndCreate,
    /// A Create made again.
    Create,
    /// Changes a task.
    Update,
    /// Asks how a task is.
    Query,
}

decode!(Camel enum Want { Delete, AcquireAndCreate, Create, Update, Query });

/// Of whoever has waited longer than its share of a round: next after those who end a task.
const OVERDUE_RANK: u8 = 1;

impl Want {
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

/// The answer to a [`Want`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Make the call now; it is counted.
    Granted,
    /// Ask again at this time.
    Wait(Millis),
}

/// Who asks: the lane's number in its group.
pub type Lane = u32;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Claim {
    want: Want,
    since: Millis,
    order: u64,
}

decode!(Same Claim { want, since, order });

/// Lets through at most `callsPerSecond + burst` calls in any one second, whatever the number of lanes: a token
/// bucket, with a log of the last second so that permits reserved for later do not pile up on a burst. Delete goes
/// before Create before Query, but nobody waits much longer than (number of waiting lanes) / `callsPerSecond` seconds,
/// besides for those who end a task.
///
/// A gap of over a second between two looks at the clock may be a clock that was set forward: the log does not age by
/// it, unless the one before was as long (then it is merely a quiet time). So a burst follows, but not more calls than
/// fit the second in which the clock was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenBucket {
    limits: QuotaLimits,
    milli_tokens: u64,
    seen: Millis,
    gap_before: bool,
    /// The bucket's own time: without the gaps that the log does not age by.
    time: Millis,
    sent: VecDeque<Millis>,
    reserved: Vec<Lane>,
    claims: ByLane<Claim>,
    next_order: u64,
    /// When the next Acquire, or a Create without one, may be made.
    next_create: Millis,
    /// When the next Create may leave that has a reserved permit, if it can wait for so long.
    next_reserved: Millis,
    /// When those leave that have asked.
    departures: ByLane<Millis>,
}

decode!(Same TokenBucket {
    limits, milli_tokens, seen, gap_before, time, sent, reserved, claims, next_order, next_create,
    next_reserved or Millis::ZERO, departures or ByLane::new()
});

impl TokenBucket {
    /// A full bucket at `now`.
    #[must_use]
    pub fn new(limits: QuotaLimits, now: Millis) -> Self {
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
        }
    }

    /// Asks for a permit. Until it is granted the lane is remembered as waiting; asking more often changes nothing. A
    /// Create uses the permit that was reserved with its Acquire's, if there is one.
    #[must_use]
    pub fn ask(&mut self, now: Millis, lane: Lane, want: Want) -> Permit {
        self.tick(now);
        if want == Want::Create
            && let Ok(at) = self.reserved.binary_search(&lane)
        {
            let departure = self.departure_of(lane);
            if self.seen < departure {
                return Permit::Wait(now.plus(departure.minus(self.seen)));
            }
            self.reserved.remove(at);
            self.departures.remove(lane);
            self.sent.push_back(self.time);
            return Permit::Granted;
        }
        if self.claims.get(lane).is_none_or(|claim| claim.want != want) {
            let claim = Claim { want, since: self.time, order: self.next_order };
            self.next_order += 1;
            self.claims.insert(lane, claim);
        }
        let delay = self.delay(lane, want);
        if delay > Millis::ZERO {
            return Permit::Wait(now.plus(delay));
        }
        self.claims.remove(lane);
        self.milli_tokens -= u64::from(want.permits()) * 1000;
        self.sent.push_back(self.time);
        if want.creates() {
            self.next_create = self.seen.plus(self.limits.create_spacing());
        }
        if want == Want::Create {
            self.next_reserved = self.next_reserved.max(self.next_create);
        }
        if want == Want::AcquireAndCreate {
            // When its last Create was to leave says nothing of the next one.
            self.departures.remove(lane);
            if let Err(at) = self.reserved.binary_search(&lane) {
                self.reserved.insert(at, lane);
            }
        }
        Permit::Granted
    }

    /// The lane wants nothing (any more): its claim and its reserved permit are given up.
    pub fn withdraw(&mut self, lane: Lane) {
        self.claims.remove(lane);
        self.reserved.retain(|reserved| *reserved != lane);
        self.departures.remove(lane);
    }

    /// When the lane's Create leaves that has a reserved permit: in its turn, or at once if that were too late for it.
    fn departure_of(&mut self, lane: Lane) -> Millis {
        if let Some(at) = self.departures.get(lane) {
            return *at;
        }
        let in_turn = self.next_reserved.max(self.seen);
        let at = if in_turn.minus(self.seen) > LONGEST_HELD { self.seen } else { in_turn };
        self.next_reserved = in_turn.max(at.plus(self.limits.create_spacing()));
        self.departures.insert(lane, at);
        at
    }

    /// What the lane keeps others from: the place of its claim in the queue, and whether a permit is reserved for it.
    pub(crate) fn held_by(&self, lane: Lane) -> (Option<u64>, bool) {
        (self.claims.get(lane).map(|claim| claim.order), self.reserved.binary_search(&lane).is_ok())
    }

    fn tick(&mut self, now: Millis) {
        let elapsed = now.minus(self.seen);
        let gap = elapsed > SECOND;
        let aged = if gap && !self.gap_before { Millis::ZERO } else { elapsed };
        if elapsed > Millis::ZERO {
            self.gap_before = gap;
        }
        self.seen = self.seen.max(now);
        self.time = self.time.plus(aged);
        let refill = elapsed.as_u64().saturating_mul(u64::from(self.limits.calls_per_second));
        self.milli_tokens = self.milli_tokens.saturating_add(refill).min(u64::from(self.limits.burst) * 1000);
        while self.sent.front().is_some_and(|sent| self.time.minus(*sent) > SECOND) {
            self.sent.pop_front();
        }
    }

    /// How long `lane` must still wait; zero when it is its turn and there is a permit.
    fn delay(&self, lane: Lane, want: Want) -> Millis {
        if self.is_too_soon(want) {
            return self.earliest(want).minus(self.seen);
        }
        let mine = self.rank(lane);
        let before: u32 = self
            .claims
            .iter()
            .filter(|(other, claim)| !self.is_too_soon(claim.want) && self.rank(*other) < mine)
            .map(|(_, claim)| claim.want.permits())
            .sum();
        let needed = u64::from(before.saturating_add(want.permits())) * 1000;
        let refill =
            needed.saturating_sub(self.milli_tokens).div_ceil(u64::from(self.limits.calls_per_second));
        let busy = self.sent.len() + self.reserved.len() + (before + want.permits()) as usize;
        let over = busy.saturating_sub(self.limits.most_in_any_second());
        let window = match over {
            0 => Millis::ZERO,
            over => self
                .sent
                .get(over - 1)
                .map_or(Millis::new(100), |sent| sent.plus(SECOND).minus(self.time).plus(Millis::new(1))),
        };
        Millis::new(refill).max(window).min(SECOND)
    }

    /// Whether it has to wait for the Creates before it. By the clock, gaps and all: one that is set forward costs no more
    /// than one Create that comes too soon.
    fn is_too_soon(&self, want: Want) -> bool {
        self.seen < self.earliest(want)
    }

    fn earliest(&self, want: Want) -> Millis {
        match want {
            Want::AcquireAndCreate => self.next_create,
            Want::Create => self.next_create.max(self.next_reserved),
            Want::Delete | Want::Update | Want::Query => Millis::ZERO,
        }
    }

    /// Who comes first: whoever ends a task, then whoever has waited longer than its share of a round, then by
    /// importance, then by order.
    fn rank(&self, lane: Lane) -> Option<(u8, u64)> {
        let claim = self.claims.get(lane)?;
        let round_ms = self.claims.len() as u64 * 1000 / u64::from(self.limits.calls_per_second);
        let overdue = self.time.minus(claim.since).as_u64() > round_ms.max(500);
        let rank = claim.want.rank();
        Some((if overdue { rank.min(OVERDUE_RANK) } else { rank }, claim.order))
    }
}

/// The size of a task's output, by which the service counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OutputSize {
    /// At most 640 × 360.
    Sd,
    /// At most 1280 × 720.
    Hd,
    /// At most 1920 × 1080.
    Fhd,
}

/// The PCW that the current reference documents for an area and an output size, before support raises it. (The
/// older guide, whose figures are [`QuotaLimits::for_area`], documents higher ones for all sizes together.)
#[must_use]
pub fn documented_pcw(area: Area, size: OutputSize) -> u32 {
    match (area, size) {
        (Area::NorthAmerica | Area::Europe, OutputSize::Sd) => 10,
        (Area::NorthAmerica | Area::Europe, OutputSize::Hd) => 5,
        (Area::NorthAmerica | Area::Europe, OutputSize::Fhd) => 2,
        (Area::China | Area::AsiaPacific, OutputSize::Sd) => 20,
        (Area::China | Area::AsiaPacific, OutputSize::Hd) => 10,
        (Area::China, OutputSize::Fhd) => 5,
        (Area::AsiaPacific, OutputSize::Fhd) => 3,
    }
}

/// What a plan needs of an App ID's quota.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QuotaEstimate {
    /// Calls a second for monitoring alone.
    pub queries_per_second: f64,
    /// Seconds that it takes to launch all tasks one after the other, as the limits allow: Acquire, Create and the
    /// first Query of each.
    pub launch_all_seconds: f64,
    /// The most tasks that these limits carry at this interval.
    pub most_tasks: u32,
    /// Whether the plan fits.
    pub fits: bool,
    /// One sentence that says why it fits or does not, and what to change.
    pub verdict: String,
}

/// Estimates what `tasks` tasks need, each asked for every `poll_interval` (ms). A third of the rate is kept for
/// launches, deletions and repeated calls.
///
/// # Errors
/// No task at all, or an interval under 1 s or over 24 h.
pub fn estimate(tasks: u32, poll_interval: Millis, limits: &QuotaLimits) -> Result<QuotaEstimate, Invalid> {
    if tasks == 0 {
        return Err(Invalid::new("tasks", tasks, "1 or more"));
    }
    POLL_INTERVAL.check(poll_interval)?;
    let interval_s = poll_interval.as_u64() as f64 / 1000.0;
    let rate = f64::from(limits.calls_per_second);
    let for_queries = rate * 2.0 / 3.0;
    let queries_per_second = f64::from(tasks) / interval_s;
    let creates_per_second = f64::from(limits.pcw) / 10.0;
    let launch_all_seconds = f64::from(tasks) / creates_per_second.min(rate / 3.0);
    let by_rate = (for_queries * interval_s).floor() as u32;
    let most_tasks = by_rate.min(limits.pcw);
    let verdict = if tasks > limits.pcw {
        format!(
            "Does not fit: {tasks} tasks at once, but the PCW is {}. Ask support to raise it.",
            limits.pcw
        )
    } else if tasks > by_rate {
        let needed = (f64::from(tasks) / for_queries).ceil() as u64;
        format!(
            "Does not fit: asking {tasks} tasks every {} s takes {} calls a second, but {} of {} may go to that. Ask \
             every {needed} s, or have the rate raised.",
            tenths(interval_s),
            tenths(queries_per_second),
            tenths(for_queries),
            limits.calls_per_second
        )
    } else {
        format!(
            "Fits: asking {tasks} tasks every {} s takes {} of {} calls a second; launching all of them takes {} s.",
            tenths(interval_s),
            tenths(queries_per_second),
            limits.calls_per_second,
            launch_all_seconds.round() as u64
        )
    };
    Ok(QuotaEstimate {
        queries_per_second,
        launch_all_seconds,
        most_tasks,
        fits: tasks <= most_tasks,
        verdict,
    })
}

/// A number as people read it, with a digit after the point if that is no zero. (What Rust writes decimals
/// with is large, and nothing else in the WebAssembly module needs it.)
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn tenths(number: f64) -> String {
    match (number * 10.0).round() as u64 {
        tenths if tenths % 10 == 0 => (tenths / 10).to_string(),
        tenths => format!("{}.{}", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests;
