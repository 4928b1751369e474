//! The one driver: the only code that performs calls.

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

/// Tasks whose notifications are remembered, to tell those that come twice.
const NOTIFICATIONS_OF_TASKS: usize = 256;

struct Inner {
    executor: Rc<Executor>,
    env: SupervisorEnv,
    machine: RefCell<Machine>,
    notifications: RefCell<NotificationLog>,
    inbox: Inbox,
    /// Calls that are being carried out.
    under_way: RefCell<Vec<RequestId>>,
    /// Permits that are being asked for.
    asked: RefCell<Vec<PermitRequest>>,
    departures: Departures,
    persister: Persister,
    turns: Turns,
    /// It was restored, and has not been driven since.
    restored: Cell<bool>,
    /// What the clock showed last, since this driver began: one that was restored may be on another machine.
    last_wall: Cell<WallTime>,
}

/// Drives a supervisor or a group. Only what it does by itself, in [`advance`](Self::advance) and [`run`](Self::run), calls
/// the application; so whatever that calls here finds nothing in the middle of something. `src/js/driven.ts` guards it:
/// one loop at a time, and none of it once it is over.
#[wasm_bindgen]
pub struct Driver(Rc<Inner>);

#[wasm_bindgen]
impl Driver {
    /// Drives a new supervisor, from `now` on (ms since the epoch).
    pub fn supervisor(config: &str, env: SupervisorEnv, now: f64) -> Result<Driver, JsValue> {
        let config = value::read_with(config, SupervisorConfig::from_json).map_err(error::config)?;
        let machine = Supervisor::new(config, WallTime::from_f64(now));
        Ok(Self::of(Machine::Supervisor(Box::new(machine)), env, false))
    }

    /// Drives a new group, from `now` on (ms since the epoch).
    pub fn group(config: &str, env: SupervisorEnv, now: f64) -> Result<Driver, JsValue> {
        let config = value::read_with(config, GroupConfig::from_json).map_err(error::config)?;
        let machine = Box::new(RedundancyGroup::new(config, WallTime::from_f64(now)));
        Ok(Self::of(Machine::Group(machine), env, false))
    }

    /// Goes on with the supervisor that the snapshot was taken from.
    #[wasm_bindgen(js_name = restoreSupervisor)]
    pub fn restore_supervisor(snapshot: &str, env: SupervisorEnv) -> Result<Driver, JsValue> {
        let machine = Box::new(Supervisor::restore(snapshot).map_err(error::snapshot)?);
        Ok(Self::of(Machine::Supervisor(machine), env, true))
    }

    /// Goes on with the group that the snapshot was taken from.
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
            notifications: RefCell::new(NotificationLog::new(NOTIFICATIONS_OF_TASKS)),
            inbox: Inbox::default(),
            under_way: RefCell::default(),
            asked: RefCell::default(),
            departures: Departures::default(),
            turns: Turns::default(),
            restored: Cell::new(restored),
            last_wall: Cell::new(WallTime::ZERO),
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

    /// Ends the [`run`](Self::run) that is under way. Its calls go on.
    pub fn interrupt(&self) {
        self.0.turns.interrupt();
        self.0.inbox.poke();
    }

    /// Ends what lives, and starts nothing any more.
    pub fn stop(&self, now: f64) {
        self.0.take(now, Input::Stop);
    }

    /// Somebody says that the output is gone.
    #[wasm_bindgen(js_name = checkNow)]
    pub fn check_now(&self, now: f64) {
        self.0.take(now, Input::CheckNow);
    }

    /// Takes a verified notification: `new`, `duplicate`, `stale`, or `foreign` when it is about somebody else's task, or
    /// about something else.
    #[wasm_bindgen(js_name = handleNotification)]
    pub fn handle_notification(&self, raw_body: &[u8], now: f64) -> Result<String, JsValue> {
        let notification = match notification::parse(raw_body) {
            Ok(notification) => notification,
            Err(NotificationError::Foreign) => return Ok("foreign".to_owned()),
            Err(found) => return Err(error::notification(found)),
        };
        let freshness = self.0.notifications.borrow_mut().take(&notification);
        let said = match freshness {
            Freshness::Duplicate => "duplicate",
            Freshness::Stale => "stale",
            Freshness::New if self.0.take(now, Input::Notification(notification)) => "new",
            Freshness::New => "foreign",
        };
        Ok(said.to_owned())
    }

