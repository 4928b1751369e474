// Starts `wrangler dev` for the Worker's demonstration, and ends it with everything that it started.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot, root } from "./lib.mjs";

const READY = /Ready on (http:\/\/\S+)/;
const READY_MS = 60_000;

/** Ctrl-C, `kill`, and a terminal that is closed. */
export const END_SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** The Worker, and the service's stand-in beside it. */
const CONFIGS = [inRoot("www", "worker", "wrangler.jsonc"), inRoot("tests", "emulator", "worker", "wrangler.jsonc")];

/**
 * @typedef {object} Options
 * @property {number} [port] 0: any that is free
 * @property {string[]} [configs] the first one's Worker is what the address leads to
 * @property {string} [persistTo] where Durable Objects keep their state; by default it is removed in the end
 * @property {Record<string, string>} [vars]
 */

/** @param {Options} [options] */
export async function startWrangler({ port = 0, configs = CONFIGS, persistTo, vars = {} } = {}) {
  // A signal by itself ends a process without its "exit".
  const onSignal = (/** @type {NodeJS.Signals} */ signal) => process.exit(128 + constants.signals[signal]);
  for (const signal of END_SIGNALS) process.on(signal, onSignal);
  const folder = mkdtempSync(join(tmpdir(), "steadymix-"));
  const child = spawn(
    inRoot("node_modules", ".bin", "node"),
    [
      inRoot("node_modules", "wrangler", "bin", "wrangler.js"),
      "dev",
      ...configs.flatMap((config) => ["-c", config]),
      ...["--env", "demo", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
      ...["--persist-to", persistTo ?? folder, "--log-level", "log"],
      ...Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
    ],
    {
      cwd: root,
      // A group of its own: workerd is a child of wrangler's.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        CI: "1",
        NO_COLOR: "1",
        WRANGLER_SEND_METRICS: "false",
        // Nothing from outside is needed, nor the version that the banner looks for.
        WRANGLER_HIDE_BANNER: "true",
        CLOUDFLARE_CF_FETCH_ENABLED: "false",
        WRANGLER_LOG_PATH: folder,
        // It leaves what it has there when it is killed.
        TMPDIR: folder,
      },
    },
  );
  let said = "";
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ? 0 : (code ?? 1))));
  const kill = (/** @type {NodeJS.Signals} */ signal) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It has gone already.
    }
  };
  // Whatever ends this process ends that one.
  const clear = () => {
    kill("SIGKILL");
    // Those that were killed may write until they are gone.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    process.off("exit", clear);
    for (const signal of END_SIGNALS) process.off(signal, onSignal);
  };
  process.once("exit", clear);
  const url = await new Promise((resolve, reject) => {
    const give = (/** @type {string} */ why) => reject(new Error(`wrangler ${why}:\n${said}`));
    const timer = setTimeout(() => give(`was not ready after ${READY_MS / 1000} s`), READY_MS);
    const take = (/** @type {Buffer} */ chunk) => {
      said = (said + chunk).slice(-10_000);
      const ready = READY.exec(said);
      if (!ready) return;
      clearTimeout(timer);
      resolve(ready[1]?.replace(/\/$/, ""));
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", reject);
    ended.then((code) => {
      clearTimeout(timer);
      give(`ended with ${code}`);
    });
  }).catch((error) => {
    clear();
    throw error;
  });
  const stop = async () => {
    kill("SIGKILL");
    await ended;
    clear();
  };
  return {
    /** Where the Worker is. */
    url: String(url),
    ended,
    /** What it said lately. */
    log: () => said,
    /** With `kill -9`. */
    stop,
  };
}
