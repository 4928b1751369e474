//! The life cycle of a task.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::payload::Output;
use crate::profile::Profile;
use crate::random::Random;

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) instance_id: String,
    /// The builder token that started it.
    pub(crate) token: String,
    pub(crate) app_id: String,
    pub(crate) input_channel: Option<String>,
    pub(crate) output: Output,
    pub(crate) idle_timeout_ms: u64,
    pub(crate) created_ms: u64,
    pub(crate) updated_ms: u64,
    /// The current payload. It is shared because simulations clone whole services.
    pub(crate) transcoder: Arc<Value>,
    pub(crate) sequence_id: Option<u64>,
    pub(crate) stage: Stage,
    /// Why it failed or ended; empty before that.
    pub(crate) message: String,
    /// Another task has taken over its uid.
    pub(crate) kicked: bool,
    /// Query reports the previous stage until this time.
    pub(crate) report_lags_until: u64,
    /// The number of its notifications so far.
    pub(crate) notifications: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Starting {
        until: Option<u64>,
        fails: bool,
    },
    Running {
        since: u64,
    },
    /// It failed and is being migrated.
    Abnormal {
        until: u64,
        recovers: bool,
    },
    Ended {
        at: u64,
        how: End,
        forgotten: bool,
    },
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "TaskEnd"))]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// Its hosts were away for its `idleTimeout`.
    Idle,
    /// It ended abnormally.
    Failed,
    /// It was deleted.
    Stopped,
}

/// The task's status as a number and a name, and the service's status.
pub(crate) type Status = ((u8, &'static str), &'static str);

impl Task {
    pub(crate) fn start(now: u64, profile: &Profile, random: &mut Random) -> Stage {
        let takes = random.between(profile.start_up.takes_ms);
        let fails = random.percent(profile.start_up.fails_percent);
        let hangs = random.percent(profile.start_up.hangs_percent);
        Stage::Starting { until: (!hangs).then_some(now + takes), fails }
    }

    pub(crate) fn is_live(&self) -> bool {
        match self.stage {
            Stage::Starting { .. } | Stage::Running { .. } | Stage::Abnormal { .. } => true,
            Stage::Ended { .. } => false,
        }
    }

    /// Whether it is the live task of this instanceId.
    pub(crate) fn is_live_instance(&self, app_id: &str, instance_id: &str) -> bool {
        self.is_live() && self.app_id == app_id && self.instance_id == instance_id
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Running { .. })
    }

    pub(crate) fn publishes(&self) -> bool {
        self.is_running() && !self.kicked
    }

    /// When its next change is due, except for its hosts' leave.
    pub(crate) fn next_change(&self) -> Option<u64> {
        match self.stage {
            Stage::Starting { until, .. } => until,
            Stage::Abnormal { until, .. } => Some(until),
            Stage::Running { .. } | Stage::Ended { .. } => None,
        }
    }

    /// The status in Query's answer; `None` for a 404.
    pub(crate) fn status(&self, now: u64, forget_after: u64) -> Option<Status> {
        if now < self.report_lags_until {
            return Some(((5, "IN_PROGRESS"), "serviceInProgress"));
        }
        match self.stage {
            Stage::Starting { .. } if now < self.created_ms + 500 => Some(((1, "PREPARED"), "serviceIdle")),
            Stage::Starting { .. } => Some(((2, "STARTING"), "serviceReady")),
            Stage::Running { since } if now < since + 2_000 => Some(((4, "STARTED"), "serviceStarted")),
            Stage::Running { .. } => Some(((5, "IN_PROGRESS"), "serviceInProgress")),
            Stage::Abnormal { .. } => Some(((5, "IN_PROGRESS"), "serviceAbnormal")),
            Stage::Ended { at, forgotten, .. } if forgotten || now >= at.saturating_add(forget_after) => None,
            Stage::Ended { how: End::Idle, .. } => Some(((8, "EXIT"), "serviceCompleted")),
            Stage::Ended { how: End::Failed, .. } => Some(((9, "FAILURE_STOP"), "serviceAbnormal")),
            Stage::Ended { how: End::Stopped, .. } => Some(((7, "STOPPED"), "serviceCompleted")),
        }
    }

    /// The message in Query's answer.
    pub(crate) fn shown_message(&self, now: u64) -> &str {
        if now < self.report_lags_until { "" } else { &self.message }
    }

    /// When and how it ended, if it has.
    pub(crate) fn ended(&self) -> Option<(u64, End)> {
        match self.stage {
            Stage::Ended { at, how, .. } => Some((at, how)),
            Stage::Starting { .. } | Stage::Running { .. } | Stage::Abnormal { .. } => None,
        }
    }
}
