//! Which payload a task gets when operators send new ones.

use serde_json::{Value, json};
use steadymix::status::Call;
use steadymix::supervisor::{
    EventKind, Input, LaneState, LaunchReason, NoAnswer, Outcome, Output, Request, Standing, Via,
};
use steadymix::task::Services;

use crate::hand::{Hand, output_uid, services, task};

/// A new payload.
fn update(hand: &mut Hand, input: u64) {
    let services = Services::from_json(&services(input).to_string()).unwrap();
    hand.supervisor.update(hand.wall(), services).unwrap();
}

/// A payload that an Update cannot give to a running task.
fn with_idle_timeout(seconds: u64) -> Value {
    let mut services = services(300);
    services["cloudTranscoder"]["config"]["transcoder"]["idleTimeout"] = json!(seconds);
    services
}

fn give(hand: &mut Hand, services: &Value) -> Via {
    hand.supervisor.update(hand.wall(), Services::from_json(&services.to_string()).unwrap()).unwrap().via
}

fn idle_timeout(request: &Request) -> u64 {
    let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
    body.pointer("/services/cloudTranscoder/config/transcoder/idleTimeout").unwrap().as_u64().unwrap()
}

fn input(request: &Request) -> u64 {
    let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
    body.pointer("/services/cloudTranscoder/config/transcoder/audioInputs/0/rtc/rtcUid")
        .unwrap()
        .as_u64()
        .unwrap()
}

/// The next Update; until then the task runs.
fn next_update(hand: &mut Hand) -> Request {
    loop {
        let call = hand.call();
        match call.call {
            Call::Query => hand.answer(&call, 200, task("IN_PROGRESS", "serviceInProgress")),
            Call::Update => return call,
            other => panic!("{other:?} instead of an Update"),
        }
    }
}

fn rejected_calls(hand: &Hand) -> usize {
    hand.events.iter().filter(|kind| matches!(kind, EventKind::CallRejected { .. })).count()
}

/// Ends the task and returns the payload of the next Create.
fn payload_of_the_next(hand: &mut Hand) -> u64 {
    hand.query("FAILURE_STOP", "serviceAbnormal");
    input(&hand.create())
}

#[test]
fn an_update_is_retried_until_it_is_accepted_and_dropped_if_refused() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    update(&mut hand, 60);
    let first = hand.expect(Call::Update);
    assert!(first.path.contains("sequenceId=0&updateMask=services.cloudTranscoder.config"), "{}", first.path);
    hand.answer(&first, 500, json!({}));
    let again = hand.expect(Call::Update);
    assert!(again.path.contains("sequenceId=1&") && again.persist_first);
    hand.answer(&again, 200, Value::Null);
    assert_eq!(hand.last(), EventKind::Updated { sequence_id: 1 });

    update(&mut hand, 70);
    let refused = hand.expect(Call::Update);
    hand.answer(&refused, 400, json!({}));
    assert_eq!(payload_of_the_next(&mut hand), 60, "the payload before");
}

#[test]
fn an_update_cannot_move_an_output_to_another_channel() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let mut moved = services(300);
    moved["cloudTranscoder"]["config"]["transcoder"]["outputs"][0]["rtc"]["rtcChannel"] = json!("elsewhere");
    let refused =
        hand.supervisor.update(hand.wall(), Services::from_json(&moved.to_string()).unwrap()).unwrap_err();
    assert_eq!(refused.value, "\"elsewhere\"");
    assert_eq!(hand.expect(Call::Query).method, "GET", "nothing is updated");
}

#[test]
fn a_payload_that_arrives_during_an_update_is_sent_after_it() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    update(&mut hand, 60);
    let first = hand.expect(Call::Update);
    for newer in [70, 80] {
        update(&mut hand, newer);
    }
    hand.answer(&first, 200, Value::Null);
    let second = hand.expect(Call::Update);
    assert_eq!((input(&first), input(&second)), (60, 80));
    hand.answer(&second, 400, json!({}));
    assert_eq!(payload_of_the_next(&mut hand), 60, "the last accepted payload");
}

