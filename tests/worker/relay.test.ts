/** A relay: updates to viewers, their reports, how long they stay connected, and when the relay forgets its broadcast. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Broadcast, type OnAirUpdate, type Relay } from "steadymix/cloudflare";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { freshId } from "./world.ts";

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
const MAX_REPORTS = 20;
const upgrade = { upgrade: "websocket" };
const asStream = { accept: "text/event-stream" };

/** A few hours ahead of the real time, or alarms would go off by themselves; at the beginning of a minute. */
const START = (Math.floor(Date.now() / MINUTE) + 100) * MINUTE;
let now = START;
const attach = () => vi.mocked(Broadcast.prototype.attach);
const handled = () => vi.mocked(Broadcast.prototype.handleReport);
const sockets: WebSocket[] = [];

beforeEach(() => {
  now = START;
  vi.spyOn(Date, "now").mockImplementation(() => now);
  vi.spyOn(Broadcast.prototype, "attach").mockReturnValue(onAir(1));
  vi.spyOn(Broadcast.prototype, "handleReport").mockReturnValue("taken");
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
  vi.restoreAllMocks();
});

/** The update with this revision. */
function onAir(revision: number, uid = 9001): OnAirUpdate {
  return { type: "onAir", revision, onAir: { lane: "primary", channel: "show", uid }, ended: false };
}

function ended(revision: number): OnAirUpdate {
  return { type: "onAir", revision, onAir: null, ended: true };
}

type Headers = Record<string, string>;

/** The first relay of a broadcast, as the Worker's routes and the broadcast reach it. */
class FirstRelay {
  readonly id = freshId();

  get stub(): DurableObjectStub<Relay> {
    return env.RELAY.get(env.RELAY.idFromName(`${this.id}/0`));
  }

  fetch(headers: Headers, more: Headers = { "x-steadymix-relay": `${this.id}/0/2` }): Promise<Response> {
    return this.stub.fetch("https://worker.example/watch", { headers: { ...headers, ...more } });
  }

  /** A viewer by WebSocket, and the updates that it got. */
  async connect(expiresAt?: number) {
    const answer = await this.fetch({ ...upgrade, ...granted(expiresAt) });
    expect(answer.status).toBe(101);
    const socket = answer.webSocket;
    if (!socket) throw new Error("no socket");
    const updates: OnAirUpdate[] = [];
    socket.addEventListener("message", ({ data }) => void updates.push(JSON.parse(String(data)) as OnAirUpdate));
    const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
    socket.accept();
    sockets.push(socket);
    return { socket, updates, closed };
  }

  /** When the alarm is set to go off. */
  alarm(): Promise<number | null> {
    return runInDurableObject(this.stub, (_, { storage }) => storage.getAlarm());
  }

  /** Runs the alarm now, whatever it is set to. */
  async ring(): Promise<void> {
    expect(await runDurableObjectAlarm(this.stub)).toBe(true);
  }
}

let tokens = 0;
/** The grant of another viewer token for each call. */
function granted(expiresAt?: number): Headers {
  tokens += 1;
  return expiresAt === undefined
    ? {}
    : { "x-steadymix-grant": JSON.stringify({ tokenId: `token-${tokens}`, expiresAt }) };
}

const numbers = (updates: OnAirUpdate[]) => updates.map(({ revision }) => revision);

test("a relay asks its broadcast once for the update, and passes each newer one on once", async () => {
  const relay = new FirstRelay();
  const { updates } = await relay.connect();
  for (const revision of [3, 3, 2, 4]) await relay.stub.publish(onAir(revision));
  await expect.poll(() => numbers(updates)).toContain(4);
  expect(numbers(updates)).toEqual([1, 3, 4]);
  const late = await relay.connect();
  await expect.poll(() => numbers(late.updates)).toEqual([4]);
  expect(attach().mock.calls).toEqual([[0]]);
});

test("an update that arrives while the relay asks is not undone by the answer", async () => {
  const relay = new FirstRelay();
  const slowly = async () => {
    await relay.stub.publish(onAir(5));
    return onAir(4);
  };
  attach().mockImplementation(slowly as unknown as Broadcast["attach"]);
  for (const { updates } of [await relay.connect(), await relay.connect()])
    await expect.poll(() => numbers(updates)).toEqual([5]);
});

test("a relay of a broadcast that does not exist answers 404", async () => {
  attach().mockRestore();
  for (const headers of [upgrade, asStream]) {
    const relay = new FirstRelay();
    expect((await relay.fetch(headers)).status).toBe(404);
    expect((await relay.fetch(headers, {})).status, "no broadcast is named").toBe(404);
    expect(await relay.stub.size()).toBe(0);
  }
});

test("only a report of the output on air goes to the broadcast", async () => {
  const relay = new FirstRelay();
  const nonsense = await relay.connect();
  nonsense.socket.send("hello");
  expect(await nonsense.closed).toBe(1003);
  const { socket } = await relay.connect();
  for (const uid of [9002, 900, 90011, 9001]) socket.send(JSON.stringify({ type: "gone", uid, channel: "show" }));
  await expect.poll(() => handled().mock.calls.length).toBeGreaterThan(0);
  expect(handled().mock.calls).toEqual([[{ type: "gone", uid: 9001, channel: "show" }]]);
});

