/** `npm run emulator`: the emulated service on loopback. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Profile, Reply } from "steadymix/emulator";
import { startServer } from "./server.ts";

const HELP = `The service's stand-in, on loopback.

  npm run emulator -- [--port 8790] [--speed 1] [--seed 1] [--profile file.json] [--webhook URL] [--secret-env NAME]

  --port N          the port, 0 to 65535; 0: any that is free
  --speed N         its clock runs N times as fast as the real one, 0.1 to 10000
  --seed N          all its chance comes from it
  --profile FILE    how it behaves, as JSON
  --webhook URL     where its notifications go
  --secret-env NAME the environment variable with the secret that signs them

Calls go to   http://127.0.0.1:PORT/{domain}/v1/projects/{appId}/rtsc/cloud-transcoder/…
Its state is  GET http://127.0.0.1:PORT/state
Faults go to  POST http://127.0.0.1:PORT/control, as in {"kind":"kill","uid":9001} or
              {"kind":"addRule","rule":{"call":"create","times":3,"effect":{"kind":"answer","status":206}}}
`;

function wrong(flag: string, value: string | undefined, allowed: string): never {
  console.error(`--${flag} is ${JSON.stringify(value)}, but must be ${allowed}`);
  process.exit(2);
}

function number(flag: string, value: string, least: number, most: number): number {
  const parsed = Number(value);
  if (value.trim() === "" || !(parsed >= least && parsed <= most)) wrong(flag, value, `from ${least} to ${most}`);
  return parsed;
}

function readProfile(file: string): Profile {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Profile;
  } catch (error) {
    return wrong("profile", file, `a file with JSON (${error instanceof Error ? error.message : error})`);
  }
}

function shown(reply: Reply): string {
  return reply.kind === "answer" ? `${reply.status} ${reply.body.slice(0, 100)}` : `no answer (${reply.why})`;
}

function flags() {
  try {
    return parseArgs({
      options: {
        port: { type: "string", default: "8790" },
        speed: { type: "string", default: "1" },
        seed: { type: "string" },
        profile: { type: "string" },
        webhook: { type: "string" },
        "secret-env": { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    process.exit(2);
  }
}

const given = flags();
if (given.help) {
  console.log(HELP);
  process.exit(0);
}
const profile = given.profile === undefined ? {} : readProfile(given.profile);
if (given.seed !== undefined) profile.seed = number("seed", given.seed, 0, Number.MAX_SAFE_INTEGER);
if (given.webhook !== undefined) {
  if (!URL.canParse(given.webhook)) wrong("webhook", given.webhook, "a URL");
  const name = given["secret-env"];
  const secret = name === undefined ? undefined : process.env[name];
  if (name !== undefined && !secret) wrong("secret-env", name, "the name of an environment variable that is set");
  profile.notices ??= {};
  if (secret) profile.notices.secret = secret;
}
const server = await startServer({
  port: number("port", given.port, 0, 65_535),
  speed: number("speed", given.speed, 0.1, 10_000),
  profile,
  ...(given.webhook === undefined ? {} : { webhook: given.webhook }),
  onCall: (call, reply) => {
    // Builder tokens are in the query.
    const path = call.path.split("?")[0]?.replace(/^\/v1\/projects\/[^/]+\/rtsc\/cloud-transcoder/, "");
    console.log(`${new Date().toISOString()} ${call.domain} ${call.method} ${path} → ${shown(reply)}`);
  },
});
console.log(`the emulated service listens at ${server.url}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void server.close().then(() => process.exit(0)));
}
