// `npm test`: every test and check there is, then one line that counts them.
//
//   npm test -- --only cargo,package    only these steps (see STEPS)
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { createInterface } from "node:readline";
import { bootstrap } from "./bootstrap.mjs";
import { build, buildPages, buildSimulation, buildTestPages } from "./build.mjs";
import { fail, inRoot, onPath, root } from "./lib.mjs";
import { buildProof, PROOF } from "./prove.mjs";

const node = inRoot("node_modules", ".bin", "node");
const vitest = inRoot("node_modules", "vitest", "vitest.mjs");
const wasmTarget = ["--target", "wasm32-unknown-unknown"];
const clippy = ["clippy", "--quiet", "--workspace"];
const denyWarnings = ["--", "-D", "warnings"];

/**
 * beside: the next one does not wait for it.
 * @typedef {{ command: string, args: string[], env?: Record<string, string>, noise?: RegExp, beside?: boolean }} Command
 */

/** The viewer's tests that need no browser. */
const WITHOUT_BROWSER = /\/(native|onAirFeed|viewer)\.test\.ts$/;

/** @type {Record<string, () => Command[]>} */
const STEPS = {
  cargo: () => [{ command: "cargo", args: ["test", "--quiet", "--workspace", "--", "--nocapture"] }],
  golden: () => [{ command: node, args: ["--test", ...testsIn("tests/simulation/js")] }],
  "wasm-node": () => [wasmTest("wasm_node")],
  "wasm-browser": () => [wasmTest("wasm_browser")],
  emulator: () => [{ command: node, args: ["--test", ...testsIn("tests/emulator/js")] }],
  package: () => [{ command: node, args: ["--test", "--test-concurrency=2", ...testsIn("tests/package")] }],
  consumers: () => [{ command: node, args: ["--test", ...testsIn("tests/consumers")] }],
  // In a browser one after the other: they watch real video, and clocks.
  viewer: () => [
    { ...viewer((name) => WITHOUT_BROWSER.test(name)), beside: true },
    viewer((name) => !WITHOUT_BROWSER.test(name)),
  ],
  // The test of the shared rate limit does little but wait for the clock, for a minute and a half.
  worker: () => [{ ...workerd("quota"), beside: true }, workerd("worker")],
  // The whole of it in a process of its own, as `npm start` has it. Two files at a time: each waits for its own Worker.
  system: () => [{ command: node, args: ["--test", "--test-concurrency=2", ...testsIn("tests/worker/system")] }],
  prove: () => [PROOF],
  clippy: () => [
    { command: "cargo", args: [...clippy, "--all-targets", ...denyWarnings] },
    {
      command: "cargo",
      args: [...clippy, "--lib", "--test", "wasm_node", "--test", "wasm_browser", ...wasmTarget, ...denyWarnings],
    },
    // The viewer's module is built without the server's half.
    {
      command: "cargo",
      args: [
        "clippy",
        "--quiet",
        "--lib",
        "--no-default-features",
        "--features",
        "viewer,small-allocator",
        ...wasmTarget,
        ...denyWarnings,
      ],
    },
  ],
  docs: () => [{ command: process.execPath, args: ["scripts/docs.mjs"] }],
  rustfmt: () => [{ command: "cargo", args: ["fmt", "--all", "--check"] }],
  types: () =>
    ["tsconfig.json", "www/viewer", "www/console", "www/worker", "tests/viewer", "tests/worker"].map((project) => ({
      command: "tsc",
      args: ["-p", project],
    })),
  biome: () => [{ command: "biome", args: ["check", "--error-on-warnings"] }],
};

/**
 * Begin at once and run beside the others, one after another: they only want the time of the processors, while the others
 * often wait for clocks.
 */
const ASIDE = ["prove", "clippy", "docs", "rustfmt", "types", "biome"];

/** @param {string} folder */
function testsIn(folder) {
  return readdirSync(inRoot(folder))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `${folder}/${name}`);
}

/** @param {string} name @returns {Command} */
function wasmTest(name) {
  const folder = inRoot("target", "wasm-test");
  mkdirSync(folder, { recursive: true });
  const args = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
  ];
  args.push("--disable-background-networking", "--disable-component-update", "--disable-sync");
  const options = { binary: onPath("chromium") ?? "chromium", args };
  writeFileSync(`${folder}/webdriver.json`, JSON.stringify({ "goog:chromeOptions": options }));
  // A list: cargo would split a text at each space, and paths may have some. TOML writes lists of texts as JSON does.
  const runner = JSON.stringify([process.execPath, inRoot("scripts", "wasm-test-runner.mjs")]);
  return {
    command: "cargo",
    args: ["test", "--config", `target.wasm32-unknown-unknown.runner=${runner}`, ...wasmTarget, "--test", name],
    env: {
      CHROMEDRIVER: onPath("chromedriver") ?? "chromedriver",
      WASM_BINDGEN_TEST_TIMEOUT: "120",
    },
  };
}

