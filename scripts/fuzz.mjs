// `npm run fuzz`: the core against arbitrary bytes, from the committed corpora on.
//
//   npm run fuzz -- --seconds 60 --target group   each target, or this one, for so long
//   npm run fuzz -- --repeat group <file>         one input once more
//   npm run fuzz -- --keep                        what was found is added to the committed corpora, made as small as can be
//
// A committed corpus is a text: a line for each input, in hexadecimal digits; one that was kept for a reason has a name.
//
// What was run is added up in target/bench/fuzz.json, and what was found is gone on with from target/fuzz/corpus.
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
/** Longer inputs of the machines are only slower. Those of settings and replies are texts. */
/** @type {Record<string, number>} */
const LONGEST = { configurations: 4096, group: 256, notifications: 1024, replies: 1024, snapshots: 256, viewer: 256 };
// The core forbids unsafe code, so that a sanitizer would find nothing and take half of the time; and a JSON parser that
// is traced compares more than it reads. Overflow checks and debug assertions are on in the package's profile.
const HOW = ["--fuzz-dir", PACKAGE, "--target-dir", "target/fuzz", "--sanitizer", "none", "--no-trace-compares"];

/** Those that reach every place there is, however often: with how often they would be ten times as many. */
const FEWEST = ["-set_cover_merge=1", "-use_counters=0"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    target: { type: "string" },
    repeat: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});

const every = Object.keys(LONGEST);
const chosen = values.target === undefined ? every : [values.target];
const unknown = [...chosen, ...positionals.slice(0, 1)].find((name) => !every.includes(name));
if (unknown !== undefined) fail(`no target ${unknown}: there are ${every.join(", ")}`);
if (!(Number(values.seconds) > 0)) fail(`--seconds ${values.seconds}: a number of seconds is needed`);

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
  if (!target || !file) fail("--repeat <target> <file>: which input of which target?");
  const { code } = await start("cargo", ["+nightly", "fuzz", "run", ...HOW, target, file]).ended;
  process.exitCode = code;
}

async function fuzz() {
  await run("cargo", ["+nightly", "fuzz", "build", ...HOW]);
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
  const limits = [`-max_total_time=${values.seconds}`, `-max_len=${LONGEST[target]}`, "-print_final_stats=1"];
  const dictionary = `${PACKAGE}/${target}.dict`;
  if (existsSync(inRoot(dictionary))) limits.push(`-dict=${dictionary}`);
  const args = ["+nightly", "fuzz", "run", ...HOW, target, found, unpacked(target)];
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
    fail(input ? `${input} breaks ${target}: npm run fuzz -- --repeat ${target} ${input}` : `${target} failed`);
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
 * The committed corpus as libFuzzer wants it: a folder with a file for each input.
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
 * As few inputs as reach all that is reached now, and those that have a name.
 * @param {string} target
 */
async function keep(target) {
  const [kept, fewer] = [unpacked(target), `target/fuzz/fewer/${target}`];
  empty(fewer);
  const from = [kept, `${FOUND}/${target}`].filter((folder) => existsSync(inRoot(folder)));
  await run("cargo", ["+nightly", "fuzz", "run", ...HOW, target, fewer, ...from, "--", ...FEWEST]);
  const digits = (/** @type {string} */ folder, /** @type {string} */ name) =>
    readFileSync(inRoot(folder, name)).toString("hex");
  const named = readdirSync(inRoot(kept)).filter((name) => !/^[0-9a-f]{40}$/.test(name));
  const others = readdirSync(inRoot(fewer)).map((name) => digits(fewer, name));
  others.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const lines = [...named.sort().map((name) => `${name} ${digits(kept, name)}`), ...others];
  writeFileSync(corpus(target), `${lines.join("\n")}\n`);
  console.log(`${target}: ${lines.length} inputs`);
}
