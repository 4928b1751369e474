// `npm run prove`: runs the full simulation and writes the figures to target/bench/prove.json. It also prints the figures of
// earlier runs of `npm run fuzz` and `npm run mutants`. See --help.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { fail, inRoot, messageOf } from "./lib.mjs";
import { program, run } from "./processes.mjs";

try {
  await run("cargo", ["build", "--quiet", "--profile", "prove", "-p", "steadymix-simulation", "--bin", "prove"]);
  mkdirSync(inRoot("target", "bench"), { recursive: true });
  const proof = inRoot("target", "prove", "prove");
  const code = await program(proof, ["--json", "target/bench/prove.json", ...process.argv.slice(2)]);
  if (code !== 0) process.exit(code);
  printOthers();
} catch (error) {
  fail(messageOf(error));
}

function printOthers() {
  const fuzz = figures("fuzz");
  for (const [target, { executions, commit }] of Object.entries(fuzz ?? {}))
    console.log(`fuzzed ${target}: ${executions.toLocaleString("en")} executions, last at commit ${commit}`);
  const mutants = figures("mutants");
  if (mutants)
    console.log(
      `mutants detected: ${mutants.percent} % of ${mutants.caught + mutants.survivors}, at commit ${mutants.commit}`,
    );
}

/** @param {string} name */
function figures(name) {
  const file = inRoot("target", "bench", `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}
