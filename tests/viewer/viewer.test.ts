/** The viewer on a fake SDK: its guarantees for adapters and applications. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import {
  type AgoraEngine,
  acrossChannels,
  agoraNative,
  agoraWeb,
  Failover,
  FailoverViewer,
  type Kind,
  OnAirFeed,
  type RtcSource,
  type Signal,
  type Uid,
  type ViewerEvent,
  type ViewerOptions,
} from "steadymix/viewer";
import { Clock } from "./clock.ts";

const PRIMARY = 9001;
const BACKUP = 9101;

class FakeSource implements RtcSource {
  readonly calls: string[] = [];
  readonly there: Signal[];
  emit: (signal: Signal) => void = () => {};
  isAttached = false;
  refuses = (_call: string): Error | undefined => undefined;

  constructor(there: Signal[] = []) {
    this.there = there;
  }

  attach(emit: (signal: Signal) => void): () => void {
    this.emit = emit;
    this.isAttached = true;
    for (const signal of this.there) emit(signal);
    return () => this.detach();
  }

  detach(): void {
    this.isAttached = false;
  }

  async subscribe(uid: Uid, kind: Kind): Promise<void> {
    this.#call(`subscribe ${uid} ${kind}`);
  }

  async unsubscribe(uid: Uid, kind: Kind): Promise<void> {
    this.#call(`unsubscribe ${uid} ${kind}`);
  }

  show(uid: Uid): void {
    this.#call(`show ${uid}`);
  }

  pollStats(): void {
    this.#call("pollStats");
  }

  #call(call: string): void {
    this.calls.push(call);
    const error = this.refuses(call);
    if (error) throw error;
  }

  joins(...uids: Uid[]): void {
    for (const uid of uids) for (const signal of there(uid)) this.emit(signal);
  }

  decodes(uid: Uid): void {
    this.emit({ type: "state", uid, kind: "video", state: "decoding" });
  }
}

const CONNECTED: Signal = { type: "connection", state: "connected" };
const there = (uid: Uid): Signal[] => [
  { type: "joined", uid },
  { type: "published", uid, kind: "audio" },
  { type: "published", uid, kind: "video" },
];

let clock: Clock;
let events: ViewerEvent[];
let errors: unknown[];
let viewer: FailoverViewer | undefined;

beforeEach(() => {
  clock = new Clock();
  events = [];
  errors = [];
});
afterEach(() => {
  viewer?.dispose();
  viewer = undefined;
  clock.restore();
});

function watch(source: RtcSource, options: Partial<ViewerOptions> = {}): FailoverViewer {
  viewer = new FailoverViewer(source, {
    uids: [PRIMARY, BACKUP],
    onEvent: (event) => events.push(event),
    onError: (error) => errors.push(error),
    ...options,
  });
  return viewer;
}

/** Both are decoding; the primary is on screen. */
function watching(options: Partial<ViewerOptions> = {}): FakeSource {
  const source = new FakeSource([CONNECTED]);
  watch(source, options);
  source.joins(PRIMARY, BACKUP);
  source.decodes(PRIMARY);
  source.decodes(BACKUP);
  assert.equal(viewer?.shown, PRIMARY);
  source.calls.length = 0;
  return source;
}

const carriedOut = (source: FakeSource) => source.calls.filter((call) => call !== "pollStats");

test("the initial state is complete before the first decision", () => {
  const source = new FakeSource([CONNECTED, ...there(BACKUP), ...there(PRIMARY)]);
  watch(source);
  assert.deepEqual(source.calls, [`subscribe ${PRIMARY} video`, `subscribe ${PRIMARY} audio`]);
});

test("an output that leaves is replaced at once, with events", () => {
  const source = watching();
  source.emit({ type: "left", uid: PRIMARY, reason: "timedOut" });
  assert.deepEqual(source.calls, [`show ${BACKUP}`]);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["degraded", "switched"],
  );
  assert.deepEqual(viewer?.outputs, [
    { uid: PRIMARY, health: "absent" },
    { uid: BACKUP, health: "playing" },
  ]);
});

