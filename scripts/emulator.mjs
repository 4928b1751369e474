// `npm run emulator`: the emulated service on loopback (--help says more).
import { HELP, readFlags } from "../tests/emulator/js/flags.mjs";
import { requireFree } from "./ports.mjs";
import { runProgram } from "./run.mjs";

await runProgram("tests/emulator/js/main.ts", HELP, readFlags, ({ port }) => requireFree(port));
