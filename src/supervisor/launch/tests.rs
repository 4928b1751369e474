use serde_json::json;

use super::*;
use crate::task::Services;
use crate::time::short::at;

fn services() -> Services {
    Services::from_json(
        &json!({ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
        "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 1 } }],
        "outputs": [{ "rtc": { "rtcChannel": "show" } }],
    } } } })
        .to_string(),
    )
    .unwrap()
}

/// A launch that sent a Create with each of these tokens.
fn created(tokens: &[&str]) -> Launch {
    let mut launch = Launch::new(1, 7, "show-1".to_owned(), at(0));
    launch.payload.compose_to_launch(&services(), 7, false);
    for token in tokens {
        launch.tokens.acquired((*token).to_owned(), at(0));
        launch.tokens.create_sent(RequestId::new(0, 0), at(0));
    }
    launch
}

#[test]
fn an_expired_token_that_creates_carried_discards_the_payload_too() {
    let kept = |launch: &mut Launch, age| {
        launch.expire_token(at(age));
        launch.payload.composed().is_some()
    };
    assert!(kept(&mut created(&["a"]), 299_999));
    assert!(!kept(&mut created(&["a"]), 300_000));
    let mut unsent = created(&[]);
    unsent.tokens.acquired("a".to_owned(), at(0));
    assert!(kept(&mut unsent, 300_000), "it was never sent");
}

#[test]
fn an_answered_create_is_not_repeated_unless_it_started_the_task() {
    let kept = |token, task_id: Option<&str>| {
        let mut launch = created(&["b"]);
        if let Some(task_id) = task_id {
            launch.task_id_learned(task_id.to_owned(), at(0), at(0));
        }
        launch.create_was_answered(SentCreate { id: RequestId::new(0, 0), token });
        launch.payload.composed().is_some()
    };
    assert!(kept("a", None));
    assert!(!kept("b", None));
    assert!(kept("b", Some("t")), "its payload started the task");
}

#[test]
fn a_launch_that_continues_as_another_create_repeats_it_unchanged_or_anew() {
    let goes_on = |change: fn(&mut Launch)| {
        let mut launch = created(&["a", "b"]);
        launch.task_id_learned("t".to_owned(), at(0), at(0));
        change(&mut launch);
        assert!(launch.continue_as_another(at(9)));
        (launch.tokens.next().is_some(), launch.payload.composed().is_some(), launch.payload.update_due())
    };
    assert_eq!(goes_on(|_| {}), (true, true, None));
    assert_eq!(goes_on(|launch| launch.tokens.drop_next()), (false, false, None));
    assert_eq!(goes_on(Launch::forget_payload), (false, false, None));
    assert_eq!(
        goes_on(|launch| drop(launch.payload.compose_to_update(&services(), 7))),
        (false, false, Some(at(9))),
        "the other task has the payload that the known one was started with"
    );
}
