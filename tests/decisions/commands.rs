//! What an operator asks for: stop and update.

use serde_json::{Value, json};
use steadymix::supervisor::{EventCall, EventKind, Input, LeftBehindReason, Outcome};
use steadymix::task::Services;

use crate::hand::{Hand, services};

#[test]
fn stop_is_prompt_and_deletes_what_lives() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let _unanswered = hand.expect(EventCall::Query);
    hand.supervisor.handle(hand.wall(), Input::Stop);
    let at = hand.now;
    let delete = hand.expect(EventCall::Delete);
    assert_eq!(hand.now, at, "without waiting for the Query");
    hand.answer(&delete, 404, json!({}));
    assert_eq!(hand.done(), Outcome::Stopped, "already gone is gone");
}

#[test]
fn what_cannot_be_deleted_is_left_behind_and_told() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.supervisor.handle(hand.wall(), Input::Stop);
    let mut waits = Vec::new();
    let outcome = loop {
        let before = hand.now;
        match hand.next(u64::MAX) {
            Ok(delete) => {
                waits.push((hand.now - before) / 1000);
                hand.answer(&delete, 500, json!({}));
            }
            Err(outcome) => break outcome,
        }
    };
    assert_eq!((waits, outcome), (vec![0, 5, 10, 15, 30], Some(Outcome::Stopped)));
    assert!(hand.events.contains(&EventKind::LeftBehind { reason: LeftBehindReason::DeleteFailed }));
}

#[test]
fn an_unresolved_create_is_told_when_the_broadcast_ends() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    hand.supervisor.handle(hand.wall(), Input::Stop);
    assert_eq!(hand.done(), Outcome::Stopped);
    assert!(hand.events.contains(&EventKind::LeftBehind { reason: LeftBehindReason::NeverIdentified }));
}

#[test]
fn it_is_stopping_until_what_lives_is_deleted() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.supervisor.handle(hand.wall(), Input::Stop);
    let delete = hand.expect(EventCall::Delete);
    assert_eq!(hand.supervisor.status().state, "stopping");
    hand.answer(&delete, 200, json!({}));
    assert_eq!(hand.done(), Outcome::Stopped);
    assert_eq!(hand.supervisor.status().state, "stopped");
}

#[test]
fn a_refused_delete_is_told_once_when_it_persists() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.supervisor.handle(hand.wall(), Input::Stop);
    while let Ok(delete) = hand.next(u64::MAX) {
        hand.answer(&delete, 400, json!({}));
    }
    let is_told =
        |kind: &&EventKind| matches!(kind, EventKind::Misconfigured { call: EventCall::Delete, .. });
    assert_eq!(hand.events.iter().filter(is_told).count(), 1);
}

#[test]
fn what_lives_on_though_its_end_was_accepted_is_deleted_again() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.supervisor.handle(hand.wall(), Input::Stop);
    let delete = hand.expect(EventCall::Delete);
    hand.answer(&delete, 202, json!({}));
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert!(matches!(hand.last(), EventKind::Retrying { call: EventCall::Delete, .. }));
    hand.expect(EventCall::Delete);
}

#[test]
fn an_update_goes_on_until_it_is_taken_and_a_refused_one_is_dropped() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let update = |hand: &mut Hand, idle_timeout| {
        let services = Services::from_json(&services(idle_timeout)).unwrap();
        hand.supervisor.update(hand.wall(), services).unwrap();
        hand.expect(EventCall::Update)
    };
    let first = update(&mut hand, 60);
    assert!(first.path.contains("sequenceId=0&updateMask=services.cloudTranscoder.config"), "{}", first.path);
    hand.answer(&first, 500, json!({}));
    let again = hand.expect(EventCall::Update);
    assert!(again.path.contains("sequenceId=1&") && again.persist_first);
    hand.answer(&again, 200, Value::Null);
    assert_eq!(hand.last(), EventKind::Updated { sequence_id: 1 });

    let refused = update(&mut hand, 70);
    hand.answer(&refused, 400, json!({}));
    hand.query("FAILURE_STOP", "serviceAbnormal");
    let create = hand.create();
    assert!(create.body.unwrap().contains(r#""idleTimeout":60"#), "the payload before");
}

#[test]
fn an_update_cannot_move_an_output_to_another_channel() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let mut moved = services(300);
    moved["cloudTranscoder"]["config"]["transcoder"]["outputs"][0]["rtc"]["rtcChannel"] = json!("elsewhere");
    let refused = hand.supervisor.update(hand.wall(), Services::from_json(&moved).unwrap()).unwrap_err();
    assert_eq!(refused.value, "\"elsewhere\"");
    assert_eq!(hand.expect(EventCall::Query).method, "GET", "nothing is updated");
}
