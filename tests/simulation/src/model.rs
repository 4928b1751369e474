//! A reference model of what a process can know about tasks, uids and tokens. It is much simpler than the core, receives the
//! same inputs, and reports a violation when the two disagree.

use std::collections::BTreeMap;

use serde_json::Value;
use steadymix::notification::Notification;
use steadymix::policy::RetryReason;
use steadymix::redundancy::GroupStatus;
use steadymix::status::Call;
use steadymix::supervisor::{Answer, EndReason, Event, EventKind, NoAnswer, OrphanedReason, Request};
use steadymix::time::{Duration, WallTime};

use crate::checks::{Check, Sent};
use crate::fingerprint::Fingerprint;
use crate::pace::Pace;
use crate::wire;

/// How long after its Acquire a builder token may first be used, in ms. A rule of the service.
const CREATE_WINDOW: u64 = 2_000;
/// How long a builder token is valid, in ms. A rule of the service.
pub(crate) const TOKEN_LIFETIME: u64 = 300_000;
/// How long a task may take to start, in ms. Absences in this time do not count.
const START_TIMEOUT: u64 = 90_000;
/// The shortest time from the end of a presence check to the next one, in ms.
const PRESENCE_INTERVAL: u64 = 10_000;
/// A uid is considered gone after this many presence checks in a row without it.
const MAX_ABSENCES: u32 = 3;
/// A task is considered gone after this many 404s to Query in a row.
const MAX_NOT_FOUND: u32 = 4;

/// One logical create: everything that belongs to one instanceId.
#[derive(Clone, Debug, Default)]
struct Create {
    uid: u32,
    /// It was refused: no further Create may be sent.
    closed: bool,
    /// Its task is known to run, but its task id is unknown.
    seen: bool,
    /// When its last Create was sent, on the monotonic clock, in ms.
    sent_at: u64,
    /// Presence checks in a row without its uid.
    absences: u32,
}

#[derive(Clone, Debug, Default)]
struct Token {
    instance: String,
    received: u64,
    /// How many Creates were sent with it.
    sent: u32,
    /// How many of these Creates have an unknown outcome.
    open: u32,
    /// An earlier Create was still pending when the last one was handed out, so the last one may not be the first.
    may_follow: bool,
    /// The task that it started.
    task: Option<String>,
    /// A Create with it was answered: the task was named, or exists.
    answered: bool,
    /// The clock was set back since it was received, so its age is unknown.
    age_is_lost: bool,
}

/// A task with a known id.
#[derive(Clone, Debug, Default)]
struct Task {
    instance: String,
    /// The last answer to Query reported that it runs.
    runs: bool,
    /// Some answer to Query reported that it runs.
    has_run: bool,
    /// The service reported its end, or accepted its Delete.
    ended: bool,
    /// 404s to Query in a row.
    not_found: u32,
    /// A Delete was sent.
    deleted: bool,
    /// Deletes whose process died: they may have been sent.
    deletes_lost: u32,
    gone: bool,
}

/// The knowledge of one process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    creates: BTreeMap<String, Create>,
    tokens: BTreeMap<String, Token>,
    tasks: BTreeMap<String, Task>,
    /// Creates (by builder token) and Deletes (by task id) that were handed to the driver. If the process dies, they may or may
    /// not have been sent.
    handed_out: Vec<String>,
    /// The earliest time of the next such call for this task or instance, in ms of the world's clock.
    earliest: BTreeMap<(String, Call), u64>,
    pace: Pace,
    /// The earliest time of the next presence check with this path, in ms on the monotonic clock.
    next_presence_check: BTreeMap<String, u64>,
    last_wall: u64,
    /// The process's monotonic clock, in ms.
    mono: u64,
}

impl Model {
    /// The process reads its clock.
    pub(crate) fn tick(&mut self, wall: WallTime) {
        let wall = wall.as_millis();
        self.mono += wall.saturating_sub(self.last_wall);
        self.last_wall = wall;
    }

    /// The process's monotonic clock, in ms.
    pub(crate) fn mono(&self) -> u64 {
        self.mono
    }

    pub(crate) fn instance_of(&self, request: &Request) -> Option<String> {
        match request.call {
            Call::Acquire => wire::instance_id(request.body.as_deref()?),
            Call::Create => {
                self.tokens.get(&wire::builder_token(&request.path)).map(|token| token.instance.clone())
            }
            Call::Query | Call::Update | Call::Delete => {
                self.tasks.get(&wire::task_id(&request.path)).map(|task| task.instance.clone())
            }
            Call::Presence | Call::RtcToken => None,
        }
    }

