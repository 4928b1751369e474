// `npm run build`: the package, in dist/, and what each of its entries weighs.
// `npm run build:pages`: the pages that the Worker serves, in target/www/site.
import { readFileSync } from "node:fs";
import { build } from "./build/graph.mjs";
import { releasePackage, releaseSite, SIZES, sizes } from "./build/steps.mjs";
import { fail, inRoot, messageOf } from "./lib.mjs";

const isPages = process.argv.includes("--pages");
await build(isPages ? [releaseSite] : [releasePackage, sizes]).all.catch((error) => fail(messageOf(error)));
if (!isPages) process.stdout.write(readFileSync(inRoot(SIZES), "utf8"));
