//! Commands of operators: stop and update.

use serde_json::json;
use steadymix::status::Call;
use steadymix::supervisor::{EventKind, Input, LaneState, OrphanedReason, Outcome, Standing, Supervisor};
use steadymix::time::WallTime;

use crate::hand::{Hand, task};

#[test]
fn stop_is_prompt_and_deletes_all_tasks() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let _unanswered = hand.expect(Call::Query);
    hand.handle(Input::Stop);
    let at = hand.now;
    let delete = hand.expect(Call::Delete);
    assert_eq!(hand.now, at, "without waiting for the Query");
    hand.answer(&delete, 404, json!({}));
    assert_eq!(hand.done(), Outcome::Stopped, "a task that is already gone counts as deleted");
}

#[test]
fn a_task_that_cannot_be_deleted_is_reported_as_orphaned() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.handle(Input::Stop);
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
    assert!(hand.events.contains(&EventKind::Orphaned { reason: OrphanedReason::DeleteFailed }));
}

/// A running task, and an earlier one that could not be deleted.
fn one_orphaned() -> Hand {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.running("old");
    hand.query("IN_PROGRESS", "serviceAbnormal");
    let create = hand.create();
    hand.answer(&create, 200, json!({ "taskId": "new" }));
    hand.query("IN_PROGRESS", "serviceInProgress");
    while !hand.events.contains(&EventKind::Orphaned { reason: OrphanedReason::DeleteFailed }) {
        let call = hand.call();
        match call.call {
            Call::Delete => hand.answer(&call, 500, json!({})),
            _ => hand.answer(&call, 200, task("IN_PROGRESS", "serviceInProgress")),
        }
        hand.last();
    }
    hand
}

#[test]
fn an_orphaned_task_gets_one_more_delete_at_the_end() {
    let mut hand = one_orphaned();
    let failed = hand.now;
    hand.handle(Input::Stop);
    let mut deleted = Vec::new();
    while let Ok(delete) = hand.next(u64::MAX) {
        let is_old = delete.path.contains("/tasks/old?");
        hand.answer(&delete, if is_old { 500 } else { 200 }, json!({}));
        deleted.push((is_old, hand.now - failed));
    }
    assert_eq!(deleted, [(false, 0), (true, 5_000)], "and not right after the one that failed");
}

#[test]
fn the_last_delete_is_sent_although_the_limit_is_reached() {
    let mut hand = one_orphaned();
    hand.handle(Input::Stop);
    let mut of_old = Vec::new();
    while let Ok(delete) = hand.next(u64::MAX) {
        if delete.path.contains("/tasks/new?") || !of_old.is_empty() {
            hand.answer(&delete, 200, json!({}));
        } else {
            hand.answer_after(&delete, 429, json!({}), Some("2"));
        }
        if delete.path.contains("/tasks/old?") {
            of_old.push(hand.now);
        }
    }
    assert!(matches!(of_old[..], [first, second] if second >= first + 2_000), "{of_old:?}");
}

#[test]
fn an_unresolved_create_is_reported_at_the_end() {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    let create = hand.create();
    hand.answer(&create, 206, json!({}));
    hand.handle(Input::Stop);
    assert_eq!(hand.done(), Outcome::Stopped);
    assert!(hand.events.contains(&EventKind::Orphaned { reason: OrphanedReason::TaskIdUnknown }));
}

#[test]
fn a_lane_is_stopping_until_all_tasks_are_deleted() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.handle(Input::Stop);
    let delete = hand.expect(Call::Delete);
    assert_eq!(hand.supervisor.status().state, LaneState::Stopping);
    hand.answer(&delete, 200, json!({}));
    assert_eq!(hand.done(), Outcome::Stopped);
    assert_eq!(hand.supervisor.status().state, LaneState::Stopped);
}

#[test]
fn a_delete_whose_answer_says_running_is_confirmed_by_query() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.handle(Input::Stop);
    for _ in 0..2 {
        let delete = hand.expect(Call::Delete);
        hand.answer(&delete, 200, task("IN_PROGRESS", "serviceInProgress"));
        hand.query("IN_PROGRESS", "serviceInProgress");
    }
    let delete = hand.expect(Call::Delete);
    hand.answer(&delete, 200, task("IN_PROGRESS", "serviceInProgress"));
    hand.query("STOPPED", "serviceCompleted");
    assert_eq!(hand.done(), Outcome::Stopped);
}

#[test]
fn a_persistently_refused_delete_is_reported_once() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.handle(Input::Stop);
    while let Ok(delete) = hand.next(u64::MAX) {
        hand.answer(&delete, 400, json!({}));
    }
    let is_rejection = |kind: &&EventKind| matches!(kind, EventKind::CallRejected { call: Call::Delete, .. });
    assert_eq!(hand.events.iter().filter(is_rejection).count(), 1);
}

#[test]
fn a_task_that_outlives_an_accepted_delete_is_deleted_again() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.handle(Input::Stop);
    let delete = hand.expect(Call::Delete);
    hand.answer(&delete, 202, json!({}));
    hand.query("IN_PROGRESS", "serviceInProgress");
    assert!(matches!(hand.last(), EventKind::Retrying { call: Call::Delete, .. }));
    hand.expect(Call::Delete);
}

#[test]
fn the_time_of_the_last_confirmation_follows_the_clock_as_set() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.now -= 3_600_000;
    hand.query("IN_PROGRESS", "serviceInProgress");
    let at = hand.now;
    hand.now += 1_000;
    hand.last();
    assert_eq!(hand.supervisor.status().last_confirmed_at, Some(WallTime::from_millis(at)));
}

