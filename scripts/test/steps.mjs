// The steps of `npm test`: their needs, commands and time limits.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import {
  chromium,
  consumerPackages,
  firefox,
  npmPackages,
  rustTarget,
  schemathesis,
  webkit,
} from "../build/install.mjs";
import {
  developmentPackage,
  developmentSite,
  releaseDocs,
  releasePackage,
  releaseSite,
  simulation,
  sizes,
  testPages,
  testRunner,
  typescript,
} from "../build/steps.mjs";
import { inRoot, onPath, projectNode } from "../lib.mjs";

/** @typedef {import("./runner.mjs").Command} Command */
/** @typedef {Omit<import("./runner.mjs").TestStep, "name" | "ready"> & { needs: import("../build/graph.mjs").Step[] }} Step */

/** The time limit of a test in Node's runner, in ms. */
const TEST_TIMEOUT_MS = 480_000;
const WASM_TARGET = ["--target", "wasm32-unknown-unknown"];
const FEATURES = ["--features", "small-allocator"];
const DENY_WARNINGS = ["--", "-D", "warnings"];
/** The scripts' tools have more dependencies than all other crates together. Only builds of the package compile them. */
const WORKSPACE = ["--workspace", "--exclude", "steadymix-bindgen"];

// The viewer's tests without a browser, of its page, and for other browsers. All other tests are for Chromium.
const WITHOUT_BROWSER = /\/(native|onAirFeed|viewer)\.test\.ts$/;
const PAGE = /\/page\.test\.ts$/;
const FIREFOX = /\/firefox\.test\.ts$/;
const WEBKIT = /\/webkit\.test\.ts$/;
/** Tests that run in both Chromium and Firefox. */
const IN_BOTH = /\/(channel|sdk)\.test\.ts$/;

export const QUICK = {
  schedules: 5_000,
  steps: ["rustfmt", "biome", "types", "cargo", "prove", "clippy"],
};

/**
 * A fixed part of `npm run prove`, which by default runs 200,000 schedules, 10,000 schedules that are restored at every step, 100
 * broadcasts of a week and 3,000 viewers.
 */
const PROOF = ["--schedules", "30000", "--restored", "500", "--soak", "25", "--viewers", "1000", "--depth", "20"];

/**
 * Time limits are generous: steps that compute get only the CPU time that the others leave, on machines of any speed.
 * @type {Record<string, (isQuick: boolean) => Step>}
 */
export const STEPS = {
  rustfmt: () => computes(5, [], [cargo("fmt", "--all", "--check")]),
  biome: () => computes(5, [npmPackages], [{ command: "biome", args: ["check", "--error-on-warnings"] }]),
  types: () =>
    computes(
      10,
      [typescript],
      [
        ...[
          "tsconfig.json",
          "scripts",
          "www/viewer",
          "www/console",
          "www/docs/.vitepress",
          "www/worker",
          "tests/viewer",
          "tests/worker",
        ].map((project) => ({ command: "tsc", args: ["-p", project] })),
        { command: "node", args: ["scripts/schemas.mjs", "--check"] },
      ],
    ),
  // The longest steps come first. Tests in a browser run one after the other: they measure real video and clocks.
  viewer: () =>
    waits(
      15,
      [releasePackage, testPages, chromium],
      [viewer((name) => ![WITHOUT_BROWSER, PAGE, FIREFOX, WEBKIT].some((tests) => tests.test(name)))],
    ),
  firefox: () =>
    waits(
      20,
      [releasePackage, testPages, releaseSite, firefox],
      [{ ...viewer((name) => FIREFOX.test(name) || IN_BOTH.test(name)), env: { STEADYMIX_BROWSER: "firefox" } }],
    ),
  supervision: () => waits(15, [releasePackage], [workerd("supervision")]),
  // Mostly waits for clocks.
  quota: () => waits(10, [releasePackage], [workerd("quota")]),
  worker: () => waits(10, [releasePackage], [workerd("worker")]),
  package: () => waits(10, [releasePackage], [node(["--test-concurrency=2"], testsIn("tests/package"))]),
  // The complete system in separate processes, as with `npm start`. Two files at a time: each waits for its own Worker.
  system: () =>
    waits(
      15,
      [releasePackage, releaseSite, chromium, schemathesis],
      [node(["--test-concurrency=2"], testsIn("tests/worker/system"))],
    ),
  // The pages of both builds: their styles may differ.
  page: () => waits(12, [releasePackage, releaseSite, developmentSite, chromium], [viewer((name) => PAGE.test(name))]),
  webkit: () => waits(10, [releasePackage, testPages, releaseSite, webkit], [viewer((name) => WEBKIT.test(name))]),
  consumers: () =>
    waits(15, [releasePackage, sizes, chromium, consumerPackages], [node([], testsIn("tests/consumers"))]),
  scripts: () =>
    waits(
      12,
      [developmentPackage, developmentSite, chromium],
      [node(["--test-concurrency=2"], testsIn("tests/scripts"))],
    ),
  "viewer-node": () => waits(10, [releasePackage], [viewer((name) => WITHOUT_BROWSER.test(name))]),
  serve: () => waits(10, [releasePackage], [node([], testsIn("tests/serve"))]),
  emulator: () => waits(8, [releasePackage], [node([], testsIn("tests/emulator/js"))]),
  cargo: (isQuick) => {
    const some = ["--lib", "--test", "decisions", "--test", "status_table"];
    return computes(40, [], [cargo("test", ...WORKSPACE, ...(isQuick ? some : []))]);
  },
  // `cargo test` has built the binary.
  prove: (isQuick) =>
    computes(
      20,
      [],
      [
        cargo("build", "--quiet", "--profile", "test", ...WORKSPACE, "--bin", "prove"),
        {
          command: inRoot("target", "debug", "prove"),
          args: isQuick ? ["--schedules", String(QUICK.schedules)] : [...PROOF, "--json", "target/bench/prove.json"],
        },
      ],
    ),
  clippy: (isQuick) => {
    const ofModules = [
      ["--lib", "--test", "wasm_node", "--test", "wasm_browser"],
      // The viewer's module is built without the server's part.
      ["--lib", "--no-default-features", "--features", "viewer,small-allocator"],
    ];
    return computes(
      20,
      isQuick ? [] : [rustTarget],
      [[...WORKSPACE, "--all-targets"], ...(isQuick ? [] : ofModules.map((args) => [...WASM_TARGET, ...args]))].map(
        (args) => cargo("clippy", "--quiet", ...args, ...DENY_WARNINGS),
      ),
    );
  },
  wasm: () => computes(20, [rustTarget, testRunner, chromium], [wasmTests("wasm_node", "wasm_browser")]),
  golden: () => computes(20, [npmPackages, simulation, chromium], [node([], testsIn("tests/simulation/js"))]),
  // The examples that run wait for the clock of the emulated service.
  docs: () => waits(10, [releasePackage, releaseDocs], [node(["--test-concurrency=2"], testsIn("tests/docs"))]),
};

