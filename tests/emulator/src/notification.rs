//! Notifications and their signatures.

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;

use crate::profile::NotificationProfile;
use crate::random::Random;
use crate::task::{End, Stage, Task};

/// A notification for a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// When it arrives, by the emulator's clock, in ms since the epoch.
    pub at_ms: u64,
    /// The raw body.
    pub body: String,
    /// The header `Agora-Signature`.
    pub signature: String,
    /// The header `Agora-Signature-V2`.
    pub signature_v2: String,
}

#[derive(Clone, Copy)]
pub(crate) enum Event<'a> {
    Started,
    Stopped,
    Status(&'a str),
    Updated,
}

impl Event<'_> {
    /// `eventType` and `details`.
    fn of(self, task: &Task) -> (u16, Value) {
        let Task { created_ms, updated_ms, transcoder, .. } = task;
        // The only documented value. It is for a Delete; the answer to Delete itself uses another text.
        let is_deleted = matches!(task.stage, Stage::Ended { how: End::Stopped, .. });
        let stop_reason = if is_deleted { "Stop request" } else { &task.message };
        match self {
            Self::Started => {
                let details = json!({
                    "event": "cloud_transcoder_started", "state": "Transcoder success", "createTs": created_ms,
                    "transcoder": summary(transcoder),
                });
                (110, details)
            }
            Self::Stopped => {
                let details = json!({
                    "event": "cloud_transcoder_stopped", "stopReason": stop_reason, "createTs": created_ms,
                    "updateTs": updated_ms,
                });
                (111, details)
            }
            Self::Status(state) => {
                let details = json!({
                    "event": "cloud_transcoder_status", "state": state, "createTs": created_ms,
                    "updateTs": updated_ms,
                });
                (112, details)
            }
            Self::Updated => {
                let details = json!({
                    "event": "cloud_transcoder_updated", "state": "running", "createTs": created_ms,
                    "updateTs": updated_ms, "transcoder": summary(transcoder),
                });
                (113, details)
            }
        }
    }
}

/// The configuration in the notifications 110 and 113.
fn summary(config: &Value) -> Value {
    let list = |field: &str| config.get(field).and_then(Value::as_array).into_iter().flatten();
    let has = |output: &Value, field: &str| output.get(field).is_some_and(Value::is_object);
    let mut inputs: Vec<Stream<'_>> =
        list("audioInputs").filter_map(|input| Stream::read(input, true, false)).collect();
    for seen in list("videoInputs").filter_map(|input| Stream::read(input, false, true)) {
        match inputs.iter_mut().find(|heard| heard.source == seen.source) {
            Some(heard) => heard.video = true,
            None => inputs.push(seen),
        }
    }
    let outputs: Vec<Stream<'_>> = list("outputs")
        .filter_map(|it| Stream::read(it, has(it, "audioOption"), has(it, "videoOption")))
        .collect();
    json!({ "inputs": inputs, "outputs": outputs, "userConfigDetail": config.to_string() })
}

/// A stream in a notification, without its token.
#[derive(Serialize)]
struct Stream<'a> {
    #[serde(flatten)]
    source: Source<'a>,
    audio: bool,
    video: bool,
}

#[derive(PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Source<'a> {
    Rtc { rtc_channel: &'a str, rtc_uid: u64 },
    Address { stream_url: &'a Value },
}

impl<'a> Stream<'a> {
    fn read(it: &'a Value, audio: bool, video: bool) -> Option<Self> {
        let rtc = it.get("rtc").filter(|rtc| rtc.is_object());
        let source = match rtc {
            Some(rtc) => Source::Rtc {
                rtc_channel: rtc.get("rtcChannel")?.as_str()?,
                rtc_uid: rtc.get("rtcUid")?.as_u64()?,
            },
            None => Source::Address { stream_url: it.get("streamUrl")? },
        };
        Some(Self { source, audio, video })
    }
}

/// Notifications that have not arrived yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox(Vec<Delivery>);

impl Outbox {
    pub(crate) fn send(
        &mut self,
        now: u64,
        profile: &NotificationProfile,
        task: &mut Task,
        event: Event<'_>,
        other: Option<String>,
        random: &mut Random,
    ) {
        task.notifications += 1;
        if random.percent(profile.lost_percent) {
            return;
        }
        let (event_type, details) = event.of(task);
        let payload = json!({
            "taskId": other.as_ref().unwrap_or(&task.id), "instanceId": task.instance_id, "sequence": task.notifications, "sendts": now,
            "serviceScene": "rtsc/cloud-transcoder", "details": details,
        });
        let notice_id = format!("{}-{}", task.id, task.notifications);
        for copy in 0..=u64::from(random.percent(profile.doubled_percent)) {
            let held_up = if random.percent(profile.late_percent) { random.between([0, 20_000]) } else { 0 };
            let at_ms = now + random.between(profile.takes_ms) + held_up;
            let body = json!({
                "noticeId": notice_id, "productId": 1, "eventType": event_type, "notifyMs": now + copy,
                "payload": payload,
            });
            let body = body.to_string();
            let (signature, signature_v2) = sign(&profile.secret, &body);
            self.0.push(Delivery { at_ms, body, signature, signature_v2 });
        }
    }

    pub(crate) fn next(&self) -> Option<u64> {
        self.0.iter().map(|delivery| delivery.at_ms).min()
    }

    pub(crate) fn take(&mut self, now: u64) -> Vec<Delivery> {
        if self.next().is_none_or(|at| at > now) {
            return Vec::new();
        }
        let (mut due, rest): (Vec<_>, Vec<_>) = self.0.drain(..).partition(|delivery| delivery.at_ms <= now);
        self.0 = rest;
        due.sort_by_key(|delivery| delivery.at_ms);
        due
    }
}

/// Both signatures of a body: HMAC-SHA1 and HMAC-SHA256, in hex.
pub(crate) fn sign(secret: &str, body: &str) -> (String, String) {
    fn hex_mac<M: Mac + KeyInit>(secret: &str, body: &str) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret.as_bytes()) else { return String::new() };
        mac.update(body.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
    (hex_mac::<Hmac<Sha1>>(secret, body), hex_mac::<Hmac<Sha256>>(secret, body))
}
