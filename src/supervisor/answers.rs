//! Applies answers: a launch updates itself, and its verdict determines what the lane does next.

mod context;
mod create;
mod delete;
mod query;
mod update;

use std::sync::Arc;

use self::context::Context;
use super::event::{EndReason, EventKind, FailReason, LaunchReason, LearnedBy, ServiceReply};
use super::in_flight::{InFlight, Overdue, Purpose};
use super::lane::{Lane, Secrets};
use super::launch::{Confirmed, Launch};
use super::presence::PresenceResult;
use super::reply::ReplyBody;
use super::request::{Answer, NoAnswer, RequestId};
use super::tokens::{SentCreate, TokenAnswer};
use crate::domain::DomainFailure;
use crate::lenient::MAX_TOKEN_BYTES;
use crate::policy::RetryReason;
use crate::retry_after::{parse_http_date, parse_retry_after};
use crate::status::{Call, Meaning, interpret};
use crate::task::Services;
use crate::time::{Duration, Now};

/// One answer, parsed and interpreted.
struct Read<'a> {
    answer: &'a Answer,
    call: Call,
    meaning: Meaning,
    unauthorized: bool,
    body: ReplyBody,
    retry_after: Option<Duration>,
    domain: &'a str,
    /// Why there is no answer.
    no_answer: Option<NoAnswer>,
    /// The answer names a task that it cannot be about. It does not count as a success, whatever its status.
    misnamed: bool,
}

impl Read<'_> {
    /// The meaning of the answer for the builder token of the call.
    fn token_answer(&self) -> TokenAnswer {
        if self.unauthorized {
            TokenAnswer::Unauthorized
        } else if matches!(self.meaning, Meaning::NotFound | Meaning::AlreadyGone) {
            TokenAnswer::NotFound
        } else {
            TokenAnswer::Refused
        }
    }

    /// The task that the answer to a Create names, unless the Create was refused.
    fn created_task(&self) -> Option<&str> {
        let may_be = self.refused().is_none() && self.meaning != Meaning::RateLimited;
        self.body.task_id.as_deref().filter(|_| may_be)
    }

    /// Why the call is retried.
    fn retry_reason(&self) -> RetryReason {
        if let Some(no_answer) = self.no_answer {
            return no_answer.into();
        }
        let reason = RetryReason::of(self.call, self.meaning).filter(|_| !self.misnamed);
        reason.unwrap_or(RetryReason::Malformed)
    }

    fn refused(&self) -> Option<FailReason> {
        match self.meaning {
            Meaning::WrongParameters => Some(FailReason::WrongParameters),
            Meaning::WrongCredentials => Some(FailReason::WrongCredentials),
            Meaning::Success
            | Meaning::AlreadyStarted
            | Meaning::Accepted
            | Meaning::Task { .. }
            | Meaning::TimedOut
            | Meaning::NotCompleted
            | Meaning::ServerError
            | Meaning::NotFound
            | Meaning::AlreadyGone
            | Meaning::RateLimited
            | Meaning::NoAnswer => None,
        }
    }
}

/// What an answer means for the lane, beyond the changes in its launch.
enum Verdict {
    /// Nothing follows.
    Noted,
    /// The outcome of the Create is unknown: only presence checks and notifications resolve it.
    Unresolved,
    /// The backoff schedule of its launch is exhausted.
    Exhausted(LaunchReason),
    /// A superseded task may be in the way.
    InTheWay,
    /// Acquire or Create was refused.
    Refused(FailReason),
    /// The task runs.
    Runs(Confirmed),
    /// The service refuses the payload of the task.
    PayloadRefused,
    /// Another task replaces this one.
    Supersede(LaunchReason),
    /// The task was superseded, but runs after all.
    TakeBack,
    /// Query no longer knows the task.
    Lost(ServiceReply),
    /// The task is over.
    Gone(EndReason, ServiceReply),
    /// The task could not be deleted.
    Orphaned,
    /// An Update was accepted. `outdated`: the payload that it carried, if there is a newer one by now.
    Updated { outdated: Option<Box<Services>> },
    /// The payload of an Update was refused. `is_outdated`: there is a newer payload by now.
    UpdateRefused { is_outdated: bool },
    /// Check by Query whether the task exists.
    CheckNow,
}

