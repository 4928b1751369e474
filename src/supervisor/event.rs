//! What an operator would want to see.

use macro_rules_attribute::apply;

use super::Outcome;
use crate::document::document;
use crate::policy::RetryReason;
use crate::status::{Call, TaskState};
use crate::time::{Duration, WallTime};
use crate::uid::Uid;

/// Something that happened to one lane. Carries no credential and no token.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, in ms since the epoch, by the caller's clock.
    pub at: WallTime,
    /// The lane's name; of a supervisor `main`.
    pub lane: String,
    /// The launch it is about, by its number.
    pub generation: Option<u32>,
    /// The output uid it is about.
    pub uid: Option<Uid>,
    /// The task, where it is known.
    pub task_id: Option<String>,
    /// The instanceId of the logical create.
    pub instance_id: Option<String>,
    /// What happened.
    #[json(beside)]
    #[typed("EventDetails")]
    pub kind: EventKind,
}

/// What the core tells of, by `type`.
#[apply(document)]
#[json(camel, tag = type, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A logical create begins, or an unresolved one is gone on with.
    Launching {
        /// Why.
        reason: LaunchReason,
    },
    /// A call did not bring what it should, and is made again; without `waitMs` no further attempt is left.
    Retrying {
        /// The call.
        call: Call,
        /// What went wrong.
        reason: RetryReason,
        /// The wait before the next attempt, in ms.
        wait_ms: Option<Duration>,
        /// How many attempts failed in a row.
        attempt: u32,
        /// The domain that was asked.
        domain: Option<String>,
        /// What the service said.
        #[json(beside)]
        reply: ServiceReply,
    },
    /// A Create was answered with a taskId.
    Created,
    /// A Query said that the task runs.
    Confirmed {
        /// Since the logical create began, in ms.
        took_ms: Duration,
    },
    /// The running task may be gone.
    Suspect {
        /// Why.
        reason: SuspectReason,
        /// What the service said.
        #[json(beside)]
        reply: ServiceReply,
    },
    /// The suspicion was wrong: it runs.
    Recovered,
    /// The task ended.
    Ended {
        /// How.
        reason: EndReason,
        /// What the service said.
        #[json(beside)]
        reply: ServiceReply,
    },
    /// The lane moves to another output uid.
    UidSwitched {
        /// The uid of the launch before.
        from: Uid,
        /// The uid of the launch that begins.
        to: Uid,
        /// Why.
        reason: LaunchReason,
    },
    /// No uid can be launched under: a task may live under each.
    NoFreeUid {
        /// The wait before the next attempt, in ms.
        wait_ms: Duration,
    },
    /// A replacement runs.
    Relaunched {
        /// The uid of the task that ran before.
        previous_uid: Uid,
        /// That task.
        previous_task_id: Option<String>,
        /// Since the old one was last seen running, by a Query, until the new one was, in ms. The old one may have lived on for
        /// up to `monitorIntervalMs` of it.
        downtime_ms: Duration,
    },
    /// Another domain is asked from now on.
    DomainSwitched {
        /// The domain asked until now.
        from: String,
        /// The domain asked from now on.
        to: String,
    },
    /// The service says that the task runs already, or its uid is in the channel, but nobody says which task it is.
    TaskIdUnknown,
    /// A task's id was learnt in another way than from the answer to its Create.
    TaskIdLearned {
        /// How.
        by: LearnedBy,
    },
    /// The service refused a call: an operator must look. On Query and Delete monitoring goes on; on Acquire and Create
    /// launching does, later and later, once a task of this lane has run.
    CallRejected {
        /// The call.
        call: Call,
        /// What the service said.
        #[json(beside)]
        reply: ServiceReply,
    },
    /// An update was taken.
    Updated {
        /// Its number.
        sequence_id: u32,
    },
    /// A task that was not wanted (any more) is gone.
    Removed,
    /// A task may live on, and be billed, and could not be ended.
    Orphaned {
        /// Why.
        reason: OrphanedReason,
    },
    /// The output that viewers should watch changed (groups only; the event's lane is the new one, or the old one
    /// when none is left).
    OnAir {
        /// The lane watched until now.
        from_lane: Option<String>,
        /// The lane to watch from now on.
        to_lane: Option<String>,
        /// The uid watched until now.
        from_uid: Option<Uid>,
        /// The uid to watch from now on.
        to_uid: Option<Uid>,
        /// The channel of the uid watched until now: lanes in several channels may have the same uids.
        from_channel: Option<String>,
        /// The channel of the uid to watch from now on.
        to_channel: Option<String>,
    },
    /// `stop()` was called: what lives is being ended.
    Stopping,
    /// Nothing of this lane lives any more, as far as is known.
    Stopped,
    /// The lane has given up.
    Failed {
        /// Why.
        reason: FailReason,
    },
    /// It was restored from a snapshot of one that had ended: nothing is launched. What is to run again is begun anew, with an
    /// instanceId of its own.
    AlreadyEnded {
        /// How it had ended.
        outcome: Outcome,
    },
}

