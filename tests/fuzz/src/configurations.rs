//! Settings and payloads of any shape. The result is an error that names the field, or a core that runs.

use std::sync::LazyLock;

use serde_json::{Value, json};
use steadymix::error::Invalid;
use steadymix::redundancy::{GroupConfig, RedundancyGroup};
use steadymix::supervisor::{Supervisor, SupervisorConfig};
use steadymix::task::Services;

use crate::driver::Driver;
use crate::fixtures::{self, BEGINNING};
use crate::machine::Machine;
use crate::secrets::{Secrets, may_contain_secret};
use crate::source::Source;
use crate::template::Template;

static SETTINGS: LazyLock<[Template; 3]> = LazyLock::new(|| {
    let all = json!({
        "area": "europe", "region": "eu-west-1", "domainCooldownMs": 600_000, "restart": "always",
        "migration": "wait", "presence": "always", "seed": 5,
        "policy": {
            "createTimedOutDelaysMs": [3_000, 6_000], "confirmDelaysMs": [5_000], "relaunchDelaysMs": [0, 5_000], "jitterPercent": 20,
            "taskIdUnknownGraceMs": 90_000, "presenceAbsences": 3, "monitorIntervalMs": 120_000, "stopTimeoutMs": 0,
        },
        "quota": { "callsPerSecond": 8, "burst": 2, "pcw": 30 },
    });
    [fixtures::supervisor_settings(&all), fixtures::group_settings(2, &all), fixtures::services(2_000)]
        .map(|json| Template::new(json.to_string()))
});

/// # Panics
/// If an invariant is violated.
pub fn configurations(data: &[u8]) {
    let mut source = Source::new(data);
    let how = source.byte();
    let kind = usize::from(how & 3) % 3;
    let text = if how & 4 == 0 { source.rest() } else { SETTINGS[kind].edited(&mut source) };
    let Ok(json) = serde_json::from_str::<Value>(&text) else { return drop(Services::from_json(&text)) };
    match kind {
        0 => check_error(
            &json,
            SupervisorConfig::from_json(&text).map(|config| {
                let _ = (format!("{config:?}"), config.warnings());
                run(&json, Supervisor::new(config, BEGINNING));
            }),
        ),
        1 => check_error(
            &json,
            GroupConfig::from_json(&text).map(|config| run(&json, RedundancyGroup::new(config, BEGINNING))),
        ),
        _ => check_error(&json, Services::from_json(&text).map(|services| payload(&services))),
    }
}

fn run<M: Machine>(json: &Value, machine: M) {
    let mut driver = Driver::new(machine, BEGINNING);
    if !secrets_in_place(json, false) {
        driver.secrets = Secrets::everywhere();
    }
    driver.serve_for(16);
    driver.assert_settled();
}

fn payload(services: &Services) {
    assert_eq!(
        Services::from_json(&services.to_json()).as_ref(),
        Ok(services),
        "serializing and parsing changes it"
    );
}

/// An error names a field of the input and contains no secret.
fn check_error(json: &Value, outcome: Result<(), Invalid>) {
    let Err(invalid) = outcome else { return };
    let root = ["options", "services"].iter().any(|root| invalid.field.starts_with(root));
    assert!(root, "{invalid}: unknown root of the field");
    assert!(!invalid.allowed.is_empty(), "{invalid}");
    let text = format!("{invalid} {invalid:?}");
    if may_contain_secret(&text) && secrets_in_place(json, false) {
        Secrets::of_payload().search(&text);
    }
}

/// Whether all secrets are in fields for secrets. The core cannot recognise them elsewhere.
fn secrets_in_place(json: &Value, is_secret: bool) -> bool {
    match json {
        Value::String(text) => is_secret || !may_contain_secret(text),
        Value::Array(items) => items.iter().all(|item| secrets_in_place(item, is_secret)),
        Value::Object(fields) => fields.iter().all(|(name, value)| {
            !may_contain_secret(name)
                && secrets_in_place(value, is_secret || matches!(name.as_str(), "rtcToken" | "streamUrl"))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}
