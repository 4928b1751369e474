//! A minimal service for one output: it carries out every call correctly.

use serde_json::json;
use steadymix::status::Call;
use steadymix::supervisor::{Answer, Request};

use crate::fingerprint::Fingerprint;
use crate::model::TOKEN_LIFETIME;
use crate::wire;

/// The instanceId of another process's task.
const INTRUDER: &str = "intruder";

#[derive(Clone)]
struct Token {
    name: String,
    instance: String,
    uid: u32,
    acquired: u64,
    /// It has started a task.
    is_used: bool,
}

#[derive(Clone)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) instance: String,
    pub(crate) uid: u32,
    pub(crate) is_live: bool,
}

impl Task {
    /// Whether another process started it.
    pub(crate) fn is_foreign(&self) -> bool {
        self.instance == INTRUDER
    }
}

/// The service's builder tokens and tasks.
#[derive(Clone, Default)]
pub(crate) struct Service {
    /// Numbers of token and task names start after this one.
    first_number: usize,
    tokens: Vec<Token>,
    tasks: Vec<Task>,
}

impl Service {
    /// A service without any earlier token or task. Its names do not collide with earlier ones.
    pub(crate) fn forgetful() -> Self {
        Self { first_number: 1_000, ..Self::default() }
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.is_live)
    }

    pub(crate) fn last_dead(&self) -> Option<&Task> {
        self.tasks.iter().rfind(|task| !task.is_live)
    }

    /// Kills the youngest live task.
    pub(crate) fn kill(&mut self) {
        if let Some(task) = self.tasks.iter_mut().rfind(|task| task.is_live) {
            task.is_live = false;
        }
    }

    /// Starts a task of another process under this uid.
    pub(crate) fn intrude(&mut self, uid: u32) {
        self.tasks.push(Task { id: INTRUDER.to_owned(), instance: INTRUDER.to_owned(), uid, is_live: true });
    }

    /// Carries out a call and answers it.
    ///
    /// # Errors
    /// Two live tasks under one uid, the central invariant.
    pub(crate) fn perform(&mut self, now: u64, request: &Request) -> Result<Answer, String> {
        match request.call {
            Call::Acquire => Ok(self.acquire(now, request.body.as_deref().unwrap_or_default())),
            Call::Create => self.create(now, &wire::builder_token(&request.path)),
            Call::Query | Call::Update => Ok(self.shown(&wire::task_id(&request.path))),
            Call::Delete => Ok(self.delete(&wire::task_id(&request.path))),
            Call::Presence | Call::RtcToken => {
                let uids: Vec<u32> = self.live().map(|task| task.uid).collect();
                let data = json!({ "channel_exist": true, "mode": 2, "broadcasters": uids });
                Ok(answer(200, &json!({ "success": true, "data": data })))
            }
        }
    }

    fn acquire(&mut self, now: u64, body: &str) -> Answer {
        let (Some(instance), Some(uid)) = (wire::instance_id(body), wire::output_uid(body)) else {
            return answer(400, &json!({ "message": "invalid" }));
        };
        let name = format!("builder-{}", self.first_number + self.tokens.len() + 1);
        let reply = json!({ "createTs": now / 1000, "instanceId": instance, "tokenName": name });
        self.tokens.push(Token { name, instance, uid, acquired: now, is_used: false });
        answer(200, &reply)
    }

    fn create(&mut self, now: u64, name: &str) -> Result<Answer, String> {
        let Some(token) = self.tokens.iter_mut().find(|token| token.name == name) else {
            return Ok(answer(400, &json!({ "message": "no such builderToken" })));
        };
        if self.tasks.iter().any(|task| task.is_live && task.instance == token.instance) {
            return Ok(answer(409, &json!({ "message": "a task with the same instanceId exists" })));
        }
        if token.is_used || now >= token.acquired + TOKEN_LIFETIME {
            return Ok(answer(400, &json!({ "message": "this builderToken is used or has expired" })));
        }
        token.is_used = true;
        let (instance, uid) = (token.instance.clone(), token.uid);
        if let Some(older) = self.live().find(|task| task.uid == uid) {
            return Err(format!("two live tasks on uid {uid}: {} and one of {instance}", older.id));
        }
        let id = format!("task-{}", self.first_number + self.tasks.len() + 1);
        self.tasks.push(Task { id: id.clone(), instance, uid, is_live: true });
        Ok(self.shown(&id))
    }

    fn shown(&self, id: &str) -> Answer {
        if !self.live().any(|task| task.id == id) {
            return answer(404, &json!({ "message": "no such task" }));
        }
        let services = json!({ "cloudTranscoder": { "status": "serviceInProgress" } });
        answer(200, &json!({ "taskId": id, "status": "IN_PROGRESS", "services": services }))
    }

    fn delete(&mut self, id: &str) -> Answer {
        match self.tasks.iter_mut().find(|task| task.is_live && task.id == id) {
            Some(task) => {
                task.is_live = false;
                answer(200, &json!({ "taskId": id, "status": "STOPPING" }))
            }
            None => answer(404, &json!({ "message": "no such task" })),
        }
    }

    /// Digests everything that later calls may depend on.
    pub(crate) fn digest(&self, now: u64, fingerprint: &mut Fingerprint) {
        for task in self.live() {
            fingerprint.text(&task.id);
            fingerprint.text(&task.instance);
        }
        let is_good = |token: &&Token| !token.is_used && now < token.acquired + TOKEN_LIFETIME;
        for token in self.tokens.iter().filter(is_good) {
            fingerprint.text(&token.name);
            fingerprint.text(&token.instance);
            fingerprint.instant(token.acquired);
        }
    }
}

pub(crate) fn answer(status: u16, body: &serde_json::Value) -> Answer {
    Answer::Http {
        status,
        retry_after: None,
        date: None,
        request_id: None,
        resource_id: None,
        body: body.to_string(),
    }
}
