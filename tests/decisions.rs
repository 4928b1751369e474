//! The decisions of a supervisor, one by one, against answers that are written down here.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and looks only at what it is about"
)]

use serde_json::{Value, json};
use steadymix::notice::{self, Notice};
use steadymix::supervisor::{
    Answer, EventCall, EventKind, FailReason, Health, Input, LeftBehindReason, NoAnswer, Outcome, Output,
    Request, Standing, Supervisor, SupervisorConfig,
};
use steadymix::task::Services;
use steadymix::time::Millis;

const START: u64 = 1_767_225_600_000;

fn services(idle_timeout: u64) -> Value {
    json!({ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
        "idleTimeout": idle_timeout,
        "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 0 } }],
        "outputs": [{ "rtc": { "rtcChannel": "show" } }],
    } } } })
}

/// A supervisor whose calls are answered by hand.
struct Hand {
    supervisor: Supervisor,
    now: u64,
    events: Vec<EventKind>,
}

impl Hand {
    fn new(settings: Value) -> Self {
        let mut config =
            json!({ "appId": "app", "instanceId": "show", "uids": [1, 2], "services": services(300) });
        for (name, value) in settings.as_object().unwrap() {
            config[name] = value.clone();
        }
        let config = SupervisorConfig::from_json(&config).unwrap();
        Self { supervisor: Supervisor::new(config, Millis::new(START)), now: START, events: Vec::new() }
    }

    fn wall(&self) -> Millis {
        Millis::new(self.now)
    }

    fn since_start(&self) -> u64 {
        (self.now - START) / 1000
    }

    /// The next call, however long it takes; tokens are kept as they are.
    fn call(&mut self) -> Request {
        match self.next(u64::MAX) {
            Ok(request) => request,
            Err(outcome) => panic!("{outcome:?} in the place of a call, after {:?}", self.events),
        }
    }

    /// The next call within so many seconds, or else how it ended, if it did.
    fn next(&mut self, seconds: u64) -> Result<Request, Option<Outcome>> {
        let until = self.now.saturating_add(seconds.saturating_mul(1000));
        loop {
            match self.supervisor.poll(self.wall()) {
                Output::Emit(event) => self.events.push(event.kind),
                Output::Send(request) => return Ok(request),
                Output::NeedToken(request) => {
                    self.supervisor.handle(self.wall(), Input::Token(request.id, Ok(None)));
                }
                Output::NeedPermit(request) => panic!("{request:?}, though nobody shares the quota"),
                Output::Wait { until: next, .. } if next.as_u64() > until => {
                    self.now = until;
                    return Err(None);
                }
                Output::Wait { until: next, .. } => self.now = next.as_u64(),
                Output::Done(outcome) => return Err(Some(outcome)),
            }
        }
    }

    fn expect(&mut self, call: EventCall) -> Request {
        let request = self.call();
        assert_eq!(request.call, call, "after {:?}", self.events);
        request
    }

    fn done(&mut self) -> Outcome {
        match self.next(u64::MAX) {
            Err(Some(outcome)) => outcome,
            other => panic!("{other:?} in the place of an end"),
        }
    }

    fn answer(&mut self, request: &Request, status: u16, body: Value) {
        self.answer_after(request, status, body, None);
    }

    fn answer_after(&mut self, request: &Request, status: u16, body: Value, retry_after: Option<&str>) {
        let answer = Answer::Http {
            status,
            retry_after: retry_after.map(str::to_owned),
            request_id: Some("req".to_owned()),
            resource_id: None,
            body: body.to_string(),
        };
        self.supervisor.handle(self.wall(), Input::Answer(request.id, answer));
    }

    fn nothing(&mut self, request: &Request, why: NoAnswer) {
        self.supervisor.handle(self.wall(), Input::Answer(request.id, Answer::Nothing(why)));
    }

    /// Acquire is answered; the Create that follows is returned.
    fn create(&mut self) -> Request {
        let acquire = self.expect(EventCall::Acquire);
        self.answer(&acquire, 200, json!({ "tokenName": format!("token-{}", self.now) }));
        self.expect(EventCall::Create)
    }

    fn query(&mut self, status: &str, service: &str) -> Request {
        let query = self.expect(EventCall::Query);
        self.answer(&query, 200, task(status, service));
        query
    }

    /// On each uid a Create that may have started a task, and whose repetition is refused.
    fn refused_after_all(&mut self) {
        for uid in [1, 2] {
            let create = self.create();
            assert_eq!(output_uid(&create), uid);
            self.answer(&create, 206, json!({}));
            let again = self.expect(EventCall::Create);
            self.answer(&again, 400, json!({}));
        }
    }

    /// A task that runs.
    fn running(&mut self, id: &str) {
        let create = self.create();
        self.answer(&create, 200, json!({ "taskId": id, "status": "STARTED" }));
        self.query("IN_PROGRESS", "serviceInProgress");
        assert_eq!(self.supervisor.status().state, "running");
        self.last();
    }

