//! The revisions of a lane's payload, and which of them a task has.

use std::slice;

use macro_rules_attribute::apply;

use super::attempts::Attempts;
use crate::document::document;
use crate::error::Invalid;
use crate::policy::{Backoff, RetryPolicy};
use crate::task::{Secret, Services};
use crate::time::Instant;
use crate::uid::Uid;

/// How many secrets of former payloads are kept.
const MAX_OLD_SECRETS: usize = 64;
/// How many replaced RTC tokens of a launch are kept as secrets: those of two payloads.
const MAX_OLD_RTC_TOKENS: usize = 4;

/// A lane's desired payload, and the one to fall back to.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PayloadRevisions {
    desired: Services,
    /// The service accepted the desired payload.
    is_accepted: bool,
    /// The payload to return to after a refusal: the last accepted one, or else the first of all.
    fallback: Option<Box<Fallback>>,
    /// Secrets of former payloads, newest first: the service may still repeat them.
    old_secrets: Vec<Secret>,
    /// The delays between Queries of a new task: shorter than the `idleTimeout` of every payload so far.
    confirm_delays: Backoff,
}

#[apply(document)]
#[json(camel)]
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fallback {
    services: Services,
    is_accepted: bool,
}

impl PayloadRevisions {
    pub(super) fn new(services: Services, policy: &RetryPolicy) -> Result<Self, Invalid> {
        let confirm_delays =
            policy.confirm_delays_within(&policy.confirm_delays_ms, services.idle_timeout())?;
        Ok(Self {
            desired: services,
            is_accepted: false,
            fallback: None,
            old_secrets: Vec::new(),
            confirm_delays,
        })
    }

    /// The newest payload that was not refused.
    pub(super) fn desired(&self) -> &Services {
        &self.desired
    }

    /// The delays between Queries of a new task, from the moment its id is learned.
    pub(super) fn confirm_delays(&self) -> &Backoff {
        &self.confirm_delays
    }

    /// Checks that new tasks with this payload can be confirmed before they go idle.
    pub(super) fn confirm_delays_with(
        &self,
        policy: &RetryPolicy,
        services: &Services,
    ) -> Result<Backoff, Invalid> {
        policy.confirm_delays_within(&self.confirm_delays, services.idle_timeout())
    }

    /// Sets a new payload and returns the previous one.
    pub(super) fn replace(&mut self, policy: &RetryPolicy, services: Services) -> Result<Services, Invalid> {
        self.confirm_delays = self.confirm_delays_with(policy, &services)?;
        let is_accepted = self.is_accepted;
        let before = self.put(services, false);
        self.fallback.get_or_insert_with(|| Box::new(Fallback { services: before.clone(), is_accepted }));
        Ok(before)
    }

    fn put(&mut self, services: Services, is_accepted: bool) -> Services {
        self.is_accepted = is_accepted;
        let before = std::mem::replace(&mut self.desired, services);
        for secret in before.secrets() {
            self.old_secrets.retain(|Secret(old)| *old != secret);
            self.old_secrets.insert(0, Secret(secret));
        }
        self.old_secrets.truncate(MAX_OLD_SECRETS);
        before
    }

    /// The service accepted `older`, which is no longer the desired payload; `None` stands for the desired one.
    pub(super) fn accepted(&mut self, older: Option<Services>) {
        self.is_accepted |= older.is_none();
        self.fallback = older.map(|services| Box::new(Fallback { services, is_accepted: true }));
    }

    /// The service accepted this payload, which may be older than the fallback. Returns whether it is the fallback
    /// now.
    pub(super) fn accepted_unless_other(&mut self, older: Services) -> bool {
        if self.fallback.as_ref().is_some_and(|other| other.is_accepted && other.services != older) {
            return false;
        }
        self.accepted(Some(older));
        true
    }

    /// The desired payload was refused: returns to the fallback, if there is one. The result is the refused payload.
    pub(super) fn revert(&mut self) -> Option<Services> {
        let Fallback { services, is_accepted } = *self.fallback.take()?;
        Some(self.put(services, is_accepted))
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        let mut secrets = self.desired.secrets();
        secrets.extend(self.fallback.iter().flat_map(|fallback| fallback.services.secrets()));
        secrets.extend(self.old_secrets.iter().map(|Secret(text)| text.clone()));
        secrets
    }
}

/// The application's RTC token.
#[apply(document)]
#[json(camel, tag = type)]
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) enum RtcToken {
    #[json(default)]
    NotAsked,
    /// `None` keeps the token in the payload.
    Given { token: Option<String> },
}

impl RtcToken {
    fn given(&self) -> Option<&str> {
        match self {
            Self::Given { token } => token.as_deref(),
            Self::NotAsked => None,
        }
    }
}

#[apply(document)]
#[json(camel)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RtcTokenFor {
    Inputs,
    Output,
}

/// An RTC token that is needed to compose a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissingToken<'a> {
    OfInputs { channel: &'a str },
    OfOutput,
}

