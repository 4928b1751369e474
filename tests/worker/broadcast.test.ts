/** A broadcast's object in simulated time: its methods, its alarm, and when it stores its state. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { RedundancyGroup, type Services, type SteadymixEvent } from "steadymix";
import { AppQuota, Broadcast, type BroadcastStartOptions, type BroadcastStatus, Relay } from "steadymix/cloudflare";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { QUICK } from "./policy.ts";
import { freshEmulator, NOTIFICATION_SECRET } from "./service.ts";
import { listeners, type TestBroadcast } from "./worker.ts";
import { configOf, freshId } from "./world.ts";

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];
/** From the options of `TestBroadcast`. */
const [RETENTION, REPORT_INTERVAL] = [HOUR, 300];

/** A few hours ahead of the real time: otherwise alarms would go off by themselves. */
const START = (Math.floor(Date.now() / MINUTE) + 100) * MINUTE;
let now = START;
const enter = () => vi.mocked(AppQuota.prototype.enter);
const report = () => vi.mocked(AppQuota.prototype.report);
const remove = () => vi.mocked(AppQuota.prototype.remove);

beforeEach(() => {
  now = START;
  vi.spyOn(Date, "now").mockImplementation(() => now);
  vi.spyOn(AppQuota.prototype, "acquirePermit").mockResolvedValue(0);
  vi.spyOn(AppQuota.prototype, "used").mockReturnValue(1);
  vi.spyOn(AppQuota.prototype, "enter").mockReturnValue({ ok: true, value: null });
  vi.spyOn(AppQuota.prototype, "report").mockReturnValue();
  vi.spyOn(AppQuota.prototype, "remove").mockReturnValue();
});
afterEach(() => {
  listeners.clear();
  vi.restoreAllMocks();
});

class Simulated {
  readonly id = freshId();
  readonly emulator = freshEmulator({ answerMs: [0, 0], startUp: { takesMs: [50, 50] } });

  get stub(): DurableObjectStub<TestBroadcast> {
    return env.BROADCAST.get(env.BROADCAST.idFromName(this.id)) as unknown as DurableObjectStub<TestBroadcast>;
  }

  static async started(more: Partial<BroadcastStartOptions> = {}): Promise<Simulated> {
    const broadcast = new Simulated();
    broadcast.emulator.control({ type: "clearRules" });
    expect(await broadcast.stub.start(configOf(broadcast.id, more))).toMatchObject({ ok: true });
    return broadcast;
  }

  static async running(): Promise<Simulated> {
    const broadcast = await Simulated.started();
    await broadcast.until(({ lanes }) => lanes.every(({ state }) => state === "running"));
    return broadcast;
  }

  static async ended(): Promise<Simulated> {
    const broadcast = await Simulated.running();
    await broadcast.stub.stop();
    await broadcast.until(({ state }) => state === "ended");
    return broadcast;
  }

  async status(): Promise<BroadcastStatus> {
    const status = await this.stub.status();
    if (!status) throw new Error(`there is no ${this.id}`);
    return status;
  }

  alarm(): Promise<number | null> {
    return runInDurableObject(this.stub, (_, { storage }) => storage.getAlarm());
  }

  /** Advances the time to the next alarm and runs it. */
  async ring(): Promise<void> {
    now = Math.max(now, (await this.alarm()) ?? 0);
    expect(await runDurableObjectAlarm(this.stub)).toBe(true);
  }

  /** Runs alarms until the condition holds. */
  async until(is: (status: BroadcastStatus) => boolean): Promise<void> {
    for (let alarms = 0; alarms < 300; alarms += 1) {
      if (is(await this.status())) return;
      await this.ring();
    }
    throw new Error(`${this.id} did not reach the expected state: ${JSON.stringify(await this.status())}`);
  }

  kept(): Promise<unknown[]> {
    return runInDurableObject(this.stub, (_, { storage: { sql } }) =>
      sql
        .exec<{ name: string }>("SELECT name FROM kept ORDER BY name")
        .toArray()
        .map(({ name }) => name),
    );
  }

  async types(): Promise<string[]> {
    return (await this.stub.history()).map(({ type }) => type);
  }

