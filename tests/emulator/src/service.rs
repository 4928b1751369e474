//! The REST service: routes, tokens, tasks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::channel::Channels;
use crate::credentials;
use crate::fault::{CallKind, Effect, Other, Script};
use crate::limits::{Stats, Window};
use crate::notification::{Delivery, Event, Outbox};
use crate::other::About;
use crate::payload::Payload;
use crate::profile::{Profile, RepeatCreate, Updates};
use crate::random::Random;
use crate::request::Route;
use crate::task::{End, Stage, Status, Task};
use crate::update::refused_change;

/// A call of the REST API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "IncomingCall"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Call {
    /// The domain of the URL.
    pub domain: String,
    /// The HTTP method, in upper case.
    pub method: String,
    /// The path and query.
    pub path: String,
    /// The `Authorization` header; `null` for none.
    #[serde(default)]
    pub authorization: Option<String>,
    /// The body: a JSON string.
    #[serde(default)]
    pub body: String,
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "type", rename_all_fields = "camelCase")]
pub enum Reply {
    /// An HTTP response.
    Answer {
        /// The latency, in ms of the emulator's time.
        delay_ms: u64,
        /// The HTTP status.
        status: u16,
        /// The headers.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: String,
    },
    /// No answer.
    Nothing {
        /// Why.
        why: Silence,
    },
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Silence {
    /// The domain's name cannot be resolved.
    Dns,
    /// The connection is refused.
    Refused,
    /// The answer never arrives.
    Lost,
}

/// Two live tasks that publish under the same uid of a channel or to the same CDN address. They disturb each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Overlap {
    /// When the second task was created, in ms since the epoch.
    pub at_ms: u64,
    /// The output channel; empty for a CDN address.
    pub channel: String,
    /// The output uid; 0 for a CDN address.
    pub uid: u32,
    /// The task id of the older task.
    pub older: String,
    /// The task id of the younger task.
    pub younger: String,
}

#[derive(Clone, Debug)]
struct BuilderToken {
    app_id: String,
    instance_id: String,
    acquired_ms: u64,
    /// The task that it started.
    task: Option<usize>,
}

const RUNNING: Status = ((5, "IN_PROGRESS"), "serviceInProgress");
const TOKEN_LIFETIME_MS: u64 = 300_000;

/// The emulated service.
#[derive(Clone, Debug)]
pub struct Emulator {
    pub(crate) profile: Profile,
    pub(crate) now: u64,
    pub(crate) random: Random,
    pub(crate) script: Script,
    pub(crate) channels: Channels,
    pub(crate) tasks: Vec<Task>,
    pub(crate) overlaps: Vec<Overlap>,
    pub(crate) stats: Stats,
    tokens: BTreeMap<String, BuilderToken>,
    windows: BTreeMap<String, Window>,
    /// Calls that are carried out later.
    late: Vec<(u64, Call)>,
    outbox: Outbox,
    calls: u64,
    /// The id of a task of another customer.
    foreign: String,
}

struct Outcome {
    status: u16,
    body: Value,
}

impl Outcome {
    fn refused(status: u16, message: &str) -> Self {
        Self { status, body: json!({ "message": message }) }
    }
}

