/** `npm run demo`. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isSteadymixError, RedundancyGroup, type Services, type SteadymixEvent } from "steadymix";
import { SAMPLE_LANES, sampleServices } from "steadymix/emulator/scenarios";
import { loopbackFetch } from "../../tests/emulator/js/loopbackFetch.ts";
import { startServer } from "../../tests/emulator/js/server.ts";
import { DAY, type Story } from "./day.ts";
import { type DemoFlags, HELP, type RealFlags, readFlags } from "./flags.mjs";
import { Screen } from "./screen.ts";
import { Tally } from "./tally.ts";

const SECRET = "demo-secret";
const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;
const write = (line: string) => console.log(line);

async function demo({ speed, seed }: DemoFlags): Promise<boolean> {
  let group: RedundancyGroup | undefined;
  const webhook = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      group?.handleNotification(body, request.headers);
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  const server = await startServer({
    speed,
    profile: { seed, authorization: `Basic ${btoa("demo:demo")}`, notifications: { secret: SECRET } },
    webhook: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}`,
  });
  const { emulator } = server;
  const screen = new Screen(emulator.now(), write, coloured);
  const tally = new Tally();
  const waiting = new Set<(event: SteadymixEvent) => void>();
  group = new RedundancyGroup(
    {
      appId: "demo",
      instanceId: "show",
      services: sampleServices(),
      lanes: SAMPLE_LANES,
      policy: { monitorIntervalMs: 30_000 },
    },
    {
      customerId: "demo",
      customerSecret: "demo",
      fetch: loopbackFetch(server.url),
      notificationSecret: SECRET,
      now: () => emulator.now(),
      timeScale: speed,
      rtcToken: (uid, channel) => `demo-token-of-${uid}-in-${channel}`,
      onEvent: (event) => {
        screen.event(event);
        tally.take(event);
        for (const take of waiting) take(event);
      },
    },
  );
  const broadcast = group;
  const story: Story = {
    next: (matches) =>
      new Promise((resolve) => {
        const take = (event: SteadymixEvent) => {
          if (!matches(event)) return;
          waiting.delete(take);
          resolve(event);
        };
        waiting.add(take);
      }),
    killOnAir: () => {
      const uid = broadcast.status().onAir?.uid;
      const isLive = emulator.state().tasks.some((task) => task.live && task.uid === uid);
      if (uid === undefined || !isLive) return;
      tally.wentDark(emulator.now());
      emulator.control({ type: "kill", uid });
    },
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, emulator.real(ms))),
  };

  screen.title(`Keeping a primary and a backup task alive through faults (${speed}× real time)`);
  const outcome = play(broadcast, emulator, story, screen);
  await outcome;
  const state = emulator.state();
  const living = state.tasks.filter(({ live }) => live).length;
  const onAir = tally.onAirPercent(emulator.now());
  screen.summary([
    ["launches", String(tally.launches)],
    ["retries", String(tally.retries)],
    ["changes of uid", String(tally.uidSwitches)],
    ["changes of domain", String(tally.domainSwitches)],
    ["changes of the output on air", String(tally.onAirMoves)],
    ["time on air", `${onAir.toFixed(2)} %, with three killed tasks`, onAir > 90],
    ["most calls in one second", `${state.stats.mostInASecond} of 10`, state.stats.mostInASecond <= 10],
    ["two tasks on one uid", String(state.overlaps.length), state.overlaps.length === 0],
    ["orphaned tasks", String(living), living === 0],
  ]);
  webhook.close();
  webhook.closeAllConnections();
  await server.close();
  return living === 0 && state.overlaps.length === 0;
}

async function play(
  group: RedundancyGroup,
  emulator: Parameters<(typeof DAY)[number]["play"]>[0],
  story: Story,
  screen: Screen,
): Promise<void> {
  let outcome: Promise<unknown> | undefined;
  for (const [i, act] of DAY.entries()) {
    screen.act(i + 1, act.title, act.what);
    const played = act.play(emulator, story);
    outcome ??= group.run();
    await Promise.race([played, outcome]);
    await story.pass(10_000);
  }
  const updated = story.next(({ type }) => type === "updated");
  group.update(withLayout(sampleServices()));
  await updated;
  group.stop();
  await outcome;
}

async function real(flags: RealFlags): Promise<boolean> {
  const screen = new Screen(Date.now(), write, coloured);
  const tally = new Tally();
  const env = {
    customerId: flags.customerId,
    customerSecret: flags.customerSecret,
    persist: (snapshot: string) => {
      // Private, because it contains tokens. Written atomically.
      writeFileSync(`${flags.snapshot}.new`, snapshot, { mode: 0o600 });
      renameSync(`${flags.snapshot}.new`, flags.snapshot);
    },
    onEvent: (event: SteadymixEvent) => {
      screen.event(event);
      tally.take(event);
    },
  };
  const group = existsSync(flags.snapshot)
    ? RedundancyGroup.restore(readFileSync(flags.snapshot, "utf8"), env)
    : new RedundancyGroup(
        {
          appId: flags.appId,
          instanceId: flags.instanceId,
          services: flags.services,
          area: flags.area,
          lanes: [
            { name: "primary", uids: flags.uids },
            { name: "backup", uids: flags.backupUids },
          ],
        },
        env,
      );
  screen.title("A primary and a backup task on the real service; Ctrl-C or SIGTERM ends them");
  for (const { field, message } of group.warnings) screen.line(`warning: ${field}: ${message}`);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => group.stop());
  const outcome = await group.run();
  rmSync(flags.snapshot, { force: true });
  screen.summary([
    ["launches", String(tally.launches)],
    ["retries", String(tally.retries)],
    ["changes of uid", String(tally.uidSwitches)],
    ["time on air", `${tally.onAirPercent(Date.now()).toFixed(2)} %`],
    ["orphaned tasks", String(tally.orphaned), tally.orphaned === 0],
  ]);
  return outcome.type !== "failed" && tally.orphaned === 0;
}

function withLayout(services: Services): Services {
  const second = {
    rtc: { rtcChannel: "studio", rtcUid: 2 },
    region: { x: 960, y: 0, width: 320, height: 180, zOrder: 3 },
  };
  services.cloudTranscoder.config.transcoder.videoInputs?.push(second);
  return services;
}

try {
  const flags = readFlags(process.argv.slice(2), process.env);
  if (flags === "help") write(HELP);
  else if (!(await (flags.kind === "demo" ? demo(flags) : real(flags)))) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(isSteadymixError(error) ? `${error.code}: ${error.message}` : error.message);
  process.exitCode = 2;
}
