//! What JavaScript sees, wherever it runs.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::future::join;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Date, Error, Function, JSON, Object, Promise, Reflect};
use steadymix::wasm::{
    Driver, RetryPolicy, UidRing, estimate_quota, interpret, parse_notice, validate_task, verify_notice,
};
use steadymix_emulator::{Call, CallKind, Command, Effect, Emulator, Profile, Reply, Rule};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::AbortController;

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

/// An emulated service, and everything that a host has to give.
struct World {
    emulator: Rc<RefCell<Emulator>>,
    host: Object,
    events: Rc<RefCell<Vec<JsValue>>>,
    snapshots: Rc<RefCell<Vec<String>>>,
}

impl World {
    fn new() -> Self {
        let emulator = Rc::new(RefCell::new(Emulator::new(Profile::default())));
        let events = Rc::new(RefCell::new(Vec::new()));
        let snapshots = Rc::new(RefCell::new(Vec::new()));
        let host = Object::new();
        set(&host, "customerId", &"id".into());
        set(&host, "customerSecret", &"s3cret".into());
        set(&host, "timeScale", &1000.0.into());
        let heard = Rc::clone(&events);
        let on_event = Closure::<dyn Fn(JsValue)>::new(move |event| heard.borrow_mut().push(event));
        set(&host, "onEvent", &on_event.into_js_value());
        let on_error = Closure::<dyn Fn(JsValue)>::new(|error: JsValue| panic!("{error:?}"));
        set(&host, "onError", &on_error.into_js_value());
        let kept = Rc::clone(&snapshots);
        let persist = Closure::<dyn Fn(String) -> Promise>::new(move |snapshot| {
            kept.borrow_mut().push(snapshot);
            Promise::resolve(&JsValue::UNDEFINED)
        });
        set(&host, "persist", &persist.into_js_value());
        set(&host, "fetch", &fetch(&emulator));
        Self { emulator, host, events, snapshots }
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

/// A `fetch` that leads to the emulator; its clock runs a thousand times as fast as the real one, as the driver's does.
fn fetch(emulator: &Rc<RefCell<Emulator>>) -> Function {
    let emulator = Rc::clone(emulator);
    let began = Date::now();
    let closure = Closure::<dyn Fn(String, JsValue) -> Promise>::new(move |url: String, init: JsValue| {
        let (domain, path) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
        let headers = get(&init, "headers");
        let call = Call {
            domain: domain.to_owned(),
            method: get(&init, "method").as_string().unwrap(),
            path: format!("/{path}"),
            authorization: get(&headers, "authorization").as_string(),
            body: get(&init, "body").as_string().unwrap_or_default(),
        };
        assert_eq!(call.authorization.as_deref(), Some("Basic aWQ6czNjcmV0"));
        let now = began + (Date::now() - began) * 1000.0;
        match emulator.borrow_mut().handle(now as u64, &call) {
            Reply::Answer { status, body, .. } => {
                let reply = Object::new();
                set(&reply, "status", &status.into());
                set(&reply, "body", &body.into());
                Promise::resolve(&JsValue::from(reply))
            }
            Reply::Nothing { .. } => Promise::reject(&Error::new("fetch failed")),
        }
    });
    closure.into_js_value().unchecked_into()
}

#[wasm_bindgen_test]
fn interpret_takes_names_and_numbers() {
    let meaning = |call: &str, status, code, task: JsValue| {
        text(&interpret(call.into(), status, code, &task, None).unwrap())
    };
    assert_eq!(meaning("create", Some(206), Some(65.0), JsValue::UNDEFINED), r#"{"kind":"notCompleted"}"#);
    assert_eq!(meaning("query", Some(200), None, 5.into()), r#"{"kind":"task","task":"running"}"#);
    assert_eq!(meaning("query", Some(200), None, "EXIT".into()), r#"{"kind":"task","task":"ended"}"#);
    assert_eq!(meaning("delete", None, None, JsValue::UNDEFINED), r#"{"kind":"noAnswer"}"#);
    assert_eq!(
        code(&interpret("list".into(), None, None, &JsValue::UNDEFINED, None).unwrap_err()),
        "INVALID_CONFIG"
    );
}

#[wasm_bindgen_test]
fn errors_are_errors_that_name_the_field() {
    let Err(error) = RetryPolicy::new(&js(r#"{"deleteMs":[0]}"#)) else { panic!("a wait of 0 ms was taken") };
    assert_eq!(code(&error), "INVALID_CONFIG");
    assert_eq!(get(&error, "field").as_string().unwrap(), "policy.deleteMs[0]");
    assert_eq!(get(&error, "allowed").as_string().unwrap(), "from 1 to 3600000 ms");
}

#[wasm_bindgen_test]
fn the_building_blocks_work() {
    let policy = RetryPolicy::new(&JsValue::UNDEFINED).unwrap();
    let wait = |failures| policy.wait("query".into(), "notFound".into(), failures, None, 0.0).unwrap();
    assert_eq!((wait(0), wait(2), wait(3)), (Some(5000.0), Some(15000.0), None));

    let mut ring = UidRing::new(js("[1,2]")).unwrap();
    ring.take(1).unwrap();
    assert_eq!(ring.next(), Some(2));
    assert_eq!(code(&ring.take(1).unwrap_err()), "UID_MAY_BE_LIVE");
    let ring = UidRing::from_json(ring.to_json().unwrap()).unwrap();
    assert!(ring.is_held(1));

    let estimate = estimate_quota(&js(r#"{"tasks":20,"pollIntervalMs":120000}"#)).unwrap();
    assert_eq!(get(&estimate, "fits"), JsValue::TRUE);

    let body = br#"{"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e53f411c2761f","notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}"#;
    let v2 = "6ba85d7c1122f6c51143cce7765f06c601c0fbd691987f4510e45b943b2639e8".to_owned();
    verify_notice("secret", body, None, Some(v2.clone())).unwrap();
    assert_eq!(code(&verify_notice("secrets", body, None, Some(v2)).unwrap_err()), "INVALID_SIGNATURE");
    assert_eq!(code(&parse_notice(body).unwrap_err()), "INVALID_NOTICE");

    let found = validate_task(&get(&js(CONFIG), "services"), Some("a b".to_owned())).unwrap();
    let first = Array::from(&get(&found, "errors")).get(0);
    assert_eq!(get(&first, "field").as_string().unwrap(), "instanceId");
}

#[wasm_bindgen_test]
async fn a_supervisor_launches_confirms_and_stops() {
    let world = World::new();
    let storm = Effect::Answer { status: 206, code: None, retry_after: None, body: None };
    let rule = Rule { times: Some(2), ..Rule::new(Some(CallKind::Create), storm) };
    world.emulator.borrow_mut().control(0, Command::AddRule { rule, for_ms: None });

    let driver = Driver::supervisor(&js(CONFIG), &world.host).unwrap();
    let running = JsFuture::from(driver.run(None));
    let stopping = async {
        world.until("confirmed").await;
        driver.stop();
    };
    let (outcome, ()) = join(running, stopping).await;
    assert_eq!(text(&outcome.unwrap()), r#"{"kind":"stopped"}"#);

    let types = world.types();
    assert_eq!(types.iter().filter(|kind| *kind == "retrying").count(), 2, "{types:?}");
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
async fn an_abort_leaves_the_task_to_the_next_one() {
    let world = World::new();
    let controller = AbortController::new().unwrap();
    let driver = Driver::supervisor(&js(CONFIG), &world.host).unwrap();
    let running = JsFuture::from(driver.run(Some(controller.signal())));
    let aborting = async {
        world.until("created").await;
        controller.abort_with_reason(&"enough".into());
    };
    let (left, ()) = join(running, aborting).await;
    assert_eq!(left.unwrap_err().as_string().as_deref(), Some("enough"));
    assert_eq!(world.emulator.borrow().tasks().filter(|task| task.live).count(), 1);

    let next = Driver::restore_supervisor(&driver.snapshot().unwrap(), &world.host).unwrap();
    assert_eq!(
        code(&Driver::restore_group(&driver.snapshot().unwrap(), &world.host).err().unwrap()),
        "INVALID_SNAPSHOT"
    );
    let running = JsFuture::from(next.run(None));
    let stopping = async {
        world.until("confirmed").await;
        let twice = JsFuture::from(next.advance()).await.unwrap_err();
        assert_eq!(code(&twice), "ALREADY_RUNNING");
        next.stop();
    };
    join(running, stopping).await.0.unwrap();
    assert_eq!(world.emulator.borrow().tasks().count(), 1, "no second task was made");
}

#[wasm_bindgen_test]
async fn advance_carries_out_what_is_due_and_says_when_to_come_again() {
    let world = World::new();
    // The first look for the task is due after 100 ms: a busy machine needs a few for a turn.
    set(&world.host, "timeScale", &50.0.into());
    let driver = Driver::supervisor(&js(CONFIG), &world.host).unwrap();
    let next = JsFuture::from(driver.advance()).await.unwrap().as_f64().unwrap();
    assert!(next > Date::now());
    assert_eq!(world.types(), ["launching", "created"]);
    driver.stop();
    // The rate limit may have it wait for the Delete.
    while !JsFuture::from(driver.advance()).await.unwrap().is_undefined() {
        TimeoutFuture::new(2).await;
    }
    assert!(world.emulator.borrow().tasks().all(|task| !task.live));
}
