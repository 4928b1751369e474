#![allow(clippy::wildcard_enum_match_arm, reason = "a test matches only the cases it needs")]

use serde_json::{Value, json};

use super::*;
use crate::quota::LimitedCall;
use crate::status::Call;
use crate::supervisor::{Answer, Event, EventKind, NoAnswer, Request, Via};
use crate::time::short::{ms, secs};

const NOW: WallTime = WallTime::from_millis(1_767_225_600_000);

fn services(idle_timeout: u64, channel: &str) -> Value {
    json!({ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
        "idleTimeout": idle_timeout,
        "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 0 } }],
        "outputs": [{ "rtc": { "rtcChannel": channel } }],
    } } } })
}

fn config(lanes: Value) -> Result<GroupConfig, Invalid> {
    let mut config = json!({ "appId": "app", "instanceId": "show", "services": services(300, "show") });
    // A quota under which Creates do not wait for each other.
    config["quota"] = json!({ "pcw": 100 });
    config["lanes"] = lanes;
    GroupConfig::from_json(&config.to_string())
}

/// This many lanes, each with two uids of its own.
fn lanes(number: u32) -> Value {
    (0..number).map(|i| json!({ "name": format!("lane {i}"), "uids": [2 * i + 1, 2 * i + 2] })).collect()
}

fn group(number: u32) -> RedundancyGroup {
    RedundancyGroup::new(config(lanes(number)).unwrap(), NOW)
}

#[test]
fn a_group_has_1_to_99_lanes() {
    for number in [0, 100] {
        let refused = Invalid::new("options.lanes", format!("{number} lanes"), "an array of 1 to 99 lanes");
        assert_eq!(config(lanes(number)).unwrap_err(), refused);
    }
    for number in [1, 99] {
        assert_eq!(config(lanes(number)).unwrap().lanes.len(), number as usize);
    }
}

#[test]
fn each_lane_has_a_name_of_its_own() {
    let named = |first: &str, second: &str| {
        config(json!([{ "name": first, "uids": [1, 2] }, { "name": second, "uids": [3, 4] }]))
    };
    let longest = "ü".repeat(32);
    assert!(named("a", &longest).is_ok());
    for bad in ["", "a", &"ü".repeat(33)] {
        let refused = named("a", bad).unwrap_err();
        assert_eq!((refused.field.as_str(), refused.value), ("options.lanes[1].name", format!("{bad:?}")));
        assert_eq!(refused.allowed, "1 to 32 characters, different from every other lane's name");
    }
}

#[test]
fn lanes_of_one_channel_share_no_uid() {
    let with_uids = |uids: Value, channel: &str| {
        config(json!([
            { "name": "primary", "uids": [1, 2] },
            { "name": "backup", "uids": uids, "services": services(300, channel) },
        ]))
    };
    assert!(with_uids(json!([3, 4]), "show").is_ok());
    assert!(with_uids(json!([2, 1]), "another show").is_ok());
    let refused = with_uids(json!([3, 2]), "show").unwrap_err();
    assert_eq!((refused.field.as_str(), refused.value.as_str()), ("options.lanes[1].uids", "2"));
    let refused = with_uids(json!([3, 3]), "show").unwrap_err();
    assert_eq!((refused.field.as_str(), refused.value.as_str()), ("options.lanes[1].uids", "[3, 3]"));
}

