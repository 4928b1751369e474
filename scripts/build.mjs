// `npm run build`: the package, in dist/, and what each of its entries weighs.
// `npm run build:pages`: the pages that the Worker serves, in target/www/site.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { build } from "./build/graph.mjs";
import { releasePackage, releaseSite, SIZES, sizes } from "./build/steps.mjs";
import { fail, inRoot, messageOf } from "./lib.mjs";

try {
  const { pages } = parseArgs({ options: { pages: { type: "boolean", default: false } } }).values;
  await build(pages ? [releaseSite] : [releasePackage, sizes]).all;
  if (!pages) process.stdout.write(readFileSync(inRoot(SIZES), "utf8"));
} catch (error) {
  fail(messageOf(error));
}
