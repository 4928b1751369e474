/// <reference lib="esnext.disposable" preserve="true" />
import { verifyNotification } from "./blocks.js";
import { asJson, bytes, memberOf, optionalText, shown } from "./check.js";
import { EnvCalls } from "./env.js";
import { disposed, invalid, steadymixError } from "./errors.js";
import { type Driver, parseNotification } from "./glue.js";
import type { Signal } from "./platform.js";
import { EventQueue } from "./queue.js";
import { Snapshot } from "./snapshot.js";
import type { LaneUpdate, Outcome, Services, SteadymixEvent, SupervisorEnv, TaskWarning } from "./types.js";

/** The maximum number of events that a queue keeps for a slow reader. */
const MAX_QUEUED_EVENTS = 1000;

/** The headers of a notification, with its signatures: a `Headers`, or an object. */
export type NotificationHeaders = { get(name: string): string | null } | Record<string, string | string[] | undefined>;

/** The functions of the WebAssembly that make a driver. */
interface DriverFactory {
  make(optionsJson: string, env: EnvCalls, now: number): Driver;
  restore(snapshot: string, env: EnvCalls): Driver;
}

/** The values that can still be read after the end. */
interface Ended<Status> {
  outcome: Outcome;
  status: Status;
  snapshot: string;
  warnings: TaskWarning[];
}

/** The base of supervisors and groups. */
export abstract class Driven<Status, Update = Services> implements AsyncIterable<SteadymixEvent> {
  readonly #env: EnvCalls;
  readonly #queues = new Set<EventQueue<SteadymixEvent>>();
  /** `undefined` after the end, and once disposed. */
  #driver: Driver | undefined;
  #ended: Ended<Status> | undefined;
  #isDisposed = false;
  #isDriven = false;