    /// The last event, once everything is told.
    fn last(&mut self) -> EventKind {
        while let Output::Emit(event) = self.supervisor.poll(self.wall()) {
            self.events.push(event.kind);
        }
        self.events.last().unwrap().clone()
    }

    fn notice(&mut self, event_type: u16, task_id: &str, instance_id: &str) -> bool {
        let notice = a_notice(event_type, task_id, instance_id);
        self.supervisor.handle(self.wall(), Input::Notice(notice))
    }

    fn uids(&self) -> Vec<u32> {
        self.supervisor.status().tasks.iter().map(|task| task.uid).collect()
    }

    fn launches(&self) -> usize {
        self.events.iter().filter(|kind| matches!(kind, EventKind::Launching { .. })).count()
    }
}

fn task(status: &str, service: &str) -> Value {
    json!({ "taskId": "t", "status": status, "services": { "cloudTranscoder": { "status": service } } })
}

fn a_notice(event_type: u16, task_id: &str, instance_id: &str) -> Notice {
    let body = json!({ "noticeId": "n", "productId": 1, "eventType": event_type, "notifyMs": 1, "payload": {
        "taskId": task_id, "instanceId": instance_id, "sequence": 1, "sendts": 1, "details": {} } });
    notice::parse(body.to_string().as_bytes()).unwrap()
}

fn output_uid(request: &Request) -> u64 {
    let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
    body.pointer("/services/cloudTranscoder/config/transcoder/outputs/0/rtc/rtcUid")
        .unwrap()
        .as_u64()
        .unwrap()
}

#[test]
fn a_spent_ladder_moves_to_the_other_uid_with_a_new_create() {
    let mut hand = Hand::new(json!({}));
    let first = hand.create();
    hand.answer(&first, 206, json!({}));
    for waited in [3, 9, 18] {
        let again = hand.expect(EventCall::Create);
        assert_eq!(
            (again.path.as_str(), hand.since_start()),
            (first.path.as_str(), waited),
            "the same token"
        );
        assert_eq!(again.body, first.body, "the same parameters");
        hand.answer(&again, 206, json!({}));
    }
    let acquire = hand.expect(EventCall::Acquire);
    assert!(acquire.body.as_deref().unwrap().contains("show-2"));
    assert_eq!(output_uid(&acquire), 2);
    assert!(hand.events.iter().any(|kind| matches!(kind, EventKind::UidSwitched { from: 1, to: 2, .. })));
}

#[test]
fn code_65_has_a_shorter_ladder() {
    let mut hand = Hand::new(json!({}));
    let first = hand.create();
    hand.answer(&first, 206, json!({ "code": 65 }));
    for waited in [3, 9] {
        let again = hand.expect(EventCall::Create);
        assert_eq!(hand.since_start(), waited);
        hand.answer(&again, 206, json!({ "code": 65 }));
    }
    assert_eq!(output_uid(&hand.expect(EventCall::Acquire)), 2);
}

#[test]
fn when_every_uid_is_unresolved_no_third_create_is_made() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    for _ in 0..40 {
        let call = hand.call();
        match call.call {
            EventCall::Acquire => {
                hand.answer(&call, 200, json!({ "tokenName": format!("token-{}", hand.now) }))
            }
            EventCall::Create => hand.answer(&call, 206, json!({})),
            other => panic!("{other:?}"),
        }
        assert!(hand.supervisor.status().generation <= 2);
    }
    assert_eq!(hand.uids(), [1, 2]);
    // One is answered at last: the other is only watched.
    let create = loop {
        let call = hand.call();
        match call.call {
            EventCall::Create => break call,
            _ => hand.answer(&call, 200, json!({ "tokenName": format!("token-{}", hand.now) })),
        }
    };
    hand.answer(&create, 200, json!({ "taskId": "found", "status": "STARTED" }));
    hand.query("IN_PROGRESS", "serviceInProgress");
    for _ in 0..20 {
        hand.query("IN_PROGRESS", "serviceInProgress");
    }
    assert_eq!(hand.uids(), [1, 2], "the other is not forgotten");
}