#[test]
fn errors_in_a_lanes_own_payload_name_the_lane() {
    let field = |of_backup: Value| {
        let lanes = json!([{ "name": "primary", "uids": [1, 2] }, of_backup]);
        config(lanes).unwrap_err().field
    };
    let backup = |services: Value| json!({ "name": "backup", "uids": [3, 4], "services": services });
    let transcoder = "options.lanes[1].services.cloudTranscoder.config.transcoder";
    assert_eq!(field(backup(services(0, "show"))), format!("{transcoder}.idleTimeout"));
    let mut none = services(300, "show");
    none["cloudTranscoder"]["config"]["transcoder"]["outputs"] = json!([]);
    assert_eq!(field(backup(none)), format!("{transcoder}.outputs"));
    assert_eq!(field(backup(json!(1))), "options.lanes[1].services");
    // An error in the shared payload is named as before.
    let shared =
        json!({ "appId": "app", "instanceId": "show", "services": services(0, "show"), "lanes": lanes(2) });
    let refused = GroupConfig::from_json(&shared.to_string()).unwrap_err();
    assert_eq!(refused.field, "services.cloudTranscoder.config.transcoder.idleTimeout");
}

/// Two lanes in two channels, under the same uids.
fn in_two_channels() -> RedundancyGroup {
    let lanes = json!([
        { "name": "primary", "uids": [1, 2] },
        { "name": "backup", "uids": [1, 2], "services": services(300, "another show") },
    ]);
    RedundancyGroup::new(config(lanes).unwrap(), NOW)
}

#[test]
fn lanes_in_different_channels_keep_their_own_output() {
    for channel in ["show", "another show"] {
        let mut group = in_two_channels();
        let given = Services::from_json(&services(600, channel).to_string()).unwrap();
        let updates = group.update(NOW, &given).unwrap();
        assert_eq!(
            updates.iter().map(|update| update.lane.as_str()).collect::<Vec<_>>(),
            ["primary", "backup"]
        );
        let of_lane = |lane: &Lane| {
            let services = lane.services();
            (services.idle_timeout(), services.rtc_outputs().next().unwrap().rtc_channel.clone())
        };
        let ten_minutes = secs(600);
        assert_eq!(
            group.0.lanes().iter().map(of_lane).collect::<Vec<_>>(),
            [(ten_minutes, "show".to_owned()), (ten_minutes, "another show".to_owned())]
        );
    }
    let mut group = in_two_channels();
    let refused = group
        .update(NOW, &Services::from_json(&services(600, "elsewhere").to_string()).unwrap())
        .unwrap_err();
    assert!(refused.field.ends_with("outputs[0].rtc.rtcChannel"), "{refused}");
}

#[test]
fn each_lane_can_have_a_payload_of_its_own() {
    let mut group = in_two_channels();
    let of = |idle: u64, channel: &str| Services::from_json(&services(idle, channel).to_string()).unwrap();
    let updates = group.update_lanes(NOW, &[("backup".to_owned(), of(600, "another show"))]).unwrap();
    let vias: Vec<_> = updates.iter().map(|update| update.via).collect();
    assert_eq!(vias, [Via::Nothing, Via::Launch]);
    let before = group.snapshot();
    let refused = group.update_lanes(NOW, &[("third".to_owned(), of(600, "show"))]).unwrap_err();
    assert_eq!(
        refused,
        Invalid::new("update.lanes[0].name", "\"third\"", "one of \"primary\", \"backup\", each once")
    );
    let twice = [600, 700].map(|idle| ("backup".to_owned(), of(idle, "another show")));
    assert_eq!(group.update_lanes(NOW, &twice).unwrap_err().field, "update.lanes[1].name");
    let both = [("primary".to_owned(), of(700, "show")), ("backup".to_owned(), of(700, "show"))];
    assert!(group.update_lanes(NOW, &both).is_err(), "not into another lane's channel");
    assert_eq!(group.snapshot(), before, "for all or for none");
}

