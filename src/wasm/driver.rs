//! The one driver: the only code that performs calls.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures_util::future::{Either, select};
use js_sys::{JSON, Promise};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use super::departures::Departures;
use super::executor::Executor;
use super::host::{Host, PERSIST_TIMEOUT};
use super::persister::Persister;
use super::{error, fetch, value};
use crate::document;
use crate::group::Group;
use crate::notice::{self, Freshness, NoticeError, NoticeLog};
use crate::redundancy::{GroupConfig, GroupUpdate, RedundancyGroup};
use crate::status::Call;
use crate::supervisor::{
    Answer, Input, NoAnswer, Outcome, Output, PermitRequest, Request, RequestId, Supervisor,
    SupervisorConfig, TokenRequest,
};
use crate::task::{Services, revealed};
use crate::time::{Duration, WallTime};

/// Tasks whose notifications are remembered, to tell those that come twice.
const NOTICES_OF_TASKS: usize = 256;

enum Machine {
    Supervisor(Box<Supervisor>),
    Group(Box<RedundancyGroup>),
}

impl Machine {
    fn group(&self) -> &Group {
        match self {
            Self::Supervisor(machine) => &machine.0,
            Self::Group(machine) => &machine.0,
        }
    }

    fn group_mut(&mut self) -> &mut Group {
        match self {
            Self::Supervisor(machine) => &mut machine.0,
            Self::Group(machine) => &mut machine.0,
        }
    }

    fn snapshot(&self) -> String {
        self.group().snapshot()
    }
}

struct Inner {
    executor: Rc<Executor>,
    host: Host,
    machine: RefCell<Machine>,
    notices: RefCell<NoticeLog>,
    inbox: RefCell<VecDeque<Input>>,
    /// Calls that are being carried out.
    under_way: RefCell<Vec<RequestId>>,
    /// Permits that are being asked for.
    asked: RefCell<Vec<PermitRequest>>,
    departures: Departures,
    persister: Persister,
    persisted_revision: Cell<u64>,
    waker: RefCell<Option<Waker>>,
    poked: Cell<bool>,
    driven: Cell<bool>,
    /// It was restored, and has not been driven since.
    restored: Cell<bool>,
    /// What the clock showed last.
    last_wall: Cell<WallTime>,
    /// The loop that is under way is to end.
    interrupted: Cell<bool>,
    disposed: Cell<bool>,
}

/// Drives a supervisor or a group. Only what it does by itself, in [`advance`](Self::advance) and [`run`](Self::run), calls
/// the application; so whatever that calls here finds nothing in the middle of something. `src/js/driven.ts` guards it:
/// one loop at a time, and none of it once it is over.
#[wasm_bindgen]
pub struct Driver(Rc<Inner>);

#[wasm_bindgen]
impl Driver {
    /// Drives a new supervisor, from `now` on (ms since the epoch).
    pub fn supervisor(config: &str, host: Host, now: f64) -> Result<Driver, JsValue> {
        let config = value::read_with(config, SupervisorConfig::from_json).map_err(error::config)?;
        let machine = Supervisor::new(config, WallTime::from_f64(now));
        Ok(Self::of(Machine::Supervisor(Box::new(machine)), host, false))
    }

    /// Drives a new group, from `now` on (ms since the epoch).
    pub fn group(config: &str, host: Host, now: f64) -> Result<Driver, JsValue> {
        let config = value::read_with(config, GroupConfig::from_json).map_err(error::config)?;
        let machine = Box::new(RedundancyGroup::new(config, WallTime::from_f64(now)));
        Ok(Self::of(Machine::Group(machine), host, false))
    }

    /// Goes on with the supervisor that the snapshot was taken from.
    #[wasm_bindgen(js_name = restoreSupervisor)]
    pub fn restore_supervisor(snapshot: &str, host: Host) -> Result<Driver, JsValue> {
        let machine = Box::new(Supervisor::restore(snapshot).map_err(error::snapshot)?);
        Ok(Self::of(Machine::Supervisor(machine), host, true))
    }

    /// Goes on with the group that the snapshot was taken from.
    #[wasm_bindgen(js_name = restoreGroup)]
    pub fn restore_group(snapshot: &str, host: Host) -> Result<Driver, JsValue> {
        let machine = Box::new(RedundancyGroup::restore(snapshot).map_err(error::snapshot)?);
        Ok(Self::of(Machine::Group(machine), host, true))
    }

