// `npm run bench`: builds what is needed, and measures sizes, start-up, decisions, growth and recovery.
import { bootstrap } from "./bootstrap.mjs";
import { build, buildObjects } from "./build.mjs";
import { inRoot, run } from "./lib.mjs";
import { node } from "./node.mjs";

bootstrap({ browser: true });
await build({ quiet: true });
buildObjects();
run("cargo", ["build", "--quiet", "--profile", "prove", "-p", "steadymix-bench"]);
process.exit(await node([inRoot("tests", "bench", "report.ts")]));
