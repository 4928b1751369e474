//! Machines that break each rule: the driver must notice.

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

/// Says what it is told to, by the number of the poll.
#[derive(Clone)]
struct Breach {
    says: fn(u32) -> Output,
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
        (self.says)(self.polls)
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

fn breach(says: fn(u32) -> Output) -> Driver<Breach> {
    Driver::new(Breach { says, polls: 0, restored: false, shown: "" }, NOW)
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
#[should_panic(expected = "it spins")]
fn spinning() {
    breach(|_| request(0, Call::Query)).rest();
}

#[test]
#[should_panic(expected = "a wait for Monitor that is over already")]
fn a_wait_that_is_over() {
    breach(|_| wait(1_000)).rest();
}

#[test]
#[should_panic(expected = "a wait of 7200001 ms for Monitor")]
fn an_endless_wait() {
    breach(|_| wait(7_201_001)).rest();
}

#[test]
#[should_panic(expected = "two requests under way in lane 0")]
fn two_requests_at_once() {
    breach(|number| request(number.into(), Call::Query)).rest();
}

#[test]
#[should_panic(expected = "Create after stop()")]
fn a_create_after_stop() {
    let mut driver = breach(|_| request(0, Call::Create));
    driver.hand_in(Input::Stop);
    driver.rest();
}

#[test]
#[should_panic(expected = "polled once more it says")]
fn another_answer_at_the_same_time() {
    let mut driver = breach(|number| wait(2_000 + u64::from(number)));
    driver.rest();
    driver.rests();
}

#[test]
#[should_panic(expected = "polled once more it says")]
fn another_state_at_the_same_time() {
    let mut driver = breach(|_| wait(2_000));
    driver.rest();
    driver.rests();
}

#[test]
#[should_panic(expected = "a secret in")]
fn a_secret_in_an_event() {
    breach(|_| {
        let event = json!({ "at": 1, "lane": secret(0), "type": "stopping" });
        Output::Emit(serde_json::from_value::<Event>(event).unwrap())
    })
    .rest();
}

#[test]
#[should_panic(expected = "a secret in")]
fn a_secret_in_what_is_shown() {
    let mut driver = breach(|_| wait(2_000));
    driver.machine.shown = "s3cr3t-00";
    driver.rest();
    driver.rests();
}

#[test]
#[should_panic(expected = "a snapshot of 300000 bytes")]
fn a_snapshot_without_bounds() {
    let mut driver = breach(|_| wait(2_000));
    driver.machine.shown = "abc";
    driver.restore();
}

#[test]
#[should_panic(expected = "restored it is not what")]
fn another_state_after_a_restore() {
    breach(|_| wait(2_000)).restore();
}
