/** Every entry of the package for browsers, and a viewer on captured canvases: for browsers without WebRTC, too. */
import type { FailoverViewer, RtcSource, Signal, Uid, ViewerEvent } from "steadymix/viewer";
import { Studio } from "../../../www/viewer/src/demo/studio.ts";

const ENTRIES = {
  steadymix: () => import("steadymix"),
  "steadymix/streaming": () => import("steadymix/streaming"),
  "steadymix/viewer": () => import("steadymix/viewer"),
  "steadymix/viewer/streaming": () => import("steadymix/viewer/streaming"),
  "steadymix/viewer/no-wasm": () => import("steadymix/viewer/no-wasm"),
  "steadymix/viewer/react": () => import("steadymix/viewer/react"),
  "steadymix/emulator": () => import("steadymix/emulator"),
  "steadymix/emulator/scenarios": () => import("steadymix/emulator/scenarios"),
};
export type EntryName = keyof typeof ENTRIES;
type ViewerEntry = typeof import("steadymix/viewer");

/** A source whose outputs publish video only. */
const OUTPUTS: Record<Uid, number> = { 9001: 212, 9101: 28 };

class Canvases implements RtcSource {
  readonly studios = new Map<Uid, Studio>();
  readonly frames: Record<Uid, number> = {};
  readonly #stage: InstanceType<ViewerEntry["Stage"]>;
  readonly #watchFrames: ViewerEntry["watchFrames"];
  readonly #stops = new Map<Uid, () => void>();
  #emit: (signal: Signal) => void = () => {};

  constructor({ Stage, watchFrames }: ViewerEntry, container: HTMLElement) {
    this.#stage = new Stage(container);
    this.#watchFrames = watchFrames;
    const audio = new AudioContext();
    for (const [uid, hue] of Object.entries(OUTPUTS))
      this.studios.set(Number(uid), new Studio({ label: uid, hue, hertz: 262, fps: 15, audio }));
  }

  attach(emit: (signal: Signal) => void): () => void {
    this.#emit = emit;
    emit({ type: "connection", state: "connected" });
    for (const uid of this.studios.keys()) emit({ type: "published", uid, kind: "video" });
    return () => {
      for (const uid of this.#stops.keys()) this.#remove(uid);
      this.#stage.clear();
    };
  }

  async subscribe(uid: Uid): Promise<void> {
    const studio = this.studios.get(uid);
    if (!studio) throw new Error(`there is no output ${uid}`);
    const video = document.createElement("video");
    Object.assign(video, { muted: true, playsInline: true, srcObject: new MediaStream([studio.video]) });
    this.#stage.layer(uid).append(video);
    const stopFrames = this.#watchFrames(video, () => {
      this.frames[uid] = (this.frames[uid] ?? 0) + 1;
      this.#emit({ type: "frame", uid });
    });
    this.#stops.set(uid, () => {
      stopFrames?.();
      video.remove();
    });
    await video.play();
  }

  async unsubscribe(uid: Uid): Promise<void> {
    this.#remove(uid);
  }

  show(uid: Uid): void {
    this.#stage.raise(uid);
  }

  #remove(uid: Uid): void {
    this.#stops.get(uid)?.();
    this.#stops.delete(uid);
  }
}

class Watching {
  readonly #source: Canvases;
  readonly #viewer: FailoverViewer;
  readonly #events: ViewerEvent[] = [];

  constructor(entry: ViewerEntry) {
    const container = document.getElementById("screen");
    if (!container) throw new Error("there is no screen");
    this.#source = new Canvases(entry, container);
    this.#viewer = new entry.FailoverViewer(this.#source, {
      uids: Object.keys(OUTPUTS).map(Number),
      onEvent: (event) => this.#events.push(event),
    });
  }

  /** Stops its frames. */
  silence(uid: Uid): void {
    this.#source.studios.get(uid)?.stop();
  }

  status() {
    return {
      shown: this.#viewer.shown,
      onTop: [...document.querySelectorAll<HTMLElement>("[data-uid]")]
        .filter(({ style }) => style.zIndex === "1")
        .map(({ dataset }) => Number(dataset.uid)),
      frames: this.#source.frames,
      health: Object.fromEntries(this.#viewer.outputs.map(({ uid, health }) => [uid, health])),
      events: this.#events.map(({ type }) => type),
    };
  }
}

/** A source without any output. */
const NOTHING: RtcSource = {
  attach: () => () => {},
  subscribe: async () => {},
  unsubscribe: async () => {},
  show: () => {},
};

/** A call of each entry that runs its WebAssembly, if it has any. */
const USES: Record<EntryName, () => Promise<void>> = {
  steadymix: async () => void new (await ENTRIES.steadymix()).RetryPolicy(),
  "steadymix/streaming": async () => void new (await ENTRIES["steadymix/streaming"]()).RetryPolicy(),
  "steadymix/viewer": () => makeViewer("steadymix/viewer"),
  "steadymix/viewer/streaming": () => makeViewer("steadymix/viewer/streaming"),
  "steadymix/viewer/no-wasm": () => makeViewer("steadymix/viewer/no-wasm"),
  "steadymix/viewer/react": () => makeViewer("steadymix/viewer"),
  "steadymix/emulator": async () => void new (await ENTRIES["steadymix/emulator"]()).Emulator(),
  "steadymix/emulator/scenarios": async () => void (await ENTRIES["steadymix/emulator/scenarios"]()).sampleServices(),
};

type ViewerName = "steadymix/viewer" | "steadymix/viewer/streaming" | "steadymix/viewer/no-wasm";

async function makeViewer(name: ViewerName): Promise<void> {
  new (await ENTRIES[name]()).FailoverViewer(NOTHING, { uids: [9001, 9101] }).dispose();
}

const entries = {
  /** The exports of an entry, or the error of its import or first use. */
  async load(name: EntryName): Promise<{ exports: string[]; error?: undefined } | { error: string; message: string }> {
    try {
      const exports = Object.keys(await ENTRIES[name]());
      await USES[name]();
      return { exports };
    } catch (error) {
      const { name, message } = error as Error;
      return { error: name, message };
    }
  },

  /** Watches with the viewer of this entry. */
  async watch(name: ViewerName): Promise<void> {
    window.watching = new Watching(await ENTRIES[name]());
  },
};

declare global {
  interface Window {
    entries: typeof entries;
    watching: Watching;
  }
}

window.entries = entries;

export type Entries = typeof entries;
export type { Watching };
