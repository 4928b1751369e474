//! All ranges and cross-field rules of the payload.

use std::ops::RangeInclusive;

use macro_rules_attribute::apply;

use super::shown::without_signature;
use super::{
    Canvas, DEFAULT_IDLE_TIMEOUT_S, ImageUrl, Input, Output, Region, Rtc, Services, Transcoder, VideoOption,
    WaterMark, transcoder_path,
};
use crate::document::document;
use crate::error::{Invalid, joined, quoted};

/// A value that is allowed, but probably not intended.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskWarning {
    /// The path of the field.
    pub field: String,
    /// The possible consequence.
    pub message: String,
}

/// Below this, a network failure of a minute on the hosts' side ends the task.
const SMALL_IDLE_TIMEOUT_S: i64 = 60;

pub(super) const SERVICE_TYPE: &str = "cloudTranscoderV2";
const SINGLE_MODES: [&str; 2] = ["single", "heterogeneous-single"];
pub(super) const MODES: [&str; 3] = ["mix", "single", "heterogeneous-single"];
pub(super) const FILL_MODES: [&str; 2] = ["FILL", "FIT"];
const CODECS: [&str; 2] = ["H264", "VP8"];
pub(super) const CDN_CODECS: [&str; 3] = ["H264", "VP8", "H265"];
pub(super) const VIDEO_MODES: [&str; 1] = ["RAW"];

pub(super) const IDLE_TIMEOUT_S: RangeInclusive<i64> = 1..=86_400;
pub(super) const VOLUME: RangeInclusive<i64> = 0..=200;
/// The minimum side of a region, a canvas and an output, in px.
const MIN_SIDE: i64 = 120;
const MAX_SIDE: i64 = 3840;
/// The maximum of a coordinate, in px.
pub(super) const COORDINATE: RangeInclusive<i64> = 0..=MAX_SIDE;
pub(super) const SIDE: RangeInclusive<i64> = MIN_SIDE..=MAX_SIDE;
pub(super) const MARK_SIDE: RangeInclusive<i64> = 1..=MAX_SIDE;
pub(super) const Z_ORDER: RangeInclusive<i64> = 0..=100;
pub(super) const COLOR: RangeInclusive<i64> = 0..=0xFF_FFFF;
pub(super) const OUTPUT_SIDE: RangeInclusive<i64> = MIN_SIDE..=1920;
pub(super) const BITRATE_KBPS: RangeInclusive<i64> = 1..=10_000;
pub(super) const FRAMES_PER_SECOND: RangeInclusive<i64> = 1..=30;
pub(super) const CHANNEL_BYTES: RangeInclusive<usize> = 1..=64;

pub(super) const PROFILES: [&str; 6] = [
    "AUDIO_PROFILE_DEFAULT",
    "AUDIO_PROFILE_SPEECH_STANDARD",
    "AUDIO_PROFILE_MUSIC_STANDARD",
    "AUDIO_PROFILE_MUSIC_STANDARD_STEREO",
    "AUDIO_PROFILE_MUSIC_HIGH_QUALITY",
    "AUDIO_PROFILE_MUSIC_HIGH_QUALITY_STEREO",
];

const RTC_TOKEN: &str = "rtc.rtcToken";
const TRANSCODER: &str = transcoder_path!();
const AREA: &str = "from 120×120 to 1920×1080, or to 1080×1920";
const IMAGE: &str = "an http(s) URL that contains .jpg, .jpeg or .png";

impl Services {
    /// All values in this payload that the service would refuse.
    #[must_use]
    pub fn violations(&self) -> Vec<Invalid> {
        let mut found = Violations::default();
        let service_type = &self.cloud_transcoder.service_type;
        found.one_of("services.cloudTranscoder.serviceType", Some(service_type), &[SERVICE_TYPE]);
        found.transcoder(self.transcoder());
        found.0
    }

