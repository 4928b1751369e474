// Watches sources, by polling their times: recursive watching on Linux loses files that an editor replaces.
import { statSync } from "node:fs";
import { filesAt } from "./build/files.mjs";
import { inRoot } from "./lib.mjs";

const INTERVAL_MS = 300;

/**
 * Calls `onChange` after changes at or below these paths, never twice at a time: what changes meanwhile is followed by
 * one more call.
 * @param {string[]} paths from the project's root
 * @param {string} seen their state as it is known already
 * @param {() => Promise<void>} onChange
 */
export function watch(paths, seen, onChange) {
  const look = async () => {
    const now = timesOf(paths);
    if (now !== seen) {
      seen = now;
      await onChange();
    }
    setTimeout(look, INTERVAL_MS);
  };
  setTimeout(look, INTERVAL_MS);
}

/** @param {string[]} paths */
export function timesOf(paths) {
  const files = paths.flatMap((path) => filesAt(path));
  return JSON.stringify(files.map((file) => [file, statSync(inRoot(file), { throwIfNoEntry: false })?.mtimeMs]));
}
