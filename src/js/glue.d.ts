/** What the WebAssembly exports, as types. One place to change when it does. */
import type {
  Area,
  Call,
  GroupConfig,
  GroupStatus,
  LaneStatus,
  Meaning,
  Notice,
  Outcome,
  Quota,
  QuotaEstimate,
  QuotaPlan,
  RetryReason,
  RetrySchedules,
  Services,
  SupervisorConfig,
  TaskWarning,
  Uid,
  Violation,
  Want,
} from "./types.js";

export function initSync(options: { module: BufferSource | WebAssembly.Module }): void;

/** Drives a supervisor or a group: see `Supervisor` and `RedundancyGroup`. */
export class Driver {
  private constructor();
  static supervisor(config: SupervisorConfig, host: object): Driver;
  static group(config: GroupConfig, host: object): Driver;
  static restoreSupervisor(snapshot: string, host: object): Driver;
  static restoreGroup(snapshot: string, host: object): Driver;
  advance(): Promise<number | undefined>;
  run(signal?: AbortSignal): Promise<Outcome>;
  stop(): void;
  hint(): void;
  notice(rawBody: Uint8Array): "new" | "duplicate" | "stale" | "foreign";
  update(services: Services): void;
  snapshot(): string;
  status(): LaneStatus | GroupStatus;
  warnings(): TaskWarning[];
  free(): void;
}

/** Which answer waits how long, and when a ladder of waits is spent. */
export class RetryPolicy {
  /** The documented schedules, with `overrides` in their place. */
  constructor(overrides?: Partial<RetrySchedules>);
  /**
   * The wait in ms before making `call` again after `failures` earlier ones in a row (the first failure has 0), or
   * `undefined` when the ladder is spent. `retryAfter` is the header (seconds, or a date that `now` turns into a wait);
   * it only lengthens.
   */
  wait(
    call: Call,
    reason: Exclude<RetryReason, "dns" | "unreachable" | "notSent" | "tokenFailed">,
    failures: number,
    retryAfter: string | undefined,
    now: number,
  ): number | undefined;
  /** Every setting. */
  toJSON(): RetrySchedules;
  /** Gives its memory back at once; it must not be used afterwards. */
  free(): void;
}

/** The output uids of one lane, used in turn, so that two tasks never push the same one. */
export class UidRing {
  /** Two or more distinct uids, the primary first. */
  constructor(uids: Uid[]);
  /** The next uid in turn whose last task is gone. */
  readonly next: Uid | undefined;
  /** Takes a uid of the ring for a new task, and holds it. Throws `UID_MAY_BE_LIVE` while it is held. */
  take(uid: Uid): void;
  /** The last task on this uid is known to be gone. */
  release(uid: Uid): void;
  /** Whether the last task on this uid may still be live. */
  isHeld(uid: Uid): boolean;
  /** The state, for a later `fromJSON`. */
  toJSON(): object;
  /** The ring that `toJSON` gave. Throws `INVALID_CONFIG`. */
  static fromJSON(json: object): UidRing;
  /** Gives its memory back at once; it must not be used afterwards. */
  free(): void;
}

/** Which domain is asked next: the same again, the alternate, the neighbouring region. */
export class DomainLadder {
  /** `returnAfterMs`: when the primary is tried again after it was left. */
  constructor(area: Area, region: string | undefined, returnAfterMs: number);
  /** The domain to ask now (ms since the epoch). */
  domain(now: number): string;
  /** This domain answered, with anything but a 5xx. */
  succeeded(domain: string): void;
  /**
   * This domain did not answer, or with a 5xx (three in a row count); `now` is in ms since the epoch. `unknown`: the
   * runtime does not say why, as browsers and Workers never do. Of any domain but the current one it changes nothing.
   */
  failed(domain: string, failure: "dns" | "unreachable" | "unknown" | "serverError", now: number): void;
  /** Gives its memory back at once; it must not be used afterwards. */
  free(): void;
}

/** The rate limit of an App ID, for those who share it out among several processes. */
export class TokenBucket {
  /** A full bucket at `now` (ms since the epoch). */
  constructor(limits: Quota | undefined, now: number);
  /**
   * How long `lane` has to wait before it asks again, in ms; 0: its call is counted, and to be made now. With a permit for
   * `acquireAndCreate` one for the lane's Create is reserved, which the next `create` uses.
   */
  ask(now: number, lane: number, want: Want): number;
  /** The lane wants nothing any more: its place in the queue and its reserved permit are given up. */
  withdraw(lane: number): void;
  /** Gives its memory back at once; it must not be used afterwards. */
  free(): void;
}

/** What one answer of one call means; `httpStatus` is `undefined` when none came. */
export function interpret(
  call: Call,
  httpStatus: number | undefined,
  code?: number,
  taskStatus?: string | number,
  serviceStatus?: string,
): Meaning;

/** What a plan needs of an App ID's quota. */
export function estimateQuota(plan: QuotaPlan): QuotaEstimate;

/** Throws `INVALID_SIGNATURE` unless a signature (the V2 one if both are given) fits the raw body. */
export function verifyNotice(secret: string, rawBody: Uint8Array, v1?: string | null, v2?: string | null): void;

/** Reads a notification. Throws `INVALID_NOTICE`. */
export function parseNotice(rawBody: Uint8Array): Notice;

/** Everything that the service would refuse in a payload, and what is probably not meant. */
export function validateTask(services: Services, instanceId?: string): { errors: Violation[]; warnings: TaskWarning[] };
