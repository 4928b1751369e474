/// <reference lib="esnext.disposable" preserve="true" />
import { asJson, bytes, memberOf, optionalText, shown } from "./check.js";
import { EnvCalls } from "./env.js";
import { disposed, invalid, steadymixError } from "./errors.js";
import { type Driver, parseNotification, verifyNotification } from "./glue.js";
import type { Signal } from "./platform.js";
import { EventQueue } from "./queue.js";
import { Snapshot } from "./snapshot.js";
import type { LaneUpdate, Outcome, Services, SteadymixEvent, SupervisorEnv, TaskWarning } from "./types.js";

/** Events that a reader who is slow may be behind. */
const QUEUE_LIMIT = 1000;

/** The signatures of a notification, by the names of their headers: a `Headers`, or an object. */
export type NotificationHeaders = { get(name: string): string | null } | Record<string, string | string[] | undefined>;

/** How a driver is made, by the WebAssembly. */
interface Making {
  make(optionsJson: string, env: EnvCalls, now: number): Driver;
  restore(snapshot: string, env: EnvCalls): Driver;
}

/** What is left of one that is over. */
interface Ended<Status> {
  outcome: Outcome;
  status: Status;
  snapshot: string;
  warnings: TaskWarning[];
}

/** What supervisors and groups have in common. */
export abstract class Driven<Status, Update = Services> implements AsyncIterable<SteadymixEvent> {
  readonly #env: EnvCalls;
  readonly #queues = new Set<EventQueue<SteadymixEvent>>();
  /** Frees itself when it is over; none as well once it is disposed of. */
  #driver: Driver | undefined;
  #ended: Ended<Status> | undefined;
  #isDisposed = false;
  #isDriven = false;