/** @param {number} minutes @param {Step["needs"]} needs @param {Command[]} commands @returns {Step} */
function computes(minutes, needs, commands) {
  return { minutes, needs, commands, load: "computes" };
}

/** @param {number} minutes @param {Step["needs"]} needs @param {Command[]} commands @returns {Step} */
function waits(minutes, needs, commands) {
  return { minutes, needs, commands, load: "waits" };
}

/** @param {...string} args @returns {Command} */
function cargo(...args) {
  return { command: "cargo", args };
}

/** @param {string[]} flags @param {string[]} files @returns {Command} */
function node(flags, files) {
  return { command: projectNode, args: ["--test", `--test-timeout=${TEST_TIMEOUT_MS}`, ...flags, ...files] };
}

/** @param {(name: string) => boolean} which @param {number} [concurrency] of files @returns {Command} */
function viewer(which, concurrency = 1) {
  return node([`--test-concurrency=${concurrency}`, "--experimental-eventsource"], testsIn("tests/viewer", which));
}

/** @param {string} folder @param {(name: string) => boolean} [which] */
function testsIn(folder, which = () => true) {
  return readdirSync(inRoot(folder))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `${folder}/${name}`)
    .filter(which);
}

/** Reuses the compiled dependencies of the development build. @param {...string} tests @returns {Command} */
function wasmTests(...tests) {
  const folder = inRoot("target", "wasm-test");
  mkdirSync(folder, { recursive: true });
  const args = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  const options = { binary: onPath("chromium") ?? "chromium", args };
  writeFileSync(`${folder}/webdriver.json`, JSON.stringify({ "goog:chromeOptions": options }));
  // An array: cargo splits a string at spaces, which paths may contain. Arrays of strings in TOML and JSON look the same.
  const runner = JSON.stringify([process.execPath, inRoot("scripts", "test", "wasmRunner.mjs")]);
  const config = ["--config", `target.wasm32-unknown-unknown.runner=${runner}`];
  return {
    command: "cargo",
    args: [
      "test",
      "--profile",
      "development",
      ...FEATURES,
      ...config,
      ...WASM_TARGET,
      ...tests.flatMap((name) => ["--test", name]),
    ],
    env: { CHROMEDRIVER: onPath("chromedriver") ?? "chromedriver", WASM_BINDGEN_TEST_TIMEOUT: "120" },
  };
}

/** @param {string} project @returns {Command} */
function workerd(project) {
  return {
    command: projectNode,
    args: [
      inRoot("node_modules", "vitest", "vitest.mjs"),
      "run",
      "--config",
      "tests/worker/vitest.config.ts",
      "--project",
      project,
    ],
    // workerd logs every object that a test kills.
    noise: /killed (before|after) a call|^stack: |^\s+at wasm:|broken\.outputGateBroken/,
  };
}
