//! Drives a machine and checks the invariants that hold for any input.

use steadymix::notification::Notification;
use steadymix::status::Call;
use steadymix::supervisor::{
    Answer, Input, NoAnswer, Output, PermitRequest, Request, RequestId, SnapshotError,
};
use steadymix::time::{Duration, WallTime};

use crate::fixtures;
use crate::machine::Machine;
use crate::secrets::{Carried, Secrets, credentials};

/// More polls than this at one instant mean that the core spins.
const MAX_POLLS: u32 = 1_000;
/// The longest wait with any settings, including jitter.
const MAX_WAIT: Duration = Duration::from_secs(2 * 3600);
/// A snapshot must stay bounded after any history.
const MAX_SNAPSHOT_BYTES: usize = 200_000;
/// How many requests the driver remembers, answered or not.
const MAX_ASKED: usize = 16;
/// The size of a lane's range of request ids.
const IDS_PER_LANE: u64 = 1 << 40;

/// A request of a machine.
#[derive(Clone, Copy)]
pub(crate) enum Asked {
    Call(RequestId, Call, Carried),
    Token(RequestId),
    Permit(PermitRequest),
}

/// A machine with its simulated environment.
#[derive(Clone)]
pub(crate) struct Driver<M> {
    pub(crate) machine: M,
    pub(crate) secrets: Secrets,
    pub(crate) now: WallTime,
    /// When the machine is polled next; `None` once it is done.
    pub(crate) wake: Option<WallTime>,
    asked: Vec<Asked>,
    tasks: u32,
    is_stopped: bool,
    longest_wait: Duration,
}

impl<M: Machine> Driver<M> {
    pub(crate) fn new(mut machine: M, now: WallTime) -> Self {
        machine.keep_secret(credentials());
        Self {
            machine,
            secrets: Secrets::of_payload(),
            now,
            wake: Some(now),
            asked: Vec::new(),
            tasks: 0,
            is_stopped: false,
            longest_wait: MAX_WAIT,
        }
    }

    /// For machines in an arbitrary state: waits are not limited, and secrets are not searched for.
    pub(crate) fn of_any_state(machine: M, now: WallTime) -> Self {
        Self { longest_wait: Duration::MAX, secrets: Secrets::everywhere(), ..Self::new(machine, now) }
    }

    // ---- time ----------------------------------------------------------------------------------------------------

