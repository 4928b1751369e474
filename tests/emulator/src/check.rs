//! Validates profiles and commands.

use crate::control::{Command, Target};
use crate::credentials::are_basic;
use crate::fault::{CallKind, Effect, Rule};
use crate::field::Checked;
use crate::profile::{NotificationProfile, Profile, StartUp};
use crate::service::Emulator;
use crate::task::Task;

/// The longest duration: a year, in ms.
const MAX_DURATION: u64 = 365 * 24 * 3_600_000;
/// The longest latency of an answer: a day, in ms. JavaScript's timers do not support much more.
const MAX_LATENCY: u64 = 24 * 3_600_000;
/// The largest integer that is exact in JavaScript.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

impl Profile {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// The first value that is out of range.
    pub fn check(&self) -> Checked {
        check(
            self.seed <= MAX_SAFE_INTEGER,
            "profile.seed",
            self.seed,
            &format!("from 0 to {MAX_SAFE_INTEGER}"),
        )?;
        if self.authorization.as_deref().is_some_and(|authorization| !are_basic(authorization)) {
            return Err(
                "profile.authorization must be `Basic ` and `customerId:customerSecret` in base64".to_owned()
            );
        }
        let is_some = |count| count > 0;
        check(is_some(self.calls_per_second), "profile.callsPerSecond", self.calls_per_second, "at least 1")?;
        check(is_some(self.pcw), "profile.pcw", self.pcw, "at least 1")?;
        let status = self.wrong_token_status;
        check(matches!(status, 403 | 404), "profile.wrongTokenStatus", status, "403 or 404")?;
        check_span("profile.answerMs", self.answer_ms, MAX_LATENCY)?;
        check_time("profile.forgetAfterMs", self.forget_after_ms, MAX_DURATION)?;
        check_span("profile.migrationTakesMs", self.migration_takes_ms, MAX_DURATION)?;
        check_percent("profile.presenceMissesPercent", self.presence_misses_percent)?;
        self.start_up.check("profile.startUp")?;
        self.notifications
            .as_ref()
            .map_or(Ok(()), |notifications| notifications.check("profile.notifications"))
    }
}

impl Command {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// The first value that is out of range.
    pub fn check(&self) -> Checked {
        match self {
            Self::AddRule { rule, for_ms } => {
                rule.check("command.rule")?;
                if let Some(for_ms) = *for_ms {
                    check(
                        (1..=MAX_DURATION).contains(&for_ms),
                        "command.forMs",
                        for_ms,
                        &format!("from 1 to {MAX_DURATION}"),
                    )?;
                    if rule.until_ms.is_some() {
                        return Err("command.forMs and command.rule.untilMs: only one of them may be given"
                            .to_owned());
                    }
                }
                Ok(())
            }
            Self::Kill { target, report_lag_ms, .. } => {
                target.check()?;
                check_time("command.reportLagMs", *report_lag_ms, MAX_DURATION)
            }
            Self::Fail { target, .. } => target.check(),
            Self::Hosts { channel, .. } => check_text("command.channel", channel),
            Self::Notifications { profile: Some(profile) } => profile.check("command.profile"),
            Self::StartUp { start_up } => start_up.check("command.startUp"),
            Self::ClearRules | Self::Notifications { profile: None } | Self::RepeatCreate { .. } => Ok(()),
        }
    }
}

