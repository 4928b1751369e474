//! Changes of a lane's payload: by Update or by a rollout; accepted or refused.

use macro_rules_attribute::apply;

use super::Outcome;
use super::config::Rollout;
use super::event::{FailReason, LaunchReason};
use super::in_flight::Purpose;
use super::lane::Lane;
use super::launch::Launch;
use super::stage::NextLaunch;
use crate::document::document;
use crate::error::Invalid;
use crate::task::{Services, TaskWarning};
use crate::time::Now;

/// How a lane gets a new payload.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// The running task gets an Update; a task that is starting gets it once it runs.
    Update,
    /// A new task under another uid replaces the running one. An Update can change only the `rtc` members of
    /// `audioInputs` and `videoInputs`, the `region` of a video input, `audioOption` and `videoOption`.
    Relaunch,
    /// No task runs: the next one is created with this payload.
    Launch,
    /// The lane already has this payload.
    Nothing,
}

/// How one lane gets a new payload.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneUpdate {
    /// The lane's name; `main` for a single supervisor.
    pub lane: String,
    /// How the lane gets the new payload.
    pub via: Via,
}

impl Lane {
    /// Checks that the lane can take a new payload.
    pub(crate) fn check_update(&self, services: &Services) -> Result<(), Invalid> {
        self.config.check_services(services, &self.ring)?;
        self.payload.confirm_delays_with(&self.config.policy, services)?;
        let running = self.serving().or(self.current()).filter(|launch| launch.tokens.has_created());
        let fixed = running.and_then(|launch| self.fixed_difference(launch, services));
        match fixed.filter(|_| self.config.rollout == Rollout::Refuse) {
            None => Ok(()),
            Some(field) => Err(Invalid::new(
                field,
                "different from the running task's",
                "the value of the running task, because an Update cannot change it (rollout: \"relaunch\" replaces the task)",
            )),
        }
    }

    pub(crate) fn warnings(&self) -> Vec<TaskWarning> {
        self.payload.desired().warnings()
    }

    /// Sets a new payload: by Update, by a rollout, or by the next Create.
    pub(crate) fn update(&mut self, now: Now, services: Services) -> Result<LaneUpdate, Invalid> {
        let update = LaneUpdate { lane: self.config.name.clone(), via: self.via(&services) };
        if update.via == Via::Nothing {
            return Ok(update);
        }
        self.config.check_services(&services, &self.ring)?;
        let before = self.payload.replace(&self.config.policy, services)?;
        self.payload_has_changed(now, &before);
        self.cancel_rollout();
        self.mark_changed();
        Ok(update)
    }

    /// Cancels a rollout that has created no task yet, if an Update suffices for the desired payload.
    fn cancel_rollout(&mut self) {
        if self.outgoing().is_none_or(|launch| self.needs_relaunch(launch)) {
            return;
        }
        if let Some(at) = self.current_at() {
            if self.launches.at(at).may_be_live() {
                return;
            }
            if self.requests.is_for(self.launches.at(at).generation) {
                self.requests.cancel();
            }
            self.forget(at, None);
        }
        self.keep_outgoing();
    }

    /// How a lane gets a new payload.
    fn via(&self, services: &Services) -> Via {
        if services == self.payload.desired() {
            return Via::Nothing;
        }
        match self.serving().or(self.current()).filter(|launch| launch.tokens.has_created()) {
            None => Via::Launch,
            Some(launch) if self.fixed_difference(launch, services).is_some() => Via::Relaunch,
            Some(_) => Via::Update,
        }
    }

