//! The status of a lane, for operators.

use std::fmt;

use macro_rules_attribute::apply;

use super::Outcome;
use super::event::Event;
use super::lane::Lane;
use super::launch::Launch;
use super::phase::Phase;
use super::stage::Stage;
use crate::document::document;
use crate::time::{Clock, WallTime};
use crate::uid::Uid;

/// The status of a lane.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneStatus {
    /// The lane's name; `main` for a single supervisor.
    pub name: String,
    /// The lane's state.
    pub state: LaneState,
    /// The newest generation. A second task of a launch gets a generation of its own.
    pub generation: u32,
    /// The output uids, the primary first.
    pub uids: Vec<Uid>,
    /// The current output uid.
    #[json(nullable)]
    pub uid: Option<Uid>,
    /// The current task.
    #[json(nullable)]
    pub task_id: Option<String>,
    /// When a Query last found the current task running, in ms since the epoch.
    #[json(nullable)]
    pub last_confirmed_at: Option<WallTime>,
    /// The last `suspect`, `ended` or `callRejected` event, with the service's reply.
    pub last_problem: Option<Event>,
    /// All tasks that run or may run, as far as this lane knows.
    pub tasks: Vec<KnownTask>,
}

/// The state of a lane.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneState {
    /// A task is being created.
    Launching,
    /// The task's id is known; no Query has found it running yet.
    Confirming,
    /// A Query found the task running.
    Running,
    /// The task ran, but may be gone.
    Suspect,
    /// A task runs, but its id is unknown.
    TaskIdUnknown,
    /// No task runs; the next launch, or the outcome of the last one, is pending.
    Waiting,
    /// Tasks are being deleted.
    Stopping,
    /// The lane is over: stopped, or its task ended.
    Stopped,
    /// The lane is over: it gave up.
    Failed,
}

impl fmt::Debug for LaneState {
    /// The name in JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.json_name().fmt(f)
    }
}

impl fmt::Display for LaneState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.json_name())
    }
}

/// A task that runs or may run.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTask {
    /// The generation of its launch.
    pub generation: u32,
    /// Its output uid.
    pub uid: Uid,
    /// The instanceId of its Acquire.
    pub instance_id: String,
    /// Its id, if known.
    #[json(nullable)]
    pub task_id: Option<String>,
    /// What the lane does about it.
    pub standing: Standing,
}

/// What the lane does about a task.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It is the current task: being confirmed, or running.
    Adopted,
    /// Its Create has an unknown outcome, which is being resolved.
    Unresolved,
    /// It is kept until its replacement runs, or is being deleted.
    Stopping,
    /// It could not be deleted; Delete is retried from time to time.
    Orphaned,
}

impl Lane {
    /// The uid of the running task, unless that is suspect.
    pub(crate) fn running_uid(&self) -> Option<Uid> {
        self.serving().filter(|launch| !launch.is_suspect()).map(|launch| launch.uid)
    }

    /// The uid of the running task, suspect or not, or of a task whose id is unknown.
    pub(crate) fn live_uid(&self) -> Option<Uid> {
        self.serving().or_else(|| self.with_unknown_task_id()).map(|launch| launch.uid)
    }

    pub(crate) fn status(&self, clock: &Clock) -> LaneStatus {
        let current = self.serving().or(self.current());
        LaneStatus {
            name: self.config.name.clone(),
            state: self.state(current),
            generation: self.launches.generation,
            uids: self.ring.uids().to_vec(),
            uid: current.map(|launch| launch.uid),
            task_id: current.and_then(Launch::task_id).map(str::to_owned),
            last_confirmed_at: current
                .and_then(|launch| launch.task()?.seen_running_at)
                .map(|at| clock.wall_of(at)),
            last_problem: self.journal.last_problem().cloned(),
            tasks: self
                .launches
                .iter()
                .filter(|launch| launch.may_be_live())
                .map(|launch| self.known(launch))
                .collect(),
        }
    }

    fn state(&self, current: Option<&Launch>) -> LaneState {
        if let Stage::Ending { outcome, .. } = self.stage {
            return match outcome {
                _ if !self.launches.is_empty() => LaneState::Stopping,
                Outcome::Failed { .. } => LaneState::Failed,
                Outcome::Stopped | Outcome::Ended => LaneState::Stopped,
            };
        }
        match current.map(Launch::phase) {
            None if self.with_unknown_task_id().is_some() => LaneState::TaskIdUnknown,
            None => LaneState::Waiting,
            Some(Phase::Preparing { .. } | Phase::Creating { .. }) => LaneState::Launching,
            Some(Phase::Confirming { .. }) => LaneState::Confirming,
            Some(Phase::Running { suspicion: None, .. }) => LaneState::Running,
            Some(Phase::Running { suspicion: Some(_), .. }) => LaneState::Suspect,
            Some(Phase::TaskIdUnknown { .. }) => LaneState::TaskIdUnknown,
            Some(Phase::Unresolved { .. } | Phase::Superseded { .. } | Phase::Reconsidered { .. }) => {
                LaneState::Waiting
            }
            Some(Phase::Deleting { .. } | Phase::AwaitingEnd { .. } | Phase::Orphaned { .. }) => {
                LaneState::Stopping
            }
        }
    }

    /// A launch whose task runs, but has no known id.
    fn with_unknown_task_id(&self) -> Option<&Launch> {
        self.launches.iter().find(|launch| launch.phase().has_live_unknown_task())
    }

    fn known(&self, launch: &Launch) -> KnownTask {
        KnownTask {
            generation: launch.generation,
            uid: launch.uid,
            instance_id: launch.instance_id.clone(),
            task_id: launch.task_id().map(str::to_owned),
            standing: match launch.phase() {
                Phase::Orphaned { .. } => Standing::Orphaned,
                Phase::Superseded { .. }
                | Phase::Reconsidered { .. }
                | Phase::Deleting { .. }
                | Phase::AwaitingEnd { .. } => Standing::Stopping,
                Phase::Preparing { .. }
                | Phase::Creating { .. }
                | Phase::Unresolved { .. }
                | Phase::TaskIdUnknown { .. } => Standing::Unresolved,
                Phase::Confirming { .. } | Phase::Running { .. } => Standing::Adopted,
            },
        }
    }
}
