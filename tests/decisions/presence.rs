//! Presence checks: when they are made, and what they prove.

use serde_json::json;
use steadymix::status::Call;
use steadymix::supervisor::{EventKind, FailReason, Input, LaneState, Outcome};

use crate::hand::{Hand, output_uid, task};

#[test]
fn presence_resolves_creates_without_a_known_task() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    hand.handle(Input::Stop);
    let mut checks = 0;
    while let Ok(check) = hand.next(u64::MAX) {
        assert_eq!(check.call, Call::Presence);
        let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [1000] });
        hand.answer(&check, 200, json!({ "success": true, "data": data }));
        checks += 1;
    }
    assert!((12..30).contains(&checks), "{checks} presence checks");
    assert!(!hand.events.iter().any(|kind| matches!(kind, EventKind::Orphaned { .. })));
    assert!(
        hand.since_start() >= 180,
        "not before a task could have started, and could not be under way elsewhere"
    );
}

#[test]
fn refused_presence_checks_are_reported_once_and_not_awaited() {
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
        assert_eq!(outcome, Outcome::Failed { reason: FailReason::NoFreeUid }, "as without presence checks");
        let is_rejection =
            |kind: &&EventKind| matches!(kind, EventKind::CallRejected { call: Call::Presence, .. });
        assert_eq!(hand.events.iter().filter(is_rejection).count(), 1);
    }
}

#[test]
fn a_presence_check_follows_retry_after() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    hand.handle(Input::Stop);
    let check = hand.expect(Call::Presence);
    let at = hand.now;
    hand.answer_after(&check, 429, json!({}), Some("45"));
    hand.expect(Call::Presence);
    assert_eq!(hand.now - at, 45_000);
}

#[test]
fn presence_always_suspects_a_running_task_whose_uid_is_absent() {
    let mut hand = Hand::new(json!({ "presence": "always" }));
    hand.running("t");
    let check = loop {
        let call = hand.call();
        match call.call {
            Call::Presence => break call,
            _ => hand.answer(&call, 200, task("IN_PROGRESS", "serviceInProgress")),
        }
    };
    let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [] });
    hand.answer(&check, 200, json!({ "success": true, "data": data }));
    let at = hand.now;
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert!(hand.now - at <= 5_000, "queried at once");
    assert_eq!(hand.last(), EventKind::Recovered);
}

#[test]
fn a_task_without_a_known_id_is_on_air_once_its_uid_is_present() {
    let mut hand = Hand::new(json!({}));
    hand.refused_after_all();
    assert_eq!(hand.supervisor.status().state, LaneState::Waiting);
    let check = hand.expect(Call::Presence);
    let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [2] });
    hand.answer(&check, 200, json!({ "success": true, "data": data }));
    assert_eq!(hand.last(), EventKind::TaskIdUnknown);
    assert_eq!(hand.supervisor.status().state, LaneState::TaskIdUnknown);
}

#[test]
fn only_a_successful_answer_lists_broadcasters() {
    let mut hand = Hand::new(json!({}));
    hand.refused_after_all();
    let check = hand.expect(Call::Presence);
    let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [2] });
    hand.answer(&check, 503, json!({ "success": true, "data": data }));
    assert_ne!(hand.last(), EventKind::TaskIdUnknown);
    assert_eq!(hand.supervisor.status().state, LaneState::Waiting);
}

#[test]
fn unanswered_presence_checks_are_not_made_sooner() {
    let mut hand = Hand::new(json!({ "presence": "always" }));
    hand.running("t");
    let mut checks = Vec::new();
    while checks.len() < 5 {
        let call = hand.call();
        match call.call {
            // It times out.
            Call::Presence => checks.push(hand.now),
            _ => hand.answer(&call, 200, task("IN_PROGRESS", "serviceInProgress")),
        }
    }
    let waits: Vec<u64> = checks.windows(2).map(|pair| (pair[1] - pair[0]) / 1000).collect();
    assert_eq!(waits[1..], [130, 130, 130]);
}

#[test]
fn a_refused_create_is_not_resumed_when_its_uid_reappears() {
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
    assert_eq!((next.call, output_uid(&next)), (Call::Acquire, 2), "not under the occupied uid");
}
