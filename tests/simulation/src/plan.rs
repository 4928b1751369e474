//! What a schedule is made of, all of it from one seed.

use serde_json::Value;
use steadymix_emulator::Profile;

use crate::chance::Chance;
use crate::incidents::{self, Incident};

/// A group's settings, how the service behaves, and what goes wrong when.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) config: Value,
    /// The output uids of all lanes.
    pub(crate) uids: Vec<u32>,
    pub(crate) profile: Profile,
    /// Whether somebody else shares out the rate limit.
    pub(crate) shares_quota: bool,
    /// How long things go wrong, in ms.
    pub(crate) faults_ms: u64,
    /// What goes wrong, by its time in ms since the beginning.
    pub(crate) incidents: Vec<(u64, Incident)>,
    pub(crate) mishaps: Mishaps,
    /// A second task comes under a uid that is taken.
    pub(crate) has_intruder: bool,
    pub(crate) chance: Chance,
}

/// What goes wrong by chance at every opportunity.
#[derive(Clone, Debug)]
pub(crate) struct Mishaps {
    /// The process dies in the middle of a step.
    pub(crate) crashes: bool,
    /// Snapshots cannot be persisted, or take a while.
    pub(crate) storage: bool,
    /// Answers come twice.
    pub(crate) doubles: bool,
    /// The application has no RTC token.
    pub(crate) tokens: bool,
    /// Permits get lost.
    pub(crate) permits: bool,
    /// A Create is answered with a task of another one.
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

/// So many hours pass between incidents in a soak, on average; now and then some come together.
const CALM_HOURS: u64 = 12;

impl Plan {
    /// Things go wrong all the time, for so many minutes.
    #[must_use]
    pub fn schedule(seed: u64, minutes: u64) -> Self {
        let mut plan = Self::quiet(seed, minutes * 60_000);
        let hosts_may_leave = plan.chance.percent(30);
        plan.incidents = incidents::incidents(&mut plan.chance, plan.faults_ms, &plan.uids, hosts_may_leave);
        plan
    }

    /// A broadcast in which nothing goes wrong but these incidents, for so long, in ms.
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

    /// A broadcast of so many days: something goes wrong every few hours.
    #[must_use]
    pub fn soak(seed: u64, days: u64) -> Self {
        let mut plan = Self::quiet(seed, days * 24 * 3_600_000);
        let hosts_may_leave = plan.chance.percent(30);
        let times = plan.faults_ms / (CALM_HOURS * 3_600_000);
        plan.incidents =
            incidents::scattered(&mut plan.chance, times, plan.faults_ms, &plan.uids, hosts_may_leave);
        // Mostly long intervals: looks at what runs well prove little, and take most of the time.
        let minutes = plan.chance.one(&[2, 10, 10, 60, 60, 60, 60, 60]);
        let interval: u64 = minutes * 60_000;
        plan.config["policy"]["monitorIntervalMs"] = interval.into();
        plan
    }

    fn quiet(seed: u64, faults_ms: u64) -> Self {
        let mut chance = Chance::new(seed);
        let (config, uids) = incidents::config(&mut chance);
        // A task that hangs for ever and was never named cannot be told from none by looking into the channel.
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

    /// A second task comes under a uid that is taken: what the checks must notice.
    #[must_use]
    pub fn with_intruder(mut self) -> Self {
        self.has_intruder = true;
        self
    }

    /// How many incidents it has.
    #[must_use]
    pub fn incidents(&self) -> usize {
        self.incidents.len()
    }
}
