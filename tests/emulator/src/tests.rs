mod commands;
mod payloads;

use serde_json::{Value, json};

use super::*;
use crate::notification::sign;
use crate::update::refused_change;

const BASE: &str = "/v1/projects/app/rtsc/cloud-transcoder";

fn services(uid: u32) -> Value {
    json!({ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
        "idleTimeout": 30,
        "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 0 } }],
        "outputs": [{ "rtc": { "rtcChannel": "show", "rtcUid": uid } }],
    } } } })
}

/// A service, its clock, and helpers for calls.
struct Client {
    emulator: Emulator,
    now: u64,
    authorization: Option<String>,
}

impl Client {
    fn new(profile: Profile) -> Self {
        let authorization = Some("Basic Y3VzdG9tZXI6czNjcmV0".to_owned());
        Self { emulator: Emulator::new(profile), now: 1_000_000, authorization }
    }

    fn reply(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        let call = Call {
            domain: "api.agora.io".to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            authorization: self.authorization.clone(),
            body: body.to_string(),
        };
        self.emulator.handle(self.now, &call)
    }

    fn call(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        match self.reply(method, path, body) {
            Reply::Answer { status, body, .. } => (status, serde_json::from_str(&body).unwrap_or_default()),
            Reply::Nothing { why } => panic!("no answer: {why:?}"),
        }
    }

    fn acquire(&mut self, instance_id: &str, uid: u32) -> String {
        let body = json!({ "instanceId": instance_id, "services": services(uid) });
        let (status, body) = self.call("POST", &format!("{BASE}/builderTokens"), &body);
        assert_eq!(status, 200, "{body}");
        body["tokenName"].as_str().unwrap().to_owned()
    }

    fn create(&mut self, token: &str, uid: u32) -> (u16, Value) {
        self.call(
            "POST",
            &format!("{BASE}/tasks?builderToken={token}"),
            &json!({ "services": services(uid) }),
        )
    }

    fn task(&mut self, method: &str, task: &str, token: &str) -> (u16, Value) {
        self.call(method, &format!("{BASE}/tasks/{task}?builderToken={token}"), &Value::Null)
    }

    /// A running task and its token.
    fn running(&mut self, instance_id: &str, uid: u32) -> (String, String) {
        let token = self.acquire(instance_id, uid);
        let (status, body) = self.create(&token, uid);
        assert_eq!(status, 200, "{body}");
        self.now += 10_000;
        (body["taskId"].as_str().unwrap().to_owned(), token)
    }

    fn broadcasters(&mut self) -> Value {
        self.call("GET", "/dev/v1/channel/user/app/show/hosts_only", &Value::Null).1["data"]["broadcasters"]
            .clone()
    }
}

#[test]
fn every_call_needs_basic_credentials() {
    let right = "Basic Y3VzdG9tZXI6czNjcmV0";
    let wrong = [
        None,
        Some(""),
        Some("Basic"),
        Some("Basic %"),
        Some("Basic Y3VzdG9tZXI="),
        Some("Basic Y3VzdG9tZXI6"),
        Some("Basic OnMzY3JldA=="),
        Some("Bearer Y3VzdG9tZXI6czNjcmV0"),
    ];
    let other = "Basic YTpi";
    let mut client = Client::new(Profile { calls_per_second: 1_000, ..Profile::default() });
    let paths = [
        ("POST", format!("{BASE}/builderTokens")),
        ("POST", format!("{BASE}/tasks?builderToken=t")),
        ("GET", format!("{BASE}/tasks/t")),
        ("PATCH", format!("{BASE}/tasks/t")),
        ("DELETE", format!("{BASE}/tasks/t")),
        ("GET", "/dev/v1/channel/user/app/show/hosts_only".to_owned()),
    ];
    for (method, path) in &paths {
        for authorization in wrong {
            client.authorization = authorization.map(str::to_owned);
            let (status, body) = client.call(method, path, &Value::Null);
            assert_eq!(status, 401, "{method} {path} {authorization:?} {body}");
        }
        for authorization in [right, other, "basic YTpi"] {
            client.authorization = Some(authorization.to_owned());
            assert_ne!(client.call(method, path, &Value::Null).0, 401, "{method} {path} {authorization}");
        }
    }
    let mut client = Client::new(Profile { authorization: Some(right.to_owned()), ..Profile::default() });
    assert_eq!(client.task("GET", "t", "b").0, 404);
    client.authorization = Some(other.to_owned());
    assert_eq!(client.task("GET", "t", "b").0, 401);
}

