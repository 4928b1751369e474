use std::collections::VecDeque;

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::*;

#[apply(document)]
#[json(kebab, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Calm,
    VeryWellThen,
}

#[apply(document)]
#[json(camel, tag = kind)]
#[derive(Debug, PartialEq)]
enum Ending {
    NotYet,
    AtLast {
        after_all_ms: u64,
        #[json(flatten)]
        more: More,
    },
}

#[apply(document)]
#[json(camel)]
#[derive(Debug, PartialEq)]
struct More {
    is_so: bool,
    #[json(or = Vec::new())]
    names: Vec<String>,
    #[json(omit = 3)]
    often: u8,
    #[json(nullable_list)]
    rest: Vec<JsonText>,
}

#[apply(document)]
#[json(same, serde = both)]
#[derive(Debug, PartialEq)]
struct Whole {
    x_y: i64,
    mood: Mood,
    ending: Ending,
    places: [u8; 2],
    queue: VecDeque<(u32, bool)>,
    maybe: Option<u16>,
}

#[apply(document)]
#[json(camel, unknown = refused, defaults = Self { wait_ms: Some(7), mood: Mood::Calm, waits: vec![1, 2] })]
#[derive(Debug, PartialEq)]
struct Settings {
    wait_ms: Option<u64>,
    mood: Mood,
    waits: Vec<u8>,
}

fn whole() -> Value {
    json!({ "x_y": -1, "mood": "very-well-then", "ending": { "kind": "notYet" }, "places": [1, 255],
        "queue": [[4_294_967_295_u32, true]], "maybe": null })
}

/// The error for this document with `value` at `pointer`.
fn refused(pointer: &str, value: Value) -> String {
    let mut json = whole();
    *json.pointer_mut(pointer).unwrap() = value;
    read::<Whole>("it", &json.to_string()).unwrap_err().to_string()
}

#[test]
fn a_written_document_is_read_back_unchanged() {
    let read_back = |json: &Value| -> Value {
        serde_json::from_str(&write(&read::<Whole>("it", &json.to_string()).unwrap())).unwrap()
    };
    let mut other = whole();
    other["mood"] = json!("calm");
    other["maybe"] = json!(65_535);
    assert_eq!(read_back(&other), other);
    other["maybe"] = json!(null);
    let written = read_back(&other);
    assert_eq!(written.get("maybe"), None, "an omitted field is not null");
    assert_eq!(read::<Whole>("it", &written.to_string()), read::<Whole>("it", &other.to_string()));
}