  /** @internal */
  protected constructor(options: unknown, env: SupervisorEnv, { make, restore }: DriverFactory) {
    const queues = this.#queues;
    this.#env = new EnvCalls(env, (event) => {
      for (const queue of queues) queue.push(event);
    });
    // Before `restore` too: reports an invalid clock at once.
    const now = this.#env.now();
    const snapshot = Snapshot.textOf(options);
    this.#driver =
      snapshot === undefined ? make(asJson("options", options), this.#env, now) : restore(snapshot, this.#env);
    const status = this.#driver.status();
    this.#env.laneNames = ("lanes" in status ? status.lanes : [status]).map(({ name }) => name);
  }

  /** `undefined` after the end. Throws `DISPOSED`. */
  get #live(): Driver | undefined {
    if (this.#isDisposed) throw disposed();
    return this.#driver;
  }

  /**
   * Runs until the end, and resolves with the outcome. If `signal` fires, rejects with the signal's reason: tasks continue, and
   * another `run()`, or a new process with the snapshot, resumes. Rejects with `ALREADY_RUNNING`, `DISPOSED`.
   */
  async run(signal?: Signal): Promise<Outcome> {
    const given = checked(signal);
    if (this.#live && given?.aborted) throw given.reason;
    // A disposed driver cannot be interrupted.
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
   * Carries out what is due. Resolves with the time (ms since the epoch) at which to call it again, or `undefined` after the
   * end. An alternative to `run()` for programs that an alarm wakes up, such as Durable Objects. Rejects with
   * `ALREADY_RUNNING`, `DISPOSED`.
   */
  async advance(): Promise<number | undefined> {
    const next = await this.#drive((driver) => driver.advance());
    return typeof next === "number" ? next : undefined;
  }

  /** Runs a loop; only one runs at a time. `undefined`: it was interrupted. */
  async #drive<T extends number>(
    loop: (driver: Driver) => Promise<T | Outcome | undefined>,
  ): Promise<T | Outcome | undefined> {
    const driver = this.#live;
    if (this.#ended) return this.#ended.outcome;
    if (!driver || this.#isDriven) throw steadymixError("ALREADY_RUNNING", "run() or advance() is already in progress");
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

  /** Deletes running tasks and starts no more. `run()` or `advance()` carries it out. Throws `DISPOSED`. */
  stop(): void {
    this.#live?.stop(this.#env.now());
  }

  /**
   * Updates the payload. A running task is changed by Update, or replaced by a new task under the next uid if the service cannot
   * change it; later tasks start with the new payload. Returns how each lane applies it, and `[]` after the end. A field with
   * `***…`, as `payload` shows it, keeps its value. Throws `INVALID_TASK`, `DISPOSED`.
   */
  update(services: Update): LaneUpdate[] {
    const json = asJson("services", services, "INVALID_TASK");
    return this.#live?.update(json, this.#env.now()) ?? [];
  }

  /** Brings the next Query forward, because the output may have failed. Throws `DISPOSED`. */
  checkNow(): void {
    this.#live?.checkNow(this.#env.now());
  }

  /**
   * Handles a notification with the raw body that your webhook received. If `notificationSecret` is set, its signature is
   * verified (`INVALID_SIGNATURE`); otherwise verify it with `verifyNotification`. `foreign`: it is not about these tasks, such
   * as the test that Agora's console sends, or it arrived after the end. Your webhook should answer it with 200, too. Throws
   * `INVALID_NOTIFICATION` if the body is not JSON or larger than 1 MiB, and `DISPOSED`.
   */
  handleNotification(
    rawBody: Uint8Array | ArrayBuffer | string,
    headers: NotificationHeaders = {},
  ): "new" | "duplicate" | "stale" | "foreign" {
    const driver = this.#live;
    const body = bytes("rawBody", rawBody);
    const [v1, v2] = signatures(headers);
    const secrets = this.#env.notificationSecrets;
    if (secrets.length > 0) verifyNotification(secrets, body, v1, v2);
    if (driver) return driver.handleNotification(body, this.#env.now());
    parseNotification(body);
    return "foreign";
  }

  /** The whole state as text. It carries tokens: store it like credentials. Throws `DISPOSED`. */
  snapshot(): string {
    return this.#live?.snapshot() ?? this.#last.snapshot;
  }

  /** The current status, or the last one after the end. Throws `DISPOSED`. */
  status(): Status {
    return (this.#live?.status() as Status | undefined) ?? this.#last.status;
  }

  /**
   * The newest payload that was not refused. Tokens, stream addresses and everything else that may be a secret are redacted to
   * `***…`. `null`: the lanes have different payloads, or after the end.
   */
  get payload(): object | null {
    return (this.#live?.payload() as object | null | undefined) ?? null;
  }

  /** Parts of the next launch's payload that are allowed but probably not intended. */
  get warnings(): TaskWarning[] {
    return this.#live?.warnings() ?? this.#last.warnings;
  }

  get #last(): Ended<Status> {
    if (!this.#ended) throw disposed();
    return this.#ended;
  }

  /**
   * The events from now on, until `run()` settles or the end. Each reader gets all of them; a slow one loses all but the last
   * 1000.
   */
  [Symbol.asyncIterator](): EventQueue<SteadymixEvent> {
    const queues = this.#queues;
    const queue = new EventQueue<SteadymixEvent>(MAX_QUEUED_EVENTS, () => queues.delete(queue));
    if (this.#driver) queues.add(queue);
    else queue.end();
    return queue;
  }

  /**
   * Releases all resources: `run()` rejects with `DISPOSED`, calls in progress are aborted, iterations end. Tasks continue;
   * only `stop()` ends them. Not needed after the end.
   */
  dispose(): void {
    this.#isDisposed = true;
    this.#release();
  }

  /** For `using`: calls `dispose()`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Keeps the values that can still be read, and frees the driver. */
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
    throw invalid("INVALID_OPTIONS", "headers", shown(headers), "a Headers, or an object with header names as keys");
  const get = memberOf(headers, "get");
  return names.map((name) => {
    let found: unknown;
    if (typeof get === "function") {
      try {
        found = Reflect.apply(get, headers, [name]);
      } catch {
        // Not a Headers: treated as if the header were missing.
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
