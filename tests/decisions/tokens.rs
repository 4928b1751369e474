//! Creates that may have started a task with one of several builder tokens.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use steadymix::status::Call;
use steadymix::supervisor::{
    EndReason, EventKind, Input, LaneState, NoAnswer, OrphanedReason, Outcome, Request,
};

use crate::hand::{Hand, output_uid, task};

/// A create with an unknown outcome for two builder tokens: the clock was set back in between.
fn created_with_two_tokens(hand: &mut Hand) -> [Request; 2] {
    let first = hand.create();
    hand.answer(&first, 206, json!({}));
    hand.now -= 3_600_000;
    let second = hand.create();
    assert_ne!(first.path, second.path);
    [first, second]
}

#[test]
fn an_unsent_create_is_forgotten_although_its_task_was_named() {
    let mut hand =
        Hand::new(json!({ "presence": "never", "policy": { "createTimedOutDelaysMs": [3_000, 3_000] } }));
    let [first, waits_for_its_snapshot] = created_with_two_tokens(&mut hand);
    assert!(hand.notification(110, "t", "show-1"));
    hand.nothing(&waits_for_its_snapshot, NoAnswer::NotSent);
    let query = hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(query.path.split('?').next_back(), first.path.split('?').next_back());
    hand.query("FAILURE_STOP", "serviceAbnormal");
    hand.expect(Call::Acquire);
    assert_eq!(hand.uids(), [0; 0], "no create is left to resume");
}

#[test]
fn the_token_of_a_successful_delete_starts_nothing_more() {
    let mut hand = Hand::new(json!({ "presence": "never", "policy": { "createTimedOutDelaysMs": [3_000] } }));
    let [_, second] = created_with_two_tokens(&mut hand);
    hand.answer(&second, 206, json!({}));
    hand.running("other");
    assert!(hand.notification(110, "named", "show-1"));
    let delete = hand.expect(Call::Delete);
    assert_eq!(delete.path.split('?').next_back(), second.path.split('?').next_back());
    hand.answer(&delete, 200, json!({}));
    assert_eq!(hand.uids(), [1, 2], "the first token may have started one too");
    hand.query("FAILURE_STOP", "serviceAbnormal");
    hand.expect(Call::Acquire);
}

#[test]
fn a_late_answer_reveals_which_token_started_a_known_task() {
    let mut hand =
        Hand::new(json!({ "presence": "never", "policy": { "createTimedOutDelaysMs": [3_000, 3_000] } }));
    let [_, second] = created_with_two_tokens(&mut hand);
    assert!(hand.notification(110, "t", "show-1"));
    hand.answer(&second, 200, json!({ "taskId": "t", "status": "STARTED" }));
    for _ in 0..8 {
        let query = hand.expect(Call::Query);
        hand.answer(&query, 404, json!({}));
    }
    hand.running("new");
    for _ in 0..2 {
        let delete = hand.expect(Call::Delete);
        hand.answer(&delete, 404, json!({}));
    }
    hand.last();
    assert_eq!(hand.uids(), [2], "every create is accounted for");
}

#[test]
fn a_second_task_of_a_create_is_deleted_with_the_token_that_started_it() {
    let mut hand =
        Hand::new(json!({ "presence": "never", "policy": { "noAnswerDelaysMs": [3_000, 3_000] } }));
    let [first, second] = created_with_two_tokens(&mut hand);
    assert_eq!(hand.next(10).map(|call| call.call), Err(None), "the second has timed out");
    assert!(hand.notification(110, "t", "show-1"));
    let query = hand.expect(Call::Query);
    hand.answer(&query, 404, json!({}));
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(hand.supervisor.status().state, LaneState::Running, "the first token is the right one");
    hand.answer(&second, 200, json!({ "taskId": "u", "status": "STARTED" }));
    for create in [second, first] {
        let delete = hand.expect(Call::Delete);
        assert!(delete.path.contains("/tasks/u?"));
        assert_eq!(delete.path.split('?').next_back(), create.path.split('?').next_back());
        hand.answer(&delete, 404, json!({}));
    }
    assert_eq!(hand.last(), EventKind::Removed, "no token is left to try");
    assert_eq!(hand.uids(), [1]);
    hand.query("FAILURE_STOP", "serviceAbnormal");
    hand.expect(Call::Acquire);
    assert_eq!(hand.uids(), [0; 0], "every create is accounted for");
}

