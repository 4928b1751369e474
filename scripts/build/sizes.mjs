// The download size of each entry of the package.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** @typedef {{ raw: number, gzip: number, brotli: number }} Size in bytes */

/**
 * Bundles and minifies all exports of an entry as an application would. Returns the sizes of the module, of the script next to it,
 * of both inlined into one script, and of the script without WebAssembly, if the entry has one.
 * @param {string} dist the folder of the entry
 * @returns {Promise<{ module: Size, script: Size, inlined: Size, noWasm?: Size }>}
 */
export async function downloadOf(dist) {
  const noWasm = `${dist}/index.no-wasm.js`;
  const module = readdirSync(dist).find((file) => file.endsWith(".wasm"));
  return {
    module: sizeOf(readFileSync(`${dist}/${module}`)),
    script: sizeOf(await bundled(`${dist}/index.js`)),
    inlined: sizeOf(await bundled(`${dist}/index.inline.js`)),
    ...(existsSync(noWasm) && { noWasm: sizeOf(await bundled(noWasm)) }),
  };
}

/**
 * Bundles and minifies a module with its imports.
 * @param {string} input
 */
export async function bundled(input) {
  // Imported here because the packages may not be installed yet.
  const { rolldown } = await import("rolldown");
  const bundle = await rolldown({ input });
  const { output } = await bundle.generate({ minify: true });
  await bundle.close();
  return output[0].code;
}

/**
 * The sizes of all entries, as lines. Throws if an entry exceeds its budget.
 * @param {import("./steps.mjs").Entry[]} entries
 * @param {string} dist the folder of the package
 */
export async function weighed(entries, dist) {
  /** @type {string[]} */
  const lines = [];
  for (const { folder, budget } of entries) {
    const name = folder === "" ? "steadymix" : `steadymix/${folder}`;
    const { inlined, noWasm, ...parts } = await downloadOf(join(dist, folder));
    const add = (/** @type {string} */ part, /** @type {string} */ text) =>
      lines.push(`${name.padEnd(18)} ${part.padEnd(8)} ${text}`);
    for (const [part, { raw, gzip, brotli }] of Object.entries(parts))
      add(part, `${raw} bytes, gzip ${gzip}, brotli ${brotli}`);
    for (const [part, size, most] of /** @type {const} */ ([
      ["inlined", inlined, budget.inlined],
      ["no-wasm", noWasm, budget.noWasm],
    ])) {
      if (!size || !most) continue;
      add(part, `${size.brotli} of ${most} bytes of brotli`);
      if (size.brotli > most)
        throw new Error(`${name}, ${part}, has ${size.brotli} bytes of brotli; its budget is ${most}`);
    }
  }
  return lines;
}

/** @param {Buffer | string} what @returns {Size} */
function sizeOf(what) {
  const bytes = Buffer.from(what);
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}