#[test]
fn replies_contain_the_reserved_fields_of_the_reference() {
    let mut client = Client::new(Profile { forget_after_ms: 60_000, ..Profile::default() });
    let created = client.now / 1_000;
    let (task, token) = client.running("show-1", 7);
    assert!(task.len() == 32 && task.bytes().all(|byte| byte.is_ascii_hexdigit()), "{task}");
    let reply = |status, service, message| {
        json!({
            "taskId": task, "createTs": created, "status": status,
            "services": { "cloudTranscoder": {
                "serviceType": "cloudTranscoderV2", "status": service, "createTs": created,
                "config": {}, "details": {}, "message": message,
            } },
            "eventHandlers": {}, "execution": { "workflows": {} }, "properties": {}, "sequenceId": "0",
            "variables": {}, "workflows": {},
        })
    };
    let running = reply("IN_PROGRESS", "serviceInProgress", "");
    assert_eq!(client.task("GET", &task, &token).1, running);
    let target = Target { task_id: Some(task.clone()), uid: None };
    let reason = Some("out of licences".to_owned());
    let fail = Command::Fail { target: target.clone(), recovers: true, reason: reason.clone() };
    client.emulator.control(client.now, fail);
    assert_eq!(
        client.task("GET", &task, &token).1,
        reply("IN_PROGRESS", "serviceAbnormal", "out of licences")
    );
    client.now += 90_000;
    assert_eq!(client.task("GET", &task, &token).1, running, "migrating");
    let kill = Command::Kill { target, report_lag_ms: 1_000, forgotten: false, reason };
    client.emulator.control(client.now, kill);
    assert_eq!(client.task("GET", &task, &token).1, running, "not reported yet");
    client.now += 1_000;
    assert_eq!(
        client.task("GET", &task, &token).1,
        reply("FAILURE_STOP", "serviceAbnormal", "out of licences")
    );
    let (task, token) = client.running("show-2", 7);
    assert_eq!(
        client.task("DELETE", &task, &token).1["services"]["cloudTranscoder"]["message"],
        "OnSlaveServiceStopped"
    );
}

#[test]
fn only_a_strict_acquire_needs_services() {
    for strict in [false, true] {
        let mut client = Client::new(Profile { strict, ..Profile::default() });
        let mut acquire = |body: Value| client.call("POST", &format!("{BASE}/builderTokens"), &body);
        for body in [json!({ "instanceId": "a" }), json!({ "instanceId": "a", "services": null })] {
            let (status, body) = acquire(body);
            assert_eq!(status, if strict { 400 } else { 200 }, "{body}");
        }
        let (status, body) = acquire(json!({ "instanceId": "a", "services": {} }));
        let message = "services.cloudTranscoder is missing, but must be an object";
        assert_eq!((status, &body["message"]), (400, &json!(message)), "invalid services are refused");
    }
}

#[test]
fn a_task_can_publish_to_cdn_addresses() {
    let services = |url: Value| {
        json!({ "services": { "cloudTranscoder": {
            "serviceType": "cloudTranscoderV2",
            "config": { "transcoder": {
                "streamProcessMode": "heterogeneous-single",
                "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 5 } }],
                "outputs": [{ "streamUrl": url, "audioOption": {} }],
            } },
        } } })
    };
    let mut client =
        Client::new(Profile { notifications: Some(NotificationProfile::default()), ..Profile::default() });
    let start = |client: &mut Client, url: Value| {
        let (_, token) =
            client.call("POST", &format!("{BASE}/builderTokens"), &json!({ "instanceId": "show-1" }));
        let path = format!("{BASE}/tasks?builderToken={}", token["tokenName"].as_str().unwrap());
        let answer = client.call("POST", &path, &services(url));
        client.now += 10_000;
        answer
    };
    let (first, second) = ("rtmp://a.example/live/1", "rtmp://b.example/live/2");
    let (status, body) = start(&mut client, json!([first, second]));
    assert_eq!(status, 200, "{body}");
    client.emulator.advance(client.now);
    let task = client.emulator.tasks().next().unwrap();
    assert_eq!((task.channel, task.uid, task.running), ("", 0, true));
    assert_eq!(task.stream_urls, [first, second]);
    assert_eq!(client.broadcasters(), json!([]), "it is in no channel");
    let sent = client.emulator.take_notifications(client.now);
    let started = sent.iter().find(|sent| sent.body.contains("cloud_transcoder_started")).unwrap();
    assert!(started.body.contains(first), "{}", started.body);

    // A Create with the instanceId of a live task is answered with that task.
    let own = client.emulator.tasks().next().unwrap().task_id.to_owned();
    assert_eq!(start(&mut client, json!(first)).1["taskId"], *own);
    assert_eq!(client.emulator.overlaps().len(), 0);
    for wrong in [json!([]), json!(""), json!(1), json!([""]), Value::Null] {
        assert_eq!(
            start(&mut client, wrong.clone()).0,
            200,
            "the payload of a repeated Create is ignored: {wrong}"
        );
    }
    let kill = Target { task_id: Some(own), uid: None };
    let kill = Command::Kill { target: kill, report_lag_ms: 0, forgotten: true, reason: None };
    assert_eq!(client.emulator.control(client.now, kill), 1);
    for wrong in [json!([]), json!(""), json!(1), json!([""]), Value::Null] {
        let (status, body) = start(&mut client, wrong);
        assert_eq!(status, 400);
        assert!(body["message"].as_str().unwrap().starts_with(PATH), "{body}");
    }
}