  /** The answer to a viewer that connects by WebSocket, or the relay to connect to instead. */
  watch(): Promise<Response> {
    return this.stub.fetch("https://worker.example/watch", { headers: { upgrade: "websocket" } });
  }
}

const refused = (code: string) => ({ ok: false, error: expect.objectContaining({ code }) });
const gone = (uid: number, channel?: string) => ({ type: "gone" as const, uid, ...(channel ? { channel } : {}) });

test("a new broadcast is entered in the list, stored, and due at once", async () => {
  const broadcast = new Simulated();
  const restored = vi.spyOn(RedundancyGroup, "restore");
  const started = await broadcast.stub.start(configOf(broadcast.id));
  expect(started).toMatchObject({
    ok: true,
    value: { id: broadcast.id, state: "starting", startedAt: START, endedAt: null, onAir: null, quotaFailedAt: null },
  });
  const entry = { id: broadcast.id, state: "starting", onAir: null, tasks: 2, startedAt: START };
  expect(enter().mock.calls).toEqual([[entry]]);
  expect(await broadcast.kept()).toEqual(["facts", "snapshot"]);
  expect(await broadcast.alarm()).toBe(START);
  expect(await broadcast.stub.onAirUpdate()).toEqual({ type: "onAir", revision: 0, onAir: null, ended: false });
  await broadcast.ring();
  expect(restored).not.toHaveBeenCalled();
});

test("an evicted object resumes with the same group and status", async () => {
  const broadcast = await Simulated.running();
  const before = await broadcast.status();
  await evictDurableObject(broadcast.stub);
  expect(await broadcast.status()).toEqual(before);
  await broadcast.ring();
  expect(broadcast.emulator.state().tasks.length).toBe(2);
  await broadcast.stub.stop();
  await evictDurableObject(broadcast.stub);
  await broadcast.until(({ state }) => state === "ended");
  const ended = await broadcast.status();
  await evictDurableObject(broadcast.stub);
  expect(await broadcast.status()).toEqual(ended);
});

test("it can be woken: if its alarm was lost, is late, or in any case", async () => {
  const broadcast = await Simulated.running();
  const alarm = (await broadcast.alarm()) ?? 0;
  expect(await broadcast.stub.wake(10 * SECOND)).toBe(false);
  now = alarm + 10 * SECOND;
  expect(await broadcast.stub.wake(10 * SECOND)).toBe(false);
  expect(await broadcast.alarm()).toBe(alarm);
  now += 1;
  expect(await broadcast.stub.wake(10 * SECOND)).toBe(true);
  expect(await broadcast.alarm()).toBe(now);
  await runInDurableObject(broadcast.stub, (_, { storage }) => storage.deleteAlarm());
  expect(await broadcast.stub.wake(10 * SECOND)).toBe(true);
  now -= 1;
  expect(await broadcast.stub.wake()).toBe(true);
  expect(await broadcast.alarm()).toBe(now);
  expect(await new Simulated().stub.wake()).toBe(false);
});

test("alarms drive it until it is on air, which it reports to the list", async () => {
  const broadcast = await Simulated.running();
  expect(await broadcast.status()).toMatchObject({ state: "live", onAir: { lane: "primary", uid: 9001 } });
  const states = report().mock.calls.map(([{ state }]) => state);
  expect([states[0], states.at(-1)]).toEqual(["starting", "live"]);
  expect(await broadcast.types()).toEqual(expect.arrayContaining(["launching", "created", "confirmed", "onAir"]));
  expect((await broadcast.stub.onAirUpdate())?.revision).toBe(1);
  expect((await broadcast.alarm()) ?? 0).toBeGreaterThan(now);
});

test("a failed start stores nothing", async () => {
  const broadcast = new Simulated();
  const disposed = vi.spyOn(RedundancyGroup.prototype, "dispose");
  const misnamed = { field: "instanceId", value: "other", allowed: `${broadcast.id}, the name of the object` };
  expect(await broadcast.stub.start(configOf("other"))).toMatchObject({ ok: false, error: misnamed });
  expect(await broadcast.stub.start(configOf(broadcast.id, { lanes: [] }))).toEqual(refused("INVALID_OPTIONS"));
  expect(disposed).not.toHaveBeenCalled();
  enter().mockReturnValueOnce({ ok: false, error: { code: "PCW_REACHED", message: "full" } });
  expect(await broadcast.stub.start(configOf(broadcast.id))).toEqual(refused("PCW_REACHED"));
  expect(disposed).toHaveBeenCalledTimes(1);
  expect([await broadcast.stub.status(), await broadcast.alarm()]).toEqual([undefined, null]);
});

