/** Broadcasts in the real runtime, driven by alarms, against the emulator. */
import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { LaneOptions, Quota, Services } from "steadymix";
import { AppQuota, Broadcast, type BroadcastEntry, type BroadcastStatus } from "steadymix/cloudflare";
import { FAULTS, inputChannelsOf, tasksOf } from "steadymix/emulator/scenarios";
import { afterEach, describe, expect, test, vi } from "vitest";
import { SHOW_LANES, showServices } from "../emulator/js/payload.ts";
import { freshEmulator, NOTIFICATION_SECRET, onCalls } from "./service.ts";
import { configOf, freshId, Show } from "./world.ts";

// A broadcast left by a failed test must not reach the emulator of the next one.
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const living = (emulator: ReturnType<typeof freshEmulator>) =>
  emulator.state().tasks.flatMap(({ live, taskId }) => (live ? [taskId] : []));

test("starts, is confirmed and monitored, stops, and emits the events", async () => {
  const emulator = freshEmulator();
  const show = await Show.start();
  expect((await show.status()).state).toBe("starting");
  await show.running();
  expect(await show.status()).toMatchObject({ state: "live", onAir: { lane: "primary", channel: "show", uid: 9001 } });
  const queries = emulator.state().stats.calls.query ?? 0;
  await expect.poll(() => emulator.state().stats.calls.query ?? 0, { timeout: 10_000 }).toBeGreaterThan(queries + 1);
  expect((await show.stub.stop())?.state).toBe("stopping");
  await show.state("ended");
  expect(await show.status()).toMatchObject({ onAir: null, lanes: [{ state: "stopped" }, { state: "stopped" }] });
  expect(living(emulator)).toEqual([]);
  expect(await show.events()).toEqual(
    expect.arrayContaining(["launching", "created", "confirmed", "onAir", "stopped"]),
  );
});

test("a repeated start changes nothing; with other settings, or after the end, it is refused", async () => {
  const emulator = freshEmulator();
  const show = await Show.start();
  const again = await Promise.all([1, 2, 3].map(() => show.stub.start(configOf(show.id))));
  expect(again.map(({ ok }) => ok)).toEqual([true, true, true]);
  const reversed: typeof configOf = (id) =>
    JSON.parse(JSON.stringify(configOf(id)), (_, value) =>
      value?.constructor === Object ? Object.fromEntries(Object.entries(value).reverse()) : value,
    );
  expect(Object.keys(reversed(show.id))).not.toEqual(Object.keys(configOf(show.id)));
  expect(await show.stub.start(reversed(show.id)), "whatever the order").toMatchObject({ ok: true });
  await show.running();
  expect(emulator.state().tasks.length).toBe(2);
  const other = await show.stub.start(configOf(show.id, { restart: "always" }));
  expect(other).toMatchObject({ ok: false, error: { code: "ALREADY_STARTED" } });
  await show.stop();
  expect(await show.stub.start(configOf(show.id))).toMatchObject({ ok: false, error: { code: "ENDED" } });
});

test("invalid settings are named, and nothing is stored", async () => {
  const show = new Show("wrong");
  const wrong = await show.stub.start(configOf("wrong", { lanes: [{ name: "primary", uids: [1] }] }));
  expect(wrong).toMatchObject({ ok: false, error: { code: "INVALID_OPTIONS", field: "options.lanes[0].uids" } });
  const misnamed = await show.stub.start(configOf("right"));
  expect(misnamed).toMatchObject({
    ok: false,
    error: { code: "INVALID_OPTIONS", field: "instanceId", value: "right" },
  });
  expect(await show.stub.status()).toBeUndefined();
  expect(await show.stub.stop()).toBeUndefined();
  expect(await runInDurableObject(show.stub, (_, { storage }) => storage.getAlarm())).toBeNull();
});

