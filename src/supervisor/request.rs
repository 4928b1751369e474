//! What the driver is asked to do, and what it brings back.

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

/// Names one request of one lane; a reply carries it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RequestId(u64);

document!(@transparent RequestId);
document!(@serde read RequestId);

/// Requests of a lane before its numbers meet the next lane's: more than one a millisecond for thirty years.
const PER_LANE: u64 = 1 << 40;

impl RequestId {
    pub(crate) fn new(lane: LaneNumber, number: u64) -> Self {
        Self(u64::from(lane) * PER_LANE + number % PER_LANE)
    }

    pub(crate) fn lane(self) -> LaneNumber {
        LaneNumber::try_from(self.0 / PER_LANE).unwrap_or(LaneNumber::MAX)
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
    pub call: Call,
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
    pub timeout: Duration,
    /// Whether the snapshot must be persisted before this is sent (Create, Update, Delete).
    pub persist_first: bool,
    /// Not to be sent after this moment of the caller's clock, but to be answered with [`NoAnswer::NotSent`].
    pub send_before: Option<WallTime>,
}

impl Request {
    /// The permit of the rate limit that it was made with, if it needs one.
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
    pub timeout: Duration,
}

/// A permit to ask for where the rate limit is shared.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PermitRequest {
    /// Who asks.
    pub lane: LaneNumber,
    /// For which call.
    pub call: LimitedCall,
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
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