test("missing frames are enough while the standby's frames arrive", async () => {
  const source = watching();
  const frames = async (uids: Uid[], ms: number) => {
    for (const until = clock.now + ms; clock.now < until; ) {
      for (const uid of uids) source.emit({ type: "frame", uid });
      await clock.pass(66);
    }
  };
  await frames([PRIMARY, BACKUP], 2000);
  await frames([BACKUP], 600);
  assert.equal(viewer?.shown, BACKUP);
  const switched = events.find((event) => event.type === "switched");
  assert.ok(switched && switched.outageMs <= 400 && switched.outageMs === switched.detectMs + switched.switchMs);
});

test("stats are polled every second; an output without data in two polls is left", async () => {
  const source = watching();
  await clock.pass(3000);
  assert.equal(source.calls.filter((call) => call === "pollStats").length, 3);
  const stats = (uid: Uid, receiving: boolean) => source.emit({ type: "stats", uid, kind: "video", receiving });
  for (let poll = 0; poll < 2; poll += 1) {
    await clock.pass(1000);
    stats(BACKUP, true);
    stats(PRIMARY, false);
  }
  assert.equal(viewer?.shown, BACKUP);
});

test("a failed stats poll is reported and repeated; in one channel it does not affect the other", async () => {
  const source = watching();
  source.refuses = (call) => (call === "pollStats" ? new Error("no statistics") : undefined);
  await clock.pass(2000);
  assert.deepEqual(errors.map(String), ["Error: no statistics", "Error: no statistics"]);
  viewer?.dispose();
  errors.length = 0;
  const [first, second] = inTwoChannels();
  first.pollStats = async () => {
    throw new Error("not joined");
  };
  await clock.pass(1000);
  assert.deepEqual(errors.map(String), ["Error: not joined"]);
  assert.equal(second.calls.at(-1), "pollStats");
});

test("the application passes on which output is on air", () => {
  const source = watching();
  viewer?.handle({ type: "onAir", uid: BACKUP });
  assert.deepEqual(carriedOut(source), [`show ${BACKUP}`]);
});

test("a refused subscription is reported, and retried after a second", async () => {
  const source = new FakeSource([CONNECTED]);
  let refusals = 1;
  source.refuses = (call) => {
    if (call !== `subscribe ${PRIMARY} video` || refusals === 0) return undefined;
    refusals -= 1;
    return new Error("not now");
  };
  watch(source);
  source.joins(PRIMARY);
  await clock.pass(900);
  assert.deepEqual(errors.map(String), ["Error: not now"]);
  const asked = () => source.calls.filter((call) => call === `subscribe ${PRIMARY} video`).length;
  assert.equal(asked(), 1);
  await clock.pass(300);
  assert.equal(asked(), 2);
});

test("an application or SDK that throws does not stop the failover", () => {
  const source = watching({
    onEvent: () => {
      throw new Error("mine");
    },
  });
  source.refuses = (call) => (call.startsWith("show") ? new Error("theirs") : undefined);
  source.emit({ type: "left", uid: PRIMARY, reason: "quit" });
  assert.equal(viewer?.shown, BACKUP);
  assert.deepEqual(new Set(errors.map(String)), new Set(["Error: mine", "Error: theirs"]));
});

test("an error thrown by onError is logged, and stops nothing", async (t) => {
  const logged = t.mock.method(console, "error", () => {});
  const fails = (what: string) => () => {
    throw new Error(what);
  };
  const source = watching({ onEvent: fails("not understood"), onError: fails("not taken") });
  source.calls.length = 0;
  source.emit({ type: "left", uid: PRIMARY, reason: "quit" });
  assert.equal(viewer?.shown, BACKUP);
  source.refuses = (call) => (call.startsWith("subscribe") ? new Error("refused") : undefined);
  source.joins(PRIMARY);
  await clock.pass(10);
  source.refuses = () => undefined;
  source.calls.length = 0;
  await clock.pass(1100);
  assert.deepEqual(carriedOut(source), [`subscribe ${PRIMARY} video`, `subscribe ${PRIMARY} audio`]);
  assert.ok(logged.mock.calls.every(({ arguments: [, error] }) => /not taken/.test(String(error))));
});

