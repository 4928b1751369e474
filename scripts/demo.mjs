// `npm run demo`: a broadcast that is kept on air, as a timeline in the terminal (--help says more).
import { HELP, readFlags } from "./demo/flags.mjs";
import { runProgram } from "./run.mjs";

await runProgram("scripts/demo/main.ts", HELP, readFlags);
