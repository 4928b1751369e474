/**
 * Building blocks for programs that make calls to the service themselves. Arguments are checked here, because the WebAssembly
 * would use a wrong type as an address in its memory.
 */
import {
  asJson,
  asText,
  bytes,
  duration,
  instant,
  integer,
  isNothing,
  optionalText,
  secrets,
  shown,
  uint32,
} from "./check.js";
import { disposed, invalid, isSteadymixError } from "./errors.js";
import * as wasm from "./glue.js";
import type {
  Area,
  Call,
  DomainFailure,
  LimitedCall,
  Meaning,
  NextDelayOptions,
  Quota,
  QuotaEstimate,
  QuotaEstimateOptions,
  RetrySchedules,
  ServiceNotification,
  Services,
  TaskWarning,
  Uid,
  Violation,
} from "./types.js";

/** An object of the WebAssembly, until it is freed. */
class Owned<T extends { free(): void }> {
  #owned: T | undefined;

  constructor(owned: T) {
    this.#owned = owned;
  }

  get it(): T {
    if (!this.#owned) throw disposed();
    return this.#owned;
  }

  free(): void {
    this.#owned?.free();
    this.#owned = undefined;
  }
}

/** Passed by `UidRing.fromJSON` to the constructor. */
class RestoredRing {
  readonly #ring: wasm.UidRing;

  constructor(ring: wasm.UidRing) {
    this.#ring = ring;
  }

  static ringOf(given: unknown): wasm.UidRing | undefined {
    return typeof given === "object" && given !== null && #ring in given ? given.#ring : undefined;
  }
}

/** The backoff schedules of failed calls. */
export class RetryPolicy {
  readonly #policy: Owned<wasm.RetryPolicy>;

  /** The default schedules, except for those in `overrides`. Throws `INVALID_OPTIONS`. */
  constructor(overrides: Partial<RetrySchedules> = {}) {
    this.#policy = new Owned(new wasm.RetryPolicy(asJson("policy", overrides)));
  }

  /**
   * The delay in ms before a failed call is retried; `undefined`: its backoff schedule is exhausted. After a 429, and for
   * `presence` and `rtcToken`, the last delay repeats. A Query without an answer, or with a 50x, is retried without limit, in
   * the end at the longest delay for a 50x. Throws `INVALID_OPTIONS`.
   */
  nextDelay(failed: NextDelayOptions): number | undefined {
    return this.#policy.it.nextDelay(asJson("options", failed), Date.now());
  }

  /** All schedules. */
  toJSON(): RetrySchedules {
    return this.#policy.it.toJSON();
  }

  /** Frees its memory at once. Afterwards every other method throws `DISPOSED`. */
  free(): void {
    this.#policy.free();
  }
}

/** The output uids of one lane, used in turn: two tasks must never publish under the same uid. */
export class UidRing {
  readonly #ring: Owned<wasm.UidRing>;

  /** Takes two or more distinct uids, the preferred one first. Throws `INVALID_OPTIONS`. */
  constructor(uids: Uid[]) {
    this.#ring = new Owned(RestoredRing.ringOf(uids) ?? new wasm.UidRing(asJson("uids", uids)));
  }

  /** The next uid in turn that no task may still use; `undefined`: all are held. */
  get next(): Uid | undefined {
    return this.#ring.it.next;
  }

  /** Holds a uid of the ring for a new task. Throws `UID_MAY_BE_LIVE` if it is held already. */
  take(uid: Uid): void {
    this.#ring.it.take(uint32("uid", uid));
  }

  /** Releases a uid whose last task is known to be over. */
  release(uid: Uid): void {
    this.#ring.it.release(uint32("uid", uid));
  }

  /** Whether the last task under this uid may still run. */
  isHeld(uid: Uid): boolean {
    return this.#ring.it.isHeld(uint32("uid", uid));
  }

  /** The state, for `fromJSON`. */
  toJSON(): object {
    return this.#ring.it.toJSON();
  }

  /** Restores a ring from its `toJSON`. Throws `INVALID_OPTIONS`. */
  static fromJSON(json: object): UidRing {
    return new UidRing(new RestoredRing(wasm.UidRing.fromJSON(asJson("json", json))) as never);
  }

  /** Frees its memory at once. Afterwards every other method throws `DISPOSED`. */
  free(): void {
    this.#ring.free();
  }
}

/** Chooses the domain of the next call: the current one, its alternate, or one of a neighbouring region. */
export class DomainFailover {
  readonly #failover: Owned<wasm.DomainFailover>;

  /** The primary domain is tried again `returnAfterMs` after it was left. Throws `INVALID_OPTIONS`. */
  constructor(area: Area, region: string | undefined, returnAfterMs: number) {
    this.#failover = new Owned(
      new wasm.DomainFailover(
        asJson("area", area),
        optionalText("region", region),
        duration("returnAfterMs", returnAfterMs),
      ),
    );
  }

  /** The domain for a call at `now` (ms since the epoch). */
  domain(now: number): string {
    return this.#failover.it.domain(instant("now", now));
  }

  /** Reports that a domain answered with anything but a 5xx. */
  succeeded(domain: string): void {
    this.#failover.it.succeeded(asText("domain", domain));
  }

