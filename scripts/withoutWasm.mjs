// A WebAssembly module as JavaScript, for where there is no WebAssembly.
import { readFileSync, writeFileSync } from "node:fs";
import { fail, run } from "./lib.mjs";
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
  const script = shaped(readFileSync(`${scratch}.js`, "utf8"));
  writeFileSync(`${scratch}.js`, script);
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
  { is: /^import \* as \S+ from '[^']+';\n/m, becomes: "" },
  { is: /^function asmFunc\(imports\)/m, becomes: "export default function start(imports, grown)" },
  { is: /^var retasmFunc = [\s\S]*/m, becomes: "" },
  { is: /buffer = newBuffer;/, becomes: "buffer = newBuffer; grown();" },
  { is: /^ return \{$/m, becomes: " return { __wbindgen_start() {}," },
];

/** @param {string} script */
function shaped(script) {
  return SHAPE.reduce((text, { is, becomes }) => {
    if (!is.test(text)) fail(`wasm2js writes nothing like ${is} any more: look at SHAPE`);
    return text.replace(is, becomes);
  }, script);
}
