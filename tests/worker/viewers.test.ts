/** The output on air and its changes, by WebSocket, by server-sent events, and by polling. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Broadcast, type OnAirUpdate, Relay, signViewerToken } from "steadymix/cloudflare";
import { afterEach, expect, test, vi } from "vitest";
import { expectOf } from "./contract.ts";
import { freshEmulator } from "./service.ts";
import { listeners } from "./worker.ts";
import { call, Show } from "./world.ts";

const [VIEWER_KEY = ""] = env.VIEWER_KEYS?.split(" ") ?? [];
const sockets: WebSocket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
  listeners.clear();
  vi.restoreAllMocks();
});

const tokenFor = async (id: string, lifetimeS = 60) => (await signViewerToken(VIEWER_KEY, id, lifetimeS)).token;

const upgrade = { upgrade: "websocket" };
const asStream = { accept: "text/event-stream" };
const watch = (id: string, token: string, headers: Record<string, string>, method = "GET") =>
  call(`/broadcasts/${id}/watch?token=${token}`, { method, headers });

/** A viewer, and the updates that it got. */
async function connect(
  id: string,
  token?: string,
): Promise<{ socket: WebSocket; updates: OnAirUpdate[]; closed: Promise<number> }> {
  const answer = await watch(id, token ?? (await tokenFor(id)), upgrade);
  expect(answer.status).toBe(101);
  expect(answer.headers.has("x-frame-options"), "the answer to an upgrade stays as it is").toBe(false);
  const socket = answer.webSocket;
  if (!socket) throw new Error("no socket");
  const updates: OnAirUpdate[] = [];
  socket.addEventListener("message", ({ data }) => {
    if (data !== "pong") updates.push(JSON.parse(String(data)) as OnAirUpdate);
  });
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  socket.accept();
  sockets.push(socket);
  return { socket, updates, closed };
}

/** The events of a stream until it ends. */
async function streamed(answer: Response): Promise<string[]> {
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  return (await answer.text()).split("\n\n").filter((event) => event !== "" && event !== ":");
}

const uids = (updates: OnAirUpdate[]) => updates.map(({ onAir }) => onAir?.uid ?? null);

test("by WebSocket: an update at once, and at each change, through hibernation, until the end", async () => {
  const emulator = freshEmulator();
  const show = await Show.start();
  const early = await connect(show.id);
  await expect.poll(() => uids(early.updates)).toEqual([null]);
  await show.running();
  await expect.poll(() => uids(early.updates)).toEqual([null, 9001]);
  const late = await connect(show.id);
  await expect.poll(() => uids(late.updates)).toEqual([9001]);
  expect((await show.status()).viewers).toBe(2);
  await evictDurableObject(show.stub);
  emulator.control({ type: "kill", uid: 9001 });
  await expect.poll(() => uids(late.updates), { timeout: 10_000 }).toEqual([9001, 9101]);
  await expect.poll(() => uids(early.updates)).toEqual([null, 9001, 9101]);
  const numbers = early.updates.map(({ revision }) => revision);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  await show.stop();
  await expect.poll(() => early.updates.at(-1)).toMatchObject({ onAir: null, ended: true });
  for (const update of early.updates) expectOf("OnAirUpdate", update);
});

test("a ping is answered: otherwise the viewer would consider the connection lost", async () => {
  freshEmulator();
  const show = await Show.start();
  const { socket, updates } = await connect(show.id);
  const answers: unknown[] = [];
  socket.addEventListener("message", ({ data }) => void answers.push(data));
  await expect.poll(() => updates.length).toBe(1);
  await evictDurableObject(show.stub);
  socket.send("ping");
  await expect.poll(() => answers).toContain("pong");
  await show.stop();
});

