// Incremental builds. A step runs only if the contents of its inputs or the outputs of the steps that it needs have changed. Its
// output is a folder, which is built next to the old one and then replaces it.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { inRoot, seconds, Unavailable } from "../lib.mjs";
import { contentsOf, digest, digestOf, filesAt, replaceFiles, stateOf, swapIn } from "./files.mjs";
import { locked } from "./lock.mjs";

const STATE = "target/build";
/** How many unfinished steps for each processor the build may look ahead. */
const AHEAD = 4;

/**
 * @typedef {object} Step
 * @property {string} name for messages
 * @property {number} seconds an estimate for the first run, on two cores
 * @property {Step[]} [needs] steps that must be done first
 * @property {(folder: string, how: How) => Promise<void>} make writes the output into this empty folder, if the step has an output
 * @property {string} [folder] the output, relative to the project's root
 * @property {boolean} [isWatched] programs watch the folder, so it is updated file by file
 * @property {() => string[]} [inputs] files, relative to the project's root
 * @property {() => Promise<boolean> | boolean} [isThere] for steps that install something and have no `folder`
 * @property {boolean} [isTool] skipped while all steps that need it are up to date
 */

/**
 * @typedef {object} How
 * @property {boolean} background at the lowest priority
 */

/** @typedef {{ key: string, contents: string, seconds: number, files: import("./files.mjs").Made[] }} Stamp */

/**
 * @typedef {object} Options
 * @property {(line: string) => void} [report] receives a line for each step that runs
 * @property {string} [lock] the lock's file
 * @property {boolean} [background]
 */

/**
 * Builds these steps and their needs.
 * @param {Step[]} wanted
 * @param {Options} [options]
 * @returns {{ all: Promise<void>, made: (step: Step) => Promise<void> }} `made` resolves as soon as that step is done. If
 *   a step is `Unavailable`, only `made` rejects
 */
