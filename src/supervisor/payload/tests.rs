use serde_json::json;

use super::*;
use crate::time::short::{at, ms};

/// A payload. An Update can change its input's uid, but not its `idle_timeout`.
fn services_with(input: u64, idle_timeout: u64) -> Services {
    Services::from_json(&json!({ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
        "idleTimeout": idle_timeout,
        "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": input, "rtcToken": format!("token-of-{input}") } }],
        "outputs": [{ "rtc": { "rtcChannel": "show" } }],
    } } } }).to_string())
    .unwrap()
}

fn services(input: u64) -> Services {
    services_with(input, 300)
}

fn revisions(input: u64) -> (PayloadRevisions, RetryPolicy) {
    let policy = RetryPolicy::default();
    (PayloadRevisions::new(services(input), &policy).unwrap(), policy)
}

#[test]
fn a_refused_payload_falls_back_to_the_last_accepted_one_or_else_to_the_first() {
    let (mut payload, policy) = revisions(301);
    payload.replace(&policy, services(302)).unwrap();
    payload.replace(&policy, services(303)).unwrap();
    assert_eq!(payload.revert(), Some(services(303)));
    assert_eq!(payload.desired(), &services(301), "nothing was accepted");
    assert_eq!(payload.revert(), None);

    payload.replace(&policy, services(302)).unwrap();
    payload.accepted(None);
    payload.replace(&policy, services(303)).unwrap();
    payload.replace(&policy, services(304)).unwrap();
    assert_eq!(payload.revert(), Some(services(304)));
    assert_eq!(payload.desired(), &services(302));
}

#[test]
fn an_older_accepted_payload_does_not_replace_a_newer_fallback() {
    let (mut payload, policy) = revisions(301);
    payload.replace(&policy, services(302)).unwrap();
    assert!(payload.accepted_unless_other(services(301)), "the first is the fallback already");
    payload.replace(&policy, services(303)).unwrap();
    payload.accepted(Some(services(302)));
    assert!(!payload.accepted_unless_other(services(301)));
    assert!(payload.accepted_unless_other(services(302)));
    assert_eq!((payload.revert(), payload.desired()), (Some(services(303)), &services(302)));
}

#[test]
fn secrets_of_64_former_payloads_are_kept() {
    let (mut payload, policy) = revisions(1);
    for input in 2..=66 {
        payload.replace(&policy, services(input)).unwrap();
        payload.accepted(None);
    }
    let secrets = payload.secrets();
    assert_eq!((secrets.len(), secrets[0].as_str(), secrets[1].as_str()), (65, "token-of-66", "token-of-65"));
    assert_eq!(secrets.last().map(String::as_str), Some("token-of-2"));
}

#[test]
fn a_shorter_idle_timeout_shortens_the_confirm_delays_for_good() {
    let (mut payload, policy) = revisions(1);
    assert_eq!(payload.confirm_delays(), &policy.confirm_delays_ms);
    payload.replace(&policy, services_with(1, 6)).unwrap();
    assert_eq!(payload.confirm_delays().longest(), ms(2_000));
    payload.replace(&policy, services_with(1, 300)).unwrap();
    assert_eq!(
        payload.confirm_delays().longest(),
        ms(2_000),
        "a task with the shorter timeout may still run"
    );
}

#[test]
fn rtc_tokens_of_two_payloads_are_kept_newest_first() {
    let mut payload = LaunchPayload::default();
    for (input, output) in [("a", "b"), ("c", "d"), ("c", "e")] {
        payload.give_token(RtcTokenFor::Inputs, Some(input.to_owned()));
        payload.give_token(RtcTokenFor::Output, Some(output.to_owned()));
        payload.compose_to_launch(&services(1), 7, false);
        payload.forget(false);
        assert_eq!(payload.missing_token(&services(1)), Some(MissingToken::OfInputs { channel: "studio" }));
    }
    assert_eq!(payload.old_tokens, ["e", "c", "d", "b"]);
}

#[test]
fn the_output_token_stays_as_long_as_its_task() {
    let mut payload = LaunchPayload::default();
    payload.give_token(RtcTokenFor::Inputs, Some("a".to_owned()));
    payload.give_token(RtcTokenFor::Output, Some("b".to_owned()));
    payload.forget(true);
    assert!(payload.input_token == RtcToken::NotAsked);
    assert_eq!(payload.output_token.given(), Some("b"));
}

#[test]
fn an_empty_token_counts_as_none() {
    let mut payload = LaunchPayload::default();
    payload.give_token(RtcTokenFor::Output, Some(String::new()));
    assert!(payload.output_token == RtcToken::Given { token: None });
}

#[test]
fn an_update_is_numbered_and_keeps_the_original_output() {
    let mut payload = LaunchPayload::default();
    let created = payload.compose_to_launch(&services(1), 7, false);
    assert!(created.contains(r#""rtcUid":7"#) && created.contains(r#""rtcUid":1"#), "{created}");
    payload.forget(true);
    payload.note_replaced(&services(1), true, at(5));
    let (number, update) = payload.compose_to_update(&services(2), 7);
    assert!(number == 0 && update.contains(r#""rtcUid":2"#) && update.contains(r#""rtcUid":7"#), "{update}");
    assert_eq!(payload.compose_to_update(&services(2), 7), (1, update), "a repeated Update is unchanged");
    assert_eq!(payload.last_sequence_id(), 1);
}

#[test]
fn a_payload_that_cannot_be_updated_needs_another_task() {
    let mut payload = LaunchPayload::default();
    assert!(!payload.needs_relaunch(&services_with(1, 60)), "no task was created yet");
    payload.note_replaced(&services(1), true, at(5));
    assert!(payload.needs_relaunch(&services_with(1, 60)) && !payload.needs_relaunch(&services(2)));
    assert!(payload.is_behind());
    assert!(payload.keep_created(&services(1)), "the task was created with it");
    assert!(!payload.is_behind());
}

#[test]
fn an_updated_task_no_longer_has_its_original_payload() {
    let mut payload = LaunchPayload::default();
    payload.note_replaced(&services(1), true, at(5));
    payload.compose_to_update(&services(2), 7);
    assert!(!payload.keep_created(&services(1)) && payload.is_behind());
}

#[test]
fn every_token_is_a_secret() {
    let mut payload = LaunchPayload::default();
    payload.give_token(RtcTokenFor::Inputs, Some("input".to_owned()));
    payload.forget(false);
    payload.give_token(RtcTokenFor::Inputs, Some("newer".to_owned()));
    payload.note_replaced(&services(1), true, at(0));
    assert_eq!(payload.secrets(), ["newer", "input", "token-of-1", "token-of-1"]);
}

#[test]
fn after_a_create_with_another_payload_the_task_may_have_either() {
    let mut payload = LaunchPayload::default();
    payload.compose_to_launch(&services(1), 7, false);
    // The Create had an unknown outcome when the lane got another payload and then returned to the first one.
    payload.note_replaced(&services(1), true, at(5));
    payload.forget(false);
    payload.compose_to_launch(&services_with(2, 60), 7, true);
    payload.note_replaced(&services_with(2, 60), true, at(6));
    assert!(!payload.keep_created(&services(1)), "it may have the second one");
    assert!(payload.needs_relaunch(&services(1)) && payload.is_behind());
}
