//! What an answer of the service means.
//!
//! The table of the service, as one total function: [`interpret`]. It never looks at the free-text `message` of a
//! reply, and it never fails: a value that nobody has heard of is kept, and means that nothing is known.

use macro_rules_attribute::apply;

use crate::document::document;

/// A call: those of the service's REST interface for a task, one that asks who is in the output channel, and the
/// application's own callback for an RTC token.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// `POST /builderTokens`: asks for the token that a Create needs.
    Acquire,
    /// `POST /tasks`: starts a task.
    Create,
    /// `GET /tasks/{taskId}`: asks how a task is.
    Query,
    /// `PATCH /tasks/{taskId}`: changes a running task.
    Update,
    /// `DELETE /tasks/{taskId}`: ends a task.
    Delete,
    /// `GET /dev/v1/channel/user/{appId}/{channel}/hosts_only`: asks who is in the output channel.
    Presence,
    /// The application's own `rtcToken` callback: no call of the service.
    RtcToken,
}

/// `code` in the body of a reply: "request not completed".
pub const CODE_NOT_COMPLETED: i64 = 65;

/// A task's status, as the service names or numbers it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskStatus {
    /// 0.
    Idle,
    /// 1.
    Prepared,
    /// 2.
    Starting,
    /// 3.
    Created,
    /// 4: running.
    Started,
    /// 5: running.
    InProgress,
    /// 6.
    Stopping,
    /// 7: ended.
    Stopped,
    /// 8: ended normally.
    Exit,
    /// 9: ended abnormally.
    FailureStop,
    /// Anything else, as it came.
    Unknown(String),
}

impl TaskStatus {
    /// Reads a name (`IN_PROGRESS`, case-sensitive) or a number (`5`); anything else is kept as unknown.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "IDLE" | "0" => Self::Idle,
            "PREPARED" | "1" => Self::Prepared,
            "STARTING" | "2" => Self::Starting,
            "CREATED" | "3" => Self::Created,
            "STARTED" | "4" => Self::Started,
            "IN_PROGRESS" | "5" => Self::InProgress,
            "STOPPING" | "6" => Self::Stopping,
            "STOPPED" | "7" => Self::Stopped,
            "EXIT" | "8" => Self::Exit,
            "FAILURE_STOP" | "9" => Self::FailureStop,
            _ => Self::Unknown(text.to_owned()),
        }
    }
}

/// The status of the transcoder inside a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceStatus {
    /// Not started.
    ServiceIdle,
    /// Ready to start.
    ServiceReady,
    /// Started.
    ServiceStarted,
    /// Running.
    ServiceInProgress,
    /// Stopped, all done.
    ServiceCompleted,
    /// Stopped, partly done.
    ServicePartialCompleted,
    /// The parameters were refused.
    ServiceValidationFailed,
    /// Exited unexpectedly.
    ServiceAbnormal,
    /// The service itself does not know.
    ServiceUnknown,
    /// Anything else, as it came.
    Unknown(String),
}

impl ServiceStatus {
    /// Reads a name (`serviceReady`, case-sensitive); anything else is kept as unknown.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "serviceIdle" => Self::ServiceIdle,
            "serviceReady" => Self::ServiceReady,
            "serviceStarted" => Self::ServiceStarted,
            "serviceInProgress" => Self::ServiceInProgress,
            "serviceCompleted" => Self::ServiceCompleted,
            "servicePartialCompleted" => Self::ServicePartialCompleted,
            "serviceValidationFailed" => Self::ServiceValidationFailed,
            "serviceAbnormal" => Self::ServiceAbnormal,
            "serviceUnknown" => Self::ServiceUnknown,
            _ => Self::Unknown(text.to_owned()),
        }
    }
}

/// How a task is, as a Query tells it.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskState {
    /// On its way up: neither running nor ended.
    Starting,
    /// Task status 4 or 5: it runs.
    Running,
    /// The transcoder exited unexpectedly while the task is kept: the service may migrate it within about 90 s.
    Abnormal,
    /// On its way down: neither running nor ended.
    Stopping,
    /// Ended normally (statuses 7 and 8): idle, or stopped by somebody.
    Ended,
    /// Ended abnormally (status 9).
    Failed,
    /// The service refused the task's parameters.
    Refused,
    /// A status that nobody has heard of, or none: neither running nor ended.
    Unknown,
}

