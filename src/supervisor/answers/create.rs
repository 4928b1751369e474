//! Answers to Acquire and Create.

use super::Read;
use crate::policy::Cause;
use crate::status::Meaning;
use crate::supervisor::Outcome;
use crate::supervisor::attempts::Failed;
use crate::supervisor::event::{EventKind, FailReason, IdentifiedBy, LaunchCause};
use crate::supervisor::lane::{Goal, Lane};
use crate::supervisor::phase::Phase;
use crate::supervisor::request::NoAnswer;
use crate::supervisor::tokens::AnsweredCreate;
use crate::time::Now;

/// 429s in a row, the last to Create, after which the limit is hardly that of the rate.
const RATE_LIMITED_FOR_LONG: u32 = 3;

impl Lane {
    pub(super) fn on_acquire(&mut self, now: Now, generation: u32, read: &Read) {
        if let Some(reason) = read.refused() {
            return self.refused_to_launch(now, generation, read, reason);
        }
        let Some(launch) = self.launch_mut(generation) else { return };
        let cause = match (read.meaning, &read.body.token_name) {
            (Meaning::Success, Some(name)) => {
                launch.tokens.acquired(name.clone(), now.mono);
                launch.attempts.prepared();
                launch.call_at(now.mono);
                return;
            }
            _ => read.cause(),
        };
        let Some(Failed { delay: wait, count: attempt }) = self.failed(generation, read, cause) else {
            return;
        };
        let Some(launch) = self.launch_mut(generation) else { return };
        launch.call_at(now.mono.plus(wait.unwrap_or_default()));
        self.tell_retry(now, generation, read, cause, wait, attempt);
        if wait.is_none() && self.current == Some(generation) {
            self.abandon(now, LaunchCause::AcquireSpent);
            self.launch_not_before(now.mono.plus(read.retry_after.unwrap_or_default()));
        }
    }

    pub(super) fn on_create(&mut self, now: Now, generation: u32, token: Option<&str>, read: &Read) {
        let named = read.created_task().filter(|_| !read.misnamed);
        let is_over = named.is_some_and(|task_id| self.create_of(task_id).is_some());
        if let Some(task_id) = named {
            let create = token.map(|token| AnsweredCreate { token, is_last: true });
            self.learn(now, generation, task_id, create, false, IdentifiedBy::Reply);
            if !is_over {
                return;
            }
        }
        // Success or not, there is no task to go on with.
        let brings_none = is_over || read.misnamed;
        let goes_on = self.goal == Goal::Run;
        let Some(launch) =
            self.launch_mut(generation).filter(|launch| matches!(launch.phase(), Phase::Creating { .. }))
        else {
            return;
        };
        if read.nothing.is_some_and(NoAnswer::was_not_sent) {
            launch.tokens.create_did_not_leave(token.unwrap_or_default());
        } else if read.meaning == Meaning::RateLimited || read.refused().is_some() {
            launch.tokens.create_did_not_happen();
        }
        if read.meaning == Meaning::AlreadyStarted && !brings_none {
            launch.runs_unnamed(now.mono);
            if let Some(token) = token {
                launch.create_was_answered(AnsweredCreate { token, is_last: true });
            }
            self.look_soon(now);
            return self.emit(now, Some(generation), EventKind::Unidentified);
        }
        if let Some(reason) = read.refused() {
            return self.refused_to_launch(now, generation, read, reason);
        }
        if !goes_on {
            return;
        }
        let cause = if brings_none { Cause::Malformed } else { read.cause() };
        let Some(Failed { delay: wait, count: attempt }) = self.failed(generation, read, cause) else {
            return;
        };
        let Some(launch) = self.launch_mut(generation) else { return };
        launch.call_at(now.mono.plus(wait.unwrap_or_default()));
        let rate_limited = launch.attempts.rate_limited();
        self.tell_retry(now, generation, read, cause, wait, attempt);
        if wait.is_none() {
            self.abandon(now, LaunchCause::CreateSpent);
            self.launch_not_before(now.mono.plus(read.retry_after.unwrap_or_default()));
        } else if rate_limited >= RATE_LIMITED_FOR_LONG {
            // It may be the number of tasks that is over its limit, and what this one replaces that is in its way.
            self.reconsider(now);
        }
    }

    /// Acquire or Create was answered 40x. Nothing more is sent for this create. Where an earlier Create of it had an
    /// unknown outcome, the refusal may mean only that its token is used up: then another create has its turn, and a
    /// refusal of that one is final. Once a task of this lane has run, no refusal is: what was good then gets more patience.
    fn refused_to_launch(&mut self, now: Now, generation: u32, read: &Read, reason: FailReason) {
        self.emit(
            now,
            Some(generation),
            EventKind::Misconfigured { call: read.call.into(), said: self.said(read) },
        );
        let Some(launch) = self.launch_mut(generation) else { return };
        launch.tokens.close();
        let ambiguous = launch.may_be_live();
        // A newer payload came after this one was sent.
        let is_outdated = launch.payload.is_behind();
        let of_parameters = read.meaning == Meaning::WrongParameters;
        if self.current != Some(generation) {
            return;
        }
        if (of_parameters && (ambiguous || is_outdated || self.go_back(now))) || self.has_run {
            self.abandon(now, LaunchCause::CreateRefused);
            self.launch_not_before(now.mono.plus(read.retry_after.unwrap_or_default()));
        } else {
            self.end(now, Outcome::Failed { reason });
        }
    }
}
