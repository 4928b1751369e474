// `npm run prove`: how much was simulated, searched and compared, and that nothing broke a rule. The figures are written
// to target/bench/prove.json. `npm run prove -- --help` lists what can be asked for.
import { mkdirSync } from "node:fs";
import { bootstrap } from "./bootstrap.mjs";
import { inRoot, run } from "./lib.mjs";

/** Compiles it; then it can be run by itself. */
export function buildProof() {
  run("cargo", ["build", "--quiet", "--profile", "prove", "-p", "steadymix-simulation", "--bin", "prove"]);
  mkdirSync(inRoot("target", "bench"), { recursive: true });
}

export const PROOF = { command: inRoot("target", "prove", "prove"), args: ["--json", "target/bench/prove.json"] };

if (process.argv[1]?.endsWith("prove.mjs")) {
  bootstrap();
  buildProof();
  run(PROOF.command, [...PROOF.args, ...process.argv.slice(2)]);
}
