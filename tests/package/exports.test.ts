/**
 * Calls every function, method and constructor of every entry with wrong values for each argument. Each must throw an error of
 * this library with the argument's name, its value and what is allowed, and change nothing. The functions are found by
 * reflection: a new one without a row here fails the test.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as main from "steadymix";
import * as emulator from "steadymix/emulator";
import * as viewer from "steadymix/viewer";
import { showServices } from "../emulator/js/payload.ts";
import { groupOptions, supervisorOptions } from "./world.ts";

const LATEST = 253_402_300_799_999;
const TOO_LONG = "x".repeat(16_777_217);

const refuses = () => {
  throw new Error("must not be read");
};
const hostile = () =>
  new Proxy(Object.create(null), {
    get: refuses,
    has: refuses,
    ownKeys: refuses,
    getPrototypeOf: refuses,
    getOwnPropertyDescriptor: refuses,
    apply: refuses,
  });

/** Created for each call, because a call may change them. */
const WRONG: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  "an integer": () => 5,
  "a negative integer": () => -1,
  "a fraction": () => 1.5,
  "an integer of over 32 bits": () => 2 ** 40,
  "a time in ns": () => 1.8e18,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  "a bigint": () => 5n,
  "a symbol": () => Symbol("s"),
  "an empty string": () => "",
  "a string": () => "some text",
  "a lone surrogate": () => "\ud800",
  "a string that is too long": () => TOO_LONG,
  "an object": () => ({ some: "field" }),
  "an array": () => [1, "two", null],
  "an empty array": () => [],
  "a Map": () => new Map([["a", 1]]),
  "an invalid Date": () => new Date(Number.NaN),
  "a function": () => () => 5,
  "an async function": () => async () => 5,
  "a promise": () => Promise.resolve(5),
  "bytes of a detached buffer": () => {
    const bytes = new Uint8Array(8);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    return bytes;
  },
  "a circular object": () => {
    const circular: Record<string, unknown> = {};
    circular.itself = circular;
    return circular;
  },
  "nested 5,000 deep": () => JSON.parse("[".repeat(5000) + "]".repeat(5000)),
  "an object with a bigint": () => ({ big: 1n }),
  "an object with a lone surrogate": () => ({ text: "\udc00" }),
  "an object with a getter that throws": () => Object.defineProperty({}, "x", { get: refuses, enumerable: true }),
  "an object with conversions that throw": () => ({ toJSON: refuses, toString: refuses, valueOf: refuses }),
  "an object that serializes to undefined": () => ({ toJSON: () => undefined }),
  "a proxy that throws": hostile,
  "a revoked proxy": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
};

interface Argument {
  name: string;
  good: unknown;
  /** Which of the wrong values are valid for this argument. */
  takes(value: unknown): boolean;
}

interface Row {
  args: Argument[];
  /** The instance for methods, the same for all calls. */
  on?: object;
  /** Also accepts errors of the language: the platform or an SDK checks the argument. */
  isLenient?: boolean;
  /** Cleans up after a successful call. */
  after?(result: unknown): void;
}

const nothing = (value: unknown) => value === undefined || value === null;
const isShort = (value: unknown) => typeof value === "string" && value !== TOO_LONG;
const isInteger = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
const isBytes = (value: unknown) => isShort(value) || ArrayBuffer.isView(value);

const argument = (name: string, good: unknown, takes: (value: unknown) => boolean = () => false): Argument => ({
  name,
  good,
  takes,
});
const instant = (name = "now") =>
  argument(name, 1000, (value) => typeof value === "number" && value >= 0 && value <= LATEST);
const text = (name: string, good: string) => argument(name, good, isShort);
const optional = (name: string) => argument(name, undefined, (value) => nothing(value) || isShort(value));
const uint32 = (name: string) => argument(name, 1, isInteger(0, 0xffff_ffff));
const leftOut = (given: Argument, how: (value: unknown) => boolean = (value) => value === undefined): Argument => ({
  ...given,
  takes: (value) => how(value) || given.takes(value),
});
const row = (...args: Argument[]): Row => ({ args });
const on = (instance: object, ...args: Argument[]): Row => ({ args, on: instance });

