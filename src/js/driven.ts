import { isSteadymixError, type SteadymixError, steadymixError } from "./errors.js";
import { type Driver, verifyNotice } from "./glue.js";
import { member } from "./member.js";
import { EventQueue } from "./queue.js";
import { replyOf } from "./reply.js";
import type { Host, Outcome, Services, SteadymixEvent, TaskWarning } from "./types.js";

/** Events that a reader who is slow may be behind. */
const QUEUE_LIMIT = 1000;

/** The signatures of a notification, by the names of their headers. */
export type NoticeHeaders = Headers | Record<string, string | string[] | undefined>;

/** What supervisors and groups have in common. */
export abstract class Driven<Status> implements AsyncIterable<SteadymixEvent> {
  readonly #driver: Driver;
  readonly #queues = new Set<EventQueue<SteadymixEvent>>();
  readonly #noticeSecret: string | undefined;
  readonly #disposal = new AbortController();
  #isOver = false;

  /** @internal */
  protected constructor(given: Host, make: (host: object) => Driver) {
    // Where there is none at all, the core names the first thing that it lacks.
    const host = given ?? {};
    this.#noticeSecret = host.noticeSecret;
    const report = member(host, "onError") ?? toConsole;
    const onError: Host["onError"] = async (...values) => {
      try {
        await (report as typeof toConsole)(...values);
      } catch {
        // There is nobody left to tell.
      }
    };
    const fetch = member(host, "fetch") ?? globalThis.fetch;
    const call = async (url: string, init: RequestInit, mostBytes: number) =>
      replyOf(await fetch(url, init), mostBytes);
    const onEvent = (event: SteadymixEvent) => {
      for (const queue of this.#queues) queue.push(event);
      // It may be asynchronous: what it rejects with would end a Node process.
      Promise.resolve(host.onEvent?.(event)).catch((error: unknown) => onError(error, "onEvent"));
    };
    // What is no function is for the core to name.
    const inFrontOf = (given: unknown, ours: object) => (typeof given === "function" ? ours : given);
    const ours = {
      onError: inFrontOf(report, onError),
      fetch: inFrontOf(fetch, call),
      onEvent: inFrontOf(host.onEvent ?? onEvent, onEvent),
    };
    // Not a copy of the host, which would lack what an instance of a class inherits.
    this.#driver = make(
      new Proxy({}, { get: (_, name) => Reflect.get(ours, name) ?? member(host, name as keyof Host) }),
    );
  }

  get #live(): Driver {
    if (this.#disposal.signal.aborted) throw disposed();
    return this.#driver;
  }

  /**
   * Drives it until it is over, and resolves with the outcome. Should `signal` fire, it rejects with the signal's reason:
   * tasks live on, and `run()`, or a new process with the snapshot, goes on with them.
   */
  async run(signal?: AbortSignal): Promise<Outcome> {
    const driver = this.#live;
    signal?.throwIfAborted();
    const abort = new AbortController();
    const onAbort = () => abort.abort(signal?.reason);
    const onDispose = () => abort.abort(disposed());
    signal?.addEventListener("abort", onAbort);
    this.#disposal.signal.addEventListener("abort", onDispose);
    let drove = true;
    try {
      const outcome: Outcome = await driver.run(abort.signal);
      this.#isOver = true;
      return outcome;
    } catch (error) {
      drove = !isSteadymixError(error) || error.code !== "ALREADY_RUNNING";
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#disposal.signal.removeEventListener("abort", onDispose);
      // Readers of the run that is under way read on.
      if (drove) this.#endQueues();
    }
  }

  /**
   * Carries out what is due and resolves when there is nothing but to wait: with the time (ms since the epoch) at which to
   * call it again, or `undefined` when it is over. For those who are woken up, as by the alarm of a Durable Object.
   */
  async advance(): Promise<number | undefined> {
    const next = await this.#live.advance();
    if (this.#disposal.signal.aborted) throw disposed();
    if (next === undefined) {
      this.#isOver = true;
      this.#endQueues();
    }
    return next;
  }

  /** Ends what lives, and starts nothing any more. `run()` or `advance()` carries it out. */
  stop(): void {
    this.#live.stop();
  }

  /**
   * Takes a new payload: for running tasks by Update, for later ones by their Create; in a group, for every lane. Throws
   * `INVALID_TASK`.
   */
  update(services: Services): void {
    this.#live.update(services);
  }

  /** Somebody says that the output is gone: at most brings the next Query forward. */
  hint(): void {
    this.#live.hint();
  }

  /**
   * Takes a notification of the service, as its webhook got it. With `noticeSecret`, its signature must fit (else it
   * throws `INVALID_SIGNATURE`); without, check it yourself with `verifyNotice`. `foreign`: not about these tasks.
   */
  notice(rawBody: Uint8Array | string, headers: NoticeHeaders = {}): "new" | "duplicate" | "stale" | "foreign" {
    const driver = this.#live;
    const bytes = typeof rawBody === "string" ? new TextEncoder().encode(rawBody) : rawBody;
    if (this.#noticeSecret !== undefined) {
      const v1 = header(headers, "agora-signature");
      const v2 = header(headers, "agora-signature-v2");
      verifyNotice(this.#noticeSecret, bytes, v1, v2);
    }
    return driver.notice(bytes);
  }

  /** The whole state, as text. It carries tokens: keep it where the credentials are kept. */
  snapshot(): string {
    return this.#live.snapshot();
  }

  /** How it is. */
  status(): Status {
    return this.#live.status() as Status;
  }

  /** What is allowed in the payload that the next launch has, but probably not meant. */
  get warnings(): TaskWarning[] {
    return this.#live.warnings();
  }

  /** The events from now on, until it is over, or `run()` is. Each reader gets all; a slow one loses the oldest. */
  [Symbol.asyncIterator](): EventQueue<SteadymixEvent> {
    const queue = new EventQueue<SteadymixEvent>(QUEUE_LIMIT, () => this.#queues.delete(queue));
    if (this.#isOver || this.#disposal.signal.aborted) queue.end();
    else this.#queues.add(queue);
    return queue;
  }

  /** Lets go of it: `run()` rejects, readers end. Tasks live on; `stop()` is what ends them. */
  dispose(): void {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort(disposed());
    this.#endQueues();
    this.#driver.free();
  }

  /** For `using`: calls `dispose()`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #endQueues(): void {
    for (const queue of this.#queues) queue.end();
    this.#queues.clear();
  }
}

function toConsole(error: unknown, callback: string): void {
  console.error(`steadymix: ${callback}:`, error);
}

function header(headers: NoticeHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return Array.isArray(found) ? found[0] : found;
}

function disposed(): SteadymixError {
  return steadymixError("DISPOSED", "it was disposed of");
}