const PATH: &str = "services.cloudTranscoder.config.transcoder.outputs[0]";

#[test]
fn two_tasks_on_one_cdn_address_are_an_overlap() {
    let mut client = Client::new(Profile::default());
    for (instance_id, urls) in
        [("a", json!(["rtmp://a", "rtmp://b"])), ("b", json!("rtmp://c")), ("c", json!("rtmp://b"))]
    {
        let body = json!({ "instanceId": instance_id });
        let (_, token) = client.call("POST", &format!("{BASE}/builderTokens"), &body);
        let path = format!("{BASE}/tasks?builderToken={}", token["tokenName"].as_str().unwrap());
        let mut body = json!({ "services": services(7) });
        body["services"]["cloudTranscoder"]["config"]["transcoder"]["outputs"] =
            json!([{ "streamUrl": urls }]);
        let (status, body) = client.call("POST", &path, &body);
        assert_eq!(status, 200, "{body}");
    }
    let tasks: Vec<&str> = client.emulator.tasks().map(|task| task.task_id).collect();
    let overlaps = client.emulator.overlaps();
    assert_eq!(overlaps.len(), 1);
    assert_eq!((overlaps[0].older.as_str(), overlaps[0].younger.as_str()), (tasks[0], tasks[2]));
}

#[test]
fn a_task_lives_from_create_to_delete() {
    let mut client = Client::new(Profile::default());
    let token = client.acquire("show-1", 7);
    let (status, created) = client.create(&token, 7);
    assert_eq!((status, created["status"].as_str()), (200, Some("STARTED")), "before it runs");
    assert_eq!(created["services"]["cloudTranscoder"]["status"], "serviceReady");
    let task = created["taskId"].as_str().unwrap().to_owned();
    assert_eq!(client.task("GET", &task, &token).1["status"], "PREPARED");
    assert_eq!(client.broadcasters(), json!([]));
    client.now += 10_000;
    assert_eq!(client.task("GET", &task, &token).1["status"], "IN_PROGRESS");
    assert_eq!(client.broadcasters(), json!([7]));
    assert_eq!(client.task("DELETE", &task, &token).1["status"], "STOPPED");
    assert_eq!(client.task("DELETE", &task, &token).0, 404);
    assert_eq!(client.task("GET", &task, &token).1["status"], "STOPPED");
    client.now += 60_000;
    assert_eq!(client.task("GET", &task, &token).0, 404, "forgotten");
    assert_eq!(client.broadcasters(), json!([]));
}

#[test]
fn a_builder_token_starts_one_task_and_expires_after_five_minutes() {
    let mut client = Client::new(Profile::default());
    let (task, token) = client.running("show-1", 7);
    client.task("DELETE", &task, &token);
    assert_eq!(client.create(&token, 7).0, 400, "used");
    let token = client.acquire("show-2", 7);
    client.now += 300_000;
    assert_eq!(client.create(&token, 7).0, 400, "expired");
    assert_eq!(client.create("builder-0", 7).0, 400, "unknown");
}

#[test]
fn the_profile_decides_the_answer_to_a_repeated_create() {
    use RepeatCreate::{Already201NoId, Already201WithId, Conflict409, SameTask200};
    let answers = [
        (SameTask200, 200, true),
        (Already201WithId, 201, true),
        (Already201NoId, 201, false),
        (Conflict409, 409, false),
    ];
    for (repeat_create, expected, named) in answers {
        let mut client = Client::new(Profile { repeat_create, ..Profile::default() });
        let (task, token) = client.running("show-1", 7);
        let fresh = client.acquire("show-1", 7);
        for token in [&token, &fresh] {
            let (status, body) = client.create(token, 7);
            assert_eq!(status, expected, "{repeat_create:?}");
            assert_eq!(body["taskId"].as_str(), named.then_some(task.as_str()), "{repeat_create:?}");
        }
        assert_eq!(client.emulator.tasks().count(), 1);
    }
}

#[test]
fn only_the_token_that_started_a_task_may_query_it() {
    for wrong_token_status in [404, 403] {
        let mut client = Client::new(Profile { wrong_token_status, ..Profile::default() });
        let (task, _) = client.running("show-1", 7);
        let other = client.acquire("show-1", 7);
        assert_eq!(client.task("GET", &task, &other).0, wrong_token_status);
        assert_eq!(client.task("DELETE", &task, &other).0, wrong_token_status);
    }
}

