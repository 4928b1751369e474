/** What `npm run demo` was asked for. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Area, Services } from "steadymix";

export const HELP = `Keeps a primary and a backup transcoding task alive, and shows what happens.

  npm run demo                       a scripted day of trouble, against the service's stand-in on loopback
  npm run demo -- --speed 100        the same, faster

  --speed N               how much faster than real the stand-in's time passes: 1 to 1000 (default 20)
  --seed N                of the stand-in's chance (default 1)

Against the real service (every task is billed; Ctrl-C ends them):

  npm run demo -- --app-id ID --customer-id ID --services file.json --uids 9001,9002 --backup-uids 9101,9102

  --app-id ID                 the project
  --customer-id ID            of the RESTful API; its secret is read from STEADYMIX_CUSTOMER_SECRET
  --customer-secret-env NAME  read the secret from another environment variable
  --services FILE             the payload, as JSON: {"cloudTranscoder": {…}}
  --uids A,B                  the output uids of the primary
  --backup-uids A,B           the output uids of the backup
  --instance-id NAME          what the instanceIds begin with (default steadymix-demo)
  --area AREA                 china, north-america, europe or asia-pacific (default north-america)
  --snapshot FILE             kept there, and gone on with when the file is there (default steadymix-demo.snapshot)
`;

export interface DemoFlags {
  kind: "demo";
  speed: number;
  seed: number;
}

export interface RealFlags {
  kind: "real";
  appId: string;
  customerId: string;
  customerSecret: string;
  services: Services;
  uids: number[];
  backupUids: number[];
  instanceId: string;
  area: Area;
  snapshot: string;
}

const AREAS: readonly Area[] = ["china", "north-america", "europe", "asia-pacific"];

export function readFlags(args: string[], env: NodeJS.ProcessEnv): DemoFlags | RealFlags | "help" {
  const text = { type: "string" } as const;
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
  const needed = (name: "customer-id" | "services" | "uids" | "backup-uids"): string => {
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

function number(flag: string, value: string, least: number, most: number): number {
  const parsed = Number(value);
  if (value.trim() !== "" && parsed >= least && parsed <= most) return parsed;
  throw new Error(`--${flag} is ${JSON.stringify(value)}, but must be from ${least} to ${most}`);
}

function list(flag: string, value: string): number[] {
  return value.split(",").map((uid) => number(flag, uid, 1, 4_294_967_295));
}

function readServices(file: string): Services {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Services;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`--services is ${JSON.stringify(file)}, but must be a file with JSON (${why})`);
  }
}
