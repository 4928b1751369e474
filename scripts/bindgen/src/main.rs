//! `steadymix-bindgen MODULE FOLDER NAME`: writes a WebAssembly module as `NAME_bg.wasm` and its JavaScript glue as `NAME.js`.

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
        .with_context(|| format!("cannot write the glue for {module}"))
}
