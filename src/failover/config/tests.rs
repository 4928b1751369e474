use std::{env, fs};

use super::*;

/// TypeScript's type of the durations with its documentation, and the table of their ranges.
fn typescript() -> String {
    let mut fields = String::new();
    let mut rows = String::new();
    for (duration, docs) in FailoverConfig::DURATIONS.iter().zip(FailoverConfig::DOCS) {
        let docs: String = docs.iter().map(|line| format!("   *{line}\n")).collect();
        let SettingRange { field, least, or_zero, greatest, .. } = duration;
        assert_eq!(*greatest, DAY, "the rows omit it");
        let zero = if *or_zero { "" } else { ", false" };
        fields += &format!("  /**\n{docs}   * {}\n   */\n  {field}?: number;\n", duration.documented());
        rows += &format!("  [\"{field}\", {least}{zero}],\n");
    }
    format!(
        "// Generated from src/failover/config.rs: STEADYMIX_GENERATE=1 cargo test durations
import type {{ DurationRange }} from \"../durations.js\";

/** The durations among the options of a failover, in ms. */
export interface FailoverDurations {{
{fields}}}

/** The range of each, in the order of their numbers in the WebAssembly. */
export const DURATIONS = [
{rows}] as const satisfies readonly DurationRange[];
"
    )
}

#[test]
fn the_durations_of_typescript_are_generated_from_the_settings() {
    let path = format!("{}/src/js/viewer/durations.ts", env!("CARGO_MANIFEST_DIR"));
    let file = typescript();
    if env::var_os("STEADYMIX_GENERATE").is_some() {
        fs::write(&path, &file).unwrap();
    }
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        file,
        "generate it: STEADYMIX_GENERATE=1 cargo test durations"
    );
}