    /// Values that are allowed but probably not intended, or forbidden by the newest reference only.
    #[must_use]
    pub fn warnings(&self) -> Vec<TaskWarning> {
        let transcoder = self.transcoder();
        let mut warnings = Warnings::default();
        let idle_timeout = transcoder.idle_timeout.unwrap_or(DEFAULT_IDLE_TIMEOUT_S);
        if idle_timeout < SMALL_IDLE_TIMEOUT_S {
            warnings.add(
                "idleTimeout".to_owned(),
                format!(
                    "{idle_timeout} s is short: the task will exit whenever the hosts are absent for that long"
                ),
            );
        }
        for (i, input) in transcoder.video_inputs.iter().enumerate() {
            let Some(region) = &input.region else { continue };
            let at = format!("videoInputs[{i}].region");
            if let Some(layer) = region.z_order.filter(|layer| *layer < 2) {
                warnings.forbidden_by_newest(format!("{at}.zOrder"), &layer.to_string(), "2 to 100");
            }
            if let Some(canvas) = transcoder.canvas.as_ref().filter(|canvas| !on_canvas(region, canvas)) {
                warnings.add(at, format!("extends beyond the canvas of {}×{}", canvas.width, canvas.height));
            }
        }
        for (i, WaterMark { region, .. }) in transcoder.water_marks.iter().enumerate() {
            if region.width < MIN_SIDE || region.height < MIN_SIDE {
                let size = format!("{}×{}", region.width, region.height);
                warnings.forbidden_by_newest(format!("waterMarks[{i}].region"), &size, "120×120 and more");
            }
        }
        for (i, output) in transcoder.outputs.iter().enumerate() {
            let Some(video) = &output.video_option else { continue };
            let at = format!("outputs[{i}].videoOption");
            if video.codec.as_deref() == Some("H265") {
                warnings.forbidden_by_newest(format!("{at}.codec"), "H265", "H264 and VP8");
            }
            if is_mixed(transcoder) && video.mode.is_none() && video.bitrate.is_none() {
                warnings.forbidden_by_newest(format!("{at}.bitrate"), "missing", "1 to 10000 kbit/s");
            }
        }
        warnings.missing_tokens(transcoder);
        warnings.0
    }
}

impl TaskWarning {
    /// Whether it is about a missing RTC token: irrelevant if a callback provides tokens.
    #[must_use]
    pub fn is_about_token(&self) -> bool {
        self.field.ends_with(RTC_TOKEN)
    }
}

#[derive(Default)]
struct Warnings(Vec<TaskWarning>);

impl Warnings {
    fn add(&mut self, field: String, message: String) {
        self.0.push(TaskWarning { field: format!("{TRANSCODER}.{field}"), message });
    }

    /// Warns about a value that public clients send and older references allow.
    fn forbidden_by_newest(&mut self, field: String, found: &str, allowed: &str) {
        self.add(field, format!("{found}: the newest reference of the service allows {allowed}"));
    }

    fn missing_tokens(&mut self, transcoder: &Transcoder) {
        let mut warned = None;
        let streams = input_streams(transcoder).into_iter().chain(output_streams(transcoder));
        for (list, i, _) in streams.filter(|(_, _, rtc)| rtc.rtc_token.is_none()) {
            // One warning for each list is enough.
            if warned.replace(list) != Some(list) {
                self.add(
                    format!("{list}[{i}].{RTC_TOKEN}"),
                    "missing, and no rtcToken callback provides one: the service requires a token (in a project without \
                     an App Certificate, the App ID)"
                        .to_owned(),
                );
            }
        }
    }
}

/// A stream in an RTC channel, with its list and its index.
type Stream<'a> = (&'static str, usize, &'a Rtc);

fn input_streams(transcoder: &Transcoder) -> Vec<Stream<'_>> {
    let mut streams = Vec::new();
    for (list, inputs) in
        [("audioInputs", &transcoder.audio_inputs), ("videoInputs", &transcoder.video_inputs)]
    {
        let of_list = inputs.iter().enumerate().filter_map(|(i, input)| Some((list, i, input.rtc.as_ref()?)));
        streams.extend(of_list);
    }
    streams
}

fn output_streams(transcoder: &Transcoder) -> impl Iterator<Item = Stream<'_>> {
    let outputs = transcoder.outputs.iter().enumerate();
    outputs.filter_map(|(i, output)| Some(("outputs", i, output.rtc.as_ref()?)))
}

/// Whether streams are laid out and encoded, rather than one stream passed through.
fn is_mixed(transcoder: &Transcoder) -> bool {
    transcoder.stream_process_mode.as_deref().is_none_or(|mode| !SINGLE_MODES.contains(&mode))
}

