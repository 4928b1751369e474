use serde_json::{Value, json};

use super::*;

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
    match decode::read::<Services>("services", json) {
        Err(invalid) => vec![invalid.field],
        Ok(services) => services.violations().into_iter().map(|invalid| invalid.field).collect(),
    }
}

#[test]
fn a_good_payload_goes_through_unchanged_with_fields_of_tomorrow() {
    let mut json = with("videoInputs/0/region/shape", json!("round"));
    json["cloudTranscoder"]["config"]["transcoder"]["seiOptions"] = json!({ "layout": [1, 2] });
    json["cloudTranscoder"]["tomorrow"] = json!(null);
    let services = Services::from_json(&json).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&services.to_json()).unwrap(), json);
    assert_eq!(services.warnings(), []);
    assert_eq!(services.idle_timeout(), Millis::from_secs(300));
    assert_eq!(services.input_channel(), Some("show"));
    assert!(services.has_input_uid(1) && !services.has_input_uid(2));
}

#[test]
fn tokens_addresses_and_the_keys_at_their_ends_are_secrets() {
    let mut json = with("videoInputs/1/streamUrl", json!("rtmp://example.com/live/k3y-of-a-show"));
    json["cloudTranscoder"]["config"]["transcoder"]["outputs"] = json!([
        { "rtc": { "rtcChannel": "show", "rtcToken": "out-token" } },
        { "streamUrl": "rtmp://a/12345678" },
        { "streamUrl": "rtmp://a/1234567" },
    ]);
    let services: Services = decode::read("services", &json).unwrap();
    let expected = [
        "in-token",
        "in-token",
        "rtmp://example.com/live/k3y-of-a-show",
        "k3y-of-a-show",
        "out-token",
        "rtmp://a/12345678",
        "12345678",
        "rtmp://a/1234567",
    ];
    assert_eq!(services.secrets().collect::<Vec<_>>(), expected);
    let shown = format!("{services:?}");
    assert!(shown.contains("rtc_token: Some(…)") && !shown.contains("in-token"), "{shown}");
    let tomorrow = Services::from_json(&with("canvas/sticker", json!("in-token"))).unwrap();
    let shown = format!("{tomorrow:?}");
    assert!(shown.contains("sticker") && !shown.contains("in-token"), "{shown}");
}