test("viewers get updates even if the application's onEvent throws, which is logged", async () => {
  freshEmulator();
  const reported = vi.spyOn(console, "error").mockImplementation(() => {});
  listeners.add(({ type }) => {
    if (type === "onAir") throw new Error("of the application");
  });
  const show = await Show.start();
  const { updates } = await connect(show.id);
  await show.running();
  await expect.poll(() => uids(updates)).toEqual([null, 9001]);
  expect((await show.status()).state).toBe("live");
  expect(reported).toHaveBeenCalledWith("steadymix: onEvent:", new Error("of the application"));
  await show.stop();
});

test("by server-sent events", async () => {
  freshEmulator();
  const show = await Show.start();
  await show.running();
  const answer = await call(`/broadcasts/${show.id}/watch`, {
    headers: { accept: "text/event-stream", authorization: `Bearer ${await tokenFor(show.id)}` },
  });
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader?.read();
  const [, data = ""] = /^id: \d+\ndata: (.*)\n\n$/.exec(first?.value ?? "") ?? [];
  expect(JSON.parse(data)).toMatchObject({ type: "onAir", onAir: { uid: 9001 } });
  expectOf("OnAirUpdate", JSON.parse(data));
  expect((await show.status()).viewers).toBe(1);
  await reader?.cancel();
  await expect.poll(async () => (await show.status()).viewers).toBe(0);
  await show.stop();
});

test("by polling, from a cache", async () => {
  freshEmulator();
  const show = await Show.start();
  await show.running();
  const ask = async () => call(`/broadcasts/${show.id}/on-air?token=${await tokenFor(show.id)}`);
  const answer = await ask();
  expect(await answer.json()).toMatchObject({ type: "onAir", onAir: { uid: 9001 }, ended: false });
  expect(answer.headers.get("cache-control")).toBe("public, max-age=1");
  // An answer is cached for a second.
  const asked = vi.spyOn(Broadcast.prototype, "onAirUpdate");
  const askedBy = async () => {
    asked.mockClear();
    expect(await (await ask()).json()).toMatchObject({ onAir: { uid: 9001 } });
    return asked.mock.calls.length;
  };
  await expect.poll(askedBy, { timeout: 10_000 }).toBe(0);
  await expect.poll(askedBy, { timeout: 10_000 }).toBe(1);
  await show.stop();
});

test("a report brings one Query forward; repeated ones, and those about another output, do not", async () => {
  const emulator = freshEmulator();
  const show = await Show.start({
    policy: { confirmDelaysMs: [100], monitorIntervalMs: 600_000, checkNowIntervalMs: 1000 },
  });
  await show.running();
  const queries = () => emulator.state().stats.calls.query ?? 0;
  const before = queries();
  const viewer = await connect(show.id);
  for (let i = 0; i < 15; i += 1) viewer.socket.send(JSON.stringify({ type: "gone", uid: i === 0 ? 9101 : 9001 }));
  const headers = { authorization: `Bearer ${await tokenFor(show.id)}` };
  const body = JSON.stringify({ type: "gone", uid: 9002 });
  const report = await call(`/broadcasts/${show.id}/reports`, { method: "POST", headers, body });
  expect(await report.json()).toEqual({ report: "ignored" });
  await expect.poll(queries, { timeout: 5000 }).toBe(before + 1);
  await scheduler.wait(1500);
  expect(queries()).toBe(before + 1);
  // The task runs, so nothing was launched.
  expect(emulator.state().tasks.length).toBe(2);
  emulator.control({ type: "kill", uid: 9001 });
  viewer.socket.send(JSON.stringify({ type: "gone", uid: 9001 }));
  await show.until(({ lanes }) => lanes[0]?.uid === 9002 && lanes[0].state === "running");
  await show.stop();
});

