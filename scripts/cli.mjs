// `npm run demo` and `npm run emulator`: commands of the package's command line, from the development build.

import { DEVELOPMENT_PACKAGE } from "./build/development.mjs";
import { build } from "./build/graph.mjs";
import { developmentPackage } from "./build/steps.mjs";
import { fail, inRoot, messageOf } from "./lib.mjs";
import { program } from "./processes.mjs";

try {
  await build([developmentPackage]).all;
  const main = inRoot(DEVELOPMENT_PACKAGE, "cli", "main.js");
  process.exit(await program(process.execPath, [main, ...process.argv.slice(2)]));
} catch (error) {
  fail(messageOf(error));
}
