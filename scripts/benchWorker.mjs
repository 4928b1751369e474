// `npm run bench:worker`: builds what is needed, and measures what a broadcast costs in workerd.
import { build } from "./build.mjs";
import { inRoot } from "./lib.mjs";
import { node } from "./node.mjs";

await build({ quiet: true });
process.exit(await node([inRoot("tests", "worker", "bench", "bench.ts")]));