#[test]
fn a_token_without_a_possible_create_is_not_tried() {
    let mut hand = Hand::new(json!({}));
    let limited = hand.create();
    hand.answer_after(&limited, 429, json!({}), Some("300"));
    let create = hand.create();
    assert_ne!(create.path, limited.path, "its token is too old");
    hand.answer(&create, 200, json!({ "taskId": "t" }));
    let query = hand.expect(Call::Query);
    let at = hand.now;
    hand.answer(&query, 404, json!({}));
    let again = hand.expect(Call::Query);
    assert_eq!((again.path, hand.now - at), (query.path, 5_000));
}

/// A launch with this many timed-out Creates, each with its own token. The task of the newest one was named, and has
/// failed.
fn left_by_its_newest_task(creates: usize) -> (Hand, Vec<Request>) {
    let mut hand =
        Hand::new(json!({ "presence": "never", "policy": { "noAnswerDelaysMs": [3_000, 3_000] } }));
    let mut timed_out = Vec::new();
    for _ in 1..creates {
        timed_out.push(hand.create());
        assert_eq!(hand.next(10).map(|call| call.call), Err(None), "it has timed out");
        hand.now -= 3_600_000;
    }
    let newest = hand.create();
    hand.answer(&newest, 206, json!({}));
    assert!(hand.notification(110, "t", "show-1"));
    hand.last();
    let revision = hand.supervisor.revision();
    hand.query("FAILURE_STOP", "serviceAbnormal");
    assert!(hand.supervisor.revision() > revision);
    assert_eq!(hand.uids(), [1], "another Create may have started one too");
    (hand, timed_out)
}

#[test]
fn a_late_answer_that_names_a_task_that_is_gone_ends_its_create() {
    let (mut hand, timed_out) = left_by_its_newest_task(2);
    hand.answer(&timed_out[0], 200, json!({ "taskId": "t" }));
    hand.last();
    assert_eq!(hand.uids(), [0; 0]);
}

#[test]
fn a_late_answer_with_a_gone_task_does_not_end_a_later_create() {
    let (mut hand, timed_out) = left_by_its_newest_task(3);
    hand.answer(&timed_out[0], 200, json!({ "taskId": "t" }));
    hand.last();
    assert_eq!(hand.uids(), [1]);
    hand.answer(&timed_out[1], 200, json!({ "taskId": "t" }));
    hand.last();
    assert_eq!(hand.uids(), [0; 0]);
}

#[test]
fn an_answered_token_is_not_tried_for_the_task_of_a_later_create() {
    let (mut hand, timed_out) = left_by_its_newest_task(3);
    hand.answer(&timed_out[0], 200, json!({ "taskId": "u" }));
    for _ in 0..8 {
        let query = hand.expect(Call::Query);
        hand.answer(&query, 404, json!({}));
    }
    assert!(hand.notification(110, "v", "show-1"));
    for _ in 0..2 {
        let query = hand.expect(Call::Query);
        assert_eq!(query.path.split('?').next_back(), timed_out[1].path.split('?').next_back());
        hand.answer(&query, 404, json!({}));
    }
}

#[test]
fn an_answered_create_is_retried_with_a_new_token() {
    let policy = json!({ "taskIdUnknownGraceMs": 30_000, "createTimedOutDelaysMs": [3_000], "relaunchDelaysMs": [5_000] });
    for status in [201, 409] {
        let mut hand = Hand::new(json!({ "presence": "never", "policy": policy }));
        let [first, second] = created_with_two_tokens(&mut hand);
        hand.answer(&second, status, json!({}));
        let other = hand.create();
        hand.answer(&other, 206, json!({}));
        let other_again = hand.expect(Call::Create);
        assert_eq!(other_again.path, other.path);
        hand.answer(&other_again, 400, json!({}));
        // No further Create is sent for that one.
        let again = hand.create();
        assert!(output_uid(&again) == 1 && again.path != second.path, "a builder token starts one task only");
        hand.answer(&again, 206, json!({}));
        assert!(hand.notification(110, "t", "show-1"));
        for _ in [&again, &second] {
            let query = hand.expect(Call::Query);
            hand.answer(&query, 404, json!({}));
        }
        let query = hand.query("FAILURE_STOP", "serviceAbnormal");
        assert_eq!(query.path.split('?').next_back(), first.path.split('?').next_back());
        assert!(hand.uids().contains(&1), "the last Create may have started another task after that");
    }
}

