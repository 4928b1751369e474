//! Acquire and Create: retries, unknown outcomes, and the next uid.

use serde_json::{Value, json};
use steadymix::status::Call;
use steadymix::supervisor::{
    EventKind, FailReason, Input, LaneState, NoAnswer, Outcome, Output, Request, Standing,
};
use steadymix::time::WallTime;

use crate::hand::{Hand, output_uid, task};

#[test]
fn an_exhausted_schedule_moves_to_the_other_uid_with_a_new_create() {
    let mut hand = Hand::new(json!({}));
    let first = hand.create();
    hand.answer(&first, 206, json!({}));
    for waited in [3, 9, 18] {
        let again = hand.expect(Call::Create);
        assert_eq!(
            (again.path.as_str(), hand.since_start()),
            (first.path.as_str(), waited),
            "the same token"
        );
        assert_eq!(again.body, first.body, "the same parameters");
        hand.answer(&again, 206, json!({}));
    }
    let acquire = hand.expect(Call::Acquire);
    assert!(acquire.body.as_deref().unwrap().contains("show-2"));
    assert_eq!(output_uid(&acquire), 2);
    assert!(hand.events.iter().any(|kind| matches!(kind, EventKind::UidSwitched { from: 1, to: 2, .. })));
}

#[test]
fn code_65_has_a_shorter_schedule_whatever_its_status() {
    for status in [200, 206, 400, 404, 500] {
        let mut hand = Hand::new(json!({}));
        let first = hand.create();
        hand.answer(&first, status, json!({ "code": 65 }));
        for waited in [3, 9] {
            let again = hand.expect(Call::Create);
            assert_eq!((again.path.as_str(), hand.since_start()), (first.path.as_str(), waited), "{status}");
            hand.answer(&again, status, json!({ "code": 65 }));
        }
        assert_eq!(output_uid(&hand.expect(Call::Acquire)), 2);
    }
}

#[test]
fn when_every_uid_is_unresolved_no_third_create_is_made() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    for _ in 0..40 {
        let call = hand.call();
        match call.call {
            Call::Acquire => hand.answer(&call, 200, json!({ "tokenName": format!("token-{}", hand.now) })),
            Call::Create => hand.answer(&call, 206, json!({})),
            other => panic!("{other:?}"),
        }
        assert!(hand.supervisor.status().generation <= 2);
    }
    assert_eq!(hand.uids(), [1, 2]);
    // One is answered finally: the other remains unresolved.
    let create = loop {
        let call = hand.call();
        match call.call {
            Call::Create => break call,
            _ => hand.answer(&call, 200, json!({ "tokenName": format!("token-{}", hand.now) })),
        }
    };
    hand.answer(&create, 200, json!({ "taskId": "found", "status": "STARTED" }));
    hand.query("IN_PROGRESS", "serviceInProgress");
    for _ in 0..20 {
        hand.query("IN_PROGRESS", "serviceInProgress");
    }
    assert_eq!(hand.uids(), [1, 2], "the other is not forgotten");
}

