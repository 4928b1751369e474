// Starts `wrangler dev` for the Worker's demo, and ends it with all its processes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WORKERS } from "./build/development.mjs";
import { inRoot, projectNode } from "./lib.mjs";
import { takenMessage } from "./ports.mjs";
import { end, start } from "./processes.mjs";

const READY = /Ready on (http:\/\/\S+)/;
const READY_MS = 60_000;

/**
 * @typedef {object} Options
 * @property {number} [port] 0 for any free port
 * @property {string[]} [configs] the URL is that of the first Worker; by default the release in `dist/`
 * @property {string} [persistTo] the folder for the Durable Objects' state; by default a temporary one
 * @property {Record<string, string>} [vars]
 * @property {(line: string) => void} [onLine] receives its output once it is ready
 */

/** @param {Options} [options] */
export async function startWrangler({
  port = 0,
  configs = WORKERS.map((file) => inRoot(file)),
  persistTo,
  vars = {},
  onLine,
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), "steadymix-"));
  // Killed processes may still write for a moment.
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", removeFolder);
  const wrangler = start(
    projectNode,
    [
      inRoot("node_modules", "wrangler", "bin", "wrangler.js"),
      "dev",
      ...configs.flatMap((config) => ["-c", config]),
      ...["--env", "demo", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"],
      ...["--persist-to", persistTo ?? folder, "--log-level", "log"],
      ...Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
    ],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        CI: "1",
        NO_COLOR: "1",
        WRANGLER_SEND_METRICS: "false",
        // Avoids network access for the banner's version check and for the `cf` properties of requests.
        WRANGLER_HIDE_BANNER: "true",
        CLOUDFLARE_CF_FETCH_ENABLED: "false",
        WRANGLER_LOG_PATH: folder,
        // A registry of its own: bindings must not reach Workers of the same name in other folders or on other ports.
        WRANGLER_REGISTRY_PATH: join(folder, "registry"),
        // A killed wrangler leaves its temporary files.
        TMPDIR: folder,
      },
    },
  );
  let log = "";
  const ended = wrangler.ended.then(({ code }) => code);
  const stop = async () => {
    await end(wrangler, "SIGKILL");
    removeFolder();
    process.off("exit", removeFolder);
  };
  try {
    const url = await new Promise((resolve, reject) => {
      const give = (/** @type {string} */ why) =>
        reject(new Error(/Address already in use/i.test(log) ? takenMessage(port) : `wrangler ${why}:\n${log}`));
      const timer = setTimeout(() => give(`was not ready after ${READY_MS / 1000} s`), READY_MS);
      const take = (/** @type {Buffer} */ chunk) => {
        log = (log + chunk).slice(-10_000);
        if (/Build failed/.test(log)) give("could not build the Worker");
        const ready = READY.exec(log);
        if (!ready) return;
        clearTimeout(timer);
        resolve(ready[1]?.replace(/\/$/, ""));
      };
      wrangler.child.stdout?.on("data", take);
      wrangler.child.stderr?.on("data", take);
      wrangler.ended.then(({ code }) => give(`ended with ${code}`), reject).finally(() => clearTimeout(timer));
    });
    for (const stream of [wrangler.child.stdout, wrangler.child.stderr])
      if (stream && onLine) createInterface(stream).on("line", onLine);
    return {
      /** The Worker's URL. */
      url: String(url),
      ended,
      /** Its recent output. */
      log: () => log,
      /** Kills it with SIGKILL. */
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