impl TaskState {
    /// Puts the two statuses of a task together. The service's verdict on the parameters comes first, then a task
    /// status that is final, then the transcoder's own trouble, then the rest of the task status. The transcoder's
    /// status stands in for the task's only where that is missing, and that it runs also where the task's is a word that
    /// nobody has heard of.
    #[must_use]
    pub fn of(task: Option<&TaskStatus>, service: Option<&ServiceStatus>) -> Self {
        use ServiceStatus as S;
        use TaskStatus as T;
        let done = matches!(service, Some(S::ServiceCompleted | S::ServicePartialCompleted));
        match (task, service) {
            (_, Some(S::ServiceValidationFailed)) => Self::Refused,
            (Some(T::FailureStop), _) | (Some(T::Stopped | T::Exit), Some(S::ServiceAbnormal)) => {
                Self::Failed
            }
            (Some(T::Stopped | T::Exit), _) => Self::Ended,
            (_, Some(S::ServiceAbnormal)) => Self::Abnormal,
            (Some(T::Stopping), _) => Self::Stopping,
            (Some(T::Started | T::InProgress), _) if !done => Self::Running,
            (Some(T::Idle | T::Prepared | T::Starting | T::Created), _) if !done => Self::Starting,
            (Some(T::Unknown(_)), Some(S::ServiceInProgress)) => Self::Running,
            (Some(T::Unknown(_)), _) => Self::Unknown,
            (Some(_), _) => Self::Stopping,
            (None, Some(S::ServiceInProgress)) => Self::Running,
            (None, Some(S::ServiceIdle | S::ServiceReady | S::ServiceStarted)) => Self::Starting,
            (None, Some(S::ServiceCompleted | S::ServicePartialCompleted)) => Self::Ended,
            (None, Some(S::ServiceUnknown | S::Unknown(_)) | None) => Self::Unknown,
        }
    }
}

/// What one answer of one call means.
#[apply(document)]
#[json(camel, tag = type, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meaning {
    /// Carried out: a builder token, a task that is to be confirmed, an update taken, or a task ended.
    Success,
    /// Create 201 or 409: a task of this instanceId runs already. Find it; do not make another one on its uid.
    AlreadyStarted,
    /// 202: accepted, not done yet. Query before going on.
    Accepted,
    /// Query 200: how the task is.
    Task {
        /// Its state.
        task: TaskState,
    },
    /// 206: the backend's answer timed out, the outcome is unknown.
    TimedOut,
    /// Code 65: "request not completed", the outcome is unknown, and the same parameters are to be sent again.
    NotCompleted,
    /// 50x, or an answer outside of HTTP's sense here (1xx, 3xx): the outcome is unknown.
    ServerError,
    /// Query or Update 404: not there (yet, or any more).
    NotFound,
    /// Delete 404: already gone, a success.
    AlreadyGone,
    /// 40x: the parameters are wrong. On Query and Delete it says nothing about the task.
    WrongParameters,
    /// 401, 403: wrong credentials, or the service is not enabled.
    WrongCredentials,
    /// 429: over the rate limit. It says nothing about the task.
    RateLimited,
    /// DNS failure, no connection, or time-out: the outcome is unknown.
    NoAnswer,
}

/// Interprets one answer; `http_status` is `None` when none came. The most specific row of the service's table
/// wins: a code 65 in a 206 (or another 2xx or 5xx) of Create or Update follows the row of code 65, and so does one in a
/// 40x of Acquire, Create or Update, unless its status has a row of its own (401, 403, 409, 429, and 404 of Update).
#[must_use]
pub fn interpret(
    call: Call,
    http_status: Option<u16>,
    code: Option<i64>,
    task_status: Option<&TaskStatus>,
    service_status: Option<&ServiceStatus>,
) -> Meaning {
    let Some(status) = http_status else { return Meaning::NoAnswer };
    let makes_or_changes = matches!(call, Call::Create | Call::Update);
    match (status, call) {
        (200..=299 | 500..=599, _) if makes_or_changes && code == Some(CODE_NOT_COMPLETED) => {
            Meaning::NotCompleted
        }
        (202, _) => Meaning::Accepted,
        (206, _) => Meaning::TimedOut,
        (201 | 409, Call::Create) => Meaning::AlreadyStarted,
        (200..=299, Call::Query) => Meaning::Task { task: TaskState::of(task_status, service_status) },
        (200..=299, _) => Meaning::Success,
        (404, Call::Query | Call::Update) => Meaning::NotFound,
        (404, Call::Delete) => Meaning::AlreadyGone,
        (401 | 403, _) => Meaning::WrongCredentials,
        (429, _) => Meaning::RateLimited,
        // The guide has "the same parameters again" for code 65, whatever the status: no final refusal.
        (400..=499, Call::Acquire | Call::Create | Call::Update) if code == Some(CODE_NOT_COMPLETED) => {
            Meaning::NotCompleted
        }
        (400..=499, _) => Meaning::WrongParameters,
        _ => Meaning::ServerError,
    }
}
