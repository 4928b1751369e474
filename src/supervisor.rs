//! Keeps one output on air: acquires, creates, confirms, monitors, relaunches under another uid, stops.
//!
//! Sans-I/O: [`Supervisor`] makes the decisions, and its owner, the *driver*, carries them out, in a loop:
//!
//! 1. Call `poll(now)` until it returns [`Output::Wait`] or [`Output::Done`].
//!    - [`Output::Send`]: persist the snapshot if the request asks for it, then make the call. Hand in
//!      [`NoAnswer::NotSent`] instead if the request is no longer [awaited](Supervisor::awaits) or is too late, and
//!      [`NoAnswer::NotPersisted`] if the snapshot could not be stored (a Delete is sent regardless).
//!    - [`Output::NeedToken`]: ask the application.
//!    - [`Output::NeedPermit`]: ask the owner of the shared rate limit.
//!    - [`Output::Emit`]: deliver the event.
//! 2. Wait for an input or for the time of the last `Wait`, and call `handle(now, input)` for each input.
//! 3. Start again.
//!
//! Extra polls change nothing. `now` is the wall clock in ms since the epoch, and may jump in either direction.
//! [`Supervisor::snapshot`] returns the whole state at any moment; a supervisor restored from it continues exactly
//! where the snapshot was taken.

mod answers;
mod attempts;
mod config;
mod discovery;
mod due;
pub(crate) mod event;
mod in_flight;
mod journal;
mod lane;
mod launch;
mod launches;
mod lifecycle;
mod notifications;
mod payload;
mod phase;
mod poll;
mod presence;
mod reply;
pub(crate) mod request;
mod rest;
pub(crate) mod snapshot;
mod stage;
mod status;
mod tokens;
mod transitions;
mod update;

use std::fmt;

use macro_rules_attribute::apply;

#[cfg(test)]
pub(crate) use self::config::SupervisorOptions;
pub(crate) use self::config::{CheckedOptions, CommonOptions, NewLane};
pub use self::config::{Migration, Presence, Restart, Rollout, SupervisorConfig};
pub use self::event::{
    EndReason, Event, EventKind, FailReason, LaunchReason, LearnedBy, OrphanedReason, ServiceReply,
    SuspectReason,
};
pub(crate) use self::lane::Lane;
pub(crate) use self::poll::Step;
pub(crate) use self::presence::PresenceResult;
pub use self::request::{Answer, NoAnswer, PermitRequest, Request, RequestId, TokenRequest};
pub use self::snapshot::SnapshotError;
pub use self::status::{KnownTask, LaneState, LaneStatus, Standing};
#[cfg(feature = "transitions")]
pub use self::transitions::taken as taken_transitions;
pub use self::update::{LaneUpdate, Via};
use crate::document::document;
use crate::error::Invalid;
use crate::group::{self, Group, driven};
use crate::notification::Notification;
use crate::task::{Services, TaskWarning};
use crate::time::{Duration, WallTime};

/// What to do next.
#[derive(Debug)]
pub enum Output {
    /// Make this call and hand in its answer as [`Input::Answer`].
    Send(Request),
    /// Ask the application for an RTC token and hand it in as [`Input::Token`].
    NeedToken(TokenRequest),
    /// Ask the owner of the shared rate limit and hand the answer in as [`Input::Permit`].
    NeedPermit(PermitRequest),
    /// Deliver this event.
    Emit(Event),
    /// Nothing is due until this time, unless an input arrives.
    Wait {
        /// The latest time of the next poll, in ms since the epoch.
        until: WallTime,
        /// What it waits for.
        why: Why,
    },
    /// The supervisor has ended.
    Done(Outcome),
}