/// The payload of one launch.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct LaunchPayload {
    input_token: RtcToken,
    output_token: RtcToken,
    /// Former RTC tokens: the service may still repeat them.
    old_tokens: Vec<String>,
    /// The payload as sent, RTC tokens included: a repeated Create has the same parameters.
    composed: Option<String>,
    /// The payloads that the task may have been created with, once the lane has another one: they decide what an
    /// Update can change. There are several if a Create with an unknown outcome was repeated with another payload.
    #[json(nullable_list)]
    created_with: Vec<Services>,
    /// None while the task has the lane's payload, or cannot get it.
    pending_update: Option<PendingUpdate>,
    /// It is unknown whether the task has the fallback payload: an Update has an unknown outcome, or it is unknown
    /// what the task was created with.
    is_unsure: bool,
    next_sequence_id: u32,
}

/// An Update that gives a task the lane's payload.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Default, PartialEq, Eq)]
struct PendingUpdate {
    due: Instant,
    /// The payload of the Create or Update in flight, once the lane has another one.
    outdated: Option<Box<Services>>,
    /// Consecutive failed Updates.
    #[json(omit = Attempts::default())]
    attempts: Attempts,
    /// It was reported that Update is refused regardless of its payload.
    is_refusal_reported: bool,
}

impl PendingUpdate {
    fn due_at(due: Instant) -> Self {
        Self { due, ..Self::default() }
    }
}

impl LaunchPayload {
    /// For a task that was found again: its payload is unknown, so it gets an Update.
    pub(super) fn unknown(now: Instant) -> Self {
        Self { pending_update: Some(PendingUpdate::due_at(now)), ..Self::default() }
    }

    // ---- composing -----------------------------------------------------------------------------------------------

