// `npm run mutants`: mutation testing of the core and the Worker's code. Each mutant is one small change; the survivors are those
// that no test detects. It takes some hours; an interrupted run is resumed by the next one.
// Arguments go to cargo-mutants. After --typescript, only the named modules of the Worker's code are mutated:
//
//   npm run mutants -- --file src/uid.rs
//   npm run mutants -- --typescript guards handler
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter } from "node:path";
import { fail, inRoot, messageOf, onPath } from "./lib.mjs";
import { mutateTypeScript } from "./mutants/typescript.mjs";
import { output, run, start } from "./processes.mjs";

const VERSION = "27.1.0";
const folder = inRoot("target", "mutants");
const results = inRoot("target", "mutants", "mutants.out");
const unviable = inRoot("target", "mutants", "unviable.txt");
const LEAST_PERCENT = 95;

/** Slow simulations, and tests of the simulation itself. */
const SLOW = [
  "a_viewer_that",
  "a_violation",
  "a_week",
  "no_schedule",
  "no_small",
  "no_viewer",
  "restoring_at",
  "the_search",
];

const QUICKLY = { CARGO_PROFILE_MUTANTS_OPT_LEVEL: "0", PROPTEST_CASES: "16" };

/**
 * Each round has more and slower tests, and only the mutants that the earlier rounds missed.
 * @type {{ packages: string, tests: string[], skipped: string[], env: Record<string, string> }[]}
 */
const ROUNDS = [
  // This round compiles only one crate.
  { packages: "steadymix", tests: ["--lib"], skipped: ["never_more_than_ten_in_any_second"], env: QUICKLY },
  { packages: "steadymix", tests: ["--test=decisions", "--test=status_table"], skipped: [], env: QUICKLY },
  // The golden traces are fast: they fail at the first seed that differs.
  {
    packages: "steadymix-simulation",
    tests: ["--test=simulation"],
    skipped: [...SLOW, "the_table", "a_row", "the_same_seed"],
    env: {},
  },
  { packages: "steadymix,steadymix-simulation", tests: ["--lib", "--tests"], skipped: SLOW, env: {} },
  { packages: "steadymix,steadymix-simulation,steadymix-fuzz", tests: ["--lib", "--tests"], skipped: [], env: {} },
];

const args = process.argv.slice(2);
if (args[0] === "--typescript") process.exit((await isTypeScriptTested(args.slice(1))) ? 0 : 1);
process.env.PATH = [inRoot("target", "tools", "bin"), process.env.PATH].join(delimiter);
if (!(await output("cargo", ["mutants", "--version"]))?.includes(VERSION)) {
  console.log(`Installing cargo-mutants ${VERSION} (about 180 s, once)`);
  await run("cargo", ["install", "cargo-mutants", "--version", VERSION, "--root", "target/tools"]);
}
if (!onPath("cargo-mutants")) fail("cargo-mutants was installed, but is not on the PATH");
mkdirSync(folder, { recursive: true });

const commit = (await output("git", ["rev-parse", "--short", "HEAD"]))?.trim() ?? "";
const marker = inRoot("target", "mutants", "commit");
// Results of another commit are outdated.
if (existsSync(marker) && readFileSync(marker, "utf8") !== commit)
  for (const old of [results, unviable]) rmSync(old, { recursive: true, force: true });
writeFileSync(marker, commit);

for (const [number, round] of ROUNDS.entries()) {
  const left = mutants("missed").length;
  // Known survivors need no further rounds.
  if (number > 0 && unlisted().length === 0) break;
  console.log(
    `\nround ${number + 1} of ${ROUNDS.length}: ${number === 0 ? "all mutants without a result" : `${left} missed so far`}`,
  );
  keepKnown();
  await play(round).catch((error) => fail(messageOf(error)));
}
keepKnown();
const isCoreTested = report();
const isAllTested = args.length > 0 || (await isTypeScriptTested([]));
process.exit(isCoreTested && isAllTested ? 0 : 1);

