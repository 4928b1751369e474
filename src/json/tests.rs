use proptest::prelude::*;

use super::*;

fn is_json(text: &str) -> bool {
    Tree::parse(text).is_some()
}

/// The string in the field "odd" of a leniently parsed text.
fn odd(text: &str) -> Option<String> {
    Tree::parse_leniently(text)?.root().at("odd").string().map(Cow::into_owned)
}

#[test]
fn values_have_their_types() {
    let text = r#" {"a" : [1, -2.5e3,true,false , null,"x\ny"], "b":{ } ,"c":[]} "#;
    let tree = Tree::parse(text).unwrap();
    let root = tree.root();
    assert_eq!(root.source(), text.trim());
    let items: Vec<_> = root.at("a").items().unwrap().collect();
    assert_eq!(
        items.iter().map(|item| item.source()).collect::<Vec<_>>(),
        ["1", "-2.5e3", "true", "false", "null", r#""x\ny""#]
    );
    assert_eq!((items[0].integer(), items[0].number()), (Some(1_u8), Some("1")));
    assert_eq!((items[1].integer::<i64>(), items[1].number()), (None, Some("-2.5e3")));
    assert_eq!((items[2].boolean(), items[3].boolean()), (Some(true), Some(false)));
    assert!(items[4].is_null() && items[4].boolean().is_none() && items[4].number().is_none());
    assert_eq!(items[5].string().as_deref(), Some("x\ny"));
    assert!(root.at("b").type_of() == Type::Object && root.at("b").members().next().is_none());
    assert!(root.at("c").items().unwrap().next().is_none());
    assert!(root.get("d").is_none() && root.at("d").is_null() && root.at("d").at("e").is_null());
    assert!(root.items().is_none() && root.string().is_none() && root.at("a").members().next().is_none());
}

#[test]
fn the_last_of_several_values_under_one_name_counts() {
    let tree = Tree::parse(r#"{"b":1,"a":2,"\u0062":3}"#).unwrap();
    assert_eq!(tree.root().at("b").integer(), Some(3));
    let sorted = tree.root().sorted();
    let shown: Vec<_> = sorted.iter().map(|(name, value)| (&**name, value.source())).collect();
    assert_eq!(shown, [("a", "2"), ("b", "3")]);
}

#[test]
fn only_a_string_is_a_string() {
    let is = |json: &str, text| Tree::parse(json).unwrap().root().is_string(text);
    assert!(is("\"\"", "") && is("\"234\"", "234") && is("\"\\u0061\"", "a"));
    for (json, text) in [("{}", ""), ("[]", ""), ("12345", "234"), ("{\"a\":1}", "\"a\":1"), ("null", "ul")] {
        assert!(!is(json, text), "{json}");
    }
}

#[test]
fn names_may_be_escaped() {
    let tree = Tree::parse(r#"{"task\u0049d":"t","\"":1}"#).unwrap();
    assert_eq!(tree.root().at("taskId").string().as_deref(), Some("t"));
    assert_eq!(tree.root().at("\"").integer(), Some(1));
}

#[test]
fn escapes_are_read() {
    let tree = Tree::parse(r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\uDE00é😀""#).unwrap();
    assert_eq!(tree.root().string().as_deref(), Some("\"\\/\u{8}\u{c}\n\r\té😀é😀"));
}

#[test]
fn invalid_json_is_refused() {
    for text in [
        "",
        " ",
        "<html></html>",
        "{",
        "}",
        "[",
        "[1",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{1:2}",
        "{a:1}",
        "1 2",
        "[1]]",
        "nul",
        "nullx",
        "True",
        "'a'",
        "\"a",
        "\"a\\",
        r#""\x""#,
        r#""\u12g4""#,
        r#""\u+123""#,
        r#""\u12"#,
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1.e1",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "\u{feff}{}",
        "\u{a0}1",
        "[1\u{0}]",
        "\"\u{1f}\"",
    ] {
        assert!(!is_json(text), "{text}");
    }
    for text in
        ["0", "-0", "0.0", "1E-7", "1e999", "123456789012345678901234567890", "\"\u{7f}\"", "\t[\r\n]"]
    {
        assert!(is_json(text), "{text}");
    }
}

#[test]
fn lone_surrogates_are_read_only_leniently() {
    for (half, read) in [
        (r"\ud83d", "a\u{fffd}b"),
        (r"\uDC00", "a\u{fffd}b"),
        (r"\ud83dx", "a\u{fffd}xb"),
        (r"\ud83d\ud83d", "a\u{fffd}\u{fffd}b"),
        (r"\udc00\ud83d", "a\u{fffd}\u{fffd}b"),
        (r"\ud83d\n", "a\u{fffd}\nb"),
        (r"\\\ud83d", "a\\\u{fffd}b"),
    ] {
        let text = format!(r#"{{"odd":"a{half}b","taskId":"t"}}"#);
        assert!(!is_json(&text), "{text}");
        assert_eq!(odd(&text).as_deref(), Some(read), "{text}");
    }
    assert_eq!(odd(r#"{"odd":"\ud83d\ude00 \\ud83d \""}"#).as_deref(), Some("😀 \\ud83d \""));
}

#[test]
fn control_characters_are_read_only_leniently() {
    for control in ["\u{1}", "\n", "\t", "\0"] {
        let text = format!("{{ \"odd\"{control}: \"a{control}\u{e9}\",\n \"b\": \"\\udc00\" }}");
        assert!(!is_json(&text), "{text}");
        assert_eq!(odd(&text).as_deref(), Some("a é"), "{text}");
    }
    for text in ["", "<html></html>", "{", r#"{"odd":"\"#, r#"{"odd":"\ud8"}"#, "\\", "\\u", "{\"odd\":\"\\é"]
    {
        assert!(Tree::parse_leniently(text).is_none(), "{text}");
    }
}

#[test]
fn json_that_is_nested_too_deep_is_refused() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(is_json(&nested(127)) && !is_json(&nested(128)));
    assert!(is_json(&("{\"a\":".repeat(126) + "[]" + &"}".repeat(126))));
    assert!(!is_json(&"[".repeat(1_000_000)));
}

/// Texts that are nearly JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    const PARTS: &[&str] = &[
        "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\":", "\\u", "\\", "d83d", "\\ude00", "\\n", "é",
        " ", "\n", "\u{1}", "0", "1", "-", ".5", "e3", "12", "true", "null", "fal", "se",
    ];
    prop::collection::vec(prop::sample::select(PARTS), 0..12).prop_map(|parts| parts.concat())
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::vec(("[ab\"\\\\é]{0,2}", inner), 0..5)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn read_by_serde(text: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text).ok()
}

/// The same text with sorted fields, as payloads are stored.
fn copied(text: &str) -> Option<String> {
    Tree::parse(text).map(|tree| crate::document::JsonText::of(tree.root()).0)
}

proptest! {
    #[test]
    fn it_reads_the_same_as_serde_json(text in nearly_json()) {
        prop_assert_eq!(copied(&text).map(|copy| read_by_serde(&copy)), read_by_serde(&text).map(Some), "{}", text);
    }

    #[test]
    fn written_json_is_read_back_unchanged(value in any_json()) {
        let compact = copied(&value.to_string()).unwrap();
        prop_assert_eq!(read_by_serde(&compact), read_by_serde(&value.to_string()));
        prop_assert_eq!(copied(&format!("{value:#}")).unwrap(), compact);
    }

    #[test]
    fn valid_json_is_read_the_same_leniently(text in nearly_json()) {
        if let Some(tree) = Tree::parse(&text) {
            let leniently = Tree::parse_leniently(&text).unwrap();
            prop_assert_eq!(tree.root().source(), leniently.root().source());
        }
    }
}
