/** The public types that are not generated from the core's. */
import type { CoreEventDetails, LimitedCall, Services, SteadymixEvent, Uid } from "./contract.js";
import type { Fetch } from "./platform.js";

export type * from "./contract.js";

/** The application's credentials and callbacks. */
export interface SupervisorEnv {
  /** The customer ID for the service's RESTful API. */
  customerId: string;
  /** The customer secret for the service's RESTful API. For servers only: never ship it in a page. */
  customerSecret: string;
  /** Sends the calls. Default: the global `fetch`, looked up for each call. */
  fetch?: Fetch;
  /**
   * Makes the RTC token of an output uid, or of the inputs (uid 0). Called for each launch, because tokens expire. `null` or
   * `undefined` keeps the token in the payload.
   */
  rtcToken?: (uid: Uid, channel: string) => string | null | undefined | Promise<string | null | undefined>;
  /**
   * Stores the snapshot, which carries tokens, where it survives this process. Awaited before every Create, Update and
   * Delete, for half of `requestTimeoutMs` and at most 5 s. If it fails, a Create or Update is not sent (`notPersisted`), but
   * a Delete is. It should take well below 2 s, because a Create must follow its Acquire within 2 s. After 5 s it counts as
   * failed and may be called again with the next snapshot: an older one must not replace a newer one.
   */
  persist?: (snapshot: string) => void | Promise<void>;
  /**
   * Asks your rate limiter, which shares the limit among the processes of an App ID, for a permit. Returns 0 for a permit, which
   * must be used within 1 s, or the ms to wait before asking again. Without it, `quota` is for this process alone. If it rejects,
   * returns anything else, or takes longer than 25 s, calls continue without it, at most one a second (`permitFailed`).
   */
  acquirePermit?: (request: PermitRequest) => number | Promise<number>;
  /**
   * The time between two Queries while `acquirePermit` fails, in ms; other calls are not delayed. If many processes share the
   * limit: their number × 2000 / calls per second. Read again each time, so it may be a getter. From 1000 to 600000. Default
   * 1000.
   */
  fallbackQueryIntervalMs?: number;
  /**
   * Called when the call with this permit is sent. That may be later than the permit, because the snapshot is stored first. A
   * rate limiter should count the call from then on, and unused permits too: see `TokenBucket`.
   */
  permitUsed?: (request: PermitRequest) => void;
  /** Called with each event, in addition to iteration. May be async, but is not awaited. */
  onEvent?: (event: SteadymixEvent) => void;
  /**
   * Called with the error of a callback that threw, rejected, or returned an invalid result. Failed calls are events instead.
   * Default: `console.error`.
   */
  onError?: (
    error: unknown,
    callback: "fetch" | "rtcToken" | "persist" | "acquirePermit" | "permitUsed" | "onEvent",
  ) => void;
  /**
   * The secret from Agora's console with which `handleNotification()` verifies signatures. During a rotation, an array: each of
   * its secrets is accepted.
   */
  notificationSecret?: string | string[];
  /**
   * Returns the time in ms since the epoch, up to the year 9999. Default: `Date.now`. If it returns anything else, every method
   * that needs the time throws or rejects with `INVALID_OPTIONS`.
   */
  now?: () => number;
  /** Simulated ms in a real one, for demonstrations: 0.001 to 100000, default 1. */
  timeScale?: number;
  /** A larger reply counts as invalid: 1024 to 16777216 bytes, default 1048576. */
  maxResponseBytes?: number;
}

/** A request for a permit. */
export interface PermitRequest {
  /** The lane's index in its group, from 0. */
  lane: number;
  /** The call to make. */
  call: LimitedCall;
}

/** The events of `acquirePermit`, by `type`. */
export type PermitEventDetails =
  /** It failed. Calls continue without it, at most one a second; it is retried every 10 s. */
  | {
      type: "permitFailed";
      /** Why it failed. */
      reason: "rejected" | "timedOut" | "invalid";
    }
  /** It grants permits again. */
  | {
      type: "permitRecovered";
      /** How long it had failed, in ms. */
      failedForMs: number;
    };

/** The details of an event, by `type`. */
export type EventDetails = CoreEventDetails | PermitEventDetails;

/** A payload for every lane of a group, or for each named lane. */
export type GroupUpdate = Services | { lanes: { name: string; services: Services }[] };
