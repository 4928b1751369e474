//! The settings of a supervisor, checked once and early.

use std::sync::Arc;

use macro_rules_attribute::apply;

use super::payload::PayloadRevisions;
use crate::document::{self, JsonText, document};
#[cfg(test)]
use crate::document::{between, items};
use crate::domain::{Area, DomainFailover};
use crate::durations::server::DOMAIN_COOLDOWN;
use crate::error::{Invalid, quoted};
use crate::instance_id;
use crate::policy::RetryPolicy;
use crate::quota::{GivenLimits, OutputSize, QuotaLimits};
use crate::task::{Services, TaskWarning, transcoder_path};
use crate::time::{Duration, MAX_SAFE_INTEGER};
use crate::uid::{Uid, UidRing};

/// When an ended task is relaunched.
#[apply(document)]
#[json(kebab, serde = both)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Restart {
    /// Unless it ended normally: it went idle, or another client deleted it.
    #[json(default)]
    OnFailure,
    /// However it ended.
    Always,
    /// Never. A task that has stopped running gets `migrationGraceMs` to recover, and is then deleted.
    Never,
}

/// What to do when the service reports that a task exited unexpectedly: it may migrate the task within about 90 s.
#[apply(document)]
#[json(kebab, serde = both)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Migration {
    /// Launch under another uid at once.
    #[json(default)]
    Relaunch,
    /// Wait for the migration, up to `migrationGraceMs`.
    Wait,
}

/// What to do with a new payload that an Update cannot give to a running task.
#[apply(document)]
#[json(kebab, serde = both)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rollout {
    /// Launch a new task with it under another uid, and delete the old one once the new one runs: one lane after the
    /// other.
    #[json(default)]
    Relaunch,
    /// Refuse the payload.
    Refuse,
}

/// When to check presence in the output channel.
#[apply(document)]
#[json(kebab, serde = both)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// Only while a create's outcome is unknown.
    #[json(default)]
    WhenUnknown,
    /// Also while a task runs, as a second source.
    Always,
    /// Never.
    Never,
}

/// The settings that supervisors and groups have in common.
#[apply(document)]
#[json(camel)]
pub(crate) struct CommonOptions {
    /// The App ID of the project.
    app_id: String,
    /// The prefix of all instanceIds: 1 to 53 (in a group 50) of `A-Z a-z 0-9 - _`.
    pub(crate) instance_id: String,
    /// The payload: `services` of Acquire and Create.
    #[typed("Services")]
    services: JsonText,
    /// The area whose domains are called. Default `north-america`.
    #[json(or = Area::default())]
    area: Area,
    /// The region of the broadcast; its neighbour is called when the area's other domains fail.
    region: Option<String>,
    /// How long after leaving the primary domain it is tried again, in ms.
    domain_cooldown_ms: Option<Duration>,
    /// Overrides of the default retry schedules.
    #[typed("Partial<RetrySchedules>")]
    policy: Option<RetryPolicy>,
    /// Overrides of the documented limits.
    quota: Option<GivenLimits>,
    /// When an ended task is relaunched. Default `on-failure`.
    #[json(or = Restart::default())]
    restart: Restart,
    /// What to do when the service reports that a task exited unexpectedly. Default `relaunch`.
    #[json(or = Migration::default())]
    migration: Migration,
    /// What to do with a new payload that an Update cannot give to a running task. Default `relaunch`.
    #[json(or = Rollout::default())]
    rollout: Rollout,
    /// When to check presence in the output channel. Default `when-unknown`.
    #[json(or = Presence::default())]
    presence: Presence,
    /// The seed of the jitter. Default 0.
    #[json(or = 0)]
    #[limits(between(0..=MAX_SAFE_INTEGER.cast_signed()))]
    seed: u64,
}

/// Settings of a supervisor.
#[apply(document)]
#[json(camel, unknown = refused)]
pub(crate) struct SupervisorOptions {
    #[json(flatten)]
    common: CommonOptions,
    /// Two or more output uids, the primary first.
    #[limits(items(2..))]
    uids: Vec<Uid>,
}

/// The settings of a supervisor, parsed and checked.
#[derive(Clone, Debug)]
pub struct SupervisorConfig {
    pub(crate) lane: NewLane,
    pub(crate) limits: QuotaLimits,
}

impl SupervisorConfig {
    /// Parses and checks settings from JSON text.
    pub fn from_json(json: &str) -> Result<Self, Invalid> {
        let SupervisorOptions { common, uids } = document::read("options", json)?;
        instance_id::check_setting(&common.instance_id, false)?;
        let settings = CheckedOptions::new(common)?;
        let lane = settings.lane("main".to_owned(), settings.instance_id.clone(), uids, None)?;
        let limits = settings.limits(std::slice::from_ref(&lane))?;
        Ok(Self { lane, limits })
    }

    /// Values that are allowed, but probably not intended.
    #[must_use]
    pub fn warnings(&self) -> Vec<TaskWarning> {
        self.lane.warnings()
    }
}

/// The settings that all lanes share, checked.
pub(crate) struct CheckedOptions {
    app_id: String,
    pub(crate) instance_id: String,
    services: JsonText,
    area: Area,
    quota: GivenLimits,
    restart: Restart,
    migration: Migration,
    rollout: Rollout,
    presence: Presence,
    seed: u64,
    policy: Arc<RetryPolicy>,
    domains: DomainFailover,
}