    /// The field of a payload that an Update cannot change in this launch's task.
    fn fixed_difference(&self, launch: &Launch, services: &Services) -> Option<&'static str> {
        launch.payload.fixed_difference(self.payload.desired(), services)
    }

    /// The newest payload was refused: returns to the fallback, if there is one.
    pub(super) fn roll_back(&mut self, now: Now) -> bool {
        let refused = self.payload.revert();
        if let Some(refused) = &refused {
            self.payload_has_changed(now, refused);
        }
        refused.is_some()
    }

    /// Notes in every launch that the lane has replaced the payload `before`.
    fn payload_has_changed(&mut self, now: Now, before: &Services) {
        let updating = match self.requests.in_flight.as_ref().map(|sent| &sent.purpose) {
            Some(Purpose::Update { generation }) => Some(*generation),
            Some(_) | None => None,
        };
        for launch in self.launches.iter_mut() {
            if !launch.tokens.has_created() {
                launch.payload.start_with_new();
                launch.tokens.drop_next();
                continue;
            }
            let is_running = launch.is_running();
            let carries_it =
                if is_running { updating == Some(launch.generation) } else { !launch.payload.is_behind() };
            // The RTC tokens may be for another channel than the new payload's.
            if is_running || launch.payload.composed().is_none() {
                launch.forget_payload();
            }
            launch.payload.note_replaced(before, carries_it, now.mono);
        }
        self.cancel_preparation();
    }

    /// Cancels a request that prepares a payload that will not be sent.
    fn cancel_preparation(&mut self) {
        let generation = self.requests.in_flight.as_ref().and_then(|sent| match sent.purpose {
            Purpose::RtcToken { generation, .. } | Purpose::Acquire { generation } => Some(generation),
            Purpose::Create { .. }
            | Purpose::Query { .. }
            | Purpose::Update { .. }
            | Purpose::Delete { .. }
            | Purpose::Presence => None,
        });
        let launch = generation.and_then(|generation| self.launches.find(generation));
        if launch.is_some_and(|launch| launch.payload.composed().is_none()) {
            self.requests.cancel();
        }
    }

    /// Whether a rollout is due.
    pub(crate) fn wants_rollout(&self, now: Now) -> bool {
        let current = self.current().filter(|launch| launch.is_running());
        current.is_some_and(|launch| {
            let is_due = launch.payload.update_due().is_some_and(|due| due <= now.mono);
            is_due && self.needs_relaunch(launch) && self.ring.next().is_some()
        })
    }

    /// Whether a rollout is in progress.
    pub(crate) fn is_rolling_out(&self) -> bool {
        self.outgoing().is_some()
    }

    /// Launches a task with the newest payload; the running one stays until that is confirmed.
    pub(super) fn roll_out(&mut self, now: Now) {
        self.stage.plan(NextLaunch { at: now.mono, reason: LaunchReason::Updated, blocked: false });
        self.mark_changed();
    }

    /// Ends a rollout that is no longer needed, because its payload was refused or replaced: the outgoing task stays if
    /// it has the desired payload or an Update can give it. Returns whether it stays.
    pub(super) fn keep_outgoing(&mut self) -> bool {
        let stays = |at: &usize| !self.needs_relaunch(self.launches.at(*at));
        let Some(at) = self.outgoing_at().filter(stays) else { return false };
        self.stage.launch(self.launches.at(at).generation);
        self.ring.resume(self.launches.at(at).uid);
        let desired = self.payload.desired().clone();
        if self.launches.at_mut(at).payload.keep_created(&desired) {
            self.payload.accepted(None);
        }
        self.mark_changed();
        true
    }

    // ---- accepted, or refused ------------------------------------------------------------------------------------

    /// The task of this launch runs: the service has accepted its payload. A newer payload is sent now, or, after a
    /// failed Update, once its delay is over.
    pub(super) fn note_payload(&mut self, now: Now, at: usize) {
        let launch = self.launches.at_mut(at);
        let created_with = launch.payload.take_outdated();
        let Some(due) = launch.payload.update_due() else {
            return self.payload.accepted(None);
        };
        launch.payload.update_at(due.max(now.mono));
        launch.forget_payload();
        let is_kept =
            created_with.is_some_and(|created_with| self.payload.accepted_unless_other(created_with));
        if !is_kept {
            self.launches.at_mut(at).payload.mark_unsure();
        }
    }

    /// Acquire or Create was refused. Returns whether another launch follows.
    pub(super) fn create_refused(&mut self, now: Now, at: usize, reason: FailReason) -> bool {
        let launch = self.launches.at(at);
        if !self.stage.is_current(launch.generation) {
            return false;
        }
        // The cause may be the task of an earlier Create, or a payload that has been replaced.
        let is_ambiguous = launch.may_be_live() || launch.payload.is_behind();
        let of_parameters = reason == FailReason::WrongParameters;
        let goes_on = (of_parameters && (is_ambiguous || self.roll_back(now))) || self.has_run;
        if goes_on {
            self.abandon(now, at, LaunchReason::CreateRefused);
        } else {
            self.end(now, Outcome::Failed { reason });
        }
        goes_on
    }

    /// The service refuses the payload of this launch's task. Replaces the task if another payload can be tried, or if
    /// the lane has been on air; otherwise ends the lane.
    pub(super) fn payload_refused(&mut self, now: Now, at: usize) {
        let launch = self.launches.at(at);
        let is_current = self.stage.is_current(launch.generation);
        let (is_behind, is_unsure) = (launch.payload.is_behind(), launch.payload.is_unsure());
        // The refused payload is that of an Update with an unknown outcome.
        let has_another = !is_current
            || (is_unsure && self.roll_back(now))
            || is_behind
            || self.roll_back(now)
            || self.has_run;
        if has_another {
            self.supersede(now, at, LaunchReason::CreateRefused);
        } else {
            self.end(now, Outcome::Failed { reason: FailReason::WrongParameters });
        }
    }

    /// The payload of an Update was refused: the lane returns to the fallback.
    pub(super) fn update_refused(&mut self, now: Now, at: usize, is_outdated: bool) {
        let is_unsure = self.launches.at(at).payload.is_unsure();
        // If it is unknown which payload the task has, it needs an Update to the fallback.
        let goes_on = is_outdated || (self.roll_back(now) && is_unsure);
        self.launches.at_mut(at).payload.update_refused(goes_on, now.mono);
        self.mark_changed();
        // The task may be gone.
        self.check_now(now);
    }
}