#[test]
fn two_tasks_on_one_uid_are_an_overlap() {
    let mut client = Client::new(Profile::default());
    let (older, _) = client.running("show-1", 7);
    let (younger, _) = client.running("show-2", 7);
    let overlaps = client.emulator.overlaps();
    assert_eq!(
        (overlaps[0].older.as_str(), overlaps[0].younger.as_str(), overlaps.len()),
        (&*older, &*younger, 1)
    );
    client.running("show-3", 8);
    assert_eq!(client.emulator.overlaps().len(), 1);
}

#[test]
fn a_task_ends_when_its_hosts_have_been_away() {
    let mut client = Client::new(Profile::default());
    let (task, token) = client.running("show-1", 7);
    let hosts = |present| Command::Hosts { channel: "studio".to_owned(), present };
    client.emulator.control(client.now, hosts(false));
    client.now += 29_999;
    assert_eq!(client.task("GET", &task, &token).1["status"], "IN_PROGRESS");
    client.now += 1;
    assert_eq!(client.task("GET", &task, &token).1["status"], "EXIT");
}

#[test]
fn no_more_than_ten_calls_in_a_second() {
    let mut client = Client::new(Profile { retry_after_s: Some(2), ..Profile::default() });
    let task = |client: &mut Client| client.task("GET", "none", "none").0;
    assert!((0..10).all(|_| task(&mut client) == 404));
    assert_eq!(task(&mut client), 429);
    let Reply::Answer { headers, .. } = client.reply("GET", &format!("{BASE}/tasks/none"), &Value::Null)
    else {
        panic!("no answer")
    };
    assert!(headers.contains(&("retry-after", "2".to_owned())), "{headers:?}");
    client.now += 1_000;
    assert_eq!(task(&mut client), 404);
    assert_eq!(client.broadcasters(), json!([]), "presence checks have their own limit");
}

#[test]
fn the_pcw_limits_live_tasks() {
    let mut client = Client::new(Profile { pcw: 1, ..Profile::default() });
    client.running("show-1", 7);
    let token = client.acquire("show-2", 8);
    assert_eq!(client.create(&token, 8).0, 429);
}

#[test]
fn a_failed_task_migrates_or_ends() {
    let mut client = Client::new(Profile { migration_takes_ms: [20_000, 20_000], ..Profile::default() });
    for (recovers, status, service) in
        [(true, "IN_PROGRESS", "serviceInProgress"), (false, "FAILURE_STOP", "serviceAbnormal")]
    {
        let (task, token) = client.running(&format!("show-{recovers}"), 7 + u32::from(recovers));
        let target = Target { task_id: Some(task.clone()), uid: None };
        client.emulator.control(client.now, Command::Fail { target, recovers, reason: None });
        let (_, body) = client.task("GET", &task, &token);
        assert_eq!(body["services"]["cloudTranscoder"]["status"], "serviceAbnormal");
        client.now += 25_000;
        let (_, body) = client.task("GET", &task, &token);
        assert_eq!(
            (&body["status"], &body["services"]["cloudTranscoder"]["status"]),
            (&json!(status), &json!(service))
        );
    }
}

#[test]
fn an_update_needs_an_increasing_sequence_id() {
    let mut client = Client::new(Profile::default());
    let (task, token) = client.running("show-1", 7);
    let mut update = |sequence_id: &str, uid| {
        let mask = "updateMask=services.cloudTranscoder.config";
        let path = format!("{BASE}/tasks/{task}?builderToken={token}&sequenceId={sequence_id}&{mask}");
        client.call("PATCH", &path, &json!({ "services": services(uid) })).0
    };
    assert_eq!(
        [update("0", 7), update("0", 7), update("1", 7), update("2", 8), update("x", 7)],
        [200, 400, 200, 400, 400]
    );
}

