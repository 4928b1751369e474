import { shown } from "./check.js";
import { invalid, steadymixError } from "./errors.js";
import type { EventDetails, PermitEventDetails, PermitRequest } from "./types.js";

// `src/quota/permits.rs` derives these from the timeouts of other modules.

/** `acquirePermit` fails if it takes longer than this. */
const PERMIT_TIMEOUT_MS = 25_000;
/** After a failure, `acquirePermit` is called again this much later, with a shorter timeout. */
const RETRY_INTERVAL_MS = 10_000;
const RETRY_TIMEOUT_MS = 6_000;
/** Between two calls without a permit: a few processes together stay below the service's limit. */
const FALLBACK_INTERVAL_MS = 1_000;

type Reason = Extract<PermitEventDetails, { type: "permitFailed" }>["reason"];

/** The callbacks and settings of `Permits`. */
export interface PermitsOwner {
  acquirePermit: (request: PermitRequest) => unknown;
  /** The time between two Queries without a permit, in ms. */
  queryIntervalMs: () => number;
  /** In ms since the epoch. */
  now: () => number;
  /** Simulated ms in a real one. */
  timeScale: number;
  onError: (error: unknown) => void;
  emit: (details: EventDetails, lane: number, at: number) => void;
  /** Fires when everything that is awaited is cancelled. */
  released: AbortSignal;
}

/**
 * Asks the application for permits. If that fails, calls continue without them, at most one a second: a failing rate limiter
 * must not stop a broadcast.
 */
export class Permits {
  readonly #owner: PermitsOwner;
  /** While `acquirePermit` fails: since when, when to retry it, and the rate limit until then. */
  #failing: { since: number; retryAt: number; fallback: FallbackRate } | undefined;

  constructor(owner: PermitsOwner) {
    this.#owner = owner;
  }

  /** 0: a permit; otherwise the ms to wait before asking again. Never rejects. */
  async ask(request: PermitRequest): Promise<number> {
    const failing = this.#failing;
    const now = this.#owner.now();
    if (failing && now < failing.retryAt) return this.#askWithoutPermits(failing.fallback, now, request);
    if (failing) failing.retryAt = now + RETRY_INTERVAL_MS;
    try {
      const wait = await this.#askInTime(request, failing ? RETRY_TIMEOUT_MS : PERMIT_TIMEOUT_MS);
      if (typeof wait !== "number" || !Number.isFinite(wait) || wait < 0)
        throw new Failure(
          "invalid",
          invalid("INVALID_PERMIT", "acquirePermit()", shown(wait), "a non-negative number of ms"),
        );
      this.#recovered(request.lane);
      return Math.ceil(wait);
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure("rejected", error);
      return this.#failed(request, failure);
    }
  }

  async #askInTime(request: PermitRequest, timeoutMs: number): Promise<unknown> {
    const { acquirePermit, timeScale, released } = this.#owner;
    let giveUp = () => {};
    const late = new Promise<never>((_, reject) => {
      const error = steadymixError(
        "CALLBACK_TIMEOUT",
        `acquirePermit has not finished after ${timeoutMs} ms: calls continue without it`,
      );
      giveUp = () => reject(new Failure("timedOut", error));
    });
    const timer = setTimeout(giveUp, timeoutMs / timeScale);
    released.addEventListener("abort", giveUp);
    try {
      return await Promise.race([acquirePermit(request), late]);
    } finally {
      clearTimeout(timer);
      released.removeEventListener("abort", giveUp);
    }
  }

  #failed(request: PermitRequest, { reason, cause }: Failure): number {
    if (this.#owner.released.aborted) return RETRY_INTERVAL_MS;
    const now = this.#owner.now();
    this.#owner.onError(cause);
    if (!this.#failing) {
      this.#failing = { since: now, retryAt: now + RETRY_INTERVAL_MS, fallback: new FallbackRate() };
      this.#owner.emit({ type: "permitFailed", reason }, request.lane, now);
    }
    return this.#askWithoutPermits(this.#failing.fallback, now, request);
  }

  /** An invalid interval is reported, and the default used. */
  #askWithoutPermits(fallback: FallbackRate, now: number, request: PermitRequest): number {
    let intervalMs = FALLBACK_INTERVAL_MS;
    try {
      intervalMs = this.#owner.queryIntervalMs();
    } catch (error) {
      this.#owner.onError(error);
    }
    return fallback.ask(now, request, intervalMs);
  }

  #recovered(lane: number): void {
    if (!this.#failing) return;
    const now = this.#owner.now();
    const failedForMs = Math.max(0, now - this.#failing.since);
    this.#failing = undefined;
    this.#owner.emit({ type: "permitRecovered", failedForMs }, lane, now);
  }
}

class Failure extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, cause: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}

/** The rate limit of calls without a permit. */
class FallbackRate {
  #nextAt = Number.NEGATIVE_INFINITY;
  #nextQueryAt = Number.NEGATIVE_INFINITY;
  /** Lanes with a call reserved for their Create, which must follow its Acquire within 2 s. */
  readonly #reserved = new Set<number>();

  ask(now: number, { lane, call }: PermitRequest, queryIntervalMs: number): number {
    if (call === "create" && this.#reserved.delete(lane)) return 0;
    const wait = (call === "query" ? Math.max(this.#nextAt, this.#nextQueryAt) : this.#nextAt) - now;
    // The wait is longer only if the clock was set back or the interval has become shorter.
    if (wait > 0 && wait <= Math.max(2 * FALLBACK_INTERVAL_MS, queryIntervalMs)) return wait;
    if (call === "acquireAndCreate") this.#reserved.add(lane);
    if (call === "query") this.#nextQueryAt = now + queryIntervalMs;
    this.#nextAt = now + (call === "acquireAndCreate" ? 2 : 1) * FALLBACK_INTERVAL_MS;
    return 0;
  }
}
