/**
 * The building blocks for those who drive calls of their own. They check what comes in: the WebAssembly would take a number for
 * a text's address, and a freed object for its neighbour.
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
  secret,
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
  Quota,
  QuotaEstimate,
  QuotaEstimateOptions,
  RetryReason,
  RetrySchedules,
  ServiceNotification,
  Services,
  TaskWarning,
  Uid,
  Violation,
} from "./types.js";

/** An object of the WebAssembly, until its memory is given back. */
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

/** What `UidRing.fromJSON` hands to the constructor. */
class RestoredRing {
  readonly #ring: wasm.UidRing;

  constructor(ring: wasm.UidRing) {
    this.#ring = ring;
  }

  static ringOf(given: unknown): wasm.UidRing | undefined {
    return typeof given === "object" && given !== null && #ring in given ? given.#ring : undefined;
  }
}

/** Which answer waits how long, and when a ladder of waits is spent. */
export class RetryPolicy {
  readonly #policy: Owned<wasm.RetryPolicy>;

  /** The documented schedules, with `overrides` in their place. */
  constructor(overrides: Partial<RetrySchedules> = {}) {
    this.#policy = new Owned(new wasm.RetryPolicy(asJson("policy", overrides)));
  }

  /**
   * The wait in ms before making `call` again after `failures` earlier ones in a row (the first failure has 0), or
   * `undefined` when the ladder is spent. After a 429, and of `presence` and `rtcToken`, the last wait repeats. A Query
   * that gets no answer, or a 50x, is made again for as long as it takes, in the end at the longest wait for a 50x.
   * `retryAfter` is the header (seconds, or a date that `now` turns into a wait); it only lengthens.
   */
  wait(
    call: Call,
    reason: RetryReason,
    failures: number,
    retryAfter: string | undefined,
    now: number,
  ): number | undefined {
    return this.#policy.it.wait(
      asJson("call", call),
      asJson("reason", reason),
      uint32("failures", failures),
      optionalText("retryAfter", retryAfter),
      instant("now", now),
    );
  }

  /** Every setting. */
  toJSON(): RetrySchedules {
    return this.#policy.it.toJSON();
  }

  /** Gives its memory back at once; it must not be used afterwards. */
  free(): void {
    this.#policy.free();
  }
}

/** The output uids of one lane, used in turn, so that two tasks never push the same one. */
export class UidRing {
  readonly #ring: Owned<wasm.UidRing>;

  /** Two or more distinct uids, the primary first. */
  constructor(uids: Uid[]) {
    this.#ring = new Owned(RestoredRing.ringOf(uids) ?? new wasm.UidRing(asJson("uids", uids)));
  }

  /** The next uid in turn whose last task is gone. */
  get next(): Uid | undefined {
    return this.#ring.it.next;
  }

  /** Takes a uid of the ring for a new task, and holds it. Throws `UID_MAY_BE_LIVE` while it is held. */
  take(uid: Uid): void {
    this.#ring.it.take(uint32("uid", uid));
  }

  /** The last task on this uid is known to be gone. */
  release(uid: Uid): void {
    this.#ring.it.release(uint32("uid", uid));
  }

  /** Whether the last task on this uid may still be live. */
  isHeld(uid: Uid): boolean {
    return this.#ring.it.isHeld(uint32("uid", uid));
  }

  /** The state, for a later `fromJSON`. */
  toJSON(): object {
    return this.#ring.it.toJSON();
  }

  /** The ring that `toJSON` gave. Throws `INVALID_OPTIONS`. */
  static fromJSON(json: object): UidRing {
    return new UidRing(new RestoredRing(wasm.UidRing.fromJSON(asJson("json", json))) as never);
  }

  /** Gives its memory back at once; it must not be used afterwards. */
  free(): void {
    this.#ring.free();
  }
}

/** Which domain is asked next: the same again, the alternate, the neighbouring region. */
export class DomainFailover {
  readonly #ladder: Owned<wasm.DomainFailover>;

