/// <reference lib="esnext.disposable" preserve="true" />
import { check } from "./check.js";
import { Failover } from "./failover.js";
import { report } from "./report.js";
import { attached, type RtcSource, SOURCE } from "./source.js";
import { VIEWER_OPTIONS } from "./tables.js";
import type { FailoverOptions, Kind, OutputHealth, Signal, Step, Uid, ViewerEvent } from "./types.js";

/** Options of a viewer. */
export interface ViewerOptions extends FailoverOptions {
  /** The outputs of all lanes, in the order of preference: `[9001, 9002, 9101, 9102]`. */
  uids: readonly Uid[];
  /** Called with each event. */
  onEvent?: (event: ViewerEvent) => void;
  /** Called with errors of the SDK and of `onEvent`. Default: `console.warn`. */
  onError?: (error: unknown) => void;
}

const STATS_INTERVAL_MS = 1000;

/** Keeps a viewer on a healthy output: carries out the decisions of the failover with an RTC SDK. */
export class FailoverViewer {
  readonly #source: RtcSource;
  readonly #failover: Failover;
  readonly #options: ViewerOptions;
  readonly #detach: () => void;
  readonly #statsTimer: ReturnType<typeof setInterval>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #subscribed = new Map<string, [Uid, Kind]>();
  /** Calls of the SDK that wait for a task of their own, in their order. */
  #deferred: (() => void)[] = [];
  #isStepping = false;
  #isDisposed = false;

  /** Throws `INVALID_OPTIONS`, `NO_WEBASSEMBLY`, and what `source.attach` throws. */
  constructor(source: RtcSource, options: ViewerOptions) {
    check("INVALID_OPTIONS", "source", source, SOURCE);
    check("INVALID_OPTIONS", "options", options, VIEWER_OPTIONS, true);
    const { uids, onEvent: _, onError: __, ...failoverOptions } = options;
    this.#source = source;
    this.#options = options;
    this.#failover = new Failover(uids, failoverOptions, now());
    // `attach` reports the current state output by output: decide once all of it is known.
    this.#isStepping = true;
    try {
      this.#detach = attached(source, (signal) => this.handle(signal));
    } catch (error) {
      this.#isDisposed = true;
      this.#failover.free();
      throw error;
    }
    this.#isStepping = false;
    this.#statsTimer = setInterval(() => void this.#watch(async () => source.pollStats?.()), STATS_INTERVAL_MS);
    if (typeof document !== "undefined") {
      document.addEventListener("visibilitychange", this.#onVisibility);
      this.#onVisibility();
    }
    this.#step();
  }

  /** The output on screen. */
  get shown(): Uid | undefined {
    return this.#isDisposed ? undefined : this.#failover.shown;
  }

  /** The state of each output, in the order of preference. */
  get outputs(): OutputHealth[] {
    return this.#isDisposed ? [] : this.#failover.outputs;
  }

  /**
   * Handles a signal that the source cannot emit. Usually `{ type: "onAir", uid }`, from the server. Throws `INVALID_SIGNAL`; then
   * nothing has changed.
   */
  handle(signal: Signal): void {
    if (this.#isDisposed) return;
    this.#failover.handle(now(), signal);
    this.#step();
  }

  /** Unsubscribes from everything and detaches from the SDK; during an event, in a task of its own. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    clearInterval(this.#statsTimer);
    clearTimeout(this.#timer);
    if (typeof document !== "undefined") document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#failover.free();
    const release = () => {
      for (const [uid, kind] of this.#subscribed.values()) {
        // The viewer may have left the channel: errors are ignored now.
        void this.#watch(() => this.#source.unsubscribe(uid, kind));
      }
      // Last, because it may throw.
      this.#detach();
    };
    if (this.#isStepping) this.#inTask(() => this.#safely(release));
    else release();
  }

  /** For `using`: calls `dispose()`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  readonly #onVisibility = () => this.handle({ type: "visible", visible: document.visibilityState !== "hidden" });

  #step(): void {
    // A step may make the SDK emit signals synchronously: the same loop handles them.
    if (this.#isStepping || this.#isDisposed) return;
    this.#isStepping = true;
    try {
      for (;;) {
        const step = this.#failover.poll(now());
        if (step.type === "wait") {
          this.#sleep(step.until);
          return;
        }
        if (step.type === "emit") this.#safely(() => this.#options.onEvent?.(step.event));
        else if (step.type === "show") this.#safely(() => this.#source.show(step.uid));
        else this.#call(step);
        if (this.#isDisposed) return;
      }
    } finally {
      this.#isStepping = false;
    }
  }

  #call({ type, uid, kind }: Extract<Step, { kind: Kind }>): void {
    const track = `${uid} ${kind}`;
    if (type === "unsubscribe") {
      this.#subscribed.delete(track);
      this.#inTask(() => void this.#watch(() => this.#source.unsubscribe(uid, kind)));
      return;
    }
    this.#subscribed.set(track, [uid, kind]);
    const onFailure = () => this.handle({ type: "subscribeFailed", uid, kind });
    const subscribe = () => void (this.#isDisposed || this.#watch(() => this.#source.subscribe(uid, kind), onFailure));
    if (this.#deferred.length === 0) subscribe();
    else this.#inTask(subscribe);
  }

  /**
   * Defers a call that may remove an element. Signals may come from a frame callback, and Firefox stops painting the page if an
   * element is removed in one.
   */
  #inTask(call: () => void): void {
    const run = () => {
      const calls = this.#deferred;
      this.#deferred = [];
      for (const call of calls) call();
    };
    if (this.#deferred.push(call) === 1) setTimeout(run, 0);
  }

  /** Errors of the application or the SDK must not stop the failover. */
  #safely(call: () => void): void {
    try {
      call();
    } catch (error) {
      report(error, this.#options);
    }
  }

  async #watch(call: () => Promise<void>, onFailure?: () => void): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (this.#isDisposed) return;
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
