//! One logical create, and the task that it makes: a uid, a fresh instanceId, its builder tokens.

use serde::Serialize;

use super::event::Suspicion;
use super::is_default;
use crate::decode::{Decode, Json, Wrong, decode};
use crate::task::Services;
use crate::time::Millis;
use crate::uid::Uid;

/// The first Create must follow its Acquire this soon, or the token is dropped.
pub(super) const CREATE_WINDOW: Millis = Millis::from_secs(2);
/// A builder token lives this long.
pub(super) const TOKEN_LIFETIME: Millis = Millis::from_secs(300);
/// How many builder tokens of one logical create are kept; each stands for five minutes of unknown outcome.
const MAX_TOKENS: usize = 12;

/// RTC tokens that are remembered for not being repeated: those of two payloads.
const MAX_FORGOTTEN: usize = 4;

/// Where a launch is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Phase {
    /// No Create was sent yet.
    Preparing,
    /// A Create was sent, its outcome is unknown, it is made again.
    Creating,
    /// As `Creating`, but not gone on with for now: watched.
    Unresolved,
    /// It runs, but its taskId is not known.
    Unidentified,
    /// The taskId is known, but not yet that it runs.
    Confirming,
    /// It runs.
    Running,
    /// Not wanted any more, but kept until its replacement runs.
    Superseded,
    /// As `Superseded`, but in the way of its replacement: whether it runs after all is asked before it is deleted.
    Reconsidered,
    /// Being deleted.
    Deleting,
    /// Delete was accepted (202), Query tells when it is done.
    AwaitingEnd,
    /// Could not be deleted; tried again from time to time.
    LeftBehind,
}

decode!(Camel enum Phase {
    Preparing, Creating, Unresolved, Unidentified, Confirming, Running, Superseded, Reconsidered, Deleting,
    AwaitingEnd, LeftBehind,
});

/// The builder token that the next Create would carry.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub(super) struct BuilderToken {
    pub(super) name: String,
    pub(super) acquired_at: Millis,
    /// Creates that left with it.
    pub(super) creates: u32,
}

decode!(Same BuilderToken { name, acquired_at, creates });

/// An RTC token that the application is asked for.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub(super) enum RtcToken {
    #[default]
    NotAsked,
    /// `None`: keep the one in the payload.
    Given(Option<String>),
}

impl Decode for RtcToken {
    fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
        match json.text() {
            Ok("NotAsked") => Ok(Self::NotAsked),
            Ok(_) => Err(json.must_be_one_of(["NotAsked", "Given"].into_iter())),
            Err(_) => json.fields()?.get("Given").map(Self::Given),
        }
    }
}

/// A Create that the service has said the outcome of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct AnsweredCreate<'a> {
    /// The builder token that it carried.
    pub(super) token: &'a str,
    /// No other left with that token after it. Else its task may have ended in between, and another one begun.
    pub(super) is_last: bool,
}

/// What the service said to a call with one builder token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TokenAnswer {
    /// 404.
    NotFound,
    /// 400 or 403: it may be that token.
    Refused,
    /// 401: it is the customer's credentials, which come with every token.
    Unauthorized,
}

/// What a call came to that is made with one builder token after the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Round {
    /// There is another token to try.
    GoesOn,
    /// 404.
    NotFound,
    /// 400 or 403, to all of them; or 401 to one, which the others would be answered as well.
    Refused,
}

