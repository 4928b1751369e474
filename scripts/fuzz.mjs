// `npm run fuzz`: fuzzes the core with libFuzzer, starting from the committed corpora.
//
//   npm run fuzz -- --seconds 60 --target group   fuzzes one target (default: each) for this time
//   npm run fuzz -- --repeat group <file>         runs one input again
//   npm run fuzz -- --keep                        adds the inputs found to the committed corpora and minimizes these
//
// A committed corpus has one input a line, in hexadecimal. Inputs that were kept for a reason have a name before it.
// Executions are added up in target/bench/fuzz.json. Later runs resume from the inputs in target/fuzz/corpus.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter } from "node:path";
import { parseArgs } from "node:util";
import { fail, inRoot, messageOf } from "./lib.mjs";
import { output, run, start } from "./processes.mjs";

const PACKAGE = "tests/fuzz/targets";
const KEPT = "target/fuzz/kept";
const FOUND = "target/fuzz/corpus";
const FIGURES = inRoot("target", "bench", "fuzz.json");
/**
 * The longest input of each target, in bytes. Longer sequences of steps are only slower; texts need more.
 * @type {Record<string, number>}
 */
const MAX_BYTES = { configurations: 4096, group: 256, notifications: 1024, replies: 1024, snapshots: 256, viewer: 256 };
// No sanitizer: the core forbids unsafe code, and a sanitizer halves the speed. No traced compares: they slow down the JSON parser.
// The package's profile enables overflow checks and debug assertions.
const FLAGS = ["--fuzz-dir", PACKAGE, "--target-dir", "target/fuzz", "--sanitizer", "none", "--no-trace-compares"];

/** Minimizes a corpus by reached edges. With hit counts it would be ten times as large. */
const MINIMIZE = ["-set_cover_merge=1", "-use_counters=0"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    target: { type: "string" },
    repeat: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});

const every = Object.keys(MAX_BYTES);
const chosen = values.target === undefined ? every : [values.target];
const unknown = [...chosen, ...positionals.slice(0, 1)].find((name) => !every.includes(name));
if (unknown !== undefined) fail(`unknown target ${unknown}, but must be one of ${every.join(", ")}`);
if (!(Number(values.seconds) > 0))
  fail(`--seconds is ${JSON.stringify(values.seconds)}, but must be a positive number`);

process.env.PATH = [inRoot("target", "tools", "bin"), process.env.PATH].join(delimiter);
try {
  await install();
  if (values.repeat) await repeat(positionals);
  else if (values.keep) for (const target of chosen) await keep(target);
  else await fuzz();
} catch (error) {
  fail(messageOf(error));
}

async function install() {
  if (!(await output("rustc", ["+nightly", "--version"])))
    fail("libFuzzer needs nightly Rust: rustup toolchain install nightly");
  if (!(await output("cargo-fuzz", ["--version"]))) {
    console.log("Installing cargo-fuzz (about 60 s, once)");
    await run("cargo", ["install", "cargo-fuzz", "--root", "target/tools"]);
  }
}

/** @param {string[]} input */
async function repeat([target, file]) {
  if (!target || !file) fail("--repeat needs a target and a file");
  const { code } = await start("cargo", ["+nightly", "fuzz", "run", ...FLAGS, target, file]).ended;
  process.exitCode = code;
}

async function fuzz() {
  await run("cargo", ["+nightly", "fuzz", "build", ...FLAGS]);
  const rows = [];
  for (const target of chosen) rows.push(await runTarget(target));
  console.table(Object.fromEntries(rows.map(({ target, ...figures }) => [target, figures])));
  const total = Object.values(figures()).reduce((sum, target) => sum + target.executions, 0);
  console.log(`${total.toLocaleString("en")} executions so far: target/bench/fuzz.json`);
}

