// What an entry of the package adds to what a page downloads.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** @typedef {{ raw: number, gzip: number, brotli: number }} Size in bytes */

/**
 * All that an entry exports, bundled and made small as an application would: the module and the script beside it, and
 * both as one script, with the module inlined, or as JavaScript if the entry has it so.
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
 * A module and all that it imports, made small.
 * @param {string} input
 */
export async function bundled(input) {
  // Not above: these scripts begin before the packages are installed.
  const { rolldown } = await import("rolldown");
  const bundle = await rolldown({ input });
  const { output } = await bundle.generate({ minify: true });
  await bundle.close();
  return output[0].code;
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
