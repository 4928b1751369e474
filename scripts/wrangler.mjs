// Starts `wrangler dev` for the Worker's demonstration, and ends it with everything that it started.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot, root } from "./lib.mjs";

const READY = /Ready on (http:\/\/\S+)/;
const READY_MS = 60_000;

/** The Worker, and the service's stand-in beside it. */
const CONFIGS = [inRoot("www", "worker", "wrangler.jsonc"), inRoot("tests", "emulator", "worker", "wrangler.jsonc")];

/**
 * @typedef {object} Options
 * @property {number} [port] 0: any that is free
 * @property {string[]} [configs] the first one's Worker is what the address leads to
 * @property {string} [persistTo] where Durable Objects keep their state; default: a folder that is removed in the end
 * @property {Record<string, string>} [vars]
 */

/** @param {Options} [options] */
export async function startWrangler({ port = 0, configs = CONFIGS, persistTo, vars = {} } = {}) {
  const own = persistTo === undefined ? mkdtempSync(join(tmpdir(), "steadymix-")) : undefined;
  const child = spawn(
    inRoot("node_modules", ".bin", "node"),
    [
      inRoot("node_modules", "wrangler", "bin", "wrangler.js"),
      "dev",
      ...configs.flatMap((config) => ["-c", config]),
      ...["--env", "demo", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
      ...["--persist-to", persistTo ?? own ?? "", "--log-level", "log"],
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
        // Nothing from outside is needed.
        CLOUDFLARE_CF_FETCH_ENABLED: "false",
        WRANGLER_LOG_PATH: own ?? persistTo,
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
  const onExit = () => kill("SIGKILL");
  process.once("exit", onExit);
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
    kill("SIGKILL");
    throw error;
  });
  return {
    /** Where the Worker is. */
    url: String(url),
    ended,
    /** What it said lately. */
    log: () => said,
    kill: async () => {
      kill("SIGKILL");
      await ended;
      process.off("exit", onExit);
    },
    stop: async () => {
      kill("SIGKILL");
      await ended;
      process.off("exit", onExit);
      if (own !== undefined) rmSync(own, { recursive: true, force: true });
    },
  };
}