test("a report may name the channel of the output; with another channel it is ignored", async () => {
  const emulator = freshEmulator();
  const show = await Show.start({ policy: { confirmDelaysMs: [100], monitorIntervalMs: 600_000 } });
  await show.running();
  const { channel } = (await show.status()).onAir ?? {};
  expect(channel).toBe("show");
  const headers = { authorization: `Bearer ${await tokenFor(show.id)}` };
  const report = async (sent: object) => {
    const body = JSON.stringify({ type: "gone", uid: 9001, ...sent });
    const answer = await call(`/broadcasts/${show.id}/reports`, { method: "POST", headers, body });
    return { status: answer.status, ...(await answer.json<object>()) };
  };
  expect(await report({ channel: "another" })).toEqual({ status: 202, report: "ignored" });
  expect(await report({ channel: 5 })).toMatchObject({ status: 400, error: { code: "INVALID_BODY" } });
  expect(await report({ channel })).toEqual({ status: 202, report: "taken" });
  // By WebSocket too: only the report with the right channel brings a Query forward.
  const before = emulator.state().stats.calls.query ?? 0;
  await scheduler.wait(200);
  const viewer = await connect(show.id);
  emulator.control({ type: "kill", uid: 9001 });
  viewer.socket.send(JSON.stringify({ type: "gone", uid: 9001, channel: "another" }));
  viewer.socket.send(JSON.stringify({ type: "gone", uid: 9001, channel }));
  await show.until(({ lanes }) => lanes[0]?.uid === 9002 && lanes[0].state === "running");
  expect(emulator.state().stats.calls.query).toBeGreaterThan(before);
  await show.stop();
});

test("a viewer that sends anything but reports, or too many of them, is disconnected", async () => {
  freshEmulator();
  const show = await Show.start();
  const nonsense = ["hello", "{}", '{"type":"gone","uid":0}', '{"type":"gone","uid":"1"}', `"${"x".repeat(1000)}"`];
  for (const sent of nonsense) {
    const { socket, closed } = await connect(show.id);
    socket.send(sent);
    expect(await closed).toBe(1003);
  }
  const chatty = await connect(show.id);
  for (let i = 0; i < 25; i += 1) chatty.socket.send('{"type":"gone","uid":9001}');
  expect(await chatty.closed).toBe(1008);
  await show.stop();
});

test("viewers beyond those of one object are assigned to relays, and get the same updates", async () => {
  const emulator = freshEmulator();
  const show = await Show.start();
  await show.running();
  // This test's object serves three viewers, and so does each relay.
  const viewers = [];
  for (let i = 0; i < 8; i += 1) viewers.push(await connect(show.id));
  expect((await show.status()).viewers).toBe(3);
  const sizes = await Promise.all([0, 1, 2].map((n) => env.RELAY.get(env.RELAY.idFromName(`${show.id}/${n}`)).size()));
  expect(sizes).toEqual([3, 2, 0]);
  for (const { updates } of viewers) await expect.poll(() => uids(updates)).toEqual([9001]);
  await evictDurableObject(env.RELAY.get(env.RELAY.idFromName(`${show.id}/1`)));
  emulator.control({ type: "kill", uid: 9001 });
  // A relay's viewer may be the one that reports.
  viewers.at(-1)?.socket.send('{"type":"gone","uid":9001}');
  for (const { updates } of viewers) await expect.poll(() => uids(updates).at(-1), { timeout: 10_000 }).toBe(9101);
  await show.stop();
  for (const { updates } of viewers) await expect.poll(() => updates.at(-1)?.ended).toBe(true);
});

test("an update that a relay missed is resent, the end too, and the relay keeps the newer of two", async () => {
  const emulator = freshEmulator();
  const show = await Show.start();
  await show.running();
  const viewers = [];
  for (let i = 0; i < 4; i += 1) viewers.push(await connect(show.id));
  const updates = viewers.at(-1)?.updates ?? [];
  const relay = env.RELAY.get(env.RELAY.idFromName(`${show.id}/0`));
  const { publish } = Relay.prototype;
  const lost = new Set<number>();
  vi.spyOn(Relay.prototype, "publish").mockImplementation(function (this: Relay, update) {
    if (lost.has(update.revision)) return publish.call(this, update);
    lost.add(update.revision);
    throw new Error("lost");
  });
  vi.spyOn(console, "error").mockImplementation(() => {});
  emulator.control({ type: "kill", uid: 9001 });
  await expect.poll(() => lost.size, { timeout: 10_000 }).toBe(1);
  await evictDurableObject(show.stub);
  await expect.poll(() => uids(updates), { timeout: 10_000 }).toEqual([9001, 9101]);
  lost.add(1);
  await relay.publish({ type: "onAir", revision: 1, onAir: null, ended: false });
  const late = await connect(show.id);
  await expect.poll(() => uids(late.updates)).toEqual([9101]);
  await show.stop();
  for (const { updates } of [...viewers, late])
    await expect.poll(() => updates.at(-1)?.ended, { timeout: 5000 }).toBe(true);
  expect(uids(updates)).toEqual([9001, 9101, null]);
});

