use serde_json::{Value, json};

use super::*;
use crate::time::short::secs;

fn payload() -> Value {
    json!({ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
        "idleTimeout": 300,
        "audioInputs": [{ "rtc": { "rtcChannel": "show", "rtcUid": 0, "rtcToken": "in-token" } }],
        "videoInputs": [
            { "rtc": { "rtcChannel": "show", "rtcUid": 1, "rtcToken": "in-token" },
              "placeholderImageUrl": "https://example.com/a.PNG?x=1",
              "region": { "x": 0, "y": 0, "width": 640, "height": 720, "zOrder": 2 } },
            { "streamUrl": "https://example.com/b.mp4",
              "region": { "x": 640, "y": 0, "width": 640, "height": 720, "zOrder": 3 } },
        ],
        "canvas": { "width": 1280, "height": 720, "color": 0, "fillMode": "FIT" },
        "waterMarks": [{ "imageUrl": "http://example.com/w.jpg",
            "region": { "x": 0, "y": 0, "width": 120, "height": 120, "zOrder": 100 } }],
        "outputs": [{ "rtc": { "rtcChannel": "show", "rtcUid": 9001, "rtcToken": "out-token" },
            "audioOption": { "profileType": "AUDIO_PROFILE_MUSIC_STANDARD" },
            "videoOption": { "width": 1280, "height": 720, "bitrate": 2000, "codec": "H264", "fps": 15 } }],
    } } } })
}

/// The payload with the value at `path` (below `transcoder`) replaced.
fn with(path: &str, value: Value) -> Value {
    let mut json = payload();
    let transcoder = json.pointer_mut("/cloudTranscoder/config/transcoder").unwrap();
    let (parent, field) = path.rsplit_once('/').unwrap_or(("", path));
    let parent =
        if parent.is_empty() { transcoder } else { transcoder.pointer_mut(&format!("/{parent}")).unwrap() };
    match field.parse::<usize>() {
        Ok(i) => parent[i] = value,
        Err(_) => parent[field] = value,
    }
    json
}

fn refused(json: &Value) -> Vec<String> {
    match document::read::<Services>("services", &json.to_string()) {
        Err(invalid) => vec![invalid.field],
        Ok(services) => services.violations().into_iter().map(|invalid| invalid.field).collect(),
    }
}

#[test]
fn a_valid_payload_passes_through_with_unknown_fields() {
    let mut json = with("videoInputs/0/region/shape", json!("round"));
    json["cloudTranscoder"]["config"]["transcoder"]["seiOptions"] = json!({ "layout": [1, 2] });
    json["cloudTranscoder"]["tomorrow"] = json!(null);
    let services = Services::from_json(&json.to_string()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&services.to_json()).unwrap(), json);
    assert_eq!(services.warnings(), []);
    assert_eq!(services.idle_timeout(), secs(300));
    assert_eq!(services.input_channel(), Some("show"));
    assert!(services.has_input_uid(1) && !services.has_input_uid(2));
}

#[test]
fn tokens_stream_urls_and_stream_keys_are_secrets() {
    let mut json = with("videoInputs/1/streamUrl", json!("rtmp://example.com/live/k3y-of-a-show"));
    json["cloudTranscoder"]["config"]["transcoder"]["waterMarks"][0]["imageUrl"] =
        json!("https://img.example/watermark.png?sign=0a1b2c3d4e");
    json["cloudTranscoder"]["config"]["transcoder"]["outputs"] = json!([
        { "rtc": { "rtcChannel": "show", "rtcToken": "out-token" } },
        { "streamUrl": "rtmp://a/123456" },
        { "streamUrl": "rtmp://a/12345" },
        { "streamUrl": "rtmps://name:passw0rd@cdn.example:443/live/k3y-of-a-path?sign=0a1b2c3d4e&t=1" },
    ]);
    let services: Services = document::read("services", &json.to_string()).unwrap();
    let expected = [
        "in-token",
        "out-token",
        "rtmp://a/123456",
        "123456",
        "rtmp://a/12345",
        "rtmps://name:passw0rd@cdn.example:443/live/k3y-of-a-path?sign=0a1b2c3d4e&t=1",
        "k3y-of-a-path?sign=0a1b2c3d4e&t=1",
        "passw0rd",
        "k3y-of-a-path",
        "0a1b2c3d4e",
        "rtmp://example.com/live/k3y-of-a-show",
        "k3y-of-a-show",
        "sign=0a1b2c3d4e",
    ];
    assert_eq!(services.secrets(), expected);
    let shown = format!("{services:?}");
    assert!(shown.contains("rtc_token: Some(…)") && !shown.contains("in-token"), "{shown}");
    let tomorrow = Services::from_json(&with("canvas/sticker", json!("in-token")).to_string()).unwrap();
    let shown = format!("{tomorrow:?}");
    assert!(shown.contains("sticker") && !shown.contains("in-token"), "{shown}");
}

