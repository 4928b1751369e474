/** Agora's native engines, as Electron and React Native see them: each row of their table of signals. */
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
/** Of the engine: states of a track, of the connection, and reasons. */
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

const tell = (): AgoraEngineHandlers => {
  assert.ok(engine.handlers);
  return engine.handlers;
};
const video = (uid: Uid, state: number, reason = 0) => tell().onRemoteVideoStateChanged({}, uid, state, reason);
const audio = (uid: Uid, state: number, reason = 0) => tell().onRemoteAudioStateChanged({}, uid, state, reason);

/** Connected for long enough; both are there and decode. */
async function watching(): Promise<void> {
  watch();
  tell().onConnectionStateChanged({}, CONNECTED, 1);
  await clock.pass(6000);
  for (const uid of [PRIMARY, BACKUP]) {
    tell().onUserJoined({}, uid);
    video(uid, STARTING);
    video(uid, DECODING);
  }
  video(BACKUP, DECODING);
  assert.equal(viewer.shown, PRIMARY);
}

/** After how many ms the backup was shown; undefined: not at all. */
async function shownAfter(ms: number): Promise<number | undefined> {
  const began = clock.now;
  while (clock.now < began + ms) {
    if (viewer.shown === BACKUP) return clock.now - began;
    await clock.pass(10);
  }
  return undefined;
}

test("engines subscribe to all by themselves: only the outputs are, and only one is heard", async () => {
  await watching();
  assert.deepEqual(engine.subscribed.sort(), [
    `${PRIMARY} audio`,
    `${PRIMARY} video`,
    `${BACKUP} audio`,
    `${BACKUP} video`,
  ]);
  assert.deepEqual([engine.volume.get(PRIMARY), engine.volume.get(BACKUP)], [100, 0]);
  tell().onUserJoined({}, 42);
  assert.equal(engine.muted.has("42 video"), false, "whoever else is there is left alone");
});

for (const [name, reason] of [
  ["quit", QUIT],
  ["dropped", DROPPED],
] as const) {
  test(`onUserOffline, ${name}: at once, and the other one is heard`, async () => {
    await watching();
    tell().onUserOffline({}, PRIMARY, reason);
    assert.equal(viewer.shown, BACKUP);
    assert.deepEqual(onTop, [PRIMARY, BACKUP]);
    assert.deepEqual([engine.volume.get(PRIMARY), engine.volume.get(BACKUP)], [0, 100]);
  });
}

test("onUserOffline, quit, just after the viewer was connected: doubted, unless there is another one", async () => {
  watch();
  tell().onConnectionStateChanged({}, CONNECTED, 1);
  await clock.pass(4000);
  tell().onUserJoined({}, PRIMARY);
  video(PRIMARY, DECODING);
  tell().onUserOffline({}, PRIMARY, QUIT);
  assert.deepEqual(events, []);
  await clock.pass(3000);
  tell().onUserJoined({}, BACKUP);
  video(BACKUP, DECODING);
  assert.equal(viewer.shown, BACKUP);
});

test("video frozen: 1 s; by congestion: 1.5 s; and not when it goes on before", async () => {
  await watching();
  video(PRIMARY, FROZEN);
  await clock.pass(900);
  video(PRIMARY, DECODING);
  assert.equal(await shownAfter(3000), undefined);
  video(PRIMARY, FROZEN, CONGESTION);
  const ms = await shownAfter(3000);
  assert.ok(ms && ms >= 1490 && ms <= 1520, `${ms}`);
});

