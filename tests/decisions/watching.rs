//! Query and notifications: when a task is gone, and what replaces it.

use serde_json::{Value, json};
use steadymix::notification;
use steadymix::status::Call;
use steadymix::supervisor::{
    EndReason, EventKind, FailReason, Input, LaneState, LaunchReason, Outcome, Output, Request, ServiceReply,
    Standing, SuspectReason,
};
use steadymix::task::Services;

use crate::hand::{Hand, output_uid, services, task};

#[test]
fn server_errors_on_query_never_cause_a_relaunch() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let mut waits = Vec::new();
    for _ in 0..500 {
        let before = hand.now;
        let query = hand.expect(Call::Query);
        waits.push((hand.now - before) / 1000);
        hand.answer(&query, 503, json!({}));
    }
    assert_eq!(waits[..6], [120, 5, 10, 15, 30, 30]);
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!((hand.launches(), hand.supervisor.status().state), (1, LaneState::Running));
}

#[test]
fn refusals_of_query_are_reported_once_and_never_cause_a_relaunch() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    for _ in 0..50 {
        let query = hand.expect(Call::Query);
        hand.answer(&query, 403, json!({}));
    }
    let rejections = hand.events.iter().filter(|kind| matches!(kind, EventKind::CallRejected { .. })).count();
    assert_eq!((rejections, hand.launches()), (1, 1));
}

#[test]
fn a_404_is_retried_before_it_counts() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let mut waits = Vec::new();
    for _ in 0..4 {
        let before = hand.now;
        let query = hand.expect(Call::Query);
        waits.push((hand.now - before) / 1000);
        hand.answer(&query, 404, json!({}));
    }
    assert_eq!(waits, [120, 5, 10, 15]);
    assert_eq!(output_uid(&hand.expect(Call::Acquire)), 2, "and then it is relaunched under the other uid");
}

/// Four false 404s: the live task is deleted, and nothing waits for that.
#[test]
fn a_task_that_query_does_not_know_is_deleted_once_its_replacement_runs() {
    for (status, body) in [(200, task("STOPPED", "serviceCompleted")), (404, json!({}))] {
        let mut hand = Hand::new(json!({}));
        hand.running("lost");
        for _ in 0..4 {
            let query = hand.expect(Call::Query);
            hand.answer(&query, 404, json!({}));
        }
        assert_eq!(hand.last(), EventKind::Launching { reason: LaunchReason::NotFound });
        assert!(
            hand.events
                .iter()
                .any(|kind| matches!(kind, EventKind::Ended { reason: EndReason::NotFound, .. }))
        );
        let create = hand.create();
        hand.answer(&create, 200, json!({ "taskId": "new", "status": "STARTED" }));
        hand.query("IN_PROGRESS", "serviceInProgress");
        let delete = hand.expect(Call::Delete);
        assert!(delete.path.contains("/tasks/lost?"));
        hand.answer(&delete, status, body);
        assert_eq!(hand.last(), EventKind::Removed);
        assert_eq!(hand.uids(), [2], "its uid is free again");
    }
}

#[test]
fn without_relaunches_a_task_that_query_does_not_know_is_deleted_at_once() {
    let mut hand = Hand::new(json!({ "restart": "never" }));
    hand.running("lost");
    for _ in 0..4 {
        let query = hand.expect(Call::Query);
        hand.answer(&query, 404, json!({}));
    }
    let delete = hand.expect(Call::Delete);
    assert!(delete.path.contains("/tasks/lost?"));
    hand.answer(&delete, 404, json!({}));
    assert_eq!(hand.done(), Outcome::Failed { reason: FailReason::NotRestarted });
}

#[test]
fn a_single_404_is_not_an_end() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let query = hand.expect(Call::Query);
    hand.answer(&query, 404, json!({}));
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(hand.last(), EventKind::Recovered);
    assert_eq!(hand.launches(), 1);
}