test("broadcasts with tasks are counted: they share the limits", async () => {
  const quota = env.APP_QUOTA.get(env.APP_QUOTA.idFromName(freshId()));
  const entry = (id: string, tasks: number): BroadcastEntry => ({
    id,
    tasks,
    state: "live",
    onAir: null,
    startedAt: 0,
  });
  expect(await quota.used("a/0")).toBe(0);
  await quota.report(entry("a", 2));
  await quota.report(entry("b", 1));
  await quota.report(entry("c", 0));
  expect(await quota.used("a/0")).toBe(2);
  await quota.remove("a");
  expect(await quota.used("b/0")).toBe(1);
});

test("limits have defaults; a small PCW lowers the default rate", async () => {
  const quota = env.APP_QUOTA.get(env.APP_QUOTA.idFromName(freshId()));
  const standard = { callsPerSecond: 7, burst: 2, pcw: 5 };
  for (const [QUOTA, limits] of [
    [undefined, standard],
    [{}, standard],
    [{ burst: 3 }, { ...standard, burst: 3 }],
    [{ callsPerSecond: null, burst: undefined, pcw: null } as unknown as Quota, standard],
    ...[
      [5, 1],
      [30, 3],
      [69, 6],
      [70, 7],
      [1_000, 7],
    ].map(([pcw = 0, callsPerSecond = 0]) => [{ pcw }, { ...standard, pcw, callsPerSecond }] as const),
    [
      { pcw: 30, callsPerSecond: 9 },
      { ...standard, pcw: 30, callsPerSecond: 9 },
    ],
  ] as const)
    await runInDurableObject(quota, async (_, state) => {
      const made = new AppQuota(state, { ...env, QUOTA: QUOTA as Quota });
      expect(made.status().limits, JSON.stringify(QUOTA)).toEqual(limits);
    });
});

test("invalid limits stop no broadcast: the defaults replace them", async () => {
  const logged = vi.spyOn(console, "error").mockReturnValue();
  const quota = env.APP_QUOTA.get(env.APP_QUOTA.idFromName(freshId()));
  for (const QUOTA of [{ burst: 1 }, { qps: 7 }, "7"] as object[]) {
    await runInDurableObject(quota, async (_, state) => {
      const misconfigured = new AppQuota(state, { ...env, QUOTA });
      expect((await misconfigured.status()).limits).toEqual({ callsPerSecond: 7, burst: 2, pcw: 5 });
      await expect.poll(() => misconfigured.acquirePermit("show/0", "query"), { timeout: 5_000 }).toBe(0);
    });
    expect(logged.mock.lastCall?.join(" ")).toMatch(/QUOTA\S* is .*, but must be/);
  }
});

test("a permit reserved for a Create that never comes is withdrawn at the lane's next call", async () => {
  const quota = env.APP_QUOTA.get(env.APP_QUOTA.idFromName(freshId()));
  await runInDurableObject(quota, async (_, state) => {
    const ours = new AppQuota(state, { ...env, QUOTA: { callsPerSecond: 7, burst: 2, pcw: 10_000 } });
    await expect.poll(() => ours.acquirePermit("first/0", "query"), { timeout: 5_000 }).toBe(0);
    for (let i = 0; i < 10; i += 1) {
      await expect.poll(() => ours.acquirePermit(`show-${i}/0`, "acquireAndCreate"), { timeout: 5_000 }).toBe(0);
      await expect.poll(() => ours.acquirePermit(`show-${i}/0`, "delete"), { timeout: 5_000 }).toBe(0);
    }
    await expect.poll(() => ours.acquirePermit("last/0", "acquireAndCreate"), { timeout: 5_000 }).toBe(0);
  });
});

