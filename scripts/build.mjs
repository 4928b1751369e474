// Builds the package into dist/.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { bootstrap } from "./bootstrap.mjs";
import { fail, inRoot, mended, run } from "./lib.mjs";
import { downloadOf } from "./size.mjs";
import { inJavaScript, startingScripts } from "./withoutWasm.mjs";

/**
 * The entries of the package, each with a WebAssembly module of its own, and what it may add to what a page downloads,
 * in bytes of brotli: all of it, with the module inlined.
 */
const ENTRIES = [
  {
    folder: "",
    crate: "steadymix",
    features: ["--features", "small-allocator"],
    target: "target",
    budget: 140_500,
    streaming: true,
  },
  {
    folder: "viewer",
    crate: "steadymix",
    features: ["--no-default-features", "--features", "viewer,small-allocator"],
    target: "target/viewer",
    budget: 20_000,
    streaming: true,
    // React Native's engine has no WebAssembly, and some pages' policies forbid it.
    withoutWasm: { budget: 27_600 },
  },
  { folder: "emulator", crate: "steadymix-emulator", features: [], target: "target", budget: 100_000 },
];

/** Where each runtime finds the module of this name. */
const MODULES = {
  workerd: (/** @type {string} */ name) => `./${name}.wasm`,
  // Vercel's name for a module that is compiled already.
  edge: (/** @type {string} */ name) => `./${name}.wasm?module`,
  // All others, Node included: wherever the code is bundled, or prerendered, there is no file beside it to be read.
  inline: (/** @type {string} */ name) => `./${name}.inline.js`,
};

/** What the instructions of a module need, as options of binaryen's. */
const INSTRUCTIONS = [
  "--enable-bulk-memory",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-mutable-globals",
  "--enable-reference-types",
  "--enable-multivalue",
];

const OPTIMISE = [
  "-Oz",
  "--converge",
  // What is inlined, and what stands beside what is unlike it, compresses worse: 6 % and 1 % of brotli.
  "--one-caller-inline-max-function-size=0",
  "--reorder-functions-by-name",
  "--strip-debug",
  "--strip-producers",
  ...INSTRUCTIONS,
];

/** @param {{ quiet?: boolean }} [options] */
export async function build({ quiet = false } = {}) {
  bootstrap();
  rmSync(inRoot("dist"), { recursive: true, force: true });
  for (const entry of ENTRIES) await buildEntry(entry);
  run("tsc", ["-p", "tsconfig.build.json"]);
  run("tsc", ["-p", "src/js/cloudflare"]);
  for (const entry of ENTRIES) await weigh(entry, quiet);
  write(inRoot("dist", "cloudflare", "entry.js"), ['import "../index.workerd.js";', 'export * from "./index.js";']);
}

/** The simulation, for the golden traces in WebAssembly. */
export function buildSimulation() {
  compile(["-p", "steadymix-simulation"], "target");
  bind(inRoot("target"), "steadymix_simulation", inRoot("target", "simulation"));
}

/** The decisions with objects across the boundary, for `npm run bench`: made as small as the package's modules are. */
export function buildObjects() {
  const folder = inRoot("target", "objects");
  compile(["-p", "steadymix-bench"], "target");
  bind(inRoot("target"), "steadymix_bench", folder);
  copyFileSync(optimised(`${folder}/steadymix_bench_bg.wasm`), `${folder}/objects.wasm`);
}

/** The pages, from the package as it is in dist/. */
export function buildPages() {
  // The viewer's first: it empties the folder of both.
  for (const page of ["viewer", "console"]) run("vite", ["build", inRoot("www", page), "--logLevel", "warn"]);
}

export function buildTestPages() {
  run("vite", [
    "build",
    inRoot("tests", "viewer", "pages"),
    "--config",
    inRoot("tests", "viewer", "vite.config.ts"),
    "--logLevel",
    "warn",
  ]);
}

/** @param {string[]} what @param {string} target */
function compile(what, target) {
  const wasm = ["--target", "wasm32-unknown-unknown", "--target-dir", target];
  run("cargo", ["build", "--quiet", "--release", "--lib", ...wasm, ...what]);
}

/** @param {string} target @param {string} crate @param {string} folder */
function bind(target, crate, folder) {
  const wasm = `${target}/wasm32-unknown-unknown/release/${crate}.wasm`;
  run("wasm-bindgen", ["--target", "web", "--no-typescript", "--out-dir", folder, wasm]);
}

