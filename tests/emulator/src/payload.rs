//! Validates payloads as the service does, and extracts the emulator's part.

use serde_json::Value;

use crate::field::{Checked, Field};

/// The parts of a payload that the emulator needs.
pub(crate) struct Payload {
    pub(crate) input_channel: Option<String>,
    pub(crate) output: Output,
    pub(crate) idle_timeout_ms: u64,
    /// `services.cloudTranscoder.config.transcoder`, unchanged.
    pub(crate) transcoder: Value,
}

/// Where a task publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// Empty if it publishes to CDN addresses.
    pub(crate) channel: String,
    /// 0 if it publishes to CDN addresses.
    pub(crate) uid: u32,
    pub(crate) stream_urls: Vec<String>,
}

impl Output {
    /// Whether two live tasks with these outputs disturb each other.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let is_same_uid = self.uid != 0 && (&self.channel, self.uid) == (&other.channel, other.uid);
        is_same_uid || self.stream_urls.iter().any(|url| other.stream_urls.contains(url))
    }
}

const PROFILES: [&str; 6] = [
    "AUDIO_PROFILE_DEFAULT",
    "AUDIO_PROFILE_SPEECH_STANDARD",
    "AUDIO_PROFILE_MUSIC_STANDARD",
    "AUDIO_PROFILE_MUSIC_STANDARD_STEREO",
    "AUDIO_PROFILE_MUSIC_HIGH_QUALITY",
    "AUDIO_PROFILE_MUSIC_HIGH_QUALITY_STEREO",
];
const MAX_UID: i64 = u32::MAX as i64;
const MAX_CHANNEL_BYTES: usize = 64;
const SIDE: std::ops::RangeInclusive<i64> = 120..=3840;

impl Payload {
    /// Parses the body of a call. `strict` also refuses values that only the newest reference forbids and that public
    /// programs still send.
    pub(crate) fn read(body: &Value, strict: bool) -> Checked<Self> {
        let services = Field::root("services", body.get("services").unwrap_or(&Value::Null));
        let service = services.member("cloudTranscoder");
        service.object()?;
        service.member("serviceType").required_one_of(&["cloudTranscoderV2"])?;
        let config = service.member("config");
        let transcoder = config.member("transcoder");
        transcoder.object()?;
        Check { strict }.transcoder(&transcoder)
    }
}

struct Check {
    strict: bool,
}

impl Check {
    fn transcoder(&self, transcoder: &Field<'_>) -> Checked<Payload> {
        let idle_timeout = transcoder.member("idleTimeout");
        idle_timeout.integer(1..=86_400)?;
        let mode = transcoder.member("streamProcessMode");
        mode.one_of(&["mix", "single", "heterogeneous-single"])?;
        let mixes = mode.value.as_str().is_none_or(|mode| mode == "mix");
        let (audio, video) = (transcoder.member("audioInputs"), transcoder.member("videoInputs"));
        let mut inputs = Vec::new();
        for (list, is_video) in [(&audio, false), (&video, true)] {
            for (i, input) in list.list()?.enumerate() {
                if i == 1 && !mixes {
                    return Err(format!("{list} has more than one member, but streamProcessMode allows one"));
                }
                self.input(&input, is_video, mixes)?;
                inputs.push(input.value);
            }
        }
        if inputs.is_empty() {
            return Err(format!("{audio} and {video} are empty, but one input is required"));
        }
        let input_channel = one_channel(&audio, &video)?;
        let has_video = video.list()?.next().is_some();
        let canvas = transcoder.member("canvas");
        if canvas.is_given() || (has_video && mixes) {
            self.canvas(&canvas)?;
        }
        for mark in transcoder.member("waterMarks").list()? {
            mark.object()?;
            mark.member("imageUrl").required()?;
            image(&mark.member("imageUrl"))?;
            mark.member("fillMode").one_of(&["FILL", "FIT"])?;
            // The reference has the same minimum as for a video's region, but its own example has 100×100.
            let least = if self.strict { *SIDE.start() } else { 1 };
            region(&mark.member("region"), least, 0)?;
        }
        let output = self.outputs(transcoder, &inputs, has_video && mixes)?;
        Ok(Payload {
            input_channel,
            output,
            idle_timeout_ms: idle_timeout.value.as_u64().unwrap_or(300) * 1_000,
            transcoder: transcoder.value.clone(),
        })
    }

