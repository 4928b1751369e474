// `npm start`: builds what is needed, and serves the viewer's page on loopback (--help says more).
import { build, buildPages } from "./build.mjs";
import { inRoot } from "./lib.mjs";
import { node } from "./node.mjs";

if (!process.argv.includes("--help")) {
  await build({ quiet: true });
  buildPages();
}
process.exit(await node([inRoot("scripts", "serve.mjs"), ...process.argv.slice(2)]));