const env: main.SupervisorEnv = {
  customerId: "customer",
  customerSecret: "s3cret",
  fetch: () => Promise.reject(new TypeError("no network")),
  notificationSecret: "secret",
  onError: () => {},
};
// The test vector of the service's documentation.
const body =
  '{"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e53f411c2761f","notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}';
const v1 = "92ea60c5249b641f80de046d11e1cb2d15f1d1b2";
const v2 = "6ba85d7c1122f6c51143cce7765f06c601c0fbd691987f4510e45b943b2639e8";

const dispose = (made: unknown) => (made as { dispose?(): void }).dispose?.();

function drivenRows(name: string, options: object, instance: main.Supervisor | main.RedundancyGroup) {
  const configuration = argument("options", options);
  const environment = argument("env", env);
  const snapshot = argument("snapshot", instance.snapshot());
  // A new one for each call: the first successful call ends it.
  const running = () =>
    name === "Supervisor" ? new main.Supervisor(supervisorOptions, env) : new main.RedundancyGroup(groupOptions, env);
  return {
    [name]: { ...row(configuration, environment), after: dispose },
    [`${name}.restore`]: { ...row(snapshot, environment), after: dispose },
    [`${name}#run`]: {
      args: [leftOut(argument("signal", undefined), nothing)],
      get on() {
        const driven = running();
        setImmediate(() => driven.dispose());
        return driven;
      },
    },
    [`${name}#advance`]: {
      args: [],
      get on() {
        const driven = running();
        setImmediate(() => driven.dispose());
        return driven;
      },
    },
    [`${name}#stop`]: on(running()),
    [`${name}#checkNow`]: on(instance),
    [`${name}#update`]: on(instance, argument("services", showServices())),
    [`${name}#handleNotification`]: on(
      instance,
      argument("rawBody", body, isBytes),
      // Any object is accepted as headers; the required ones are then missing.
      argument(
        "headers",
        { "agora-signature": v1 },
        (value) => value === undefined || (typeof value === "object" && value !== null),
      ),
    ),
    [`${name}#snapshot`]: on(instance),
    [`${name}#status`]: on(instance),
    [`${name}#payload`]: on(instance),
    [`${name}#warnings`]: on(instance),
    [`${name}#Symbol(Symbol.asyncIterator)`]: on(instance),
    [`${name}#Symbol(Symbol.dispose)`]: on(running()),
    [`${name}#dispose`]: on(running()),
  } satisfies Record<string, Row>;
}

const supervisor = new main.Supervisor(supervisorOptions, env);
const group = new main.RedundancyGroup(groupOptions, env);
const policy = new main.RetryPolicy();
const ring = new main.UidRing([1, 2]);
const domains = new main.DomainFailover("china", undefined, 1000);
const bucket = new main.TokenBucket(undefined, 1000);
const service = new emulator.Emulator();

/** A source without any signals. */
const source: viewer.RtcSource = {
  attach: () => () => {},
  subscribe: async () => {},
  unsubscribe: async () => {},
  show: () => {},
};
const shown = { uids: [9001, 9002] };
const failover = new viewer.Failover([9001, 9002], {}, 0);
const watching = new viewer.FailoverViewer(source, { uids: [9001, 9002], onError: () => {} });
const feed = new viewer.OnAirFeed("http://127.0.0.1:9/broadcasts/show", { token: "token", onUpdate: () => {} });
feed.close();
const lenient = (given: Row): Row => ({ ...given, isLenient: true });
const any = () => true;
const clock = argument(
  "now",
  0,
  (value) => typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER,
);
/** An object without own values: valid, but empty. */
const hasNoFields = (value: unknown) => {
  if (typeof value !== "function" && (typeof value !== "object" || value === null)) return false;
  try {
    return Object.keys(value).every((key) => Reflect.getOwnPropertyDescriptor(value, key)?.get);
  } catch {
    return false;
  }
};
// There is no page here.
Object.assign(globalThis, { getComputedStyle: () => ({ position: "relative" }) });
/** An engine and a client without any events. */
const engine: viewer.AgoraEngine = {
  registerEventHandler: () => true,
  unregisterEventHandler: () => true,
  muteRemoteVideoStream: () => 0,
  muteRemoteAudioStream: () => 0,
  adjustUserPlaybackSignalVolume: () => 0,
};
const client: viewer.AgoraClient = {
  remoteUsers: [],
  connectionState: "DISCONNECTED",
  on: () => {},
  off: () => {},
  subscribe: async () => {},
  unsubscribe: async () => {},
};

