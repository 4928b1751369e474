//! The rate limit of an App ID, shared by all its supervisors, and whether a plan fits it.

mod by_lane;
pub(crate) mod permits;

use std::collections::VecDeque;

use macro_rules_attribute::apply;

use self::by_lane::ByLane;
use crate::document::{self, Document, FieldWriter, Json, Writer, Wrong, document};
use crate::domain::Area;
use crate::durations::server::POLL_INTERVAL;
use crate::error::Invalid;
use crate::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// How long a call counts where it is known when calls leave: longer than a second, by as much as the way to the service may
/// vary from call to call, so that the service counts no more of them in one.
pub(crate) const COUNTS_FOR: Duration = Duration::from_millis(1_100);

/// A permit whose use was not reported for so long is taken for one that nobody used.
const UNUSED_FOR: Duration = Duration::from_secs(5);

/// For how long a Create that has its permit is held back, so that those whose Acquires are answered at once do not all
/// leave at once. Half of the 2 s within which it must follow its Acquire.
const LONGEST_HELD: Duration = SECOND;

/// The limits of an App ID.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaLimits {
    /// Steady calls a second. Together with `burst` the most in any one second.
    pub calls_per_second: u32,
    /// Calls at once after a quiet time.
    pub burst: u32,
    /// Peak concurrent tasks (PCW), of the largest output size that is used. At most a tenth of it is created a second.
    pub pcw: u32,
}

const CALLS_PER_SECOND: u32 = 8;
const BURST: u32 = 2;
/// So many tasks at once allow one request a second.
const PCW_PER_CALL: u32 = 10;

impl QuotaLimits {
    /// The documented defaults: 10 calls in any one second, and the PCW of this area and size.
    #[must_use]
    pub fn documented(area: Area, size: OutputSize) -> Self {
        Self { calls_per_second: CALLS_PER_SECOND, burst: BURST, pcw: documented_pcw(area, size) }
    }

    /// The limits in `json` (JSON text: an object of any of the fields), the documented ones elsewhere. A PCW that is given
    /// gives the rate too, where that is not given and a tenth of the PCW is less than the default: the service says that no
    /// more requests a second are allowed, and not whether that holds for Query.
    ///
    /// # Errors
    /// A field that does not exist, or a value out of its range.
    pub fn from_json(area: Area, size: OutputSize, json: &str) -> Result<Self, Invalid> {
        document::read::<GivenLimits>("quota", json)?.limits(area, size)
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

    pub(crate) fn most_in_any_second(&self) -> usize {
        self.calls_per_second.saturating_add(self.burst) as usize
    }

    /// The time between two Creates, in ms: at most a tenth of the PCW a second.
    fn create_spacing(&self) -> Duration {
        Duration::from_millis(u64::from(PCW_PER_CALL * 1000).div_ceil(u64::from(self.pcw.max(1))))
    }
}

/// An App ID's limits, where they differ from the documented ones: Agora's support can raise them.
#[apply(document)]
#[json(camel, unknown = refused)]
#[derive(Clone, Debug, Default)]
pub(crate) struct GivenLimits {
    /// Steady calls a second: 1 to 10000, default 8; services are known to refuse before their nominal 10. With a `pcw` under
    /// 80 the default is a tenth of it, but at least 1: the service allows no more requests than that, and does not say whether
    /// it counts Query. Together with `burst` the most in any one second.
    calls_per_second: Option<u32>,
    /// Calls at once after a quiet time: 2 to 10000, default 2 (an Acquire and its Create).
    burst: Option<u32>,
    /// Peak concurrent tasks, of the largest output size that is used: 1 to 1000000. Default that of a new project: in North
    /// America and Europe 10 SD (up to 640×360 pixels), 5 HD (1280×720) or 2 FHD (1920×1080); in Asia Pacific 20, 10 or 3; in
    /// mainland China 20, 10 or 5. At most a tenth of it is created a second.
    pcw: Option<u32>,
}

impl GivenLimits {
    /// See [`QuotaLimits::from_json`].
    pub(crate) fn limits(&self, area: Area, size: OutputSize) -> Result<QuotaLimits, Invalid> {
        let documented = QuotaLimits::documented(area, size);
        let rate = self.pcw.map(|pcw| (pcw / PCW_PER_CALL).clamp(1, CALLS_PER_SECOND));
        let limits = QuotaLimits {
            calls_per_second: self.calls_per_second.or(rate).unwrap_or(documented.calls_per_second),
            burst: self.burst.unwrap_or(documented.burst),
            pcw: self.pcw.unwrap_or(documented.pcw),
        };
        limits.check()?;
        Ok(limits)
    }
}

/// A call that needs a permit of the rate limit, in the order of importance.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Want {
    /// Ends a task.
    Delete,
    /// An Acquire together with its Create, which must follow within 2 s: that one's permit is reserved at once.
    AcquireAndCreate,
    /// A Create made again.
    Create,
    /// Changes a task.
    Update,
    /// Asks how a task is.
    Query,
}

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
    Wait(Instant),
}