test("video frozen, for no reason that is told: 1 s", async () => {
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

test("video stopped because the sender muted: 2 s; before the first frame it is an artefact of joining", async () => {
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

test("a fallback to audio is the viewer's downlink, until it is over", async () => {
  await watching();
  video(PRIMARY, STOPPED, FALLBACK);
  assert.equal(await shownAfter(5000), undefined);
  video(PRIMARY, DECODING, FALLBACK_OVER);
  assert.equal(await shownAfter(3000), undefined);
});

test("video failed: to the backup that decodes; a codec that this viewer lacks is told, and nothing else", async () => {
  await watching();
  video(PRIMARY, FAILED, CODEC);
  assert.deepEqual(events, [{ type: "unplayable", uid: PRIMARY, kind: "video" }]);
  video(PRIMARY, FAILED);
  assert.equal(viewer.shown, BACKUP);
});

test("audio stopped or frozen: 2 s, as the backup's is alive", async () => {
  await watching();
  audio(BACKUP, DECODING);
  audio(PRIMARY, STOPPED, REMOTE_MUTED);
  const ms = await shownAfter(4000);
  assert.ok(ms && ms >= 1990 && ms <= 2500, `${ms}`);
});

test("two reports without a bit of video: dead", async () => {
  await watching();
  const report = (uid: Uid, receivedBitrate: number) => tell().onRemoteVideoStats({}, { uid, receivedBitrate });
  for (let second = 0; second < 2; second += 1) {
    await clock.pass(1000);
    report(BACKUP, 900);
    report(PRIMARY, 0);
  }
  assert.equal(viewer.shown, BACKUP);
  tell().onRemoteVideoStats({}, {});
});

test("while the viewer reconnects it holds; when it cannot, that is told", async () => {
  await watching();
  tell().onConnectionStateChanged({}, RECONNECTING, 2);
  video(PRIMARY, FROZEN);
  assert.equal(await shownAfter(5000), undefined);
  tell().onConnectionStateChanged({}, CONNECTION_FAILED, 3);
  assert.deepEqual(events.at(-1), { type: "closed" });
});

test("the viewer leaves, and joins again without a word of who was there: all are subscribed to again", async () => {
  await watching();
  tell().onConnectionStateChanged({}, DISCONNECTED, LEFT_CHANNEL);
  assert.deepEqual(
    viewer.outputs.map(({ health }) => health),
    ["absent", "absent"],
  );
  // Then the engine subscribes to everybody, and all are heard.
  engine.volume.clear();
  tell().onConnectionStateChanged({}, CONNECTED, 1);
  for (const uid of [PRIMARY, BACKUP]) tell().onUserJoined({}, uid);
  assert.equal(engine.subscribed.length, 4);
  assert.equal(engine.volume.get(BACKUP), 0);
  for (const uid of [PRIMARY, BACKUP]) video(uid, DECODING);
  await clock.pass(6000);
  assert.equal(viewer.shown, PRIMARY);
});

test("whoever is told of again stays subscribed; but one that went, as its state says, is asked for anew", async () => {
  await watching();
  tell().onUserJoined({}, PRIMARY);
  assert.equal(engine.subscribed.length, 4);
  video(BACKUP, STOPPED, REMOTE_OFFLINE);
  engine.muted.clear();
  tell().onUserJoined({}, BACKUP);
  assert.deepEqual(engine.subscribed, [`${BACKUP} video`, `${BACKUP} audio`]);
});

test("attached after joining, it meets whoever is there by what is told of their tracks", async () => {
  watch(true);
  tell().onRemoteVideoStats({}, { uid: PRIMARY, receivedBitrate: 900 });
  audio(BACKUP, DECODING);
  audio(42, DECODING);
  video(PRIMARY, DECODING);
  assert.equal(viewer.shown, PRIMARY);
  assert.equal(engine.subscribed.length, 4);
  assert.equal(engine.muted.has("42 audio"), false);
});

test("what is told of the tracks of one that left does not bring it back", async () => {
  await watching();
  tell().onUserOffline({}, PRIMARY, QUIT);
  tell().onRemoteVideoStats({}, { uid: PRIMARY, receivedBitrate: 900 });
  assert.equal(viewer.outputs[0]?.health, "absent");
  tell().onUserJoined({}, PRIMARY);
  assert.notEqual(viewer.outputs[0]?.health, "absent");
});

test("an engine that does not take the handlers is an error; one that refuses a call is asked again", async () => {
  engine.answer = -7;
  assert.throws(() => watch(), /took no event handlers/);
  engine = new FakeEngine();
  watch();
  tell().onConnectionStateChanged({}, CONNECTED, 1);
  tell().onUserJoined({}, PRIMARY);
  await clock.pass(10);
  assert.deepEqual(errors, []);
  engine.answer = -3;
  tell().onUserJoined({}, BACKUP);
  video(PRIMARY, DECODING);
  await clock.pass(10);
  assert.match(String(errors[0]), /muteRemote(Video|Audio)Stream failed with -3/);
  engine.answer = 0;
  await clock.pass(1100);
  assert.ok(engine.subscribed.includes(`${BACKUP} video`));
});

test("disposed of, it takes its handlers back", async () => {
  await watching();
  viewer.dispose();
  assert.equal(engine.handlers, undefined);
});

test("attached again, it shows what was there before", async () => {
  const uids = [PRIMARY, BACKUP];
  const source = agoraNative(engine, { uids, show: (uid) => onTop.push(uid) });
  viewer = new FailoverViewer(source, { uids });
  tell().onConnectionStateChanged({}, CONNECTED, 1);
  for (const uid of uids) tell().onUserJoined({}, uid);
  video(PRIMARY, DECODING);
  viewer.dispose();
  assert.deepEqual(engine.subscribed, []);
  viewer = new FailoverViewer(source, { uids });
  video(PRIMARY, DECODING);
  assert.equal(viewer.shown, PRIMARY);
  assert.equal(engine.subscribed.length, 4);
});
