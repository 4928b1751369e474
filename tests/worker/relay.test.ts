/** Viewers at a relay: what its broadcast tells them, what they say, how long they are connected, and what is forgotten. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Broadcast, type OnAirUpdate, type Relay } from "steadymix/cloudflare";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { freshId } from "./world.ts";

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
const MOST_REPORTS = 20;
const upgrade = { upgrade: "websocket" };
const asStream = { accept: "text/event-stream" };

/** In the next hours, or alarms would go off by themselves; at the beginning of a minute. */
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

/** The update with this number. */
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

  /** A viewer by WebSocket, and the updates that it was told. */
  async connect(expiresAt?: number) {
    const answer = await this.fetch({ ...upgrade, ...granted(expiresAt) });
    expect(answer.status).toBe(101);
    const socket = answer.webSocket;
    if (!socket) throw new Error("no socket");
    const told: OnAirUpdate[] = [];
    socket.addEventListener("message", ({ data }) => void told.push(JSON.parse(String(data)) as OnAirUpdate));
    const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
    socket.accept();
    sockets.push(socket);
    return { socket, told, closed };
  }

  /** When the alarm is to go off. */
  alarm(): Promise<number | null> {
    return runInDurableObject(this.stub, (_, { storage }) => storage.getAlarm());
  }

  /** The alarm goes off now, whatever it was set to. */
  async ring(): Promise<void> {
    expect(await runDurableObjectAlarm(this.stub)).toBe(true);
  }
}

let tokens = 0;
/** What the token of a viewer allows, each time of another one. */
function granted(expiresAt?: number): Headers {
  tokens += 1;
  return expiresAt === undefined
    ? {}
    : { "x-steadymix-grant": JSON.stringify({ tokenId: `token-${tokens}`, expiresAt }) };
}

const numbers = (told: OnAirUpdate[]) => told.map(({ revision }) => revision);

test("a relay asks its broadcast once what is on air, and passes each change on once, unless it is old news", async () => {
  const relay = new FirstRelay();
  const { told } = await relay.connect();
  for (const revision of [3, 3, 2, 4]) await relay.stub.tell(onAir(revision));
  await expect.poll(() => numbers(told)).toContain(4);
  expect(numbers(told)).toEqual([1, 3, 4]);
  const late = await relay.connect();
  await expect.poll(() => numbers(late.told)).toEqual([4]);
  expect(attach().mock.calls).toEqual([[0]]);
});

test("a change that is told before the relay's question is answered is not undone by the answer", async () => {
  const relay = new FirstRelay();
  const slowly = async () => {
    await relay.stub.tell(onAir(5));
    return onAir(4);
  };
  attach().mockImplementation(slowly as unknown as Broadcast["attach"]);
  for (const { told } of [await relay.connect(), await relay.connect()])
    await expect.poll(() => numbers(told)).toEqual([5]);
});

test("a relay of a broadcast that does not exist has nobody to connect", async () => {
  attach().mockRestore();
  for (const headers of [upgrade, asStream]) {
    const relay = new FirstRelay();
    expect((await relay.fetch(headers)).status).toBe(404);
    expect((await relay.fetch(headers, {})).status, "no broadcast is named").toBe(404);
    expect(await relay.stub.size()).toBe(0);
  }
});

test("a report of what is on air goes to the broadcast, and no other report, or nonsense, does", async () => {
  const relay = new FirstRelay();
  const nonsense = await relay.connect();
  nonsense.socket.send("hello");
  expect(await nonsense.closed).toBe(1003);
  const { socket } = await relay.connect();
  for (const uid of [9002, 900, 90011, 9001]) socket.send(JSON.stringify({ type: "gone", uid, channel: "show" }));
  await expect.poll(() => handled().mock.calls.length).toBeGreaterThan(0);
  expect(handled().mock.calls).toEqual([[{ type: "gone", uid: 9001, channel: "show" }]]);
});

test("a viewer that leaves, or whose connection breaks, is not counted any more", async () => {
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

test("what a relay knows is forgotten a day after the end, whoever comes until then", async () => {
  const relay = new FirstRelay();
  const early = await relay.connect();
  expect(await relay.alarm(), "it has not ended").toBeNull();
  const set = await runInDurableObject(relay.stub, (instance, { storage }) => {
    instance.tell(ended(2));
    return storage.getAlarm();
  });
  expect(set).toBe(START + DAY);
  expect(await early.closed).toBe(1000);
  now += HOUR;
  const late = await relay.connect();
  expect(await late.closed).toBe(1000);
  expect(late.told).toEqual([ended(2)]);
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

test("connections are closed when their tokens expire, and those that expire soon afterwards together", async () => {
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

test("a stream whose client takes nothing is closed once when its token expires, and not again and again", async () => {
  const relay = new FirstRelay();
  const stream = await relay.fetch({ ...asStream, ...granted(START + MINUTE) });
  for (let revision = 2; revision < 40; revision += 1) await relay.stub.tell(onAir(revision));
  now = START + MINUTE;
  await relay.ring();
  expect(await relay.alarm()).toBeNull();
  await stream.body?.cancel();
});

test("a request without a viewer's token, as an application may make it, has no limit", async () => {
  const relay = new FirstRelay();
  const stream = await relay.fetch(asStream);
  for (let i = 0; i < 3; i += 1) await relay.connect();
  expect(await relay.stub.size()).toBe(4);
  expect(await relay.alarm()).toBeNull();
  await stream.body?.cancel();
});

test("a report has 200 characters at most", async () => {
  const relay = new FirstRelay();
  const report = '{"type":"gone","uid":9001}';
  for (const said of [report.padEnd(201), new TextEncoder().encode(report)]) {
    const { socket, closed } = await relay.connect();
    socket.send(said);
    expect(await closed).toBe(1003);
  }
  expect(handled()).not.toHaveBeenCalled();
  const { socket } = await relay.connect();
  socket.send(report.padEnd(200));
  await expect.poll(() => handled().mock.calls.length).toBe(1);
});

test(`a viewer may send ${MOST_REPORTS} reports in each minute`, async () => {
  const relay = new FirstRelay();
  const { socket, closed } = await relay.connect();
  for (const times of [1, 2]) {
    for (let i = 0; i < MOST_REPORTS; i += 1) socket.send('{"type":"gone","uid":9001}');
    await expect.poll(() => handled().mock.calls.length).toBe(times * MOST_REPORTS);
    if (times === 1) now += MINUTE;
  }
  socket.send('{"type":"gone","uid":9001}');
  expect(await closed).toBe(1008);
  expect(handled()).toHaveBeenCalledTimes(2 * MOST_REPORTS);
});

test("an upgrade to anything but a WebSocket is ignored: whoever accepts a stream gets one", async () => {
  const relay = new FirstRelay();
  const answer = await relay.fetch({ ...asStream, upgrade: "websockets" });
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  await answer.body?.cancel();
});

test("only who has read the last event of all is told that there is nothing to come", async () => {
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
