//! Values on their way in and out.
//!
//! In come only strings, numbers and bytes that `src/js/` has checked; objects come as JSON text. So nothing that an
//! application's objects do (getters, proxies, `toJSON`) happens in a call of the WebAssembly.

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::document::{self, Document, NOT_JSON};
use crate::error::Invalid;

/// A plain JavaScript value, as `JSON.parse` would give it.
pub(super) fn out(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&Serializer::json_compatible())?)
}

/// A small value; `name` is what the error calls it.
pub(super) fn read<T: Document>(name: &str, json: &str) -> Result<T, Invalid> {
    read_with(json, |json| document::read(name, json))
}

/// Reads an argument out of its JSON text. What JSON cannot express comes as its description (`asJson` of
/// `src/js/check.ts`), which is no JSON: then the error shows that.
pub(super) fn read_with<T>(json: &str, read: impl FnOnce(&str) -> Result<T, Invalid>) -> Result<T, Invalid> {
    read(json).map_err(|wrong| {
        if wrong.value != NOT_JSON {
            return wrong;
        }
        // What it holds may be a secret.
        let is_json = json.starts_with(['{', '[', '"']);
        let shown = if is_json { "one with lone surrogates, or nested over 127 deep" } else { json };
        Invalid { value: shown.to_owned(), ..wrong }
    })
}