  /** `returnAfterMs`: when the primary is tried again after it was left. */
  constructor(area: Area, region: string | undefined, returnAfterMs: number) {
    this.#ladder = new Owned(
      new wasm.DomainFailover(
        asJson("area", area),
        optionalText("region", region),
        duration("returnAfterMs", returnAfterMs),
      ),
    );
  }

  /** The domain to ask now (ms since the epoch). */
  domain(now: number): string {
    return this.#ladder.it.domain(instant("now", now));
  }

  /** This domain answered, with anything but a 5xx. */
  succeeded(domain: string): void {
    this.#ladder.it.succeeded(asText("domain", domain));
  }

  /**
   * This domain did not answer, or with a 5xx (three in a row count); `now` is in ms since the epoch. `unknown`: the
   * runtime does not say why, as browsers and Workers never do. Of any domain but the current one it changes nothing.
   */
  failed(domain: string, failure: DomainFailure, now: number): void {
    this.#ladder.it.failed(asText("domain", domain), asJson("failure", failure), instant("now", now));
  }

  /** Gives its memory back at once; it must not be used afterwards. */
  free(): void {
    this.#ladder.free();
  }
}

/** The rate limit of an App ID, for those who share it out among several processes. */
export class TokenBucket {
  readonly #bucket: Owned<wasm.TokenBucket>;

  /**
   * A full bucket at `now` (ms since the epoch). `isToldOfUse`: `used` is called whenever a call leaves, and until then, for at
   * most 5 s, its permit counts. Without it a call counts from its permit on, and calls that leave late may bunch up.
   */
  constructor(limits: Quota | undefined, now: number, isToldOfUse = false) {
    if (typeof isToldOfUse !== "boolean")
      throw invalid("INVALID_OPTIONS", "isToldOfUse", shown(isToldOfUse), "true or false, or left out");
    const limitsJson = asJson("quota", limits === undefined ? {} : limits);
    this.#bucket = new Owned(new wasm.TokenBucket(limitsJson, instant("now", now), isToldOfUse));
  }

  /**
   * How long `lane` has to wait before it asks again, in ms; 0: its call is counted, and to be made now. With a permit for
   * `acquireAndCreate` one for the lane's Create is reserved, which the next `create` uses.
   */
  ask(now: number, lane: number, call: LimitedCall): number {
    return this.#bucket.it.ask(instant("now", now), uint32("lane", lane), asJson("call", call));
  }

  /** The call of this lane that got a permit leaves now. */
  used(now: number, lane: number): void {
    this.#bucket.it.used(instant("now", now), uint32("lane", lane));
  }

  /** The lane wants nothing any more: its place in the queue and its reserved permit are given up. */
  withdraw(lane: number): void {
    this.#bucket.it.withdraw(uint32("lane", lane));
  }

  /** Gives its memory back at once; it must not be used afterwards. */
  free(): void {
    this.#bucket.free();
  }
}

/**
 * What one answer of one call means; `httpStatus` is `undefined` when none came. `rtcToken` is refused: it is no call of the
 * service.
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

/** What a plan needs of an App ID's quota. */
export function estimateQuota(options: QuotaEstimateOptions): QuotaEstimate {
  return wasm.estimateQuota(asJson("options", options));
}

/**
 * Throws `INVALID_SIGNATURE` unless a signature (the V2 one if both are given) fits the raw body: its bytes, or its text just
 * as it came.
 */
export function verifyNotification(
  secretOfConsole: string,
  rawBody: Uint8Array | ArrayBuffer | string,
  v1?: string | null,
  v2?: string | null,
): void {
  wasm.verifyNotification(
    secret("secret", secretOfConsole),
    bytes("rawBody", rawBody),
    optionalText("v1", v1),
    optionalText("v2", v2),
  );
}

/** Reads a notification. Throws `INVALID_NOTIFICATION`. */
export function parseNotification(rawBody: Uint8Array | ArrayBuffer | string): ServiceNotification {
  return wasm.parseNotification(bytes("rawBody", rawBody));
}

/** Everything that the service would refuse in a payload, and what is probably not meant. */
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