test("dispose() releases everything, and nothing more happens", async () => {
  const source = watching();
  viewer?.dispose();
  viewer?.[Symbol.dispose]();
  assert.equal(source.isAttached, false);
  const released = [PRIMARY, BACKUP].flatMap((uid) => [`unsubscribe ${uid} audio`, `unsubscribe ${uid} video`]);
  assert.deepEqual([...source.calls].sort(), released);
  source.emit({ type: "left", uid: PRIMARY, reason: "quit" });
  await clock.pass(5000);
  assert.equal(source.calls.length, released.length);
  assert.deepEqual([viewer?.shown, viewer?.outputs], [undefined, []]);
});

test("a source that throws while detaching is no longer polled", async () => {
  const source = watching();
  source.attach = () => () => {
    throw new Error("not attached");
  };
  viewer?.dispose();
  viewer = watch(source);
  assert.throws(() => viewer?.dispose(), /not attached/);
  source.calls.length = 0;
  await clock.pass(5000);
  assert.deepEqual(source.calls, []);
});

test("dispose() works during an event", async () => {
  const source = watching({ onEvent: () => viewer?.dispose() });
  source.emit({ type: "left", uid: PRIMARY, reason: "quit" });
  assert.equal(viewer?.shown, undefined);
  assert.equal(source.isAttached, true, "the event may come from a frame callback");
  await clock.pass(1);
  assert.equal(source.isAttached, false);
});

test("an unplayable track is reported, and does not cause a switch", () => {
  const source = watching();
  source.emit({ type: "state", uid: PRIMARY, kind: "video", state: "failed", reason: 13 });
  assert.deepEqual(events, [{ type: "unplayable", uid: PRIMARY, kind: "video" }]);
  assert.equal(viewer?.shown, PRIMARY);
});

test("calls that may remove a picture run in a task of their own, and later calls after them", async () => {
  const source = watching({ standby: "cold" });
  source.emit({ type: "onAir", uid: BACKUP });
  source.calls.length = 0;
  // As an SDK does in a frame callback.
  source.decodes(BACKUP);
  assert.deepEqual(source.calls, [`show ${BACKUP}`]);
  source.emit({ type: "left", uid: BACKUP, reason: "quit" });
  assert.deepEqual(source.calls, [`show ${BACKUP}`]);
  await clock.pass(1);
  assert.deepEqual(source.calls, [
    `show ${BACKUP}`,
    ...["unsubscribe", "subscribe"].flatMap((call) => ["video", "audio"].map((kind) => `${call} ${PRIMARY} ${kind}`)),
  ]);
});

test("deferred calls are cancelled by dispose()", async () => {
  const source = watching({ standby: "cold" });
  source.emit({ type: "onAir", uid: BACKUP });
  source.decodes(BACKUP);
  source.emit({ type: "left", uid: BACKUP, reason: "quit" });
  viewer?.dispose();
  source.calls.length = 0;
  await clock.pass(10);
  assert.deepEqual(source.calls, [`unsubscribe ${PRIMARY} video`, `unsubscribe ${PRIMARY} audio`]);
});

// ---- invalid arguments -------------------------------------------------------------------------------------------------

interface Rule {
  values?: readonly unknown[];
  is(value: unknown): boolean;
}
type Rules = Record<string, Rule>;
const dist = `${import.meta.dirname}/../../dist/viewer`;
const { SIGNALS, STEPS, EVENTS, FAILOVER_OPTIONS, HEALTH } = (await import(`${dist}/tables.js`)) as {
  SIGNALS: Record<string, Rules>;
  STEPS: Record<string, Rules>;
  EVENTS: Record<string, Rules>;
  FAILOVER_OPTIONS: Rules;
  HEALTH: readonly string[];
};