/// A logical create and its task.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Launch {
    pub(super) generation: u32,
    pub(super) uid: Uid,
    pub(super) instance_id: String,
    pub(super) phase: Phase,
    /// When it entered its phase.
    pub(super) since: Millis,
    pub(super) launched_at: Millis,
    /// When its next call is due.
    pub(super) due: Millis,
    /// When its next call was due as another launch took its place: if it is resumed, it waits until then.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) resumes_at: Millis,
    /// Failed attempts in a row of the call that it is making.
    pub(super) failures: u32,
    /// Failed Acquires in a row.
    pub(super) acquire_failures: u32,
    /// 429s in a row: they spend no attempt.
    pub(super) rate_limited: u32,
    /// 404s to Query since it was last seen.
    pub(super) not_found: u32,
    /// 40x to Query in a row.
    pub(super) refusals: u32,
    /// Looks since the taskId was learnt.
    pub(super) looks: u32,
    pub(super) input_token: RtcToken,
    pub(super) output_token: RtcToken,
    /// RTC tokens before those: the service may still repeat one that it was sent.
    pub(super) forgotten: Vec<String>,
    /// The payload as it was sent, RTC tokens included: a Create is repeated with the same parameters.
    pub(super) services: Option<String>,
    pub(super) builder: Option<BuilderToken>,
    /// Builder tokens with which the task may have been started; the one to call it with first.
    pub(super) tokens: Vec<String>,
    /// Builder tokens whose Create has an unknown outcome, the newest first.
    pub(super) unanswered: Vec<String>,
    /// How many of `tokens` were tried in vain for the call that is due.
    pub(super) tokens_tried: usize,
    /// One of those was answered 404.
    pub(super) token_not_found: bool,
    /// Creates sent that may have been carried out.
    pub(super) creates: u32,
    pub(super) last_create_at: Millis,
    /// A Create was refused (40x): nothing more is sent for it.
    pub(super) closed: bool,
    /// The service said that it runs already, or its uid was seen in the channel.
    pub(super) said_to_run: bool,
    pub(super) task_id: Option<String>,
    pub(super) last_query_at: Option<Millis>,
    /// A hint came since then: the Query that is under way may know nothing of it.
    pub(super) hinted: bool,
    /// A notification said that it stopped: until then Query may say that it runs only because it does not know yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) doubted_until: Option<Millis>,
    /// Why it stopped, by the notification that said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stop_reason: Option<String>,
    /// Since when Query says that it does not run, though it did.
    pub(super) odd_since: Option<Millis>,
    pub(super) suspect: Option<Suspicion>,
    /// The last proof that it ran.
    pub(super) seen_running_at: Option<Millis>,
    /// Looks into the channel in a row without its uid.
    pub(super) absences: u32,
    /// The operator was told that it is left behind.
    pub(super) told: bool,
    /// The operator was told that Query is refused.
    pub(super) refusal_told: bool,
    /// When its payload is to be updated.
    pub(super) update_due: Option<Millis>,
    pub(super) update_failures: u32,
    /// 429s to Update in a row: they spend no attempt.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) update_rate_limited: u32,
    /// The operator was told that Update is refused, whatever its payload.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) update_refusal_told: bool,
    /// The payload that it was started with, or that the Update under way carries, once there is a newer one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outdated: Option<Services>,
    /// The payload that its task was created with, once the lane has had another one: what an Update can change depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_with: Option<Services>,
    /// It is not sure that its task has the payload to go back to: an Update has an unknown outcome, or it is not known what
    /// it was started with.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) unsure_payload: bool,
    pub(super) next_sequence_id: u32,
}

decode!(Camel Launch {
    generation, uid, instance_id, phase, since, launched_at, due, resumes_at or Millis::ZERO, failures, acquire_failures,
    rate_limited, not_found, refusals, looks, input_token, output_token, forgotten or Vec::new(), services, builder, tokens, unanswered,
    tokens_tried, token_not_found or false, creates, last_create_at, closed, said_to_run, task_id, last_query_at, hinted,
    doubted_until, stop_reason, odd_since, suspect, seen_running_at, absences, told, refusal_told, update_due, update_failures,
    update_rate_limited or 0, update_refusal_told or false, outdated, created_with, unsure_payload or false,
    next_sequence_id
});

impl Launch {
    pub(super) fn new(generation: u32, uid: Uid, instance_id: String, now: Millis) -> Self {
        Self {
            generation,
            uid,
            instance_id,
            phase: Phase::Preparing,
            since: now,
            launched_at: now,
            due: now,
            resumes_at: Millis::ZERO,
            failures: 0,
            acquire_failures: 0,
            rate_limited: 0,
            not_found: 0,
            refusals: 0,
            looks: 0,
            input_token: RtcToken::NotAsked,
            output_token: RtcToken::NotAsked,
            forgotten: Vec::new(),
            services: None,
            builder: None,
            tokens: Vec::new(),
            unanswered: Vec::new(),
            tokens_tried: 0,
            token_not_found: false,
            creates: 0,
            last_create_at: Millis::ZERO,
            closed: false,
            said_to_run: false,
            task_id: None,
            last_query_at: None,
            hinted: false,
            doubted_until: None,
            stop_reason: None,
            odd_since: None,
            suspect: None,
            seen_running_at: None,
            absences: 0,
            told: false,
            refusal_told: false,
            update_due: None,
            update_failures: 0,
            update_rate_limited: 0,
            update_refusal_told: false,
            outdated: None,
            created_with: None,
            unsure_payload: false,
            next_sequence_id: 0,
        }
    }

    /// Enters a phase; its first call is due at `due`.
    pub(super) fn enter(&mut self, phase: Phase, now: Millis, due: Millis) {
        self.phase = phase;
        self.since = now;
        self.due = due;
        self.failures = 0;
        self.acquire_failures = 0;
        self.rate_limited = 0;
        self.not_found = 0;
        self.refusals = 0;
        self.begin_round();
        self.absences = 0;
    }