#[test]
fn an_expired_token_is_replaced_for_the_same_create() {
    let mut hand = Hand::new(
        json!({ "uids": [1, 2], "presence": "never", "policy": { "createTimedOutMs": [3_600_000] } }),
    );
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    let acquire = hand.expect(EventCall::Acquire);
    assert!(acquire.body.as_deref().unwrap().contains(r#""instanceId":"show-1""#), "{:?}", acquire.body);
    hand.answer(&acquire, 200, json!({ "tokenName": "fresh" }));
    let create = hand.expect(EventCall::Create);
    assert!(create.path.ends_with("builderToken=fresh"));
    hand.answer(&create, 409, json!({}));
    assert_eq!(hand.last(), EventKind::Unidentified);
}

#[test]
fn a_create_that_is_too_late_for_its_token_acquires_anew() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    assert_eq!(create.send_before, Some(Millis::new(hand.now + 2_000)));
    hand.now += 2_500;
    hand.nothing(&create, NoAnswer::NotSent);
    hand.expect(EventCall::Acquire);
    assert_eq!(hand.launches(), 1);
}

#[test]
fn wrong_parameters_end_it_and_nothing_more_is_sent() {
    for (status, reason) in [
        (400, FailReason::WrongParameters),
        (404, FailReason::WrongParameters),
        (403, FailReason::WrongCredentials),
    ] {
        let mut hand = Hand::new(json!({}));
        let create = hand.create();
        hand.answer(&create, status, json!({ "message": "no" }));
        assert_eq!(hand.done(), Outcome::Failed { reason });
        let told = hand.events.iter().find_map(|kind| match kind {
            EventKind::Misconfigured { said, .. } => Some(said.clone()),
            _ => None,
        });
        let told = told.unwrap();
        assert_eq!((told.message.as_deref(), told.request_id.as_deref()), (Some("no"), Some("req")));
    }
}

#[test]
fn server_errors_on_query_never_cause_a_relaunch() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let mut waits = Vec::new();
    for _ in 0..500 {
        let before = hand.now;
        let query = hand.expect(EventCall::Query);
        waits.push((hand.now - before) / 1000);
        hand.answer(&query, 503, json!({}));
    }
    assert_eq!(waits[..6], [120, 5, 10, 15, 30, 30]);
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!((hand.launches(), hand.supervisor.status().state), (1, "running"));
}

#[test]
fn refusals_of_query_are_told_once_and_never_cause_a_relaunch() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    for _ in 0..50 {
        let query = hand.expect(EventCall::Query);
        hand.answer(&query, 403, json!({}));
    }
    let told = hand.events.iter().filter(|kind| matches!(kind, EventKind::Misconfigured { .. })).count();
    assert_eq!((told, hand.launches()), (1, 1));
}

#[test]
fn not_found_is_asked_again_before_it_is_believed() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let mut waits = Vec::new();
    for _ in 0..4 {
        let before = hand.now;
        let query = hand.expect(EventCall::Query);
        waits.push((hand.now - before) / 1000);
        hand.answer(&query, 404, json!({}));
    }
    assert_eq!(waits, [120, 5, 10, 15]);
    assert_eq!(
        output_uid(&hand.expect(EventCall::Acquire)),
        2,
        "and then it is relaunched under the other uid"
    );
}

#[test]
fn a_single_not_found_is_no_end() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let query = hand.expect(EventCall::Query);
    hand.answer(&query, 404, json!({}));
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(hand.last(), EventKind::Recovered);
    assert_eq!(hand.launches(), 1);
}

#[test]
fn how_it_ended_and_the_restart_policy_decide() {
    let cases = [
        ("on-failure", "EXIT", Some(Outcome::Ended)),
        ("on-failure", "FAILURE_STOP", None),
        ("always", "EXIT", None),
        ("never", "EXIT", Some(Outcome::Ended)),
        ("never", "FAILURE_STOP", Some(Outcome::Failed { reason: FailReason::NotRestarted })),
    ];
    for (restart, status, outcome) in cases {
        let mut hand = Hand::new(json!({ "restart": restart }));
        hand.running("t");
        hand.query(status, "serviceCompleted");
        match outcome {
            Some(outcome) => assert_eq!(hand.done(), outcome, "{restart} {status}"),
            None => assert_eq!(output_uid(&hand.expect(EventCall::Acquire)), 2, "{restart} {status}"),
        }
    }
}

#[test]
fn the_old_task_is_deleted_only_when_the_new_one_runs() {
    let mut hand = Hand::new(json!({}));
    hand.running("old");
    hand.query("IN_PROGRESS", "serviceAbnormal");
    let create = hand.create();
    assert_eq!(output_uid(&create), 2);
    hand.answer(&create, 200, json!({ "taskId": "new", "status": "STARTED" }));
    hand.query("STARTING", "serviceReady");
    hand.query("IN_PROGRESS", "serviceInProgress");
    let delete = hand.expect(EventCall::Delete);
    assert!(delete.path.contains("/tasks/old?"));
    hand.answer(&delete, 200, json!({}));
    assert_eq!(hand.last(), EventKind::Removed);
}

#[test]
fn migration_wait_gives_the_service_its_time() {
    let mut hand = Hand::new(json!({ "migration": "wait" }));
    hand.running("t");
    let began = hand.since_start() + 120;
    while hand.since_start() < began + 80 {
        hand.query("IN_PROGRESS", "serviceAbnormal");
    }
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!((hand.last(), hand.launches()), (EventKind::Recovered, 1));
    let mut looks = 0;
    while hand.launches() == 1 {
        let call = hand.call();
        if call.call == EventCall::Query {
            hand.answer(&call, 200, task("IN_PROGRESS", "serviceAbnormal"));
        }
        looks += 1;
        assert!(looks < 50);
    }
}

