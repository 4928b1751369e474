/** The adapter for Agora's native SDKs: each row of their table of signals. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import {
  type AgoraEngine,
  type AgoraEngineHandlers,
  agoraNative,
  FailoverViewer,
  type Uid,
  type ViewerEvent,
} from "steadymix/viewer";
import { Clock } from "./clock.ts";

const PRIMARY = 9001;
const BACKUP = 9101;
/** The engine's states of a track and of the connection, and its reasons. */
const [STOPPED, STARTING, DECODING, FROZEN, FAILED] = [0, 1, 2, 3, 4];
const [CONGESTION, REMOTE_MUTED, REMOTE_OFFLINE, FALLBACK, FALLBACK_OVER, CODEC] = [1, 5, 7, 8, 9, 13];
const [DISCONNECTED, CONNECTED, RECONNECTING, CONNECTION_FAILED] = [1, 3, 4, 5];
const LEFT_CHANNEL = 5;
const [QUIT, DROPPED] = [0, 1];

class FakeEngine implements AgoraEngine {
  handlers: AgoraEngineHandlers | undefined;
  readonly volume = new Map<Uid, number>();
  readonly muted = new Map<string, boolean>();
  answer = 0;

  registerEventHandler(handlers: AgoraEngineHandlers): boolean {
    this.handlers = handlers;
    return this.answer === 0;
  }

  unregisterEventHandler(handlers: AgoraEngineHandlers): boolean {
    if (this.handlers === handlers) this.handlers = undefined;
    return true;
  }

  muteRemoteVideoStream(uid: Uid, mute: boolean): number {
    if (this.answer === 0) this.muted.set(`${uid} video`, mute);
    return this.answer;
  }

  muteRemoteAudioStream(uid: Uid, mute: boolean): number {
    if (this.answer === 0) this.muted.set(`${uid} audio`, mute);
    return this.answer;
  }

  adjustUserPlaybackSignalVolume(uid: Uid, volume: number): number {
    this.volume.set(uid, volume);
    return 0;
  }

  get subscribed(): string[] {
    return [...this.muted].filter(([, muted]) => !muted).map(([track]) => track);
  }
}

let clock: Clock;
let engine: FakeEngine;
let viewer: FailoverViewer;
let onTop: Uid[];
let events: ViewerEvent[];
let errors: unknown[];

beforeEach(() => {
  clock = new Clock();
  engine = new FakeEngine();
  [onTop, events, errors] = [[], [], []];
});
afterEach(() => {
  viewer?.dispose();
  clock.restore();
});

function watch(joined = false): void {
  const uids = [PRIMARY, BACKUP];
  viewer = new FailoverViewer(agoraNative(engine, { uids, show: (uid) => onTop.push(uid), joined }), {
    uids,
    onEvent: (event) => events.push(event),
    onError: (error) => errors.push(error),
  });
}

const handlers = (): AgoraEngineHandlers => {
  assert.ok(engine.handlers);
  return engine.handlers;
};
const video = (uid: Uid, state: number, reason = 0) => handlers().onRemoteVideoStateChanged({}, uid, state, reason);
const audio = (uid: Uid, state: number, reason = 0) => handlers().onRemoteAudioStateChanged({}, uid, state, reason);

/** Connected for so long that a quit is certain; both outputs are decoding. */
async function watching(): Promise<void> {
  watch();
  handlers().onConnectionStateChanged({}, CONNECTED, 1);
  await clock.pass(6000);
  for (const uid of [PRIMARY, BACKUP]) {
    handlers().onUserJoined({}, uid);
    video(uid, STARTING);
    video(uid, DECODING);
  }
  video(BACKUP, DECODING);
  assert.equal(viewer.shown, PRIMARY);
}

/** The time in ms until the backup was shown; `undefined`: it was not. */
async function shownAfter(ms: number): Promise<number | undefined> {
  const began = clock.now;
  while (clock.now < began + ms) {
    if (viewer.shown === BACKUP) return clock.now - began;
    await clock.pass(10);
  }
  return undefined;
}

test("engines subscribe to all users: only the outputs stay subscribed, and only one is audible", async () => {
  await watching();
  assert.deepEqual(engine.subscribed.sort(), [
    `${PRIMARY} audio`,
    `${PRIMARY} video`,
    `${BACKUP} audio`,
    `${BACKUP} video`,
  ]);
  assert.deepEqual([engine.volume.get(PRIMARY), engine.volume.get(BACKUP)], [100, 0]);
  handlers().onUserJoined({}, 42);
  assert.equal(engine.muted.has("42 video"), false, "other users are ignored");
});