const ROWS: Record<string, Record<string, Row>> = {
  steadymix: {
    ...drivenRows("Supervisor", supervisorOptions, supervisor),
    ...drivenRows("RedundancyGroup", groupOptions, group),
    RetryPolicy: row(leftOut(argument("policy", {}, isEmpty))),
    "RetryPolicy#nextDelay": on(policy, argument("options", { call: "query", reason: "notFound" })),
    "RetryPolicy#toJSON": on(policy),
    "RetryPolicy#free": on(new main.RetryPolicy()),
    UidRing: row(argument("uids", [1, 2])),
    "UidRing.fromJSON": row(argument("json", ring.toJSON())),
    "UidRing#next": on(ring),
    "UidRing#take": on(ring, uint32("uid")),
    "UidRing#release": on(ring, uint32("uid")),
    "UidRing#isHeld": on(ring, uint32("uid")),
    "UidRing#toJSON": on(ring),
    "UidRing#free": on(new main.UidRing([1, 2])),
    DomainFailover: row(argument("area", "china"), optional("region"), instant("returnAfterMs")),
    "DomainFailover#domain": on(domains, instant()),
    "DomainFailover#succeeded": on(domains, text("domain", "api.agora.io")),
    "DomainFailover#failed": on(domains, text("domain", "api.agora.io"), argument("failure", "dns"), instant()),
    "DomainFailover#free": on(new main.DomainFailover("china", undefined, 1000)),
    TokenBucket: row(
      leftOut(argument("quota", {}, isEmpty)),
      instant(),
      leftOut(argument("reportsUse", true, (value) => typeof value === "boolean")),
    ),
    "TokenBucket#ask": on(bucket, instant(), uint32("lane"), argument("call", "query")),
    "TokenBucket#used": on(bucket, instant(), uint32("lane")),
    "TokenBucket#withdraw": on(bucket, uint32("lane")),
    "TokenBucket#free": on(new main.TokenBucket(undefined, 0)),
    interpret: row(
      argument("call", "query"),
      leftOut(argument("httpStatus", 200, isInteger(100, 999)), nothing),
      leftOut(argument("code", 65, isInteger(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)), nothing),
      argument("taskStatus", 4, (value) => nothing(value) || isShort(value) || Number.isFinite(value)),
      optional("serviceStatus"),
    ),
    estimateQuota: row(argument("options", { tasks: 5 })),
    verifyNotification: row(
      text("secret", "secret"),
      argument("rawBody", body, isBytes),
      optional("v1"),
      argument("v2", v2, (value) => nothing(value) || isShort(value)),
    ),
    parseNotification: row(argument("rawBody", body, isBytes)),
    // It returns the problems instead of throwing.
    validateTask: row(
      argument("services", showServices(), () => true),
      optional("instanceId"),
    ),
    isSteadymixError: row(argument("error", new Error(), () => true)),
  },
  "steadymix/viewer": {
    agoraNative: row(argument("engine", engine), argument("options", { uids: [9001], show: () => {} })),
    agoraWeb: row(argument("client", client), argument("options", { container: { nodeType: 1 }, uids: [9001] })),
    acrossChannels: row(argument("channels", [{ uids: [9001], source }])),
    Failover: row(argument("uids", [9001, 9002]), argument("options", {}, hasNoFields), clock),
    "Failover#shown": on(failover),
    "Failover#outputs": on(failover),
    "Failover#handle": on(failover, clock, argument("signal", { type: "frame", uid: 9001 })),
    "Failover#poll": on(failover, clock),
    "Failover#free": on(new viewer.Failover([9001, 9002], {}, 0)),
    FailoverViewer: { ...row(argument("source", source), argument("options", shown)), after: dispose },
    "FailoverViewer#shown": on(watching),
    "FailoverViewer#outputs": on(watching),
    "FailoverViewer#handle": on(watching, argument("signal", { type: "frame", uid: 9001 })),
    "FailoverViewer#dispose": on(watching),
    "FailoverViewer#Symbol(Symbol.dispose)": on(watching),
    OnAirFeed: {
      ...row(
        argument("address", "http://127.0.0.1:9/broadcasts/show", (value) => typeof value === "string" && value !== ""),
        argument("options", { token: "token", onUpdate: () => {} }),
      ),
      after: (made) => (made as viewer.OnAirFeed).close(),
    },
    "OnAirFeed#handle": on(feed, argument("event", { type: "allDown" })),
    "OnAirFeed#close": on(feed),
    "OnAirFeed#Symbol(Symbol.dispose)": on(feed),
    // Needs elements of a page, which do not exist here.
    Stage: lenient(row(argument("root", {}, any))),
    "Stage#layer": lenient(on(Object.create(viewer.Stage.prototype), argument("uid", 9001, any))),
    "Stage#raise": lenient(on(Object.create(viewer.Stage.prototype), argument("uid", 9001, any))),
    "Stage#keep": lenient(on(Object.create(viewer.Stage.prototype))),
    "Stage#clear": lenient(on(Object.create(viewer.Stage.prototype))),
    watchFrames: lenient(
      row(
        argument("video", {}, any),
        argument("onFrame", () => {}, any),
      ),
    ),
  },
  "steadymix/emulator": {
    Emulator: row(
      leftOut(argument("profile", {}, isEmpty)),
      leftOut(argument("speed", 2, (value) => typeof value === "number" && value >= 0.1 && value <= 10_000)),
    ),
    "Emulator#now": on(service),
    "Emulator#real": on(
      service,
      argument("ms", 5, (value) => Number.isFinite(value)),
    ),
    "Emulator#handle": on(service, argument("call", { domain: "d", method: "GET", path: "/" })),
    "Emulator#control": on(service, argument("command", { type: "clearRules" })),
    "Emulator#takeNotifications": on(service),
    "Emulator#nextEventAt": on(service),
    "Emulator#state": on(service),
    sampleServices: row(leftOut(uint32("idleTimeout"))),
    tasksOf: row(text("instanceId", "show"), argument("tasks", [], isEmptyArray)),
    inputChannelsOf: row(argument("tasks", [], isEmptyArray)),
  },
};

