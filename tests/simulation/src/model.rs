//! What may be true of tasks, uids and tokens, as far as a process can know: a model far simpler than the core, which
//! hears what the core hears, step by step, and objects when the two do not agree.

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

/// The service's own rules, in ms.
const CREATE_WINDOW: u64 = 2_000;
pub(crate) const TOKEN_LIFETIME: u64 = 300_000;
/// A task is not looked for before it had this long to start, in ms.
const START_UP: u64 = 90_000;
/// From the end of a look into a channel to the next one, at least, in ms.
const BETWEEN_LOOKS: u64 = 10_000;
/// So many looks in a row without a uid: it is not there.
const ABSENCES: u32 = 3;
/// So many 404s to Query in a row: it is gone.
const NOT_FOUND: u32 = 4;

/// One logical create: what comes of one instanceId.
#[derive(Clone, Debug, Default)]
struct Create {
    uid: u32,
    /// It was refused: nothing more is sent for it.
    closed: bool,
    /// The service said that it runs, or it was seen, but nobody has named it.
    seen: bool,
    /// By the process's clock, in ms.
    sent_at: u64,
    /// Looks into the channel in a row without its uid.
    absences: u32,
}

/// A builder token.
#[derive(Clone, Debug, Default)]
struct Token {
    instance: String,
    received: u64,
    /// Creates that left with it.
    sent: u32,
    /// Creates with it that may have been carried out, and that nobody told the outcome of.
    open: u32,
    /// When the last one was handed out, one that was given up had not left yet: it may have done so before this one.
    may_follow: bool,
    /// The task that it started.
    task: Option<String>,
    /// A Create with it was answered with a task, or that there is one.
    answered: bool,
    /// The process's clock was set back since: it cannot know how old this is.
    age_is_lost: bool,
}

/// A task with a name.
#[derive(Clone, Debug, Default)]
struct Task {
    instance: String,
    /// The last Query that was answered said that it runs; one ever did.
    runs: bool,
    has_run: bool,
    /// The service said that it ended, or took its Delete.
    ended: bool,
    /// 404s to Query in a row.
    not_found: u32,
    /// A Delete of it left.
    deleted: bool,
    /// So many were handed out to processes that died, which may have sent them.
    deletes_lost: u32,
    gone: bool,
}

/// What one process can know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    creates: BTreeMap<String, Create>,
    tokens: BTreeMap<String, Token>,
    tasks: BTreeMap<String, Task>,
    /// Creates and Deletes that were handed out to be sent, by builder token and task: should the process die, it cannot know
    /// whether they left.
    handed_out: Vec<String>,
    /// Not to be called before, in ms of the world's clock; by the task, or else the instance.
    earliest: BTreeMap<(String, Call), u64>,
    pace: Pace,
    /// No look into this channel before, in ms of the process's clock.
    next_look: BTreeMap<String, u64>,
    /// The process's clock, which never goes back: what it last showed, and what it counts.
    last_wall: u64,
    mono: u64,
}

impl Model {
    /// The process looks at its clock.
    pub(crate) fn tick(&mut self, wall: WallTime) {
        let wall = wall.as_millis();
        self.mono += wall.saturating_sub(self.last_wall);
        self.last_wall = wall;
    }

    /// Its clock, in ms: one that never goes back.
    pub(crate) fn mono(&self) -> u64 {
        self.mono
    }

    /// The instanceId that a call is about.
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

    /// A task that this create cannot have made.
    pub(crate) fn task_of_another_create(&self, instance: &str) -> Option<String> {
        let other = self.tasks.iter().find(|(_, task)| task.instance != instance);
        other.map(|(id, _)| id.clone())
    }

