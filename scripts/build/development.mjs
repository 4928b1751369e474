// The development build of the package. `npm start`, the demo and the emulator use it instead of dist/.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inRoot } from "../lib.mjs";

export const DEVELOPMENT_PACKAGE = "target/development/package";
export const DEVELOPMENT_SITE = "target/development/site";
export const DEVELOPMENT_DOCS = "target/development/docs";

/**
 * The file of each entry, by its import name.
 * @param {"default" | "workerd"} condition of package.json's `exports`
 * @param {string} [folder] of the package
 * @returns {Record<string, string>}
 */
export function aliasesOf(condition, folder = inRoot(DEVELOPMENT_PACKAGE)) {
  const { name, exports } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
  const entries = Object.entries(exports).flatMap(([path, conditions]) => {
    const file = conditions[condition] ?? conditions.default;
    return file ? [[name + path.slice(1), join(folder, file.replace("./dist/", ""))]] : [];
  });
  // The longest names first: bundlers that match aliases as prefixes would stop at the package's own name.
  return Object.fromEntries(entries.sort(([one = ""], [other = ""]) => other.length - one.length));
}

/** The Worker and the emulated service. */
export const WORKERS = ["www/worker/wrangler.jsonc", "www/emulator/wrangler.jsonc"];

/**
 * Writes the Workers' configurations for the development build, because `wrangler dev` ignores aliases on its command line.
 * @returns {string[]} their files
 */
export function developmentWorkers() {
  return WORKERS.map((file) => {
    const { $schema, main, assets, ...rest } = JSON.parse(withoutComments(readFileSync(inRoot(file), "utf8")));
    const config = {
      ...rest,
      main: join(dirname(inRoot(file)), main),
      alias: aliasesOf("workerd"),
      ...(assets && { assets: { ...assets, directory: inRoot(DEVELOPMENT_SITE) } }),
    };
    const made = inRoot("target", "development", `${config.name}.json`);
    mkdirSync(dirname(made), { recursive: true });
    writeFileSync(made, JSON.stringify(config, null, 2));
    return made;
  });
}

/** Removes comments that have a line of their own. @param {string} text */
function withoutComments(text) {
  return text.replace(/^\s*\/\/.*$/gm, "");
}
