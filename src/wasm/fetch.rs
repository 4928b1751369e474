//! Carries out one call with `fetch`.

use futures_util::future::{Either, select};
use futures_util::pin_mut;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use super::host::Host;
use crate::supervisor::{Answer, EventCall, NoAnswer, Request};
use crate::time::Millis;

/// The machine goes on without a Create's answer after its time-out, but one that comes later still names the task.
const CREATE_PATIENCE: u64 = 3;

pub(super) async fn carry_out(host: &Host, request: &Request) -> Answer {
    let patience = match request.call {
        EventCall::Create => Millis::new(request.timeout.as_u64().saturating_mul(CREATE_PATIENCE)),
        EventCall::Acquire
        | EventCall::Query
        | EventCall::Update
        | EventCall::Delete
        | EventCall::Presence
        | EventCall::RtcToken => request.timeout,
    };
    let Ok(controller) = AbortController::new() else { return Answer::Nothing(NoAnswer::NotSent) };
    let call = call(host, request, &controller);
    let timer = TimeoutFuture::new(host.timeout_ms(patience));
    pin_mut!(call);
    match select(call, timer).await {
        Either::Left((Ok(answer), _)) => answer,
        Either::Left((Err(error), _)) => Answer::Nothing(why(&error)),
        Either::Right(_) => {
            controller.abort();
            Answer::Nothing(NoAnswer::TimedOut)
        }
    }
}

async fn call(host: &Host, request: &Request, controller: &AbortController) -> Result<Answer, JsValue> {
    let headers = object(&[
        ("authorization", host.authorization.as_str().into()),
        ("accept", "application/json".into()),
        ("content-type", "application/json".into()),
    ]);
    let init = object(&[
        ("method", request.method.into()),
        ("headers", headers.into()),
        // The credentials are for the service's own domains.
        ("redirect", "manual".into()),
        ("signal", controller.signal().into()),
    ]);
    if let Some(body) = &request.body {
        Reflect::set(&init, &"body".into(), &body.into())?;
    }
    let url = format!("https://{}{}", request.domain, request.path);
    let most = host.max_body_bytes.into();
    let answered = host.fetch.call3(&JsValue::UNDEFINED, &url.into(), &init, &most)?;
    let reply = JsFuture::from(Promise::resolve(&answered)).await?;
    let get = |name: &str| Reflect::get(&reply, &name.into()).unwrap_or_default();
    let text = |name: &str| get(name).as_string();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    let status = get("status").as_f64().unwrap_or_default() as u16;
    Ok(Answer::Http {
        status,
        retry_after: text("retryAfter"),
        request_id: text("requestId"),
        resource_id: text("resourceId"),
        body: text("body").unwrap_or_default(),
    })
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let entries: Array = fields.iter().map(|(name, value)| Array::of2(&(*name).into(), value)).collect();
    Object::from_entries(&entries).unwrap_or_default()
}

/// What a failed `fetch` tells. Node says in its `cause`; browsers and Workers do not.
fn why(error: &JsValue) -> NoAnswer {
    let mut at = error.clone();
    // An error has a cause, and that may have one.
    for _ in 0..3 {
        let code = Reflect::get(&at, &"code".into()).ok().and_then(|code| code.as_string());
        match code.as_deref() {
            Some("ENOTFOUND" | "EAI_AGAIN" | "EAI_FAIL" | "EAI_NODATA" | "EAI_NONAME") => {
                return NoAnswer::Dns;
            }
            Some(
                "ECONNREFUSED"
                | "ECONNRESET"
                | "ECONNABORTED"
                | "EPIPE"
                | "EHOSTUNREACH"
                | "ENETUNREACH"
                | "ETIMEDOUT"
                | "UND_ERR_CONNECT_TIMEOUT"
                | "UND_ERR_SOCKET",
            ) => return NoAnswer::Unreachable,
            Some(_) | None => {}
        }
        at = Reflect::get(&at, &"cause".into()).unwrap_or_default();
        if !at.is_object() {
            break;
        }
    }
    NoAnswer::Unknown
}
