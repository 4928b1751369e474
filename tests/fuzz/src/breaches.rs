//! Machines that each violate one invariant. The driver must panic.

use serde_json::json;
use steadymix::status::Call;
use steadymix::supervisor::{
    Event, Input, Outcome, Output, PermitRequest, Request, RequestId, SnapshotError, Why,
};
use steadymix::time::{Duration, WallTime};

use crate::driver::Driver;
use crate::machine::Machine;
use crate::secrets::secret;

const NOW: WallTime = WallTime::from_millis(1_000);

/// A machine with scripted outputs.
#[derive(Clone)]
struct Breach {
    /// The output by the number of the poll.
    output: fn(u32) -> Output,
    polls: u32,
    restored: bool,
    shown: &'static str,
}

impl PartialEq for Breach {
    fn eq(&self, other: &Self) -> bool {
        (self.polls, self.restored) == (other.polls, other.restored)
    }
}

impl Machine for Breach {
    fn poll(&mut self, _: WallTime) -> Output {
        self.polls += 1;
        (self.output)(self.polls)
    }
    fn handle(&mut self, _: WallTime, _: Input) {}
    fn keep_secret(&mut self, _: [String; 3]) {}
    fn awaits(&self, _: RequestId) -> bool {
        true
    }
    fn awaits_permit(&self, _: PermitRequest) -> bool {
        false
    }
    fn snapshot(&self) -> String {
        self.shown.repeat(100_000)
    }
    fn restore(_: &str) -> Result<Self, SnapshotError> {
        Ok(Self { restored: true, ..breach(|_| Output::Done(Outcome::Stopped)).machine })
    }
    fn shown(&self) -> [String; 2] {
        [self.shown.to_owned(), String::new()]
    }
}

fn breach(output: fn(u32) -> Output) -> Driver<Breach> {
    Driver::new(Breach { output, polls: 0, restored: false, shown: "" }, NOW)
}

fn wait(until: u64) -> Output {
    Output::Wait { until: WallTime::from_millis(until), why: Why::Monitor }
}

fn request(number: u64, call: Call) -> Output {
    Output::Send(Request {
        id: serde_json::from_value(json!(number)).unwrap(),
        call,
        method: "GET",
        domain: String::new(),
        path: String::new(),
        body: None,
        timeout: Duration::from_secs(1),
        persist_first: false,
        send_before: None,
    })
}

#[test]
#[should_panic(expected = "the core spins")]
fn a_core_that_spins() {
    breach(|_| request(0, Call::Query)).settle();
}

#[test]
#[should_panic(expected = "the wait for Monitor is already over")]
fn a_wait_that_is_over() {
    breach(|_| wait(1_000)).settle();
}

#[test]
#[should_panic(expected = "the wait for Monitor is too long: 7200001 ms")]
fn a_wait_that_is_too_long() {
    breach(|_| wait(7_201_001)).settle();
}

#[test]
#[should_panic(expected = "two requests in flight in lane 0")]
fn two_requests_at_once() {
    breach(|number| request(number.into(), Call::Query)).settle();
}

#[test]
#[should_panic(expected = "Create after stop()")]
fn a_create_after_stop() {
    let mut driver = breach(|_| request(0, Call::Create));
    driver.hand_in(Input::Stop);
    driver.settle();
}

#[test]
#[should_panic(expected = "a second poll returns")]
fn a_second_poll_with_another_output() {
    let mut driver = breach(|number| wait(2_000 + u64::from(number)));
    driver.settle();
    driver.assert_settled();
}

#[test]
#[should_panic(expected = "a second poll returns")]
fn a_second_poll_that_changes_the_state() {
    let mut driver = breach(|_| wait(2_000));
    driver.settle();
    driver.assert_settled();
}

#[test]
#[should_panic(expected = "a secret in")]
fn a_secret_in_an_event() {
    breach(|_| {
        let event = json!({ "at": 1, "lane": secret(0), "type": "stopping" });
        Output::Emit(serde_json::from_value::<Event>(event).unwrap())
    })
    .settle();
}

#[test]
#[should_panic(expected = "a secret in")]
fn a_secret_in_the_status() {
    let mut driver = breach(|_| wait(2_000));
    driver.machine.shown = "s3cr3t-00";
    driver.settle();
    driver.assert_settled();
}

#[test]
#[should_panic(expected = "the snapshot has 300000 bytes")]
fn a_snapshot_that_is_too_large() {
    let mut driver = breach(|_| wait(2_000));
    driver.machine.shown = "abc";
    driver.restore();
}

#[test]
#[should_panic(expected = "the restored machine differs")]
fn a_restore_that_changes_the_state() {
    breach(|_| wait(2_000)).restore();
}
