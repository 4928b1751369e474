//! Whether a plan fits the limits of an App ID.

use macro_rules_attribute::apply;

use super::limits::{GivenLimits, OutputSize, PCW_PER_CALL, QuotaLimits, documented_pcw};
use crate::document::{self, Document, FieldWriter, Json, Writer, Wrong, document};
use crate::domain::Area;
use crate::durations::server::POLL_INTERVAL;
use crate::error::Invalid;
use crate::time::Duration;

/// The sizes, smallest first.
const NAMES: [&str; 3] = ["SD", "HD", "FHD"];

/// The numbers of concurrent tasks by output size.
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

    /// A number of HD outputs, or `{ SD?, HD?, FHD? }`.
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
    /// This many tasks of one size.
    #[must_use]
    pub fn of(size: OutputSize, tasks: u32) -> Self {
        Self(OutputSize::ALL.map(|other| if other == size { tasks } else { 0 }))
    }

    /// The total.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.0.iter().fold(0, |sum, tasks| sum.saturating_add(*tasks))
    }

    /// The largest size in use.
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

/// The quota that a plan needs.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq)]
pub struct QuotaEstimate {
    /// Calls per second for monitoring alone.
    pub queries_per_second: f64,
    /// The time to launch all tasks within the limits, in s: Acquire, Create and the first Query of each.
    pub launch_all_seconds: f64,
    /// The maximum number of tasks within these limits at this interval.
    pub max_tasks: u32,
    /// Whether the plan fits.
    pub fits: bool,
    /// One sentence that says why the plan fits or not, and what to change.
    pub verdict: String,
}

/// A plan whose quota is to be estimated.
#[apply(document)]
#[json(camel, unknown = refused)]
#[derive(Clone, Debug)]
pub struct QuotaEstimateOptions {
    /// Concurrent tasks by output size: 1 or more. A number means HD outputs.
    tasks: TasksBySize,
    /// The interval between Queries of a task.
    poll_interval_ms: Option<Duration>,
    /// The area of the App ID's tasks. Default `north-america`.
    #[json(or = Area::default())]
    area: Area,
    /// Limits that differ from the area's documented ones; `pcw` applies to each size.
    quota: Option<GivenLimits>,
}

impl QuotaEstimateOptions {
    /// Parses a plan from JSON text.
    ///
    /// # Errors
    /// An unknown field, or one of the wrong type.
    pub fn from_json(json: &str) -> Result<Self, Invalid> {
        document::read("options", json)
    }

    /// Estimates the quota.
    ///
    /// ```
    /// use steadymix::quota::QuotaEstimateOptions;
    ///
    /// let plan = QuotaEstimateOptions::from_json(r#"{ "tasks": { "HD": 6 }, "area": "north-america" }"#).unwrap();
    /// let estimate = plan.estimate().unwrap();
    /// assert!(!estimate.fits, "{}", estimate.verdict); // a new project may run 5 HD tasks at once there
    /// ```
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
            .map_err(|invalid| invalid.within("options"))
    }
}

/// Estimates the quota of these tasks, each queried every `poll_interval`. A third of the rate is kept for launches,
/// deletions and retries. `pcw` holds the limits of SD, HD and FHD: no size may exceed its own, and the total may not
/// exceed the largest.
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
            "Does not fit: {total} tasks at once, but all sizes together may have {largest}: the largest PCW of a single size. Ask \
             support to raise it."
        )
    } else if total > by_rate {
        let needed = (f64::from(total) / for_queries).ceil() as u64;
        format!(
            "Does not fit: querying {total} tasks every {} s takes {} calls per second, but only {} of {} are for Queries. Query \
             them every {needed} s, or ask support to raise the rate.",
            tenths(interval_s),
            tenths(queries_per_second),
            tenths(for_queries),
            limits.calls_per_second
        )
    } else {
        format!(
            "Fits: querying {total} tasks every {} s takes {} of {} calls per second; launching all of them takes {} s.",
            tenths(interval_s),
            tenths(queries_per_second),
            limits.calls_per_second,
            launch_all_seconds.round() as u64
        )
    };
    if rate > creates_per_second {
        verdict.push_str(&format!(
            " If the service counts every call against 10 % of the PCW, only {} per second are allowed: lower \
             callsPerSecond if it answers 429.",
            tenths(creates_per_second)
        ));
    }
    let max_tasks = by_rate.min(all_sizes);
    let fits = too_many.is_none() && total <= largest.min(by_rate);
    Ok(QuotaEstimate { queries_per_second, launch_all_seconds, max_tasks, fits, verdict })
}

/// Formats a number with one decimal unless that is zero. Rust's formatting of fractions is large, and nothing else
/// in the WebAssembly needs it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn tenths(number: f64) -> String {
    match (number * 10.0).round() as u64 {
        tenths if tenths % 10 == 0 => (tenths / 10).to_string(),
        tenths => format!("{}.{}", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests;
