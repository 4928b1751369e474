//! Reads JSON that others wrote: what is amiss in one place loses nothing but that place.

use serde_json::Value;

use crate::redact::start_of;

/// The id of a task, or of a notification, is never longer, in bytes: those that are known have 32 digits. What is longer
/// is none.
pub(crate) const MAX_ID_BYTES: usize = 256;
/// A builder token or an RTC token is never longer, in bytes: those that are known have some hundreds.
pub(crate) const MAX_TOKEN_BYTES: usize = 2048;
/// Other texts that are kept are cut after so many bytes.
const MAX_WORD_BYTES: usize = 1024;

/// A document, or nothing if it is none. Half a pair of surrogates, a control character in a text, bytes that are no UTF-8
/// and a byte order mark are nobody's intention, and no reason to lose the rest.
pub(crate) fn json(bytes: &[u8]) -> Option<Value> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        let replaced =
            |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER };
        return json(bytes.iter().map(replaced).collect::<String>().as_bytes());
    };
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&mended(text))).ok()
}

/// Without what JSON does not allow within texts.
fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\\' => {
                let (length, is_half) = escape(rest);
                mended.push_str(if is_half { "\\ufffd" } else { rest.get(..length).unwrap_or_default() });
                length
            }
            other => {
                // Between texts, a space is as good.
                mended.push(if other.is_ascii_control() { ' ' } else { other });
                other.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    mended
}

/// How long the escape is that this begins with, and whether it is half a pair of surrogates.
fn escape(text: &str) -> (usize, bool) {
    let code = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    match (code(0), code(6)) {
        (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (12, false),
        (Some(0xD800..=0xDFFF), _) => (6, true),
        _ => (1 + text.chars().nth(1).map_or(0, char::len_utf8), false),
    }
}

/// What is at this place within objects.
pub(crate) fn at<'a>(json: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(json, |json, name| json.get(name))
}

/// Text that is not empty, or a number as text; none that is longer than this many bytes.
pub(crate) fn text(value: Option<&Value>, most: usize) -> Option<String> {
    let value = value?;
    match value.as_str() {
        Some(text) => Some(text).filter(|text| !text.is_empty() && text.len() <= most).map(str::to_owned),
        None => value.as_number().map(ToString::to_string),
    }
}

/// The same; of a longer one its beginning.
pub(crate) fn word(value: Option<&Value>) -> Option<String> {
    let text = text(value, usize::MAX)?;
    Some(start_of(&text, MAX_WORD_BYTES).to_owned())
}

/// The id of a task, which has to be a segment of a path: an address with `.` or `..` in its place leads elsewhere, however
/// it is encoded.
pub(crate) fn task_id(value: Option<&Value>) -> Option<String> {
    text(value, MAX_ID_BYTES).filter(|id| !matches!(id.as_str(), "." | ".."))
}

/// An integer, or text that reads as one.
pub(crate) fn integer(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_odd_character_does_not_lose_the_rest() {
        for odd in [
            r"\ud83d",
            r"\uDC00",
            r"\ud83dx",
            r"\ud83d\ud83d",
            r"\udc00\ud83d",
            r"\ud83d\n",
            "\u{1}",
            "\n",
            "\t",
            "\0",
            r"\\\ud83d",
        ] {
            let text = format!(r#"{{"odd":"a{odd}b","taskId":"t"}}"#);
            let json = json(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(json["taskId"], "t", "{text}");
            let kept = json["odd"].as_str().unwrap();
            assert!(kept.starts_with('a') && kept.ends_with('b'), "{kept}");
        }
        assert_eq!(json(b"{\"odd\":\"\xff\xc3\",\"taskId\":\"t\"}").unwrap()["taskId"], "t");
        assert_eq!(json(b"\xef\xbb\xbf{\"taskId\":\"t\"}").unwrap()["taskId"], "t");
    }

    #[test]
    fn whole_characters_are_kept() {
        let text = "{ \"a\": \"\\ud83d\\ude00 \\\\ud83d \\\" \u{1}é\",\n \"b\": \"\\udc00\" }";
        assert_eq!(json(text.as_bytes()), Some(json!({ "a": "😀 \\ud83d \"  é", "b": "\u{fffd}" })));
    }

    #[test]
    fn what_is_no_json_is_nothing() {
        for text in ["", "<html></html>", "{", r#"{"a":"\"#, r#"{"a":"\ud8"}"#, "\\", "\\u", "{\"a\":\"\\é"]
        {
            assert_eq!(json(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn texts_have_bounds() {
        assert_eq!(text(Some(&json!("abc")), 3).as_deref(), Some("abc"));
        assert_eq!(text(Some(&json!("abcd")), 3), None);
        assert_eq!(text(Some(&json!("")), 3), None);
        assert_eq!(text(Some(&json!(12)), 3).as_deref(), Some("12"));
        assert_eq!(text(Some(&json!(["a"])), 3), None);
        assert_eq!(word(Some(&json!("é".repeat(1_000)))), Some("é".repeat(512)));
    }

    #[test]
    fn a_task_id_is_a_segment_of_a_path() {
        let id = |id: &str| task_id(Some(&json!(id)));
        for good in ["t", "...", ".a", "%2e%2e", "a/b", "?", "%", "é"] {
            assert_eq!(id(good).as_deref(), Some(good));
        }
        for bad in ["", ".", ".."] {
            assert_eq!(id(bad), None, "{bad}");
        }
        assert_eq!(id(&"t".repeat(256)).map(|id| id.len()), Some(256));
        assert_eq!(id(&"t".repeat(257)), None);
    }
}
