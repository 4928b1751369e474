//! The service's table of answers, cell by cell, and what `interpret` makes of all others.

#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::prelude::*;
use steadymix::status::{Call, Meaning, ServiceStatus, TaskState, TaskStatus, interpret};

const CALLS: [Call; 5] = [Call::Acquire, Call::Create, Call::Query, Call::Update, Call::Delete];

/// An answer, and its meaning for Acquire, Create, Query and Delete. `Task` stands for what the statuses say.
const TABLE: &[(Option<u16>, Option<i64>, [&str; 4])] = &[
    (Some(200), None, ["Success", "Success", "Task", "Success"]),
    (Some(201), None, ["Success", "AlreadyStarted", "Task", "Success"]),
    (Some(202), None, ["Accepted", "Accepted", "Accepted", "Accepted"]),
    (Some(206), None, ["TimedOut", "TimedOut", "TimedOut", "TimedOut"]),
    (Some(206), Some(65), ["TimedOut", "NotCompleted", "TimedOut", "TimedOut"]),
    (Some(200), Some(65), ["Success", "NotCompleted", "Task", "Success"]),
    (Some(500), Some(65), ["ServerError", "NotCompleted", "ServerError", "ServerError"]),
    (Some(206), Some(64), ["TimedOut", "TimedOut", "TimedOut", "TimedOut"]),
    (Some(400), None, ["WrongParameters", "WrongParameters", "WrongParameters", "WrongParameters"]),
    (Some(400), Some(65), ["NotCompleted", "NotCompleted", "WrongParameters", "WrongParameters"]),
    (Some(401), None, ["WrongCredentials", "WrongCredentials", "WrongCredentials", "WrongCredentials"]),
    (Some(403), None, ["WrongCredentials", "WrongCredentials", "WrongCredentials", "WrongCredentials"]),
    (Some(404), None, ["WrongParameters", "WrongParameters", "NotFound", "AlreadyGone"]),
    (Some(404), Some(65), ["NotCompleted", "NotCompleted", "NotFound", "AlreadyGone"]),
    (Some(405), None, ["WrongParameters", "WrongParameters", "WrongParameters", "WrongParameters"]),
    (Some(409), None, ["WrongParameters", "AlreadyStarted", "WrongParameters", "WrongParameters"]),
    (Some(415), None, ["WrongParameters", "WrongParameters", "WrongParameters", "WrongParameters"]),
    (Some(429), None, ["RateLimited", "RateLimited", "RateLimited", "RateLimited"]),
    (Some(429), Some(65), ["RateLimited", "RateLimited", "RateLimited", "RateLimited"]),
    (Some(500), None, ["ServerError", "ServerError", "ServerError", "ServerError"]),
    (Some(502), None, ["ServerError", "ServerError", "ServerError", "ServerError"]),
    (Some(503), None, ["ServerError", "ServerError", "ServerError", "ServerError"]),
    (Some(504), None, ["ServerError", "ServerError", "ServerError", "ServerError"]),
    (None, None, ["NoAnswer", "NoAnswer", "NoAnswer", "NoAnswer"]),
    // Answers beyond the table leave the outcome unknown.
    (Some(301), None, ["ServerError", "ServerError", "ServerError", "ServerError"]),
    (Some(0), None, ["ServerError", "ServerError", "ServerError", "ServerError"]),
];

fn name(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Success => "Success",
        Meaning::AlreadyStarted => "AlreadyStarted",
        Meaning::Accepted => "Accepted",
        Meaning::Task { .. } => "Task",
        Meaning::TimedOut => "TimedOut",
        Meaning::NotCompleted => "NotCompleted",
        Meaning::ServerError => "ServerError",
        Meaning::NotFound => "NotFound",
        Meaning::AlreadyGone => "AlreadyGone",
        Meaning::WrongParameters => "WrongParameters",
        Meaning::WrongCredentials => "WrongCredentials",
        Meaning::RateLimited => "RateLimited",
        Meaning::NoAnswer => "NoAnswer",
    }
}

#[test]
fn every_cell_of_the_table() {
    for (status, code, cells) in TABLE {
        for (call, expected) in
            [Call::Acquire, Call::Create, Call::Query, Call::Delete].into_iter().zip(cells)
        {
            let meaning = interpret(call, *status, *code, None, None);
            assert_eq!(name(meaning), *expected, "{call:?} answered {status:?} with code {code:?}");
        }
    }
}

#[test]
fn update_is_interpreted_as_create_except_404_and_409() {
    for (status, code, [_, create, ..]) in TABLE {
        let expected = match (status, *create) {
            (Some(404), _) => "NotFound",
            (Some(409), _) => "WrongParameters",
            (Some(201), _) => "Success",
            (_, create) => create,
        };
        assert_eq!(
            name(interpret(Call::Update, *status, *code, None, None)),
            expected,
            "{status:?} {code:?}"
        );
    }
}

