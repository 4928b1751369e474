//! The one driver: the only code that performs calls.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::executor::Executor;
use super::host::Host;
use super::persister::Persister;
use super::{error, fetch, value};
use crate::notice::{self, Freshness, NoticeLog};
use crate::redundancy::{GroupConfig, RedundancyGroup};
use crate::supervisor::{
    Answer, Input, NoAnswer, Outcome, Output, PermitRequest, Request, RequestId, Supervisor,
    SupervisorConfig, TokenRequest,
};
use crate::task::{Services, TaskWarning};
use crate::time::Millis;

/// Tasks whose notifications are remembered, to tell those that come twice.
const NOTICES_OF_TASKS: usize = 256;

enum Machine {
    Supervisor(Box<Supervisor>),
    Group(RedundancyGroup),
}

impl Machine {
    fn poll(&mut self, now: Millis) -> Output {
        match self {
            Self::Supervisor(machine) => machine.poll(now),
            Self::Group(machine) => machine.poll(now),
        }
    }

    fn handle(&mut self, now: Millis, input: Input) -> bool {
        match self {
            Self::Supervisor(machine) => machine.handle(now, input),
            Self::Group(machine) => machine.handle(now, input),
        }
    }

    fn awaits(&self, id: RequestId) -> bool {
        match self {
            Self::Supervisor(machine) => machine.awaits(id),
            Self::Group(machine) => machine.awaits(id),
        }
    }

    fn awaits_permit(&self, request: PermitRequest) -> bool {
        match self {
            Self::Supervisor(machine) => machine.awaits_permit(request),
            Self::Group(machine) => machine.awaits_permit(request),
        }
    }

    fn share_quota(&mut self, shared: bool) {
        match self {
            Self::Supervisor(machine) => machine.share_quota(shared),
            Self::Group(machine) => machine.share_quota(shared),
        }
    }

    fn revision(&self) -> u64 {
        match self {
            Self::Supervisor(machine) => machine.revision(),
            Self::Group(machine) => machine.revision(),
        }
    }

    fn warnings(&self) -> Vec<TaskWarning> {
        match self {
            Self::Supervisor(machine) => machine.warnings(),
            Self::Group(machine) => machine.warnings(),
        }
    }

    fn snapshot(&self) -> Result<String, JsValue> {
        match self {
            Self::Supervisor(machine) => machine.snapshot(),
            Self::Group(machine) => machine.snapshot(),
        }
        .map_err(error::snapshot)
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
    persister: Persister,
    persisted_revision: Cell<u64>,
    waker: RefCell<Option<Waker>>,
    poked: Cell<bool>,
    driven: Cell<bool>,
    disposed: Cell<bool>,
}

/// Drives a supervisor or a group.
#[wasm_bindgen]
pub struct Driver(Rc<Inner>);

#[wasm_bindgen]
impl Driver {
    /// Drives a new supervisor.
    pub fn supervisor(config: &JsValue, host: &JsValue) -> Result<Driver, JsValue> {
        let host = Host::new(host)?;
        let config = value::json("config", config)
            .and_then(|json| SupervisorConfig::from_json(&json))
            .map_err(error::config)?;
        let machine = Machine::Supervisor(Box::new(Supervisor::new(config, host.now())));
        Ok(Self::of(machine, host))
    }

    /// Drives a new group.
    pub fn group(config: &JsValue, host: &JsValue) -> Result<Driver, JsValue> {
        let host = Host::new(host)?;
        let config = value::json("config", config)
            .and_then(|json| GroupConfig::from_json(&json))
            .map_err(error::config)?;
        let machine = Machine::Group(RedundancyGroup::new(config, host.now()));
        Ok(Self::of(machine, host))
    }

    /// Goes on with the supervisor that the snapshot was taken from.
    #[wasm_bindgen(js_name = restoreSupervisor)]
    pub fn restore_supervisor(snapshot: &str, host: &JsValue) -> Result<Driver, JsValue> {
        let host = Host::new(host)?;
        let machine = Box::new(Supervisor::restore(snapshot).map_err(error::snapshot)?);
        Ok(Self::of(Machine::Supervisor(machine), host))
    }