impl Lane {
    /// Whether the answer to this request is still awaited.
    pub(crate) fn awaits(&self, id: RequestId) -> bool {
        self.requests.in_flight.as_ref().is_some_and(|in_flight| in_flight.id == id)
    }

    /// Handles an answer. An unexpected one changes nothing, but may still name the task of an overdue Create.
    /// `is_of_others` returns whether a task belongs to another lane.
    pub(crate) fn answer(
        &mut self,
        now: Now,
        id: RequestId,
        answer: &Answer,
        is_of_others: &dyn Fn(&str) -> bool,
    ) -> Option<PresenceResult> {
        if !self.awaits(id) {
            self.late_answer(now, id, answer, is_of_others);
            return None;
        }
        let in_flight = self.requests.in_flight.take()?;
        self.take_answer(now, &in_flight, answer, is_of_others)
    }

    /// Handles the application's RTC token; `Ok(None)` keeps the one in the payload.
    pub(crate) fn token(&mut self, now: Now, id: RequestId, token: Result<Option<String>, ()>) {
        let awaited = self.requests.in_flight.as_ref().filter(|sent| sent.id == id);
        let Some(InFlight { purpose: Purpose::RtcToken { generation, of }, .. }) = awaited else { return };
        let (generation, of) = (*generation, *of);
        self.requests.in_flight = None;
        let is_too_long = token
            .as_ref()
            .is_ok_and(|token| token.as_ref().is_some_and(|token| token.len() > MAX_TOKEN_BYTES));
        let Some(token) = token.ok().filter(|_| !is_too_long) else {
            return self.token_failed(now, generation);
        };
        // The launch may be over by now.
        if let Some(launch) = self.launches.find_mut(generation) {
            launch.payload.give_token(of, token);
            // The attempts of Acquire start at zero.
            launch.attempts.prepared();
        }
    }

    /// Cancels the request in flight if it timed out. Call it for every lane before `poll`: lanes share the results
    /// of presence checks.
    pub(crate) fn time_out(&mut self, now: Now) -> Option<PresenceResult> {
        let is_over = |in_flight: &&InFlight| now.mono >= in_flight.deadline;
        self.requests.in_flight.as_ref().filter(is_over)?;
        let in_flight = self.requests.cancel()?;
        if let Purpose::RtcToken { generation, .. } = in_flight.purpose {
            self.token_failed(now, generation);
            return None;
        }
        self.take_answer(now, &in_flight, &Answer::Nothing(NoAnswer::TimedOut), &|_| false)
    }

    fn token_failed(&mut self, now: Now, generation: u32) {
        // The launch may be over by now.
        let Some(at) = self.launches.position(generation) else { return };
        let policy = Arc::clone(&self.config.policy);
        let launch = self.launches.at_mut(at);
        let is_for_update = launch.is_running();
        let of_update = launch.payload.update_attempts().filter(|_| is_for_update);
        let attempts = of_update.unwrap_or(&mut launch.attempts);
        let (delay, count) = attempts.token_failed(&policy, is_for_update);
        let due = now.mono + delay;
        if is_for_update {
            launch.payload.update_at(due);
        } else {
            launch.call_at(due);
        }
        let kind = EventKind::Retrying {
            call: Call::RtcToken,
            reason: RetryReason::TokenFailed,
            wait_ms: Some(delay),
            attempt: count,
            domain: None,
            reply: ServiceReply::default(),
        };
        self.emit(now, Some(generation), kind);
    }

    fn late_answer(&mut self, now: Now, id: RequestId, answer: &Answer, is_of_others: &dyn Fn(&str) -> bool) {
        let Some(overdue) = self.requests.take_overdue(id) else { return };
        if matches!(answer, Answer::Nothing(why) if why.was_not_sent()) {
            return self.create_never_sent(&overdue);
        }
        let mut read = self.read(now, Call::Create, "", answer);
        read.misnamed = self.is_misnamed(&read, overdue.generation, is_of_others);
        if let Some(task_id) = read.created_task().filter(|_| !read.misnamed) {
            self.learn(now, overdue.generation, task_id, Some(overdue.create()), false, LearnedBy::LateReply);
        }
    }