test("the tables are those of the WebAssembly: every name, in the same order", () => {
  const numbers = JSON.parse(readFileSync(`${import.meta.dirname}/numbers.json`, "utf8"));
  const named = (rule: Rule | undefined) => rule?.values?.map(String);
  const signals = Object.entries(SIGNALS).map(([type, { uid, ...rules }]) => {
    // The reason of a state is passed as the engine's own number.
    const fields = Object.entries(rules).filter(([field]) => type !== "state" || field !== "reason");
    return [type, uid !== undefined, fields.map(([, rule]) => named(rule))];
  });
  assert.deepEqual(signals, numbers.signals);
  assert.deepEqual(Object.keys(FAILOVER_OPTIONS), numbers.options);
  assert.deepEqual(named(FAILOVER_OPTIONS.standby), numbers.standby);
  assert.deepEqual(named(SIGNALS.published?.kind), numbers.kinds);
  assert.deepEqual(named(EVENTS.degraded?.reason), numbers.reasons);
  assert.deepEqual(HEALTH, numbers.health);
  const outputs = [...Object.values(STEPS), ...Object.values(EVENTS)].map((rules) => Object.values(rules));
  for (const [number, fields] of numbers.outputs as [number, number[]][]) {
    const rules = outputs[number];
    assert.equal(rules?.length, fields.length, `output ${number}`);
    for (const [at, rule] of rules?.entries() ?? [])
      assert.ok(rule.is(rule.values ? rule.values[fields[at] ?? -1] : fields[at]), `output ${number}, field ${at}`);
  }
  const walked = new Set((numbers.outputs as [number, number[]][]).map(([number]) => number));
  assert.equal(walked.size, outputs.length);
});

test("a WebAssembly module of another version is an error that names the value that only one has", async (t) => {
  const { Failover: Machine } = (await import(`${dist}/glue.js`)) as typeof import("../../src/js/viewer/glue.js");
  const failover = () => new Failover([PRIMARY, BACKUP], { standby: "cold", frozenGraceMs: 500 }, 0);
  const cases: [method: "set" | "handle" | "poll" | "field" | "health", answer: unknown, named: string][] = [
    ["set", false, "options.standby"],
    ["handle", false, "signal joined"],
    ["poll", 12, "output 12"],
    ["field", 10, "degraded.reason 10"],
    ["health", 255, "health 255"],
  ];
  for (const [method, answer, named] of cases) {
    const methods = [t.mock.method(Machine.prototype, method, () => answer as never)];
    if (method === "field") methods.push(t.mock.method(Machine.prototype, "poll", () => 4));
    assert.throws(
      () => {
        const machine = failover();
        machine.handle(0, { type: "joined", uid: PRIMARY });
        machine.poll(0);
        machine.outputs.at(0);
      },
      { name: "SteadymixError", code: "MODULE_MISMATCH", message: new RegExp(`: ${named} is not in both$`) },
      method,
    );
    for (const { mock } of methods) mock.restore();
  }
});

/** Values that are invalid for every field. */
const INVALID: [value: unknown, named: string][] = [
  [null, "null"],
  ["disconnected", '"disconnected"'],
  ["", '""'],
  [-1, "-1"],
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "Infinity"],
  [{ uid: 9001, token: "secret" }, "an object"],
  [10n, "10"],
  [Symbol("one"), "Symbol(one)"],
];
/** Invalid values of nearly the right type. */
const ALMOST: Record<string, unknown[]> = {
  uid: [0, 1.5, 2 ** 32, "9001", true],
  muted: [1, "true"],
  reason: [256, "1"],
};

/** A valid signal of each type. */
const validSignals = Object.entries(SIGNALS).map(([type, rules]) => {
  const value = (field: string, rule: Rule) => rule.values?.[0] ?? (field === "uid" ? PRIMARY : 0);
  return { type, ...Object.fromEntries(Object.entries(rules).map(([field, rule]) => [field, value(field, rule)])) };
});

for (const right of validSignals) {
  test(`an invalid signal is refused with its field, without an effect: ${right.type}`, () => {
    const source = watching();
    if (!["connection", "visible"].includes(right.type)) source.emit(right as Signal);
    viewer?.dispose();
    events.length = 0;
    const again = watching();
    for (const field of Object.keys(SIGNALS[right.type] ?? {})) {
      const isNeeded = field !== "reason";
      const wrong = [...INVALID, ...(ALMOST[field] ?? []).map((value) => [value, undefined] as const)];
      if (isNeeded) wrong.push([undefined, "undefined"]);
      for (const [value, named] of wrong)
        assert.throws(
          () => again.emit({ ...right, [field]: value } as Signal),
          (error: Error & { code?: string; field?: string; value?: string; allowed?: string }) => {
            assert.equal(error.name, "SteadymixError", String(error));
            assert.deepEqual([error.code, error.field], ["INVALID_SIGNAL", `signal.${field}`]);
            if (named !== undefined) assert.equal(error.value, named);
            assert.ok(
              error.message.includes(`${field} is ${error.value}, but must be ${error.allowed}`),
              error.message,
            );
            assert.doesNotMatch(error.message, /secret/);
            return true;
          },
        );
    }
    assert.deepEqual([viewer?.shown, events], [PRIMARY, []]);
    again.emit({ type: "left", uid: PRIMARY, reason: "quit" });
    assert.equal(viewer?.shown, BACKUP);
  });
}

