use proptest::prelude::*;

use super::*;
use crate::time::short::at;

/// With a token acquired at that time, and this many Creates sent with it.
fn acquired(name: &str, acquired_at: u64, creates: u32) -> TokenLedger {
    let next = Some(BuilderToken { name: name.to_owned(), acquired_at: at(acquired_at), creates });
    TokenLedger { next, ..TokenLedger::default() }
}

/// A ledger after a Create with each of these tokens, numbered from 0.
fn created(names: &[&str]) -> TokenLedger {
    let mut ledger = TokenLedger::default();
    for (number, name) in (0..).zip(names) {
        ledger.acquired((*name).to_owned(), at(0));
        ledger.create_sent(id(number), at(0));
    }
    ledger
}

fn id(number: u64) -> RequestId {
    RequestId::new(0, number)
}

fn sent(number: u64, token: &str) -> SentCreate<'_> {
    SentCreate { id: id(number), token }
}

fn unresolved(ledger: &TokenLedger) -> Vec<&str> {
    ledger.unresolved.iter().map(|unresolved| unresolved.token.as_str()).collect()
}

#[test]
fn a_token_is_valid_for_2_s_before_its_first_create_and_for_5_min_after_it() {
    let is_usable = |creates, age: u64| {
        let mut ledger = acquired("a", 1_000, creates);
        ledger.expire(at(1_000 + age));
        ledger.next().is_some()
    };
    assert!(is_usable(0, 2_000));
    assert!(!is_usable(0, 2_001));
    assert!(is_usable(1, 299_999));
    assert!(!is_usable(1, 300_000));
}

#[test]
fn an_expired_token_reports_whether_creates_carried_it() {
    assert!(acquired("a", 0, 1).expire(at(300_000)));
    assert!(!acquired("a", 0, 1).expire(at(299_999)), "it has not expired");
    assert!(!acquired("a", 0, 0).expire(at(300_000)), "no Create carried it");
}

#[test]
fn answered_tokens_are_no_longer_candidates() {
    let mut ledger = created(&["a", "b", "c"]);
    assert_eq!(ledger.candidates, ["c", "b", "a"]);
    ledger.answered(sent(1, "b"));
    assert_eq!(unresolved(&ledger), ["c"]);
    ledger.forget_answered();
    assert_eq!(ledger.candidates, ["c"]);
    assert!(ledger.next().is_some());
    ledger.answered(sent(2, "c"));
    ledger.forget_answered();
    assert!(ledger.candidates.is_empty() && ledger.next().is_none());
}

#[test]
fn the_answer_to_the_last_possible_create_resolves_a_token() {
    // Creates 0 to 2 carry the same token.
    let created = || {
        let mut ledger = created(&["a"]);
        ledger.create_sent(id(1), at(1));
        ledger.create_sent(id(2), at(2));
        ledger
    };
    let left = |mut ledger: TokenLedger, number| {
        ledger.answered(sent(number, "a"));
        unresolved(&ledger).len()
    };
    assert_eq!([0, 1, 2].map(|number| left(created(), number)), [1, 1, 0]);
    let not_carried_out = |number| {
        let mut ledger = created();
        ledger.create_not_carried_out(sent(number, "a"));
        ledger
    };
    assert_eq!([0, 1].map(|number| left(not_carried_out(2), number)), [1, 0]);
    assert_eq!([0, 2].map(|number| left(not_carried_out(1), number)), [1, 0]);
}

#[test]
fn a_token_with_an_answered_create_starts_no_more_tasks() {
    let answered = |token| {
        let mut ledger = created(&["b"]);
        (ledger.answered(sent(0, token)), ledger.next().is_some())
    };
    assert_eq!(answered("a"), (false, true));
    assert_eq!(answered("b"), (true, false));
}

#[test]
fn a_create_that_was_never_sent_leaves_no_candidate() {
    let mut ledger = created(&["a"]);
    ledger.create_sent(id(1), at(1));
    ledger.create_not_sent(sent(1, "a"));
    assert_eq!((ledger.candidates(), ledger.has_created()), (&["a".to_owned()][..], true));
    ledger.create_not_sent(sent(0, "a"));
    assert_eq!((ledger.candidates(), ledger.has_created(), ledger.is_resolved()), (&[][..], false, true));
    assert!(ledger.next().is_some_and(BuilderToken::is_fresh), "its two seconds count again");
}

