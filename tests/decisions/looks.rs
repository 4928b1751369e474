//! Looks into the channel: when they are made, and what they tell.

use serde_json::json;
use steadymix::status::Call;
use steadymix::supervisor::{EventKind, FailReason, Input, LaneState, Outcome};

use crate::hand::{Hand, output_uid, task};

#[test]
fn presence_resolves_what_nobody_names() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    hand.handle(Input::Stop);
    let mut looks = 0;
    while let Ok(look) = hand.next(u64::MAX) {
        assert_eq!(look.call, Call::Presence);
        let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [1000] });
        hand.answer(&look, 200, json!({ "success": true, "data": data }));
        looks += 1;
    }
    assert!((12..30).contains(&looks), "{looks} looks");
    assert!(!hand.events.iter().any(|kind| matches!(kind, EventKind::Orphaned { .. })));
    assert!(
        hand.since_start() >= 180,
        "not before a task could have started, and could not be under way elsewhere"
    );
}

#[test]
fn looks_that_cannot_succeed_are_told_once_and_not_waited_for() {
    let of_another_mode =
        json!({ "success": true, "data": { "channel_exist": true, "mode": 1, "users": [1] } });
    for (status, body) in [(403, json!({ "message": "not enabled" })), (200, of_another_mode)] {
        let mut hand = Hand::new(json!({}));
        let mut creates = 0;
        let outcome = loop {
            let Ok(call) = hand.next(u64::MAX) else { break hand.done() };
            match call.call {
                Call::Presence => hand.answer(&call, status, body.clone()),
                Call::Acquire => hand.answer(&call, 200, json!({ "tokenName": "token" })),
                Call::Create if creates % 2 == 0 => {
                    creates += 1;
                    hand.answer(&call, 206, json!({}));
                }
                _ => {
                    creates += 1;
                    hand.answer(&call, 400, json!({}));
                }
            }
        };
        assert_eq!(outcome, Outcome::Failed { reason: FailReason::NoFreeUid }, "as without looks");
        let told = |kind: &&EventKind| matches!(kind, EventKind::CallRejected { call: Call::Presence, .. });
        assert_eq!(hand.events.iter().filter(told).count(), 1);
    }
}

#[test]
fn a_look_is_made_as_late_as_the_service_asks_for() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    hand.handle(Input::Stop);
    let look = hand.expect(Call::Presence);
    let at = hand.now;
    hand.answer_after(&look, 429, json!({}), Some("45"));
    hand.expect(Call::Presence);
    assert_eq!(hand.now - at, 45_000);
}

#[test]
fn presence_always_doubts_a_running_task_whose_uid_is_not_there() {
    let mut hand = Hand::new(json!({ "presence": "always" }));
    hand.running("t");
    let look = loop {
        let call = hand.call();
        match call.call {
            Call::Presence => break call,
            _ => hand.answer(&call, 200, task("IN_PROGRESS", "serviceInProgress")),
        }
    };
    let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [] });
    hand.answer(&look, 200, json!({ "success": true, "data": data }));
    let at = hand.now;
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert!(hand.now - at <= 5_000, "asked at once");
    assert_eq!(hand.last(), EventKind::Recovered);
}

#[test]
fn a_task_that_nobody_names_is_on_air_once_its_uid_is_seen() {
    let mut hand = Hand::new(json!({}));
    hand.refused_after_all();
    assert_eq!(hand.supervisor.status().state, LaneState::Waiting);
    let look = hand.expect(Call::Presence);
    let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [2] });
    hand.answer(&look, 200, json!({ "success": true, "data": data }));
    assert_eq!(hand.last(), EventKind::TaskIdUnknown);
    assert_eq!(hand.supervisor.status().state, LaneState::TaskIdUnknown);
}

#[test]
fn only_an_answer_that_succeeds_tells_who_is_there() {
    let mut hand = Hand::new(json!({}));
    hand.refused_after_all();
    let look = hand.expect(Call::Presence);
    let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [2] });
    hand.answer(&look, 503, json!({ "success": true, "data": data }));
    assert_ne!(hand.last(), EventKind::TaskIdUnknown);
    assert_eq!(hand.supervisor.status().state, LaneState::Waiting);
}

#[test]
fn looks_that_are_not_answered_come_no_sooner() {
    let mut hand = Hand::new(json!({ "presence": "always" }));
    hand.running("t");
    let mut looks = Vec::new();
    while looks.len() < 5 {
        let call = hand.call();
        match call.call {
            // Its time runs out.
            Call::Presence => looks.push(hand.now),
            _ => hand.answer(&call, 200, task("IN_PROGRESS", "serviceInProgress")),
        }
    }
    let waits: Vec<u64> = looks.windows(2).map(|pair| (pair[1] - pair[0]) / 1000).collect();
    assert_eq!(waits[1..], [130, 130, 130]);
}

#[test]
fn a_create_that_was_refused_is_not_made_again_when_its_uid_is_seen_after_all() {
    let policy = json!({ "createTimedOutDelaysMs": [3_000] });
    let mut hand = Hand::new(json!({ "presence": "always", "policy": policy }));
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    let again = hand.expect(Call::Create);
    hand.answer(&again, 400, json!({}));
    hand.running("other");
    let mut was_gone = false;
    let next = loop {
        was_gone |= hand.uids() == [2];
        let is_back = was_gone && hand.uids() == [2, 1];
        let call = hand.call();
        match call.call {
            Call::Presence => {
                let there: &[u32] = if was_gone { &[1, 2] } else { &[2] };
                let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": there });
                hand.answer(&call, 200, json!({ "success": true, "data": data }));
            }
            Call::Query if is_back => hand.answer(&call, 200, task("FAILURE_STOP", "serviceAbnormal")),
            Call::Query => hand.answer(&call, 200, task("IN_PROGRESS", "serviceInProgress")),
            _ => break call,
        }
    };
    assert!(was_gone);
    assert_eq!((next.call, output_uid(&next)), (Call::Acquire, 2), "not on the uid that is taken");
}