test("a value that is not a signal is refused with its field, without an effect", () => {
  const source = watching();
  for (const signal of [undefined, null, 7, "left", [], {}, { type: "constructor" }, { type: "Left", uid: PRIMARY }])
    assert.throws(
      () => source.emit(signal as unknown as Signal),
      (error: Error & { code?: string; field?: string }) =>
        error.code === "INVALID_SIGNAL" && /^signal(\.type)?$/.test(error.field ?? ""),
    );
  assert.equal(viewer?.shown, PRIMARY);
  source.emit({ type: "left", uid: PRIMARY, reason: "quit" });
  assert.equal(viewer?.shown, BACKUP);
});

test("an invalid signal in attach() is thrown to the adapter: one that catches it is attached", () => {
  const source = new FakeSource([CONNECTED]);
  const attach = source.attach.bind(source);
  const wrong = { type: "connection", state: "disconnected" } as unknown as Signal;
  source.attach = (emit) => {
    assert.throws(
      () => emit(wrong),
      /signal connection.state is "disconnected", but must be reconnecting or connected or/,
    );
    return attach(emit);
  };
  watch(source);
  source.joins(PRIMARY);
  source.decodes(PRIMARY);
  assert.equal(viewer?.shown, PRIMARY);
  source.attach = (emit) => {
    emit(wrong);
    return () => {};
  };
  assert.throws(() => watch(source), /connection.state is "disconnected"/);
});

/** An error that names this field. */
const names =
  (field: string, value?: string) =>
  (error: Error & { code?: string; field?: string; value?: string; allowed?: string }): boolean => {
    assert.deepEqual(
      [error.name, error.code, error.field],
      ["SteadymixError", "INVALID_OPTIONS", field],
      String(error),
    );
    if (value !== undefined) assert.equal(error.value, value);
    return (error.allowed?.length ?? 0) > 0;
  };

test("every invalid option and callback is refused with its field", () => {
  for (const setting of Object.keys(FAILOVER_OPTIONS))
    for (const value of [null, -1, "5", Number.NaN, 86_400_001, true, [], {}])
      assert.throws(
        () => watch(new FakeSource(), { [setting]: value }),
        names(`options.${setting}`),
        `${setting}: ${value}`,
      );
  for (const value of [Symbol("s"), 5n, Object.create(null), { valueOf: () => assert.fail("it is asked") }])
    assert.throws(() => watch(new FakeSource(), { frozenGraceMs: value as never }), names("options.frozenGraceMs"));
  for (const callback of ["onEvent", "onError"])
    for (const value of [null, "log", {}])
      assert.throws(() => watch(new FakeSource(), { [callback]: value }), names(`options.${callback}`));
  for (const uids of [undefined, null, "9001,9101", [9001], ["9001", "9101"], [9001, null], Array(17).fill(1)])
    assert.throws(() => watch(new FakeSource(), { uids: uids as unknown as Uid[] }), names("options.uids"));
  const unknown = { frozenGraceMS: 500, token: "secret" } as Partial<ViewerOptions>;
  assert.throws(() => watch(new FakeSource(), unknown), names("options.frozenGraceMS", "a number"));
  assert.throws(() => new FailoverViewer(new FakeSource(), undefined as never), names("options"));
});

