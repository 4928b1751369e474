//! The payload of a task: its types and ranges, with errors that name the field.
//!
//! Unknown fields pass through unchanged at every level, so a new option of the service works before this crate knows
//! it: numbers keep all digits, and fields are sorted by name.

mod check;
mod shown;
#[cfg(test)]
mod tests;

use std::fmt;

use macro_rules_attribute::apply;

pub use self::check::TaskWarning;
#[cfg(test)]
use self::check::{
    BITRATE_KBPS, CDN_CODECS, CHANNEL_BYTES, COLOR, COORDINATE, FILL_MODES, FRAMES_PER_SECOND,
    IDLE_TIMEOUT_S, MARK_SIDE, MODES, OUTPUT_SIDE, PROFILES, SERVICE_TYPE, SIDE, VIDEO_MODES, VOLUME,
    Z_ORDER,
};
pub use self::shown::revealed;
use self::shown::without_signature;
use crate::document::{self, Document, FieldWriter, Fields, Json, JsonText, Writer, Wrong, document};
#[cfg(test)]
use crate::document::{between, items, length, words};
use crate::error::Invalid;
use crate::json::Tree;
use crate::quota::OutputSize;
use crate::time::Duration;
use crate::uid::Uid;

/// The payload of a task: `services` of Acquire, Create and Update. Unknown fields pass through unchanged.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    /// The transcoding service and its settings.
    pub cloud_transcoder: CloudTranscoder,
    #[json(flatten)]
    extra: Extra,
}

/// The path of the transcoder in a payload, or of a field below it: `transcoder_path!(".outputs")`.
macro_rules! transcoder_path {
    ($($below:literal)?) => {
        concat!("services.cloudTranscoder.config.transcoder" $(, $below)?)
    };
}
pub(crate) use transcoder_path;

/// Whether JSON text is a group's update for some lanes rather than a payload.
pub(crate) fn is_for_lanes(json: &Tree<'_>) -> bool {
    json.root().get("lanes").is_some()
}

/// `services.cloudTranscoder`.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudTranscoder {
    /// The type of the service.
    #[typed(words(&[SERVICE_TYPE]))]
    pub service_type: String,
    /// Its settings.
    pub config: CloudTranscoderConfig,
    #[json(flatten)]
    extra: Extra,
}

/// `services.cloudTranscoder.config`.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudTranscoderConfig {
    /// The inputs, the layout and the outputs.
    pub transcoder: Transcoder,
    #[json(flatten)]
    extra: Extra,
}

/// `services.cloudTranscoder.config.transcoder`.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcoder {
    /// The task ends when all hosts have been absent for this long: 1 to 86400 s, default 300 s.
    #[limits(between(IDLE_TIMEOUT_S))]
    pub idle_timeout: Option<i64>,
    /// How inputs are processed. Default `mix`; the other modes accept at most one input.
    #[typed(words(&MODES))]
    pub stream_process_mode: Option<String>,
    /// The audio inputs. The lists of audio and video inputs have at least one input together, all from one channel.
    #[json(nullable_list)]
    pub audio_inputs: Vec<Input>,
    /// The video inputs.
    #[json(nullable_list)]
    pub video_inputs: Vec<Input>,
    /// The canvas for the videos: required when videos are mixed.
    #[typed("Canvas | null")]
    pub canvas: Option<Canvas>,
    /// Pictures drawn over the videos.
    #[json(nullable_list)]
    pub water_marks: Vec<WaterMark>,
    /// The outputs. A supervised task has one output into an RTC channel; its uid and token are filled in for each
    /// launch.
    #[limits(items(1..))]
    pub outputs: Vec<Output>,
    #[json(flatten)]
    extra: Extra,
}

/// An item of `audioInputs` or `videoInputs`: either `rtc`, a host's stream, or `streamUrl`, a media file or stream.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// A host's stream; for audio, uid 0 means all hosts.
    pub rtc: Option<Rtc>,
    /// The address of a media file or stream.
    pub stream_url: Option<Secret>,
    /// The volume: 0 to 200.
    #[limits(between(VOLUME))]
    pub volume: Option<i64>,
    /// How many times `streamUrl` is played; not 0.
    pub repeat: Option<i64>,
    /// The address of a jpg or png to show while there is no video.
    #[typed("string | null")]
    pub placeholder_image_url: Option<ImageUrl>,
    /// The region of a video on the canvas: required, with its zOrder, when videos are mixed.
    pub region: Option<Region>,
    #[json(flatten)]
    extra: Extra,
}