#[test]
fn rollouts_go_lane_by_lane_and_the_one_on_air_last() {
    let mut group = group(3);
    let mut now = NOW;
    let mut events: Vec<Event> = Vec::new();
    let mut updated = false;
    while now < NOW + secs(120) {
        match group.poll(now) {
            Output::Send(request) => answer(&mut group, now, &request),
            Output::NeedToken(request) => assert!(group.handle(now, Input::Token(request.id, Ok(None)))),
            Output::Emit(event) => events.push(event),
            Output::Wait { until, .. } => now = until.min(now + secs(1)),
            other => panic!("{other:?}"),
        }
        if !updated && now > NOW + secs(20) {
            updated = true;
            events.clear();
            let updates =
                group.update(now, &Services::from_json(&services(600, "show").to_string()).unwrap()).unwrap();
            assert!(updates.iter().all(|update| update.via == Via::Relaunch), "{updates:?}");
        }
    }
    let lines: Vec<String> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Launching { .. } => Some(format!("{} launching", event.lane)),
            EventKind::Confirmed { .. } => Some(format!("{} confirmed", event.lane)),
            EventKind::OnAir { from_uid, to_uid, .. } => Some(format!("on air {from_uid:?} {to_uid:?}")),
            EventKind::Removed => Some(format!("{} removed", event.lane)),
            _ => None,
        })
        .collect();
    let without_removals: Vec<&String> = lines.iter().filter(|line| !line.ends_with("removed")).collect();
    assert_eq!(
        without_removals,
        [
            "lane 1 launching",
            "lane 1 confirmed",
            "lane 2 launching",
            "lane 2 confirmed",
            "lane 0 launching",
            "lane 0 confirmed",
            "on air Some(1) Some(2)",
        ]
    );
    assert_eq!(lines.len() - without_removals.len(), 3, "{lines:?}");
}

#[test]
fn warnings_cover_every_lane() {
    let warned = config(json!([
        { "name": "primary", "uids": [1, 2] },
        { "name": "backup", "uids": [3, 4], "services": services(30, "show") },
    ]));
    let warned = warned.unwrap();
    let others =
        |warnings: Vec<TaskWarning>| warnings.into_iter().filter(|warning| !warning.is_about_token());
    let fields: Vec<_> = others(warned.warnings()).map(|warning| warning.field).collect();
    assert_eq!(fields, ["services.cloudTranscoder.config.transcoder.idleTimeout"]);

    let mut group = RedundancyGroup::new(warned, NOW);
    let restored = RedundancyGroup::restore(&group.snapshot()).unwrap();
    assert_eq!((others(group.warnings()).count(), others(restored.warnings()).count()), (1, 1));
    let meant = Services::from_json(&services(300, "show").to_string()).unwrap();
    group.update(NOW, &meant).unwrap();
    assert_eq!(others(group.warnings()).count(), 0);
}

/// Answers the group's calls; the primary's task runs this many Queries later than the backup's.
fn on_air_of_a_start(settings: Value, primary_queries: usize) -> Vec<(u64, Option<u32>)> {
    let mut config = json!({ "appId": "app", "instanceId": "show", "services": services(300, "show") });
    config["quota"] = json!({ "pcw": 100 });
    config["lanes"] = lanes(2);
    for (name, value) in settings.as_object().unwrap() {
        config[name] = value.clone();
    }
    let mut group = RedundancyGroup::new(GroupConfig::from_json(&config.to_string()).unwrap(), NOW);
    let (mut now, mut queries, mut on_air) = (NOW, 0, Vec::new());
    while now < NOW + secs(60) {
        match group.poll(now) {
            Output::Send(request) => {
                let lane = request.id.lane();
                let body = match request.call {
                    Call::Acquire => json!({ "tokenName": format!("t{lane}") }),
                    Call::Create => json!({ "taskId": format!("task{lane}"), "status": "STARTED" }),
                    _ if lane == 0 && queries < primary_queries => {
                        queries += 1;
                        json!({ "status": "STARTING" })
                    }
                    _ => json!({ "status": "IN_PROGRESS" }),
                };
                let answer = http(200, &body.to_string());
                group.handle(now, Input::Answer(request.id, answer));
            }
            Output::NeedToken(request) => assert!(group.handle(now, Input::Token(request.id, Ok(None)))),
            Output::Emit(Event { kind: EventKind::OnAir { to_uid, .. }, at, .. }) => {
                on_air.push((at.duration_since(NOW).as_millis() / 1_000, to_uid));
            }
            Output::Emit(_) => {}
            Output::Wait { until, .. } => now = until,
            other => panic!("{other:?}"),
        }
    }
    on_air
}

