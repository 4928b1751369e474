// Files of the build: digests, and folders that are replaced atomically.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { inRoot, root } from "../lib.mjs";

/** Folders with build output or files of other programs. */
const SKIPPED = new Set(["node_modules", "target", "dist", ".wrangler", ".temp"]);

/**
 * All regular files at or below a path, as paths from the project's root. Links are ignored: editors use them as locks.
 * @param {string} path from the root
 * @param {RegExp} [name] only files with such a name
 * @returns {string[]}
 */
export function filesAt(path, name = /(?:)/) {
  const at = inRoot(path);
  if (!existsSync(at)) return [];
  if (!statSync(at).isDirectory()) return [path];
  return readdirSync(at, { withFileTypes: true })
    .filter((entry) => !SKIPPED.has(entry.name))
    .flatMap((entry) => {
      if (entry.isDirectory()) return filesAt(join(path, entry.name), name);
      return entry.isFile() && name.test(entry.name) ? [join(path, entry.name)] : [];
    })
    .sort();
}

/** @param {string[]} files from the root */
export function digestOf(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0${digestOfFile(inRoot(file))}\0`);
  return hash.digest("hex");
}

/** The file may be gone by now: editors save through temporary files. @param {string} file */
function digestOfFile(file) {
  try {
    return digest(readFileSync(file));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return "";
    throw error;
  }
}

/** @param {string | Uint8Array} data */
export function digest(data) {
  return createHash("sha256").update(data).digest("hex");
}

/** @typedef {{ path: string, size: number, modifiedAt: number }} Made a file after the build */

/**
 * Size and modification time of every file of a folder, to detect later changes without reading the files.
 * @param {string} folder from the root
 * @returns {Made[]}
 */
export function stateOf(folder) {
  return allFiles(inRoot(folder)).map((file) => {
    const { size, mtimeMs } = statSync(file);
    return { path: relative(root, file), size, modifiedAt: mtimeMs };
  });
}

/**
 * A digest of a folder's file names and contents.
 * @param {string} folder
 */
export function contentsOf(folder) {
  const hash = createHash("sha256");
  for (const file of allFiles(folder)) hash.update(`${relative(folder, file)}\0${digest(readFileSync(file))}\0`);
  return hash.digest("hex");
}

/** @param {string} folder @returns {string[]} their full paths */
export function allFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/**
 * Replaces a folder by another one.
 * @param {string} made from the root
 * @param {string} place from the root
 */
export function swapIn(made, place) {
  const old = `${made}.old`;
  mkdirSync(dirname(inRoot(place)), { recursive: true });
  if (existsSync(inRoot(place))) renameSync(inRoot(place), inRoot(old));
  renameSync(inRoot(made), inRoot(place));
  rmSync(inRoot(old), { recursive: true, force: true });
}

/**
 * Updates a folder file by file, because programs that watch a folder lose it when it is replaced. New files are added first and
 * old ones removed last: a page that loads meanwhile finds all its files, because the names of scripts and styles depend on their
 * contents.
 * @param {string} made from the root
 * @param {string} place from the root
 */
export function replaceFiles(made, place) {
  const names = (/** @type {string} */ folder) =>
    allFiles(inRoot(folder)).map((file) => relative(inRoot(folder), file));
  const [now, before] = [names(made), new Set(names(place))];
  const isChanged = (/** @type {string} */ name) =>
    digest(readFileSync(inRoot(made, name))) !== digest(readFileSync(inRoot(place, name)));
  const changed = now.filter((name) => before.has(name) && isChanged(name));
  for (const name of [...now.filter((name) => !before.has(name)), ...changed]) {
    mkdirSync(dirname(inRoot(place, name)), { recursive: true });
    renameSync(inRoot(made, name), inRoot(place, name));
  }
  for (const name of before) if (!now.includes(name)) rmSync(inRoot(place, name));
}
