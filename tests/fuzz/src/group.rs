//! A group with arbitrary sequences of inputs.

use serde_json::json;
use std::sync::LazyLock;
use steadymix::notification;
use steadymix::redundancy::RedundancyGroup;
use steadymix::supervisor::{Answer, Input, RequestId};
use steadymix::task::Services;
use steadymix::time::Duration;

use crate::driver::{Asked, Driver, NOTHING, http};
use crate::fixtures::{self, GROUPS, UIDS};
use crate::secrets::Carried;
use crate::source::Source;

const STATUSES: [u16; 16] = [100, 200, 201, 202, 206, 301, 400, 401, 403, 404, 409, 413, 429, 500, 503, 504];

/// Restores in one fuzz input. Each takes as long as everything else together.
const MAX_RESTORES: u32 = 1;

/// Jumps of the clock, in ms: clock changes and suspended processes.
const JUMPS: [u64; 8] = [1, 900, 1_500, 30_000, 400_000, 3_600_000, 40 * 86_400_000, 1 << 53];

/// Payloads of an update: unchanged, changed, invalid for this group.
static PAYLOADS: LazyLock<[Services; 3]> = LazyLock::new(|| {
    let mut foreign = fixtures::services(2_000);
    foreign["cloudTranscoder"]["config"]["transcoder"]["outputs"][0]["rtc"]["rtcChannel"] =
        json!("elsewhere");
    [fixtures::services(2_000), fixtures::services(2_001), foreign]
        .map(|json| Services::from_json(&json.to_string()).unwrap())
});

/// # Panics
/// If an invariant is violated.
pub fn group(data: &[u8]) {
    let mut source = Source::new(data);
    let mut driver = GROUPS[source.below(GROUPS.len())].clone();
    let mut persisted = driver.clone();
    let mut restores = 0;
    while !source.is_exhausted() {
        let step = source.byte();
        match step & 15 {
            0 | 1 => driver.wait(),
            2 => driver.pass(Duration::from_millis(source.short().into())),
            3 => jump(&mut driver, &mut source),
            4..=6 => {
                if let Some(asked) = driver.last_asked() {
                    driver.serve(asked);
                }
            }
            7..=9 => answer(&mut driver, &mut source),
            10 => token(&mut driver, &mut source),
            11 => permit(&mut driver, &mut source),
            12 => notification_of(&mut driver, &mut source),
            13 => command(&mut driver, &mut source),
            14 => match source.byte() & 3 {
                0 if restores < MAX_RESTORES => {
                    restores += 1;
                    driver.restore();
                }
                0 => {}
                1 => persisted = driver.clone(),
                2 => driver.die(&persisted),
                _ => driver.machine.share_quota(source.flag()),
            },
            _ => driver.serve_for(4),
        }
        // Otherwise the next input comes before a poll.
        if step & 0x80 == 0 {
            driver.settle();
        }
    }
    driver.settle();
    driver.assert_settled();
}

fn jump(driver: &mut Driver<RedundancyGroup>, source: &mut Source) {
    let by = Duration::from_millis(source.one(&JUMPS));
    driver.now = if source.flag() { driver.now + by } else { driver.now - by };
}

fn chosen(driver: &Driver<RedundancyGroup>, source: &mut Source) -> Option<Asked> {
    let asked = driver.asked();
    (!asked.is_empty()).then(|| asked[asked.len() - 1 - source.below(asked.len())])
}

/// A request with its secrets, or one that was never made.
fn request(driver: &Driver<RedundancyGroup>, source: &mut Source) -> (RequestId, Carried) {
    match chosen(driver, source) {
        Some(Asked::Call(id, _, carried)) => (id, carried),
        Some(Asked::Token(id)) => (id, Carried::default()),
        Some(Asked::Permit(_)) | None => {
            let number = u64::from(source.byte()) << 40 | u64::from(source.byte());
            (serde_json::from_value(json!(number)).unwrap(), Carried::default())
        }
    }
}

fn answer(driver: &mut Driver<RedundancyGroup>, source: &mut Source) {
    let (id, carried) = request(driver, source);
    let kind = source.byte();
    if kind & 7 == 0 {
        return driver.answer(id, Answer::Nothing(source.one(&NOTHING)));
    }
    let status = source.one(&STATUSES);
    let echo = carried.one(source.byte());
    let body = match kind >> 3 & 7 {
        0 => json!({ "message": format!("not allowed: {echo}"), "code": 65 }).to_string(),
        1 => json!({ "message": echo }).to_string(),
        2 => json!({ "taskId": format!("task-{}", source.byte() & 7) }).to_string(),
        3 => json!({ "status": source.byte() % 11, "taskId": "task-1" }).to_string(),
        4 => json!({ "services": { "cloudTranscoder": { "status": source.one(&["serviceAbnormal",
            "serviceValidationFailed", "serviceCompleted", "serviceInProgress", "new"]) } } })
        .to_string(),
        5 => fixtures::hosts(&UIDS[..source.below(UIDS.len() + 1)]),
        6 => format!(r#"{{"tokenName":"{}"}}"#, driver.secrets.give()),
        _ => source.text(),
    };
    let mut answer = http(status, body);
    if let (true, Answer::Http { retry_after, request_id, .. }) = (kind & 0x40 != 0, &mut answer) {
        *retry_after =
            Some(source.one(&["0", "7", "99999999999999999999", "Fri, 01 Jan 2027 00:00:00 GMT"]).to_owned());
        *request_id = Some(echo);
    }
    driver.answer(id, answer);
}

fn token(driver: &mut Driver<RedundancyGroup>, source: &mut Source) {
    let (id, _) = request(driver, source);
    let token = match source.byte() & 3 {
        0 => Err(()),
        1 => Ok(None),
        2 => Ok(Some(String::new())),
        _ => Ok(Some(driver.secrets.give())),
    };
    driver.hand_in(Input::Token(id, token));
}

fn permit(driver: &mut Driver<RedundancyGroup>, source: &mut Source) {
    let Some(Asked::Permit(request)) = chosen(driver, source) else { return };
    let wait = match source.byte() {
        0..128 => Duration::ZERO,
        255 => Duration::MAX,
        _ => Duration::from_millis(source.short().into()),
    };
    driver.hand_in(Input::Permit(request, wait));
}

fn notification_of(driver: &mut Driver<RedundancyGroup>, source: &mut Source) {
    let kind = source.byte();
    let body = json!({
        "noticeId": "n", "eventType": 108 + (kind & 7),
        "payload": {
            "taskId": format!("task-{}", source.byte() & 15),
            "instanceId": format!("show-{}-{}", kind >> 3 & 3, source.byte() & 7),
            "sequence": kind >> 5,
        },
    });
    driver.notification(notification::parse(body.to_string().as_bytes()).unwrap());
}

fn command(driver: &mut Driver<RedundancyGroup>, source: &mut Source) {
    match source.byte() & 7 {
        0 => driver.hand_in(Input::Stop),
        1..=3 => driver.hand_in(Input::CheckNow),
        _ => {
            let payload = &PAYLOADS[source.below(PAYLOADS.len())];
            if let Err(invalid) = driver.machine.update(driver.now, payload) {
                driver.secrets.search(&format!("{invalid} {invalid:?}"));
            }
        }
    }
}
