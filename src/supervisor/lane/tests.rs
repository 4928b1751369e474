use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::supervisor::in_flight::{InFlight, Purpose};
use crate::supervisor::presence::{PresenceOutcome, PresenceResult};
use crate::supervisor::request::RequestId;
use crate::supervisor::tokens::TokenLedger;
use crate::supervisor::{Answer, SupervisorConfig};
use crate::time::Clock;
use crate::time::short::{at, wall};

const NOW: Now = Now { wall: wall(0), mono: at(0) };

fn lane() -> Lane {
    let settings = json!({
        "appId": "app", "instanceId": "show", "uids": [1, 2],
        "services": { "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
            "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 0, "rtcToken": "of-the-inputs" } }],
            "outputs": [{ "rtc": { "rtcChannel": "show", "rtcToken": "of-the-output" } }],
        } } } },
    });
    Lane::new(3, SupervisorConfig::from_json(&settings.to_string()).unwrap().lane, at(0))
}

fn launch(generation: u32) -> Launch {
    let mut launch = Launch::new(generation, 1, format!("show-{generation}"), at(0));
    launch.task_id_learned(format!("task {generation}"), at(0), at(0));
    launch.tokens = TokenLedger::of_task(vec![format!("builder {generation}")]);
    launch
}

#[test]
fn an_impossible_lane_is_not_restored() {
    assert_eq!(lane().check(3), Ok(()));
    assert_eq!(lane().check(0).unwrap_err(), Invalid::new("lane.number", 3, "0"));
    let counted = Lane { revision: u64::MAX, ..lane() };
    assert_eq!(counted.check(3).unwrap_err().field, "lane.revision");
    let mut headless = lane();
    headless.stage.launch(1);
    assert_eq!(headless.check(3).unwrap_err().field, "lane.stage.generation");
    for generations in [[1, 1], [1, 3]] {
        let mut misnumbered = lane();
        misnumbered.launches.generation = 2;
        generations.into_iter().for_each(|generation| misnumbered.launches.add(launch(generation)));
        assert_eq!(misnumbered.check(3).unwrap_err().field, "lane.launches.list.generation");
    }
    let mut impatient = lane();
    Arc::make_mut(&mut impatient.config.policy).jitter_percent = 101;
    assert_eq!(impatient.check(3).unwrap_err().field, "jitterPercent");
}

#[test]
fn the_last_32_launches_are_remembered() {
    let mut lane = lane();
    for generation in 1..=32 {
        lane.launches.add(launch(generation));
        lane.forget(0, None);
    }
    assert_eq!((lane.launches.retired.len(), lane.launches.retired[0].generation), (32, 1));
    lane.launches.add(launch(33));
    lane.forget(0, None);
    assert_eq!((lane.launches.retired.len(), lane.launches.retired[0].generation), (32, 2));
}

#[test]
fn every_token_that_was_sent_is_a_secret() {
    let mut lane = lane();
    lane.launches.add(launch(1));
    lane.forget(0, None);
    lane.launches.add(launch(2));
    lane.keep_secret(DriverSecrets::new(["of-the-customer".to_owned()]));
    assert_eq!(
        lane.secrets().all(None),
        ["of-the-inputs", "of-the-output", "builder 2", "builder 1", "of-the-customer"]
    );
    lane.config.app_id = "of-the-output".to_owned();
    assert!(!lane.secrets().all(None).contains(&"of-the-output".to_owned()), "the App ID is no secret");
}

#[test]
fn a_reappeared_uid_is_persisted() {
    let mut lane = lane();
    lane.launches.add(launch(1));
    lane.forget(0, None);
    let revision = lane.revision();
    let outcome = PresenceOutcome::Broadcasters(vec![1]);
    lane.apply_presence(NOW, &PresenceResult { sent_at: at(0), outcome });
    assert!(lane.revision() > revision);
    assert_eq!(lane.status(&Clock::default()).tasks[0].instance_id, "show-1");
}

#[test]
fn presence_checks_of_other_lanes_do_not_revive_a_lane_that_is_over() {
    let mut lane = lane();
    lane.stage = Stage::Ending { outcome: Outcome::Stopped, since: at(0), is_announced: true };
    let mut launch = Launch::new(1, 1, "show-1".to_owned(), at(0));
    launch.tokens = TokenLedger::reopened(Vec::new(), false, at(0));
    lane.launches.add(launch);
    lane.forget(0, None);
    lane.apply_presence(
        NOW,
        &PresenceResult { sent_at: at(0), outcome: PresenceOutcome::Broadcasters(vec![1]) },
    );
    assert_eq!((lane.live_uid(), lane.next_event()), (None, None));
}

#[test]
fn the_count_of_unusable_presence_answers_saturates() {
    let mut lane = lane();
    lane.presence.unusable_answers = u32::MAX;
    let check = InFlight {
        id: RequestId::new(3, 0),
        purpose: Purpose::Presence,
        domain: String::new(),
        sent_at: at(0),
        deadline: at(0),
    };
    let id = check.id;
    lane.requests.in_flight = Some(check);
    let forbidden = Answer::Http {
        status: 403,
        retry_after: None,
        date: None,
        request_id: None,
        resource_id: None,
        body: String::new(),
    };
    assert!(lane.answer(NOW, id, &forbidden, &|_| false).is_some());
}

#[test]
fn a_presence_check_sent_before_the_confirmation_raises_no_suspicion() {
    let doubts = |sent_at| {
        let mut lane = lane();
        let mut launch = launch(1);
        launch.confirm(at(5_000));
        lane.launches.add(launch);
        lane.stage.launch(1);
        let outcome = PresenceOutcome::Broadcasters(Vec::new());
        lane.apply_presence(NOW, &PresenceResult { sent_at: at(sent_at), outcome });
        lane.running_uid().is_none() && lane.live_uid() == Some(1)
    };
    assert!(!doubts(4_999));
    assert!(doubts(5_000));
}

#[test]
fn an_orphaned_task_is_known_but_not_considered_gone() {
    let mut lane = lane();
    let mut launch = launch(1);
    launch.confirm(at(5_000));
    let task = launch.task_id().unwrap().to_owned();
    lane.launches.add(launch);
    lane.forget(0, None);
    assert!(lane.has_started(&task) && !lane.has_started("another"));
    assert_eq!(lane.launches.create_of(&task), None, "it may still run");
}