test("calls that are sent long after their permits do not exceed the limit", { timeout: 60_000 }, async () => {
  const quota = env.APP_QUOTA.get(env.APP_QUOTA.idFromName(freshId()));
  await runInDurableObject(quota, async (_, state) => {
    const ours = new AppQuota(state, { ...env, QUOTA: { callsPerSecond: 7, burst: 2, pcw: 10_000 } });
    const left: number[] = [];
    const end = async (who: string, lateMs: number) => {
      for (let wait = 1; wait > 0; ) {
        wait = await ours.acquirePermit(who, "delete");
        await scheduler.wait(wait);
      }
      await scheduler.wait(lateMs);
      left.push(Date.now());
      ours.used(who);
    };
    // Later permits are used sooner: if calls counted from their permits, twice as many would be sent at once.
    await Promise.all(Array.from({ length: 50 }, (_, i) => end(`show-${i}/0`, 900 - 100 * (i % 10))));
    left.sort((a, b) => a - b);
    const inASecond = left.map((at, i) => left.slice(i).filter((other) => other < at + 1000).length);
    expect(Math.max(...inASecond)).toBeLessThanOrEqual(9);
    expect(left.length).toBe(50);
  });
});

test("a clock that is set back delays neither permits nor viewers' reports", async () => {
  let setTo = 0;
  const { now } = Date;
  vi.spyOn(Date, "now").mockImplementation(() => now() + setTo);
  const quota = env.APP_QUOTA.get(env.APP_QUOTA.idFromName(freshId()));
  await runInDurableObject(quota, async (_, state) => {
    const ours = new AppQuota(state, { ...env, QUOTA: { callsPerSecond: 7, burst: 2, pcw: 10_000 } });
    setTo = -3_600_000;
    await expect.poll(() => ours.acquirePermit("show/0", "query"), { timeout: 5_000 }).toBe(0);
    setTo *= 2;
    for (let i = 0; i < 10; i += 1) expect(await ours.acquirePermit(`show-${i}/0`, "query")).toBe(0);
  });
  setTo = 0;
  freshEmulator();
  const show = await Show.start();
  await show.running();
  setTo = 3_600_000;
  expect(await show.stub.handleReport({ type: "gone", uid: 9001 })).toBe("taken");
  setTo = 0;
  await expect.poll(() => show.stub.handleReport({ type: "gone", uid: 9001 }), { timeout: 5_000 }).toBe("taken");
  await show.stop();
});

test("invalid numbers among the options are named", async () => {
  const broadcast = new Show(freshId()).stub;
  const allowed = {
    viewersPerObject: "an integer from 1 to 32768",
    maxConnectionsPerToken: "an integer from 1 to 32768",
    historyLength: "an integer from 0 to 1000000",
    retentionMs: "0, or from 3600000 to 315360000000 ms",
    reportIntervalMs: "0, or from 100 to 86400000 ms",
  };
  await runInDurableObject(broadcast, (_, state) => {
    const make = (options: object) => () => new Broadcast(state, env, options);
    for (const [name, value] of [
      ["viewersPerObject", 0],
      ["viewersPerObject", 2.5],
      ["maxConnectionsPerToken", 0],
      ["historyLength", -1],
      ["historyLength", Number.NaN],
      ["historyLength", "1000"],
      ["retentionMs", Number.POSITIVE_INFINITY],
      ["retentionMs", "7 days"],
      ["reportIntervalMs", -1],
    ] as const) {
      const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
      const error = { code: "INVALID_OPTIONS", field: `options.${name}`, value: shown, allowed: allowed[name] };
      expect(make({ [name]: value })).toThrow(expect.objectContaining(error));
    }
    const inSeconds = "0, or from 3600000 to 315360000000 ms: did you mean 604800000 ms (604800 s)?";
    expect(make({ retentionMs: 604_800 })).toThrow(expect.objectContaining({ allowed: inSeconds }));
    const least = { viewersPerObject: 1, historyLength: 0, retentionMs: 3_600_000, reportIntervalMs: 100 };
    for (const [name, value] of Object.entries(least)) expect(make({ [name]: value })).not.toThrow();
    expect(make({ retentionMs: 0, reportIntervalMs: 0 })).not.toThrow();
  });
});

