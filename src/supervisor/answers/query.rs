//! Answers to Query.

use super::Read;
use crate::policy::Cause;
use crate::status::{Meaning, TaskState};
use crate::supervisor::Outcome;
use crate::supervisor::attempts::Failed;
use crate::supervisor::config::{Migration, Restart};
use crate::supervisor::event::{Ending, EventCall, EventKind, FailReason, LaunchCause, Said, Suspicion};
use crate::supervisor::lane::Lane;
use crate::supervisor::phase::{Phase, Task};
use crate::supervisor::tokens::Round;
use crate::time::{Millis, Now};

impl Lane {
    pub(super) fn on_query(&mut self, now: Now, generation: u32, read: &Read) {
        let is_of_interest = self.is_of_interest(generation);
        let Some(launch) = self.launch_mut(generation) else { return };
        let state = match read.meaning {
            Meaning::Task(_) if read.misnamed => return self.query_unanswered(now, generation, read),
            // It is there, but how it is cannot be made out.
            Meaning::Task(_) if !read.body.says_how_it_is() => {
                launch.attempts.found();
                return self.query_unanswered(now, generation, read);
            }
            Meaning::Task(state) => state,
            Meaning::NotFound | Meaning::WrongParameters | Meaning::WrongCredentials => {
                return match launch.tokens.try_next(read.of_token()) {
                    Round::GoesOn => launch.call_at(now.mono),
                    Round::NotFound | Round::Refused
                        if matches!(launch.phase(), Phase::Reconsidered { .. }) =>
                    {
                        launch.delete(now.mono);
                    }
                    Round::NotFound => self.not_found(now, generation, read),
                    Round::Refused => self.query_refused(now, generation, read),
                };
            }
            Meaning::Success
            | Meaning::AlreadyStarted
            | Meaning::Accepted
            | Meaning::TimedOut
            | Meaning::NotCompleted
            | Meaning::ServerError
            | Meaning::AlreadyGone
            | Meaning::RateLimited
            | Meaning::NoAnswer => return self.query_unanswered(now, generation, read),
        };
        let queries = launch.queried();
        if let Some(how) = Ending::of(state) {
            return self.gone(now, generation, how, self.said_of(generation, read));
        }
        match launch.phase() {
            Phase::AwaitingEnd { .. } => return self.delete_again(now, generation, read, Cause::Accepted),
            Phase::Reconsidered { .. } if state == TaskState::Running => {
                return self.take_back(now, generation);
            }
            Phase::Reconsidered { .. } => return launch.delete(now.mono),
            Phase::Preparing { .. }
            | Phase::Creating { .. }
            | Phase::Unresolved { .. }
            | Phase::Unidentified { .. }
            | Phase::Confirming { .. }
            | Phase::Running { .. }
            | Phase::Superseded { .. }
            | Phase::Deleting { .. }
            | Phase::Orphaned { .. } => {}
        }
        if !is_of_interest {
            return;
        }
        match state {
            TaskState::Running => {
                self.confirm(now, generation);
                let wait = self.monitoring_wait(now, generation);
                if let Some(launch) = self.launch_mut(generation) {
                    launch.call_at(now.mono.plus(wait));
                    if launch.task().is_some_and(|task| task.is_check_requested) {
                        self.hint_of(now, generation);
                    }
                }
            }
            TaskState::Refused => {
                let said = self.said(read);
                self.emit(now, Some(generation), EventKind::Misconfigured { call: EventCall::Query, said });
                self.refused_payload(now, generation);
            }
            TaskState::Starting
            | TaskState::Abnormal
            | TaskState::Stopping
            | TaskState::Unknown
            | TaskState::Ended
            | TaskState::Failed => self.not_running(now, generation, read, state, queries),
        }
    }

    /// The service does not take the payload of a task: another one has its turn, if there is one.
    fn refused_payload(&mut self, now: Now, generation: u32) {
        let Some(launch) = self.launch(generation) else { return };
        if self.current != Some(generation) {
            return self.supersede(now, generation, LaunchCause::CreateRefused);
        }
        let (is_outdated, is_unsure) = (launch.payload.is_behind(), launch.payload.is_unsure());
        // An Update that may have been carried out is what it does not take.
        if (is_unsure && self.go_back(now)) || is_outdated || self.go_back(now) || self.has_run {
            self.supersede(now, generation, LaunchCause::CreateRefused);
        } else {
            self.end(now, Outcome::Failed { reason: FailReason::WrongParameters });
        }
    }

    /// How long to leave a task alone that runs: not for long while a notification has it that it stopped.
    pub(in crate::supervisor) fn monitoring_wait(&self, now: Now, generation: u32) -> Millis {
        let policy = &self.config.policy;
        let doubted_until = self.launch(generation).and_then(|launch| launch.task()?.doubted_until);
        let wait = match doubted_until {
            Some(until) if now.mono < until => {
                self.payload.confirm_delays().longest().min(policy.monitor_interval_ms)
            }
            Some(_) | None => policy.monitor_interval_ms,
        };
        self.jittered(wait)
    }

