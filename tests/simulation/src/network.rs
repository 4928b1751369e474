//! The network between processes and the service: calls, answers and notifications can be late, doubled or lost.

use serde_json::Value;
use steadymix::notification;
use steadymix::status::Call;
use steadymix::supervisor::{Answer, Input, NoAnswer, PermitRequest, Request, RequestId};
use steadymix::time::Duration;
use steadymix_emulator::{Delivery, Reply, Silence};

use crate::checks::{Check, HEADER, Sent};
use crate::process::Process;
use crate::wire;
use crate::world::World;

/// A message on its way to a process.
pub(crate) enum Coming {
    Answer {
        id: RequestId,
        sent: Sent,
        answer: Answer,
    },
    Token {
        id: RequestId,
        token: Result<Option<String>, ()>,
    },
    Permit {
        request: PermitRequest,
        wait: Duration,
    },
    /// The snapshot that this request waited for is written.
    Persisted(Request),
}

pub(crate) struct Arrival {
    pub(crate) at: u64,
    /// Orders messages that arrive at the same time.
    number: u64,
    pub(crate) process: u32,
    what: Coming,
}

/// The error message of a proxy that echoes the whole request, in one of several encodings.
fn echo_of(request: &Request) -> String {
    let Request { method, path, body, .. } = request;
    let authorization = match request.id.as_u64() % 4 {
        0 => format!("Authorization: Basic {HEADER}"),
        1 => format!(
            "authorization%3A+{}",
            HEADER.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>()
        ),
        2 => HEADER.to_uppercase(),
        _ => "customer-of-us:its-secret-5678".to_owned(),
    };
    format!("{authorization} of {method} {path} {}", body.as_deref().unwrap_or_default())
}

/// An error body whose message is replaced.
fn echoed(body: &str, message: &str) -> String {
    match serde_json::from_str(body) {
        Ok(Value::Object(mut fields)) if fields.contains_key("message") => {
            fields.insert("message".to_owned(), Value::from(message));
            Value::Object(fields).to_string()
        }
        _ => body.to_owned(),
    }
}

impl World {
    /// Delivers a message to a process after `takes` ms.
    pub(crate) fn come(&mut self, process: u32, takes: u64, what: Coming) {
        self.number += 1;
        self.coming.push(Arrival { at: self.now + takes, number: self.number, process, what });
    }

    /// Hands all due messages to their processes.
    pub(crate) fn arrive(&mut self) -> Check {
        loop {
            let due = self.coming.iter().enumerate().filter(|(_, coming)| coming.at <= self.now);
            let Some((i, _)) = due.min_by_key(|(_, coming)| (coming.at, coming.number)) else {
                return Ok(());
            };
            let Arrival { process, what, .. } = self.coming.swap_remove(i);
            let Some(at) = self.processes.iter().position(|other| other.number == process) else { continue };
            match what {
                Coming::Answer { id, sent, answer } => self.answer(at, id, &sent, answer),
                Coming::Token { id, token } => drop(self.hand_in(at, Input::Token(id, token))),
                Coming::Permit { request, wait } => drop(self.hand_in(at, Input::Permit(request, wait))),
                Coming::Persisted(request) => self.persisted_at_last(at, request)?,
            }
        }
    }

    fn persisted_at_last(&mut self, at: usize, request: Request) -> Check {
        let wall = self.wall();
        let too_late = request.send_before.is_some_and(|latest| wall > latest);
        if too_late || !self.processes[at].group.awaits(request.id) {
            if too_late {
                self.reach("a builder token too old for its first create");
            }
            self.not_sent(at, &request, 0);
            return Ok(());
        }
        self.send(at, request)
    }

    /// Reports to the process after `takes` ms that its request was not sent.
    pub(crate) fn not_sent(&mut self, at: usize, request: &Request, takes: u64) {
        let Process { number, model, .. } = &self.processes[at];
        let (number, instance) = (*number, model.instance_of(request));
        let sent = Sent { call: request.call, path: request.path.clone(), instance, mono: model.mono() };
        let answer = Answer::Nothing(NoAnswer::NotSent);
        self.come(number, takes, Coming::Answer { id: request.id, sent, answer });
    }