/// A payload with all known fields.
fn whole() -> Value {
    let mut json = payload();
    let transcoder = &mut json["cloudTranscoder"]["config"]["transcoder"];
    transcoder["streamProcessMode"] = json!("single");
    transcoder["audioInputs"][0]["volume"] = json!(80);
    transcoder["videoInputs"] = json!([{ "streamUrl": "rtmp://media.example/live/k3y-of-the-media", "repeat": -1,
        "placeholderImageUrl": "https://img.example/a.jpg?sign=s1gn-of-a",
        "region": { "x": 0, "y": 0, "width": 640, "height": 720, "zOrder": 2 } }]);
    transcoder["canvas"]["backgroundImage"] = json!("https://user:passw0rd@img.example/b.png");
    transcoder["waterMarks"][0]["fillMode"] = json!("FILL");
    transcoder["waterMarks"][0]["imageUrl"] = json!("https://img.example/w.png#s1gn-of-w");
    transcoder["outputs"][0]["videoOption"]["mode"] = json!("RAW");
    json
}

#[test]
fn harmless_values_are_shown_and_the_others_are_restored() {
    let services = Services::from_json(&whole().to_string()).unwrap();
    let at = |path: &str| format!("{}.cloudTranscoder.config.transcoder.{path}", mark_of(&services));
    let mut expected = whole();
    let transcoder = &mut expected["cloudTranscoder"]["config"]["transcoder"];
    transcoder["audioInputs"][0]["rtc"]["rtcToken"] = json!(at("audioInputs[0].rtc.rtcToken"));
    transcoder["videoInputs"][0]["streamUrl"] = json!(at("videoInputs[0].streamUrl"));
    let image = at("videoInputs[0].placeholderImageUrl");
    transcoder["videoInputs"][0]["placeholderImageUrl"] = json!(format!("https://img.example/a.jpg?{image}"));
    transcoder["canvas"]["backgroundImage"] = json!(at("canvas.backgroundImage"));
    let image = at("waterMarks[0].imageUrl");
    transcoder["waterMarks"][0]["imageUrl"] = json!(format!("https://img.example/w.png?{image}"));
    transcoder["outputs"][0]["rtc"]["rtcToken"] = json!(at("outputs[0].rtc.rtcToken"));
    assert_eq!(shown(&services), expected);
    let debug = format!("{services:?}");
    assert!(
        debug.contains("https://img.example/a.jpg") && !debug.contains("s1gn") && !debug.contains("passw0rd"),
        "{debug}"
    );
    assert_eq!(revealed(&shown(&services), Some(&services)), Ok(whole()));
}

