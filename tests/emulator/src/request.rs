//! What a call asks for.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;

use crate::fault::CallKind;

/// A route that was recognised.
pub(crate) struct Route<'a> {
    pub(crate) kind: CallKind,
    pub(crate) app_id: Cow<'a, str>,
    /// taskId, or channel.
    pub(crate) name: Cow<'a, str>,
    /// A uid whose presence is asked for.
    pub(crate) uid: Option<u32>,
    query: &'a str,
}

impl<'a> Route<'a> {
    /// The route of a call; names are case-sensitive.
    pub(crate) fn of(method: &str, path: &'a str) -> Option<Self> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let found = |kind, app_id, name, uid| {
            Some(Route { kind, app_id: decoded(app_id), name: decoded(name), uid, query })
        };
        match (method, segments.as_slice()) {
            ("POST", ["v1", "projects", app, "rtsc", "cloud-transcoder", "builderTokens"]) => {
                found(CallKind::Acquire, app, "", None)
            }
            ("POST", ["v1", "projects", app, "rtsc", "cloud-transcoder", "tasks"]) => {
                found(CallKind::Create, app, "", None)
            }
            ("GET", ["v1", "projects", app, "rtsc", "cloud-transcoder", "tasks", task]) => {
                found(CallKind::Query, app, task, None)
            }
            ("PATCH", ["v1", "projects", app, "rtsc", "cloud-transcoder", "tasks", task]) => {
                found(CallKind::Update, app, task, None)
            }
            ("DELETE", ["v1", "projects", app, "rtsc", "cloud-transcoder", "tasks", task]) => {
                found(CallKind::Delete, app, task, None)
            }
            ("GET", ["dev", "v1", "channel", "user", app, channel, "hosts_only"]) => {
                found(CallKind::Presence, app, channel, None)
            }
            ("GET", ["dev", "v1", "channel", "user", "property", app, uid, channel]) => {
                found(CallKind::Presence, app, channel, Some(uid.parse().ok()?))
            }
            _ => None,
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| decoded(value))
    }
}

/// Callers have to encode what a URL cannot carry, and some encode more than that.
fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// What a payload asks for, as far as the emulator cares.
pub(crate) struct Wanted {
    pub(crate) input_channel: Option<String>,
    pub(crate) channel: String,
    pub(crate) uid: u32,
    pub(crate) idle_timeout_ms: u64,
    /// `services.cloudTranscoder.config.transcoder`, as it came.
    pub(crate) transcoder: Value,
}

impl Wanted {
    pub(crate) fn read(body: &Value) -> Result<Self, &'static str> {
        let service =
            body.pointer("/services/cloudTranscoder").ok_or("services.cloudTranscoder is missing")?;
        if service.get("serviceType").and_then(Value::as_str) != Some("cloudTranscoderV2") {
            return Err("unknown serviceType");
        }
        let transcoder = service.pointer("/config/transcoder").ok_or("config.transcoder is missing")?;
        let list = |field: &str| transcoder.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
        let inputs: Vec<Value> = list("audioInputs").into_iter().chain(list("videoInputs")).collect();
        let channels: Vec<&str> = inputs
            .iter()
            .filter_map(|input| input.pointer("/rtc/rtcChannel"))
            .filter_map(Value::as_str)
            .collect();
        if inputs.is_empty() {
            return Err("no inputs");
        }
        if channels.windows(2).any(|pair| pair.first() != pair.last()) {
            return Err("inputs of more than one channel");
        }
        let idle = transcoder.get("idleTimeout").map_or(Some(300), Value::as_u64);
        let idle_timeout_s =
            idle.filter(|seconds| (1..=86_400).contains(seconds)).ok_or("idleTimeout out of range")?;
        let output = transcoder.pointer("/outputs/0/rtc").ok_or("no RTC output")?;
        let channel = output.get("rtcChannel").and_then(Value::as_str).filter(|channel| !channel.is_empty());
        let uid = output.get("rtcUid").and_then(Value::as_u64).and_then(|uid| u32::try_from(uid).ok());
        let uid = uid.filter(|uid| *uid > 0).ok_or("outputs[0].rtc.rtcUid is missing")?;
        let same =
            |input: &Value| input.pointer("/rtc/rtcUid").and_then(Value::as_u64) == Some(u64::from(uid));
        if inputs.iter().any(same) {
            return Err("an output's uid is an input's");
        }
        Ok(Self {
            input_channel: channels.first().map(|channel| (*channel).to_owned()),
            channel: channel.ok_or("outputs[0].rtc.rtcChannel is missing")?.to_owned(),
            uid,
            idle_timeout_ms: idle_timeout_s * 1_000,
            transcoder: transcoder.clone(),
        })
    }
}

/// What notifications tell of a payload.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Transcoder {
    inputs: Vec<Stream>,
    outputs: Vec<Stream>,
}

/// Its token is not told.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Stream {
    rtc_channel: String,
    rtc_uid: u64,
    audio: bool,
    video: bool,
}

impl Transcoder {
    pub(crate) fn read(transcoder: &Value) -> Self {
        let list = |field: &str| transcoder.get(field).and_then(Value::as_array).into_iter().flatten();
        let has = |output: &Value, field: &str| output.get(field).is_some();
        let mut inputs: Vec<Stream> =
            list("audioInputs").filter_map(|input| Stream::read(input, true, false)).collect();
        for seen in list("videoInputs").filter_map(|input| Stream::read(input, false, true)) {
            match inputs.iter_mut().find(|heard| heard.rtc_uid == seen.rtc_uid) {
                Some(heard) => heard.video = true,
                None => inputs.push(seen),
            }
        }
        let outputs = list("outputs")
            .filter_map(|it| Stream::read(it, has(it, "audioOption"), has(it, "videoOption")))
            .collect();
        Self { inputs, outputs }
    }
}

impl Stream {
    fn read(it: &Value, audio: bool, video: bool) -> Option<Self> {
        let rtc_channel = it.pointer("/rtc/rtcChannel")?.as_str()?.to_owned();
        Some(Self { rtc_channel, rtc_uid: it.pointer("/rtc/rtcUid")?.as_u64()?, audio, video })
    }
}
