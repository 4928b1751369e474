/** What the application gives to the core, and what of it the core's own types do not say. */
import type { CoreEventDetails, LimitedCall, Services, SteadymixEvent, Uid } from "./contract.js";
import type { Fetch } from "./platform.js";

export type * from "./contract.js";

/** What the application gives. */
export interface SupervisorEnv {
  /** Of the service's RESTful API. */
  customerId: string;
  /** Of the service's RESTful API. Belongs on a server: never ship it in a page. */
  customerSecret: string;
  /** Carries out the calls. Default: the global one, as it is at each call. */
  fetch?: Fetch;
  /**
   * Makes the RTC token for an output uid, or for the inputs (uid 0), anew for each launch: tokens expire.
   * `null` or `undefined` keeps the one in the payload.
   */
  rtcToken?: (uid: Uid, channel: string) => string | null | undefined | Promise<string | null | undefined>;
  /**
   * Keeps the snapshot, which carries tokens, where it survives this process. Awaited before every Create, Update and
   * Delete, for half of `requestTimeoutMs`, and at most 5 s: a Create or Update whose snapshot could not be kept is not made
   * (`notPersisted`), a Delete is. A Create has to leave within 2 s of its Acquire, so `persist` must be well below that.
   * After 5 s it counts as failed, and is called again with the next snapshot: an older one must not replace a newer.
   */
  persist?: (snapshot: string) => void | Promise<void>;
  /**
   * Where several processes make calls under one App ID, whoever shares out its rate limit: gives 0 for a permit, which
   * must be used within a second, or the ms to wait before asking again. Without it `quota` is for this one alone. Where it
   * rejects, gives something else, or nothing within 25 s, calls go on without it, at most one a second: `permitFailed`.
   */
  acquirePermit?: (request: PermitRequest) => number | Promise<number>;
  /**
   * While `acquirePermit` fails, Queries are so far apart; what is more urgent is not. Where many processes share the limit:
   * their number × 2000 / calls per second. It is read anew each time, so that it may be a getter. From 1000 to 600000.
   * Default 1000.
   */
  fallbackQueryIntervalMs?: number;
  /**
   * The call for which this permit was given leaves now, which may be some time after: its snapshot is kept first. Whoever
   * shares out the limit is to count it from now on, and a permit that is not used yet as well: see `TokenBucket`.
   */
  permitUsed?: (request: PermitRequest) => void;
  /** Takes each event, besides those who iterate. May be async, but is not waited for. */
  onEvent?: (event: SteadymixEvent) => void;
  /**
   * Takes what a callback threw, or rejected with, and what was wrong with what it gave (but for calls that failed, which are
   * events). Default: `console.error`.
   */
  onError?: (
    error: unknown,
    callback: "fetch" | "rtcToken" | "persist" | "acquirePermit" | "permitUsed" | "onEvent",
  ) => void;
  /** With this secret from the console, `handleNotification()` checks signatures. */
  notificationSecret?: string;
  /**
   * The time in ms since the epoch, up to the year 9999. Default: `Date.now`. With anything else nothing goes on: what was
   * called throws, or rejects with, `INVALID_OPTIONS`.
   */
  now?: () => number;
  /** Simulated ms in a real one, for demonstrations. Default 1. */
  timeScale?: number;
  /** A reply that is larger is no reply of the service. Default 1048576; at most 16777216. */
  maxResponseBytes?: number;
}

/** Asks for a permit. */
export interface PermitRequest {
  /** The number of the lane in its group, from 0 on. */
  lane: number;
  /** The call that is to be made. */
  call: LimitedCall;
}

/** What happened to `acquirePermit`, by `type`. */
export type PermitEventDetails =
  /** It failed: calls go on without it, at most one a second, and it is asked again every 10 s. */
  | {
      type: "permitFailed";
      /** How. */
      reason: "rejected" | "timedOut" | "invalid";
    }
  /** It gives permits again. */
  | {
      type: "permitRecovered";
      /** For how long it had failed, in ms. */
      failedForMs: number;
    };

/** What happened, by `type`. */
export type EventDetails = CoreEventDetails | PermitEventDetails;

/** A new payload for all lanes of a group, or one for each of some. */
export type GroupUpdate = Services | { lanes: { name: string; services: Services }[] };
