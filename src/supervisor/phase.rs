//! The phases of a launch, each with what means something only in it.

use macro_rules_attribute::apply;

use super::event::SuspectReason;
use crate::document::document;
use crate::time::Instant;

/// How far a launch is. See the state diagram in `README.md`.
#[apply(document)]
#[json(camel, tag = type)]
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// No Create was sent yet.
    Preparing { due: Instant },
    /// A Create was sent, its outcome is unknown, and it is sent again. `is_live`: its uid is in the channel, or the service
    /// answered that it runs already.
    Creating { due: Instant, is_live: bool },
    /// Outcome unknown; retries are paused until presence or a notification resolves it, or its uid's turn comes.
    Unresolved { is_live: bool, absences: u32 },
    /// The service answered that it runs already, but not as which task.
    TaskIdUnknown { since: Instant, absences: u32 },
    /// The task's id is known, but not yet that it runs. `queries`: those that were answered.
    Confirming { task: Task, since: Instant, due: Instant, queries: u32 },
    /// It runs. `odd_since`: since when Query says otherwise.
    Running {
        task: Task,
        since: Instant,
        due: Instant,
        suspicion: Option<SuspectReason>,
        odd_since: Option<Instant>,
    },
    /// Not wanted any more; kept until its replacement runs.
    Superseded { task: Task },
    /// As `Superseded`, but in the way of its replacement: it is queried once more before it is deleted.
    Reconsidered { task: Task, due: Instant },
    /// Being deleted. `is_reported`: it was reported as left behind.
    Deleting { task: Task, due: Instant, is_reported: bool },
    /// Delete was accepted (202); Query tells when it is done.
    AwaitingEnd { task: Task, due: Instant, is_reported: bool },
    /// It could not be deleted, which was reported; that is tried again from time to time.
    Orphaned { task: Task, since: Instant, due: Instant, absences: u32 },
}

/// A task whose id is known.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) last_query_at: Option<Instant>,
    /// A check was asked for since then: the Query under way may have missed what it was asked for.
    pub(super) is_check_requested: bool,
    /// A notification said that it stopped or failed: until then Query may say that it runs only because it does not know yet.
    pub(super) doubted_until: Option<Instant>,
    /// Why it stopped, by the notification that said so.
    pub(super) stop_reason: Option<String>,
    /// The last proof that it ran.
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

    /// Presence checks in a row without its uid, in the phases that only presence and notifications resolve.
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

    /// Whether a task runs that nobody has named.
    pub(super) fn is_live_unnamed(&self) -> bool {
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
