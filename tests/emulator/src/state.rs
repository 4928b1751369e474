//! What an experimenter can see.

use serde::Serialize;
use serde_json::Value;

use crate::limits::Stats;
use crate::service::{Emulator, Overlap};
use crate::task::{End, Task};

/// A task of the emulated service, as it really is. Instants are in ms since the epoch, by the emulator's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Task"))]
#[serde(rename_all = "camelCase")]
pub struct TaskView<'a> {
    /// Its id.
    pub task_id: &'a str,
    /// The instanceId of its Acquire.
    pub instance_id: &'a str,
    /// The RTC channel of its inputs; `null`: they are media files.
    pub input_channel: Option<&'a str>,
    /// Its output channel; empty if it publishes to CDN addresses.
    pub channel: &'a str,
    /// Its output uid; 0 if it publishes to CDN addresses.
    pub uid: u32,
    /// The CDN addresses that it publishes to.
    pub stream_urls: &'a [String],
    /// Whether it is billed.
    pub live: bool,
    /// Whether its stream can be seen.
    pub running: bool,
    /// How it ended, if it has.
    pub ended: Option<End>,
    /// When it was created.
    pub created_ms: u64,
    /// When it ended, if it has.
    pub ended_ms: Option<u64>,
    /// The `sequenceId` of its last update; `null`: there was none.
    pub sequence_id: Option<u64>,
    /// The `idleTimeout` that it was started with, or updated to, in ms.
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

/// Everything at one moment.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct State<'a> {
    /// The emulator's clock, in ms since the epoch.
    pub now_ms: u64,
    /// Every task there ever was.
    pub tasks: Vec<TaskView<'a>>,
    /// Live tasks that met on one uid of one channel, or on one CDN address.
    pub overlaps: &'a [Overlap],
    /// What came in.
    pub stats: &'a Stats,
}

impl Emulator {
    /// Every task there ever was.
    pub fn tasks(&self) -> impl Iterator<Item = TaskView<'_>> {
        self.tasks.iter().map(TaskView::of)
    }

    /// The payload that a task was started with, or updated to: its `transcoder`.
    #[must_use]
    pub fn transcoder(&self, task_id: &str) -> Option<&Value> {
        self.tasks.iter().find(|task| task.id == task_id).map(|task| &*task.transcoder)
    }

    /// Tasks that met on one uid.
    #[must_use]
    pub fn overlaps(&self) -> &[Overlap] {
        &self.overlaps
    }

    /// What came in.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Everything at this moment.
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
