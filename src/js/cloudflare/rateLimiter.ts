import { TokenBucket } from "../blocks.js";
import type { LimitedCall, Quota } from "../types.js";
import { Clock } from "./clock.js";

// `src/quota/permits.rs` derives these from the timeouts of other modules.

/** A call that would wait longer than this asks again later. */
const HOLD_MS = 5_000;
/** A place in the queue expires this long after its lane should have asked again. */
const QUEUE_TIMEOUT_MS = 10_000;
/** A reserved or granted permit expires after this long without its call. */
const PERMIT_TIMEOUT_MS = 5_000;
/** Calls made before this object started are unknown, so it grants no permits at first. */
const STARTUP_DELAY_MS = 1_000;
const COUNTED_SECONDS = 60;

interface Asking {
  lane: number;
  call: LimitedCall;
  /** When the lane should ask again, by `Clock`. */
  dueAt: number;
}

/** Shares an App ID's rate limit among the lanes of its broadcasts. In memory only. */
export class RateLimiter {
  readonly #bucket: TokenBucket;
  readonly #clock = new Clock();
  readonly #opensAt = this.#clock.now() + STARTUP_DELAY_MS;
  /** The bucket's number for each lane that waits or has a permit. */
  readonly #lanes = new Map<string, number>();
  readonly #asking = new Map<string, Asking>();
  /** The lanes with a permit reserved for their Create, and when it expires. */
  readonly #reserved = new Map<number, number>();
  /** Permits whose call has not been reported as sent, and when they expire. */
  readonly #unused = new Map<string, { lane: number; until: number }>();
  readonly #recent = new RecentCalls();
  #waiting = 0;
  #nextLane = 0;

  constructor(limits: Required<Quota>) {
    this.#bucket = new TokenBucket(limits, this.#opensAt, true);
  }

  /**
   * Resolves with 0 if `who`, a broadcast's lane, may make the call now, otherwise with the ms to wait before asking again.
   */
  async acquire(who: string, call: LimitedCall): Promise<number> {
    const lane = this.#lanes.get(who) ?? this.#nextLane++;
    this.#lanes.set(who, lane);
    const asking: Asking = { lane, call, dueAt: 0 };
    this.#asking.set(who, asking);
    const heldUntil = this.#clock.now() + HOLD_MS;
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
        if (asking.dueAt > heldUntil) return wait;
        await scheduler.wait(wait);
        // The lane has asked again in the meantime.
        if (this.#asking.get(who) !== asking) return HOLD_MS;
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Reports that the call for which `who` got a permit is sent now. */
  used(who: string): void {
    const unused = this.#unused.get(who);
    if (!unused) return;
    this.#unused.delete(who);
    this.#bucket.used(this.#clock.now(), unused.lane);
  }

  /** The number of calls that wait for a permit. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The number of permits in each of the last 60 seconds, the current one last. */
  get callsPerSecond(): number[] {
    return this.#recent.perSecond(this.#clock.now());
  }

  #grant(who: string, { lane, call }: Asking, now: number): void {
    this.#asking.delete(who);
    this.#unused.set(who, { lane, until: now + PERMIT_TIMEOUT_MS });
    this.#recent.count(now);
    if (call === "acquireAndCreate") this.#reserved.set(lane, now + PERMIT_TIMEOUT_MS);
    // A Create uses the reserved permit; after any other call it must be withdrawn.
    else if (this.#reserved.delete(lane) && call !== "create") this.#bucket.withdraw(lane);
    // The lane may not ask again for minutes.
    if (call !== "acquireAndCreate" && call !== "create") this.#lanes.delete(who);
  }

  /** Removes expired places in the queue and expired permits. */
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

/** A ring of counts, one for each second. */
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