#[test]
fn the_end_reason_and_the_restart_policy_decide_whether_to_relaunch() {
    let cases = [
        ("on-failure", "EXIT", Some(Outcome::Ended)),
        ("on-failure", "FAILURE_STOP", None),
        ("always", "EXIT", None),
        ("never", "EXIT", Some(Outcome::Ended)),
        ("never", "FAILURE_STOP", Some(Outcome::Failed { reason: FailReason::NotRestarted })),
    ];
    for (restart, status, outcome) in cases {
        let mut hand = Hand::new(json!({ "restart": restart }));
        hand.running("t");
        hand.query(status, "serviceCompleted");
        match outcome {
            Some(outcome) => assert_eq!(hand.done(), outcome, "{restart} {status}"),
            None => assert_eq!(output_uid(&hand.expect(Call::Acquire)), 2, "{restart} {status}"),
        }
    }
}

#[test]
fn the_old_task_is_deleted_only_when_the_new_one_runs() {
    let mut hand = Hand::new(json!({}));
    hand.running("old");
    hand.query("IN_PROGRESS", "serviceAbnormal");
    let create = hand.create();
    assert_eq!(output_uid(&create), 2);
    hand.answer(&create, 200, json!({ "taskId": "new", "status": "STARTED" }));
    hand.query("STARTING", "serviceReady");
    hand.query("IN_PROGRESS", "serviceInProgress");
    let delete = hand.expect(Call::Delete);
    assert!(delete.path.contains("/tasks/old?"));
    hand.answer(&delete, 200, json!({}));
    assert_eq!(hand.last(), EventKind::Removed);
}

/// A task that ran but has a problem, and a replacement that does not start. Returns the first call after that.
fn given_up_under_every_uid() -> (Hand, Request) {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.running("old");
    hand.query("IN_PROGRESS", "serviceAbnormal");
    let create = hand.create();
    assert_eq!(output_uid(&create), 2);
    hand.answer(&create, 200, json!({ "taskId": "new", "status": "STARTED" }));
    loop {
        let call = hand.expect(Call::Query);
        if call.path.contains("/tasks/old?") {
            return (hand, call);
        }
        hand.answer(&call, 200, task("STARTING", "serviceReady"));
    }
}

#[test]
fn a_superseded_task_that_recovers_is_taken_back() {
    let (mut hand, query) = given_up_under_every_uid();
    hand.answer(&query, 200, task("IN_PROGRESS", "serviceInProgress"));
    assert_eq!(hand.last(), EventKind::Recovered);
    let status = hand.supervisor.status();
    assert_eq!((status.state, status.uid), (LaneState::Running, Some(1)));
    let delete = hand.expect(Call::Delete);
    assert!(delete.path.contains("/tasks/new?"), "its replacement is no longer needed");
    hand.answer(&delete, 200, json!({}));
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(hand.launches(), 2);
    hand.query("FAILURE_STOP", "serviceAbnormal");
    assert_eq!(output_uid(&hand.create()), 2, "its turn is the uid that the other one had");
}

