/** OnAirFeed against a server on which each transport can be blocked. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { OnAirFeed, type OnAirFeedOptions, type OnAirUpdate, type SwitchReason } from "steadymix/viewer";
import { Clock } from "./clock.ts";

const updateOf = (revision: number, uid: number | null, ended = false): OnAirUpdate => ({
  type: "onAir",
  revision,
  onAir: uid === null ? null : { lane: "primary", channel: "show", uid },
  ended,
});

/** One text frame, unmasked, as servers send them. */
function frame(text: string): Buffer {
  const bytes = Buffer.from(text);
  assert.ok(bytes.length < 65_536);
  const head = bytes.length < 126 ? [0x81, bytes.length] : [0x81, 126, bytes.length >> 8, bytes.length & 255];
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** The text of one masked frame, as clients send them. */
function unmasked(data: Buffer): string {
  const length = (data[1] ?? 0) & 127;
  const mask = data.subarray(2, 6);
  return Buffer.from(data.subarray(6, 6 + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0))).toString();
}

type Route = "socket" | "stream" | "polling";

/** A server whose update can be changed; only the routes in `open` are reachable. */
async function serverOf(t: TestContext, open: Set<Route>) {
  let update = updateOf(1, 9001);
  const asked: string[] = [];
  const reports: string[] = [];
  const sockets = new Set<Socket>();
  const streams = new Set<ServerResponse>();
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const path = new URL(request.url ?? "", "http://x").pathname.split("/").at(-1) ?? "";
    asked.push(`${request.method} ${path} ${request.headers.authorization ?? ""}`);
    if (path === "watch" && open.has("stream")) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${JSON.stringify(update)}\n\n`);
      streams.add(response);
    } else if (path === "on-air" && open.has("polling")) {
      response.end(JSON.stringify(update));
    } else if (path === "reports") {
      request.setEncoding("utf8").on("data", (text: string) => reports.push(text));
      request.on("end", () => response.end("{}"));
    } else response.writeHead(403).end();
  });
  server.on("upgrade", (request, socket: Socket) => {
    asked.push(`UPGRADE ${request.url}`);
    if (!open.has("socket")) return socket.destroy();
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.write(frame(JSON.stringify(update)));
    socket.on("data", (data: Buffer) => {
      if (((data[0] ?? 0) & 15) === 1) reports.push(unmasked(data));
    });
    socket.on("error", () => {});
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/broadcasts/show/`,
    asked,
    reports,
    say: (next: OnAirUpdate) => {
      update = next;
      for (const socket of sockets) socket.write(frame(JSON.stringify(update)));
      for (const stream of streams) stream.write(`data: ${JSON.stringify(update)}\n\n`);
    },
    /** Ends the sockets with that code. */
    close: (code: number) => {
      for (const socket of sockets) socket.end(Buffer.from([0x88, 2, code >> 8, code & 255]));
      sockets.clear();
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
  };
}

