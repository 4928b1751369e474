//! `steadymix-bindgen MODULE FOLDER NAME`: writes the JavaScript glue of a WebAssembly module as `NAME.js`, and the module that
//! goes with it as `NAME_bg.wasm`.

use std::env;

use anyhow::{Context, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [module, folder, name] = args.as_slice() else {
        bail!("usage: steadymix-bindgen MODULE FOLDER NAME");
    };
    Bindgen::new()
        .input_path(module)
        .out_name(name)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .generate(folder)
        .with_context(|| format!("no glue could be written for {module}"))
}
