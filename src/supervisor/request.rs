//! Requests for the driver, and its answers.

use std::fmt;

use macro_rules_attribute::apply;
use serde::Serialize;

use crate::document::document;
use crate::domain::DomainFailure;
use crate::policy::RetryReason;
use crate::quota::{LaneNumber, LimitedCall};
use crate::status::Call;
use crate::time::{Duration, WallTime};
use crate::uid::Uid;

/// Identifies a request of a lane; the answer carries the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RequestId(u64);

document!(@transparent RequestId);
document!(@serde read RequestId);

/// The range of a lane's numbers: enough for more than one request a millisecond for thirty years.
const REQUESTS_PER_LANE: u64 = 1 << 40;

impl RequestId {
    pub(crate) fn new(lane: LaneNumber, number: u64) -> Self {
        Self(u64::from(lane) * REQUESTS_PER_LANE + number % REQUESTS_PER_LANE)
    }

    pub(crate) fn lane(self) -> LaneNumber {
        LaneNumber::try_from(self.0 / REQUESTS_PER_LANE).unwrap_or(LaneNumber::MAX)
    }

    /// As an integer that JavaScript represents exactly.
    #[must_use]
    pub fn as_u64(self) -> u64 {
        self.0
    }
}

/// A call to make: `{method} https://{domain}{path}`, plus the credentials, which only the driver knows.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Returned with the answer.
    pub id: RequestId,
    /// The call.
    pub call: Call,
    /// The HTTP method.
    pub method: &'static str,
    /// The domain.
    pub domain: String,
    /// Path and query. Contains the builder token: never log it.
    pub path: String,
    /// The JSON body. May contain RTC tokens: never log it.
    pub body: Option<String>,
    /// How long to wait for the reply, in ms. The supervisor continues without it after that; hand in a later reply
    /// to a Create all the same.
    pub timeout: Duration,
    /// Whether the snapshot must be persisted before this is sent (Create, Update, Delete).
    pub persist_first: bool,
    /// The latest time to send it, by the caller's clock; after that, answer with [`NoAnswer::NotSent`].
    pub send_before: Option<WallTime>,
}

impl Request {
    /// The permit that the request needs, if any.
    #[must_use]
    pub fn permit(&self) -> Option<PermitRequest> {
        let call = match self.call {
            Call::Acquire => LimitedCall::AcquireAndCreate,
            Call::Create => LimitedCall::Create,
            Call::Query => LimitedCall::Query,
            Call::Update => LimitedCall::Update,
            Call::Delete => LimitedCall::Delete,
            Call::Presence | Call::RtcToken => return None,
        };
        Some(PermitRequest { lane: self.id.lane(), call })
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

/// A request for the application's RTC token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// Returned with the token.
    pub id: RequestId,
    /// The uid of the token; 0 for the token of the inputs (the service picks its own uid).
    pub uid: Uid,
    /// The channel of the token.
    pub channel: String,
    /// How long to wait for the token, in ms.
    pub timeout: Duration,
}

/// A request for a permit of the shared rate limit.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PermitRequest {
    /// The lane that asks.
    pub lane: LaneNumber,
    /// The call.
    pub call: LimitedCall,
}

/// The answer to a request.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP reply.
    Http {
        /// The status.
        status: u16,
        /// The `Retry-After` header.
        retry_after: Option<String>,
        /// The `Date` header: a date in `Retry-After` is relative to it.
        date: Option<String>,
        /// The `X-Request-ID` header.
        request_id: Option<String>,
        /// The `X-Resource-ID` header.
        resource_id: Option<String>,
        /// The body, as text.
        body: String,
    },
    /// No reply.
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

/// Why there is no reply.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoAnswer {
    /// The name was not resolved: the call was certainly not carried out.
    Dns,
    /// The name was resolved, but the connection failed or broke.
    Unreachable,
    /// There was no reply in time.
    TimedOut,
    /// The runtime gives no reason.
    Unknown,
    /// The call was not attempted.
    NotSent,
    /// The call was not attempted because its snapshot was not stored in time.
    NotPersisted,
}

impl From<NoAnswer> for RetryReason {
    fn from(nothing: NoAnswer) -> Self {
        match nothing {
            NoAnswer::Dns => Self::Dns,
            NoAnswer::Unreachable => Self::Unreachable,
            NoAnswer::TimedOut | NoAnswer::Unknown => Self::NoAnswer,
            NoAnswer::NotSent => Self::NotSent,
            NoAnswer::NotPersisted => Self::NotPersisted,
        }
    }
}

impl NoAnswer {
    /// Whether the service certainly never received the call.
    pub(super) fn was_not_sent(self) -> bool {
        match self {
            Self::Dns | Self::NotSent | Self::NotPersisted => true,
            Self::Unreachable | Self::TimedOut | Self::Unknown => false,
        }
    }

    /// How it counts for the domain, if at all.
    pub(super) fn domain_failure(self) -> Option<DomainFailure> {
        match self {
            Self::Dns => Some(DomainFailure::Dns),
            Self::Unreachable => Some(DomainFailure::Unreachable),
            // The slow part may be a name server.
            Self::TimedOut | Self::Unknown => Some(DomainFailure::Unknown),
            Self::NotSent | Self::NotPersisted => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_bodies_are_not_shown() {
        let request = Request {
            id: RequestId::new(0, 5),
            call: Call::Create,
            method: "POST",
            domain: "api.agora.io".to_owned(),
            path: "/tasks?builderToken=s3cret".to_owned(),
            body: Some("s3cret".to_owned()),
            timeout: Duration::ZERO,
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
}
