// `npm run bench:switch`: builds what is needed, and measures how long a picture stands still.
import { bootstrap } from "./bootstrap.mjs";
import { build, buildTestPages } from "./build.mjs";
import { inRoot } from "./lib.mjs";
import { node } from "./node.mjs";

bootstrap({ browser: true });
await build({ quiet: true });
buildTestPages();
process.exit(await node([inRoot("tests", "viewer", "benchSwitch.ts")]));