/** @param {(name: string) => boolean} which @returns {Command} */
function viewer(which) {
  const files = testsIn("tests/viewer").filter(which);
  return { command: node, args: ["--experimental-eventsource", "--test", "--test-concurrency=1", ...files] };
}

/** @param {string} project @returns {Command} */
function workerd(project) {
  return {
    command: node,
    args: [vitest, "run", "--config", "tests/worker/vitest.config.ts", "--project", project],
    // What workerd says of each object that a test kills.
    noise: /killed (before|after) a call|^stack: |^\s+at wasm:|broken\.outputGateBroken/,
  };
}

/**
 * Counts what the runners say: cargo's and wasm-bindgen's `3 passed; 0 failed`, Node's `pass 3` and `fail 0`, and
 * Vitest's `Tests  1 failed | 3 passed (4)`.
 */
function count(/** @type {string} */ text) {
  // Without the colours.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one
  const plain = text.replace(/\u001b\[[0-9;]*m/g, "");
  const sum = (/** @type {RegExp} */ pattern) =>
    [...plain.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  return {
    passed: sum(/test result: .*?(\d+) passed/g) + sum(/^(?:#|ℹ) pass (\d+)/gm) + sum(/^ *Tests .*?(\d+) passed/gm),
    failed:
      sum(/test result: .*?passed; (\d+) failed/g) + sum(/^(?:#|ℹ) fail (\d+)/gm) + sum(/^ *Tests +(\d+) failed/gm),
  };
}

/**
 * @param {Command} command
 * @param {{ aside?: boolean }} [how] aside: only with the time that nobody else wants, and silently until it is over
 * @returns {Promise<{ ok: boolean, text: string }>}
 */
function execute({ command, args, env, noise }, { aside = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (aside && child.pid) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    let text = "";
    const take = (/** @type {string | Buffer} */ chunk) => {
      text += chunk;
      if (!aside) process.stdout.write(chunk);
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (noise) createInterface(stream).on("line", (line) => noise.test(line) || take(`${line}\n`));
      else stream.on("data", take);
    }
    child.once("error", (error) => resolve({ ok: false, text: String(error) }));
    child.once("close", (code) => resolve({ ok: code === 0, text }));
  });
}

/** @param {string} name @param {{ aside?: boolean }} [how] */
async function step(name, how) {
  const began = Date.now();
  const begun = [];
  for (const command of STEPS[name]()) {
    const result = execute(command, how);
    begun.push(result);
    if (!command.beside) await result;
  }
  const results = await Promise.all(begun);
  const ok = results.every((result) => result.ok);
  return { ok, text: results.map(({ text }) => text).join(""), seconds: (Date.now() - began) / 1000 };
}

/** @param {string[]} names */
async function runAside(names) {
  /** @type {[string, Awaited<ReturnType<typeof step>>][]} */
  const results = [];
  for (const name of names) results.push([name, await step(name, { aside: true })]);
  return results;
}

/** @param {string} name */
function head(name) {
  console.log(`\n── ${name} ${"─".repeat(Math.max(0, 70 - name.length))}`);
}

/** @param {string} name @param {Awaited<ReturnType<typeof step>>} result */
function close(name, { ok, text, seconds }) {
  const counted = count(text);
  total.passed += counted.passed;
  total.failed += counted.failed;
  if (!ok) broken.push(name);
  console.log(`── ${name}: ${ok ? "ok" : "FAILED"} in ${seconds.toFixed(1)} s`);
}

const at = process.argv.indexOf("--only");
const chosen = at < 0 ? Object.keys(STEPS) : (process.argv[at + 1] ?? "").split(",");
const unknown = chosen.find((name) => !(name in STEPS));
if (unknown !== undefined) fail(`--only ${unknown}: the steps are ${Object.keys(STEPS).join(", ")}`);

const includes = (/** @type {string[]} */ ...names) => names.some((name) => chosen.includes(name));
bootstrap({
  browser: includes("golden", "wasm-browser", "consumers", "viewer", "system"),
  schemathesis: includes("system"),
});
if (includes("emulator", "package", "consumers", "viewer", "worker", "system", "types")) await build();
if (includes("golden", "types")) buildSimulation();
if (includes("viewer", "system")) buildPages();
if (includes("viewer")) buildTestPages();

if (includes("prove")) buildProof();

const total = { passed: 0, failed: 0 };
/** @type {string[]} */
const broken = [];
const aside = runAside(chosen.filter((name) => ASIDE.includes(name)));
for (const name of chosen.filter((name) => !ASIDE.includes(name))) {
  head(name);
  close(name, await step(name));
}
for (const [name, result] of await aside) {
  head(name);
  process.stdout.write(result.text);
  close(name, result);
}
const verdict = broken.length === 0 ? "all checks passed" : `FAILED: ${broken.join(", ")}`;
console.log(`\n${total.passed} tests passed, ${total.failed} failed; ${chosen.length} steps, ${verdict}`);
process.exit(broken.length === 0 ? 0 : 1);