#[test]
fn a_call_can_be_answered_about_another_task() {
    let mut client = Client::new(Profile::default());
    let (ended, ended_token) = client.running("show-1", 7);
    client.task("DELETE", &ended, &ended_token);
    let rule = |client: &mut Client, call, which, status, perform| {
        let effect = Effect::OtherTask { which, status, perform };
        let rule = Rule { times: Some(1), ..Rule::new(Some(call), effect) };
        client.emulator.control(client.now, Command::AddRule { rule, for_ms: None });
    };

    let token = client.acquire("show-2", 8);
    for status in [200, 201, 202, 409] {
        rule(&mut client, CallKind::Create, Other::Ended, status, false);
        let (answered, body) = client.create(&token, 8);
        assert_eq!((answered, body["taskId"].as_str()), (status, Some(&*ended)));
        client.now += 1_000;
    }
    assert_eq!(client.emulator.tasks().count(), 1, "not carried out");
    rule(&mut client, CallKind::Create, Other::Ended, 200, true);
    assert_eq!(client.create(&token, 8).1["taskId"], *ended);
    assert_eq!(client.emulator.tasks().count(), 2, "carried out");

    // The only live task is that of this Create, so it is not another one.
    rule(&mut client, CallKind::Create, Other::Live, 200, false);
    let (_, own) = client.create(&token, 8);
    let own = own["taskId"].as_str().unwrap().to_owned();
    assert_ne!(own, ended);
    let other_token = client.acquire("show-3", 9);
    assert_eq!(client.create(&other_token, 9).1["taskId"], *own, "the task of an earlier launch");

    let seen = [(Other::Ended, Some(&*ended)), (Other::Live, None), (Other::Foreign, None)];
    for (call, method) in
        [(CallKind::Query, "GET"), (CallKind::Update, "PATCH"), (CallKind::Delete, "DELETE")]
    {
        for (which, expected) in seen {
            client.now += 1_000;
            if which == Other::Live {
                let token = client.acquire("elsewhere", 10);
                client.create(&token, 10);
            }
            rule(&mut client, call, which, 200, false);
            let (status, body) = client.task(method, &own, &token);
            let named = body["taskId"].as_str().unwrap();
            assert_eq!(status, 200);
            assert_ne!(named, own, "{call:?} {which:?}");
            assert!(expected.is_none_or(|expected| expected == named), "{call:?} {which:?} {named}");
        }
    }
    assert_eq!(client.task("GET", &own, &token).1["taskId"], *own, "none was carried out");
}

#[test]
fn a_notification_can_name_another_task() {
    let notifications = NotificationProfile { misnamed_percent: 100, ..NotificationProfile::default() };
    let mut client = Client::new(Profile { notifications: Some(notifications), ..Profile::default() });
    let tasks = [client.running("show-1", 7).0, client.running("show-2", 8).0];
    let deliveries = client.emulator.take_notifications(client.now + 60_000);
    assert_eq!(deliveries.len(), 6);
    for delivery in deliveries {
        let body: Value = serde_json::from_str(&delivery.body).unwrap();
        let payload = &body["payload"];
        let own = if payload["instanceId"] == "show-1" { &tasks[0] } else { &tasks[1] };
        assert_ne!(payload["taskId"], **own, "{body}");
    }
}