test("an object without a name accepts any id", async () => {
  const stub = env.BROADCAST.get(env.BROADCAST.newUniqueId());
  expect(await stub.start(configOf(freshId()))).toMatchObject({ ok: true });
});

test("a repeated start changes nothing; with other settings, or after the end, it is refused", async () => {
  const broadcast = await Simulated.running();
  const disposed = vi.spyOn(RedundancyGroup.prototype, "dispose");
  const again = await broadcast.stub.start(configOf(broadcast.id));
  expect(again).toMatchObject({ ok: true, value: { state: "live" } });
  expect(await broadcast.stub.start(configOf(broadcast.id, { restart: "always" }))).toEqual(refused("ALREADY_STARTED"));
  expect([disposed.mock.calls.length, enter().mock.calls.length]).toEqual([2, 1]);
  await broadcast.stub.stop();
  await broadcast.until(({ state }) => state === "ended");
  expect(await broadcast.stub.start(configOf(broadcast.id))).toEqual(refused("ENDED"));
});

test("of two simultaneous starts, one starts the broadcast, and the other is refused with ALREADY_STARTED", async () => {
  const broadcast = new Simulated();
  const disposed = vi.spyOn(RedundancyGroup.prototype, "dispose");
  let resume = () => {};
  const held = new Promise<void>((resolve) => {
    resume = resolve;
  });
  enter().mockImplementation((async () => {
    await held;
    return { ok: true, value: null };
  }) as never);
  const both = [{}, { restart: "always" }] as const;
  const starts = both.map((more) => broadcast.stub.start(configOf(broadcast.id, more)));
  await expect.poll(() => enter().mock.calls.length).toBe(2);
  resume();
  const [first, second] = await Promise.all(starts);
  expect([first?.ok, second?.ok].sort()).toEqual([false, true]);
  expect(first?.ok ? second : first).toEqual(refused("ALREADY_STARTED"));
  expect(disposed).toHaveBeenCalledTimes(2);
});

test("a broadcast that does not exist has no status and accepts no command", async () => {
  const { stub } = new Simulated();
  expect(await Promise.all([stub.status(), stub.stop(), stub.update({} as Services)])).toEqual(
    Array(3).fill(undefined),
  );
  expect(await Promise.all([stub.onAirUpdate(), stub.attach(0), stub.history()])).toEqual([undefined, undefined, []]);
  expect(await stub.handleReport(gone(9001))).toBe("ignored");
  expect((await stub.fetch("https://worker.example/watch")).status).toBe(404);
  await runInDurableObject(stub, async (instance, { storage }) => {
    await instance.alarm();
    expect(await storage.getAlarm()).toBeNull();
  });
});

test("a stop is carried out at once, once", async () => {
  const broadcast = await Simulated.running();
  const stopped = vi.spyOn(RedundancyGroup.prototype, "stop");
  for (let i = 0; i < 2; i += 1) expect(await broadcast.stub.stop()).toMatchObject({ state: "stopping" });
  expect(stopped).toHaveBeenCalledTimes(1);
  expect(await broadcast.alarm()).toBe(now);
  await broadcast.until(({ state }) => state === "ended");
  expect(broadcast.emulator.state().tasks.filter(({ live }) => live)).toEqual([]);
  expect(await broadcast.stub.stop()).toMatchObject({ state: "ended" });
});

test("an update is carried out at once; an invalid one, or one while stopping, is refused", async () => {
  const broadcast = await Simulated.running();
  const { services } = configOf("x");
  services.cloudTranscoder.config.transcoder.idleTimeout = 30;
  const updated = await broadcast.stub.update(services);
  expect(updated).toMatchObject({
    ok: true,
    value: { state: "live", updates: [{ lane: "primary" }, { lane: "backup" }] },
  });
  expect((await broadcast.status()).warnings.length).toBe(2);
  expect(await broadcast.alarm()).toBe(now);
  expect(await broadcast.stub.update({} as Services)).toEqual(refused("INVALID_TASK"));
  await broadcast.stub.stop();
  expect(await broadcast.stub.update(services)).toEqual(refused("ENDED"));
  await broadcast.until(({ state }) => state === "ended");
  expect(await broadcast.stub.update(services)).toEqual(refused("ENDED"));
});