/// Who asks: the lane's number in its group.
pub type Lane = u32;

#[apply(document)]
#[json(same)]
#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    want: Want,
    since: Instant,
    order: u64,
}

/// Lets through at most `callsPerSecond + burst` calls in any one second, whatever the number of lanes: a token
/// bucket, with a log of the last second so that permits reserved for later do not pile up on a burst. Delete goes
/// before Create before Query, but nobody waits much longer than (number of waiting lanes) / `callsPerSecond` seconds,
/// besides for those who end a task.
///
/// A gap of over a second between two looks at the clock may be a clock that was set forward: the log does not age by
/// it, unless the one before was as long (then it is merely a quiet time). So a burst follows, but not more calls than
/// fit the second in which the clock was set.
#[apply(document)]
#[json(same, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    limits: QuotaLimits,
    milli_tokens: u64,
    seen: Instant,
    gap_before: bool,
    /// The bucket's own time: without the gaps that the log does not age by.
    time: Instant,
    sent: VecDeque<Instant>,
    reserved: Vec<Lane>,
    claims: ByLane<Claim>,
    next_order: u64,
    /// When the next Acquire, or a Create without one, may be made.
    next_create: Instant,
    /// When the next Create may leave that has a reserved permit, if it can wait for so long.
    next_reserved: Instant,
    /// When those leave that have asked.
    departures: ByLane<Instant>,
    /// If [`TokenBucket::used`] is called when a call leaves: when the lanes got their permits whose calls have not left yet.
    unused: Option<ByLane<Instant>>,
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

    /// The same for whoever calls [`TokenBucket::used`] when a call leaves: until then its permit counts as one that may be
    /// used at any moment, so calls that leave late do not bunch up. Without it a call counts from when it got its permit.
    #[must_use]
    pub fn that_is_told_of_use(self) -> Self {
        Self { unused: Some(ByLane::new()), ..self }
    }

    /// The call of this lane that has a permit leaves now.
    pub fn used(&mut self, now: Instant, lane: Lane) {
        self.tick(now);
        if let Some(unused) = self.unused.as_mut().filter(|unused| unused.get(lane).is_some()) {
            unused.remove(lane);
            self.sent.push_back(self.time);
        }
    }

    /// Asks for a permit. Until it is granted the lane is remembered as waiting; asking more often changes nothing. A
    /// Create uses the permit that was reserved with its Acquire's, if there is one.
    #[must_use]
    pub fn ask(&mut self, now: Instant, lane: Lane, want: Want) -> Permit {
        self.tick(now);
        if want == Want::Create
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
        if self.claims.get(lane).is_none_or(|claim| claim.want != want) {
            let claim = Claim { want, since: self.time, order: self.next_order };
            self.next_order += 1;
            self.claims.insert(lane, claim);
        }
        let delay = self.delay(lane, want);
        if delay > Duration::ZERO {
            return Permit::Wait(now + delay);
        }
        self.claims.remove(lane);
        self.milli_tokens -= u64::from(want.permits()) * 1000;
        self.grant(lane);
        if want.creates() {
            self.next_create = self.seen + self.limits.create_spacing();
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
    fn departure_of(&mut self, lane: Lane) -> Instant {
        if let Some(at) = self.departures.get(lane) {
            return *at;
        }
        let in_turn = self.next_reserved.max(self.seen);
        let at = if in_turn.duration_since(self.seen) > LONGEST_HELD { self.seen } else { in_turn };
        self.next_reserved = in_turn.max(at + self.limits.create_spacing());
        self.departures.insert(lane, at);
        at
    }

    /// What the lane keeps others from: the place of its claim in the queue, and whether a permit is reserved for it.
    pub(crate) fn held_by(&self, lane: Lane) -> (Option<u64>, bool) {
        (self.claims.get(lane).map(|claim| claim.order), self.reserved.binary_search(&lane).is_ok())
    }

    fn grant(&mut self, lane: Lane) {
        let Some(unused) = &mut self.unused else {
            self.sent.push_back(self.time);
            return;
        };
        // Whoever has another one already may have used that unnoticed.
        if unused.get(lane).is_some() {
            self.sent.push_back(self.time);
        }
        unused.insert(lane, self.time);
    }

    /// For how long a call counts.
    fn window(&self) -> Duration {
        if self.unused.is_some() { COUNTS_FOR } else { SECOND }
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
            unused.retain(|granted| time.duration_since(*granted) <= UNUSED_FOR);
        }
    }

    /// How long `lane` must still wait; zero when it is its turn and there is a permit.
    fn delay(&self, lane: Lane, want: Want) -> Duration {
        if self.is_too_soon(want) {
            return self.earliest(want).duration_since(self.seen);
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
        let asked = (before + want.permits()) as usize;
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

    /// Whether it has to wait for the Creates before it. By the clock, gaps and all: one that is set forward costs no more
    /// than one Create that comes too soon.
    fn is_too_soon(&self, want: Want) -> bool {
        self.seen < self.earliest(want)
    }

    fn earliest(&self, want: Want) -> Instant {
        match want {
            Want::AcquireAndCreate => self.next_create,
            Want::Create => self.next_create.max(self.next_reserved),
            Want::Delete | Want::Update | Want::Query => Instant::ZERO,
        }
    }

    /// Who comes first: whoever ends a task, then whoever has waited longer than its share of a round, then by
    /// importance, then by order.
    fn rank(&self, lane: Lane) -> Option<(u8, u64)> {
        let claim = self.claims.get(lane)?;
        let round_ms = self.claims.len() as u64 * 1000 / u64::from(self.limits.calls_per_second);
        let overdue = self.time.duration_since(claim.since).as_millis() > round_ms.max(500);
        let rank = claim.want.rank();
        Some((if overdue { rank.min(OVERDUE_RANK) } else { rank }, claim.order))
    }
}

/// The size of a task's output, by which the service counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutputSize {
    /// At most 640 × 360.
    Sd,
    /// At most 1280 × 720.
    Hd,
    /// At most 1920 × 1080.
    Fhd,
}

/// The sizes, from the smallest on.
const NAMES: [&str; 3] = ["SD", "HD", "FHD"];

impl OutputSize {
    /// All of them, the smallest first.
    pub const ALL: [Self; 3] = [Self::Sd, Self::Hd, Self::Fhd];

    /// The size of a picture of so many pixels a side, whichever is the longer one.
    #[must_use]
    pub fn of(width: i64, height: i64) -> Self {
        match width.saturating_mul(height) {
            ..=230_400 => Self::Sd,
            230_401..=921_600 => Self::Hd,
            921_601.. => Self::Fhd,
        }
    }
}

/// How many tasks of each output size there are at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TasksBySize([u32; 3]);

impl Document for TasksBySize {
    fn blank() -> Self {
        Self::default()
    }

    #[cfg(test)]
    fn typescript() -> String {
        format!("number | {{ {} }}", NAMES.map(|size| format!("{size}?: number")).join("; "))
    }

    /// A number, which is of HD outputs, or `{ SD?, HD?, FHD? }`.
    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        if json.is_number() {
            *self = Self::of(OutputSize::Hd, json.value()?);
            return Ok(());
        }
        let mut fields = json.fields()?;
        for (name, tasks) in NAMES.into_iter().zip(&mut self.0) {
            fields.optional(name, tasks);
        }
        fields.finish_without_others()
    }

    fn write(&self, out: &mut dyn Writer) {
        out.object(self);
    }

    fn write_fields(&self, out: &mut dyn FieldWriter) {
        for (name, tasks) in NAMES.into_iter().zip(&self.0) {
            out.field(name, tasks);
        }
    }
}