test("a relay that does not answer gets no more viewers", async () => {
  freshEmulator();
  const show = await Show.start();
  await show.running();
  for (let i = 0; i < 4; i += 1) await connect(show.id);
  const size = vi.spyOn(Relay.prototype, "size").mockRejectedValue(new Error("lost"));
  // Drops the cached sizes of the relays.
  await evictDurableObject(show.stub);
  const { updates } = await connect(show.id);
  await expect.poll(() => uids(updates)).toEqual([9001]);
  size.mockRestore();
  const sizes = await Promise.all([0, 1].map((n) => env.RELAY.get(env.RELAY.idFromName(`${show.id}/${n}`)).size()));
  expect(sizes).toEqual([1, 1]);
  await show.stop();
});

test("only GET connects a viewer, HEAD does not", async () => {
  freshEmulator();
  const show = await Show.start();
  const token = await tokenFor(show.id);
  // The runtime turns every upgrade into a GET.
  for (const method of ["HEAD", "POST", "PUT", "PATCH", "DELETE"]) {
    const answer = await watch(show.id, token, asStream, method);
    expect(answer.status, method).toBe(405);
    expect(answer.headers.get("allow")).toContain("GET");
    await answer.text();
  }
  expect((await show.status()).viewers).toBe(0);
  await show.stop();
});

test("a stream that nobody reads is aborted, and its viewer is no longer counted", async () => {
  freshEmulator();
  const show = await Show.start();
  let beat = () => {};
  const setInterval = vi.spyOn(globalThis, "setInterval").mockImplementation(((act: () => void) => {
    beat = act;
    return 1;
  }) as typeof globalThis.setInterval);
  const [read, unread] = await Promise.all([1, 2].map(async () => watch(show.id, await tokenFor(show.id), asStream)));
  setInterval.mockRestore();
  const reader = read?.body?.getReader();
  await reader?.read();
  const next = reader?.read();
  expect((await show.status()).viewers).toBe(2);
  const { now } = Date;
  vi.spyOn(Date, "now").mockImplementation(() => now() + 9_000);
  await runInDurableObject(show.stub, () => beat());
  expect((await show.status()).viewers, "it may be slow").toBe(2);
  vi.spyOn(Date, "now").mockImplementation(() => now() + 25_000);
  await next;
  const another = reader?.read();
  await runInDurableObject(show.stub, () => beat());
  await expect.poll(async () => (await show.status()).viewers).toBe(1);
  expect(new TextDecoder().decode((await another)?.value)).toBe(":\n\n");
  await expect(unread?.text()).rejects.toThrow();
  vi.restoreAllMocks();
  await reader?.cancel();
  await show.stop();
});

