// Shared helpers of the scripts: paths and failures.
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** @param {...string} parts */
export const inRoot = (...parts) => join(root, ...parts);

/** The Node of the dev dependencies. It strips types; the Node that runs these scripts may be older. */
export const projectNode = inRoot("node_modules", ".bin", "node");

// The commands of the packages take precedence.
process.env.PATH = [inRoot("node_modules", ".bin"), process.env.PATH].join(delimiter);

/**
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  console.error(`steadymix: ${message}`);
  process.exit(1);
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** This machine lacks something optional and cannot install it. Steps that need it are skipped. */
export class Unavailable extends Error {}

/**
 * A queue that runs its jobs one after the other.
 * @returns {(work: () => Promise<void>) => Promise<void>}
 */
export function oneByOne() {
  let last = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
}

/** @param {string} name */
export function onPath(name) {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(existsSync);
}

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
