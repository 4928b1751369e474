// The flags of `npm run emulator`. They are parsed before the build, so this is JavaScript.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

export const HELP = `Runs the emulated service on loopback.

  npm run emulator -- [--port 8790] [--speed 1] [--seed 1] [--profile file.json] [--webhook URL] [--secret-env NAME]

  --port N          the port, 0 to 65535; 0 for any free port
  --speed N         the speed of its clock relative to real time, 0.1 to 10000
  --seed N          the seed of all random numbers
  --profile FILE    a JSON file with its behaviour
  --webhook URL     the URL for notifications
  --secret-env NAME the environment variable with the secret that signs notifications

Calls:   http://127.0.0.1:PORT/{domain}/v1/projects/{appId}/rtsc/cloud-transcoder/…
         They need HTTP Basic credentials: any id and secret, unless the profile sets authorization.
State:   GET http://127.0.0.1:PORT/state
Faults:  POST http://127.0.0.1:PORT/control with a command, for example {"type": "kill","uid":9001} or
         {"type": "addRule","rule":{"call":"create","times":3,"effect":{"type": "answer","status":206}}}
`;

/**
 * @typedef {object} Flags
 * @property {number} port
 * @property {number} speed
 * @property {import("steadymix/emulator").Profile} profile
 * @property {string} [webhook]
 */

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Flags | "help"}
 * @throws {Error} names the flag, its value and what is allowed
 */
export function readFlags(args, env) {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: "string", default: "8790" },
      speed: { type: "string", default: "1" },
      seed: { type: "string" },
      profile: { type: "string" },
      webhook: { type: "string" },
      "secret-env": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const profile = values.profile === undefined ? {} : readProfile(values.profile);
  if (values.seed !== undefined) profile.seed = number("seed", values.seed, 0, Number.MAX_SAFE_INTEGER);
  if (values.webhook !== undefined) {
    if (!URL.canParse(values.webhook)) throw wrong("webhook", values.webhook, "a URL");
    const name = values["secret-env"];
    const secret = name === undefined ? undefined : env[name];
    if (name !== undefined && !secret)
      throw wrong("secret-env", name, "the name of an environment variable that is set");
    profile.notifications ??= {};
    if (secret) profile.notifications.secret = secret;
  }
  return {
    port: number("port", values.port, 0, 65_535),
    speed: number("speed", values.speed, 0.1, 10_000),
    profile,
    ...(values.webhook !== undefined && { webhook: values.webhook }),
  };
}

/** @param {string} flag @param {string} value @param {string} allowed */
function wrong(flag, value, allowed) {
  return new Error(`--${flag} is ${JSON.stringify(value)}, but must be ${allowed}`);
}

/** @param {string} flag @param {string} value @param {number} least @param {number} most */
function number(flag, value, least, most) {
  const parsed = Number(value);
  if (value.trim() === "" || !(parsed >= least && parsed <= most)) throw wrong(flag, value, `from ${least} to ${most}`);
  return parsed;
}

/** @param {string} file @returns {import("steadymix/emulator").Profile} */
function readProfile(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw wrong("profile", file, `a file with JSON (${error instanceof Error ? error.message : error})`);
  }
}