#[test]
fn an_update_may_only_change_documented_fields() {
    let rtc = |uid: u32, token: &str| json!({ "rtcChannel": "studio", "rtcUid": uid, "rtcToken": token });
    let region = |x: u32| json!({ "x": x, "y": 0, "width": 640, "height": 360, "zOrder": 2 });
    let first = json!({
        "audioInputs": [{ "rtc": rtc(0, "a") }, { "streamUrl": "https://a/b.mp3", "volume": 50 }],
        "videoInputs": [{ "rtc": rtc(1, "a"), "region": region(0), "placeholderImageUrl": "https://a/b.png" }],
        "canvas": { "width": 1280, "height": 720, "color": 0 },
        "waterMarks": [],
        "outputs": [{
            "rtc": { "rtcChannel": "show", "rtcUid": 7, "rtcToken": "c" },
            "audioOption": { "profileType": "AUDIO_PROFILE_DEFAULT" },
            "videoOption": { "width": 1280, "height": 720, "bitrate": 2000, "codec": "H264" },
        }],
    });
    let changed = |pointer: &str, value: Value| {
        let mut config = first.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = config.pointer_mut(parent).unwrap();
        match parent.as_array_mut() {
            Some(list) if key == "-" => list.push(value),
            Some(list) => list[key.parse::<usize>().unwrap()] = value,
            None => parent[key] = value,
        }
        config
    };
    let allowed = [
        first.clone(),
        changed("/audioInputs/-", json!({ "rtc": rtc(3, "b") })),
        changed("/audioInputs", json!([{ "streamUrl": "https://a/b.mp3", "volume": 50 }])),
        changed("/audioInputs/0/rtc", rtc(0, "fresh")),
        changed("/videoInputs/-", json!({ "rtc": rtc(2, "b"), "region": region(1) })),
        changed("/videoInputs/0/region", region(9)),
        changed("/videoInputs", json!([])),
        changed("/outputs/0/audioOption/profileType", json!("AUDIO_PROFILE_MUSIC_STANDARD")),
        changed("/outputs/0/videoOption/bitrate", json!(900)),
        changed("/idleTimeout", json!(300)),
        changed("/streamProcessMode", json!("mix")),
        changed("/backgroundImage", Value::Null),
        changed("/waterMarks", Value::Null),
    ];
    let refused = [
        ("audioInputs[].streamUrl", changed("/audioInputs/1/volume", json!(51))),
        ("audioInputs[].streamUrl", changed("/audioInputs", json!([{ "rtc": rtc(0, "a") }]))),
        ("audioInputs[].volume", changed("/audioInputs/0/volume", json!(51))),
        ("videoInputs[].placeholderImageUrl", changed("/videoInputs/0/placeholderImageUrl", Value::Null)),
        ("canvas", changed("/canvas/color", json!(1))),
        (
            "waterMarks",
            changed("/waterMarks/-", json!({ "imageUrl": "https://a/b.png", "region": region(0) })),
        ),
        ("idleTimeout", changed("/idleTimeout", json!(301))),
        ("streamProcessMode", changed("/streamProcessMode", json!("single"))),
        ("encryption", changed("/encryption", json!({}))),
        ("outputs[0].rtc", changed("/outputs/0/rtc/rtcToken", json!("d"))),
        ("outputs", changed("/outputs/-", first["outputs"][0].clone())),
    ];
    for config in &allowed {
        assert_eq!(refused_change(&first, config), None, "{config}");
    }
    for (field, config) in &refused {
        assert_eq!(refused_change(&first, config).as_deref(), Some(*field), "{config}");
    }
    let services = |config: &Value| {
        let config = json!({ "transcoder": config });
        json!({ "services": { "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": config } } })
    };
    for updates in [Updates::Documented, Updates::Any] {
        let mut client = Client::new(Profile { updates, ..Profile::default() });
        let token = client.acquire("show-1", 7);
        let create = format!("{BASE}/tasks?builderToken={token}");
        let (_, task) = client.call("POST", &create, &services(&first));
        let task = task["taskId"].as_str().unwrap().to_owned();
        let mut update = |sequence_id: u32, config: &Value| {
            let mask = "updateMask=services.cloudTranscoder.config";
            let path = format!("{BASE}/tasks/{task}?builderToken={token}&sequenceId={sequence_id}&{mask}");
            client.call("PATCH", &path, &services(config))
        };
        assert_eq!(update(0, &changed("/videoInputs/0/region", region(9))).0, 200);
        let (status, body) = update(1, &changed("/canvas/color", json!(1)));
        let field = "services.cloudTranscoder.config.transcoder.canvas";
        match updates {
            Updates::Documented => {
                assert_eq!((status, &body["message"]), (400, &json!(format!("{field} cannot be updated"))));
                assert_eq!(update(1, &first).0, 200, "a refused update does not use up its sequenceId");
            }
            Updates::Any => assert_eq!(status, 200, "{body}"),
        }
    }
}

#[test]
fn hosts_leave_the_input_channel_of_the_last_update() {
    let mut client = Client::new(Profile::default());
    let (task, token) = client.running("show-1", 7);
    let input = |client: &Client| client.emulator.state().tasks[0].input_channel.map(str::to_owned);
    assert_eq!(input(&client).as_deref(), Some("studio"));
    let mut changed = services(7);
    changed["cloudTranscoder"]["config"]["transcoder"]["audioInputs"][0]["rtc"]["rtcChannel"] =
        json!("stage");
    let mask = "sequenceId=0&updateMask=services.cloudTranscoder.config";
    let path = format!("{BASE}/tasks/{task}?builderToken={token}&{mask}");
    assert_eq!(client.call("PATCH", &path, &json!({ "services": changed })).0, 200);
    assert_eq!(input(&client).as_deref(), Some("stage"));
    for (channel, lives) in [("studio", true), ("stage", false)] {
        let hosts = Command::Hosts { channel: channel.to_owned(), present: false };
        client.emulator.control(client.now, hosts);
        client.now += 31_000;
        client.emulator.advance(client.now);
        assert_eq!(client.emulator.state().tasks[0].live, lives, "{channel}");
    }
}

#[test]
fn invalid_names_and_paths_are_refused() {
    let mut client = Client::new(Profile::default());
    let mut acquire = |body: Value| client.call("POST", &format!("{BASE}/builderTokens"), &body).0;
    assert_eq!(acquire(json!({ "instanceId": "a b", "services": services(7) })), 400);
    assert_eq!(acquire(json!({ "instanceId": "a", "services": services(0) })), 400);
    assert_eq!(client.call("GET", "/v1/projects/app/rtsc/cloud-transcoder/Tasks/t", &Value::Null).0, 404);
}