    fn of(mut machine: Machine, host: Host, restored: bool) -> Self {
        machine.group_mut().share_quota(host.has_permit());
        let secrets: Vec<String> = value::read("host.secrets", &host.secrets()).unwrap_or_default();
        machine.group_mut().keep_secret(secrets);
        Self(Rc::new(Inner {
            executor: Executor::new(),
            host,
            persisted_revision: Cell::new(machine.group().revision()),
            machine: RefCell::new(machine),
            notices: RefCell::new(NoticeLog::new(NOTICES_OF_TASKS)),
            inbox: RefCell::default(),
            under_way: RefCell::default(),
            asked: RefCell::default(),
            departures: Departures::default(),
            persister: Persister::default(),
            waker: RefCell::default(),
            poked: Cell::new(false),
            driven: Cell::new(false),
            restored: Cell::new(restored),
            last_wall: Cell::new(WallTime::ZERO),
            interrupted: Cell::new(false),
            disposed: Cell::new(false),
        }))
    }

    /// Carries out what is due, and resolves when there is nothing but to wait: with the time to call it again (ms
    /// since the epoch), or the outcome when it is over; with `undefined` once it is disposed of.
    pub fn advance(&self) -> Promise {
        self.drive(true)
    }

    /// Does that until it is over, and resolves with the outcome; with `undefined` when it is interrupted or disposed of.
    pub fn run(&self) -> Promise {
        self.drive(false)
    }

    fn drive(&self, once: bool) -> Promise {
        let inner = Rc::clone(&self.0);
        // From now on, not from the next microtask on: it may be interrupted before.
        let turn = Turn::take(&inner);
        self.0.executor.promise(async move {
            let _turn = turn;
            match inner.drive(once).await? {
                Left::Until(until) => Ok(until.as_f64().into()),
                Left::Done(outcome) => value::out(&outcome),
                Left::Interrupted => Ok(JsValue::UNDEFINED),
            }
        })
    }

    /// Ends the [`run`](Self::run) that is under way. Its calls go on.
    pub fn interrupt(&self) {
        self.0.interrupted.set(true);
        self.0.poke();
    }

    /// Ends what lives, and starts nothing any more.
    pub fn stop(&self, now: f64) {
        self.0.take(now, Input::Stop);
    }

    /// Somebody says that the output is gone.
    pub fn hint(&self, now: f64) {
        self.0.take(now, Input::Hint);
    }

    /// Takes a verified notification: `new`, `duplicate`, `stale`, or `foreign` when it is about somebody else's task, or
    /// about something else.
    pub fn notice(&self, raw_body: &[u8], now: f64) -> Result<String, JsValue> {
        let notice = match notice::parse(raw_body) {
            Ok(notice) => notice,
            Err(NoticeError::Foreign) => return Ok("foreign".to_owned()),
            Err(found) => return Err(error::notice(found)),
        };
        let freshness = self.0.notices.borrow_mut().take(&notice);
        let said = match freshness {
            Freshness::Duplicate => "duplicate",
            Freshness::Stale => "stale",
            Freshness::New if self.0.take(now, Input::Notice(notice)) => "new",
            Freshness::New => "foreign",
        };
        Ok(said.to_owned())
    }

    /// Takes a new payload, for the running tasks and for later ones. Says what becomes of it in each lane. What `payload`
    /// hides may be in it as it is there.
    pub fn update(&self, services: &str, now: f64) -> Result<JsValue, JsValue> {
        let now = self.0.at(WallTime::from_f64(now));
        let machine = &mut *self.0.machine.borrow_mut();
        let shown_of = machine.group().services().cloned();
        let revealed = |json: &Value| revealed(json, shown_of.as_ref());
        let updates = match machine {
            Machine::Supervisor(machine) => {
                value::read_with(services, |json| Services::from_json(&revealed(json)?))
                    .and_then(|services| machine.update(now, services))
                    .map(|update| vec![update])
            }
            Machine::Group(machine) => {
                value::read_with(services, |json| GroupUpdate::from_json(&revealed(json)?))
                    .and_then(|update| machine.update_with(now, update))
            }
        };
        let updates = updates.map_err(error::task)?;
        self.0.poke();
        value::out(&updates)
    }

    /// The newest payload that was not refused, for people: what may be a secret is hidden. `null`: lanes have different ones.
    pub fn payload(&self) -> Result<JsValue, JsValue> {
        // The application's own JSON, whose numbers may be larger than serde-wasm-bindgen takes.
        let shown = self.0.machine.borrow().group().services().map(Services::shown);
        shown.map_or(Ok(JsValue::NULL), |shown| JSON::parse(&document::write(&shown)))
    }

    /// The whole state, as text.
    pub fn snapshot(&self) -> String {
        self.0.machine.borrow().snapshot()
    }

    /// How it is, for people.
    pub fn status(&self) -> Result<JsValue, JsValue> {
        match &*self.0.machine.borrow() {
            Machine::Supervisor(machine) => value::out(&machine.status()),
            Machine::Group(machine) => value::out(&machine.status()),
        }
    }