    fn input(&self, input: &Field<'_>, is_video: bool, mixes: bool) -> Checked {
        input.object()?;
        if is_rtc(input)? {
            self.rtc(&input.member("rtc"), i64::from(is_video && self.strict))?;
        } else {
            input.member("streamUrl").required_secret()?;
        }
        input.member("volume").integer(0..=200)?;
        let repeat = input.member("repeat");
        repeat.integer(i64::from(i32::MIN)..=i64::from(i32::MAX))?;
        if repeat.value.as_i64() == Some(0) {
            return repeat.wrong("an integer other than 0");
        }
        image(&input.member("placeholderImageUrl"))?;
        let place = input.member("region");
        if place.is_given() || (is_video && mixes) {
            // Until 2023 `zOrder` began at 0, and public programs still send 0 and 1.
            region(&place, *SIDE.start(), if self.strict { 2 } else { 0 })?;
        }
        Ok(())
    }

    fn rtc(&self, rtc: &Field<'_>, least_uid: i64) -> Checked {
        rtc.object()?;
        let channel = rtc.member("rtcChannel");
        if channel.required_secret()?.len() > MAX_CHANNEL_BYTES {
            return channel.wrong(&format!("at most {MAX_CHANNEL_BYTES} bytes long"));
        }
        rtc.member("rtcUid").required_integer(least_uid..=MAX_UID)?;
        let token = rtc.member("rtcToken");
        if self.strict {
            token.required()?;
        }
        token.secret().map(drop)
    }

    fn canvas(&self, canvas: &Field<'_>) -> Checked {
        canvas.object()?;
        canvas.member("width").required_integer(SIDE)?;
        canvas.member("height").required_integer(SIDE)?;
        canvas.member("color").required_integer(0..=0xFF_FFFF)?;
        canvas.member("fillMode").one_of(&["FILL", "FIT"])?;
        image(&canvas.member("backgroundImage"))
    }

    fn outputs(&self, transcoder: &Field<'_>, inputs: &[&Value], needs_video: bool) -> Checked<Output> {
        let outputs = transcoder.member("outputs");
        let mut first: Option<Output> = None;
        let mut uids = Vec::new();
        for output in outputs.list()? {
            output.object()?;
            let found = if is_rtc(&output)? {
                let rtc = output.member("rtc");
                self.rtc(&rtc, 1)?;
                let (channel, uid) = (text(rtc.value, "rtcChannel"), number(rtc.value, "rtcUid"));
                let is_same = |input: &&Value| {
                    input.pointer("/rtc").is_some_and(|input| stream(input) == (channel, uid))
                };
                if inputs.iter().any(is_same) || uids.contains(&uid) {
                    return rtc.member("rtcUid").wrong("a uid that no input of the channel has");
                }
                uids.push(uid);
                Output { channel: channel.to_owned(), uid: uid as u32, stream_urls: Vec::new() }
            } else {
                Output {
                    channel: String::new(),
                    uid: 0,
                    stream_urls: stream_urls(&output.member("streamUrl"))?,
                }
            };
            let audio = output.member("audioOption");
            if audio.is_given() {
                audio.object()?;
                audio.member("profileType").one_of(&PROFILES)?;
            }
            let video = output.member("videoOption");
            if video.is_given() || needs_video {
                self.video(&video, found.uid == 0)?;
            }
            match &mut first {
                None => first = Some(found),
                Some(first) if first.channel == found.channel => first.stream_urls.extend(found.stream_urls),
                Some(_) => {
                    return Err(format!("{outputs} must be in one RTC channel, or all CDN addresses"));
                }
            }
        }
        first.ok_or_else(|| format!("{outputs} is empty, but one output is required"))
    }