    /// Takes a new payload, for the running tasks and for later ones. Says what becomes of it in each lane. What `payload`
    /// hides may be in it as it is there.
    pub fn update(&self, services: &str, now: f64) -> Result<JsValue, JsValue> {
        let now = self.0.at(WallTime::from_f64(now));
        let updates = self.0.machine.borrow_mut().update(services, now);
        let updates = updates.map_err(error::task)?;
        self.0.inbox.poke();
        value::out(&updates)
    }

    /// The newest payload that was not refused, for people: what may be a secret is hidden. `null`: lanes have different ones.
    pub fn payload(&self) -> Result<JsValue, JsValue> {
        let shown = self.0.machine.borrow().group().services().map(Services::shown);
        shown.map_or(Ok(JsValue::NULL), |shown| JSON::parse(&shown))
    }

    /// The whole state, as text.
    pub fn snapshot(&self) -> String {
        self.0.machine.borrow().snapshot()
    }

    /// How it is, for people.
    pub fn status(&self) -> Result<JsValue, JsValue> {
        self.0.machine.borrow().status()
    }

    /// What is allowed in the payload that the next launch has, but probably not meant.
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
        self.0.inbox.poke();
    }
}

/// Why driving came to an end.
enum DriveEnd {
    Until(WallTime),
    Done(Outcome),
    Interrupted,
}

impl Inner {
    /// No borrow is held while the application's code runs, its clock included: it may call back.
    async fn drive(self: &Rc<Self>, once: bool) -> Result<DriveEnd, JsValue> {
        loop {
            if self.turns.is_let_go() {
                return Ok(DriveEnd::Interrupted);
            }
            while let Some(input) = self.inbox.next() {
                let now = self.time()?;
                self.machine.borrow_mut().group_mut().handle(now, input);
            }
            let now = self.time()?;
            // The application's clock may have done it.
            if self.turns.is_let_go() {
                return Ok(DriveEnd::Interrupted);
            }
            if self.restored.take() {
                self.machine.borrow_mut().group_mut().note_restored(now);
            }
            let output = self.machine.borrow_mut().group_mut().poll(now);
            match output {
                Output::Emit(event) => self.env.tell_event(&value::out(&event)?),
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
                    match select(timer, self.inbox.poked()).await {
                        Either::Left(_) | Either::Right(_) => {}
                    }
                }
            }
        }
    }

    fn time(&self) -> Result<WallTime, JsValue> {
        Ok(self.at(self.env.time()?))
    }

    /// If the application's clock was set back, the time that had passed by then still counts: see `Clock` in `src/time.rs`.
    fn at(&self, now: WallTime) -> WallTime {
        if self.last_wall.replace(now).duration_since(now) > Duration::from_secs(1) {
            self.machine.borrow_mut().group_mut().elapse(self.env.before_set_back());
        }
        now
    }

    /// Takes a command or notification at once, so that its caller learns whether it was about us.
    fn take(&self, now: f64, input: Input) -> bool {
        let now = self.at(WallTime::from_f64(now));
        let taken = self.machine.borrow_mut().group_mut().handle(now, input);
        self.inbox.poke();
        taken
    }

    /// Whether an answer or a permit that is awaited, or a snapshot, is on its way.
    fn is_busy(&self) -> bool {
        let machine = self.machine.borrow();
        let group = machine.group();
        self.persister.is_busy()
            || self.under_way.borrow().iter().any(|id| group.awaits(*id))
            || self.asked.borrow().iter().any(|request| group.awaits_permit(*request))
    }
}