test("lanes that wait for their launch count against the PCW, and are reported before the first call", async () => {
  freshEmulator();
  const { report, acquirePermit } = AppQuota.prototype;
  const reports: number[] = [];
  let asked = 0;
  let reportsBefore = 0;
  let mayGo = false;
  vi.spyOn(AppQuota.prototype, "report").mockImplementation(function (this: AppQuota, entry) {
    reports.push(entry.tasks);
    report.call(this, entry);
  });
  vi.spyOn(AppQuota.prototype, "acquirePermit").mockImplementation(async function (this: AppQuota, who, call) {
    asked += 1;
    if (asked === 1) reportsBefore = reports.length;
    return mayGo ? acquirePermit.call(this, who, call) : 50;
  });
  const show = await Show.start();
  await expect.poll(() => asked, { timeout: 5_000 }).toBeGreaterThan(4);
  expect([reportsBefore, reports]).toEqual([1, [2]]);
  mayGo = true;
  await show.running();
  expect(new Set(reports)).toEqual(new Set([2]));
  await show.stop();
  await expect.poll(() => reports.at(-1)).toBe(0);
});

test("an update reaches running tasks; an invalid one is refused", async () => {
  const emulator = freshEmulator();
  const show = await Show.start();
  await show.running();
  const { services } = configOf("x");
  const via = (how: string) => ["primary", "backup"].map((lane) => ({ lane, via: how }));
  services.cloudTranscoder.config.transcoder.outputs[0] = {
    ...services.cloudTranscoder.config.transcoder.outputs[0],
    audioOption: { profileType: "AUDIO_PROFILE_SPEECH_STANDARD" },
  };
  expect(await show.stub.update(services)).toMatchObject({ ok: true, value: { updates: via("update") } });
  await expect.poll(() => emulator.state().stats.calls.update).toBe(2);
  // A running task cannot be changed in this way: each lane in turn gets a new task.
  services.cloudTranscoder.config.transcoder.idleTimeout = 600;
  expect(await show.stub.update(services)).toMatchObject({ ok: true, value: { updates: via("relaunch") } });
  const renewed = () => emulator.state().tasks.filter((task) => task.live && task.idleTimeoutMs === 600_000);
  await expect.poll(() => renewed().length, { timeout: 30_000 }).toBe(2);
  services.cloudTranscoder.config.transcoder.idleTimeout = 0;
  expect(await show.stub.update(services)).toMatchObject({ ok: false, error: { code: "INVALID_TASK" } });
  await show.stop();
});