    /// What is allowed in the payload that the next launch has, but probably not meant.
    pub fn warnings(&self) -> Result<JsValue, JsValue> {
        let mut warnings = self.0.machine.borrow().group().warnings();
        warnings.retain(|warning| !(self.0.host.has_rtc_token() && warning.is_about_token()));
        value::out(&warnings)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.disposed.set(true);
        self.0.executor.cancel();
        self.0.poke();
    }
}

/// Why the driving came to an end.
enum Left {
    Until(WallTime),
    Done(Outcome),
    Interrupted,
}

/// While it lasts, calls and snapshots leave.
struct Turn(Rc<Inner>);

impl Turn {
    fn take(inner: &Rc<Inner>) -> Self {
        inner.driven.set(true);
        inner.interrupted.set(false);
        Self(Rc::clone(inner))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.driven.set(false);
    }
}

impl Inner {
    /// No borrow is held while the application's code runs, its clock included: it may call back.
    async fn drive(self: &Rc<Self>, once: bool) -> Result<Left, JsValue> {
        loop {
            if self.is_let_go() {
                return Ok(Left::Interrupted);
            }
            while let Some(input) = self.next_input() {
                let now = self.time()?;
                self.machine.borrow_mut().group_mut().handle(now, input);
            }
            let now = self.time()?;
            if self.restored.take() {
                self.machine.borrow_mut().group_mut().note_restored(now);
            }
            let output = self.machine.borrow_mut().group_mut().poll(now);
            match output {
                Output::Emit(event) => self.host.tell_event(&value::out(&event)?),
                Output::Send(request) => self.start(request),
                Output::NeedToken(request) => self.ask_token(request),
                Output::NeedPermit(request) => self.ask_permit(request),
                Output::Done(outcome) => {
                    let is_persisted = self.persist_last().await;
                    return Ok(if is_persisted { Left::Done(outcome) } else { Left::Interrupted });
                }
                Output::Wait { until, .. } => {
                    if self.has_changed() {
                        drop(self.write_snapshot());
                    }
                    if once && !self.is_busy() {
                        return Ok(Left::Until(until));
                    }
                    let timer = self.host.timer(until.duration_since(now));
                    match select(timer, self.poked()).await {
                        Either::Left(_) | Either::Right(_) => {}
                    }
                }
            }
        }
    }

    fn is_let_go(&self) -> bool {
        self.disposed.get() || self.interrupted.get()
    }

    /// Whether it may still make calls and persist: once nobody drives it, somebody else may go on with the snapshot.
    fn is_driven(&self) -> bool {
        self.driven.get() && !self.disposed.get()
    }

    fn next_input(&self) -> Option<Input> {
        self.inbox.borrow_mut().pop_front()
    }

