use serde::Serialize;
use serde_json::json;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Mood {
    Calm,
    VeryWellThen,
}
decode!(Kebab enum Mood { Calm, VeryWellThen });

#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Ending {
    NotYet,
    AtLast {
        after_all_ms: u64,
        #[serde(flatten)]
        more: More,
    },
}
decode!(Camel enum Ending as kind { NotYet, AtLast { after_all_ms; ..more } });

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct More {
    is_so: bool,
    names: Vec<String>,
}
decode!(Camel More { is_so, names or Vec::new() });

#[derive(Debug, PartialEq, Serialize)]
struct Whole {
    x_y: i64,
    mood: Mood,
    ending: Ending,
    places: [u8; 2],
    queue: VecDeque<(u32, bool)>,
    maybe: Option<u16>,
}
decode!(Same Whole { x_y, mood, ending, places, queue, maybe });

#[derive(Debug, PartialEq)]
struct Settings {
    wait_ms: u64,
    mood: Mood,
}
decode!(Camel Settings { wait_ms, mood; only } or Self { wait_ms: 7, mood: Mood::Calm });

fn whole() -> Value {
    json!({ "x_y": -1, "mood": "very-well-then", "ending": { "kind": "notYet" }, "places": [1, 255],
        "queue": [[4_294_967_295_u32, true]], "maybe": null })
}

/// What is said of this document with `value` at `pointer`.
fn refused(pointer: &str, value: Value) -> String {
    let mut json = whole();
    *json.pointer_mut(pointer).unwrap() = value;
    read::<Whole>("it", &json).unwrap_err().to_string()
}

#[test]
fn what_serde_writes_is_read() {
    let read_back = |json: &Value| serde_json::to_value(read::<Whole>("it", json).unwrap()).unwrap();
    assert_eq!(read_back(&whole()), whole());
    let mut other = whole();
    other["mood"] = json!("calm");
    other["maybe"] = json!(65_535);
    let more: More = read("more", &json!({ "isSo": true })).unwrap();
    assert_eq!(more, More { is_so: true, names: Vec::new() });
    let ending = Ending::AtLast { after_all_ms: 3, more: More { is_so: false, names: vec!["a".to_owned()] } };
    let text = serde_json::to_string(&ending).unwrap();
    assert_eq!(text, r#"{"kind":"atLast","afterAllMs":3,"isSo":false,"names":["a"]}"#);
    assert_eq!(read_back(&other), other);
    assert_eq!(read::<Ending>("it", &serde_json::from_str(&text).unwrap()), Ok(ending));
}

#[test]
fn what_is_wrong_is_told_by_its_place_with_what_is_allowed() {
    for (pointer, value, said) in [
        ("/x_y", json!(1.5), "it.x_y is 1.5, but must be an integer"),
        ("/mood", json!("wild"), "it.mood is \"wild\", but must be one of calm, very-well-then"),
        ("/mood", json!({ "a": "secret" }), "it.mood is an object, but must be one of calm, very-well-then"),
        ("/ending", json!({}), "it.ending.kind is missing, but must be given"),
        ("/ending", json!("notYet"), "it.ending is \"notYet\", but must be an object"),
        ("/ending", json!("s3cret"), "it.ending is a string, but must be an object"),
        ("/ending", json!(1), "it.ending is 1, but must be an object"),
        ("/ending", json!(null), "it.ending is null, but must be an object"),
        ("/places", json!("s3cret"), "it.places is a string, but must be a list"),
        (
            "/mood",
            json!("m".repeat(65)),
            "it.mood is a string of 65 characters, but must be one of calm, very-well-then",
        ),
        ("/ending/kind", json!("never"), "it.ending.kind is \"never\", but must be one of notYet, atLast"),
        ("/places", json!([1]), "it.places is a list, but must be a list of 2"),
        ("/places/1", json!(256), "it.places[1] is 256, but must be a natural number, at most 255"),
        ("/queue/0/0", json!(-1), "it.queue[0][0] is -1, but must be a natural number, at most 4294967295"),
        ("/queue/0/1", json!(0), "it.queue[0][1] is 0, but must be true or false"),
        ("/queue/0", json!([1, true, 3]), "it.queue[0] is a list, but must be a list of 2"),
        ("/queue", json!({}), "it.queue is an object, but must be a list"),
        ("/maybe", json!("1"), "it.maybe is \"1\", but must be a natural number, at most 65535"),
    ] {
        assert_eq!(refused(pointer, value), said);
    }
    let error = read::<Whole>("it", &json!([])).unwrap_err();
    assert_eq!(error.to_string(), "it is a list, but must be an object");
    let error = read::<String>("it", &json!(null)).unwrap_err();
    assert_eq!(error.to_string(), "it is null, but must be a text");
}

#[test]
fn what_is_not_there_is_as_in_the_defaults_and_nothing_else_is_taken() {
    let settings = |json| read::<Settings>("settings", &json).map_err(|error| error.to_string());
    assert_eq!(settings(json!({})), Ok(Settings { wait_ms: 7, mood: Mood::Calm }));
    assert_eq!(
        settings(json!({ "mood": "very-well-then", "waitMs": 1 })),
        Ok(Settings { wait_ms: 1, mood: Mood::VeryWellThen })
    );
    let unknown = "settings.wait_ms is given, but must be left out: there are waitMs, mood";
    assert_eq!(settings(json!({ "wait_ms": 1 })), Err(unknown.to_owned()));
    assert_eq!(
        read::<More>("more", &json!({ "names": [] })).unwrap_err().to_string(),
        "more.isSo is missing, but must be given"
    );
}

#[test]
fn serde_reads_it_too() {
    assert_eq!(serde_json::from_str::<Mood>("\"calm\"").unwrap(), Mood::Calm);
    let error = serde_json::from_str::<Mood>("\"wild\"").unwrap_err().to_string();
    assert_eq!(error, "Mood is \"wild\", but must be one of calm, very-well-then");
}