    pub(crate) fn knows_task(&self, task: &str) -> bool {
        self.tasks.contains_key(task)
    }

    /// A task that this create cannot have started.
    pub(crate) fn task_of_another_create(&self, instance: &str) -> Option<String> {
        let other = self.tasks.iter().find(|(_, task)| task.instance != instance);
        other.map(|(id, _)| id.clone())
    }

    // ---- calls -----------------------------------------------------------------------------------

    pub(crate) fn on_hand_out(&mut self, request: &Request) {
        let name = match request.call {
            Call::Create => wire::builder_token(&request.path),
            Call::Delete => wire::task_id(&request.path),
            _ => return,
        };
        if let Some(token) = self.tokens.get_mut(&name) {
            token.may_follow = self.handed_out.contains(&name);
        }
        self.handed_out.push(name);
    }

    pub(crate) fn on_send(&mut self, now: u64, request: &Request, instance: Option<&str>) -> Check {
        let whose = whose(request.call, &request.path, instance);
        self.pace.on_send(now, &whose, request)?;
        if let Some(instance) = instance {
            let task = wire::task_id(&request.path);
            let key = (whose.clone(), request.call);
            if let Some(earliest) = self.earliest.get(&key).filter(|earliest| now < **earliest) {
                let early = earliest - now;
                return Err(format!("{:?} of {whose} {early} ms before its delay is over", request.call));
            }
            self.earliest.retain(|other, _| {
                let is_of_it = other.0 == instance || other.0 == task;
                !is_of_it || other.1 == Call::Update || *other == key
            });
        }
        match request.call {
            Call::Acquire => self.on_acquire(request),
            Call::Create => self.on_create(now, &wire::builder_token(&request.path)),
            Call::Query | Call::Update | Call::Delete => self.on_call_of_task(request),
            Call::Presence => self.on_presence_check(request),
            Call::RtcToken => Ok(()),
        }
    }

    fn on_presence_check(&mut self, request: &Request) -> Check {
        let answered_by = self.mono + request.timeout.as_millis();
        match self.next_presence_check.insert(request.path.clone(), answered_by + PRESENCE_INTERVAL) {
            Some(next) if self.mono < next => {
                Err(format!("presence check of {} is {} ms too early", request.path, next - self.mono))
            }
            _ => Ok(()),
        }
    }

    fn on_acquire(&mut self, request: &Request) -> Check {
        let body = request.body.as_deref().unwrap_or_default();
        let (Some(instance), Some(uid)) = (wire::instance_id(body), wire::output_uid(body)) else {
            return Err("an Acquire without instanceId or output uid".to_owned());
        };
        let create = self.creates.entry(instance.clone()).or_insert(Create { uid, ..Create::default() });
        if create.uid != uid {
            return Err(format!("{instance} had uid {}, but now has {uid}", create.uid));
        }
        if create.closed {
            return Err(format!("an Acquire of {instance} after it was refused"));
        }
        let rival = self
            .creates
            .iter()
            .find(|(other, create)| **other != instance && create.uid == uid && self.may_live(other, create));
        match rival {
            Some((rival, _)) => {
                Err(format!("{instance} is launched on uid {uid}, but {rival} may live there"))
            }
            None => Ok(()),
        }
    }

    fn on_create(&mut self, now: u64, name: &str) -> Check {
        self.forget_handed_out(name);
        let Some(token) = self.tokens.get_mut(name) else {
            return Err("a Create with an unknown builder token".to_owned());
        };
        let age = now - token.received;
        token.sent += 1;
        if token.sent == 1 && !token.may_follow && age > CREATE_WINDOW && !token.age_is_lost {
            return Err(format!("the first Create {age} ms after its Acquire"));
        }
        if age >= TOKEN_LIFETIME && !token.age_is_lost {
            return Err(format!("a builder token is used after {age} ms"));
        }
        if token.answered {
            return Err(format!("a Create with a token that has started {:?}", token.task));
        }
        token.open += 1;
        let instance = token.instance.clone();
        if let Some((task, _)) = self.tasks.iter().find(|(_, task)| task.instance == instance && !task.gone) {
            return Err(format!("a Create of {instance}, though its task {task} is known"));
        }
        let create = self.creates.entry(instance.clone()).or_default();
        if create.closed {
            return Err(format!("a Create of {instance} after it was refused"));
        }
        create.sent_at = self.mono;
        create.absences = 0;
        Ok(())
    }