#[test]
fn at_the_start_a_backup_waits_a_moment_for_the_primary() {
    assert_eq!(on_air_of_a_start(json!({}), 0), [(5, Some(1))]);
    assert_eq!(on_air_of_a_start(json!({}), 1), [(10, Some(1))], "and never begins with the backup");
    assert_eq!(on_air_of_a_start(json!({ "startGraceMs": 0 }), 1), [(5, Some(3))]);
    assert_eq!(on_air_of_a_start(json!({ "startGraceMs": 2_000 }), 1), [(7, Some(3))], "for no longer");
    assert_eq!(on_air_of_a_start(json!({ "startGraceMs": 60_000 }), 2), [(15, Some(1))]);
    let refused = GroupConfig::from_json(
        &json!({
            "appId": "app", "instanceId": "show", "services": services(300, "show"), "lanes": lanes(2),
            "startGraceMs": 60_001,
        })
        .to_string(),
    );
    assert_eq!(
        refused.unwrap_err(),
        Invalid::new("options.startGraceMs", "60001 ms", "0, or from 500 to 60000 ms")
    );
}

#[test]
fn a_backup_does_not_wait_for_a_primary_that_cannot_run() {
    let mut group = group(2);
    let mut now = NOW;
    let mut on_air = None;
    while on_air.is_none() {
        match group.poll(now) {
            Output::Send(request) if request.id.lane() == 0 => {
                let refused = http(400, "");
                group.handle(now, Input::Answer(request.id, refused));
            }
            Output::Send(request) => answer(&mut group, now, &request),
            Output::NeedToken(request) => assert!(group.handle(now, Input::Token(request.id, Ok(None)))),
            Output::Emit(Event { kind: EventKind::OnAir { to_uid, .. }, .. }) => on_air = to_uid,
            Output::Emit(_) => {}
            Output::Wait { until, .. } => now = until,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(on_air, Some(3));
    assert!(now.duration_since(NOW) < secs(6), "{now:?}");
}

/// Polls until there is a call, and answers requests for tokens before it.
fn next_call(group: &mut RedundancyGroup, now: &mut WallTime) -> Request {
    loop {
        match group.poll(*now) {
            Output::Send(request) => return request,
            Output::NeedToken(request) => assert!(group.handle(*now, Input::Token(request.id, Ok(None)))),
            Output::Emit(_) => {}
            Output::Wait { until, .. } => *now = until,
            other => panic!("{other:?} instead of a call"),
        }
    }
}

fn http(status: u16, body: &str) -> Answer {
    let body = body.to_owned();
    Answer::Http { status, retry_after: None, date: None, request_id: None, resource_id: None, body }
}

fn answer(group: &mut RedundancyGroup, now: WallTime, request: &Request) {
    let body = match request.call {
        Call::Acquire => json!({ "tokenName": format!("token {:?}", request.id) }),
        Call::Create => json!({ "taskId": format!("task {:?}", request.id) }),
        Call::Delete => json!({ "status": "STOPPED" }),
        _ => json!({ "status": "IN_PROGRESS" }),
    };
    let answer = http(200, &body.to_string());
    assert!(group.handle(now, Input::Answer(request.id, answer)));
}

#[test]
fn lanes_in_different_channels_check_presence_separately_and_the_first_to_run_is_on_air() {
    let config = json!({
        "appId": "app", "instanceId": "show", "presence": "always", "services": services(300, "show"),
        "lanes": [
            { "name": "primary", "uids": [1, 2] },
            { "name": "backup", "uids": [1, 2], "services": services(300, "another show") },
        ],
    });
    let mut group = RedundancyGroup::new(GroupConfig::from_json(&config.to_string()).unwrap(), NOW);
    let mut now = NOW;
    let mut looked = Vec::new();
    while looked.len() < 2 {
        let request = next_call(&mut group, &mut now);
        if request.call == Call::Presence {
            looked.push((request.id.lane(), now));
        } else {
            answer(&mut group, now, &request);
        }
    }
    let [(first, at), (second, later)] = looked.try_into().unwrap();
    assert_ne!(first, second);
    assert!(later.duration_since(at) < secs(5), "the second waits for no answer to the first");
    let on_air = OnAir { lane: "primary".to_owned(), channel: "show".to_owned(), uid: 1 };
    assert_eq!(group.on_air(), Some(on_air));
}

#[test]
fn an_update_applies_to_all_lanes_or_none() {
    let mut group = group(2);
    let before = group.snapshot();
    let mut fits_the_first = services(60, "show");
    fits_the_first["cloudTranscoder"]["config"]["transcoder"]["audioInputs"][0]["rtc"]["rtcUid"] = json!(3);
    assert!(group.update(NOW, &Services::from_json(&fits_the_first.to_string()).unwrap()).is_err());
    assert_eq!(group.snapshot(), before);
}

#[test]
fn a_snapshot_of_another_kind_is_refused() {
    let text = group(1).snapshot();
    assert!(RedundancyGroup::restore(&text).is_ok());
    let refused = crate::supervisor::Supervisor::restore(&text).err();
    assert_eq!(refused, Some(SnapshotError::Kind { expected: "supervisor", found: "group".to_owned() }));
    let newer = text.replacen("snapshot-1", "snapshot-9", 1);
    assert!(matches!(RedundancyGroup::restore(&newer).err(), Some(SnapshotError::Version(_))));
    let cut = &text[..text.len() - 1];
    assert!(matches!(RedundancyGroup::restore(cut).err(), Some(SnapshotError::Damaged(_))));
}

#[test]
fn a_permit_is_awaited_from_request_to_answer() {
    let mut group = group(1);
    group.share_quota(true);
    let mut asked = None;
    for _ in 0..10 {
        match group.poll(NOW) {
            Output::NeedPermit(request) => asked = Some(request),
            Output::NeedToken(request) => {
                assert!(group.awaits(request.id));
                assert!(group.handle(NOW, Input::Token(request.id, Ok(None))));
                assert!(!group.awaits(request.id));
            }
            Output::Emit(_) => {}
            Output::Wait { .. } | Output::Send(_) | Output::Done(_) => break,
        }
    }
    let request = asked.unwrap();
    assert_eq!(request, PermitRequest { lane: 0, call: LimitedCall::AcquireAndCreate });
    assert!(group.awaits_permit(request));
    assert!(!group.awaits_permit(PermitRequest { call: LimitedCall::Query, ..request }));
    group.handle(NOW, Input::Permit(request, Duration::ZERO));
    assert!(!group.awaits_permit(request));
    assert!(matches!(group.poll(NOW), Output::Send(_)));
}

#[test]
fn a_lane_does_not_wait_for_another_ones_withdrawn_request() {
    let config = json!({
        "appId": "app", "instanceId": "show", "services": services(300, "show"), "presence": "never",
        "lanes": lanes(2), "quota": { "callsPerSecond": 1, "burst": 2, "pcw": 1_000_000 },
        "policy": { "confirmDelaysMs": [4_000], "createTimedOutDelaysMs": [1_000], "jitterPercent": 0 },
    });
    let mut group = RedundancyGroup::new(GroupConfig::from_json(&config.to_string()).unwrap(), NOW);
    let mut now = NOW;
    // The second lane gives up its first create, and waits for permits of another; the first lane's Query waits
    // behind it.
    let both_wait = |group: &RedundancyGroup| {
        (0..2).all(|lane| group.0.permits().held_by(lane).is_some_and(|held| held.claim.is_some()))
    };
    while !(both_wait(&group) && group.status().lanes[1].generation == 2) {
        match group.poll(now) {
            Output::Send(request) if request.id.lane() == 1 && request.call == Call::Create => {
                let answer = http(206, "");
                assert!(group.handle(now, Input::Answer(request.id, answer)));
            }
            Output::Send(request) => answer(&mut group, now, &request),
            Output::NeedToken(request) => assert!(group.handle(now, Input::Token(request.id, Ok(None)))),
            Output::Wait { .. } => now += ms(100),
            Output::Emit(_) => {}
            other => panic!("{other:?}"),
        }
    }
    let body = json!({ "noticeId": "n", "productId": 1, "eventType": 110, "notifyMs": 1, "payload": {
        "taskId": "found", "instanceId": "show-1-1", "sequence": 1, "sendts": 1, "details": {} } });
    let notification = crate::notification::parse(body.to_string().as_bytes()).unwrap();
    assert!(group.handle(now, Input::Notification(notification)));
    let next = loop {
        match group.poll(now) {
            Output::Emit(_) => {}
            other => break other,
        }
    };
    assert!(matches!(&next, Output::Send(request) if request.id.lane() == 0), "{next:?}");
}

/// Two lanes of one channel, each with an unresolved create. Answers presence checks with this. Returns the times of
/// the checks, in s.
fn presence_check_times(
    group: &mut RedundancyGroup,
    until: WallTime,
    status: u16,
    retry_after: Option<&str>,
) -> Vec<u64> {
    let mut now = NOW;
    let mut checks = Vec::new();
    while now < until {
        match group.poll(now) {
            Output::Send(request) if request.call == Call::Acquire => answer(group, now, &request),
            Output::Send(request) => {
                let is_look = request.call == Call::Presence;
                if is_look {
                    checks.push(now.duration_since(NOW).as_millis() / 1000);
                }
                let answer = Answer::Http {
                    status: if is_look { status } else { 206 },
                    retry_after: retry_after.filter(|_| is_look).map(str::to_owned),
                    date: None,
                    request_id: None,
                    resource_id: None,
                    body: String::new(),
                };
                assert!(group.handle(now, Input::Answer(request.id, answer)));
            }
            Output::NeedToken(request) => assert!(group.handle(now, Input::Token(request.id, Ok(None)))),
            Output::Wait { until, .. } => now = until,
            Output::Emit(_) => {}
            other => panic!("{other:?}"),
        }
    }
    checks
}

#[test]
fn a_retry_after_of_presence_applies_to_every_lane() {
    let mut group = group(2);
    let checks = presence_check_times(&mut group, NOW + secs(300), 429, Some("45"));
    assert!(checks.len() > 2 && checks.windows(2).all(|pair| pair[1] >= pair[0] + 45), "{checks:?}");
}

#[test]
fn unusable_presence_answers_count_for_every_lane() {
    let mut group = group(2);
    presence_check_times(&mut group, NOW + secs(300), 403, None);
    assert!(group.0.lanes().iter().all(|lane| !lane.can_check_presence()));
}

#[test]
fn no_other_lane_repeats_an_unanswered_presence_check() {
    let mut group = group(2);
    let (mut now, mut checks) = (NOW, Vec::new());
    while now < NOW + secs(300) {
        match group.poll(now) {
            Output::Send(request) if request.call == Call::Acquire => answer(&mut group, now, &request),
            Output::Send(request) if request.call == Call::Presence => checks.push(now),
            Output::Send(request) => {
                let lost = Answer::Nothing(NoAnswer::Unreachable);
                assert!(group.handle(now, Input::Answer(request.id, lost)));
            }
            Output::NeedToken(request) => assert!(group.handle(now, Input::Token(request.id, Ok(None)))),
            Output::Wait { until, .. } => now = until,
            Output::Emit(_) => {}
            other => panic!("{other:?}"),
        }
    }
    // Each takes 10 s; in turn, they would take 30 s.
    assert!((10..20).contains(&checks.len()), "{checks:?}");
}