#[test]
fn fields_may_be_omitted_or_flattened() {
    let more = |often, rest| More { is_so: false, names: Vec::new(), often, rest };
    assert_eq!(read("more", r#"{"isSo":false}"#), Ok(more(3, vec![])));
    assert_eq!(read("more", r#"{"isSo":false,"rest":null,"often":4}"#), Ok(more(4, vec![])));
    assert_eq!(write(&more(3, vec![])), r#"{"isSo":false,"names":[]}"#);
    let text = |json: &str| JsonText(json.to_owned());
    let ending =
        Ending::AtLast { after_all_ms: 3, more: more(5, vec![text("null"), text("\"a \\\"b\\\"\\n\"")]) };
    let written = write(&ending);
    assert_eq!(
        written,
        r#"{"kind":"atLast","afterAllMs":3,"isSo":false,"names":[],"often":5,"rest":[null,"a \"b\"\n"]}"#
    );
    assert_eq!(read("it", &written), Ok(ending));
    assert_eq!(write(&Ending::NotYet), r#"{"kind":"notYet"}"#);
}

#[test]
fn errors_name_the_place_and_the_allowed_values() {
    for (pointer, value, message) in [
        ("/x_y", json!(1.5), "it.x_y is 1.5, but must be an integer"),
        ("/mood", json!("wild"), "it.mood is \"wild\", but must be one of calm, very-well-then"),
        ("/mood", json!({ "a": "secret" }), "it.mood is an object, but must be one of calm, very-well-then"),
        ("/ending", json!({}), "it.ending.kind is missing, but must be given"),
        ("/ending", json!("notYet"), "it.ending is \"notYet\", but must be an object"),
        ("/ending", json!("s3cret"), "it.ending is a string, but must be an object"),
        ("/ending", json!(1), "it.ending is 1, but must be an object"),
        ("/ending", json!(null), "it.ending is null, but must be an object"),
        ("/places", json!("s3cret"), "it.places is a string, but must be an array"),
        (
            "/mood",
            json!("m".repeat(65)),
            "it.mood is a string of 65 characters, but must be one of calm, very-well-then",
        ),
        ("/ending/kind", json!("never"), "it.ending.kind is \"never\", but must be one of notYet, atLast"),
        ("/places", json!([1]), "it.places is an array, but must be an array of 2 items"),
        ("/places/1", json!(256), "it.places[1] is 256, but must be an integer from 0 to 255"),
        ("/queue/0/0", json!(-1), "it.queue[0][0] is -1, but must be an integer from 0 to 4294967295"),
        ("/queue/0/1", json!(0), "it.queue[0][1] is 0, but must be true or false"),
        ("/queue/0", json!([1, true, 3]), "it.queue[0] is an array, but must be an array of 2 items"),
        ("/queue", json!({}), "it.queue is an object, but must be an array"),
        ("/maybe", json!("1"), "it.maybe is \"1\", but must be an integer from 0 to 65535"),
    ] {
        assert_eq!(refused(pointer, value), message);
    }
    let error = read::<Whole>("it", "[]").unwrap_err();
    assert_eq!(error.to_string(), "it is an array, but must be an object");
    let error = read::<String>("it", "null").unwrap_err();
    assert_eq!(error.to_string(), "it is null, but must be a string");
    let error = read::<Whole>("it", "x_y=s3cret").unwrap_err();
    assert_eq!(error.to_string(), "it is not JSON, but must be an object");
    let error = read::<Option<u8>>("it", "").unwrap_err();
    assert_eq!(error.to_string(), "it is not JSON, but must be JSON");
}

#[test]
fn missing_settings_have_defaults_and_unknown_ones_are_refused() {
    let settings =
        |json: Value| read::<Settings>("settings", &json.to_string()).map_err(|error| error.to_string());
    assert_eq!(settings(json!({})), Ok(Settings { wait_ms: Some(7), mood: Mood::Calm, waits: vec![1, 2] }));
    assert_eq!(
        settings(json!({ "mood": "very-well-then", "waitMs": 1, "waits": [3] })),
        Ok(Settings { wait_ms: Some(1), mood: Mood::VeryWellThen, waits: vec![3] })
    );
    let none = Settings { wait_ms: None, mood: Mood::Calm, waits: vec![] };
    assert_eq!(settings(serde_json::from_str(&write(&none)).unwrap()), Ok(none), "`None` is not the default");
    let unknown = "settings.wait_ms is given, but must be left out: the known fields are waitMs, mood, waits";
    assert_eq!(settings(json!({ "wait_ms": 1 })), Err(unknown.to_owned()));
    assert_eq!(
        read::<More>("more", r#"{"names":[]}"#).unwrap_err().to_string(),
        "more.isSo is missing, but must be given"
    );
}

#[test]
fn an_unknown_field_is_reported_before_the_first_wrong_one() {
    let mut json = whole();
    json["places"] = json!(null);
    json["x_y"] = json!("a");
    assert_eq!(read::<Whole>("it", &json.to_string()).unwrap_err().field, "it.x_y");
    let error = read::<Settings>("settings", r#"{"waitMs":-1,"other":"secret"}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "settings.other is given, but must be left out: the known fields are waitMs, mood, waits"
    );
}

#[test]
fn serde_reads_and_writes_the_same() {
    let text = write(&read::<Whole>("it", &whole().to_string()).unwrap());
    let read: Whole = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    let error = serde_json::from_str::<Mood>("\"wild\"").unwrap_err().to_string();
    assert_eq!(error, "Mood is \"wild\", but must be one of calm, very-well-then");
}
