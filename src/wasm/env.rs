//! The application's callbacks and clock, behind `src/js/env.ts`.

use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

use super::value;
use crate::supervisor::PermitRequest;
use crate::time::{Duration, WallTime};

#[wasm_bindgen]
extern "C" {
    /// The application's callbacks, wrapped by `src/js/env.ts`: only `now` throws, and values have the declared types.
    /// Other errors of the application go to `onError`.
    pub type SupervisorEnv;

    /// ms since the epoch. Throws an error about an invalid clock.
    #[wasm_bindgen(method, catch)]
    fn now(this: &SupervisorEnv) -> Result<f64, JsValue>;

    /// The time in ms that the clock would have shown when it was last set back.
    #[wasm_bindgen(method, js_name = beforeSetBack)]
    fn js_before_set_back(this: &SupervisorEnv) -> f64;

    /// Simulated ms per real ms.
    #[wasm_bindgen(method, getter, js_name = timeScale)]
    fn time_scale(this: &SupervisorEnv) -> f64;

    /// All forms in which credentials are sent, and the secret of notifications: a JSON array.
    #[wasm_bindgen(method, getter)]
    pub(super) fn secrets(this: &SupervisorEnv) -> String;

    #[wasm_bindgen(method, getter, js_name = hasPersist)]
    pub(super) fn has_persist(this: &SupervisorEnv) -> bool;

    #[wasm_bindgen(method, getter, js_name = hasRtcToken)]
    pub(super) fn has_rtc_token(this: &SupervisorEnv) -> bool;

    #[wasm_bindgen(method, getter, js_name = hasPermit)]
    pub(super) fn has_permit(this: &SupervisorEnv) -> bool;

    /// Makes a call with the credentials. Resolves with a `Reply` of `fetch.rs`.
    #[wasm_bindgen(method)]
    pub(super) fn fetch(
        this: &SupervisorEnv,
        url: &str,
        method: &str,
        body: Option<&str>,
        signal: AbortSignal,
    ) -> Promise;

    /// Resolves with a string, or with `undefined` to keep the payload's token; rejects if there is no token.
    #[wasm_bindgen(method, js_name = rtcToken)]
    fn js_rtc_token(this: &SupervisorEnv, uid: u32, channel: &str) -> Promise;

    /// Resolves with whether the snapshot was stored.
    #[wasm_bindgen(method, js_name = persist)]
    fn js_persist(this: &SupervisorEnv, snapshot: &str) -> Promise;

    /// The time in ms before the next request; 0 is a permit. `permits.ts` handles failures.
    #[wasm_bindgen(method, js_name = acquirePermit)]
    fn js_acquire_permit(this: &SupervisorEnv, request: &JsValue) -> Promise;

    #[wasm_bindgen(method, js_name = permitUsed)]
    fn js_permit_used(this: &SupervisorEnv, request: &JsValue);

    #[wasm_bindgen(method, js_name = emitEvent)]
    pub(super) fn emit_event(this: &SupervisorEnv, event: &JsValue);

    /// Reports that a callback took longer than `ms`, and the consequence.
    #[wasm_bindgen(method, js_name = reportSlow)]
    fn js_report_slow(this: &SupervisorEnv, callback: &str, ms: f64, consequence: &str);
}

/// A snapshot that is not stored within this time counts as lost.
pub(super) const PERSIST_TIMEOUT: Duration = Duration::from_secs(5);
/// The delay before the next request for a permit if this one could not be made.
const PERMIT_RETRY_DELAY: Duration = Duration::from_secs(1);

impl SupervisorEnv {
    pub(super) fn time(&self) -> Result<WallTime, JsValue> {
        self.now().map(WallTime::from_f64)
    }

    /// The time that the clock would have shown when it was last set back.
    pub(super) fn before_set_back(&self) -> WallTime {
        WallTime::from_f64(self.js_before_set_back())
    }

    /// A timer in simulated time, of at most one real day.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within its range")]
    pub(super) fn timer(&self, wait: Duration) -> TimeoutFuture {
        let real = wait.as_f64() / self.time_scale();
        TimeoutFuture::new(real.ceil().clamp(0.0, 86_400_000.0) as u32)
    }

    /// Persists the snapshot. Returns false if that failed or timed out.
    pub(super) async fn persist(&self, snapshot: &str) -> bool {
        let written = JsFuture::from(self.js_persist(snapshot));
        match select(written, self.timer(PERSIST_TIMEOUT)).await {
            Either::Left((written, _)) => written.is_ok_and(|written| written.is_truthy()),
            Either::Right(_) => {
                self.report_slow("persist", PERSIST_TIMEOUT, "this snapshot counts as not stored");
                false
            }
        }
    }

    /// The application's RTC token for this uid; `None` keeps the one in the payload.
    pub(super) async fn rtc_token(&self, uid: u32, channel: &str) -> Result<Option<String>, ()> {
        let token = JsFuture::from(self.js_rtc_token(uid, channel)).await.map_err(drop)?;
        Ok(token.as_string())
    }

    /// The delay before the next request; zero is a permit.
    pub(super) async fn acquire_permit(&self, request: PermitRequest) -> Duration {
        let Ok(asked) = value::out(&request) else { return PERMIT_RETRY_DELAY };
        let answer = JsFuture::from(self.js_acquire_permit(&asked)).await;
        answer.ok().and_then(|wait| wait.as_f64()).map_or(PERMIT_RETRY_DELAY, Duration::from_f64)
    }

    /// Reports that a permitted call leaves now.
    pub(super) fn report_permit_used(&self, request: PermitRequest) {
        if let Ok(request) = value::out(&request) {
            self.js_permit_used(&request);
        }
    }

    pub(super) fn report_slow(&self, callback: &str, than: Duration, consequence: &str) {
        self.js_report_slow(callback, than.as_f64(), consequence);
    }
}
