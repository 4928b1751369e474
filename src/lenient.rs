//! Reads values of JSON that others wrote, whether they are text or numbers.

use serde_json::Value;

/// Text that is not empty, or a number as text.
pub(crate) fn text(value: Option<&Value>) -> Option<String> {
    let value = value?;
    match value.as_str() {
        Some("") => None,
        Some(text) => Some(text.to_owned()),
        None => value.as_number().map(ToString::to_string),
    }
}

/// An integer, or text that reads as one.
pub(crate) fn integer(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
