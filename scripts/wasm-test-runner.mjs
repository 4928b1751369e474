// Cargo's runner for WebAssembly tests: wasm-bindgen's looks for webdriver.json where it is started, and that is not to
// be the project's root.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { inRoot } from "./lib.mjs";

const [module, ...rest] = process.argv.slice(2);
const options = { cwd: inRoot("target", "wasm-test"), stdio: /** @type {const} */ ("inherit") };
process.exit(spawnSync("wasm-bindgen-test-runner", [resolve(module ?? ""), ...rest], options).status ?? 1);
