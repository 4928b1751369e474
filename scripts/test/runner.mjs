// Runs the steps of the tests, each with a time limit, and reports their times. Steps that wait run in parallel with steps that
// compute.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { messageOf, Unavailable } from "../lib.mjs";
import { end, output, start } from "../processes.mjs";
import { countTests, hangingTests } from "./output.mjs";

/**
 * @typedef {object} Command
 * @property {string} command
 * @property {string[]} args
 * @property {Record<string, string | undefined>} [env]
 * @property {RegExp} [noise] lines that are left out
 *
 * @typedef {object} TestStep
 * @property {string} name
 * @property {Command[]} commands run in order until one fails
 * @property {number} minutes its time limit
 * @property {"computes" | "waits"} load whether it mostly keeps a processor busy, or mostly waits for clocks and browsers
 * @property {Promise<unknown>} ready resolves once its needs are built
 *
 * @typedef {object} Result
 * @property {string} name
 * @property {boolean} ok nothing failed
 * @property {string} [skipped] why it was not run
 * @property {number} wallMs
 * @property {number} cpuMs CPU time of the commands and of all processes that they waited for
 * @property {number} passed
 * @property {number} failed
 */

/**
 * How many steps of each kind run at once. Those that compute have the lowest priority and do not disturb timing in the others.
 * @type {Record<TestStep["load"], number>}
 */
const AT_ONCE = { computes: 1, waits: 3 };

/**
 * @param {TestStep[]} steps
 * @param {object} options
 * @param {string} options.logs the folder for the output of each step
 * @param {(line: string) => void} [options.report]
 * @returns {Promise<Result[]>} in the order of the steps
 */
export async function runSteps(steps, { logs, report = console.log }) {
  mkdirSync(logs, { recursive: true });
  /** @type {Set<TestStep>} */
  const ready = new Set();
  for (const step of steps) {
    const add = () => void ready.add(step);
    step.ready.then(add, add);
  }
  const results = new Map();
  const workers = Object.entries(AT_ONCE).flatMap(([load, number]) => {
    const queue = steps.filter((step) => step.load === load);
    const work = async () => {
      while (queue.length > 0) {
        const step = queue.find((step) => ready.has(step));
        if (step) {
          queue.splice(queue.indexOf(step), 1);
          results.set(step, await runStep(step, logs, report));
        } else await Promise.race(queue.map(({ ready }) => ready.catch(() => {})));
      }
    };
    return Array.from({ length: number }, work);
  });
  await Promise.all(workers);
  return steps.map((step) => results.get(step));
}

/** @param {TestStep} step @param {string} logs @param {(line: string) => void} report @returns {Promise<Result>} */
async function runStep({ name, commands, minutes, load, ready }, logs, report) {
  try {
    await ready;
  } catch (error) {
    const nothing = { name, wallMs: 0, cpuMs: 0, passed: 0, failed: 0 };
    if (error instanceof Unavailable) {
      report(`── ${name}: skipped, because ${error.message}`);
      return { ...nothing, ok: true, skipped: error.message };
    }
    report(`── ${name}: FAILED, because its build failed`);
    return { ...nothing, ok: false };
  }
  report(`── ${name} …`);
  const began = Date.now();
  const deadline = began + minutes * 60_000;
  let [text, cpuMs, ok] = ["", 0, true];
  for (const command of commands) {
    const run = await runCommand(command, load === "computes", deadline - Date.now());
    text += run.text;
    cpuMs += run.cpuMs;
    ok = run.problem === undefined;
    if (!ok) {
      text += `\n${name}: ${run.problem}\n`;
      if (run.isLate) text += `The time limit of ${minutes} minutes is exceeded. ${hangingTests(run.text)}\n`;
      break;
    }
  }
  const { passed, failed } = countTests(text);
  const log = join(logs, `${name}.log`);
  writeFileSync(log, text);
  const wallMs = Date.now() - began;
  const tests = passed > 0 ? `, ${passed} tests` : "";
  report(
    ok
      ? `── ${name}: ok in ${Math.round(wallMs / 1000)} s${tests}`
      : `${text}\n── ${name}: FAILED after ${Math.round(wallMs / 1000)} s (${log})`,
  );
  return { name, ok, wallMs, cpuMs, passed, failed };
}

/**
 * @param {Command} command
 * @param {boolean} background
 * @param {number} limitMs
 * @returns {Promise<{ problem?: string, isLate?: boolean, text: string, cpuMs: number }>}
 */
async function runCommand({ command, args, env, noise }, background, limitMs) {
  const entry = start(command, args, { ...(env && { env }), background, cpu: true, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  const take = (/** @type {string} */ line) => {
    if (!noise?.test(line)) text += `${line}\n`;
  };
  for (const stream of [entry.child.stdout, entry.child.stderr]) if (stream) createInterface(stream).on("line", take);
  let isLate = false;
  const stop = async () => {
    isLate = true;
    text += `\nStill running:\n${await processesOf(entry)}\n`;
    await end(entry);
  };
  const timer = setTimeout(() => void stop(), Math.max(0, limitMs));
  try {
    const { code, cpuMs = 0 } = await entry.ended;
    if (isLate) return { problem: "stopped", isLate, text, cpuMs };
    return code === 0 ? { text, cpuMs } : { problem: `exit code ${code}`, text, cpuMs };
  } catch (error) {
    return { problem: messageOf(error), text, cpuMs: 0 };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The command lines of a command and its descendants.
 * @param {import("../processes.mjs").Running} entry
 */
async function processesOf({ child }) {
  const lines = (await output("ps", ["-A", "-o", "pgid=,args="]))?.split("\n") ?? [];
  return lines
    .flatMap((line) => (Number.parseInt(line, 10) === child.pid ? [line.trim().replace(/^\d+ /, "")] : []))
    .join("\n");
}

/**
 * A table of each step's times, and the load of the machine.
 * @param {Result[]} results
 * @param {{ wallMs: number, busyMs: number }} machine
 */
export function tableOf(results, { wallMs, busyMs }) {
  const rows = results.map(({ name, ok, skipped, wallMs, cpuMs, passed }) => [
    name,
    skipped ? "skipped" : ok ? "ok" : "FAILED",
    (wallMs / 1000).toFixed(0),
    (cpuMs / 1000).toFixed(0),
    (Math.max(0, wallMs - cpuMs) / 1000).toFixed(0),
    passed > 0 ? String(passed) : "",
  ]);
  const table = [["step", "", "wall, s", "CPU, s", "waiting, s", "tests"], ...rows];
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {string[]} */ row) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  const busy = Math.round((100 * busyMs) / (wallMs * cpus().length));
  return [
    ...table.map(line),
    `${Math.round(wallMs / 1000)} s in all; the ${cpus().length} processors were busy ${busy} % of the time`,
  ].join("\n");
}

/** How long the processors of this machine have been busy since boot, in ms. */
export function busyMs() {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