#[test]
fn a_payload_that_arrives_while_superseded_is_sent_when_taken_back() {
    let (mut hand, query) = given_up_under_every_uid();
    hand.supervisor.update(hand.wall(), Services::from_json(&services(60).to_string()).unwrap()).unwrap();
    hand.answer(&query, 200, task("IN_PROGRESS", "serviceInProgress"));
    let delete = hand.expect(Call::Delete);
    hand.answer(&delete, 200, json!({}));
    let update = hand.expect(Call::Update);
    assert!(update.path.contains("/tasks/old?") && update.body.unwrap().contains(r#""rtcUid":60"#));
}

#[test]
fn a_superseded_task_that_starts_late_is_confirmed() {
    let (mut hand, query) = given_up_under_every_uid();
    hand.answer(&query, 200, task("IN_PROGRESS", "serviceAbnormal"));
    // Both are queried: the other one runs by now.
    let mut call = hand.call();
    if call.call == Call::Delete {
        assert!(call.path.contains("/tasks/old?"));
        hand.answer(&call, 500, json!({}));
        call = hand.expect(Call::Query);
    }
    assert!(call.path.contains("/tasks/new?"), "{}", call.path);
    hand.answer(&call, 200, task("IN_PROGRESS", "serviceInProgress"));
    hand.last();
    assert!(hand.events.iter().any(|kind| matches!(kind, EventKind::Relaunched { previous_uid: 1, .. })));
    assert_eq!(hand.supervisor.status().uid, Some(2));
}

#[test]
fn a_superseded_task_that_does_not_run_is_deleted_if_it_is_in_the_way() {
    type Answer = fn(&mut Hand, &Request);
    let answers: [Answer; 4] = [
        |hand, query| hand.answer(query, 200, task("STARTING", "serviceReady")),
        |hand, query| hand.answer(query, 404, json!({})),
        |hand, query| hand.answer(query, 400, json!({})),
        |hand, query| {
            // Its last attempt; attempts for the other one are in between.
            let mut query = query.clone();
            for attempt in 0..9 {
                assert_eq!(query.call, Call::Query);
                hand.answer(&query, 500, json!({}));
                if attempt < 8 {
                    query = hand.call();
                }
            }
        },
    ];
    for answer in answers {
        let (mut hand, query) = given_up_under_every_uid();
        answer(&mut hand, &query);
        assert!(hand.expect(Call::Delete).path.contains("/tasks/old?"));
    }
}

#[test]
fn stop_deletes_a_task_that_is_being_reconsidered() {
    let (mut hand, _unanswered) = given_up_under_every_uid();
    hand.handle(Input::Stop);
    for _ in 0..2 {
        let delete = hand.expect(Call::Delete);
        hand.answer(&delete, 200, json!({}));
    }
    assert_eq!(hand.done(), Outcome::Stopped);
}

#[test]
fn with_a_pcw_of_one_the_replaced_task_is_deleted_first() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.running("old");
    hand.query("IN_PROGRESS", "serviceAbnormal");
    let mut create = hand.create();
    for _ in 0..2 {
        hand.answer(&create, 429, json!({}));
        create = loop {
            let call = hand.call();
            match call.call {
                Call::Create => break call,
                Call::Acquire => hand.answer(&call, 200, json!({ "tokenName": "again" })),
                other => panic!("{other:?}"),
            }
        };
    }
    hand.answer(&create, 429, json!({}));
    let query = hand.query("IN_PROGRESS", "serviceAbnormal");
    assert!(query.path.contains("/tasks/old?"));
    let delete = hand.expect(Call::Delete);
    assert!(delete.path.contains("/tasks/old?"));
    hand.answer(&delete, 200, json!({}));
    assert_eq!(hand.expect(Call::Create).path, create.path);
}

#[test]
fn with_a_pcw_of_one_a_recovered_task_needs_no_replacement() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.running("old");
    hand.query("IN_PROGRESS", "serviceAbnormal");
    let mut refusals = 0;
    let query = loop {
        let call = hand.call();
        match call.call {
            Call::Acquire => hand.answer(&call, 200, json!({ "tokenName": "new" })),
            Call::Create => {
                hand.answer(&call, 429, json!({}));
                refusals += 1;
            }
            _ => break call,
        }
    };
    assert_eq!((query.call, refusals), (Call::Query, 3));
    hand.answer(&query, 200, task("IN_PROGRESS", "serviceInProgress"));
    assert_eq!(hand.last(), EventKind::Recovered);
    assert_eq!(hand.uids(), [1]);
    assert_eq!(hand.call().call, Call::Query, "nothing more is created");
}

#[test]
fn a_task_that_recovers_too_late_is_replaced() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.running("old");
    hand.query("IN_PROGRESS", "serviceAbnormal");
    let mut creates = 0;
    let mut of_new = loop {
        let call = hand.call();
        match call.call {
            Call::Acquire => hand.answer(&call, 200, json!({ "tokenName": "new" })),
            Call::Create => {
                creates += 1;
                let (status, body) =
                    if creates < 4 { (429, json!({})) } else { (200, json!({ "taskId": "new" })) };
                hand.answer(&call, status, body);
            }
            _ if call.path.contains("/tasks/new?") => break call,
            // It is unknown whether the old one runs until the new one has its task.
            _ => hand.answer(
                &call,
                if creates < 4 { 500 } else { 200 },
                task("IN_PROGRESS", "serviceInProgress"),
            ),
        }
    };
    assert_eq!(hand.supervisor.status().state, LaneState::Confirming);
    while of_new.call == Call::Query {
        hand.answer(&of_new, 200, task("IN_PROGRESS", "serviceInProgress"));
        of_new = hand.call();
    }
    assert_eq!(hand.supervisor.status().uid, Some(2));
    assert!(of_new.call == Call::Delete && of_new.path.contains("/tasks/old?"));
}

