//! The calls, as data: what to send, and what came back.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;

use super::event::{EventCall, Said};
use crate::decode::{Decode, Json, Wrong, decode, deserialize};
use crate::domain::DomainFailure;
use crate::lenient::{self, MAX_TOKEN_BYTES, integer, task_id, text, word};
use crate::quota::{Lane, Want};
use crate::redact::Redactor;
use crate::status::{ServiceStatus, TaskStatus};
use crate::time::Millis;
use crate::uid::Uid;

/// Names one request of one lane; a reply carries it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RequestId(u64);

impl Decode for RequestId {
    fn decode(json: &Json<'_>) -> Result<Self, Wrong> {
        Decode::decode(json).map(Self)
    }
}
deserialize!(RequestId);

/// Requests of a lane before its numbers meet the next lane's: more than one a millisecond for thirty years.
const PER_LANE: u64 = 1 << 40;

impl RequestId {
    pub(crate) fn new(lane: Lane, number: u64) -> Self {
        Self(u64::from(lane) * PER_LANE + number % PER_LANE)
    }

    pub(crate) fn lane(self) -> Lane {
        Lane::try_from(self.0 / PER_LANE).unwrap_or(Lane::MAX)
    }

    /// As a number that JavaScript holds exactly.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

/// A call to make: `{method} https://{domain}{path}`, with the credentials that only the driver knows.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Goes back with the reply.
    pub id: RequestId,
    /// Which call it is.
    pub call: EventCall,
    /// The HTTP method.
    pub method: &'static str,
    /// The domain.
    pub domain: String,
    /// Path and query. Carries the builder token: never log it.
    pub path: String,
    /// The JSON body. May carry RTC tokens: never log it.
    pub body: Option<String>,
    /// How long to wait for the reply, in ms. The machine goes on without it after that; a reply to a Create that
    /// comes later is still worth handing in.
    pub timeout: Millis,
    /// Whether the snapshot must be persisted before this is sent (Create, Update, Delete).
    pub persist_first: bool,
    /// Not to be sent after this moment of the caller's clock, but to be answered with [`NoAnswer::NotSent`].
    pub send_before: Option<Millis>,
}

impl Request {
    /// The permit of the rate limit that it was made with, if it needs one.
    #[must_use]
    pub fn permit(&self) -> Option<PermitRequest> {
        let want = match self.call {
            EventCall::Acquire => Want::AcquireAndCreate,
            EventCall::Create => Want::Create,
            EventCall::Query => Want::Query,
            EventCall::Update => Want::Update,
            EventCall::Delete => Want::Delete,
            EventCall::Presence | EventCall::RtcToken => return None,
        };
        Some(PermitRequest { lane: self.id.lane(), want })
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("id", &self.id)
            .field("call", &self.call)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

/// An RTC token to ask the application for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// Goes back with the token.
    pub id: RequestId,
    /// The uid to make it for; 0 for the token of the inputs (the service picks its own uid).
    pub uid: Uid,
    /// The channel to make it for.
    pub channel: String,
    /// After this time it is not waited for any more.
    pub timeout: Millis,
}

/// A permit to ask for where the rate limit is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PermitRequest {
    /// Who asks.
    pub lane: Lane,
    /// For which call.
    pub want: Want,
}

/// What came back for a request.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP reply.
    Http {
        /// The status.
        status: u16,
        /// The `Retry-After` header.
        retry_after: Option<String>,
        /// The `Date` header: what a date in `Retry-After` is to be compared with.
        date: Option<String>,
        /// The `X-Request-ID` header.
        request_id: Option<String>,
        /// The `X-Resource-ID` header.
        resource_id: Option<String>,
        /// The body, as text.
        body: String,
    },
    /// None.
    Nothing(NoAnswer),
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { status, .. } => {
                f.debug_struct("Http").field("status", status).finish_non_exhaustive()
            }
            Self::Nothing(why) => f.debug_tuple("Nothing").field(why).finish(),
        }
    }
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum NoAnswer {
    /// The name could not be resolved: the call was certainly not carried out.
    Dns,
    /// The name was resolved, but the connection failed or broke.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The runtime does not say why.
    Unknown,
    /// The call was not even tried.
    NotSent,
    /// It was not, because its snapshot could not be kept, or not in time.
    NotPersisted,
}