    /// Whether a task of this launch may be live.
    pub(super) fn may_be_live(&self) -> bool {
        self.task_id.is_some() || self.creates > 0
    }

    /// Whether the outcome of each of its Creates is known, and none of their tasks is left.
    pub(super) fn is_resolved(&self) -> bool {
        self.task_id.is_none() && !self.said_to_run && self.unanswered.is_empty()
    }

    /// Whether it was tried to delete it, in vain so far. The first Delete may have failed for nothing but that the process
    /// that had sent it was gone.
    pub(super) fn is_hard_to_delete(&self) -> bool {
        let has_failed = self.failures.saturating_add(self.rate_limited) > 1;
        has_failed && matches!(self.phase, Phase::Deleting | Phase::AwaitingEnd)
    }

    /// Whether only others can tell what became of it.
    pub(super) fn is_watched(&self) -> bool {
        match self.phase {
            Phase::Unresolved | Phase::Unidentified | Phase::LeftBehind => true,
            Phase::Preparing
            | Phase::Creating
            | Phase::Confirming
            | Phase::Running
            | Phase::Superseded
            | Phase::Reconsidered
            | Phase::Deleting
            | Phase::AwaitingEnd => false,
        }
    }

    /// The builder token for a Create at `now`; one that is too old is dropped.
    pub(super) fn usable_builder(&mut self, now: Millis) -> Option<&BuilderToken> {
        let usable = |builder: &BuilderToken| {
            let age = now.minus(builder.acquired_at);
            age < TOKEN_LIFETIME && (builder.creates > 0 || age <= CREATE_WINDOW)
        };
        if !self.builder.as_ref().is_some_and(usable)
            && self.builder.take().is_some_and(|builder| builder.creates > 0)
        {
            // Minutes have passed: the RTC tokens may be too old as well.
            self.forget_payload();
        }
        self.builder.as_ref()
    }

    /// Another Create would need one more builder token than are remembered: the one that started the task might be
    /// forgotten for it.
    pub(super) fn has_spent_its_tokens(&mut self, now: Millis) -> bool {
        self.tokens.len() >= MAX_TOKENS && self.usable_builder(now).is_none()
    }

    /// The payload is to be composed anew, with new RTC tokens. That of the output stays as it is once there is a task: an
    /// Update cannot change it.
    pub(super) fn forget_payload(&mut self) {
        self.services = None;
        let mut forgotten = vec![std::mem::take(&mut self.input_token)];
        if self.task_id.is_none() {
            forgotten.push(std::mem::take(&mut self.output_token));
        }
        for token in forgotten {
            if let RtcToken::Given(Some(token)) = token {
                self.forgotten.retain(|other| *other != token);
                self.forgotten.insert(0, token);
            }
        }
        self.forgotten.truncate(MAX_FORGOTTEN);
    }

    /// Counts a Create that leaves now.
    pub(super) fn create_leaves(&mut self, now: Millis) {
        if let Some(builder) = &mut self.builder {
            builder.creates = builder.creates.saturating_add(1);
            if !self.tokens.contains(&builder.name) {
                self.tokens.insert(0, builder.name.clone());
                self.unanswered.insert(0, builder.name.clone());
                // Not the first of them, which is the likeliest to have started the task.
                if self.tokens.len() > MAX_TOKENS {
                    let forgotten = self.tokens.remove(MAX_TOKENS - 1);
                    self.unanswered.retain(|other| *other != forgotten);
                }
            }
        }
        self.creates = self.creates.saturating_add(1);
        self.last_create_at = now;
    }

    /// The last Create was certainly not carried out.
    pub(super) fn create_did_not_happen(&mut self) {
        self.creates = self.creates.saturating_sub(1);
    }

    /// A Create with this token never left: if it was the first with it, the next one still is.
    pub(super) fn create_did_not_leave(&mut self, token: &str) {
        self.create_did_not_happen();
        let was_the_only_one = match self.builder.as_mut().filter(|builder| builder.name == token) {
            Some(builder) => {
                builder.creates = builder.creates.saturating_sub(1);
                builder.creates == 0
            }
            None => self.creates == 0,
        };
        if was_the_only_one {
            self.tokens.retain(|other| other != token);
            self.unanswered.retain(|other| other != token);
        }
    }