  /**
   * Reports at `now` (ms since the epoch) that a domain did not answer, or answered with a 5xx. Only the third 5xx in a row
   * counts, and only failures of the current domain. `unknown`: the runtime gives no reason; browsers and Workers never do.
   */
  failed(domain: string, failure: DomainFailure, now: number): void {
    this.#failover.it.failed(asText("domain", domain), asJson("failure", failure), instant("now", now));
  }

  /** Frees its memory at once. Afterwards every other method throws `DISPOSED`. */
  free(): void {
    this.#failover.free();
  }
}

/** The rate limit of an App ID, for a program that shares it among several processes. */
export class TokenBucket {
  readonly #bucket: Owned<wasm.TokenBucket>;

  /**
   * A full bucket at `now` (ms since the epoch). `reportsUse`: you call `used` whenever a call is sent; until then, for at most
   * 5 s, its permit counts. Otherwise a call counts from its permit on, and calls that are sent late may exceed the limit.
   * Throws `INVALID_OPTIONS`.
   */
  constructor(limits: Quota | undefined, now: number, reportsUse = false) {
    if (typeof reportsUse !== "boolean")
      throw invalid("INVALID_OPTIONS", "reportsUse", shown(reportsUse), "true or false, or left out");
    const limitsJson = asJson("quota", limits === undefined ? {} : limits);
    this.#bucket = new Owned(new wasm.TokenBucket(limitsJson, instant("now", now), reportsUse));
  }

  /**
   * 0: a permit, `lane` makes the call now. Otherwise the ms to wait before asking again. A permit for `acquireAndCreate`
   * reserves another one, which the lane's next `create` uses.
   */
  ask(now: number, lane: number, call: LimitedCall): number {
    return this.#bucket.it.ask(instant("now", now), uint32("lane", lane), asJson("call", call));
  }

  /** Reports that the call with this lane's permit is sent now. */
  used(now: number, lane: number): void {
    this.#bucket.it.used(instant("now", now), uint32("lane", lane));
  }

  /** Releases the lane's place in the queue and its reserved permit. */
  withdraw(lane: number): void {
    this.#bucket.it.withdraw(uint32("lane", lane));
  }

  /** Frees its memory at once. Afterwards every other method throws `DISPOSED`. */
  free(): void {
    this.#bucket.free();
  }
}

/**
 * Interprets the answer to a call. `httpStatus`: `undefined` if there was no answer. Throws `INVALID_OPTIONS`, also for
 * `rtcToken`, which is not a call to the service.
 */
export function interpret(
  call: Exclude<Call, "rtcToken">,
  httpStatus: number | undefined,
  code?: number,
  taskStatus?: string | number,
  serviceStatus?: string,
): Meaning {
  return wasm.interpret(
    asJson("call", call),
    isNothing(httpStatus) ? undefined : integer("httpStatus", httpStatus, 100, 999),
    isNothing(code) ? undefined : integer("code", code, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    isNothing(taskStatus) ? undefined : nameOrNumber("taskStatus", taskStatus),
    optionalText("serviceStatus", serviceStatus),
  );
}

function nameOrNumber(name: string, value: unknown): string {
  if (typeof value === "string") return asText(name, value);
  if (Number.isFinite(value)) return String(value);
  throw invalid("INVALID_OPTIONS", name, shown(value), "a string or a number, or left out");
}

/** Estimates how much of an App ID's quota a plan needs. Throws `INVALID_OPTIONS`. */
export function estimateQuota(options: QuotaEstimateOptions): QuotaEstimate {
  return wasm.estimateQuota(asJson("options", options));
}

/**
 * Throws `INVALID_SIGNATURE` unless the signature (`v2` if both are given) matches the raw body. Pass the body exactly as it was
 * received. `secret` is the one in Agora's console; during a rotation, pass an array: each of its secrets is accepted.
 */
export function verifyNotification(
  secret: string | string[],
  rawBody: Uint8Array | ArrayBuffer | string,
  v1?: string | null,
  v2?: string | null,
): void {
  const [body, ofV1, ofV2] = [bytes("rawBody", rawBody), optionalText("v1", v1), optionalText("v2", v2)];
  let failed: unknown;
  for (const one of secrets("secret", secret)) {
    try {
      wasm.verifyNotification(one, body, ofV1, ofV2);
      return;
    } catch (error) {
      failed = error;
    }
  }
  throw failed;
}

/** Parses a notification. Throws `INVALID_NOTIFICATION`. */
export function parseNotification(rawBody: Uint8Array | ArrayBuffer | string): ServiceNotification {
  return wasm.parseNotification(bytes("rawBody", rawBody));
}

/** Lists the parts of a payload that the service would refuse, and those that are allowed but probably not intended. */
export function validateTask(
  services: Services,
  instanceId?: string,
): { errors: Violation[]; warnings: TaskWarning[] } {
  const id = optionalText("instanceId", instanceId);
  try {
    return wasm.validateTask(asJson("services", services), id);
  } catch (error) {
    if (!isSteadymixError(error) || error.field === undefined) throw error;
    const { field, value = "", allowed = "" } = error;
    return { errors: [{ field, value, allowed }], warnings: [] };
  }
}