test("a connection lasts as long as its token, also during hibernation and at a relay", async () => {
  freshEmulator();
  const show = await Show.start();
  await show.running();
  const [stays, socket] = [await connect(show.id), await connect(show.id, await tokenFor(show.id, 3))];
  const stream = await watch(show.id, await tokenFor(show.id, 3), asStream);
  const relayed = [await connect(show.id), await connect(show.id, await tokenFor(show.id, 3))];
  const relayedStream = await watch(show.id, await tokenFor(show.id, 3), asStream);
  expect((await show.status()).viewers).toBe(3);
  const relay = env.RELAY.get(env.RELAY.idFromName(`${show.id}/0`));
  expect(await relay.size()).toBe(3);
  const [until, now] = [Date.now() + 3_000, Date.now];
  expect((await streamed(stream)).length).toBe(1);
  expect((await streamed(relayedStream)).length).toBe(1);
  expect(await socket.closed).toBe(3000);
  expect(await relayed[1]?.closed).toBe(3000);
  expect(now()).toBeGreaterThan(until - 1_000);
  await expect.poll(async () => (await show.status()).viewers).toBe(1);
  await expect.poll(() => relay.size()).toBe(1);
  for (const { socket } of [stays, relayed[0]].flatMap((viewer) => viewer ?? []))
    expect(socket.readyState).toBe(WebSocket.OPEN);
  const asleep = [await connect(show.id, await tokenFor(show.id, 2)), await connect(show.id)];
  const relayedAsleep = await connect(show.id, await tokenFor(show.id, 2));
  await evictDurableObject(show.stub);
  await evictDurableObject(relay);
  expect(await asleep[0]?.closed).toBe(3000);
  expect(await relayedAsleep.closed).toBe(3000);
  await show.stop();
});

test("connections are closed after the end; later viewers get the end and are disconnected", async () => {
  freshEmulator();
  const show = await Show.start();
  await show.running();
  const socket = await connect(show.id);
  const stream = streamed(await watch(show.id, await tokenFor(show.id), asStream));
  await connect(show.id);
  const relayed = await connect(show.id);
  const relayedStream = streamed(await watch(show.id, await tokenFor(show.id), asStream));
  await show.stop();
  for (const { updates, closed } of [socket, relayed]) {
    expect(await closed).toBe(1000);
    expect(updates.at(-1)).toMatchObject({ ended: true });
  }
  for (const events of [await stream, await relayedStream]) expect(events.at(-1)).toContain('"ended":true');
  await expect.poll(async () => (await show.status()).viewers).toBe(0);
  await expect.poll(() => env.RELAY.get(env.RELAY.idFromName(`${show.id}/0`)).size()).toBe(0);
  const late = await connect(show.id);
  expect(await late.closed).toBe(1000);
  expect(late.updates).toMatchObject([{ ended: true }]);
  const [event = ""] = await streamed(await watch(show.id, await tokenFor(show.id), asStream));
  expect(event).toContain('"ended":true');
  const [, last = ""] = /^id: (\d+)/.exec(event) ?? [];
  const again = (id: string) =>
    tokenFor(show.id).then((token) => watch(show.id, token, { ...asStream, "last-event-id": id }));
  expect((await again(last)).status, "an EventSource stops at that").toBe(204);
  expect(await streamed(await again(String(Number(last) - 1)))).toEqual([event]);
});

test("a token has a limit of connections of all kinds; closing one makes room", async () => {
  freshEmulator();
  const show = await Show.start();
  const token = await tokenFor(show.id);
  const socket = await connect(show.id, token);
  const stream = await watch(show.id, token, asStream);
  const refused = async (token: string, kinds: Record<string, string>[] = [upgrade, asStream]) => {
    for (const headers of kinds) {
      const answer = await watch(show.id, token, headers);
      expect(answer.status).toBe(429);
      expect(await answer.json()).toMatchObject({ error: { code: "TOO_MANY_CONNECTIONS" } });
    }
  };
  await refused(token);
  // The last character of a signature has unused bits.
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  await refused(token.slice(0, -1) + letters[letters.indexOf(token.at(-1) ?? "") ^ 1]);
  await stream.body?.cancel();
  await expect.poll(async () => (await show.status()).viewers).toBe(1);
  await connect(show.id, token);
  await connect(show.id);
  const relayed = await tokenFor(show.id);
  await connect(show.id, relayed);
  await evictDurableObject(env.RELAY.get(env.RELAY.idFromName(`${show.id}/0`)));
  await connect(show.id, relayed);
  await refused(relayed, [upgrade]);
  socket.socket.close();
  await show.stop();
});