/// What the service said with an answer, for the operator: support asks for the ids. Nothing decides by it.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceReply {
    /// The HTTP status.
    pub status: Option<u16>,
    /// `code` of the body.
    pub code: Option<i64>,
    /// `message` of the body, or of the transcoder's status in it: redacted, on one line, cut to 300 characters.
    pub message: Option<String>,
    /// `details` of the transcoder's status, such as `OnSlaveServiceStopped`: redacted and cut as `message` is.
    pub details: Option<String>,
    /// Why the task stopped, by the notification that said so: redacted and cut as `message` is.
    pub stop_reason: Option<String>,
    /// `X-Request-ID`.
    pub request_id: Option<String>,
    /// `X-Resource-ID`.
    pub resource_id: Option<String>,
}

/// Why a launch begins.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaunchReason {
    /// The first one.
    Start,
    /// The Acquire before it got nowhere.
    AcquireSpent,
    /// The Create before it got nowhere: its outcome is unknown.
    CreateSpent,
    /// The launch before it was refused: after an unknown outcome, with a payload in whose place there is another, or although
    /// tasks of this lane have run.
    CreateRefused,
    /// The task did not run in time.
    DidNotStart,
    /// The task ended.
    Ended,
    /// The service says that the task is not there.
    NotFound,
    /// The task exited unexpectedly, or stopped running.
    Abnormal,
    /// The task runs, but could not be identified in time.
    TaskIdUnknown,
    /// Nobody publishes the uid any more.
    Absent,
    /// There is a new payload, which the running task cannot take.
    Updated,
}

/// Why a running task may be gone.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuspectReason {
    /// Query says 404.
    NotFound,
    /// Query says that it exited unexpectedly.
    Abnormal,
    /// Query says that it does not run (any more, or again).
    NotRunning,
    /// Its uid is not in the channel.
    Absent,
}

/// How a task ended.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndReason {
    /// By itself (idle), or somebody stopped it.
    Normal,
    /// Abnormally.
    Failed,
    /// It is not there any more; how it ended is not known.
    NotFound,
    /// Its uid is not in the channel any more.
    Absent,
}

impl EndReason {
    pub(super) fn of(state: TaskState) -> Option<Self> {
        match state {
            TaskState::Ended => Some(Self::Normal),
            TaskState::Failed => Some(Self::Failed),
            TaskState::Starting
            | TaskState::Running
            | TaskState::Abnormal
            | TaskState::Stopping
            | TaskState::Refused
            | TaskState::Unknown => None,
        }
    }
}

/// How a task's id was learnt.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LearnedBy {
    /// A notification named our instanceId.
    Notification,
    /// The reply to its Create came after its time-out.
    LateReply,
    /// The reply to a Create whose launch had a task already.
    Reply,
}

/// Why a task was left behind.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrphanedReason {
    /// Delete did not succeed; it is tried again from time to time while the lane lives.
    DeleteFailed,
    /// A Create may have started it, but nobody ever named it.
    TaskIdUnknown,
}

/// Why a lane gave up.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailReason {
    /// The service refused the parameters.
    WrongParameters,
    /// The service refused the credentials, or is not enabled.
    WrongCredentials,
    /// Under each uid of the ring a task may live that nobody can name, and looks into the channel are switched off.
    NoFreeUid,
    /// The task ended, and the restart policy says to leave it at that.
    NotRestarted,
}
