/** `npm run emulator`: the emulated service on loopback. */
import type { Reply } from "steadymix/emulator";
import { readFlags } from "./flags.mjs";
import { startServer } from "./server.ts";

function shown(reply: Reply): string {
  return reply.type === "answer" ? `${reply.status} ${reply.body.slice(0, 100)}` : `no answer (${reply.why})`;
}

try {
  const flags = readFlags(process.argv.slice(2), process.env);
  if (flags === "help") throw new Error("npm run emulator -- --help prints the help");
  const server = await startServer({
    ...flags,
    onCall: (call, reply) => {
      // The query contains builder tokens.
      const path = call.path.split("?")[0]?.replace(/^\/v1\/projects\/[^/]+\/rtsc\/cloud-transcoder/, "");
      console.log(`${new Date().toISOString()} ${call.domain} ${call.method} ${path} → ${shown(reply)}`);
    },
  });
  console.log(`the emulated service listens at ${server.url}`);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => void server.close().then(() => process.exit(0)));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