impl TasksBySize {
    /// So many tasks of one size.
    #[must_use]
    pub fn of(size: OutputSize, tasks: u32) -> Self {
        Self(OutputSize::ALL.map(|other| if other == size { tasks } else { 0 }))
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.0.iter().fold(0, |sum, tasks| sum.saturating_add(*tasks))
    }

    /// The largest size that there is.
    #[must_use]
    pub fn largest(&self) -> OutputSize {
        let [_, hd, fhd] = self.0;
        match (hd, fhd) {
            (0, 0) => OutputSize::Sd,
            (_, 0) => OutputSize::Hd,
            (_, _) => OutputSize::Fhd,
        }
    }
}

/// The PCW that the reference documents for an area and an output size, before support raises it.
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
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq)]
pub struct QuotaEstimate {
    /// Calls a second for monitoring alone.
    pub queries_per_second: f64,
    /// How many seconds it takes to launch all tasks one after the other, as the limits allow: Acquire, Create and the first Query of
    /// each.
    pub launch_all_seconds: f64,
    /// The most tasks that these limits carry at this interval.
    pub most_tasks: u32,
    /// Whether the plan fits.
    pub fits: bool,
    /// One sentence that says why it fits or does not, and what to change.
    pub verdict: String,
}

/// A plan whose need of quota is estimated.
#[apply(document)]
#[json(camel, unknown = refused)]
#[derive(Clone, Debug)]
pub struct QuotaPlan {
    /// Tasks at the same time, by the size of their outputs: 1 or more. A number is that of HD outputs.
    tasks: TasksBySize,
    /// How often each is asked for.
    poll_interval_ms: Option<Duration>,
    /// Default `north-america`.
    #[json(or = Area::default())]
    area: Area,
    /// Limits that differ from the area's documented ones; `pcw` is that of each size.
    quota: Option<GivenLimits>,
}