#[test]
fn a_newer_payload_is_sent_although_the_previous_one_was_refused() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    update(&mut hand, 60);
    let first = hand.expect(Call::Update);
    update(&mut hand, 70);
    hand.answer(&first, 400, json!({}));
    let second = hand.expect(Call::Update);
    assert_eq!(input(&second), 70);
    hand.answer(&second, 400, json!({}));
    assert_eq!(payload_of_the_next(&mut hand), 300, "the only one that was ever accepted");
}

#[test]
fn a_retried_update_has_the_newest_payload() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    update(&mut hand, 60);
    let first = hand.expect(Call::Update);
    update(&mut hand, 70);
    hand.answer(&first, 500, json!({}));
    assert_eq!(input(&hand.expect(Call::Update)), 70);
}

#[test]
fn a_payload_refused_after_an_unknown_outcome_is_rolled_back() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    update(&mut hand, 60);
    let first = hand.expect(Call::Update);
    hand.answer(&first, 504, json!({}));
    let second = hand.expect(Call::Update);
    hand.answer(&second, 400, json!({}));
    let back = next_update(&mut hand);
    assert_eq!(input(&back), 300);
    hand.answer(&back, 400, json!({}));
    for _ in 0..5 {
        hand.query("IN_PROGRESS", "serviceInProgress");
    }
    assert_eq!(rejected_calls(&hand), 2, "once more, and no more");
}

#[test]
fn a_newer_payload_falls_back_to_the_running_one() {
    let mut hand = Hand::new(json!({}));
    hand.expect(Call::Acquire);
    update(&mut hand, 60);
    let create = hand.create();
    update(&mut hand, 70);
    hand.answer(&create, 200, json!({ "taskId": "t" }));
    hand.query("IN_PROGRESS", "serviceInProgress");
    let refused = hand.expect(Call::Update);
    hand.answer(&refused, 400, json!({}));
    assert_eq!([&create, &refused].map(input), [60, 70]);
    assert_eq!(payload_of_the_next(&mut hand), 60, "which the task has: there is nothing to update");
}

#[test]
fn refused_credentials_do_not_roll_back_a_payload() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    update(&mut hand, 60);
    let mut refused = hand.expect(Call::Update);
    for _ in 0..2 {
        hand.answer(&refused, 401, json!({}));
        let at = hand.now;
        refused = next_update(&mut hand);
        assert_eq!(input(&refused), 60);
        assert!(hand.now - at >= 120_000);
    }
    assert_eq!(rejected_calls(&hand), 1, "reported once");
    hand.answer(&refused, 200, Value::Null);
    assert!(matches!(hand.last(), EventKind::Updated { .. }));
}

#[test]
fn refused_credentials_end_the_lane_although_there_is_a_newer_payload() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    update(&mut hand, 60);
    hand.answer(&create, 401, json!({}));
    assert!(matches!(hand.done(), Outcome::Failed { .. }));
}

#[test]
fn a_restarted_launch_has_the_newest_payload() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    update(&mut hand, 60);
    hand.answer(&create, 429, json!({}));
    update(&mut hand, 70);
    let create = hand.create();
    assert_eq!(input(&create), 70);
    hand.answer(&create, 200, json!({ "taskId": "t" }));
    for _ in 0..5 {
        hand.query("IN_PROGRESS", "serviceInProgress");
    }
}

#[test]
fn secrets_of_a_payload_replaced_during_a_launch_are_redacted() {
    let mut hand = Hand::new(json!({}));
    hand.expect(Call::Acquire);
    let mut with_token = services(60);
    with_token["cloudTranscoder"]["config"]["transcoder"]["outputs"][0]["rtc"]["rtcToken"] = json!("s3cret");
    hand.supervisor.update(hand.wall(), Services::from_json(&with_token.to_string()).unwrap()).unwrap();
    let create = hand.create();
    update(&mut hand, 70);
    hand.answer(&create, 400, json!({ "message": "bad token s3cret" }));
    let events = format!("{:?} {:?}", hand.last(), hand.events);
    assert!(events.contains("bad token …") && !events.contains("s3cret"), "{events}");
}

