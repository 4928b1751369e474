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

/// After a Create with each of these tokens.
fn created(tokens: &[&str]) -> Launch {
    let mut launch = Launch::new(1, 7, "show-1".to_owned(), at(0));
    launch.payload.compose_to_launch(&services(), 7, false);
    for token in tokens {
        launch.tokens.acquired((*token).to_owned(), at(0));
        launch.tokens.create_leaves(RequestId::new(0, 0), at(0));
    }
    launch
}

#[test]
fn with_a_token_that_creates_were_sent_with_the_payload_is_forgotten_too() {
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
fn a_create_that_was_answered_is_not_to_be_repeated_unless_it_is_that_of_the_task() {
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
    assert!(kept("b", Some("t")), "what it was started with");
}

#[test]
fn what_goes_on_as_another_create_repeats_that_one_only_as_it_was() {
    let goes_on = |change: fn(&mut Launch)| {
        let mut launch = created(&["a", "b"]);
        launch.task_id_learned("t".to_owned(), at(0), at(0));
        change(&mut launch);
        assert!(launch.goes_on_as_another(at(9)));
        (launch.tokens.next().is_some(), launch.payload.composed().is_some(), launch.payload.update_due())
    };
    assert_eq!(goes_on(|_| {}), (true, true, None));
    assert_eq!(goes_on(|launch| launch.tokens.drop_next()), (false, false, None));
    assert_eq!(goes_on(Launch::forget_payload), (false, false, None));
    assert_eq!(
        goes_on(|launch| drop(launch.payload.compose_to_update(&services(), 7))),
        (false, false, Some(at(9))),
        "it has the payload that the known one was started with"
    );
}
