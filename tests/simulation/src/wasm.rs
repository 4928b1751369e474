//! The golden traces, for JavaScript.

use wasm_bindgen::prelude::*;

/// The digests of these seeds, from the first to the last, a line for each.
#[wasm_bindgen(js_name = goldenLines)]
#[must_use]
pub fn golden_lines(first: u32, last: u32) -> String {
    crate::golden::lines(first.into()..=last.into())
}