#[test]
fn a_task_that_never_runs_is_replaced_after_90_seconds() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer(&create, 200, json!({ "taskId": "t", "status": "STARTED" }));
    assert_eq!(hand.supervisor.status().state, "confirming", "its own STARTED does not count");
    loop {
        let call = hand.call();
        if call.call != EventCall::Query {
            assert_eq!((call.call, hand.since_start()), (EventCall::Acquire, 90));
            assert_eq!(output_uid(&call), 2);
            break;
        }
        hand.answer(&call, 200, task("STARTING", "serviceReady"));
    }
}

#[test]
fn a_conflict_without_an_id_is_on_air_but_unidentified() {
    for status in [201, 409] {
        let mut hand = Hand::new(json!({ "presence": "never" }));
        let create = hand.create();
        hand.answer(&create, 206, json!({}));
        let create = hand.expect(EventCall::Create);
        hand.answer(&create, status, json!({}));
        assert_eq!(hand.last(), EventKind::Unidentified);
        assert_eq!(hand.supervisor.status().state, "unidentified");
        assert!(hand.notice(110, "named", "show-1"));
        let query = hand.expect(EventCall::Query);
        assert!(query.path.contains("/tasks/named?"), "adopted from the notification");
    }
}

#[test]
fn an_unidentified_task_is_replaced_and_deleted_once_it_is_named() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let create = hand.create();
    hand.answer(&create, 409, json!({}));
    hand.running("new");
    assert_eq!(hand.supervisor.status().uid, Some(2));
    assert!(hand.notice(110, "old", "show-1"));
    let delete = hand.expect(EventCall::Delete);
    assert!(delete.path.contains("/tasks/old?"));
}

#[test]
fn a_late_answer_to_create_still_names_the_task() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    assert_eq!(hand.expect(EventCall::Create).call, EventCall::Create, "made again after its time-out");
    hand.answer(&create, 200, json!({ "taskId": "late", "status": "STARTED" }));
    let query = hand.expect(EventCall::Query);
    assert!(query.path.contains("/tasks/late?"));
}

#[test]
fn the_last_eight_creates_without_an_answer_are_still_known() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let mut creates = Vec::new();
    while creates.len() < 9 {
        let call = hand.call();
        match call.call {
            EventCall::Acquire => {
                hand.answer(&call, 200, json!({ "tokenName": format!("token-{}", hand.now) }));
            }
            _ => creates.push(call),
        }
    }
    assert_eq!(hand.next(10).map(|call| call.call), Err(None), "the ninth has timed out");
    let mut named = |create: &Request, id: &str| {
        hand.answer(create, 200, json!({ "taskId": id }));
        matches!(hand.last(), EventKind::Created | EventKind::Identified { .. })
    };
    assert!(!named(&creates[0], "first"));
    assert!(named(&creates[1], "second"));
}

#[test]
fn a_create_that_makes_way_for_a_task_that_was_found_is_not_sent_any_more() {
    let mut hand = Hand::new(json!({ "policy": { "createTimedOutMs": [3_000] } }));
    let first = hand.create();
    hand.answer(&first, 206, json!({}));
    let last = hand.expect(EventCall::Create);
    hand.answer(&last, 206, json!({}));
    let waits_for_its_snapshot = hand.create();
    assert_eq!(output_uid(&waits_for_its_snapshot), 2);
    assert!(hand.notice(110, "found", "show-1"));
    assert!(!hand.supervisor.awaits(waits_for_its_snapshot.id));
    hand.nothing(&waits_for_its_snapshot, NoAnswer::NotSent);
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(hand.uids(), [1], "what never left leaves nothing to be resolved");
}

/// A create whose outcome is unknown with two builder tokens: the clock was set back in between.
fn created_with_two_tokens(hand: &mut Hand) -> [Request; 2] {
    let first = hand.create();
    hand.answer(&first, 206, json!({}));
    hand.now -= 3_600_000;
    let second = hand.create();
    assert_ne!(first.path, second.path);
    [first, second]
}

#[test]
fn a_create_that_never_left_is_forgotten_though_its_task_was_named() {
    let mut hand =
        Hand::new(json!({ "presence": "never", "policy": { "createTimedOutMs": [3_000, 3_000] } }));
    let [first, waits_for_its_snapshot] = created_with_two_tokens(&mut hand);
    assert!(hand.notice(110, "t", "show-1"));
    hand.nothing(&waits_for_its_snapshot, NoAnswer::NotSent);
    let query = hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(query.path.split('?').next_back(), first.path.split('?').next_back());
    hand.query("FAILURE_STOP", "serviceAbnormal");
    hand.expect(EventCall::Acquire);
    assert_eq!(hand.uids(), [0; 0], "no create is left to be gone on with");
}

