/** `steadymix demo`: a scripted series of faults, in the terminal. */
import { Emulator } from "../../emulator/index.inline.js";
import { SAMPLE_LANES, sampleServices } from "../../emulator/scenarios.js";
import { RedundancyGroup, type Services, type SteadymixEvent } from "../../index.inline.js";
import type { Io } from "../command.js";
import { DAY, type Story } from "../demo/day.js";
import { integer, number, parse } from "../flags.js";
import { isColoured, Screen } from "../timeline/screen.js";
import { Tally } from "../timeline/tally.js";

export const summary = "faults in fast motion: a timeline of how a broadcast survives them; needs no account";

export const help = `Keeps a primary and a backup task on air through a series of faults, and prints what happens. An emulator answers
in place of the service: no account and no network are needed. Exit code 1: a task was orphaned.

  steadymix demo [--speed 20] [--seed 1]

  --speed N   the speed of the emulator's clock relative to real time: 1 to 1000 (default 20)
  --seed N    the seed of the emulator's random numbers: an integer from 0 (default 1)`;

const SECRET = "demo-secret";
/** How often notifications are delivered, in simulated ms. */
const DELIVERY_MS = 100;

export async function run(args: string[], io: Io): Promise<number> {
  const { values } = parse({
    args,
    options: { speed: { type: "string", default: "20" }, seed: { type: "string", default: "1" } },
  });
  const speed = number("speed", values.speed, 1, 1000);
  const seed = integer("seed", values.seed, 0, Number.MAX_SAFE_INTEGER);

  const emulator = new Emulator({ seed, notifications: { secret: SECRET } }, speed);
  const screen = new Screen(emulator.now(), io.print, isColoured(io.env));
  const tally = new Tally();
  const waiting = new Set<(event: SteadymixEvent) => void>();
  const group = new RedundancyGroup(
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
      fetch: emulator.fetch,
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
      const uid = group.status().onAir?.uid;
      const isLive = emulator.state().tasks.some((task) => task.live && task.uid === uid);
      if (uid === undefined || !isLive) return;
      tally.wentDark(emulator.now());
      emulator.control({ type: "kill", uid });
    },
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, emulator.real(ms))),
  };
  const deliveries = setInterval(() => {
    for (const { body, signature, signatureV2 } of emulator.takeNotifications())
      group.handleNotification(body, { "agora-signature": signature, "agora-signature-v2": signatureV2 });
  }, emulator.real(DELIVERY_MS));
  const interrupted = new Promise<never>((_, reject) => {
    io.stop.addEventListener("abort", () => reject(io.stop.reason));
  });
  try {
    screen.title(`Keeping a primary and a backup task alive through faults (${speed}× real time)`);
    await Promise.race([play(group, emulator, story, screen), interrupted]);
  } finally {
    clearInterval(deliveries);
    group.dispose();
  }
  const { tasks, overlaps, stats } = emulator.state();
  const living = tasks.filter(({ live }) => live).length;
  const onAir = tally.onAirPercent(emulator.now());
  screen.summary([
    ["launches", String(tally.launches)],
    ["retries", String(tally.retries)],
    ["changes of uid", String(tally.uidSwitches)],
    ["changes of domain", String(tally.domainSwitches)],
    ["changes of the output on air", String(tally.onAirMoves)],
    ["time on air", `${onAir.toFixed(2)} %, with three killed tasks`, onAir > 90],
    ["most calls in one second", `${stats.mostInASecond} of 10`, stats.mostInASecond <= 10],
    ["two tasks on one uid", String(overlaps.length), overlaps.length === 0],
    ["orphaned tasks", String(living), living === 0],
  ]);
  return living === 0 && overlaps.length === 0 ? 0 : 1;
}

async function play(group: RedundancyGroup, emulator: Emulator, story: Story, screen: Screen): Promise<void> {
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

function withLayout(services: Services): Services {
  const second = {
    rtc: { rtcChannel: "studio", rtcUid: 2 },
    region: { x: 960, y: 0, width: 320, height: 180, zOrder: 3 },
  };
  services.cloudTranscoder.config.transcoder.videoInputs?.push(second);
  return services;
}
