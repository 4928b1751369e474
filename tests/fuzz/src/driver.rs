//! Drives a machine, and checks the rules that hold whatever comes in.

use steadymix::notification::Notification;
use steadymix::status::Call;
use steadymix::supervisor::{
    Answer, Input, NoAnswer, Output, PermitRequest, Request, RequestId, SnapshotError,
};
use steadymix::time::{Duration, WallTime};

use crate::machine::Machine;
use crate::material;
use crate::secrets::{Carried, Secrets, credentials};

/// More polls than these without time passing are spinning.
const MOST_POLLS: u32 = 1_000;
/// No wait of any setting is longer, jitter included.
const LONGEST_WAIT: Duration = Duration::from_secs(2 * 3600);
/// A snapshot is never longer, in bytes, whatever happened.
const LONGEST_SNAPSHOT: usize = 200_000;
/// Questions that are remembered, answered or not.
const MOST_ASKED: usize = 16;
/// Requests of a lane before its numbers meet the next lane's.
const PER_LANE: u64 = 1 << 40;

/// What a machine has asked for.
#[derive(Clone, Copy)]
pub(crate) enum Asked {
    Call(RequestId, Call, Carried),
    Token(RequestId),
    Permit(PermitRequest),
}

/// A machine, and what must hold of it.
#[derive(Clone)]
pub(crate) struct Driver<M> {
    pub(crate) machine: M,
    pub(crate) secrets: Secrets,
    pub(crate) now: WallTime,
    /// When it wants to be polled; never again once it is done.
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
            longest_wait: LONGEST_WAIT,
        }
    }

    /// Its state may be anything: neither how long it waits nor what it shows is looked at.
    pub(crate) fn of_any_state(machine: M, now: WallTime) -> Self {
        Self { longest_wait: Duration::MAX, secrets: Secrets::everywhere(), ..Self::new(machine, now) }
    }

    // ---- time ----------------------------------------------------------------------------------------------------

    /// Until it wants to be polled again.
    pub(crate) fn wait(&mut self) {
        self.now = self.wake.unwrap_or(self.now);
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    // ---- what comes in -------------------------------------------------------------------------------------------

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
            material::names_in(body).iter().for_each(|name| self.secrets.publish(name));
        }
        self.hand_in(Input::Answer(id, answer));
    }

    /// The question asked last that is still open.
    pub(crate) fn last_asked(&self) -> Option<Asked> {
        self.asked.iter().rev().copied().find(|asked| self.is_open(*asked))
    }

    pub(crate) fn asked(&self) -> &[Asked] {
        &self.asked
    }

    /// Answers as a service without any trouble does.
    pub(crate) fn oblige(&mut self, asked: Asked) {
        match asked {
            Asked::Call(id, call, _) => {
                let answer = self.good(call);
                self.answer(id, answer);
            }
            Asked::Token(id) => {
                let token = self.secrets.give();
                self.hand_in(Input::Token(id, Ok(Some(token))));
            }
            Asked::Permit(request) => self.hand_in(Input::Permit(request, Duration::ZERO)),
        }
    }

    /// The answer to this call that all is well.
    pub(crate) fn good(&mut self, call: Call) -> Answer {
        let body = match call {
            Call::Acquire => format!(r#"{{"tokenName":"{}"}}"#, self.secrets.give()),
            Call::Create => {
                self.tasks += 1;
                format!(r#"{{"taskId":"task-{}","status":"STARTED"}}"#, self.tasks)
            }
            Call::Query => r#"{"status":"IN_PROGRESS"}"#.to_owned(),
            Call::Presence => material::hosts(&material::UIDS),
            Call::Update | Call::Delete | Call::RtcToken => "{}".to_owned(),
        };
        http(200, body)
    }

    /// Goes on for so many turns, with a service that obliges.
    pub(crate) fn oblige_for(&mut self, turns: u32) {
        for _ in 0..turns {
            self.rest();
            match self.last_asked() {
                Some(asked) => self.oblige(asked),
                None if self.wake.is_none() => return,
                None => self.wait(),
            }
        }
        self.rest();
    }

    pub(crate) fn is_open(&self, asked: Asked) -> bool {
        match asked {
            Asked::Call(id, ..) | Asked::Token(id) => self.machine.awaits(id),
            Asked::Permit(request) => self.machine.awaits_permit(request),
        }
    }

    // ---- what comes out ------------------------------------------------------------------------------------------

    /// Polls it until it has nothing to do.
    ///
    /// # Panics
    /// When a rule is broken.
    pub(crate) fn rest(&mut self) {
        for _ in 0..MOST_POLLS {
            let output = self.machine.poll(self.now);
            if let Output::Emit(event) = &output {
                // Debug text has no more fields than that.
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
                        "a wait for {why:?} that is over already"
                    );
                    let takes = until.duration_since(self.now);
                    assert!(takes <= self.longest_wait, "a wait of {takes} for {why:?}");
                    self.wake = Some(until);
                    return;
                }
                Output::Done(_) => {
                    self.wake = None;
                    return;
                }
            }
        }
        panic!("it spins: {:?}, {:?}", self.machine.poll(self.now), self.machine.poll(self.now));
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
            let lane = |id: RequestId| id.as_u64() / PER_LANE;
            let is_second = |other: &Asked| match other {
                Asked::Call(other, ..) | Asked::Token(other) => {
                    lane(*other) == lane(id) && *other != id && self.machine.awaits(*other)
                }
                Asked::Permit(_) => false,
            };
            assert!(!self.asked.iter().any(is_second), "two requests under way in lane {}", lane(id));
        }
        if self.asked.len() >= MOST_ASKED {
            self.asked.remove(0);
        }
        self.asked.push(asked);
    }

    /// When it rests: polling once more changes nothing, and what people are shown of it holds no secret.
    pub(crate) fn rests(&mut self) {
        self.machine.shown().iter().for_each(|text| self.secrets.search(text));
        let before = self.machine.clone();
        let again = self.machine.poll(self.now);
        let same = match again {
            Output::Wait { until, .. } => self.wake == Some(until),
            Output::Done(_) => self.wake.is_none(),
            _ => false,
        };
        assert!(same && self.machine == before, "polled once more it says {again:?}");
    }

    /// A process dies, with what it had asked since: what was persisted goes on, at this time.
    pub(crate) fn die(&mut self, persisted: &Self) {
        self.machine = persisted.machine.clone();
        self.asked.clone_from(&persisted.asked);
        self.is_stopped = persisted.is_stopped;
    }

    /// What is said when a snapshot is refused.
    pub(crate) fn refused(error: &SnapshotError) {
        Secrets::all().search(&format!("{error} {error:?}"));
    }

    /// Takes its snapshot, and goes on from that.
    pub(crate) fn restore(&mut self) {
        let text = self.machine.snapshot();
        assert!(text.len() <= LONGEST_SNAPSHOT, "a snapshot of {} bytes", text.len());
        let mut restored = M::restore(&text).unwrap();
        restored.keep_secret(credentials());
        assert!(restored == self.machine, "restored it is not what the snapshot was taken from");
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
