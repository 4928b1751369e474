//! The incidents of a schedule: what goes wrong, and when.

use serde_json::{Value, json};
use steadymix_emulator::{
    CallKind, Command, Effect, NotificationProfile, Other, Profile, RepeatCreate, Rule, StartUp, Target,
    Updates,
};

use crate::chance::Chance;

#[derive(Clone, Debug)]
pub(crate) enum Incident {
    /// A command to the emulated service.
    Service(Command),
    /// All domains fail for this time, in ms.
    Blackout(Effect, u64),
    /// The hosts are away for this time, in ms.
    HostsAway(u64),
    /// The process's wall clock is set by this difference, in ms.
    ClockSet(i64),
    /// The process dies and restarts after this time, in ms.
    Crash(u64),
    /// A second process starts from the last snapshot while the first one runs on for this time, in ms.
    TakeOver(u64),
    /// The operator changes the payload.
    Update,
    /// A viewer reports that the output is gone.
    CheckNow,
    /// A notification about a task of another application.
    ForeignNotification,
    /// The last notification is delivered again.
    RepeatedNotification,
}

const HOUR: i64 = 3_600_000;

pub(crate) fn incidents(
    chance: &mut Chance,
    until: u64,
    uids: &[u32],
    hosts_may_leave: bool,
) -> Vec<(u64, Incident)> {
    let mut false_404s = 0;
    let mut list: Vec<(u64, Incident)> = (0..chance.between(0, 14))
        .map(|_| (chance.between(0, until), incident(chance, uids, hosts_may_leave, &mut false_404s)))
        .collect();
    // Extra faults hit the first launches.
    for _ in 0..chance.between(0, 3) {
        list.push((0, rule(chance, &mut false_404s)));
    }
    list.sort_by_key(|(at, _)| *at);
    list
}

/// Incidents over a long time, some of them close together.
pub(crate) fn scattered(
    chance: &mut Chance,
    times: u64,
    until: u64,
    uids: &[u32],
    hosts_may_leave: bool,
) -> Vec<(u64, Incident)> {
    let mut list: Vec<(u64, Incident)> = Vec::new();
    // One rule with false 404s in all: two that overlap would make a running task look gone.
    let mut false_404s = 0;
    for _ in 0..times {
        let begins = chance.between(0, until - 1_000_000);
        for _ in 0..chance.one(&[1, 1, 1, 4]) {
            let at = begins + chance.between(0, 900_000);
            list.push((at, incident(chance, uids, hosts_may_leave, &mut false_404s)));
        }
    }
    list.sort_by_key(|(at, _)| *at);
    list
}

fn incident(chance: &mut Chance, uids: &[u32], hosts_may_leave: bool, false_404s: &mut u32) -> Incident {
    match chance.between(0, 99) {
        0..48 => rule(chance, false_404s),
        48..60 => {
            let target = Target { uid: Some(chance.one(uids)), task_id: None };
            let report_lag_ms = if chance.percent(30) { chance.between(1_000, 60_000) } else { 0 };
            Incident::Service(Command::Kill {
                target,
                report_lag_ms,
                forgotten: chance.percent(40),
                reason: None,
            })
        }
        60..66 => {
            let target = Target { uid: Some(chance.one(uids)), task_id: None };
            Incident::Service(Command::Fail { target, recovers: chance.percent(70), reason: None })
        }
        66..72 => {
            let effect = chance.one(&[Effect::Dns, Effect::Refuse, Effect::Lose, answer(503, None)]);
            Incident::Blackout(effect, chance.between(5_000, 180_000))
        }
        72..75 if hosts_may_leave => Incident::HostsAway(chance.between(10_000, 400_000)),
        72..79 => Incident::ClockSet(chance.one(&[HOUR, -HOUR, 1_500, -1_500, 30_000, -30_000])),
        79..86 => Incident::Crash(chance.one(&[50, 500, 3_000, 20_000, 120_000])),
        86..89 => Incident::TakeOver(chance.one(&[100, 2_000, 15_000, 60_000, 300_000])),
        89..93 => Incident::Update,
        93..96 => Incident::CheckNow,
        96..98 => Incident::ForeignNotification,
        _ => Incident::RepeatedNotification,
    }
}