    // ---- what the process does -----------------------------------------------------------------------------------

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
                return Err(format!("{:?} of {whose} {early} ms before its wait is over", request.call));
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
            Call::Presence => self.on_look(request),
            Call::RtcToken => Ok(()),
        }
    }

    fn on_look(&mut self, request: &Request) -> Check {
        let answered_by = self.mono + request.timeout.as_millis();
        match self.next_look.insert(request.path.clone(), answered_by + BETWEEN_LOOKS) {
            Some(next) if self.mono < next => {
                Err(format!("{} looked into {} ms too early", request.path, next - self.mono))
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
            return Err(format!("{instance} was of uid {}, and now is of {uid}", create.uid));
        }
        if create.closed {
            return Err(format!("an Acquire of {instance} after it was refused"));
        }
        let rival = self
            .creates
            .iter()
            .find(|(other, create)| **other != instance && create.uid == uid && self.may_live(other, create));
        match rival {
            Some((rival, _)) => Err(format!("{instance} begins on uid {uid}, where {rival} may live")),
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
            return Err(format!("a builder token of {age} ms"));
        }
        if token.answered {
            return Err(format!("a Create with a token that was answered, with {:?}", token.task));
        }
        token.open += 1;
        let instance = token.instance.clone();
        if let Some((task, _)) = self.tasks.iter().find(|(_, task)| task.instance == instance && !task.gone) {
            return Err(format!("a Create of {instance} after {task} was learnt"));
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
            return Err(format!("{:?} of {id}, which nobody has named", request.call));
        };
        task.deleted |= request.call == Call::Delete;
        let token = self.tokens.get(&wire::builder_token(&request.path));
        if token.is_none_or(|token| token.instance != task.instance) {
            return Err(format!("{:?} of {id} with a builder token of another create", request.call));
        }
        Ok(())
    }

    // ---- what the process hears ----------------------------------------------------------------------------------

    pub(crate) fn on_answer(&mut self, now: u64, sent: &Sent, answer: &Answer, late: bool) {
        if !late {
            self.pace.on_answer(now, &whose(sent.call, &sent.path, sent.instance.as_deref()), sent.call);
            self.asked_to_wait(now, sent, answer);
        }
        if self.is_misnamed(sent, answer) {
            return;
        }
        match sent.call {
            Call::Acquire if !late => self.acquired(now, sent, answer),
            Call::Create => self.created(sent, answer, late),
            Call::Query | Call::Delete if !late => self.told_of_task(sent, answer),
            Call::Presence if !late => {
                self.next_look.insert(sent.path.clone(), self.mono + BETWEEN_LOOKS);
                self.looked(sent, answer);
            }
            _ => {}
        }
    }

    /// Retry-After holds whatever the process says of its wait.
    fn asked_to_wait(&mut self, now: u64, sent: &Sent, answer: &Answer) {
        let Answer::Http { status: 429, retry_after: Some(after), .. } = answer else { return };
        let task = wire::task_id(&sent.path);
        let whose = if is_of_task(sent.call) { Some(task) } else { sent.instance.clone() };
        if let (Some(whose), Ok(seconds)) = (whose, after.parse::<u64>()) {
            self.not_before(whose, sent.call, now + seconds * 1_000);
        }
    }

    /// No such call of this task, or else this instance, before that; nothing shortens a wait.
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

    /// What the Creates with this token started is known, and so is what those before it did: the same, or something that
    /// has ended.
    fn resolved(&mut self, instance: &str, name: &str) {
        let received = self.tokens.get(name).map_or(0, |token| token.received);
        let of_it = |token: &&mut Token| token.instance == instance && token.received <= received;
        self.tokens.values_mut().filter(of_it).for_each(|token| token.open = 0);
    }

    fn named(&mut self, instance: &str, id: &str) {
        // A Create of it that has not left yet will not any more.
        let tokens = &self.tokens;
        self.handed_out.retain(|name| tokens.get(name).is_none_or(|token| token.instance != instance));
        let task = Task { instance: instance.to_owned(), ..Task::default() };
        self.tasks.entry(id.to_owned()).or_insert(task);
        self.creates.entry(instance.to_owned()).or_default().seen = false;
    }

    /// Whether a success names a task that it cannot be about: it says nothing then.
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

    fn told_of_task(&mut self, sent: &Sent, answer: &Answer) {
        let id = wire::task_id(&sent.path);
        let Answer::Http { status, body, .. } = answer else { return self.forget_handed_out(&id) };
        let Some(task) = self.tasks.get_mut(&id) else { return };
        if *status == 200
            && let Some(token) = self.tokens.get_mut(&wire::builder_token(&sent.path))
        {
            // It is called with the token that started it.
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

    fn looked(&mut self, sent: &Sent, answer: &Answer) {
        let Answer::Http { status: 200, body, .. } = answer else { return };
        let body = wire::json(body);
        if body["success"] != Value::Bool(true) {
            return;
        }
        let there = body.pointer("/data/broadcasters").and_then(Value::as_array);
        for create in self.creates.values_mut() {
            if there.is_some_and(|uids| uids.contains(&create.uid.into())) {
                create.absences = 0;
            } else if sent.mono >= create.sent_at + START_UP {
                create.absences += 1;
            }
        }
    }

    /// Something came from outside: a command, a notification.
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

    /// What the process says must be what it can know.
    pub(crate) fn on_event(&mut self, now: u64, event: &Event) -> Check {
        for whose in event.instance_id.iter().chain(&event.task_id) {
            self.pace.on_event(whose);
        }
        if matches!(event.kind, EventKind::NoFreeUid { .. }) {
            // What is in the way is asked about once more.
            self.pace.on_input();
        }
        match &event.kind {
            // A lane that begins to end awaits no look any more: one that must not launch again does when its task is named
            // and has ended.
            EventKind::Stopping
            | EventKind::CallRejected { .. }
            | EventKind::Ended { .. }
            | EventKind::TaskIdLearned { .. } => {
                self.next_look.clear();
            }
            _ => {}
        }
        match &event.kind {
            EventKind::Retrying { call, reason, wait_ms, attempt, .. } => {
                keeps_to_ladder(*call, *reason, *attempt, *wait_ms)?;
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
                    None => Err(format!("{id} is said to run, which no Query told")),
                }
            }
            EventKind::OnAir { to_uid: Some(uid), .. } => {
                // Where there is no better one, it may be one that is in doubt.
                let is_there = |instance: &str, create: &Create| {
                    let may_run = |task: &Task| task.instance == instance && task.has_run && !task.gone;
                    create.uid == *uid && (create.seen || self.tasks.values().any(may_run))
                };
                if self.creates.iter().any(|(instance, create)| is_there(instance, create)) {
                    Ok(())
                } else {
                    Err(format!("{uid} is said to be on air, which nobody told"))
                }
            }
            EventKind::Ended { reason, .. } => self.on_end(event, Some(*reason)),
            EventKind::Removed => self.on_end(event, None),
            EventKind::Orphaned { reason: OrphanedReason::DeleteFailed } => {
                let id = event.task_id.as_deref().unwrap_or_default();
                match self.tasks.get(id).filter(|task| task.deleted || task.deletes_lost > 1) {
                    Some(_) => Ok(()),
                    None => Err(format!("{id} is left behind, and nobody has tried to delete it")),
                }
            }
            _ => Ok(()),
        }
    }

    fn on_end(&mut self, event: &Event, reason: Option<EndReason>) -> Check {
        let instance = event.instance_id.clone().unwrap_or_default();
        let is_absent = self.creates.get(&instance).is_some_and(|create| create.absences >= ABSENCES);
        let task = event.task_id.as_ref().and_then(|id| self.tasks.get_mut(id));
        let has_ended = task.as_ref().is_some_and(|task| task.ended);
        let is_lost = task.as_ref().is_some_and(|task| task.not_found >= NOT_FOUND);
        let is_known = match reason {
            Some(EndReason::Normal | EndReason::Failed) => has_ended,
            Some(EndReason::NotFound) => is_lost,
            Some(EndReason::Absent) => is_absent,
            None => has_ended || is_lost || is_absent,
        };
        if !is_known {
            return Err(format!(
                "{instance} is said to have ended ({reason:?}), which nobody told: {task:?}"
            ));
        }
        match task {
            Some(task) => {
                task.gone = true;
                // One token starts one task: those of other tasks did not start this one.
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

    // ---- what may be true ----------------------------------------------------------------------------------------

    fn may_live(&self, instance: &str, create: &Create) -> bool {
        create.seen
            || self.tasks.values().any(|task| task.instance == instance && !task.gone)
            || self.tokens.values().any(|token| token.instance == instance && token.open > 0)
    }

    /// Every task that may live is known to the process, or it said that it leaves it behind; and it knows no others.
    pub(crate) fn agrees(&self, status: &GroupStatus, is_told: impl Fn(&str) -> bool) -> Check {
        let known = || status.lanes.iter().flat_map(|lane| &lane.tasks);
        for (id, task) in self.tasks.iter().filter(|(_, task)| !task.gone) {
            if !known().any(|known| known.task_id.as_ref() == Some(id)) && !is_told(id) {
                return Err(format!("{id} of {} was learnt, and nobody accounts for it", task.instance));
            }
        }
        for (instance, create) in
            self.creates.iter().filter(|(instance, create)| self.may_live(instance, create))
        {
            if !known().any(|known| known.instance_id == *instance) && !is_told(instance) {
                return Err(format!("{instance} on uid {} may live, and is forgotten", create.uid));
            }
        }
        for task in known() {
            match self.creates.get(&task.instance_id) {
                None => return Err(format!("{} was never asked for", task.instance_id)),
                Some(create) if create.uid != task.uid => {
                    return Err(format!("{} is taken to be on uid {}", task.instance_id, task.uid));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Digests what its judgements may still depend on.
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

    // ---- the process's own misfortunes ---------------------------------------------------------------------------

    /// What a process knows that is restored from the snapshot that was taken with this.
    pub(crate) fn restored(&self) -> Self {
        let mut model = self.clone();
        model.take_handed_out_for_sent();
        model.earliest.clear();
        model.on_input();
        model.next_look.clear();
        model
    }

    /// Waits of the process's clock are not those of the world any more.
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

    fn take_handed_out_for_sent(&mut self) {
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

/// The task that a call is about, or else its instance; of a look into a channel, its path.
fn whose(call: Call, path: &str, instance: Option<&str>) -> String {
    match instance {
        _ if is_of_task(call) => wire::task_id(path),
        Some(instance) => instance.to_owned(),
        None => path.to_owned(),
    }
}

/// Whether it is about a task that has a name.
fn is_of_task(call: Call) -> bool {
    matches!(call, Call::Query | Call::Update | Call::Delete)
}

/// The ladders that the service documents: how long to wait at least after which failure, and when to give up.
fn keeps_to_ladder(call: Call, reason: RetryReason, attempt: u32, wait: Option<Duration>) -> Check {
    use Call::{Acquire, Create, Query};
    use RetryReason::{NotCompleted, NotFound, ServerError, TimedOut};
    let (ladder, is_last_repeated): (&[u64], bool) = match (call, reason) {
        (Acquire | Create, TimedOut | ServerError) => (&[3_000, 6_000, 9_000], false),
        (Acquire | Create, NotCompleted) => (&[3_000, 6_000], false),
        (Query, NotFound) => (&[5_000, 10_000, 15_000], false),
        (Query, TimedOut | ServerError) => (&[5_000, 10_000, 15_000, 30_000], true),
        _ => return Ok(()),
    };
    let last = ladder.last().filter(|_| is_last_repeated);
    let least = (attempt as usize).checked_sub(1).and_then(|at| ladder.get(at)).or(last);
    match (wait.map(Duration::as_millis), least) {
        (Some(wait), Some(least)) if wait >= *least => Ok(()),
        (None, None) => Ok(()),
        (wait, least) => Err(format!("{call:?} {reason:?} {attempt}: waits {wait:?} ms, not {least:?}")),
    }
}
