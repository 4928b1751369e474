/**
 * The adapter for Agora's Web SDK on a fake SDK with a manual clock. Its statistics are as old as the SDK's: what depends on the
 * moment of a fault between two stats polls can only be tested here. The genuine SDK is in `sdk.test.ts`.
 */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import {
  type AgoraClient,
  type AgoraUser,
  agoraWeb,
  FailoverViewer,
  type Kind,
  type Uid,
  type ViewerEvent,
  type ViewerOptions,
} from "steadymix/viewer";
import { Clock } from "./clock.ts";

const PRIMARY = 9001;
const BACKUP = 9101;
const FRAME_MS = 66;
/** Positions in `MediaState`. */
const [STOPPED, STARTING, DECODING, FROZEN] = [0, 1, 2, 3];

/** What a browser reports of the frames of a stream. */
interface Browser {
  /** It has `requestVideoFrameCallback`. */
  hasCallbacks: boolean;
  /** `totalVideoFrames` counts them, as in Chromium; in Firefox and Safari it stays 0. */
  counts: boolean;
}
const CHROMIUM: Browser = { hasCallbacks: true, counts: true };
const SAFARI: Browser = { hasCallbacks: true, counts: false };
const OLD_FIREFOX: Browser = { hasCallbacks: false, counts: false };

let clock: Clock;
let events: ViewerEvent[];
let viewer: FailoverViewer | undefined;
/** Out of sight, a browser decodes the frames of an iframe of another origin, but calls nobody back. */
let isInSight: boolean;

beforeEach(() => {
  clock = new Clock();
  events = [];
  isInSight = true;
  const page = { createElement: () => new FakeElement(), addEventListener() {}, removeEventListener() {} };
  Object.assign(globalThis, { document: page, getComputedStyle: () => ({ position: "relative" }) });
});
afterEach(() => {
  viewer?.dispose();
  viewer = undefined;
  clock.restore();
  for (const name of ["document", "getComputedStyle"]) Reflect.deleteProperty(globalThis, name);
});

class FakeElement {
  readonly nodeType = 1;
  readonly dataset = {};
  readonly style = {};
  parentNode: FakeElement | undefined;
  video: FakeVideo | null = null;

  append(child: FakeElement): void {
    child.parentNode = this;
  }

  remove(): void {
    this.parentNode = undefined;
  }

  querySelector(): FakeVideo | null {
    return this.video;
  }

  getRootNode(): object {
    return {};
  }
}

class FakeVideo {
  readonly isConnected = true;
  readonly paused = false;
  readonly #counts: boolean;
  #callbacks: (() => void)[] = [];
  #frames = 0;

