import { shown } from "./check.js";
import { invalid, steadymixError } from "./errors.js";
import type { EventDetails, PermitEventDetails, PermitRequest } from "./types.js";

// How these follow from the time-outs of others: `src/quota/permits.rs`.

/** A permit that does not come in this time does not come. */
const PERMIT_TIMEOUT_MS = 25_000;
/** Once it has failed it is asked again so much later, and not waited for so long. */
const RETRY_MS = 10_000;
const RETRY_TIMEOUT_MS = 6_000;
/** Between two calls without a permit: so slow that a few processes together keep below the service's limit. */
const ALONE_INTERVAL_MS = 1_000;

type Reason = Extract<PermitEventDetails, { type: "permitFailed" }>["reason"];

/** What `Permits` needs of its owner. */
export interface PermitsOwner {
  acquirePermit: (request: PermitRequest) => unknown;
  /** Between two Queries without a permit. */
  queryIntervalMs: () => number;
  /** ms, by the clock of the machine. */
  now: () => number;
  /** How many of those ms are in a real one. */
  timeScale: number;
  onError: (error: unknown) => void;
  emit: (details: EventDetails, lane: number, at: number) => void;
  /** Nothing is waited for any more. */
  released: AbortSignal;
}

/**
 * The application's permits. Where they fail, calls go on all the same, at most one a second: a broadcast must not stand
 * still because whoever shares out the rate limit does.
 */
export class Permits {
  readonly #owner: PermitsOwner;
  /** While they fail: since when, when they are asked for again, and what gives them instead. */
  #failing: { since: number; retryAt: number; alone: Alone } | undefined;

  constructor(owner: PermitsOwner) {
    this.#owner = owner;
  }

  /** 0: a permit; else the ms to wait before asking again. Never rejects. */
  async ask(request: PermitRequest): Promise<number> {
    const failing = this.#failing;
    const now = this.#owner.now();
    if (failing && now < failing.retryAt) return this.#without(failing.alone, now, request);
    if (failing) failing.retryAt = now + RETRY_MS;
    try {
      const wait = await this.#asked(request, failing ? RETRY_TIMEOUT_MS : PERMIT_TIMEOUT_MS);
      if (typeof wait !== "number" || !Number.isFinite(wait) || wait < 0)
        throw new Failure(
          "invalid",
          invalid("INVALID_PERMIT", "acquirePermit()", shown(wait), "a number of ms from 0 on"),
        );
      this.#recovered(request.lane);
      return Math.ceil(wait);
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure("rejected", error);
      return this.#failed(request, failure);
    }
  }

  async #asked(request: PermitRequest, timeoutMs: number): Promise<unknown> {
    const { acquirePermit, timeScale, released } = this.#owner;
    let giveUp = () => {};
    const late = new Promise<never>((_, reject) => {
      const error = steadymixError(
        "CALLBACK_TIMEOUT",
        `acquirePermit has not finished after ${timeoutMs} ms: calls go on without it`,
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
    if (this.#owner.released.aborted) return RETRY_MS;
    const now = this.#owner.now();
    this.#owner.onError(cause);
    if (!this.#failing) {
      this.#failing = { since: now, retryAt: now + RETRY_MS, alone: new Alone() };
      this.#owner.emit({ type: "permitFailed", reason }, request.lane, now);
    }
    return this.#without(this.#failing.alone, now, request);
  }

  /** What the application gives for the interval may be wrong: then it is as if left out. */
  #without(alone: Alone, now: number, request: PermitRequest): number {
    let intervalMs = ALONE_INTERVAL_MS;
    try {
      intervalMs = this.#owner.queryIntervalMs();
    } catch (error) {
      this.#owner.onError(error);
    }
    return alone.ask(now, request, intervalMs);
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

/** The rate of calls that have no permit. */
class Alone {
  #nextAt = Number.NEGATIVE_INFINITY;
  #nextQueryAt = Number.NEGATIVE_INFINITY;
  /** Lanes whose Create has its place already: it must follow its Acquire within 2 s. */
  readonly #reserved = new Set<number>();

  ask(now: number, { lane, call }: PermitRequest, queryIntervalMs: number): number {
    if (call === "create" && this.#reserved.delete(lane)) return 0;
    const wait = (call === "query" ? Math.max(this.#nextAt, this.#nextQueryAt) : this.#nextAt) - now;
    // Longer than that it is only where the clock was set back, or the interval has become shorter.
    if (wait > 0 && wait <= Math.max(2 * ALONE_INTERVAL_MS, queryIntervalMs)) return wait;
    if (call === "acquireAndCreate") this.#reserved.add(lane);
    if (call === "query") this.#nextQueryAt = now + queryIntervalMs;
    this.#nextAt = now + (call === "acquireAndCreate" ? 2 : 1) * ALONE_INTERVAL_MS;
    return 0;
  }
}
