//! The smallest world with every kind of fault: one output, two uids, and one request in flight.

use std::sync::Arc;

use serde_json::json;
use steadymix::notification::{Notification, NotificationKind};
use steadymix::redundancy::{GroupConfig, RedundancyGroup};
use steadymix::status::Call;
use steadymix::supervisor::{Answer, Input, LaneState, NoAnswer, Output, Request, RequestId, Standing};
use steadymix::time::{Duration, WallTime};

use super::Bounds;
use crate::checks::{Check, Checks, Sent};
use crate::fingerprint::Fingerprint;
use crate::incidents;
use crate::model::Model;
use crate::service::{Service, Task, answer};
use crate::wire;
use crate::world::BEGINNING;

/// The latency of an answer, in ms.
const ANSWER_MS: u64 = 50;
/// The downtime of a process that died, in ms.
const RESTART_MS: u64 = 1_000;
/// More polls than this without a request mean that the core spins.
const MAX_POLLS: u32 = 5_000;
/// Without further faults it must run within this time, in ms.
const RECOVERY: u64 = 3_600_000;
/// It must stop within this time, in ms.
const STOP: u64 = 600_000;

/// A possible next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// The request is carried out and answered correctly.
    Answered,
    /// A 503.
    Unavailable { performed: bool },
    /// A 206: the outcome is unknown.
    Unclear { performed: bool },
    /// No answer.
    Lost { performed: bool },
    /// Carried out; the answer comes after the call's timeout.
    Late,
    /// The domain's name cannot be resolved.
    NotResolved,
    /// A 404 for a task that runs, but too few for it to be considered gone.
    NotFound,
    /// A 200 that names a task that is over.
    Misnamed { performed: bool },
    /// The process dies before it sends the request, and restarts from the snapshot.
    DiesBefore,
    /// The process dies after the request is carried out, and restarts from the snapshot.
    DiesAfter,
    /// A late answer arrives.
    LateArrives,
    /// The running task dies.
    Dies,
    /// A notification names the task with the unknown id.
    Named,
    /// A notification reports that the task has stopped.
    Stopped,
    /// The operator stops it.
    Stop,
}

/// The number of faults that are left, in total and of each rare kind.
#[derive(Clone)]
struct FaultBudget {
    mishaps: u8,
    deaths: u8,
    notifications: u8,
    false_404s: u8,
}

/// A request that the core has handed out.
#[derive(Clone)]
struct Pending {
    request: Request,
    /// `None` while it waits for its snapshot.
    sent: Option<Sent>,
}

#[derive(Clone)]
pub(super) struct Small {
    now: u64,
    group: RedundancyGroup,
    model: Model,
    checks: Checks,
    service: Service,
    persisted: Arc<(RedundancyGroup, Model)>,
    persisted_revision: u64,
    pending: Option<Pending>,
    late: Option<(RequestId, Sent, Answer)>,
    left: FaultBudget,
    is_stopping: bool,
    trace: Option<Vec<String>>,
}

impl Small {
    /// A world that waits at its first request.
    pub(super) fn new(Bounds { mishaps, intruder, .. }: Bounds) -> Result<Self, String> {
        let config = json!({
            "appId": "app", "instanceId": "show", "services": incidents::services(300, 2_000),
            "quota": { "callsPerSecond": 8, "pcw": 30 },
            "lanes": [{ "name": "primary", "uids": [9000, 9001] }],
            "policy": { "jitterPercent": 0 },
        });
        let config = GroupConfig::from_json(&config.to_string()).map_err(|invalid| invalid.to_string())?;
        let group = RedundancyGroup::new(config, WallTime::from_millis(BEGINNING));
        let model = Model::default();
        let mut small = Self {
            now: BEGINNING,
            persisted: Arc::new((group.clone(), model.clone())),
            persisted_revision: group.revision(),
            group,
            model,
            checks: Checks::default(),
            service: Service::default(),
            pending: None,
            late: None,
            left: FaultBudget { mishaps, deaths: 2, notifications: 2, false_404s: 3 },
            is_stopping: false,
            trace: None,
        };
        if intruder {
            small.service.intrude(9001);
        }
        small.drive()?;
        Ok(small)
    }

