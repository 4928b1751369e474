import type { LimitedCall, Quota, SteadymixEvent } from "../types.js";
import { type SteadymixEnv, usableLimits } from "./environment.js";
import { reachQuota } from "./objects.js";
import type { BroadcastStore } from "./store.js";

/**
 * A broadcast's share of the App ID's rate limit: gets permits from `AppQuota`, records since when that has failed, and limits
 * the Queries without permits.
 */
export class SharedQuota {
  readonly #env: SteadymixEnv;
  readonly #store: BroadcastStore;
  #isFailing = false;
  #limits: Required<Quota> | undefined;

  constructor(env: SteadymixEnv, store: BroadcastStore) {
    this.#env = env;
    this.#store = store;
  }

  /** 0: `who`, a broadcast's lane, may make the call now; otherwise the ms to wait before asking again. */
  async acquire(who: string, call: LimitedCall): Promise<number> {
    const wait = await reachQuota(this.#env, (quota) => quota.acquirePermit(who, call));
    // During a failure, only `permitRecovered` ends it. A failure that was stored before an eviction may be over.
    if (!this.#isFailing) this.#setFailedAt(null);
    return wait;
  }

  /** Reports that the call is sent now. If this message is lost, the permit counts longer than necessary. */
  used(who: string): void {
    reachQuota(this.#env, (quota) => quota.used(who))
      .then((broadcasts) => this.#setBroadcasts(broadcasts))
      .catch(() => {});
  }

  /** Learns from the core's events whether calls continue without permits. */
  onEvent(event: SteadymixEvent): void {
    if (event.type !== "permitFailed" && event.type !== "permitRecovered") return;
    this.#isFailing = event.type === "permitFailed";
    this.#setFailedAt(this.#isFailing ? event.at : null);
  }

  /**
   * The time between this broadcast's Queries without permits, in ms. All broadcasts together use half of the rate, and leave
   * the rest for more urgent calls.
   */
  get fallbackQueryIntervalMs(): number {
    this.#limits ??= usableLimits(this.#env);
    const broadcasts = this.#store.facts?.broadcasts ?? 1;
    return Math.min(Math.max((broadcasts * 2000) / this.#limits.callsPerSecond, 1000), 600_000);
  }

  #setFailedAt(quotaFailedAt: number | null): void {
    const facts = this.#store.facts;
    if (facts && facts.quotaFailedAt !== quotaFailedAt) this.#store.facts = { ...facts, quotaFailedAt };
  }

  /** Rounded up to a power of two, to write rarely. */
  #setBroadcasts(active: number): void {
    const broadcasts = 2 ** Math.ceil(Math.log2(Math.max(active, 1)));
    const facts = this.#store.facts;
    if (facts && facts.broadcasts !== broadcasts) this.#store.facts = { ...facts, broadcasts };
  }
}
