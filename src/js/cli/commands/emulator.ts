/** `steadymix emulator`: the emulated service over HTTP, for programs in any language. */
import { once } from "node:events";
import { Emulator, type Profile, type Reply } from "../../emulator/index.inline.js";
import type { Io } from "../command.js";
import { DOCUMENTATION, startServer } from "../emulator/server.js";
import { integer, jsonObject, number, parse, secret, wrong } from "../flags.js";

export const summary = "the service's emulator over HTTP, for programs and tests in any language";

export const help = `Runs the emulated service on loopback, until Ctrl-C or SIGTERM, and prints each call. Its state is in memory.

  steadymix emulator [--port 8790] [--speed 1] [--seed 1] [--profile file.json] [--webhook URL]

  --port N            the port: 0 to 65535; 0 for any free port (default 8790)
  --speed N           the speed of its clock relative to real time: 0.1 to 10000 (default 1)
  --seed N            the seed of all random numbers: an integer from 0 (default 1)
  --profile FILE      a JSON file with a Profile: its behaviour without faults
  --webhook URL       the URL for notifications, which carry Agora-Signature and Agora-Signature-V2. One that is not answered
                      200 within 10 s is sent again after 10, 30 and 60 s
  --secret-env NAME   the environment variable with the secret that signs them (default: the secret of the profile)
  --secret-file FILE  the file with it

${DOCUMENTATION}`;

export async function run(args: string[], io: Io): Promise<number> {
  const { values } = parse({
    args,
    options: {
      port: { type: "string", default: "8790" },
      speed: { type: "string", default: "1" },
      seed: { type: "string" },
      profile: { type: "string" },
      webhook: { type: "string" },
      "secret-env": { type: "string" },
      "secret-file": { type: "string" },
    },
  });
  const port = integer("port", values.port, 0, 65_535);
  const speed = number("speed", values.speed, 0.1, 10_000);
  const profile = values.profile === undefined ? {} : (jsonObject("--profile", values.profile) as Profile);
  if (values.seed !== undefined) profile.seed = integer("seed", values.seed, 0, Number.MAX_SAFE_INTEGER);
  const { webhook } = values;
  if (webhook !== undefined) {
    if (!/^https?:/.test(webhook) || !URL.canParse(webhook)) throw wrong("webhook", webhook, "an http or https URL");
    profile.notifications ??= {};
    const signs = secret("secret", values, io.env);
    if (signs !== undefined) profile.notifications.secret = signs;
  }
  for (const name of ["secret-env", "secret-file"] as const)
    if (webhook === undefined && values[name] !== undefined) throw wrong(name, values[name], "used with --webhook");

  const server = await startServer(new Emulator(profile, speed), {
    port,
    ...(webhook !== undefined && { webhook }),
    onCall: (call, reply) => {
      // The query contains builder tokens.
      const path = call.path.split("?")[0]?.replace(/^\/v1\/projects\/[^/]+\/rtsc\/cloud-transcoder/, "");
      io.print(`${new Date().toISOString()} ${call.domain} ${call.method} ${path} → ${shown(reply)}`);
    },
  });
  io.print(`The emulated service listens at ${server.url}: its documentation is at ${server.url}/`);
  if (!io.stop.aborted) await once(io.stop, "abort");
  await server.close();
  return 0;
}

function shown(reply: Reply): string {
  return reply.type === "answer" ? `${reply.status} ${reply.body.slice(0, 100)}` : `no answer (${reply.why})`;
}