function isEmptyArray(value: unknown): boolean {
  try {
    return Array.isArray(value) && value.length === 0;
  } catch {
    return false;
  }
}

/** An object without a field in JSON, for example a Map. */
function isEmpty(value: unknown): boolean {
  try {
    return JSON.stringify(value) === "{}";
  } catch {
    return false;
  }
}

const isClass = (value: unknown) =>
  typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));

/** Every function of a module by its name: `f`, `C`, `C.static`, `C#method`. Getters are included. */
function functionsOf(module: object): Map<string, { called(self: unknown, args: unknown[]): unknown }> {
  const found = new Map<string, { called(self: unknown, args: unknown[]): unknown }>();
  const members = (of: object, prefix: string, skip: string[]) => {
    for (const key of Reflect.ownKeys(of)) {
      const { value, get } = Object.getOwnPropertyDescriptor(of, key) ?? {};
      if (skip.includes(String(key)) || (typeof value !== "function" && !get)) continue;
      const called = get
        ? (self: unknown) => Reflect.apply(get, self, [])
        : (self: unknown, args: unknown[]) => Reflect.apply(value, self, args);
      found.set(`${prefix}${String(key)}`, { called });
    }
  };
  for (const [name, value] of Object.entries(module)) {
    if (typeof value !== "function") continue;
    if (!isClass(value)) {
      found.set(name, { called: (_, args) => Reflect.apply(value, undefined, args) });
      continue;
    }
    found.set(name, { called: (_, args) => Reflect.construct(value, args) });
    members(value, `${name}.`, ["length", "name", "prototype"]);
    for (let at = value.prototype; at && at !== Object.prototype; at = Object.getPrototypeOf(at))
      members(at, `${name}#`, ["constructor"]);
  }
  return found;
}

