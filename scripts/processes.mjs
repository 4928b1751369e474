// Child processes that never outlive this one. Each leads a process group. A signal, an error or the end of the parent ends this
// process and all these groups.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { constants, setPriority } from "node:os";
import { root } from "./lib.mjs";

/** Ctrl-C, `kill` and a closed terminal. */
export const END_SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** How long a process may take to end after a signal. */
const GRACE_MS = 5_000;
/** How long output of a process may still arrive after its end. */
const STREAMS_MS = 2_000;
const PARENT_CHECK_MS = 250;

/**
 * @typedef {object} Options
 * @property {Record<string, string | undefined>} [env] in addition to this process's own
 * @property {string} [cwd]
 * @property {import("node:child_process").StdioOptions} [stdio]
 * @property {boolean} [background] runs at the lowest priority
 * @property {boolean} [patient] signals are passed on unchanged, without a time limit for its end
 * @property {boolean} [cpu] measures the CPU time of the command and of the children that it waited for
 *
 * @typedef {object} Ended
 * @property {number} code the exit code; 128 + the number of the signal if one ended it
 * @property {number} [cpuMs] if requested by `cpu`
 */

/**
 * @typedef {object} Running
 * @property {import("node:child_process").ChildProcess} child
 * @property {boolean} patient
 * @property {Promise<Ended>} ended never resolves once this process is shutting down
 * @property {Promise<void>} gone always resolves
 */

/** @type {Set<Running>} */
const running = new Set();
let isWatching = false;
let isEnding = false;
/** @type {number | undefined} */
let endCode;

/**
 * Sets the exit code after a signal. It is 0 for a program that runs until it is stopped.
 * @param {number} code
 */
export function exitsWith(code) {
  endCode = code;
}

/**
 * Starts a command. `ended` rejects if it cannot be started.
 * @param {string} command
 * @param {string[]} args
 * @param {Options} [options]
 * @returns {Running}
 */
export function start(command, args, { env, cwd = root, stdio = "inherit", background, patient = false, cpu } = {}) {
  watch();
  const streams = typeof stdio === "string" ? [stdio, stdio, stdio] : [...stdio];
  // The shell's `times` reports the CPU time of its children on a separate descriptor.
  if (cpu) streams[3] = "pipe";
  const [program, ...rest] = cpu
    ? ["sh", "-c", '"$@"; code=$?; times >&3; exit $code', "sh", command, ...args]
    : [command, ...args];
  const child = spawn(program, rest, {
    cwd,
    env: { ...process.env, ...env },
    stdio: /** @type {import("node:child_process").StdioOptions} */ (streams),
    detached: true,
  });
  if (background && child.pid) yieldToOthers(child.pid);
  let times = "";
  const report = /** @type {import("node:stream").Readable | undefined} */ (child.stdio[3]);
  if (cpu) report?.on("data", (chunk) => (times += chunk));
  let setGone = () => {};
  /** @type {Running} */
  const entry = {
    child,
    patient,
    gone: new Promise((resolve) => (setGone = resolve)),
    ended: new Promise((resolve, reject) => {
      const close = (/** @type {() => void} */ settle) => {
        running.delete(entry);
        setGone();
        if (!isEnding) settle();
      };
      child.once("error", (error) =>
        close(() => reject(new Error(`${command} could not be started: ${error.message}`))),
      );
      // A background process of the command may keep the streams open.
      child.once("exit", () => {
        const destroy = () => {
          for (const stream of child.stdio) stream?.destroy();
        };
        setTimeout(destroy, STREAMS_MS).unref();
      });
      child.once("close", (code, signal) =>
        close(() => resolve({ code: codeOf(code, signal), ...(cpu && { cpuMs: cpuMsOf(times) }) })),
      );
    }),
  };
  running.add(entry);
  return entry;
}

/**
 * Gives a session the lowest priority.
 * @param {number} pid the leader of a session
 */
function yieldToOthers(pid) {
  setPriority(pid, constants.priority.PRIORITY_LOW);
  try {
    // With autogroup scheduling, Linux applies niceness only within a session. The session has its own niceness.
    writeFileSync(`/proc/${pid}/autogroup`, String(constants.priority.PRIORITY_LOW));
  } catch {
    // No autogroup scheduling here.
  }
}