/// A stream in an RTC channel.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rtc {
    /// The channel: 1 to 64 bytes.
    #[limits(length(CHANNEL_BYTES))]
    pub rtc_channel: String,
    /// The host's uid; for audio inputs, 0 means all hosts. For an output it may be left out if a supervisor fills it
    /// in.
    #[typed("number")]
    #[limits(between(0..=i64::from(Uid::MAX)))]
    pub rtc_uid: Option<Uid>,
    /// The RTC token: an input's is issued for uid 0, an output's for its own uid. In a project without an App
    /// Certificate it is the App ID.
    pub rtc_token: Option<Secret>,
    #[json(flatten)]
    extra: Extra,
}

/// A rectangle on the canvas, in pixels.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// From the left, in pixels: 0 to 3840.
    #[limits(between(COORDINATE))]
    pub x: i64,
    /// From the top, in pixels: 0 to 3840.
    #[limits(between(COORDINATE))]
    pub y: i64,
    /// 120 to 3840 pixels; 1 to 3840 for a watermark.
    #[limits(between(MARK_SIDE))]
    pub width: i64,
    /// 120 to 3840 pixels; 1 to 3840 for a watermark.
    #[limits(between(MARK_SIDE))]
    pub height: i64,
    /// The layer: 0 to 100, higher layers in front. Required for a video, for which the newest reference allows only 2
    /// to 100.
    #[limits(between(Z_ORDER))]
    pub z_order: Option<i64>,
    #[json(flatten)]
    extra: Extra,
}

/// The canvas for the videos.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// 120 to 3840 pixels.
    #[limits(between(SIDE))]
    pub width: i64,
    /// 120 to 3840 pixels.
    #[limits(between(SIDE))]
    pub height: i64,
    /// The color `0xRRGGBB`, 0 to 16777215: required when videos are mixed.
    #[limits(between(COLOR))]
    pub color: Option<i64>,
    /// The address of a jpg or png.
    #[typed("string | null")]
    pub background_image: Option<ImageUrl>,
    /// How `backgroundImage` fits the canvas.
    #[typed(words(&FILL_MODES))]
    pub fill_mode: Option<String>,
    #[json(flatten)]
    extra: Extra,
}

/// A picture drawn over the videos.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaterMark {
    /// The address of a jpg or png.
    pub image_url: ImageUrl,
    /// Its region on the canvas.
    pub region: Region,
    /// How the picture fits its region.
    #[typed(words(&FILL_MODES))]
    pub fill_mode: Option<String>,
    #[json(flatten)]
    extra: Extra,
}

/// Either `rtc` or `streamUrl`.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// A stream in an RTC channel; all outputs of a task use the same channel.
    pub rtc: Option<Rtc>,
    /// A CDN URL.
    pub stream_url: Option<Secret>,
    /// How the audio is encoded.
    pub audio_option: Option<AudioOption>,
    /// How the video is encoded: required for at least one output when videos are mixed.
    pub video_option: Option<VideoOption>,
    #[json(flatten)]
    extra: Extra,
}

/// How the audio is encoded.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioOption {
    /// The audio profile of the SDK.
    #[typed(words(&PROFILES))]
    pub profile_type: Option<String>,
    #[json(flatten)]
    extra: Extra,
}

/// How the video is encoded.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoOption {
    /// 120 pixels or more; 1920×1080 at most, or 1080×1920. Required, unless `mode` is `RAW`.
    #[limits(between(OUTPUT_SIDE))]
    pub width: Option<i64>,
    /// 120 pixels or more; 1920×1080 at most, or 1080×1920. Required, unless `mode` is `RAW`.
    #[limits(between(OUTPUT_SIDE))]
    pub height: Option<i64>,
    /// The bitrate: 1 to 10000 kbit/s.
    #[limits(between(BITRATE_KBPS))]
    pub bitrate: Option<i64>,
    /// The codec; required unless `mode` is `RAW`. `H265` only for CDN outputs.
    #[typed(words(&CDN_CODECS))]
    pub codec: Option<String>,
    /// 1 to 30 frames per second, default 15.
    #[limits(between(FRAMES_PER_SECOND))]
    pub fps: Option<i64>,
    /// `RAW` passes a single input on without encoding.
    #[typed(words(&VIDEO_MODES))]
    pub mode: Option<String>,
    #[json(flatten)]
    extra: Extra,
}