test("invalid sources, engines, clients, channels and feeds are refused with their field", () => {
  const source = new FakeSource();
  for (const call of ["attach", "subscribe", "unsubscribe", "show"]) {
    const lacking = Object.assign(new FakeSource(), { [call]: undefined });
    assert.throws(() => watch(lacking), names(`source.${call}`));
  }
  assert.throws(
    () => watch(Object.assign(new FakeSource(), { attach: () => undefined })),
    names("source.attach()", "undefined"),
  );
  assert.throws(() => watch(undefined as never), names("source"));

  const engine = (() => {}) as never;
  assert.throws(() => agoraNative(undefined as never, { uids: [1], show: () => {} }), names("engine"));
  assert.throws(() => agoraNative({} as never, { uids: [1], show: () => {} }), names("engine.registerEventHandler"));
  const whole = new Proxy({}, { get: () => engine }) as AgoraEngine;
  assert.throws(() => agoraNative(whole, undefined as never), names("options"));
  assert.throws(() => agoraNative(whole, { uids: [], show: () => {} }), names("options.uids"));
  assert.throws(() => agoraNative(whole, { uids: [1] } as never), names("options.show"));
  assert.throws(
    () => agoraNative(whole, { uids: [1], show: () => {}, joined: "yes" as never }),
    names("options.joined"),
  );

  assert.throws(() => agoraWeb(null as never, {} as never), names("client", "null"));
  const client = { remoteUsers: [], connectionState: "CONNECTED" };
  assert.throws(() => agoraWeb(client as never, {} as never), names("client.on"));
  const calls = { on() {}, off() {}, async subscribe() {}, async unsubscribe() {} };
  const web = (options: object) => () => agoraWeb({ ...client, ...calls } as never, options as never);
  const container = { nodeType: 1 };
  assert.throws(web({ uids: [9001] }), names("options.container", "undefined"));
  assert.throws(web({ container: "#video", uids: [9001] }), names("options.container", '"#video"'));
  assert.throws(web({ container, uids: ["9001"] }), names("options.uids"));
  assert.throws(web({ container, uids: [9001], fit: "stretch" }), names("options.fit", '"stretch"'));
  assert.throws(
    () => agoraWeb({ ...client, ...calls, connectionState: 3 } as never, {} as never),
    names("client.connectionState"),
  );

  assert.throws(() => acrossChannels("both" as never), names("channels"));
  assert.throws(() => acrossChannels([{ uids: [0], source }]), names("channels[0].uids"));
  assert.throws(() => acrossChannels([{ uids: [1], source: {} as never }]), names("channels[0].source.attach"));

  const feed = (address: unknown, options: unknown) => () => new OnAirFeed(address as string, options as never);
  const onUpdate = () => {};
  assert.throws(feed("ftp://host/broadcasts/1", { token: "t", onUpdate }), names("address"));
  assert.throws(feed(undefined, { token: "t", onUpdate }), names("address", "undefined"));
  assert.throws(feed("https://host/broadcasts/1", { token: 7, onUpdate }), names("options.token", "a number"));
  assert.throws(feed("https://host/broadcasts/1", { token: "", onUpdate }), names("options.token", "a string"));
  assert.throws(feed("https://host/broadcasts/1", { token: "t" }), names("options.onUpdate"));
  assert.throws(
    feed("https://host/broadcasts/1", { token: "t", onUpdate, onerror() {} }),
    names("options.onerror", "a function"),
  );
});

test("Failover refuses an invalid clock, invalid options, and use after free()", () => {
  const uids = [PRIMARY, BACKUP];
  for (const now of [-1, Number.NaN, Number.POSITIVE_INFINITY, "0", 2 ** 60] as number[]) {
    assert.throws(() => new Failover(uids, {}, now), names("now"));
    const failover = new Failover(uids, {}, 0);
    assert.throws(() => failover.poll(now), /now is /);
    assert.throws(() => failover.handle(now, CONNECTED), /now is /);
  }
  assert.throws(() => new Failover(uids, { frozenGraceMs: -1 }, 0), names("options.frozenGraceMs"));
  assert.throws(() => new Failover([1], {}, 0), names("uids"));
  const failover = new Failover(uids, {}, 0);
  failover.free();
  failover.free();
  for (const use of [
    () => failover.poll(0),
    () => failover.handle(0, CONNECTED),
    () => failover.shown,
    () => failover.outputs,
  ])
    assert.throws(use, { name: "SteadymixError", code: "DISPOSED" });
});

