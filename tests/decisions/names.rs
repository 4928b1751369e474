//! Answers and notifications with a task id or instanceId that cannot belong to them.

use serde_json::json;
use steadymix::supervisor::{EventKind, LaneState};

use crate::hand::{Hand, output_uid, task};
use steadymix::policy::RetryReason;
use steadymix::status::Call;

fn is_malformed(kind: &EventKind, of: Call) -> bool {
    matches!(kind, EventKind::Retrying { call, reason: RetryReason::Malformed, .. } if *call == of)
}

/// A lane whose first task has ended, and whose relaunch is about to be answered.
fn relaunching() -> Hand {
    let mut hand = Hand::new(json!({}));
    hand.running("first");
    hand.query("FAILURE_STOP", "serviceAbnormal");
    hand
}

/// Answers each Create like this, and checks the delay before the other uid's turn.
fn backs_off_and_moves_on(mut hand: Hand, status: u16, task_id: &str) {
    let mut creates = vec![];
    let first = hand.create();
    let mut create = first.clone();
    let began = hand.now;
    loop {
        creates.push((hand.now - began) / 1000);
        hand.answer(&create, status, json!({ "taskId": task_id, "status": "STARTED" }));
        assert!(is_malformed(&hand.last(), Call::Create), "{:?}", hand.events);
        create = match hand.call() {
            next if next.call == Call::Create => next,
            next => {
                assert_eq!(next.call, Call::Acquire);
                assert_ne!(output_uid(&next), output_uid(&first), "the other uid's turn");
                break;
            }
        };
    }
    assert_eq!(creates, [0, 3, 9, 18]);
    assert!(!hand.events.iter().any(|kind| matches!(kind, EventKind::TaskIdUnknown)), "{:?}", hand.events);
}

#[test]
fn a_create_that_is_answered_with_a_task_that_is_over_backs_off() {
    for status in [200, 201, 202, 206, 409, 500] {
        backs_off_and_moves_on(relaunching(), status, "first");
    }
}

#[test]
fn a_create_answered_with_the_task_it_replaces_backs_off_and_keeps_that_task() {
    for status in [200, 409] {
        let mut hand = Hand::new(json!({ "uids": [1, 2, 3] }));
        hand.running("first");
        hand.query("STOPPING", "serviceInProgress");
        hand.query("STOPPING", "serviceInProgress");
        backs_off_and_moves_on(hand, status, "first");
    }
}

/// A notification has named the task and its end before the answer: the create is over.
#[test]
fn a_create_answered_with_its_own_ended_task_starts_anew_after_a_delay() {
    let mut hand = Hand::new(json!({}));
    let mut acquires = 0;
    let mut calls = 0;
    let began = hand.now;
    while hand.now < began + 600_000 && calls < 400 {
        let call = match hand.next(600) {
            Ok(call) => call,
            Err(_) => break,
        };
        calls += 1;
        match call.call {
            Call::Acquire => {
                acquires += 1;
                hand.answer(&call, 200, json!({ "tokenName": format!("token-{calls}") }));
            }
            Call::Create => {
                hand.notification(111, "its-own", "show-1");
                hand.answer(&call, 200, json!({ "taskId": "its-own", "status": "STARTED" }));
            }
            Call::Presence => {
                hand.answer(&call, 200, json!({ "success": true, "data": { "channel_exist": false } }));
            }
            _ => hand.answer(&call, 404, json!({})),
        }
    }
    assert!(acquires > 1 && calls < 120, "{calls} calls in ten minutes, {acquires} of them Acquires");
}

#[test]
fn an_answer_about_another_task_proves_nothing_about_this_one() {
    let mut hand = Hand::new(json!({}));
    hand.running("ours");
    let query = hand.expect(Call::Query);
    let mut of_another = task("EXIT", "serviceCompleted");
    of_another["taskId"] = json!("theirs");
    hand.answer(&query, 200, of_another.clone());
    assert!(is_malformed(&hand.last(), Call::Query), "{:?}", hand.events);
    assert_eq!(hand.supervisor.status().state, LaneState::Running);

    hand.handle(steadymix::supervisor::Input::Stop);
    let delete = hand.expect(Call::Delete);
    hand.answer(&delete, 200, of_another);
    assert!(is_malformed(&hand.last(), Call::Delete), "{:?}", hand.events);
    let again = hand.expect(Call::Delete);
    hand.answer(&again, 200, json!({ "taskId": "ours", "status": "STOPPED" }));
    hand.done();
}

#[test]
fn only_an_exact_instance_id_matches() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer(&create, 409, json!({}));
    for foreign in ["show-01", "show-+1", "show-1 ", "show-2", "show-4294967297", "show-", "show", "SHOW-1"] {
        assert!(!hand.notification(110, "theirs", foreign), "{foreign}");
        assert_eq!(hand.supervisor.status().task_id, None, "{foreign}");
    }
    assert!(hand.notification(110, "ours", "show-1"));
    assert_eq!(hand.supervisor.status().task_id.as_deref(), Some("ours"));
}