decode!(Camel enum NoAnswer { Dns, Unreachable, TimedOut, Unknown, NotSent, NotPersisted });

impl NoAnswer {
    /// Whether the service cannot have seen the call.
    pub(super) fn was_not_sent(self) -> bool {
        match self {
            Self::Dns | Self::NotSent | Self::NotPersisted => true,
            Self::Unreachable | Self::TimedOut | Self::Unknown => false,
        }
    }

    /// What it says of the domain.
    pub(super) fn domain_failure(self) -> Option<DomainFailure> {
        match self {
            Self::Dns => Some(DomainFailure::Dns),
            Self::Unreachable => Some(DomainFailure::Unreachable),
            // A name server may be what is slow.
            Self::TimedOut | Self::Unknown => Some(DomainFailure::Unknown),
            Self::NotSent | Self::NotPersisted => None,
        }
    }
}

/// What the body of a reply says, as far as it can be made out. Unknown shapes are nothing, not errors.
#[derive(Default)]
pub(super) struct ReplyBody {
    /// There is something, but neither a JSON object nor `null`, or it names a task by what can be no id: the page of a proxy,
    /// or a body that was cut off. It is not the service that has answered, or not all of what it said.
    pub(super) is_unreadable: bool,
    pub(super) token_name: Option<String>,
    pub(super) task_id: Option<String>,
    pub(super) code: Option<i64>,
    pub(super) task_status: Option<TaskStatus>,
    pub(super) service_status: Option<ServiceStatus>,
    pub(super) message: Option<String>,
    pub(super) details: Option<String>,
    pub(super) broadcasters: Option<Vec<Uid>>,
}

impl ReplyBody {
    /// Whether it has any status.
    pub(super) fn says_how_it_is(&self) -> bool {
        !self.is_unreadable && (self.task_status.is_some() || self.service_status.is_some())
    }

    pub(super) fn parse(body: &str) -> Self {
        let json = if body.trim().is_empty() { Some(Value::Null) } else { lenient::json(body.as_bytes()) };
        let Some(json) = json.filter(|json| json.is_object() || json.is_null()) else {
            return Self { is_unreadable: true, ..Self::default() };
        };
        let status = word(json.get("status"));
        let service = word(lenient::at(&json, &["services", "cloudTranscoder", "status"]));
        let in_channel = json.get("success") == Some(&Value::Bool(true));
        let task_id = task_id(json.get("taskId"));
        let said = |field: &str| text(json.get(field), usize::MAX).filter(|text| !text.is_empty());
        let transcoder = lenient::at(&json, &["services", "cloudTranscoder"]);
        let of_transcoder = |field: &str| {
            let value = transcoder.and_then(|transcoder| transcoder.get(field));
            text(value, usize::MAX).filter(|text| !text.is_empty())
        };
        Self {
            is_unreadable: task_id.is_none() && text(json.get("taskId"), usize::MAX).is_some(),
            token_name: text(json.get("tokenName"), MAX_TOKEN_BYTES),
            task_id,
            code: integer(json.get("code")),
            task_status: status.map(|status| TaskStatus::parse(&status)),
            service_status: service.map(|status| ServiceStatus::parse(&status)),
            message: said("message").or_else(|| of_transcoder("message")),
            details: of_transcoder("details"),
            broadcasters: json.get("data").filter(|_| in_channel).and_then(broadcasters),
        }
    }
}

fn broadcasters(data: &Value) -> Option<Vec<Uid>> {
    if data.get("channel_exist") == Some(&Value::Bool(false)) {
        return Some(Vec::new());
    }
    let uids = data.get("broadcasters")?.as_array()?;
    let uids = uids.iter().filter_map(|uid| integer(Some(uid)));
    Some(uids.filter_map(|uid| Uid::try_from(uid).ok()).collect())
}

/// What the service said, for an event.
pub(super) fn said(answer: &Answer, body: &ReplyBody, redactor: &Redactor) -> Said {
    let Answer::Http { status, request_id, resource_id, .. } = answer else { return Said::default() };
    let text = |text: &Option<String>| text.as_deref().map(|text| redactor.text(text));
    Said {
        status: Some(*status),
        code: body.code,
        message: text(&body.message),
        details: text(&body.details),
        stop_reason: None,
        request_id: text(request_id),
        resource_id: text(resource_id),
    }
}