#[test]
fn an_expired_token_is_replaced_for_the_same_create() {
    let mut hand = Hand::new(
        json!({ "uids": [1, 2], "presence": "never", "policy": { "createTimedOutDelaysMs": [3_600_000] } }),
    );
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    let acquire = hand.expect(Call::Acquire);
    assert!(acquire.body.as_deref().unwrap().contains(r#""instanceId":"show-1""#), "{:?}", acquire.body);
    hand.answer(&acquire, 200, json!({ "tokenName": "fresh" }));
    let create = hand.expect(Call::Create);
    assert!(create.path.ends_with("builderToken=fresh"));
    hand.answer(&create, 409, json!({}));
    assert_eq!(hand.last(), EventKind::TaskIdUnknown);
}

#[test]
fn a_create_that_is_too_late_for_its_token_acquires_anew() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    assert_eq!(create.send_before, Some(WallTime::from_millis(hand.now + 2_000)));
    hand.now += 2_500;
    hand.nothing(&create, NoAnswer::NotSent);
    hand.expect(Call::Acquire);
    assert_eq!(hand.launches(), 1);
}

#[test]
fn wrong_parameters_end_the_lane_and_nothing_more_is_sent() {
    for (status, reason) in [
        (400, FailReason::WrongParameters),
        (404, FailReason::WrongParameters),
        (403, FailReason::WrongCredentials),
    ] {
        let mut hand = Hand::new(json!({}));
        let create = hand.create();
        hand.answer(&create, status, json!({ "message": "no" }));
        assert_eq!(hand.done(), Outcome::Failed { reason });
        let reply = hand.events.iter().find_map(|kind| match kind {
            EventKind::CallRejected { reply, .. } => Some(reply.clone()),
            _ => None,
        });
        let reply = reply.unwrap();
        assert_eq!((reply.message.as_deref(), reply.request_id.as_deref()), (Some("no"), Some("req")));
    }
}

#[test]
fn a_conflict_without_an_id_is_on_air_with_an_unknown_task_id() {
    for status in [201, 409] {
        let mut hand = Hand::new(json!({ "presence": "never" }));
        let create = hand.create();
        hand.answer(&create, 206, json!({}));
        let create = hand.expect(Call::Create);
        hand.answer(&create, status, json!({}));
        assert_eq!(hand.last(), EventKind::TaskIdUnknown);
        assert_eq!(hand.supervisor.status().state, LaneState::TaskIdUnknown);
        assert!(hand.notification(110, "named", "show-1"));
        let query = hand.expect(Call::Query);
        assert!(query.path.contains("/tasks/named?"), "adopted from the notification");
    }
}

#[test]
fn a_task_with_an_unknown_id_is_replaced_and_deleted_once_it_is_named() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let create = hand.create();
    hand.answer(&create, 409, json!({}));
    hand.running("new");
    assert_eq!(hand.supervisor.status().uid, Some(2));
    assert!(hand.notification(110, "old", "show-1"));
    let delete = hand.expect(Call::Delete);
    assert!(delete.path.contains("/tasks/old?"));
}

#[test]
fn a_late_answer_to_create_still_names_the_task() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    assert_eq!(hand.expect(Call::Create).call, Call::Create, "made again after its time-out");
    hand.answer(&create, 200, json!({ "taskId": "late", "status": "STARTED" }));
    let query = hand.expect(Call::Query);
    assert!(query.path.contains("/tasks/late?"));
}

#[test]
fn a_displaced_launch_is_resumed_after_its_create_delay() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    for _ in 0..3 {
        let again = hand.expect(Call::Create);
        hand.answer(&again, 206, json!({}));
    }
    let create = hand.create();
    assert_eq!(output_uid(&create), 2);
    hand.answer(&create, 206, json!({}));
    let again = hand.expect(Call::Create);
    hand.answer_after(&again, 429, json!({}), Some("200"));
    let answered = hand.now;
    // The first launch's task is found, displaces the current launch, and ends.
    assert!(hand.notification(110, "t", "show-1"));
    hand.query("FAILURE_STOP", "serviceAbnormal");
    let resumed = hand.expect(Call::Create);
    assert_eq!((output_uid(&resumed), hand.now - answered), (2, 200_000));
}

#[test]
fn the_last_eight_unanswered_creates_are_remembered() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let mut creates = Vec::new();
    while creates.len() < 9 {
        let call = hand.call();
        match call.call {
            Call::Acquire => {
                hand.answer(&call, 200, json!({ "tokenName": format!("token-{}", hand.now) }));
            }
            _ => creates.push(call),
        }
    }
    assert_eq!(hand.next(10).map(|call| call.call), Err(None), "the ninth has timed out");
    let mut named = |create: &Request, id: &str| {
        hand.answer(create, 200, json!({ "taskId": id }));
        matches!(hand.last(), EventKind::Created | EventKind::TaskIdLearned { .. })
    };
    assert!(!named(&creates[0], "first"));
    assert!(named(&creates[1], "second"));
}

#[test]
fn a_create_displaced_by_a_found_task_is_not_sent() {
    let mut hand = Hand::new(json!({ "policy": { "createTimedOutDelaysMs": [3_000] } }));
    let first = hand.create();
    hand.answer(&first, 206, json!({}));
    let last = hand.expect(Call::Create);
    hand.answer(&last, 206, json!({}));
    let waits_for_its_snapshot = hand.create();
    assert_eq!(output_uid(&waits_for_its_snapshot), 2);
    assert!(hand.notification(110, "found", "show-1"));
    assert!(!hand.supervisor.awaits(waits_for_its_snapshot.id));
    hand.nothing(&waits_for_its_snapshot, NoAnswer::NotSent);
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(hand.uids(), [1], "an unsent create leaves nothing to resolve");
}