/** @param {typeof ENTRIES[number]} entry */
async function buildEntry({ folder, crate, features, target, streaming, withoutWasm }) {
  const dist = inRoot("dist", folder);
  const bound = inRoot(target, "bound");
  const name = crate.replace("-", "_");
  compile(["-p", crate, ...features], target);
  bind(inRoot(target), name, bound);
  mkdirSync(dist, { recursive: true });
  // Names of their own: a bundler may put the files of all entries into one folder.
  const module = folder || "core";
  const wasm = `${dist}/${module}.wasm`;
  copyFileSync(optimised(`${bound}/${name}_bg.wasm`), wasm);
  const glue = mended(readFileSync(`${bound}/${name}.js`, "utf8"), MENDED, "wasm-bindgen");
  writeFileSync(`${dist}/glue.js`, withoutWasm ? startingScripts(glue) : glue);
  copyFileSync(inRoot("src", "js", folder, "glue.d.ts"), `${dist}/glue.d.ts`);

  write(`${dist}/${module}.inline.js`, [
    `const text = "${inLetters(readFileSync(wasm))}";`,
    "const half = (at) => (text.charCodeAt(at) - 1) & 15;",
    "const module = new Uint8Array(text.length / 2);",
    "for (let at = 0; at < module.length; at++) module[at] = half(2 * at) * 16 + half(2 * at + 1);",
    "export default module;",
  ]);
  for (const [runtime, addressOf] of Object.entries(MODULES))
    write(`${dist}/index.${runtime}.js`, [
      `import module from "${addressOf(module)}";`,
      'import { initSync } from "./glue.js";',
      "initSync({ module });",
      'export * from "./index.js";',
    ]);
  if (streaming)
    write(`${dist}/index.streaming.js`, [
      `import { fetchModule } from "${folder === "" ? "." : ".."}/fetchModule.js";`,
      'import { initSync } from "./glue.js";',
      `initSync({ module: await fetchModule(new URL("./${module}.wasm", import.meta.url)) });`,
      'export * from "./index.js";',
    ]);
  if (withoutWasm) {
    writeFileSync(`${dist}/${module}.no-wasm.js`, await inJavaScript(wasm, INSTRUCTIONS, `${bound}/no-wasm`));
    write(`${dist}/index.no-wasm.js`, [
      `import start from "./${module}.no-wasm.js";`,
      'import { initScript } from "./glue.js";',
      "initScript(start);",
      'export * from "./index.js";',
    ]);
  }
}

/**
 * The module, made smaller; kept until the module changes, for it takes a while.
 * @param {string} wasm
 */
function optimised(wasm) {
  const small = `${wasm}.optimised`;
  const made = createHash("sha256").update(readFileSync(wasm)).update(OPTIMISE.join()).digest("hex");
  const kept = existsSync(`${small}.of`) && existsSync(small) && readFileSync(`${small}.of`, "utf8");
  if (kept !== made) {
    run("wasm-opt", [...OPTIMISE, wasm, "-o", small]);
    writeFileSync(`${small}.of`, made);
  }
  return small;
}

/**
 * The module as text: a capital and a small letter for each byte. Compressed it is a twentieth larger than the module,
 * where base64, which hides from the compressor where a byte begins, would be a third.
 * @param {Uint8Array} bytes
 */
function inLetters(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(0x41 + (byte >> 4), 0x61 + (byte & 15))).join("");
}

/** What wasm-bindgen's glue has that keeps it from working everywhere, and what it has instead. */
const MENDED = [
  // A bundler that sees the default address of the module would emit a second copy of it.
  { wrong: /new URL\('[^']+_bg\.wasm', import\.meta\.url\)/, right: "undefined" },
  // Next's edge runtime hands in modules of another realm.
  {
    wrong: /!\(module instanceof WebAssembly\.Module\)/,
    right: "Object.prototype.toString.call(module) !== '[object WebAssembly.Module]'",
  },
];

/** @param {string} file @param {string[]} lines */
function write(file, lines) {
  writeFileSync(file, `${lines.join("\n")}\n`);
}

/** @param {typeof ENTRIES[number]} entry @param {boolean} quiet */
async function weigh({ folder, budget, withoutWasm }, quiet) {
  const name = folder === "" ? "steadymix" : `steadymix/${folder}`;
  const { inlined, noWasm, ...parts } = await downloadOf(inRoot("dist", folder));
  const say = (/** @type {string} */ part, /** @type {string} */ text) =>
    quiet || console.log(`${name.padEnd(18)} ${part.padEnd(8)} ${text}`);
  for (const [part, { raw, gzip, brotli }] of Object.entries(parts))
    say(part, `${raw} bytes, gzip ${gzip}, brotli ${brotli}`);
  for (const [part, size, most] of [
    ["inlined", inlined, budget],
    ["no-wasm", noWasm, withoutWasm?.budget],
  ]) {
    if (!size) continue;
    say(part, `${size.brotli} of ${most} bytes of brotli`);
    if (size.brotli > most) fail(`${name}, ${part}, is over its budget of ${most} bytes of brotli`);
  }
}

if (process.argv[1]?.endsWith("build.mjs")) {
  if (process.argv.includes("--pages")) buildPages();
  else await build();
}