test("the current payload is shown without its secrets, which an update keeps", async () => {
  const emulator = freshEmulator();
  const bodies: string[] = [];
  onCalls((_number, moment, body) => {
    if (moment === "before") bodies.push(body);
    return false;
  });
  const services = showServices();
  const { transcoder } = services.cloudTranscoder.config;
  const secrets = ["rtmp://media.example/live/k3y-of-the-media", "salt-of-the-show", "s1gn", "t0ken-of-mine", "c00kie"];
  transcoder.videoInputs?.push({
    streamUrl: secrets[0] ?? "",
    region: { x: 0, y: 0, width: 320, height: 180, zOrder: 3 },
  });
  transcoder.encryption = { mode: "aes", encryptionSalt: secrets[1] };
  const [, , sign, token, cookie] = secrets;
  Object.assign(transcoder, {
    canvas: { width: 1280, height: 720, color: 0, backgroundImage: `https://i.example/b.png?${sign}` },
  });
  Object.assign(transcoder, { tokens: [token, { authorization: `Basic ${token}` }], cookie });
  const show = await Show.start({ services });
  await show.running();
  const shownNow = async () => (await show.status()).services as Services;
  const shown = await shownNow();
  const seen = shown.cloudTranscoder.config.transcoder;
  expect(seen).toMatchObject({ idleTimeout: 300, outputs: transcoder.outputs });
  const [mark] = String((seen as { cookie?: string }).cookie).split(".");
  expect(mark).toMatch(/^\*{3}[0-9a-f]{8}$/);
  const at = `${mark}.cloudTranscoder.config.transcoder`;
  expect(seen).toMatchObject({ encryption: `${at}.encryption`, tokens: `${at}.tokens`, cookie: `${at}.cookie` });
  expect(seen.canvas).toMatchObject({ backgroundImage: `https://i.example/b.png?${at}.canvas.backgroundImage` });
  for (const secret of secrets) expect(JSON.stringify(await show.status())).not.toContain(secret);
  // The media file has moved in the list.
  seen.videoInputs?.unshift({
    rtc: { rtcChannel: "studio", rtcUid: 2 },
    region: { x: 0, y: 0, width: 320, height: 180, zOrder: 4 },
  });
  seen.idleTimeout = 600;
  bodies.length = 0;
  expect(await show.stub.update(shown)).toMatchObject({ ok: true });
  const renewed = () => emulator.state().tasks.filter((task) => task.live && task.idleTimeoutMs === 600_000);
  await expect.poll(() => renewed().length, { timeout: 30_000 }).toBe(2);
  const updates = bodies.filter((body) => body.includes('"idleTimeout":600'));
  expect(updates.length).toBeGreaterThanOrEqual(2);
  for (const body of updates) {
    for (const secret of secrets) expect(body).toContain(secret);
    expect(body).not.toContain("***");
  }
  expect((await shownNow()).cloudTranscoder.config.transcoder.idleTimeout).toBe(600);
  transcoder.videoInputs?.push({ streamUrl: "***.made.up" });
  const field = "services.cloudTranscoder.config.transcoder.videoInputs[2].streamUrl";
  expect(await show.stub.update(services)).toMatchObject({ ok: false, error: { code: "INVALID_TASK", field } });
  await show.stop();
  expect((await show.status()).services).toBeNull();
});

test("payloads that differ between lanes are not shown", async () => {
  freshEmulator();
  const [primary, backup] = SHOW_LANES as [LaneOptions, LaneOptions];
  const show = await Show.start({ lanes: [primary, { ...backup, services: showServices(600) }] });
  await show.running();
  expect((await show.status()).services).toBeNull();
  await show.stop();
});

test("a broadcast with a large payload is stored like any other", async () => {
  freshEmulator();
  const services = showServices();
  const { transcoder } = services.cloudTranscoder.config;
  const hosts = Array.from({ length: 90 }, (_, i) => ({
    rtc: { rtcChannel: "studio", rtcUid: 1 + i, rtcToken: "😀".padEnd(12_000, "t") },
  }));
  const [video] = transcoder.videoInputs ?? [];
  transcoder.audioInputs = hosts;
  transcoder.videoInputs = hosts.map((host) => ({ ...video, ...host }));
  // More than a row holds.
  expect(JSON.stringify(services).length).toBeGreaterThan(2_097_152);
  const show = await Show.start({ services, lanes: [{ name: "only", uids: [9001, 9002] }] });
  await show.running();
  await evictDurableObject(show.stub);
  expect((await show.status()).state).toBe("live");
  await show.stop();
});

test("warnings are those of the last payload", async () => {
  freshEmulator();
  const show = await Show.start();
  await show.running();
  expect(await show.stub.status()).toMatchObject({ warnings: [] });
  const { services } = configOf("x");
  const { transcoder } = services.cloudTranscoder.config;
  transcoder.idleTimeout = 30;
  const ofEachLane = Array(2).fill({ field: "services.cloudTranscoder.config.transcoder.idleTimeout" });
  expect(await show.stub.update(services)).toMatchObject({ ok: true, value: { warnings: ofEachLane } });
  expect(await show.stub.status()).toMatchObject({ warnings: ofEachLane });
  transcoder.idleTimeout = 300;
  expect(await show.stub.update(services)).toMatchObject({ ok: true, value: { warnings: [] } });
  await show.stop();
});

