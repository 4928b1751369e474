//! Values that cross the boundary.
//!
//! Only strings, numbers and bytes enter, checked by `src/js/`; objects enter as JSON text. So no getter, proxy or
//! `toJSON` of an application runs within a call of the WebAssembly.

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::document::{self, Document, NOT_JSON};
use crate::error::Invalid;

/// Converts to a plain JavaScript value, as `JSON.parse` returns it.
pub(super) fn out(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&Serializer::json_compatible())?)
}

/// Parses a small value; errors call it `name`.
pub(super) fn read<T: Document>(name: &str, json: &str) -> Result<T, Invalid> {
    read_with(json, |json| document::read(name, json))
}

/// Parses an argument from JSON text. A value that JSON cannot express arrives as its description (`asJson` of
/// `src/js/check.ts`), which is not JSON: the error then shows the description.
pub(super) fn read_with<T>(json: &str, read: impl FnOnce(&str) -> Result<T, Invalid>) -> Result<T, Invalid> {
    read(json).map_err(|wrong| {
        if wrong.value != NOT_JSON {
            return wrong;
        }
        // The content may be a secret.
        let is_json = json.starts_with(['{', '[', '"']);
        let shown =
            if is_json { "JSON with lone surrogates, or nested more than 127 levels deep" } else { json };
        Invalid { value: shown.to_owned(), ..wrong }
    })
}
