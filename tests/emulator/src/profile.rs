//! How the emulated service behaves where nothing is scripted.

use serde::{Deserialize, Serialize};

/// How the emulated service behaves where nothing is scripted; every field has a default. Times are at most a year where
/// nothing else is said, percentages from 0 to 100.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Profile {
    /// All chance comes from it: an integer from 0 to 9007199254740991.
    pub seed: u64,
    /// The `Authorization` header that every call must carry: `Basic ` and `customerId:customerSecret` in base64. `null`: any
    /// such pair. A call without it, or with another one, is answered 401.
    pub authorization: Option<String>,
    /// Whether what only the newest reference refuses, though public programs send it, is refused too: Acquire without
    /// `services`, streams without `rtcToken`, a video's `zOrder` below 2 or `rtcUid` 0, watermarks of less than 120 px,
    /// `H265` to CDN addresses.
    pub strict: bool,
    /// Calls in any one second, per App ID, at least 1; over it, 429.
    pub calls_per_second: u32,
    /// `Retry-After` of those 429s, in s; `null`: none.
    pub retry_after_s: Option<u32>,
    /// Live tasks at the same time, per App ID, at least 1; over it, 429.
    pub pcw: u32,
    /// Shortest and longest time to an answer, in ms: at most a day.
    pub answer_ms: [u64; 2],
    /// How a task comes from Create to running.
    pub start_up: StartUp,
    /// What a Create is answered while a task with its instanceId lives. The documents do not settle it.
    pub repeat_create: RepeatCreate,
    /// Which changes an Update may make. Any other one is answered 400, with a message that names the field.
    pub updates: Updates,
    /// What Query, Update and Delete are answered with a builder token that did not start the task: 404 or 403.
    pub wrong_token_status: u16,
    /// Whether task statuses are numbers in the place of strings.
    pub numeric_status: bool,
    /// How long an ended task is still answered for before it is 404, in ms.
    pub forget_after_ms: u64,
    /// Shortest and longest time that the service takes to move a task that failed, in ms.
    pub migration_takes_ms: [u64; 2],
    /// A host that is in the channel is not shown, in percent of the presence checks; never more than twice in a row.
    pub presence_misses_percent: u8,
    /// How notifications come; `null`: not at all.
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

/// How a task comes from Create to running.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct StartUp {
    /// Shortest and longest time, in ms.
    pub takes_ms: [u64; 2],
    /// Tasks that end abnormally instead, in percent.
    pub fails_percent: u8,
    /// Tasks that never start, and stay there, in percent.
    pub hangs_percent: u8,
}

impl Default for StartUp {
    fn default() -> Self {
        Self { takes_ms: [1_000, 4_000], fails_percent: 0, hangs_percent: 0 }
    }
}

/// What a Create is answered while a task with its instanceId lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum RepeatCreate {
    /// 200 with that task.
    #[default]
    SameTask200,
    /// 201 with that task's id.
    Already201WithId,
    /// 201 without an id.
    Already201NoId,
    /// 409 without an id.
    Conflict409,
}

/// Which changes an Update may make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Updates {
    /// Those that the service documents: `rtc` members of `audioInputs` and `videoInputs` come and go, `region` of a video
    /// input, `audioOption` and `videoOption` of an output.
    #[default]
    Documented,
    /// Any, besides where the output goes.
    Any,
}

/// How notifications come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NotificationProfile {
    /// What they are signed with: a non-empty string.
    pub secret: String,
    /// Shortest and longest time on their way, in ms.
    pub takes_ms: [u64; 2],
    /// Lost ones, in percent.
    pub lost_percent: u8,
    /// Ones that come twice, in percent.
    pub doubled_percent: u8,
    /// Ones that are held up by up to 20 s, and so come out of order, in percent.
    pub late_percent: u8,
    /// Ones that name another task than the one that they are about, in percent.
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
