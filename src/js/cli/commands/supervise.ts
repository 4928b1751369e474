/** `steadymix supervise`: keeps a broadcast of the real service on air. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type Area, RedundancyGroup, type Services, type SupervisorEnv } from "../../index.inline.js";
import type { Io } from "../command.js";
import { loopbackFetch } from "../emulator/loopbackFetch.js";
import { integer, jsonObject, messageOf, number, parse, secret, UsageError, wrong } from "../flags.js";
import { lock } from "../lock.js";
import { isColoured, Screen } from "../timeline/screen.js";
import { Tally } from "../timeline/tally.js";

export const summary = "keeps a broadcast of the real service on air, with its state in a file";

export const help = `Keeps a Cloud Transcoding task, or a primary and a backup, on air until Ctrl-C or SIGTERM, which delete the tasks. Every
task is billed. If the process is killed, the same command resumes from its state: no task is forgotten, none is started twice.
Exit code 1: the broadcast failed, or a task was orphaned.

  STEADYMIX_CUSTOMER_SECRET=… steadymix supervise payload.json --app-id ID --customer-id ID --uids 9001,9002

  payload.json                  the payload: {"cloudTranscoder": {…}}. After a change, start the command again to apply it
  --app-id ID                   the project
  --customer-id ID              for the RESTful API
  --uids A,B                    the output uids of the primary, used in turn
  --backup-uids C,D             the output uids of a backup (default: no backup)
  --area AREA                   china, north-america, europe or asia-pacific (default north-america)
  --instance-id NAME            the prefix of the instanceIds, new for each broadcast (default steadymix- and the time)
  --state FILE                  its state, which contains RTC tokens: only its owner can read it (default PAYLOAD.state)
  --json                        prints each event as a line of JSON, and nothing else on the standard output

Secrets come from the environment or from files, because other users of the machine can read command lines:

  --customer-secret-env NAME    the variable with the customer secret (default STEADYMIX_CUSTOMER_SECRET)
  --customer-secret-file FILE   the file with it
  --app-certificate-env NAME    the variable with the App certificate (default STEADYMIX_APP_CERTIFICATE): each launch then gets
                                RTC tokens of its own. Without it, those of the payload are used
  --app-certificate-file FILE   the file with it

Without an account, against a running steadymix emulator:

  --emulator URL                sends all calls to it, for example http://127.0.0.1:8790
  --speed N                     its speed: 0.1 to 10000 (default 1)`;

const AREAS: readonly Area[] = ["china", "north-america", "europe", "asia-pacific"];

export async function run(args: string[], io: Io): Promise<number> {
  const flags = await flagsOf(args, io.env);
  await lock(flags.state);
  const screen = flags.isJson ? undefined : new Screen(Date.now(), io.print, isColoured(io.env));
  const tally = new Tally();
  const group = groupOf(flags, {
    ...flags.env,
    persist: (snapshot) => {
      // A crash leaves the old file or the new one.
      writeFileSync(`${flags.state}.new`, snapshot, { mode: 0o600, flush: true });
      renameSync(`${flags.state}.new`, flags.state);
    },
    onEvent: (event) => {
      if (screen) screen.event(event);
      else io.print(JSON.stringify(event));
      tally.take(event);
    },
    onError: (error, callback) => io.warn(`${callback}: ${messageOf(error)}`),
  });
  screen?.title("Ctrl-C or SIGTERM ends the broadcast and deletes its tasks");
  for (const { field, message } of group.warnings) io.warn(`warning: ${field}: ${message}`);
  if (io.stop.aborted) group.stop();
  io.stop.addEventListener("abort", () => group.stop());
  const outcome = await group.run();
  rmSync(flags.state, { force: true });
  screen?.summary([
    ["launches", String(tally.launches)],
    ["retries", String(tally.retries)],
    ["changes of uid", String(tally.uidSwitches)],
    ["time on air", `${tally.onAirPercent(Date.now()).toFixed(2)} %`],
    ["orphaned tasks", String(tally.orphaned), tally.orphaned === 0],
  ]);
  return outcome.type !== "failed" && tally.orphaned === 0 ? 0 : 1;
}

/** The broadcast of the state, with the payload as it is now; or a new one. */
function groupOf({ state, services, lanes, ...flags }: Flags, env: SupervisorEnv): RedundancyGroup {
  if (!existsSync(state)) {
    const { appId, instanceId, area } = flags;
    return new RedundancyGroup({ appId, instanceId, services, area, lanes }, env);
  }
  const group = RedundancyGroup.restore(readFileSync(state, "utf8"), env);
  const known = group.status().lanes.map(({ uids }) => uids.join(","));
  const given = lanes.map(({ uids }) => uids.join(","));
  if (known.join(" ") !== given.join(" "))
    throw new UsageError(
      `--uids and --backup-uids are ${given.join(" and ")}, but must be ${known.join(" and ")}, as in ${state}`,
    );
  group.update(services);
  return group;
}