#[test]
fn an_earlier_create_with_the_same_token_does_not_resolve_a_later_one() {
    let policy = json!({ "noAnswerDelaysMs": [1_000, 1_000], "createTimedOutDelaysMs": [1_000], "relaunchDelaysMs": [30_000] });
    let mut hand = Hand::new(json!({ "presence": "never", "policy": policy }));
    let older = hand.create();
    hand.answer(&older, 206, json!({}));
    hand.now -= 3_600_000;
    let first = hand.create();
    let second = hand.expect(Call::Create);
    assert_eq!((first.path.as_str(), first.path != older.path), (second.path.as_str(), true));
    assert_eq!(hand.next(10).map(|call| call.call), Err(None), "it has timed out, as the first one");
    hand.answer(&first, 200, json!({ "taskId": "t", "status": "STARTED" }));
    let query = hand.expect(Call::Query);
    hand.answer(&query, 404, json!({}));
    let query = hand.query("FAILURE_STOP", "serviceAbnormal");
    assert_eq!(query.path.split('?').next_back(), older.path.split('?').next_back());
    assert_eq!(hand.uids(), [1], "the second may have started one after that");
    hand.answer(&second, 200, json!({ "taskId": "u", "status": "STARTED" }));
    assert!(hand.expect(Call::Query).path.contains("/tasks/u?"), "it is adopted");
}

#[test]
fn an_earlier_create_does_not_resolve_a_later_one_with_an_unknown_outcome() {
    for (status, may_have_started_one) in [(206, true), (503, true), (429, false)] {
        let policy = json!({ "noAnswerDelaysMs": [1_000, 1_000], "createTimedOutDelaysMs": [60_000] });
        let mut hand = Hand::new(json!({ "presence": "never", "policy": policy }));
        let started = hand.create();
        assert_eq!(hand.next(10).map(|call| call.call), Err(None), "it has timed out");
        hand.now -= 3_600_000;
        let named = hand.create();
        let later = hand.expect(Call::Create);
        assert!(started.path != named.path && named.path == later.path, "it has timed out as well");
        hand.answer_after(&later, status, json!({}), Some("60"));
        hand.answer(&started, 200, json!({ "taskId": "t", "status": "STARTED" }));
        hand.query("IN_PROGRESS", "serviceInProgress");
        hand.answer(&named, 200, json!({ "taskId": "t", "status": "STARTED" }));
        hand.handle(Input::Stop);
        let delete = hand.expect(Call::Delete);
        hand.answer(&delete, 404, json!({}));
        hand.last();
        let uids: &[u32] = if may_have_started_one { &[1] } else { &[] };
        assert_eq!(hand.uids(), uids, "{status}");
    }
}

/// A running task that two tokens may have started, and the first call to delete it.
fn deleting_with_two_tokens() -> (Hand, Request) {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let [_, second] = created_with_two_tokens(&mut hand);
    hand.answer(&second, 206, json!({}));
    assert!(hand.notification(110, "t", "show-1"));
    hand.handle(Input::Stop);
    let delete = hand.expect(Call::Delete);
    (hand, delete)
}

#[test]
fn a_delete_that_finds_nothing_or_is_refused_tries_the_other_token_at_once() {
    for status in [404, 400] {
        let (mut hand, delete) = deleting_with_two_tokens();
        let at = hand.now;
        hand.answer(&delete, status, json!({}));
        let again = hand.expect(Call::Delete);
        assert_ne!(again.path, delete.path);
        assert!(hand.now - at <= 125, "as soon as the rate limit allows, answered {status}");
        hand.answer(&again, 200, json!({}));
        assert_eq!(hand.done(), Outcome::Stopped);
    }
}