fn on_canvas(region: &Region, canvas: &Canvas) -> bool {
    region.x.saturating_add(region.width) <= canvas.width
        && region.y.saturating_add(region.height) <= canvas.height
}

#[derive(Default)]
struct Violations(Vec<Invalid>);

impl Violations {
    fn add(&mut self, field: impl Into<String>, value: impl ToString, allowed: impl Into<String>) {
        self.0.push(Invalid::new(field, value, allowed));
    }

    fn range(
        &mut self,
        field: impl Into<String>,
        value: Option<i64>,
        allowed: &RangeInclusive<i64>,
        unit: &str,
    ) {
        if let Some(value) = value.filter(|value| !allowed.contains(value)) {
            self.add(field, value, format!("from {} to {}{unit}", allowed.start(), allowed.end()));
        }
    }

    fn one_of(&mut self, field: &str, value: Option<&String>, allowed: &[&str]) {
        if let Some(value) = value.filter(|value| !allowed.contains(&value.as_str())) {
            self.add(field, quoted(value), joined(allowed, " or "));
        }
    }

    fn transcoder(&mut self, transcoder: &Transcoder) {
        let at = |field: &str| format!("{TRANSCODER}.{field}");
        self.range(at("idleTimeout"), transcoder.idle_timeout, &IDLE_TIMEOUT_S, " s");
        let mode = transcoder.stream_process_mode.as_ref();
        self.one_of(&at("streamProcessMode"), mode, &MODES);
        let is_mixed = is_mixed(transcoder);
        let (audio, video) = (&transcoder.audio_inputs, &transcoder.video_inputs);
        if audio.is_empty() && video.is_empty() {
            self.add(at("audioInputs"), "empty, like videoInputs", "at least one input");
        }
        for (list, inputs) in [("audioInputs", audio), ("videoInputs", video)] {
            if !is_mixed && inputs.len() > 1 {
                let found = format!("{} inputs", inputs.len());
                self.add(at(list), found, "at most one input in this streamProcessMode");
            }
            for (i, input) in inputs.iter().enumerate() {
                self.input(&at(&format!("{list}[{i}]")), input, list == "videoInputs");
            }
        }
        self.one_input_channel(transcoder);
        if let Some(canvas) = &transcoder.canvas {
            self.canvas(&at("canvas"), canvas);
        }
        // A video that is passed through needs no region.
        let is_raw = |output: &Output| output.video_option.as_ref().is_some_and(|video| video.mode.is_some());
        if is_mixed && !video.is_empty() && !transcoder.outputs.iter().any(is_raw) {
            self.layout(transcoder);
        }
        for (i, mark) in transcoder.water_marks.iter().enumerate() {
            let at = at(&format!("waterMarks[{i}]"));
            self.image(format!("{at}.imageUrl"), Some(&mark.image_url));
            self.region(&format!("{at}.region"), &mark.region, &MARK_SIDE);
            self.one_of(&format!("{at}.fillMode"), mark.fill_mode.as_ref(), &FILL_MODES);
        }
        self.outputs(&at("outputs"), transcoder);
    }

    fn input(&mut self, at: &str, input: &Input, is_video: bool) {
        self.one_address(at, input.rtc.is_some(), input.stream_url.is_some());
        if let Some(rtc) = &input.rtc {
            self.rtc(&format!("{at}.rtc"), rtc);
            match rtc.rtc_uid {
                None => self.add(format!("{at}.rtc.rtcUid"), "missing", "the uid of a host"),
                Some(0) if is_video => {
                    self.add(
                        format!("{at}.rtc.rtcUid"),
                        0,
                        "from 1 to 4294967295: only an audio input may have uid 0, which means all hosts",
                    );
                }
                Some(_) => {}
            }
        }
        self.range(format!("{at}.volume"), input.volume, &VOLUME, "");
        if input.repeat == Some(0) {
            self.add(format!("{at}.repeat"), 0, "an integer other than 0");
        }
        self.image(format!("{at}.placeholderImageUrl"), input.placeholder_image_url.as_ref());
        if let Some(region) = &input.region {
            self.region(&format!("{at}.region"), region, &SIDE);
        }
    }