impl Emulator {
    /// A service without tasks.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        // It has a generator of its own, so it does not change other random numbers.
        let foreign = hex_id(!profile.seed);
        Self {
            random: Random::new(profile.seed),
            profile,
            now: 0,
            script: Script::default(),
            channels: Channels::default(),
            tasks: Vec::new(),
            overlaps: Vec::new(),
            stats: Stats::default(),
            tokens: BTreeMap::new(),
            windows: BTreeMap::new(),
            late: Vec::new(),
            outbox: Outbox::default(),
            calls: 0,
            foreign,
        }
    }

    /// Lets time pass until `now`. An earlier time than before is ignored.
    pub fn advance(&mut self, now: u64) {
        while let Some((at, change)) = self.next_change().filter(|(at, _)| *at <= now) {
            self.now = self.now.max(at);
            match change {
                Change::Task(task) => self.change(at, task),
                Change::LateCall(call) => {
                    let (_, call) = self.late.remove(call);
                    if let Some(route) = Route::of(&call.method, &call.path) {
                        self.perform(at, &route, &call);
                    }
                }
            }
        }
        self.now = self.now.max(now);
    }

    /// When the next change or notification is due.
    #[must_use]
    pub fn next_event_at(&self) -> Option<u64> {
        self.next_change().map(|(at, _)| at).into_iter().chain(self.outbox.next()).min()
    }

    /// Whether there are calls that will be carried out later.
    #[must_use]
    pub fn has_late_calls(&self) -> bool {
        !self.late.is_empty()
    }

    /// The notifications that have arrived.
    pub fn take_notifications(&mut self, now: u64) -> Vec<Delivery> {
        self.advance(now);
        self.outbox.take(self.now)
    }

    /// Handles a call.
    pub fn handle(&mut self, now: u64, call: &Call) -> Reply {
        self.advance(now);
        let now = self.now;
        self.calls += 1;
        let Some(route) = Route::of(&call.method, &call.path) else {
            return self.answer(&Outcome::refused(404, "no such path"), None);
        };
        *self.stats.calls.entry(route.kind).or_default() += 1;
        match self.stats.domains.get_mut(&call.domain) {
            Some(count) => *count += 1,
            None => drop(self.stats.domains.insert(call.domain.clone(), 1)),
        }
        let uid = self.uid_of(&route, call);
        let effect = {
            let Self { script, random, tasks, tokens, .. } = &mut *self;
            let has_other =
                |which| about(&route, tasks, tokens).is_some_and(|about| about.has_other(which, tasks));
            script.effect(now, route.kind, &call.domain, uid, random, has_other)
        };
        match &effect {
            Some(Effect::Dns) => return Reply::Nothing { why: Silence::Dns },
            Some(Effect::Refuse) => return Reply::Nothing { why: Silence::Refused },
            Some(Effect::Lose) => return Reply::Nothing { why: Silence::Lost },
            _ => {}
        }
        if let Some(refusal) = self.over_the_limit(now, &route) {
            return refusal;
        }
        match effect {
            None => self.performed(now, &route, call),
            Some(Effect::Answer { status, code, retry_after, body }) => {
                let mut reply =
                    self.answer(&Outcome { status, body: scripted_body(status, code) }, retry_after);
                if let (Reply::Answer { body, .. }, Some(scripted)) = (&mut reply, body) {
                    *body = scripted;
                }
                reply
            }
            Some(Effect::PerformThenAnswer { status, code }) => {
                self.performed(now, &route, call);
                self.answer(&Outcome { status, body: scripted_body(status, code) }, None)
            }
            Some(Effect::PerformAndLose) => {
                self.performed(now, &route, call);
                Reply::Nothing { why: Silence::Lost }
            }
            Some(Effect::PerformLate { ms }) => {
                self.late.push((now.saturating_add(ms), call.clone()));
                Reply::Nothing { why: Silence::Lost }
            }
            Some(Effect::Delay { ms }) => {
                let mut reply = self.performed(now, &route, call);
                if let Reply::Answer { delay_ms, .. } = &mut reply {
                    *delay_ms = delay_ms.saturating_add(ms);
                }
                reply
            }
            Some(Effect::Garbage) => {
                let mut reply = self.performed(now, &route, call);
                if let Reply::Answer { body, .. } = &mut reply {
                    body.truncate(body.floor_char_boundary(body.len() / 2));
                }
                reply
            }
            Some(Effect::NoTaskId) => {
                let mut outcome = self.perform(now, &route, call);
                if let Value::Object(body) = &mut outcome.body {
                    body.remove("taskId");
                }
                self.answer(&outcome, None)
            }
            Some(Effect::OtherTask { which, status, perform }) => {
                let mut outcome = self.about_other(now, &route, which);
                outcome.status = status;
                if perform {
                    self.perform(now, &route, call);
                }
                self.answer(&outcome, None)
            }
            Some(Effect::Dns | Effect::Refuse | Effect::Lose) => Reply::Nothing { why: Silence::Lost },
        }
    }

    /// The answer to a call, but about another task.
    fn about_other(&self, now: u64, route: &Route<'_>, which: Other) -> Outcome {
        let about = about(route, &self.tasks, &self.tokens);
        let other = about.and_then(|about| about.other(which, &self.tasks));
        let fresh = ((4, "STARTED"), "serviceReady");
        let Some((at, task)) = other.and_then(|at| Some((at, self.tasks.get(at)?))) else {
            let status = if route.kind == CallKind::Create { fresh } else { RUNNING };
            return self.task_body(&self.foreign, now, 200, status, "");
        };
        match (route.kind, task.status(now, u64::MAX)) {
            (CallKind::Query, Some(status)) => self.shown(at, 200, status),
            (CallKind::Delete, _) => self.shown(at, 200, ((7, "STOPPED"), "serviceCompleted")),
            _ => self.shown(at, 200, fresh),
        }
    }

    fn performed(&mut self, now: u64, route: &Route<'_>, call: &Call) -> Reply {
        let outcome = self.perform(now, route, call);
        self.answer(&outcome, None)
    }

    fn answer(&mut self, outcome: &Outcome, retry_after: Option<String>) -> Reply {
        let delay_ms = self.random.between(self.profile.answer_ms);
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-request-id", format!("req-{}", self.calls)),
            ("x-resource-id", format!("res-{}", self.calls)),
        ];
        headers.extend(retry_after.map(|after| ("retry-after", after)));
        let body = if outcome.body.is_null() { String::new() } else { outcome.body.to_string() };
        Reply::Answer { delay_ms, status: outcome.status, headers, body }
    }

    fn over_the_limit(&mut self, now: u64, route: &Route<'_>) -> Option<Reply> {
        if route.kind == CallKind::Presence {
            return None;
        }
        let in_window = self.windows.entry(route.app_id.to_string()).or_default().count(now);
        self.stats.most_in_a_second = self.stats.most_in_a_second.max(in_window);
        if in_window <= self.profile.calls_per_second as usize {
            return None;
        }
        self.stats.rate_limited += 1;
        let after = self.profile.retry_after_s.map(|seconds| seconds.to_string());
        Some(self.answer(&Outcome::refused(429, "too many requests"), after))
    }

    /// The output uid of a call, for the fault rules.
    fn uid_of(&self, route: &Route<'_>, call: &Call) -> Option<u32> {
        match route.kind {
            CallKind::Query | CallKind::Update | CallKind::Delete => {
                self.tasks.iter().find(|task| task.id == route.name).map(|task| task.output.uid)
            }
            CallKind::Acquire | CallKind::Create => {
                let body: Value = serde_json::from_str(&call.body).ok()?;
                let uid = body
                    .pointer("/services/cloudTranscoder/config/transcoder/outputs/0/rtc/rtcUid")?
                    .as_u64()?;
                u32::try_from(uid).ok()
            }
            CallKind::Presence => None,
        }
    }

    fn perform(&mut self, now: u64, route: &Route<'_>, call: &Call) -> Outcome {
        let given = call.authorization.as_deref().unwrap_or_default();
        let is_known = match &self.profile.authorization {
            Some(authorization) => authorization == given,
            None => credentials::are_basic(given),
        };
        if !is_known {
            return Outcome::refused(401, "Authorization is missing or wrong");
        }
        match route.kind {
            CallKind::Acquire => self.acquire(now, route, &call.body),
            CallKind::Create => self.create(now, route, &call.body),
            CallKind::Query => self.query(now, route),
            CallKind::Update => self.update(now, route, &call.body),
            CallKind::Delete => self.delete(now, route),
            CallKind::Presence => self.presence(route),
        }
    }

    fn acquire(&mut self, now: u64, route: &Route<'_>, body: &str) -> Outcome {
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            return Outcome::refused(400, "body is not JSON");
        };
        let instance_id = body.get("instanceId").and_then(Value::as_str).unwrap_or_default();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if instance_id.is_empty() || instance_id.len() > 64 || !instance_id.bytes().all(allowed) {
            return Outcome::refused(400, "instanceId must be 1 to 64 of A-Z a-z 0-9 - _");
        }
        let has_services = body.get("services").is_some_and(|services| !services.is_null());
        if (has_services || self.profile.strict)
            && let Err(message) = Payload::read(&body, self.profile.strict)
        {
            return Outcome::refused(400, &message);
        }
        let name = format!("builder-{}-{:016x}", self.tokens.len() + 1, self.random.next());
        let token = BuilderToken {
            app_id: route.app_id.to_string(),
            instance_id: instance_id.to_owned(),
            acquired_ms: now,
            task: None,
        };
        self.tokens.insert(name.clone(), token);
        Outcome {
            status: 200,
            body: json!({ "createTs": now / 1000, "instanceId": instance_id, "tokenName": name }),
        }
    }

    fn create(&mut self, now: u64, route: &Route<'_>, body: &str) -> Outcome {
        let name = route.parameter("builderToken").unwrap_or_default().into_owned();
        let Some(token) = self.tokens.get(&name).filter(|token| token.app_id == route.app_id).cloned() else {
            return Outcome::refused(400, "no such builderToken");
        };
        let live = |at: &usize| self.tasks.get(*at).is_some_and(Task::is_live);
        if let Some(at) = token.task.filter(live) {
            return self.repeated(at);
        }
        if token.task.is_some() {
            return Outcome::refused(400, "this builderToken has already started a task");
        }
        if now >= token.acquired_ms + TOKEN_LIFETIME_MS {
            return Outcome::refused(400, "this builderToken has expired");
        }
        let is_same = |task: &Task| task.is_live_instance(&route.app_id, &token.instance_id);
        if let Some(at) = self.tasks.iter().position(is_same) {
            return self.repeated(at);
        }
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            return Outcome::refused(400, "body is not JSON");
        };
        let payload = match Payload::read(&body, self.profile.strict) {
            Ok(payload) => payload,
            Err(message) => return Outcome::refused(400, &message),
        };
        let mine = |task: &&Task| task.is_live() && task.app_id == route.app_id;
        if self.tasks.iter().filter(mine).count() >= self.profile.pcw as usize {
            return Outcome::refused(429, "too many tasks at the same time");
        }
        self.start(now, &route.app_id, name, token.instance_id, payload)
    }

    fn start(
        &mut self,
        now: u64,
        app_id: &str,
        token: String,
        instance_id: String,
        payload: Payload,
    ) -> Outcome {
        let at = self.tasks.len();
        let task = Task {
            id: hex_id(self.random.next()),
            instance_id,
            token,
            app_id: app_id.to_owned(),
            input_channel: payload.input_channel,
            output: payload.output,
            idle_timeout_ms: payload.idle_timeout_ms,
            created_ms: now,
            updated_ms: now,
            transcoder: payload.transcoder.into(),
            sequence_id: None,
            message: String::new(),
            stage: Task::start(now, &self.profile, &mut self.random),
            kicked: false,
            report_lags_until: 0,
            notifications: 0,
        };
        for older in &mut self.tasks {
            if older.is_live() && older.output.meets(&task.output) {
                older.kicked = true;
                self.overlaps.push(Overlap {
                    at_ms: now,
                    channel: task.output.channel.clone(),
                    uid: task.output.uid,
                    older: older.id.clone(),
                    younger: task.id.clone(),
                });
            }
        }
        if let Some(token) = self.tokens.get_mut(&task.token) {
            token.task = Some(at);
        }
        self.tasks.push(task);
        self.notify(now, at, Event::Status("connecting"));
        // The status of a new task is STARTED before it runs.
        self.shown(at, 200, ((4, "STARTED"), "serviceReady"))
    }

    fn repeated(&mut self, at: usize) -> Outcome {
        match self.profile.repeat_create {
            RepeatCreate::SameTask200 => self.shown(at, 200, ((4, "STARTED"), "serviceReady")),
            RepeatCreate::Already201WithId => self.shown(at, 201, RUNNING),
            RepeatCreate::Already201NoId => Outcome::refused(201, "already started"),
            RepeatCreate::Conflict409 => Outcome::refused(409, "a task with the same instanceId exists"),
        }
    }

    fn shown(&self, at: usize, status: u16, shown: Status) -> Outcome {
        let Some(task) = self.tasks.get(at) else { return Outcome::refused(500, "no task") };
        self.task_body(&task.id, task.created_ms, status, shown, task.shown_message(self.now))
    }

    fn task_body(
        &self,
        task_id: &str,
        created_ms: u64,
        status: u16,
        ((number, name), service): Status,
        message: &str,
    ) -> Outcome {
        let task_status = if self.profile.numeric_status { json!(number) } else { json!(name) };
        let create_ts = created_ms / 1000;
        // Fields that the reference calls reserved have the values of its examples.
        let body = json!({
            "taskId": task_id, "createTs": create_ts, "status": task_status,
            "services": { "cloudTranscoder": {
                "serviceType": "cloudTranscoderV2", "status": service, "createTs": create_ts,
                "config": {}, "details": {}, "message": message,
            } },
            "eventHandlers": {}, "execution": { "workflows": {} }, "properties": {}, "sequenceId": "0",
            "variables": {}, "workflows": {},
        });
        Outcome { status, body }
    }

    fn query(&mut self, now: u64, route: &Route<'_>) -> Outcome {
        let at = match self.find(route) {
            Ok(at) => at,
            Err(refusal) => return refusal,
        };
        let forget_after = self.profile.forget_after_ms;
        match self.tasks.get(at).and_then(|task| task.status(now, forget_after)) {
            Some(status) => self.shown(at, 200, status),
            None => Outcome::refused(404, "no such task"),
        }
    }

    fn update(&mut self, now: u64, route: &Route<'_>, body: &str) -> Outcome {
        let at = match self.find(route) {
            Ok(at) => at,
            Err(refusal) => return refusal,
        };
        let sequence_id = route.parameter("sequenceId").and_then(|id| id.parse::<u64>().ok());
        let mask = route.parameter("updateMask");
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            return Outcome::refused(400, "body is not JSON");
        };
        let (Some(sequence_id), Some("services.cloudTranscoder.config")) = (sequence_id, mask.as_deref())
        else {
            return Outcome::refused(400, "sequenceId and updateMask are required");
        };
        let payload = match Payload::read(&body, self.profile.strict) {
            Ok(payload) => payload,
            Err(message) => return Outcome::refused(400, &message),
        };
        let Some(task) = self.tasks.get_mut(at).filter(|task| task.is_live()) else {
            return Outcome::refused(404, "no such task");
        };
        if task.sequence_id.is_some_and(|last| sequence_id <= last) {
            return Outcome::refused(400, "sequenceId must increase");
        }
        if payload.output != task.output {
            return Outcome::refused(400, "the destination of an output cannot be updated");
        }
        if self.profile.updates == Updates::Documented
            && let Some(field) = refused_change(&task.transcoder, &payload.transcoder)
        {
            let path = "services.cloudTranscoder.config.transcoder";
            return Outcome::refused(400, &format!("{path}.{field} cannot be updated"));
        }
        task.sequence_id = Some(sequence_id);
        task.updated_ms = now;
        task.transcoder = payload.transcoder.into();
        task.input_channel = payload.input_channel;
        task.idle_timeout_ms = payload.idle_timeout_ms;
        self.notify(now, at, Event::Updated);
        Outcome { status: 200, body: Value::Null }
    }

    fn delete(&mut self, now: u64, route: &Route<'_>) -> Outcome {
        let at = match self.find(route) {
            Ok(at) => at,
            Err(refusal) => return refusal,
        };
        let Some(task) = self.tasks.get_mut(at).filter(|task| task.is_live()) else {
            return Outcome::refused(404, "no such task");
        };
        task.stage = Stage::Ended { at: now, how: End::Stopped, forgotten: false };
        task.report_lags_until = 0;
        task.message = "OnSlaveServiceStopped".to_owned();
        self.notify(now, at, Event::Stopped);
        self.shown(at, 200, ((7, "STOPPED"), "serviceCompleted"))
    }

    fn find(&self, route: &Route<'_>) -> Result<usize, Outcome> {
        let is_named = |task: &Task| task.id == route.name && task.app_id == route.app_id;
        let found = self.tasks.iter().position(is_named);
        let token = route.parameter("builderToken");
        match found.and_then(|at| Some((at, self.tasks.get(at)?))) {
            None => Err(Outcome::refused(404, "no such task")),
            Some((_, task)) if token.as_deref() != Some(&task.token) => {
                Err(Outcome::refused(self.profile.wrong_token_status, "wrong builderToken"))
            }
            Some((at, _)) => Ok(at),
        }
    }

    fn presence(&mut self, route: &Route<'_>) -> Outcome {
        let channel = &*route.name;
        let live =
            self.tasks.iter().filter(|task| task.app_id == route.app_id && task.output.channel == channel);
        let uids: Vec<u32> = live.filter(|task| task.publishes()).map(|task| task.output.uid).collect();
        let mut shown = Vec::new();
        for uid in uids {
            let miss = self.random.percent(self.profile.presence_misses_percent);
            if self.channels.shows(channel, uid, miss) {
                shown.push(uid);
            }
        }
        let data = match route.uid {
            Some(uid) => {
                let there = shown.contains(&uid);
                json!({ "in_channel": there, "uid": uid, "role": if there { 2 } else { 0 } })
            }
            None => json!({ "channel_exist": true, "mode": 2, "broadcasters": shown }),
        };
        Outcome { status: 200, body: json!({ "success": true, "data": data }) }
    }

    pub(crate) fn notify(&mut self, now: u64, at: usize, event: Event<'_>) {
        let Some(profile) = &self.profile.notifications else { return };
        let mut other = None;
        if self.random.percent(profile.misnamed_percent)
            && let Some(task) = self.tasks.get(at)
        {
            let which = match self.random.between([0, 2]) {
                0 => Other::Ended,
                1 => Other::Live,
                _ => Other::Foreign,
            };
            let about = About { app_id: &task.app_id, instance_id: &task.instance_id, own: Some(at) };
            let named = about.other(which, &self.tasks).and_then(|at| self.tasks.get(at));
            other = Some(named.map_or(&self.foreign, |task| &task.id).clone());
        }
        if let Some(task) = self.tasks.get_mut(at) {
            self.outbox.send(now, profile, task, event, other, &mut self.random);
        }
    }

    fn next_change(&self) -> Option<(u64, Change)> {
        let tasks = self.tasks.iter().enumerate().filter(|(_, task)| task.is_live());
        let changes = tasks.filter_map(|(i, task)| {
            let idle = self.idle_end(task);
            let at = task.next_change().into_iter().chain(idle).min()?;
            Some((at.max(self.now), Change::Task(i)))
        });
        let late = self.late.iter().enumerate().map(|(i, (at, _))| (*at, Change::LateCall(i)));
        changes.chain(late).min_by_key(|(at, _)| *at)
    }

    fn idle_end(&self, task: &Task) -> Option<u64> {
        let away = self.channels.away_since(task.input_channel.as_deref()?)?;
        Some(away.max(task.created_ms) + task.idle_timeout_ms)
    }

    fn change(&mut self, now: u64, at: usize) {
        let Some(task) = self.tasks.get(at) else { return };
        let idle = self.idle_end(task).is_some_and(|end| end <= now);
        let ended = |how| Stage::Ended { at: now, how, forgotten: false };
        let (stage, message, event) = match task.stage {
            _ if idle => (ended(End::Idle), "idle", Event::Stopped),
            Stage::Starting { fails: true, .. } => (ended(End::Failed), "failed to start", Event::Stopped),
            Stage::Starting { .. } => (Stage::Running { since: now }, "", Event::Started),
            Stage::Abnormal { recovers: true, .. } => {
                (Stage::Running { since: now }, "", Event::Status("running"))
            }
            Stage::Abnormal { .. } => (ended(End::Failed), &*task.message, Event::Stopped),
            Stage::Running { .. } | Stage::Ended { .. } => return,
        };
        let runs_first = matches!((task.stage, stage), (Stage::Starting { .. }, Stage::Running { .. }));
        let message = message.to_owned();
        if let Some(task) = self.tasks.get_mut(at) {
            task.stage = stage;
            task.message = message;
        }
        self.notify(now, at, event);
        if runs_first {
            self.notify(now, at, Event::Status("running"));
        }
    }
}

