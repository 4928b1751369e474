// Builds the package into dist/, and the emulator's WebAssembly into target/emulator/.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { bootstrap } from "./bootstrap.mjs";
import { fail, inRoot, run } from "./lib.mjs";

/** What a user's bundle may grow by, in bytes of brotli: the module and its glue. */
const BUDGET = { "core.wasm": 230_000, "glue.js": 8_000 };

const OPTIMISE = [
  "-Oz",
  "--strip-debug",
  "--strip-producers",
  "--enable-bulk-memory",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-mutable-globals",
  "--enable-reference-types",
  "--enable-multivalue",
];

/** @param {{ quiet?: boolean }} [options] */
export function build({ quiet = false } = {}) {
  bootstrap();
  const packages = ["-p", "steadymix", "-p", "steadymix-emulator"];
  run("cargo", ["build", "--quiet", "--release", "--lib", "--target", "wasm32-unknown-unknown", ...packages]);
  buildPackage(quiet);
  bind("steadymix_emulator", inRoot("target", "emulator"));
}

/** @param {string} crate @param {string} folder */
function bind(crate, folder) {
  const wasm = inRoot("target", "wasm32-unknown-unknown", "release", `${crate}.wasm`);
  run("wasm-bindgen", ["--target", "web", "--no-typescript", "--out-dir", folder, wasm]);
}

/** @param {boolean} quiet */
function buildPackage(quiet) {
  const dist = inRoot("dist");
  const bound = inRoot("target", "bound");
  bind("steadymix", bound);
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  const wasm = inRoot("dist", "core.wasm");
  copyFileSync(optimised(`${bound}/steadymix_bg.wasm`), wasm);
  writeFileSync(inRoot("dist", "glue.js"), withoutDefaultAddress(readFileSync(`${bound}/steadymix.js`, "utf8")));
  copyFileSync(inRoot("src", "js", "glue.d.ts"), inRoot("dist", "glue.d.ts"));
  run("tsc", ["-p", "tsconfig.build.json"]);

  const entry = (name, lines) => writeFileSync(inRoot("dist", name), `${lines.join("\n")}\n`);
  entry("index.node.js", [
    'import { readFileSync } from "node:fs";',
    'import { initSync } from "./glue.js";',
    'initSync({ module: readFileSync(new URL("./core.wasm", import.meta.url)) });',
    'export * from "./index.js";',
  ]);
  entry("index.workerd.js", [
    'import module from "./core.wasm";',
    'import { initSync } from "./glue.js";',
    "initSync({ module });",
    'export * from "./index.js";',
  ]);
  entry("core.inline.js", [`export default "${readFileSync(wasm).toString("base64")}";`]);
  entry("index.browser.js", [
    'import text from "./core.inline.js";',
    'import { initSync } from "./glue.js";',
    "initSync({ module: Uint8Array.from(atob(text), (char) => char.charCodeAt(0)) });",
    'export * from "./index.js";',
  ]);
  report(quiet);
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

/** A bundler that sees the default address of the module would emit a second copy of it. */
function withoutDefaultAddress(glue) {
  const changed = glue.replace(/new URL\('[^']+_bg\.wasm', import\.meta\.url\)/, "undefined");
  if (changed === glue) fail("the glue has no default address of the module any more: look at withoutDefaultAddress");
  return changed;
}

/** @param {boolean} quiet */
function report(quiet) {
  const rows = Object.entries(BUDGET).map(([name, budget]) => {
    const bytes = readFileSync(inRoot("dist", name));
    return { name, raw: bytes.length, gzip: gzipSync(bytes).length, brotli: brotliCompressSync(bytes).length, budget };
  });
  for (const { name, raw, gzip, brotli, budget } of quiet ? [] : rows) {
    console.log(`${name.padEnd(10)} ${raw} bytes, gzip ${gzip}, brotli ${brotli} of ${budget}`);
  }
  const over = rows.find(({ brotli, budget }) => brotli > budget);
  if (over) fail(`${over.name} is over its budget of ${over.budget} bytes of brotli`);
}

if (process.argv[1]?.endsWith("build.mjs")) build();