#[test]
fn the_token_that_a_delete_succeeds_with_starts_nothing_again() {
    let mut hand = Hand::new(json!({ "presence": "never", "policy": { "createTimedOutMs": [3_000] } }));
    let [_, second] = created_with_two_tokens(&mut hand);
    hand.answer(&second, 206, json!({}));
    hand.running("other");
    assert!(hand.notice(110, "named", "show-1"));
    let delete = hand.expect(EventCall::Delete);
    assert_eq!(delete.path.split('?').next_back(), second.path.split('?').next_back());
    hand.answer(&delete, 200, json!({}));
    assert_eq!(hand.uids(), [1, 2], "the first token may have started one too");
    hand.query("FAILURE_STOP", "serviceAbnormal");
    hand.expect(EventCall::Acquire);
}

#[test]
fn a_late_answer_tells_which_token_started_a_task_that_is_known() {
    let mut hand =
        Hand::new(json!({ "presence": "never", "policy": { "createTimedOutMs": [3_000, 3_000] } }));
    let [_, second] = created_with_two_tokens(&mut hand);
    assert!(hand.notice(110, "t", "show-1"));
    hand.answer(&second, 200, json!({ "taskId": "t", "status": "STARTED" }));
    for _ in 0..8 {
        let query = hand.expect(EventCall::Query);
        hand.answer(&query, 404, json!({}));
    }
    hand.expect(EventCall::Acquire);
    assert_eq!(hand.uids(), [0; 0], "every create is accounted for");
}

#[test]
fn retry_after_lengthens_and_never_shortens() {
    for (header, waited) in [("1", 3), ("20", 20), ("Thu, 01 Jan 2026 00:00:30 GMT", 30)] {
        let mut hand = Hand::new(json!({}));
        let create = hand.create();
        hand.answer_after(&create, 503, json!({}), Some(header));
        hand.expect(EventCall::Create);
        assert_eq!(hand.since_start(), waited, "{header}");
    }
}

#[test]
fn a_429_spends_no_attempt() {
    let mut hand = Hand::new(json!({}));
    let mut create = hand.create();
    for _ in 0..10 {
        hand.answer(&create, 429, json!({}));
        create = hand.expect(EventCall::Create);
    }
    hand.answer(&create, 206, json!({}));
    assert!(matches!(hand.last(), EventKind::Retrying { attempt: 1, .. }));
}

#[test]
fn notifications_only_bring_the_next_look_forward() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    assert!(hand.next(60).is_err(), "no look is due");
    for _ in 0..5 {
        assert!(hand.notice(110, "t", "show-1"));
    }
    assert_eq!(hand.launches(), 1);
    let at = hand.now;
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(hand.now, at, "looked at once");
    assert!(hand.next(60).is_err(), "once");
    assert_eq!((hand.launches(), hand.supervisor.status().state), (1, "running"));
    assert!(!hand.notice(111, "other", "other-1"), "somebody else's");
    assert!(!hand.notice(111, "other", "show-x"));
}

#[test]
fn a_notification_during_a_look_is_about_what_that_look_may_not_have_seen() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let look = hand.expect(EventCall::Query);
    let sent_at = hand.now;
    assert!(hand.notice(111, "t", "show-1"), "stopped, though the answer does not say so yet");
    hand.answer(&look, 200, task("IN_PROGRESS", "serviceInProgress"));
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert_eq!(hand.now - sent_at, 5_000, "as soon as hints may bring one");
}

#[test]
fn what_a_notification_says_has_ended_is_looked_at_until_it_must_be_known() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let told_at = hand.now;
    assert!(hand.notice(111, "t", "show-1"));
    let mut looks = Vec::new();
    while hand.now < told_at + 200_000 {
        hand.query("IN_PROGRESS", "serviceInProgress");
        looks.push((hand.now - told_at) / 1000);
    }
    assert_eq!(looks, [5, 15, 25, 35, 45, 55, 65, 75, 85, 95, 215]);
    assert_eq!((hand.launches(), hand.supervisor.status().state), (1, "running"));
}

#[test]
fn a_replay_does_not_revive_a_stopped_task() {
    let mut hand = Hand::new(json!({ "restart": "always" }));
    hand.running("old");
    hand.query("EXIT", "serviceCompleted");
    hand.running("new");
    hand.notice(110, "old", "show-1");
    hand.notice(112, "old", "show-1");
    let query = hand.expect(EventCall::Query);
    assert!(query.path.contains("/tasks/new?"));
    assert_eq!(hand.uids(), [2]);
}

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
fn presence_resolves_what_nobody_names() {
    let mut hand = Hand::new(json!({}));
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    hand.supervisor.handle(hand.wall(), Input::Stop);
    let mut looks = 0;
    while let Ok(look) = hand.next(u64::MAX) {
        assert_eq!(look.call, EventCall::Presence);
        let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [1000] });
        hand.answer(&look, 200, json!({ "success": true, "data": data }));
        looks += 1;
    }
    assert!((12..30).contains(&looks), "{looks} looks");
    assert!(!hand.events.iter().any(|kind| matches!(kind, EventKind::LeftBehind { .. })));
    assert!(
        hand.since_start() >= 180,
        "not before a task could have started, and could not be under way elsewhere"
    );
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
fn a_clock_set_back_does_not_make_waits_longer() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.now -= 3_600_000;
    let at = hand.now;
    hand.expect(EventCall::Query);
    assert!(hand.now - at <= 120_000, "{} ms", hand.now - at);
}

