//! Answers to Delete and Update.

use super::Read;
use crate::policy::Cause;
use crate::status::{Call, Meaning, TaskState};
use crate::supervisor::attempts::Failed;
use crate::supervisor::event::{Ending, EventCall, EventKind, FailReason};
use crate::supervisor::lane::{Goal, Lane};
use crate::supervisor::reply::ReplyBody;
use crate::supervisor::tokens::Round;
use crate::time::Now;

impl Lane {
    pub(super) fn on_delete(&mut self, now: Now, generation: u32, read: &Read) {
        let first_look = self.payload.confirm_delays().wait_or_last(0);
        let Some(launch) = self.launch_mut(generation) else { return };
        let state = TaskState::of(read.body.task_status.as_ref(), read.body.service_status.as_ref());
        match read.meaning {
            Meaning::Success | Meaning::Accepted if read.misnamed => self.not_deleted(now, generation, read),
            // Not the service's: it would be believed of a task that lives, and is billed. 404 ends the attempts.
            Meaning::Success if read.body.is_unreadable => self.not_deleted(now, generation, read),
            Meaning::Success if state != TaskState::Running => {
                launch.tokens.first_is_proven();
                self.gone(now, generation, Ending::Normal, self.said_of(generation, read));
            }
            Meaning::AlreadyGone | Meaning::WrongParameters | Meaning::WrongCredentials => {
                match launch.tokens.try_next(read.of_token()) {
                    Round::GoesOn => launch.call_at(now.mono),
                    Round::NotFound => {
                        self.gone(now, generation, Ending::NotFound, self.said_of(generation, read))
                    }
                    Round::Refused => self.not_deleted(now, generation, read),
                }
            }
            // It is not done yet, or so the body says.
            Meaning::Accepted | Meaning::Success => {
                launch.await_end(now.mono.plus(first_look));
            }
            Meaning::AlreadyStarted
            | Meaning::Task(_)
            | Meaning::TimedOut
            | Meaning::NotCompleted
            | Meaning::ServerError
            | Meaning::NotFound
            | Meaning::RateLimited
            | Meaning::NoAnswer => self.not_deleted(now, generation, read),
        }
    }

    fn not_deleted(&mut self, now: Now, generation: u32, read: &Read) {
        self.delete_again(now, generation, read, read.cause());
    }

    pub(super) fn delete_again(&mut self, now: Now, generation: u32, read: &Read, cause: Cause) {
        let monitor = self.config.policy.monitor_interval_ms;
        let ending = self.goal != Goal::Run;
        let Some(launch) = self.launch(generation) else { return };
        let told = launch.is_reported();
        let as_delete = Read {
            call: Call::Delete,
            domain: read.domain.clone(),
            body: ReplyBody {
                message: read.body.message.clone(),
                code: read.body.code,
                ..ReplyBody::default()
            },
            ..*read
        };
        let Some(Failed { delay: wait, count: attempt }) = self.failed(generation, &as_delete, cause) else {
            return;
        };
        let spent = self.lengthened(read, monitor).max(wait.unwrap_or_default());
        let Some(launch) = self.launch_mut(generation) else { return };
        // A 429 spends no attempt, not even the last one at the end.
        let has_attempt = !told || (ending && cause == Cause::RateLimited);
        if let Some(wait) = wait.filter(|_| has_attempt) {
            launch.delete_again(now.mono.plus(wait));
            return self.tell_retry(now, generation, &as_delete, cause, Some(wait), attempt);
        }
        launch.orphan(now.mono, now.mono.plus(spent));
        if let Some(FailReason::WrongParameters | FailReason::WrongCredentials) =
            read.refused().filter(|_| !told)
        {
            let said = self.said(read);
            self.emit(now, Some(generation), EventKind::Misconfigured { call: read.call.into(), said });
        }
        if !told {
            self.leave_behind(now, generation);
        }
        if ending {
            self.forget(generation, None);
        } else {
            self.look_soon(now);
        }
    }

    pub(super) fn on_update(&mut self, now: Now, generation: u32, read: &Read) {
        let longest = self.lengthened(read, self.config.policy.query_server_error_ms.longest());
        let monitor = self.lengthened(read, self.config.policy.monitor_interval_ms);
        let Some(launch) = self.launch_mut(generation).filter(|launch| launch.payload.is_behind()) else {
            return;
        };
        let sequence_id = launch.payload.last_sequence_id();
        // What was sent, if a newer one has come since.
        let outdated = launch.payload.take_outdated();
        let is_taken = matches!(read.meaning, Meaning::Success | Meaning::Accepted);
        if is_taken && !read.misnamed && !read.body.is_unreadable {
            launch.payload.updated(outdated.is_some(), now.mono);
            self.payload.accepted(outdated);
            self.mark_changed();
            return self.emit(now, Some(generation), EventKind::Updated { sequence_id });
        }
        if read.meaning == Meaning::WrongParameters {
            let is_unsure = launch.payload.is_unsure();
            launch.forget_payload();
            // The task is to have what is gone back to.
            let goes_on = outdated.is_some() || (self.go_back(now) && is_unsure);
            if let Some(launch) = self.launch_mut(generation) {
                launch.payload.update_refused(goes_on, now.mono);
            }
            self.mark_changed();
            let said = self.said(read);
            self.emit(now, Some(generation), EventKind::Misconfigured { call: EventCall::Update, said });
            // Perhaps the task is not there any more.
            return self.hint(now);
        }
        if read.meaning == Meaning::WrongCredentials {
            // That says nothing of the payload.
            launch.payload.update_attempts().refused();
            launch.payload.update_at(now.mono.plus(monitor));
            if launch.payload.report_refusal() {
                let said = self.said(read);
                self.emit(now, Some(generation), EventKind::Misconfigured { call: EventCall::Update, said });
            }
            return;
        }
        let cause = read.cause();
        let Some(Failed { delay, count: attempt }) = self.failed(generation, read, cause) else { return };
        let wait = delay.unwrap_or(longest);
        let Some(launch) = self.launch_mut(generation) else { return };
        if cause != Cause::RateLimited {
            launch.payload.not_sure();
        }
        launch.payload.update_at(now.mono.plus(wait));
        self.tell_retry(now, generation, read, cause, Some(wait), attempt);
        if read.meaning == Meaning::NotFound {
            // That says nothing of the payload, which a relaunch has as well. Query tells whether there is a task.
            self.hint(now);
            if let Some(launch) = self.launch_mut(generation) {
                launch.payload.update_at(launch.phase().due().unwrap_or_default().max(now.mono).plus(wait));
            }
        }
    }
}
