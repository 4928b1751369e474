//! The events of a lane that were not emitted yet.

use std::collections::VecDeque;

use macro_rules_attribute::apply;

use super::event::{Event, EventKind};
use super::launch::Launch;
use crate::document::document;
use crate::time::Now;

/// The events that were not emitted yet, and the last problem.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Journal {
    lane: String,
    events: VecDeque<Event>,
    /// Includes the reply of the service.
    last_problem: Option<Box<Event>>,
}

impl Journal {
    pub(super) fn new(lane: String) -> Self {
        Self { lane, ..Self::default() }
    }

    /// Emits an event about this launch, or about the whole lane.
    pub(super) fn emit(&mut self, now: Now, launch: Option<&Launch>, kind: EventKind) {
        let event = Event {
            at: now.wall,
            lane: self.lane.clone(),
            generation: launch.map(|launch| launch.generation),
            uid: launch.map(|launch| launch.uid),
            task_id: launch.and_then(Launch::task_id).map(str::to_owned),
            instance_id: launch.map(|launch| launch.instance_id.clone()),
            kind,
        };
        let is_problem = matches!(
            event.kind,
            EventKind::Suspect { .. } | EventKind::Ended { .. } | EventKind::CallRejected { .. }
        );
        if is_problem {
            self.last_problem = Some(Box::new(event.clone()));
        }
        self.events.push_back(event);
    }

    /// The next event to hand out.
    pub(super) fn next(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if self.events.is_empty() {
            // Events are rare: an empty queue keeps no memory.
            self.events = VecDeque::new();
        }
        event
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(super) fn last_problem(&self) -> Option<&Event> {
        self.last_problem.as_deref()
    }
}