#[test]
fn with_too_many_tokens_the_second_one_is_forgotten() {
    let ledger = created(&["first", "second", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"]);
    let kept = ["13", "12", "11", "10", "9", "8", "7", "6", "5", "4", "3", "first"];
    assert_eq!((&ledger.candidates[..], unresolved(&ledger)), (&kept.map(String::from)[..], kept.to_vec()));
}

#[test]
fn a_ledger_is_full_if_the_next_create_needs_a_thirteenth_token() {
    let mut ledger = created(&["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]);
    assert!(!ledger.is_full(at(299_999)), "the next Create carries the twelfth");
    assert!(ledger.is_full(at(300_000)));
    ledger.drop_next();
    assert!(ledger.is_full(at(0)));
    ledger.candidates.pop();
    assert!(!ledger.is_full(at(0)));
}

#[test]
fn every_candidate_is_tried_and_one_404_counts() {
    use TokenAnswer::{NotFound, Refused, Unauthorized};
    let round = |answers: &[TokenAnswer]| {
        let mut ledger = created(&["a", "b"]);
        answers.iter().map(|answer| ledger.try_next(*answer)).collect::<Vec<_>>()
    };
    assert_eq!(round(&[NotFound, Refused]), [Round::Continues, Round::NotFound]);
    assert_eq!(round(&[Refused, NotFound]), [Round::Continues, Round::NotFound]);
    assert_eq!(round(&[Refused, Refused]), [Round::Continues, Round::Refused]);
    assert_eq!(
        round(&[NotFound, Unauthorized, Refused]),
        [Round::Continues, Round::Refused, Round::Continues]
    );
    let mut ledger = created(&["a", "b"]);
    assert_eq!(ledger.first(), "b");
    ledger.try_next(Refused);
    assert_eq!(ledger.first(), "a");
    ledger.first_is_proven();
    assert_eq!(ledger.candidates, ["a"]);
}

#[test]
fn another_token_may_have_started_another_task() {
    let mut ledger = created(&["a", "b"]);
    assert!(ledger.may_have_started_another(), "either token may have started the known task");
    ledger.started_with("a");
    ledger.first_is_proven();
    assert!(ledger.may_have_started_another(), "b may have started another");
    ledger.task_is_over();
    assert_eq!((&ledger.candidates[..], unresolved(&ledger)), (&["b".to_owned()][..], vec!["b"]));
    assert!(!ledger.may_have_started_another());
    assert!(!TokenLedger::of_task(vec!["a".to_owned(), "b".to_owned()]).may_have_started_another());
}

#[test]
fn every_token_is_a_secret() {
    let mut ledger = created(&["a", "b"]);
    ledger.started_with("a");
    ledger.first_is_proven();
    ledger.acquired("c".to_owned(), at(9));
    assert_eq!(ledger.secrets().collect::<Vec<_>>(), ["b", "a", "c"]);
}

#[derive(Clone, Debug)]
enum Step {
    Acquired,
    Expire,
    Sent,
    NotSent(usize),
    NotCarriedOut(usize),
    Answered(usize, bool),
    StartedWith(usize),
    TryNext(TokenAnswer),
    Proven,
    TaskIsOver,
    ForgetAnswered,
    DropNext,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Acquired),
        1 => Just(Step::Expire),
        4 => Just(Step::Sent),
        1 => (0..14usize).prop_map(Step::NotSent),
        1 => (0..14usize).prop_map(Step::NotCarriedOut),
        1 => (0..14usize, any::<bool>()).prop_map(|(at, is_last)| Step::Answered(at, is_last)),
        1 => (0..14usize).prop_map(Step::StartedWith),
        2 => prop_oneof![
            Just(TokenAnswer::NotFound), Just(TokenAnswer::Refused), Just(TokenAnswer::Unauthorized)
        ].prop_map(Step::TryNext),
        1 => Just(Step::Proven),
        1 => Just(Step::TaskIsOver),
        1 => Just(Step::ForgetAnswered),
        1 => Just(Step::DropNext),
    ]
}

proptest! {
    #[test]
    fn lists_have_no_duplicates_and_a_resolved_token_starts_nothing(
        steps in prop::collection::vec(step(), 0..120)
    ) {
        let mut ledger = TokenLedger::default();
        let mut names = 0;
        let mut creates = 0;
        let mut now = 0;
        for step in steps {
            now += 700;
            let named = |ledger: &TokenLedger, at: usize| ledger.all().nth(at).cloned();
            match step {
                Step::Acquired => {
                    names += 1;
                    ledger.acquired(format!("token-{names}"), at(now));
                }
                Step::Expire => {
                    ledger.expire(at(now));
                    prop_assert!(ledger.next().is_none_or(|next| at(now) <= next.expires_at()));
                }
                Step::Sent => {
                    if let Some(token) = ledger.next().map(|next| next.name.clone()) {
                        ledger.create_sent(id(creates), at(now));
                        creates += 1;
                        prop_assert!(ledger.candidates.contains(&token));
                        prop_assert!(ledger.has_created() && ledger.last_create_at() == at(now));
                    }
                }
                Step::NotSent(at) => if let Some(token) = named(&ledger, at) {
                    ledger.create_not_sent(sent(creates, &token));
                }
                Step::NotCarriedOut(at) => if let Some(token) = named(&ledger, at) {
                    ledger.create_not_carried_out(sent(creates, &token));
                }
                Step::Answered(at, is_last) => if let Some(token) = named(&ledger, at) {
                    let number = if is_last { creates } else { 0 };
                    ledger.answered(sent(number, &token));
                    prop_assert!(!is_last || !ledger.is_unresolved(&token));
                    prop_assert!(ledger.next().is_none_or(|next| next.name != token));
                }
                Step::StartedWith(at) => if let Some(token) = named(&ledger, at) {
                    ledger.started_with(&token);
                    prop_assert_eq!(ledger.first(), token);
                }
                Step::TryNext(answer) => {
                    let before = ledger.first().to_owned();
                    let goes_on = ledger.try_next(answer) == Round::Continues;
                    prop_assert_eq!(goes_on, ledger.first() != before);
                }
                Step::Proven => ledger.first_is_proven(),
                Step::TaskIsOver => ledger.task_is_over(),
                Step::ForgetAnswered => ledger.forget_answered(),
                Step::DropNext => ledger.drop_next(),
            }
            let candidates: Vec<&str> = ledger.candidates.iter().map(String::as_str).collect();
            for list in [candidates, unresolved(&ledger)] {
                let is_twice = |(at, name): (usize, &&str)| list.iter().take(at).any(|other| other == name);
                prop_assert!(!list.iter().enumerate().any(is_twice), "{list:?}");
            }
            prop_assert!(ledger.candidates.len() <= MAX_CANDIDATES + 1);
        }
    }
}