/** A feed that ends with the test, and a way to wait for its updates. */
function follow(t: TestContext, address: string, token: OnAirFeedOptions["token"] = "token") {
  const updates: (number | null)[] = [];
  let notify: () => void = () => {};
  const feed = new OnAirFeed(address, {
    token,
    onUpdate: ({ onAir }) => {
      updates.push(onAir?.uid ?? null);
      notify();
    },
  });
  t.after(() => feed.close());
  const next = async (uid: number | null) => {
    while (updates.at(-1) !== uid) {
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
  };
  return { feed, updates, next };
}

const switched = (from: number, reason: "frozen" | "failed") =>
  ({ type: "switched", from, to: 9101, reason, detectMs: 1, switchMs: 1, outageMs: 2 }) as const;

test("by WebSocket: each update once; reports over the same connection", async (t) => {
  const server = await serverOf(t, new Set(["socket"]));
  let tokens = 0;
  const { feed, updates, next } = follow(t, server.address, async () => `token-${++tokens}`);
  await next(9001);
  server.say(updateOf(1, 9009));
  server.say(updateOf(2, 9101));
  await next(9101);
  assert.deepEqual(updates, [9001, 9101]);
  assert.match(server.asked[0] ?? "", /watch\?token=token-1$/);
  feed.handle(switched(9001, "failed"));
  feed.handle(switched(9001, "frozen"));
  feed.handle(switched(9001, "frozen"));
  while (server.reports.length === 0) await new Promise((resolve) => setImmediate(resolve));
  // After an interruption it reconnects by the same transport with a new token, and gets the missed update.
  server.cut();
  server.say(updateOf(3, 9002));
  await next(9002);
  assert.match(server.asked.at(-1) ?? "", /watch\?token=token-2$/);
  assert.deepEqual(server.reports, ['{"type":"gone","uid":9001}']);
});

test("an expired token is no failure: the feed reconnects with a new one by the same transport", async (t) => {
  const server = await serverOf(t, new Set(["socket", "stream"]));
  let tokens = 0;
  const errors: unknown[] = [];
  let [closes, next] = [0, () => {}];
  const feed = new OnAirFeed(server.address, {
    token: () => `token-${++tokens}`,
    onUpdate: () => next(),
    onError: (error) => errors.push(error),
  });
  t.after(() => feed.close());
  const notified = () =>
    new Promise<void>((resolve) => {
      next = resolve;
    });
  await notified();
  for (const code of [3000, 1011]) {
    server.close(code);
    closes += 1;
    server.say(updateOf(1 + closes, 9001));
    await notified();
    assert.match(server.asked.at(-1) ?? "", new RegExp(`^UPGRADE .*token=token-${1 + closes}$`));
    assert.equal(errors.length, closes - 1, `${code}`);
  }
});

test("without WebSocket: by server-sent events, with reports as requests", async (t) => {
  const server = await serverOf(t, new Set(["stream"]));
  const { feed, next } = follow(t, server.address);
  await next(9001);
  server.say(updateOf(2, 9101));
  await next(9101);
  feed.handle(switched(9001, "frozen"));
  while (server.reports.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(server.reports, ['{"type":"gone","uid":9001}']);
  assert.ok(server.asked.includes("POST reports Bearer token"));
});

test("without WebSocket and server-sent events: by polling", async (t) => {
  const server = await serverOf(t, new Set(["polling"]));
  const { next } = follow(t, server.address);
  await next(9001);
  server.say(updateOf(2, 9101));
  await next(9101);
  assert.ok(server.asked.includes("GET on-air Bearer token"));
});

test("after the end, or close(), it makes no request", async (t) => {
  const server = await serverOf(t, new Set(["socket"]));
  const { feed, next } = follow(t, server.address);
  await next(9001);
  server.say(updateOf(2, null, true));
  await next(null);
  feed.close();
  feed.handle(switched(9001, "frozen"));
  server.cut();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(server.asked.length, 1);
  assert.deepEqual(server.reports, []);
});

test("a response that arrives after close() is ignored", async (t) => {
  const server = await serverOf(t, new Set(["polling"]));
  const { text } = Response.prototype;
  const read = t.mock.method(Response.prototype, "text", function (this: Response) {
    feed.close();
    return text.call(this);
  });
  const { feed, updates } = follow(t, server.address);
  while (read.mock.callCount() === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await read.mock.calls[0]?.result;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(server.asked.at(-1), "GET on-air Bearer token");
  assert.deepEqual(updates, []);
});

// ---- which transport, by a manual clock ----------------------------------------------------------------------

interface Platform extends Partial<OnAirFeedOptions> {
  throws?: Route;
  lacks?: string[];
}

/** A platform on which these routes are reachable. The page itself refuses `throws`; the globals in `lacks` do not exist. */
function platformOf(t: TestContext, open: Set<Route>, { throws, lacks, ...options }: Platform = {}) {
  const clock = new Clock();
  const tried: Route[] = [];
  const sent: string[] = [];
  const update = JSON.stringify(updateOf(1, 9001));
  const connections = new Set<Connection>();
  class Connection {
    readonly OPEN = 1;
    readyState = 0;
    onmessage: ((message: { data: string }) => void) | null = null;
    onerror: (() => void) | null = null;
    onclose: (() => void) | null = null;
    constructor(route: Route) {
      tried.push(route);
      if (throws === route) throw new Error(`this page allows no ${route}`);
      connections.add(this);
      queueMicrotask(() => {
        if (!open.has(route)) return this.onerror?.();
        this.readyState = this.OPEN;
        this.onmessage?.({ data: update });
      });
    }
    send(text: string) {
      sent.push(text);
      // As the Worker does.
      if (text === "ping" && open.has("socket")) queueMicrotask(() => this.onmessage?.({ data: "pong" }));
    }
    close() {
      connections.delete(this);
    }
  }
  const platform: Record<string, unknown> = {
    WebSocket: class extends Connection {
      constructor() {
        super("socket");
      }
    },
    EventSource: class extends Connection {
      constructor() {
        super("stream");
      }
    },
    fetch: async () => {
      tried.push("polling");
      if (!open.has("polling")) throw new Error("no network");
      return new Response(update);
    },
  };
  const genuine = Object.keys(platform).map(
    (name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const,
  );
  for (const [name, value] of Object.entries(platform)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  for (const name of lacks ?? []) Reflect.deleteProperty(globalThis, name);
  const feed = new OnAirFeed("https://shows.example/broadcasts/show", {
    token: "token",
    onUpdate: () => {},
    ...options,
  });
  t.after(() => {
    feed.close();
    clock.restore();
    for (const [name, value] of genuine) {
      if (value) Object.defineProperty(globalThis, name, value);
      else Reflect.deleteProperty(globalThis, name);
    }
  });
  const cut = () => {
    for (const connection of connections) connection.onerror?.();
  };
  return { clock, tried, sent, cut, feed };
}

test("unavailable transports are skipped", async (t) => {
  const { clock, tried } = platformOf(t, new Set(["polling"]), { lacks: ["EventSource"] });
  await clock.pass(3000);
  assert.deepEqual(tried.slice(0, 2), ["socket", "polling"]);
});

test("closed while it waits for a token, it makes no request", async (t) => {
  const token = async () => {
    await Promise.resolve();
    feed.close();
    return "token";
  };
  const { clock, tried, feed } = platformOf(t, new Set(["polling"]), { token, lacks: ["WebSocket", "EventSource"] });
  await clock.pass(10_000);
  assert.deepEqual(tried, []);
});

test("with nothing but fetch it polls and reports", async (t) => {
  const { clock, tried, feed } = platformOf(t, new Set(["polling"]), { lacks: ["WebSocket", "EventSource"] });
  await clock.pass(1000);
  feed.handle(switched(9001, "frozen"));
  await clock.pass(1);
  assert.deepEqual(tried, ["polling", "polling"]);
});

test("a refused report is an error", async (t) => {
  const lost: unknown[] = [];
  const onError = (error: unknown) => lost.push(error);
  const lacks = ["WebSocket", "EventSource"];
  const { clock, feed } = platformOf(t, new Set(["polling"]), { lacks, onError });
  await clock.pass(1000);
  globalThis.fetch = async () => new Response("{}", { status: 401 });
  feed.handle(switched(9001, "frozen"));
  await clock.pass(1);
  assert.match(String(lost), /reports was answered 401/);
});

test("a transport that throws is left", async (t) => {
  const { clock, tried } = platformOf(t, new Set(["stream"]), { throws: "socket" });
  await clock.pass(3000);
  assert.deepEqual(tried, ["socket", "stream"]);
});

test("after an outage it returns to the transport that worked; if that fails repeatedly, to another one", async (t) => {
  const open = new Set<Route>(["socket", "stream", "polling"]);
  const { clock, tried, cut } = platformOf(t, open);
  await clock.pass(1000);
  open.clear();
  cut();
  await clock.pass(15_000);
  assert.deepEqual(new Set(tried), new Set(["socket"]));
  open.add("stream");
  await clock.pass(120_000);
  assert.equal(tried.at(-1), "stream");
});

test("from server-sent events it retries WebSocket from time to time, and returns to them if that fails", async (t) => {
  const open = new Set<Route>(["stream", "polling"]);
  const { clock, tried } = platformOf(t, open);
  await clock.pass(310_000);
  assert.deepEqual(tried, ["socket", "stream", "socket", "stream"]);
  open.add("socket");
  await clock.pass(310_000);
  assert.deepEqual(tried.slice(4), ["socket"]);
});

test("without AbortSignal.timeout it polls, too", async (t) => {
  const timeout = Object.getOwnPropertyDescriptor(AbortSignal, "timeout");
  assert.ok(timeout);
  Reflect.deleteProperty(AbortSignal, "timeout");
  t.after(() => Object.defineProperty(AbortSignal, "timeout", timeout));
  const { clock, tried } = platformOf(t, new Set(["polling"]));
  await clock.pass(10_000);
  assert.deepEqual(tried.slice(0, 3), ["socket", "stream", "polling"]);
  assert.deepEqual(new Set(tried.slice(3)), new Set(["polling"]));
});

test("an idle socket that answers pings is kept, one that does not is lost", async (t) => {
  const lost: unknown[] = [];
  const open = new Set<Route>(["socket"]);
  const { clock, tried, sent } = platformOf(t, open, { onError: (error) => lost.push(error) });
  await clock.pass(125_000);
  assert.deepEqual([tried, sent], [["socket"], Array(4).fill("ping")]);
  // The network has changed, without an event.
  open.clear();
  await clock.pass(34_900);
  assert.deepEqual([tried, lost], [["socket"], []]);
  open.add("socket");
  await clock.pass(1200);
  assert.deepEqual(tried, ["socket", "socket"]);
  assert.match(lost.map(String).join(), /^Error: .* lost the WebSocket$/);
  await clock.pass(60_000);
  assert.equal(tried.length, 2);
});

test("without another output, a loss is reported once, as soon as it is certain", async (t) => {
  const { clock, sent, feed } = platformOf(t, new Set(["socket"]));
  const degraded = (uid: number, reason: SwitchReason) => feed.handle({ type: "degraded", uid, reason });
  const reported = async (ms: number) => {
    await clock.pass(ms);
    return sent.splice(0).flatMap((text) => (text === "ping" ? [] : [JSON.parse(text).uid as number]));
  };
  await clock.pass(1000);
  degraded(9001, "left");
  feed.handle({ type: "allDown" });
  assert.deepEqual(await reported(6000), [9001]);
  feed.handle({ type: "allDown" });
  feed.handle({ ...switched(9001, "frozen"), to: 9002 });
  assert.deepEqual(await reported(6000), []);
  // It may recover.
  degraded(9002, "frozen");
  assert.deepEqual(await reported(6000), []);
  feed.handle({ type: "recovered", uid: 9002 });
  degraded(9002, "noData");
  assert.deepEqual(await reported(6000), []);
  feed.handle({ type: "allDown" });
  assert.deepEqual(await reported(6000), [9002]);
  feed.handle({ ...switched(9002, "frozen"), to: 9001 });
  assert.deepEqual(await reported(6000), []);
  // An output that this viewer cannot decode is not gone.
  degraded(9001, "failed");
  feed.handle({ type: "allDown" });
  assert.deepEqual(await reported(6000), []);
  // The same output is lost again.
  feed.handle({ type: "recovered", uid: 9001 });
  degraded(9001, "unpublished");
  assert.deepEqual(await reported(6000), [9001]);
});

test("across channels, a report names the output by its uid and channel", async (t) => {
  const outputs = [
    { uid: 9001, channel: "north", id: 9001 },
    { uid: 9001, channel: "south", id: 4_000_000_001 },
  ];
  const { clock, sent, feed } = platformOf(t, new Set(["socket"]), { source: { outputs } });
  const reported = async () => {
    await clock.pass(6000);
    return sent.splice(0).flatMap((text) => (text === "ping" ? [] : [JSON.parse(text)]));
  };
  await clock.pass(1000);
  feed.handle(switched(4_000_000_001, "frozen"));
  assert.deepEqual(await reported(), [{ type: "gone", uid: 9001, channel: "south" }]);
  feed.handle({ type: "degraded", uid: 9001, reason: "left" });
  assert.deepEqual(await reported(), [{ type: "gone", uid: 9001, channel: "north" }]);
  // An unknown id is reported as the uid.
  feed.handle({ type: "degraded", uid: 9005, reason: "frozen" });
  feed.handle(switched(9005, "frozen"));
  assert.deepEqual(await reported(), [{ type: "gone", uid: 9005 }]);
});

test("an error thrown by onError is logged, and the feed reconnects", async (t) => {
  const logged = t.mock.method(console, "error", () => {});
  const open = new Set<Route>(["socket"]);
  let tokens = 0;
  const { clock, tried, cut } = platformOf(t, open, {
    token: () => {
      tokens += 1;
      if (tokens === 1) throw new Error("no token");
      return "token";
    },
    onError: (error) => {
      throw error;
    },
  });
  await clock.pass(1500);
  assert.deepEqual(tried, ["socket"]);
  cut();
  await clock.pass(1500);
  assert.deepEqual(tried, ["socket", "socket"]);
  const errors = logged.mock.calls.map(({ arguments: [, error] }) => String(error));
  assert.equal(errors.length, 2);
  assert.match(errors[0] ?? "", /no token/);
  assert.match(errors[1] ?? "", /lost the WebSocket/);
});

test("an error thrown by onUpdate is logged, and the connection stays open", async (t) => {
  const logged = t.mock.method(console, "error", () => {});
  const lost: unknown[] = [];
  const { clock, tried } = platformOf(t, new Set(["polling"]), {
    lacks: ["WebSocket", "EventSource"],
    onUpdate: () => {
      throw new Error("not understood");
    },
    onError: (error) => lost.push(error),
  });
  await clock.pass(2999);
  assert.deepEqual(tried, ["polling"]);
  await clock.pass(5);
  assert.deepEqual(tried, ["polling", "polling"]);
  assert.deepEqual(lost, []);
  assert.match(String(logged.mock.calls[0]?.arguments[1]), /not understood/);
});