#[test]
fn an_unreadable_answer_proves_nothing() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let since = hand.since_start();
    while hand.since_start() < since + 600 {
        let query = hand.expect(Call::Query);
        hand.answer(&query, 200, json!({ "taskId": "t" }));
    }
    assert_eq!((hand.launches(), hand.supervisor.status().state), (1, LaneState::Running));
}

#[test]
fn for_an_unknown_status_the_transcoders_status_counts() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    for _ in 0..10 {
        hand.query("STREAMING", "serviceInProgress");
    }
    assert_eq!((hand.launches(), hand.supervisor.status().state), (1, LaneState::Running));
}

#[test]
fn migration_wait_allows_time_for_a_migration() {
    let mut hand = Hand::new(json!({ "migration": "wait" }));
    hand.running("t");
    let began = hand.since_start() + 120;
    while hand.since_start() < began + 80 {
        hand.query("IN_PROGRESS", "serviceAbnormal");
    }
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!((hand.last(), hand.launches()), (EventKind::Recovered, 1));
    let mut calls = 0;
    while hand.launches() == 1 {
        let call = hand.call();
        if call.call == Call::Query {
            hand.answer(&call, 200, task("IN_PROGRESS", "serviceAbnormal"));
        }
        calls += 1;
        assert!(calls < 50);
    }
}

#[test]
fn a_task_that_never_runs_is_replaced_after_90_seconds() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer(&create, 200, json!({ "taskId": "t", "status": "STARTED" }));
    assert_eq!(hand.supervisor.status().state, LaneState::Confirming, "its own STARTED does not count");
    loop {
        let call = hand.call();
        if call.call != Call::Query {
            assert_eq!((call.call, hand.since_start()), (Call::Acquire, 90));
            assert_eq!(output_uid(&call), 2);
            break;
        }
        hand.answer(&call, 200, task("STARTING", "serviceReady"));
    }
}

#[test]
fn notifications_only_bring_the_next_query_forward() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    assert!(hand.next(60).is_err(), "no Query is due");
    for _ in 0..5 {
        assert!(hand.notification(110, "t", "show-1"));
    }
    assert_eq!(hand.launches(), 1);
    let at = hand.now;
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(hand.now, at, "queried at once");
    assert!(hand.next(60).is_err(), "once");
    assert_eq!((hand.launches(), hand.supervisor.status().state), (1, LaneState::Running));
    assert!(!hand.notification(111, "other", "other-1"), "a foreign task");
    assert!(!hand.notification(111, "other", "show-x"));
}

#[test]
fn a_notification_without_an_instance_id_applies_to_its_task() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let nameless = |task_id: &str| {
        let body =
            json!({ "eventType": 112, "payload": { "taskId": task_id, "details": { "state": "failed" } } });
        Input::Notification(notification::parse(body.to_string().as_bytes()).unwrap())
    };
    let now = hand.now;
    assert!(!hand.handle(nameless("another")));
    assert!(hand.handle(nameless("t")));
    hand.expect(Call::Query);
    assert!(hand.now - now <= 5_000, "after {} ms", hand.now - now);
}

#[test]
fn a_notification_during_a_query_causes_another_query() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let query = hand.expect(Call::Query);
    let sent_at = hand.now;
    assert!(hand.notification(111, "t", "show-1"), "stopped, though the answer does not say so yet");
    hand.answer(&query, 200, task("IN_PROGRESS", "serviceInProgress"));
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(hand.now - sent_at, 5_000, "as soon as a notification may bring one");
}

#[test]
fn after_a_stop_notification_query_repeats_until_the_status_is_current() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let notified_at = hand.now;
    assert!(hand.notification(111, "t", "show-1"));
    let mut queries = Vec::new();
    while hand.now < notified_at + 200_000 {
        hand.query("IN_PROGRESS", "serviceInProgress");
        queries.push((hand.now - notified_at) / 1000);
    }
    assert_eq!(queries, [5, 15, 25, 35, 45, 55, 65, 75, 85, 95, 215]);
    assert_eq!((hand.launches(), hand.supervisor.status().state), (1, LaneState::Running));
}

