// The third-party notices of the package's modules: those of all linked crates and of Rust's standard library.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "../processes.mjs";

/** @typedef {{ name: string, version: string, license: string, texts: string[] }} Notice */

const LICENSE_FILE = /^(licen[cs]e|copying|notice|copyright)/i;
/** Licences that may be left out if a crate is available under the MIT License. */
const ALTERNATIVE = /apache|unlicense|zlib|^copying$|^licen[cs]e$/i;

/**
 * @param {import("./steps.mjs").Entry[]} entries
 * @returns {Promise<string>} text that depends only on the lock file
 */
export async function noticesOf(entries) {
  const linked = new Set();
  for (const { crate, features } of entries) for (const name of await linkedInto(crate, features)) linked.add(name);
  const metadata = await run("cargo", [
    ...["metadata", "--locked", "--format-version", "1"],
    ...["--filter-platform", "wasm32-unknown-unknown"],
  ]);
  /** @type {{ name: string, version: string, license: string, source: string | null, manifest_path: string }[]} */
  const packages = JSON.parse(metadata).packages;
  const crates = packages.filter(({ name, version, source }) => source !== null && linked.has(`${name} v${version}`));
  const notices = crates.map(({ name, version, license, manifest_path }) => {
    return { name, version, license, texts: textsIn(dirname(manifest_path), license) };
  });
  const [rustVersion = ""] = (await run("rustc", ["--version"])).split("(");
  notices.push({
    name: "The Rust standard library,",
    version: rustVersion.trim(),
    license: "MIT OR Apache-2.0",
    texts: [],
  });

  // Some crates contain no licence text. All of these are available under the Apache License.
  const apache = crates.map(({ manifest_path }) => apacheIn(dirname(manifest_path))).find((text) => text !== undefined);
  for (const notice of notices.filter(({ texts }) => texts.length === 0)) {
    if (!apache || !/Apache-2\.0/.test(notice.license))
      throw new Error(`${notice.name} ${notice.version} (${notice.license}) has no licence text`);
    notice.texts.push(apache);
  }
  return written(notices);
}

/**
 * The notices of the npm packages in a bundle.
 * @param {string[]} modules the paths of the bundle's modules
 */
export function noticesOfBundle(modules) {
  const folders = modules.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  const notices = [...new Set(folders)].sort().map((folder) => {
    const { name, version, license, homepage } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const texts = textsIn(folder, license);
    // Some packages contain no licence text.
    return {
      name,
      version,
      license,
      texts: texts.length > 0 ? texts : [`Declared in package.json: ${license}. ${homepage ?? ""}\n`],
    };
  });
  return written(notices, "The scripts beside this file contain");
}

/** @param {string} crate @param {string[]} features @returns {Promise<string[]>} `name vVersion` */
async function linkedInto(crate, features) {
  const tree = await run("cargo", [
    ...["tree", "--locked", "--package", crate, ...features, "--target", "wasm32-unknown-unknown"],
    // Procedural macros are not linked.
    ...["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"],
  ]);
  return tree.split("\n").flatMap((line) => /^\S+ v\S+/.exec(line)?.[0] ?? []);
}

/** @param {string} folder @param {string} license */
function textsIn(folder, license) {
  const files = readdirSync(folder)
    .filter((name) => LICENSE_FILE.test(name))
    .sort();
  const isMit = files.some((name) => /mit/i.test(name)) && /MIT/.test(license);
  return files.filter((name) => !(isMit && ALTERNATIVE.test(name))).map((name) => textOf(join(folder, name)));
}

/** @param {string} folder */
function apacheIn(folder) {
  const name = readdirSync(folder).find((name) => /^license-apache/i.test(name));
  return name && textOf(join(folder, name));
}

/** @param {string} file */
function textOf(file) {
  return readFileSync(file, "utf8").replaceAll("\r\n", "\n").trim();
}

/** Groups those with the same text. @param {Notice[]} notices @param {string} [what] the beginning of the first sentence */
function written(notices, what = "The WebAssembly modules of this package, and the scripts made from them, contain") {
  /** @type {Map<string, string[]>} */
  const byText = new Map();
  for (const { name, version, license, texts } of notices)
    for (const text of texts) byText.set(text, [...(byText.get(text) ?? []), `${name} ${version} (${license})`]);
  const parts = [...byText]
    .map(([text, names]) => `${names.sort().join("\n")}\n\n${text}\n`)
    .sort((a, b) => (a < b ? -1 : 1));
  const line = `${"=".repeat(80)}\n\n`;
  return `${what} the following software.\n\n${parts.map((part) => line + part).join("\n")}`;
}
