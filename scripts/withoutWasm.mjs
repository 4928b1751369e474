// A WebAssembly module as JavaScript, for where there is no WebAssembly.
import { readFileSync, writeFileSync } from "node:fs";
import { fail, mended, run } from "./lib.mjs";
import { bundled } from "./size.mjs";

/** For values of JavaScript's, which wasm2js cannot have: wasm-bindgen wants them of every module. */
const FOR_OBJECTS = ["__wbindgen_externrefs", "__wbindgen_start"];

/**
 * A module whose default export takes the imports, and what to call when the memory has grown, and gives the exports.
 * @param {string} wasm a module that neither takes nor gives values of JavaScript's but numbers
 * @param {string[]} features what its instructions need, as options of binaryen's
 * @param {string} scratch how the files in between begin
 */
export async function inJavaScript(wasm, features, scratch) {
  const lowered = `${scratch}.lowered.wasm`;
  writeFileSync(`${scratch}.graph.json`, JSON.stringify(graphOf(wasm)));
  run("wasm-metadce", [...features, wasm, "--graph-file", `${scratch}.graph.json`, "-o", lowered], { quiet: true });
  // wasm2js lowers the other instructions itself, and these wrongly.
  const lowering = ["--llvm-nontrapping-fptoint-lowering", "-O2", lowered, "-o", lowered];
  run("wasm-opt", [...features, ...lowering]);
  run("wasm2js", [...features, "-O2", lowered, "-o", `${scratch}.js`]);
  writeFileSync(`${scratch}.js`, mended(readFileSync(`${scratch}.js`, "utf8"), SHAPE, "wasm2js"));
  return bundled(`${scratch}.js`);
}

/** @param {string} wasm */
function graphOf(wasm) {
  const module = new WebAssembly.Module(readFileSync(wasm));
  const others = WebAssembly.Module.imports(module).filter(
    ({ name }) => !/^__wbindgen_init_externref_table$|^__wbg___wbindgen_throw_/.test(name),
  );
  if (others.length > 0) fail(`wasm2js cannot have what ${wasm} imports: ${others.map(({ name }) => name)}`);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const used = names.filter((name) => !FOR_OBJECTS.includes(name));
  return [{ name: "page", root: true, reaches: used }, ...used.map((name) => ({ name, export: name }))];
}

/** What wasm2js writes imports what the module does, makes the one instance at once, and tells nobody of its memory. */
const SHAPE = [
  { wrong: /^import \* as \S+ from '[^']+';\n/m, right: "" },
  { wrong: /^function asmFunc\(imports\)/m, right: "export default function start(imports, grown)" },
  { wrong: /^var retasmFunc = [\s\S]*/m, right: "" },
  { wrong: /buffer = newBuffer;/, right: "buffer = newBuffer; grown();" },
  { wrong: /^ return \{$/m, right: " return { __wbindgen_start() {}," },
];

/** What the glue has that some engines without WebAssembly have not, either. The texts that it reads are errors, in ASCII. */
const MENDED = [
  {
    wrong: /(?<=let cachedTextDecoder = )(?=new TextDecoder)/,
    right: "typeof TextDecoder === 'undefined' ? { decode: (bytes = []) => String.fromCharCode(...bytes) } : ",
  },
];

/**
 * Glue that can start a module that is JavaScript, too, whose memory leaves the views of it behind when it grows.
 * @param {string} glue
 */
export function startingScripts(glue) {
  const views = [...new Set(glue.match(/\bcached\w+Memory0\b/g))];
  return `${mended(glue, MENDED, "wasm-bindgen")}
export function initScript(start) {
    if (wasm !== undefined) return;
    const grown = () => { ${views.join(" = ")} = null; };
    __wbg_finalize_init({ exports: start(__wbg_get_imports(), grown) });
}
`;
}
