//! What an answer changes.

use super::Outcome;
use super::config::Migration;
use super::event::{
    Ending, EventCall, EventKind, FailReason, IdentifiedBy, LaunchCause, RetryReason, Said, Suspicion,
};
use super::lane::{Goal, InFlight, Lane, Purpose};
use super::launch::{BuilderToken, Launch, Phase, RtcToken};
use super::request::{Answer, NoAnswer, ReplyBody, RequestId, said};
use crate::domain::{DomainFailure, DomainLadder};
use crate::policy::{Cause, parse_retry_after};
use crate::status::{Call, Meaning, TaskState, interpret};
use crate::time::{Millis, Now};
use crate::uid::Uid;

/// Who is in the channel, for every lane that publishes into it.
pub(crate) struct ChannelLook {
    pub(crate) sent_at: Millis,
    pub(crate) broadcasters: Vec<Uid>,
}

/// One answer, read.
struct Read {
    call: Call,
    meaning: Meaning,
    body: ReplyBody,
    said: Said,
    retry_after: Option<Millis>,
    domain: String,
    /// Why no answer came.
    nothing: Option<NoAnswer>,
}

impl Read {
    fn reason(&self, cause: Cause) -> RetryReason {
        match self.nothing {
            Some(NoAnswer::Dns) => RetryReason::Dns,
            Some(NoAnswer::Unreachable) => RetryReason::Unreachable,
            Some(NoAnswer::NotSent) => RetryReason::NotSent,
            Some(NoAnswer::TimedOut | NoAnswer::Unknown) => RetryReason::NoAnswer,
            None => cause.into(),
        }
    }

