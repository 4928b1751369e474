//! Parses foreign JSON leniently: a malformed value does not make the others unreadable. Lone surrogates, control
//! characters in strings, invalid UTF-8 and a byte order mark are tolerated.

use std::borrow::Cow;

use crate::json::Value;
use crate::text::start_of;
use crate::time::MAX_SAFE_INTEGER;

/// The maximum length of the id of a task or notification, in bytes. Known ids have 32 digits.
pub(crate) const MAX_ID_BYTES: usize = 256;
/// The maximum length of a builder token or RTC token, in bytes. Known tokens have some hundreds.
pub(crate) const MAX_TOKEN_BYTES: usize = 2048;
/// Other strings are cut to this length, in bytes.
const MAX_WORD_BYTES: usize = 1024;

/// Decodes bytes for lenient parsing: drops a byte order mark; if the bytes are not UTF-8, U+FFFD replaces everything
/// that is not ASCII.
pub(crate) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let replaced = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER };
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(replaced).collect(), Cow::Borrowed)
}

/// A non-empty string of at most `most` bytes, or a number as written.
pub(crate) fn text(value: Value<'_>, most: usize) -> Option<Cow<'_, str>> {
    let text = value.string().or_else(|| value.number().map(Cow::Borrowed));
    text.filter(|text| !text.is_empty() && text.len() <= most)
}

/// A non-empty string or a number, cut to `MAX_WORD_BYTES`.
pub(crate) fn word(value: Value<'_>) -> Option<Cow<'_, str>> {
    let text = text(value, usize::MAX)?;
    Some(if text.len() > MAX_WORD_BYTES { start_of(&text, MAX_WORD_BYTES).to_owned().into() } else { text })
}

/// A task's id, which becomes a segment of a path: `.` and `..` would lead elsewhere, however they are encoded.
pub(crate) fn task_id(value: Value<'_>) -> Option<Cow<'_, str>> {
    text(value, MAX_ID_BYTES).filter(|id| !matches!(&**id, "." | ".."))
}

/// An integer that JavaScript represents exactly, also from a string.
pub(crate) fn integer(value: Value<'_>) -> Option<i64> {
    let number: i64 = value.integer().or_else(|| value.string()?.parse().ok())?;
    (number.unsigned_abs() <= MAX_SAFE_INTEGER).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tree;

    #[test]
    fn an_invalid_byte_does_not_make_the_rest_unreadable() {
        let text = |bytes| decoded(bytes).into_owned();
        assert_eq!(text(b"{\"odd\":\"a\xff\xc3b\"}"), "{\"odd\":\"a\u{fffd}\u{fffd}b\"}");
        assert_eq!(text(b"\xef\xbb\xbf{}"), "{}");
        assert_eq!(text("é".as_bytes()), "é");
    }

    fn of<T>(json: &str, read: impl FnOnce(Value<'_>) -> T) -> T {
        read(Tree::parse(json).unwrap().root())
    }

    #[test]
    fn strings_have_a_maximum_length() {
        let three = |json| of(json, |value| text(value, 3).map(Cow::into_owned));
        assert_eq!(three("\"abc\"").as_deref(), Some("abc"));
        assert_eq!(three("\"abcd\""), None);
        assert_eq!(three("\"\""), None);
        assert_eq!(three("1.2").as_deref(), Some("1.2"));
        assert_eq!(three("1200"), None);
        assert_eq!(three("[\"a\"]"), None);
        let long = format!("\"{}\"", "é".repeat(1_000));
        assert_eq!(of(&long, |value| word(value).map(Cow::into_owned)), Some("é".repeat(512)));
    }

    #[test]
    fn an_integer_may_be_a_string() {
        for (json, read) in [
            ("65", Some(65)),
            ("\"-7\"", Some(-7)),
            ("-9007199254740991", Some(-9_007_199_254_740_991)),
            ("9007199254740992", None),
            ("\"9007199254740992\"", None),
            ("-9223372036854775808", None),
            ("6.5", None),
            ("\"\"", None),
            ("null", None),
        ] {
            assert_eq!(of(json, integer), read, "{json}");
        }
    }

    #[test]
    fn a_task_id_is_a_segment_of_a_path() {
        let id = |id: &str| of(&format!("\"{id}\""), |value| task_id(value).map(Cow::into_owned));
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
