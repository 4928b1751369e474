//! What the application gives: credentials, callbacks, a clock.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use js_sys::{Date, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::{error, value};
use crate::error::Invalid;
use crate::supervisor::PermitRequest;
use crate::time::Millis;

/// What the application gives.
pub(super) struct Host {
    /// The `Authorization` header: never to be shown.
    pub(super) authorization: String,
    /// Gives what the core reads of a reply: a Response may be of any library, and fail in its own way.
    pub(super) fetch: Function,
    rtc_token: Option<Function>,
    persist: Option<Function>,
    permit: Option<Function>,
    on_event: Function,
    on_error: Function,
    now: Option<Function>,
    /// Simulated ms in a real one.
    time_scale: f64,
    started: f64,
    pub(super) max_body_bytes: f64,
}

const MAX_BODY_BYTES: f64 = 1_048_576.0;
/// When a permit is asked for again that could not be asked for.
const WITHOUT_ANSWER: Millis = Millis::from_secs(1);

impl Host {
    pub(super) fn new(host: &JsValue) -> Result<Self, JsValue> {
        let get = |name: &str| Reflect::get(host, &name.into()).unwrap_or_default();
        let wrong = |name: &str, allowed: &str| {
            let found = get(name).js_typeof().as_string().unwrap_or_default();
            error::config(Invalid::new(format!("host.{name}"), found, allowed))
        };
        let function = |name: &str| match get(name) {
            nothing if nothing.is_undefined() || nothing.is_null() => Ok(None),
            given => given.dyn_into::<Function>().map(Some).map_err(|_| wrong(name, "a function")),
        };
        let text = |name: &str| {
            get(name)
                .as_string()
                .filter(|text| !text.is_empty())
                .ok_or_else(|| wrong(name, "a text that is not empty"))
        };
        let number = |name: &str, default: f64, least: f64, most: f64| match get(name) {
            nothing if nothing.is_undefined() => Ok(default),
            given => given.as_f64().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
                wrong(name, &format!("a number from {} to {}", value::number(least), value::number(most)))
            }),
        };
        // It is JavaScript that checks notifications with it. An empty one would be anybody's.
        if !get("noticeSecret").is_undefined() {
            text("noticeSecret")?;
        }
        let credentials = format!("{}:{}", text("customerId")?, text("customerSecret")?);
        Ok(Self {
            authorization: format!("Basic {}", BASE64_STANDARD.encode(credentials)),
            fetch: function("fetch")?.ok_or_else(|| wrong("fetch", "a function"))?,
            rtc_token: function("rtcToken")?,
            persist: function("persist")?,
            permit: function("permit")?,
            on_event: function("onEvent")?.ok_or_else(|| wrong("onEvent", "a function"))?,
            on_error: function("onError")?.ok_or_else(|| wrong("onError", "a function"))?,
            now: function("now")?,
            time_scale: number("timeScale", 1.0, 0.001, 100_000.0)?,
            started: Date::now(),
            max_body_bytes: number("maxBodyBytes", MAX_BODY_BYTES, 1024.0, 1e9)?,
        })
    }

    /// The time, in ms since the epoch.
    pub(super) fn now(&self) -> Millis {
        let told = self.now.as_ref().and_then(|now| now.call0(&JsValue::UNDEFINED).ok()?.as_f64());
        let real = || self.started + (Date::now() - self.started) * self.time_scale;
        value::to_millis(told.unwrap_or_else(real))
    }

    /// What `setTimeout` takes for this much of our time: at most a day.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within its range")]
    pub(super) fn timeout_ms(&self, wait: Millis) -> u32 {
        (value::from_millis(wait) / self.time_scale).ceil().clamp(0.0, 86_400_000.0) as u32
    }

    pub(super) fn has_persist(&self) -> bool {
        self.persist.is_some()
    }

    /// Hands the snapshot to the application, and waits until it is safe. False when that failed.
    pub(super) async fn persist(&self, snapshot: &str) -> bool {
        let Some(persist) = &self.persist else { return true };
        match settled(persist.call1(&JsValue::UNDEFINED, &snapshot.into())).await {
            Ok(_) => true,
            Err(error) => {
                self.tell_error(&error, "persist");
                false
            }
        }
    }

    /// The application's RTC token for this uid; `None` keeps the one in the payload.
    pub(super) async fn rtc_token(&self, uid: u32, channel: &str) -> Result<Option<String>, ()> {
        let Some(rtc_token) = &self.rtc_token else { return Ok(None) };
        match settled(rtc_token.call2(&JsValue::UNDEFINED, &uid.into(), &channel.into())).await {
            Ok(none) if none.is_undefined() || none.is_null() => Ok(None),
            Ok(token) => match token.as_string() {
                Some(token) => Ok(Some(token)),
                None => {
                    self.tell_error(
                        &error::error("INVALID_RTC_TOKEN", "rtcToken must give a text, or null"),
                        "rtcToken",
                    );
                    Err(())
                }
            },
            Err(error) => {
                self.tell_error(&error, "rtcToken");
                Err(())
            }
        }
    }

    pub(super) fn has_permit(&self) -> bool {
        self.permit.is_some()
    }

    /// How long to wait before asking again; zero is a permit.
    pub(super) async fn permit(&self, request: PermitRequest) -> Millis {
        let Some(permit) = &self.permit else { return Millis::ZERO };
        let asked = value::out(&request).and_then(|request| permit.call1(&JsValue::UNDEFINED, &request));
        let error = match settled(asked).await {
            Ok(wait) => match wait.as_f64().filter(|wait| wait.is_finite() && *wait >= 0.0) {
                Some(wait) => return value::to_millis(wait.ceil()),
                None => error::error("INVALID_PERMIT", "permit must give a number of ms from 0 on"),
            },
            Err(error) => error,
        };
        self.tell_error(&error, "permit");
        WITHOUT_ANSWER
    }

    pub(super) fn tell_event(&self, event: &JsValue) {
        if let Err(error) = self.on_event.call1(&JsValue::UNDEFINED, event) {
            self.tell_error(&error, "onEvent");
        }
    }

    fn tell_error(&self, error: &JsValue, callback: &str) {
        // There is nobody left to tell should this fail as well.
        let _ = self.on_error.call2(&JsValue::UNDEFINED, error, &callback.into());
    }
}

/// Waits for what a callback gave, whether it is a promise or not.
async fn settled(given: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&given?)).await
}