    pub(super) fn traced(mut self) -> Self {
        self.trace = Some(Vec::new());
        self
    }

    pub(super) fn into_trace(self) -> Vec<String> {
        self.trace.unwrap_or_default()
    }

    /// Whether it has stopped.
    pub(super) fn is_over(&self) -> bool {
        self.pending.is_none()
    }

    /// All moves that are possible now.
    pub(super) fn moves(&self) -> Vec<Move> {
        let Some(Pending { request, .. }) = &self.pending else { return Vec::new() };
        if self.left.mishaps == 0 {
            return vec![Move::Answered];
        }
        let mut moves = vec![Move::Answered, Move::DiesBefore];
        let lost = Move::Lost { performed: false };
        match request.call {
            Call::Acquire => moves.extend([Move::Unavailable { performed: false }, lost]),
            Call::Create => {
                for performed in [false, true] {
                    moves.push(Move::Unavailable { performed });
                    moves.push(Move::Unclear { performed });
                    moves.push(Move::Lost { performed });
                }
                moves.extend([Move::NotResolved, Move::DiesAfter]);
                if self.service.last_dead().is_some_and(|task| self.model.knows_task(&task.id)) {
                    moves.extend([false, true].map(|performed| Move::Misnamed { performed }));
                }
                if self.late.is_none() {
                    moves.push(Move::Late);
                }
            }
            Call::Query => {
                moves.extend([Move::Unavailable { performed: false }, lost]);
                if self.left.false_404s > 0 {
                    moves.push(Move::NotFound);
                }
            }
            Call::Delete => {
                moves.extend([Move::Unavailable { performed: true }, Move::Unavailable { performed: false }]);
                moves.extend([Move::Lost { performed: true }, lost, Move::DiesAfter]);
            }
            Call::Presence => moves.push(lost),
            Call::Update | Call::RtcToken => {}
        }
        if self.late.is_some() {
            moves.push(Move::LateArrives);
        }
        if self.left.deaths > 0 && self.service.live().next().is_some() {
            moves.push(Move::Dies);
        }
        if self.left.notifications > 0 {
            if self.service.live().any(|task| !self.model.knows_task(&task.id)) {
                moves.push(Move::Named);
            }
            if self.service.last_dead().is_some_and(|task| self.model.knows_task(&task.id)) {
                moves.push(Move::Stopped);
            }
        }
        if !self.is_stopping {
            moves.push(Move::Stop);
        }
        moves
    }

    /// Makes the move and runs until the next request.
    pub(super) fn step(&mut self, next: Move) -> Check {
        self.note(|| format!("  ! {next:?}"));
        if next != Move::Answered {
            self.left.mishaps = self.left.mishaps.saturating_sub(1);
        }
        match next {
            Move::Dies => {
                self.left.deaths -= 1;
                self.service.kill();
                return Ok(());
            }
            Move::LateArrives => {
                if let Some((id, sent, answer)) = self.late.take() {
                    self.hear(id, &sent, answer);
                }
            }
            Move::Named | Move::Stopped => self.notification(next == Move::Named),
            Move::Stop => self.stop(),
            Move::DiesBefore => self.restart(),
            _ => self.carry_out(next)?,
        }
        self.drive()
    }

    /// Answers the request in flight, or loses it.
    fn carry_out(&mut self, how: Move) -> Check {
        let Some(Pending { request, sent }) = self.pending.take() else { return Ok(()) };
        let sent = match sent {
            Some(sent) => sent,
            None => self.send(&request)?,
        };
        let performed = match how {
            Move::Unavailable { performed }
            | Move::Unclear { performed }
            | Move::Lost { performed }
            | Move::Misnamed { performed } => performed,
            Move::NotResolved | Move::NotFound => false,
            _ => true,
        };
        let natural = performed.then(|| self.service.perform(self.now, &request)).transpose()?;
        let heard = match how {
            Move::Answered => natural,
            Move::Unavailable { .. } => Some(answer(503, &json!({}))),
            Move::Unclear { .. } => Some(answer(206, &json!({}))),
            Move::Misnamed { .. } => {
                let over = self.service.last_dead().map(|task| task.id.clone());
                Some(answer(200, &json!({ "taskId": over, "status": "STARTED" })))
            }
            Move::NotFound => {
                self.left.false_404s -= 1;
                Some(answer(404, &json!({})))
            }
            Move::NotResolved => Some(Answer::Nothing(NoAnswer::Dns)),
            Move::Late => {
                self.late = natural.map(|answer| (request.id, sent.clone(), answer));
                None
            }
            Move::DiesAfter => {
                self.restart();
                None
            }
            _ => None,
        };
        if let Some(answer) = heard {
            self.now += ANSWER_MS;
            self.hear(request.id, &sent, answer);
        }
        Ok(())
    }

