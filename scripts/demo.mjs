// `npm run demo`: builds what is needed, and shows a broadcast that is kept alive (--help says more).
import { build } from "./build.mjs";
import { inRoot } from "./lib.mjs";
import { node } from "./node.mjs";

if (!process.argv.includes("--help")) await build({ quiet: true });
process.exit(await node([inRoot("scripts", "demo", "main.ts"), ...process.argv.slice(2)]));