export function build(wanted, { report = console.log, lock = inRoot(STATE, "lock"), background = false } = {}) {
  const steps = inOrder(wanted);
  const results = new Map(steps.map((step) => [step, withResolvers()]));
  const made = (/** @type {Step} */ step) =>
    results.get(step)?.promise ?? Promise.reject(new Error(`${step.name} is not part of this build`));
  // `all` reports failures, so a rejected `made` without a handler is not an error.
  for (const { promise } of results.values()) promise.catch(() => {});
  const wait = (/** @type {string} */ owner) => report(`Waiting for another build in this folder (${owner})`);
  const work = () => runAll(steps, new Set(wanted), results, report, { background });
  const all = locked(lock, work, wait).catch((error) => {
    for (const { reject } of results.values()) reject(error);
    throw error;
  });
  return { all, made };
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers() {
  /** @type {any} */
  const result = {};
  result.promise = new Promise((resolve, reject) => Object.assign(result, { resolve, reject }));
  return result;
}

/**
 * Runs the steps that are out of date, in order as far as their needs allow. No step starts far ahead of the first unfinished
 * one: steps that are needed late must not slow down those that are needed soon.
 * @param {Step[]} steps in order
 * @param {Set<Step>} wanted
 * @param {Map<Step, PromiseWithResolvers<void>>} results
 * @param {(line: string) => void} report
 * @param {How} how
 */
async function runAll(steps, wanted, results, report, how) {
  const began = Date.now();
  const pending = await outOfDate(steps, wanted);
  for (const step of steps) if (!pending.has(step)) results.get(step)?.resolve();
  const unfinished = new Set(pending);
  /** @type {Map<Step, Promise<void>>} */
  const running = new Map();
  /** @type {Map<Step, unknown>} */
  const failed = new Map();
  let count = 0;
  const run = async (/** @type {Step} */ step) => {
    count += 1;
    const known = stampOf(step)?.seconds ?? step.seconds;
    report(`[${count}/${pending.size}] ${step.name} (about ${Math.max(1, Math.round(known))} s)`);
    try {
      await runStep(step, how);
      results.get(step)?.resolve();
    } catch (error) {
      fail(step, error);
    }
    unfinished.delete(step);
    running.delete(step);
  };
  const fail = (/** @type {Step} */ step, /** @type {unknown} */ error) => {
    failed.set(step, error);
    unfinished.delete(step);
    results.get(step)?.reject(error);
  };
  const slots = Math.max(2, availableParallelism());
  while (unfinished.size > 0) {
    for (const step of [...unfinished].slice(0, slots * AHEAD)) {
      const needs = step.needs ?? [];
      const broken = needs.find((need) => failed.has(need));
      if (broken) fail(step, failed.get(broken));
      else if (!running.has(step) && !needs.some((need) => unfinished.has(need)) && hasSlot(step, running, slots))
        running.set(step, run(step));
    }
    if (running.size > 0) await Promise.race(running.values());
  }
  // An unavailable step only causes skips, and does not fail the build.
  for (const error of failed.values()) if (!(error instanceof Unavailable)) throw error;
  if (pending.size > 0) report(`Built in ${seconds(Date.now() - began)}`);
}

/**
 * Steps without an output only install: they mostly wait for the network and need no slot.
 * @param {Step} step
 * @param {Map<Step, unknown>} running
 * @param {number} slots
 */
function hasSlot({ folder }, running, slots) {
  return !folder || [...running.keys()].filter(({ folder }) => folder).length < slots;
}

/** @param {Step[]} wanted @returns {Step[]} in topological order */
function inOrder(wanted) {
  /** @type {Set<Step>} */
  const steps = new Set();
  const add = (/** @type {Step} */ step) => {
    step.needs?.forEach(add);
    steps.add(step);
  };
  wanted.forEach(add);
  return [...steps];
}

/**
 * The steps that may have to run. A step with pending needs is decided once they are done.
 * @param {Step[]} steps in order
 * @param {Set<Step>} wanted
 */
async function outOfDate(steps, wanted) {
  /** @type {Set<Step>} */
  const pending = new Set();
  const isOnlyTool = (/** @type {Step} */ step) => step.isTool && !wanted.has(step);
  for (const step of steps.filter((step) => !isOnlyTool(step))) {
    const waits = step.needs?.some((need) => pending.has(need));
    if (waits || !(await isFresh(step))) pending.add(step);
  }
  for (const step of steps.filter(isOnlyTool).reverse()) {
    const isNeeded = [...pending].some(({ needs }) => needs?.includes(step));
    if (isNeeded && !(await isFresh(step))) pending.add(step);
  }
  return new Set(steps.filter((step) => pending.has(step)));
}

/** @param {Step} step */
async function isFresh(step) {
  if (!step.folder) return (await step.isThere?.()) ?? false;
  const stamp = stampOf(step);
  return (
    stamp !== undefined &&
    stamp.key === keyOf(step) &&
    stamp.files.length > 0 &&
    JSON.stringify(stamp.files) === JSON.stringify(stateOf(step.folder))
  );
}

/** @param {Step} step @param {How} how */
async function runStep(step, how) {
  if (!step.folder) {
    await step.make("", how);
    return;
  }
  // `npm start` builds the documentation at the same time as the rest.
  await locked(`${stampFile(step)}.lock`, () => makeFolder(step, step.folder ?? "", how));
}

/** @param {Step} step @param {string} place @param {How} how */
async function makeFolder(step, place, how) {
  // The outputs of its needs may be unchanged.
  if (await isFresh(step)) return;
  const began = Date.now();
  const key = keyOf(step);
  const scratch = `${STATE}/${place.replaceAll("/", "-")}.${process.pid}`;
  rmSync(inRoot(scratch), { recursive: true, force: true });
  mkdirSync(inRoot(scratch), { recursive: true });
  try {
    await step.make(inRoot(scratch), how);
    const contents = contentsOf(inRoot(scratch));
    // Unchanged output is not touched, so watchers do not reload.
    if (contents !== contentsOf(inRoot(place))) (step.isWatched ? replaceFiles : swapIn)(scratch, place);
    /** @type {Stamp} */
    const stamp = { key, contents, seconds: (Date.now() - began) / 1000, files: stateOf(place) };
    writeFileSync(stampFile(step), JSON.stringify(stamp));
  } finally {
    rmSync(inRoot(scratch), { recursive: true, force: true });
  }
}

/**
 * A digest of everything that a step's output depends on: the build scripts, its inputs, and the outputs of its needs.
 * @param {Step} step
 * @returns {string}
 */
function keyOf(step) {
  scripts ??= digestOf(filesAt("scripts/build", /\.mjs$/));
  const needs = (step.needs ?? []).map((need) =>
    need.isTool || !need.folder ? inputsOf(need) : stampOf(need)?.contents,
  );
  return digest(JSON.stringify([scripts, step.name, inputsOf(step), needs]));
}

/** @type {string | undefined} */
let scripts;

/** @param {Step} step */
function inputsOf(step) {
  return digestOf(step.inputs?.() ?? []);
}

/** @param {Step} step */
function stampFile(step) {
  return inRoot(STATE, `${step.folder?.replaceAll("/", "-")}.json`);
}

/** @param {Step} step @returns {Stamp | undefined} */
function stampOf(step) {
  if (!step.folder || !existsSync(stampFile(step))) return undefined;
  try {
    return JSON.parse(readFileSync(stampFile(step), "utf8"));
  } catch {
    // Incomplete: the process was killed while writing.
    return undefined;
  }
}
