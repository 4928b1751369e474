//! The invariants, checked against what was sent, what came back, and what was told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;
use steadymix::redundancy::GroupStatus;
use steadymix::supervisor::{Event, EventCall, EventKind, Request};

/// The service's own rules.
const CREATE_WINDOW: u64 = 2_000;
const TOKEN_LIFETIME: u64 = 300_000;
const MOST_CALLS_A_SECOND: usize = 10;

struct Token {
    instance_id: String,
    received: u64,
    sent: bool,
    /// The process's clock was set back since: it cannot know how old this is.
    age_is_lost: bool,
}

/// A request that was sent.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) call: EventCall,
    pub(crate) path: String,
    /// The instanceId that it is about.
    pub(crate) instance: Option<String>,
}

/// What has been seen of the process under test.
#[derive(Default)]
pub(crate) struct Checks {
    tokens: BTreeMap<String, Token>,
    calls: VecDeque<u64>,
    sequence_ids: BTreeMap<String, u64>,
    /// Instances whose task the process knows: no Create may follow.
    pub(crate) learnt: BTreeMap<String, String>,
    /// Builder tokens whose Create was answered with a task.
    named: BTreeMap<String, String>,
    /// Instances whose Create was refused.
    closed: BTreeSet<String>,
    /// Not to be called before.
    earliest: BTreeMap<(String, EventCall), u64>,
    /// TaskIds and instanceIds that the operator was told of.
    pub(crate) left_behind: BTreeSet<String>,
    settled: BTreeSet<String>,
    handed_out: BTreeSet<String>,
    stopping: bool,
}

pub(crate) type Check = Result<(), String>;

impl Checks {
    /// The instanceId that a request is about.
    pub(crate) fn instance_of(
        &self,
        request: &Request,
        instance_of_task: impl Fn(&str) -> Option<String>,
    ) -> Option<String> {
        match request.call {
            EventCall::Acquire => {
                let body: Value = serde_json::from_str(request.body.as_deref()?).ok()?;
                Some(body["instanceId"].as_str()?.to_owned())
            }
            EventCall::Create => {
                self.tokens.get(&builder_token(&request.path)).map(|token| token.instance_id.clone())
            }
            EventCall::Query | EventCall::Update | EventCall::Delete => {
                instance_of_task(&task_id(&request.path))
            }
            EventCall::Presence | EventCall::RtcToken => None,
        }
    }

    pub(crate) fn on_send(&mut self, now: u64, request: &Request, instance: Option<&str>) -> Check {
        if request.call != EventCall::Presence {
            while self.calls.front().is_some_and(|at| at + 1_000 <= now) {
                self.calls.pop_front();
            }
            self.calls.push_back(now);
            if self.calls.len() > MOST_CALLS_A_SECOND {
                return Err(format!("{} calls within one second", self.calls.len()));
            }
        }
        if let Some(instance) = instance {
            let key = (instance.to_owned(), request.call);
            if let Some(earliest) = self.earliest.get(&key).filter(|earliest| now < **earliest) {
                return Err(format!(
                    "{:?} of {instance} {} ms before its wait is over",
                    request.call,
                    earliest - now
                ));
            }
            self.earliest.retain(|(of, call), _| {
                of != instance || *call == EventCall::Update || *call == request.call
            });
        }
        match request.call {
            EventCall::Create => self.on_create(now, &builder_token(&request.path)),
            EventCall::Update => {
                let sequence_id: u64 =
                    parameter(&request.path, "sequenceId").parse().map_err(|_| "no sequenceId")?;
                match self.sequence_ids.insert(task_id(&request.path), sequence_id) {
                    Some(last) if last >= sequence_id => {
                        Err(format!("sequenceId {sequence_id} after {last}"))
                    }
                    _ => Ok(()),
                }
            }
            EventCall::Acquire if self.stopping => Err("an Acquire after stop".to_owned()),
            _ => Ok(()),
        }
    }

    /// A Create is handed out. Should the process die now, it cannot know whether it left.
    pub(crate) fn on_hand_out(&mut self, request: &Request) {
        if request.call == EventCall::Create {
            self.handed_out.insert(builder_token(&request.path));
        }
    }