    /// Lets time pass until the next poll is due.
    pub(crate) fn wait(&mut self) {
        self.now = self.wake.unwrap_or(self.now);
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    // ---- inputs -------------------------------------------------------------------------------------------

    pub(crate) fn hand_in(&mut self, input: Input) {
        self.secrets.search(&format!("{input:?}"));
        self.is_stopped |= matches!(input, Input::Stop);
        self.machine.handle(self.now, input);
    }

    pub(crate) fn notification(&mut self, notification: Notification) {
        self.secrets.publish(&notification.task_id);
        self.hand_in(Input::Notification(notification));
    }

    pub(crate) fn answer(&mut self, id: RequestId, answer: Answer) {
        if let Answer::Http { body, .. } = &answer {
            fixtures::task_name_in(body).iter().for_each(|name| self.secrets.publish(name));
        }
        self.hand_in(Input::Answer(id, answer));
    }

    /// The last request that is still open.
    pub(crate) fn last_asked(&self) -> Option<Asked> {
        self.asked.iter().rev().copied().find(|asked| self.is_open(*asked))
    }

    pub(crate) fn asked(&self) -> &[Asked] {
        &self.asked
    }

    /// Answers like a healthy environment.
    pub(crate) fn serve(&mut self, asked: Asked) {
        match asked {
            Asked::Call(id, call, _) => {
                let answer = self.success(call);
                self.answer(id, answer);
            }
            Asked::Token(id) => {
                let token = self.secrets.give();
                self.hand_in(Input::Token(id, Ok(Some(token))));
            }
            Asked::Permit(request) => self.hand_in(Input::Permit(request, Duration::ZERO)),
        }
    }

    /// The successful answer to this call.
    pub(crate) fn success(&mut self, call: Call) -> Answer {
        let body = match call {
            Call::Acquire => format!(r#"{{"tokenName":"{}"}}"#, self.secrets.give()),
            Call::Create => {
                self.tasks += 1;
                format!(r#"{{"taskId":"task-{}","status":"STARTED"}}"#, self.tasks)
            }
            Call::Query => r#"{"status":"IN_PROGRESS"}"#.to_owned(),
            Call::Presence => fixtures::hosts(&fixtures::UIDS),
            Call::Update | Call::Delete | Call::RtcToken => "{}".to_owned(),
        };
        http(200, body)
    }

    /// Runs for up to `turns` requests and waits in a healthy environment.
    pub(crate) fn serve_for(&mut self, turns: u32) {
        for _ in 0..turns {
            self.settle();
            match self.last_asked() {
                Some(asked) => self.serve(asked),
                None if self.wake.is_none() => return,
                None => self.wait(),
            }
        }
        self.settle();
    }

    pub(crate) fn is_open(&self, asked: Asked) -> bool {
        match asked {
            Asked::Call(id, ..) | Asked::Token(id) => self.machine.awaits(id),
            Asked::Permit(request) => self.machine.awaits_permit(request),
        }
    }

    // ---- outputs ------------------------------------------------------------------------------------------

    /// Polls until the machine waits or is done.
    ///
    /// # Panics
    /// If an invariant is violated.
    pub(crate) fn settle(&mut self) {
        for _ in 0..MAX_POLLS {
            let output = self.machine.poll(self.now);
            if let Output::Emit(event) = &output {
                // The debug text has no other fields, so JSON suffices.
                self.secrets.search(&serde_json::to_string(event).unwrap());
                continue;
            }
            self.secrets.search(&format!("{output:?}"));
            match output {
                Output::Emit(_) => {}
                Output::Send(request) => self.on_send(&request),
                Output::NeedToken(request) => self.on_asked(Asked::Token(request.id)),
                Output::NeedPermit(request) => self.on_asked(Asked::Permit(request)),
                Output::Wait { until, why } => {
                    assert!(
                        until > self.now || until == WallTime::MAX,
                        "the wait for {why:?} is already over"
                    );
                    let takes = until.duration_since(self.now);
                    assert!(takes <= self.longest_wait, "the wait for {why:?} is too long: {takes}");
                    self.wake = Some(until);
                    return;
                }
                Output::Done(_) => {
                    self.wake = None;
                    return;
                }
            }
        }
        panic!("the core spins: {:?}, {:?}", self.machine.poll(self.now), self.machine.poll(self.now));
    }

    fn on_send(&mut self, request: &Request) {
        let starts = matches!(request.call, Call::Acquire | Call::Create);
        assert!(!(self.is_stopped && starts), "{:?} after stop()", request.call);
        let carried =
            Carried::by(&request.path).and(Carried::by(request.body.as_deref().unwrap_or_default()));
        self.on_asked(Asked::Call(request.id, request.call, carried));
    }

    fn on_asked(&mut self, asked: Asked) {
        if let Asked::Call(id, ..) | Asked::Token(id) = asked {
            let lane = |id: RequestId| id.as_u64() / IDS_PER_LANE;
            let is_second = |other: &Asked| match other {
                Asked::Call(other, ..) | Asked::Token(other) => {
                    lane(*other) == lane(id) && *other != id && self.machine.awaits(*other)
                }
                Asked::Permit(_) => false,
            };
            assert!(!self.asked.iter().any(is_second), "two requests in flight in lane {}", lane(id));
        }
        if self.asked.len() >= MAX_ASKED {
            self.asked.remove(0);
        }
        self.asked.push(asked);
    }

    /// Checks a settled machine: another poll changes nothing, and its status contains no secret.
    pub(crate) fn assert_settled(&mut self) {
        self.machine.shown().iter().for_each(|text| self.secrets.search(text));
        let before = self.machine.clone();
        let again = self.machine.poll(self.now);
        let same = match again {
            Output::Wait { until, .. } => self.wake == Some(until),
            Output::Done(_) => self.wake.is_none(),
            _ => false,
        };
        assert!(same && self.machine == before, "a second poll returns {again:?}");
    }

    /// The process dies and resumes from the persisted state. Requests since then are lost.
    pub(crate) fn die(&mut self, persisted: &Self) {
        self.machine = persisted.machine.clone();
        self.asked.clone_from(&persisted.asked);
        self.is_stopped = persisted.is_stopped;
    }

    /// Checks the error of a snapshot that is refused.
    pub(crate) fn refused(error: &SnapshotError) {
        Secrets::all().search(&format!("{error} {error:?}"));
    }

    /// Replaces the machine with one that is restored from its snapshot.
    pub(crate) fn restore(&mut self) {
        let text = self.machine.snapshot();
        assert!(text.len() <= MAX_SNAPSHOT_BYTES, "the snapshot has {} bytes", text.len());
        let mut restored = M::restore(&text).unwrap();
        restored.keep_secret(credentials());
        assert!(restored == self.machine, "the restored machine differs from the original");
        self.machine = restored;
    }
}

pub(crate) fn http(status: u16, body: String) -> Answer {
    Answer::Http { status, retry_after: None, date: None, request_id: None, resource_id: None, body }
}

pub(crate) const NOTHING: [NoAnswer; 6] = [
    NoAnswer::Dns,
    NoAnswer::Unreachable,
    NoAnswer::TimedOut,
    NoAnswer::Unknown,
    NoAnswer::NotSent,
    NoAnswer::NotPersisted,
];