    /// Goes on with the group that the snapshot was taken from.
    #[wasm_bindgen(js_name = restoreGroup)]
    pub fn restore_group(snapshot: &str, host: &JsValue) -> Result<Driver, JsValue> {
        let host = Host::new(host)?;
        let machine = RedundancyGroup::restore(snapshot).map_err(error::snapshot)?;
        Ok(Self::of(Machine::Group(machine), host))
    }

    fn of(mut machine: Machine, host: Host) -> Self {
        machine.share_quota(host.has_permit());
        Self(Rc::new(Inner {
            executor: Executor::new(),
            host,
            persisted_revision: Cell::new(machine.revision()),
            machine: RefCell::new(machine),
            notices: RefCell::new(NoticeLog::new(NOTICES_OF_TASKS)),
            inbox: RefCell::default(),
            under_way: RefCell::default(),
            asked: RefCell::default(),
            persister: Persister::default(),
            waker: RefCell::default(),
            poked: Cell::new(false),
            driven: Cell::new(false),
            disposed: Cell::new(false),
        }))
    }

    /// Carries out what is due, and resolves when there is nothing but to wait: with the time to call it again (ms
    /// since the epoch), or `undefined` when it is over.
    pub fn advance(&self) -> Promise {
        let inner = Rc::clone(&self.0);
        self.0.executor.promise(async move {
            let _turn = Turn::take(&inner)?;
            match inner.drive(true, None).await? {
                Left::Until(until) => Ok(value::from_millis(until).into()),
                Left::Done(_) | Left::Aborted => Ok(JsValue::UNDEFINED),
            }
        })
    }

    /// Does that until it is over, and resolves with the outcome; rejects with the signal's reason should it fire.
    pub fn run(&self, signal: Option<AbortSignal>) -> Promise {
        let inner = Rc::clone(&self.0);
        self.0.executor.promise(async move {
            let _turn = Turn::take(&inner)?;
            let poked = Rc::clone(&inner);
            let on_abort = Closure::<dyn Fn()>::new(move || poked.poke());
            if let Some(signal) = &signal {
                signal.add_event_listener_with_callback("abort", on_abort.as_ref().unchecked_ref())?;
            }
            let left = inner.drive(false, signal.as_ref()).await;
            if let Some(signal) = &signal {
                signal.remove_event_listener_with_callback("abort", on_abort.as_ref().unchecked_ref())?;
            }
            match left? {
                Left::Done(outcome) => value::out(&outcome),
                Left::Aborted | Left::Until(_) => {
                    Err(signal.map(|signal| signal.reason()).unwrap_or_default())
                }
            }
        })
    }

    /// Ends what lives, and starts nothing any more.
    pub fn stop(&self) {
        self.0.take(Input::Stop);
    }

    /// Somebody says that the output is gone.
    pub fn hint(&self) {
        self.0.take(Input::Hint);
    }

    /// Takes a verified notification: `new`, `duplicate`, `stale`, or `foreign` when it is about somebody else's task.
    pub fn notice(&self, raw_body: &[u8]) -> Result<String, JsValue> {
        let notice = notice::parse(raw_body).map_err(error::notice)?;
        let freshness = self.0.notices.borrow_mut().take(&notice);
        let said = match freshness {
            Freshness::Duplicate => "duplicate",
            Freshness::Stale => "stale",
            Freshness::New if self.0.take(Input::Notice(notice)) => "new",
            Freshness::New => "foreign",
        };
        Ok(said.to_owned())
    }

    /// Takes a new payload, for the running tasks and for later ones.
    pub fn update(&self, services: &JsValue) -> Result<(), JsValue> {
        let services = value::json("services", services)
            .and_then(|json| Services::from_json(&json))
            .map_err(error::task)?;
        let now = self.0.host.now();
        match &mut *self.0.machine.borrow_mut() {
            Machine::Supervisor(machine) => machine.update(now, services),
            Machine::Group(machine) => machine.update(now, &services),
        }
        .map_err(error::task)?;
        self.0.poke();
        Ok(())
    }

