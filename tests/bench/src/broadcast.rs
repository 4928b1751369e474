//! A broadcast whose calls all succeed at once.

use serde_json::json;
use steadymix::status::Call;
use steadymix::supervisor::{Answer, Input, Output, Request, Supervisor, SupervisorConfig};
use steadymix::time::WallTime;

pub(crate) const START: u64 = 1_767_225_600_000;

const RUNS: &str = r#"{"taskId":"task-1-44700b80","createTs":1767225600,"status":"IN_PROGRESS",
    "services":{"cloudTranscoder":{"serviceType":"cloudTranscoderV2","status":"serviceInProgress"}}}"#;

pub(crate) struct Broadcast {
    supervisor: Supervisor,
    /// When its next step is due, in ms.
    pub(crate) due: u64,
    under_way: Option<Request>,
}

impl Broadcast {
    /// A broadcast that begins at [`START`].
    pub(crate) fn new() -> Self {
        let services = json!({ "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
            "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 0 } }],
            "outputs": [{ "rtc": { "rtcChannel": "show" } }],
        } } } });
        let config =
            json!({ "appId": "app", "instanceId": "show", "uids": [9001, 9002], "services": services });
        match SupervisorConfig::from_json(&config.to_string()) {
            Ok(config) => {
                let supervisor = Supervisor::new(config, WallTime::from_millis(START));
                Self { supervisor, due: START, under_way: None }
            }
            Err(invalid) => unreachable!("{invalid}"),
        }
    }

    /// A broadcast with a running task.
    pub(crate) fn running() -> Self {
        let mut broadcast = Self::new();
        broadcast.run_until(START + 3_600_000);
        broadcast
    }

    /// Runs until `end` (ms) and returns the number of steps.
    pub(crate) fn run_until(&mut self, end: u64) -> u64 {
        let mut steps = 0;
        while self.due < end {
            self.step();
            steps += 1;
        }
        steps
    }

    /// One poll or one answer.
    pub(crate) fn step(&mut self) {
        let now = WallTime::from_millis(self.due);
        if let Some(request) = self.under_way.take() {
            let body = if request.call == Call::Acquire { r#"{"tokenName":"token"}"# } else { RUNS };
            let answer = Answer::Http {
                status: 200,
                retry_after: None,
                date: None,
                request_id: None,
                resource_id: None,
                body: body.to_owned(),
            };
            self.supervisor.handle(now, Input::Answer(request.id, answer));
            return;
        }
        match self.supervisor.poll(now) {
            Output::Send(request) => self.under_way = Some(request),
            Output::NeedToken(request) => {
                self.supervisor.handle(now, Input::Token(request.id, Ok(None)));
            }
            Output::Wait { until, .. } => self.due = until.as_millis(),
            Output::Emit(_) | Output::NeedPermit(_) | Output::Done(_) => {}
        }
    }

    pub(crate) fn snapshot_bytes(&self) -> usize {
        self.supervisor.snapshot().len()
    }
}