#[test]
fn unknown_values_are_redacted_and_restored_wherever_they_are_moved() {
    let objects = [
        "",
        "/cloudTranscoder",
        "/cloudTranscoder/config",
        "/cloudTranscoder/config/transcoder",
        "/cloudTranscoder/config/transcoder/canvas",
        "/cloudTranscoder/config/transcoder/audioInputs/0",
        "/cloudTranscoder/config/transcoder/audioInputs/0/rtc",
        "/cloudTranscoder/config/transcoder/videoInputs/0",
        "/cloudTranscoder/config/transcoder/videoInputs/0/region",
        "/cloudTranscoder/config/transcoder/waterMarks/0",
        "/cloudTranscoder/config/transcoder/waterMarks/0/region",
        "/cloudTranscoder/config/transcoder/outputs/0",
        "/cloudTranscoder/config/transcoder/outputs/0/rtc",
        "/cloudTranscoder/config/transcoder/outputs/0/audioOption",
        "/cloudTranscoder/config/transcoder/outputs/0/videoOption",
    ];
    let secrets = [
        ("tokens", json!(["s3cret-one", { "a": "s3cret-two" }])),
        ("authorization", json!("Basic s3cret-one")),
        ("cookie", json!({ "s3cret-name": 1 })),
        ("rtctoken", json!("s3cret-one")),
        ("pin", json!(12_345_678)),
        ("rtc2", json!(null)),
        // Known elsewhere, but not here.
        ("rtcUid2", json!(true)),
    ];
    for object in objects {
        for (name, value) in &secrets {
            let mut json = whole();
            json.pointer_mut(object).unwrap()[name] = value.clone();
            let services: Services = document::read("services", &json.to_string()).unwrap();
            let shown = shown(&services);
            let mark = shown.pointer(&format!("{object}/{name}")).unwrap().as_str().unwrap();
            assert!(mark.starts_with(&mark_of(&services)) && mark.ends_with(name), "{mark}");
            let text = shown.to_string() + &format!("{services:?}");
            assert!(!text.contains("s3cret") && !text.contains("12345678"), "{text}");
            assert_eq!(revealed(&shown, Some(&services)), Ok(json));
            let is_known = services.secrets().iter().any(|secret| secret.contains("s3cret-one"));
            assert_eq!(is_known, value.to_string().contains("s3cret-one"), "{object} {name}");
        }
    }
    let services = Services::from_json(&whole().to_string()).unwrap();
    let mut moved = shown(&services);
    let inputs = &mut moved["cloudTranscoder"]["config"]["transcoder"]["videoInputs"];
    *inputs = json!([{ "rtc": { "rtcChannel": "show", "rtcUid": 7 } }, inputs[0]]);
    let back = revealed(&moved, Some(&services)).unwrap();
    let input = &whole()["cloudTranscoder"]["config"]["transcoder"]["videoInputs"][0];
    assert_eq!(&back["cloudTranscoder"]["config"]["transcoder"]["videoInputs"][1], input);
}

fn shown(services: &Services) -> Value {
    serde_json::from_str(&services.shown()).unwrap()
}

fn revealed(services: &Value, shown_of: Option<&Services>) -> Result<Value, Invalid> {
    super::revealed(&services.to_string(), shown_of).map(|json| serde_json::from_str(&json).unwrap())
}

/// The beginning of this payload's marks.
fn mark_of(services: &Services) -> String {
    let token =
        shown(services)["cloudTranscoder"]["config"]["transcoder"]["outputs"][0]["rtc"]["rtcToken"].clone();
    let mark = token.as_str().unwrap().split('.').next().unwrap().to_owned();
    assert!(mark.len() == 11 && mark.starts_with("***"), "{mark}");
    mark
}

/// The payload was changed after it was shown: its paths may mean something else now.
#[test]
fn marks_of_a_changed_payload_are_refused() {
    let mut json = whole();
    json["cloudTranscoder"]["config"]["transcoder"]["videoInputs"][0]["region"]["x"] = json!(8);
    let (before, now) =
        (Services::from_json(&json.to_string()).unwrap(), Services::from_json(&whole().to_string()).unwrap());
    let refused = revealed(&shown(&before), Some(&now)).unwrap_err();
    assert!(refused.allowed.contains("may have changed"), "{refused}");
    assert_eq!(revealed(&shown(&before), Some(&before)), Ok(json));
    // New secrets in the same places are fine.
    let mut renewed = whole();
    renewed["cloudTranscoder"]["config"]["transcoder"]["outputs"][0]["rtc"]["rtcToken"] =
        json!("another-token");
    let renewed = Services::from_json(&renewed.to_string()).unwrap();
    assert_eq!(mark_of(&renewed), mark_of(&now));
}

