use std::{env, fs};

use serde_json::json;

use super::*;
use crate::failover::FailoverConfig;
use crate::policy::RetryPolicy;
use crate::time::short::ms;

#[test]
fn a_value_in_seconds_is_refused_with_the_intended_one() {
    let refused = |duration: &SettingRange, value| duration.check(ms(value)).unwrap_err();
    assert_eq!(
        refused(&server::POLL_INTERVAL, 5),
        Invalid::new("pollIntervalMs", "5 ms", "from 1000 to 86400000 ms: did you mean 5000 ms (5 s)?")
    );
    assert_eq!(
        refused(&server::START_GRACE, 15).allowed,
        "0, or from 500 to 60000 ms: did you mean 15000 ms (15 s)?"
    );
    assert_eq!(refused(&server::POLL_INTERVAL, 0).allowed, "from 1000 to 86400000 ms", "0 s are 0 ms");
    assert_eq!(refused(&server::POLL_INTERVAL, 86_400_001).allowed, "from 1000 to 86400000 ms");
    assert_eq!(refused(&server::START_GRACE, 61).allowed, "0, or from 500 to 60000 ms", "61 s are too many");
}

#[test]
fn the_least_and_the_greatest_value_are_allowed_and_nothing_beyond() {
    for table in
        [RetryPolicy::RANGES, server::ALL, FailoverConfig::DURATIONS, supervisor_env::ALL, cloudflare::ALL]
    {
        for duration in table {
            let check = |value| duration.allows(value);
            let SettingRange { field, least, greatest, or_zero, default, unit } = duration;
            assert!(check(*least) && check(*greatest), "{field}");
            assert!(!least.checked_sub(1).is_some_and(check) && !check(greatest + 1), "{field}");
            assert_eq!(check(0), *or_zero || *least == 0, "{field}");
            for ms in *default {
                assert!(check(*ms), "{field}: {ms}");
                let is_refused = *unit != " ms" || *ms < 1000 || !check(ms / 1000);
                assert!(is_refused, "{field}: its default in seconds counts as milliseconds");
            }
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

impl SettingRange {
    /// Its documentation in TypeScript.
    pub(crate) fn documented(&self) -> String {
        let zero = if self.or_zero { "0, or f" } else { "F" };
        let range = format!("{zero}rom {} to {}.", self.least, self.greatest);
        let defaults: Vec<_> = self.default.iter().map(u64::to_string).collect();
        if defaults.is_empty() { range } else { format!("{range} Default {}.", defaults.join(", ")) }
    }
}

/// The fields of an interface whose names end in `Ms`, each with its documentation on one line.
fn durations_of(file: &str, interface: &str) -> Vec<(String, String)> {
    let begin = file.find(&format!("export interface {interface} ")).unwrap();
    let body = file[begin..].split("\n}").next().unwrap();
    let mut fields = Vec::new();
    let mut docs = String::new();
    for line in body.lines().skip(1).map(str::trim) {
        if line.starts_with("/**") {
            docs.clear();
        }
        if line.starts_with("/**") || line.starts_with('*') {
            docs.push_str(line.trim_start_matches(['/', '*']).trim_end_matches("*/").trim());
            docs.push(' ');
        } else if let Some((name, _)) = line.split_once(':')
            && name.trim_end_matches('?').ends_with("Ms")
        {
            fields.push((name.trim_end_matches('?').to_owned(), docs.clone()));
        }
    }
    fields
}

#[test]
fn typescript_documents_each_duration_that_it_checks() {
    let types = read("src/js/types.ts");
    let broadcast = read("src/js/cloudflare/broadcastOptions.ts");
    let documents = [
        (supervisor_env::ALL, durations_of(&types, "SupervisorEnv")),
        (cloudflare::ALL, durations_of(&broadcast, "BroadcastOptions")),
    ];
    for (table, fields) in documents {
        for (name, docs) in &fields {
            let Some(duration) = table.iter().find(|duration| duration.field == name) else {
                panic!("{name} is not in the table")
            };
            let documented = duration.documented();
            assert!(docs.contains(&documented), "{name}: {docs}\nlacks: {documented}");
        }
        assert_eq!(fields.len(), table.len(), "each duration is a field of the types");
    }
}

/// The ranges that TypeScript checks itself: the second half of its file. `STEADYMIX_GENERATE=1 cargo test durations`
/// writes it.
#[test]
fn the_ranges_of_typescript_are_generated_from_this_table() {
    const PATH: &str = "src/js/durations.ts";
    let list = |name: &str, table: &[SettingRange]| {
        let row = |SettingRange { field, least, greatest, or_zero, default, .. }: &SettingRange| {
            format!("  [\"{field}\", {least}, {or_zero}, {greatest}, {}],\n", default[0])
        };
        let rows: String = table.iter().map(row).collect();
        format!("\nexport const {name} = [\n{rows}] as const satisfies readonly DurationRange[];\n")
    };
    let before = read(PATH).split_inclusive("---- generated ----\n").next().unwrap().to_owned();
    let lists = [("SUPERVISOR_ENV", supervisor_env::ALL), ("CLOUDFLARE", cloudflare::ALL)];
    let file = lists.iter().fold(before, |file, (name, table)| file + &list(name, table));
    if env::var_os("STEADYMIX_GENERATE").is_some() {
        fs::write(format!("{}/{PATH}", env!("CARGO_MANIFEST_DIR")), &file).unwrap();
    }
    assert_eq!(read(PATH), file, "generate it: STEADYMIX_GENERATE=1 cargo test durations");
}

#[test]
fn every_default_given_in_seconds_is_refused_by_its_name() {
    let in_seconds =
        |duration: &SettingRange| -> Vec<u64> { duration.default.iter().map(|ms| ms / 1000).collect() };
    for duration in RetryPolicy::RANGES.iter().filter(|range| range.unit == " ms") {
        let seconds = in_seconds(duration);
        let is_list = seconds.len() > 1;
        let value = if is_list { json!(seconds) } else { json!(seconds[0]) };
        let invalid = RetryPolicy::from_json(&json!({ duration.field: value }).to_string()).unwrap_err();
        assert!(invalid.field.starts_with(&format!("policy.{}", duration.field)), "{invalid}");
        assert!(invalid.allowed.contains("did you mean"), "{invalid}");
    }
    for (number, duration) in (0..).zip(FailoverConfig::DURATIONS) {
        let mut config = FailoverConfig::default();
        assert!(config.set_duration(number, ms(3)));
        let invalid = config.check().unwrap_err();
        assert_eq!(invalid.field, duration.field);
        assert!(invalid.allowed.contains("did you mean"), "{invalid}");
    }
    assert_eq!(FailoverConfig::default().check(), Ok(()));
}
