//! No state of the core may repeat a call in a tight loop. Between two calls of one kind for one launch there is a delay of
//! the policy, or an event.

use std::collections::{BTreeMap, BTreeSet};

use steadymix::status::Call;
use steadymix::supervisor::Request;

use crate::checks::Check;
use crate::fingerprint::Fingerprint;

/// The shortest delay of the policy, in ms. A Query is also due at the end of a task's start timeout, however soon that is.
fn shortest_delay(call: Call) -> u64 {
    if call == Call::Query { 1 } else { 1_000 }
}

/// Calls of one kind for one launch or task, since the last event or input.
#[derive(Clone, Debug, Default)]
struct Calls {
    /// When the last one was answered or times out.
    over_at: u64,
    /// Calls of a task may be repeated with each builder token.
    paths: BTreeSet<String>,
}

/// All calls since the last event or input.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pace {
    calls: BTreeMap<(String, Call), Calls>,
}

impl Pace {
    /// `whose` is a task id, an instanceId or, for a presence check, its path.
    pub(crate) fn on_send(&mut self, now: u64, whose: &str, request: &Request) -> Check {
        let Request { call, path, timeout, .. } = request;
        let calls = self.calls.entry((whose.to_owned(), *call)).or_default();
        if now >= calls.over_at + shortest_delay(*call) {
            calls.paths.clear();
        }
        calls.over_at = now + timeout.as_millis();
        let is_another_token = matches!(call, Call::Query | Call::Update | Call::Delete);
        let is_new = calls.paths.insert(path.clone());
        if calls.paths.len() > 1 && !is_another_token || !is_new {
            return Err(format!("{call:?} of {whose} is repeated without a delay or an event"));
        }
        Ok(())
    }

    pub(crate) fn on_answer(&mut self, now: u64, whose: &str, call: Call) {
        if let Some(calls) = self.calls.get_mut(&(whose.to_owned(), call)) {
            calls.over_at = now;
        }
    }

    /// An event of this launch or task was emitted.
    pub(crate) fn on_event(&mut self, whose: &str) {
        self.calls.retain(|(other, _), _| other != whose);
    }

    /// An external input arrived: a command, a notification, or a change of the clock.
    pub(crate) fn on_input(&mut self) {
        self.calls.clear();
    }

    pub(crate) fn digest(&self, now: u64, fingerprint: &mut Fingerprint) {
        let is_recent = |call: Call, calls: &Calls| now < calls.over_at + shortest_delay(call);
        for ((whose, call), calls) in self.calls.iter().filter(|((_, call), calls)| is_recent(*call, calls)) {
            fingerprint.text(whose);
            fingerprint.debug(call);
            fingerprint.debug(&calls.paths);
            fingerprint.instant(calls.over_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use steadymix::supervisor::{Output, Supervisor, SupervisorConfig};
    use steadymix::time::WallTime;

    use super::*;
    use crate::incidents;

    /// A request of the core, with another call and path.
    fn request(call: Call, path: &str) -> Request {
        let config = serde_json::json!({
            "appId": "app", "instanceId": "show", "uids": [9000, 9001], "services": incidents::services(300, 2_000),
        });
        let now = WallTime::from_millis(1_767_225_600_000);
        let mut supervisor = Supervisor::new(SupervisorConfig::from_json(&config.to_string()).unwrap(), now);
        loop {
            match supervisor.poll(now) {
                Output::NeedToken(token) => {
                    supervisor.handle(now, steadymix::supervisor::Input::Token(token.id, Ok(None)));
                }
                Output::Send(request) => return Request { call, path: path.to_owned(), ..request },
                _ => {}
            }
        }
    }

    #[test]
    fn a_call_may_be_repeated_after_a_delay_or_an_event() {
        let acquire = request(Call::Acquire, "/builderTokens");
        let mut pace = Pace::default();
        pace.on_send(0, "show-1", &acquire).unwrap();
        pace.on_answer(50, "show-1", Call::Acquire);
        assert!(pace.clone().on_send(1_049, "show-1", &acquire).is_err());
        pace.clone().on_send(1_050, "show-1", &acquire).unwrap();
        pace.on_event("show-2");
        assert!(pace.clone().on_send(60, "show-1", &acquire).is_err(), "an event of another launch");
        pace.on_event("show-1");
        pace.on_send(60, "show-1", &acquire).unwrap();
        assert!(pace.clone().on_send(11_059, "show-1", &acquire).is_err(), "it times out after ten seconds");
        pace.on_send(11_060, "show-1", &acquire).unwrap();
    }

    #[test]
    fn a_task_may_be_queried_once_with_each_token() {
        let query = |token: &str| request(Call::Query, &format!("/tasks/task?builderToken={token}"));
        let mut pace = Pace::default();
        for token in ["a", "b"] {
            pace.on_send(0, "task", &query(token)).unwrap();
            pace.on_answer(10, "task", Call::Query);
        }
        assert!(pace.on_send(10, "task", &query("a")).is_err());
    }
}