    /// Mixed videos need a canvas, a region each, and an output with encoding parameters.
    fn layout(&mut self, transcoder: &Transcoder) {
        let mut missing = |field: &str, allowed: &str| {
            self.add(
                format!("{TRANSCODER}.{field}"),
                "missing",
                format!("{allowed}, because there are videoInputs"),
            );
        };
        match &transcoder.canvas {
            None => missing("canvas", "given, with width, height and color"),
            Some(canvas) if canvas.color.is_none() => missing("canvas.color", "from 0 to 16777215"),
            Some(_) => {}
        }
        for (i, input) in transcoder.video_inputs.iter().enumerate() {
            match &input.region {
                None => {
                    missing(&format!("videoInputs[{i}].region"), "given, with x, y, width, height and zOrder")
                }
                Some(region) if region.z_order.is_none() => {
                    missing(&format!("videoInputs[{i}].region.zOrder"), "from 0 to 100");
                }
                Some(_) => {}
            }
        }
        if !transcoder.outputs.is_empty()
            && transcoder.outputs.iter().all(|output| output.video_option.is_none())
        {
            missing("outputs[0].videoOption", "given, with width, height, bitrate and codec");
        }
    }

    fn one_input_channel(&mut self, transcoder: &Transcoder) {
        let mut streams = input_streams(transcoder).into_iter();
        let Some((_, _, first)) = streams.next() else { return };
        for (list, i, rtc) in streams.filter(|(_, _, rtc)| rtc.rtc_channel != first.rtc_channel) {
            let allowed =
                format!("{}: all inputs of a task come from one channel", quoted(&first.rtc_channel));
            self.add(format!("{TRANSCODER}.{list}[{i}].rtc.rtcChannel"), quoted(&rtc.rtc_channel), allowed);
        }
    }

    fn one_address(&mut self, at: &str, rtc: bool, url: bool) {
        if rtc == url {
            let found = if rtc { "both rtc and streamUrl" } else { "without rtc and streamUrl" };
            self.add(at, found, "either rtc or streamUrl");
        }
    }

    fn rtc(&mut self, at: &str, rtc: &Rtc) {
        // These names cannot be part of a URL, however they are encoded.
        let is_dot_segment = matches!(rtc.rtc_channel.as_str(), "." | "..");
        if !CHANNEL_BYTES.contains(&rtc.rtc_channel.len()) || is_dot_segment {
            self.add(format!("{at}.rtcChannel"), quoted(&rtc.rtc_channel), "1 to 64 bytes, but not . or ..");
        }
    }

    fn region(&mut self, at: &str, region: &Region, sides: &RangeInclusive<i64>) {
        self.range(format!("{at}.x"), Some(region.x), &COORDINATE, " px");
        self.range(format!("{at}.y"), Some(region.y), &COORDINATE, " px");
        self.range(format!("{at}.width"), Some(region.width), sides, " px");
        self.range(format!("{at}.height"), Some(region.height), sides, " px");
        self.range(format!("{at}.zOrder"), region.z_order, &Z_ORDER, "");
    }

    fn canvas(&mut self, at: &str, canvas: &Canvas) {
        self.range(format!("{at}.width"), Some(canvas.width), &SIDE, " px");
        self.range(format!("{at}.height"), Some(canvas.height), &SIDE, " px");
        self.range(format!("{at}.color"), canvas.color, &COLOR, "");
        self.image(format!("{at}.backgroundImage"), canvas.background_image.as_ref());
        self.one_of(&format!("{at}.fillMode"), canvas.fill_mode.as_ref(), &FILL_MODES);
    }

    fn image(&mut self, field: String, url: Option<&ImageUrl>) {
        let Some(ImageUrl(url)) = url else { return };
        let lower = url.to_ascii_lowercase();
        // Image stores append styles and signatures to the suffix: `logo.png!large`, `?image=logo.png&key=…`.
        let below_host = ["https://", "http://"].iter().find_map(|scheme| lower.strip_prefix(scheme));
        let below_host = below_host.and_then(|rest| rest.split_once(['/', '?'])).map_or("", |(_, rest)| rest);
        let is_image = |part: &str| ["jpg", "jpeg", "png"].iter().any(|suffix| part.starts_with(suffix));
        if !below_host.split('.').skip(1).any(is_image) {
            let shown = without_signature(url).map_or_else(|| "a URL with a user name".to_owned(), quoted);
            self.add(field, shown, IMAGE);
        }
    }