    fn video(&self, video: &Field<'_>, is_cdn: bool) -> Checked {
        video.object()?;
        video.member("width").required_integer(SIDE)?;
        video.member("height").required_integer(SIDE)?;
        video.member("bitrate").required_integer(1..=10_000)?;
        video.member("fps").integer(1..=30)?;
        let codecs: &[&str] =
            if is_cdn && !self.strict { &["H264", "VP8", "H265"] } else { &["H264", "VP8"] };
        video.member("codec").required_one_of(codecs)?;
        video.member("mode").one_of(&["RAW"])
    }
}

/// Whether a stream is an RTC stream. Otherwise it has an address.
fn is_rtc(stream: &Field<'_>) -> Checked<bool> {
    match (stream.member("rtc").is_given(), stream.member("streamUrl").is_given()) {
        (true, false) => Ok(true),
        (false, true) => Ok(false),
        (true, true) => Err(format!("{stream} has both rtc and streamUrl, but must have one of them")),
        (false, false) => Err(format!("{stream} has neither rtc nor streamUrl, but must have one of them")),
    }
}

/// An address, or an array of addresses. They contain keys, so errors do not show them.
fn stream_urls(field: &Field<'_>) -> Checked<Vec<String>> {
    if !field.value.is_array() {
        return Ok(vec![field.required_secret()?.to_owned()]);
    }
    let urls: Vec<String> =
        field.list()?.map(|url| url.required_secret().map(str::to_owned)).collect::<Checked<_>>()?;
    if urls.is_empty() { Err(format!("{field} is empty, but must be a non-empty array")) } else { Ok(urls) }
}

fn region(region: &Field<'_>, least_side: i64, least_z: i64) -> Checked {
    region.required()?;
    region.object()?;
    region.member("x").required_integer(0..=3840)?;
    region.member("y").required_integer(0..=3840)?;
    region.member("width").required_integer(least_side..=3840)?;
    region.member("height").required_integer(least_side..=3840)?;
    region.member("zOrder").required_integer(least_z..=100)
}

/// The suffix may be followed by a CDN's style or a query.
fn image(url: &Field<'_>) -> Checked {
    let Some(text) = url.secret()? else { return Ok(()) };
    let lower = text.to_ascii_lowercase();
    let is_web = lower.starts_with("http://") || lower.starts_with("https://");
    if is_web && [".jpg", ".jpeg", ".png"].iter().any(|suffix| lower.contains(suffix)) {
        return Ok(());
    }
    // A signed address contains a key, so the error does not show it.
    Err(format!("{url} must be an http(s) URL that contains .jpg, .jpeg or .png"))
}

/// The channel of all RTC inputs.
fn one_channel(audio: &Field<'_>, video: &Field<'_>) -> Checked<Option<String>> {
    let mut first: Option<&str> = None;
    for list in [audio, video] {
        for input in list.list()? {
            let Some(rtc) = input.value.get("rtc").filter(|rtc| rtc.is_object()) else { continue };
            let channel = text(rtc, "rtcChannel");
            if *first.get_or_insert(channel) != channel {
                return input.member("rtc").member("rtcChannel").wrong("the channel of the other inputs");
            }
        }
    }
    Ok(first.map(str::to_owned))
}

fn stream(rtc: &Value) -> (&str, u64) {
    (text(rtc, "rtcChannel"), number(rtc, "rtcUid"))
}

fn text<'a>(of: &'a Value, member: &str) -> &'a str {
    of.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn number(of: &Value, member: &str) -> u64 {
    of.get(member).and_then(Value::as_u64).unwrap_or_default()
}
