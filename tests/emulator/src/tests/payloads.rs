//! Which payloads are refused, and the error messages.

use serde_json::{Value, json};

use crate::payload::Payload;

const TRANSCODER: &str = "services.cloudTranscoder.config.transcoder";

/// A payload with every field of the reference.
fn complete() -> Value {
    let rtc = |uid: u32| json!({ "rtcChannel": "studio", "rtcUid": uid, "rtcToken": "token" });
    let image = "https://a.example/b.png";
    json!({
        "idleTimeout": 300,
        "streamProcessMode": "mix",
        "audioInputs": [{ "rtc": rtc(0), "volume": 200 }, { "streamUrl": "https://a.example/b.mp3", "repeat": -1 }],
        "videoInputs": [{
            "rtc": rtc(1), "placeholderImageUrl": image,
            "region": { "x": 0, "y": 3840, "width": 120, "height": 3840, "zOrder": 2 },
        }],
        "canvas": { "width": 1280, "height": 720, "color": 16_777_215, "backgroundImage": image, "fillMode": "FIT" },
        "waterMarks": [{
            "imageUrl": image, "fillMode": "FILL",
            "region": { "x": 0, "y": 0, "width": 120, "height": 120, "zOrder": 0 },
        }],
        "outputs": [{
            "rtc": { "rtcChannel": "show", "rtcUid": 1, "rtcToken": "token" },
            "audioOption": { "profileType": "AUDIO_PROFILE_MUSIC_STANDARD" },
            "videoOption": {
                "width": 3840, "height": 120, "bitrate": 10_000, "codec": "VP8", "fps": 30, "mode": "RAW",
            },
        }],
        "metaDataOption": { "unknown": "passes through" },
    })
}

/// Sets a member, or removes it if `value` is `null`.
fn with(pointer: &str, value: Value) -> Value {
    let mut transcoder = complete();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match (transcoder.pointer_mut(parent).unwrap(), value) {
        (Value::Array(list), value) => list[key.parse::<usize>().unwrap()] = value,
        (Value::Object(members), Value::Null) => drop(members.remove(key)),
        (parent, value) => parent[key] = value,
    }
    transcoder
}

fn refusal(transcoder: &Value, strict: bool) -> Option<String> {
    let config = json!({ "transcoder": transcoder });
    let service = json!({ "serviceType": "cloudTranscoderV2", "config": config });
    Payload::read(&json!({ "services": { "cloudTranscoder": service } }), strict).err()
}

#[test]
fn payloads_of_the_reference_are_accepted() {
    let audio = json!([{ "rtc": { "rtcChannel": "studio", "rtcUid": 0, "rtcToken": "t" } }]);
    let rtc = json!({ "rtc": { "rtcChannel": "show", "rtcUid": 7, "rtcToken": "t" } });
    for transcoder in [
        complete(),
        json!({ "audioInputs": audio, "outputs": [rtc] }),
        json!({ "audioInputs": audio, "videoInputs": null, "waterMarks": null, "canvas": null, "outputs": [rtc] }),
        json!({ "streamProcessMode": "single", "audioInputs": audio, "videoInputs": audio_as_video(), "outputs": [rtc] }),
        json!({ "streamProcessMode": "heterogeneous-single", "audioInputs": audio,
            "outputs": [{ "streamUrl": ["rtmp://a", "rtmp://b"] }] }),
        with("/canvas/backgroundImage", json!("https://a.example/b.PNG!large")),
        with("/canvas/backgroundImage", json!("http://a.example/b.jpeg?x=1")),
        with("/idleTimeout", Value::Null),
        with("/idleTimeout", json!(86_400)),
        with("/outputs/0/rtc/rtcUid", json!(u32::MAX)),
        with("/outputs/0/audioOption", Value::Null),
        with("/outputs/0/videoOption/fps", Value::Null),
    ] {
        for strict in [false, true] {
            assert_eq!(refusal(&transcoder, strict), None, "{transcoder}");
        }
    }
}

fn audio_as_video() -> Value {
    json!([{ "rtc": { "rtcChannel": "studio", "rtcUid": 3, "rtcToken": "t" } }])
}