    fn on_call_of_task(&mut self, request: &Request) -> Check {
        let id = wire::task_id(&request.path);
        self.forget_handed_out(&id);
        let Some(task) = self.tasks.get_mut(&id) else {
            return Err(format!("{:?} of {id}, an unknown task id", request.call));
        };
        task.deleted |= request.call == Call::Delete;
        let token = self.tokens.get(&wire::builder_token(&request.path));
        if token.is_none_or(|token| token.instance != task.instance) {
            return Err(format!("{:?} of {id} with a builder token of another create", request.call));
        }
        Ok(())
    }

    // ---- answers, notifications and events ----------------------------------------------------------------------------------

    pub(crate) fn on_answer(&mut self, now: u64, sent: &Sent, answer: &Answer, late: bool) {
        if !late {
            self.pace.on_answer(now, &whose(sent.call, &sent.path, sent.instance.as_deref()), sent.call);
            self.on_retry_after(now, sent, answer);
        }
        if self.is_misnamed(sent, answer) {
            return;
        }
        match sent.call {
            Call::Acquire if !late => self.acquired(now, sent, answer),
            Call::Create => self.created(sent, answer, late),
            Call::Query | Call::Delete if !late => self.on_task_reply(sent, answer),
            Call::Presence if !late => {
                self.next_presence_check.insert(sent.path.clone(), self.mono + PRESENCE_INTERVAL);
                self.on_presence_reply(sent, answer);
            }
            _ => {}
        }
    }

    /// `Retry-After` applies, whatever delay the process reports.
    fn on_retry_after(&mut self, now: u64, sent: &Sent, answer: &Answer) {
        let Answer::Http { status: 429, retry_after: Some(after), .. } = answer else { return };
        let task = wire::task_id(&sent.path);
        let whose = if is_of_task(sent.call) { Some(task) } else { sent.instance.clone() };
        if let (Some(whose), Ok(seconds)) = (whose, after.parse::<u64>()) {
            self.not_before(whose, sent.call, now + seconds * 1_000);
        }
    }

    /// Forbids this call of a task or instance before `at`. A later limit stays.
    fn not_before(&mut self, whose: String, call: Call, at: u64) {
        let earliest = self.earliest.entry((whose, call)).or_default();
        *earliest = at.max(*earliest);
    }

    fn acquired(&mut self, now: u64, sent: &Sent, answer: &Answer) {
        let Answer::Http { status: 200, body, .. } = answer else { return };
        let name = wire::json(body)["tokenName"].as_str().map(str::to_owned);
        if let (Some(name), Some(instance)) = (name, sent.instance.clone()) {
            let token = Token { instance, received: now, ..Token::default() };
            self.tokens.insert(name, token);
        }
    }

    fn created(&mut self, sent: &Sent, answer: &Answer, late: bool) {
        let name = wire::builder_token(&sent.path);
        let Some(token) = self.tokens.get_mut(&name) else { return };
        let instance = token.instance.clone();
        let (status, body) = match answer {
            Answer::Http { status, body, .. } => (*status, body.as_str()),
            Answer::Nothing(NoAnswer::Dns) => {
                token.open = token.open.saturating_sub(1);
                token.sent = token.sent.saturating_sub(1);
                return;
            }
            Answer::Nothing(NoAnswer::NotSent) => return self.forget_handed_out(&name),
            Answer::Nothing(_) => return,
        };
        let task = wire::json(body)["taskId"].as_str().map(str::to_owned);
        match (status, task) {
            (200..=299 | 409 | 500..=599, Some(id)) => {
                (token.task, token.answered) = (Some(id.clone()), true);
                self.resolved(&instance, &name);
                self.named(&instance, &id);
            }
            (409 | 201, _) if !late => {
                token.answered = true;
                self.resolved(&instance, &name);
                self.creates.entry(instance).or_default().seen = true;
            }
            (429, _) if !late => token.open = token.open.saturating_sub(1),
            (400..=499, _) if !late => {
                token.open = token.open.saturating_sub(1);
                self.creates.entry(instance).or_default().closed = true;
            }
            _ => {}
        }
    }

    /// The Creates with this token are resolved. So are earlier ones: their task is the same, or already over.
    fn resolved(&mut self, instance: &str, name: &str) {
        let received = self.tokens.get(name).map_or(0, |token| token.received);
        let of_it = |token: &&mut Token| token.instance == instance && token.received <= received;
        self.tokens.values_mut().filter(of_it).for_each(|token| token.open = 0);
    }