test("a viewer that leaves, or whose connection is lost, is no longer counted", async () => {
  const relay = new FirstRelay();
  const [leaves] = [await relay.connect(), await relay.connect(), await relay.connect()];
  expect(await relay.stub.size()).toBe(3);
  leaves.socket.close();
  await expect.poll(() => relay.stub.size()).toBe(2);
  const left = await runInDurableObject(relay.stub, (instance, state) => {
    state.getWebSockets()[0]?.close();
    instance.webSocketError();
    return instance.size();
  });
  expect(left).toBe(1);
});

test("a relay forgets its broadcast a day after the end, whoever connects until then", async () => {
  const relay = new FirstRelay();
  const early = await relay.connect();
  expect(await relay.alarm(), "it has not ended").toBeNull();
  const set = await runInDurableObject(relay.stub, (instance, { storage }) => {
    instance.publish(ended(2));
    return storage.getAlarm();
  });
  expect(set).toBe(START + DAY);
  expect(await early.closed).toBe(1000);
  now += HOUR;
  const late = await relay.connect();
  expect(await late.closed).toBe(1000);
  expect(late.updates).toEqual([ended(2)]);
  expect(await relay.alarm()).toBe(START + DAY);
  await relay.ring();
  expect(await relay.alarm(), "it was early").toBe(START + DAY);
  expect(await (await relay.connect()).closed).toBe(1000);
  expect(attach()).toHaveBeenCalledTimes(1);
  now = START + DAY;
  await relay.ring();
  attach().mockReturnValue(undefined);
  expect((await relay.fetch(upgrade)).status).toBe(404);
  expect(attach()).toHaveBeenCalledTimes(2);
  expect(await relay.alarm()).toBeNull();
});

test("connections are closed when their tokens expire; those that expire soon afterwards are closed together", async () => {
  const relay = new FirstRelay();
  const stream = await relay.fetch({ ...asStream, ...granted(START + MINUTE) });
  expect(await relay.alarm()).toBe(START + MINUTE);
  const first = await relay.connect(START + 30 * SECOND);
  expect(await relay.alarm()).toBe(START + 30 * SECOND);
  const stays = await relay.connect();
  now = START + 29 * SECOND;
  await relay.ring();
  expect(await relay.alarm(), "it was early").toBe(START + 30 * SECOND);
  expect(await relay.stub.size()).toBe(3);
  now = START + 30 * SECOND;
  await relay.ring();
  expect(await first.closed).toBe(3000);
  expect(await relay.alarm()).toBe(START + MINUTE);
  const second = await relay.connect(START + 31 * SECOND);
  expect(await relay.alarm()).toBe(START + 35 * SECOND);
  now = START + 35 * SECOND;
  await relay.ring();
  expect(await second.closed).toBe(3000);
  now = START + MINUTE;
  await relay.ring();
  expect((await stream.text()).match(/^data/gm)?.length).toBe(1);
  await expect.poll(() => relay.stub.size()).toBe(1);
  expect(stays.socket.readyState).toBe(WebSocket.OPEN);
});

test("a stream whose client reads nothing is closed only once when its token expires", async () => {
  const relay = new FirstRelay();
  const stream = await relay.fetch({ ...asStream, ...granted(START + MINUTE) });
  for (let revision = 2; revision < 40; revision += 1) await relay.stub.publish(onAir(revision));
  now = START + MINUTE;
  await relay.ring();
  expect(await relay.alarm()).toBeNull();
  await stream.body?.cancel();
});

test("an application's request without a grant has no limits", async () => {
  const relay = new FirstRelay();
  const stream = await relay.fetch(asStream);
  for (let i = 0; i < 3; i += 1) await relay.connect();
  expect(await relay.stub.size()).toBe(4);
  expect(await relay.alarm()).toBeNull();
  await stream.body?.cancel();
});

test("a report has at most 200 characters", async () => {
  const relay = new FirstRelay();
  const report = '{"type":"gone","uid":9001}';
  for (const message of [report.padEnd(201), new TextEncoder().encode(report)]) {
    const { socket, closed } = await relay.connect();
    socket.send(message);
    expect(await closed).toBe(1003);
  }
  expect(handled()).not.toHaveBeenCalled();
  const { socket } = await relay.connect();
  socket.send(report.padEnd(200));
  await expect.poll(() => handled().mock.calls.length).toBe(1);
});

test(`a viewer may send ${MAX_REPORTS} reports in each minute`, async () => {
  const relay = new FirstRelay();
  const { socket, closed } = await relay.connect();
  for (const times of [1, 2]) {
    for (let i = 0; i < MAX_REPORTS; i += 1) socket.send('{"type":"gone","uid":9001}');
    await expect.poll(() => handled().mock.calls.length).toBe(times * MAX_REPORTS);
    if (times === 1) now += MINUTE;
  }
  socket.send('{"type":"gone","uid":9001}');
  expect(await closed).toBe(1008);
  expect(handled()).toHaveBeenCalledTimes(2 * MAX_REPORTS);
});

test("an upgrade to anything but a WebSocket is ignored: a client that accepts a stream gets one", async () => {
  const relay = new FirstRelay();
  const answer = await relay.fetch({ ...asStream, upgrade: "websockets" });
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  await answer.body?.cancel();
});

test("only a client with the last event after the end gets a 204", async () => {
  const relay = new FirstRelay();
  attach().mockReturnValue(ended(5));
  for (const [last, status] of [
    ["5", 204],
    ["50", 200],
    ["4", 200],
  ] as const) {
    const answer = await relay.fetch({ ...asStream, "last-event-id": last });
    expect(answer.status, last).toBe(status);
    if (status === 200) expect(await answer.text()).toContain('"ended":true');
  }
});
