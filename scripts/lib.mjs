// What the scripts share: where things are, and how they fail.
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** @param {...string} parts */
export const inRoot = (...parts) => join(root, ...parts);

/** The Node of the development dependencies: newer than the one that these scripts may run under, and it strips types. */
export const projectNode = inRoot("node_modules", ".bin", "node");

/** The commands of the packages come first. */
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

/** What this machine neither has nor can install, and what is only skipped without it. */
export class Unavailable extends Error {}

/**
 * A queue: the work that it is given runs one after the other.
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