test("a new notification is acted on at once", async () => {
  const broadcast = await Simulated.running();
  const [task] = broadcast.emulator.state().tasks;
  const notification = async (taskId = task?.taskId, instanceId = task?.instanceId) => {
    const payload = { taskId, instanceId, sequence: 5, sendts: 1, serviceScene: "rtsc/cloud-transcoder" };
    const text = JSON.stringify({ noticeId: "n", productId: 1, eventType: 111, notifyMs: 1, payload });
    const body = new TextEncoder().encode(text);
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(NOTIFICATION_SECRET), hmac, false, [
      "sign",
    ]);
    const v2 = [...new Uint8Array(await crypto.subtle.sign("HMAC", key, body))];
    return broadcast.stub.handleNotification(body, {
      v2: v2.map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    });
  };
  const before = await broadcast.alarm();
  expect(await broadcast.stub.handleNotification(new Uint8Array(2), { v2: "00" })).toEqual(
    refused("INVALID_SIGNATURE"),
  );
  expect(await notification("another", "another-0-1")).toEqual({ ok: true, value: "foreign" });
  expect(await broadcast.alarm()).toBe(before);
  expect(await notification()).toEqual({ ok: true, value: "new" });
  expect(await broadcast.alarm()).toBe(now);
  await broadcast.ring();
  const after = await broadcast.alarm();
  expect(await notification()).toEqual({ ok: true, value: "duplicate" });
  expect(await broadcast.alarm()).toBe(after);
  await broadcast.stub.stop();
  await broadcast.until(({ state }) => state === "ended");
  expect(await notification()).toEqual({ ok: true, value: "foreign" });
});

test("a report of the output on air brings a Query forward, at most once per interval; no other report does", async () => {
  const broadcast = await Simulated.running();
  const checked = vi.spyOn(RedundancyGroup.prototype, "checkNow");
  for (const report of [gone(9101), gone(900), gone(90_011), gone(9001, "another"), gone(9001, "sho")])
    expect(await broadcast.stub.handleReport(report), JSON.stringify(report)).toBe("ignored");
  expect(checked).not.toHaveBeenCalled();
  expect(await broadcast.stub.handleReport(gone(9001, "show"))).toBe("taken");
  expect(await broadcast.alarm()).toBe(now);
  now += REPORT_INTERVAL - 1;
  expect(await broadcast.stub.handleReport(gone(9001))).toBe("ignored");
  now += 1;
  expect(await broadcast.stub.handleReport(gone(9001))).toBe("taken");
  expect(checked).toHaveBeenCalledTimes(2);
});

test("events are stored and passed to the application; only a change of the output on air is an update", async () => {
  const broadcast = await Simulated.started();
  const heard: SteadymixEvent[] = [];
  listeners.add((event) => void heard.push(event));
  await broadcast.until(({ lanes }) => lanes.every(({ state }) => state === "running"));
  const kept = (await broadcast.stub.history()).map(({ seq, ...event }) => event);
  expect(kept).toEqual(heard);
  expect((await broadcast.stub.onAirUpdate())?.revision).toBe(heard.filter(({ type }) => type === "onAir").length);
  const last = (await broadcast.stub.history()).at(-1)?.seq ?? 0;
  expect((await broadcast.stub.history(last - 1)).map(({ seq }) => seq)).toEqual([last]);
});