#[test]
fn names_in_paths_and_queries_may_be_percent_encoded() {
    let mut client = Client::new(Profile::default());
    let (task, token) = client.running("show-1", 7);
    assert_eq!(client.task("GET", &task.replace('a', "%61"), &token.replace('-', "%2d")).0, 200);

    let mut services = services(8);
    services["cloudTranscoder"]["config"]["transcoder"]["outputs"][0]["rtc"]["rtcChannel"] =
        json!("a b:c@d/é");
    let acquire = json!({ "instanceId": "show-2", "services": services });
    let (_, body) = client.call("POST", &format!("{BASE}/builderTokens"), &acquire);
    let create = format!("{BASE}/tasks?builderToken={}", body["tokenName"].as_str().unwrap());
    client.call("POST", &create, &json!({ "services": services }));
    client.now += 10_000;
    let channel = "a%20b%3Ac%40d%2F%C3%A9";
    let (_, all) =
        client.call("GET", &format!("/dev/v1/channel/user/app/{channel}/hosts_only"), &Value::Null);
    assert_eq!(all["data"]["broadcasters"], json!([8]));
    let (_, one) =
        client.call("GET", &format!("/dev/v1/channel/user/property/app/8/{channel}"), &Value::Null);
    assert_eq!(one["data"]["in_channel"], true);
}

#[test]
fn fault_rules_apply_to_matching_calls_as_often_as_configured() {
    let mut client = Client::new(Profile::default());
    let answer = Effect::Answer { status: 503, code: Some(1), retry_after: None, body: None };
    let rule = Rule { skip: 1, times: Some(2), ..Rule::new(Some(CallKind::Query), answer) };
    client.emulator.control(client.now, Command::AddRule { rule, for_ms: None });
    let statuses: Vec<u16> = (0..4).map(|_| client.task("GET", "t", "b").0).collect();
    assert_eq!(statuses, [404, 503, 503, 404]);

    let lose = Rule { times: Some(1), ..Rule::new(Some(CallKind::Create), Effect::PerformAndLose) };
    client.emulator.control(client.now, Command::AddRule { rule: lose, for_ms: None });
    let token = client.acquire("show-1", 7);
    let create = format!("{BASE}/tasks?builderToken={token}");
    let body = json!({ "services": services(7) });
    assert_eq!(client.reply("POST", &create, &body), Reply::Nothing { why: Silence::Lost });
    assert_eq!(client.emulator.tasks().count(), 1, "carried out nevertheless");

    let elsewhere = Rule { domain: Some("other".to_owned()), ..Rule::new(None, Effect::Dns) };
    client.emulator.control(client.now, Command::AddRule { rule: elsewhere, for_ms: None });
    assert_eq!(client.task("GET", "t", "b").0, 404, "a fault of another domain");
    let here = Rule::new(None, Effect::Dns);
    client.emulator.control(client.now, Command::AddRule { rule: here, for_ms: Some(5_000) });
    assert_eq!(client.reply("POST", &create, &body), Reply::Nothing { why: Silence::Dns });
    client.now += 5_000;
    assert_eq!(client.task("GET", "t", "b").0, 404, "over");
}

#[test]
fn a_call_can_be_carried_out_late() {
    let mut client = Client::new(Profile::default());
    let rule = Rule::new(Some(CallKind::Create), Effect::PerformLate { ms: 5_000 });
    client.emulator.control(client.now, Command::AddRule { rule, for_ms: None });
    let token = client.acquire("show-1", 7);
    client.reply("POST", &format!("{BASE}/tasks?builderToken={token}"), &json!({ "services": services(7) }));
    client.emulator.advance(client.now + 4_999);
    assert_eq!(client.emulator.tasks().count(), 0);
    client.emulator.advance(client.now + 5_000);
    assert_eq!(client.emulator.tasks().count(), 1);
}

#[test]
fn notifications_report_the_life_cycle_and_are_signed() {
    let notifications = NotificationProfile { doubled_percent: 100, ..NotificationProfile::default() };
    let mut client = Client::new(Profile { notifications: Some(notifications), ..Profile::default() });
    let (task, token) = client.running("show-1", 7);
    client.task("DELETE", &task, &token);
    let deliveries = client.emulator.take_notifications(client.now + 60_000);
    let bodies: Vec<Value> =
        deliveries.iter().map(|delivery| serde_json::from_str(&delivery.body).unwrap()).collect();
    let mut types: Vec<u64> = bodies.iter().filter_map(|body| body["eventType"].as_u64()).collect();
    types.sort_unstable();
    assert_eq!(types, [110, 110, 111, 111, 112, 112, 112, 112], "each twice");
    for (delivery, body) in deliveries.iter().zip(&bodies) {
        assert_eq!(
            sign("secret", &delivery.body),
            (delivery.signature.clone(), delivery.signature_v2.clone())
        );
        assert_eq!(
            (&body["payload"]["taskId"], &body["payload"]["instanceId"]),
            (&json!(task), &json!("show-1"))
        );
    }
}