/// Everything but the unreserved characters of a URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) fn encoded(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, ENCODED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_body_is_read_whatever_its_types() {
        let body = ReplyBody::parse(
            r#"{"taskId":"t","code":"65","status":5,"services":{"cloudTranscoder":{"status":"serviceReady"}},"x":[]}"#,
        );
        assert_eq!(body.task_id.as_deref(), Some("t"));
        assert_eq!(body.code, Some(65));
        assert_eq!(body.task_status, Some(TaskStatus::InProgress));
        assert_eq!(body.service_status, Some(ServiceStatus::ServiceReady));
    }

    #[test]
    fn who_is_in_the_channel() {
        let uids = |text| ReplyBody::parse(text).broadcasters;
        assert_eq!(
            uids(r#"{"success":true,"data":{"channel_exist":true,"mode":2,"broadcasters":[7,8]}}"#),
            Some(vec![7, 8])
        );
        assert_eq!(uids(r#"{"success":true,"data":{"channel_exist":false}}"#), Some(vec![]));
        assert_eq!(uids(r#"{"success":false,"data":{"channel_exist":false}}"#), None);
        assert_eq!(uids(r#"{"success":true,"data":{"channel_exist":true,"mode":1,"users":[7]}}"#), None);
    }

    #[test]
    fn what_the_service_said_is_redacted() {
        let answer = Answer::Http {
            status: 400,
            retry_after: None,
            date: None,
            request_id: Some("of s3cret-one".to_owned()),
            resource_id: Some("s3cret-one".to_owned()),
            body: String::new(),
        };
        let body = ReplyBody { message: Some("token s3cret-one".to_owned()), ..ReplyBody::default() };
        let told = said(&answer, &body, &Redactor::new(&["s3cret-one".to_owned()]));
        assert_eq!(told.request_id.as_deref(), Some("of …"));
        assert_eq!(told.resource_id.as_deref(), Some("…"));
        assert_eq!(told.message.as_deref(), Some("token …"));
    }

    #[test]
    fn a_body_that_is_no_object_is_unreadable_unless_it_is_empty() {
        for body in ["<html>", "[]", "{\"taskId\":\"..\"}", "\"ok\"", "{\"taskId\":\"t", "nullx"] {
            assert!(ReplyBody::parse(body).is_unreadable, "{body}");
        }
        for body in ["", " \n", "null", "{}", "{\"message\":\"\\ud800\"}"] {
            assert!(!ReplyBody::parse(body).is_unreadable, "{body}");
        }
    }

    #[test]
    fn names_and_ids_have_bounds() {
        let body =
            |name: &str, length| ReplyBody::parse(&format!(r#"{{"{name}":"{}"}}"#, "x".repeat(length)));
        assert!(body("taskId", 256).task_id.is_some() && body("taskId", 257).task_id.is_none());
        assert!(
            body("tokenName", 2_048).token_name.is_some() && body("tokenName", 2_049).token_name.is_none()
        );
    }

    #[test]
    fn paths_and_bodies_are_not_shown() {
        let request = Request {
            id: RequestId::new(0, 5),
            call: EventCall::Create,
            method: "POST",
            domain: "api.agora.io".to_owned(),
            path: "/tasks?builderToken=s3cret".to_owned(),
            body: Some("s3cret".to_owned()),
            timeout: Millis::ZERO,
            persist_first: true,
            send_before: None,
        };
        let shown = format!("{request:?}");
        assert!(shown.contains("Create") && !shown.contains("s3cret"), "{shown}");
        let answer = Answer::Http {
            status: 404,
            retry_after: None,
            date: None,
            request_id: None,
            resource_id: None,
            body: "s3cret".to_owned(),
        };
        let shown = format!("{answer:?} {:?}", Answer::Nothing(NoAnswer::Dns));
        assert!(
            shown.contains("404") && shown.contains("Nothing(Dns)") && !shown.contains("s3cret"),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn no_body_is_too_odd(text in "\\PC{0,200}") {
            let _ = ReplyBody::parse(&text);
        }
    }
}