test("viewers get the output on air, and an update once nothing is on air", async () => {
  const broadcast = await Simulated.running();
  const { webSocket } = await broadcast.watch();
  const updates: unknown[] = [];
  webSocket?.addEventListener("message", ({ data }) => void updates.push(JSON.parse(String(data))));
  webSocket?.accept();
  broadcast.emulator.control({ type: "addRule", rule: { call: "create", effect: { type: "answer", status: 503 } } });
  for (const uid of [9001, 9101]) broadcast.emulator.control({ type: "kill", uid });
  await broadcast.until(({ onAir }) => onAir === null);
  expect((await broadcast.status()).state).toBe("offAir");
  await expect.poll(() => updates.length).toBeGreaterThan(1);
  expect(updates.at(0)).toMatchObject({ revision: 1, onAir: { uid: 9001 } });
  await expect.poll(() => updates.at(-1)).toMatchObject({ onAir: null, ended: false });
  webSocket?.close();
});

test("viewers are connected until the object is full; further ones are assigned to relays", async () => {
  const broadcast = await Simulated.running();
  vi.spyOn(Relay.prototype, "size").mockReturnValue(0);
  const sockets = [];
  for (let i = 0; i < 3; i += 1) {
    const { status, webSocket } = await broadcast.watch();
    expect(status).toBe(101);
    webSocket?.accept();
    sockets.push(webSocket);
  }
  expect((await broadcast.status()).viewers).toBe(3);
  const answer = await broadcast.watch();
  expect([answer.status, answer.headers.get("x-steadymix-relay")]).toEqual([200, `${broadcast.id}/0/2`]);
  const checked = vi.spyOn(RedundancyGroup.prototype, "checkNow");
  sockets[0]?.send(JSON.stringify(gone(9001)));
  await expect.poll(() => checked.mock.calls.length).toBe(1);
  const reported = vi.spyOn(Broadcast.prototype, "handleReport");
  sockets[1]?.send("hello");
  await expect.poll(async () => (await broadcast.status()).viewers).toBe(2);
  expect(reported).not.toHaveBeenCalled();
  sockets[0]?.close();
  await expect.poll(async () => (await broadcast.status()).viewers).toBe(1);
  const left = await runInDurableObject(broadcast.stub, (instance, state) => {
    for (const socket of state.getWebSockets()) socket.close();
    instance.webSocketError();
    return instance.status()?.viewers;
  });
  expect(left).toBe(0);
  for (const socket of sockets) socket?.close();
});

test("a connection is closed when its token expires, whenever the group's next turn is", async () => {
  const broadcast = await Simulated.ended();
  const late = await broadcast.alarm();
  expect(late).toBe(((await broadcast.status()).endedAt ?? 0) + RETENTION);
  const running = await Simulated.running();
  const due = (await running.alarm()) ?? 0;
  const grant = JSON.stringify({ tokenId: "token", expiresAt: due - 1 });
  const headers = { upgrade: "websocket", "x-steadymix-grant": grant };
  const { webSocket } = await running.stub.fetch("https://worker.example/watch", { headers });
  const closed = new Promise((resolve) => webSocket?.addEventListener("close", ({ code }) => resolve(code)));
  webSocket?.accept();
  expect(await running.alarm()).toBe(due - 1);
  // A turn in between does not delay it.
  await running.stub.handleReport(gone(9001));
  await running.ring();
  expect((await running.alarm()) ?? 0).toBeLessThanOrEqual(due - 1);
  now = due - 1;
  await running.ring();
  expect(await closed).toBe(3000);
});

test("an attached relay is behind after the next update, until it acknowledges it", async () => {
  const broadcast = await Simulated.running();
  const publish = vi.spyOn(Relay.prototype, "publish").mockReturnValue();
  const update = await broadcast.stub.attach(0);
  expect(update).toMatchObject({ revision: 1, onAir: { uid: 9001 } });
  await broadcast.ring();
  expect(publish).not.toHaveBeenCalled();
  vi.spyOn(console, "error").mockReturnValue();
  publish.mockImplementationOnce(() => {
    throw new Error("lost");
  });
  await broadcast.stub.stop();
  await broadcast.until(({ state }) => state === "ended");
  await expect.poll(() => publish.mock.calls.length).toBeGreaterThan(0);
  await broadcast.ring();
  await expect.poll(() => publish.mock.lastCall?.[0]).toMatchObject({ onAir: null, ended: true });
});

