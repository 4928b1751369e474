//! Values on their way in and out.

use js_sys::JSON;
use serde::Serialize;
use serde_json::Value;
use wasm_bindgen::JsValue;

use super::error;
use crate::decode::{self, Decode};
use crate::error::Invalid;
use crate::time::Millis;

/// A plain JavaScript object. By way of JSON text, which snapshots need anyhow: a second serialiser for every type
/// would make the module larger, and this no faster.
pub(super) fn out(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let text = serde_json::to_string(value).map_err(|error| js_sys::Error::new(&error.to_string()))?;
    JSON::parse(&text)
}

/// A small value; `name` is what the error calls it.
pub(super) fn read<T: Decode>(name: &str, value: JsValue) -> Result<T, JsValue> {
    let json = value.as_string().map_or_else(|| json(name, &value).unwrap_or_default(), Value::String);
    decode::read(name, &json).map_err(|found| {
        // `undefined` and others are nothing in JSON.
        error::config(if json.is_null() { Invalid { value: shown(&value), ..found } } else { found })
    })
}

/// A configuration or a payload: what is JSON in the end is read as JSON, so that a field that is `undefined` counts as
/// left out.
pub(super) fn json(name: &str, value: &JsValue) -> Result<Value, Invalid> {
    let parsed = text(value).and_then(|text| serde_json::from_str(&text).ok());
    parsed.ok_or_else(|| Invalid::new(name, shown(value), "an object that JSON can express"))
}

/// A time in ms.
pub(super) fn millis(name: &str, value: f64) -> Result<Millis, JsValue> {
    if value.is_finite() && value >= 0.0 {
        return Ok(to_millis(value));
    }
    Err(error::config(Invalid::new(name, number(value), "a number of ms from 0 on")))
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and so does Millis"
)]
pub(super) fn to_millis(value: f64) -> Millis {
    Millis::new(value as u64)
}

#[allow(clippy::cast_precision_loss, reason = "Millis fits a JavaScript number")]
pub(super) fn from_millis(millis: Millis) -> f64 {
    millis.as_u64() as f64
}

/// As JavaScript writes it. (What Rust writes decimals with is large, and nothing else here needs it.)
pub(super) fn number(value: f64) -> String {
    js_sys::Number::from(value).to_string_with_radix(10).map(String::from).unwrap_or_default()
}

/// As JSON, if it can be.
fn text(value: &JsValue) -> Option<String> {
    JSON::stringify(value).ok()?.as_string()
}

/// What JSON has no words for is called by its type.
fn shown(value: &JsValue) -> String {
    let text = text(value).or_else(|| value.js_typeof().as_string());
    text.unwrap_or_default().chars().take(100).collect()
}