#[test]
fn every_range_and_rule_names_its_field() {
    let rtc = |uid: u32, channel: &str| json!({ "rtc": { "rtcChannel": channel, "rtcUid": uid } });
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
        ("audioInputs/0", rtc(0, "other"), "videoInputs[0].rtc.rtcChannel"),
        ("outputs/0/rtc/rtcChannel", json!(""), "outputs[0].rtc.rtcChannel"),
        ("videoInputs/0/rtc/rtcUid", json!(0), "videoInputs[0].rtc.rtcUid"),
        ("videoInputs/0/rtc", json!({ "rtcChannel": "show" }), "videoInputs[0].rtc.rtcUid"),
        ("videoInputs/0/rtc/rtcUid", json!(-1), "videoInputs[0].rtc.rtcUid"),
        ("videoInputs/0/placeholderImageUrl", json!("https://a/b.gif"), "videoInputs[0].placeholderImageUrl"),
        ("videoInputs/0/region/x", json!(3841), "videoInputs[0].region.x"),
        ("videoInputs/0/region/y", json!(-1), "videoInputs[0].region.y"),
        ("videoInputs/0/region/width", json!(119), "videoInputs[0].region.width"),
        ("videoInputs/1/region/height", json!(3841), "videoInputs[1].region.height"),
        ("videoInputs/0/region/zOrder", json!(1), "videoInputs[0].region.zOrder"),
        ("videoInputs/0/region/zOrder", json!(101), "videoInputs[0].region.zOrder"),
        ("canvas/width", json!(119), "canvas.width"),
        ("canvas/height", json!(3841), "canvas.height"),
        ("canvas/color", json!(16_777_216), "canvas.color"),
        ("canvas/fillMode", json!("STRETCH"), "canvas.fillMode"),
        ("canvas/backgroundImage", json!("b.png"), "canvas.backgroundImage"),
        ("waterMarks/0/region/zOrder", json!(-1), "waterMarks[0].region.zOrder"),
        ("waterMarks/0/imageUrl", json!("ftp://a/b.png"), "waterMarks[0].imageUrl"),
        ("waterMarks/0/fillMode", json!("fit"), "waterMarks[0].fillMode"),
        ("outputs", json!([]), "outputs"),
        ("outputs/0", json!({}), "outputs[0]"),
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
        ("outputs/0/videoOption/width", json!(1921), "outputs[0].videoOption.width"),
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
    assert_eq!(refused(&with("outputs/0/videoOption", json!({ "width": 1200, "height": 1200 }))).len(), 1);
    assert_eq!(refused(&with("outputs/0/videoOption", json!({ "width": 1080, "height": 1920 }))).len(), 0);
    assert_eq!(refused(&with("outputs", json!([{ "streamUrl": "rtmp://a/b" }]))).len(), 0);
    assert_eq!(refused(&with("outputs", json!([rtc(8, "a"), rtc(9, "a"), rtc(10, "a")]))).len(), 0);
    assert_eq!(refused(&with("outputs/0/rtc/rtcChannel", json!("c".repeat(64)))).len(), 0);
    let mut passed_on = with("outputs/0/videoOption/mode", json!("RAW"));
    passed_on["cloudTranscoder"]["config"]["transcoder"]["videoInputs"].as_array_mut().unwrap().pop();
    assert_eq!(refused(&passed_on).len(), 0);

    let mut wrong_type = payload();
    wrong_type["cloudTranscoder"]["serviceType"] = json!("cloudTranscoder");
    assert_eq!(refused(&wrong_type), ["services.cloudTranscoder.serviceType"]);
    assert_eq!(refused(&json!({})), ["services.cloudTranscoder"]);
}

#[test]
fn an_error_reads_well() {
    let invalid = Services::from_json(&with("videoInputs/1/region/width", json!(5))).unwrap_err();
    assert_eq!(
        invalid.to_string(),
        "services.cloudTranscoder.config.transcoder.videoInputs[1].region.width is 5, but must be from 120 to 3840 px"
    );
    let invalid = Services::from_json(&with("canvas/width", json!(1.5))).unwrap_err();
    assert_eq!(
        invalid.to_string(),
        "services.cloudTranscoder.config.transcoder.canvas.width is 1.5, but must be an integer"
    );
}

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    let small = Services::from_json(&with("idleTimeout", json!(10))).unwrap();
    assert_eq!(small.warnings()[0].field, "services.cloudTranscoder.config.transcoder.idleTimeout");
    assert_eq!(Services::from_json(&with("idleTimeout", json!(59))).unwrap().warnings().len(), 1);
    assert_eq!(Services::from_json(&with("idleTimeout", json!(60))).unwrap().warnings(), []);
    let beyond = Services::from_json(&with("canvas/width", json!(1000))).unwrap();
    assert_eq!(
        beyond.warnings()[0].field,
        "services.cloudTranscoder.config.transcoder.videoInputs[1].region"
    );
}

#[test]
fn uid_and_tokens_are_set_where_they_belong() {
    let mut services = Services::from_json(&payload()).unwrap();
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
fn nothing_secret_is_shown() {
    let shown = format!("{:?}", Services::from_json(&with("outputs/0/key", json!("hidden-key"))).unwrap());
    for secret in ["in-token", "out-token", "hidden-key", "b.mp4"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn instance_ids() {
    assert_eq!(check_instance_id("show-1_A"), Ok(()));
    assert_eq!(check_instance_id(&"x".repeat(64)), Ok(()));
    for bad in ["", "a b", "ä", "a/b", &"x".repeat(65)] {
        assert_eq!(check_instance_id(bad).unwrap_err().field, "instanceId", "{bad}");
    }
}