test("while a relay is behind, alarms retry it", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const publish = vi.spyOn(Relay.prototype, "publish").mockImplementation(() => {
    throw new Error("lost");
  });
  const broadcast = await Simulated.started({
    policy: { ...QUICK, confirmDelaysMs: [100], monitorIntervalMs: 10 * MINUTE },
  });
  await broadcast.stub.attach(0);
  await broadcast.until(({ lanes }) => lanes.every(({ state }) => state === "running"));
  await broadcast.ring();
  expect(((await broadcast.alarm()) ?? 0) - now).toBeLessThanOrEqual(MINUTE);
  const before = publish.mock.calls.length;
  await broadcast.ring();
  await expect.poll(() => publish.mock.calls.length).toBe(before + 1);
  publish.mockReturnValue();
  await broadcast.ring();
  await scheduler.wait(20);
  await broadcast.ring();
  expect(((await broadcast.alarm()) ?? 0) - now).toBeGreaterThan(MINUTE);
});

test("operators see since when no permits are granted, until they are granted again", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const broadcast = await Simulated.running();
  vi.mocked(AppQuota.prototype.acquirePermit).mockRejectedValue(new Error("full"));
  await broadcast.until(({ quotaFailedAt }) => quotaFailedAt !== null);
  expect((await broadcast.status()).quotaFailedAt).toBeGreaterThan(START);
  vi.mocked(AppQuota.prototype.acquirePermit).mockResolvedValue(0);
  await broadcast.until(({ quotaFailedAt }) => quotaFailedAt === null);
});

test("after the end, tasks and snapshot are gone, and the status is kept for retentionMs", async () => {
  const broadcast = await Simulated.ended();
  const { endedAt } = await broadcast.status();
  expect(endedAt).toBe(now);
  expect(await broadcast.status()).toMatchObject({ onAir: null, lanes: [{ state: "stopped" }, { state: "stopped" }] });
  expect(await broadcast.kept()).toEqual(["facts"]);
  expect(report().mock.lastCall).toMatchObject([{ id: broadcast.id, state: "ended", tasks: 0 }]);
  expect(await broadcast.alarm()).toBe(now + RETENTION);
  // An early alarm changes nothing.
  now += RETENTION - 1;
  expect(await runDurableObjectAlarm(broadcast.stub)).toBe(true);
  expect(await broadcast.alarm()).toBe(now + 1);
  expect(remove()).not.toHaveBeenCalled();
  await broadcast.ring();
  expect(remove().mock.calls).toEqual([[broadcast.id]]);
  expect([await broadcast.stub.status(), await broadcast.alarm()]).toEqual([undefined, null]);
});

test("the end and the removal are reported to the list with growing delays until it acknowledges them", async () => {
  const logged = vi.spyOn(console, "error").mockReturnValue();
  const broadcast = await Simulated.running();
  await broadcast.stub.stop();
  report().mockImplementation(({ state }) => {
    if (state === "ended") throw new Error("full");
  });
  await broadcast.until(({ state }) => state === "ended");
  const delays: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    delays.push(((await broadcast.alarm()) ?? 0) - now);
    await broadcast.ring();
  }
  expect(delays).toEqual([SECOND, SECOND, 2 * SECOND, 4 * SECOND]);
  report().mockReturnValue();
  await broadcast.ring();
  expect(await broadcast.alarm()).toBe(((await broadcast.status()).endedAt ?? 0) + RETENTION);
  remove().mockImplementation(() => {
    throw new Error("full");
  });
  logged.mockClear();
  await broadcast.ring();
  expect(logged).toHaveBeenLastCalledWith("steadymix: winding up a broadcast failed:", expect.anything());
  expect(await broadcast.alarm()).toBe(now + 10 * MINUTE);
  expect((await broadcast.status()).state).toBe("ended");
});

test("alarms resend the end to a relay until it acknowledges it", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const broadcast = await Simulated.running();
  const publish = vi.spyOn(Relay.prototype, "publish").mockImplementation(() => {
    throw new Error("lost");
  });
  await broadcast.stub.attach(0);
  await broadcast.stub.stop();
  await broadcast.until(({ state }) => state === "ended");
  expect(await broadcast.alarm()).toBe(now + SECOND);
  publish.mockReturnValue();
  await broadcast.ring();
  await scheduler.wait(20);
  await broadcast.ring();
  expect(await broadcast.alarm()).toBe(((await broadcast.status()).endedAt ?? 0) + RETENTION);
});
