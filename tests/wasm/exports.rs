//! The exports to JavaScript, in every runtime.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::future::join;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Date, Error, Function, JSON, Object, Promise, Reflect};
use steadymix::wasm::{
    Driver, RetryPolicy, SupervisorEnv, UidRing, estimate_quota, interpret, parse_notification,
    validate_task, verify_notification,
};
use steadymix_emulator::{Call, CallKind, Command, Effect, Emulator, Profile, Reply, Rule};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

fn js(json: &str) -> JsValue {
    JSON::parse(json).unwrap()
}

fn text(value: &JsValue) -> String {
    JSON::stringify(value).unwrap().into()
}

fn get(value: &JsValue, field: &str) -> JsValue {
    Reflect::get(value, &field.into()).unwrap()
}

fn code(error: &JsValue) -> String {
    assert!(error.is_instance_of::<Error>(), "a real Error");
    get(error, "code").as_string().unwrap()
}

fn set(object: &Object, field: &str, value: &JsValue) {
    Reflect::set(object, &field.into(), value).unwrap();
}

const CONFIG: &str = r#"{ "appId": "app", "instanceId": "show", "uids": [9001, 9002], "services": { "cloudTranscoder": {
    "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
        "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 0 } }],
        "outputs": [{ "rtc": { "rtcChannel": "show" } }] } } } } }"#;

/// The emulated service, and an application's callbacks.
struct World {
    emulator: Rc<RefCell<Emulator>>,
    env: Object,
    events: Rc<RefCell<Vec<JsValue>>>,
    snapshots: Rc<RefCell<Vec<String>>>,
}

impl World {
    fn new() -> Self {
        let emulator = Rc::new(RefCell::new(Emulator::new(Profile::default())));
        let events = Rc::new(RefCell::new(Vec::new()));
        let snapshots = Rc::new(RefCell::new(Vec::new()));
        let env = Object::new();
        let began = Date::now();
        set_speed(&env, began, SPEED);
        set(&env, "secrets", &"[]".into());
        let before_set_back = Closure::<dyn Fn() -> f64>::new(|| 0.0);
        set(&env, "beforeSetBack", &before_set_back.into_js_value());
        set(&env, "hasPersist", &true.into());
        set(&env, "hasRtcToken", &true.into());
        set(&env, "hasPermit", &false.into());
        let heard = Rc::clone(&events);
        let on_event = Closure::<dyn Fn(JsValue)>::new(move |event| heard.borrow_mut().push(event));
        set(&env, "emitEvent", &on_event.into_js_value());
        let slow = Closure::<dyn Fn(JsValue)>::new(|callback: JsValue| panic!("{callback:?} is slow"));
        set(&env, "reportSlow", &slow.into_js_value());
        let used = Closure::<dyn Fn()>::new(|| {});
        set(&env, "permitUsed", &used.into_js_value());
        let keep = Closure::<dyn Fn() -> Promise>::new(|| Promise::resolve(&JsValue::UNDEFINED));
        set(&env, "rtcToken", &keep.into_js_value());
        let kept = Rc::clone(&snapshots);
        let persist = Closure::<dyn Fn(String) -> Promise>::new(move |snapshot| {
            kept.borrow_mut().push(snapshot);
            Promise::resolve(&JsValue::TRUE)
        });
        set(&env, "persist", &persist.into_js_value());
        set(&env, "fetch", &fetch(&emulator, began));
        Self { emulator, env, events, snapshots }
    }

    fn supervisor(&self) -> Driver {
        Driver::supervisor(CONFIG, self.env(), Date::now()).unwrap()
    }

    fn env(&self) -> SupervisorEnv {
        self.env.clone().unchecked_into()
    }

    async fn until(&self, kind: &str) {
        while !self.types().iter().any(|other| other == kind) {
            TimeoutFuture::new(2).await;
        }
    }

    fn types(&self) -> Vec<String> {
        self.events.borrow().iter().map(|event| get(event, "type").as_string().unwrap()).collect()
    }
}

/// Simulated ms in a real ms.
const SPEED: f64 = 100.0;

/// Its clock, and its timers.
fn set_speed(env: &Object, began: f64, speed: f64) {
    set(env, "timeScale", &speed.into());
    let now = Closure::<dyn Fn() -> f64>::new(move || began + (Date::now() - began) * speed);
    set(env, "now", &now.into_js_value());
}

