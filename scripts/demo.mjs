// `npm run demo`: keeps a broadcast on air and prints a timeline. See --help.
import { HELP, readFlags } from "./demo/flags.mjs";
import { runProgram } from "./run.mjs";

await runProgram("scripts/demo/main.ts", HELP, readFlags);
