/// <reference lib="esnext.disposable" preserve="true" />
import { Failover } from "./failover.js";
import { report } from "./report.js";
import type { RtcSource } from "./source.js";
import type { FailoverSettings, Kind, OutputHealth, Signal, Uid, ViewerEvent } from "./types.js";

/** Settings of a viewer, besides those of the failover. */
export interface ViewerOptions extends FailoverSettings {
  /** The outputs in the order of preference, of all lanes: `[9001, 9002, 9101, 9102]`. */
  uids: readonly Uid[];
  /** Takes each event. */
  onEvent?: (event: ViewerEvent) => void;
  /** Takes what the SDK refused, and what `onEvent` threw. Default: `console.warn`. */
  onError?: (error: unknown) => void;
}

/** How often the statistics are looked at. */
const LOOK_MS = 1000;

/** Keeps a viewer on an output that lives: carries out what the failover decides with an RTC SDK. */
export class FailoverViewer {
  readonly #source: RtcSource;
  readonly #failover: Failover;
  readonly #options: ViewerOptions;
  readonly #detach: () => void;
  readonly #looks: ReturnType<typeof setInterval>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #subscribed = new Map<string, [Uid, Kind]>();
  #stepping = false;
  #disposed = false;

  constructor(source: RtcSource, options: ViewerOptions) {
    this.#source = source;
    this.#options = options;
    this.#failover = new Failover(options.uids, options, now());
    // Who is there already is told of one after the other: nothing is decided before all are known.
    this.#stepping = true;
    this.#detach = source.attach((signal) => this.tell(signal));
    this.#stepping = false;
    this.#looks = setInterval(() => void this.#watch(async () => source.look?.()), LOOK_MS);
    if (typeof document !== "undefined") {
      document.addEventListener("visibilitychange", this.#onVisibility);
      this.#onVisibility();
    }
    this.#step();
  }

  /** The output that is shown. */
  get shown(): Uid | undefined {
    return this.#disposed ? undefined : this.#failover.shown;
  }

  /** How each output is, in the order of preference. */
  get outputs(): OutputHealth[] {
    return this.#disposed ? [] : this.#failover.outputs;
  }

  /** Hands in what the source cannot know: above all the server's word, `{ type: "onAir", uid }`. */
  tell(signal: Signal): void {
    if (this.#disposed) return;
    this.#failover.handle(now(), signal);
    this.#step();
  }

  /** Lets go of the SDK: its handlers, and what it had subscribed. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const [uid, kind] of this.#subscribed.values()) {
      // The viewer may have left the channel already.
      void this.#watch(() => this.#source.unsubscribe(uid, kind));
    }
    clearInterval(this.#looks);
    clearTimeout(this.#timer);
    if (typeof document !== "undefined") document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#failover.free();
    // Last: it may throw.
    this.#detach();
  }

  /** For `using`: calls `dispose()`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  readonly #onVisibility = () => this.tell({ type: "visible", visible: document.visibilityState !== "hidden" });

  #step(): void {
    // What it does may make the SDK tell more at once: that is taken in the same loop.
    if (this.#stepping || this.#disposed) return;
    this.#stepping = true;
    try {
      for (;;) {
        const step = this.#failover.poll(now());
        if (step.type === "wait") {
          this.#sleep(step.until);
          return;
        }
        if (step.type === "tell") this.#safely(() => this.#options.onEvent?.(step.event));
        else if (step.type === "show") this.#safely(() => this.#source.show(step.uid));
        else if (step.type === "unsubscribe") {
          this.#subscribed.delete(`${step.uid} ${step.kind}`);
          void this.#watch(() => this.#source.unsubscribe(step.uid, step.kind));
        } else {
          const { uid, kind } = step;
          this.#subscribed.set(`${uid} ${kind}`, [uid, kind]);
          const onFailure = () => this.tell({ type: "subscribeFailed", uid, kind });
          void this.#watch(() => this.#source.subscribe(uid, kind), onFailure);
        }
        if (this.#disposed) return;
      }
    } finally {
      this.#stepping = false;
    }
  }

  /** What an application or an SDK makes of it must not keep the picture frozen. */
  #safely(act: () => void): void {
    try {
      act();
    } catch (error) {
      report(error, this.#options);
    }
  }

  async #watch(act: () => Promise<void>, onFailure?: () => void): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (this.#disposed) return;
      report(error, this.#options);
      onFailure?.();
    }
  }

  #sleep(until: number | undefined): void {
    clearTimeout(this.#timer);
    if (until !== undefined) this.#timer = setTimeout(() => this.#step(), Math.max(1, until - now()));
  }
}

function now(): number {
  return performance.now();
}