/** @param {string} target */
async function runTarget(target) {
  const found = `${FOUND}/${target}`;
  const artifacts = `target/fuzz/artifacts/${target}/`;
  mkdirSync(inRoot(found), { recursive: true });
  mkdirSync(inRoot(artifacts), { recursive: true });
  const limits = [`-max_total_time=${values.seconds}`, `-max_len=${MAX_BYTES[target]}`, "-print_final_stats=1"];
  const dictionary = `${PACKAGE}/${target}.dict`;
  if (existsSync(inRoot(dictionary))) limits.push(`-dict=${dictionary}`);
  const args = ["+nightly", "fuzz", "run", ...FLAGS, target, found, unpacked(target)];
  console.log(`${target}: ${values.seconds} s`);
  const began = Date.now();
  const fuzzer = start("cargo", [...args, "--", ...limits, `-artifact_prefix=${artifacts}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  fuzzer.child.stderr?.on("data", (chunk) => (stderr += chunk));
  const { code } = await fuzzer.ended;
  const seconds = (Date.now() - began) / 1000;
  const executions = Number(/number_of_executed_units: (\d+)/.exec(stderr)?.[1] ?? 0);
  await addUp(target, executions, seconds);
  if (code !== 0) {
    const input = /Test unit written to (\S+)/.exec(stderr)?.[1];
    console.error(/panicked at [\s\S]*?(?=\nstack backtrace|\nnote:|$)/.exec(stderr)?.[0] ?? stderr.slice(-4000));
    fail(input ? `${target} fails on ${input}: npm run fuzz -- --repeat ${target} ${input}` : `${target} failed`);
  }
  return { target, executions, "a second": Math.round(executions / seconds) };
}

/** @typedef {{ executions: number, seconds: number, commit: string }} Figures */

/** @returns {Record<string, Figures>} */
function figures() {
  return existsSync(FIGURES) ? JSON.parse(readFileSync(FIGURES, "utf8")) : {};
}

/** @param {string} target @param {number} executions @param {number} seconds */
async function addUp(target, executions, seconds) {
  const all = figures();
  const before = all[target] ?? { executions: 0, seconds: 0 };
  const commit = (await output("git", ["rev-parse", "--short", "HEAD"]))?.trim() ?? "unknown";
  all[target] = {
    executions: before.executions + executions,
    seconds: Math.round(before.seconds + seconds),
    commit,
  };
  mkdirSync(inRoot("target", "bench"), { recursive: true });
  writeFileSync(FIGURES, `${JSON.stringify(all, null, 2)}\n`);
}

/** @param {string} target */
function corpus(target) {
  return inRoot("tests", "fuzz", "corpus", `${target}.txt`);
}

/**
 * Writes the committed corpus as libFuzzer expects it: a folder with a file for each input.
 * @param {string} target
 */
function unpacked(target) {
  const folder = `${KEPT}/${target}`;
  empty(folder);
  for (const line of readFileSync(corpus(target), "utf8").split("\n").filter(Boolean)) {
    const [digits = "", name] = line.split(" ").reverse();
    const bytes = Buffer.from(digits, "hex");
    writeFileSync(inRoot(folder, name ?? createHash("sha1").update(bytes).digest("hex")), bytes);
  }
  return folder;
}

/** @param {string} folder */
function empty(folder) {
  rmSync(inRoot(folder), { recursive: true, force: true });
  mkdirSync(inRoot(folder), { recursive: true });
}

/**
 * Replaces the committed corpus by the fewest inputs with the same coverage. Named inputs are kept.
 * @param {string} target
 */
async function keep(target) {
  const [kept, fewer] = [unpacked(target), `target/fuzz/fewer/${target}`];
  empty(fewer);
  const from = [kept, `${FOUND}/${target}`].filter((folder) => existsSync(inRoot(folder)));
  await run("cargo", ["+nightly", "fuzz", "run", ...FLAGS, target, fewer, ...from, "--", ...MINIMIZE]);
  const digits = (/** @type {string} */ folder, /** @type {string} */ name) =>
    readFileSync(inRoot(folder, name)).toString("hex");
  const named = readdirSync(inRoot(kept)).filter((name) => !/^[0-9a-f]{40}$/.test(name));
  const others = readdirSync(inRoot(fewer)).map((name) => digits(fewer, name));
  others.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const lines = [...named.sort().map((name) => `${name} ${digits(kept, name)}`), ...others];
  writeFileSync(corpus(target), `${lines.join("\n")}\n`);
  console.log(`${target}: ${lines.length} inputs`);
}