/// A string that must not be shown: an RTC token, or a URL that contains a stream key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl Document for Secret {
    fn blank() -> Self {
        Self(String::new())
    }

    #[cfg(test)]
    fn typescript() -> String {
        String::typescript()
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        self.0 = json.secret_text()?.into_owned();
        Ok(())
    }

    fn write(&self, out: &mut dyn Writer) {
        out.text(&self.0);
    }
}
document!(@serde both Secret);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The URL of an image. The part after its path may be a signature and is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ImageUrl(pub String);

document!(@transparent ImageUrl);
document!(@serde both ImageUrl);

impl fmt::Debug for ImageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", without_signature(&self.0).unwrap_or("…"))
    }
}

/// Unknown fields, sorted by name.
#[derive(Clone, Default, PartialEq, Eq)]
struct Extra(Vec<(String, JsonText)>);

impl Document for Extra {
    fn blank() -> Self {
        Self::default()
    }

    fn read(&mut self, json: &Json<'_>) -> Result<(), Wrong> {
        self.read_fields(&mut json.fields()?);
        Ok(())
    }

    fn write(&self, out: &mut dyn Writer) {
        out.object(self);
    }

    fn read_fields(&mut self, fields: &mut Fields<'_>) {
        self.0 = fields.others();
    }

    fn write_fields(&self, out: &mut dyn FieldWriter) {
        for (name, value) in &self.0 {
            out.field(name, value);
        }
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// The service's default of `idleTimeout`.
const DEFAULT_IDLE_TIMEOUT_S: i64 = 300;

impl Input {
    /// The part that an Update cannot change.
    fn fixed(&self) -> Self {
        let rtc = self.rtc.clone().map(|rtc| Rtc { rtc_token: None, ..rtc });
        Self { rtc, region: None, ..self.clone() }
    }

    /// The channel and uid of its stream.
    fn stream(&self) -> Option<(&str, Option<Uid>)> {
        self.rtc.as_ref().map(|rtc| (rtc.rtc_channel.as_str(), rtc.rtc_uid))
    }
}

impl Output {
    /// The part that an Update cannot change. The supervisor sets the uid.
    fn fixed(&self) -> Self {
        let rtc = self.rtc.clone().map(|rtc| Rtc { rtc_token: None, rtc_uid: None, ..rtc });
        Self { rtc, audio_option: None, video_option: None, ..self.clone() }
    }
}

/// Whether an Update can turn the older inputs into the newer ones: streams of hosts may change, everything else must
/// stay.
fn can_be_updated(old: &[Input], new: &[Input]) -> bool {
    let files = |inputs: &[Input]| -> Vec<Input> {
        inputs.iter().filter(|input| input.rtc.is_none()).map(Input::fixed).collect()
    };
    let is_kept = |input: &Input| {
        let before = old.iter().find(|other| other.stream() == input.stream());
        before.is_none_or(|before| before.fixed() == input.fixed())
    };
    files(old) == files(new) && new.iter().filter(|input| input.rtc.is_some()).all(is_kept)
}

impl Services {
    /// Parses and checks a payload from JSON text.
    ///
    /// ```
    /// use steadymix::task::Services;
    ///
    /// let services = r#"{ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": {
    ///     "transcoder": { "outputs": [{ "rtc": { "rtcChannel": "show" } }] } } } }"#;
    /// let wrong = Services::from_json(services).unwrap_err();
    /// assert_eq!(wrong.field, "services.cloudTranscoder.config.transcoder.audioInputs");
    /// assert_eq!(wrong.allowed, "at least one input");
    /// ```
    ///
    /// # Errors
    /// The first value that is not allowed, by its path: `services.cloudTranscoder.config.transcoder.…`.
    pub fn from_json(json: &str) -> Result<Self, Invalid> {
        // Redaction marks here belong to another payload.
        let services: Self = document::read("services", &revealed(json, None)?)?;
        match services.violations().into_iter().next() {
            Some(violation) => Err(violation),
            None => Ok(services),
        }
    }

    /// The payload as JSON text, RTC tokens included.
    #[must_use]
    pub fn to_json(&self) -> String {
        document::write(self)
    }

    fn transcoder(&self) -> &Transcoder {
        &self.cloud_transcoder.config.transcoder
    }

    /// How long the task waits for absent hosts before it ends.
    #[must_use]
    pub fn idle_timeout(&self) -> Duration {
        let seconds = self.transcoder().idle_timeout.unwrap_or(DEFAULT_IDLE_TIMEOUT_S);
        Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
    }

    /// The RTC channel of the inputs, if any of them is an RTC stream.
    #[must_use]
    pub fn input_channel(&self) -> Option<&str> {
        self.input_streams().next().map(|rtc| rtc.rtc_channel.as_str())
    }

    /// Whether an input has this uid.
    #[must_use]
    pub fn has_input_uid(&self, uid: Uid) -> bool {
        self.input_streams().any(|rtc| rtc.rtc_uid == Some(uid))
    }

    /// The largest size of the outputs; without video the smallest size.
    #[must_use]
    pub fn output_size(&self) -> OutputSize {
        let sizes = self.transcoder().outputs.iter().filter_map(|output| {
            let video = output.video_option.as_ref()?;
            Some(OutputSize::of(video.width?, video.height?))
        });
        sizes.max().unwrap_or(OutputSize::Sd)
    }

    /// The outputs into an RTC channel.
    pub fn rtc_outputs(&self) -> impl Iterator<Item = &Rtc> {
        self.transcoder().outputs.iter().filter_map(|output| output.rtc.as_ref())
    }

    /// Sets the uid of the RTC outputs, and their token unless it is `None`.
    pub fn set_output(&mut self, uid: Uid, token: Option<&str>) {
        let outputs = &mut self.cloud_transcoder.config.transcoder.outputs;
        for rtc in outputs.iter_mut().filter_map(|output| output.rtc.as_mut()) {
            rtc.rtc_uid = Some(uid);
            if let Some(token) = token {
                rtc.rtc_token = Some(Secret(token.to_owned()));
            }
        }
    }

    /// Sets the token of all inputs from RTC channels.
    pub fn set_input_token(&mut self, token: &str) {
        let transcoder = &mut self.cloud_transcoder.config.transcoder;
        let inputs = transcoder.audio_inputs.iter_mut().chain(&mut transcoder.video_inputs);
        for rtc in inputs.filter_map(|input| input.rtc.as_mut()) {
            rtc.rtc_token = Some(Secret(token.to_owned()));
        }
    }

    /// The first field that differs from a newer payload and that an Update cannot change. By the service's
    /// reference, an Update changes only the `rtc` members of `audioInputs` and `videoInputs`, the `region` of a
    /// video input, and `audioOption` and `videoOption` of an output. RTC tokens are not compared: each call gets new
    /// ones.
    pub(crate) fn fixed_difference(&self, newer: &Self) -> Option<&'static str> {
        let (old, new) = (self.transcoder(), newer.transcoder());
        let mode =
            |transcoder: &Transcoder| transcoder.stream_process_mode.clone().filter(|mode| mode != "mix");
        let envelope = |services: &Self| {
            let mut services = services.clone();
            let transcoder = &mut services.cloud_transcoder.config.transcoder;
            *transcoder =
                Transcoder { extra: std::mem::take(&mut transcoder.extra), ..Transcoder::default() };
            services
        };
        let differences = [
            (transcoder_path!(".idleTimeout"), self.idle_timeout() != newer.idle_timeout()),
            (transcoder_path!(".streamProcessMode"), mode(old) != mode(new)),
            (transcoder_path!(".audioInputs"), !can_be_updated(&old.audio_inputs, &new.audio_inputs)),
            (transcoder_path!(".videoInputs"), !can_be_updated(&old.video_inputs, &new.video_inputs)),
            (transcoder_path!(".canvas"), old.canvas != new.canvas),
            (transcoder_path!(".waterMarks"), old.water_marks != new.water_marks),
            (
                transcoder_path!(".outputs"),
                !old.outputs.iter().map(Output::fixed).eq(new.outputs.iter().map(Output::fixed)),
            ),
            ("services", envelope(self) != envelope(newer)),
        ];
        differences.into_iter().find_map(|(field, differs)| differs.then_some(field))
    }

    /// This payload with the RTC output of another one.
    pub(crate) fn with_output_of(mut self, other: &Self) -> Self {
        let outputs = self.cloud_transcoder.config.transcoder.outputs.iter_mut();
        for (rtc, of_other) in outputs.filter_map(|output| output.rtc.as_mut()).zip(other.rtc_outputs()) {
            *rtc = of_other.clone();
        }
        self
    }

    fn input_streams(&self) -> impl Iterator<Item = &Rtc> {
        let transcoder = self.transcoder();
        transcoder.audio_inputs.iter().chain(&transcoder.video_inputs).filter_map(|input| input.rtc.as_ref())
    }
}