    /// The service has said what became of this Create; whatever those before it had started is what it said it of, or has
    /// ended.
    pub(super) fn create_was_answered(&mut self, create: AnsweredCreate<'_>) {
        if let Some(at) = self.unanswered.iter().position(|other| other == create.token) {
            self.unanswered.truncate(if create.is_last { at } else { at + 1 });
        }
        // A builder token starts one task only.
        if self.builder.take_if(|builder| builder.name == create.token).is_some() && self.task_id.is_none() {
            self.forget_payload();
        }
    }

    /// Whether a Create with another token than that of the known task may have started one as well.
    pub(super) fn may_have_another_task(&self) -> bool {
        let is_other = |token: &&String| self.tokens.as_slice() != [(*token).clone()];
        self.task_id.is_some()
            && !self.tokens.is_empty()
            && self.unanswered.iter().any(|token| is_other(&token))
    }

    /// The known task is gone; but a Create with another token may have started one after it. Then this launch is that
    /// create from now on.
    pub(super) fn goes_on_as_another(&mut self, now: Millis) -> bool {
        if !self.may_have_another_task() {
            return false;
        }
        if let [started_it] = self.tokens.as_slice() {
            self.unanswered.retain(|token| token != started_it);
        }
        self.forget_answered_tokens();
        self.task_id = None;
        if self.builder.is_none() || self.services.is_none() || self.next_sequence_id > 0 {
            // Its Create cannot be repeated as it was.
            self.builder = None;
            self.forget_payload();
        }
        self.said_to_run = false;
        self.suspect = None;
        self.odd_since = None;
        self.seen_running_at = None;
        self.last_query_at = None;
        self.hinted = false;
        self.doubted_until = None;
        self.stop_reason = None;
        // That one knows nothing of what the known one was updated to.
        self.update_due = self.update_due.or((self.next_sequence_id > 0).then_some(now));
        self.update_failures = 0;
        self.told = false;
        self.enter(Phase::Unresolved, now, now);
        true
    }

    /// What was started with the other tokens is gone.
    pub(super) fn forget_answered_tokens(&mut self) {
        self.tokens.clone_from(&self.unanswered);
        self.builder = self.builder.take().filter(|builder| self.unanswered.contains(&builder.name));
    }

    /// Goes on to the next builder token that the task may have been started with. Once all were tried in vain, a 404 to
    /// any of them counts: it is the answer to the right one, or, where the service says so of wrong ones too, to all. But
    /// refused credentials end the round, and what was said before them counts for nothing.
    pub(super) fn try_next_token(&mut self, answer: TokenAnswer) -> Round {
        if answer == TokenAnswer::Unauthorized {
            self.begin_round();
            return Round::Refused;
        }
        self.tokens_tried = self.tokens_tried.saturating_add(1);
        self.token_not_found |= answer == TokenAnswer::NotFound;
        if self.tokens_tried < self.tokens.len() {
            self.tokens.rotate_left(1);
            return Round::GoesOn;
        }
        let round = if self.token_not_found { Round::NotFound } else { Round::Refused };
        self.begin_round();
        round
    }

    /// Whatever is called next, all tokens are to be tried for it.
    pub(super) fn begin_round(&mut self) {
        self.tokens_tried = 0;
        self.token_not_found = false;
    }

    /// The token that was used last is the right one.
    pub(super) fn token_proven(&mut self) {
        self.tokens.truncate(1);
        self.begin_round();
    }

    /// What a call about its task is addressed to: the task, and the builder token to call it with.
    pub(super) fn address(&self) -> (&str, &str) {
        let task_id = self.task_id.as_deref().unwrap_or_default();
        let token = self.tokens.first().map(String::as_str).unwrap_or_default();
        (task_id, token)
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        let mut secrets = self.tokens.clone();
        secrets.extend(self.builder.iter().map(|builder| builder.name.clone()));
        for token in [&self.input_token, &self.output_token] {
            if let RtcToken::Given(Some(token)) = token {
                secrets.push(token.clone());
            }
        }
        secrets.extend_from_slice(&self.forgotten);
        secrets.extend(self.outdated.iter().chain(&self.created_with).flat_map(Services::secrets));
        secrets
    }
}

/// What is remembered of a launch that is over: a late reply or notification may still name a task of it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Retired {
    pub(super) generation: u32,
    pub(super) uid: Uid,
    pub(super) instance_id: String,
    pub(super) tokens: Vec<String>,
    /// Nothing more is to be sent for its create.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) closed: bool,
    /// Its task, if that is known to be gone.
    pub(super) gone: Option<String>,
    /// When its next call was due. It may have been given up before that, but the service is to be left alone until then.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) due: Millis,
}

decode!(Camel Retired { generation, uid, instance_id, tokens, closed or false, gone, due or Millis::ZERO });

#[cfg(test)]
mod tests;
