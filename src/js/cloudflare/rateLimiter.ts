import { TokenBucket } from "../blocks.js";
import type { LimitedCall, Quota } from "../types.js";
import { Clock } from "./clock.js";

// How these follow from the time-outs of others: `src/quota/permits.rs`.

/** How long a call waits here before its broadcast has to ask again. */
const HOLD_MS = 5_000;
/** A place in the queue is given up after this long without its broadcast asking again. */
const QUEUE_TIMEOUT_MS = 10_000;
/** A permit that is reserved or granted is given up after this long without its call. */
const PERMIT_TIMEOUT_MS = 5_000;
/** Calls before this object began to live are not known, so there are no permits in its first second. */
const UNKNOWN_MS = 1_000;
/** Calls are counted for this long. */
const COUNTED_SECONDS = 60;

interface Asking {
  lane: number;
  call: LimitedCall;
  /** When it is expected back, by the clock that never goes back. */
  dueAt: number;
}

/** Shares out an App ID's rate limit among the lanes of its broadcasts. In memory only. */
export class RateLimiter {
  readonly #bucket: TokenBucket;
  readonly #clock = new Clock();
  readonly #opensAt = this.#clock.now() + UNKNOWN_MS;
  /** The bucket's number of each lane that asks, or has a permit. */
  readonly #lanes = new Map<string, number>();
  readonly #asking = new Map<string, Asking>();
  /** Permits that are reserved for Creates: their lanes, and when they are given up. */
  readonly #reserved = new Map<number, number>();
  /** Permits whose calls are not known to have left: their lanes, and when they are given up. */
  readonly #unused = new Map<string, { lane: number; until: number }>();
  readonly #recent = new RecentCalls();
  #waiting = 0;
  #nextLane = 0;

  constructor(limits: Required<Quota>) {
    this.#bucket = new TokenBucket(limits, this.#opensAt, true);
  }

  /**
   * Resolves with 0 when the call of `who`, a broadcast's lane, is to be made now, or else with the ms to wait before asking
   * again.
   */
  async acquire(who: string, call: LimitedCall): Promise<number> {
    const lane = this.#lanes.get(who) ?? this.#nextLane++;
    this.#lanes.set(who, lane);
    const asking: Asking = { lane, call, dueAt: 0 };
    this.#asking.set(who, asking);
    const givesUpAt = this.#clock.now() + HOLD_MS;
    this.#waiting += 1;
    try {
      for (;;) {
        const now = this.#clock.now();
        this.#expire(now);
        const wait = now < this.#opensAt ? this.#opensAt - now : this.#bucket.ask(now, lane, call);
        if (wait === 0) {
          this.#grant(who, asking, now);
          return 0;
        }
        asking.dueAt = now + wait;
        if (asking.dueAt > givesUpAt) return wait;
        await scheduler.wait(wait);
        // It has asked for something else in the meantime.
        if (this.#asking.get(who) !== asking) return HOLD_MS;
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  /** The call that `who` got a permit for leaves now. */
  used(who: string): void {
    const unused = this.#unused.get(who);
    if (!unused) return;
    this.#unused.delete(who);
    this.#bucket.used(this.#clock.now(), unused.lane);
  }

  /** Calls that wait for a permit. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Permits in each of the last 60 seconds, the current one last. */
  get callsPerSecond(): number[] {
    return this.#recent.perSecond(this.#clock.now());
  }

  #grant(who: string, { lane, call }: Asking, now: number): void {
    this.#asking.delete(who);
    this.#unused.set(who, { lane, until: now + PERMIT_TIMEOUT_MS });
    this.#recent.count(now);
    if (call === "acquireAndCreate") this.#reserved.set(lane, now + PERMIT_TIMEOUT_MS);
    // The bucket itself gives up only what a Create uses.
    else if (this.#reserved.delete(lane) && call !== "create") this.#bucket.withdraw(lane);
    // A lane that has come this far may not come again for minutes.
    if (call !== "acquireAndCreate" && call !== "create") this.#lanes.delete(who);
  }

  /** Gives up places in the queue, and permits, of lanes that did not come back. */
  #expire(now: number): void {
    for (const [who, { lane, dueAt }] of this.#asking) {
      if (dueAt === 0 || now <= dueAt + QUEUE_TIMEOUT_MS) continue;
      this.#asking.delete(who);
      this.#bucket.withdraw(lane);
    }
    for (const [who, { until }] of this.#unused) if (now > until) this.#unused.delete(who);
    for (const [lane, until] of this.#reserved) {
      if (now <= until) continue;
      this.#reserved.delete(lane);
      this.#bucket.withdraw(lane);
    }
  }
}

/** Counts calls by the second. A second's count takes the place of that of 60 seconds before. */
class RecentCalls {
  readonly #counts: { second: number; calls: number }[] = [];

  count(now: number): void {
    const second = Math.floor(now / 1000);
    this.#counts[second % COUNTED_SECONDS] = { second, calls: this.#in(second) + 1 };
  }

  perSecond(now: number): number[] {
    const first = Math.floor(now / 1000) - COUNTED_SECONDS + 1;
    return Array.from({ length: COUNTED_SECONDS }, (_, i) => this.#in(first + i));
  }

  #in(second: number): number {
    const counted = this.#counts[second % COUNTED_SECONDS];
    return counted?.second === second ? counted.calls : 0;
  }
}