#[test]
fn presence_always_doubts_a_running_task_whose_uid_is_not_there() {
    let mut hand = Hand::new(json!({ "presence": "always" }));
    hand.running("t");
    let look = loop {
        let call = hand.call();
        match call.call {
            EventCall::Presence => break call,
            _ => hand.answer(&call, 200, task("IN_PROGRESS", "serviceInProgress")),
        }
    };
    let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [] });
    hand.answer(&look, 200, json!({ "success": true, "data": data }));
    let at = hand.now;
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert!(hand.now - at <= 5_000, "asked at once");
    assert_eq!(hand.last(), EventKind::Recovered);
}

#[test]
fn a_snapshot_is_taken_up_as_it_was_and_grows_in_revision() {
    let mut hand = Hand::new(json!({}));
    let mut revisions = vec![hand.supervisor.revision()];
    let mut again = |hand: &Hand| {
        let snapshot = hand.supervisor.snapshot().unwrap();
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
    let services = Services::from_json(&services(60)).unwrap();
    hand.supervisor.update(hand.wall(), services).unwrap();
    again(&hand);
    assert!(revisions[1..].is_sorted_by(|before, after| before < after), "{revisions:?}");
    let damaged = hand.supervisor.snapshot().unwrap().replace("\"t\"", "\"u\"");
    assert!(Supervisor::restore(&damaged).is_err());
}

#[test]
fn with_a_shared_quota_every_call_is_asked_for() {
    let mut hand = Hand::new(json!({}));
    hand.supervisor.share_quota(true);
    let request = loop {
        match hand.supervisor.poll(hand.wall()) {
            Output::NeedPermit(request) => break request,
            Output::NeedToken(request) => {
                assert!(hand.supervisor.awaits(request.id));
                hand.supervisor.handle(hand.wall(), Input::Token(request.id, Ok(None)));
                assert!(!hand.supervisor.awaits(request.id));
            }
            Output::Emit(_) => {}
            other => panic!("{other:?} in the place of a question"),
        }
    };
    assert!(hand.supervisor.awaits_permit(request));
    hand.supervisor.handle(hand.wall(), Input::Permit(request, Millis::ZERO));
    assert!(!hand.supervisor.awaits_permit(request));
    hand.expect(EventCall::Acquire);
}

#[test]
fn an_rtc_token_is_not_shown_where_inputs_are() {
    let mut hand = Hand::new(json!({}));
    let request = loop {
        if let Output::NeedToken(request) = hand.supervisor.poll(hand.wall()) {
            break request;
        }
    };
    let shown = format!("{:?}", Input::Token(request.id, Ok(Some("s3cret".to_owned()))));
    assert!(shown.contains("Token") && shown.contains('…') && !shown.contains("s3cret"), "{shown}");
}

/// A Create that times out while it waits for its snapshot, and turns out never to have left.
fn never_left(settings: Value, with: impl FnOnce(&mut Hand)) -> (Hand, Vec<u32>) {
    let mut hand = Hand::new(settings);
    let create = hand.create();
    assert_eq!(hand.next(10).map(|call| call.call), Err(None), "it has timed out");
    with(&mut hand);
    hand.nothing(&create, NoAnswer::NotSent);
    hand.last();
    let live = hand.uids();
    (hand, live)
}

#[test]
fn a_create_that_never_left_is_no_task() {
    let (mut hand, live) = never_left(json!({}), |hand| assert_eq!(hand.uids(), [1]));
    assert!(live.is_empty());
    let again = hand.expect(EventCall::Acquire);
    hand.answer(&again, 200, json!({ "tokenName": "again" }));
    assert_eq!(output_uid(&hand.expect(EventCall::Create)), 1, "its launch goes on");
}

#[test]
fn a_create_that_never_left_keeps_nobody_waiting_for_the_end() {
    let stop = |hand: &mut Hand| assert!(hand.supervisor.handle(hand.wall(), Input::Stop));
    let (mut hand, live) = never_left(json!({ "presence": "never" }), stop);
    assert!(live.is_empty());
    assert_eq!(hand.done(), Outcome::Stopped);
    assert_eq!(hand.since_start(), 10, "at once");
}

#[test]
fn a_create_that_may_have_started_a_task_is_kept_though_one_after_it_never_left() {
    let mut hand = Hand::new(json!({}));
    let first = hand.create();
    hand.nothing(&first, NoAnswer::TimedOut);
    let second = hand.expect(EventCall::Create);
    assert_eq!(hand.next(10).map(|call| call.call), Err(None), "it has timed out");
    hand.supervisor.handle(hand.wall(), Input::Stop);
    hand.nothing(&second, NoAnswer::NotSent);
    hand.last();
    assert_eq!(hand.uids(), [1]);
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
fn an_update_cannot_move_an_output_to_another_channel() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let mut moved = services(300);
    moved["cloudTranscoder"]["config"]["transcoder"]["outputs"][0]["rtc"]["rtcChannel"] = json!("elsewhere");
    let refused = hand.supervisor.update(hand.wall(), Services::from_json(&moved).unwrap()).unwrap_err();
    assert_eq!(refused.value, "\"elsewhere\"");
    assert_eq!(hand.expect(EventCall::Query).method, "GET", "nothing is updated");
}

#[test]
fn a_token_whose_create_was_not_carried_out_is_not_tried() {
    let mut hand = Hand::new(json!({}));
    let limited = hand.create();
    hand.answer_after(&limited, 429, json!({}), Some("300"));
    let create = hand.create();
    assert_ne!(create.path, limited.path, "its token is too old");
    hand.answer(&create, 200, json!({ "taskId": "t" }));
    let query = hand.expect(EventCall::Query);
    let at = hand.now;
    hand.answer(&query, 404, json!({}));
    let again = hand.expect(EventCall::Query);
    assert_eq!((again.path, hand.now - at), (query.path, 5_000));
}

/// A launch whose Creates, so many, timed out with tokens of their own; the task of the newest was named, and has failed.
fn left_by_its_newest_task(creates: usize) -> (Hand, Vec<Request>) {
    let mut hand = Hand::new(json!({ "presence": "never", "policy": { "noAnswerMs": [3_000, 3_000] } }));
    let mut timed_out = Vec::new();
    for _ in 1..creates {
        timed_out.push(hand.create());
        assert_eq!(hand.next(10).map(|call| call.call), Err(None), "it has timed out");
        hand.now -= 3_600_000;
    }
    let newest = hand.create();
    hand.answer(&newest, 206, json!({}));
    assert!(hand.notice(110, "t", "show-1"));
    hand.last();
    let revision = hand.supervisor.revision();
    hand.query("FAILURE_STOP", "serviceAbnormal");
    assert!(hand.supervisor.revision() > revision);
    assert_eq!(hand.uids(), [1], "another Create may have started one too");
    (hand, timed_out)
}

#[test]
fn a_late_answer_that_names_a_task_that_is_gone_ends_its_create() {
    let (mut hand, timed_out) = left_by_its_newest_task(2);
    hand.answer(&timed_out[0], 200, json!({ "taskId": "t" }));
    hand.last();
    assert_eq!(hand.uids(), [0; 0]);
}

#[test]
fn but_not_as_long_as_a_later_create_may_have_started_one() {
    let (mut hand, timed_out) = left_by_its_newest_task(3);
    hand.answer(&timed_out[0], 200, json!({ "taskId": "t" }));
    hand.last();
    assert_eq!(hand.uids(), [1]);
    hand.answer(&timed_out[1], 200, json!({ "taskId": "t" }));
    hand.last();
    assert_eq!(hand.uids(), [0; 0]);
}

#[test]
fn a_second_task_of_a_launch_is_deleted() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    assert_eq!(hand.supervisor.status().tasks[0].standing, Standing::Adopted);
    assert!(hand.notice(110, "u", "show-1"));
    let delete = hand.expect(EventCall::Delete);
    assert!(delete.path.contains("/tasks/u?"), "{}", delete.path);
    hand.answer(&delete, 200, json!({}));
    hand.last();
    assert_eq!(hand.uids(), [1]);
}

