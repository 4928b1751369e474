//! The phases of a launch, each with the data that only this phase needs.

use macro_rules_attribute::apply;

use super::event::SuspectReason;
use crate::document::document;
use crate::time::Instant;

/// The phase of a launch. See the state diagram in `README.md`.
#[apply(document)]
#[json(camel, tag = type)]
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// No Create was sent yet.
    Preparing { due: Instant },
    /// A Create was sent and is retried: its outcome is unknown. `is_live`: its uid is in the channel, or the service
    /// answered that the task runs.
    Creating { due: Instant, is_live: bool },
    /// Outcome unknown; retries are paused until presence or a notification resolves it, or its uid's turn comes.
    Unresolved { is_live: bool, absences: u32 },
    /// The task runs (409, or 201 without an id), but its id is unknown.
    TaskIdUnknown { since: Instant, absences: u32 },
    /// The task's id is known; no Query has found it running yet. `queries`: answered Queries.
    Confirming { task: Task, since: Instant, due: Instant, queries: u32 },
    /// The task runs. `not_running_since`: since when Query reports that it does not run.
    Running {
        task: Task,
        since: Instant,
        due: Instant,
        suspicion: Option<SuspectReason>,
        not_running_since: Option<Instant>,
    },
    /// Given up; kept until its replacement is confirmed.
    Superseded { task: Task },
    /// Like `Superseded`, but in the way of its replacement: one more Query decides whether it is deleted.
    Reconsidered { task: Task, due: Instant },
    /// Being deleted. `is_reported`: it was reported as orphaned.
    Deleting { task: Task, due: Instant, is_reported: bool },
    /// Delete was accepted (202); Query shows when the task is gone.
    AwaitingEnd { task: Task, due: Instant, is_reported: bool },
    /// It could not be deleted, which was reported. Delete is retried from time to time.
    Orphaned { task: Task, since: Instant, due: Instant, absences: u32 },
}

/// A task whose id is known.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) last_query_at: Option<Instant>,
    /// A check was requested after the last Query was sent: that Query may have been too early.
    pub(super) is_check_requested: bool,
    /// Set by a notification that it stopped or failed. Until this time, Query may report it as running only because
    /// the service's data lags behind.
    pub(super) doubted_until: Option<Instant>,
    /// The stop reason of that notification.
    pub(super) stop_reason: Option<String>,
    /// When a Query last found it running.
    pub(super) seen_running_at: Option<Instant>,
    /// It was reported that Query is refused.
    pub(super) is_refusal_reported: bool,
}

impl Task {
    pub(super) fn new(id: String) -> Self {
        Self { id, ..Self::default() }
    }
}

impl Phase {
    pub(super) fn task(&self) -> Option<&Task> {
        match self {
            Self::Preparing { .. }
            | Self::Creating { .. }
            | Self::Unresolved { .. }
            | Self::TaskIdUnknown { .. } => None,
            Self::Confirming { task, .. }
            | Self::Running { task, .. }
            | Self::Superseded { task }
            | Self::Reconsidered { task, .. }
            | Self::Deleting { task, .. }
            | Self::AwaitingEnd { task, .. }
            | Self::Orphaned { task, .. } => Some(task),
        }
    }

    pub(super) fn task_mut(&mut self) -> Option<&mut Task> {
        match self {
            Self::Preparing { .. }
            | Self::Creating { .. }
            | Self::Unresolved { .. }
            | Self::TaskIdUnknown { .. } => None,
            Self::Confirming { task, .. }
            | Self::Running { task, .. }
            | Self::Superseded { task }
            | Self::Reconsidered { task, .. }
            | Self::Deleting { task, .. }
            | Self::AwaitingEnd { task, .. }
            | Self::Orphaned { task, .. } => Some(task),
        }
    }

    /// When its next call is due, in the phases that make calls.
    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Self::Unresolved { .. } | Self::TaskIdUnknown { .. } | Self::Superseded { .. } => None,
            Self::Preparing { due }
            | Self::Creating { due, .. }
            | Self::Confirming { due, .. }
            | Self::Running { due, .. }
            | Self::Reconsidered { due, .. }
            | Self::Deleting { due, .. }
            | Self::AwaitingEnd { due, .. }
            | Self::Orphaned { due, .. } => Some(*due),
        }
    }

    pub(super) fn due_mut(&mut self) -> Option<&mut Instant> {
        match self {
            Self::Unresolved { .. } | Self::TaskIdUnknown { .. } | Self::Superseded { .. } => None,
            Self::Preparing { due }
            | Self::Creating { due, .. }
            | Self::Confirming { due, .. }
            | Self::Running { due, .. }
            | Self::Reconsidered { due, .. }
            | Self::Deleting { due, .. }
            | Self::AwaitingEnd { due, .. }
            | Self::Orphaned { due, .. } => Some(due),
        }
    }

    /// Consecutive presence checks without its uid, in the phases that only presence and notifications resolve.
    pub(super) fn absences(&self) -> Option<u32> {
        match self {
            Self::Unresolved { absences, .. }
            | Self::TaskIdUnknown { absences, .. }
            | Self::Orphaned { absences, .. } => Some(*absences),
            Self::Preparing { .. }
            | Self::Creating { .. }
            | Self::Confirming { .. }
            | Self::Running { .. }
            | Self::Superseded { .. }
            | Self::Reconsidered { .. }
            | Self::Deleting { .. }
            | Self::AwaitingEnd { .. } => None,
        }
    }

    /// Whether a task runs whose id is unknown.
    pub(super) fn has_live_unknown_task(&self) -> bool {
        match self {
            Self::Creating { is_live, .. } | Self::Unresolved { is_live, .. } => *is_live,
            Self::TaskIdUnknown { .. } => true,
            Self::Preparing { .. }
            | Self::Confirming { .. }
            | Self::Running { .. }
            | Self::Superseded { .. }
            | Self::Reconsidered { .. }
            | Self::Deleting { .. }
            | Self::AwaitingEnd { .. }
            | Self::Orphaned { .. } => false,
        }
    }
}
