// `npm start`: runs the Worker and its pages on loopback with the emulated service, and rebuilds changed sources. See --help.
import { parseArgs } from "node:util";
import { developmentWorkers } from "./build/development.mjs";
import { build } from "./build/graph.mjs";
import { developmentPackage, developmentSite } from "./build/steps.mjs";
import { fail, messageOf, seconds } from "./lib.mjs";
import { requireFree } from "./ports.mjs";
import { exitsWith } from "./processes.mjs";
import { timesOf, watch } from "./watch.mjs";
import { startWrangler } from "./wrangler.mjs";

const HELP = `npm start -- [--port PORT]

Prints the addresses of the pages; it does not open them.
  --port PORT   from 0 (any free port) to 65535; default 4173

The console starts broadcasts, shows their state and injects faults; the viewer watches them. Without a Worker, the viewer page
has its own demo. With #appId=…&channel=…&token=…&uids=9001,9101 it watches a channel of Agora.
Changes in src, www and tests/emulator are rebuilt, and open pages reload.
npm run demo shows the server side alone, in a terminal.`;

/** The inputs of the pages and the Worker. */
const SOURCES = ["src", "www", "tests/emulator", "Cargo.toml", "package.json"];

/** @returns {number | "help"} */
function readPort() {
  const { values } = parseArgs({
    options: { port: { type: "string", default: "4173" }, help: { type: "boolean", default: false } },
  });
  if (values.help) return "help";
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535)
    throw new Error(`--port is "${values.port}", but must be from 0 to 65535`);
  return port;
}

/** Prints the Worker's log without requests and reloads. @param {string} line */
function onLine(line) {
  if (line.trim() && !/^\[wrangler:info\]|^⎔ /.test(line)) console.log(line);
}

let hasFailed = false;

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
  const port = readPort();
  if (port === "help") console.log(HELP);
  else {
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
  Ctrl-C ends it

Ready after ${seconds(process.uptime() * 1000)}`);
    fail(`wrangler ended with ${await wrangler.ended}:\n${wrangler.log()}`);
  }
} catch (error) {
  fail(messageOf(error));
}
