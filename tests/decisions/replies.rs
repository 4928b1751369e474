//! Replies that are not from the service, or not as documented.

use serde_json::json;
use steadymix::supervisor::{Answer, EventKind, Input, Request, ServiceReply, Supervisor};
use steadymix::task::Services;

use crate::hand::{Hand, START, http, output_uid, services};
use steadymix::policy::RetryReason;
use steadymix::status::Call;

/// base64 of `0123456789abcdef:s3cret-of-the-customer`.
const HEADER: &str = "MDEyMzQ1Njc4OWFiY2RlZjpzM2NyZXQtb2YtdGhlLWN1c3RvbWVy";
const CREDENTIALS: [&str; 3] = [HEADER, "0123456789abcdef", "s3cret-of-the-customer"];
const PAGE: &str = "<!doctype html><title>Welcome to the hotel</title>";

fn reply(kind: &EventKind) -> &ServiceReply {
    match kind {
        EventKind::Retrying { reply, .. } | EventKind::CallRejected { reply, .. } => reply,
        other => panic!("{other:?}"),
    }
}

fn reason(kind: &EventKind) -> RetryReason {
    match kind {
        EventKind::Retrying { reason, .. } => *reason,
        other => panic!("{other:?}"),
    }
}

fn with_credentials(settings: serde_json::Value) -> Hand {
    let mut hand = Hand::new(settings);
    hand.supervisor.keep_secret(CREDENTIALS.map(str::to_owned));
    hand
}

