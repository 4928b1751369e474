// Writes the files of an entry: its module, its glue, and a script for each runtime.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../processes.mjs";
import { patched } from "./patch.mjs";
import { inJavaScript, startingScripts } from "./withoutWasm.mjs";

/** How each runtime imports the module of this name. */
const MODULES = {
  workerd: (/** @type {string} */ name) => `./${name}.wasm`,
  // Vercel's syntax for importing a compiled module.
  edge: (/** @type {string} */ name) => `./${name}.wasm?module`,
  // All others, including Node: bundled or prerendered code has no module file next to it.
  inline: (/** @type {string} */ name) => `./${name}.inline.js`,
};

/** The WebAssembly features that the modules use, as options for binaryen. */
const INSTRUCTIONS = [
  "--enable-bulk-memory",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-mutable-globals",
  "--enable-reference-types",
  "--enable-multivalue",
];

const OPTIMISE = [
  // Flat code can be optimised further: saves 0.4 % of brotli.
  "--flatten",
  "--rereloop",
  "-Oz",
  "-Oz",
  "--converge",
  // Inlined code and unsorted functions compress worse: by 6 % and 1 % of brotli.
  "--one-caller-inline-max-function-size=0",
  "--reorder-functions-by-name",
  "--strip-debug",
  "--strip-producers",
  ...INSTRUCTIONS,
];

/** Replaces parts of wasm-bindgen's glue that do not work everywhere or are useless here. */
const PATCHES = [
  // Next's edge runtime passes modules of another realm.
  {
    from: /!\(module instanceof WebAssembly\.Module\)/,
    to: "Object.prototype.toString.call(module) !== '[object WebAssembly.Module]'",
  },
  // The entries always pass an object.
  {
    from: /if \(module !== undefined\) \{\s+if \(Object\.getPrototypeOf\(module\) === Object\.prototype\) \{\s+\(\{module\} = module\)\s+\} else \{\s+console\.warn\(.*\)\s+\}\s+\}/,
    to: "({module} = module);",
  },
];

/** The same for modules with strings: jsdom lacks both classes. */
const PATCHES_OF_TEXT = [
  { from: /new TextDecoder\('utf-8', \{ ignoreBOM: true \}\)/g, to: "textDecoder()" },
  { from: /new TextEncoder\(\)/g, to: "textEncoder()" },
];

/**
 * Optimises a module for size.
 * @param {string} wasm
 * @param {string} to
 */
export async function optimise(wasm, to) {
  await run("wasm-opt", [...OPTIMISE, wasm, "-o", to]);
}

/**
 * @param {import("./steps.mjs").Entry} entry
 * @param {string} from the folder with the module and its glue
 * @param {string} to the folder of the entry in the package
 * @param {boolean} isRelease includes the slow conversion to an entry without WebAssembly
 */
export async function writeEntry({ name, folder, streaming, withoutWasm }, from, to, isRelease) {
  // Distinct names: a bundler may put the files of all entries into one folder.
  const wasm = join(to, `${name}.wasm`);
  copyFileSync(join(from, `${name}_bg.wasm`), wasm);
  const glue = patched(readFileSync(join(from, `${name}.js`), "utf8"), PATCHES, "wasm-bindgen");
  writeFileSync(join(to, "glue.js"), withoutWasm ? startingScripts(glue) : withTexts(glue, folder));

  writeLines(join(to, `${name}.inline.js`), [
    `const text = "${inText(readFileSync(wasm))}";`,
    "const bytes = [];",
    "let high = 0;",
    "for (let at = 0; at < text.length; at++) {",
    "  const code = text.charCodeAt(at);",
    "  const digit = code - (code > 92 ? 36 : 35);",
    `  if (digit < 3) high = (digit + 1) * ${DIGITS};`,
    "  else {",
    "    bytes.push(high + digit - 3);",
    "    high = 0;",
    "  }",
    "}",
    "export default new Uint8Array(bytes);",
  ]);
  for (const [runtime, addressOf] of Object.entries(MODULES))
    writeLines(join(to, `index.${runtime}.js`), [
      `import module from "${addressOf(name)}";`,
      ...starting("module", withoutWasm),
      'export * from "./index.js";',
    ]);
  if (streaming)
    writeLines(join(to, "index.streaming.js"), [
      `import { fetchModule } from "${folder === "" ? "." : ".."}/fetchModule.js";`,
      ...starting(`await fetchModule(new URL("./${name}.wasm", import.meta.url))`, withoutWasm),
      'export * from "./index.js";',
    ]);
  if (withoutWasm && isRelease) {
    writeFileSync(join(to, `${name}.no-wasm.js`), await inJavaScript(wasm, INSTRUCTIONS));
    writeLines(join(to, "index.no-wasm.js"), [
      `import start from "./${name}.no-wasm.js";`,
      'import { initScript } from "./glue.js";',
      "initScript(start);",
      'export * from "./index.js";',
    ]);
  }
}

/** @param {string} glue @param {string} folder */
function withTexts(glue, folder) {
  const utf8 = `${folder === "" ? "." : ".."}/utf8.js`;
  const texts = `import { textDecoder, textEncoder } from "${utf8}";\n`;
  return texts + patched(glue, PATCHES_OF_TEXT, "wasm-bindgen");
}

/**
 * The code that starts a module. With `mayFail`, an error is kept until something needs the module: an import that throws would
 * break the page's whole bundle.
 * @param {string} module
 * @param {boolean} [mayFail]
 */
function starting(module, mayFail) {
  const start = `initSync({ module: ${module} });`;
  if (!mayFail) return ['import { initSync } from "./glue.js";', start];
  return [
    'import { failedToStart, initSync } from "./glue.js";',
    `try { ${start} } catch (cause) { failedToStart(cause); }`,
  ];
}

/** The number of digits: ASCII from `#` to `~` without the backslash and three prefixes. */
const DIGITS = 88;

/**
 * Encodes the module as text: one character for a byte below 88, a prefix and a character for other bytes. Compressed, this is
 * only 2 % larger than the module. Base64 would be a third larger, because it hides the byte boundaries from the compressor.
 * @param {Uint8Array} bytes
 */
function inText(bytes) {
  const character = (/** @type {number} */ at) => String.fromCharCode(at + (at + 35 < 92 ? 35 : 36));
  const prefix = (/** @type {number} */ high) => (high === 0 ? "" : character(high - 1));
  return Array.from(bytes, (byte) => prefix(Math.floor(byte / DIGITS)) + character(3 + (byte % DIGITS))).join("");
}

/** @param {string} file @param {string[]} lines */
export function writeLines(file, lines) {
  writeFileSync(file, `${lines.join("\n")}\n`);
}
