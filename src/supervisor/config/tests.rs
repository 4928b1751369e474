#![allow(clippy::wildcard_enum_match_arm, reason = "a test matches only the cases it needs")]

use serde_json::{Value, json};

use super::*;
use crate::redundancy::GroupConfig;

/// Valid settings with these changes; `null` removes a field.
fn with(changes: &Value) -> Value {
    let services = json!({ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
        "idleTimeout": 30,
        "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 0 } }],
        "outputs": [{ "rtc": { "rtcChannel": "show" } }],
    } } } });
    let mut settings = json!({ "appId": "app", "instanceId": "show", "uids": [1, 2], "services": services });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(settings.as_object_mut().unwrap().remove(name)),
            value => settings[name] = value.clone(),
        }
    }
    settings
}

fn refused(changes: &Value) -> String {
    SupervisorConfig::from_json(&with(changes).to_string()).unwrap_err().to_string()
}

#[test]
fn a_supervisor_has_one_lane_and_warns_of_unlikely_values() {
    let config = SupervisorConfig::from_json(&with(&json!({})).to_string()).unwrap();
    assert_eq!(
        (config.lane.name(), config.lane.uids(), config.lane.output_channel()),
        ("main", &[1, 2][..], "show")
    );
    let fields: Vec<_> = config.warnings().into_iter().map(|warning| warning.field).collect();
    let transcoder = "services.cloudTranscoder.config.transcoder";
    let expected = ["idleTimeout", "audioInputs[0].rtc.rtcToken", "outputs[0].rtc.rtcToken"];
    assert_eq!(fields, expected.map(|field| format!("{transcoder}.{field}")));
}

#[test]
fn settings_of_a_group_are_refused_in_a_supervisor_and_those_of_a_lane_in_a_group() {
    let lanes = json!([{ "name": "primary", "uids": [3, 4] }]);
    let lists_the_known_fields = |invalid: &str, field: &str| {
        let is_named = invalid
            .starts_with(&format!("{field} is given, but must be left out: the known fields are appId, "));
        assert!(is_named, "{invalid}");
    };
    lists_the_known_fields(&refused(&json!({ "lanes": lanes })), "options.lanes");
    lists_the_known_fields(&refused(&json!({ "onAirPolicy": "sticky" })), "options.onAirPolicy");
    assert_eq!(refused(&json!({ "uids": null })), "options.uids is missing, but must be given");
    let group = GroupConfig::from_json(&with(&json!({ "lanes": lanes })).to_string()).unwrap_err();
    lists_the_known_fields(&group.to_string(), "options.uids");
}

#[test]
fn an_instance_id_leaves_room_for_lane_and_generation() {
    let longest = |length: usize| {
        SupervisorConfig::from_json(&with(&json!({ "instanceId": "i".repeat(length) })).to_string())
    };
    assert!(longest(53).is_ok());
    assert_eq!(longest(54).unwrap_err().allowed, "1 to 53 of A-Z a-z 0-9 - _");
    let in_group = |length: usize| {
        let lanes = json!([{ "name": "primary", "uids": [3, 4] }]);
        let changes = json!({ "instanceId": "i".repeat(length), "uids": null, "lanes": lanes });
        GroupConfig::from_json(&with(&changes).to_string())
    };
    assert!(in_group(50).is_ok());
    assert_eq!(in_group(51).unwrap_err().allowed, "1 to 50 of A-Z a-z 0-9 - _");
}

#[test]
fn a_seed_is_an_integer_that_javascript_represents_exactly() {
    assert!(
        SupervisorConfig::from_json(&with(&json!({ "seed": 9_007_199_254_740_991u64 })).to_string()).is_ok()
    );
    let refused =
        SupervisorConfig::from_json(&with(&json!({ "seed": 9_007_199_254_740_992u64 })).to_string())
            .unwrap_err();
    assert_eq!(
        (refused.field.as_str(), refused.allowed.as_str()),
        ("options.seed", "from 0 to 9007199254740991")
    );
}

#[test]
fn there_is_exactly_one_rtc_output_and_its_uids_are_not_inputs() {
    let with_transcoder = |name: &str, value: Value| {
        let mut settings = with(&json!({}));
        settings["services"]["cloudTranscoder"]["config"]["transcoder"][name] = value;
        SupervisorConfig::from_json(&settings.to_string()).unwrap_err().to_string()
    };
    let two = json!([{ "rtc": { "rtcChannel": "show" } }, { "rtc": { "rtcChannel": "show" } }]);
    assert_eq!(
        with_transcoder("outputs", two),
        "services.cloudTranscoder.config.transcoder.outputs is an array with 2 RTC outputs, but must be one output into an \
         RTC channel, whose uid is alternated"
    );
    assert_eq!(
        with_transcoder("audioInputs", json!([{ "rtc": { "rtcChannel": "studio", "rtcUid": 2 } }])),
        "options.uids is 2, but must be different from every input's uid"
    );
}