  /** @internal */
  protected constructor(options: unknown, env: SupervisorEnv, { make, restore }: Making) {
    const queues = this.#queues;
    this.#env = new EnvCalls(env, (event) => {
      for (const queue of queues) queue.push(event);
    });
    // Also where one is restored: what is wrong with the clock is told at once.
    const now = this.#env.now();
    const snapshot = Snapshot.textOf(options);
    this.#driver =
      snapshot === undefined ? make(asJson("options", options), this.#env, now) : restore(snapshot, this.#env);
    const status = this.#driver.status();
    this.#env.laneNames = ("lanes" in status ? status.lanes : [status]).map(({ name }) => name);
  }

  /** None once it is over. */
  get #live(): Driver | undefined {
    if (this.#isDisposed) throw disposed();
    return this.#driver;
  }

  /**
   * Drives it until it is over, and resolves with the outcome. Should `signal` fire, it rejects with the signal's reason:
   * tasks live on, and `run()`, or a new process with the snapshot, goes on with them.
   */
  async run(signal?: Signal): Promise<Outcome> {
    const given = checked(signal);
    if (this.#live && given?.aborted) throw given.reason;
    // Once it was disposed of, nothing of it can be interrupted any more.
    const onAbort = () => this.#driver?.interrupt();
    const outcome = await this.#drive<never>(async (driver) => {
      given?.addEventListener("abort", onAbort);
      try {
        return await driver.run();
      } finally {
        given?.removeEventListener("abort", onAbort);
        this.#endQueues();
      }
    });
    if (outcome === undefined) throw given?.reason;
    return outcome;
  }

  /**
   * Carries out what is due and resolves when there is nothing but to wait: with the time (ms since the epoch) at which to
   * call it again, or `undefined` when it is over. For those who are woken up, as by the alarm of a Durable Object.
   */
  async advance(): Promise<number | undefined> {
    const next = await this.#drive((driver) => driver.advance());
    return typeof next === "number" ? next : undefined;
  }

  /** One loop at a time. `undefined`: it was interrupted. */
  async #drive<T extends number>(
    loop: (driver: Driver) => Promise<T | Outcome | undefined>,
  ): Promise<T | Outcome | undefined> {
    const driver = this.#live;
    if (this.#ended) return this.#ended.outcome;
    if (!driver || this.#isDriven) throw steadymixError("ALREADY_RUNNING", "run() or advance() is under way already");
    this.#isDriven = true;
    try {
      const left = await loop(driver);
      if (this.#isDisposed) throw disposed();
      if (typeof left === "object") this.#end(driver, left);
      return left;
    } finally {
      this.#isDriven = false;
    }
  }

  /** Ends what lives, and starts nothing any more. `run()` or `advance()` carries it out. */
  stop(): void {
    this.#live?.stop(this.#env.now());
  }

  /**
   * Takes a new payload: for a running task by Update, or, where the service cannot change in a running task what differs, by
   * a new task under the other uid, which takes its place; for later ones by their Create. Says what becomes of it in each
   * lane; once it is over, nothing does. What reads `***…` in it, as `payload` has it, stays what it is. Throws `INVALID_TASK`.
   */
  update(services: Update): LaneUpdate[] {
    const json = asJson("services", services, "INVALID_TASK");
    return this.#live?.update(json, this.#env.now()) ?? [];
  }

  /** Somebody says that the output is gone: at most brings the next Query forward. */
  checkNow(): void {
    this.#live?.checkNow(this.#env.now());
  }

  /**
   * Takes a notification of the service, as its webhook got it: its bytes, or its text just as it came. With `notificationSecret`,
   * its signature must fit (else it throws `INVALID_SIGNATURE`); without, check it yourself with `verifyNotification`. `foreign`:
   * not about these tasks, as the test that Agora's console sends, or it is over; answer it as the others. What is not JSON, or
   * larger than 1 MiB, throws `INVALID_NOTIFICATION`.
   */
  handleNotification(
    rawBody: Uint8Array | ArrayBuffer | string,
    headers: NotificationHeaders = {},
  ): "new" | "duplicate" | "stale" | "foreign" {
    const driver = this.#live;
    const body = bytes("rawBody", rawBody);
    const [v1, v2] = signatures(headers);
    if (this.#env.notificationSecret !== undefined) verifyNotification(this.#env.notificationSecret, body, v1, v2);
    if (driver) return driver.handleNotification(body, this.#env.now());
    parseNotification(body);
    return "foreign";
  }

  /** The whole state, as text. It carries tokens: keep it where the credentials are kept. */
  snapshot(): string {
    return this.#live?.snapshot() ?? this.#last.snapshot;
  }

  /** How it is. */
  status(): Status {
    return (this.#live?.status() as Status | undefined) ?? this.#last.status;
  }

  /**
   * The newest payload that was not refused, for people: `***…` stands for tokens, for addresses of streams and all that may
   * be a secret. `null`: the lanes have different ones, or it is over.
   */
  get payload(): object | null {
    return (this.#live?.payload() as object | null | undefined) ?? null;
  }

  /** What is allowed in the payload that the next launch has, but probably not meant. */
  get warnings(): TaskWarning[] {
    return this.#live?.warnings() ?? this.#last.warnings;
  }

  get #last(): Ended<Status> {
    if (!this.#ended) throw disposed();
    return this.#ended;
  }

  /** The events from now on, until it is over, or `run()` is. Each reader gets all; a slow one loses the oldest. */
  [Symbol.asyncIterator](): EventQueue<SteadymixEvent> {
    const queues = this.#queues;
    const queue = new EventQueue<SteadymixEvent>(QUEUE_LIMIT, () => queues.delete(queue));
    if (this.#driver) queues.add(queue);
    else queue.end();
    return queue;
  }

  /**
   * Lets go of it: `run()` rejects, calls under way are aborted, readers end. Tasks live on; `stop()` is what ends them. Once
   * it is over it needs no `dispose()`.
   */
  dispose(): void {
    this.#isDisposed = true;
    this.#release();
  }

  /** For `using`: calls `dispose()`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Keeps what can be asked of it, and gives its memory back. */
  #end(driver: Driver, outcome: Outcome): void {
    const [status, snapshot] = [driver.status() as Status, driver.snapshot()];
    this.#ended = { outcome, status, snapshot, warnings: driver.warnings() };
    this.#release();
  }

  #release(): void {
    const driver = this.#driver;
    this.#driver = undefined;
    this.#endQueues();
    this.#env.release();
    driver?.free();
  }

  #endQueues(): void {
    for (const queue of this.#queues) queue.end();
    this.#queues.clear();
  }
}

function checked(signal: unknown): Signal | undefined {
  if (signal === undefined || signal === null) return undefined;
  const isFunction = (name: string) => typeof memberOf(signal, name) === "function";
  if (typeof memberOf(signal, "aborted") === "boolean" && isFunction("addEventListener")) return signal as Signal;
  throw invalid("INVALID_OPTIONS", "signal", shown(signal), "an AbortSignal, or left out");
}

function signatures(headers: unknown): (string | undefined)[] {
  const names = ["agora-signature", "agora-signature-v2"];
  if (typeof headers !== "object" || headers === null)
    throw invalid("INVALID_OPTIONS", "headers", shown(headers), "a Headers, or an object of them by their names");
  const get = memberOf(headers, "get");
  return names.map((name) => {
    let found: unknown;
    if (typeof get === "function") {
      try {
        found = Reflect.apply(get, headers, [name]);
      } catch {
        // Not of a Headers: it has no such header.
      }
    } else {
      const key = keysOf(headers).find((key) => key.toLowerCase() === name);
      found = key && memberOf(headers, key);
    }
    return optionalText(`headers.${name}`, Array.isArray(found) ? found[0] : found);
  });
}

function keysOf(of: object): string[] {
  try {
    return Object.keys(of);
  } catch {
    return [];
  }
}
