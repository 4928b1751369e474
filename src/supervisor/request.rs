//! The calls, as data: what to send, and what came back.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;

use super::event::{EventCall, Said};
use crate::decode::{Decode, Json, Wrong, decode, deserialize};
use crate::domain::DomainFailure;
use crate::lenient::{integer, text};
use crate::quota::{Lane, Want};
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
#[derive(Debug, Default)]
pub(super) struct ReplyBody {
    pub(super) token_name: Option<String>,
    pub(super) task_id: Option<String>,
    pub(super) code: Option<i64>,
    pub(super) task_status: Option<TaskStatus>,
    pub(super) service_status: Option<ServiceStatus>,
    pub(super) message: Option<String>,
    pub(super) broadcasters: Option<Vec<Uid>>,
}

impl ReplyBody {
    /// Whether it has any status.
    pub(super) fn says_how_it_is(&self) -> bool {
        self.task_status.is_some() || self.service_status.is_some()
    }

    pub(super) fn parse(body: &str) -> Self {
        let Ok(json) = serde_json::from_str::<Value>(body) else { return Self::default() };
        let status = text(json.get("status"));
        let service = text(json.pointer("/services/cloudTranscoder/status"));
        let in_channel = json.get("success") == Some(&Value::Bool(true));
        Self {
            token_name: text(json.get("tokenName")),
            task_id: text(json.get("taskId")),
            code: integer(json.get("code")),
            task_status: status.map(|status| TaskStatus::parse(&status)),
            service_status: service.map(|status| ServiceStatus::parse(&status)),
            message: text(json.get("message")),
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

const MESSAGE_CHARS: usize = 300;

/// What the service said, for an event; `secrets` are blotted out, should the service echo one.
pub(super) fn said(answer: &Answer, body: &ReplyBody, secrets: &[&str]) -> Said {
    let Answer::Http { status, request_id, resource_id, .. } = answer else { return Said::default() };
    // Also as they stand in a path; and the longest first, should one be a part of another one.
    let mut longest_first: Vec<String> = Vec::new();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        for written in [(*secret).to_owned(), encoded(secret).to_string()] {
            let at = longest_first.partition_point(|other| other.len() > written.len());
            longest_first.insert(at, written);
        }
    }
    let blotted = |text: &Option<String>| {
        let mut text = text.clone()?;
        for secret in &longest_first {
            text = text.replace(secret, "…");
        }
        if let Some((cut, _)) = text.char_indices().nth(MESSAGE_CHARS) {
            text.truncate(cut);
        }
        Some(text)
    };
    Said {
        status: Some(*status),
        code: body.code,
        message: blotted(&body.message),
        request_id: blotted(request_id),
        resource_id: blotted(resource_id),
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
    fn what_echoes_a_token_is_blotted() {
        let answer = Answer::Http {
            status: 400,
            retry_after: None,
            request_id: Some("of s3cret".to_owned()),
            resource_id: None,
            body: String::new(),
        };
        let body =
            ReplyBody { message: Some(format!("token s3cret {}", "x".repeat(500))), ..ReplyBody::default() };
        let told = said(&answer, &body, &["s3cret", ""]);
        assert_eq!(told.request_id.as_deref(), Some("of …"));
        let of_longer_ones = said(&answer, &body, &["s3", "s3cre", "s3cret", "s3c"]);
        assert_eq!(of_longer_ones.request_id, told.request_id);
        let message = told.message.unwrap();
        assert!(message.starts_with("token … xxx") && message.chars().count() == MESSAGE_CHARS, "{message}");
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