    fn outputs(&mut self, at: &str, transcoder: &Transcoder) {
        let outputs = &transcoder.outputs;
        if outputs.is_empty() {
            self.add(at, "empty", "at least one output");
        }
        if outputs.iter().any(|output| output.rtc.is_some())
            && outputs.iter().any(|output| output.stream_url.is_some())
        {
            self.add(at, "both RTC and CDN outputs", "either one RTC channel, or CDN URLs");
        }
        for (i, output) in outputs.iter().enumerate() {
            let at = format!("{at}[{i}]");
            self.one_address(&at, output.rtc.is_some(), output.stream_url.is_some());
            let others = outputs.iter().take(i).filter_map(|output| output.rtc.as_ref());
            self.output_stream(&format!("{at}.rtc"), output, others, transcoder);
            if let Some(audio) = &output.audio_option {
                self.one_of(&format!("{at}.audioOption.profileType"), audio.profile_type.as_ref(), &PROFILES);
            }
            if let Some(video) = &output.video_option {
                self.video(&format!("{at}.videoOption"), video, transcoder, output.stream_url.is_some());
            }
        }
    }

    fn output_stream<'a>(
        &mut self,
        at: &str,
        output: &Output,
        mut others: impl Iterator<Item = &'a Rtc>,
        transcoder: &Transcoder,
    ) {
        let Some(rtc) = &output.rtc else { return };
        self.rtc(at, rtc);
        if let Some(first) = others.next() {
            if first.rtc_channel != rtc.rtc_channel {
                let allowed = format!("{}: one task publishes into one channel", quoted(&first.rtc_channel));
                self.add(format!("{at}.rtcChannel"), quoted(&rtc.rtc_channel), allowed);
            }
            if rtc.rtc_uid.is_some()
                && (first.rtc_uid == rtc.rtc_uid || others.any(|other| other.rtc_uid == rtc.rtc_uid))
            {
                let uid = rtc.rtc_uid.unwrap_or_default();
                self.add(format!("{at}.rtcUid"), uid, "different from every other output's uid");
            }
        }
        let Some(uid) = rtc.rtc_uid else { return };
        let inputs = transcoder.audio_inputs.iter().chain(&transcoder.video_inputs);
        if uid == 0 {
            self.add(format!("{at}.rtcUid"), uid, "from 1 to 4294967295");
        } else if inputs.filter_map(|input| input.rtc.as_ref()).any(|input| input.rtc_uid == Some(uid)) {
            self.add(format!("{at}.rtcUid"), uid, "different from every input's uid");
        }
    }

    fn video(&mut self, at: &str, video: &VideoOption, transcoder: &Transcoder, is_cdn: bool) {
        self.range(format!("{at}.bitrate"), video.bitrate, &BITRATE_KBPS, " kbit/s");
        self.range(format!("{at}.fps"), video.fps, &FRAMES_PER_SECOND, " frames per second");
        let codecs: &[&str] = if is_cdn { &CDN_CODECS } else { &CODECS };
        self.one_of(&format!("{at}.codec"), video.codec.as_ref(), codecs);
        self.one_of(&format!("{at}.mode"), video.mode.as_ref(), &VIDEO_MODES);
        let is_encoded = video.mode.is_none() && is_mixed(transcoder);
        if is_encoded && video.codec.is_none() {
            self.add(format!("{at}.codec"), "missing", joined(codecs, " or "));
        }
        for (side, length) in [("width", video.width), ("height", video.height)] {
            match length {
                None if is_encoded => self.add(format!("{at}.{side}"), "missing", AREA),
                Some(length) if !OUTPUT_SIDE.contains(&length) => {
                    self.add(format!("{at}.{side}"), length, AREA);
                }
                None | Some(_) => {}
            }
        }
        if let (Some(width @ 1081..=1920), Some(height @ 1081..=1920)) = (video.width, video.height) {
            self.add(at, format!("{width}×{height}"), AREA);
        }
        if video.mode.is_some() && transcoder.video_inputs.len() > 1 {
            let found = format!("RAW with {} video inputs", transcoder.video_inputs.len());
            self.add(format!("{at}.mode"), found, "RAW with at most one input");
        }
    }
}
