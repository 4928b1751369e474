// The TypeScript part of `npm run mutants`: mutants of the Worker's code, in copies of the built package, against the tests in
// workerd. Results are kept until the module or one of its tests changes.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { build } from "../build/graph.mjs";
import { releasePackage } from "../build/steps.mjs";
import { fail, inRoot, projectNode } from "../lib.mjs";
import { end, start } from "../processes.mjs";

const folder = inRoot("target", "mutants", "typescript");
const TESTS = inRoot("tests", "worker");
const LEAST_TIMEOUT_MS = 60_000;
/** The tests mostly wait for clocks. */
const JOBS_PER_PROCESSOR = 2;

/** The slow tests of `supervision`, and the others. */
const SLOW = "^(killed|an update|the current payload|calls that|a permit reserved|a clock that)";
const QUICK_SUPERVISION = ["supervision", "--testNamePattern", `^(?!${SLOW.slice(1)})`];
const SLOW_SUPERVISION = ["supervision", "--testNamePattern", SLOW];

/** The tests of each module, as vitest's arguments: fast ones first, then further ones for the mutants that they missed. */
const ROUNDS_OF = {
  guards: [["routes"], ["notifications", "wrongValues"]],
  viewerTokens: [["routes"], ["viewers"]],
  input: [["input"], ["routes"], ["wrongValues"], QUICK_SUPERVISION],
  environment: [["routes"], QUICK_SUPERVISION],
  notifications: [["routes"], ["notifications"], QUICK_SUPERVISION],
  rejection: [["routes"], ["viewers"]],
  openApi: [["routes"]],
  handler: [["routes"], ["bindings"]],
  routing: [["routes"], ["bindings"], ["viewers"]],
  operatorRoutes: [["routes"], ["bindings"], ["wrongValues"]],
  viewerRoutes: [["viewers"], ["routes"]],
  notificationRoute: [["notifications"], ["routes"]],
  objects: [["bindings"], ["withoutQuota"]],
  digest: [["digest"], ["routes"], QUICK_SUPERVISION],
  audience: [["relay"], ["viewers"], ["routes"]],
  relay: [["relay"], ["viewers"], ["bindings"]],
  broadcast: [["broadcast.test"], ["bindings"], ["routes"], ["viewers"], QUICK_SUPERVISION, SLOW_SUPERVISION],
  broadcastOptions: [["supervision", "--testNamePattern", "^invalid numbers among"], ["viewers"], QUICK_SUPERVISION],
  broadcastStatus: [["broadcastStatus"], ["routes"]],
  backoff: [["relays"]],
  groupDriver: [["groupDriver"], QUICK_SUPERVISION, SLOW_SUPERVISION],
  groupEnv: [["groupEnv"], ["routes"]],
  sharedQuota: [["sharedQuota"], ["withoutQuota"]],
  registration: [["registration"], QUICK_SUPERVISION],
  relayHeader: [["relay"], ["viewers"]],
  relays: [["relays"], ["viewers"]],
  appQuota: [["appQuota"], ["bindings"], ["routes"], QUICK_SUPERVISION],
  rateLimiter: [["rateLimiter"], ["appQuota"], QUICK_SUPERVISION],
  broadcastList: [["broadcastList"], ["routes"], QUICK_SUPERVISION],
  store: [["store"], ["routes"], QUICK_SUPERVISION, ["viewers"], SLOW_SUPERVISION],
  clock: [["viewers"], QUICK_SUPERVISION, SLOW_SUPERVISION],
};

/** @typedef {keyof typeof ROUNDS_OF} Module */

/**
 * Tests all mutants of these modules; by default, of all modules. Returns the names of the survivors and the number of detected
 * mutants.
 * @param {string[]} [names]
 */