#[test]
fn notifications_have_the_documented_details() {
    let notifications = NotificationProfile { takes_ms: [0, 0], ..NotificationProfile::default() };
    let start_up = StartUp { takes_ms: [2_000, 2_000], ..StartUp::default() };
    let mut client =
        Client::new(Profile { notifications: Some(notifications), start_up, ..Profile::default() });
    let created = client.now;
    let rtc = |channel, uid: u32| json!({ "rtcChannel": channel, "rtcUid": uid, "rtcToken": "hidden" });
    let config = |hosts: &[u32]| {
        let region = json!({ "x": 0, "y": 0, "width": 640, "height": 360, "zOrder": 2 });
        let videos: Vec<Value> =
            hosts.iter().map(|uid| json!({ "rtc": rtc("studio", *uid), "region": region })).collect();
        let video = json!({ "width": 640, "height": 360, "bitrate": 800, "codec": "H264" });
        json!({
            "audioInputs": [{ "rtc": rtc("studio", 1) }], "videoInputs": videos,
            "canvas": { "width": 640, "height": 360, "color": 0 },
            "outputs": [{ "rtc": rtc("show", 7), "audioOption": {}, "videoOption": video }],
        })
    };
    let services = |hosts: &[u32]| {
        let config = json!({ "transcoder": config(hosts) });
        json!({ "services": { "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": config } } })
    };
    let token = client.acquire("show-1", 7);
    let (_, task) = client.call("POST", &format!("{BASE}/tasks?builderToken={token}"), &services(&[1]));
    let task = task["taskId"].as_str().unwrap().to_owned();
    client.now += 10_000;
    let updated = client.now;
    let mask = "sequenceId=0&updateMask=services.cloudTranscoder.config";
    client.call("PATCH", &format!("{BASE}/tasks/{task}?builderToken={token}&{mask}"), &services(&[1, 2]));
    client.now += 10_000;
    client.task("DELETE", &task, &token);

    let deliveries = client.emulator.take_notifications(client.now);
    let of = |event_type: u16| -> Vec<Value> {
        let bodies = deliveries.iter().map(|it| serde_json::from_str::<Value>(&it.body).unwrap());
        bodies
            .filter(|body| body["eventType"] == event_type)
            .map(|body| body["payload"]["details"].clone())
            .collect()
    };
    let stream = |channel, uid: u32, audio, video| json!({ "rtcChannel": channel, "rtcUid": uid, "audio": audio, "video": video });
    let outputs = [stream("show", 7, true, true)];
    let host = stream("studio", 1, true, true);
    let guest = stream("studio", 2, false, true);
    assert_eq!(
        of(110),
        [json!({
            "event": "cloud_transcoder_started", "state": "Transcoder success", "createTs": created,
            "transcoder": {
                "inputs": [host], "outputs": outputs, "userConfigDetail": config(&[1]).to_string(),
            },
        })]
    );
    let status = |state| json!({ "event": "cloud_transcoder_status", "state": state, "createTs": created, "updateTs": created });
    assert_eq!(of(112), [status("connecting"), status("running")]);
    assert_eq!(
        of(113),
        [json!({
            "event": "cloud_transcoder_updated", "state": "running", "createTs": created, "updateTs": updated,
            "transcoder": {
                "inputs": [host, guest], "outputs": outputs, "userConfigDetail": config(&[1, 2]).to_string(),
            },
        })]
    );
    assert_eq!(
        of(111),
        [json!({
            "event": "cloud_transcoder_stopped", "stopReason": "Stop request", "createTs": created, "updateTs": updated,
        })]
    );
}

#[test]
fn signatures_match_the_documented_example() {
    let body = r#"{"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e53f411c2761f","notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}"#;
    let (v1, v2) = sign("secret", body);
    assert_eq!(v1, "92ea60c5249b641f80de046d11e1cb2d15f1d1b2");
    assert_eq!(v2, "6ba85d7c1122f6c51143cce7765f06c601c0fbd691987f4510e45b943b2639e8");
}

#[test]
fn a_host_is_missing_from_the_list_twice_in_a_row_at_most() {
    let mut client = Client::new(Profile { presence_misses_percent: 100, ..Profile::default() });
    client.running("show-1", 7);
    let seen: Vec<bool> = (0..6).map(|_| client.broadcasters() == json!([7])).collect();
    assert_eq!(seen, [false, false, true, false, false, true]);
}

#[test]
fn the_same_seed_gives_the_same_behaviour() {
    let run = |seed| {
        let notifications = NotificationProfile { late_percent: 50, ..NotificationProfile::default() };
        let mut client =
            Client::new(Profile { seed, notifications: Some(notifications), ..Profile::default() });
        let (task, _) = client.running("show-1", 7);
        (task, client.emulator.take_notifications(client.now + 60_000))
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}