#[test]
fn a_create_that_makes_way_is_looked_for() {
    let mut hand = Hand::new(json!({ "policy": { "createTimedOutMs": [3_000] } }));
    let first = hand.create();
    hand.answer(&first, 206, json!({}));
    let last = hand.expect(EventCall::Create);
    hand.answer(&last, 206, json!({}));
    let other = hand.create();
    assert_eq!(output_uid(&other), 2);
    hand.answer(&other, 206, json!({}));
    assert_eq!(hand.supervisor.status().tasks[1].standing, Standing::Unresolved);
    assert!(hand.notice(110, "found", "show-1"));
    while hand.uids() != [1] {
        let call = hand.call();
        let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [1] });
        match call.call {
            EventCall::Presence => hand.answer(&call, 200, json!({ "success": true, "data": data })),
            EventCall::Query => hand.answer(&call, 200, task("IN_PROGRESS", "serviceInProgress")),
            other => panic!("{other:?}"),
        }
        assert!(hand.since_start() < 600, "it is still waited for");
    }
}

#[test]
fn what_cannot_be_deleted_is_not_made_again_in_the_place_of_what_nobody_names() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.running("t");
    hand.query("IN_PROGRESS", "serviceAbnormal");
    let create = hand.create();
    assert_eq!(output_uid(&create), 2);
    hand.answer(&create, 409, json!({}));
    let again = loop {
        let call = hand.call();
        match call.call {
            EventCall::Delete => hand.answer(&call, 500, json!({})),
            EventCall::Acquire => hand.answer(&call, 200, json!({ "tokenName": "again" })),
            EventCall::Create => break call,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(output_uid(&again), 2);
}

#[test]
fn when_every_create_was_refused_after_it_may_have_started_a_task_it_ends() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.refused_after_all();
    assert_eq!(hand.done(), Outcome::Failed { reason: FailReason::NoUidFree });
    assert!(hand.since_start() < 120, "{} s", hand.since_start());
}

