// `npm run bench`: sizes, start-up, decisions, growth and recovery, in some minutes.
// `npm run bench:switch`: how long a picture is frozen. `npm run bench:worker`: the cost of a broadcast in workerd.
import { build } from "./build/graph.mjs";
import { chromium } from "./build/install.mjs";
import { objects, releasePackage, sizes, testPages } from "./build/steps.mjs";
import { fail, inRoot, messageOf, projectNode } from "./lib.mjs";
import { program, run } from "./processes.mjs";

/** @type {Record<string, { needs: import("./build/graph.mjs").Step[], file: string }>} */
const BENCHES = {
  report: { needs: [releasePackage, sizes, objects, chromium], file: "tests/bench/report.ts" },
  switch: { needs: [testPages, chromium], file: "tests/viewer/benchSwitch.ts" },
  worker: { needs: [releasePackage], file: "tests/worker/bench/bench.ts" },
};

const bench = BENCHES[process.argv[2] ?? "report"];
if (!bench) fail(`unknown benchmark ${process.argv[2]}, but must be one of ${Object.keys(BENCHES).join(", ")}`);
try {
  await build(bench.needs).all;
  if (bench === BENCHES.report) await run("cargo", ["build", "--quiet", "--profile", "prove", "-p", "steadymix-bench"]);
  process.exit(await program(projectNode, [inRoot(bench.file)]));
} catch (error) {
  fail(messageOf(error));
}
