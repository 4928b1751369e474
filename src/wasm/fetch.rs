//! Carries out one call.

use futures_util::future::{Either, select};
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use super::host::Host;
use crate::status::Call;
use crate::supervisor::{Answer, NoAnswer, Request};
use crate::time::Duration;

/// The machine goes on without a Create's answer after its time-out, but one that comes later still names the task.
const CREATE_PATIENCE: u64 = 3;

pub(super) async fn carry_out(host: &Host, request: &Request) -> Answer {
    let patience = match request.call {
        Call::Create => Duration::from_millis(request.timeout.as_millis().saturating_mul(CREATE_PATIENCE)),
        Call::Acquire | Call::Query | Call::Update | Call::Delete | Call::Presence | Call::RtcToken => {
            request.timeout
        }
    };
    let Ok(controller) = AbortController::new() else { return Answer::Nothing(NoAnswer::NotSent) };
    let mut under_way = UnderWay { controller, is_answered: false };
    let url = format!("https://{}{}", request.domain, request.path);
    let signal = under_way.controller.signal();
    let reply = JsFuture::from(host.fetch(&url, request.method, request.body.as_deref(), signal));
    match select(reply, host.timer(patience)).await {
        Either::Left((reply, _)) => {
            under_way.is_answered = true;
            reply.map_or(Answer::Nothing(NoAnswer::Unknown), |reply| read(&reply))
        }
        Either::Right(_) => Answer::Nothing(NoAnswer::TimedOut),
    }
}

/// A call that nobody waits for any more is aborted: it would keep the process alive.
struct UnderWay {
    controller: AbortController,
    is_answered: bool,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.is_answered {
            self.controller.abort();
        }
    }
}

/// The reply, or why there is none: `whyNone` of `src/js/host.ts`.
fn read(reply: &JsValue) -> Answer {
    if let Some(why) = reply.as_string() {
        return Answer::Nothing(match why.as_str() {
            "dns" => NoAnswer::Dns,
            "unreachable" => NoAnswer::Unreachable,
            _ => NoAnswer::Unknown,
        });
    }
    let get = |name: &str| Reflect::get(reply, &name.into()).unwrap_or_default();
    let text = |name: &str| get(name).as_string();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    let status = get("status").as_f64().unwrap_or_default() as u16;
    Answer::Http {
        status,
        retry_after: text("retryAfter"),
        date: text("date"),
        request_id: text("requestId"),
        resource_id: text("resourceId"),
        body: text("body").unwrap_or_default(),
    }
}
