//! The script of faults: which calls are not simply answered.

use serde::{Deserialize, Serialize};

use crate::random::Random;

/// The kinds of calls: those for a task, and `presence`, which asks who is in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum CallKind {
    /// POST `/builderTokens`.
    Acquire,
    /// POST `/tasks`.
    Create,
    /// GET `/tasks/{taskId}`.
    Query,
    /// PATCH `/tasks/{taskId}`.
    Update,
    /// DELETE `/tasks/{taskId}`.
    Delete,
    /// Who is in a channel.
    Presence,
}

impl CallKind {
    /// As it is in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Acquire => "acquire",
            Self::Create => "create",
            Self::Query => "query",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Presence => "presence",
        }
    }
}

/// A line in the script of faults. What is left out holds for all calls, always. The first rule that applies to a call is the
/// one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Only calls of this kind.
    #[serde(default)]
    pub call: Option<CallKind>,
    /// Only calls to this domain, in small letters.
    #[serde(default)]
    pub domain: Option<String>,
    /// Only calls about this output uid: from 1.
    #[serde(default)]
    pub uid: Option<u32>,
    /// Lets this many calls through first.
    #[serde(default)]
    pub skip: u32,
    /// Only for so many calls, at least 1.
    #[serde(default)]
    pub times: Option<u32>,
    /// From this moment of the emulator's clock on, in ms since the epoch.
    #[serde(default)]
    pub from_ms: u64,
    /// Before this moment of the emulator's clock, in ms since the epoch.
    #[serde(default)]
    pub until_ms: Option<u64>,
    /// Only by this chance, in percent: from 1 to 100.
    #[serde(default)]
    pub chance_percent: Option<u8>,
    /// What happens to them.
    pub effect: Effect,
}

impl Rule {
    /// A rule for every call of a kind.
    #[must_use]
    pub fn new(call: Option<CallKind>, effect: Effect) -> Self {
        Self {
            call,
            domain: None,
            uid: None,
            skip: 0,
            times: None,
            from_ms: 0,
            until_ms: None,
            chance_percent: None,
            effect,
        }
    }
}

/// What happens to the calls that a rule is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(tag = "type"))]
#[serde(rename_all = "camelCase", deny_unknown_fields, rename_all_fields = "camelCase")]
pub enum Effect {
    /// It is answered like this, and not carried out.
    Answer {
        /// The HTTP status: from 200 to 599.
        status: u16,
        /// `code` of the body; not together with `body`.
        #[serde(default)]
        code: Option<i64>,
        /// The `Retry-After` header.
        #[serde(default)]
        retry_after: Option<String>,
        /// The body, in the place of `{message, code}`.
        #[serde(default)]
        body: Option<String>,
    },
    /// It is carried out, but answered like this.
    PerformThenAnswer {
        /// The HTTP status: from 200 to 599.
        status: u16,
        /// `code` of the body.
        #[serde(default)]
        code: Option<i64>,
    },
    /// It is carried out, but the answer is lost.
    PerformAndLose,
    /// It is carried out late, and the answer is lost.
    PerformLate {
        /// How late, in ms: at most a year.
        ms: u64,
    },
    /// It is lost.
    Lose,
    /// It is carried out, and the answer is held up.
    Delay {
        /// How long, in ms: at most a day.
        ms: u64,
    },
    /// The domain's name cannot be resolved.
    Dns,
    /// The connection is refused.
    Refuse,
    /// It is carried out, but the answer's body is cut off.
    Garbage,
    /// It is carried out, but the answer does not name the task.
    NoTaskId,
    /// It is answered about another task than the one that was asked for, or started. Applies to calls that name a task, or
    /// create one, while there is such another one.
    OtherTask {
        /// Which task.
        which: Other,
        /// The HTTP status: from 200 to 599; the body names the other task whatever it is.
        #[serde(default = "ok")]
        status: u16,
        /// Whether it is carried out nevertheless.
        #[serde(default)]
        perform: bool,
    },
}

fn ok() -> u16 {
    200
}

/// A task that a call is not about: of those that there are, the newest whose instanceId has most in common with the call's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "OtherTask"))]
#[serde(rename_all = "camelCase")]
pub enum Other {
    /// One of the same App ID that has ended.
    Ended,
    /// One of the same App ID that lives: of an earlier launch, or of another lane.
    Live,
    /// Somebody else's: always the same id, which the service never shows otherwise.
    Foreign,
}

impl Effect {
    /// The task that it needs.
    fn other(&self) -> Option<Other> {
        if let Self::OtherTask { which, .. } = self { Some(*which) } else { None }
    }
}

/// The rules, and how often each was looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    rules: Vec<(Rule, u32)>,
}

impl Script {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.rules.push((rule, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn effect(
        &mut self,
        now: u64,
        kind: CallKind,
        domain: &str,
        uid: Option<u32>,
        random: &mut Random,
        has_other: impl Fn(Other) -> bool,
    ) -> Option<Effect> {
        self.rules.retain(|(rule, seen)| {
            let spent = rule.times.is_some_and(|times| *seen >= rule.skip.saturating_add(times));
            !spent && rule.until_ms.is_none_or(|until| now < until)
        });
        for (rule, seen) in &mut self.rules {
            let about = rule.call.is_none_or(|call| call == kind)
                && rule.domain.as_deref().is_none_or(|of| of == domain)
                && rule.uid.is_none_or(|of| uid == Some(of))
                && now >= rule.from_ms
                && rule.effect.other().is_none_or(&has_other)
                && rule.chance_percent.is_none_or(|percent| random.percent(percent));
            if about {
                *seen += 1;
                if *seen > rule.skip {
                    return Some(rule.effect.clone());
                }
            }
        }
        None
    }
}
