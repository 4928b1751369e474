//! Which profiles and commands can be carried out.

use crate::control::Command;
use crate::fault::{Effect, Rule};
use crate::profile::{NoticeProfile, Profile, StartUp};

/// What is wrong: the field, its value, and what is allowed there.
type Checked = Result<(), String>;

impl Profile {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// The first that is out of it.
    pub fn check(&self) -> Checked {
        check_status("profile.wrongTokenStatus", self.wrong_token_status)?;
        check_span("profile.answerMs", self.answer_ms)?;
        check_span("profile.migrationMs", self.migration_ms)?;
        check_percent("profile.presenceMissesPercent", self.presence_misses_percent)?;
        self.start_up.check("profile.startUp")?;
        self.notices.as_ref().map_or(Ok(()), |notices| notices.check("profile.notices"))
    }
}

impl Command {
    /// Checks every value against its range.
    ///
    /// # Errors
    /// The first that is out of it.
    pub fn check(&self) -> Checked {
        match self {
            Self::AddRule { rule, .. } => rule.check("command.rule"),
            Self::Notices { profile: Some(profile) } => profile.check("command.profile"),
            Self::StartUp { start_up } => start_up.check("command.startUp"),
            Self::ClearRules
            | Self::Kill { .. }
            | Self::Fail { .. }
            | Self::Hosts { .. }
            | Self::Notices { profile: None }
            | Self::RepeatCreate { .. } => Ok(()),
        }
    }
}

impl Rule {
    fn check(&self, path: &str) -> Checked {
        check_percent(&format!("{path}.chancePercent"), self.chance_percent.unwrap_or_default())?;
        match self.effect {
            Effect::Answer { status, .. }
            | Effect::PerformThenAnswer { status, .. }
            | Effect::OtherTask { status, .. } => check_status(&format!("{path}.effect.status"), status),
            Effect::PerformAndLose
            | Effect::PerformLate { .. }
            | Effect::Lose
            | Effect::Delay { .. }
            | Effect::Dns
            | Effect::Refuse
            | Effect::Garbage
            | Effect::NoTaskId => Ok(()),
        }
    }
}

impl StartUp {
    fn check(&self, path: &str) -> Checked {
        check_span(&format!("{path}.takesMs"), self.takes_ms)?;
        check_percent(&format!("{path}.failsPercent"), self.fails_percent)?;
        check_percent(&format!("{path}.hangsPercent"), self.hangs_percent)
    }
}

impl NoticeProfile {
    fn check(&self, path: &str) -> Checked {
        check_span(&format!("{path}.takesMs"), self.takes_ms)?;
        check_percent(&format!("{path}.lostPercent"), self.lost_percent)?;
        check_percent(&format!("{path}.doubledPercent"), self.doubled_percent)?;
        check_percent(&format!("{path}.latePercent"), self.late_percent)?;
        check_percent(&format!("{path}.misnamedPercent"), self.misnamed_percent)
    }
}

/// Of what `fetch` can answer.
fn check_status(field: &str, status: u16) -> Checked {
    check((200..=599).contains(&status), field, &status.to_string(), "from 200 to 599")
}

fn check_percent(field: &str, percent: u8) -> Checked {
    check(percent <= 100, field, &percent.to_string(), "from 0 to 100")
}

fn check_span(field: &str, [shortest, longest]: [u64; 2]) -> Checked {
    let value = format!("[{shortest}, {longest}]");
    check(shortest <= longest, field, &value, "the shortest time before the longest, in ms")
}

fn check(is_allowed: bool, field: &str, value: &str, allowed: &str) -> Checked {
    if is_allowed { Ok(()) } else { Err(format!("{field} is {value}, but must be {allowed}")) }
}