for (const [name, reason] of [
  ["quit", QUIT],
  ["dropped", DROPPED],
] as const) {
  test(`onUserOffline, ${name}: the other one is shown and audible at once`, async () => {
    await watching();
    handlers().onUserOffline({}, PRIMARY, reason);
    assert.equal(viewer.shown, BACKUP);
    assert.deepEqual(onTop, [PRIMARY, BACKUP]);
    assert.deepEqual([engine.volume.get(PRIMARY), engine.volume.get(BACKUP)], [0, 100]);
  });
}

test("onUserOffline, quit, just after the viewer connected: ignored, unless there is another output", async () => {
  watch();
  handlers().onConnectionStateChanged({}, CONNECTED, 1);
  await clock.pass(4000);
  handlers().onUserJoined({}, PRIMARY);
  video(PRIMARY, DECODING);
  handlers().onUserOffline({}, PRIMARY, QUIT);
  assert.deepEqual(events, []);
  await clock.pass(3000);
  handlers().onUserJoined({}, BACKUP);
  video(BACKUP, DECODING);
  assert.equal(viewer.shown, BACKUP);
});

test("video frozen: 1 s; by congestion: 1.5 s; not if it recovers before", async () => {
  await watching();
  video(PRIMARY, FROZEN);
  await clock.pass(900);
  video(PRIMARY, DECODING);
  assert.equal(await shownAfter(3000), undefined);
  video(PRIMARY, FROZEN, CONGESTION);
  const ms = await shownAfter(3000);
  assert.ok(ms && ms >= 1490 && ms <= 1520, `${ms}`);
});

test("video frozen, without a reason: 1 s", async () => {
  await watching();
  video(PRIMARY, FROZEN);
  const ms = await shownAfter(3000);
  assert.ok(ms && ms >= 990 && ms <= 1020, `${ms}`);
});

test("video of both frozen: the viewer's own network", async () => {
  await watching();
  video(PRIMARY, FROZEN, CONGESTION);
  video(BACKUP, FROZEN, CONGESTION);
  assert.equal(await shownAfter(9000), undefined);
});

test("video stopped because the sender muted it: 2 s", async () => {
  await watching();
  video(PRIMARY, STOPPED, REMOTE_MUTED);
  const ms = await shownAfter(3000);
  assert.ok(ms && ms >= 1990 && ms <= 2020, `${ms}`);
});

test("video stopped because the sender is offline: at once", async () => {
  await watching();
  video(PRIMARY, STOPPED, REMOTE_OFFLINE);
  assert.equal(viewer.shown, BACKUP);
});

test("a fallback to audio is caused by the viewer's downlink: no switch until it is over", async () => {
  await watching();
  video(PRIMARY, STOPPED, FALLBACK);
  assert.equal(await shownAfter(5000), undefined);
  video(PRIMARY, DECODING, FALLBACK_OVER);
  assert.equal(await shownAfter(3000), undefined);
});

test("video failed: switches to a backup that is decoding; a missing codec is only reported", async () => {
  await watching();
  video(PRIMARY, FAILED, CODEC);
  assert.deepEqual(events, [{ type: "unplayable", uid: PRIMARY, kind: "video" }]);
  video(PRIMARY, FAILED);
  assert.equal(viewer.shown, BACKUP);
});

test("audio stopped: 2 s, while the backup's audio arrives", async () => {
  await watching();
  audio(BACKUP, DECODING);
  audio(PRIMARY, STOPPED, REMOTE_MUTED);
  const ms = await shownAfter(4000);
  assert.ok(ms && ms >= 1990 && ms <= 2500, `${ms}`);
});

test("two reports without video: no data", async () => {
  await watching();
  const report = (uid: Uid, receivedBitrate: number) => handlers().onRemoteVideoStats({}, { uid, receivedBitrate });
  for (let second = 0; second < 2; second += 1) {
    await clock.pass(1000);
    report(BACKUP, 900);
    report(PRIMARY, 0);
  }
  assert.equal(viewer.shown, BACKUP);
  handlers().onRemoteVideoStats({}, {});
});