#[test]
fn a_task_found_after_a_rollback_is_updated() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.expect(Call::Acquire);
    update(&mut hand, 60);
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    for _ in 0..3 {
        let again = hand.expect(Call::Create);
        hand.answer(&again, 206, json!({}));
    }
    let acquire = hand.expect(Call::Acquire);
    assert_eq!([&create, &acquire].map(input), [60, 60]);
    hand.answer(&acquire, 400, json!({}));
    assert!(hand.notification(110, "t", "show-1"));
    hand.query("IN_PROGRESS", "serviceInProgress");
    let update = hand.expect(Call::Update);
    assert_eq!(input(&update), 300);
}

#[test]
fn the_outcome_of_an_update_is_persisted() {
    for status in [200, 400] {
        let mut hand = Hand::new(json!({}));
        hand.running("t");
        update(&mut hand, 60);
        let sent = hand.expect(Call::Update);
        let revision = hand.supervisor.revision();
        hand.answer(&sent, status, Value::Null);
        assert!(hand.supervisor.revision() > revision, "{status}");
    }
}

#[test]
fn a_token_that_was_acquired_for_another_payload_is_not_used() {
    let mut hand = Hand::new(json!({}));
    let acquire = hand.expect(Call::Acquire);
    update(&mut hand, 60);
    hand.answer(&acquire, 200, json!({ "tokenName": "old" }));
    let again = hand.expect(Call::Acquire);
    hand.answer(&again, 200, json!({ "tokenName": "new" }));
    let create = hand.expect(Call::Create);
    assert_eq!((input(&again), input(&create)), (60, 60));
    assert!(create.path.ends_with("builderToken=new"), "{}", create.path);
}

#[test]
fn the_end_of_a_task_does_not_roll_back_a_payload() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    update(&mut hand, 60);
    let lost = hand.expect(Call::Update);
    hand.answer(&lost, 404, json!({}));
    assert_eq!(payload_of_the_next(&mut hand), 60);
    assert_eq!(rejected_calls(&hand), 0);
}

#[test]
fn an_update_answered_404_is_retried_if_the_task_exists() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    update(&mut hand, 60);
    let lost = hand.expect(Call::Update);
    hand.answer(&lost, 404, json!({}));
    let mut calls = Vec::new();
    while calls.last() != Some(&Call::Update) {
        let request = hand.call();
        calls.push(request.call);
        if request.call == Call::Query {
            hand.answer(&request, 200, task("IN_PROGRESS", "serviceInProgress"));
        }
    }
    assert!(calls.contains(&Call::Query), "{calls:?}");
}

#[test]
fn a_refused_payload_falls_back_to_one_that_has_run() {
    let mut hand = Hand::new(json!({}));
    update(&mut hand, 60);
    hand.running("t");
    update(&mut hand, 70);
    let refused = hand.expect(Call::Update);
    hand.answer(&refused, 400, json!({}));
    assert_eq!(payload_of_the_next(&mut hand), 60);
}

#[test]
fn a_payload_that_has_run_is_retried_after_a_refusal() {
    let mut hand = Hand::new(json!({}));
    update(&mut hand, 60);
    hand.running("t");
    hand.query("FAILURE_STOP", "serviceAbnormal");
    let create = hand.create();
    hand.answer(&create, 403, json!({}));
    let again = hand.create();
    assert_eq!((input(&create), input(&again)), (60, 60), "there is no other payload");
}

