//! The events that an operator sees.

use macro_rules_attribute::apply;

use super::Outcome;
use crate::document::document;
use crate::policy::RetryReason;
use crate::status::{Call, TaskState};
use crate::time::{Duration, WallTime};
use crate::uid::Uid;

/// An event of a lane. Carries no credentials and no tokens.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, in ms since the epoch, by the caller's clock.
    pub at: WallTime,
    /// The lane's name; `main` for a single supervisor.
    pub lane: String,
    /// The generation of the launch.
    pub generation: Option<u32>,
    /// The output uid.
    pub uid: Option<Uid>,
    /// The task's id, if known.
    pub task_id: Option<String>,
    /// The instanceId of the logical create.
    pub instance_id: Option<String>,
    /// What happened.
    #[json(flatten)]
    #[typed("EventDetails")]
    pub kind: EventKind,
}

/// What happened, by `type`.
#[apply(document)]
#[json(camel, tag = type, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A logical create starts, or an unresolved one is resumed.
    Launching {
        /// The reason.
        reason: LaunchReason,
    },
    /// A call failed and is retried. Without `waitMs`, the backoff schedule is exhausted.
    Retrying {
        /// The call.
        call: Call,
        /// The failure.
        reason: RetryReason,
        /// The delay before the next attempt, in ms.
        wait_ms: Option<Duration>,
        /// The number of consecutive failures.
        attempt: u32,
        /// The domain that was called.
        domain: Option<String>,
        /// The service's reply.
        #[json(flatten)]
        reply: ServiceReply,
    },
    /// A Create was answered with a taskId.
    Created,
    /// A Query found the task running.
    Confirmed {
        /// The time since the logical create started, in ms.
        took_ms: Duration,
    },
    /// The running task may be gone.
    Suspect {
        /// The reason.
        reason: SuspectReason,
        /// The service's reply.
        #[json(flatten)]
        reply: ServiceReply,
    },
    /// The suspicion was wrong: the task runs.
    Recovered,
    /// The task ended.
    Ended {
        /// The reason.
        reason: EndReason,
        /// The service's reply.
        #[json(flatten)]
        reply: ServiceReply,
    },
    /// The lane moves to another output uid.
    UidSwitched {
        /// The uid of the previous launch.
        from: Uid,
        /// The uid of the new launch.
        to: Uid,
        /// The reason.
        reason: LaunchReason,
    },
    /// No uid is free: each may have a live task.
    NoFreeUid {
        /// The delay before the next attempt, in ms.
        wait_ms: Duration,
    },
    /// A replacement runs.
    Relaunched {
        /// The uid of the task that ran before.
        previous_uid: Uid,
        /// That task's id.
        previous_task_id: Option<String>,
        /// The time from the last Query that found the old task running to the first one that found the new task
        /// running, in ms. The old task may have run for up to `monitorIntervalMs` of it.
        downtime_ms: Duration,
    },
    /// Calls go to another domain.
    DomainSwitched {
        /// The previous domain.
        from: String,
        /// The new domain.
        to: String,
    },
    /// The task runs (409, or its uid is in the channel), but its id is unknown.
    TaskIdUnknown,
    /// A task's id was learned, though not from the awaited answer to its Create.
    TaskIdLearned {
        /// How it was learned.
        by: LearnedBy,
    },
    /// The service refused a call: an operator must act. After a refused Query or Delete, monitoring continues. After
    /// a refused Acquire or Create, launching continues with growing delays if a task of this lane has run before.
    CallRejected {
        /// The call.
        call: Call,
        /// The service's reply.
        #[json(flatten)]
        reply: ServiceReply,
    },
    /// An Update was accepted.
    Updated {
        /// Its sequence number.
        sequence_id: u32,
    },
    /// A task that was no longer wanted is gone.
    Removed,
    /// A task may still run and be billed, and could not be deleted.
    Orphaned {
        /// The reason.
        reason: OrphanedReason,
    },
    /// The output that viewers should watch has changed (groups only). The event's lane is the new one, or the old
    /// one if there is none.
    OnAir {
        /// The previous lane.
        from_lane: Option<String>,
        /// The new lane.
        to_lane: Option<String>,
        /// The previous uid.
        from_uid: Option<Uid>,
        /// The new uid.
        to_uid: Option<Uid>,
        /// The channel of the previous uid: lanes in several channels may use the same uids.
        from_channel: Option<String>,
        /// The channel of the new uid.
        to_channel: Option<String>,
    },
    /// `stop()` was called: all tasks are being deleted.
    Stopping,
    /// No task of this lane is left, as far as is known.
    Stopped,
    /// The lane has given up.
    Failed {
        /// The reason.
        reason: FailReason,
    },
    /// The snapshot belongs to a lane that had already ended: nothing is launched. To broadcast again, start a new
    /// supervisor or group with another instanceId.
    AlreadyEnded {
        /// How it had ended.
        outcome: Outcome,
    },
}