#[test]
fn unknown_marks_are_refused() {
    let services = Services::from_json(&whole().to_string()).unwrap();
    let refused = |shown_of| {
        let given = json!({ "a": [1, { "b": "https://img.example/a.jpg?***01234567.made.up" }] });
        revealed(&given, shown_of).unwrap_err()
    };
    assert_eq!(refused(Some(&services)).field, "services.a[1].b");
    assert_eq!(refused(None).field, "services.a[1].b");
    assert_eq!(revealed(&json!("***"), Some(&services)).unwrap_err().field, "services");
    assert_eq!(revealed(&json!("a?***.b"), Some(&services)).unwrap_err().field, "services");
    assert_eq!(
        revealed(&json!("*** LIVE ***"), None),
        Ok(json!("*** LIVE ***")),
        "a new payload may contain this"
    );
    let new = Services::from_json(&services.shown()).unwrap_err();
    assert!(new.field.ends_with("audioInputs[0].rtc.rtcToken") && new.allowed.contains("the value"), "{new}");
    let inside = json!({ "a": format!("prefix {}.a", mark_of(&services)) });
    assert_eq!(revealed(&inside, Some(&services)).unwrap_err().field, "services.a");
    assert_eq!(revealed(&json!({ "a": "b***" }), None), Ok(json!({ "a": "b***" })));
    let error = super::revealed("***", None).unwrap_err();
    assert_eq!(error.to_string(), "services is not JSON, but must be an object");
}

/// In a field that is shown or quoted, the restored value would be revealed.
#[test]
fn a_hidden_value_is_restored_only_where_it_stays_hidden() {
    let services = Services::from_json(&whole().to_string()).unwrap();
    let transcoder = "/cloudTranscoder/config/transcoder";
    let token = shown(&services).pointer(&format!("{transcoder}/outputs/0/rtc/rtcToken")).unwrap().clone();
    for place in [
        "idleTimeout",
        "streamProcessMode",
        "outputs/0/rtc/rtcChannel",
        "outputs/0/rtc/rtcUid",
        "outputs/0/videoOption/codec",
        "canvas/fillMode",
        "waterMarks/0/imageUrl",
    ] {
        let mut moved = shown(&services);
        *moved.pointer_mut(&format!("{transcoder}/{place}")).unwrap() = token.clone();
        let refused = revealed(&moved, Some(&services)).unwrap_err();
        assert!(refused.allowed.contains("would be shown here"), "{place}: {refused}");
    }
    let mut moved = shown(&services);
    moved.pointer_mut(&format!("{transcoder}/outputs/0")).unwrap()["secretOfOurs"] = token;
    assert!(revealed(&moved, Some(&services)).is_ok());
}

#[test]
fn errors_quote_only_harmless_values() {
    let message = |path, value| match Services::from_json(&with(path, value).to_string()) {
        Err(invalid) => format!("{invalid} {invalid:?}"),
        Ok(_) => panic!("{path} is allowed"),
    };
    let secret = "s3cret-0123456789";
    for (path, value) in [
        ("outputs/0/rtc/rtcToken", json!([secret])),
        ("outputs/0/rtc/rtcToken", json!({ "token": secret })),
        ("outputs/0/rtc/rtcToken", json!(30_123_456_789_u64)),
        ("videoInputs/1/streamUrl", json!(30_123_456_789_u64)),
        ("outputs/0/rtc", json!(secret)),
        ("outputs/0", json!(secret)),
        ("outputs", json!(secret)),
        ("audioInputs", json!({ "token": secret })),
        ("idleTimeout", json!(secret.repeat(4))),
        ("videoInputs/0/rtc/rtcUid", json!(secret.repeat(4))),
        ("outputs/0/videoOption/codec", json!(secret.repeat(4))),
        ("outputs/0/rtc/rtcChannel", json!(secret.repeat(4))),
        ("waterMarks/0/imageUrl", json!(format!("https://img.example/a.gif?sign={secret}"))),
        ("waterMarks/0/imageUrl", json!(format!("https://user:{secret}@img.example/a.gif"))),
        ("canvas/backgroundImage", json!(format!("ftp://img.example/a.png#{secret}"))),
    ] {
        let message = message(path, value.clone());
        assert!(!message.contains(secret) && !message.contains("30123456789"), "{path}: {message}");
    }
    for (path, value, quoted) in [
        ("idleTimeout", json!("300"), "\"300\""),
        ("idleTimeout", json!(0), "0"),
        ("outputs/0/videoOption/codec", json!("AV1"), "\"AV1\""),
        ("waterMarks/0/imageUrl", json!("https://img.example/a.gif?x"), "\"https://img.example/a.gif\""),
    ] {
        let message = message(path, value);
        assert!(message.contains(&format!(" is {quoted}, but must be ")), "{message}");
    }
}

