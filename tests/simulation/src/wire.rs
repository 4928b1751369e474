//! Parses calls and answers independently of the code under test.

use serde_json::Value;

/// Every call carries it: the core leaves authentication to its driver.
pub(crate) const AUTHORIZATION: &str = "Basic Y3VzdG9tZXI6czNjcmV0";

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

pub(crate) fn parameter(path: &str, name: &str) -> String {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let value = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
    value.map_or_else(String::new, |(_, value)| value.to_owned())
}

pub(crate) fn builder_token(path: &str) -> String {
    parameter(path, "builderToken")
}

pub(crate) fn task_id(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The instanceId in the body of an Acquire.
pub(crate) fn instance_id(body: &str) -> Option<String> {
    Some(json(body)["instanceId"].as_str()?.to_owned())
}

/// The output uid in the body of an Acquire or a Create.
pub(crate) fn output_uid(body: &str) -> Option<u32> {
    let uid =
        json(body).pointer("/services/cloudTranscoder/config/transcoder/outputs/0/rtc/rtcUid")?.as_u64()?;
    u32::try_from(uid).ok()
}

/// Whether a task status, a name or a number, is final.
pub(crate) fn has_ended(status: &Value) -> bool {
    match status.as_u64() {
        Some(number) => matches!(number, 7..=9),
        None => matches!(status.as_str(), Some("STOPPED" | "EXIT" | "FAILURE_STOP")),
    }
}

/// Whether the task of this answer runs; `None` if the answer has no status.
pub(crate) fn runs(body: &Value) -> Option<bool> {
    let status = body.get("status")?;
    let is_running = match status.as_u64() {
        Some(number) => matches!(number, 4 | 5),
        None => matches!(status.as_str(), Some("STARTED" | "IN_PROGRESS")),
    };
    let service = body.pointer("/services/cloudTranscoder/status").and_then(Value::as_str);
    Some(is_running && service != Some("serviceAbnormal"))
}
