//! Alternatives to the package's encoding across the WebAssembly boundary, for comparison. The package itself uses numbers both
//! ways for the viewer; for the server it takes JSON and returns values of `serde-wasm-bindgen`.
#![cfg(target_arch = "wasm32")]

use serde::{Deserialize, Serialize};
use steadymix::failover::{Failover, FailoverConfig, Kind, Output, Signal};
use steadymix::status::{self, Call, Meaning, TaskStatus};
use steadymix::task::Services;
use steadymix::time::Instant;
use steadymix::uid::Uid;
use wasm_bindgen::prelude::*;

/// The signals of the measured viewer.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Input {
    Published { uid: Uid, kind: Kind },
    Frame { uid: Uid },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Step {
    Wait { until: Option<f64> },
    Subscribe { uid: Uid, kind: Kind },
    Unsubscribe { uid: Uid, kind: Kind },
    Show { uid: Uid },
    Emit,
}

/// The viewer's failover with objects both ways.
#[wasm_bindgen]
pub struct FailoverOfObjects(Failover);

#[wasm_bindgen]
impl FailoverOfObjects {
    /// With the default settings.
    #[wasm_bindgen(constructor)]
    pub fn new(uids: &[u32], now: f64) -> FailoverOfObjects {
        Self(Failover::new(uids, FailoverConfig::default(), Instant::from_f64(now)))
    }

    /// Handles a signal.
    pub fn handle(&mut self, now: f64, signal: JsValue) -> Result<(), JsValue> {
        let signal = match serde_wasm_bindgen::from_value(signal)? {
            Input::Published { uid, kind } => Signal::Published(uid, kind),
            Input::Frame { uid } => Signal::Frame(uid),
        };
        self.0.handle(Instant::from_f64(now), signal);
        Ok(())
    }

    /// The next step.
    pub fn poll(&mut self, now: f64) -> Result<JsValue, JsValue> {
        let step = match self.0.poll(Instant::from_f64(now)) {
            Output::Wait(until) => Step::Wait { until: until.map(Instant::as_f64) },
            Output::Subscribe(uid, kind) => Step::Subscribe { uid, kind },
            Output::Unsubscribe(uid, kind) => Step::Unsubscribe { uid, kind },
            Output::Show(uid) => Step::Show { uid },
            Output::Emit(_) => Step::Emit,
        };
        Ok(serde_wasm_bindgen::to_value(&step)?)
    }
}

/// Interprets an answer and returns JSON.
#[wasm_bindgen(js_name = interpretAsText)]
pub fn interpret_as_text(
    call: &str,
    http_status: Option<u16>,
    code: Option<f64>,
    task_status: Option<String>,
) -> Result<String, JsValue> {
    let call = serde_json::from_str(call).map_err(failed)?;
    serde_json::to_string(&meaning(call, http_status, code, task_status)).map_err(failed)
}

/// Interprets an answer, with JavaScript values both ways.
#[wasm_bindgen(js_name = interpretAsObject)]
pub fn interpret_as_object(
    call: JsValue,
    http_status: Option<u16>,
    code: Option<f64>,
    task_status: Option<String>,
) -> Result<JsValue, JsValue> {
    let call = serde_wasm_bindgen::from_value(call)?;
    Ok(serde_wasm_bindgen::to_value(&meaning(call, http_status, code, task_status))?)
}

fn meaning(call: Call, http_status: Option<u16>, code: Option<f64>, task_status: Option<String>) -> Meaning {
    let task_status = task_status.map(|text| TaskStatus::parse(&text));
    #[allow(clippy::cast_possible_truncation, reason = "no known code is out of range")]
    let code = code.map(|code| code as i64);
    status::interpret(call, http_status, code, task_status.as_ref(), None)
}

/// The number of problems of a payload in JSON.
#[wasm_bindgen(js_name = checkText)]
pub fn check_text(services: &str) -> Result<usize, JsValue> {
    let services: Services = serde_json::from_str(services).map_err(failed)?;
    Ok(services.violations().len())
}

/// The number of problems of a payload as an object.
#[wasm_bindgen(js_name = checkObject)]
pub fn check_object(services: JsValue) -> Result<usize, JsValue> {
    let services: Services = serde_wasm_bindgen::from_value(services)?;
    Ok(services.violations().len())
}

fn failed(error: impl ToString) -> JsValue {
    JsValue::from_str(&error.to_string())
}
