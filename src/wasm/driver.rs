//! The driver: the only code that makes calls.

mod calls;
mod inbox;
mod machine;
mod snapshots;
mod turn;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::future::{Either, select};
use js_sys::{JSON, Promise};
use wasm_bindgen::prelude::*;

use self::inbox::Inbox;
use self::machine::Machine;
use self::turn::Turns;
use super::departures::Departures;
use super::env::SupervisorEnv;
use super::executor::Executor;
use super::persister::Persister;
use super::{error, value};
use crate::notification::{self, Freshness, NotificationError, NotificationLog};
use crate::redundancy::{GroupConfig, RedundancyGroup};
use crate::supervisor::{Input, Outcome, Output, PermitRequest, RequestId, Supervisor, SupervisorConfig};
use crate::task::Services;
use crate::time::{Duration, WallTime};

/// How many tasks are remembered to detect duplicate notifications.
const MAX_NOTIFIED_TASKS: usize = 256;

struct Inner {
    executor: Rc<Executor>,
    env: SupervisorEnv,
    machine: RefCell<Machine>,
    notifications: RefCell<NotificationLog>,
    inbox: Inbox,
    /// Calls in flight.
    in_flight: RefCell<Vec<RequestId>>,
    /// Requests for permits in flight.
    permit_requests: RefCell<Vec<PermitRequest>>,
    departures: Departures,
    persister: Persister,
    turns: Turns,
    /// It was restored, and has not run since.
    restored: Cell<bool>,
    /// The clock's last value in this driver. It is not restored: another machine has another clock.
    last_wall: Cell<WallTime>,
}

/// Drives a supervisor or a group. Only [`advance`](Self::advance) and [`run`](Self::run) call the application; no
/// other method is interrupted by a callback. `src/js/driven.ts` allows one loop at a time, and none after the end.
#[wasm_bindgen]
pub struct Driver(Rc<Inner>);

#[wasm_bindgen]
impl Driver {
    /// Drives a new supervisor that starts at `now` (ms since the epoch).
    pub fn supervisor(config: &str, env: SupervisorEnv, now: f64) -> Result<Driver, JsValue> {
        let config = value::read_with(config, SupervisorConfig::from_json).map_err(error::config)?;
        let machine = Supervisor::new(config, WallTime::from_f64(now));
        Ok(Self::of(Machine::Supervisor(Box::new(machine)), env, false))
    }

    /// Drives a new group that starts at `now` (ms since the epoch).
    pub fn group(config: &str, env: SupervisorEnv, now: f64) -> Result<Driver, JsValue> {
        let config = value::read_with(config, GroupConfig::from_json).map_err(error::config)?;
        let machine = Box::new(RedundancyGroup::new(config, WallTime::from_f64(now)));
        Ok(Self::of(Machine::Group(machine), env, false))
    }

    /// Restores a supervisor from a snapshot.
    #[wasm_bindgen(js_name = restoreSupervisor)]
    pub fn restore_supervisor(snapshot: &str, env: SupervisorEnv) -> Result<Driver, JsValue> {
        let machine = Box::new(Supervisor::restore(snapshot).map_err(error::snapshot)?);
        Ok(Self::of(Machine::Supervisor(machine), env, true))
    }

    /// Restores a group from a snapshot.
    #[wasm_bindgen(js_name = restoreGroup)]
    pub fn restore_group(snapshot: &str, env: SupervisorEnv) -> Result<Driver, JsValue> {
        let machine = Box::new(RedundancyGroup::restore(snapshot).map_err(error::snapshot)?);
        Ok(Self::of(Machine::Group(machine), env, true))
    }

    fn of(mut machine: Machine, env: SupervisorEnv, restored: bool) -> Self {
        machine.group_mut().share_quota(env.has_permit());
        let secrets: Vec<String> = value::read("env.secrets", &env.secrets()).unwrap_or_default();
        machine.group_mut().keep_secret(secrets);
        Self(Rc::new(Inner {
            executor: Executor::new(),
            env,
            persister: Persister::of(machine.group().revision()),
            machine: RefCell::new(machine),
            notifications: RefCell::new(NotificationLog::new(MAX_NOTIFIED_TASKS)),
            inbox: Inbox::default(),
            in_flight: RefCell::default(),
            permit_requests: RefCell::default(),
            departures: Departures::default(),
            turns: Turns::default(),
            restored: Cell::new(restored),
            last_wall: Cell::new(WallTime::ZERO),
        }))
    }

    /// Carries out everything that is due. Resolves with the time of the next call of `advance` (ms since the epoch),
    /// with the outcome at the end, or with `undefined` after `dispose`.
    pub fn advance(&self) -> Promise {
        self.drive(true)
    }

    /// Carries out everything until the end. Resolves with the outcome, or with `undefined` if it is interrupted or
    /// disposed of.
    pub fn run(&self) -> Promise {
        self.drive(false)
    }

    fn drive(&self, once: bool) -> Promise {
        let inner = Rc::clone(&self.0);
        // Taken now and not in the next microtask: an interruption may come before that.
        let turn = inner.turns.take();
        self.0.executor.promise(async move {
            let _turn = turn;
            match inner.drive(once).await? {
                DriveEnd::Until(until) => Ok(until.as_f64().into()),
                DriveEnd::Done(outcome) => value::out(&outcome),
                DriveEnd::Interrupted => Ok(JsValue::UNDEFINED),
            }
        })
    }

    /// Ends the current [`run`](Self::run). Calls in flight continue.
    pub fn interrupt(&self) {
        self.0.turns.interrupt();
        self.0.inbox.wake();
    }

    /// Deletes all tasks and starts no more.
    pub fn stop(&self, now: f64) {
        self.0.take(now, Input::Stop);
    }

