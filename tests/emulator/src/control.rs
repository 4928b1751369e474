//! Commands that change the emulated service.

use serde::Deserialize;

use crate::fault::Rule;
use crate::notification::Event;
use crate::profile::{NotificationProfile, RepeatCreate, StartUp};
use crate::service::Emulator;
use crate::task::{End, Stage, Task};

/// The tasks that a command applies to, selected by `taskId`, by `uid` or by both. In JSON, these are fields of the command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("minProperties" = 1)))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Target {
    /// The task with this id.
    pub task_id: Option<String>,
    /// The tasks with this output uid.
    pub uid: Option<u32>,
}

impl Target {
    pub(crate) fn is(&self, task: &Task) -> bool {
        self.task_id.as_deref().is_none_or(|id| id == task.id)
            && self.uid.is_none_or(|uid| uid == task.output.uid)
    }
}

/// A command to the emulated service. A command that applies to nothing is an error: for example, a uid without a live task,
/// or a rule that no call can match.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(tag = "type"))]
#[serde(rename_all = "camelCase", deny_unknown_fields, rename_all_fields = "camelCase")]
pub enum Command {
    /// Adds a fault rule.
    AddRule {
        /// The rule.
        rule: Rule,
        /// How long the rule lasts from now, in ms: from 1 to a year; forever if left out. Cannot be combined with
        /// `untilMs` of the rule.
        #[serde(default)]
        for_ms: Option<u64>,
    },
    /// Removes all fault rules.
    ClearRules,
    /// Kills live tasks at once.
    Kill {
        /// The tasks.
        target: Target,
        /// How long Query still reports that they run, in ms: at most a year.
        #[serde(default)]
        report_lag_ms: u64,
        /// Whether Query answers 404 afterwards, instead of reporting their end.
        #[serde(default)]
        forgotten: bool,
        /// The `stopReason` of the notification, and the `message` of Query's answer: `abnormal` if left out.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Running tasks fail, and the service migrates them.
    Fail {
        /// The tasks.
        target: Target,
        /// Whether they run again after the migration.
        recovers: bool,
        /// The reason, as for `kill`.
        #[serde(default)]
        reason: Option<String>,
    },
    /// The hosts of an input channel leave, or come back.
    Hosts {
        /// The input channel: a non-empty string.
        channel: String,
        /// Whether they are in the channel.
        present: bool,
    },
    /// Changes how notifications are delivered.
    Notifications {
        /// The new behaviour; `null` for no notifications.
        #[serde(deserialize_with = "Option::deserialize")]
        profile: Option<NotificationProfile>,
    },
    /// Changes how tasks start.
    StartUp {
        /// The new behaviour.
        start_up: StartUp,
    },
    /// Changes the answer to a repeated Create.
    RepeatCreate {
        /// The new answer.
        answer: RepeatCreate,
    },
}

/// The default reason of a failure.
pub(crate) const ABNORMAL: &str = "abnormal";

impl Emulator {
    /// Carries out a command. Returns the number of tasks that it applied to.
    pub fn control(&mut self, now: u64, command: Command) -> usize {
        self.advance(now);
        match command {
            Command::AddRule { mut rule, for_ms } => {
                if let Some(ms) = for_ms {
                    rule.until_ms = Some(now.saturating_add(ms));
                }
                self.script.add(rule);
                0
            }
            Command::ClearRules => {
                self.script.clear();
                0
            }
            Command::Kill { target, report_lag_ms, forgotten, reason } => {
                self.each(&target, |emulator, at| {
                    let Some(task) = emulator.tasks.get_mut(at).filter(|task| task.is_live()) else {
                        return false;
                    };
                    task.report_lags_until =
                        if task.is_running() { now.saturating_add(report_lag_ms) } else { 0 };
                    task.stage = Stage::Ended { at: now, how: End::Failed, forgotten };
                    task.message = reason.clone().unwrap_or_else(|| ABNORMAL.to_owned());
                    emulator.notify(now, at, Event::Stopped);
                    true
                })
            }
            Command::Fail { target, recovers, reason } => self.each(&target, |emulator, at| {
                let takes = emulator.random.between(emulator.profile.migration_takes_ms);
                let Some(task) = emulator.tasks.get_mut(at).filter(|task| task.is_running()) else {
                    return false;
                };
                task.stage = Stage::Abnormal { until: now + takes, recovers };
                task.message = reason.clone().unwrap_or_else(|| ABNORMAL.to_owned());
                emulator.notify(now, at, Event::Status("failed"));
                true
            }),
            Command::Hosts { channel, present } => {
                self.channels.set_hosts(&channel, present, now);
                0
            }
            Command::Notifications { profile } => {
                self.profile.notifications = profile;
                0
            }
            Command::StartUp { start_up } => {
                self.profile.start_up = start_up;
                0
            }
            Command::RepeatCreate { answer } => {
                self.profile.repeat_create = answer;
                0
            }
        }
    }

    fn each(&mut self, target: &Target, mut act: impl FnMut(&mut Self, usize) -> bool) -> usize {
        let mut count = 0;
        for at in 0..self.tasks.len() {
            let Some(task) = self.tasks.get(at) else { continue };
            if target.is(task) && act(self, at) {
                count += 1;
            }
        }
        count
    }
}