    /// The RTC token that is still needed to compose the payload.
    pub(super) fn missing_token<'a>(&self, desired: &'a Services) -> Option<MissingToken<'a>> {
        if self.composed.is_some() {
            return None;
        }
        if let (RtcToken::NotAsked, Some(channel)) = (&self.input_token, desired.input_channel()) {
            return Some(MissingToken::OfInputs { channel });
        }
        (self.output_token == RtcToken::NotAsked).then_some(MissingToken::OfOutput)
    }

    pub(super) fn give_token(&mut self, of: RtcTokenFor, token: Option<String>) {
        let given = RtcToken::Given { token: token.filter(|token| !token.is_empty()) };
        match of {
            RtcTokenFor::Inputs => self.input_token = given,
            RtcTokenFor::Output => self.output_token = given,
        }
    }

    /// The payload as sent, if it was composed.
    pub(super) fn composed(&self) -> Option<&str> {
        self.composed.as_deref()
    }

    /// Composes the payload for an Acquire: the lane's, with the launch's uid and RTC tokens. `may_have_started`: a
    /// Create was sent before.
    pub(super) fn compose_to_launch(
        &mut self,
        desired: &Services,
        uid: Uid,
        may_have_started: bool,
    ) -> String {
        if self.composed.is_none() {
            // The task may have the old payload or this one, unless no Create was sent.
            match &mut self.pending_update {
                Some(pending) if may_have_started => pending.outdated = None,
                pending => *pending = None,
            }
            if may_have_started && !self.created_with.is_empty() && !self.created_with.contains(desired) {
                self.created_with.push(desired.clone());
            }
        }
        self.compose(desired, uid)
    }

    /// Composes the payload for an Update, which keeps the output as it is. Also returns its sequence number.
    pub(super) fn compose_to_update(&mut self, desired: &Services, uid: Uid) -> (u32, String) {
        let composed = match self.created_with.first() {
            Some(created_with) => self.compose(&desired.clone().with_output_of(created_with), uid),
            None => self.compose(desired, uid),
        };
        let sequence_id = self.next_sequence_id;
        self.next_sequence_id = sequence_id.saturating_add(1);
        (sequence_id, composed)
    }

    fn compose(&mut self, desired: &Services, uid: Uid) -> String {
        if let Some(composed) = &self.composed {
            return composed.clone();
        }
        let mut services = desired.clone();
        services.set_output(uid, self.output_token.given());
        if let Some(token) = self.input_token.given() {
            services.set_input_token(token);
        }
        self.composed.insert(services.to_json()).clone()
    }

    /// Discards the composed payload: the next one gets new RTC tokens. Once there is a task, the output's token
    /// stays: an Update cannot change it.
    pub(super) fn forget(&mut self, has_task: bool) {
        self.composed = None;
        let mut old = vec![std::mem::take(&mut self.input_token)];
        if !has_task {
            old.push(std::mem::take(&mut self.output_token));
        }
        for token in old {
            if let RtcToken::Given { token: Some(token) } = token {
                self.old_tokens.retain(|other| *other != token);
                self.old_tokens.insert(0, token);
            }
        }
        self.old_tokens.truncate(MAX_OLD_RTC_TOKENS);
    }

    // ---- revisions -----------------------------------------------------------------------------------------------

    /// The lane has another payload and no Create was sent yet: the launch starts with the new one.
    pub(super) fn start_with_new(&mut self) {
        self.forget(false);
        self.pending_update = None;
        self.created_with.clear();
    }

    /// The lane has replaced this payload. `carries_it`: the task or the call in flight has it.
    pub(super) fn note_replaced(&mut self, before: &Services, carries_it: bool, now: Instant) {
        if self.created_with.is_empty() {
            self.created_with.push(before.clone());
        }
        // The backoff of a failing Update continues: nothing shortens a delay.
        let pending = self.pending_update.get_or_insert_with(|| PendingUpdate::due_at(now));
        if carries_it {
            pending.outdated.get_or_insert_with(|| Box::new(before.clone()));
        }
    }

    /// The first field that an Update cannot change to this payload's value.
    pub(super) fn fixed_difference(&self, current: &Services, to: &Services) -> Option<&'static str> {
        let created_with =
            if self.created_with.is_empty() { slice::from_ref(current) } else { &self.created_with };
        created_with.iter().find_map(|created| created.fixed_difference(to))
    }

    /// Whether an Update cannot give the task this payload.
    pub(super) fn needs_relaunch(&self, desired: &Services) -> bool {
        self.created_with.iter().any(|created| created.fixed_difference(desired).is_some())
    }

    /// Whether the task has the lane's payload because it was created with it and no Update was sent. If so, discards
    /// the pending Update.
    pub(super) fn keep_created(&mut self, desired: &Services) -> bool {
        let is_same = self.created_with == slice::from_ref(desired) && self.next_sequence_id == 0;
        if is_same {
            self.pending_update = None;
            self.created_with.clear();
        }
        is_same
    }

    /// The payload of the Create or Update in flight, if the lane has another one by now.
    pub(super) fn take_outdated(&mut self) -> Option<Services> {
        self.pending_update.as_mut()?.outdated.take().map(|services| *services)
    }

    /// Whether the task needs another payload.
    pub(super) fn is_behind(&self) -> bool {
        self.pending_update.is_some()
    }

    pub(super) fn is_unsure(&self) -> bool {
        self.is_unsure
    }

    /// It is unknown which payload the task has.
    pub(super) fn mark_unsure(&mut self) {
        self.is_unsure = true;
    }

    /// The known task is over, and the launch continues with another task, which has received no Updates.
    pub(super) fn continue_with_another_task(&mut self, now: Instant) {
        match &mut self.pending_update {
            Some(pending) => pending.attempts = Attempts::default(),
            None if self.next_sequence_id > 0 => self.pending_update = Some(PendingUpdate::due_at(now)),
            None => {}
        }
    }

    /// Whether the Create can be repeated exactly as sent.
    pub(super) fn can_repeat_create(&self) -> bool {
        self.composed.is_some() && self.next_sequence_id == 0
    }

    // ---- Update --------------------------------------------------------------------------------------------------

    pub(super) fn update_due(&self) -> Option<Instant> {
        self.pending_update.as_ref().map(|pending| pending.due)
    }

    /// Schedules the pending Update.
    pub(super) fn update_at(&mut self, at: Instant) {
        if let Some(pending) = &mut self.pending_update {
            pending.due = at;
        }
    }

    /// The sequence number of the last Update.
    pub(super) fn last_sequence_id(&self) -> u32 {
        self.next_sequence_id.saturating_sub(1)
    }

    /// The attempts of the pending Update.
    pub(super) fn update_attempts(&mut self) -> Option<&mut Attempts> {
        self.pending_update.as_mut().map(|pending| &mut pending.attempts)
    }

    /// An Update was accepted. `is_outdated`: the lane has another payload by now.
    pub(super) fn updated(&mut self, is_outdated: bool, now: Instant) {
        self.pending_update = is_outdated.then(|| PendingUpdate::due_at(now));
        self.is_unsure = false;
    }

    /// The payload of an Update was refused. `has_another`: there is another payload to send.
    pub(super) fn update_refused(&mut self, has_another: bool, now: Instant) {
        self.pending_update.take_if(|_| !has_another);
        self.update_at(now);
    }

    /// Update is refused regardless of its payload, and retried at `due`. Returns whether to report that.
    pub(super) fn update_not_allowed(&mut self, due: Instant) -> bool {
        self.pending_update.as_mut().is_some_and(|pending| {
            pending.attempts.refused();
            pending.due = due;
            !std::mem::replace(&mut pending.is_refusal_reported, true)
        })
    }

    /// All secrets that the service has received or may receive.
    pub(super) fn secrets(&self) -> Vec<String> {
        let given = [&self.input_token, &self.output_token].into_iter().filter_map(|token| token.given());
        let mut secrets: Vec<String> = given.map(str::to_owned).collect();
        secrets.extend_from_slice(&self.old_tokens);
        let outdated = self.pending_update.iter().filter_map(|pending| pending.outdated.as_deref());
        secrets.extend(outdated.chain(&self.created_with).flat_map(Services::secrets));
        secrets
    }
}

#[cfg(test)]
mod tests;
