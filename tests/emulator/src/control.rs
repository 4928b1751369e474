//! What an experimenter can do to the emulated service.

use serde::Deserialize;

use crate::fault::Rule;
use crate::notification::Event;
use crate::profile::{NotificationProfile, RepeatCreate, StartUp};
use crate::service::Emulator;
use crate::task::{End, Stage, Task};

/// Which tasks a command is about, named by `taskId`, by `uid` or by both. In JSON these stand beside the command's fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("minProperties" = 1)))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Target {
    /// The one with this id.
    pub task_id: Option<String>,
    /// Those with this output uid.
    pub uid: Option<u32>,
}

impl Target {
    /// Whether this is one of them.
    pub(crate) fn is(&self, task: &Task) -> bool {
        self.task_id.as_deref().is_none_or(|id| id == task.id)
            && self.uid.is_none_or(|uid| uid == task.output.uid)
    }
}

/// What an experimenter can do. A command that applies to nothing, such as the uid of no live task or a rule that no call can
/// match, is an error.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(tag = "type"))]
#[serde(rename_all = "camelCase", deny_unknown_fields, rename_all_fields = "camelCase")]
pub enum Command {
    /// Adds a rule to the script of faults.
    AddRule {
        /// The rule.
        rule: Rule,
        /// How long it lasts from now, in ms: from 1 to a year, for ever if left out. Not together with `untilMs` of the rule.
        #[serde(default)]
        for_ms: Option<u64>,
    },
    /// Forgets the script of faults.
    ClearRules,
    /// Live tasks die at once.
    Kill {
        /// Which.
        target: Target,
        /// Query goes on saying that they run for so long, in ms: at most a year.
        #[serde(default)]
        report_lag_ms: u64,
        /// Whether Query says 404 afterwards, in the place of their end.
        #[serde(default)]
        forgotten: bool,
        /// The `stopReason` of the notification, and the `message` of Query's answer: `abnormal` if left out.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Running tasks fail, and the service moves them.
    Fail {
        /// Which.
        target: Target,
        /// Whether they will run again.
        recovers: bool,
        /// As for `kill`.
        #[serde(default)]
        reason: Option<String>,
    },
    /// The hosts of an input channel leave, or come back.
    Hosts {
        /// The input channel: a non-empty string.
        channel: String,
        /// Whether they are there.
        present: bool,
    },
    /// Notifications come like this from now on.
    Notifications {
        /// How they come; `null`: not at all.
        #[serde(deserialize_with = "Option::deserialize")]
        profile: Option<NotificationProfile>,
    },
    /// Tasks start like this from now on.
    StartUp {
        /// How they start.
        start_up: StartUp,
    },
    /// A repeated Create is answered like this from now on.
    RepeatCreate {
        /// The answer.
        answer: RepeatCreate,
    },
}

/// Why a task failed, if nobody has said more.
pub(crate) const ABNORMAL: &str = "abnormal";

impl Emulator {
    /// Does it. Returns how many tasks it was about.
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