#[test]
fn every_range_and_rule_names_its_field() {
    let rtc = |uid: u32, channel: &str| {
        let video = json!({ "width": 120, "height": 120, "bitrate": 1, "codec": "VP8" });
        json!({ "rtc": { "rtcChannel": channel, "rtcUid": uid }, "videoOption": video })
    };
    let cases: &[(&str, Value, &str)] = &[
        ("idleTimeout", json!(0), "idleTimeout"),
        ("idleTimeout", json!(86_401), "idleTimeout"),
        ("idleTimeout", json!("300"), "idleTimeout"),
        ("streamProcessMode", json!("double"), "streamProcessMode"),
        ("streamProcessMode", json!("single"), "videoInputs"),
        ("audioInputs/0", json!({}), "audioInputs[0]"),
        ("audioInputs/0", json!({ "streamUrl": "http://a/b.mp3", "volume": 201 }), "audioInputs[0].volume"),
        ("audioInputs/0", json!({ "streamUrl": "http://a/b.mp3", "repeat": 0 }), "audioInputs[0].repeat"),
        ("audioInputs/0/streamUrl", json!("http://a/b.mp3"), "audioInputs[0]"),
        ("audioInputs/0/rtc/rtcChannel", json!("other"), "videoInputs[0].rtc.rtcChannel"),
        ("outputs/0/rtc/rtcChannel", json!(""), "outputs[0].rtc.rtcChannel"),
        ("videoInputs/0/rtc/rtcUid", json!(0), "videoInputs[0].rtc.rtcUid"),
        ("videoInputs/0/rtc", json!({ "rtcChannel": "show" }), "videoInputs[0].rtc.rtcUid"),
        ("videoInputs/0/rtc/rtcUid", json!(-1), "videoInputs[0].rtc.rtcUid"),
        ("videoInputs/0/placeholderImageUrl", json!("https://a/b.gif"), "videoInputs[0].placeholderImageUrl"),
        ("videoInputs/0/region/x", json!(3841), "videoInputs[0].region.x"),
        ("videoInputs/0/region/y", json!(-1), "videoInputs[0].region.y"),
        ("videoInputs/0/region/width", json!(119), "videoInputs[0].region.width"),
        ("videoInputs/1/region/height", json!(3841), "videoInputs[1].region.height"),
        ("videoInputs/0/region/zOrder", json!(-1), "videoInputs[0].region.zOrder"),
        ("videoInputs/0/region/zOrder", json!(null), "videoInputs[0].region.zOrder"),
        ("videoInputs/1/region", json!(null), "videoInputs[1].region"),
        ("videoInputs/0/region/zOrder", json!(101), "videoInputs[0].region.zOrder"),
        ("canvas/width", json!(119), "canvas.width"),
        ("canvas/height", json!(3841), "canvas.height"),
        ("canvas/color", json!(16_777_216), "canvas.color"),
        ("canvas/color", json!(null), "canvas.color"),
        ("canvas", json!(null), "canvas"),
        ("canvas/fillMode", json!("STRETCH"), "canvas.fillMode"),
        ("canvas/backgroundImage", json!("b.png"), "canvas.backgroundImage"),
        ("waterMarks/0/region/zOrder", json!(-1), "waterMarks[0].region.zOrder"),
        ("waterMarks/0/imageUrl", json!("ftp://a/b.png"), "waterMarks[0].imageUrl"),
        ("waterMarks/0/imageUrl", json!("https://png.example/b.webp"), "waterMarks[0].imageUrl"),
        ("waterMarks/0/imageUrl", json!("https://a.png"), "waterMarks[0].imageUrl"),
        ("waterMarks/0/region/width", json!(0), "waterMarks[0].region.width"),
        ("waterMarks/0/region/height", json!(3841), "waterMarks[0].region.height"),
        ("outputs", json!(null), "outputs"),
        ("waterMarks/0/fillMode", json!("fit"), "waterMarks[0].fillMode"),
        ("outputs", json!([]), "outputs"),
        ("outputs/0/rtc", json!(null), "outputs[0]"),
        ("outputs/0/rtc/rtcUid", json!(0), "outputs[0].rtc.rtcUid"),
        ("outputs/0/rtc/rtcUid", json!(1), "outputs[0].rtc.rtcUid"),
        ("outputs", json!([rtc(8, "a"), rtc(9, "b")]), "outputs[1].rtc.rtcChannel"),
        ("outputs", json!([rtc(8, "a"), rtc(8, "a")]), "outputs[1].rtc.rtcUid"),
        ("outputs", json!([rtc(8, "a"), rtc(9, "a"), rtc(9, "a")]), "outputs[2].rtc.rtcUid"),
        ("outputs/0/rtc/rtcChannel", json!("c".repeat(65)), "outputs[0].rtc.rtcChannel"),
        ("outputs", json!([rtc(8, "a"), { "streamUrl": "rtmp://a/b" }]), "outputs"),
        ("outputs/0/audioOption/profileType", json!("DEFAULT"), "outputs[0].audioOption.profileType"),
        ("outputs/0/videoOption/bitrate", json!(0), "outputs[0].videoOption.bitrate"),
        ("outputs/0/videoOption/bitrate", json!(10_001), "outputs[0].videoOption.bitrate"),
        ("outputs/0/videoOption/codec", json!("AV1"), "outputs[0].videoOption.codec"),
        ("outputs/0/videoOption/fps", json!(31), "outputs[0].videoOption.fps"),
        ("outputs/0/videoOption/codec", json!("H265"), "outputs[0].videoOption.codec"),
        ("outputs/0/videoOption/codec", json!(null), "outputs[0].videoOption.codec"),
        ("outputs/0/videoOption/width", json!(1921), "outputs[0].videoOption.width"),
        ("outputs/0/videoOption/width", json!(119), "outputs[0].videoOption.width"),
        ("outputs/0/videoOption/width", json!(null), "outputs[0].videoOption.width"),
        ("outputs/0/videoOption/height", json!(1), "outputs[0].videoOption.height"),
        ("outputs/0/videoOption/height", json!(null), "outputs[0].videoOption.height"),
        ("outputs/0/videoOption", json!(null), "outputs[0].videoOption"),
        ("outputs/0/videoOption/mode", json!("RAW"), "outputs[0].videoOption.mode"),
    ];
    for (path, value, field) in cases {
        let found = refused(&with(path, value.clone()));
        assert_eq!(
            found,
            [format!("services.cloudTranscoder.config.transcoder.{field}")],
            "{path} = {value}"
        );
    }
    let sized = |width: i64, height: i64| {
        let mut json = with("outputs/0/videoOption/width", json!(width));
        json["cloudTranscoder"]["config"]["transcoder"]["outputs"][0]["videoOption"]["height"] =
            height.into();
        refused(&json)
    };
    assert_eq!(sized(1200, 1200), ["services.cloudTranscoder.config.transcoder.outputs[0].videoOption"]);
    assert_eq!(sized(1080, 1920).len() + sized(1920, 1080).len() + sized(120, 120).len(), 0);
    assert_eq!(sized(1, 1).len(), 2);
    assert_eq!(refused(&with("outputs", json!([rtc(8, "a"), rtc(9, "a"), rtc(10, "a")]))).len(), 0);
    assert_eq!(refused(&with("outputs/0/rtc/rtcChannel", json!("c".repeat(64)))).len(), 0);
    let sound_only = json!([rtc(8, "a"), { "rtc": { "rtcChannel": "a", "rtcUid": 9 } }]);
    assert_eq!(refused(&with("outputs", sound_only)).len(), 0, "one output with video is enough");
    let mut passed_through = with("outputs/0/videoOption/mode", json!("RAW"));
    passed_through["cloudTranscoder"]["config"]["transcoder"]["videoInputs"].as_array_mut().unwrap().pop();
    assert_eq!(refused(&passed_through).len(), 0);

    let mut wrong_type = payload();
    wrong_type["cloudTranscoder"]["serviceType"] = json!("cloudTranscoder");
    assert_eq!(refused(&wrong_type), ["services.cloudTranscoder.serviceType"]);
    assert_eq!(refused(&json!({})), ["services.cloudTranscoder"]);
}