type Flags = Awaited<ReturnType<typeof flagsOf>>;

async function flagsOf(args: string[], variables: NodeJS.ProcessEnv) {
  const text = { type: "string" } as const;
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      "app-id": text,
      "customer-id": text,
      "customer-secret-env": text,
      "customer-secret-file": text,
      "app-certificate-env": text,
      "app-certificate-file": text,
      uids: text,
      "backup-uids": text,
      "instance-id": text,
      area: { ...text, default: "north-america" },
      state: text,
      json: { type: "boolean", default: false },
      emulator: text,
      speed: text,
    },
  });
  const [payload, ...others] = positionals;
  if (payload === undefined) throw new UsageError("the file with the payload is missing");
  if (others.length > 0) throw new UsageError(`the arguments are ${positionals.join(" ")}, but must be one file`);
  const needed = (name: "app-id" | "customer-id" | "uids") => {
    const value = values[name];
    if (!value) throw new UsageError(`--${name} is missing`);
    return value;
  };
  const appId = needed("app-id");
  const customerId = needed("customer-id");
  const area = AREAS.find((area) => area === values.area);
  if (area === undefined) throw wrong("area", values.area, `one of ${AREAS.join(", ")}`);
  const backup = values["backup-uids"];
  const lanes = [{ name: "primary", uids: uids("uids", needed("uids")) }];
  if (backup !== undefined) lanes.push({ name: "backup", uids: uids("backup-uids", backup) });
  const customerSecret = secret("customer-secret", values, variables, "STEADYMIX_CUSTOMER_SECRET");
  if (customerSecret === undefined)
    throw new UsageError(
      "the environment variable STEADYMIX_CUSTOMER_SECRET must hold the customer secret, or --customer-secret-file name a " +
        "file with it",
    );
  const certificate = secret("app-certificate", values, variables, "STEADYMIX_APP_CERTIFICATE");
  const { emulator, speed } = values;
  if (emulator !== undefined && !/^https?:/.test(emulator)) throw wrong("emulator", emulator, "an http or https URL");
  if (speed !== undefined && emulator === undefined) throw wrong("speed", speed, "used with --emulator");
  const env: SupervisorEnv = {
    customerId,
    customerSecret,
    ...(certificate !== undefined && { rtcToken: await tokensOf(appId, certificate) }),
    ...(emulator !== undefined && { fetch: loopbackFetch(emulator.replace(/\/+$/, "")) }),
    ...(speed !== undefined && { timeScale: number("speed", speed, 0.1, 10_000) }),
  };
  return {
    appId,
    area,
    lanes,
    env,
    services: jsonObject("the payload", payload) as Services,
    instanceId: values["instance-id"] ?? `steadymix-${Date.now().toString(36)}`,
    state: values.state ?? `${payload}.state`,
    isJson: values.json,
  };
}

async function tokensOf(appId: string, certificate: string): Promise<(uid: number, channel: string) => string> {
  const { rtcTokens } = await import("../../rtc-tokens.js");
  const rtcToken = rtcTokens(appId, certificate);
  // Fails at once if they are no App ID and certificate, instead of at each launch.
  rtcToken(1, "channel");
  return rtcToken;
}

function uids(flag: string, value: string): number[] {
  return value.split(",").map((uid) => integer(flag, uid, 1, 4_294_967_295));
}
