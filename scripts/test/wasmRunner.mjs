// Cargo's runner of tests in WebAssembly: wasm-bindgen's looks for webdriver.json where it is started, and that is not to be
// the project's root.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { testRunner } from "../build/steps.mjs";
import { inRoot } from "../lib.mjs";

const [module, ...rest] = process.argv.slice(2);
const { status } = spawnSync(
  inRoot(testRunner.folder ?? "", "steadymix-test-runner"),
  [resolve(module ?? ""), ...rest],
  {
    cwd: inRoot("target", "wasm-test"),
    stdio: "inherit",
  },
);
process.exit(status ?? 1);