/** Checks that the rejected calls have changed nothing. */
function assertStillWorks(): void {
  assert.deepEqual(main.interpret("query", 200, undefined, 4), { type: "task", task: "running" });
  main.verifyNotification("secret", body, undefined, v2);
  assert.equal(new main.UidRing([1, 2]).next, 1);
  assert.equal(supervisor.status().state, "waiting");
  assert.equal(group.status().lanes.length, 2);
  assert.equal(policy.nextDelay({ call: "query", reason: "notFound" }), 5000);
  assert.equal(domains.domain(1000).includes("."), true);
  const fresh = new viewer.Failover([9001, 9002], {}, 0);
  assert.equal(fresh.poll(0).type, "wait");
  fresh.free();
}

const ENTRIES = { steadymix: main, "steadymix/viewer": viewer, "steadymix/emulator": emulator };

for (const [entry, module] of Object.entries(ENTRIES)) {
  const rows = ROWS[entry] ?? {};
  const functions = functionsOf(module);

  test(`${entry}: every function has a row`, () => {
    assert.deepEqual(Object.keys(rows).sort(), [...functions.keys()].sort());
  });

  for (const [name, given] of Object.entries(rows)) {
    const called = functions.get(name)?.called ?? (() => assert.fail(`${name} does not exist`));
    test(`${entry}: ${name}`, async () => {
      for (const [at, { name: argumentName, takes }] of given.args.entries()) {
        for (const [how, make] of Object.entries(WRONG)) {
          const value = make();
          const isTaken = takes(value);
          const args = given.args.map(({ good }, other) => (other === at ? value : good));
          try {
            const result = await called(given.on, args);
            assert.ok(isTaken, `${argumentName} is ${how}: no error is thrown`);
            given.after?.(result);
          } catch (error) {
            if (error instanceof assert.AssertionError) throw error;
            const of = `${argumentName} is ${how}: ${String(error)}`;
            assert.ok(!(error instanceof WebAssembly.RuntimeError), of);
            if (given.isLenient) continue;
            assert.ok(main.isSteadymixError(error), of);
            if (isTaken) continue;
            assert.ok(
              error.field === argumentName ||
                error.field?.startsWith(`${argumentName}.`) ||
                error.field?.startsWith(`${argumentName}[`),
              `${of} (${error.field})`,
            );
            // These errors describe a part of the value instead.
            const isOfValue =
              entry === "steadymix" && !["INVALID_SNAPSHOT", "INVALID_NOTIFICATION"].includes(error.code);
            assert.ok(!isOfValue || (error.value !== undefined && error.allowed), of);
            assert.ok(error.message.length < 2000, of);
          }
        }
      }
      // Then a valid call of the same object.
      try {
        const result = await called(
          given.on,
          given.args.map(({ good }) => good),
        );
        given.after?.(result);
      } catch (error) {
        const expected = ["INVALID_NOTIFICATION", "UID_MAY_BE_LIVE", "DISPOSED"];
        const isExpected = main.isSteadymixError(error) && expected.includes(error.code);
        assert.ok(isExpected || (given.isLenient && !(error instanceof WebAssembly.RuntimeError)), String(error));
      }
      assertStillWorks();
    });
  }
}

test("variants of an entry have the same exports", async () => {
  const { exports } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  for (const variant of Object.keys(exports).filter(
    (name) => name.endsWith("/streaming") || name.endsWith("/no-wasm"),
  )) {
    const of = variant.replace(/\/(streaming|no-wasm)$/, "");
    const [given, standard] = await Promise.all(
      [`steadymix${variant.slice(1)}`, `steadymix${of.slice(1)}`].map((name) => import(name)),
    );
    assert.deepEqual(Object.keys(given), Object.keys(standard), variant);
    for (const name of Object.keys(standard)) assert.equal(given[name], standard[name], `${variant}: ${name}`);
  }
});