    /// An overdue Create turns out never to have been sent.
    fn create_never_sent(&mut self, overdue: &Overdue) {
        // The launch may be over by now.
        let Some(at) = self.launches.position(overdue.generation) else { return };
        let launch = self.launches.at_mut(at);
        launch.tokens.create_not_sent(overdue.create());
        if !launch.may_be_live() && !self.stage.is_current(overdue.generation) {
            self.forget(at, None);
        }
    }

    fn take_answer(
        &mut self,
        now: Now,
        in_flight: &InFlight,
        answer: &Answer,
        is_of_others: &dyn Fn(&str) -> bool,
    ) -> Option<PresenceResult> {
        self.note_domain(now, &in_flight.domain, answer);
        let Some(generation) = in_flight.purpose.generation() else {
            return self.on_presence(now, in_flight, answer);
        };
        let mut read = self.read(now, in_flight.purpose.call(), &in_flight.domain, answer);
        read.misnamed = self.is_misnamed(&read, generation, is_of_others);
        let mut yields_no_task = read.misnamed;
        if let Purpose::Create { token, .. } = &in_flight.purpose
            && let Some(task_id) = read.created_task().filter(|_| !read.misnamed)
        {
            // If the named task is already over, this answer yields no task.
            yields_no_task = self.launches.create_of(task_id).is_some();
            let create = SentCreate { id: in_flight.id, token };
            self.learn(now, generation, task_id, Some(create), false, LearnedBy::Reply);
            if !yields_no_task {
                return None;
            }
        }
        // The launch may be over by now.
        let at = self.launches.position(generation)?;
        let verdict = self.apply_to_launch(now, at, &read, |launch, cx| match &in_flight.purpose {
            Purpose::Acquire { .. } => launch.on_acquire(cx),
            Purpose::Create { token, .. } => {
                launch.on_create(cx, SentCreate { id: in_flight.id, token }, yields_no_task)
            }
            Purpose::Query { .. } => launch.on_query(cx),
            Purpose::Update { .. } => launch.on_update(cx),
            Purpose::Delete { .. } => launch.on_delete(cx),
            Purpose::Presence | Purpose::RtcToken { .. } => Verdict::Noted,
        });
        self.carry_out(now, at, verdict, &read);
        None
    }

