//! Payloads, settings and machines in various states: the starting points of the targets.

use std::sync::LazyLock;

use serde_json::{Value, json};
use steadymix::redundancy::{GroupConfig, RedundancyGroup};
use steadymix::status::Call;
use steadymix::supervisor::{Answer, Input, NoAnswer, RequestId, Supervisor, SupervisorConfig};
use steadymix::task::Services;
use steadymix::time::WallTime;

use crate::driver::{Asked, Driver, http};
use crate::machine::Machine;
use crate::secrets::{Carried, may_contain_secret, secret};

/// 2026-01-01T00:00:00Z.
pub(crate) const BEGINNING: WallTime = WallTime::from_millis(1_767_225_600_000);
/// The uids of all lanes.
pub(crate) const UIDS: [u32; 6] = [9000, 9001, 9100, 9101, 9200, 9201];

/// A payload with every kind of secret and field. An Update can change the bitrate; a bitrate above 2000 also changes
/// `idleTimeout`, which an Update cannot.
pub(crate) fn services(bitrate: u32) -> Value {
    let region = json!({ "x": 0, "y": 0, "width": 640, "height": 720, "zOrder": 2 });
    let address = |scheme: &str, number| format!("{scheme}://cdn.example/live/{}", secret(number));
    json!({ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
        "idleTimeout": if bitrate > 2_000 { 120 } else { 300 },
        "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 0, "rtcToken": secret(0) }, "volume": 80 }],
        "videoInputs": [
            { "rtc": { "rtcChannel": "studio", "rtcUid": 1, "rtcToken": secret(1) }, "region": region },
            { "streamUrl": address("rtmp", 2), "repeat": -1, "region": region },
        ],
        "canvas": { "width": 1280, "height": 720, "color": 0, "fillMode": "FIT" },
        "waterMarks": [{ "imageUrl": "https://cdn.example/mark.png", "region": region, "fillMode": "FILL" }],
        "outputs": [
            { "rtc": { "rtcChannel": "show", "rtcUid": 8999, "rtcToken": secret(3) },
              "audioOption": { "profileType": "AUDIO_PROFILE_DEFAULT" },
              "videoOption": { "width": 1280, "height": 720, "bitrate": bitrate, "codec": "H264", "fps": 15 } },
        ],
    } } } })
}

/// The settings of a supervisor. `more` overrides them.
pub(crate) fn supervisor_settings(more: &Value) -> Value {
    merged(
        json!({ "appId": "app", "instanceId": "show", "services": services(2_000), "uids": [9000, 9001] }),
        more,
    )
}

/// The settings of a group with this many lanes. `more` overrides them.
pub(crate) fn group_settings(lanes: usize, more: &Value) -> Value {
    let names = ["primary", "backup", "third"];
    let lanes: Vec<Value> = names
        .iter()
        .zip(UIDS.chunks(2))
        .take(lanes)
        .map(|(name, uids)| json!({ "name": name, "uids": uids }))
        .collect();
    merged(json!({ "appId": "app", "instanceId": "show", "services": services(2_000), "lanes": lanes }), more)
}

fn merged(mut settings: Value, more: &Value) -> Value {
    if let (Some(settings), Some(more)) = (settings.as_object_mut(), more.as_object()) {
        settings.extend(more.clone());
    }
    settings
}

pub(crate) fn supervisor(more: &Value) -> Driver<Supervisor> {
    let config = SupervisorConfig::from_json(&supervisor_settings(more).to_string()).unwrap();
    Driver::new(Supervisor::new(config, BEGINNING), BEGINNING)
}

pub(crate) fn group(lanes: usize, more: &Value) -> Driver<RedundancyGroup> {
    let config = GroupConfig::from_json(&group_settings(lanes, more).to_string()).unwrap();
    Driver::new(RedundancyGroup::new(config, BEGINNING), BEGINNING)
}

/// Groups with various settings, first when new, then when all lanes run.
pub(crate) static GROUPS: LazyLock<Vec<Driver<RedundancyGroup>>> = LazyLock::new(|| {
    let variants = [
        (2, json!({})),
        (1, json!({ "presence": "never", "restart": "always", "migration": "wait" })),
        (3, json!({ "presence": "always", "restart": "never", "onAirPolicy": "prefer-primary" })),
        (
            2,
            json!({ "restart": "always", "area": "china", "seed": 7,
            "policy": { "jitterPercent": 100, "taskIdUnknownGraceMs": null, "relaunchDelaysMs": [0], "stopTimeoutMs": 0 } }),
        ),
    ];
    let new = variants.iter().map(|(lanes, more)| group(*lanes, more));
    let running = new.clone().map(|mut driver| {
        driver.serve_for(60);
        driver
    });
    new.chain(running).collect()
});

/// A supervisor, the call that it has made, and the secrets in that call.
type Calling = (Driver<Supervisor>, RequestId, Carried);

/// Supervisors that wait for the answer to each kind of call.
pub(crate) static CALLS: LazyLock<Vec<Calling>> = LazyLock::new(|| {
    use Call::{Acquire, Create, Delete, Presence, Query, Update};
    let mut begun = supervisor(&json!({}));
    let mut calls: Vec<Calling> = [Acquire, Create, Query].iter().map(|call| begun.at(*call)).collect();
    // A late answer to Create.
    let (mut late, id, carried) = calls[1].clone();
    late.wait();
    late.settle();
    calls.push((late, id, carried));
    // Calls of a running task.
    let mut running = supervisor(&json!({ "presence": "always", "restart": "always" }));
    running.serve_for(30);
    calls.extend([Query, Presence].map(|call| running.clone().at(call)));
    let mut updated = running.clone();
    updated.machine.update(updated.now, Services::from_json(&services(1_000).to_string()).unwrap()).unwrap();
    calls.push(updated.at(Update));
    let mut stopped = running;
    stopped.hand_in(Input::Stop);
    let (mut stopped, id, carried) = stopped.at(Delete);
    calls.push((stopped.clone(), id, carried));
    // After a 202, Delete is carried out later: Query reports the end.
    stopped.answer(id, http(202, String::new()));
    calls.push(stopped.at(Query));
    // Creates with an unknown outcome under both uids.
    let mut unresolved = supervisor(&json!({ "migration": "wait" }));
    for _ in 0..8 {
        let (_, id, _) = unresolved.at(Create);
        unresolved.answer(id, Answer::Nothing(NoAnswer::Unreachable));
    }
    calls.push(unresolved.at(Create));
    calls
});

impl<M: Machine> Driver<M> {
    /// Runs in a healthy environment until it makes this call.
    fn at(&mut self, wanted: Call) -> (Self, RequestId, Carried) {
        for _ in 0..1_000 {
            self.settle();
            match self.last_asked() {
                Some(Asked::Call(id, call, carried)) if call == wanted => return (self.clone(), id, carried),
                Some(asked) => self.serve(asked),
                None => self.wait(),
            }
        }
        panic!("no {wanted:?}");
    }
}

/// The body of an answer to a presence check.
pub(crate) fn hosts(uids: &[u32]) -> String {
    json!({ "success": true, "data": { "channel_exist": true, "mode": 2, "broadcasters": uids } }).to_string()
}

/// The task id in a reply, if it looks like a secret.
pub(crate) fn task_name_in(body: &str) -> Option<String> {
    let json: Value = may_contain_secret(body).then(|| serde_json::from_str(body).ok())??;
    Some(json.get("taskId")?.as_str()?.to_owned())
}
