// Cargo's runner of tests in WebAssembly. It starts wasm-bindgen's runner in another folder than the project's root: the runner
// reads webdriver.json from its working directory.
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