    fn send(&mut self, request: &Request) -> Result<Sent, String> {
        let sent = self.as_sent(request);
        self.checks.on_send(self.now, request, 1)?;
        self.model.on_send(self.now, request, sent.instance.as_deref())?;
        Ok(sent)
    }

    fn as_sent(&self, request: &Request) -> Sent {
        let instance = self.model.instance_of(request);
        Sent { call: request.call, path: request.path.clone(), instance, mono: self.model.mono() }
    }

    fn hear(&mut self, id: RequestId, sent: &Sent, answer: Answer) {
        let late = !self.group.awaits(id);
        self.note(|| match &answer {
            Answer::Http { status, body, .. } => format!("  < {:?} {status} {body}", sent.call),
            Answer::Nothing(why) => format!("  < {:?} nothing: {why:?}", sent.call),
        });
        self.model.on_answer(self.now, sent, &answer, late);
        self.hand_in(Input::Answer(id, answer));
    }

    fn notification(&mut self, is_started: bool) {
        self.left.notifications -= 1;
        let task = match is_started {
            true => self.service.live().find(|task| !self.model.knows_task(&task.id)),
            false => self.service.last_dead(),
        };
        let Some(task) = task else { return };
        let notification = Notification {
            notice_id: None,
            task_id: task.id.clone(),
            instance_id: Some(task.instance.clone()),
            kind: if is_started {
                NotificationKind::Started
            } else {
                NotificationKind::Stopped { reason: None }
            },
            sequence: None,
            sent_at: None,
        };
        self.model.on_notification(&notification);
        self.hand_in(Input::Notification(notification));
    }

    fn stop(&mut self) {
        self.is_stopping = true;
        self.checks.on_stop();
        self.hand_in(Input::Stop);
    }

    /// Starts a new process from the persisted state.
    fn restart(&mut self) {
        self.now += RESTART_MS;
        (self.pending, self.late) = (None, None);
        let (group, model) = self.persisted.as_ref();
        (self.group, self.model) = (group.clone(), model.restored());
        self.persisted_revision = self.group.revision();
        if self.is_stopping {
            self.hand_in(Input::Stop);
        }
    }

    fn wall(&self) -> WallTime {
        WallTime::from_millis(self.now)
    }

    fn hand_in(&mut self, input: Input) {
        self.model.tick(self.wall());
        if matches!(input, Input::Stop) {
            self.model.on_input();
        }
        self.group.handle(self.wall(), input);
    }

    fn persist(&mut self) {
        self.persisted_revision = self.group.revision();
        self.persisted = Arc::new((self.group.clone(), self.model.clone()));
    }

