/** The viewer over an SDK that the test makes up: what an adapter's author, or an application, can rely on. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import {
  acrossChannels,
  FailoverViewer,
  type Kind,
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
  tell: (signal: Signal) => void = () => {};
  isAttached = false;
  refuses = (_call: string): Error | undefined => undefined;

  constructor(there: Signal[] = []) {
    this.there = there;
  }

  attach(tell: (signal: Signal) => void): () => void {
    this.tell = tell;
    this.isAttached = true;
    for (const signal of this.there) tell(signal);
    return () => this.letGo();
  }

  letGo(): void {
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

  look(): void {
    this.#call("look");
  }

  #call(call: string): void {
    this.calls.push(call);
    const error = this.refuses(call);
    if (error) throw error;
  }

  joins(...uids: Uid[]): void {
    for (const uid of uids) for (const signal of there(uid)) this.tell(signal);
  }

  decodes(uid: Uid): void {
    this.tell({ type: "state", uid, kind: "video", state: "decoding" });
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

/** Both decode; the primary is shown. */
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

const carriedOut = (source: FakeSource) => source.calls.filter((call) => call !== "look");

test("who is there already is all known before anything is decided", () => {
  const source = new FakeSource([CONNECTED, ...there(BACKUP), ...there(PRIMARY)]);
  watch(source);
  assert.deepEqual(source.calls, [`subscribe ${PRIMARY} video`, `subscribe ${PRIMARY} audio`]);
});

