/** What viewers see: the output on air and its changes, by WebSocket, server-sent events, or by asking. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type OnAirWord, Relay, signViewerToken } from "steadymix/cloudflare";
import { afterEach, expect, test, vi } from "vitest";
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

const tokenFor = async (id: string) => (await signViewerToken(VIEWER_KEY, id, 60)).token;

/** A viewer, and the words that it was told. */
async function connect(id: string): Promise<{ socket: WebSocket; words: OnAirWord[]; closed: Promise<number> }> {
  const answer = await call(`/broadcasts/${id}/watch?token=${await tokenFor(id)}`, {
    headers: { upgrade: "websocket" },
  });
  expect(answer.status).toBe(101);
  const socket = answer.webSocket;
  if (!socket) throw new Error("no socket");
  const words: OnAirWord[] = [];
  socket.addEventListener("message", ({ data }) => {
    if (data !== "pong") words.push(JSON.parse(String(data)) as OnAirWord);
  });
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  socket.accept();
  sockets.push(socket);
  return { socket, words, closed };
}

const uids = (words: OnAirWord[]) => words.map(({ onAir }) => onAir?.uid ?? null);

test("by WebSocket: told at once, told of each change, through hibernation, until it is over", async () => {
  const emulator = freshEmulator();
  const show = await Show.start();
  const early = await connect(show.id);
  await expect.poll(() => uids(early.words)).toEqual([null]);
  await show.running();
  await expect.poll(() => uids(early.words)).toEqual([null, 9001]);
  const late = await connect(show.id);
  await expect.poll(() => uids(late.words)).toEqual([9001]);
  expect((await show.status()).viewers).toBe(2);
  await evictDurableObject(show.stub);
  emulator.control({ kind: "kill", uid: 9001 });
  await expect.poll(() => uids(late.words), { timeout: 10_000 }).toEqual([9001, 9101]);
  await expect.poll(() => uids(early.words)).toEqual([null, 9001, 9101]);
  const numbers = early.words.map(({ word }) => word);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  await show.stop();
  await expect.poll(() => early.words.at(-1)).toMatchObject({ onAir: null, over: true });
});

test("a ping is answered, or the viewer would take the connection for lost", async () => {
  freshEmulator();
  const show = await Show.start();
  const { socket, words } = await connect(show.id);
  const answers: unknown[] = [];
  socket.addEventListener("message", ({ data }) => void answers.push(data));
  await expect.poll(() => words.length).toBe(1);
  await evictDurableObject(show.stub);
  socket.send("ping");
  await expect.poll(() => answers).toContain("pong");
  await show.stop();
});

test("told of what is on air though the application's own onEvent throws, which is reported", async () => {
  freshEmulator();
  const reported = vi.spyOn(console, "error").mockImplementation(() => {});
  listeners.add(({ type }) => {
    if (type === "onAir") throw new Error("of the application");
  });
  const show = await Show.start();
  const { words } = await connect(show.id);
  await show.running();
  await expect.poll(() => uids(words)).toEqual([null, 9001]);
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
  expect(JSON.parse(first?.value?.replace(/^data: /, "") ?? "")).toMatchObject({ type: "onAir", onAir: { uid: 9001 } });
  await reader?.cancel();
  await show.stop();
});

test("by asking, from a cache", async () => {
  freshEmulator();
  const show = await Show.start();
  await show.running();
  const ask = async () => call(`/broadcasts/${show.id}/on-air?token=${await tokenFor(show.id)}`);
  const answer = await ask();
  expect(await answer.json()).toMatchObject({ type: "onAir", onAir: { uid: 9001 }, over: false });
  expect(answer.headers.get("cache-control")).toBe("public, max-age=1");
  expect((await ask()).status).toBe(200);
  await show.stop();
});

test("a report brings one look forward; more of them, and those about another output, bring none", async () => {
  const emulator = freshEmulator();
  const show = await Show.start({ policy: { confirmMs: [100], monitorIntervalMs: 600_000, hintIntervalMs: 1000 } });
  await show.running();
  const looks = () => emulator.state().stats.calls.query ?? 0;
  const before = looks();
  const viewer = await connect(show.id);
  for (let i = 0; i < 15; i += 1) viewer.socket.send(JSON.stringify({ type: "gone", uid: i === 0 ? 9101 : 9001 }));
  const headers = { authorization: `Bearer ${await tokenFor(show.id)}` };
  const body = JSON.stringify({ type: "gone", uid: 9002 });
  const report = await call(`/broadcasts/${show.id}/reports`, { method: "POST", headers, body });
  expect(await report.json()).toEqual({ report: "ignored" });
  await expect.poll(looks, { timeout: 5000 }).toBe(before + 1);
  await scheduler.wait(1500);
  expect(looks()).toBe(before + 1);
  // It was alive: nothing was launched.
  expect(emulator.state().tasks.length).toBe(2);
  emulator.control({ kind: "kill", uid: 9001 });
  viewer.socket.send(JSON.stringify({ type: "gone", uid: 9001 }));
  await show.until(({ lanes }) => lanes[0]?.uid === 9002 && lanes[0].state === "running");
  await show.stop();
});

