//! Rules for all calls: `Retry-After`, the rate limit, the clock, the snapshot.

use serde_json::json;
use steadymix::status::Call;
use steadymix::supervisor::{EventKind, Input, Output, Supervisor};
use steadymix::task::Services;
use steadymix::time::Duration;

use crate::hand::{Hand, output_uid, services};

#[test]
fn retry_after_lengthens_and_never_shortens() {
    for (header, waited) in [("1", 3), ("20", 20), ("Thu, 01 Jan 2026 00:00:30 GMT", 30)] {
        let mut hand = Hand::new(json!({}));
        let create = hand.create();
        hand.answer_after(&create, 503, json!({}), Some(header));
        hand.expect(Call::Create);
        assert_eq!(hand.since_start(), waited, "{header}");
    }
}

#[test]
fn a_429_uses_up_no_attempt() {
    let mut hand = Hand::new(json!({}));
    let mut create = hand.create();
    for _ in 0..10 {
        hand.answer(&create, 429, json!({}));
        create = hand.expect(Call::Create);
    }
    hand.answer(&create, 206, json!({}));
    assert!(matches!(hand.last(), EventKind::Retrying { attempt: 1, .. }));
}

#[test]
fn a_clock_set_back_does_not_lengthen_delays() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.now -= 3_600_000;
    let at = hand.now;
    hand.expect(Call::Query);
    assert!(hand.now - at <= 120_000, "{} ms", hand.now - at);
}

#[test]
fn a_snapshot_restores_the_same_state_and_revisions_grow() {
    let mut hand = Hand::new(json!({}));
    let mut revisions = vec![hand.supervisor.revision()];
    let mut again = |hand: &Hand| {
        let snapshot = hand.supervisor.snapshot();
        assert!(Supervisor::restore(&snapshot).unwrap() == hand.supervisor);
        revisions.push(hand.supervisor.revision());
    };
    again(&hand);
    let create = hand.create();
    again(&hand);
    hand.answer(&create, 200, json!({ "taskId": "t" }));
    again(&hand);
    hand.query("IN_PROGRESS", "serviceInProgress");
    again(&hand);
    let services = Services::from_json(&services(60).to_string()).unwrap();
    hand.supervisor.update(hand.wall(), services).unwrap();
    again(&hand);
    assert!(revisions[1..].is_sorted_by(|before, after| before < after), "{revisions:?}");
    let damaged = hand.supervisor.snapshot().replace("\"t\"", "\"u\"");
    assert!(Supervisor::restore(&damaged).is_err());
}

#[test]
fn a_snapshot_omits_default_values() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    let says = |hand: &Hand, field| hand.supervisor.snapshot().contains(field);
    assert!(says(&hand, "\"tokens\"") && !says(&hand, "\"lastProblem\""));
    hand.answer(&create, 206, json!({}));
    hand.handle(Input::Stop);
    let check = hand.expect(Call::Presence);
    hand.answer(&check, 403, json!({}));
    assert!(says(&hand, "\"unusableAnswers\":1"));
}

#[test]
fn with_a_shared_quota_every_call_needs_a_permit() {
    let mut hand = Hand::new(json!({}));
    hand.supervisor.share_quota(true);
    let request = loop {
        match hand.supervisor.poll(hand.wall()) {
            Output::NeedPermit(request) => break request,
            Output::NeedToken(request) => {
                assert!(hand.supervisor.awaits(request.id));
                hand.handle(Input::Token(request.id, Ok(None)));
                assert!(!hand.supervisor.awaits(request.id));
            }
            Output::Emit(_) => {}
            other => panic!("{other:?} instead of a request for a permit"),
        }
    };
    assert!(hand.supervisor.awaits_permit(request));
    hand.handle(Input::Permit(request, Duration::ZERO));
    assert!(!hand.supervisor.awaits_permit(request));
    hand.expect(Call::Acquire);
}

#[test]
fn retry_after_also_delays_the_step_after_the_last_attempt() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let mut at = Vec::new();
    for _ in 0..8 {
        let query = hand.expect(Call::Query);
        at.push(hand.since_start());
        hand.answer_after(&query, 503, json!({}), Some("200"));
    }
    assert!(at.windows(2).all(|pair| pair[1] - pair[0] == 200), "{at:?}");

    let mut hand = Hand::new(json!({ "policy": { "createServerErrorDelaysMs": [3_000] } }));
    for _ in 0..2 {
        let acquire = hand.expect(Call::Acquire);
        hand.answer_after(&acquire, 503, json!({}), Some("100"));
    }
    let next = hand.expect(Call::Acquire);
    assert_eq!((output_uid(&next), hand.since_start()), (2, 200), "on the other uid");
}

#[test]
fn a_token_echoed_in_its_path_encoding_is_redacted() {
    let mut hand = Hand::new(json!({}));
    let acquire = hand.expect(Call::Acquire);
    hand.answer(&acquire, 200, json!({ "tokenName": "s3cret/with+and=" }));
    let create = hand.expect(Call::Create);
    hand.answer(&create, 400, json!({ "message": format!("cannot POST {}", create.path) }));
    hand.last();
    let events = format!("{:?}", hand.events);
    assert!(events.contains("builderToken=…") && !events.contains("s3cret"), "{events}");
}