fn answer(status: u16, code: Option<i64>) -> Effect {
    Effect::Answer { status, code, retry_after: None, body: None }
}

/// A 200 that names another task.
fn misnamed(which: Other) -> Effect {
    Effect::OtherTask { which, status: 200, perform: false }
}

fn rule(chance: &mut Chance, false_404s: &mut u32) -> Incident {
    use CallKind::{Acquire, Create, Delete, Presence, Query, Update};
    let call = chance.one(&[
        Acquire, Acquire, Create, Create, Create, Create, Query, Query, Query, Delete, Delete, Update,
        Presence,
    ]);
    let performed = |status, code| Effect::PerformThenAnswer { status, code };
    let after = |after: &str| Effect::Answer {
        status: 429,
        code: None,
        retry_after: Some(after.to_owned()),
        body: None,
    };
    let mut times = chance.between(1, 6) as u32;
    let mut is_limited = false;
    let anywhere = [
        answer(500, None),
        answer(503, None),
        answer(206, None),
        answer(429, None),
        after("3"),
        after("Thu, 01 Jan 2026 00:00:00 GMT"),
        Effect::Lose,
        Effect::Garbage,
        Effect::Delay { ms: chance.between(100, 40_000) },
        Effect::Dns,
        Effect::Refuse,
    ];
    let specific = match call {
        Create => vec![
            answer(206, Some(65)),
            performed(206, None),
            performed(206, Some(65)),
            performed(504, None),
            performed(202, None),
            Effect::PerformAndLose,
            // With a longer delay and a clock that is set back, only a notification could name the task.
            Effect::PerformLate { ms: chance.between(1_000, 12_000) },
            Effect::NoTaskId,
        ],
        Delete => {
            vec![performed(500, None), performed(202, None), Effect::PerformAndLose, misnamed(Other::Ended)]
        }
        Update => vec![Effect::PerformAndLose, performed(500, None), answer(400, None)],
        Query => vec![
            answer(401, None),
            answer(403, None),
            answer(400, None),
            misnamed(Other::Ended),
            misnamed(Other::Live),
        ],
        Presence => vec![Effect::Answer {
            status: 200,
            code: None,
            retry_after: None,
            body: Some(r#"{"success":false,"data":{"channel_exist":false}}"#.to_owned()),
        }],
        Acquire => vec![answer(202, None)],
    };
    let mut then = if chance.percent(50) { chance.one(&specific) } else { chance.one(&anywhere) };
    if matches!(call, Acquire | Create) && chance.percent(2) {
        then = answer(chance.one(&[400, 401, 404, 413]), None);
        (times, is_limited) = (1, true);
    }
    if call == Query && *false_404s == 0 && chance.percent(15) {
        // As many 404s as the backoff schedule tolerates: one more would mean that the task is gone.
        *false_404s = 1;
        then = answer(404, None);
        (times, is_limited) = (chance.between(1, 3) as u32, true);
    }
    if call == Delete && chance.percent(10) {
        then = answer(400, None);
    }
    // Rules that last this long exhaust every backoff schedule.
    let (times, for_ms) = if chance.percent(10) && !is_limited {
        (None, Some(chance.between(10_000, 300_000)))
    } else {
        (Some(times), None)
    };
    let rule = Rule { skip: chance.between(0, 2) as u32, times, ..Rule::new(Some(call), then) };
    Incident::Service(Command::AddRule { rule, for_ms })
}

/// The service's behaviour in this schedule.
pub(crate) fn profile(chance: &mut Chance, may_hang: bool) -> Profile {
    let notifications = NotificationProfile {
        secret: "notification-secret".to_owned(),
        takes_ms: [10, 3_000],
        lost_percent: chance.one(&[0, 0, 30]),
        doubled_percent: chance.one(&[0, 50]),
        late_percent: chance.one(&[0, 0, 50]),
        ..NotificationProfile::default()
    };
    Profile {
        seed: chance.next(),
        authorization: None,
        calls_per_second: 10,
        retry_after_s: None,
        pcw: 100,
        answer_ms: chance.one(&[[10, 60], [20, 400], [100, 3_000]]),
        start_up: StartUp {
            takes_ms: chance.one(&[[500, 3_000], [2_000, 20_000], [10_000, 80_000]]),
            fails_percent: chance.one(&[0, 0, 0, 20]),
            hangs_percent: if may_hang { 10 } else { 0 },
        },
        updates: Updates::Documented,
        repeat_create: chance.one(&[
            RepeatCreate::SameTask200,
            RepeatCreate::Already201WithId,
            RepeatCreate::Already201NoId,
            RepeatCreate::Conflict409,
        ]),
        wrong_token_status: chance.one(&[404, 403]),
        numeric_status: chance.percent(30),
        forget_after_ms: chance.one(&[0, 10_000, 120_000]),
        migration_takes_ms: [5_000, 80_000],
        presence_misses_percent: chance.one(&[0, 0, 20]),
        notifications: chance.percent(60).then_some(notifications),
        ..Profile::default()
    }
}

/// The settings of a group, and the uids of its lanes.
pub(crate) fn config(chance: &mut Chance) -> (Value, Vec<u32>) {
    let lanes: Vec<(&str, Vec<u32>)> = [("primary", 9000), ("backup", 9100), ("third", 9200)]
        .into_iter()
        .take(chance.one(&[1, 2, 2, 3]))
        .map(|(name, base)| (name, (base..base + chance.one(&[2, 2, 3])).collect()))
        .collect();
    let uids = lanes.iter().flat_map(|(_, uids)| uids.clone()).collect();
    let services = services(chance.one(&[40, 300, 300]), 2_000);
    let area = chance.one(&["china", "north-america", "europe", "asia-pacific"]);
    let config = json!({
        "appId": "app", "instanceId": "show", "services": services,
        "lanes": lanes.iter().map(|(name, uids)| json!({ "name": name, "uids": uids })).collect::<Vec<_>>(),
        "area": area,
        // A project with a raised limit.
        "quota": { "callsPerSecond": 8, "pcw": if area == "china" { 100 } else { 30 } },
        "restart": chance.one(&["on-failure", "on-failure", "on-failure", "always", "always", "never"]),
        "migration": chance.one(&["relaunch", "wait"]),
        "presence": chance.one(&["when-unknown", "when-unknown", "always", "never"]),
        "onAirPolicy": chance.one(&["sticky", "prefer-primary"]),
        "policy": {
            "jitterPercent": chance.one(&[0, 0, 20, 100]),
            "taskIdUnknownGraceMs": chance.one(&[json!(90_000), json!(90_000), json!(null)]),
        },
        "seed": chance.between(0, 1 << 52),
    });
    (config, uids)
}

/// A payload with this `idleTimeout` in s, which an Update cannot change, and this bitrate in kbit/s, which it can.
pub(crate) fn services(idle_timeout: u64, bitrate: u64) -> Value {
    json!({ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
        "idleTimeout": idle_timeout,
        "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 0, "rtcToken": "rtc-secret-in" } }],
        "videoInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 1, "rtcToken": "rtc-secret-in" },
            "region": { "x": 0, "y": 0, "width": 1280, "height": 720, "zOrder": 2 } }],
        "canvas": { "width": 1280, "height": 720, "color": 0 },
        "outputs": [{ "rtc": { "rtcChannel": "show", "rtcUid": 8999, "rtcToken": "rtc-secret-out" },
            "videoOption": { "width": 1280, "height": 720, "bitrate": bitrate, "codec": "H264", "fps": 15 } }],
    } } } })
}
