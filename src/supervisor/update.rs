//! The payloads of a lane: a new one comes by Update, or by a task that replaces the running one; the service accepts it or
//! refuses it.

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

/// Which way a new payload goes.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// The running task is updated. (One that is being launched is, once it runs.)
    Update,
    /// A new task under another uid has it, and takes the place of the running one: what the service can change in a
    /// running task is `rtc` members of `audioInputs` and `videoInputs`, `region` of a video input, `audioOption` and
    /// `videoOption`.
    Relaunch,
    /// Nothing runs: the next task is launched with it.
    Launch,
    /// It is the one that the lane has.
    Nothing,
}

/// What becomes of a new payload in one lane.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneUpdate {
    /// The lane's name; of a supervisor `main`.
    pub lane: String,
    /// Which way it goes.
    pub via: Via,
}

impl Lane {
    /// Checks that a new payload fits what runs.
    pub(crate) fn check_update(&self, services: &Services) -> Result<(), Invalid> {
        self.config.check_services(services, &self.ring)?;
        self.payload.confirm_delays_with(&self.config.policy, services)?;
        let running = self.serving().or(self.current()).filter(|launch| launch.tokens.has_created());
        let fixed = running.and_then(|launch| self.fixed_difference(launch, services));
        match fixed.filter(|_| self.config.rollout == Rollout::Refuse) {
            None => Ok(()),
            Some(field) => Err(Invalid::new(
                field,
                "another value than the running task's",
                "what it was started with: the service cannot change it in a running task (rollout: \"relaunch\" starts another one)",
            )),
        }
    }

    pub(crate) fn warnings(&self) -> Vec<TaskWarning> {
        self.payload.desired().warnings()
    }

    /// Takes a new payload: for the running task by Update, or by a task that replaces it; for later ones by their Create.
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

    /// A replacement that has not begun is not needed any more: the running task can take the payload that is wanted now.
    fn cancel_rollout(&mut self) {
        if self.outgoing().is_none_or(|launch| self.needs_relaunch(launch)) {
            return;
        }
        if let Some(at) = self.current_at() {
            if self.launches.at(at).may_be_live() {
                return;
            }
            if self.requests.is_for(self.launches.at(at).generation) {
                self.requests.give_up();
            }
            self.forget(at, None);
        }
        self.keep_outgoing();
    }

    /// Which way a new payload goes.
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

    /// The field of a payload that an Update of this launch's task could not change.
    fn fixed_difference(&self, launch: &Launch, services: &Services) -> Option<&'static str> {
        launch.payload.fixed_difference(self.payload.desired(), services)
    }

    /// The newest payload was refused: goes back to the one before it, if there is one.
    pub(super) fn go_back(&mut self, now: Now) -> bool {
        let refused = self.payload.revert();
        if let Some(refused) = &refused {
            self.payload_has_changed(now, refused);
        }
        refused.is_some()
    }

    /// Each launch is to have the payload that the lane has now, in the place of this one.
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
            // Tokens that were given may be for another channel than the new one's.
            if is_running || launch.payload.composed().is_none() {
                launch.forget_payload();
            }
            launch.payload.is_replaced(before, carries_it, now.mono);
        }
        self.give_up_preparation();
    }

    /// Gives up what was asked for with a payload, or for one, that is not to be sent any more.
    fn give_up_preparation(&mut self) {
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
            self.requests.give_up();
        }
    }

    /// Whether the running task is to be replaced for the newest payload, and now.
    pub(crate) fn wants_rollout(&self, now: Now) -> bool {
        let current = self.current().filter(|launch| launch.is_running());
        current.is_some_and(|launch| {
            let is_due = launch.payload.update_due().is_some_and(|due| due <= now.mono);
            is_due && self.needs_relaunch(launch) && self.ring.next().is_some()
        })
    }

    /// Whether a task that runs is being replaced for a new payload.
    pub(crate) fn is_rolling_out(&self) -> bool {
        self.outgoing().is_some()
    }

    /// Launches a task with the newest payload; the running one goes on until that one runs.
    pub(super) fn roll_out(&mut self, now: Now) {
        self.stage.plan(NextLaunch { at: now.mono, reason: LaunchReason::Updated, blocked: false });
        self.mark_changed();
    }

    /// The task that was to be replaced has the right payload after all, as the new one was refused: it stays.
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

    /// The task of this launch runs: so the service has taken the payload that it was started with. Should there be a newer
    /// one, the task is updated now, or, where that was tried before, when the delay is over.
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
            self.launches.at_mut(at).payload.not_sure();
        }
    }

    /// Acquire or Create was refused. Returns whether another launch is to follow.
    pub(super) fn create_refused(&mut self, now: Now, at: usize, reason: FailReason) -> bool {
        let launch = self.launches.at(at);
        if !self.stage.is_current(launch.generation) {
            return false;
        }
        // It may be what an earlier Create started that is in the way, or the payload, in whose place there is another one.
        let is_ambiguous = launch.may_be_live() || launch.payload.is_behind();
        let of_parameters = reason == FailReason::WrongParameters;
        let goes_on = (of_parameters && (is_ambiguous || self.go_back(now))) || self.has_run;
        if goes_on {
            self.abandon(now, at, LaunchReason::CreateRefused);
        } else {
            self.end(now, Outcome::Failed { reason });
        }
        goes_on
    }

    /// The service does not take the payload of a task: another one has its turn, if there is one.
    pub(super) fn payload_refused(&mut self, now: Now, at: usize) {
        let launch = self.launches.at(at);
        let is_current = self.stage.is_current(launch.generation);
        let (is_behind, is_unsure) = (launch.payload.is_behind(), launch.payload.is_unsure());
        // An Update that may have been carried out is what it does not take.
        let has_another =
            !is_current || (is_unsure && self.go_back(now)) || is_behind || self.go_back(now) || self.has_run;
        if has_another {
            self.supersede(now, at, LaunchReason::CreateRefused);
        } else {
            self.end(now, Outcome::Failed { reason: FailReason::WrongParameters });
        }
    }

    /// The payload of an Update was refused: the lane goes back to the one before it.
    pub(super) fn update_refused(&mut self, now: Now, at: usize, is_outdated: bool) {
        let is_unsure = self.launches.at(at).payload.is_unsure();
        // The task is to have what is gone back to.
        let goes_on = is_outdated || (self.go_back(now) && is_unsure);
        self.launches.at_mut(at).payload.update_refused(goes_on, now.mono);
        self.mark_changed();
        // Perhaps the task is not there any more.
        self.check_now(now);
    }
}
