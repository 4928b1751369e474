// Runs the Worker's demonstration on loopback, until it is interrupted: pages, console, Worker, and the service's stand-in.
import { parseArgs } from "node:util";
import { fail } from "./lib.mjs";
import { END_SIGNALS, startWrangler } from "./wrangler.mjs";

const HELP = `npm start -- [--port PORT]

Opens no window: it prints the addresses of the pages.
  --port PORT   from 0 (any that is free) to 65535; default 4173

The console starts broadcasts, shows how they are, and breaks them; the viewer watches them. Without a Worker, the viewer's
page has a demonstration of its own, and with #appId=…&channel=…&token=…&uids=9001,9101 it watches a channel of Agora.
npm run demo shows the server's side alone, in a terminal.`;

/** @returns {number | "help"} */
function wanted() {
  const { values } = parseArgs({
    options: { port: { type: "string", default: "4173" }, help: { type: "boolean", default: false } },
  });
  if (values.help) return "help";
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new Error(`--port is "${values.port}", but must be from 0 to 65535`);
  }
  return port;
}

try {
  const port = wanted();
  if (port === "help") console.log(HELP);
  else {
    // It is meant to be ended so, from the beginning on.
    for (const signal of END_SIGNALS) process.once(signal, () => process.exit(0));
    const wrangler = await startWrangler({ port });
    console.log(`
  ${wrangler.url}/console/#key=demonstration-key
      the console: start a broadcast, watch it from there, and break it
  ${wrangler.url}/
      the viewer alone, with a demonstration inside the page
  Ctrl-C ends it
`);
    const code = await wrangler.ended;
    if (code !== 0) fail(`wrangler ended with ${code}`);
  }
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