#[test]
fn a_task_that_is_not_found_with_one_of_its_tokens_is_gone_though_the_other_is_refused() {
    for found_with in [0, 1] {
        let mut hand = Hand::new(json!({ "presence": "never" }));
        let creates = created_with_two_tokens(&mut hand);
        hand.answer(&creates[1], 206, json!({}));
        assert!(hand.notification(110, "t", "show-1"));
        let token = creates[found_with].path.split('?').next_back();
        let mut queries = 0;
        let next = loop {
            let call = hand.call();
            if call.call != Call::Query {
                break call;
            }
            queries += 1;
            let status = if call.path.split('?').next_back() == token { 404 } else { 403 };
            hand.answer(&call, status, json!({}));
        };
        assert_eq!((next.call, queries), (Call::Acquire, 8), "four Queries with both, after 5, 10 and 15 s");
    }
}

#[test]
fn a_delete_that_finds_nothing_with_one_token_is_done_though_the_other_is_refused() {
    for answers in [[404, 403], [403, 404]] {
        let (mut hand, delete) = deleting_with_two_tokens();
        hand.answer(&delete, answers[0], json!({}));
        let again = hand.expect(Call::Delete);
        hand.answer(&again, answers[1], json!({}));
        assert_eq!(hand.done(), Outcome::Stopped);
    }
}

#[test]
fn with_presence_checks_no_builder_token_is_forgotten_for_another_one() {
    let mut hand = Hand::new(json!({}));
    let mut acquired = BTreeMap::new();
    while hand.since_start() < 86_400 {
        let call = hand.call();
        match call.call {
            Call::Acquire => {
                let token = format!("token-{}", hand.now);
                hand.answer(&call, 200, json!({ "tokenName": token }));
            }
            Call::Create => {
                acquired.entry(output_uid(&call)).or_insert_with(BTreeSet::new).insert(call.path.clone());
                hand.answer(&call, 206, json!({}));
            }
            Call::Presence => hand.answer(
                &call,
                200,
                json!({ "success": true, "data": { "channel_exist": true, "broadcasters": [1, 2] } }),
            ),
            other => panic!("{other:?}, though no task is known"),
        }
    }
    let tokens: Vec<usize> = acquired.values().map(BTreeSet::len).collect();
    assert_eq!(tokens, [12, 12], "after that there are only presence checks");
    assert_eq!(hand.uids(), [1, 2]);
}

#[test]
fn refused_credentials_prove_nothing_whatever_the_other_token_was_answered() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let creates = created_with_two_tokens(&mut hand);
    hand.answer(&creates[1], 206, json!({}));
    assert!(hand.notification(110, "t", "show-1"));
    let wrong = creates[1].path.split('?').next_back();
    for _ in 0..8 {
        let query = hand.expect(Call::Query);
        let status = if query.path.split('?').next_back() == wrong { 404 } else { 401 };
        hand.answer(&query, status, json!({}));
    }
    assert_eq!(hand.uids(), [1], "it may well run");
    hand.handle(Input::Stop);
    while let Ok(call) = hand.next(3_600) {
        let status = if call.path.split('?').next_back() == wrong { 404 } else { 401 };
        hand.answer(&call, status, json!({}));
    }
    let orphaned = EventKind::Orphaned { reason: OrphanedReason::DeleteFailed };
    assert!(hand.events.contains(&orphaned), "nothing has ended it");
}

#[test]
fn after_an_accepted_delete_earlier_answers_to_tokens_do_not_count() {
    let (mut hand, delete) = deleting_with_two_tokens();
    hand.answer(&delete, 404, json!({}));
    let again = hand.expect(Call::Delete);
    hand.answer(&again, 202, json!({}));
    let query = hand.expect(Call::Query);
    hand.answer(&query, 403, json!({}));
    assert_ne!(hand.expect(Call::Query).path, query.path, "both tokens are to be tried for the query");
}

