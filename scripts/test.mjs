// `npm test`: runs every test and check, then prints the time of each step and the totals.
//
//   npm test -- --quick                 the fast part, for every edit
//   npm test -- --only cargo,package    only these steps; --except: all other steps
//   npm test -- --help
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { build } from "./build/graph.mjs";
import { fail, inRoot, messageOf } from "./lib.mjs";
import { output } from "./processes.mjs";
import { busyMs, runSteps, tableOf } from "./test/runner.mjs";
import { QUICK, STEPS } from "./test/steps.mjs";

const HELP = `npm test -- [--quick | --only STEP,STEP | --except STEP,STEP]

  --quick    unit tests, decisions, ${QUICK.schedules.toLocaleString("en")} schedules, types and lint
  --only     these steps
  --except   all steps but these

Steps: ${Object.keys(STEPS).join(", ")}

The output of each step is in target/test-logs. The output of a step that fails is printed.`;

const began = Date.now();
const busyBefore = busyMs();
try {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      except: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) console.log(HELP);
  else process.exit((await test(chosenBy(values))) ? 0 : 1);
} catch (error) {
  fail(messageOf(error));
}

/** @param {{ quick: boolean, only?: string, except?: string }} flags */
function chosenBy({ quick, only, except }) {
  const every = Object.keys(STEPS);
  const listed = (/** @type {string} */ flag, /** @type {string} */ list) => {
    const names = list.split(",");
    const unknown = names.find((name) => !every.includes(name));
    if (unknown !== undefined)
      throw new Error(`--${flag} is ${JSON.stringify(unknown)}, but must be one of ${every.join(", ")}`);
    return names;
  };
  if ([quick, only !== undefined, except !== undefined].filter(Boolean).length > 1)
    throw new Error("only one of --quick, --only and --except can be given");
  let names = quick ? QUICK.steps : every;
  if (only !== undefined) names = listed("only", only);
  if (except !== undefined) {
    const left = listed("except", except);
    names = names.filter((name) => !left.includes(name));
  }
  return names.flatMap((name) => {
    const step = STEPS[name];
    return step ? [{ name, ...step(quick) }] : [];
  });
}

/** @param {ReturnType<typeof chosenBy>} chosen */
async function test(chosen) {
  mkdirSync(inRoot("target", "bench"), { recursive: true });
  // Rustup installs the toolchain at the first call. Concurrent calls would install it several times.
  await output("cargo", ["--version"]);
  // Steps that wait take longest. Their needs are built first, the rest at the lowest priority.
  const needsOf = (/** @type {string} */ load) => chosen.flatMap((step) => (step.load === load ? step.needs : []));
  const first = build(needsOf("waits"));
  const second = isSettled(first.all).then(() => build(needsOf("computes"), { background: true }));
  const steps = chosen.map(({ needs, ...step }) => {
    const made = step.load === "waits" ? Promise.resolve(first) : second;
    return {
      ...step,
      ready: needs.length > 0 ? made.then(({ made }) => Promise.all(needs.map(made))) : Promise.resolve(),
    };
  });
  // A failed build is reported once and fails the steps that need it.
  const built = Promise.all([first.all, second.then(({ all }) => all)].map(isBuilt));
  const results = await runSteps(steps, { logs: inRoot("target", "test-logs") });
  const isAllBuilt = (await built).every((ok) => ok);
  const machine = { wallMs: Date.now() - began, busyMs: busyMs() - busyBefore };
  console.log(`\n${tableOf(results, machine)}`);
  writeFileSync(inRoot("target", "bench", "test.json"), JSON.stringify({ machine, results }, null, 2));
  const sum = (/** @type {"passed" | "failed"} */ what) => results.reduce((total, result) => total + result[what], 0);
  const broken = results.filter(({ ok }) => !ok).map(({ name }) => name);
  const skipped = results.flatMap(({ name, skipped }) => (skipped ? [name] : []));
  const verdict =
    isAllBuilt && broken.length === 0
      ? `${skipped.length > 0 ? "all other" : "all"} checks passed`
      : `FAILED: ${broken.join(", ") || "the build"}`;
  console.log(
    `\n${sum("passed")} tests passed, ${sum("failed")} failed; ${results.length} steps, ${skipped.length > 0 ? `skipped: ${skipped.join(", ")}; ` : ""}${verdict}`,
  );
  return isAllBuilt && broken.length === 0;
}

/** @param {Promise<void>} all */
function isSettled(all) {
  return all.catch(() => {});
}

/** @param {Promise<void>} all */
function isBuilt(all) {
  return all.then(
    () => true,
    (error) => {
      console.error(`\n${messageOf(error)}\n`);
      return false;
    },
  );
}