    fn named(&mut self, instance: &str, id: &str) {
        // The driver no longer sends a pending Create of this instance.
        let tokens = &self.tokens;
        self.handed_out.retain(|name| tokens.get(name).is_none_or(|token| token.instance != instance));
        let task = Task { instance: instance.to_owned(), ..Task::default() };
        self.tasks.entry(id.to_owned()).or_insert(task);
        self.creates.entry(instance.to_owned()).or_default().seen = false;
    }

    /// Whether a success names a task that it cannot be about. The core ignores such a reply.
    fn is_misnamed(&self, sent: &Sent, answer: &Answer) -> bool {
        let Answer::Http { status: 200..=299 | 409, body, .. } = answer else { return false };
        let body = wire::json(body);
        let Some(named) = body["taskId"].as_str() else { return false };
        if is_of_task(sent.call) {
            return named != wire::task_id(&sent.path);
        }
        let of_another = |task: &Task| Some(&task.instance) != sent.instance.as_ref();
        sent.call == Call::Create && self.tasks.get(named).is_some_and(of_another)
    }

    fn on_task_reply(&mut self, sent: &Sent, answer: &Answer) {
        let id = wire::task_id(&sent.path);
        let Answer::Http { status, body, .. } = answer else { return self.forget_handed_out(&id) };
        let Some(task) = self.tasks.get_mut(&id) else { return };
        if *status == 200
            && let Some(token) = self.tokens.get_mut(&wire::builder_token(&sent.path))
        {
            // The service accepts only the token that started the task.
            (token.task, token.answered, token.open) = (Some(id), true, 0);
        }
        match (sent.call, status) {
            (Call::Query, 200) => {
                let body = wire::json(body);
                task.not_found = 0;
                task.runs = wire::runs(&body).unwrap_or(task.runs);
                task.has_run |= task.runs;
                task.ended |= wire::has_ended(&body["status"]);
            }
            (Call::Query, 404) => task.not_found += 1,
            (Call::Delete, 200 | 404) => task.ended = true,
            _ => {}
        }
    }

    fn on_presence_reply(&mut self, sent: &Sent, answer: &Answer) {
        let Answer::Http { status: 200, body, .. } = answer else { return };
        let body = wire::json(body);
        if body["success"] != Value::Bool(true) {
            return;
        }
        let there = body.pointer("/data/broadcasters").and_then(Value::as_array);
        for create in self.creates.values_mut() {
            if there.is_some_and(|uids| uids.contains(&create.uid.into())) {
                create.absences = 0;
            } else if sent.mono >= create.sent_at + START_TIMEOUT {
                create.absences += 1;
            }
        }
    }

    /// An external input arrived: a command or a notification.
    pub(crate) fn on_input(&mut self) {
        self.pace.on_input();
    }

    pub(crate) fn on_notification(&mut self, notification: &Notification) {
        self.on_input();
        if let Some(instance) =
            notification.instance_id.as_deref().filter(|id| self.creates.contains_key(*id))
        {
            self.named(instance, &notification.task_id);
        }
    }

    /// Checks that an event states only facts that the process can know.
    pub(crate) fn on_event(&mut self, now: u64, event: &Event) -> Check {
        for whose in event.instance_id.iter().chain(&event.task_id) {
            self.pace.on_event(whose);
        }
        if matches!(event.kind, EventKind::NoFreeUid { .. }) {
            // The process may query the tasks that occupy the uids again.
            self.pace.on_input();
        }
        match &event.kind {
            // A lane that ends waits for no presence check. A lane that must not relaunch ends when its task becomes known and
            // is over.
            EventKind::Stopping
            | EventKind::CallRejected { .. }
            | EventKind::Ended { .. }
            | EventKind::TaskIdLearned { .. } => {
                self.next_presence_check.clear();
            }
            _ => {}
        }
        match &event.kind {
            EventKind::Retrying { call, reason, wait_ms, attempt, .. } => {
                follows_schedule(*call, *reason, *attempt, *wait_ms)?;
                let Some(wait) = wait_ms else { return Ok(()) };
                let task = event.task_id.as_ref().filter(|_| is_of_task(*call));
                if let Some(whose) = task.or(event.instance_id.as_ref()) {
                    self.not_before(whose.clone(), *call, now + wait.as_millis());
                }
                Ok(())
            }
            EventKind::TaskIdUnknown => {
                if let Some(create) =
                    event.instance_id.as_ref().and_then(|instance| self.creates.get_mut(instance))
                {
                    create.seen = true;
                }
                Ok(())
            }
            EventKind::Confirmed { .. } | EventKind::Recovered => {
                let id = event.task_id.as_deref().unwrap_or_default();
                match self.tasks.get(id).filter(|task| task.runs) {
                    Some(_) => Ok(()),
                    None => Err(format!("{id} is reported to run, but no Query reported that")),
                }
            }
            EventKind::OnAir { to_uid: Some(uid), .. } => {
                // Without a better output, a suspect one may be on air.
                let is_there = |instance: &str, create: &Create| {
                    let may_run = |task: &Task| task.instance == instance && task.has_run && !task.gone;
                    create.uid == *uid && (create.seen || self.tasks.values().any(may_run))
                };
                if self.creates.iter().any(|(instance, create)| is_there(instance, create)) {
                    Ok(())
                } else {
                    Err(format!("{uid} is reported on air, but nothing indicates that it runs"))
                }
            }
            EventKind::Ended { reason, .. } => self.on_end(event, Some(*reason)),
            EventKind::Removed => self.on_end(event, None),
            EventKind::Orphaned { reason: OrphanedReason::DeleteFailed } => {
                let id = event.task_id.as_deref().unwrap_or_default();
                match self.tasks.get(id).filter(|task| task.deleted || task.deletes_lost > 1) {
                    Some(_) => Ok(()),
                    None => Err(format!("{id} is reported orphaned, but no Delete was sent")),
                }
            }
            _ => Ok(()),
        }
    }