#[test]
fn debug_output_of_an_input_shows_no_rtc_token() {
    let mut hand = Hand::new(json!({}));
    let request = loop {
        if let Output::NeedToken(request) = hand.supervisor.poll(hand.wall()) {
            break request;
        }
    };
    let shown = format!("{:?}", Input::Token(request.id, Ok(Some("s3cret".to_owned()))));
    assert!(shown.contains("Token") && shown.contains('…') && !shown.contains("s3cret"), "{shown}");
}

/// A Create that times out while it waits for its snapshot, and turns out never to have been sent.
fn never_sent(settings: Value, with: impl FnOnce(&mut Hand)) -> (Hand, Vec<u32>) {
    let mut hand = Hand::new(settings);
    let create = hand.create();
    assert_eq!(hand.next(10).map(|call| call.call), Err(None), "it has timed out");
    with(&mut hand);
    hand.nothing(&create, NoAnswer::NotSent);
    hand.last();
    let live = hand.uids();
    (hand, live)
}

#[test]
fn an_unsent_create_starts_no_task() {
    let (mut hand, live) = never_sent(json!({}), |hand| assert_eq!(hand.uids(), [1]));
    assert!(live.is_empty());
    let again = hand.expect(Call::Acquire);
    hand.answer(&again, 200, json!({ "tokenName": "again" }));
    assert_eq!(output_uid(&hand.expect(Call::Create)), 1, "its launch continues");
}

#[test]
fn an_unsent_create_does_not_delay_the_end() {
    let stop = |hand: &mut Hand| assert!(hand.handle(Input::Stop));
    let (mut hand, live) = never_sent(json!({ "presence": "never" }), stop);
    assert!(live.is_empty());
    assert_eq!(hand.done(), Outcome::Stopped);
    assert_eq!(hand.since_start(), 10, "at once");
}

#[test]
fn a_create_that_may_have_started_a_task_is_kept_although_a_later_one_was_not_sent() {
    let mut hand = Hand::new(json!({}));
    let first = hand.create();
    hand.nothing(&first, NoAnswer::TimedOut);
    let second = hand.expect(Call::Create);
    assert_eq!(hand.next(10).map(|call| call.call), Err(None), "it has timed out");
    hand.handle(Input::Stop);
    hand.nothing(&second, NoAnswer::NotSent);
    hand.last();
    assert_eq!(hand.uids(), [1]);
}

#[test]
fn a_displaced_create_is_resolved_by_presence_checks() {
    let mut hand = Hand::new(json!({ "policy": { "createTimedOutDelaysMs": [3_000] } }));
    let first = hand.create();
    hand.answer(&first, 206, json!({}));
    let last = hand.expect(Call::Create);
    hand.answer(&last, 206, json!({}));
    let other = hand.create();
    assert_eq!(output_uid(&other), 2);
    hand.answer(&other, 206, json!({}));
    assert_eq!(hand.supervisor.status().tasks[1].standing, Standing::Unresolved);
    assert!(hand.notification(110, "found", "show-1"));
    while hand.uids() != [1] {
        let call = hand.call();
        let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [1] });
        match call.call {
            Call::Presence => hand.answer(&call, 200, json!({ "success": true, "data": data })),
            Call::Query => hand.answer(&call, 200, task("IN_PROGRESS", "serviceInProgress")),
            other => panic!("{other:?}"),
        }
        assert!(hand.since_start() < 600, "it is still waited for");
    }
}

#[test]
fn a_create_with_an_unknown_task_is_not_resumed_while_a_delete_fails() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.running("t");
    hand.query("IN_PROGRESS", "serviceAbnormal");
    let create = hand.create();
    assert_eq!(output_uid(&create), 2);
    hand.answer(&create, 409, json!({}));
    let again = loop {
        let call = hand.call();
        match call.call {
            Call::Query | Call::Delete => hand.answer(&call, 500, json!({})),
            Call::Acquire => hand.answer(&call, 200, json!({ "tokenName": "again" })),
            Call::Create => break call,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(output_uid(&again), 2);
}

#[test]
fn a_lane_ends_when_every_create_was_refused_after_it_may_have_started_a_task() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.refused_after_all();
    assert_eq!(hand.done(), Outcome::Failed { reason: FailReason::NoFreeUid });
    assert!(hand.since_start() < 120, "{} s", hand.since_start());
}

