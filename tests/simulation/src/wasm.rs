//! Exports the golden traces to JavaScript.

use wasm_bindgen::prelude::*;

/// The digests of the seeds `first` to `last`, one line each.
#[wasm_bindgen(js_name = goldenLines)]
#[must_use]
pub fn golden_lines(first: u32, last: u32) -> String {
    crate::golden::lines(first.into()..=last.into())
}