/// A task that runs, and that two tokens may have started; and the first call to delete it.
fn deleting_with_two_tokens() -> (Hand, Request) {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let [_, second] = created_with_two_tokens(&mut hand);
    hand.answer(&second, 206, json!({}));
    assert!(hand.notice(110, "t", "show-1"));
    hand.supervisor.handle(hand.wall(), Input::Stop);
    let delete = hand.expect(EventCall::Delete);
    (hand, delete)
}

#[test]
fn a_delete_that_finds_nothing_or_is_refused_tries_the_other_token_at_once() {
    for status in [404, 400] {
        let (mut hand, delete) = deleting_with_two_tokens();
        let at = hand.now;
        hand.answer(&delete, status, json!({}));
        let again = hand.expect(EventCall::Delete);
        assert_ne!(again.path, delete.path);
        assert!(hand.now - at <= 125, "as soon as the rate limit allows, answered {status}");
        hand.answer(&again, 200, json!({}));
        assert_eq!(hand.done(), Outcome::Stopped);
    }
}

#[test]
fn a_task_that_is_not_found_with_one_of_its_tokens_is_gone_though_the_other_is_refused() {
    for found_with in [0, 1] {
        let mut hand = Hand::new(json!({ "presence": "never" }));
        let creates = created_with_two_tokens(&mut hand);
        hand.answer(&creates[1], 206, json!({}));
        assert!(hand.notice(110, "t", "show-1"));
        let token = creates[found_with].path.split('?').next_back();
        let mut queries = 0;
        let next = loop {
            let call = hand.call();
            if call.call != EventCall::Query {
                break call;
            }
            queries += 1;
            let status = if call.path.split('?').next_back() == token { 404 } else { 403 };
            hand.answer(&call, status, json!({}));
        };
        assert_eq!(
            (next.call, queries),
            (EventCall::Acquire, 8),
            "four looks with both, after 5, 10 and 15 s"
        );
    }
}

#[test]
fn a_delete_that_finds_nothing_with_one_token_is_done_though_the_other_is_refused() {
    for answers in [[404, 403], [403, 404]] {
        let (mut hand, delete) = deleting_with_two_tokens();
        hand.answer(&delete, answers[0], json!({}));
        let again = hand.expect(EventCall::Delete);
        hand.answer(&again, answers[1], json!({}));
        assert_eq!(hand.done(), Outcome::Stopped);
    }
}

#[test]
fn what_delete_said_of_a_token_says_nothing_of_the_task_once_its_end_was_accepted() {
    let (mut hand, delete) = deleting_with_two_tokens();
    hand.answer(&delete, 404, json!({}));
    let again = hand.expect(EventCall::Delete);
    hand.answer(&again, 202, json!({}));
    let query = hand.expect(EventCall::Query);
    hand.answer(&query, 403, json!({}));
    assert_ne!(hand.expect(EventCall::Query).path, query.path, "both tokens are to be tried for the query");
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
fn a_task_that_is_stopping_is_replaced_when_a_second_look_says_so_too() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let launches = hand.launches();
    hand.query("STOPPING", "serviceInProgress");
    assert!(matches!(hand.last(), EventKind::Suspect { .. }));
    let at = hand.now;
    hand.query("STOPPING", "serviceInProgress");
    hand.create();
    assert_eq!((hand.launches() - launches, (hand.now - at) / 1_000), (1, 5));
}

#[test]
fn a_task_that_nobody_names_is_on_air_once_its_uid_is_seen() {
    let mut hand = Hand::new(json!({}));
    hand.refused_after_all();
    assert_eq!(hand.supervisor.health(), Health::Down);
    let look = hand.expect(EventCall::Presence);
    let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": [2] });
    hand.answer(&look, 200, json!({ "success": true, "data": data }));
    assert_eq!(hand.last(), EventKind::Unidentified);
    assert_eq!(hand.supervisor.health(), Health::Unidentified(2));
}

#[test]
fn as_long_as_a_task_can_be_deleted_its_uid_is_waited_for() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.refused_after_all();
    assert!(hand.notice(111, "t", "show-2"));
    let is_blocked = |kind: &&EventKind| matches!(kind, EventKind::NoUidFree { .. });
    while hand.events.iter().filter(is_blocked).count() < 2 {
        let delete = hand.expect(EventCall::Delete);
        hand.answer(&delete, 500, json!({}));
    }
    let delete = hand.expect(EventCall::Delete);
    hand.answer(&delete, 200, json!({}));
    assert_eq!(output_uid(&hand.create()), 2);
}