    /// Waits until something comes in, or happens.
    fn poked(&self) -> impl Future<Output = ()> + Unpin {
        poll_fn(|context| {
            if self.poked.replace(false) {
                return Poll::Ready(());
            }
            *self.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
    }

    fn poke(&self) {
        self.poked.set(true);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    fn time(&self) -> Result<WallTime, JsValue> {
        Ok(self.at(self.host.time()?))
    }

    /// If the application's clock was set back, the time that had passed by then still counts: a wait does not begin anew.
    fn at(&self, now: WallTime) -> WallTime {
        if self.last_wall.replace(now).duration_since(now) > Duration::from_secs(1) {
            self.machine.borrow_mut().group_mut().elapse(self.host.before_set_back());
        }
        now
    }

    /// Takes a command or notification at once, so that its caller learns whether it was about us.
    fn take(&self, now: f64, input: Input) -> bool {
        let now = self.at(WallTime::from_f64(now));
        let taken = self.machine.borrow_mut().group_mut().handle(now, input);
        self.poke();
        taken
    }

    fn come_in(&self, input: Input) {
        self.inbox.borrow_mut().push_back(input);
        self.poke();
    }

    /// Whether an answer or a permit that is awaited, or a snapshot, is on its way.
    fn is_busy(&self) -> bool {
        let machine = self.machine.borrow();
        let group = machine.group();
        self.persister.is_busy()
            || self.under_way.borrow().iter().any(|id| group.awaits(*id))
            || self.asked.borrow().iter().any(|request| group.awaits_permit(*request))
    }

    fn start(self: &Rc<Self>, request: Request) {
        let inner = Rc::clone(self);
        let id = request.id;
        self.under_way.borrow_mut().push(id);
        self.executor.spawn(async move {
            let answer = inner.carry_out(&request).await;
            inner.under_way.borrow_mut().retain(|other| *other != id);
            inner.come_in(Input::Answer(id, answer));
        });
    }

    async fn carry_out(self: &Rc<Self>, request: &Request) -> Answer {
        if request.persist_first && self.host.has_persist() {
            let is_kept = self.persist_in_time(request).await;
            // Nothing is lost with a Delete, but everything with a task that nobody ends.
            if !is_kept && request.call != Call::Delete {
                return Answer::Nothing(NoAnswer::NotPersisted);
            }
        }
        let permit = request.permit();
        if permit.is_some() && !self.host.has_permit() {
            let most = self.machine.borrow().group().most_calls_in_a_second();
            self.departures.turn(&self.host, most).await;
        }
        let too_late = request.send_before.is_some_and(|latest| self.time_left(latest) == Duration::ZERO);
        if too_late || !self.is_driven() || !self.machine.borrow().group().awaits(request.id) {
            return Answer::Nothing(NoAnswer::NotSent);
        }
        if let Some(permit) = permit {
            self.host.tell_permit_used(permit);
        }
        fetch::carry_out(&self.host, request).await
    }

    /// How long it is until after `latest`; nothing where the clock cannot be read.
    fn time_left(&self, latest: WallTime) -> Duration {
        self.host.time().map_or(Duration::ZERO, |now| (latest + Duration::from_millis(1)).duration_since(now))
    }

    /// Persists the state that a call is part of, and waits for that: for half of the call's time-out, so that it is not the
    /// network that a slow `persist` is blamed on, and not so long that the call would come too late.
    async fn persist_in_time(self: &Rc<Self>, request: &Request) -> bool {
        let half = Duration::from_millis(request.timeout.as_millis() / 2).min(PERSIST_TIMEOUT);
        let patience = request.send_before.map_or(half, |latest| self.time_left(latest).min(half));
        match select(self.write_snapshot(), self.host.timer(patience)).await {
            Either::Left((written, _)) => written.unwrap_or(false),
            Either::Right(_) => {
                let consequence = match request.call {
                    Call::Delete => "the Delete that waits for it is sent without it",
                    Call::Create
                    | Call::Update
                    | Call::Acquire
                    | Call::Query
                    | Call::Presence
                    | Call::RtcToken => "the call that waits for it is not made",
                };
                self.host.tell_slow("persist", patience, consequence);
                false
            }
        }
    }

    fn ask_token(self: &Rc<Self>, request: TokenRequest) {
        let inner = Rc::clone(self);
        self.under_way.borrow_mut().push(request.id);
        self.executor.spawn(async move {
            let asked = pin!(inner.host.rtc_token(request.uid, &request.channel));
            let token = match select(asked, inner.host.timer(request.timeout)).await {
                Either::Left((token, _)) => token,
                Either::Right(_) => {
                    inner.host.tell_slow(
                        "rtcToken",
                        request.timeout,
                        "the call that waits for it is not made",
                    );
                    Err(())
                }
            };
            inner.under_way.borrow_mut().retain(|other| *other != request.id);
            inner.come_in(Input::Token(request.id, token));
        });
    }

    fn ask_permit(self: &Rc<Self>, request: PermitRequest) {
        let inner = Rc::clone(self);
        self.asked.borrow_mut().push(request);
        self.executor.spawn(async move {
            let wait = inner.host.permit(request).await;
            inner.asked.borrow_mut().retain(|other| *other != request);
            inner.come_in(Input::Permit(request, wait));
        });
    }

    // ---- snapshots -----------------------------------------------------------------------------------------------

    fn has_changed(&self) -> bool {
        self.host.has_persist() && self.machine.borrow().group().revision() != self.persisted_revision.get()
    }

    /// Persists what has changed last, if anything has; false when it was let go of meanwhile.
    async fn persist_last(self: &Rc<Self>) -> bool {
        if self.has_changed() {
            // One that is being written already may take as long before it is this one's turn.
            let mut ended = select(self.write_snapshot(), self.host.timer(PERSIST_TIMEOUT));
            while let Either::Right(_) = select(&mut ended, self.poked()).await {
                if self.is_let_go() {
                    return false;
                }
            }
        }
        true
    }

    fn write_snapshot(self: &Rc<Self>) -> futures_channel::oneshot::Receiver<bool> {
        let (written, must_write) = self.persister.join();
        if must_write {
            let inner = Rc::clone(self);
            self.executor.spawn(async move {
                while let Some(waiting) = inner.persister.next() {
                    // Whoever waits learns that nothing was written.
                    if !inner.is_driven() {
                        continue;
                    }
                    let revision = inner.machine.borrow().group().revision();
                    let snapshot = inner.machine.borrow().snapshot();
                    let done = inner.host.persist(&snapshot).await;
                    // One that failed is tried again with the next change.
                    inner.persisted_revision.set(revision);
                    for sender in waiting {
                        // Whoever gave up waiting need not know.
                        let _ = sender.send(done);
                    }
                    inner.poke();
                }
            });
        }
        written
    }
}