/// What happened.
pub enum Input {
    /// The answer to a request, or the reason why there is none. Late and unknown answers are harmless.
    Answer(RequestId, Answer),
    /// The requested RTC token. `Ok(None)` keeps the token in the payload; `Err` means that none is available.
    Token(RequestId, Result<Option<String>, ()>),
    /// The answer to [`Output::NeedPermit`]: `ZERO` grants the permit; any other value is the delay before the next
    /// request.
    Permit(PermitRequest, Duration),
    /// A verified notification.
    Notification(Notification),
    /// A report that the output does not arrive. At most, it brings the next Query forward.
    CheckNow,
    /// Stop: delete all tasks and start no more.
    Stop,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(id, answer) => f.debug_tuple("Answer").field(id).field(answer).finish(),
            Self::Token(id, token) => {
                let redacted = token.as_ref().map(|token| token.as_ref().map(|_| "…"));
                f.debug_tuple("Token").field(id).field(&redacted).finish()
            }
            Self::Permit(request, wait) => f.debug_tuple("Permit").field(request).field(wait).finish(),
            Self::Notification(notification) => f.debug_tuple("Notification").field(notification).finish(),
            Self::CheckNow => f.write_str("CheckNow"),
            Self::Stop => f.write_str("Stop"),
        }
    }
}

/// What an [`Output::Wait`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The answer to a call.
    Reply,
    /// The application's RTC token.
    RtcToken,
    /// The next step of a launch.
    Launch,
    /// The next Query of a new task.
    Confirm,
    /// The next Query of a running task.
    Monitor,
    /// The next attempt of a call that failed.
    Retry,
    /// The next attempt of an update.
    Update,
    /// The next Delete, or the next Query of a task that is being deleted.
    Delete,
    /// The next presence check.
    Presence,
    /// A permit of the rate limit.
    Quota,
    /// The start of the next launch.
    CoolDown,
    /// The deadline for learning a task's id.
    TaskIdUnknown,
    /// The deadline of `stop()`.
    Stopping,
}

/// How a supervisor ended.
#[apply(document)]
#[json(camel, tag = type, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `stop()` was called and carried out.
    Stopped,
    /// The task ended, and the restart policy allows no relaunch.
    Ended,
    /// The lane gave up.
    Failed {
        /// Why.
        reason: FailReason,
    },
}

/// Keeps one output on air. See the [module](self) for how to drive it.
#[derive(Clone, PartialEq, Eq)]
pub struct Supervisor(pub(crate) Group);

driven!(Supervisor, group::SUPERVISOR);

impl Supervisor {
    /// A supervisor that starts at `now`.
    #[must_use]
    pub fn new(config: SupervisorConfig, now: WallTime) -> Self {
        Self(Group::new([config.lane], config.limits, None, now))
    }

    /// Accepts a new payload. The running task gets it by Update; if an Update cannot make the change, a new task
    /// under another uid replaces the running one, which is deleted after that. Later launches get it in their
    /// Create. The result says which way applies. A payload that the service refuses is reported and rolled back.
    ///
    /// # Errors
    /// A payload with another output channel, or with a uid of the ring among its inputs; or one that needs a new
    /// task although [`Rollout::Refuse`] is set.
    pub fn update(&mut self, now: WallTime, services: Services) -> Result<LaneUpdate, Invalid> {
        let via = |updates: Vec<LaneUpdate>| updates.into_iter().map(|update| update.via).next();
        let via = self.0.update(now, |_| services.clone()).map(via)?.unwrap_or(Via::Nothing);
        Ok(LaneUpdate { lane: self.lane().name().to_owned(), via })
    }

    /// The newest payload that was not refused, secrets included. [`Services::shown`] is the redacted form.
    #[must_use]
    pub fn services(&self) -> &Services {
        self.lane().services()
    }

    /// The status for operators.
    #[must_use]
    pub fn status(&self) -> LaneStatus {
        self.lane().status(self.0.clock())
    }

    #[allow(clippy::indexing_slicing, reason = "a supervisor has exactly one lane; a restore checks that")]
    fn lane(&self) -> &Lane {
        &self.0.lanes()[0]
    }
}