describe("every fault of the demonstration", () => {
  test.each(FAULTS.map(({ name }) => name))("%s", async (name) => {
    // Only the notification that names the task reveals that a Create that timed out was executed.
    const emulator = freshEmulator(name === "createTimesOut" ? { notifications: { secret: NOTIFICATION_SECRET } } : {});
    const show = await Show.start();
    await show.running();
    const fault = FAULTS.find((fault) => fault.name === name);
    const onAir = (await show.status()).onAir?.uid ?? 0;
    const inputChannels = inputChannelsOf(tasksOf(show.id, emulator.state().tasks));
    expect(inputChannels).toEqual(["studio"]);
    for (const command of fault?.commands({ onAir: { uid: onAir }, inputChannels }, 1500) ?? []) {
      emulator.control(command);
    }
    if (fault?.kills) await show.until(({ onAir: now }) => now !== null && now.uid !== onAir);
    await scheduler.wait(1500);
    emulator.control({ type: "clearRules" });
    emulator.control({ type: "hosts", channel: "studio", present: true });
    await show.running();
    expect(emulator.state().overlaps).toEqual([]);
    await show.stop();
    expect(living(emulator)).toEqual([]);
  });
});

describe("evictions, kills and alarms", () => {
  test("evicted again and again, it continues", async () => {
    const emulator = freshEmulator();
    const show = new Show(freshId());
    let evictions = 0;
    await play(show, emulator, async () => {
      evictions += 1;
      await evictDurableObject(show.stub);
    });
    expect(evictions).toBeGreaterThan(5);
    expect(emulator.state().overlaps).toEqual([]);
    expect(living(emulator)).toEqual([]);
  });

  test.each(["before", "after"] as const)(
    "killed %s each call in turn, it neither loses nor duplicates a task",
    { timeout: 240_000 },
    async (moment) => {
      let calls = 0;
      for (let fatal = 0; fatal <= calls; fatal += 1) {
        const emulator = freshEmulator();
        const show = new Show(freshId());
        // The first run only counts the calls.
        onCalls((number, at) => {
          if (fatal === 0) calls = number;
          return at === moment && number === fatal;
        });
        await play(show, emulator, () => show.ring());
        expect(emulator.state().overlaps, `call ${fatal}`).toEqual([]);
        expect(living(emulator), `call ${fatal}`).toEqual([]);
      }
      expect(calls).toBeGreaterThan(10);
    },
  );

  test("late, repeated or continuous alarms change nothing", async () => {
    const emulator = freshEmulator();
    const show = new Show(freshId());
    let turn = 0;
    await play(show, emulator, async () => {
      turn += 1;
      if (turn % 3 === 0) await show.delayAlarm(300);
      else await Promise.all([show.ring(), show.ring()]);
    });
    expect(emulator.state().tasks.length).toBe(3);
    expect(emulator.state().overlaps).toEqual([]);
    expect(living(emulator)).toEqual([]);
  });

  test("an end that the list missed is reported again, and frees the PCW", async () => {
    freshEmulator();
    const { report } = AppQuota.prototype;
    const reports: [string, number][] = [];
    let lost = 0;
    vi.spyOn(AppQuota.prototype, "report").mockImplementation(function (this: AppQuota, entry) {
      if (entry.state === "ended" && lost++ === 0) throw new Error("lost");
      report.call(this, entry);
      reports.push([entry.state, entry.tasks]);
    });
    vi.spyOn(console, "error").mockImplementation(() => {});
    const show = await Show.start();
    await show.running();
    await show.stop();
    await expect.poll(() => lost).toBe(1);
    expect(reports.at(-1)?.[0]).not.toBe("ended");
    await evictDurableObject(show.stub);
    await expect.poll(() => reports.at(-1), { timeout: 5000 }).toEqual(["ended", 0]);
    await forgotten(show);
  });

  test("a report whose answer was lost is repeated, even if the entry changes back", async () => {
    const emulator = freshEmulator();
    const { report } = AppQuota.prototype;
    let lost = 0;
    vi.spyOn(AppQuota.prototype, "report").mockImplementation(function (this: AppQuota, entry) {
      report.call(this, entry);
      if (entry.tasks === 3 && lost++ === 0) throw new Error("the answer is lost");
    });
    vi.spyOn(console, "error").mockImplementation(() => {});
    const show = await Show.start();
    await show.running();
    // Three tasks while the backup is replaced, then two again.
    emulator.control({ type: "fail", uid: 9101, recovers: false });
    await expect.poll(() => lost, { timeout: 10_000 }).toBeGreaterThan(0);
    await show.until(({ lanes }) => lanes[1]?.uid === 9102 && lanes[1].tasks.length === 1);
    const quota = env.APP_QUOTA.get(env.APP_QUOTA.idFromName(env.AGORA_APP_ID));
    const listed = async () => (await quota.broadcasts()).find(({ id }) => id === show.id);
    await expect.poll(listed, { timeout: 5_000 }).toMatchObject({ state: "live", tasks: 2 });
    await show.stop();
  });

  test("a command while the end is reported does not store the snapshot, with its tokens, again", async () => {
    const emulator = freshEmulator();
    emulator.control({ type: "clearRules" });
    emulator.control({ type: "addRule", rule: { call: "create", effect: { type: "answer", status: 400 } } });
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    vi.spyOn(AppQuota.prototype, "report").mockImplementation(async ({ state }) => {
      if (state === "failed") await held;
    });
    const show = await Show.start();
    await show.state("failed");
    expect(await show.stub.stop()).toMatchObject({ state: "failed" });
    const kept = await runInDurableObject(show.stub, (_, { storage }) =>
      storage.sql.exec("SELECT name FROM kept").toArray(),
    );
    expect(kept).toEqual([{ name: "facts" }]);
    goOn();
  });

  test("a broadcast is forgotten completely, even if the object is killed while it deletes its alarm", async () => {
    freshEmulator();
    const show = await Show.start();
    await show.running();
    await runInDurableObject(show.stub, (_, { storage }) => {
      vi.spyOn(storage, "deleteAlarm").mockReturnValue(new Promise(() => {}));
    });
    await show.stop();
    await forgotten(show);
  });

  test("a broadcast is forgotten after retentionMs", async () => {
    freshEmulator();
    const show = await Show.start();
    await show.running();
    await show.stop();
    expect(await show.ring()).toBe(true);
    expect((await show.status()).state).toBe("ended");
    await forgotten(show);
    expect(await runInDurableObject(show.stub, async (_, { storage }) => [...(await storage.list()).keys()])).toEqual(
      [],
    );
  });
});

