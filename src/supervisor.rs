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
mod requests;
mod rest;
pub(crate) mod snapshot;
mod status;
mod tokens;
mod transitions;
mod update;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::config::{Migration, Presence, Restart, Rollout, SupervisorConfig};
pub(crate) use self::config::{NewLane, Raw, Shared};
pub use self::event::{
    Ending, Event, EventCall, EventKind, FailReason, IdentifiedBy, LaunchCause, LeftBehindReason,
    RetryReason, Said, Suspicion,
};
pub(crate) use self::lane::Lane;
pub(crate) use self::poll::Step;
pub(crate) use self::presence::ChannelLook;
pub use self::request::{Answer, NoAnswer, PermitRequest, Request, RequestId, TokenRequest};
pub use self::snapshot::SnapshotError;
pub use self::status::{Health, KnownTask, LaneStatus, Standing};
#[cfg(feature = "transitions")]
pub use self::transitions::taken as taken_transitions;
pub use self::update::{LaneUpdate, Via};
use crate::decode::decode;
use crate::error::Invalid;
use crate::notice::Notice;
use crate::quota::permits::Permits;
use crate::redact::DriverSecrets;
use crate::task::{Services, TaskWarning};
use crate::time::{Clock, Millis, Now};

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
        until: Millis,
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
    Permit(PermitRequest, Millis),
    /// A verified notification.
    Notice(Notice),
    /// Somebody says that the output is gone: brings the next Query forward at most.
    Hint,
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
            Self::Notice(notice) => f.debug_tuple("Notice").field(notice).finish(),
            Self::Hint => f.write_str("Hint"),
            Self::Stop => f.write_str("Stop"),
        }
    }
}

/// What a [`Output::Wait`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
    Unidentified,
    /// The deadline of `stop()`.
    Stopping,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
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

decode!(Camel enum Outcome as kind { Stopped, Ended, Failed { reason } });

/// Keeps one output alive. See the [module](self) for how to drive it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Supervisor {
    clock: Clock,
    lane: Lane,
    permits: Permits,
}

decode!(Same Supervisor { clock, lane, permits });