#[test]
fn live_tasks_are_deleted_however_late_it_is() {
    // The process was down for longer than stopping may take.
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.handle(Input::Stop);
    hand.supervisor = Supervisor::restore(&hand.supervisor.snapshot()).unwrap();
    hand.now += 301_000;
    for status in [500, 429] {
        let delete = hand.expect(Call::Delete);
        hand.answer(&delete, status, json!({}));
    }
    assert_eq!(hand.done(), Outcome::Stopped);
    assert!(hand.events.contains(&EventKind::Orphaned { reason: OrphanedReason::DeleteFailed }));

    let mut hand = Hand::new(json!({}));
    hand.running("t");
    hand.handle(Input::Stop);
    hand.now += 301_000;
    let delete = hand.expect(Call::Delete);
    hand.answer(&delete, 202, json!({}));
    let query = hand.expect(Call::Query);
    hand.answer(&query, 200, task("FAILURE_STOP", "serviceAbnormal"));
    assert_eq!(hand.done(), Outcome::Stopped, "its end was accepted, and came");
    assert!(!hand.events.iter().any(|kind| matches!(kind, EventKind::Orphaned { .. })));

    // The task is named long after the end.
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.refused_after_all();
    hand.done();
    hand.now += 400_000;
    assert!(hand.notification(110, "t", "show-1"));
    let delete = hand.expect(Call::Delete);
    hand.answer(&delete, 200, json!({}));
    assert_eq!(hand.last(), EventKind::Removed);

    let mut hand = Hand::new(json!({ "policy": { "stopTimeoutMs": 0 } }));
    hand.running("t");
    hand.handle(Input::Stop);
    hand.expect(Call::Delete);
}

#[test]
fn a_task_named_after_it_was_given_up_is_deleted_after_the_retry_delay() {
    let mut hand = Hand::new(json!({ "policy": { "stopTimeoutMs": 0 } }));
    hand.running("t");
    hand.handle(Input::Stop);
    for _ in 0..2 {
        let delete = hand.expect(Call::Delete);
        hand.answer_after(&delete, 429, json!({}), Some("30"));
    }
    assert_eq!(hand.done(), Outcome::Stopped);
    let given_up = hand.now;
    hand.now += 1_000;
    hand.supervisor = Supervisor::restore(&hand.supervisor.snapshot()).unwrap();
    assert!(hand.notification(110, "t", "show-1"));
    hand.expect(Call::Delete);
    assert_eq!(hand.now - given_up, 30_000);
}

/// A running task, and an earlier one whose Deletes are accepted and whose Queries get this answer.
fn accepted_and_then(status: u16) -> Hand {
    let mut hand = Hand::new(json!({ "presence": "never" }));
    hand.running("old");
    hand.query("IN_PROGRESS", "serviceAbnormal");
    let create = hand.create();
    hand.answer(&create, 200, json!({ "taskId": "new" }));
    while hand.since_start() < 600 {
        let call = hand.call();
        match call.call {
            Call::Delete => hand.answer(&call, 202, json!({})),
            _ if call.path.contains("/tasks/old?") && hand.launches() == 2 => {
                hand.answer(&call, status, task("IN_PROGRESS", "serviceInProgress"));
            }
            _ => hand.answer(&call, 200, task("IN_PROGRESS", "serviceInProgress")),
        }
        hand.last();
    }
    hand
}

#[test]
fn a_task_that_never_ends_after_an_accepted_delete_is_reported_as_orphaned() {
    for status in [200, 403] {
        let hand = accepted_and_then(status);
        let orphaned = EventKind::Orphaned { reason: OrphanedReason::DeleteFailed };
        let reports = hand.events.iter().filter(|kind| **kind == orphaned).count();
        assert_eq!(reports, 1, "Query answered {status}");
        let tasks = hand.supervisor.status().tasks;
        assert_eq!(tasks.first().map(|task| task.standing), Some(Standing::Orphaned));
    }
}

#[test]
fn time_before_the_clock_was_set_back_counts() {
    let mut hand = Hand::new(json!({}));
    hand.running("t");
    let due = hand.now + 120_000;
    // 100 of the 120 s have passed when the clock is set back by an hour.
    hand.supervisor.elapse(WallTime::from_millis(hand.now + 100_000));
    hand.now = due - 20_000 - 3_600_000;
    let set_back_at = hand.now;
    hand.expect(Call::Query);
    assert_eq!(hand.now - set_back_at, 20_000);
}

#[test]
fn a_supervisor_restored_after_its_end_emits_already_ended() {
    let mut hand = Hand::new(json!({}));
    hand.handle(Input::Stop);
    assert_eq!(hand.done(), Outcome::Stopped);
    let snapshot = hand.supervisor.snapshot();
    hand.supervisor = Supervisor::restore(&snapshot).unwrap();
    hand.supervisor.note_restored(hand.wall());
    assert_eq!(hand.last(), EventKind::AlreadyEnded { outcome: Outcome::Stopped });
    assert_eq!(hand.done(), Outcome::Stopped);

    let mut running = Hand::new(json!({}));
    running.running("t");
    running.supervisor.note_restored(running.wall());
    assert!(matches!(running.last(), EventKind::Confirmed { .. }), "nothing is emitted about a running one");
}
