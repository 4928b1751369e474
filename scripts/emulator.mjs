// `npm run emulator`: builds what is needed, and starts the service's stand-in on loopback.
import { build } from "./build.mjs";
import { inRoot } from "./lib.mjs";
import { node } from "./node.mjs";

await build({ quiet: true });
process.exit(await node([inRoot("tests", "emulator", "js", "main.ts"), ...process.argv.slice(2)]));