    /// Reports that the output does not arrive.
    #[wasm_bindgen(js_name = checkNow)]
    pub fn check_now(&self, now: f64) {
        self.0.take(now, Input::CheckNow);
    }

    /// Handles a verified notification. Returns `new`, `duplicate`, `stale`, or `foreign` if it is about another
    /// application's task or another product.
    #[wasm_bindgen(js_name = handleNotification)]
    pub fn handle_notification(&self, raw_body: &[u8], now: f64) -> Result<String, JsValue> {
        let notification = match notification::parse(raw_body) {
            Ok(notification) => notification,
            Err(NotificationError::Foreign) => return Ok("foreign".to_owned()),
            Err(found) => return Err(error::notification(found)),
        };
        let freshness = self.0.notifications.borrow().freshness(&notification);
        if freshness == Freshness::New && !self.0.take(now, Input::Notification(notification.clone())) {
            // Not recorded: its task may become known before it is resent.
            return Ok("foreign".to_owned());
        }
        let result = match self.0.notifications.borrow_mut().record(&notification) {
            Freshness::New => "new",
            Freshness::Duplicate => "duplicate",
            Freshness::Stale => "stale",
        };
        Ok(result.to_owned())
    }

    /// Sets a new payload for running and later tasks. Returns how each lane gets it. Redaction marks of `payload`
    /// stand for the values that they hide.
    pub fn update(&self, services: &str, now: f64) -> Result<JsValue, JsValue> {
        let now = self.0.at(WallTime::from_f64(now));
        let updates = self.0.machine.borrow_mut().update(services, now);
        let updates = updates.map_err(error::task)?;
        self.0.inbox.wake();
        value::out(&updates)
    }

    /// The newest payload that was not refused, redacted. `null` if the lanes have different ones.
    pub fn payload(&self) -> Result<JsValue, JsValue> {
        let shown = self.0.machine.borrow().group().services().map(Services::shown);
        shown.map_or(Ok(JsValue::NULL), |shown| JSON::parse(&shown))
    }

    /// The whole state as text.
    pub fn snapshot(&self) -> String {
        self.0.machine.borrow().snapshot()
    }

    /// The status, for operators.
    pub fn status(&self) -> Result<JsValue, JsValue> {
        self.0.machine.borrow().status()
    }

    /// Values in the payload of the next launch that are allowed, but probably not intended.
    pub fn warnings(&self) -> Result<JsValue, JsValue> {
        let mut warnings = self.0.machine.borrow().group().warnings();
        warnings.retain(|warning| !(self.0.env.has_rtc_token() && warning.is_about_token()));
        value::out(&warnings)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.turns.dispose();
        self.0.executor.cancel();
        self.0.inbox.wake();
    }
}

/// Why driving ended.
enum DriveEnd {
    Until(WallTime),
    Done(Outcome),
    Interrupted,
}

impl Inner {
    /// No borrow is held while the application's code, its clock included, runs: it may call back.
    async fn drive(self: &Rc<Self>, once: bool) -> Result<DriveEnd, JsValue> {
        loop {
            if self.turns.should_end() {
                return Ok(DriveEnd::Interrupted);
            }
            while let Some(input) = self.inbox.next() {
                let now = self.time()?;
                self.machine.borrow_mut().group_mut().handle(now, input);
            }
            let now = self.time()?;
            // The application's clock may have interrupted it.
            if self.turns.should_end() {
                return Ok(DriveEnd::Interrupted);
            }
            if self.restored.take() {
                self.machine.borrow_mut().group_mut().note_restored(now);
            }
            let output = self.machine.borrow_mut().group_mut().poll(now);
            match output {
                Output::Emit(event) => self.env.emit_event(&value::out(&event)?),
                Output::Send(request) => self.start(request),
                Output::NeedToken(request) => self.ask_token(request),
                Output::NeedPermit(request) => self.ask_permit(request),
                Output::Done(outcome) => {
                    let is_persisted = self.persist_last().await;
                    return Ok(if is_persisted { DriveEnd::Done(outcome) } else { DriveEnd::Interrupted });
                }
                Output::Wait { until, .. } => {
                    if self.has_changed() {
                        drop(self.write_snapshot());
                    }
                    if once && !self.is_busy() {
                        return Ok(DriveEnd::Until(until));
                    }
                    let timer = self.env.timer(until.duration_since(now));
                    match select(timer, self.inbox.woken()).await {
                        Either::Left(_) | Either::Right(_) => {}
                    }
                }
            }
        }
    }

    fn time(&self) -> Result<WallTime, JsValue> {
        Ok(self.at(self.env.time()?))
    }

    /// If the application's clock was set back, the time before that still counts: see `Clock` in `src/time.rs`.
    fn at(&self, now: WallTime) -> WallTime {
        if self.last_wall.replace(now).duration_since(now) > Duration::from_secs(1) {
            self.machine.borrow_mut().group_mut().elapse(self.env.before_set_back());
        }
        now
    }

    /// Applies a command or notification at once, so that the caller learns whether it was about this driver.
    fn take(&self, now: f64, input: Input) -> bool {
        let now = self.at(WallTime::from_f64(now));
        let taken = self.machine.borrow_mut().group_mut().handle(now, input);
        self.inbox.wake();
        taken
    }

    /// Whether an awaited answer, a permit or a snapshot is on its way.
    fn is_busy(&self) -> bool {
        let machine = self.machine.borrow();
        let group = machine.group();
        self.persister.is_busy()
            || self.in_flight.borrow().iter().any(|id| group.awaits(*id))
            || self.permit_requests.borrow().iter().any(|request| group.awaits_permit(*request))
    }
}