/** @param {number | null} code @param {NodeJS.Signals | null} signal */
function codeOf(code, signal) {
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}

/**
 * Parses the output of the shell's `times`: minutes and seconds of its children in user and system mode.
 * @param {string} times
 */
function cpuMsOf(times) {
  const children = times.trim().split("\n")[1] ?? "";
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, m, s]) => sum + (Number(m) * 60 + Number(s)) * 1000,
    0,
  );
}

/**
 * Sends a signal to a process and its descendants.
 * @param {Running} entry
 * @param {NodeJS.Signals} name
 */
export function signal({ child }, name) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  } catch {
    // It has ended already.
  }
}

/**
 * Ends a process and its descendants. Resolves when the process has ended.
 * @param {Running} entry
 * @param {NodeJS.Signals} [name]
 */
export async function end(entry, name = "SIGTERM") {
  signal(entry, name);
  const timer = entry.patient ? undefined : setTimeout(() => signal(entry, "SIGKILL"), GRACE_MS);
  await entry.gone;
  clearTimeout(timer);
  // Its background processes.
  signal(entry, "SIGKILL");
}

/** Ends this process and its children after a signal or the end of its parent. */
function watch() {
  if (isWatching) return;
  isWatching = true;
  const endAll = async (/** @type {NodeJS.Signals} */ name) => {
    const programs = [...running].filter(({ patient }) => patient);
    if (isEnding) {
      // Programs handle a second signal themselves.
      for (const entry of programs) signal(entry, name);
      return;
    }
    isEnding = true;
    await Promise.all([...running].map((entry) => end(entry, entry.patient ? name : "SIGTERM")));
    const [program] = programs.map(({ child }) => codeOf(child.exitCode, child.signalCode));
    process.exit(program ?? endCode ?? 128 + constants.signals[name]);
  };
  for (const name of END_SIGNALS) process.on(name, () => void endAll(name));
  process.on("exit", () => {
    for (const entry of running) signal(entry, "SIGKILL");
  });
  // npm runs a script in a shell. A signal to npm ends npm and sometimes the shell, but not the script.
  const parent = process.ppid;
  const npm = process.env.npm_lifecycle_event ? parentOf(parent) : undefined;
  const isOrphan = () => process.ppid !== parent || (npm !== undefined && parentOf(parent) !== npm);
  setInterval(() => isOrphan() && void endAll("SIGTERM"), PARENT_CHECK_MS).unref();
}

/**
 * The parent of another process, on systems with /proc.
 * @param {number} pid
 */
function parentOf(pid) {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}

/**
 * Runs a command without printing. If it fails, rejects with its output.
 * @param {string} command
 * @param {string[]} args
 * @param {Options} [options]
 * @returns {Promise<string>} its standard output
 */
export async function run(command, args, options) {
  const { code, stdout, text } = await captured(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed with exit code ${code}\n${text}`);
  return stdout;
}

/**
 * The standard output of a command; undefined if it fails or does not exist.
 * @param {string} command
 * @param {string[]} args
 */
export async function output(command, args) {
  const result = await captured(command, args).catch(() => undefined);
  return result?.code === 0 ? result.stdout : undefined;
}

/**
 * Runs a command without printing. `text` is its output and its errors.
 * @param {string} command
 * @param {string[]} args
 * @param {Options} [options]
 */
export async function captured(command, args, options) {
  const entry = start(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, text] = ["", ""];
  entry.child.stdout?.on("data", (chunk) => {
    stdout += chunk;
    text += chunk;
  });
  entry.child.stderr?.on("data", (chunk) => (text += chunk));
  return { ...(await entry.ended), stdout, text };
}

/**
 * Runs a program in this terminal until it ends. Signals are passed on to it.
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
export async function program(command, args) {
  const entry = start(command, args, { patient: true });
  const { code } = await entry.ended;
  signal(entry, "SIGKILL");
  return code;
}

/** A free port on loopback. @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}