    /// Lets a launch apply an answer.
    fn apply_to_launch(
        &mut self,
        now: Now,
        at: usize,
        read: &Read<'_>,
        take: impl FnOnce(&mut Launch, &mut Context<'_>) -> Verdict,
    ) -> Verdict {
        let generation = self.launches.at(at).generation;
        let is_wanted = self.is_wanted(generation);
        let is_current = self.stage.is_current(generation);
        let (launch, launches) = self.launches.split(at);
        let secrets = Secrets {
            app_id: &self.config.app_id,
            payload: &self.payload,
            launches,
            driver: &self.driver_secrets,
        };
        let mut context = Context {
            now,
            read,
            config: &self.config,
            confirm_delays: self.payload.confirm_delays(),
            journal: &mut self.journal,
            secrets,
            number: self.requests.next_number,
            is_current,
            is_wanted,
            is_ending: self.stage.is_ending(),
        };
        take(launch, &mut context)
    }

    /// Carries out the verdict on an answer to a call of this launch.
    fn carry_out(&mut self, now: Now, at: usize, verdict: Verdict, read: &Read<'_>) {
        let retry_at = now.mono + read.retry_after.unwrap_or_default();
        match verdict {
            Verdict::Noted => {}
            Verdict::Unresolved => self.check_presence_soon(now),
            Verdict::Exhausted(reason) => {
                self.abandon(now, at, reason);
                self.stage.launch_not_before(retry_at);
            }
            Verdict::InTheWay => self.reconsider(now),
            Verdict::Refused(reason) => {
                if self.create_refused(now, at, reason) {
                    self.stage.launch_not_before(retry_at);
                }
            }
            Verdict::Runs(confirmed) => self.runs(now, at, confirmed),
            Verdict::PayloadRefused => self.payload_refused(now, at),
            Verdict::Supersede(reason) => self.supersede(now, at, reason),
            Verdict::TakeBack => {
                if let Some(at) = self.take_back(now, at)
                    && let Verdict::Runs(confirmed) = self.apply_to_launch(now, at, read, Launch::runs)
                {
                    self.runs(now, at, confirmed);
                    self.mark_changed();
                }
            }
            Verdict::Lost(reply) => self.lost(now, at, reply),
            Verdict::Gone(reason, reply) => self.gone(now, at, reason, reply),
            Verdict::Orphaned if self.should_run() => self.check_presence_soon(now),
            Verdict::Orphaned => self.forget(at, None),
            Verdict::Updated { outdated } => {
                self.payload.accepted(outdated.map(|services| *services));
                self.mark_changed();
            }
            Verdict::UpdateRefused { is_outdated } => self.update_refused(now, at, is_outdated),
            Verdict::CheckNow => self.check_now(now),
        }
    }

    fn read<'a>(&self, now: Now, call: Call, domain: &'a str, answer: &'a Answer) -> Read<'a> {
        let (status, mut body, no_answer) = match answer {
            Answer::Http { status, body, .. } => (Some(*status), ReplyBody::parse(body), None),
            Answer::Nothing(why) => (None, ReplyBody::default(), Some(*why)),
        };
        body.task_id = body.task_id.filter(|task_id| !self.is_a_credential(task_id));
        let meaning =
            interpret(call, status, body.code, body.task_status.as_ref(), body.service_status.as_ref());
        Read {
            call,
            meaning,
            unauthorized: status == Some(401),
            answer,
            body,
            retry_after: self.retry_after(now, answer),
            domain,
            no_answer,
            misnamed: false,
        }
    }

    /// Whether an answer names a task that it cannot be about: for a Create, a task of another create in any lane; for
    /// other calls, another task than the call's. A task of the same create that is over is not misnamed: the Create
    /// did start it.
    fn is_misnamed(&self, read: &Read, generation: u32, is_of_others: &dyn Fn(&str) -> bool) -> bool {
        let Some(task) = read.body.task_id.as_deref() else { return false };
        match read.call {
            Call::Acquire | Call::Presence | Call::RtcToken => false,
            Call::Create => is_of_others(task) || self.launches.is_of_another_create(task, generation),
            Call::Query | Call::Update | Call::Delete => {
                let is_success =
                    matches!(read.meaning, Meaning::Success | Meaning::Accepted | Meaning::Task { .. });
                is_success
                    && self.launches.find(generation).is_some_and(|launch| launch.task_id() != Some(task))
            }
        }
    }

    /// The delay that the service asks for, up to `maxRetryAfterMs`.
    pub(super) fn retry_after(&self, now: Now, answer: &Answer) -> Option<Duration> {
        let Answer::Http { retry_after: Some(header), date, .. } = answer else { return None };
        // Both times are on the service's clock; the local clock may be off.
        let sent_at = date.as_deref().and_then(parse_http_date).unwrap_or(now.wall);
        Some(parse_retry_after(header, sent_at)?.min(self.config.policy.max_retry_after_ms))
    }

    fn note_domain(&mut self, now: Now, domain: &str, answer: &Answer) {
        let before = self.domains.current_index();
        match answer {
            Answer::Http { status: 500..=599, .. } => {
                self.domains.failed(domain, DomainFailure::ServerError, now.mono);
            }
            Answer::Http { .. } => self.domains.succeeded(domain),
            Answer::Nothing(why) => {
                if let Some(failure) = why.domain_failure() {
                    self.domains.failed(domain, failure, now.mono);
                }
            }
        }
        self.emit_domain_switch(now, before);
    }

    /// Emits an event if the domain is no longer the one at index `before`.
    pub(super) fn emit_domain_switch(&mut self, now: Now, before: usize) {
        let domains = self.domains.domains();
        if let (Some(from), Some(to)) = (domains.get(before), domains.get(self.domains.current_index()))
            && from != to
        {
            let kind = EventKind::DomainSwitched { from: from.clone(), to: to.clone() };
            self.emit(now, self.stage.current(), kind);
        }
    }
}