    /// Query says that the current task is there, but does not run.
    fn not_running(&mut self, now: Now, generation: u32, read: &Read<'_>, state: TaskState, queries: u32) {
        let policy = self.config.policy.clone();
        let confirm_delays = self.payload.confirm_delays().clone();
        let relaunches =
            self.config.migration == Migration::Relaunch && self.config.restart != Restart::Never;
        let Some(launch) = self.launch_mut(generation) else { return };
        let running = launch.is_running();
        let (since, first) = launch.does_not_run(now.mono);
        let cause = if running { LaunchCause::Abnormal } else { LaunchCause::DidNotStart };
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
        let (is_over, is_abnormal) = (now.mono >= until, state == TaskState::Abnormal);
        launch.call_at(now.mono.plus(confirm_delays.wait_or_last(queries)).min(until));
        // One that is starting has its time; but one that is given up is reported in any case, with the service's words.
        let is_reported = if running { launch.suspect(reason_of(state)) } else { is_over };
        if is_reported {
            let said = self.said_of(generation, read);
            self.emit(now, Some(generation), EventKind::Suspect { reason: reason_of(state), said });
        }
        if is_over {
            let cause = if is_abnormal { LaunchCause::Abnormal } else { cause };
            self.supersede(now, generation, cause);
        }
    }

    fn not_found(&mut self, now: Now, generation: u32, read: &Read) {
        let Some(Failed { delay: wait, count }) = self.failed(generation, read, Cause::NotFound) else {
            return;
        };
        let Some(wait) = wait else {
            return match self.is_of_interest(generation) {
                true => self.lost(now, generation, self.said_of(generation, read)),
                false => self.gone(now, generation, Ending::NotFound, Said::default()),
            };
        };
        let Some(launch) = self.launch_mut(generation) else { return };
        launch.call_at(now.mono.plus(wait));
        self.tell_retry(now, generation, read, Cause::NotFound, Some(wait), count);
        if self.is_of_interest(generation) {
            self.suspect(now, generation, Suspicion::NotFound, self.said_of(generation, read));
        }
    }

    /// Query answered 40x: it does not say that the task ended. When it persists the operator is told.
    fn query_refused(&mut self, now: Now, generation: u32, read: &Read) {
        let Some(Failed { delay: wait, count }) = self.failed(generation, read, Cause::Refused) else {
            return;
        };
        let monitor = self.config.policy.monitor_interval_ms;
        let spent = self.lengthened(read, monitor);
        let Some(launch) = self.launch_mut(generation) else { return };
        if wait.is_none() && matches!(launch.phase(), Phase::AwaitingEnd { .. }) {
            // Whether it has ended cannot be asked.
            return self.delete_again(now, generation, read, Cause::Refused);
        }
        launch.call_at(now.mono.plus(wait.unwrap_or(spent)));
        let is_new = |task: &mut Task| !std::mem::replace(&mut task.is_refusal_reported, true);
        let tell = wait.is_none() && launch.task_mut().is_some_and(is_new);
        if wait.is_some() {
            self.tell_retry(now, generation, read, Cause::Refused, wait, count);
        } else if tell {
            let said = self.said(read);
            self.emit(now, Some(generation), EventKind::Misconfigured { call: EventCall::Query, said });
        }
        // One that was never seen running may not be the task that was made: it has its time to start, and no longer. 401 is
        // about the customer's credentials.
        let deadline = self.config.policy.confirm_deadline_ms;
        let is_late = self.current_launch().is_some_and(|launch| {
            matches!(launch.phase(), Phase::Confirming { since, .. } if now.mono >= since.plus(deadline))
        });
        if wait.is_none() && is_late && !read.unauthorized && self.current == Some(generation) {
            self.supersede(now, generation, LaunchCause::DidNotStart);
        }
    }

    /// Query was not answered, or with a 5xx: nothing is known, and it is asked again for as long as it takes.
    fn query_unanswered(&mut self, now: Now, generation: u32, read: &Read) {
        let cause = read.cause();
        let patience = self.config.policy.attempts(read.call, cause);
        let Some(Failed { delay: wait, count: attempt }) = self.failed(generation, read, cause) else {
            return;
        };
        let Some(launch) = self.launch_mut(generation) else { return };
        let is_exhausted = cause != Cause::RateLimited && attempt as usize > patience;
        if is_exhausted && matches!(launch.phase(), Phase::Reconsidered { .. }) {
            return launch.delete(now.mono);
        }
        launch.call_at(now.mono.plus(wait.unwrap_or_default()));
        self.tell_retry(now, generation, read, cause, wait, attempt);
    }
}

fn reason_of(state: TaskState) -> Suspicion {
    match state {
        TaskState::Abnormal => Suspicion::Abnormal,
        TaskState::Starting
        | TaskState::Running
        | TaskState::Stopping
        | TaskState::Ended
        | TaskState::Failed
        | TaskState::Refused
        | TaskState::Unknown => Suspicion::NotRunning,
    }
}
