//! The stage of a lane: a state machine with all its transitions.

use macro_rules_attribute::apply;

use super::Outcome;
use super::event::LaunchReason;
use super::lane::Lane;
use super::launch::Launch;
use crate::document::document;
use crate::time::Instant;

/// The stage of a lane.
#[apply(document)]
#[json(camel, tag = type)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// This launch is the current one.
    Launched { generation: u32 },
    /// No launch is current; the next one has a start time.
    Planned { next: NextLaunch },
    /// No launch is current; the next poll plans one.
    Unplanned,
    /// The lane was stopped or has given up. `is_announced`: the event of the end was emitted.
    Ending { outcome: Outcome, since: Instant, is_announced: bool },
}

/// When the next launch starts, and why.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct NextLaunch {
    pub(super) at: Instant,
    pub(super) reason: LaunchReason,
    /// An earlier attempt found no free uid.
    pub(super) blocked: bool,
}

impl Stage {
    pub(super) fn starting_at(at: Instant) -> Self {
        Self::Planned { next: NextLaunch { at, reason: LaunchReason::Start, blocked: false } }
    }

    /// The generation of the current launch.
    pub(super) fn current(self) -> Option<u32> {
        match self {
            Self::Launched { generation } => Some(generation),
            Self::Planned { .. } | Self::Unplanned | Self::Ending { .. } => None,
        }
    }

    pub(super) fn is_current(self, generation: u32) -> bool {
        self.current() == Some(generation)
    }

    /// Whether the output is no longer wanted.
    pub(super) fn is_ending(self) -> bool {
        matches!(self, Self::Ending { .. })
    }

    pub(super) fn is_end_announced(self) -> bool {
        matches!(self, Self::Ending { is_announced: true, .. })
    }

    // ---- transitions: none leads out of `Ending` -----------------------------------------------------------------

    /// This launch becomes the current one.
    pub(super) fn launch(&mut self, generation: u32) {
        self.enter(Self::Launched { generation });
    }

    /// Plans the next launch, which replaces the current or planned one.
    pub(super) fn plan(&mut self, next: NextLaunch) {
        self.enter(Self::Planned { next });
    }

    /// The current launch is over.
    pub(super) fn release(&mut self, generation: u32) {
        if self.is_current(generation) {
            *self = Self::Unplanned;
        }
    }

    /// Delays a planned launch.
    pub(super) fn launch_not_before(&mut self, at: Instant) {
        if let Self::Planned { next } = self {
            next.at = next.at.max(at);
        }
    }

    /// A uid may be free again: starts a blocked launch at once.
    pub(super) fn unblock(&mut self) {
        if let Self::Planned { next } = self
            && next.blocked
        {
            next.at = Instant::ZERO;
        }
    }

    pub(super) fn end(&mut self, outcome: Outcome, since: Instant) {
        self.enter(Self::Ending { outcome, since, is_announced: false });
    }

    pub(super) fn announce_end(&mut self) {
        if let Self::Ending { is_announced, .. } = self {
            *is_announced = true;
        }
    }

    fn enter(&mut self, stage: Self) {
        if !self.is_ending() {
            *self = stage;
        }
    }
}

impl Lane {
    pub(super) fn current(&self) -> Option<&Launch> {
        self.launches.find(self.stage.current()?)
    }

    /// The index of the current launch.
    pub(super) fn current_at(&self) -> Option<usize> {
        self.launches.position(self.stage.current()?)
    }

    /// The launch whose task runs.
    pub(super) fn serving(&self) -> Option<&Launch> {
        self.current().filter(|launch| launch.is_running()).or_else(|| self.outgoing())
    }

    /// The launch whose task runs until its replacement, which has a new payload, is confirmed.
    pub(super) fn outgoing(&self) -> Option<&Launch> {
        self.outgoing_at().map(|at| self.launches.at(at))
    }

    /// The index of the outgoing launch.
    pub(super) fn outgoing_at(&self) -> Option<usize> {
        let is_outgoing = |launch: &Launch| launch.is_running() && !self.stage.is_current(launch.generation);
        self.launches.iter().position(is_outgoing).filter(|_| !self.stage.is_ending())
    }

    /// Whether this launch is the current one, or the outgoing one.
    pub(super) fn is_wanted(&self, generation: u32) -> bool {
        self.stage.is_current(generation)
            || self.outgoing().is_some_and(|launch| launch.generation == generation)
    }
}