/// Calls the emulator.
fn fetch(emulator: &Rc<RefCell<Emulator>>, began: f64) -> Function {
    let emulator = Rc::clone(emulator);
    let closure = Closure::<dyn Fn(String, String, Option<String>) -> Promise>::new(
        move |url: String, method: String, body: Option<String>| {
            let (domain, path) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
            let call = Call {
                domain: domain.to_owned(),
                method,
                path: format!("/{path}"),
                // base64 of `id:secret`.
                authorization: Some("Basic aWQ6c2VjcmV0".to_owned()),
                body: body.unwrap_or_default(),
            };
            let now = began + (Date::now() - began) * SPEED;
            match emulator.borrow_mut().handle(now as u64, &call) {
                Reply::Answer { status, body, .. } => {
                    let reply = Object::new();
                    set(&reply, "status", &status.into());
                    set(&reply, "body", &body.into());
                    Promise::resolve(&JsValue::from(reply))
                }
                Reply::Nothing { .. } => {
                    let reply = Object::new();
                    set(&reply, "noReply", &"unknown".into());
                    Promise::resolve(&JsValue::from(reply))
                }
            }
        },
    );
    closure.into_js_value().unchecked_into()
}

#[wasm_bindgen_test]
fn interpret_accepts_names_and_numbers() {
    let meaning = |call: &str, status, code, task: Option<&str>| {
        text(&interpret(call, status, code, task.map(str::to_owned), None).unwrap())
    };
    assert_eq!(meaning(r#""create""#, Some(206), Some(65.0), None), r#"{"type":"notCompleted"}"#);
    assert_eq!(meaning(r#""query""#, Some(200), None, Some("5")), r#"{"type":"task","task":"running"}"#);
    assert_eq!(meaning(r#""query""#, Some(200), None, Some("EXIT")), r#"{"type":"task","task":"ended"}"#);
    assert_eq!(meaning(r#""delete""#, None, None, None), r#"{"type":"noAnswer"}"#);
    assert_eq!(code(&interpret(r#""list""#, None, None, None, None).unwrap_err()), "INVALID_OPTIONS");
}

#[wasm_bindgen_test]
fn errors_are_error_objects_that_name_the_field() {
    let Err(error) = RetryPolicy::new(r#"{"deleteDelaysMs":[0]}"#) else {
        panic!("a wait of 0 ms was taken")
    };
    assert_eq!(code(&error), "INVALID_OPTIONS");
    assert_eq!(get(&error, "field").as_string().unwrap(), "policy.deleteDelaysMs[0]");
    assert_eq!(get(&error, "allowed").as_string().unwrap(), "from 100 to 3600000 ms");
}

#[wasm_bindgen_test]
fn values_that_are_not_json_are_shown_and_unreadable_json_is_not() {
    let value = |json: &str| get(&estimate_quota(json).unwrap_err(), "value").as_string().unwrap();
    assert_eq!(value("undefined"), "undefined");
    assert_eq!(value("a symbol"), "a symbol");
    assert_eq!(value("[]"), "an array");
    for unreadable in
        [r#"{"a":"\udc00"}"#.to_owned(), "[".repeat(200) + &"]".repeat(200), r#""\ud800""#.to_owned()]
    {
        assert_eq!(value(&unreadable), "JSON with lone surrogates, or nested more than 127 levels deep");
    }
}

#[wasm_bindgen_test]
fn the_building_blocks_work() {
    let policy = RetryPolicy::new("{}").unwrap();
    let delay = |failures| {
        let failed = format!(r#"{{"call":"query","reason":"notFound","failures":{failures}}}"#);
        policy.next_delay(&failed, 0.0).unwrap()
    };
    assert_eq!((delay(0), delay(2), delay(3)), (Some(5000.0), Some(15000.0), None));

    let mut ring = UidRing::new("[1,2]").unwrap();
    ring.take(1).unwrap();
    assert_eq!(ring.next(), Some(2));
    assert_eq!(code(&ring.take(1).unwrap_err()), "UID_MAY_BE_LIVE");
    let ring = UidRing::from_json(&text(&ring.to_json().unwrap())).unwrap();
    assert!(ring.is_held(1));

    for (plan, fits) in [
        (r#"{"tasks":20,"pollIntervalMs":120000,"quota":{"pcw":30}}"#, true),
        (r#"{"tasks":{"SD":10,"HD":10},"area":"china"}"#, true),
        (r#"{"tasks":{"SD":11,"HD":10},"area":"china"}"#, false),
        (r#"{"tasks":6}"#, false),
    ] {
        assert_eq!(get(&estimate_quota(plan).unwrap(), "fits"), JsValue::from_bool(fits), "{plan}");
    }

    let body = br#"{"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e53f411c2761f","notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}"#;
    let v2 = "6ba85d7c1122f6c51143cce7765f06c601c0fbd691987f4510e45b943b2639e8".to_owned();
    verify_notification("secret", body, None, Some(v2.clone())).unwrap();
    assert_eq!(code(&verify_notification("secrets", body, None, Some(v2)).unwrap_err()), "INVALID_SIGNATURE");
    assert_eq!(code(&parse_notification(body).unwrap_err()), "INVALID_NOTIFICATION");

    let found = validate_task(&text(&get(&js(CONFIG), "services")), Some("a b".to_owned())).unwrap();
    let first = Array::from(&get(&found, "errors")).get(0);
    assert_eq!(get(&first, "field").as_string().unwrap(), "instanceId");
}

#[wasm_bindgen_test]
async fn a_supervisor_launches_confirms_and_stops() {
    let world = World::new();
    let storm = Effect::Answer { status: 206, code: None, retry_after: None, body: None };
    let rule = Rule { times: Some(2), ..Rule::new(Some(CallKind::Create), storm) };
    world.emulator.borrow_mut().control(0, Command::AddRule { rule, for_ms: None });

    let driver = world.supervisor();
    let running = JsFuture::from(driver.run());
    let stopping = async {
        world.until("confirmed").await;
        driver.stop(Date::now());
    };
    let (outcome, ()) = join(running, stopping).await;
    assert_eq!(text(&outcome.unwrap()), r#"{"type":"stopped"}"#);

    let types = world.types();
    // A busy machine may take too long for a single call.
    let events = world.events.borrow();
    let is_of_storm = |event: &&JsValue| get(event, "reason") == "timedOut";
    assert_eq!(events.iter().filter(is_of_storm).count(), 2, "{types:?}");
    assert!(
        types.ends_with(&["stopping".to_owned(), "removed".to_owned(), "stopped".to_owned()]),
        "{types:?}"
    );
    assert!(world.emulator.borrow().tasks().all(|task| !task.live));
    let snapshots = world.snapshots.borrow();
    assert!(
        !snapshots.is_empty()
            && snapshots.iter().all(|text| text.starts_with("steadymix-snapshot-1 supervisor "))
    );
}

#[wasm_bindgen_test]
async fn after_an_interruption_the_next_run_continues() {
    let world = World::new();
    let driver = world.supervisor();
    let running = JsFuture::from(driver.run());
    let interrupting = async {
        world.until("created").await;
        driver.interrupt();
    };
    let (left, ()) = join(running, interrupting).await;
    assert!(left.unwrap().is_undefined());
    assert_eq!(world.emulator.borrow().tasks().filter(|task| task.live).count(), 1);

    let snapshot = driver.snapshot();
    let next = Driver::restore_supervisor(&snapshot, world.env()).unwrap();
    let error = Driver::restore_group(&snapshot, world.env()).err().unwrap();
    assert_eq!(code(&error), "INVALID_SNAPSHOT");
    let running = JsFuture::from(next.run());
    let stopping = async {
        world.until("confirmed").await;
        next.stop(Date::now());
    };
    join(running, stopping).await.0.unwrap();
    assert_eq!(world.emulator.borrow().tasks().count(), 1, "no second task was made");
}

#[wasm_bindgen_test]
async fn advance_carries_out_what_is_due_and_returns_the_next_time() {
    let world = World::new();
    // The first Query of the task is due after 100 ms: a busy machine needs some of them for a turn.
    set_speed(&world.env, Date::now(), 50.0);
    let driver = world.supervisor();
    let next = JsFuture::from(driver.advance()).await.unwrap().as_f64().unwrap();
    assert!(next > Date::now());
    assert!(
        world.types().starts_with(&["launching".to_owned(), "created".to_owned()]),
        "{:?}",
        world.types()
    );
    driver.stop(Date::now());
    // The rate limit may delay the Delete.
    let outcome = loop {
        let left = JsFuture::from(driver.advance()).await.unwrap();
        if left.is_object() {
            break left;
        }
        TimeoutFuture::new(2).await;
    };
    assert_eq!(text(&outcome), r#"{"type":"stopped"}"#);
    assert!(world.emulator.borrow().tasks().all(|task| !task.live));
}
