// What the scripts share: where things are, how commands are run.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** @param {...string} parts */
export const inRoot = (...parts) => join(root, ...parts);

/** Tools that the scripts install live here, and the packages' own come first. */
const tools = inRoot("target", "tools", "bin");
process.env.PATH = [inRoot("node_modules", ".bin"), tools, process.env.PATH].join(delimiter);

/** The version of the wasm-bindgen crate, which its command must have too. */
export function wasmBindgenVersion() {
  const lock = readFileSync(inRoot("Cargo.lock"), "utf8");
  const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)?.[1];
  if (!version) throw new Error("Cargo.lock names no wasm-bindgen");
  return version;
}

/**
 * Runs a command, and ends this process if it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {{ quiet?: boolean }} [options] quiet: only its errors are shown
 */
export function run(command, args, options) {
  if (!succeeds(command, args, options)) fail(`${command} ${args.join(" ")} failed`);
}

/**
 * Runs a command, and says whether it succeeded.
 * @param {string} command
 * @param {string[]} args
 * @param {{ quiet?: boolean }} [options] quiet: only its errors are shown
 */
export function succeeds(command, args, { quiet = false } = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: ["inherit", quiet ? "ignore" : "inherit", "inherit"] });
  if (result.error) fail(`${command} could not be started: ${result.error.message}`);
  return result.status === 0;
}

/**
 * The output of a command, or nothing if it failed.
 * @param {string} command
 * @param {string[]} args
 */
export function output(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  return result.status === 0 ? result.stdout : undefined;
}

/**
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  console.error(`steadymix: ${message}`);
  process.exit(1);
}

/**
 * What a tool wrote, with parts of it replaced. Ends this process if one of them is not there any more.
 * @param {string} text
 * @param {{ wrong: RegExp, right: string }[]} parts
 * @param {string} tool
 */
export function mended(text, parts, tool) {
  return parts.reduce((text, { wrong, right }) => {
    if (!wrong.test(text)) fail(`${tool} writes nothing like ${wrong} any more: look at what is mended of it`);
    return text.replace(wrong, right);
  }, text);
}

/** @param {string} name */
export function onPath(name) {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(existsSync);
}