impl QuotaPlan {
    /// Reads a plan, which is JSON text.
    ///
    /// # Errors
    /// A field that does not exist, or of the wrong type.
    pub fn from_json(json: &str) -> Result<Self, Invalid> {
        document::read("plan", json)
    }

    /// What it needs.
    ///
    /// # Errors
    /// No task at all, or a value out of its range.
    pub fn estimate(&self) -> Result<QuotaEstimate, Invalid> {
        let given = self.quota.clone().unwrap_or_default();
        let pcw_of = |size| given.pcw.unwrap_or(documented_pcw(self.area, size));
        let interval = self.poll_interval_ms.unwrap_or(POLL_INTERVAL.default());
        given
            .limits(self.area, self.tasks.largest())
            .and_then(|limits| estimate(self.tasks, interval, &limits, OutputSize::ALL.map(pcw_of)))
            .map_err(|invalid| invalid.within("plan"))
    }
}

/// Estimates what these tasks need, each asked for every `poll_interval` (ms). A third of the rate is kept for launches,
/// deletions and repeated calls. `pcw` is that of SD, HD and FHD: no size may exceed its own, nor all together the largest.
///
/// # Errors
/// No task at all, or an interval out of its range.
fn estimate(
    tasks: TasksBySize,
    poll_interval: Duration,
    limits: &QuotaLimits,
    pcw: [u32; 3],
) -> Result<QuotaEstimate, Invalid> {
    let total = tasks.total();
    if total == 0 {
        return Err(Invalid::new("tasks", total, "1 or more"));
    }
    POLL_INTERVAL.check(poll_interval)?;
    let interval_s = poll_interval.as_millis() as f64 / 1000.0;
    let rate = f64::from(limits.calls_per_second);
    let for_queries = rate * 2.0 / 3.0;
    let queries_per_second = f64::from(total) / interval_s;
    let creates_per_second = f64::from(limits.pcw) / f64::from(PCW_PER_CALL);
    let launch_all_seconds = f64::from(total) / creates_per_second.min(rate / 3.0);
    let by_rate = (for_queries * interval_s).floor() as u32;
    let largest = pcw.into_iter().max().unwrap_or_default();
    let sizes = || NAMES.into_iter().zip(tasks.0).zip(pcw).map(|((name, tasks), pcw)| (name, tasks, pcw));
    let too_many = sizes().find(|(_, tasks, pcw)| tasks > pcw);
    let all_sizes = sizes().find(|(_, tasks, _)| *tasks == total).map_or(largest, |(_, _, pcw)| pcw);
    let mut verdict = if let Some((size, tasks, pcw)) = too_many {
        format!(
            "Does not fit: {tasks} tasks at once of {size} outputs, but their PCW is {pcw}. Ask support to raise it."
        )
    } else if total > largest {
        format!(
            "Does not fit: {total} tasks at once, but all sizes together may have {largest}, the largest PCW of one. Ask \
             support to raise it."
        )
    } else if total > by_rate {
        let needed = (f64::from(total) / for_queries).ceil() as u64;
        format!(
            "Does not fit: asking {total} tasks every {} s takes {} calls a second, but {} of {} may go to that. Ask \
             every {needed} s, or have the rate raised.",
            tenths(interval_s),
            tenths(queries_per_second),
            tenths(for_queries),
            limits.calls_per_second
        )
    } else {
        format!(
            "Fits: asking {total} tasks every {} s takes {} of {} calls a second; launching all of them takes {} s.",
            tenths(interval_s),
            tenths(queries_per_second),
            limits.calls_per_second,
            launch_all_seconds.round() as u64
        )
    };
    if rate > creates_per_second {
        verdict.push_str(&format!(
            " If the service counts every call against 10 % of the PCW, only {} a second are allowed: lower \
             callsPerSecond should it answer 429.",
            tenths(creates_per_second)
        ));
    }
    let most_tasks = by_rate.min(all_sizes);
    let fits = too_many.is_none() && total <= largest.min(by_rate);
    Ok(QuotaEstimate { queries_per_second, launch_all_seconds, most_tasks, fits, verdict })
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