test("whoever talks nonsense, or too much, is thrown out", async () => {
  freshEmulator();
  const show = await Show.start();
  const nonsense = ["hello", "{}", '{"type":"gone","uid":0}', '{"type":"gone","uid":"1"}', `"${"x".repeat(1000)}"`];
  for (const said of nonsense) {
    const { socket, closed } = await connect(show.id);
    socket.send(said);
    expect(await closed).toBe(1003);
  }
  const chatty = await connect(show.id);
  for (let i = 0; i < 25; i += 1) chatty.socket.send('{"type":"gone","uid":9001}');
  expect(await chatty.closed).toBe(1008);
  await show.stop();
});

test("more viewers than one object carries are shared out among relays, and told the same", async () => {
  const emulator = freshEmulator();
  const show = await Show.start();
  await show.running();
  // The object of this test carries three, and so does each relay.
  const viewers = [];
  for (let i = 0; i < 8; i += 1) viewers.push(await connect(show.id));
  expect((await show.status()).viewers).toBe(3);
  const sizes = await Promise.all([0, 1, 2].map((n) => env.RELAY.get(env.RELAY.idFromName(`${show.id}/${n}`)).size()));
  expect(sizes).toEqual([3, 2, 0]);
  for (const { words } of viewers) await expect.poll(() => uids(words)).toEqual([9001]);
  await evictDurableObject(env.RELAY.get(env.RELAY.idFromName(`${show.id}/1`)));
  emulator.control({ kind: "kill", uid: 9001 });
  // A relay's viewer may be the one that notices.
  viewers.at(-1)?.socket.send('{"type":"gone","uid":9001}');
  for (const { words } of viewers) await expect.poll(() => uids(words).at(-1), { timeout: 10_000 }).toBe(9101);
  await show.stop();
  for (const { words } of viewers) await expect.poll(() => words.at(-1)?.over).toBe(true);
});

test("a relay that was not told is told again, of the end too, and keeps the newer of two words", async () => {
  const emulator = freshEmulator();
  const show = await Show.start();
  await show.running();
  const viewers = [];
  for (let i = 0; i < 4; i += 1) viewers.push(await connect(show.id));
  const words = viewers.at(-1)?.words ?? [];
  const relay = env.RELAY.get(env.RELAY.idFromName(`${show.id}/0`));
  const { tell } = Relay.prototype;
  const lost = new Set<number>();
  vi.spyOn(Relay.prototype, "tell").mockImplementation(function (this: Relay, word) {
    if (lost.has(word.word)) return tell.call(this, word);
    lost.add(word.word);
    throw new Error("lost");
  });
  vi.spyOn(console, "error").mockImplementation(() => {});
  emulator.control({ kind: "kill", uid: 9001 });
  await expect.poll(() => lost.size, { timeout: 10_000 }).toBe(1);
  await evictDurableObject(show.stub);
  await expect.poll(() => uids(words), { timeout: 10_000 }).toEqual([9001, 9101]);
  lost.add(1);
  await relay.tell({ type: "onAir", word: 1, onAir: null, over: false });
  const late = await connect(show.id);
  await expect.poll(() => uids(late.words)).toEqual([9101]);
  await show.stop();
  for (const { words } of [...viewers, late]) await expect.poll(() => words.at(-1)?.over, { timeout: 5000 }).toBe(true);
  expect(uids(words)).toEqual([9001, 9101, null]);
});

test("a relay that does not answer is given no more viewers", async () => {
  freshEmulator();
  const show = await Show.start();
  await show.running();
  for (let i = 0; i < 4; i += 1) await connect(show.id);
  const size = vi.spyOn(Relay.prototype, "size").mockRejectedValue(new Error("lost"));
  // Forgets what it knew of its relays.
  await evictDurableObject(show.stub);
  const { words } = await connect(show.id);
  await expect.poll(() => uids(words)).toEqual([9001]);
  size.mockRestore();
  const sizes = await Promise.all([0, 1].map((n) => env.RELAY.get(env.RELAY.idFromName(`${show.id}/${n}`)).size()));
  expect(sizes).toEqual([1, 1]);
  await show.stop();
});