/** Lets `retentionMs` pass and runs the alarm, until the broadcast is forgotten. */
async function forgotten(show: Show): Promise<void> {
  const { now } = Date;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + 3_600_000);
  const isKept = async () => {
    await runInDurableObject(show.stub, (_, { storage }) => storage.setAlarm(1));
    return show.stub.status();
  };
  await expect.poll(isKept, { timeout: 5000 }).toBeUndefined();
  clock.mockRestore();
}

/**
 * Launches two lanes, loses the primary, waits for its replacement, and stops, while something keeps happening to the object.
 */
async function play(
  show: Show,
  emulator: ReturnType<typeof freshEmulator>,
  interfere: () => Promise<unknown>,
): Promise<void> {
  const isUp = ({ lanes }: BroadcastStatus) => lanes.every(({ state }) => state === "running");
  await insist(async () => expect(await show.stub.start(configOf(show.id))).toMatchObject({ ok: true }));
  await show.until(isUp, interfere);
  emulator.control({ type: "kill", uid: 9001 });
  await show.until((status) => isUp(status) && status.lanes[0]?.uid === 9002, interfere);
  await insist(() => show.stub.stop());
  await show.until(({ state }) => state === "ended", interfere);
}

/** Repeats a call that failed because its object was killed. */
async function insist(act: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await act();
      return;
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}
