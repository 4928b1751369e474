//! The emulated service's state.

use serde::Serialize;
use serde_json::Value;

use crate::limits::Stats;
use crate::service::{Emulator, Overlap};
use crate::task::{End, Task};

/// The true state of a task of the emulated service. Instants are in ms since the epoch, by the emulator's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Task"))]
#[serde(rename_all = "camelCase")]
pub struct TaskView<'a> {
    /// The task id.
    pub task_id: &'a str,
    /// The instanceId of its Acquire.
    pub instance_id: &'a str,
    /// The RTC channel of its inputs; `null` if all of them are media files.
    pub input_channel: Option<&'a str>,
    /// Its output channel; empty if it publishes to CDN addresses.
    pub channel: &'a str,
    /// Its output uid; 0 if it publishes to CDN addresses.
    pub uid: u32,
    /// The CDN addresses that it publishes to.
    pub stream_urls: &'a [String],
    /// Whether it is billed.
    pub live: bool,
    /// Whether it publishes its output.
    pub running: bool,
    /// How it ended, if it has.
    pub ended: Option<End>,
    /// When it was created.
    pub created_ms: u64,
    /// When it ended, if it has.
    pub ended_ms: Option<u64>,
    /// The `sequenceId` of its last Update; `null` if there was none.
    pub sequence_id: Option<u64>,
    /// The `idleTimeout` of its current payload, in ms.
    pub idle_timeout_ms: u64,
}

impl<'a> TaskView<'a> {
    pub(crate) fn of(task: &'a Task) -> Self {
        let (ended_ms, ended) = task.ended().unzip();
        Self {
            task_id: &task.id,
            instance_id: &task.instance_id,
            input_channel: task.input_channel.as_deref(),
            channel: &task.output.channel,
            uid: task.output.uid,
            stream_urls: &task.output.stream_urls,
            live: task.is_live(),
            running: task.publishes(),
            ended,
            created_ms: task.created_ms,
            ended_ms,
            sequence_id: task.sequence_id,
            idle_timeout_ms: task.idle_timeout_ms,
        }
    }
}

/// The state of the emulated service.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct State<'a> {
    /// The emulator's clock, in ms since the epoch.
    pub now_ms: u64,
    /// All tasks, including those that have ended.
    pub tasks: Vec<TaskView<'a>>,
    /// All pairs of live tasks with the same output.
    pub overlaps: &'a [Overlap],
    /// Statistics of the calls.
    pub stats: &'a Stats,
}

impl Emulator {
    /// All tasks, including those that have ended.
    pub fn tasks(&self) -> impl Iterator<Item = TaskView<'_>> {
        self.tasks.iter().map(TaskView::of)
    }

    /// The `transcoder` of a task's current payload.
    #[must_use]
    pub fn transcoder(&self, task_id: &str) -> Option<&Value> {
        self.tasks.iter().find(|task| task.id == task_id).map(|task| &*task.transcoder)
    }

    /// All pairs of live tasks with the same output.
    #[must_use]
    pub fn overlaps(&self) -> &[Overlap] {
        &self.overlaps
    }

    /// Statistics of the calls.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The current state.
    #[must_use]
    pub fn state(&self) -> State<'_> {
        State {
            now_ms: self.now,
            tasks: self.tasks().collect(),
            overlaps: &self.overlaps,
            stats: &self.stats,
        }
    }
}
