// The files of an entry: its module, the glue, and what differs between runtimes.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../processes.mjs";
import { patched } from "./patch.mjs";
import { inJavaScript, startingScripts } from "./withoutWasm.mjs";

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
  // Code without nested expressions is optimised further: 0.4 % of brotli.
  "--flatten",
  "--rereloop",
  "-Oz",
  "-Oz",
  "--converge",
  // What is inlined, and what stands beside what is unlike it, compresses worse: 6 % and 1 % of brotli.
  "--one-caller-inline-max-function-size=0",
  "--reorder-functions-by-name",
  "--strip-debug",
  "--strip-producers",
  ...INSTRUCTIONS,
];

/** What wasm-bindgen's glue has that keeps it from working everywhere, or is of no use here, and what it has instead. */
const PATCHES = [
  // Next's edge runtime hands in modules of another realm.
  {
    from: /!\(module instanceof WebAssembly\.Module\)/,
    to: "Object.prototype.toString.call(module) !== '[object WebAssembly.Module]'",
  },
  // The entries hand in an object.
  {
    from: /if \(module !== undefined\) \{\s+if \(Object\.getPrototypeOf\(module\) === Object\.prototype\) \{\s+\(\{module\} = module\)\s+\} else \{\s+console\.warn\(.*\)\s+\}\s+\}/,
    to: "({module} = module);",
  },
];

/** The same of the modules that take and give texts: jsdom has neither of these. */
const PATCHES_OF_TEXT = [
  { from: /new TextDecoder\('utf-8', \{ ignoreBOM: true \}\)/g, to: "textDecoder()" },
  { from: /new TextEncoder\(\)/g, to: "textEncoder()" },
];

/**
 * Makes a module as small as it can be.
 * @param {string} wasm
 * @param {string} to
 */
export async function optimise(wasm, to) {
  await run("wasm-opt", [...OPTIMISE, wasm, "-o", to]);
}

/**
 * @param {import("./steps.mjs").Entry} entry
 * @param {string} from where wasm-bindgen has written the module and its glue
 * @param {string} to the folder of the entry in the package
 * @param {boolean} isRelease with the entry that needs no WebAssembly, which takes a while
 */
export async function writeEntry({ name, folder, streaming, withoutWasm }, from, to, isRelease) {
  // Names of their own: a bundler may put the files of all entries into one folder.
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
 * What starts a module. Where another entry does without WebAssembly, what is in the way is noted, and said by whatever needs the
 * module: an import that throws would end the page's whole bundle.
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

/** The characters that stand for the low part of a byte: ASCII from `#` to `~` without the backslash, besides three prefixes. */
const DIGITS = 88;

/**
 * The module as text: a character for a byte below 88, a prefix and a character for any other. Compressed it is 2 % larger than
 * the module, where base64, which hides from the compressor where a byte begins, would be a third.
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