const WRONG: [options: Partial<ViewerOptions>, field: string, message: RegExp][] = [
  [{ uids: [] }, "uids", /uids is \[\], but must be an array of 2 to 16 distinct uids/],
  [{ uids: [9001, 9001] }, "uids", /distinct/],
  [{ uids: [0, 1] }, "uids", /from 1 to 4294967295/],
  [{ uids: [1.5, 2] }, "uids", /uids/],
  [{ standby: "probe" as never }, "standby", /standby is "probe", but must be hot or warm or cold/],
  [{ frozenGraceMs: -1 }, "frozenGraceMs", /frozenGraceMs is -1, but must be 0, or from 100 to 86400000 ms/],
  [{ startTimeoutMs: 3 }, "startTimeoutMs", /from 500 to 86400000 ms: did you mean 3000 ms \(3 s\)\?$/],
  [{ startTimeoutMs: 0 }, "startTimeoutMs", /must be from 500 to 86400000 ms$/],
  [{ failBackDelayMs: 60 }, "failBackDelayMs", /did you mean 60000 ms \(60 s\)\?$/],
  [{ frameGapGraceMs: 0.25 }, "frameGapGraceMs", /did you mean 250 ms \(0.25 s\)\?$/],
  [{ switchCooldownMs: Number.POSITIVE_INFINITY }, "switchCooldownMs", /switchCooldownMs/],
  [{ reconnectGraceMs: Number.NaN }, "reconnectGraceMs", /reconnectGraceMs/],
];
for (const [options, field, message] of WRONG) {
  test(`an invalid option is refused with its field: ${field} ${JSON.stringify(Object.values(options)[0])}`, () => {
    assert.throws(
      () => watch(new FakeSource(), options),
      (error: Error & { code?: string; field?: string }) =>
        error.name === "SteadymixError" &&
        error.code === "INVALID_OPTIONS" &&
        error.field === `options.${field}` &&
        message.test(error.message),
    );
  });
}

// ---- outputs in several channels -----------------------------------------------------------------------------------

function inTwoChannels(): [first: FakeSource, second: FakeSource] {
  const [first, second] = [new FakeSource(), new FakeSource()];
  watch(
    acrossChannels([
      { uids: [PRIMARY], source: first },
      { uids: [BACKUP], source: second },
    ]),
  );
  first.emit(CONNECTED);
  second.emit(CONNECTED);
  first.joins(PRIMARY);
  second.joins(BACKUP);
  first.decodes(PRIMARY);
  second.decodes(BACKUP);
  return [first, second];
}

test("outputs in two channels: each is subscribed in its channel, and both sources get show()", () => {
  const [first, second] = inTwoChannels();
  assert.deepEqual(carriedOut(first), [`subscribe ${PRIMARY} video`, `subscribe ${PRIMARY} audio`, `show ${PRIMARY}`]);
  assert.deepEqual(carriedOut(second), [`show ${PRIMARY}`, `subscribe ${BACKUP} video`, `subscribe ${BACKUP} audio`]);
});

test("the viewer switches from a closed channel to the other one; when both are closed, it is closed", () => {
  const [first, second] = inTwoChannels();
  first.emit({ type: "connection", state: "closed" });
  assert.equal(viewer?.shown, BACKUP);
  second.emit({ type: "connection", state: "closed" });
  assert.equal(events.at(-1)?.type, "closed");
});

test("a media connection that is down in only one channel is not the viewer's own problem", async () => {
  const [first, second] = inTwoChannels();
  first.emit({ type: "mediaConnection", connected: false });
  first.emit({ type: "network", poor: true });
  first.emit({ type: "state", uid: PRIMARY, kind: "video", state: "frozen" });
  await clock.pass(1200);
  assert.equal(viewer?.shown, BACKUP);
  second.emit({ type: "mediaConnection", connected: false });
  second.emit({ type: "state", uid: BACKUP, kind: "video", state: "frozen" });
  first.decodes(PRIMARY);
  await clock.pass(8000);
  assert.equal(viewer?.shown, BACKUP, "all media connections are down: no switch");
});

test("a source that throws in show() or while detaching does not affect the other channel", () => {
  const [first, second] = inTwoChannels();
  first.refuses = (call) => (call.startsWith("show") ? new Error("no element") : undefined);
  first.detach = () => {
    throw new Error("not attached");
  };
  first.emit({ type: "connection", state: "closed" });
  assert.equal(second.calls.at(-1), `show ${BACKUP}`);
  assert.throws(() => viewer?.dispose(), /not attached/);
  assert.equal(second.isAttached, false);
});

