// Converts a WebAssembly module to JavaScript, for environments without WebAssembly.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../processes.mjs";
import { patched } from "./patch.mjs";
import { bundled } from "./sizes.mjs";

/** Exports for JavaScript values. wasm-bindgen adds them to every module, and wasm2js does not support them. */
const FOR_OBJECTS = ["__wbindgen_externrefs", "__wbindgen_start"];

/**
 * Converts a module to a script. Its default export takes the imports and a callback for memory growth, and returns the exports.
 * @param {string} wasm a module whose imports and exports use only numbers
 * @param {string[]} features the WebAssembly features that it uses, as options for binaryen
 */
export async function inJavaScript(wasm, features) {
  const scratch = mkdtempSync(join(tmpdir(), "steadymix-"));
  const [graph, lowered, script] = [
    join(scratch, "graph.json"),
    join(scratch, "lowered.wasm"),
    join(scratch, "script.js"),
  ];
  try {
    writeFileSync(graph, JSON.stringify(graphOf(wasm)));
    await run("wasm-metadce", [...features, wasm, "--graph-file", graph, "-o", lowered]);
    // wasm2js itself lowers these instructions wrongly.
    await run("wasm-opt", [...features, "--llvm-nontrapping-fptoint-lowering", "-O2", lowered, "-o", lowered]);
    await run("wasm2js", [...features, "-O2", lowered, "-o", script]);
    writeFileSync(script, patched(readFileSync(script, "utf8"), SHAPE, "wasm2js"));
    return await bundled(script);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** @param {string} wasm */
function graphOf(wasm) {
  const module = new WebAssembly.Module(readFileSync(wasm));
  const others = WebAssembly.Module.imports(module).filter(
    ({ name }) => !/^__wbindgen_init_externref_table$|^__wbg___wbindgen_throw_/.test(name),
  );
  if (others.length > 0)
    throw new Error(`wasm2js does not support these imports of ${wasm}: ${others.map(({ name }) => name).join(", ")}`);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const used = names.filter((name) => !FOR_OBJECTS.includes(name));
  return [{ name: "page", root: true, reaches: used }, ...used.map((name) => ({ name, export: name }))];
}

/**
 * Turns the output of wasm2js into a function. Unchanged, it would import the module's imports, start at once, and not report
 * memory growth.
 */
const SHAPE = [
  { from: /^import \* as \S+ from '[^']+';\n/m, to: "" },
  { from: /^function asmFunc\(imports\)/m, to: "export default function start(imports, grown)" },
  { from: /^var retasmFunc = [\s\S]*/m, to: "" },
  { from: /buffer = newBuffer;/, to: "buffer = newBuffer; grown();" },
  { from: /^ return \{$/m, to: " return { __wbindgen_start() {}," },
];

/** Some engines without WebAssembly lack TextDecoder, too. The glue only decodes errors, which are ASCII. */
const PATCHES = [
  {
    from: /(?<=let cachedTextDecoder = )(?=new TextDecoder)/,
    to: "typeof TextDecoder === 'undefined' ? { decode: (bytes = []) => String.fromCharCode(...bytes) } : ",
  },
];

/**
 * Extends the glue: it can also start a module in JavaScript, whose memory invalidates its views when it grows.
 * @param {string} glue
 */
export function startingScripts(glue) {
  const views = [...new Set(glue.match(/\bcached\w+Memory0\b/g))];
  return `${patched(glue, PATCHES, "wasm-bindgen")}
export function initScript(start) {
    if (wasm !== undefined) return;
    const grown = () => { ${views.join(" = ")} = null; };
    __wbg_finalize_init({ exports: start(__wbg_get_imports(), grown) });
}
let failure;
export function failedToStart(cause) {
    failure = cause;
}
export function startFailure() {
    return wasm === undefined ? failure : undefined;
}
`;
}
