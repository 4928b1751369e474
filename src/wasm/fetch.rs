//! Makes one call.

use futures_util::future::{Either, select};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use super::env::SupervisorEnv;
use crate::status::Call;
use crate::supervisor::{Answer, NoAnswer, Request};
use crate::time::Duration;

/// How many timeouts the driver waits for the answer to a Create. The supervisor continues after one, but a later
/// answer still names the task.
const CREATE_TIMEOUTS: u64 = 3;

pub(super) async fn carry_out(env: &SupervisorEnv, request: &Request) -> Answer {
    let timeout = match request.call {
        Call::Create => Duration::from_millis(request.timeout.as_millis().saturating_mul(CREATE_TIMEOUTS)),
        Call::Acquire | Call::Query | Call::Update | Call::Delete | Call::Presence | Call::RtcToken => {
            request.timeout
        }
    };
    let Ok(controller) = AbortController::new() else { return Answer::Nothing(NoAnswer::NotSent) };
    let mut call = AbortOnDrop { controller, is_answered: false };
    let url = format!("https://{}{}", request.domain, request.path);
    let signal = call.controller.signal();
    let reply = JsFuture::from(env.fetch(&url, request.method, request.body.as_deref(), signal));
    match select(reply, env.timer(timeout)).await {
        Either::Left((reply, _)) => {
            call.is_answered = true;
            reply.map_or(Answer::Nothing(NoAnswer::Unknown), |reply| read(reply.unchecked_ref()))
        }
        Either::Right(_) => Answer::Nothing(NoAnswer::TimedOut),
    }
}

/// Aborts a call that is no longer awaited: it would keep the process alive.
struct AbortOnDrop {
    controller: AbortController,
    is_answered: bool,
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if !self.is_answered {
            self.controller.abort();
        }
    }
}

/// Why there is no reply.
#[wasm_bindgen]
pub(super) enum NoReply {
    Dns = "dns",
    Unreachable = "unreachable",
    Unknown = "unknown",
}

#[wasm_bindgen]
extern "C" {
    /// The value that `SupervisorEnv::fetch` resolves with: `Reply` of `src/js/reply.ts`.
    type Reply;

    /// If it is missing, all other fields are set.
    #[wasm_bindgen(method, getter, js_name = noReply)]
    fn no_reply(this: &Reply) -> Option<NoReply>;

    /// Any integer: the response may come from another library.
    #[wasm_bindgen(method, getter)]
    fn status(this: &Reply) -> f64;

    #[wasm_bindgen(method, getter, js_name = retryAfter)]
    fn retry_after(this: &Reply) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    fn date(this: &Reply) -> Option<String>;

    #[wasm_bindgen(method, getter, js_name = requestId)]
    fn request_id(this: &Reply) -> Option<String>;

    #[wasm_bindgen(method, getter, js_name = resourceId)]
    fn resource_id(this: &Reply) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    fn body(this: &Reply) -> String;
}

fn read(reply: &Reply) -> Answer {
    match reply.no_reply() {
        None => Answer::Http {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
            status: reply.status() as u16,
            retry_after: reply.retry_after(),
            date: reply.date(),
            request_id: reply.request_id(),
            resource_id: reply.resource_id(),
            body: reply.body(),
        },
        Some(NoReply::Dns) => Answer::Nothing(NoAnswer::Dns),
        Some(NoReply::Unreachable) => Answer::Nothing(NoAnswer::Unreachable),
        Some(_) => Answer::Nothing(NoAnswer::Unknown),
    }
}
