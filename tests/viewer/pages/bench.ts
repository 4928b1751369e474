/** The part of `npm run bench:switch` that runs in the browser. */
import { agoraWeb, FailoverViewer, type Uid, type ViewerEvent, type ViewerOptions } from "steadymix/viewer";
import { Channel, NO_HEARTBEAT_TIMEOUT_MS } from "../../../www/viewer/src/demo/channel.ts";
import { Studio, type StudioOptions } from "../../../www/viewer/src/demo/studio.ts";
import { Witness } from "./witness.ts";

const PRIMARY: Uid = 9001;
const BACKUP: Uid = 9101;
/** How long a picture must have played before a fault is injected. */
const STEADY_MS = 1500;
const TIMEOUT_MS = 30_000;
const audio = new AudioContext();

export type Standby = "hot" | "warm" | "cold";

/** A switch as seen on the screen, and as reported by the viewer; in ms. */
export interface Measured {
  /** From the last frame of the old picture to the first frame of the new one, as it could be seen. */
  outageMs: number;
  /** From the fault to the first frame of the new picture, as it could be seen. */
  sinceCauseMs: number;
  detectMs?: number;
  switchMs?: number;
}

class Session {
  readonly screen = document.createElement("div");
  readonly channel = new Channel();
  readonly witness: Witness;
  readonly events: ViewerEvent[] = [];
  viewer: FailoverViewer | undefined;

  constructor(fps: number, jitter: Partial<StudioOptions> = {}) {
    this.screen.style.cssText = "position:relative;width:320px;height:180px;display:inline-block";
    document.getElementById("screen")?.append(this.screen);
    this.witness = new Witness(this.screen);
    for (const [uid, hue] of [
      [PRIMARY, 212],
      [BACKUP, 28],
    ] as const) {
      this.channel.join(uid, new Studio({ label: String(uid), hue, hertz: 262, fps, audio, ...jitter }));
    }
  }

  watch(options: Omit<ViewerOptions, "uids"> = {}): void {
    const uids = [PRIMARY, BACKUP];
    const source = agoraWeb(this.channel, { container: this.screen, uids });
    this.viewer = new FailoverViewer(source, { uids, ...options, onEvent: (event) => this.events.push(event) });
  }

  async steady(): Promise<void> {
    await until(() => this.witness.seen.length > 0, "a picture");
    await pass(STEADY_MS + Math.random() * 500);
  }

  async measure(cause: () => void): Promise<Measured> {
    const at = performance.now();
    const sights = this.witness.seen.length;
    cause();
    await until(() => this.witness.change(sights) !== undefined, "the other picture");
    const { last, first } = this.witness.change(sights) ?? { last: 0, first: 0 };
    // The viewer reports it with its first frame, perhaps a moment later.
    await pass(200);
    const switched = this.events.find((event) => event.type === "switched");
    return {
      outageMs: first - last,
      sinceCauseMs: first - at,
      ...(switched && { detectMs: switched.detectMs, switchMs: switched.switchMs }),
    };
  }

  close(): void {
    this.witness.end();
    this.viewer?.dispose();
    this.channel.close();
    this.screen.remove();
  }
}

async function using<T>(session: Session, act: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await act(session);
  } finally {
    session.close();
  }
}

const bench = {
  /** One abrupt death. */
  death: (standby: Standby, fps: number): Promise<Measured> =>
    using(new Session(fps), async (session) => {
      session.watch({ standby });
      await session.steady();
      return session.measure(() => session.channel.die(PRIMARY));
    }),

  /** One graceful leave. */
  leave: (fps: number): Promise<Measured> =>
    using(new Session(fps), async (session) => {
      session.watch();
      await session.steady();
      return session.measure(() => session.channel.leave(PRIMARY));
    }),

  /** One abrupt death as in the public samples: the other output is subscribed on `user-left`. */
  baseline: (fps: number): Promise<Measured> =>
    using(new Session(fps), async (session) => {
      const { channel, screen } = session;
      const play = async (uid: Uid) => {
        const user = channel.remoteUsers.find((user) => user.uid === uid);
        if (!user) return;
        await channel.subscribe(user, "video");
        user.videoTrack?.play(screen);
      };
      channel.on("user-left", (() => void play(BACKUP)) as (...args: never[]) => void);
      await play(PRIMARY);
      await session.steady();
      return session.measure(() => channel.die(PRIMARY));
    }),

  /** How often it switches on a jittery line, although both outputs are healthy. */
  jitter: (fps: number, ms: number): Promise<{ switches: number; frames: number; longestGapMs: number }> =>
    using(
      new Session(fps, { jitterMs: 400 / fps, stalls: { everyMs: 4000, ms: 200 }, lostPercent: 2 }),
      async (session) => {
        session.watch();
        await session.steady();
        const since = performance.now();
        await pass(ms);
        const times = session.witness.seen.map(({ at }) => at).filter((at) => at >= since);
        const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at));
        return {
          switches: session.events.filter(({ type }) => type === "switched").length,
          frames: times.length,
          longestGapMs: Math.max(...gaps),
        };
      },
    ),

  /** How often it switches while both outputs are frozen, as with an outage of the viewer's own network. */
  bothFrozen: (fps: number, ms: number): Promise<number> =>
    using(new Session(fps), async (session) => {
      session.watch();
      await session.steady();
      for (const uid of [PRIMARY, BACKUP]) session.channel.freeze(uid);
      await pass(Math.min(ms, NO_HEARTBEAT_TIMEOUT_MS));
      for (const uid of [BACKUP, PRIMARY]) session.channel.thaw(uid);
      await pass(2000);
      return session.events.filter(({ type }) => type === "switched").length;
    }),
};

export type Bench = typeof bench;

declare global {
  interface Window {
    bench: Bench;
  }
}

window.bench = bench;

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const began = performance.now();
  while (!isSo()) {
    if (performance.now() - began > TIMEOUT_MS) throw new Error(`there is no ${what} after ${TIMEOUT_MS} ms`);
    await pass(5);
  }
}
