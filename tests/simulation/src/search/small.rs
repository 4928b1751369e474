//! The smallest world in which everything can go wrong: one output, two uids, and one request at a time on its way.

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

/// How long an answer takes, and how long a process that died is away, in ms.
const ANSWER_TAKES: u64 = 50;
const RESTART_TAKES: u64 = 1_000;
/// More polls than this without a request are spinning.
const MOST_POLLS: u32 = 5_000;
/// When all goes well, it runs after so long, and has stopped after so long, in ms.
const RECOVERY: u64 = 3_600_000;
const STOP: u64 = 600_000;

/// What may happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// The request is carried out and answered as it should be.
    Answered,
    /// A 503, whether it was carried out or not.
    Unavailable { performed: bool },
    /// A 206: the outcome is unknown.
    Unclear { performed: bool },
    /// No answer.
    Lost { performed: bool },
    /// Carried out; the answer comes after the process has given it up.
    Late,
    /// The name is not resolved.
    NotResolved,
    /// A 404 of a task that runs: not as often as makes it gone.
    NotFound,
    /// A 200 that names a task that is over.
    Misnamed { performed: bool },
    /// The process dies before it is sent, and starts from what was persisted.
    DiesBefore,
    /// The same, after it was carried out.
    DiesAfter,
    /// An answer that was given up comes.
    LateArrives,
    /// The running task dies.
    Dies,
    /// A notification of the task that nobody has named.
    Named,
    /// A notification that the task has stopped.
    Stopped,
    /// The operator stops it.
    Stop,
}

/// How often what should not happen may still happen; in all, and of the rarer things.
#[derive(Clone)]
struct Still {
    mishaps: u8,
    deaths: u8,
    notifications: u8,
    lies: u8,
}

/// A request that the process has handed out.
#[derive(Clone)]
struct Pending {
    request: Request,
    /// As it was sent; those that wait for their snapshot are not yet.
    sent: Option<Sent>,
}

/// One world.
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
    still: Still,
    is_stopping: bool,
    trace: Option<Vec<String>>,
}

impl Small {
    /// The world at its first request.
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
            still: Still { mishaps, deaths: 2, notifications: 2, lies: 3 },
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

    /// Everything that may happen now.
    pub(super) fn moves(&self) -> Vec<Move> {
        let Some(Pending { request, .. }) = &self.pending else { return Vec::new() };
        if self.still.mishaps == 0 {
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
                if self.still.lies > 0 {
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
        if self.still.deaths > 0 && self.service.live().next().is_some() {
            moves.push(Move::Dies);
        }
        if self.still.notifications > 0 {
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

    /// It happens; then to the next request.
    pub(super) fn step(&mut self, next: Move) -> Check {
        self.note(|| format!("  ! {next:?}"));
        if next != Move::Answered {
            self.still.mishaps = self.still.mishaps.saturating_sub(1);
        }
        match next {
            Move::Dies => {
                self.still.deaths -= 1;
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

    /// What is done with the request that is on its way.
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
                self.still.lies -= 1;
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
            self.now += ANSWER_TAKES;
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
        self.still.notifications -= 1;
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

    /// A new process starts from what was persisted.
    fn restart(&mut self) {
        self.now += RESTART_TAKES;
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

    /// Polls until there is a request to answer, or it is over. What is waited for comes.
    fn drive(&mut self) -> Check {
        if let Some(pending) = self.pending.take() {
            if pending.sent.is_some() || self.group.awaits(pending.request.id) {
                self.pending = Some(pending);
                return self.check();
            }
            // While its snapshot was written, something else has settled it.
            let request = pending.request;
            let sent = self.as_sent(&request);
            self.hear(request.id, &sent, Answer::Nothing(NoAnswer::NotSent));
        }
        for _ in 0..MOST_POLLS {
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
                        return Err(format!("a wait for {why:?} that is over already"));
                    }
                    if self.group.revision() != self.persisted_revision {
                        self.persist();
                    }
                    self.check()?;
                    self.now = until.as_millis();
                }
                Output::NeedToken(request) => self.hand_in(Input::Token(request.id, Ok(None))),
                Output::NeedPermit(request) => self.hand_in(Input::Permit(request, Duration::ZERO)),
                Output::Done(_) if self.is_stopping => return self.accounted_for(),
                Output::Done(outcome) => return Err(format!("it gave up: {outcome:?}")),
            }
        }
        Err("it spins".to_owned())
    }

    fn check(&self) -> Check {
        self.model.agrees(&self.group.status(), |name| self.checks.orphaned.contains(name))
    }

    fn accounted_for(&self) -> Check {
        let told = &self.checks.orphaned;
        let is_known =
            |task: &Task| told.contains(&task.id) || told.contains(&task.instance) || task.is_foreign();
        match self.service.live().find(|task| !is_known(task)) {
            Some(task) => Err(format!("{} lives on, and nobody was told", task.id)),
            None => Ok(()),
        }
    }

    /// If nothing goes wrong any more, it runs, and stops when it is told to.
    pub(super) fn settles(&mut self) -> Check {
        let by = self.now + RECOVERY;
        while !self.is_stopping && !self.runs() {
            if self.now > by {
                return Err("not running though nothing goes wrong any more".to_owned());
            }
            self.step(Move::Answered)?;
        }
        if !self.is_stopping {
            self.step(Move::Stop)?;
        }
        let by = self.now + STOP;
        while !self.is_over() {
            if self.now > by {
                return Err("stop() does not end".to_owned());
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
            // Something runs under every uid, and nobody names it: it can only be left as it is.
            let is_nameless = unresolved == lane.uids.len() && lane.uids.iter().any(is_live);
            (lane.state == LaneState::Running && lane.uid.as_ref().is_some_and(is_live)) || is_nameless
        })
    }

    /// The same for worlds that go on in the same way.
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
        let Still { mishaps, deaths, notifications, lies } = self.still;
        fingerprint.debug(&(mishaps, deaths, notifications, lies, self.is_stopping));
        fingerprint.value()
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let at = (self.now - BEGINNING) as f64 / 1000.0;
            trace.push(format!("{at:>9.3} {}", line()));
        }
    }
}
