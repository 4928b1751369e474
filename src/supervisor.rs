//! Keeps one output alive: acquire, create, confirm, monitor, relaunch under the other uid, stop.
//!
//! [`Supervisor`] only decides. Its owner (the *driver*) carries out, in a loop:
//!
//! 1. `poll(now)` until it says [`Output::Wait`] or [`Output::Done`]. For [`Output::Send`], persist the snapshot first
//!    if the request says so, then make the call, unless it is not [awaited](Supervisor::awaits) any more, or too late:
//!    then hand in [`NoAnswer::NotSent`], or [`NoAnswer::NotPersisted`] where the snapshot could not be kept (a Delete is
//!    sent all the same); for [`Output::NeedToken`] ask the application; for
//!    [`Output::NeedPermit`] whoever shares out the rate limit; hand out each [`Output::Emit`].
//! 2. Wait until something comes in, or the time of the last `Wait` has come, and `handle(now, input)` what came.
//! 3. Begin again.
//!
//! Polling more often changes nothing. `now` is the wall clock in ms since the epoch, and may jump either way. The
//! whole state can be taken with [`Supervisor::snapshot`] at any moment; a supervisor restored from it goes on exactly
//! as the one that it was taken from.

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
pub(crate) use self::presence::ChannelLook;
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
    /// Make this call, and hand in its answer as [`Input::Answer`].
    Send(Request),
    /// Ask the application for an RTC token, and hand it in as [`Input::Token`].
    NeedToken(TokenRequest),
    /// Ask whoever shares out the rate limit, and hand the answer in as [`Input::Permit`].
    NeedPermit(PermitRequest),
    /// Hand this out.
    Emit(Event),
    /// Nothing until this moment (ms since the epoch), unless something comes in.
    Wait {
        /// When to poll again at the latest.
        until: WallTime,
        /// What is waited for.
        why: Why,
    },
    /// It is over.
    Done(Outcome),
}

/// What happened.
pub enum Input {
    /// The answer to a request, or that there was none. A late or foreign one does no harm.
    Answer(RequestId, Answer),
    /// The RTC token that was asked for: `Ok(None)` keeps the one in the payload, `Err` if there was none to be had.
    Token(RequestId, Result<Option<String>, ()>),
    /// The answer to [`Output::NeedPermit`]: `ZERO` is a permit; else it is how long to wait before asking again.
    Permit(PermitRequest, Duration),
    /// A verified notification.
    Notification(Notification),
    /// Somebody says that the output is gone: brings the next Query forward at most.
    CheckNow,
    /// Stop: end what lives, start nothing any more.
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

/// What a [`Output::Wait`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The answer to a call.
    Reply,
    /// The application's RTC token.
    RtcToken,
    /// The next step of a launch.
    Launch,
    /// The next look for a new task.
    Confirm,
    /// The next look for a running task.
    Monitor,
    /// The next attempt of a call that failed.
    Retry,
    /// The next attempt of an update.
    Update,
    /// The next attempt to end a task.
    Delete,
    /// The next look into the channel.
    Presence,
    /// A permit of the rate limit.
    Quota,
    /// The end of a relaunch's cool-down.
    CoolDown,
    /// The time for identifying a task.
    TaskIdUnknown,
    /// The deadline of `stop()`.
    Stopping,
}

/// How it ended.
#[apply(document)]
#[json(camel, tag = type, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `stop()` was called, and has been carried out.
    Stopped,
    /// The task ended, and the restart policy says to leave it at that.
    Ended,
    /// It cannot go on.
    Failed {
        /// Why.
        reason: FailReason,
    },
}

/// Keeps one output alive. See the [module](self) for how to drive it.
#[derive(Clone, PartialEq, Eq)]
pub struct Supervisor(pub(crate) Group);

driven!(Supervisor, group::SUPERVISOR);

impl Supervisor {
    /// A supervisor that begins at `now`.
    #[must_use]
    pub fn new(config: SupervisorConfig, now: WallTime) -> Self {
        Self(Group::new([config.lane], config.limits, None, now))
    }

    /// Takes a new payload: for the running task by Update, or, where the service cannot change in a running task what
    /// differs, by a new task under the other uid, after whose start the old one is ended; for later launches by their
    /// Create. Says which way it goes. One that the service refuses is dropped, and reported.
    ///
    /// # Errors
    /// A payload that does not fit what runs: another output channel, a uid of the ring among its inputs; or one that needs
    /// a new task, where [`Rollout::Refuse`] is set.
    pub fn update(&mut self, now: WallTime, services: Services) -> Result<LaneUpdate, Invalid> {
        let via = |updates: Vec<LaneUpdate>| updates.into_iter().map(|update| update.via).next();
        let via = self.0.update(now, |_| services.clone()).map(via)?.unwrap_or(Via::Nothing);
        Ok(LaneUpdate { lane: self.lane().name().to_owned(), via })
    }

    /// The newest payload that was not refused, with secrets in it; [`Services::shown`] is for people.
    #[must_use]
    pub fn services(&self) -> &Services {
        self.lane().services()
    }

    /// How the lane is, for people.
    #[must_use]
    pub fn status(&self) -> LaneStatus {
        self.lane().status(self.0.clock())
    }

    #[allow(clippy::indexing_slicing, reason = "it has one, which a restore checks")]
    fn lane(&self) -> &Lane {
        &self.0.lanes()[0]
    }
}
