//! The emulated service's behaviour without fault rules.

use serde::{Deserialize, Serialize};

/// The emulated service's behaviour without fault rules. Every field has a default. Unless stated otherwise, durations are at
/// most a year, and percentages are from 0 to 100.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Profile {
    /// The seed of all random numbers: an integer from 0 to 9007199254740991.
    pub seed: u64,
    /// The required `Authorization` header: `Basic ` and `customerId:customerSecret` in base64; `null` for any such pair. Other
    /// calls are answered 401.
    pub authorization: Option<String>,
    /// Whether to also refuse calls that only the newest reference forbids and that public programs still send: Acquire
    /// without `services`, streams without `rtcToken`, a video's `zOrder` below 2 or `rtcUid` 0, watermarks smaller
    /// than 120 px, `H265` to CDN addresses.
    pub strict: bool,
    /// The rate limit: calls in any second per App ID, at least 1. Further calls are answered 429.
    pub calls_per_second: u32,
    /// `Retry-After` of these answers, in s; `null` for none.
    pub retry_after_s: Option<u32>,
    /// The limit of live tasks per App ID, at least 1. Further Creates are answered 429.
    pub pcw: u32,
    /// Shortest and longest latency of an answer, in ms: at most a day.
    pub answer_ms: [u64; 2],
    /// The start of a task after Create.
    pub start_up: StartUp,
    /// The answer to a Create while a task with its instanceId lives. The service does not document it.
    pub repeat_create: RepeatCreate,
    /// The changes that an Update may make. Others are answered 400 with a message that names the field.
    pub updates: Updates,
    /// The answer to a Query, Update or Delete with a builder token that did not start the task: 404 or 403.
    pub wrong_token_status: u16,
    /// Whether task statuses are numbers instead of strings.
    pub numeric_status: bool,
    /// How long Query knows a task after its end, in ms. Afterwards the answer is 404.
    pub forget_after_ms: u64,
    /// Shortest and longest time to migrate a failed task, in ms.
    pub migration_takes_ms: [u64; 2],
    /// Percentage of presence checks that miss a host in the channel. A host is missed at most twice in a row.
    pub presence_misses_percent: u8,
    /// The delivery of notifications; `null` for no notifications.
    pub notifications: Option<NotificationProfile>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            seed: 1,
            authorization: None,
            strict: false,
            calls_per_second: 10,
            retry_after_s: None,
            pcw: 100,
            answer_ms: [20, 120],
            start_up: StartUp::default(),
            repeat_create: RepeatCreate::SameTask200,
            updates: Updates::Documented,
            wrong_token_status: 404,
            numeric_status: false,
            forget_after_ms: 60_000,
            migration_takes_ms: [20_000, 80_000],
            presence_misses_percent: 0,
            notifications: None,
        }
    }
}

/// The start of a task after Create.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct StartUp {
    /// Shortest and longest time until it runs, in ms.
    pub takes_ms: [u64; 2],
    /// Percentage of tasks that end abnormally instead.
    pub fails_percent: u8,
    /// Percentage of tasks that never start and never end.
    pub hangs_percent: u8,
}

impl Default for StartUp {
    fn default() -> Self {
        Self { takes_ms: [1_000, 4_000], fails_percent: 0, hangs_percent: 0 }
    }
}

/// The answer to a Create while a task with its instanceId lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum RepeatCreate {
    /// 200 with the live task.
    #[default]
    SameTask200,
    /// 201 with the live task's id.
    Already201WithId,
    /// 201 without an id.
    Already201NoId,
    /// 409 without an id.
    Conflict409,
}

/// The changes that an Update may make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Updates {
    /// The documented ones: added or removed `rtc` members of `audioInputs` and `videoInputs`, `region` of a video input,
    /// `audioOption` and `videoOption` of an output.
    #[default]
    Documented,
    /// All, except the destination of an output.
    Any,
}

/// The delivery of notifications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NotificationProfile {
    /// The secret that signs them: a non-empty string.
    pub secret: String,
    /// Shortest and longest delay, in ms.
    pub takes_ms: [u64; 2],
    /// Percentage of notifications that are lost.
    pub lost_percent: u8,
    /// Percentage of notifications that are delivered twice.
    pub doubled_percent: u8,
    /// Percentage of notifications that are delayed by up to 20 s and may arrive out of order.
    pub late_percent: u8,
    /// Percentage of notifications that name another task than the one that they are about.
    pub misnamed_percent: u8,
}

impl Default for NotificationProfile {
    fn default() -> Self {
        Self {
            secret: "secret".to_owned(),
            takes_ms: [100, 1_500],
            lost_percent: 0,
            doubled_percent: 0,
            late_percent: 0,
            misnamed_percent: 0,
        }
    }
}