impl Emulator {
    /// Checks that the command applies to something that exists now.
    ///
    /// # Errors
    /// The field that matches nothing, and the values that would match.
    pub fn check_command(&self, command: &Command) -> Checked {
        match command {
            Command::Kill { target, .. } => self.check_target(target, "a live", Task::is_live),
            Command::Fail { target, .. } => self.check_target(target, "a running", Task::is_running),
            // Without tasks, no channel is known yet. `present: true` may always be repeated.
            Command::Hosts { channel, present: false } => {
                let channels: Vec<&str> =
                    self.tasks.iter().filter_map(|task| task.input_channel.as_deref()).collect();
                let is_known = channels.is_empty() || channels.contains(&channel.as_str());
                let allowed = format!("an input channel of a task{}", list(channels.iter()));
                check(is_known, "command.channel", format!("{channel:?}"), &allowed)
            }
            Command::AddRule { rule, .. } => {
                let is_past = rule.until_ms.is_some_and(|until| until <= self.now);
                let until = rule.until_ms.unwrap_or_default();
                let allowed = format!("after the emulator's time, {}", self.now);
                check(!is_past, "command.rule.untilMs", until, &allowed)
            }
            Command::ClearRules
            | Command::Hosts { present: true, .. }
            | Command::Notifications { .. }
            | Command::StartUp { .. }
            | Command::RepeatCreate { .. } => Ok(()),
        }
    }

    fn check_target(&self, target: &Target, which: &str, is_meant: fn(&Task) -> bool) -> Checked {
        let tasks: Vec<&Task> = self.tasks.iter().filter(|task| is_meant(task)).collect();
        if tasks.iter().any(|task| target.is(task)) {
            return Ok(());
        }
        if let Some(id) = target.task_id.as_deref().filter(|id| tasks.iter().all(|task| task.id != *id)) {
            let ids = list(tasks.iter().map(|task| &task.id));
            return check(false, "command.taskId", format!("{id:?}"), &format!("of {which} task{ids}"));
        }
        let uid = target.uid.unwrap_or_default();
        let uids = list(tasks.iter().filter(|task| task.output.uid > 0).map(|task| task.output.uid));
        check(false, "command.uid", uid, &format!("of {which} task{uids}"))
    }
}

impl Target {
    fn check(&self) -> Checked {
        if self.task_id.is_none() && self.uid.is_none() {
            return Err("command needs taskId or uid: the task that it applies to".to_owned());
        }
        Ok(())
    }
}

/// The items as ` (a, b, c)`.
fn list(items: impl Iterator<Item = impl ToString>) -> String {
    const SHOWN: usize = 10;
    let mut items: Vec<String> = items.map(|item| item.to_string()).collect();
    items.sort();
    items.dedup();
    if items.len() > SHOWN {
        items.truncate(SHOWN);
        items.push("…".to_owned());
    }
    if items.is_empty() { ", and there is none".to_owned() } else { format!(" ({})", items.join(", ")) }
}

impl Rule {
    fn check(&self, path: &str) -> Checked {
        let at = |field: &str| format!("{path}.{field}");
        if let Some(domain) = &self.domain {
            let is_host =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:".contains(&byte);
            let is_domain = !domain.is_empty() && domain.bytes().all(is_host);
            check(
                is_domain,
                &at("domain"),
                format!("{domain:?}"),
                "a domain in lower case, without a scheme and a path",
            )?;
        }
        check(self.uid != Some(0), &at("uid"), 0, "from 1 to 4294967295")?;
        check(self.times != Some(0), &at("times"), 0, "at least 1")?;
        if let Some(percent) = self.chance_percent {
            check((1..=100).contains(&percent), &at("chancePercent"), percent, "from 1 to 100")?;
        }
        if let Some(until) = self.until_ms {
            check(until > self.from_ms, &at("untilMs"), until, &format!("after fromMs, {}", self.from_ms))?;
        }
        self.check_call(path)?;
        self.effect.check(&at("effect"))
    }