/// Details of the service's reply, for operators and for the service's support. No decision depends on them.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceReply {
    /// The HTTP status.
    pub status: Option<u16>,
    /// `code` of the body.
    pub code: Option<i64>,
    /// `message` of the body, or of the transcoder's status in it: redacted, on one line, at most 300 characters.
    pub message: Option<String>,
    /// `details` of the transcoder's status, such as `OnSlaveServiceStopped`: redacted and limited like `message`.
    pub details: Option<String>,
    /// The stop reason from a notification: redacted and limited like `message`.
    pub stop_reason: Option<String>,
    /// `X-Request-ID`.
    pub request_id: Option<String>,
    /// `X-Resource-ID`.
    pub resource_id: Option<String>,
}

/// Why a launch starts.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaunchReason {
    /// The first launch.
    Start,
    /// The backoff schedule of the previous Acquire is exhausted.
    AcquireExhausted,
    /// The backoff schedule of the previous Create is exhausted: its outcome is unknown.
    CreateExhausted,
    /// The previous launch was refused: after an unknown outcome, with a payload that has been replaced, or although
    /// tasks of this lane have run before.
    CreateRefused,
    /// The task did not start in time.
    DidNotStart,
    /// The task ended.
    Ended,
    /// Query no longer knows the task.
    NotFound,
    /// The task exited unexpectedly, or stopped running.
    Abnormal,
    /// The task runs, but its id was not learned in time.
    TaskIdUnknown,
    /// The uid is no longer in the channel.
    Absent,
    /// There is a new payload that an Update cannot give to the running task.
    Updated,
}

/// Why a running task may be gone.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuspectReason {
    /// Query answers 404.
    NotFound,
    /// Query reports that the task exited unexpectedly.
    Abnormal,
    /// Query reports that the task does not run.
    NotRunning,
    /// The uid is not in the channel.
    Absent,
}

/// How a task ended.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndReason {
    /// It went idle, or was deleted by another client.
    Normal,
    /// It failed.
    Failed,
    /// It no longer exists; how it ended is unknown.
    NotFound,
    /// Its uid is no longer in the channel.
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

/// How a task's id was learned.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LearnedBy {
    /// A notification carried the launch's instanceId.
    Notification,
    /// The reply to its Create arrived after the timeout.
    LateReply,
    /// The reply to a Create whose launch already has another task.
    Reply,
}

/// Why a task is orphaned.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrphanedReason {
    /// Delete failed; it is retried from time to time while the lane exists.
    DeleteFailed,
    /// A Create may have started it, but its id was never learned.
    TaskIdUnknown,
}

/// Why a lane gave up.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailReason {
    /// The service refused the parameters.
    WrongParameters,
    /// The service refused the credentials, or is not enabled for the project.
    WrongCredentials,
    /// Each uid may have a live task without a known id, and presence checks are off or refused.
    NoFreeUid,
    /// The task ended, and the restart policy allows no relaunch.
    NotRestarted,
}