#[test]
fn while_a_task_is_being_deleted_its_uid_is_awaited() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.refused_after_all();
    assert!(hand.notification(111, "t", "show-2"));
    let is_blocked = |kind: &&EventKind| matches!(kind, EventKind::NoFreeUid { .. });
    while hand.events.iter().filter(is_blocked).count() < 2 {
        let delete = hand.expect(Call::Delete);
        hand.answer(&delete, 500, json!({}));
    }
    let delete = hand.expect(Call::Delete);
    hand.answer(&delete, 200, json!({}));
    assert_eq!(output_uid(&hand.create()), 2);
}

#[test]
fn a_superseded_task_in_the_way_is_queried_despite_a_long_retry_after() {
    for retry_after in ["1", "100", "300"] {
        let mut hand = Hand::new(json!({ "presence": "never" }));
        hand.running("old");
        hand.query("IN_PROGRESS", "serviceAbnormal");
        for _ in 0..3 {
            let mut call = hand.call();
            if call.call == Call::Acquire {
                hand.answer(&call, 200, json!({ "tokenName": "token" }));
                call = hand.expect(Call::Create);
            }
            hand.answer_after(&call, 429, json!({}), Some(retry_after));
        }
        let query = hand.expect(Call::Query);
        assert!(query.path.contains("/tasks/old?"), "{}, Retry-After {retry_after}", query.path);
    }
}

#[test]
fn a_failed_rtc_token_does_not_count_as_an_attempt_of_acquire() {
    let mut hand = Hand::new(json!({}));
    let mut failures = 0;
    let mut acquire = loop {
        match hand.supervisor.poll(hand.wall()) {
            Output::NeedToken(request) => {
                let fails = failures < 3;
                failures += 1;
                hand.handle(Input::Token(request.id, if fails { Err(()) } else { Ok(None) }));
            }
            Output::Wait { until, .. } => hand.now = until.as_millis(),
            Output::Send(request) => break request,
            Output::Emit(_) => {}
            other => panic!("{other:?}"),
        }
    };
    for waited in [3, 6, 9] {
        let at = hand.now;
        hand.answer(&acquire, 503, json!({}));
        acquire = hand.expect(Call::Acquire);
        assert_eq!((output_uid(&acquire), (hand.now - at) / 1000), (1, waited));
    }
}

#[test]
fn an_unrequested_token_is_ignored() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.handle(Input::Token(create.id, Ok(Some("of another".to_owned()))));
    hand.answer(&create, 200, json!({ "taskId": "t" }));
    assert_eq!(hand.last(), EventKind::Created, "its answer is still awaited");
}

/// A refusal does not end what has worked before.
#[test]
fn a_refused_relaunch_is_retried_with_growing_delays() {
    for (refused, status) in
        [(Call::Acquire, 400), (Call::Acquire, 401), (Call::Create, 403), (Call::Create, 404)]
    {
        let mut hand = Hand::new(json!({}));
        hand.running("old");
        hand.query("FAILURE_STOP", "serviceAbnormal");
        let mut waits = Vec::new();
        let mut generation = 1;
        for _ in 0..9 {
            let before = hand.now;
            let acquire = hand.expect(Call::Acquire);
            waits.push((hand.now - before) / 1000);
            generation += 1;
            assert!(acquire.body.as_deref().unwrap().contains(&format!("show-{generation}")));
            let call = if refused == Call::Acquire {
                acquire
            } else {
                hand.answer(&acquire, 200, json!({ "tokenName": format!("token-{}", hand.now) }));
                hand.expect(Call::Create)
            };
            hand.answer(&call, status, json!({ "message": "not now" }));
            assert!(matches!(hand.last(), EventKind::CallRejected { call, .. } if call == refused));
        }
        assert_eq!(waits, [0, 5, 15, 30, 60, 120, 300, 300, 300], "{refused:?} {status}");
        hand.running("new");
    }
}

#[test]
fn a_refused_first_launch_is_not_retried() {
    for status in [400, 401, 403] {
        let mut hand = Hand::new(json!({}));
        let acquire = hand.expect(Call::Acquire);
        hand.answer(&acquire, status, json!({}));
        assert!(matches!(hand.done(), Outcome::Failed { .. }), "{status}");
    }
}