/// Task statuses by name and number, alone and with a service status that adds information.
const STATUSES: &[(&str, &str, TaskState)] = &[
    ("IDLE", "0", TaskState::Starting),
    ("PREPARED", "1", TaskState::Starting),
    ("STARTING", "2", TaskState::Starting),
    ("CREATED", "3", TaskState::Starting),
    ("STARTED", "4", TaskState::Running),
    ("IN_PROGRESS", "5", TaskState::Running),
    ("STOPPING", "6", TaskState::Stopping),
    ("STOPPED", "7", TaskState::Ended),
    ("EXIT", "8", TaskState::Ended),
    ("FAILURE_STOP", "9", TaskState::Failed),
    ("PAUSED", "10", TaskState::Unknown),
    ("in_progress", "-5", TaskState::Unknown),
    ("", "5.0", TaskState::Unknown),
];

fn query(task: Option<&str>, service: Option<&str>) -> TaskState {
    let (task, service) = (task.map(TaskStatus::parse), service.map(ServiceStatus::parse));
    let Meaning::Task { task: state } =
        interpret(Call::Query, Some(200), None, task.as_ref(), service.as_ref())
    else {
        panic!("a Query answered 200 is about the task")
    };
    state
}

#[test]
fn task_statuses_by_name_and_number() {
    for (name, number, state) in STATUSES {
        assert_eq!(query(Some(name), None), *state, "{name}");
        assert_eq!(query(Some(number), None), *state, "{number}");
        // A healthy transcoder changes nothing, unless the task's own status is unknown.
        let beside = if *state == TaskState::Unknown { TaskState::Running } else { *state };
        assert_eq!(query(Some(name), Some("serviceInProgress")), beside, "{name}");
    }
}

#[test]
fn the_service_status_refines_a_task_status_that_is_not_final() {
    let cases = [
        ("IN_PROGRESS", "serviceAbnormal", TaskState::Abnormal),
        ("STARTING", "serviceAbnormal", TaskState::Abnormal),
        ("PAUSED", "serviceAbnormal", TaskState::Abnormal),
        ("IN_PROGRESS", "serviceValidationFailed", TaskState::Refused),
        ("FAILURE_STOP", "serviceValidationFailed", TaskState::Refused),
        ("IN_PROGRESS", "serviceCompleted", TaskState::Stopping),
        ("STARTED", "servicePartialCompleted", TaskState::Stopping),
        ("CREATED", "serviceCompleted", TaskState::Stopping),
        ("EXIT", "serviceAbnormal", TaskState::Failed),
        ("STOPPED", "serviceCompleted", TaskState::Ended),
        ("EXIT", "serviceInProgress", TaskState::Ended),
        ("IN_PROGRESS", "serviceTomorrow", TaskState::Running),
        ("IN_PROGRESS", "serviceUnknown", TaskState::Running),
    ];
    for (task, service, state) in cases {
        assert_eq!(query(Some(task), Some(service)), state, "{task} with {service}");
    }
}

#[test]
fn the_service_status_replaces_a_missing_task_status() {
    let cases = [
        (Some("serviceIdle"), TaskState::Starting),
        (Some("serviceReady"), TaskState::Starting),
        (Some("serviceStarted"), TaskState::Starting),
        (Some("serviceInProgress"), TaskState::Running),
        (Some("serviceCompleted"), TaskState::Ended),
        (Some("servicePartialCompleted"), TaskState::Ended),
        (Some("serviceValidationFailed"), TaskState::Refused),
        (Some("serviceAbnormal"), TaskState::Abnormal),
        (Some("serviceUnknown"), TaskState::Unknown),
        (Some("serviceTomorrow"), TaskState::Unknown),
        (None, TaskState::Unknown),
    ];
    for (service, state) in cases {
        assert_eq!(query(None, service), state, "{service:?}");
    }
    assert_eq!(
        ServiceStatus::parse("serviceUnknown"),
        ServiceStatus::ServiceUnknown,
        "a word of the service's"
    );
}

proptest! {
    /// Total: every answer has a meaning. Unknown statuses are neither running nor ended.
    #[test]
    fn every_answer_has_a_meaning(
        call in 0usize..5,
        status in proptest::option::of(0u16..=u16::MAX),
        code in proptest::option::of(i64::MIN..=i64::MAX),
        task in proptest::option::of("\\PC{0,12}"),
        service in proptest::option::of("\\PC{0,12}"),
    ) {
        let task = task.as_deref().map(TaskStatus::parse);
        let service = service.as_deref().map(ServiceStatus::parse);
        let meaning = interpret(CALLS[call], status, code, task.as_ref(), service.as_ref());
        prop_assert_eq!(status.is_none(), meaning == Meaning::NoAnswer);
        if let (Meaning::Task { task: state }, Some(TaskStatus::Unknown(_)), Some(ServiceStatus::Unknown(_)) | None) =
            (meaning, &task, &service)
        {
            prop_assert_eq!(state, TaskState::Unknown);
        }
    }
}
