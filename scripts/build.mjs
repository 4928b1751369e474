// `npm run build`: builds the package in dist/ and prints the size of each entry.
// `npm run build:pages`: builds the Worker's pages in target/www/site.
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