test("one uid in two named channels is two outputs", async () => {
  const [first, second] = [new FakeSource(), new FakeSource()];
  const source = acrossChannels([
    { uids: [PRIMARY], channel: "show", source: first },
    { uids: [PRIMARY, BACKUP], channel: "backup", source: second },
  ]);
  const ids = source.outputs.map(({ id }) => id);
  assert.deepEqual(source.outputs, [
    { id: PRIMARY, uid: PRIMARY, channel: "show" },
    { id: 4_294_967_295, uid: PRIMARY, channel: "backup" },
    { id: BACKUP, uid: BACKUP, channel: "backup" },
  ]);
  watch(source, { uids: ids });
  for (const each of [first, second]) {
    each.emit(CONNECTED);
    each.joins(PRIMARY);
    each.decodes(PRIMARY);
  }
  assert.deepEqual(carriedOut(first), [`subscribe ${PRIMARY} video`, `subscribe ${PRIMARY} audio`, `show ${PRIMARY}`]);
  assert.deepEqual(carriedOut(second), ["show 0", `subscribe ${PRIMARY} video`, `subscribe ${PRIMARY} audio`]);
  viewer?.handle({ type: "onAir", uid: source.idOf({ uid: PRIMARY, channel: "backup" }) });
  assert.deepEqual([viewer?.shown, first.calls.at(-1), second.calls.at(-1)], [ids[1], "show 0", `show ${PRIMARY}`]);
  assert.equal(source.idOf({ uid: PRIMARY }), PRIMARY);
  second.emit({ type: "left", uid: PRIMARY, reason: "quit" });
  assert.equal(viewer?.shown, PRIMARY, "the one in the first channel");
});

test("across channels, an invalid signal is refused without an effect", () => {
  const [first, second] = inTwoChannels();
  for (const signal of [
    ...[undefined, null, 5, "x", {}, { type: "foo", uid: PRIMARY }],
    ...[{ type: "connection" }, { type: "connection", state: "disconnected" }],
    ...[{ type: "mediaConnection" }, { type: "mediaConnection", connected: "yes" }, { type: "network", poor: 1 }],
    ...[
      { type: "joined", uid: "9001" },
      { type: "frame", uid: Number.NaN },
    ],
  ])
    for (const source of [first, second])
      assert.throws(() => source.emit(signal as Signal), { name: "SteadymixError", code: "INVALID_SIGNAL" });
  for (const source of [first, second]) source.emit(CONNECTED);
  first.joins(PRIMARY);
  second.joins(BACKUP);
  first.decodes(PRIMARY);
  assert.equal(viewer?.shown, PRIMARY);
  first.emit({ type: "left", uid: PRIMARY, reason: "quit" });
  second.decodes(BACKUP);
  assert.equal(viewer?.shown, BACKUP);
});

test("across channels, a failing attach() detaches the others, and every field is checked", () => {
  const [first, second] = [new FakeSource(), new FakeSource()];
  let detached = 0;
  first.attach = () => () => {
    detached += 1;
  };
  const channels = [
    { uids: [PRIMARY], source: first },
    { uids: [BACKUP], source: second },
  ];
  for (const attach of [
    () => {
      throw new Error("not today");
    },
    () => undefined as never,
  ]) {
    second.attach = attach;
    assert.throws(() => watch(acrossChannels(channels)), /not today|source.attach\(\) is undefined/);
  }
  assert.equal(detached, 2);
  const [channel] = channels;
  assert.throws(() => acrossChannels([{ ...channel, channel: 5 } as never]), names("channels[0].channel"));
  assert.throws(() => acrossChannels([{ ...channel, chanel: "a" } as never]), names("channels[0].chanel", "a string"));
  assert.throws(() => acrossChannels([{ uids: [1] } as never]), names("channels[0].source", "undefined"));
});

test("a uid in two channels is an error", () => {
  const source = new FakeSource();
  assert.throws(
    () =>
      acrossChannels([
        { uids: [PRIMARY], source },
        { uids: [PRIMARY], source },
      ]),
    /channels\[1\].uids is 9001, but must be in one channel only/,
  );
  assert.throws(() => acrossChannels([]), /channels is \[\], but must be a non-empty array/);
});