  constructor({ hasCallbacks, counts }: Browser) {
    this.#counts = counts;
    if (hasCallbacks) {
      const requestVideoFrameCallback = (callback: () => void) => this.#callbacks.push(callback);
      Object.assign(this, { requestVideoFrameCallback, cancelVideoFrameCallback: () => this.#callbacks.splice(0) });
    }
  }

  getVideoPlaybackQuality() {
    return { totalVideoFrames: this.#counts ? this.#frames : 0 };
  }

  /** Returns whether the frame was reported. */
  show(): boolean {
    this.#frames += 1;
    const callbacks = isInSight ? this.#callbacks.splice(0) : [];
    for (const callback of callbacks) callback();
    return callbacks.length > 0;
  }
}

/** A track with the SDK's states: 2 with the second reported frame, 3 when there is none for 500 ms. */
class FakeTrack {
  readonly #browser: Browser;
  readonly #listeners = new Map<string, (state: number) => void>();
  #video: FakeVideo | undefined;
  #state = STOPPED;
  #freezing: ReturnType<typeof setTimeout> | undefined;

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  play(layer: unknown): void {
    this.#video = new FakeVideo(this.#browser);
    (layer as FakeElement).video = this.#video;
  }

  stop(): void {
    this.#video = undefined;
    clearTimeout(this.#freezing);
  }

  on(event: string, listener: (state: number) => void): void {
    this.#listeners.set(event, listener);
  }

  off(event: string): void {
    this.#listeners.delete(event);
  }

  decodes(): void {
    if (!this.#video) return;
    if (this.#state === STOPPED) {
      this.#change(STARTING);
      this.#listeners.get("first-frame-decoded")?.(0);
    }
    if (!this.#video.show()) return;
    this.#change(DECODING);
    clearTimeout(this.#freezing);
    this.#freezing = setTimeout(() => this.#change(FROZEN), 500);
  }

  #change(state: number | undefined): void {
    if (state === this.#state || state === undefined) return;
    this.#state = state;
    this.#listeners.get("video-state-changed")?.(state);
  }
}

class FakeClient implements AgoraClient {
  readonly connectionState = "CONNECTED";
  readonly remoteUsers: AgoraUser[] = [PRIMARY, BACKUP].map((uid) => ({ uid, hasVideo: true, hasAudio: true }));
  readonly #browser: Browser;
  readonly #dead = new Set<Uid>();
  readonly #received = new Map<Uid, { frames: number; bytes: number; packets: number }>();
  readonly #rates = new Map<Uid, { at: number; frames: number; bytes: number; rate: number }>();
  #videoStats: Record<string, { receiveBytes: number; decodeFrameRate: number }> = {};
  #audioStats: Record<string, { receivePackets: number }> = {};

  /** `phase`: how long after a stats poll of the viewer the SDK publishes its statistics. */
  constructor(browser: Browser, phase: number) {
    this.#browser = browser;
    setInterval(() => this.#frame(), FRAME_MS);
    setInterval(() => this.#measure(), 250);
    setTimeout(() => {
      this.#publish();
      setInterval(() => this.#publish(), 1000);
    }, phase);
  }

  on(): void {}
  off(): void {}

  async subscribe(user: AgoraUser, kind: Kind): Promise<void> {
    if (kind === "video") user.videoTrack ??= new FakeTrack(this.#browser) as never;
    else user.audioTrack ??= { isPlaying: true, play() {}, stop() {} };
  }

  async unsubscribe(user: AgoraUser, kind: Kind): Promise<void> {
    if (kind === "video") user.videoTrack = undefined;
    else user.audioTrack = undefined;
  }

  getRemoteVideoStats() {
    return this.#videoStats;
  }

  getRemoteAudioStats() {
    return this.#audioStats;
  }

  kill(uid: Uid): void {
    this.#dead.add(uid);
  }

  #frame(): void {
    for (const { uid, videoTrack, audioTrack } of this.remoteUsers) {
      if (this.#dead.has(Number(uid))) continue;
      const { frames, bytes, packets } = this.#received.get(Number(uid)) ?? { frames: 0, bytes: 0, packets: 0 };
      this.#received.set(Number(uid), {
        frames: frames + (videoTrack ? 1 : 0),
        bytes: bytes + (videoTrack ? 9000 : 0),
        packets: packets + (audioTrack ? 3 : 0),
      });
      (videoTrack as FakeTrack | undefined)?.decodes();
    }
  }

  /** Each report of the peer connection updates the bytes; the rate is that of at least 800 ms. */
  #measure(): void {
    for (const [uid, { frames, bytes }] of this.#received) {
      const before = this.#rates.get(uid) ?? { at: clock.now, frames, rate: 0 };
      const seconds = (clock.now - before.at) / 1000;
      const rate = Math.round((frames - before.frames) / seconds);
      this.#rates.set(uid, seconds < 0.8 ? { ...before, bytes } : { at: clock.now, frames, bytes, rate });
    }
  }

  #publish(): void {
    const video = ([uid, { bytes, rate }]: [Uid, { bytes: number; rate: number }]) =>
      [uid, { receiveBytes: bytes, decodeFrameRate: rate }] as const;
    this.#videoStats = Object.fromEntries([...this.#rates].map(video));
    const audio = [...this.#received].map(([uid, { packets }]) => [uid, { receivePackets: packets }] as const);
    this.#audioStats = Object.fromEntries(audio);
  }
}

/** Both outputs have played for a while, and a stats poll has just been made. */
async function watching(browser: Browser, phase: number, options: Partial<ViewerOptions> = {}): Promise<FakeClient> {
  const client = new FakeClient(browser, phase);
  const uids = [PRIMARY, BACKUP];
  const source = agoraWeb(client, { container: new FakeElement() as never, uids });
  viewer = new FailoverViewer(source, { uids, onEvent: (event) => events.push(event), ...options });
  await clock.pass(6000);
  assert.deepEqual([viewer.shown, health(), events], [PRIMARY, "playing", []]);
  return client;
}

const typesOf = () => events.map(({ type }) => type);
const health = () => viewer?.outputs[0]?.health;

/** In these browsers, with statistics that are published so long after a stats poll, and at these moments after one. */
function always(
  what: string,
  browsers: Record<string, Browser>,
  check: (browser: Browser, phase: number, moment: number) => Promise<void>,
): void {
  for (const [name, browser] of Object.entries(browsers))
    for (const phase of [1, 250, 999])
      for (const moment of [10, 410, 990])
        test(`${what} (${name}, ${moment} ms after a poll, statistics of ${phase} ms after one)`, () =>
          check(browser, phase, moment));
}

always("an output that died is frozen, and stays so", { CHROMIUM, SAFARI }, async (browser, phase, moment) => {
  const client = await watching(browser, phase);
  await clock.pass(moment);
  client.kill(PRIMARY);
  await clock.pass(600);
  for (let ms = 600; ms < 6000; ms += 50) {
    assert.equal(health(), "frozen", `${ms} ms after it died`);
    await clock.pass(50);
  }
  assert.deepEqual([viewer?.shown, typesOf()], [BACKUP, ["degraded", "switched"]]);
});

for (const standby of ["hot", "warm", "cold"] as const)
  always(
    `out of sight an output is not left, and not frozen for long, ${standby}`,
    { CHROMIUM, SAFARI, OLD_FIREFOX },
    async (browser, phase, moment) => {
      await watching(browser, phase, { standby });
      await clock.pass(moment);
      isInSight = false;
      const noticeMs = browser.counts ? 2100 : 3600;
      await clock.pass(noticeMs);
      for (let ms = noticeMs; ms < 8000; ms += 50) {
        assert.equal(health(), "playing", `after ${ms} ms`);
        await clock.pass(50);
      }
      isInSight = true;
      await clock.pass(2000);
      assert.deepEqual([viewer?.shown, health()], [PRIMARY, "playing"]);
      assert.ok(!typesOf().includes("switched"), typesOf().join());
    },
  );

for (const [name, browser] of Object.entries({ CHROMIUM, SAFARI, OLD_FIREFOX }))
  test(`out of sight from the beginning: an output is shown (${name})`, async () => {
    isInSight = false;
    await watching(browser, 500);
  });

always(
  "out of sight an output that died is left once its bytes have stopped",
  { CHROMIUM, SAFARI, OLD_FIREFOX },
  async (browser, phase, moment) => {
    const client = await watching(browser, phase);
    isInSight = false;
    await clock.pass(4000 + moment);
    client.kill(PRIMARY);
    events.length = 0;
    // What a poll finds is up to 1250 ms old, and two polls in a row must find no new bytes.
    await clock.pass(4250);
    assert.deepEqual([viewer?.shown, typesOf()], [BACKUP, ["degraded", "switched"]]);
    await clock.pass(6000);
    assert.deepEqual(typesOf(), ["degraded", "switched"]);
  },
);