#[test]
fn an_error_names_the_field_the_value_and_the_range() {
    let invalid = Services::from_json(&with("videoInputs/1/region/width", json!(5)).to_string()).unwrap_err();
    assert_eq!(
        invalid.to_string(),
        "services.cloudTranscoder.config.transcoder.videoInputs[1].region.width is 5, but must be from 120 to 3840 px"
    );
    let invalid = Services::from_json(&with("canvas/width", json!(1.5)).to_string()).unwrap_err();
    assert_eq!(
        invalid.to_string(),
        "services.cloudTranscoder.config.transcoder.canvas.width is 1.5, but must be an integer"
    );
}

#[test]
fn unlikely_values_cause_warnings() {
    let small = Services::from_json(&with("idleTimeout", json!(10)).to_string()).unwrap();
    assert_eq!(small.warnings()[0].field, "services.cloudTranscoder.config.transcoder.idleTimeout");
    assert_eq!(Services::from_json(&with("idleTimeout", json!(59)).to_string()).unwrap().warnings().len(), 1);
    assert_eq!(Services::from_json(&with("idleTimeout", json!(60)).to_string()).unwrap().warnings(), []);
    let beyond = Services::from_json(&with("canvas/width", json!(1000)).to_string()).unwrap();
    assert_eq!(
        beyond.warnings()[0].field,
        "services.cloudTranscoder.config.transcoder.videoInputs[1].region"
    );
}

