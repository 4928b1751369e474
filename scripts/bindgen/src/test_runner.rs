//! `steadymix-test-runner MODULE …`: wasm-bindgen's test runner with its usual arguments.

use std::env;

use wasm_bindgen_cli::wasm_bindgen_test_runner;

fn main() -> anyhow::Result<()> {
    wasm_bindgen_test_runner::run_cli_with_args(env::args_os())
}