#[test]
fn a_newer_payload_is_tried_if_the_first_one_is_refused() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    update(&mut hand, 60);
    hand.answer(&create, 400, json!({}));
    let next = hand.create();
    assert_eq!((input(&create), input(&next)), (300, 60));
    hand.answer(&next, 400, json!({}));
    let last = hand.create();
    assert_eq!(input(&last), 300, "back to the one before, once");
    hand.answer(&last, 400, json!({}));
    assert!(matches!(hand.done(), Outcome::Failed { .. }));
}

#[test]
fn a_payload_that_came_while_its_task_started_is_sent_once_it_runs() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    update(&mut hand, 60);
    hand.answer(&create, 200, json!({ "taskId": "t" }));
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(input(&hand.expect(Call::Update)), 60);
}

#[test]
fn an_update_notices_a_clock_that_was_set_back() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer_after(&create, 503, json!({}), Some("200"));
    hand.last();
    hand.now -= 3_600_000;
    update(&mut hand, 60);
    assert_eq!(hand.call().call, Call::Acquire, "the age of the builder token is unknown");
    hand.handle(Input::Stop);
}

#[test]
fn refused_credentials_are_reported_although_the_update_failed_before() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    update(&mut hand, 60);
    for status in [500, 403] {
        let sent = next_update(&mut hand);
        hand.answer(&sent, status, json!({}));
    }
    hand.last();
    assert_eq!(rejected_calls(&hand), 1);
}

#[test]
fn a_delayed_update_does_not_delay_the_query_after_a_notification() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.now += 10_000;
    update(&mut hand, 60);
    let sent = hand.expect(Call::Update);
    hand.answer_after(&sent, 429, json!({}), Some("100"));
    assert!(hand.notification(111, "t", "show-1"));
    let at = hand.now;
    hand.expect(Call::Query);
    assert!(hand.now - at <= 5_000, "{} ms", hand.now - at);
}

#[test]
fn an_accepted_payload_stays_the_fallback_although_an_older_task_is_found() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let mut create = hand.create();
    for _ in 0..3 {
        hand.answer(&create, 206, json!({}));
        create = hand.expect(Call::Create);
    }
    hand.answer(&create, 206, json!({}));
    hand.running("second");
    update(&mut hand, 60);
    let taken = hand.expect(Call::Update);
    hand.answer(&taken, 200, Value::Null);
    hand.query("FAILURE_STOP", "serviceAbnormal");
    assert!(hand.notification(110, "first", "show-1"));
    update(&mut hand, 70);
    hand.query("IN_PROGRESS", "serviceInProgress");
    let refused = hand.expect(Call::Update);
    hand.answer(&refused, 400, json!({}));
    assert_eq!([input(&refused), input(&hand.expect(Call::Update))], [70, 60]);
}

#[test]
fn a_payload_that_arrives_during_429s_starts_the_task() {
    let mut hand = Hand::new(json!({}));
    let mut create = hand.create();
    update(&mut hand, 60);
    while create.call == Call::Create {
        hand.answer_after(&create, 429, json!({}), Some("200"));
        create = hand.call();
    }
    hand.answer(&create, 200, json!({ "tokenName": "second" }));
    let create = hand.expect(Call::Create);
    assert_eq!(input(&create), 60);
    hand.answer(&create, 200, json!({ "taskId": "t" }));
    for _ in 0..5 {
        hand.query("IN_PROGRESS", "serviceInProgress");
    }
}

/// A payload with its own token, and with inputs from this channel.
fn with_token(channel: &str, token: &str) -> Services {
    let mut services = services(300);
    let rtc = json!({ "rtcChannel": channel, "rtcUid": 0, "rtcToken": token });
    services["cloudTranscoder"]["config"]["transcoder"]["audioInputs"][0]["rtc"] = rtc;
    Services::from_json(&services.to_string()).unwrap()
}

