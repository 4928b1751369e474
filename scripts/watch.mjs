// Watches sources by polling their modification times: on Linux, recursive watchers lose files that an editor replaces.
import { statSync } from "node:fs";
import { filesAt } from "./build/files.mjs";
import { inRoot } from "./lib.mjs";

const INTERVAL_MS = 300;

/**
 * Calls `onChange` after changes at or below these paths. Calls do not overlap: changes during a call cause another one.
 * @param {string[]} paths from the project's root
 * @param {string} seen their last known state, from `timesOf`
 * @param {() => Promise<void>} onChange
 */
export function watch(paths, seen, onChange) {
  const poll = async () => {
    const now = timesOf(paths);
    if (now !== seen) {
      seen = now;
      await onChange();
    }
    setTimeout(poll, INTERVAL_MS);
  };
  setTimeout(poll, INTERVAL_MS);
}

/** @param {string[]} paths */
export function timesOf(paths) {
  const files = paths.flatMap((path) => filesAt(path));
  return JSON.stringify(files.map((file) => [file, statSync(inRoot(file), { throwIfNoEntry: false })?.mtimeMs]));
}
