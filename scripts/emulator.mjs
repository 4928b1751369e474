// `npm run emulator`: runs the emulated service on loopback. See --help.
import { HELP, readFlags } from "../tests/emulator/js/flags.mjs";
import { requireFree } from "./ports.mjs";
import { runProgram } from "./run.mjs";

await runProgram("tests/emulator/js/main.ts", HELP, readFlags, ({ port }) => requireFree(port));