/// The fields of the warnings about a valid payload.
fn warned(json: &Value) -> Vec<String> {
    let prefix = "services.cloudTranscoder.config.transcoder.";
    let services = Services::from_json(&json.to_string()).unwrap();
    services.warnings().into_iter().map(|warning| warning.field.replace(prefix, "")).collect()
}

#[test]
fn values_forbidden_only_by_the_newest_reference_cause_warnings() {
    for layer in [0, 1] {
        let json = with("videoInputs/0/region/zOrder", json!(layer));
        assert_eq!(warned(&json), ["videoInputs[0].region.zOrder"]);
    }
    assert_eq!(warned(&with("waterMarks/0/region/width", json!(100))), ["waterMarks[0].region"]);
    assert_eq!(warned(&with("waterMarks/0/region/height", json!(1))), ["waterMarks[0].region"]);
    let mut to_cdn = with("outputs/0/videoOption/codec", json!("H265"));
    let output = &mut to_cdn["cloudTranscoder"]["config"]["transcoder"]["outputs"][0];
    output["streamUrl"] = json!("rtmp://example.com/live/k3y-of-a-show");
    output.as_object_mut().unwrap().remove("rtc");
    assert_eq!(warned(&to_cdn), ["outputs[0].videoOption.codec"]);
    assert_eq!(
        warned(&with("outputs/0/videoOption/bitrate", json!(null))),
        ["outputs[0].videoOption.bitrate"]
    );
}

