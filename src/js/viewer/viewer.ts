/// <reference lib="esnext.disposable" preserve="true" />
import { check } from "./check.js";
import { Failover } from "./failover.js";
import { report } from "./report.js";
import { attached, type RtcSource, SOURCE } from "./source.js";
import { VIEWER_OPTIONS } from "./tables.js";
import type { FailoverSettings, Kind, OutputHealth, Signal, Step, Uid, ViewerEvent } from "./types.js";

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
  /** Calls of the SDK that wait for a task of their own, in their order. */
  #later: (() => void)[] = [];
  #stepping = false;
  #disposed = false;

  /** Throws `INVALID_CONFIG`; `NO_WEBASSEMBLY`; and what `source.attach` throws. */
  constructor(source: RtcSource, options: ViewerOptions) {
    check("INVALID_CONFIG", "source", source, SOURCE);
    check("INVALID_CONFIG", "options", options, VIEWER_OPTIONS, true);
    const { uids, onEvent: _, onError: __, ...settings } = options;
    this.#source = source;
    this.#options = options;
    this.#failover = new Failover(uids, settings, now());
    // Who is there already is told of one after the other: nothing is decided before all are known.
    this.#stepping = true;
    try {
      this.#detach = attached(source, (signal) => this.tell(signal));
    } catch (error) {
      this.#disposed = true;
      this.#failover.free();
      throw error;
    }
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

  /**
   * Hands in what the source cannot know: above all the server's word, `{ type: "onAir", uid }`. Throws `INVALID_SIGNAL`, and
   * goes on as before then.
   */
  tell(signal: Signal): void {
    if (this.#disposed) return;
    this.#failover.handle(now(), signal);
    this.#step();
  }

  /** Lets go of the SDK: its handlers, and what it had subscribed. In the middle of an event, in a task of its own. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    clearInterval(this.#looks);
    clearTimeout(this.#timer);
    if (typeof document !== "undefined") document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#failover.free();
    const letGo = () => {
      for (const [uid, kind] of this.#subscribed.values()) {
        // The viewer may have left the channel already.
        void this.#watch(() => this.#source.unsubscribe(uid, kind));
      }
      // Last: it may throw.
      this.#detach();
    };
    if (this.#stepping) this.#inTask(() => this.#safely(letGo));
    else letGo();
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
        else this.#ask(step);
        if (this.#disposed) return;
      }
    } finally {
      this.#stepping = false;
    }
  }

  #ask({ type, uid, kind }: Extract<Step, { kind: Kind }>): void {
    const track = `${uid} ${kind}`;
    if (type === "unsubscribe") {
      this.#subscribed.delete(track);
      this.#inTask(() => void this.#watch(() => this.#source.unsubscribe(uid, kind)));
      return;
    }
    this.#subscribed.set(track, [uid, kind]);
    const onFailure = () => this.tell({ type: "subscribeFailed", uid, kind });
    const subscribe = () => void (this.#disposed || this.#watch(() => this.#source.subscribe(uid, kind), onFailure));
    if (this.#later.length === 0) subscribe();
    else this.#inTask(subscribe);
  }

  /**
   * What takes a picture away is not done in the middle of what a source tells: that may be told in a frame callback, and Firefox
   * does not paint the page any more when an element is removed in one.
   */
  #inTask(act: () => void): void {
    const carryOut = () => {
      const acts = this.#later;
      this.#later = [];
      for (const act of acts) act();
    };
    if (this.#later.push(act) === 1) setTimeout(carryOut, 0);
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
