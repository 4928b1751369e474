// Bundles the Workers of `steadymix serve`: one ES module each.
import { builtinModules } from "node:module";
import { basename, join } from "node:path";
import { inRoot } from "../lib.mjs";

/** The source of each bundle. */
const WORKERS = { "worker.js": "www/worker/serve.ts", "emulator.js": "www/emulator/index.ts" };

/**
 * @param {string} folder
 * @param {Record<string, string>} alias the files of the package's entries
 * @returns {Promise<string[]>} the paths of their modules
 */
export async function bundleWorkers(folder, alias) {
  // Imported here because the packages may not be installed yet.
  const [{ build }, { esmExternalRequirePlugin }] = await Promise.all([import("rolldown"), import("rolldown/plugins")]);
  /** @type {import("rolldown").Plugin} The runtime compiles the package's WebAssembly modules, which its configuration names. */
  const wasm = {
    name: "wasm",
    resolveId: (source) => (source.endsWith(".wasm") ? { id: basename(source), external: "absolute" } : null),
  };
  const modules = [];
  for (const [file, input] of Object.entries(WORKERS)) {
    const { output } = await build({
      input: inRoot(input),
      platform: "neutral",
      // Its paths lead to the types.
      tsconfig: false,
      resolve: { alias, mainFields: ["module", "main"], conditionNames: ["workerd", "import", "default"] },
      external: (id) => id.startsWith("cloudflare:"),
      // CommonJS modules require Node's modules; in Workers they are imported.
      plugins: [wasm, esmExternalRequirePlugin({ external: [/^node:/, ...builtinModules] })],
      output: { file: join(folder, file), format: "esm", minify: true },
      logLevel: "warn",
    });
    modules.push(...output.flatMap((made) => (made.type === "chunk" ? made.moduleIds : [])));
  }
  return modules;
}
