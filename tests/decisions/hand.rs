//! A supervisor whose calls are answered by hand.

use serde_json::{Value, json};
use steadymix::notification::{self, Notification};
use steadymix::status::Call;
use steadymix::supervisor::{
    Answer, EventKind, Input, LaneState, NoAnswer, Outcome, Output, Request, Supervisor, SupervisorConfig,
};
use steadymix::time::WallTime;

pub(crate) const START: u64 = 1_767_225_600_000;

/// A payload, distinguished by the uid of its input, which an Update can change.
pub(crate) fn services(input: u64) -> Value {
    json!({ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
        "idleTimeout": 300,
        "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": input } }],
        "outputs": [{ "rtc": { "rtcChannel": "show" } }],
    } } } })
}

/// A supervisor whose calls are answered by hand.
pub(crate) struct Hand {
    pub(crate) supervisor: Supervisor,
    pub(crate) now: u64,
    pub(crate) events: Vec<EventKind>,
}

impl Hand {
    pub(crate) fn new(settings: Value) -> Self {
        let mut config =
            json!({ "appId": "app", "instanceId": "show", "uids": [1, 2], "services": services(300) });
        for (name, value) in settings.as_object().unwrap() {
            config[name] = value.clone();
        }
        let config = SupervisorConfig::from_json(&config.to_string()).unwrap();
        Self {
            supervisor: Supervisor::new(config, WallTime::from_millis(START)),
            now: START,
            events: Vec::new(),
        }
    }

    pub(crate) fn wall(&self) -> WallTime {
        WallTime::from_millis(self.now)
    }

    pub(crate) fn handle(&mut self, input: Input) -> bool {
        self.supervisor.handle(self.wall(), input)
    }

    pub(crate) fn since_start(&self) -> u64 {
        (self.now - START) / 1000
    }

    /// The next call, at any time; payloads keep their tokens.
    pub(crate) fn call(&mut self) -> Request {
        match self.next(u64::MAX) {
            Ok(request) => request,
            Err(outcome) => panic!("{outcome:?} instead of a call, after {:?}", self.events),
        }
    }

    /// The next call within this many seconds, or the outcome if it ended.
    pub(crate) fn next(&mut self, seconds: u64) -> Result<Request, Option<Outcome>> {
        let until = self.now.saturating_add(seconds.saturating_mul(1000));
        loop {
            match self.supervisor.poll(self.wall()) {
                Output::Emit(event) => self.events.push(event.kind),
                Output::Send(request) => return Ok(request),
                Output::NeedToken(request) => {
                    self.handle(Input::Token(request.id, Ok(None)));
                }
                Output::NeedPermit(request) => panic!("{request:?}, although the quota is not shared"),
                Output::Wait { until: next, .. } if next.as_millis() > until => {
                    self.now = until;
                    return Err(None);
                }
                Output::Wait { until: next, .. } => self.now = next.as_millis(),
                Output::Done(outcome) => return Err(Some(outcome)),
            }
        }
    }

    pub(crate) fn expect(&mut self, call: Call) -> Request {
        let request = self.call();
        assert_eq!(request.call, call, "after {:?}", self.events);
        request
    }

    pub(crate) fn done(&mut self) -> Outcome {
        match self.next(u64::MAX) {
            Err(Some(outcome)) => outcome,
            other => panic!("{other:?} instead of an end"),
        }
    }

    pub(crate) fn answer(&mut self, request: &Request, status: u16, body: Value) {
        self.answer_after(request, status, body, None);
    }

    pub(crate) fn answer_after(
        &mut self,
        request: &Request,
        status: u16,
        body: Value,
        retry_after: Option<&str>,
    ) {
        let mut answer = http(status, &body.to_string());
        if let Answer::Http { retry_after: header, .. } = &mut answer {
            *header = retry_after.map(str::to_owned);
        }
        self.hand_in(request, answer);
    }

    pub(crate) fn hand_in(&mut self, request: &Request, answer: Answer) {
        self.handle(Input::Answer(request.id, answer));
    }

    pub(crate) fn nothing(&mut self, request: &Request, why: NoAnswer) {
        self.handle(Input::Answer(request.id, Answer::Nothing(why)));
    }

    /// Answers Acquire and returns the Create that follows.
    pub(crate) fn create(&mut self) -> Request {
        let acquire = self.expect(Call::Acquire);
        self.answer(&acquire, 200, json!({ "tokenName": format!("token-{}", self.now) }));
        self.expect(Call::Create)
    }

    pub(crate) fn query(&mut self, status: &str, service: &str) -> Request {
        let query = self.expect(Call::Query);
        self.answer(&query, 200, task(status, service));
        query
    }

    /// Under each uid, a Create that may have started a task, and whose retry is refused.
    pub(crate) fn refused_after_all(&mut self) {
        for uid in [1, 2] {
            let create = self.create();
            assert_eq!(output_uid(&create), uid);
            self.answer(&create, 206, json!({}));
            let again = self.expect(Call::Create);
            self.answer(&again, 400, json!({}));
        }
    }

    /// A running task.
    pub(crate) fn running(&mut self, id: &str) {
        let create = self.create();
        self.answer(&create, 200, json!({ "taskId": id, "status": "STARTED" }));
        self.query("IN_PROGRESS", "serviceInProgress");
        assert_eq!(self.supervisor.status().state, LaneState::Running);
        self.last();
    }

    /// The last event, after all were emitted.
    pub(crate) fn last(&mut self) -> EventKind {
        while let Output::Emit(event) = self.supervisor.poll(self.wall()) {
            self.events.push(event.kind);
        }
        self.events.last().unwrap().clone()
    }

    pub(crate) fn notification(&mut self, event_type: u16, task_id: &str, instance_id: &str) -> bool {
        let notification = a_notification(event_type, task_id, instance_id);
        self.handle(Input::Notification(notification))
    }

    pub(crate) fn uids(&self) -> Vec<u32> {
        self.supervisor.status().tasks.iter().map(|task| task.uid).collect()
    }

    pub(crate) fn launches(&self) -> usize {
        self.events.iter().filter(|kind| matches!(kind, EventKind::Launching { .. })).count()
    }
}

pub(crate) fn http(status: u16, body: &str) -> Answer {
    let request_id = Some("req".to_owned());
    Answer::Http {
        status,
        retry_after: None,
        date: None,
        request_id,
        resource_id: None,
        body: body.to_owned(),
    }
}

pub(crate) fn task(status: &str, service: &str) -> Value {
    json!({ "status": status, "services": { "cloudTranscoder": { "status": service } } })
}

pub(crate) fn a_notification(event_type: u16, task_id: &str, instance_id: &str) -> Notification {
    let body = json!({ "noticeId": "n", "productId": 1, "eventType": event_type, "notifyMs": 1, "payload": {
        "taskId": task_id, "instanceId": instance_id, "sequence": 1, "sendts": 1, "details": {} } });
    notification::parse(body.to_string().as_bytes()).unwrap()
}

pub(crate) fn output_uid(request: &Request) -> u64 {
    let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
    body.pointer("/services/cloudTranscoder/config/transcoder/outputs/0/rtc/rtcUid")
        .unwrap()
        .as_u64()
        .unwrap()
}
