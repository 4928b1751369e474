// The flags of `npm run demo`. They are parsed before the build, so this is JavaScript.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

export const HELP = `Keeps a primary and a backup transcoding task alive, and prints what happens.

  npm run demo                       a scripted series of faults in the emulated service on loopback
  npm run demo -- --speed 100        the same, faster

  --speed N               the speed of the emulator's clock relative to real time: 1 to 1000 (default 20)
  --seed N                the seed of the emulator's random numbers (default 1)

With the real service (every task is billed; Ctrl-C or SIGTERM ends them):

  npm run demo -- --app-id ID --customer-id ID --services file.json --uids 9001,9002 --backup-uids 9101,9102

  --app-id ID                 the project
  --customer-id ID            for the RESTful API; the secret is read from STEADYMIX_CUSTOMER_SECRET
  --customer-secret-env NAME  read the secret from another environment variable
  --services FILE             a JSON file with the payload: {"cloudTranscoder": {…}}
  --uids A,B                  the output uids of the primary
  --backup-uids A,B           the output uids of the backup
  --instance-id NAME          the prefix of the instanceIds (default steadymix-demo)
  --area AREA                 china, north-america, europe or asia-pacific (default north-america)
  --snapshot FILE             saves the snapshot, and resumes from it if it exists (default steadymix-demo.snapshot)
`;

/**
 * @typedef {{ kind: "demo", speed: number, seed: number }} DemoFlags
 *
 * @typedef {object} RealFlags
 * @property {"real"} kind
 * @property {string} appId
 * @property {string} customerId
 * @property {string} customerSecret
 * @property {import("steadymix").Services} services
 * @property {number[]} uids
 * @property {number[]} backupUids
 * @property {string} instanceId
 * @property {import("steadymix").Area} area
 * @property {string} snapshot
 */

/** @type {readonly import("steadymix").Area[]} */
const AREAS = ["china", "north-america", "europe", "asia-pacific"];

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {DemoFlags | RealFlags | "help"}
 * @throws {Error} names the flag, its value and what is allowed
 */
export function readFlags(args, env) {
  const text = /** @type {const} */ ({ type: "string" });
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean" },
      speed: text,
      seed: text,
      "app-id": text,
      "customer-id": text,
      "customer-secret-env": text,
      services: text,
      uids: text,
      "backup-uids": text,
      "instance-id": text,
      area: text,
      snapshot: text,
    },
  });
  if (values.help) return "help";
  if (values["app-id"] === undefined) {
    const real = Object.keys(values).find((name) => name !== "speed" && name !== "seed");
    if (real !== undefined) throw new Error(`--${real} is for the real service: --app-id is missing`);
    return {
      kind: "demo",
      speed: number("speed", values.speed ?? "20", 1, 1000),
      seed: number("seed", values.seed ?? "1", 0, Number.MAX_SAFE_INTEGER),
    };
  }
  const needed = (/** @type {"customer-id" | "services" | "uids" | "backup-uids"} */ name) => {
    const value = values[name];
    if (!value) throw new Error(`--${name} is missing`);
    return value;
  };
  const secretName = values["customer-secret-env"] ?? "STEADYMIX_CUSTOMER_SECRET";
  const customerSecret = env[secretName];
  if (!customerSecret) throw new Error(`the environment variable ${secretName} must hold the customer secret`);
  const area = AREAS.find((area) => area === (values.area ?? "north-america"));
  if (area === undefined) throw new Error(`--area is ${values.area}, but must be one of ${AREAS.join(", ")}`);
  return {
    kind: "real",
    appId: values["app-id"],
    customerId: needed("customer-id"),
    customerSecret,
    services: readServices(needed("services")),
    uids: list("uids", needed("uids")),
    backupUids: list("backup-uids", needed("backup-uids")),
    instanceId: values["instance-id"] ?? "steadymix-demo",
    area,
    snapshot: values.snapshot ?? "steadymix-demo.snapshot",
  };
}

/** @param {string} flag @param {string} value @param {number} least @param {number} most */
function number(flag, value, least, most) {
  const parsed = Number(value);
  if (value.trim() !== "" && parsed >= least && parsed <= most) return parsed;
  throw new Error(`--${flag} is ${JSON.stringify(value)}, but must be from ${least} to ${most}`);
}

/** @param {string} flag @param {string} value */
function list(flag, value) {
  return value.split(",").map((uid) => number(flag, uid, 1, 4_294_967_295));
}

/** @param {string} file @returns {import("steadymix").Services} */
function readServices(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`--services is ${JSON.stringify(file)}, but must be a file with JSON (${why})`);
  }
}