/** @param {(typeof ROUNDS)[number]} round */
async function play({ packages, tests, skipped, env }) {
  Object.assign(process.env, env);
  const skips = ["--", ...skipped.flatMap((name) => ["--skip", name])];
  // cargo-mutants runs its baseline with the core's tests only, so these need one here.
  const chosen = [...packages.split(",").flatMap((name) => ["-p", name]), ...tests];
  const test = ["test", "--quiet", "--profile", "mutants", ...chosen];
  await run("cargo", [...test, "--no-run"]);
  const began = Date.now();
  await run("cargo", [...test, ...skips]);
  const timeout = Math.max(10, Math.ceil((5 * (Date.now() - began)) / 1000));
  // It exits with an error when mutants are missed; the report at the end lists them.
  const mutation = start("cargo", [
    ...["mutants", "--package", "steadymix", "--test-package", packages, "--output", folder, "--iterate"],
    ...["--jobs", `${availableParallelism()}`, "--baseline", "skip", "--timeout", `${timeout}`],
    ...tests.map((test) => `--cargo-arg=${test}`),
    ...args,
    ...["--", ...skips],
  ]);
  await mutation.ended;
  for (const name of Object.keys(env)) delete process.env[name];
}

function mutants(/** @type {string} */ outcome) {
  return lines(`${results}/${outcome}.txt`);
}

function lines(/** @type {string} */ file) {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}

/**
 * Keeps mutants with a timeout and those that do not compile out of the next round. The latter are also saved in a file, because
 * cargo-mutants later counts them as caught.
 */
function keepKnown() {
  keep(`${results}/caught.txt`, mutants("timeout"));
  keep(unviable, mutants("unviable"));
}

function keep(/** @type {string} */ file, /** @type {string[]} */ names) {
  if (names.length > 0) appendFileSync(file, `${names.join("\n")}\n`);
}

/** The missed mutants that are not listed as known survivors. */
function unlisted() {
  return withoutListed(mutants("missed").map(named));
}

/** @param {string[]} missed */
function withoutListed(missed) {
  // Markdown tables escape `|`.
  const listed = readFileSync(inRoot("tests", "SURVIVORS.md"), "utf8").replaceAll("\\|", "|");
  return missed.filter((mutant) => !listed.includes(`\`${mutant}\``));
}

/** @param {string[]} modules */
async function isTypeScriptTested(modules) {
  const { caught, missed } = await mutateTypeScript(modules.length > 0 ? modules : undefined);
  return reportDetected(caught, missed.length, withoutListed(missed));
}

/** Prints the result and returns whether it suffices. @param {number} caught @param {number} survivors @param {string[]} unknown */
function reportDetected(caught, survivors, unknown) {
  const percent = percentOf(caught, survivors);
  console.log(`\n${caught} of ${caught + survivors} mutants are detected: ${percent.toFixed(1)} %`);
  for (const mutant of unknown) console.log(`not detected, and not in tests/SURVIVORS.md: ${mutant}`);
  return unknown.length === 0 && percent >= LEAST_PERCENT;
}

/** @param {number} caught @param {number} survivors */
function percentOf(caught, survivors) {
  return (100 * caught) / (caught + survivors);
}

/**
 * The name of a mutant without its line and column, which every edit changes.
 * @param {string} mutant
 */
function named(mutant) {
  return mutant.replace(/^(\S+?\.rs):\d+:\d+: /, "$1: ");
}

function report() {
  const dead = new Set(["caught", "timeout", "previously_caught"].flatMap(mutants));
  for (const mutant of lines(unviable)) dead.delete(mutant);
  const caught = dead.size;
  const survivors = mutants("missed").length;
  const isEnough = reportDetected(caught, survivors, unlisted());
  if (args.length === 0) {
    const figures = { commit, caught, survivors, percent: Math.round(percentOf(caught, survivors) * 10) / 10 };
    mkdirSync(inRoot("target", "bench"), { recursive: true });
    writeFileSync(inRoot("target", "bench", "mutants.json"), `${JSON.stringify(figures, null, 2)}\n`);
  }
  return isEnough;
}
