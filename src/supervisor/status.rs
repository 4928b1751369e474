//! How a lane is, for people.

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

/// How a lane is.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneStatus {
    /// Its name; of a supervisor `main`.
    pub name: String,
    /// What it does.
    pub state: LaneState,
    /// The number of its last launch. A second task of a launch, once it is found, has a number of its own.
    pub generation: u32,
    /// Its output uids, the primary first.
    pub uids: Vec<Uid>,
    /// The current output uid.
    #[json(nullable)]
    pub uid: Option<Uid>,
    /// The current task.
    #[json(nullable)]
    pub task_id: Option<String>,
    /// When a Query last said that the current task runs, in ms since the epoch.
    #[json(nullable)]
    pub last_confirmed_at: Option<WallTime>,
    /// The last event of trouble: `suspect`, `ended` or `callRejected`, with what the service said.
    pub last_problem: Option<Event>,
    /// Every task that lives, or may live, as far as this lane knows.
    pub tasks: Vec<KnownTask>,
}

/// What a lane does.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneState {
    /// A task is being made.
    Launching,
    /// The service has taken the task; no Query has found it running yet.
    Confirming,
    /// A Query found the task running.
    Running,
    /// The task ran, and the last answers speak against it.
    Suspect,
    /// A task runs, and it is not known which.
    TaskIdUnknown,
    /// Nothing runs; the next launch, or the outcome of the last one, is waited for.
    Waiting,
    /// Tasks are being ended.
    Stopping,
    /// It is over: stopped, or ended by itself.
    Stopped,
    /// It is over: it gave up.
    Failed,
}

impl fmt::Debug for LaneState {
    /// As statuses show it: its name in JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.json_name().fmt(f)
    }
}

impl fmt::Display for LaneState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.json_name())
    }
}

/// A task that lives, or may live.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTask {
    /// The launch that made it.
    pub generation: u32,
    /// Its output uid.
    pub uid: Uid,
    /// The instanceId of its Acquire.
    pub instance_id: String,
    /// Its id, where it is known.
    #[json(nullable)]
    pub task_id: Option<String>,
    /// What is done about it.
    pub standing: Standing,
}

/// What is done about a task.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It is the one that is launched, confirmed, or monitored.
    Adopted,
    /// Its Create has an unknown outcome: it is found, or watched until it is surely not there.
    Unresolved,
    /// It is kept until its replacement runs, or being ended.
    Stopping,
    /// It could not be ended; that is tried again from time to time.
    Orphaned,
}

impl Lane {
    /// The uid of the task that runs, as long as nothing speaks against it.
    pub(crate) fn running_uid(&self) -> Option<Uid> {
        self.serving().filter(|launch| !launch.is_suspect()).map(|launch| launch.uid)
    }

    /// The uid of the task that runs, in doubt too, or of one that runs and is not identified.
    pub(crate) fn live_uid(&self) -> Option<Uid> {
        self.serving().or_else(|| self.unidentified()).map(|launch| launch.uid)
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
            None if self.unidentified().is_some() => LaneState::TaskIdUnknown,
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

    /// A launch that is known to run, and whose task nobody has named.
    fn unidentified(&self) -> Option<&Launch> {
        self.launches.iter().find(|launch| launch.phase().is_live_unnamed())
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
