//! JavaScript `Error` objects with a stable `code`.

use js_sys::{Error, Reflect};
use wasm_bindgen::JsValue;

use crate::error::Invalid;
use crate::notification::{NotificationError, SignatureError};
use crate::supervisor::SnapshotError;
use crate::uid::MayBeLive;

/// An `Error` with `name: "SteadymixError"` and this `code`.
pub(super) fn error(code: &str, message: &str) -> JsValue {
    let error = Error::new(message);
    error.set_name("SteadymixError");
    set(&error, "code", code);
    error.into()
}

/// An [`Invalid`] value, with its `field`, `value` and `allowed`.
pub(super) fn invalid(code: &str, invalid: &Invalid) -> JsValue {
    let error = error(code, &invalid.to_string());
    set(&error, "field", &invalid.field);
    set(&error, "value", &invalid.value);
    set(&error, "allowed", &invalid.allowed);
    error
}

/// Adds the name of the argument.
fn of(argument: &str, error: JsValue) -> JsValue {
    set(&error, "field", argument);
    error
}

fn set(object: &JsValue, name: &str, value: &str) {
    // Fails only for values that are no objects.
    let _ = Reflect::set(object, &name.into(), &value.into());
}

pub(super) fn config(found: Invalid) -> JsValue {
    invalid("INVALID_OPTIONS", &found)
}

pub(super) fn task(found: Invalid) -> JsValue {
    invalid("INVALID_TASK", &found)
}

pub(super) fn snapshot(found: SnapshotError) -> JsValue {
    of("snapshot", error("INVALID_SNAPSHOT", &found.to_string()))
}

pub(super) fn signature(found: SignatureError) -> JsValue {
    error("INVALID_SIGNATURE", &found.to_string())
}

pub(super) fn notification(found: NotificationError) -> JsValue {
    of("rawBody", error("INVALID_NOTIFICATION", &found.to_string()))
}

pub(super) fn may_be_live(found: MayBeLive) -> JsValue {
    error("UID_MAY_BE_LIVE", &found.to_string())
}