#[test]
fn only_a_strict_profile_refuses_payloads_that_the_newest_reference_forbids() {
    let cdn = |codec| {
        json!([{ "streamUrl": "rtmp://a", "videoOption": {
        "width": 1280, "height": 720, "bitrate": 1_000, "codec": codec,
    } }])
    };
    for (field, transcoder) in [
        ("audioInputs[0].rtc.rtcToken", with("/audioInputs/0/rtc/rtcToken", Value::Null)),
        ("outputs[0].rtc.rtcToken", with("/outputs/0/rtc/rtcToken", Value::Null)),
        ("videoInputs[0].region.zOrder", with("/videoInputs/0/region/zOrder", json!(1))),
        ("videoInputs[0].rtc.rtcUid", with("/videoInputs/0/rtc/rtcUid", json!(0))),
        ("waterMarks[0].region.width", with("/waterMarks/0/region/width", json!(100))),
        ("outputs[0].videoOption.codec", with("/outputs", cdn("H265"))),
    ] {
        assert_eq!(refusal(&transcoder, false), None, "{field}");
        let message = refusal(&transcoder, true).unwrap_or_default();
        assert!(message.starts_with(&format!("{TRANSCODER}.{field} is ")), "{message}");
    }
}

#[test]
fn every_field_is_validated() {
    let numbers: [(&str, i64, i64); 17] = [
        ("/idleTimeout", 1, 86_400),
        ("/audioInputs/0/rtc/rtcUid", 0, 4_294_967_295),
        ("/audioInputs/0/volume", 0, 200),
        ("/videoInputs/0/region/x", 0, 3840),
        ("/videoInputs/0/region/y", 0, 3840),
        ("/videoInputs/0/region/width", 120, 3840),
        ("/videoInputs/0/region/height", 120, 3840),
        ("/videoInputs/0/region/zOrder", 0, 100),
        ("/canvas/width", 120, 3840),
        ("/canvas/height", 120, 3840),
        ("/canvas/color", 0, 16_777_215),
        ("/waterMarks/0/region/zOrder", 0, 100),
        ("/outputs/0/rtc/rtcUid", 1, 4_294_967_295),
        ("/outputs/0/videoOption/width", 120, 3840),
        ("/outputs/0/videoOption/height", 120, 3840),
        ("/outputs/0/videoOption/bitrate", 1, 10_000),
        ("/outputs/0/videoOption/fps", 1, 30),
    ];
    for (pointer, least, most) in numbers {
        let field = field(pointer);
        for (value, shown) in [
            (json!(least - 1), format!("{}", least - 1)),
            (json!(most + 1), format!("{}", most + 1)),
            (json!(1.5), "1.5".to_owned()),
            (json!("5"), "\"5\"".to_owned()),
            (json!([]), "an array".to_owned()),
            (json!({}), "an object".to_owned()),
            (json!(true), "true".to_owned()),
        ] {
            let message = format!("{field} is {shown}, but must be an integer from {least} to {most}");
            assert_eq!(refusal(&with(pointer, value), false), Some(message));
        }
        for allowed in [least, most] {
            let message = refusal(&with(pointer, json!(allowed)), false);
            // The inputs are in another channel, so the output may have an input's uid.
            assert_eq!(message, None, "{pointer} {allowed}");
        }
    }
    for (pointer, allowed) in [
        ("/streamProcessMode", "mix or single or heterogeneous-single"),
        ("/canvas/fillMode", "FILL or FIT"),
        ("/waterMarks/0/fillMode", "FILL or FIT"),
        ("/outputs/0/videoOption/codec", "H264 or VP8"),
        ("/outputs/0/videoOption/mode", "RAW"),
    ] {
        let message = format!("{} is \"other\", but must be {allowed}", field(pointer));
        assert_eq!(refusal(&with(pointer, json!("other")), false), Some(message));
    }
    let profile = "/outputs/0/audioOption/profileType";
    let message = refusal(&with(profile, json!("other")), false).unwrap_or_default();
    assert!(
        message
            .starts_with(&format!("{} is \"other\", but must be AUDIO_PROFILE_DEFAULT or", field(profile)))
    );
    for pointer in [
        "/canvas",
        "/canvas/width",
        "/canvas/height",
        "/canvas/color",
        "/videoInputs/0/region",
        "/videoInputs/0/region/x",
        "/videoInputs/0/region/zOrder",
        "/waterMarks/0/imageUrl",
        "/waterMarks/0/region",
        "/audioInputs/0/rtc/rtcChannel",
        "/audioInputs/0/rtc/rtcUid",
        "/outputs/0/rtc/rtcChannel",
        "/outputs/0/rtc/rtcUid",
        "/outputs/0/videoOption",
        "/outputs/0/videoOption/width",
        "/outputs/0/videoOption/bitrate",
        "/outputs/0/videoOption/codec",
    ] {
        let message = refusal(&with(pointer, Value::Null), false).unwrap_or_default();
        assert!(message.starts_with(&format!("{} is missing", field(pointer))), "{pointer}: {message}");
    }
    for pointer in ["/audioInputs", "/videoInputs", "/waterMarks", "/outputs"] {
        let message = format!("{} is an object, but must be an array", field(pointer));
        assert_eq!(refusal(&with(pointer, json!({})), false), Some(message));
        let message = format!("{}[0] is 1, but must be an object", field(pointer));
        assert_eq!(refusal(&with(pointer, json!([1])), false), Some(message));
    }
    for pointer in ["/canvas", "/videoInputs/0/region", "/outputs/0/audioOption", "/outputs/0/videoOption"] {
        let message = format!("{} is 1, but must be an object", field(pointer));
        assert_eq!(refusal(&with(pointer, json!(1)), false), Some(message));
    }
}

