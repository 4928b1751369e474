//! The request in flight of a lane, and overdue Creates whose reply may still arrive.

use std::collections::VecDeque;

use macro_rules_attribute::apply;

use super::payload::RtcTokenFor;
use super::request::RequestId;
use super::tokens::SentCreate;
use crate::document::document;
use crate::status::Call;
use crate::time::Instant;

/// How many overdue Creates are remembered.
const MAX_OVERDUE: usize = 8;

/// A request whose answer is awaited.
#[apply(document)]
#[json(camel)]
#[derive(Clone, PartialEq, Eq)]
pub(super) struct InFlight {
    pub(super) id: RequestId,
    pub(super) purpose: Purpose,
    pub(super) domain: String,
    pub(super) sent_at: Instant,
    pub(super) deadline: Instant,
}

/// The purpose of a request, and its launch.
#[apply(document)]
#[json(camel, tag = type)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    RtcToken {
        generation: u32,
        of: RtcTokenFor,
    },
    /// Asks for a builder token.
    Acquire {
        generation: u32,
    },
    /// Starts a task, with this builder token.
    Create {
        generation: u32,
        token: String,
    },
    /// Asks for the status of a task.
    Query {
        generation: u32,
    },
    /// Changes a running task.
    Update {
        generation: u32,
    },
    /// Ends a task.
    Delete {
        generation: u32,
    },
    /// Asks who is in the output channel.
    Presence,
}

impl Purpose {
    /// The launch that it is for; none for a presence check.
    pub(super) fn generation(&self) -> Option<u32> {
        match self {
            Self::RtcToken { generation, .. }
            | Self::Acquire { generation }
            | Self::Create { generation, .. }
            | Self::Query { generation }
            | Self::Update { generation }
            | Self::Delete { generation } => Some(*generation),
            Self::Presence => None,
        }
    }

    pub(super) fn call(&self) -> Call {
        match self {
            Self::RtcToken { .. } => Call::RtcToken,
            Self::Acquire { .. } => Call::Acquire,
            Self::Create { .. } => Call::Create,
            Self::Query { .. } => Call::Query,
            Self::Update { .. } => Call::Update,
            Self::Delete { .. } => Call::Delete,
            Self::Presence => Call::Presence,
        }
    }
}

/// A Create that is no longer awaited; its reply may still arrive.
#[apply(document)]
#[json(camel)]
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Overdue {
    pub(super) id: RequestId,
    pub(super) generation: u32,
    pub(super) token: String,
}

impl Overdue {
    pub(super) fn create(&self) -> SentCreate<'_> {
        SentCreate { id: self.id, token: &self.token }
    }
}

/// The requests of a lane.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Requests {
    /// At most one at a time.
    pub(super) in_flight: Option<InFlight>,
    pub(super) overdue: VecDeque<Overdue>,
    pub(super) next_number: u64,
}

impl Requests {
    /// The number of a new request.
    pub(super) fn number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        number
    }

    /// Removes the overdue Create with this id, because its reply has arrived.
    pub(super) fn take_overdue(&mut self, id: RequestId) -> Option<Overdue> {
        let at = self.overdue.iter().position(|overdue| overdue.id == id)?;
        self.overdue.remove(at)
    }

    /// Whether the request in flight is for this launch.
    pub(super) fn is_for(&self, generation: u32) -> bool {
        self.in_flight.as_ref().is_some_and(|sent| sent.purpose.generation() == Some(generation))
    }

    /// Cancels the request in flight. A Create becomes overdue: its answer may still name a task.
    pub(super) fn cancel(&mut self) -> Option<InFlight> {
        let given_up = self.in_flight.take()?;
        if let Purpose::Create { generation, token } = &given_up.purpose {
            let (generation, token) = (*generation, token.clone());
            self.overdue.push_back(Overdue { id: given_up.id, generation, token });
            if self.overdue.len() > MAX_OVERDUE {
                self.overdue.pop_front();
            }
        }
        Some(given_up)
    }
}