    pub(crate) fn send(&mut self, at: usize, request: Request) -> Check {
        let overlap = self.now < self.overlapped_until && self.shared_quota.is_none();
        self.checks.on_send(self.now, &request, if overlap { 2 } else { 1 })?;
        let process = &mut self.processes[at];
        let number = process.number;
        let instance = process.model.instance_of(&request);
        let kept = process.model.on_send(self.now, &request, instance.as_deref());
        // A process that was replaced may act on outdated knowledge. It cannot persist anything.
        if process.ends_at.is_none() {
            kept?;
        }
        let mono = process.model.mono();
        self.note(|| {
            let path = request.path.split("/cloud-transcoder").last().unwrap_or_default();
            let instance = instance.as_deref().unwrap_or("-");
            format!("  > {:?} {} {path} ({instance})", request.call, request.domain)
        });
        let echo = echo_of(&request);
        let call = steadymix_emulator::Call {
            domain: request.domain.clone(),
            method: request.method.to_owned(),
            path: request.path.clone(),
            authorization: Some(wire::AUTHORIZATION.to_owned()),
            body: request.body.unwrap_or_default(),
        };
        let reply = self.emulator.handle(self.now, &call);
        let is_create = request.call == Call::Create;
        let reply = self.misnamed(at, is_create, instance.as_deref(), reply);
        let sent = Sent { call: request.call, path: request.path, instance, mono };
        let id = request.id;
        match reply {
            Reply::Answer { delay_ms, status, headers, body } => {
                let header =
                    |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
                let answer = Answer::Http {
                    status,
                    retry_after: header("retry-after"),
                    date: header("date"),
                    request_id: header("x-request-id"),
                    resource_id: header("x-resource-id"),
                    body: if status < 300 { body } else { echoed(&body, &echo) },
                };
                if self.plan.mishaps.doubles && self.chance.percent(2) {
                    let again = self.chance.between(1, 5_000);
                    let twice = Coming::Answer { id, sent: sent.clone(), answer: answer.clone() };
                    self.come(number, delay_ms + again, twice);
                    self.reach("an answer that came twice");
                }
                self.come(number, delay_ms, Coming::Answer { id, sent, answer });
            }
            Reply::Nothing { why } => {
                if is_create && why == Silence::Lost {
                    let instance = sent.instance.as_deref().unwrap_or_default();
                    let live = self.emulator.tasks().any(|task| task.live && task.instance_id == instance);
                    self.reach(if live {
                        "create carried out, answer lost"
                    } else {
                        "create lost, or carried out late"
                    });
                }
                let (takes, why) = match why {
                    // The driver's timeout ends a lost call.
                    Silence::Lost => (request.timeout.as_millis() * 3, NoAnswer::TimedOut),
                    // Browsers and Workers do not report the cause.
                    Silence::Dns => (30, self.chance.one(&[NoAnswer::Dns, NoAnswer::Unknown])),
                    Silence::Refused => (30, self.chance.one(&[NoAnswer::Unreachable, NoAnswer::Unknown])),
                };
                self.come(number, takes, Coming::Answer { id, sent, answer: Answer::Nothing(why) });
            }
        }
        if self.plan.mishaps.crashes && self.is_faulty() && self.chance.between(0, 999) < 3 {
            self.crash(500);
        }
        Ok(())
    }

    /// Sometimes answers a Create with the task of another one. The process can know that it is wrong.
    fn misnamed(&mut self, at: usize, is_create: bool, instance: Option<&str>, reply: Reply) -> Reply {
        let other = self.processes[at].model.task_of_another_create(instance.unwrap_or_default());
        let may_be = is_create && self.is_faulty() && self.plan.mishaps.misnames;
        let Some(task) = other.filter(|_| may_be && self.chance.percent(3)) else { return reply };
        let Reply::Answer { delay_ms, headers, .. } = reply else { return reply };
        self.reach("create answered with a task of another create");
        let status = self.chance.one(&[200, 200, 201, 202, 409]);
        let body = serde_json::json!({ "taskId": task, "status": "STARTED" }).to_string();
        Reply::Answer { delay_ms, status, headers, body }
    }

