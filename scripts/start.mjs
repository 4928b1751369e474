// `npm start`: runs the Worker and its pages on loopback with the emulated service, and rebuilds changed sources. See --help.
import { parseArgs } from "node:util";
import { developmentWorkers } from "./build/development.mjs";
import { build } from "./build/graph.mjs";
import { developmentDocs, developmentPackage, developmentSite } from "./build/steps.mjs";
import { fail, inRoot, messageOf, seconds } from "./lib.mjs";
import { requireFree } from "./ports.mjs";
import { exitsWith } from "./processes.mjs";
import { timesOf, watch } from "./watch.mjs";
import { startWrangler } from "./wrangler.mjs";

const HELP = `npm start -- [--port PORT] [--no-docs]

Prints the addresses of the pages; it does not open them.
  --port PORT   from 0 (any free port) to 65535; default 4173
  --no-docs     does not build the documentation

The console starts broadcasts, shows their state and injects faults; the viewer watches them. Without a Worker, the viewer page
has its own demo. With #appId=…&channel=…&token=…&uids=9001,9101 it watches a channel of Agora. The documentation is built in
the background once the other pages are ready; later changes of it at the next start.
Changes in src, www and tests/emulator are rebuilt, and open pages reload.
npm run demo shows the server side alone, in a terminal.`;

/** The inputs of the pages and the Worker. */
const SOURCES = ["src", "www", "tests/emulator", "Cargo.toml", "package.json"];

/** @returns {{ port: number, hasDocs: boolean } | "help"} */
function readFlags() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "4173" },
      "no-docs": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535)
    throw new Error(`--port is "${values.port}", but must be from 0 to 65535`);
  return { port, hasDocs: !values["no-docs"] };
}

/** Prints the Worker's log without requests and reloads. @param {string} line */
function onLine(line) {
  if (line.trim() && !/^\[wrangler:info\]|^⎔ /.test(line)) console.log(line);
}

let hasFailed = false;

/**
 * Builds the documentation and adds it to the pages. It takes as long as everything else, so the first start does not wait for it,
 * and later changes of it are built at the next start. It has a lock of its own: changes of sources do not wait for it either.
 */
async function buildDocs() {
  try {
    const quiet = { report: () => {}, background: true };
    await build([developmentDocs], { ...quiet, lock: inRoot("target", "build", "docs.lock") }).all;
    await build([developmentSite], quiet).all;
  } catch (error) {
    console.error(`${messageOf(error)}\n\nThe documentation could not be built`);
  }
}

/** Rebuilds what has changed. After an error, the previous build is still served. */
async function rebuild() {
  try {
    await build([developmentPackage, developmentSite]).all;
    if (hasFailed) console.log("The build succeeds again");
    hasFailed = false;
  } catch (error) {
    console.error(`${messageOf(error)}\n\nThe build failed: the previous one is still served`);
    hasFailed = true;
  }
}

try {
  const flags = readFlags();
  if (flags === "help") console.log(HELP);
  else {
    const { port, hasDocs } = flags;
    await requireFree(port);
    exitsWith(0);
    const before = timesOf(SOURCES);
    await build([developmentPackage, developmentSite]).all;
    console.log("Starting the Worker (about 3 s)");
    const wrangler = await startWrangler({ port, configs: developmentWorkers(), onLine });
    watch(SOURCES, before, rebuild);
    console.log(`
  ${wrangler.url}/console/#key=demonstration-key
      the console: start a broadcast, watch it and inject faults
  ${wrangler.url}/
      the viewer with its own demo
  ${wrangler.url}/docs/
      the documentation, which is built in the background
  Ctrl-C ends it

Ready after ${seconds(process.uptime() * 1000)}`);
    if (hasDocs) void buildDocs();
    fail(`wrangler ended with ${await wrangler.ended}:\n${wrangler.log()}`);
  }
} catch (error) {
  fail(messageOf(error));
}
