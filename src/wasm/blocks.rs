//! The building blocks for applications with a driver of their own. `src/js/blocks.ts` checks the arguments.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{error, value};
use crate::domain::{Area, DomainFailure};
use crate::error::{Invalid, list_of, quoted};
use crate::policy::{self, NextDelayOptions};
use crate::quota::{self, LaneNumber, LimitedCall, OutputSize, Permit, QuotaEstimateOptions, QuotaLimits};
use crate::status::{Call, ServiceStatus, TaskStatus};
use crate::task::{Services, TaskWarning};
use crate::time::{Clock, Duration, WallTime};
use crate::uid::Uid;
use crate::{domain, instance_id, notification, status, uid};

/// The delay after each failure, and when a backoff schedule is exhausted.
#[wasm_bindgen]
pub struct RetryPolicy(policy::RetryPolicy);

#[wasm_bindgen]
impl RetryPolicy {
    /// The documented schedules with these overrides.
    #[wasm_bindgen(constructor)]
    pub fn new(overrides: &str) -> Result<RetryPolicy, JsValue> {
        value::read_with(overrides, policy::RetryPolicy::from_json).map(Self).map_err(error::config)
    }

    /// The delay before the call is retried, in ms; `undefined` if the schedule is exhausted.
    #[wasm_bindgen(js_name = nextDelay)]
    pub fn next_delay(&self, failed: &str, now: f64) -> Result<Option<f64>, JsValue> {
        let failed = value::read_with(failed, NextDelayOptions::from_json).map_err(error::config)?;
        Ok(self.0.next_delay_of(&failed, WallTime::from_f64(now)).map(Duration::as_f64))
    }

    /// All settings.
    #[wasm_bindgen(js_name = toJSON)]
    pub fn to_json(&self) -> Result<JsValue, JsValue> {
        value::out(&self.0)
    }
}

/// The meaning of an answer.
#[wasm_bindgen]
pub fn interpret(
    call: &str,
    http_status: Option<u16>,
    code: Option<f64>,
    task_status: Option<String>,
    service_status: Option<String>,
) -> Result<JsValue, JsValue> {
    let call: Call = value::read("call", call).map_err(error::config)?;
    if call == Call::RtcToken {
        return Err(error::config(Invalid::new("call", quoted("rtcToken"), "a call to the service")));
    }
    let task_status = task_status.map(|text| TaskStatus::parse(&text));
    let service_status = service_status.map(|text| ServiceStatus::parse(&text));
    #[allow(clippy::cast_possible_truncation, reason = "a code out of range is unknown in any case")]
    let code = code.map(|code| code as i64);
    value::out(&status::interpret(call, http_status, code, task_status.as_ref(), service_status.as_ref()))
}

/// The output uids of one lane, used in turn.
#[wasm_bindgen]
pub struct UidRing(uid::UidRing);

#[wasm_bindgen]
impl UidRing {
    /// A ring of two or more distinct uids, the primary first.
    #[wasm_bindgen(constructor)]
    pub fn new(uids: &str) -> Result<UidRing, JsValue> {
        value::read("uids", uids).and_then(uid::UidRing::new).map(Self).map_err(error::config)
    }

    /// The next uid in turn without a live task, if any.
    #[wasm_bindgen(getter)]
    pub fn next(&self) -> Option<Uid> {
        self.0.next()
    }

    /// Takes a uid for a new task and holds it until it is released.
    pub fn take(&mut self, uid: Uid) -> Result<(), JsValue> {
        if !self.0.uids().contains(&uid) {
            return Err(error::config(Invalid::new(
                "uid",
                uid,
                format!("one of {}", list_of(self.0.uids())),
            )));
        }
        self.0.take(uid).map_err(error::may_be_live)
    }

    /// The last task on this uid is known to be gone.
    pub fn release(&mut self, uid: Uid) {
        self.0.release(uid);
    }

    /// Whether the last task on this uid may still be live.
    #[wasm_bindgen(js_name = isHeld)]
    pub fn is_held(&self, uid: Uid) -> bool {
        self.0.is_held(uid)
    }

    /// The state, for `fromJSON`.
    #[wasm_bindgen(js_name = toJSON)]
    pub fn to_json(&self) -> Result<JsValue, JsValue> {
        value::out(&self.0)
    }

    /// The ring that `toJSON` returned.
    #[wasm_bindgen(js_name = fromJSON)]
    pub fn from_json(json: &str) -> Result<UidRing, JsValue> {
        value::read("json", json).map(Self).map_err(error::config)
    }
}

/// The next domain to call.
#[wasm_bindgen]
pub struct DomainFailover {
    failover: domain::DomainFailover,
    /// Never goes back, unlike the caller's clock.
    clock: Clock,
}