    /// The whole state, as text.
    pub fn snapshot(&self) -> Result<String, JsValue> {
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
        value::out(&self.0.machine.borrow().warnings())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.disposed.set(true);
        self.0.poke();
    }
}

/// Why the driving came to an end.
enum Left {
    Until(Millis),
    Done(Outcome),
    Aborted,
}

/// One loop at a time.
struct Turn(Rc<Inner>);

impl Turn {
    fn take(inner: &Rc<Inner>) -> Result<Self, JsValue> {
        if inner.driven.replace(true) {
            return Err(error::error("ALREADY_RUNNING", "run() or advance() is under way already"));
        }
        Ok(Self(Rc::clone(inner)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.driven.set(false);
    }
}

impl Inner {
    /// No borrow is held while the application's code runs: it may call back.
    async fn drive(self: &Rc<Self>, once: bool, signal: Option<&AbortSignal>) -> Result<Left, JsValue> {
        let is_let_go = || self.disposed.get() || signal.is_some_and(AbortSignal::aborted);
        loop {
            if is_let_go() {
                return Ok(Left::Aborted);
            }
            while let Some(input) = self.next_input() {
                self.machine.borrow_mut().handle(self.host.now(), input);
            }
            let output = self.machine.borrow_mut().poll(self.host.now());
            match output {
                Output::Emit(event) => self.host.tell_event(&value::out(&event)?),
                Output::Send(request) => self.start(request),
                Output::NeedToken(request) => self.ask_token(request),
                Output::NeedPermit(request) => self.ask_permit(request),
                Output::Done(outcome) => {
                    let is_persisted = self.persist_last(is_let_go).await;
                    return Ok(if is_persisted { Left::Done(outcome) } else { Left::Aborted });
                }
                Output::Wait { until, .. } => {
                    if self.has_changed() {
                        drop(self.write_snapshot());
                    }
                    if once && !self.is_busy() {
                        return Ok(Left::Until(until));
                    }
                    self.rest(until).await;
                }
            }
        }
    }

    /// Whether it may still make calls and persist: once nobody drives it, somebody else may go on with the snapshot.
    fn is_driven(&self) -> bool {
        self.driven.get() && !self.disposed.get()
    }

    fn next_input(&self) -> Option<Input> {
        self.inbox.borrow_mut().pop_front()
    }

    /// Waits until that time, or until something comes in.
    async fn rest(&self, until: Millis) {
        let timer = TimeoutFuture::new(self.host.timeout_ms(until.minus(self.host.now())));
        match select(timer, self.poked()).await {
            Either::Left(_) | Either::Right(_) => {}
        }
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

    /// Takes a command or notification at once, so that its caller learns whether it was about us.
    fn take(&self, input: Input) -> bool {
        let taken = self.machine.borrow_mut().handle(self.host.now(), input);
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
        self.persister.is_busy()
            || self.under_way.borrow().iter().any(|id| machine.awaits(*id))
            || self.asked.borrow().iter().any(|request| machine.awaits_permit(*request))
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
        if request.persist_first && self.host.has_persist() && !self.persist().await {
            return Answer::Nothing(NoAnswer::NotSent);
        }
        let too_late = request.send_before.is_some_and(|latest| self.host.now() > latest);
        if too_late || !self.is_driven() || !self.machine.borrow().awaits(request.id) {
            return Answer::Nothing(NoAnswer::NotSent);
        }
        fetch::carry_out(&self.host, request).await
    }

    fn ask_token(self: &Rc<Self>, request: TokenRequest) {
        let inner = Rc::clone(self);
        self.under_way.borrow_mut().push(request.id);
        self.executor.spawn(async move {
            let token = inner.host.rtc_token(request.uid, &request.channel).await;
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
        self.host.has_persist() && self.machine.borrow().revision() != self.persisted_revision.get()
    }

    /// Persists what has changed last, if anything has; false when it was let go of meanwhile.
    async fn persist_last(self: &Rc<Self>, is_let_go: impl Fn() -> bool) -> bool {
        if self.has_changed() {
            let mut written = self.write_snapshot();
            while matches!(written.try_recv(), Ok(None)) {
                if is_let_go() {
                    return false;
                }
                self.poked().await;
            }
        }
        true
    }

    /// Persists the state as it is now; false when that failed.
    async fn persist(self: &Rc<Self>) -> bool {
        self.write_snapshot().await.unwrap_or(false)
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
                    let revision = inner.machine.borrow().revision();
                    let snapshot = inner.machine.borrow().snapshot();
                    let done = match snapshot {
                        Ok(snapshot) => inner.host.persist(&snapshot).await,
                        Err(_) => false,
                    };
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