    fn refused(&self) -> Option<FailReason> {
        match self.meaning {
            Meaning::WrongParameters => Some(FailReason::WrongParameters),
            Meaning::WrongCredentials => Some(FailReason::WrongCredentials),
            Meaning::Success
            | Meaning::AlreadyStarted
            | Meaning::Accepted
            | Meaning::Task(_)
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

impl Lane {
    /// Whether the answer to this request is still awaited.
    pub(crate) fn awaits(&self, id: RequestId) -> bool {
        self.in_flight.as_ref().is_some_and(|in_flight| in_flight.id == id)
    }

    /// Takes an answer. One that is not awaited changes nothing, but may still name the task of a Create.
    pub(crate) fn answer(&mut self, now: Now, id: RequestId, answer: &Answer) -> Option<ChannelLook> {
        if !self.awaits(id) {
            self.late_answer(now, id, answer);
            return None;
        }
        let in_flight = self.in_flight.take()?;
        self.take_answer(now, &in_flight, answer)
    }

    /// Takes the RTC token that the application was asked for; `Ok(None)` keeps the one in the payload.
    pub(crate) fn token(&mut self, now: Now, id: RequestId, token: Result<Option<String>, ()>) {
        if !self.awaits(id) {
            return;
        }
        let Some(in_flight) = self.in_flight.take() else { return };
        match token {
            Ok(token) => {
                let given = RtcToken::Given(token.filter(|token| !token.is_empty()));
                let launch = in_flight.generation.and_then(|generation| self.launch_mut(generation));
                match (in_flight.purpose, launch) {
                    (Purpose::InputToken, Some(launch)) => launch.input_token = given,
                    (Purpose::OutputToken, Some(launch)) => launch.output_token = given,
                    _ => {}
                }
            }
            Err(()) => self.token_failed(now, &in_flight),
        }
    }

    /// The time of the request under way is over.
    pub(super) fn time_out(&mut self, now: Now) {
        let Some(in_flight) = self.let_go_of_request() else { return };
        if matches!(in_flight.purpose, Purpose::InputToken | Purpose::OutputToken) {
            return self.token_failed(now, &in_flight);
        }
        let _ = self.take_answer(now, &in_flight, &Answer::Nothing(NoAnswer::TimedOut));
    }

    fn token_failed(&mut self, now: Now, in_flight: &InFlight) {
        let Some(generation) = in_flight.generation else { return };
        let policy = &self.config.policy;
        let waits = policy.create_server_error_ms.clone();
        let Some(launch) = self.launch_mut(generation) else { return };
        let for_update = launch.phase == Phase::Running;
        let failures = if for_update { &mut launch.update_failures } else { &mut launch.acquire_failures };
        let wait = waits.wait_or_last(*failures);
        *failures = failures.saturating_add(1);
        let attempt = *failures;
        if for_update {
            launch.update_due = Some(now.mono.plus(wait));
        } else {
            launch.due = now.mono.plus(wait);
        }
        self.emit(
            now,
            Some(generation),
            EventKind::Retrying {
                call: EventCall::RtcToken,
                reason: RetryReason::TokenFailed,
                wait_ms: Some(wait),
                attempt,
                domain: None,
                said: Said::default(),
            },
        );
    }

    fn late_answer(&mut self, now: Now, id: RequestId, answer: &Answer) {
        let Some(at) = self.overdue.iter().position(|overdue| overdue.id == id) else { return };
        let Some(overdue) = self.overdue.remove(at) else { return };
        if matches!(answer, Answer::Nothing(why) if why.was_not_sent()) {
            return self.never_left(overdue.generation);
        }
        let Answer::Http { status: 200..=299, body, .. } = answer else { return };
        if let Some(task_id) = ReplyBody::parse(body).task_id {
            let by = IdentifiedBy::LateReply;
            self.learn(now, overdue.generation, &task_id, Some(&overdue.token), false, by);
        }
    }

    /// A Create that was not awaited any more turns out never to have left.
    fn never_left(&mut self, generation: u32) {
        let is_current = self.current == Some(generation);
        let Some(launch) = self.launch_mut(generation).filter(|launch| launch.task_id.is_none()) else {
            return;
        };
        launch.create_did_not_leave();
        if !launch.may_be_live() && !is_current {
            self.forget(generation, None);
        }
    }

    fn take_answer(&mut self, now: Now, in_flight: &InFlight, answer: &Answer) -> Option<ChannelLook> {
        self.note_domain(now, &in_flight.domain, answer);
        let call = match in_flight.purpose {
            Purpose::Acquire => Call::Acquire,
            Purpose::Create => Call::Create,
            Purpose::Query => Call::Query,
            Purpose::Update => Call::Update,
            Purpose::Delete => Call::Delete,
            Purpose::Presence => return self.on_presence(now, in_flight, answer),
            Purpose::InputToken | Purpose::OutputToken => return None,
        };
        let read = self.read(now, call, &in_flight.domain, answer);
        let generation = in_flight.generation?;
        self.launch(generation)?;
        match call {
            Call::Acquire => self.on_acquire(now, generation, &read),
            Call::Create => self.on_create(now, generation, in_flight.token.as_deref(), &read),
            Call::Query => self.on_query(now, generation, &read),
            Call::Update => self.on_update(now, generation, &read),
            Call::Delete => self.on_delete(now, generation, &read),
        }
        None
    }

    fn read(&self, now: Now, call: Call, domain: &str, answer: &Answer) -> Read {
        let (status, body, retry_after, nothing) = match answer {
            Answer::Http { status, retry_after, body, .. } => {
                (Some(*status), ReplyBody::parse(body), retry_after.as_deref(), None)
            }
            Answer::Nothing(why) => (None, ReplyBody::default(), None, Some(*why)),
        };
        let meaning =
            interpret(call, status, body.code, body.task_status.as_ref(), body.service_status.as_ref());
        Read {
            call,
            meaning,
            said: said(answer, &body, self.launches.iter().flat_map(Launch::secrets)),
            body,
            retry_after: retry_after.and_then(|header| parse_retry_after(header, now.wall)),
            domain: domain.to_owned(),
            nothing,
        }
    }

    fn note_domain(&mut self, now: Now, domain: &str, answer: &Answer) {
        let before = self.domains.clone();
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
        self.tell_domain_switch(now, &before);
    }

    pub(super) fn tell_domain_switch(&mut self, now: Now, before: &DomainLadder) {
        let from = before.current().to_owned();
        let to = self.domains.current().to_owned();
        if from != to {
            self.emit(now, self.current, EventKind::DomainSwitched { from, to });
        }
    }

    // ---- Acquire and Create --------------------------------------------------------------------------------------

    fn on_acquire(&mut self, now: Now, generation: u32, read: &Read) {
        if let Some(reason) = read.refused() {
            return self.refused_to_launch(now, generation, read, reason);
        }
        let Some(launch) = self.launch_mut(generation) else { return };
        let cause = match (read.meaning, &read.body.token_name) {
            (Meaning::Success, Some(name)) => {
                launch.builder = Some(BuilderToken { name: name.clone(), acquired_at: now.mono, creates: 0 });
                launch.acquire_failures = 0;
                launch.rate_limited = 0;
                launch.due = now.mono;
                return;
            }
            (meaning, _) => Cause::of(Call::Acquire, meaning).unwrap_or(Cause::Malformed),
        };
        let failures = launch.acquire_failures;
        let wait = self.next_wait(generation, read, cause, failures);
        let Some(launch) = self.launch_mut(generation) else { return };
        if cause != Cause::RateLimited {
            launch.acquire_failures = failures.saturating_add(1);
        }
        launch.due = now.mono.plus(wait.unwrap_or_default());
        let attempt = launch.acquire_failures;
        self.tell_retry(now, generation, read, cause, wait, attempt);
        if wait.is_none() && self.current == Some(generation) {
            self.abandon(now, LaunchCause::AcquireSpent);
        }
    }

    fn on_create(&mut self, now: Now, generation: u32, token: Option<&str>, read: &Read) {
        let accepted = matches!(read.meaning, Meaning::Success | Meaning::Accepted | Meaning::AlreadyStarted);
        if let (true, Some(task_id)) = (accepted, &read.body.task_id) {
            return self.learn(now, generation, task_id, token, false, IdentifiedBy::Reply);
        }
        let goes_on = self.goal == Goal::Run;
        let Some(launch) = self.launch_mut(generation).filter(|launch| launch.phase == Phase::Creating)
        else {
            return;
        };
        if read.nothing.is_some_and(NoAnswer::was_not_sent) {
            launch.create_did_not_leave();
        } else if read.meaning == Meaning::RateLimited || read.refused().is_some() {
            launch.create_did_not_happen();
        }
        if read.meaning == Meaning::AlreadyStarted {
            launch.enter(Phase::Unidentified, now.mono, now.mono);
            launch.said_to_run = true;
            self.look_soon(now);
            return self.emit(now, Some(generation), EventKind::Unidentified);
        }
        if let Some(reason) = read.refused() {
            return self.refused_to_launch(now, generation, read, reason);
        }
        if !goes_on {
            return;
        }
        let failures = launch.failures;
        let cause = Cause::of(Call::Create, read.meaning).unwrap_or(Cause::Malformed);
        let wait = self.next_wait(generation, read, cause, failures);
        let Some(launch) = self.launch_mut(generation) else { return };
        if cause != Cause::RateLimited {
            launch.failures = failures.saturating_add(1);
        }
        launch.due = now.mono.plus(wait.unwrap_or_default());
        let attempt = launch.failures;
        self.tell_retry(now, generation, read, cause, wait, attempt);
        if wait.is_none() {
            self.abandon(now, LaunchCause::CreateSpent);
        }
    }

    /// Acquire or Create was answered 40x. Nothing more is sent for this create. Where an earlier Create of it had an
    /// unknown outcome, the refusal may mean only that its token is used up: then another create has its turn, and a
    /// refusal of that one is final.
    fn refused_to_launch(&mut self, now: Now, generation: u32, read: &Read, reason: FailReason) {
        self.emit(
            now,
            Some(generation),
            EventKind::Misconfigured { call: read.call.into(), said: read.said.clone() },
        );
        let Some(launch) = self.launch_mut(generation) else { return };
        launch.closed = true;
        let ambiguous = launch.may_be_live() && read.meaning == Meaning::WrongParameters;
        if self.current != Some(generation) {
            return;
        }
        if ambiguous || self.config.revert_services() {
            self.abandon(now, LaunchCause::CreateRefused);
        } else {
            self.end(now, Outcome::Failed { reason });
        }
    }

    // ---- Query ---------------------------------------------------------------------------------------------------

    fn on_query(&mut self, now: Now, generation: u32, read: &Read) {
        let is_current = self.current == Some(generation);
        let Some(launch) = self.launch_mut(generation) else { return };
        let phase = launch.phase;
        let asked = matches!(phase, Phase::Confirming | Phase::Running | Phase::AwaitingEnd);
        let state = match read.meaning {
            Meaning::Task(state) => state,
            Meaning::NotFound if asked => return self.not_found(now, generation, read),
            Meaning::WrongParameters | Meaning::WrongCredentials if asked => {
                return self.query_refused(now, generation, read);
            }
            Meaning::Success
            | Meaning::AlreadyStarted
            | Meaning::Accepted
            | Meaning::TimedOut
            | Meaning::NotCompleted
            | Meaning::ServerError
            | Meaning::NotFound
            | Meaning::AlreadyGone
            | Meaning::WrongParameters
            | Meaning::WrongCredentials
            | Meaning::RateLimited
            | Meaning::NoAnswer => {
                if asked {
                    self.query_unanswered(now, generation, read);
                }
                return;
            }
        };
        launch.token_proven();
        launch.failures = 0;
        launch.not_found = 0;
        launch.refusals = 0;
        launch.rate_limited = 0;
        launch.refusal_told = false;
        launch.looks = launch.looks.saturating_add(1);
        if let Some(how) = Ending::of(state) {
            return self.gone(now, generation, how);
        }
        if phase == Phase::AwaitingEnd {
            return self.delete_again(now, generation, read, Cause::Accepted);
        }
        if !is_current {
            return;
        }
        match state {
            TaskState::Running => {
                self.confirm(now);
                let due = self.jittered(self.config.policy.monitor_interval_ms);
                if let Some(launch) = self.launch_mut(generation) {
                    launch.due = now.mono.plus(due);
                }
            }
            TaskState::Refused => {
                let said = read.said.clone();
                self.emit(now, Some(generation), EventKind::Misconfigured { call: EventCall::Query, said });
                self.end(now, Outcome::Failed { reason: FailReason::WrongParameters });
            }
            TaskState::Starting
            | TaskState::Abnormal
            | TaskState::Stopping
            | TaskState::Unknown
            | TaskState::Ended
            | TaskState::Failed => self.not_running(now, generation, state),
        }
    }

    /// Query says that the current task is there, but does not run.
    fn not_running(&mut self, now: Now, generation: u32, state: TaskState) {
        let policy = self.config.policy.clone();
        let relaunches = self.config.migration == Migration::Relaunch;
        let Some(launch) = self.launch_mut(generation) else { return };
        let running = launch.phase == Phase::Running;
        let first = launch.odd_since.is_none();
        let (since, cause) = if running {
            (*launch.odd_since.get_or_insert(now.mono), LaunchCause::Abnormal)
        } else {
            (launch.since, LaunchCause::DidNotStart)
        };
        let patience = match state {
            TaskState::Abnormal if relaunches => Millis::ZERO,
            // One more look: a status may lag behind.
            TaskState::Starting | TaskState::Stopping if relaunches && running && !first => Millis::ZERO,
            TaskState::Starting
            | TaskState::Running
            | TaskState::Abnormal
            | TaskState::Stopping
            | TaskState::Ended
            | TaskState::Failed
            | TaskState::Refused
            | TaskState::Unknown => {
                if running {
                    policy.migration_ms
                } else {
                    policy.confirm_deadline_ms
                }
            }
        };
        let until = since.plus(patience);
        if now.mono >= until {
            let cause = if state == TaskState::Abnormal { LaunchCause::Abnormal } else { cause };
            return self.supersede(now, cause);
        }
        let looks = if running { 0 } else { launch.looks };
        launch.due = now.mono.plus(policy.confirm_ms.wait_or_last(looks)).min(until);
        let reason = if state == TaskState::Abnormal { Suspicion::Abnormal } else { Suspicion::NotRunning };
        self.suspect(now, reason);
    }

    fn not_found(&mut self, now: Now, generation: u32, read: &Read) {
        let Some(launch) = self.launch_mut(generation) else { return };
        if launch.try_next_token() {
            launch.due = now.mono;
            return;
        }
        let failures = launch.not_found;
        let wait = self.next_wait(generation, read, Cause::NotFound, failures);
        let Some(launch) = self.launch_mut(generation) else { return };
        launch.not_found = failures.saturating_add(1);
        let Some(wait) = wait else { return self.gone(now, generation, Ending::NotFound) };
        launch.due = now.mono.plus(wait);
        self.tell_retry(now, generation, read, Cause::NotFound, Some(wait), failures.saturating_add(1));
        if self.current == Some(generation) {
            self.suspect(now, Suspicion::NotFound);
        }
    }

    /// Query answered 40x: it does not say that the task ended. When it persists the operator is told.
    fn query_refused(&mut self, now: Now, generation: u32, read: &Read) {
        let Some(launch) = self.launch_mut(generation) else { return };
        if launch.try_next_token() {
            launch.due = now.mono;
            return;
        }
        let failures = launch.refusals;
        let wait = self.next_wait(generation, read, Cause::Refused, failures);
        let monitor = self.config.policy.monitor_interval_ms;
        let Some(launch) = self.launch_mut(generation) else { return };
        launch.refusals = failures.saturating_add(1);
        launch.due = now.mono.plus(wait.unwrap_or(monitor));
        let tell = wait.is_none() && !std::mem::replace(&mut launch.refusal_told, wait.is_none());
        if wait.is_some() {
            self.tell_retry(now, generation, read, Cause::Refused, wait, failures.saturating_add(1));
        } else if tell {
            let said = read.said.clone();
            self.emit(now, Some(generation), EventKind::Misconfigured { call: EventCall::Query, said });
        }
    }

    /// Query was not answered, or with a 5xx: nothing is known, and it is asked again for as long as it takes.
    fn query_unanswered(&mut self, now: Now, generation: u32, read: &Read) {
        let cause = Cause::of(Call::Query, read.meaning).unwrap_or(Cause::Malformed);
        let longest = self.config.policy.query_server_error_ms.longest();
        let Some(launch) = self.launch_mut(generation) else { return };
        let failures = launch.failures;
        let wait = self.next_wait(generation, read, cause, failures).unwrap_or(longest);
        let Some(launch) = self.launch_mut(generation) else { return };
        if cause != Cause::RateLimited {
            launch.failures = failures.saturating_add(1);
        }
        launch.due = now.mono.plus(wait);
        let attempt = launch.failures;
        self.tell_retry(now, generation, read, cause, Some(wait), attempt);
    }

    // ---- Delete and Update ---------------------------------------------------------------------------------------

    fn on_delete(&mut self, now: Now, generation: u32, read: &Read) {
        let first_look = self.config.policy.confirm_ms.wait_or_last(0);
        let Some(launch) = self.launch_mut(generation) else { return };
        match read.meaning {
            Meaning::Success => self.gone(now, generation, Ending::Normal),
            Meaning::AlreadyGone if launch.try_next_token() => launch.due = now.mono,
            Meaning::AlreadyGone => self.gone(now, generation, Ending::NotFound),
            Meaning::Accepted => {
                launch.phase = Phase::AwaitingEnd;
                launch.due = now.mono.plus(first_look);
            }
            Meaning::WrongParameters | Meaning::WrongCredentials if launch.try_next_token() => {
                launch.due = now.mono
            }
            Meaning::WrongParameters
            | Meaning::WrongCredentials
            | Meaning::AlreadyStarted
            | Meaning::Task(_)
            | Meaning::TimedOut
            | Meaning::NotCompleted
            | Meaning::ServerError
            | Meaning::NotFound
            | Meaning::RateLimited
            | Meaning::NoAnswer => {
                let cause = Cause::of(Call::Delete, read.meaning).unwrap_or(Cause::Malformed);
                self.delete_again(now, generation, read, cause);
            }
        }
    }

    fn delete_again(&mut self, now: Now, generation: u32, read: &Read, cause: Cause) {
        let monitor = self.config.policy.monitor_interval_ms;
        let ending = self.goal != Goal::Run;
        let Some(launch) = self.launch_mut(generation) else { return };
        let (failures, told) = (launch.failures, launch.told);
        let as_delete = Read {
            call: Call::Delete,
            said: read.said.clone(),
            domain: read.domain.clone(),
            body: ReplyBody::default(),
            ..*read
        };
        let wait = self.next_wait(generation, &as_delete, cause, failures);
        let Some(launch) = self.launch_mut(generation) else { return };
        if cause != Cause::RateLimited {
            launch.failures = failures.saturating_add(1);
        }
        let attempt = launch.failures;
        if let Some(wait) = wait.filter(|_| !told) {
            launch.phase = Phase::Deleting;
            launch.due = now.mono.plus(wait);
            return self.tell_retry(now, generation, &as_delete, cause, Some(wait), attempt);
        }
        launch.enter(Phase::LeftBehind, now.mono, now.mono.plus(monitor.max(wait.unwrap_or_default())));
        if let Some(FailReason::WrongParameters | FailReason::WrongCredentials) =
            read.refused().filter(|_| !told)
        {
            let said = read.said.clone();
            self.emit(now, Some(generation), EventKind::Misconfigured { call: EventCall::Delete, said });
        }
        self.leave_behind(now, generation);
        if ending {
            self.forget(generation, None);
        } else {
            self.look_soon(now);
        }
    }

    fn on_update(&mut self, now: Now, generation: u32, read: &Read) {
        let longest = self.config.policy.query_server_error_ms.longest();
        let Some(launch) = self.launch_mut(generation).filter(|launch| launch.update_due.is_some()) else {
            return;
        };
        let sequence_id = launch.next_sequence_id.saturating_sub(1);
        if matches!(read.meaning, Meaning::Success | Meaning::Accepted) {
            launch.update_due = None;
            launch.update_failures = 0;
            self.config.keep_services();
            return self.emit(now, Some(generation), EventKind::Updated { sequence_id });
        }
        if read.refused().is_some() {
            launch.update_due = None;
            self.config.revert_services();
            let said = read.said.clone();
            self.emit(now, Some(generation), EventKind::Misconfigured { call: EventCall::Update, said });
            // Perhaps the task is not there any more.
            return self.hint(now);
        }
        let failures = launch.update_failures;
        let cause = Cause::of(Call::Update, read.meaning).unwrap_or(Cause::Malformed);
        let wait = self.next_wait(generation, read, cause, failures).unwrap_or(longest);
        let Some(launch) = self.launch_mut(generation) else { return };
        if cause != Cause::RateLimited {
            launch.update_failures = failures.saturating_add(1);
        }
        launch.update_due = Some(now.mono.plus(wait));
        let attempt = launch.update_failures;
        self.tell_retry(now, generation, read, cause, Some(wait), attempt);
    }

    // ---- presence ------------------------------------------------------------------------------------------------

    fn on_presence(&mut self, now: Now, in_flight: &InFlight, answer: &Answer) -> Option<ChannelLook> {
        let broadcasters = match answer {
            Answer::Http { status: 200, body, .. } => ReplyBody::parse(body).broadcasters,
            Answer::Http { .. } | Answer::Nothing(_) => None,
        };
        match broadcasters {
            Some(broadcasters) => Some(ChannelLook { sent_at: in_flight.sent_at, broadcasters }),
            None => {
                // A look that failed proves nothing.
                self.next_look = now.mono.plus(self.look_interval());
                self.looks = self.looks.saturating_add(1);
                None
            }
        }
    }

    // ---- helpers -------------------------------------------------------------------------------------------------

    /// The wait before the next attempt, jitter included; counts the 429s.
    fn next_wait(&mut self, generation: u32, read: &Read, cause: Cause, failures: u32) -> Option<Millis> {
        let launch = self.launch_mut(generation)?;
        let failures = if cause == Cause::RateLimited {
            launch.rate_limited = launch.rate_limited.saturating_add(1);
            launch.rate_limited - 1
        } else {
            launch.rate_limited = 0;
            failures
        };
        self.config.policy.wait(read.call, cause, failures, read.retry_after).map(|wait| self.jittered(wait))
    }

    fn jittered(&self, wait: Millis) -> Millis {
        self.config.policy.jittered(wait, self.config.seed, self.next_request)
    }

    fn tell_retry(
        &mut self,
        now: Now,
        generation: u32,
        read: &Read,
        cause: Cause,
        wait_ms: Option<Millis>,
        attempt: u32,
    ) {
        self.emit(
            now,
            Some(generation),
            EventKind::Retrying {
                call: read.call.into(),
                reason: read.reason(cause),
                wait_ms,
                attempt,
                domain: Some(read.domain.clone()),
                said: read.said.clone(),
            },
        );
    }
}