#[test]
fn a_replay_does_not_revive_a_stopped_task() {
    let mut hand = Hand::new(json!({ "restart": "always" }));
    hand.running("old");
    hand.query("EXIT", "serviceCompleted");
    hand.running("new");
    hand.notification(110, "old", "show-1");
    hand.notification(112, "old", "show-1");
    let query = hand.expect(Call::Query);
    assert!(query.path.contains("/tasks/new?"));
    assert_eq!(hand.uids(), [2]);
}

#[test]
fn a_second_task_of_a_launch_is_deleted() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    assert_eq!(hand.supervisor.status().tasks[0].standing, Standing::Adopted);
    assert!(hand.notification(110, "u", "show-1"));
    let delete = hand.expect(Call::Delete);
    assert!(delete.path.contains("/tasks/u?"), "{}", delete.path);
    hand.answer(&delete, 200, json!({}));
    hand.last();
    assert_eq!(hand.uids(), [1]);
}

#[test]
fn a_stopping_task_is_replaced_after_a_second_query() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let launches = hand.launches();
    hand.query("STOPPING", "serviceInProgress");
    assert!(matches!(hand.last(), EventKind::Suspect { .. }));
    let at = hand.now;
    hand.query("STOPPING", "serviceInProgress");
    hand.create();
    assert_eq!((hand.launches() - launches, (hand.now - at) / 1_000), (1, 5));
}

#[test]
fn without_relaunches_a_task_may_recover_and_is_then_deleted() {
    let mut hand = Hand::new(json!({ "restart": "never" }));
    hand.running("t");
    hand.query("IN_PROGRESS", "serviceAbnormal");
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(hand.last(), EventKind::Recovered);
    let at = hand.now;
    let delete = loop {
        let call = hand.call();
        match call.call {
            Call::Query => hand.answer(&call, 200, task("IN_PROGRESS", "serviceAbnormal")),
            _ => break call,
        }
    };
    assert_eq!(delete.call, Call::Delete);
    assert!((90_000..=90_000 + 120_000).contains(&(hand.now - at)), "{} ms", hand.now - at);
    hand.answer(&delete, 200, json!({}));
    assert_eq!(hand.done(), Outcome::Failed { reason: FailReason::NotRestarted });

    // Its end is the first report of it.
    let mut hand = Hand::new(json!({ "restart": "never" }));
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    assert!(hand.notification(111, "t", "show-1"));
    let delete = hand.expect(Call::Delete);
    hand.answer(&delete, 404, json!({}));
    assert_eq!(hand.done(), Outcome::Failed { reason: FailReason::NotRestarted });
}

// ---- replies in events and status ---------------------------------------------------------------------------------------

fn reply(status: &str, service: &str, message: &str, details: &str) -> Value {
    json!({ "status": status, "services": { "cloudTranscoder":
        { "status": service, "message": message, "details": details } } })
}

#[test]
fn events_and_status_contain_the_reason_why_a_task_is_suspect_or_ended() {
    let mut hand = Hand::new(json!({ "migration": "wait" }));
    hand.running("t");
    assert_eq!(hand.supervisor.status().last_problem, None);
    let body = json!({ "noticeId": "n", "productId": 1, "eventType": 111, "notifyMs": 1, "payload": {
        "taskId": "t", "instanceId": "show-1", "sequence": 1, "sendts": 1, "details": { "stopReason": "Stop request" } } });
    let notification = steadymix::notification::parse(body.to_string().as_bytes()).unwrap();
    assert!(hand.handle(Input::Notification(notification)));
    let query = hand.expect(Call::Query);
    hand.answer(&query, 200, reply("IN_PROGRESS", "serviceAbnormal", "pull failed", "OnSlaveServiceStopped"));
    let words = |reply: &ServiceReply| {
        [&reply.message, &reply.details, &reply.stop_reason].map(|word| word.clone().unwrap())
    };
    let is_last = |hand: &Hand, is: fn(&EventKind) -> Option<&ServiceReply>, message: &str| {
        let reply = hand.events.iter().rev().find_map(is).unwrap();
        assert_eq!(words(reply), [message, "OnSlaveServiceStopped", "Stop request"]);
        assert_eq!(
            hand.supervisor.status().last_problem.as_ref().and_then(|event| is(&event.kind)),
            Some(reply)
        );
    };
    hand.last();
    is_last(
        &hand,
        |kind| if let EventKind::Suspect { reply, .. } = kind { Some(reply) } else { None },
        "pull failed",
    );
    let query = hand.expect(Call::Query);
    hand.answer(&query, 200, reply("FAILURE_STOP", "serviceAbnormal", "no input", "OnSlaveServiceStopped"));
    hand.last();
    is_last(
        &hand,
        |kind| if let EventKind::Ended { reply, .. } = kind { Some(reply) } else { None },
        "no input",
    );
}

