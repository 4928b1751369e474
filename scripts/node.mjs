// Runs a TypeScript program under the Node of the dev dependencies, which strips the types.
import { spawn } from "node:child_process";
import { inRoot } from "./lib.mjs";

/**
 * Resolves with the exit code. Signals reach the program by themselves, as it is in the same terminal.
 * @param {string[]} args
 * @returns {Promise<number>}
 */
export function node(args) {
  const child = spawn(inRoot("node_modules", ".bin", "node"), args, { stdio: "inherit" });
  process.on("SIGINT", () => {});
  // These may be meant for this process alone.
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