test("while the viewer reconnects, it does not switch; a failed connection is reported", async () => {
  await watching();
  handlers().onConnectionStateChanged({}, RECONNECTING, 2);
  video(PRIMARY, FROZEN);
  assert.equal(await shownAfter(5000), undefined);
  handlers().onConnectionStateChanged({}, CONNECTION_FAILED, 3);
  assert.deepEqual(events.at(-1), { type: "closed" });
});

test("the viewer leaves and joins again: all outputs are subscribed again", async () => {
  await watching();
  handlers().onConnectionStateChanged({}, DISCONNECTED, LEFT_CHANNEL);
  assert.deepEqual(
    viewer.outputs.map(({ health }) => health),
    ["absent", "absent"],
  );
  // After joining, the engine subscribes to all users at full volume.
  engine.volume.clear();
  handlers().onConnectionStateChanged({}, CONNECTED, 1);
  for (const uid of [PRIMARY, BACKUP]) handlers().onUserJoined({}, uid);
  assert.equal(engine.subscribed.length, 4);
  assert.equal(engine.volume.get(BACKUP), 0);
  for (const uid of [PRIMARY, BACKUP]) video(uid, DECODING);
  await clock.pass(6000);
  assert.equal(viewer.shown, PRIMARY);
});

test("a repeated onUserJoined keeps subscriptions; an output that went offline is subscribed again", async () => {
  await watching();
  handlers().onUserJoined({}, PRIMARY);
  assert.equal(engine.subscribed.length, 4);
  video(BACKUP, STOPPED, REMOTE_OFFLINE);
  engine.muted.clear();
  handlers().onUserJoined({}, BACKUP);
  assert.deepEqual(engine.subscribed, [`${BACKUP} video`, `${BACKUP} audio`]);
});

test("attached after joining: outputs are discovered by the states and statistics of their tracks", async () => {
  watch(true);
  handlers().onRemoteVideoStats({}, { uid: PRIMARY, receivedBitrate: 900 });
  audio(BACKUP, DECODING);
  audio(42, DECODING);
  video(PRIMARY, DECODING);
  assert.equal(viewer.shown, PRIMARY);
  assert.equal(engine.subscribed.length, 4);
  assert.equal(engine.muted.has("42 audio"), false);
});

test("late statistics of an output that left do not bring it back", async () => {
  await watching();
  handlers().onUserOffline({}, PRIMARY, QUIT);
  handlers().onRemoteVideoStats({}, { uid: PRIMARY, receivedBitrate: 900 });
  assert.equal(viewer.outputs[0]?.health, "absent");
  handlers().onUserJoined({}, PRIMARY);
  assert.notEqual(viewer.outputs[0]?.health, "absent");
});

test("a failing registerEventHandler is an error; a failing call is retried", async () => {
  engine.answer = -7;
  assert.throws(() => watch(), /registerEventHandler failed/);
  engine = new FakeEngine();
  watch();
  handlers().onConnectionStateChanged({}, CONNECTED, 1);
  handlers().onUserJoined({}, PRIMARY);
  await clock.pass(10);
  assert.deepEqual(errors, []);
  engine.answer = -3;
  handlers().onUserJoined({}, BACKUP);
  video(PRIMARY, DECODING);
  await clock.pass(10);
  assert.match(String(errors[0]), /muteRemote(Video|Audio)Stream failed with -3/);
  engine.answer = 0;
  await clock.pass(1100);
  assert.ok(engine.subscribed.includes(`${BACKUP} video`));
});

test("dispose() unregisters the handlers", async () => {
  await watching();
  viewer.dispose();
  assert.equal(engine.handlers, undefined);
});

test("a second viewer on the same source shows the outputs", async () => {
  const uids = [PRIMARY, BACKUP];
  const source = agoraNative(engine, { uids, show: (uid) => onTop.push(uid) });
  viewer = new FailoverViewer(source, { uids });
  handlers().onConnectionStateChanged({}, CONNECTED, 1);
  for (const uid of uids) handlers().onUserJoined({}, uid);
  video(PRIMARY, DECODING);
  viewer.dispose();
  assert.deepEqual(engine.subscribed, []);
  viewer = new FailoverViewer(source, { uids });
  video(PRIMARY, DECODING);
  assert.equal(viewer.shown, PRIMARY);
  assert.equal(engine.subscribed.length, 4);
});
