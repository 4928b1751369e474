//! One logical create, and the task that it makes: a uid, a fresh instanceId, its builder tokens.

use serde::Serialize;

use super::attempts::Attempts;
use super::event::Suspicion;
use super::is_default;
use super::payload::LaunchPayload;
use super::tokens::{AnsweredCreate, TokenLedger};
use crate::decode::decode;
use crate::time::Millis;
use crate::uid::Uid;

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
    pub(super) attempts: Attempts,
    pub(super) tokens: TokenLedger,
    pub(super) payload: LaunchPayload,
    /// Looks since the taskId was learnt.
    pub(super) looks: u32,
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
}

decode!(Camel Launch {
    generation, uid, instance_id, phase, since, launched_at, due, resumes_at or Millis::ZERO, attempts, tokens, payload,
    looks, said_to_run, task_id, last_query_at, hinted, doubted_until, stop_reason, odd_since, suspect, seen_running_at,
    absences, told, refusal_told
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
            attempts: Attempts::default(),
            tokens: TokenLedger::default(),
            payload: LaunchPayload::default(),
            looks: 0,
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
        }
    }

    /// Enters a phase; its first call is due at `due`.
    pub(super) fn enter(&mut self, phase: Phase, now: Millis, due: Millis) {
        self.phase = phase;
        self.since = now;
        self.due = due;
        self.attempts = Attempts::default();
        self.tokens.begin_round();
        self.absences = 0;
    }

    /// Whether a task of this launch may be live.
    pub(super) fn may_be_live(&self) -> bool {
        self.task_id.is_some() || self.tokens.has_created()
    }

    /// Whether the outcome of each of its Creates is known, and none of their tasks is left.
    pub(super) fn is_resolved(&self) -> bool {
        self.task_id.is_none() && !self.said_to_run && self.tokens.is_resolved()
    }

    /// Whether it was tried to delete it, in vain so far. The first Delete may have failed for nothing but that the process
    /// that had sent it was gone.
    pub(super) fn is_hard_to_delete(&self) -> bool {
        self.attempts.has_failed_again() && matches!(self.phase, Phase::Deleting | Phase::AwaitingEnd)
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

    /// Drops the builder token for the next Create if it is too old.
    pub(super) fn expire_token(&mut self, now: Millis) {
        if self.tokens.expire(now) {
            // Minutes have passed: the RTC tokens may be too old as well.
            self.forget_payload();
        }
    }

    /// The payload is to be composed anew.
    pub(super) fn forget_payload(&mut self) {
        self.payload.forget(self.task_id.is_some());
    }

    /// This Create is resolved.
    pub(super) fn create_was_answered(&mut self, create: AnsweredCreate<'_>) {
        if self.tokens.answered(create) && self.task_id.is_none() {
            self.forget_payload();
        }
    }

    /// Whether a Create with another token than that of the known task may have started one as well.
    pub(super) fn may_have_another_task(&self) -> bool {
        self.task_id.is_some() && self.tokens.may_have_started_another()
    }

    /// The known task is gone; but a Create with another token may have started one after it. Then this launch is that
    /// create from now on.
    pub(super) fn goes_on_as_another(&mut self, now: Millis) -> bool {
        if !self.may_have_another_task() {
            return false;
        }
        self.tokens.task_is_over();
        self.task_id = None;
        if self.tokens.next().is_none() || !self.payload.can_repeat_create() {
            self.tokens.drop_next();
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
        self.payload.is_of_another_task(now);
        self.told = false;
        self.enter(Phase::Unresolved, now, now);
        true
    }

    /// What a call about its task is addressed to: the task, and the builder token to call it with.
    pub(super) fn address(&self) -> (&str, &str) {
        (self.task_id.as_deref().unwrap_or_default(), self.tokens.first())
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        let mut secrets: Vec<String> = self.tokens.secrets().cloned().collect();
        secrets.append(&mut self.payload.secrets());
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