#[wasm_bindgen]
impl DomainFailover {
    /// The domains of an area; the neighbour of `region` is included.
    #[wasm_bindgen(constructor)]
    pub fn new(area: &str, region: Option<String>, return_after_ms: f64) -> Result<DomainFailover, JsValue> {
        let return_after = Duration::from_f64(return_after_ms);
        value::read("area", area)
            .and_then(|area: Area| domain::DomainFailover::new(area, region.as_deref(), return_after))
            .map(|failover| Self { failover, clock: Clock::default() })
            .map_err(error::config)
    }

    /// The domain to call at `now` (ms since the epoch).
    pub fn domain(&mut self, now: f64) -> String {
        self.failover.domain(self.clock.instant(WallTime::from_f64(now))).to_owned()
    }

    /// This domain answered.
    pub fn succeeded(&mut self, domain: &str) {
        self.failover.succeeded(domain);
    }

    /// This domain did not answer, or answered 5xx.
    pub fn failed(&mut self, domain: &str, failure: &str, now: f64) -> Result<(), JsValue> {
        let failure: DomainFailure = value::read("failure", failure).map_err(error::config)?;
        self.failover.failed(domain, failure, self.clock.instant(WallTime::from_f64(now)));
        Ok(())
    }
}

/// The rate limit of an App ID, to be shared by several processes.
#[wasm_bindgen]
pub struct TokenBucket {
    bucket: quota::TokenBucket,
    /// Never goes back, unlike the caller's clock.
    clock: Clock,
}

#[wasm_bindgen]
impl TokenBucket {
    /// A full bucket. `reports_use`: `used` is called whenever a call leaves.
    #[wasm_bindgen(constructor)]
    pub fn new(limits: &str, now: f64, reports_use: bool) -> Result<TokenBucket, JsValue> {
        let of_hd = |limits: &str| QuotaLimits::from_json(Area::default(), OutputSize::Hd, limits);
        let limits = value::read_with(limits, of_hd).map_err(error::config)?;
        let now = WallTime::from_f64(now);
        let clock = Clock::starting_at(now);
        let bucket = quota::TokenBucket::new(limits, clock.mono());
        let bucket = if reports_use { bucket.with_reported_use() } else { bucket };
        Ok(Self { bucket, clock })
    }

    /// The lane's permitted call leaves now.
    pub fn used(&mut self, now: f64, lane: LaneNumber) {
        let now = self.clock.instant(WallTime::from_f64(now));
        self.bucket.used(now, lane);
    }

    /// The time in ms before `lane` asks again; 0 is a permit for a call now.
    pub fn ask(&mut self, now: f64, lane: LaneNumber, call: &str) -> Result<f64, JsValue> {
        let call: LimitedCall = value::read("call", call).map_err(error::config)?;
        let now = self.clock.instant(WallTime::from_f64(now));
        Ok(match self.bucket.ask(now, lane, call) {
            Permit::Granted => 0.0,
            Permit::Wait(until) => until.duration_since(now).max(Duration::from_millis(1)).as_f64(),
        })
    }

    /// The lane no longer needs a permit: it loses its position in the queue and its reserved permit.
    pub fn withdraw(&mut self, lane: LaneNumber) {
        self.bucket.withdraw(lane);
    }
}

/// The quota that a plan needs.
#[wasm_bindgen(js_name = estimateQuota)]
pub fn estimate_quota(plan: &str) -> Result<JsValue, JsValue> {
    let plan = value::read_with(plan, QuotaEstimateOptions::from_json).map_err(error::config)?;
    value::out(&plan.estimate().map_err(error::config)?)
}

/// Verifies a notification's signature over its raw body.
#[wasm_bindgen(js_name = verifyNotification)]
pub fn verify_notification(
    secret: &str,
    raw_body: &[u8],
    v1: Option<String>,
    v2: Option<String>,
) -> Result<(), JsValue> {
    notification::verify(secret.as_bytes(), raw_body, v1.as_deref(), v2.as_deref()).map_err(error::signature)
}

/// Parses a notification.
#[wasm_bindgen(js_name = parseNotification)]
pub fn parse_notification(raw_body: &[u8]) -> Result<JsValue, JsValue> {
    value::out(&notification::parse(raw_body).map_err(error::notification)?)
}

/// Validates a payload: `{ errors: [{ field, value, allowed }], warnings: [{ field, message }] }`. Errors are values
/// that the service would refuse; warnings are values that are probably not intended.
#[wasm_bindgen(js_name = validateTask)]
pub fn validate_task(services: &str, instance_id: Option<String>) -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    struct Checked {
        errors: Vec<Invalid>,
        warnings: Vec<TaskWarning>,
    }

    let mut errors: Vec<Invalid> = instance_id.iter().filter_map(|id| instance_id::check(id).err()).collect();
    let mut warnings = Vec::new();
    match value::read::<Services>("services", services) {
        Err(invalid) => errors.push(invalid),
        Ok(services) => {
            errors.extend(services.violations());
            warnings = services.warnings();
        }
    }
    value::out(&Checked { errors, warnings })
}
