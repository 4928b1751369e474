import { retryDelayMs } from "./backoff.js";
import { updateOf } from "./broadcastStatus.js";
import { Clock } from "./clock.js";
import type { SteadymixEnv } from "./environment.js";
import { type Remote, reach } from "./objects.js";
import type { Relay } from "./relay.js";
import { relayName } from "./relayHeader.js";
import type { BroadcastFacts, BroadcastStore } from "./store.js";

/** Relays are asked for their sizes at most this often. In between, each assigned viewer is added. */
const SIZES_INTERVAL_MS = 10_000;

/** The relays of one broadcast: sends each update until it is acknowledged, and finds a relay with room. */
export class Relays {
  readonly #env: SteadymixEnv;
  readonly #store: BroadcastStore;
  readonly #clock = new Clock();
  #known: { at: number; sizes: Map<number, number> } | undefined;

  constructor(env: SteadymixEnv, store: BroadcastStore) {
    this.#env = env;
    this.#store = store;
  }

  /** Sends the current update to the relays that have not acknowledged it. Failures are logged; the next alarm retries. */
  update(facts: BroadcastFacts): void {
    for (const number of this.#store.relaysBehind(facts.revision)) {
      this.#reach(facts.id, number, (relay) => relay.publish(updateOf(facts)))
        .then(() => this.#store.relayAcknowledged(number, facts.revision))
        .catch((error: unknown) => console.error("steadymix: a relay did not acknowledge an update:", error));
    }
  }

  /** Whether every relay has acknowledged the current update. */
  areUpToDate({ revision }: Pick<BroadcastFacts, "revision">): boolean {
    return this.#store.relaysBehind(revision).length === 0;
  }

  /** When to call `update` again (ms since the epoch); `Infinity`: all relays are up to date. */
  get nextAttemptAt(): number {
    const facts = this.#store.facts;
    if (!facts || this.areUpToDate(facts)) return Number.POSITIVE_INFINITY;
    return Date.now() + retryDelayMs(Date.now() - facts.revisedAt);
  }

  /** Assigns a viewer to the first relay with fewer than `maxViewers`, and returns the relay's number. */
  async withRoom(maxViewers: number): Promise<number> {
    const sizes = await this.#sizes(maxViewers);
    let number = 0;
    while ((sizes.get(number) ?? 0) >= maxViewers) number += 1;
    sizes.set(number, (sizes.get(number) ?? 0) + 1);
    return number;
  }

  /** A relay that does not answer counts as full. */
  async #sizes(full: number): Promise<Map<number, number>> {
    if (this.#known && this.#clock.now() - this.#known.at <= SIZES_INTERVAL_MS) return this.#known.sizes;
    const id = this.#store.facts?.id ?? "";
    const sizeOf = (number: number) => this.#reach(id, number, (relay) => relay.size()).catch(() => full);
    const sizes = await Promise.all(
      this.#store.relays().map(async (number) => [number, await sizeOf(number)] as const),
    );
    this.#known = { at: this.#clock.now(), sizes: new Map(sizes) };
    return this.#known.sizes;
  }

  #reach<Value>(id: string, number: number, act: (relay: Remote<Relay>) => Promise<Value>): Promise<Value> {
    return reach(this.#env, "RELAY", relayName({ broadcastId: id, number }), act);
  }
}