#[test]
fn secrets_of_dropped_payloads_are_redacted_too() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    for (token, status) in [("s3cret-1", 500), ("s3cret-2", 500), ("s3cret-3", 400)] {
        hand.supervisor.update(hand.wall(), with_token("studio", token)).unwrap();
        let sent = next_update(&mut hand);
        hand.answer(&sent, status, json!({ "message": "the task has s3cret-1" }));
    }
    let events = format!("{:?} {:?}", hand.last(), hand.events);
    assert!(events.contains("the task has …") && !events.contains("s3cret"), "{events}");
}

#[test]
fn a_token_for_one_channel_is_not_sent_for_another() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer_after(&create, 503, json!({}), Some("301"));
    let mut asked = 0;
    let acquire = loop {
        match hand.supervisor.poll(hand.wall()) {
            Output::NeedToken(request) => {
                asked += 1;
                if asked == 2 {
                    // Between the two new tokens of the launch.
                    hand.supervisor.update(hand.wall(), with_token("elsewhere", "s3cret")).unwrap();
                }
                let token = format!("for {}", request.channel);
                hand.handle(Input::Token(request.id, Ok(Some(token))));
            }
            Output::Wait { until, .. } => hand.now = until.as_millis(),
            Output::Send(request) if request.call == Call::Acquire => break request,
            Output::Send(request) => hand.answer(&request, 503, json!({})),
            Output::Emit(_) => {}
            other => panic!("{other:?}"),
        }
    };
    let body = acquire.body.unwrap();
    assert!(body.contains(r#""rtcToken":"for elsewhere""#) && !body.contains("for studio"), "{body}");
}

/// The task of the first of two Creates got an Update to 60, and has failed.
fn updated_before_it_failed() -> Hand {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let first = hand.create();
    hand.nothing(&first, NoAnswer::Unreachable);
    hand.last();
    hand.now -= 5_000;
    let second = hand.create();
    hand.nothing(&second, NoAnswer::Unreachable);
    assert!(hand.notification(110, "t", "show-1"));
    let query = hand.expect(Call::Query);
    hand.answer(&query, 404, json!({}));
    hand.query("IN_PROGRESS", "serviceInProgress");
    update(&mut hand, 60);
    let taken = hand.expect(Call::Update);
    hand.answer(&taken, 200, Value::Null);
    hand.query("FAILURE_STOP", "serviceAbnormal");
    hand
}

#[test]
fn a_create_that_cannot_be_repeated_unchanged_starts_anew() {
    let mut hand = updated_before_it_failed();
    // The other uid is refused, so the second Create is resumed.
    let other = hand.create();
    assert_eq!(output_uid(&other), 2);
    hand.answer(&other, 206, json!({}));
    let again = hand.expect(Call::Create);
    hand.answer(&again, 400, json!({}));
    let anew = hand.expect(Call::Acquire);
    assert_eq!((output_uid(&anew), input(&anew)), (1, 60));
}

#[test]
fn a_task_found_after_the_update_of_another_one_is_updated_too() {
    let mut hand = updated_before_it_failed();
    assert!(hand.notification(110, "u", "show-1"));
    let update = next_update(&mut hand);
    assert!(update.path.contains("/tasks/u?"), "{}", update.path);
    assert_eq!(input(&update), 60);
}

#[test]
fn warnings_are_about_the_newest_payload() {
    let mut hand = Hand::new(json!({}));
    let fields = |hand: &Hand| -> Vec<_> {
        let warnings = hand.supervisor.warnings().into_iter();
        warnings.filter(|warning| !warning.is_about_token()).map(|warning| warning.field).collect()
    };
    assert_eq!(fields(&hand), [""; 0]);
    hand.supervisor
        .update(hand.wall(), Services::from_json(&with_idle_timeout(30).to_string()).unwrap())
        .unwrap();
    assert_eq!(fields(&hand), ["services.cloudTranscoder.config.transcoder.idleTimeout"]);
}

#[test]
fn a_payload_refused_by_query_is_replaced_by_another() {
    // It arrived during the first one.
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer(&create, 200, json!({ "taskId": "t" }));
    update(&mut hand, 60);
    hand.query("STARTED", "serviceValidationFailed");
    let next = hand.create();
    assert!(next.body.unwrap().contains(r#""rtcUid":60"#));

    // An Update with an unknown outcome.
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    update(&mut hand, 60);
    let sent = hand.expect(Call::Update);
    hand.answer(&sent, 500, json!({}));
    while hand.launches() == 1 {
        let call = hand.call();
        match call.call {
            Call::Query => hand.answer(&call, 200, task("IN_PROGRESS", "serviceValidationFailed")),
            _ => hand.answer(&call, 500, json!({})),
        }
        hand.last();
    }
    let next = hand.create();
    assert!(next.body.unwrap().contains(r#""rtcUid":300"#), "the one that it ran with");

    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.query("IN_PROGRESS", "serviceValidationFailed");
    let is_rejection = |kind: &EventKind| matches!(kind, EventKind::CallRejected { .. });
    assert!(matches!(hand.last(), EventKind::Launching { .. }) && hand.events.iter().any(is_rejection));
    assert!(hand.create().body.unwrap().contains(r#""rtcUid":300"#), "there is no other");
}

// ---- changes that an Update cannot make -----------------------------------------------------------------------------

#[test]
fn a_payload_that_needs_a_new_task_is_rolled_out_under_the_other_uid() {
    let mut hand = Hand::new(json!({}));
    hand.running("old");
    assert_eq!(give(&mut hand, &with_idle_timeout(60)), Via::Relaunch);
    let create = hand.create();
    assert_eq!((output_uid(&create), idle_timeout(&create)), (2, 60));
    assert!(hand.events.contains(&EventKind::Launching { reason: LaunchReason::Updated }));
    let status = hand.supervisor.status();
    assert_eq!(
        (status.state, status.task_id.as_deref(), status.uid),
        (LaneState::Running, Some("old"), Some(1))
    );
    hand.answer(&create, 200, json!({ "taskId": "new", "status": "STARTED" }));
    hand.query("STARTING", "serviceReady");
    assert_eq!(hand.supervisor.status().uid, Some(1), "until the new one runs");
    hand.query("IN_PROGRESS", "serviceInProgress");
    let is_relaunch = |kind: &EventKind| matches!(kind, EventKind::Relaunched { previous_uid: 1, downtime_ms, .. } if downtime_ms.as_millis() == 0);
    hand.last();
    assert!(hand.events.iter().any(is_relaunch), "{:?}", hand.events);
    let confirmed = hand.now;
    let delete = hand.expect(Call::Delete);
    assert!(delete.path.contains("/tasks/old?"));
    assert_eq!(hand.now - confirmed, 10_000, "viewers change over in the meantime");
    hand.answer(&delete, 200, json!({ "status": "STOPPED" }));
    let status = hand.supervisor.status();
    assert_eq!((status.state, status.uid, status.tasks.len()), (LaneState::Running, Some(2), 1));
    assert_eq!(give(&mut hand, &with_idle_timeout(60)), Via::Nothing);
}

#[test]
fn update_and_rollout_depend_on_the_changed_field() {
    let at = |path: &str, value: Value| {
        let mut services = json!({ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
            "idleTimeout": 300,
            "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 0 } }],
            "videoInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 9 },
                "placeholderImageUrl": "https://x/a.png",
                "region": { "x": 0, "y": 0, "width": 640, "height": 360, "zOrder": 2 } }],
            "canvas": { "width": 640, "height": 360, "color": 0 },
            "outputs": [{ "rtc": { "rtcChannel": "show" }, "audioOption": { "profileType": "AUDIO_PROFILE_DEFAULT" },
                "videoOption": { "width": 640, "height": 360, "bitrate": 500, "codec": "H264", "fps": 15 } }],
        } } } });
        let transcoder = &mut services["cloudTranscoder"]["config"]["transcoder"];
        if !path.is_empty() {
            let (parent, field) = path.rsplit_once('/').unwrap();
            transcoder.pointer_mut(parent).unwrap()[field] = value;
        }
        services
    };
    let cases = [
        (Via::Nothing, "", json!(null)),
        (
            Via::Update,
            "/videoInputs/0/region",
            json!({ "x": 8, "y": 8, "width": 320, "height": 180, "zOrder": 3 }),
        ),
        (Via::Update, "/outputs/0/videoOption/bitrate", json!(900)),
        (Via::Update, "/outputs/0/audioOption/profileType", json!("AUDIO_PROFILE_MUSIC_STANDARD")),
        (Via::Update, "/audioInputs", json!([{ "rtc": { "rtcChannel": "studio", "rtcUid": 7 } }])),
        (Via::Update, "/audioInputs/0/rtc/rtcToken", json!("another token of the same stream")),
        (Via::Relaunch, "/videoInputs/0/placeholderImageUrl", json!("https://x/b.png")),
        (Via::Relaunch, "/audioInputs", json!([{ "streamUrl": "https://x/music.mp3", "repeat": 1 }])),
        (Via::Relaunch, "/canvas/color", json!(255)),
        (Via::Relaunch, "/canvas/backgroundImage", json!("https://x/b.png")),
        (Via::Relaunch, "/idleTimeout", json!(301)),
        (
            Via::Relaunch,
            "/waterMarks",
            json!([{ "imageUrl": "https://x/w.png",
            "region": { "x": 0, "y": 0, "width": 120, "height": 120, "zOrder": 50 } }]),
        ),
        (Via::Relaunch, "/ofTheFuture", json!(1)),
        (Via::Relaunch, "/outputs/0/ofTheFuture", json!(1)),
    ];
    for (via, path, value) in cases {
        let before = at("", json!(null));
        let mut hand = Hand::new(json!({ "services": before }));
        assert_eq!(give(&mut hand, &at("/idleTimeout", json!(400))), Via::Launch, "nothing runs yet");
        assert_eq!(give(&mut hand, &before), Via::Launch);
        hand.running("t");
        let after = at(path, value);
        assert_eq!(give(&mut hand, &after), via, "{path}");
        let mut refuses = Hand::new(json!({ "services": before, "rollout": "refuse" }));
        refuses.running("t");
        let given =
            refuses.supervisor.update(refuses.wall(), Services::from_json(&after.to_string()).unwrap());
        match (via, given) {
            (Via::Relaunch, Err(refused)) => {
                let field = match path {
                    "/ofTheFuture" => "services".to_owned(),
                    _ => {
                        format!(
                            "services.cloudTranscoder.config.transcoder.{}",
                            path.split('/').nth(1).unwrap()
                        )
                    }
                };
                assert_eq!(refused.field, field);
            }
            (Via::Update | Via::Nothing, Ok(_)) => {}
            (_, given) => panic!("{path}: {given:?}"),
        }
        if via == Via::Update {
            assert_eq!(hand.expect(Call::Update).method, "PATCH", "{path}");
        }
        if via == Via::Nothing {
            assert_eq!(hand.call().call, Call::Query, "nothing is updated");
        }
    }
}

#[test]
fn a_rollout_that_is_refused_leaves_the_running_task_alone() {
    for refused in [Call::Acquire, Call::Create] {
        let mut hand = Hand::new(json!({}));
        hand.running("old");
        give(&mut hand, &with_idle_timeout(60));
        let mut call = hand.expect(Call::Acquire);
        if refused == Call::Create {
            hand.answer(&call, 200, json!({ "tokenName": "for the new one" }));
            call = hand.expect(Call::Create);
        }
        hand.answer(&call, 400, json!({ "message": "not like this" }));
        assert!(matches!(hand.last(), EventKind::CallRejected { .. }));
        for _ in 0..3 {
            hand.query("IN_PROGRESS", "serviceInProgress");
        }
        let status = hand.supervisor.status();
        assert_eq!((status.state, status.uid, status.tasks.len()), (LaneState::Running, Some(1), 1));
        assert_eq!(payload_of_the_next(&mut hand), 300);
    }
}

#[test]
fn a_rollout_continues_although_the_running_task_fails_and_its_end_is_reported() {
    let mut hand = Hand::new(json!({}));
    hand.running("old");
    give(&mut hand, &with_idle_timeout(60));
    let create = hand.create();
    hand.answer(&create, 200, json!({ "taskId": "new", "status": "STARTED" }));
    assert!(hand.notification(111, "old", "show-1"));
    loop {
        let query = hand.expect(Call::Query);
        if query.path.contains("/tasks/old?") {
            hand.answer(&query, 200, task("FAILURE_STOP", "serviceAbnormal"));
            break;
        }
        hand.answer(&query, 200, task("STARTING", "serviceReady"));
    }
    assert!(matches!(hand.last(), EventKind::Ended { .. }), "{:?}", hand.events);
    assert_eq!(hand.supervisor.status().state, LaneState::Confirming);
    hand.query("IN_PROGRESS", "serviceInProgress");
    hand.last();
    let status = hand.supervisor.status();
    assert_eq!((status.state, status.uid, hand.launches()), (LaneState::Running, Some(2), 2));
}

#[test]
fn the_running_task_is_monitored_while_its_replacement_does_not_start() {
    let mut hand = Hand::new(json!({ "policy": { "relaunchDelaysMs": [0, 300_000] } }));
    hand.running("old");
    give(&mut hand, &with_idle_timeout(60));
    for _ in 0..8 {
        let acquire = hand.expect(Call::Acquire);
        hand.answer(&acquire, 500, json!({}));
    }
    let query = hand.expect(Call::Query);
    assert!(query.path.contains("/tasks/old?"));
    hand.answer(&query, 200, task("FAILURE_STOP", "serviceAbnormal"));
    let died = hand.now;
    hand.expect(Call::Acquire);
    assert!(hand.now - died < 1_000, "the replacement's delays had another reason");
}

#[test]
fn a_rollout_is_cancelled_when_its_payload_is_withdrawn() {
    let mut hand = Hand::new(json!({}));
    hand.running("old");
    give(&mut hand, &with_idle_timeout(60));
    hand.expect(Call::Acquire);
    give(&mut hand, &services(300));
    hand.query("IN_PROGRESS", "serviceInProgress");
    hand.query("IN_PROGRESS", "serviceInProgress");
    let status = hand.supervisor.status();
    assert_eq!((status.state, status.uid, status.tasks.len()), (LaneState::Running, Some(1), 1));
}

#[test]
fn stop_in_a_rollout_deletes_both() {
    let mut hand = Hand::new(json!({}));
    hand.running("old");
    give(&mut hand, &with_idle_timeout(60));
    let create = hand.create();
    hand.answer(&create, 200, json!({ "taskId": "new", "status": "STARTED" }));
    let standing: Vec<Standing> = hand.supervisor.status().tasks.iter().map(|task| task.standing).collect();
    assert_eq!(standing, [Standing::Adopted, Standing::Adopted]);
    hand.handle(Input::Stop);
    for _ in 0..2 {
        let delete = hand.expect(Call::Delete);
        hand.answer(&delete, 200, json!({ "status": "STOPPED" }));
    }
    assert_eq!(hand.done(), Outcome::Stopped);
}

#[test]
fn a_payload_for_a_task_that_is_being_launched_is_rolled_out_once_it_runs() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    assert_eq!(give(&mut hand, &with_idle_timeout(60)), Via::Relaunch);
    hand.answer(&create, 200, json!({ "taskId": "old", "status": "STARTED" }));
    hand.query("IN_PROGRESS", "serviceInProgress");
    let next = hand.create();
    assert_eq!((output_uid(&next), idle_timeout(&next)), (2, 60));
}
