use super::*;

fn ms(ms: u64) -> Millis {
    Millis::new(ms)
}

fn launch() -> Launch {
    Launch::new(1, 7, "show-1".to_owned(), ms(0))
}

/// With a token acquired at that time, and so many Creates that left with it.
fn with_token(name: &str, acquired_at: u64, creates: u32) -> Launch {
    let mut launch = launch();
    launch.builder = Some(BuilderToken { name: name.to_owned(), acquired_at: ms(acquired_at), creates });
    launch
}

#[test]
fn a_token_is_good_for_two_seconds_for_the_first_create_and_for_less_than_five_minutes_for_more() {
    let is_usable =
        |creates, age: u64| with_token("a", 1_000, creates).usable_builder(ms(1_000 + age)).is_some();
    assert!(is_usable(0, 2_000));
    assert!(!is_usable(0, 2_001));
    assert!(is_usable(1, 299_999));
    assert!(!is_usable(1, 300_000));
}

#[test]
fn with_a_token_that_served_the_payload_is_forgotten_too() {
    let kept = |creates, age| {
        let mut launch = with_token("a", 0, creates);
        launch.services = Some("{}".to_owned());
        launch.usable_builder(ms(age));
        launch.services.is_some()
    };
    assert!(kept(1, 299_999));
    assert!(!kept(1, 300_000));
    assert!(kept(0, 300_000), "it was never sent");
}

#[test]
fn rtc_tokens_of_two_payloads_are_remembered_the_newest_first() {
    let mut launch = launch();
    for (input, output) in [("a", "b"), ("c", "d"), ("c", "e")] {
        launch.input_token = RtcToken::Given(Some(input.to_owned()));
        launch.output_token = RtcToken::Given(Some(output.to_owned()));
        launch.services = Some("{}".to_owned());
        launch.forget_payload();
        assert!(launch.services.is_none() && launch.input_token == RtcToken::NotAsked);
    }
    assert_eq!(launch.forgotten, ["e", "c", "d", "b"]);
}

#[test]
fn what_was_started_with_answered_tokens_is_not_called_with_again() {
    let mut launch = launch();
    for (name, at) in [("a", 0), ("b", 10), ("c", 20)] {
        launch.builder = Some(BuilderToken { name: name.to_owned(), acquired_at: ms(at), creates: 0 });
        launch.create_leaves(ms(at));
    }
    assert_eq!(launch.tokens, ["c", "b", "a"]);
    launch.create_was_answered(AnsweredCreate { token: "b", is_last: false });
    assert_eq!(launch.unanswered, ["c", "b"]);
    launch.create_was_answered(AnsweredCreate { token: "b", is_last: true });
    assert_eq!(launch.unanswered, ["c"]);
    launch.forget_answered_tokens();
    assert_eq!(launch.tokens, ["c"]);
    assert!(launch.builder.is_some());
    launch.create_was_answered(AnsweredCreate { token: "c", is_last: true });
    launch.forget_answered_tokens();
    assert!(launch.tokens.is_empty() && launch.builder.is_none());
}

#[test]
fn a_token_whose_create_was_answered_starts_nothing_more() {
    let answered = |token, task_id: Option<&str>| {
        let mut launch = with_token("b", 0, 0);
        launch.create_leaves(ms(0));
        launch.services = Some("{}".to_owned());
        launch.task_id = task_id.map(str::to_owned);
        launch.create_was_answered(AnsweredCreate { token, is_last: false });
        (launch.usable_builder(ms(1)).is_some(), launch.services.is_some())
    };
    assert_eq!(answered("a", None), (true, true));
    assert_eq!(answered("b", None), (false, false), "nor is that Create to be repeated");
    assert_eq!(answered("b", Some("t")), (false, true), "what it was started with");
}

#[test]
fn what_goes_on_as_another_create_repeats_that_one_only_as_it_was() {
    let goes_on = |change: fn(&mut Launch)| {
        let mut launch = launch();
        for name in ["a", "b"] {
            launch.builder = Some(BuilderToken { name: name.to_owned(), acquired_at: ms(0), creates: 0 });
            launch.create_leaves(ms(0));
        }
        launch.services = Some("{}".to_owned());
        launch.task_id = Some("t".to_owned());
        change(&mut launch);
        assert!(launch.goes_on_as_another(ms(9)));
        (launch.builder.is_some(), launch.services.is_some(), launch.update_due)
    };
    assert_eq!(goes_on(|_| {}), (true, true, None));
    assert_eq!(goes_on(|launch| launch.builder = None), (false, false, None));
    assert_eq!(goes_on(|launch| launch.services = None), (false, false, None));
    assert_eq!(
        goes_on(|launch| launch.next_sequence_id = 1),
        (false, false, Some(ms(9))),
        "it has the payload that the known one was started with"
    );
}

#[test]
fn every_token_is_a_secret() {
    let mut launch = with_token("builder", 0, 0);
    launch.tokens = vec!["used".to_owned()];
    launch.input_token = RtcToken::Given(Some("input".to_owned()));
    launch.output_token = RtcToken::Given(None);
    launch.forgotten = vec!["forgotten".to_owned()];
    assert_eq!(launch.secrets(), ["used", "builder", "input", "forgotten"]);
}

#[test]
fn of_too_many_tokens_the_second_one_is_forgotten() {
    let mut launch = launch();
    for name in ["first", "second", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"] {
        let builder = BuilderToken { name: name.to_owned(), acquired_at: Millis::ZERO, creates: 0 };
        launch.builder = Some(builder);
        launch.create_leaves(Millis::ZERO);
    }
    let kept = ["13", "12", "11", "10", "9", "8", "7", "6", "5", "4", "3", "first"];
    assert_eq!(
        (launch.tokens.as_slice(), launch.unanswered.as_slice()),
        (&kept.map(String::from)[..], &kept.map(String::from)[..])
    );
}
