//! The parts of a lane, and its secrets.

use std::sync::Arc;

use macro_rules_attribute::apply;

use super::Outcome;
use super::config::{LaneConfig, NewLane};
use super::event::{Event, EventKind};
use super::in_flight::Requests;
use super::journal::Journal;
use super::launch::Launch;
use super::launches::{Launches, Others};
use super::payload::PayloadRevisions;
use super::presence::PresenceChecks;
use super::stage::Stage;
use crate::document::document;
use crate::domain::DomainFailover;
use crate::error::{Invalid, check_count};
use crate::quota::LaneNumber;
use crate::redact::{DriverSecrets, Redactor};
use crate::task::Services;
use crate::time::{Instant, Now};
use crate::uid::{Uid, UidRing};

/// The output that was last on air, until its replacement runs.
#[apply(document)]
#[json(camel)]
#[derive(Clone, PartialEq, Eq)]
pub(super) struct OffAir {
    pub(super) uid: Uid,
    pub(super) task_id: Option<String>,
    pub(super) since: Instant,
}

/// Keeps one output on air.
#[apply(document)]
#[json(camel)]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(super) number: LaneNumber,
    pub(super) config: LaneConfig,
    pub(super) ring: UidRing,
    pub(super) domains: DomainFailover,
    pub(super) payload: PayloadRevisions,
    pub(super) stage: Stage,
    pub(super) launches: Launches,
    /// Consecutive launches: the position in the backoff schedule.
    pub(super) relaunch_count: u32,
    pub(super) off_air: Option<OffAir>,
    /// A task of this lane has run: the service accepts the credentials and has accepted a payload.
    pub(super) has_run: bool,
    pub(super) requests: Requests,
    pub(super) presence: PresenceChecks,
    pub(super) journal: Journal,
    /// Grows with every change that must be persisted.
    pub(super) revision: u64,
    pub(super) driver_secrets: DriverSecrets,
}

impl Lane {
    pub(crate) fn new(number: LaneNumber, lane: NewLane, now: Instant) -> Self {
        let NewLane { config, ring, domains, payload } = lane;
        Self {
            journal: Journal::new(config.name.clone()),
            number,
            config,
            ring,
            domains,
            payload,
            stage: Stage::starting_at(now),
            launches: Launches::default(),
            relaunch_count: 0,
            off_air: None,
            has_run: false,
            requests: Requests::default(),
            presence: PresenceChecks::starting_at(now),
            revision: 0,
            driver_secrets: DriverSecrets::default(),
        }
    }

    pub(crate) fn keep_secret(&mut self, secrets: DriverSecrets) {
        self.driver_secrets = secrets;
    }

    /// Checks a restored lane of this number.
    pub(crate) fn check(&self, number: LaneNumber) -> Result<(), Invalid> {
        if self.number != number {
            return Err(Invalid::new("lane.number", self.number, number.to_string()));
        }
        if let Some(current) = self.stage.current().filter(|_| self.current().is_none()) {
            return Err(Invalid::new("lane.stage.generation", current, "the generation of a launch"));
        }
        self.launches.check()?;
        check_count("lane.revision", self.revision)?;
        self.config.policy.check()
    }

    /// Shares the policy with other supervisors of this process that have an equal one.
    pub(crate) fn share_policy(&mut self) {
        self.config.policy = Arc::clone(&self.config.policy).shared();
    }

    pub(crate) fn number(&self) -> LaneNumber {
        self.number
    }

    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    pub(crate) fn output_channel(&self) -> &str {
        &self.config.output_channel
    }

    /// Whether this lane created this task, as far as it remembers.
    pub(crate) fn has_started(&self, task_id: &str) -> bool {
        self.launches.has_started(task_id, None)
    }

    /// The newest payload that was not refused.
    pub(crate) fn services(&self) -> &Services {
        self.payload.desired()
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether the lane is over and its last event was emitted.
    pub(crate) fn has_ended(&self) -> bool {
        self.stage.is_end_announced() && self.launches.is_empty() && self.journal.is_empty()
    }

    /// Emits `alreadyEnded` if the lane was over when its snapshot was taken.
    pub(crate) fn note_ended(&mut self, now: Now) {
        if let Stage::Ending { outcome, .. } = self.stage {
            self.emit(now, None, EventKind::AlreadyEnded { outcome });
        }
    }

    /// Whether the output is still wanted.
    pub(crate) fn should_run(&self) -> bool {
        !self.stage.is_ending()
    }

    /// Notes a change that must be persisted.
    pub(super) fn mark_changed(&mut self) {
        self.revision += 1;
    }

    /// The next event to emit.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.journal.next()
    }

    pub(crate) fn stop(&mut self, now: Now) {
        if self.should_run() {
            self.emit(now, None, EventKind::Stopping);
            self.end(now, Outcome::Stopped);
        }
    }

    /// The caller's clock was set back: the age of builder tokens is unknown now.
    pub(crate) fn clock_went_back(&mut self) {
        for launch in self.launches.iter_mut() {
            launch.tokens.drop_next();
        }
    }

    // ---- events and secrets --------------------------------------------------------------------------------------

    /// Emits an event about this launch, or about the whole lane.
    pub(super) fn emit(&mut self, now: Now, generation: Option<u32>, kind: EventKind) {
        let is_it = |launch: &&Launch| Some(launch.generation) == generation;
        self.journal.emit(now, self.launches.iter().find(is_it), kind);
    }

    fn secrets(&self) -> Secrets<'_> {
        Secrets {
            app_id: &self.config.app_id,
            payload: &self.payload,
            launches: self.launches.all(),
            driver: &self.driver_secrets,
        }
    }

    /// A redactor of all secrets that the service may repeat. Every text from the service passes through it before it
    /// enters an event or a status.
    pub(super) fn redactor(&self) -> Redactor {
        self.secrets().redactor(None)
    }

    /// Whether a supposed id contains a credential. Such an id is ignored, because ids are shown.
    pub(super) fn is_a_credential(&self, id: &str) -> bool {
        Redactor::new(&self.driver_secrets.0).finds(id)
    }
}

/// All secrets that the service has received and may repeat.
pub(super) struct Secrets<'a> {
    pub(super) app_id: &'a str,
    pub(super) payload: &'a PayloadRevisions,
    pub(super) launches: Others<'a>,
    pub(super) driver: &'a DriverSecrets,
}

impl Secrets<'_> {
    /// All secrets, including those of a launch that is borrowed separately.
    fn all(&self, launch: Option<&Launch>) -> Vec<String> {
        let mut secrets = self.payload.secrets();
        secrets.append(&mut self.launches.secrets());
        secrets.extend(launch.into_iter().flat_map(Launch::secrets));
        secrets.extend_from_slice(&self.driver.0);
        // Projects without a certificate use their App ID as the token: it is no secret.
        secrets.retain(|secret| secret != self.app_id);
        secrets
    }

    pub(super) fn redactor(&self, launch: Option<&Launch>) -> Redactor {
        Redactor::new(&self.all(launch))
    }
}

#[cfg(test)]
mod tests;