#[test]
fn rules_across_fields_are_validated() {
    let rtc = |channel, uid: u32| json!({ "rtc": { "rtcChannel": channel, "rtcUid": uid } });
    let output = |channel, uid| {
        let mut output = complete()["outputs"][0].clone();
        output["rtc"] = rtc(channel, uid)["rtc"].clone();
        output
    };
    let cdn = json!({ "streamUrl": "rtmp://a", "videoOption": complete()["outputs"][0]["videoOption"] });
    for (message, transcoder) in [
        ("audioInputs[0].rtc.rtcChannel", with("/audioInputs/0/rtc/rtcChannel", json!("x".repeat(65)))),
        (
            "videoInputs[0].rtc.rtcChannel is \"other\", but must be the channel of",
            with("/videoInputs/0/rtc/rtcChannel", json!("other")),
        ),
        ("audioInputs[1].repeat is 0", with("/audioInputs/1/repeat", json!(0))),
        ("audioInputs[0] has both", with("/audioInputs/0/streamUrl", json!("https://a"))),
        ("audioInputs[0] has neither", with("/audioInputs/0/rtc", Value::Null)),
        ("audioInputs has more than one", with("/streamProcessMode", json!("single"))),
        ("outputs[0] has both", with("/outputs/0/streamUrl", json!("rtmp://a"))),
        ("outputs[0] has neither", with("/outputs/0/rtc", Value::Null)),
        ("outputs is empty", with("/outputs", json!([]))),
        ("outputs must be in one", with("/outputs", json!([output("show", 7), cdn]))),
        ("outputs must be in one", with("/outputs", json!([cdn, output("show", 7)]))),
        ("outputs must be in one", with("/outputs", json!([output("show", 7), output("other", 8)]))),
        ("outputs[1].rtc.rtcUid is 7", with("/outputs", json!([output("show", 7), output("show", 7)]))),
        (
            "outputs[0].rtc.rtcUid is 1, but must be a uid that no",
            with("/outputs", json!([output("studio", 1)])),
        ),
        ("canvas.backgroundImage must be", with("/canvas/backgroundImage", json!("https://a.example/b.gif"))),
        ("canvas.backgroundImage must be", with("/canvas/backgroundImage", json!("ftp://a.example/b.png"))),
    ] {
        let found = refusal(&transcoder, false).unwrap_or_default();
        assert!(found.starts_with(&format!("{TRANSCODER}.{message}")), "{found}");
    }
    assert_eq!(refusal(&with("/outputs", json!([output("show", 1), output("show", 8)])), false), None);
    let nothing = json!({ "outputs": [output("show", 7)] });
    assert!(refusal(&nothing, false).is_some_and(|message| message.contains("one input is required")));
}

#[test]
fn errors_contain_no_token_or_address() {
    for (pointer, secret) in [
        ("/audioInputs/0/rtc/rtcToken", json!({ "a": "s3cret" })),
        ("/outputs/0", json!({ "streamUrl": { "a": "s3cret" } })),
        ("/outputs/0", json!({ "streamUrl": ["rtmp://s3cret", 1] })),
        ("/canvas/backgroundImage", json!("https://a.example/b?s3cret")),
    ] {
        let message = refusal(&with(pointer, secret), false).unwrap();
        assert!(!message.contains("s3cret"), "{message}");
    }
}

fn field(pointer: &str) -> String {
    let mut path = TRANSCODER.to_owned();
    for part in pointer.split('/').skip(1) {
        match part.parse::<usize>() {
            Ok(index) => path.push_str(&format!("[{index}]")),
            Err(_) => path.push_str(&format!(".{part}")),
        }
    }
    path
}