#[test]
fn credentials_that_a_proxy_repeats_are_redacted_for_every_call() {
    let echo = Answer::Http {
        status: 503,
        retry_after: None,
        date: None,
        request_id: Some(format!("Basic {HEADER}")),
        resource_id: Some("s3cret-of-the-customer".to_owned()),
        body: json!({ "message": format!("{{\"authorization\":\"Basic {HEADER}\",\"id\":\"0123456789ABCDEF\"}}") })
            .to_string(),
    };
    let mut hand = with_credentials(json!({}));
    let echoed = |hand: &mut Hand, request: &Request| {
        hand.hand_in(request, echo.clone());
        let kind = hand.last();
        let reply = reply(&kind);
        assert_eq!(reply.message.as_deref(), Some(r#"{"authorization":"Basic …","id":"…"}"#), "{kind:?}");
        assert_eq!((reply.request_id.as_deref(), reply.resource_id.as_deref()), (Some("Basic …"), Some("…")));
    };
    let acquire = hand.expect(Call::Acquire);
    echoed(&mut hand, &acquire);
    let create = hand.create();
    echoed(&mut hand, &create);
    let create = hand.expect(Call::Create);
    hand.answer(&create, 200, json!({ "taskId": "t" }));
    hand.query("IN_PROGRESS", "serviceInProgress");
    let query = hand.expect(Call::Query);
    echoed(&mut hand, &query);
    let services = Services::from_json(&services(200).to_string()).unwrap();
    hand.supervisor.update(hand.wall(), services).unwrap();
    let update = hand.expect(Call::Update);
    echoed(&mut hand, &update);
    hand.handle(Input::Stop);
    let delete = hand.expect(Call::Delete);
    echoed(&mut hand, &delete);
    let shown = format!("{:?} {:?}", hand.events, hand.supervisor.status());
    assert!(!CREDENTIALS.iter().any(|secret| shown.contains(secret)), "{shown}");
    let snapshot = hand.supervisor.snapshot();
    assert!(!CREDENTIALS.iter().any(|secret| snapshot.contains(secret)), "{snapshot}");
}

#[test]
fn a_credential_is_not_accepted_as_a_task_id() {
    let mut hand = with_credentials(json!({}));
    let create = hand.create();
    hand.answer(&create, 200, json!({ "taskId": format!("task of {HEADER}") }));
    assert_eq!(reason(&hand.last()), RetryReason::Malformed);
    assert!(!hand.notification(110, HEADER, "show-1"));
    assert_eq!(hand.supervisor.status().task_id, None);
}

#[test]
fn common_words_used_as_tokens_stay_in_messages() {
    let mut services = services(300);
    services["cloudTranscoder"]["config"]["transcoder"]["outputs"][0]["rtc"]["rtcToken"] = json!("test");
    services["cloudTranscoder"]["config"]["transcoder"]["rtctoken"] = json!("007eJx-mistyped-field");
    let mut hand = Hand::new(json!({ "services": services }));
    let acquire = hand.expect(Call::Acquire);
    hand.answer(&acquire, 503, json!({ "message": "the test of rtctoken 007eJx-mistyped-field failed" }));
    assert_eq!(reply(&hand.last()).message.as_deref(), Some("the test of rtctoken … failed"));
}

#[test]
fn an_html_page_instead_of_a_reply_to_delete_ends_no_task() {
    for (status, body) in [
        (200, PAGE),
        (200, "{\"taskId\":\"t\",\"sta"),
        (200, "{\"taskId\":\".\"}"),
        (200, "[]"),
        (200, "ok"),
        (204, PAGE),
    ] {
        let mut hand = Hand::new(json!({}));
        hand.running("t");
        hand.handle(Input::Stop);
        let delete = hand.expect(Call::Delete);
        hand.hand_in(&delete, http(status, body));
        assert_eq!(reason(&hand.last()), RetryReason::Malformed, "{body}");
        let again = hand.expect(Call::Delete);
        hand.answer(&again, 404, json!({}));
        hand.done();
    }
    for (status, body) in [(200, ""), (204, ""), (200, "\n"), (200, "{}"), (200, "{\"message\":\"\\ud800\"}")]
    {
        let mut hand = Hand::new(json!({}));
        hand.running("t");
        hand.handle(Input::Stop);
        let delete = hand.expect(Call::Delete);
        hand.hand_in(&delete, http(status, body));
        hand.done();
    }
}

#[test]
fn an_html_page_instead_of_a_reply_to_update_is_no_update() {
    for (body, taken) in [(PAGE, false), ("", true), ("{}", true)] {
        let mut hand = Hand::new(json!({}));
        hand.running("t");
        let services = Services::from_json(&services(200).to_string()).unwrap();
        hand.supervisor.update(hand.wall(), services).unwrap();
        let update = hand.expect(Call::Update);
        hand.hand_in(&update, http(200, body));
        let kind = hand.last();
        assert_eq!(matches!(kind, EventKind::Updated { sequence_id: 0 }), taken, "{kind:?}");
        if !taken {
            assert_eq!(reason(&kind), RetryReason::Malformed);
        }
    }
}

#[test]
fn an_html_page_instead_of_a_reply_to_the_other_calls_is_malformed() {
    for body in [PAGE, "", "{\"taskId\":\"..\",\"status\":\"IN_PROGRESS\"}"] {
        let mut hand = Hand::new(json!({}));
        let acquire = hand.expect(Call::Acquire);
        hand.hand_in(&acquire, http(200, body));
        assert_eq!(reason(&hand.last()), RetryReason::Malformed);
        let create = hand.create();
        hand.hand_in(&create, http(200, body));
        assert_eq!(reason(&hand.last()), RetryReason::Malformed);
        let again = hand.expect(Call::Create);
        hand.answer(&again, 200, json!({ "taskId": "t" }));
        let query = hand.expect(Call::Query);
        hand.hand_in(&query, http(200, body));
        assert_eq!(reason(&hand.last()), RetryReason::Malformed);
    }
}

#[test]
fn an_invalid_task_id_is_malformed_and_any_other_is_one_path_segment() {
    for id in [String::new(), ".".to_owned(), "..".to_owned(), "t".repeat(257), "t".repeat(900_000)] {
        let mut hand = Hand::new(json!({}));
        let create = hand.create();
        hand.answer(&create, 200, json!({ "taskId": id }));
        assert_eq!(reason(&hand.last()), RetryReason::Malformed);
        let snapshot = hand.supervisor.snapshot();
        assert!(snapshot.len() < 20_000, "{} bytes", snapshot.len());
        assert_eq!(output_uid(&hand.expect(Call::Create)), 1);
    }
    for (id, segment) in [
        ("../../tokens", "..%2F..%2Ftokens"),
        ("a?b=c&d#e", "a%3Fb%3Dc%26d%23e"),
        ("%2e%2e", "%252e%252e"),
        ("\\", "%5C"),
        ("a b\u{0}é", "a%20b%00%C3%A9"),
        ("...", "..."),
    ] {
        let mut hand = Hand::new(json!({}));
        let create = hand.create();
        hand.answer(&create, 200, json!({ "taskId": id }));
        let query = hand.expect(Call::Query);
        let path = query.path.split_once("/tasks/").unwrap().1;
        assert_eq!(path.split_once('?').unwrap().0, segment);
        assert_eq!(hand.supervisor.status().task_id.as_deref(), Some(id));
    }
}

#[test]
fn a_builder_token_that_is_too_long_is_malformed() {
    let mut hand = Hand::new(json!({}));
    let acquire = hand.expect(Call::Acquire);
    hand.answer(&acquire, 200, json!({ "tokenName": "t".repeat(2_049) }));
    assert_eq!(reason(&hand.last()), RetryReason::Malformed);
    let acquire = hand.expect(Call::Acquire);
    hand.answer(&acquire, 200, json!({ "tokenName": "t".repeat(2_048) }));
    hand.expect(Call::Create);
}

#[test]
fn a_truncated_character_does_not_invalidate_a_reply() {
    for odd in ["\\ud83d", "\\udc00", "\u{1}", "\u{fffd}"] {
        let mut hand = Hand::new(json!({}));
        let acquire = hand.expect(Call::Acquire);
        hand.hand_in(&acquire, http(200, &format!(r#"{{"odd":"{odd}","tokenName":"name"}}"#)));
        let create = hand.expect(Call::Create);
        hand.hand_in(&create, http(200, &format!(r#"{{"taskId":"t","services":{{"odd":"{odd}"}}}}"#)));
        let query = hand.expect(Call::Query);
        hand.hand_in(&query, http(200, &format!(r#"{{"status":"IN_PROGRESS","odd":["{odd}"]}}"#)));
        assert!(matches!(hand.last(), EventKind::Confirmed { .. }), "{odd:?}");
    }
}

#[test]
fn retry_after_is_read_by_the_clock_of_the_service_and_capped() {
    let at = "Thu, 01 Jan 2026 00:00:00 GMT";
    let an_hour_later = "Thu, 01 Jan 2026 01:00:00 GMT";
    for (retry_after, date, waited) in [
        ("60.5", None, 60_500),
        ("99999999999999999999999999", None, 300_000),
        ("-5", None, 3_000),
        ("soon", Some(at), 3_000),
        // The local clock is right, an hour slow, and an hour fast.
        ("Thu, 01 Jan 2026 00:00:20 GMT", Some(at), 20_000),
        ("Thu, 01 Jan 2026 01:00:20 GMT", Some(an_hour_later), 20_000),
        ("Wed, 31 Dec 2025 23:00:20 GMT", Some("Wed, 31 Dec 2025 23:00:00 GMT"), 20_000),
        (an_hour_later, Some(at), 300_000),
        (at, Some(an_hour_later), 3_000),
        ("Thu, 01 Jan 2026 00:00:20 GMT", Some("yesterday"), 20_000),
    ] {
        let mut hand = Hand::new(json!({}));
        let create = hand.create();
        assert_eq!(hand.now, START);
        let mut answer = http(503, "{}");
        if let Answer::Http { retry_after: header, date: sent_at, .. } = &mut answer {
            (*header, *sent_at) = (Some(retry_after.to_owned()), date.map(str::to_owned));
        }
        hand.hand_in(&create, answer);
        hand.call();
        assert_eq!(hand.now - START, waited, "{retry_after}, {date:?}");
    }
}

#[test]
fn a_restored_supervisor_redacts_credentials_once_they_are_set() {
    let mut hand = with_credentials(json!({}));
    let create = hand.create();
    let restored = Supervisor::restore(&hand.supervisor.snapshot()).unwrap();
    hand.supervisor = restored;
    hand.supervisor.keep_secret(CREDENTIALS.map(str::to_owned));
    hand.answer(&create, 503, json!({ "message": format!("not {HEADER}") }));
    assert_eq!(reply(&hand.last()).message.as_deref(), Some("not …"));
}

#[test]
fn a_proxys_answer_to_a_presence_check_is_redacted_too() {
    let mut hand = with_credentials(json!({ "presence": "always" }));
    hand.running("t");
    loop {
        let request = hand.call();
        if request.call != Call::Presence {
            hand.answer(&request, 200, crate::hand::task("IN_PROGRESS", "serviceInProgress"));
            continue;
        }
        hand.answer(&request, 403, json!({ "message": format!("Basic {HEADER} is not allowed") }));
        if let EventKind::CallRejected { call: Call::Presence, reply } = hand.last() {
            assert_eq!(reply.message.as_deref(), Some("Basic … is not allowed"));
            return;
        }
    }
}

#[test]
fn jitter_does_not_exceed_the_maximum_retry_after() {
    for seed in 0..20 {
        let mut hand = Hand::new(json!({ "seed": seed, "policy": { "jitterPercent": 100 } }));
        let acquire = hand.expect(Call::Acquire);
        hand.answer_after(&acquire, 429, json!({}), Some("299"));
        let answered = hand.now;
        hand.expect(Call::Acquire);
        assert!(
            (299_000..=300_000).contains(&(hand.now - answered)),
            "seed {seed}: {} ms",
            hand.now - answered
        );
    }
}
