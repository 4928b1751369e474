//! The plan of a schedule, derived from one seed.

use serde_json::Value;
use steadymix_emulator::Profile;

use crate::chance::Chance;
use crate::incidents::{self, Incident};

/// A group's settings, the service's behaviour, and the incidents.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) config: Value,
    /// The output uids of all lanes.
    pub(crate) uids: Vec<u32>,
    pub(crate) profile: Profile,
    /// Whether processes share the rate limit.
    pub(crate) shares_quota: bool,
    /// How long faults continue, in ms.
    pub(crate) faults_ms: u64,
    /// Incidents by their time in ms since the beginning.
    pub(crate) incidents: Vec<(u64, Incident)>,
    pub(crate) mishaps: Mishaps,
    /// Another process starts two tasks under one uid: a violation that the checks must find.
    pub(crate) has_intruder: bool,
    pub(crate) chance: Chance,
}

/// Random faults that can occur at every step.
#[derive(Clone, Debug)]
pub(crate) struct Mishaps {
    /// The process dies during a step.
    pub(crate) crashes: bool,
    /// Snapshots cannot be persisted, or slowly.
    pub(crate) storage: bool,
    /// Answers arrive twice.
    pub(crate) doubles: bool,
    /// The application has no RTC token.
    pub(crate) tokens: bool,
    /// Permits get lost.
    pub(crate) permits: bool,
    /// A Create is answered with the task of another one.
    pub(crate) misnames: bool,
}

impl Mishaps {
    const ALL: Self =
        Self { crashes: true, storage: true, doubles: true, tokens: true, permits: true, misnames: true };
    const NONE: Self = Self {
        crashes: false,
        storage: false,
        doubles: false,
        tokens: false,
        permits: false,
        misnames: false,
    };
}

/// The average time between incidents in a soak, in hours. Some incidents come close together.
const INCIDENT_INTERVAL_HOURS: u64 = 12;

impl Plan {
    /// A schedule with this many minutes of frequent faults.
    #[must_use]
    pub fn schedule(seed: u64, minutes: u64) -> Self {
        let mut plan = Self::quiet(seed, minutes * 60_000);
        let hosts_may_leave = plan.chance.percent(30);
        plan.incidents = incidents::incidents(&mut plan.chance, plan.faults_ms, &plan.uids, hosts_may_leave);
        plan
    }

    /// A broadcast with these incidents and no other faults.
    pub(crate) fn calm(
        seed: u64,
        (config, uids): (Value, Vec<u32>),
        profile: Profile,
        faults_ms: u64,
        incidents: Vec<(u64, Incident)>,
    ) -> Self {
        Self {
            config,
            uids,
            profile,
            shares_quota: false,
            faults_ms,
            incidents,
            mishaps: Mishaps::NONE,
            has_intruder: false,
            chance: Chance::new(seed),
        }
    }

    /// A broadcast of this many days, with a fault every few hours.
    #[must_use]
    pub fn soak(seed: u64, days: u64) -> Self {
        let mut plan = Self::quiet(seed, days * 24 * 3_600_000);
        let hosts_may_leave = plan.chance.percent(30);
        let times = plan.faults_ms / (INCIDENT_INTERVAL_HOURS * 3_600_000);
        plan.incidents =
            incidents::scattered(&mut plan.chance, times, plan.faults_ms, &plan.uids, hosts_may_leave);
        // Mostly long intervals: Queries of healthy tasks prove little and take most of the run time.
        let minutes = plan.chance.one(&[2, 10, 10, 60, 60, 60, 60, 60]);
        let interval: u64 = minutes * 60_000;
        plan.config["policy"]["monitorIntervalMs"] = interval.into();
        plan
    }

    fn quiet(seed: u64, faults_ms: u64) -> Self {
        let mut chance = Chance::new(seed);
        let (config, uids) = incidents::config(&mut chance);
        // A presence check cannot distinguish a task that never starts from no task.
        let may_hang = config["presence"] == "never" && chance.percent(30);
        let profile = incidents::profile(&mut chance, may_hang);
        let shares_quota = chance.percent(30);
        Self {
            config,
            uids,
            profile,
            shares_quota,
            faults_ms,
            incidents: Vec::new(),
            mishaps: Mishaps::ALL,
            has_intruder: false,
            chance,
        }
    }

    /// Starts two tasks under one uid: a violation that the checks must find.
    #[must_use]
    pub fn with_intruder(mut self) -> Self {
        self.has_intruder = true;
        self
    }

    /// The number of incidents.
    #[must_use]
    pub fn incidents(&self) -> usize {
        self.incidents.len()
    }
}