    /// Polls until there is a request to answer, or until the core is done. Waits elapse at once.
    fn drive(&mut self) -> Check {
        if let Some(pending) = self.pending.take() {
            if pending.sent.is_some() || self.group.awaits(pending.request.id) {
                self.pending = Some(pending);
                return self.check();
            }
            // Its snapshot took so long that the core no longer needs it.
            let request = pending.request;
            let sent = self.as_sent(&request);
            self.hear(request.id, &sent, Answer::Nothing(NoAnswer::NotSent));
        }
        for _ in 0..MAX_POLLS {
            let wall = self.wall();
            self.model.tick(wall);
            match self.group.poll(wall) {
                Output::Emit(event) => {
                    let text = serde_json::to_string(&event).map_err(|error| error.to_string())?;
                    self.note(|| format!("    {text}"));
                    self.checks.on_event(&event, &text)?;
                    self.model.on_event(event.at.as_millis(), &event)?;
                }
                Output::Send(request) => {
                    self.note(|| format!("  > {:?} {} {}", request.call, request.domain, request.path));
                    self.model.on_hand_out(&request);
                    let sent = match request.persist_first {
                        true => {
                            self.persist();
                            None
                        }
                        false => Some(self.send(&request)?),
                    };
                    self.pending = Some(Pending { request, sent });
                    return self.check();
                }
                Output::Wait { until, why } => {
                    if until <= wall {
                        return Err(format!("the wait for {why:?} is already over"));
                    }
                    if self.group.revision() != self.persisted_revision {
                        self.persist();
                    }
                    self.check()?;
                    self.now = until.as_millis();
                }
                Output::NeedToken(request) => self.hand_in(Input::Token(request.id, Ok(None))),
                Output::NeedPermit(request) => self.hand_in(Input::Permit(request, Duration::ZERO)),
                Output::Done(_) if self.is_stopping => return self.check_all_reported(),
                Output::Done(outcome) => return Err(format!("the core gave up: {outcome:?}")),
            }
        }
        Err("the core spins: polling does not end".to_owned())
    }

    fn check(&self) -> Check {
        self.model.agrees(&self.group.status(), |name| self.checks.orphaned.contains(name))
    }

    fn check_all_reported(&self) -> Check {
        let orphaned = &self.checks.orphaned;
        let is_known = |task: &Task| {
            orphaned.contains(&task.id) || orphaned.contains(&task.instance) || task.is_foreign()
        };
        match self.service.live().find(|task| !is_known(task)) {
            Some(task) => Err(format!("{} lives on, but was not reported", task.id)),
            None => Ok(()),
        }
    }

    /// Checks that it runs again and stops on request if there are no more faults.
    pub(super) fn settles(&mut self) -> Check {
        let by = self.now + RECOVERY;
        while !self.is_stopping && !self.runs() {
            if self.now > by {
                return Err("it does not run again without further faults".to_owned());
            }
            self.step(Move::Answered)?;
        }
        if !self.is_stopping {
            self.step(Move::Stop)?;
        }
        let by = self.now + STOP;
        while !self.is_over() {
            if self.now > by {
                return Err("stop() does not finish in time".to_owned());
            }
            self.step(Move::Answered)?;
        }
        Ok(())
    }

    fn runs(&self) -> bool {
        let status = self.group.status();
        status.lanes.iter().all(|lane| {
            let is_live = |uid: &u32| self.service.live().any(|task| task.uid == *uid);
            let unresolved = lane.tasks.iter().filter(|task| task.standing == Standing::Unresolved).count();
            // Unknown tasks occupy every uid: without a name, none of them can be ended.
            let is_nameless = unresolved == lane.uids.len() && lane.uids.iter().any(is_live);
            (lane.state == LaneState::Running && lane.uid.as_ref().is_some_and(is_live)) || is_nameless
        })
    }

    /// A digest that is equal for worlds with the same future.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new(self.now);
        fingerprint.state(&self.group);
        self.model.digest(self.now, &mut fingerprint);
        self.service.digest(self.now, &mut fingerprint);
        fingerprint.state(&self.persisted.0);
        if let Some(Pending { request, .. }) = &self.pending {
            fingerprint.debug(&request.call);
            fingerprint.text(&wire::task_id(&request.path));
            fingerprint.text(&wire::builder_token(&request.path));
        }
        if let Some((_, sent, _)) = &self.late {
            fingerprint.text(&wire::builder_token(&sent.path));
        }
        let FaultBudget { mishaps, deaths, notifications, false_404s } = self.left;
        fingerprint.debug(&(mishaps, deaths, notifications, false_404s, self.is_stopping));
        fingerprint.value()
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let at = (self.now - BEGINNING) as f64 / 1000.0;
            trace.push(format!("{at:>9.3} {}", line()));
        }
    }
}
