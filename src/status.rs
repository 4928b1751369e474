//! The meaning of the service's answers.
//!
//! The service's table as one total function: [`interpret`]. It ignores the free-text `message` of a reply, and never
//! fails: unknown values are kept, and mean that nothing is known.

use macro_rules_attribute::apply;

use crate::document::document;

/// A call: to the service's REST interface for tasks, to its list of broadcasters in a channel, or to the application's
/// callback for RTC tokens.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// `POST /builderTokens`: asks for the token that a Create needs.
    Acquire,
    /// `POST /tasks`: starts a task.
    Create,
    /// `GET /tasks/{taskId}`: asks for the status of a task.
    Query,
    /// `PATCH /tasks/{taskId}`: changes a running task.
    Update,
    /// `DELETE /tasks/{taskId}`: deletes a task.
    Delete,
    /// `GET /dev/v1/channel/user/{appId}/{channel}/hosts_only`: asks who is in the output channel.
    Presence,
    /// The application's `rtcToken` callback: not a call to the service.
    RtcToken,
}

/// `code` in the body of a reply: "request not completed".
pub const CODE_NOT_COMPLETED: i64 = 65;

/// A task's status, by the service's name or number.
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
    /// Any other value, unchanged.
    Unknown(String),
}

impl TaskStatus {
    /// Parses a name (`IN_PROGRESS`, case-sensitive) or a number (`5`); any other value is kept as unknown.
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
    /// The service does not know.
    ServiceUnknown,
    /// Any other value, unchanged.
    Unknown(String),
}

impl ServiceStatus {
    /// Parses a name (`serviceReady`, case-sensitive); any other value is kept as unknown.
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

/// The state of a task, according to a Query.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskState {
    /// Starting: neither running nor ended.
    Starting,
    /// Task status 4 or 5: running.
    Running,
    /// The transcoder exited unexpectedly, but the task remains: the service may migrate it within about 90 s.
    Abnormal,
    /// Stopping: neither running nor ended.
    Stopping,
    /// Ended normally (statuses 7 and 8): idle, or deleted.
    Ended,
    /// Ended abnormally (status 9).
    Failed,
    /// The service refused the task's parameters.
    Refused,
    /// An unknown status, or none: neither running nor ended.
    Unknown,
}

impl TaskState {
    /// Combines the two statuses of a task. The first that applies counts: refused parameters, a final task status, an
    /// abnormal exit of the transcoder, any other task status. The transcoder's status replaces a missing task status.
    /// If the task status is unknown, a running transcoder means that the task runs.
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

/// The meaning of an answer.
#[apply(document)]
#[json(camel, tag = type, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meaning {
    /// Success: a builder token, a created task that must be confirmed, an accepted Update, or a deleted task.
    Success,
    /// Create 201 or 409: a task of this instanceId already runs. Find it; do not create another one under its uid.
    AlreadyStarted,
    /// 202: accepted, not done yet. Query before the next step.
    Accepted,
    /// Query 200: the status of the task.
    Task {
        /// Its state.
        task: TaskState,
    },
    /// 206: the backend timed out, the outcome is unknown.
    TimedOut,
    /// Code 65: "request not completed", the outcome is unknown; send the same parameters again.
    NotCompleted,
    /// 50x, or a status without a meaning here (1xx, 3xx): the outcome is unknown.
    ServerError,
    /// Query or Update 404: no such task (yet, or any more).
    NotFound,
    /// Delete 404: already gone, a success.
    AlreadyGone,
    /// 40x: the parameters are wrong. After Query and Delete it says nothing about the task.
    WrongParameters,
    /// 401, 403: wrong credentials, or the service is not enabled.
    WrongCredentials,
    /// 429: over the rate limit. It says nothing about the task.
    RateLimited,
    /// DNS failure, no connection or timeout: the outcome is unknown.
    NoAnswer,
}

/// Interprets an answer; without one, `http_status` is `None`. The most specific row of the service's table wins. A
/// code 65 of Create or Update in a 206 (or another 2xx or 5xx) follows the row of code 65. So does one of Acquire,
/// Create or Update in a 40x, unless that status has a row of its own (401, 403, 409, 429, and 404 of Update).
///
/// ```
/// use steadymix::status::{Call, Meaning, interpret};
///
/// let meaning = interpret(Call::Create, Some(206), Some(65), None, None);
/// assert_eq!(meaning, Meaning::NotCompleted); // send the same Create again
/// ```
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
        // For code 65 the guide says "the same parameters again", whatever the status: it is not a final refusal.
        (400..=499, Call::Acquire | Call::Create | Call::Update) if code == Some(CODE_NOT_COMPLETED) => {
            Meaning::NotCompleted
        }
        (400..=499, _) => Meaning::WrongParameters,
        _ => Meaning::ServerError,
    }
}