impl CheckedOptions {
    pub(crate) fn new(settings: CommonOptions) -> Result<Self, Invalid> {
        let CommonOptions {
            app_id,
            instance_id,
            services,
            area,
            region,
            domain_cooldown_ms,
            policy,
            quota,
            restart,
            migration,
            rollout,
            presence,
            seed,
        } = settings;
        instance_id::check_word("options.appId", &app_id, 64)?;
        if seed > MAX_SAFE_INTEGER {
            return Err(Invalid::new("options.seed", seed, "from 0 to 9007199254740991"));
        }
        let policy = policy.unwrap_or_default();
        policy.check().map_err(|invalid| invalid.within("options.policy"))?;
        let return_after = domain_cooldown_ms.unwrap_or(DOMAIN_COOLDOWN.default());
        let domains = DomainFailover::new(area, region.as_deref(), return_after)
            .map_err(|invalid| invalid.within("options"))?;
        Ok(Self {
            app_id,
            instance_id,
            services,
            area,
            quota: quota.unwrap_or_default(),
            restart,
            migration,
            rollout,
            presence,
            seed,
            policy: Arc::new(policy).shared(),
            domains,
        })
    }

    /// The limits of these lanes. Without a PCW in `quota`, the largest output decides.
    pub(crate) fn limits(&self, lanes: &[NewLane]) -> Result<QuotaLimits, Invalid> {
        let size =
            lanes.iter().map(|lane| lane.payload.desired().output_size()).max().unwrap_or(OutputSize::Sd);
        self.quota.limits(self.area, size).map_err(|invalid| invalid.within("options"))
    }

    pub(crate) fn lane(
        &self,
        name: String,
        instance_id: String,
        uids: Vec<Uid>,
        services: Option<&JsonText>,
    ) -> Result<NewLane, Invalid> {
        let services = Services::from_json(&services.unwrap_or(&self.services).0)?;
        let ring = UidRing::new(uids).map_err(|invalid| invalid.within("options"))?;
        let payload =
            PayloadRevisions::new(services, &self.policy).map_err(|invalid| invalid.within("options"))?;
        let config = LaneConfig {
            name,
            app_id: self.app_id.clone(),
            instance_id,
            output_channel: supervised_channel(payload.desired(), &ring)?,
            policy: Arc::clone(&self.policy),
            restart: self.restart,
            migration: self.migration,
            rollout: self.rollout,
            presence: self.presence,
            seed: self.seed,
        };
        Ok(NewLane { config, ring, domains: self.domains.clone(), payload })
    }
}

/// The channel of the only RTC output, whose uid comes from the ring.
fn supervised_channel(services: &Services, ring: &UidRing) -> Result<String, Invalid> {
    let mut outputs = services.rtc_outputs();
    let (Some(output), None) = (outputs.next(), outputs.next()) else {
        let found = format!("an array with {} RTC outputs", services.rtc_outputs().count());
        return Err(Invalid::new(
            transcoder_path!(".outputs"),
            found,
            "one output into an RTC channel, whose uid is alternated",
        ));
    };
    if let Some(uid) = ring.uids().iter().find(|uid| services.has_input_uid(**uid)) {
        return Err(Invalid::new("options.uids", uid, "different from every input's uid"));
    }
    Ok(output.rtc_channel.clone())
}

/// The settings of one lane; they never change.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LaneConfig {
    pub(super) name: String,
    pub(super) app_id: String,
    pub(super) instance_id: String,
    pub(super) output_channel: String,
    pub(super) policy: Arc<RetryPolicy>,
    pub(super) restart: Restart,
    pub(super) migration: Migration,
    pub(super) rollout: Rollout,
    presence: Presence,
    pub(super) seed: u64,
}

impl LaneConfig {
    pub(super) fn checks_presence(&self) -> bool {
        self.presence != Presence::Never
    }

    pub(super) fn always_checks_presence(&self) -> bool {
        self.presence == Presence::Always
    }

    /// A delay with jitter, which depends on `number`.
    pub(super) fn jittered(&self, delay: Duration, number: u64) -> Duration {
        self.policy.jittered(delay, self.seed, number)
    }

    pub(super) fn instance_id_of(&self, generation: u32) -> String {
        instance_id::of_part(&self.instance_id, generation)
    }

    /// Checks that a payload has this output channel and no input with a uid of the ring.
    pub(super) fn check_services(&self, services: &Services, ring: &UidRing) -> Result<(), Invalid> {
        let channel = supervised_channel(services, ring)?;
        if channel != self.output_channel {
            let allowed = format!(
                "{}: an update cannot move an output to another channel",
                quoted(&self.output_channel)
            );
            let field = transcoder_path!(".outputs[0].rtc.rtcChannel");
            return Err(Invalid::new(field, quoted(&channel), allowed));
        }
        Ok(())
    }
}

/// The initial state of a lane.
#[derive(Clone, Debug)]
pub(crate) struct NewLane {
    pub(super) config: LaneConfig,
    pub(super) ring: UidRing,
    pub(super) domains: DomainFailover,
    pub(super) payload: PayloadRevisions,
}

impl NewLane {
    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    pub(crate) fn uids(&self) -> &[Uid] {
        self.ring.uids()
    }

    pub(crate) fn output_channel(&self) -> &str {
        &self.config.output_channel
    }

    pub(crate) fn warnings(&self) -> Vec<TaskWarning> {
        self.payload.desired().warnings()
    }
}

#[cfg(test)]
mod tests;
