// A lock between processes: only one build runs in a clone at a time.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 200;
const HEARTBEAT_MS = 5_000;
/** A lock without a heartbeat for this time is stale, even if its process id is in use again. */
const STALE_MS = 60_000;

/**
 * Acquires the lock, after other processes have released it.
 * @param {string} file
 * @param {(owner: string) => void} [onWait] called once if another process has the lock
 * @returns {Promise<() => void>} releases the lock
 */
export async function lock(file, onWait = () => {}) {
  mkdirSync(dirname(file), { recursive: true });
  const own = JSON.stringify({ pid: process.pid, command: process.env.npm_lifecycle_event ?? "build" });
  let hasWaited = false;
  while (!acquire(file, own)) {
    const owner = ownerOf(file);
    if (owner && !hasWaited) {
      hasWaited = true;
      onWait(`npm run ${owner.command}, process ${owner.pid}`);
    }
    await sleep(POLL_MS);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimesSync(file, now, now);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  const release = () => {
    clearInterval(heartbeat);
    process.off("exit", release);
    if (readText(file) === own) rmSync(file, { force: true });
  };
  process.once("exit", release);
  return release;
}

/**
 * Runs `work` while holding the lock.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {(owner: string) => void} [onWait]
 * @returns {Promise<T>}
 */
export async function locked(file, work, onWait) {
  const release = await lock(file, onWait);
  try {
    return await work();
  } finally {
    release();
  }
}

/** @param {string} file @param {string} own */
function acquire(file, own) {
  const text = readText(file);
  if (text !== undefined) {
    if (!isStale(file, text)) return false;
    remove(file, text);
  }
  const whole = `${file}.${process.pid}`;
  writeFileSync(whole, own);
  try {
    // Linking is atomic: it creates the file with its contents, and fails if the file exists.
    linkSync(whole, file);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(whole, { force: true });
  }
}

/**
 * Removes a stale lock, unless another process has already replaced it.
 * @param {string} file
 * @param {string} stale
 */
function remove(file, stale) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readText(aside) !== stale) linkSync(aside, file);
  } catch {
    // Another process was faster.
  }
  rmSync(aside, { force: true });
}

/** @param {string} file @param {string} text */
function isStale(file, text) {
  try {
    if (Date.now() - statSync(file).mtimeMs > STALE_MS) return true;
    process.kill(JSON.parse(text).pid, 0);
    return false;
  } catch (error) {
    // EPERM means that the process lives and belongs to another user.
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH";
  }
}

/** @param {string} file @returns {{ pid: number, command: string } | undefined} */
function ownerOf(file) {
  const text = readText(file);
  return text === undefined ? undefined : JSON.parse(text);
}

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