    /// Rejects rules that apply to no call.
    fn check_call(&self, path: &str) -> Checked {
        use CallKind::{Acquire, Create, Delete, Presence, Query, Update};
        let kind = match self.effect {
            Effect::NoTaskId => "noTaskId",
            Effect::OtherTask { .. } => "otherTask",
            Effect::Answer { .. }
            | Effect::PerformThenAnswer { .. }
            | Effect::PerformAndLose
            | Effect::PerformLate { .. }
            | Effect::Lose
            | Effect::Delay { .. }
            | Effect::Dns
            | Effect::Refuse
            | Effect::Garbage => "",
        };
        let allowed: &[CallKind] = match kind {
            "noTaskId" => &[Create, Query, Delete],
            "otherTask" => &[Create, Query, Update, Delete],
            _ => &[Acquire, Create, Query, Update, Delete, Presence],
        };
        if let Some(call) = self.call.filter(|call| !allowed.contains(call)) {
            let names: Vec<String> = allowed.iter().map(|call| call.name().to_owned()).collect();
            let allowed = format!("{} with the effect {kind}", names.join(" or "));
            return check(false, &format!("{path}.call"), call.name(), &allowed);
        }
        if let (Some(Presence), Some(uid)) = (self.call, self.uid) {
            return check(
                false,
                &format!("{path}.uid"),
                uid,
                "left out: a presence check is about a whole channel",
            );
        }
        Ok(())
    }
}

impl Effect {
    fn check(&self, path: &str) -> Checked {
        let at = |field: &str| format!("{path}.{field}");
        match self {
            Self::Answer { status, code, retry_after, body } => {
                check_status(&at("status"), *status)?;
                if let Some(after) = retry_after {
                    let is_header = after.bytes().all(|byte| (b' '..=b'~').contains(&byte));
                    check(is_header, &at("retryAfter"), format!("{after:?}"), "printable ASCII")?;
                }
                if code.is_some() && body.is_some() {
                    return Err(format!(
                        "{path}.code is not used with {path}.body: only one of them may be given"
                    ));
                }
                Ok(())
            }
            Self::PerformThenAnswer { status, .. } | Self::OtherTask { status, .. } => {
                check_status(&at("status"), *status)
            }
            Self::PerformLate { ms } => check_time(&at("ms"), *ms, MAX_DURATION),
            Self::Delay { ms } => check_time(&at("ms"), *ms, MAX_LATENCY),
            Self::PerformAndLose | Self::Lose | Self::Dns | Self::Refuse | Self::Garbage | Self::NoTaskId => {
                Ok(())
            }
        }
    }
}

impl StartUp {
    fn check(&self, path: &str) -> Checked {
        check_span(&format!("{path}.takesMs"), self.takes_ms, MAX_DURATION)?;
        check_percent(&format!("{path}.failsPercent"), self.fails_percent)?;
        check_percent(&format!("{path}.hangsPercent"), self.hangs_percent)
    }
}

impl NotificationProfile {
    fn check(&self, path: &str) -> Checked {
        if self.secret.is_empty() {
            return Err(format!("{path}.secret is empty, but must be a non-empty string"));
        }
        check_span(&format!("{path}.takesMs"), self.takes_ms, MAX_DURATION)?;
        check_percent(&format!("{path}.lostPercent"), self.lost_percent)?;
        check_percent(&format!("{path}.doubledPercent"), self.doubled_percent)?;
        check_percent(&format!("{path}.latePercent"), self.late_percent)?;
        check_percent(&format!("{path}.misnamedPercent"), self.misnamed_percent)
    }
}

/// `Response` of JavaScript allows no other status.
fn check_status(field: &str, status: u16) -> Checked {
    check((200..=599).contains(&status), field, status, "from 200 to 599")
}

fn check_percent(field: &str, percent: u8) -> Checked {
    check(percent <= 100, field, percent, "from 0 to 100")
}

fn check_time(field: &str, ms: u64, longest: u64) -> Checked {
    check(ms <= longest, field, ms, &format!("from 0 to {longest}"))
}

fn check_span(field: &str, [shortest, longest]: [u64; 2], most: u64) -> Checked {
    let value = format!("[{shortest}, {longest}]");
    check(shortest <= longest, field, &value, "the shortest time before the longest, in ms")?;
    check(longest <= most, field, &value, &format!("at most {most} ms"))
}

fn check_text(field: &str, text: &str) -> Checked {
    check(!text.is_empty(), field, "empty", "a non-empty string")
}

fn check(is_allowed: bool, field: &str, value: impl ToString, allowed: &str) -> Checked {
    if is_allowed { Ok(()) } else { Err(format!("{field} is {}, but must be {allowed}", value.to_string())) }
}