#[test]
fn payloads_of_public_clients_are_accepted() {
    for list in ["waterMarks", "audioInputs"] {
        let json = with(list, json!(null));
        let sent = Services::from_json(&json.to_string()).unwrap().to_json();
        assert!(!sent.contains(list), "a list that is null is left out: {sent}");
    }
    let mut audio_only = with("videoInputs", json!(null));
    for field in ["canvas", "waterMarks"] {
        audio_only["cloudTranscoder"]["config"]["transcoder"][field] = json!(null);
    }
    assert_eq!(warned(&audio_only).len(), 0);
    assert_eq!(warned(&with("streamProcessMode", json!("mix"))).len(), 0);
    for image in [
        "https://cdn.example.com/logo.png!large",
        "https://cdn.example.com/logo.JPG?x-oss-process=style/small",
        "https://cdn.example.com/image?file=logo.jpeg&key=1",
        "http://cdn.example.com/logo.jpg/resize,w_100",
        "HTTPS://cdn.example.com?logo.png",
    ] {
        assert_eq!(warned(&with("waterMarks/0/imageUrl", json!(image))).len(), 0, "{image}");
        assert_eq!(warned(&with("canvas/backgroundImage", json!(image))).len(), 0, "{image}");
        assert_eq!(warned(&with("videoInputs/1/placeholderImageUrl", json!(image))).len(), 0, "{image}");
    }
}

#[test]
fn a_stream_that_is_passed_through_needs_no_layout() {
    let without_layout = |mode: &str| {
        let mut json = with("streamProcessMode", json!(mode));
        let transcoder = &mut json["cloudTranscoder"]["config"]["transcoder"];
        transcoder["canvas"] = json!(null);
        transcoder["videoInputs"] =
            json!([{ "rtc": { "rtcChannel": "show", "rtcUid": 1, "rtcToken": "in-token" } }]);
        transcoder["outputs"][0]["videoOption"] = json!(null);
        json
    };
    for mode in ["single", "heterogeneous-single"] {
        assert_eq!(warned(&without_layout(mode)).len(), 0, "{mode}");
    }
    assert_eq!(refused(&without_layout("mix")).len(), 3);
    let mut raw = without_layout("mix");
    raw["cloudTranscoder"]["config"]["transcoder"]["outputs"][0]["videoOption"] = json!({ "mode": "RAW" });
    assert_eq!(warned(&raw).len(), 0);
}

#[test]
fn a_stream_without_a_token_causes_a_warning() {
    let token = |path: &str| warned(&with(path, json!({ "rtcChannel": "show", "rtcUid": 7 })));
    assert_eq!(token("audioInputs/0/rtc"), ["audioInputs[0].rtc.rtcToken"]);
    assert_eq!(token("videoInputs/0/rtc"), ["videoInputs[0].rtc.rtcToken"]);
    assert_eq!(token("outputs/0/rtc"), ["outputs[0].rtc.rtcToken"]);
    let services =
        Services::from_json(&with("outputs/0/rtc", json!({ "rtcChannel": "show" })).to_string()).unwrap();
    let [warning] = &services.warnings()[..] else { panic!("one warning") };
    assert!(warning.is_about_token() && warning.message.contains("App ID"), "{}", warning.message);
}

#[test]
fn uid_and_tokens_are_filled_in() {
    let mut services = Services::from_json(&payload().to_string()).unwrap();
    services.set_output(9002, Some("new-out"));
    services.set_input_token("new-in");
    let json: Value = serde_json::from_str(&services.to_json()).unwrap();
    let mut expected =
        with("outputs/0/rtc", json!({ "rtcChannel": "show", "rtcUid": 9002, "rtcToken": "new-out" }));
    for list in ["audioInputs", "videoInputs"] {
        expected["cloudTranscoder"]["config"]["transcoder"][list][0]["rtc"]["rtcToken"] = json!("new-in");
    }
    assert_eq!(json, expected);
    services.set_output(9001, None);
    assert!(services.to_json().contains("new-out"), "no token given: the one in the payload stays");
}

#[test]
fn debug_output_shows_no_secrets() {
    let shown = format!(
        "{:?}",
        Services::from_json(&with("outputs/0/key", json!("hidden-key")).to_string()).unwrap()
    );
    for secret in ["in-token", "out-token", "hidden-key", "b.mp4"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