export async function mutateTypeScript(names = Object.keys(ROUNDS_OF)) {
  const modules = /** @type {Module[]} */ (names.map((name) => name.replace(/^.*\//, "").replace(/\.[tj]s$/, "")));
  const unknown = modules.find((name) => !(name in ROUNDS_OF));
  if (unknown) fail(`unknown module ${unknown}, but must be one of ${Object.keys(ROUNDS_OF).join(", ")}`);
  await build([releasePackage]).all;
  // Imported here because its packages may have been missing at the start.
  const { mutantsOf, planted } = await import("./plant.mjs");
  mkdirSync(folder, { recursive: true });
  const jobs = Array.from({ length: JOBS_PER_PROCESSOR * availableParallelism() }, (_, i) => new Job(i));
  let caught = 0;
  /** @type {string[]} */
  const missed = [];
  for (const module of modules) {
    const results = new Results(module);
    const code = readFileSync(inRoot("dist", "cloudflare", `${module}.js`), "utf8");
    const mutants = mutantsOf(`src/js/cloudflare/${module}.ts`, code);
    const queue = mutants.filter(({ name }) => results.of(name) === undefined);
    console.log(`${module}: ${mutants.length} mutants, ${mutants.length - queue.length} with a known result`);
    if (queue.length > 0) await jobs[0]?.baseline(module);
    await Promise.all(
      jobs.map(async (job) => {
        for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
          const isCaught = await job.catches(module, planted(code, mutant));
          results.set(mutant.name, isCaught);
          if (!isCaught) console.log(`  not detected: ${mutant.name}`);
        }
      }),
    );
    for (const { name } of mutants) {
      if (results.of(name)) caught += 1;
      else missed.push(name);
    }
  }
  for (const job of jobs) job.remove();
  return { caught, missed };
}

/** The saved results of a module: whether each mutant was detected. */
class Results {
  #file;
  /** @type {{ digest: string, caught: Record<string, boolean> }} */
  #known;

  /** @param {Module} module */
  constructor(module) {
    this.#file = join(folder, `${module}.json`);
    const digest = digestOf(module);
    const known = existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, "utf8")) : undefined;
    this.#known = known?.digest === digest ? known : { digest, caught: {} };
  }

  /** @param {string} name */
  of(name) {
    return this.#known.caught[name];
  }

  /** @param {string} name @param {boolean} isCaught */
  set(name, isCaught) {
    this.#known.caught[name] = isCaught;
    writeFileSync(this.#file, JSON.stringify(this.#known, null, 1));
  }
}

/** A digest of a module and its tests. @param {Module} module */
function digestOf(module) {
  const filters = ROUNDS_OF[module].flat();
  const tests = readdirSync(TESTS, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".test.ts") && filters.some((filter) => file.includes(filter)),
  );
  const hash = createHash("sha256").update(readFileSync(inRoot("dist", "cloudflare", `${module}.js`)));
  for (const file of tests.sort()) hash.update(readFileSync(join(TESTS, file)));
  return hash.digest("hex");
}

/** The time limit of these tests, from their time without a mutant. @type {Map<string, number>} */
const timeouts = new Map();

/** A copy of the package with its tests. */
class Job {
  #package;

  /** @param {number} number */
  constructor(number) {
    this.#package = join(folder, `package-${number}`);
    rmSync(this.#package, { recursive: true, force: true });
    cpSync(inRoot("dist"), this.#package, { recursive: true });
  }

  remove() {
    rmSync(this.#package, { recursive: true, force: true });
  }

  /** Checks that the tests pass without a mutant. @param {Module} module */
  async baseline(module) {
    for (const filters of ROUNDS_OF[module]) {
      const key = filters.join();
      if (timeouts.has(key)) continue;
      const began = Date.now();
      if (!(await this.#pass(filters, 600_000))) fail(`the tests (${key}) fail without a mutant`);
      timeouts.set(key, Math.max(LEAST_TIMEOUT_MS, 4 * (Date.now() - began)));
    }
  }

  /** @param {Module} module @param {string} code */
  async catches(module, code) {
    const file = join(this.#package, "cloudflare", `${module}.js`);
    const whole = readFileSync(inRoot("dist", "cloudflare", `${module}.js`), "utf8");
    writeFileSync(file, code);
    try {
      for (const filters of ROUNDS_OF[module])
        if (!(await this.#pass(filters, timeouts.get(filters.join()) ?? LEAST_TIMEOUT_MS))) return true;
      return false;
    } finally {
      writeFileSync(file, whole);
    }
  }

  /** Whether these tests pass within the time limit. @param {string[]} filters @param {number} timeoutMs */
  async #pass(filters, timeoutMs) {
    const vitest = start(
      projectNode,
      [
        inRoot("node_modules", "vitest", "vitest.mjs"),
        ...["run", "--config", join(TESTS, "vitest.config.ts"), "--bail", "1", "--reporter", "dot", ...filters],
      ],
      { stdio: "ignore", env: { STEADYMIX_PACKAGE: this.#package } },
    );
    const timer = setTimeout(() => void end(vitest, "SIGKILL"), timeoutMs);
    const { code } = await vitest.ended;
    clearTimeout(timer);
    return code === 0;
  }
}
