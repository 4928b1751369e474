// Serves the pages that were built, on loopback, until it is interrupted.
import { parseArgs } from "node:util";
import { preview } from "vite";
import { fail, inRoot } from "./lib.mjs";

const HELP = `npm start -- [--port PORT]

Opens no window: it prints the address of a page on which a broadcast is watched, and broken.
  --port PORT   from 0 (any that is free) to 65535; default 4173, or the next that is free

With #appId=…&channel=…&token=…&uids=9001,9101 behind the address, the page watches a channel of Agora instead.
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

/** @param {number} port */
async function serve(port) {
  const server = await preview({ configFile: inRoot("www", "viewer", "vite.config.ts"), preview: { port } });
  const address = server.httpServer.address();
  if (typeof address !== "object" || address === null) throw new Error("the server has no address");
  console.log(
    `\n  http://127.0.0.1:${address.port}/   the viewer: kill the primary, and see the picture go on\n  Ctrl-C ends it\n`,
  );
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close().then(() => process.exit(0)));
}

try {
  const port = wanted();
  if (port === "help") console.log(HELP);
  else await serve(port);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