/// Whether a part of a snapshot may be left out.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Supervisor {
    /// A supervisor that begins at `now`.
    #[must_use]
    pub fn new(config: SupervisorConfig, now: Millis) -> Self {
        Self {
            clock: Clock::starting_at(now),
            lane: Lane::new(0, config.lane, now),
            permits: Permits::new(config.limits, now),
        }
    }

    /// What to do next. May change after every [`handle`](Self::handle), and when the time of a `Wait` has come.
    #[must_use]
    pub fn poll(&mut self, now: Millis) -> Output {
        let now = self.tick(now);
        if let Some(look) = self.lane.time_out(now) {
            self.lane.look(now, &look);
        }
        match self.lane.poll(now, &mut self.permits, true) {
            Step::Emit(event) => Output::Emit(event),
            Step::Send(request) => Output::Send(request),
            Step::NeedToken(request) => Output::NeedToken(request),
            Step::NeedPermit(request) => Output::NeedPermit(request),
            Step::Wait { until, why } => Output::Wait { until: self.clock.wall_at(until), why },
            Step::Done(outcome) => Output::Done(outcome),
        }
    }

    /// The caller's clock was set back when it showed `until`: the time that had passed by then still counts.
    pub fn elapse(&mut self, until: Millis) {
        self.tick(until);
    }

    /// Call it after a restore: if it had already ended, emits `AlreadyEnded`, as no other event will follow.
    pub fn note_restored(&mut self, now: Millis) {
        let now = self.tick(now);
        if self.lane.has_ended() {
            self.lane.note_ended(now);
        }
    }

    /// Takes what happened. True when it was about this supervisor.
    pub fn handle(&mut self, now: Millis, input: Input) -> bool {
        let now = self.tick(now);
        match input {
            Input::Answer(id, answer) => {
                if let Some(look) = self.lane.answer(now, id, &answer, &|_| false) {
                    self.lane.look(now, &look);
                }
                true
            }
            Input::Token(id, token) => {
                self.lane.token(now, id, token);
                true
            }
            Input::Permit(request, wait) => {
                self.permits.answered(now.mono, request.lane, request.want, wait);
                true
            }
            Input::Notice(notice) => self.lane.notice(now, &notice),
            Input::Hint => {
                self.lane.hint(now);
                true
            }
            Input::Stop => {
                self.lane.stop(now);
                true
            }
        }
    }

    /// Takes a new payload: for the running task by Update, or, where the service cannot change in a running task what
    /// differs, by a new task under the other uid, after whose start the old one is ended; for later launches by their
    /// Create. Says which way it goes. One that the service refuses is dropped, and reported.
    ///
    /// # Errors
    /// A payload that does not fit what runs: another output channel, a uid of the ring among its inputs; or one that needs
    /// a new task, where [`Rollout::Refuse`] is set.
    pub fn update(&mut self, now: Millis, services: Services) -> Result<LaneUpdate, Invalid> {
        let now = self.tick(now);
        self.lane.check_update(&services)?;
        self.lane.update(now, services)
    }

    /// The newest payload that was not refused, with secrets in it; [`Services::shown`] is for people.
    #[must_use]
    pub fn services(&self) -> &Services {
        self.lane.services()
    }

    /// What is allowed in the payload that the next launch has, but probably not meant.
    #[must_use]
    pub fn warnings(&self) -> Vec<TaskWarning> {
        self.lane.warnings()
    }

    /// The most calls that it makes in any one second, while nobody else shares out the App ID's rate limit.
    #[must_use]
    pub fn most_calls_in_a_second(&self) -> usize {
        self.permits.most_in_any_second()
    }

    /// Whether somebody else shares out the App ID's rate limit, among all processes that make calls under it. Then each
    /// call is preceded by an [`Output::NeedPermit`]; else the machine keeps to `quota` by itself.
    pub fn share_quota(&mut self, shared: bool) {
        self.permits.share(shared);
    }

    /// Texts that only the driver knows, such as the customer's secret and the `Authorization` header: they are redacted
    /// wherever the service, or a proxy before it, repeats them. No snapshot has them, so they are handed in after
    /// [`restore`](Self::restore) too. What has fewer than 6 characters, or fewer than 16 of which all are letters, is
    /// taken for a word, and stays.
    pub fn keep_secret(&mut self, secrets: impl IntoIterator<Item = String>) {
        self.lane.keep_secret(DriverSecrets::new(secrets));
    }

    /// Whether the answer to this question is still awaited.
    #[must_use]
    pub fn awaits_permit(&self, request: PermitRequest) -> bool {
        self.permits.awaits(request.lane, request.want)
    }

    /// Whether the answer to this request is still awaited. Ask before sending what had to wait for its snapshot.
    #[must_use]
    pub fn awaits(&self, id: RequestId) -> bool {
        self.lane.awaits(id)
    }

    /// How the output is.
    #[must_use]
    pub fn health(&self) -> Health {
        self.lane.health()
    }

    /// How the lane is, for people.
    #[must_use]
    pub fn status(&self) -> LaneStatus {
        self.lane.status(&self.clock)
    }

    /// Grows with every change worth persisting, besides those that a [`Request`] asks to persist first.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.lane.revision()
    }

    /// The whole state, as text. It carries tokens: keep it where the credentials are kept.
    ///
    /// # Errors
    /// None that is known; serialising may fail in principle.
    pub fn snapshot(&self) -> Result<String, SnapshotError> {
        snapshot::write("supervisor", self)
    }

    /// A supervisor that goes on exactly as the one that the snapshot was taken from.
    ///
    /// # Errors
    /// A snapshot of something else, of a newer version, or a damaged one.
    pub fn restore(snapshot: &str) -> Result<Self, SnapshotError> {
        snapshot::read("supervisor", snapshot, |supervisor: &Self| {
            supervisor.clock.check()?;
            supervisor.permits.check()?;
            supervisor.lane.check(0)
        })
    }

    fn tick(&mut self, now: Millis) -> Now {
        let (now, went_back) = self.clock.tick(now);
        if went_back {
            self.lane.clock_went_back();
        }
        now
    }
}