    fn on_end(&mut self, event: &Event, reason: Option<EndReason>) -> Check {
        let instance = event.instance_id.clone().unwrap_or_default();
        let is_absent = self.creates.get(&instance).is_some_and(|create| create.absences >= MAX_ABSENCES);
        let task = event.task_id.as_ref().and_then(|id| self.tasks.get_mut(id));
        let has_ended = task.as_ref().is_some_and(|task| task.ended);
        let is_lost = task.as_ref().is_some_and(|task| task.not_found >= MAX_NOT_FOUND);
        let is_known = match reason {
            Some(EndReason::Normal | EndReason::Failed) => has_ended,
            Some(EndReason::NotFound) => is_lost,
            Some(EndReason::Absent) => is_absent,
            None => has_ended || is_lost || is_absent,
        };
        if !is_known {
            return Err(format!(
                "{instance} is reported to have ended ({reason:?}) without evidence: {task:?}"
            ));
        }
        match task {
            Some(task) => {
                task.gone = true;
                // One token starts one task, so tokens of other tasks did not start this one.
                let is_free = |of: &Option<String>| of.is_none() || *of == event.task_id;
                let of_it =
                    |token: &&mut Token| token.instance == instance && token.sent > 0 && is_free(&token.task);
                if let [only] = self.tokens.values_mut().filter(of_it).collect::<Vec<_>>().as_mut_slice() {
                    only.open = 0;
                }
            }
            None => {
                self.creates.entry(instance.clone()).or_default().seen = false;
                self.tokens.values_mut().filter(|token| token.instance == instance).for_each(|t| t.open = 0);
            }
        }
        Ok(())
    }

    // ---- invariants ----------------------------------------------------------------------------------------

    fn may_live(&self, instance: &str, create: &Create) -> bool {
        create.seen
            || self.tasks.values().any(|task| task.instance == instance && !task.gone)
            || self.tokens.values().any(|token| token.instance == instance && token.open > 0)
    }