test("one that leaves is replaced in the same moment, and the application is told", () => {
  const source = watching();
  source.tell({ type: "left", uid: PRIMARY, how: "timedOut" });
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

test("frames that stop are enough, while the standby's go on", async () => {
  const source = watching();
  const frames = async (uids: Uid[], ms: number) => {
    for (const until = clock.now + ms; clock.now < until; ) {
      for (const uid of uids) source.tell({ type: "frame", uid });
      await clock.pass(66);
    }
  };
  await frames([PRIMARY, BACKUP], 2000);
  await frames([BACKUP], 600);
  assert.equal(viewer?.shown, BACKUP);
  const switched = events.find((event) => event.type === "switched");
  assert.ok(switched && switched.outageMs <= 400 && switched.outageMs === switched.detectMs + switched.switchMs);
});

test("the statistics are looked at every second, and what is dead for two looks is left", async () => {
  const source = watching();
  await clock.pass(3000);
  assert.equal(source.calls.filter((call) => call === "look").length, 3);
  const progress = (uid: Uid, advanced: boolean) => source.tell({ type: "progress", uid, kind: "video", advanced });
  for (let look = 0; look < 2; look += 1) {
    await clock.pass(1000);
    progress(BACKUP, true);
    progress(PRIMARY, false);
  }
  assert.equal(viewer?.shown, BACKUP);
});

test("a look that fails is reported, and the next one is tried; in one channel it is no trouble of the other's", async () => {
  const source = watching();
  source.refuses = (call) => (call === "look" ? new Error("no statistics") : undefined);
  await clock.pass(2000);
  assert.deepEqual(errors.map(String), ["Error: no statistics", "Error: no statistics"]);
  viewer?.dispose();
  errors.length = 0;
  const [first, second] = inTwoChannels();
  first.look = async () => {
    throw new Error("not joined");
  };
  await clock.pass(1000);
  assert.deepEqual(errors.map(String), ["Error: not joined"]);
  assert.equal(second.calls.at(-1), "look");
});

test("the server's word is handed in by the application", () => {
  const source = watching();
  viewer?.tell({ type: "onAir", uid: BACKUP });
  assert.deepEqual(carriedOut(source), [`show ${BACKUP}`]);
});

test("a subscription that is refused is reported, and asked for again a second later", async () => {
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

test("an application or an SDK that throws does not keep the picture frozen", () => {
  const source = watching({
    onEvent: () => {
      throw new Error("mine");
    },
  });
  source.refuses = (call) => (call.startsWith("show") ? new Error("theirs") : undefined);
  source.tell({ type: "left", uid: PRIMARY, how: "quit" });
  assert.equal(viewer?.shown, BACKUP);
  assert.deepEqual(new Set(errors.map(String)), new Set(["Error: mine", "Error: theirs"]));
});

test("what onError throws is told, and keeps nothing from going on", async (t) => {
  const told = t.mock.method(console, "error", () => {});
  const fails = (what: string) => () => {
    throw new Error(what);
  };
  const source = watching({ onEvent: fails("not understood"), onError: fails("not taken") });
  source.calls.length = 0;
  source.tell({ type: "left", uid: PRIMARY, how: "quit" });
  assert.equal(viewer?.shown, BACKUP);
  source.refuses = (call) => (call.startsWith("subscribe") ? new Error("refused") : undefined);
  source.joins(PRIMARY);
  await clock.pass(10);
  source.refuses = () => undefined;
  source.calls.length = 0;
  await clock.pass(1100);
  assert.deepEqual(carriedOut(source), [`subscribe ${PRIMARY} video`, `subscribe ${PRIMARY} audio`]);
  assert.ok(told.mock.calls.every(({ arguments: [, error] }) => /not taken/.test(String(error))));
});

test("once it is disposed of it lets go, and nothing more happens", async () => {
  const source = watching();
  viewer?.dispose();
  viewer?.[Symbol.dispose]();
  assert.equal(source.isAttached, false);
  const letGo = [PRIMARY, BACKUP].flatMap((uid) => [`unsubscribe ${uid} audio`, `unsubscribe ${uid} video`]);
  assert.deepEqual([...source.calls].sort(), letGo);
  source.tell({ type: "left", uid: PRIMARY, how: "quit" });
  await clock.pass(5000);
  assert.equal(source.calls.length, letGo.length);
  assert.deepEqual([viewer?.shown, viewer?.outputs], [undefined, []]);
});

test("a source that throws when it is let go of is not looked at any more", async () => {
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

test("it may be disposed of in the middle of an event", () => {
  const source = watching({ onEvent: () => viewer?.dispose() });
  source.tell({ type: "left", uid: PRIMARY, how: "quit" });
  assert.equal(source.isAttached, false);
});

test("what the viewer cannot do is told, and is no reason to change", () => {
  const source = watching();
  source.tell({ type: "state", uid: PRIMARY, kind: "video", state: "failed", reason: 13 });
  assert.deepEqual(events, [{ type: "unplayable", uid: PRIMARY, kind: "video" }]);
  assert.equal(viewer?.shown, PRIMARY);
});

const WRONG: [options: Partial<ViewerOptions>, field: string, message: RegExp][] = [
  [{ uids: [] }, "uids", /uids is \[\], but must be a list of 2 to 16 distinct uids/],
  [{ uids: [9001, 9001] }, "uids", /distinct/],
  [{ uids: [0, 1] }, "uids", /from 1 to 4294967295/],
  [{ uids: [1.5, 2] }, "uids", /uids/],
  [{ standby: "warm" as never }, "standby", /standby is "warm", but must be hot or probe or cold/],
  [{ frozenMs: -1 }, "frozenMs", /frozenMs is -1, but must be from 0 to 86400000 ms/],
  [{ dwellMs: Number.POSITIVE_INFINITY }, "dwellMs", /dwellMs/],
  [{ settleMs: Number.NaN }, "settleMs", /settleMs/],
];
for (const [options, field, message] of WRONG) {
  test(`a setting that cannot be is named: ${field} ${JSON.stringify(Object.values(options)[0])}`, () => {
    assert.throws(
      () => watch(new FakeSource(), options),
      (error: Error & { code?: string; field?: string }) =>
        error.name === "SteadymixError" &&
        error.code === "INVALID_CONFIG" &&
        error.field === field &&
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
  first.tell(CONNECTED);
  second.tell(CONNECTED);
  first.joins(PRIMARY);
  second.joins(BACKUP);
  first.decodes(PRIMARY);
  second.decodes(BACKUP);
  return [first, second];
}

test("outputs in two channels: each is subscribed where it is, and both are told what is shown", () => {
  const [first, second] = inTwoChannels();
  assert.deepEqual(carriedOut(first), [`subscribe ${PRIMARY} video`, `subscribe ${PRIMARY} audio`, `show ${PRIMARY}`]);
  assert.deepEqual(carriedOut(second), [`show ${PRIMARY}`, `subscribe ${BACKUP} video`, `subscribe ${BACKUP} audio`]);
});

test("a channel that closes is left for the other one; when both are closed, that is the end", () => {
  const [first, second] = inTwoChannels();
  first.tell({ type: "connection", state: "closed" });
  assert.equal(viewer?.shown, BACKUP);
  second.tell({ type: "connection", state: "closed" });
  assert.equal(events.at(-1)?.type, "closed");
});

test("a media path that is broken in one channel only is no trouble of the viewer's", async () => {
  const [first, second] = inTwoChannels();
  first.tell({ type: "mediaPath", whole: false });
  first.tell({ type: "badNetwork", bad: true });
  first.tell({ type: "state", uid: PRIMARY, kind: "video", state: "frozen" });
  await clock.pass(1200);
  assert.equal(viewer?.shown, BACKUP);
  second.tell({ type: "mediaPath", whole: false });
  second.tell({ type: "state", uid: BACKUP, kind: "video", state: "frozen" });
  first.decodes(PRIMARY);
  await clock.pass(8000);
  assert.equal(viewer?.shown, BACKUP, "all paths are broken: it holds");
});

test("a channel in which nothing can be shown or let go of keeps neither from the other one", () => {
  const [first, second] = inTwoChannels();
  first.refuses = (call) => (call.startsWith("show") ? new Error("no element") : undefined);
  first.letGo = () => {
    throw new Error("not attached");
  };
  first.tell({ type: "connection", state: "closed" });
  assert.equal(second.calls.at(-1), `show ${BACKUP}`);
  assert.throws(() => viewer?.dispose(), /not attached/);
  assert.equal(second.isAttached, false);
});

test("a uid in two channels is an error", () => {
  const source = new FakeSource();
  assert.throws(
    () =>
      acrossChannels([
        { uids: [PRIMARY], source },
        { uids: [PRIMARY], source },
      ]),
    /uid 9001 is in two channels/,
  );
  assert.throws(() => acrossChannels([]), /at least one/);
});
