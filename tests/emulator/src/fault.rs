//! Fault rules: calls that are not answered normally.

use serde::{Deserialize, Serialize};

use crate::random::Random;

/// The kinds of calls: those of the transcoding service, and `presence` (who is in a channel).
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
    /// A presence check of a channel.
    Presence,
}

impl CallKind {
    /// The name in JSON.
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

/// A fault rule. A condition that is left out is always met. The first rule that matches a call is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Only calls of this kind.
    #[serde(default)]
    pub call: Option<CallKind>,
    /// Only calls to this domain, in lower case.
    #[serde(default)]
    pub domain: Option<String>,
    /// Only calls about this output uid: from 1.
    #[serde(default)]
    pub uid: Option<u32>,
    /// How many matching calls are answered normally first.
    #[serde(default)]
    pub skip: u32,
    /// For how many calls the rule is used, at least 1; without limit if left out.
    #[serde(default)]
    pub times: Option<u32>,
    /// From this time of the emulator's clock on, in ms since the epoch.
    #[serde(default)]
    pub from_ms: u64,
    /// Before this time of the emulator's clock, in ms since the epoch.
    #[serde(default)]
    pub until_ms: Option<u64>,
    /// The probability that a call matches, in percent: from 1 to 100.
    #[serde(default)]
    pub chance_percent: Option<u8>,
    /// The effect on the calls.
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

/// The effect of a fault rule on a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(tag = "type"))]
#[serde(rename_all = "camelCase", deny_unknown_fields, rename_all_fields = "camelCase")]
pub enum Effect {
    /// The call is not carried out, and answered like this.
    Answer {
        /// The HTTP status: from 200 to 599.
        status: u16,
        /// `code` of the body. Cannot be combined with `body`.
        #[serde(default)]
        code: Option<i64>,
        /// The `Retry-After` header.
        #[serde(default)]
        retry_after: Option<String>,
        /// The body, instead of `{message, code}`.
        #[serde(default)]
        body: Option<String>,
    },
    /// The call is carried out, but answered like this.
    PerformThenAnswer {
        /// The HTTP status: from 200 to 599.
        status: u16,
        /// `code` of the body.
        #[serde(default)]
        code: Option<i64>,
    },
    /// The call is carried out, but the answer is lost.
    PerformAndLose,
    /// The call is carried out late, and the answer is lost.
    PerformLate {
        /// The delay in ms: at most a year.
        ms: u64,
    },
    /// The call is lost.
    Lose,
    /// The call is carried out, and the answer is delayed.
    Delay {
        /// The delay in ms: at most a day.
        ms: u64,
    },
    /// The domain's name cannot be resolved.
    Dns,
    /// The connection is refused.
    Refuse,
    /// The call is carried out, but the answer's body is truncated.
    Garbage,
    /// The call is carried out, but the answer contains no task id.
    NoTaskId,
    /// The answer is about another task than the call. Applies to calls that name or create a task, while such another task
    /// exists.
    OtherTask {
        /// The other task.
        which: Other,
        /// The HTTP status: from 200 to 599. The body names the other task with any status.
        #[serde(default = "ok")]
        status: u16,
        /// Whether the call is carried out.
        #[serde(default)]
        perform: bool,
    },
}

fn ok() -> u16 {
    200
}

/// A task other than the one that a call is about. If there are several, it is the one whose instanceId has the longest
/// common prefix with the call's, and of these the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "OtherTask"))]
#[serde(rename_all = "camelCase")]
pub enum Other {
    /// A task of the same App ID that has ended.
    Ended,
    /// A live task of the same App ID: of an earlier launch or of another lane.
    Live,
    /// A task of another customer. Its id is always the same and appears nowhere else.
    Foreign,
}

impl Effect {
    /// The task that must exist for this effect.
    fn other(&self) -> Option<Other> {
        if let Self::OtherTask { which, .. } = self { Some(*which) } else { None }
    }
}

/// The rules, and how many calls each has matched.
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
            let is_exhausted = rule.times.is_some_and(|times| *seen >= rule.skip.saturating_add(times));
            !is_exhausted && rule.until_ms.is_none_or(|until| now < until)
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