/// By default, an abnormal task is replaced at once, and one that does not start after its timeout.
#[test]
fn events_and_status_contain_the_reason_why_a_task_is_given_up() {
    let message_of = |hand: &Hand, of: SuspectReason| {
        let problem = hand.supervisor.status().last_problem.unwrap();
        let EventKind::Suspect { reason, reply } = problem.kind else { panic!("{problem:?}") };
        assert_eq!(reason, of);
        reply.message.unwrap()
    };
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let query = hand.expect(Call::Query);
    hand.answer(&query, 200, reply("IN_PROGRESS", "serviceAbnormal", "GPU lost", ""));
    assert!(matches!(hand.last(), EventKind::Launching { reason: LaunchReason::Abnormal }));
    assert_eq!(message_of(&hand, SuspectReason::Abnormal), "GPU lost");

    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer(&create, 200, json!({ "taskId": "t", "status": "STARTED" }));
    while hand.launches() < 2 {
        let query = hand.expect(Call::Query);
        hand.answer(&query, 200, reply("IDLE", "serviceIdle", "no capacity", ""));
        hand.last();
        let is_suspect = hand.events.iter().any(|kind| matches!(kind, EventKind::Suspect { .. }));
        assert_eq!(is_suspect, hand.launches() == 2, "as long as it may start it is not suspect");
    }
    assert_eq!(message_of(&hand, SuspectReason::NotRunning), "no capacity");
}

#[test]
fn refused_parameters_are_reported_with_the_services_reply() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer(&create, 200, json!({ "taskId": "t", "status": "STARTED" }));
    let query = hand.expect(Call::Query);
    let long = format!("canvas is {}", "x".repeat(500));
    hand.answer(&query, 200, reply("STARTED", "serviceValidationFailed", &long, ""));
    assert!(matches!(hand.supervisor.poll(hand.wall()), Output::Emit(_)));
    let problem = hand.supervisor.status().last_problem.unwrap();
    let EventKind::CallRejected { reply, .. } = problem.kind else { panic!("{problem:?}") };
    let message = reply.message.unwrap();
    assert!(message.starts_with("canvas is x") && message.chars().count() == 300 && reply.details.is_none());
}

#[test]
fn replies_about_a_task_are_redacted() {
    let mut services = services(300);
    services["cloudTranscoder"]["config"]["transcoder"]["outputs"][0]["rtc"]["rtcToken"] =
        json!("006s3cret-of-mine");
    let mut hand = Hand::new(json!({ "services": services }));
    hand.running("t");
    let body = json!({ "noticeId": "n", "productId": 1, "eventType": 111, "notifyMs": 1, "payload": {
        "taskId": "t", "instanceId": "show-1", "details": { "stopReason": "token 006s3cret-of-mine is bad" } } });
    let notification = steadymix::notification::parse(body.to_string().as_bytes()).unwrap();
    hand.handle(Input::Notification(notification));
    let query = hand.expect(Call::Query);
    hand.answer(
        &query,
        200,
        reply("FAILURE_STOP", "serviceAbnormal", "006s3cret-of-mine", "of 006s3cret-of-mine"),
    );
    hand.last();
    let texts = format!("{:?} {:?}", hand.events, hand.supervisor.status().last_problem);
    assert!(!texts.contains("s3cret") && texts.contains("is bad"), "{texts}");
}