#[derive(Clone, Copy)]
enum Change {
    Task(usize),
    LateCall(usize),
}

/// 32 hexadecimal digits.
fn hex_id(seed: u64) -> String {
    let mut random = Random::new(seed);
    format!("{:016x}{:016x}", random.next(), random.next())
}

/// The task that a call names or starts.
fn about<'a>(
    route: &'a Route<'_>,
    tasks: &'a [Task],
    tokens: &'a BTreeMap<String, BuilderToken>,
) -> Option<About<'a>> {
    let app_id = &*route.app_id;
    match route.kind {
        CallKind::Create => {
            let instance_id = &*tokens.get(&*route.parameter("builderToken")?)?.instance_id;
            let is_own = |task: &Task| task.is_live_instance(app_id, instance_id);
            Some(About { app_id, instance_id, own: tasks.iter().position(is_own) })
        }
        CallKind::Query | CallKind::Update | CallKind::Delete => {
            let own = tasks.iter().position(|task| task.id == route.name)?;
            Some(About { app_id, instance_id: &tasks.get(own)?.instance_id, own: Some(own) })
        }
        CallKind::Acquire | CallKind::Presence => None,
    }
}

fn scripted_body(status: u16, code: Option<i64>) -> Value {
    let message = format!("emulated answer {status}");
    match code {
        Some(code) => json!({ "message": message, "code": code }),
        None => json!({ "message": message }),
    }
}