    /// Checks that the process knows exactly the tasks that may live, except those that it has reported as orphaned.
    pub(crate) fn agrees(&self, status: &GroupStatus, is_orphaned: impl Fn(&str) -> bool) -> Check {
        let known = || status.lanes.iter().flat_map(|lane| &lane.tasks);
        for (id, task) in self.tasks.iter().filter(|(_, task)| !task.gone) {
            if !known().any(|known| known.task_id.as_ref() == Some(id)) && !is_orphaned(id) {
                return Err(format!("{id} of {} may live, but the status lacks it", task.instance));
            }
        }
        for (instance, create) in
            self.creates.iter().filter(|(instance, create)| self.may_live(instance, create))
        {
            if !known().any(|known| known.instance_id == *instance) && !is_orphaned(instance) {
                return Err(format!("{instance} on uid {} may live, but the status lacks it", create.uid));
            }
        }
        for task in known() {
            match self.creates.get(&task.instance_id) {
                None => return Err(format!("{} is in the status, but was never acquired", task.instance_id)),
                Some(create) if create.uid != task.uid => {
                    return Err(format!("{} has the wrong uid {} in the status", task.instance_id, task.uid));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Digests everything that later checks may depend on.
    pub(crate) fn digest(&self, now: u64, fingerprint: &mut Fingerprint) {
        for (instance, create) in &self.creates {
            if self.may_live(instance, create) {
                fingerprint.text(instance);
                fingerprint.debug(&(create.closed, create.seen, create.absences));
                fingerprint.instant(create.sent_at);
            }
        }
        for (name, token) in &self.tokens {
            if token.open > 0 || self.mono < token.received + TOKEN_LIFETIME {
                fingerprint.text(name);
                fingerprint.text(&token.instance);
                fingerprint.text(token.task.as_deref().unwrap_or_default());
                fingerprint.debug(&(token.sent, token.open, token.may_follow, token.answered));
                fingerprint.instant(token.received);
            }
        }
        for (id, task) in self.tasks.iter().filter(|(_, task)| !task.gone) {
            fingerprint.text(id);
            fingerprint.debug(&(task.runs, task.has_run, task.ended, task.not_found, task.deleted));
            fingerprint.debug(&task.deletes_lost);
        }
        for ((whose, call), earliest) in self.earliest.iter().filter(|(_, earliest)| **earliest > now) {
            fingerprint.text(whose);
            fingerprint.debug(call);
            fingerprint.instant(*earliest);
        }
        for name in &self.handed_out {
            fingerprint.text(name);
        }
        self.pace.digest(now, fingerprint);
    }

    // ---- restarts and clock changes ---------------------------------------------------------------------------

    /// The knowledge of a process that is restored from the snapshot that belongs to this model.
    pub(crate) fn restored(&self) -> Self {
        let mut model = self.clone();
        model.assume_handed_out_sent();
        model.earliest.clear();
        model.on_input();
        model.next_presence_check.clear();
        model
    }

    /// Delays on the process's clock no longer match the world's clock.
    pub(crate) fn on_clock_set(&mut self, back: bool) {
        self.earliest.clear();
        self.on_input();
        self.tokens.values_mut().for_each(|token| token.age_is_lost |= back);
    }

    fn forget_handed_out(&mut self, name: &str) {
        if let Some(at) = self.handed_out.iter().position(|other| other == name) {
            self.handed_out.remove(at);
        }
    }

    fn assume_handed_out_sent(&mut self) {
        for name in std::mem::take(&mut self.handed_out) {
            if let Some(token) = self.tokens.get_mut(&name) {
                token.sent = token.sent.max(1);
                token.open = token.open.max(1);
            } else if let Some(task) = self.tasks.get_mut(&name) {
                task.deletes_lost += 1;
            }
        }
    }
}

/// The key of a call: its task id, else its instanceId; for a presence check, its path.
fn whose(call: Call, path: &str, instance: Option<&str>) -> String {
    match instance {
        _ if is_of_task(call) => wire::task_id(path),
        Some(instance) => instance.to_owned(),
        None => path.to_owned(),
    }
}

/// Whether a call addresses a task by its id.
fn is_of_task(call: Call) -> bool {
    matches!(call, Call::Query | Call::Update | Call::Delete)
}

/// Checks a delay against the backoff schedules in the service's documentation: the shortest delay after each failure, and
/// when to give up.
fn follows_schedule(call: Call, reason: RetryReason, attempt: u32, wait: Option<Duration>) -> Check {
    use Call::{Acquire, Create, Query};
    use RetryReason::{NotCompleted, NotFound, ServerError, TimedOut};
    let (delays, is_last_repeated): (&[u64], bool) = match (call, reason) {
        (Acquire | Create, TimedOut | ServerError) => (&[3_000, 6_000, 9_000], false),
        (Acquire | Create, NotCompleted) => (&[3_000, 6_000], false),
        (Query, NotFound) => (&[5_000, 10_000, 15_000], false),
        (Query, TimedOut | ServerError) => (&[5_000, 10_000, 15_000, 30_000], true),
        _ => return Ok(()),
    };
    let last = delays.last().filter(|_| is_last_repeated);
    let least = (attempt as usize).checked_sub(1).and_then(|at| delays.get(at)).or(last);
    match (wait.map(Duration::as_millis), least) {
        (Some(wait), Some(least)) if wait >= *least => Ok(()),
        (None, None) => Ok(()),
        (wait, least) => {
            Err(format!("{call:?} {reason:?} {attempt}: the delay is {wait:?} ms, but must be {least:?}"))
        }
    }
}