#[test]
fn an_answer_to_acquire_does_not_affect_a_task_named_meanwhile() {
    for status in [400, 401, 404, 503] {
        let mut hand = Hand::new(json!({ "presence": "never" }));
        let create = hand.create();
        hand.answer(&create, 206, json!({}));
        hand.now -= 3_600_000;
        let acquire = hand.expect(Call::Acquire);
        assert!(hand.notification(110, "t", "show-1"));
        hand.answer(&acquire, status, json!({}));
        hand.query("IN_PROGRESS", "serviceInProgress");
        assert_eq!(hand.supervisor.status().task_id.as_deref(), Some("t"), "answered {status}");
        assert_eq!(hand.supervisor.status().state, LaneState::Running);
    }
}

#[test]
fn a_task_named_by_any_answer_to_create_is_supervised() {
    let task = json!({ "taskId": "t" });
    for status in [200, 201, 206, 409, 500, 503] {
        let mut hand = Hand::new(json!({}));
        let create = hand.create();
        hand.answer(&create, status, task.clone());
        assert!(hand.expect(Call::Query).path.contains("/tasks/t?"), "{status}");

        let mut hand = Hand::new(json!({ "policy": { "noAnswerDelaysMs": [3_000, 3_000] } }));
        let create = hand.create();
        assert_eq!(hand.next(10).map(|call| call.call), Err(None), "it has timed out");
        hand.answer(&create, status, task.clone());
        assert!(hand.expect(Call::Query).path.contains("/tasks/t?"), "{status}, late");
    }
    for status in [400, 403, 429] {
        let mut hand = Hand::new(json!({}));
        let create = hand.create();
        hand.answer(&create, status, task.clone());
        hand.last();
        assert_eq!(hand.uids(), [0; 0], "{status}: it was not carried out");
    }
}

#[test]
fn a_task_that_is_named_after_its_launch_is_over_is_deleted_with_the_newest_of_its_tokens() {
    let policy = json!({ "noAnswerDelaysMs": [3_000, 3_000], "createTimedOutDelaysMs": [3_000] });
    let mut hand = Hand::new(json!({ "presence": "never", "policy": policy }));
    hand.create();
    assert_eq!(hand.next(10).map(|call| call.call), Err(None), "it has timed out");
    hand.now -= 3_600_000;
    let second = hand.create();
    hand.answer(&second, 206, json!({}));
    assert!(hand.notification(110, "t", "show-1"));
    hand.query("FAILURE_STOP", "serviceAbnormal");
    // The other uid fails, so the first Create is resumed with a new token.
    let newest = loop {
        let create = hand.create();
        hand.answer(&create, 206, json!({}));
        if output_uid(&create) == 1 {
            break create;
        }
        let again = hand.expect(Call::Create);
        hand.answer(&again, 206, json!({}));
    };
    hand.handle(Input::Stop);
    assert_eq!(hand.done(), Outcome::Stopped);
    assert!(hand.notification(110, "late", "show-1"));
    let delete = hand.expect(Call::Delete);
    assert_eq!(delete.path.split('?').next_back(), newest.path.split('?').next_back());
}

#[test]
fn an_unsent_create_is_forgotten_although_the_clock_was_set_back() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let waits_for_its_snapshot = hand.create();
    hand.now -= 3_600_000;
    hand.last();
    hand.nothing(&waits_for_its_snapshot, NoAnswer::NotSent);
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    assert!(hand.notification(110, "t", "show-1"));
    hand.query("FAILURE_STOP", "serviceAbnormal");
    hand.last();
    assert_eq!(hand.uids(), [0; 0], "no other create may have started one");
}

#[test]
fn a_request_of_another_launch_is_awaited_although_a_task_is_named() {
    let mut hand = Hand::new(json!({ "presence": "never", "policy": { "createTimedOutDelaysMs": [3_000] } }));
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    let again = hand.expect(Call::Create);
    hand.answer(&again, 206, json!({}));
    hand.running("other");
    let query = hand.expect(Call::Query);
    assert!(hand.notification(110, "t", "show-1"));
    hand.answer(&query, 200, task("FAILURE_STOP", "serviceAbnormal"));
    hand.last();
    let has_failed = |kind: &EventKind| matches!(kind, EventKind::Ended { reason: EndReason::Failed, .. });
    assert!(hand.events.iter().any(has_failed), "{:?}", hand.events);
}