    fn on_create(&mut self, now: u64, name: &str) -> Check {
        let Some(token) = self.tokens.get_mut(name) else {
            return Err("Create with an unknown builder token".to_owned());
        };
        let age = now - token.received;
        if self.stopping {
            return Err("a Create after stop".to_owned());
        }
        let first = !std::mem::replace(&mut token.sent, true);
        if first && age > CREATE_WINDOW && !token.age_is_lost {
            return Err(format!("the first Create {age} ms after its Acquire"));
        }
        if age >= TOKEN_LIFETIME && !token.age_is_lost {
            return Err(format!("a builder token of {age} ms"));
        }
        if let Some(task) = self.named.get(name) {
            return Err(format!("a Create with the token that started {task}"));
        }
        let known = self.learnt.get(&token.instance_id);
        if let Some(task) = known.filter(|task| !self.settled.contains(*task)) {
            return Err(format!("a Create of {} after {task} was learnt", token.instance_id));
        }
        if self.closed.contains(&token.instance_id) {
            return Err(format!("a Create of {} after it was refused", token.instance_id));
        }
        Ok(())
    }

    /// A reply reached the process in time, or late.
    pub(crate) fn on_reply(&mut self, now: u64, sent: &Sent, status: u16, body: &str, late: bool) {
        let json: Value = serde_json::from_str(body).unwrap_or_default();
        let ok = (200..300).contains(&status);
        match sent.call {
            EventCall::Acquire if status == 200 && !late => {
                if let (Some(name), Some(instance_id)) = (json["tokenName"].as_str(), sent.instance.clone()) {
                    self.tokens.insert(
                        name.to_owned(),
                        Token { instance_id, received: now, sent: false, age_is_lost: false },
                    );
                }
            }
            EventCall::Create => {
                let instance =
                    self.tokens.get(&builder_token(&sent.path)).map(|token| token.instance_id.clone());
                let Some(instance) = instance else { return };
                if let (true, Some(task)) = (ok && status != 206, json["taskId"].as_str()) {
                    self.named.insert(builder_token(&sent.path), task.to_owned());
                    self.learnt.entry(instance).or_insert(task.to_owned());
                } else if (400..500).contains(&status) && status != 409 && status != 429 && !late {
                    self.closed.insert(instance);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn on_event(&mut self, now: u64, event: &Event) -> Check {
        let text = serde_json::to_string(event).map_err(|error| error.to_string())?;
        if ["builder-", "secret"].iter().any(|secret| text.contains(secret)) {
            return Err(format!("a secret in {text}"));
        }
        match &event.kind {
            EventKind::Retrying { call, wait_ms: Some(wait), .. } => {
                if let Some(instance) = &event.instance_id {
                    self.earliest.insert((instance.clone(), *call), now + wait.as_u64());
                }
            }
            EventKind::LeftBehind { .. } => {
                self.left_behind.extend(event.task_id.clone());
                self.left_behind.extend(event.instance_id.clone());
            }
            EventKind::Ended { .. } | EventKind::Removed => self.settled.extend(event.task_id.clone()),
            _ => {}
        }
        Ok(())
    }

    /// Every task that the process was told of is adopted, being stopped, gone, or reported as left behind.
    pub(crate) fn accounts(&self, status: &GroupStatus) -> Check {
        let known: BTreeSet<&str> = status
            .lanes
            .iter()
            .flat_map(|lane| &lane.tasks)
            .filter_map(|task| task.task_id.as_deref())
            .collect();
        for task in self.learnt.values() {
            if !known.contains(task.as_str())
                && !self.settled.contains(task)
                && !self.left_behind.contains(task)
            {
                return Err(format!("{task} was learnt, and nobody accounts for it"));
            }
        }
        Ok(())
    }

    pub(crate) fn on_stop(&mut self) {
        self.stopping = true;
    }

    /// The process forgets what it had not persisted.
    pub(crate) fn on_crash(&mut self) {
        self.take_handed_out_for_sent();
        self.learnt.clear();
        self.named.clear();
        self.closed.clear();
        self.earliest.clear();
    }

    fn take_handed_out_for_sent(&mut self) {
        for name in std::mem::take(&mut self.handed_out) {
            if let Some(token) = self.tokens.get_mut(&name) {
                token.sent = true;
            }
        }
    }

    /// Waits of the process's clock are not those of the world any more.
    pub(crate) fn on_clock_set(&mut self, back: bool) {
        self.take_handed_out_for_sent();
        self.earliest.clear();
        self.tokens.values_mut().for_each(|token| token.age_is_lost |= back);
    }
}

fn parameter(path: &str, name: &str) -> String {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let value = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
    value.map_or_else(String::new, |(_, value)| value.to_owned())
}

pub(crate) fn builder_token(path: &str) -> String {
    parameter(path, "builderToken")
}

fn task_id(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}