    fn answer(&mut self, at: usize, id: RequestId, sent: &Sent, answer: Answer) {
        let late = !self.processes[at].group.awaits(id);
        self.note(|| match &answer {
            Answer::Http { status, body, .. } => {
                format!("  < {:?} {status} {body}{}", sent.call, if late { " (late)" } else { "" })
            }
            Answer::Nothing(why) => format!("  < {:?} nothing: {why:?}", sent.call),
        });
        if let (Answer::Http { status, retry_after, body, .. }, Some(instance)) = (&answer, &sent.instance) {
            self.places_of_answer(sent, instance, *status, retry_after.is_some(), body, late);
        }
        self.processes[at].model.on_answer(self.now, sent, &answer, late);
        if let (Call::Create, Some(instance)) = (sent.call, &sent.instance) {
            let unknown = match &answer {
                Answer::Http { status, .. } => *status == 206 || *status >= 500,
                Answer::Nothing(why) => *why != NoAnswer::NotSent,
            };
            *self.unknown_creates.entry(instance.clone()).or_default() += u32::from(unknown);
        }
        self.hand_in(at, Input::Answer(id, answer));
    }

    fn places_of_answer(
        &mut self,
        sent: &Sent,
        instance: &str,
        status: u16,
        retry_after: bool,
        body: &str,
        late: bool,
    ) {
        let name = format!("{:?}", sent.call).to_lowercase();
        if serde_json::from_str::<Value>(body).is_err() && !body.is_empty() {
            self.reach("a body cut off");
        }
        if status == 429 {
            self.reach(if retry_after { "429 with Retry-After" } else { "429 without Retry-After" });
        }
        if late {
            if sent.call == Call::Create && status == 200 {
                self.reach("a late answer to a create");
            }
            return;
        }
        if status == 200 {
            let key = (instance.to_owned(), sent.call);
            if let Some(failures) = self.failures.remove(&key).filter(|failures| *failures > 0) {
                let s = if failures == 1 { "" } else { "s" };
                self.reach(&format!("{name} answered after {failures} failure{s}"));
            }
        }
        if sent.call == Call::Create {
            let unknown = self.unknown_creates.get(instance).is_some_and(|count| *count > 0);
            if status == 200 && !body.contains("taskId") {
                self.reach("create answered without a taskId");
            }
            if unknown && (status == 409 || status == 201) {
                self.reach(&format!("create answered {status} after an unknown outcome"));
            }
        }
    }

    /// Delivers a notification to one of the processes.
    pub(crate) fn deliver(&mut self, delivery: &Delivery) -> Check {
        notification::verify(
            b"notification-secret",
            delivery.body.as_bytes(),
            Some(&delivery.signature),
            Some(&delivery.signature_v2),
        )
        .map_err(|error| error.to_string())?;
        let notification =
            notification::parse(delivery.body.as_bytes()).map_err(|error| error.to_string())?;
        let instance_id = notification.instance_id.as_deref().unwrap_or("?");
        self.note(|| format!("  * {:?} {} of {instance_id}", notification.kind, notification.task_id));
        let event_type =
            serde_json::from_str::<Value>(&delivery.body).unwrap_or_default()["eventType"].as_u64();
        let seen = self.notifications.entry(notification.task_id.clone()).or_default();
        let (first_110, twice) =
            (!seen.contains(&110), event_type.is_some_and(|kind| kind != 112 && seen.contains(&kind)));
        if !twice {
            seen.extend(event_type);
        }
        if event_type == Some(111) && first_110 {
            self.reach("111 before 110");
        }
        if twice {
            self.reach("a notification twice");
        }
        if self.processes.is_empty() {
            return Ok(());
        }
        let at = self.chance.between(0, self.processes.len() as u64 - 1) as usize;
        if event_type == Some(110) && !self.processes[at].model.knows_task(&notification.task_id) {
            self.reach("110 before the answer to its create");
        }
        self.processes[at].model.on_notification(&notification);
        self.hand_in(at, Input::Notification(notification));
        Ok(())
    }
}
