/** The relays of a broadcast: which have not acknowledged an update, and which has room for a viewer. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type OnAirUpdate, Relay } from "steadymix/cloudflare";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Relays } from "../../target/build/typescript/cloudflare/relays.js";
import type { BroadcastFacts, BroadcastStore } from "../../target/build/typescript/cloudflare/store.js";
import { freshId } from "./world.ts";

// Internal, so not in the package. Their types exist before the package is built.
type RelaysModule = typeof import("../../target/build/typescript/cloudflare/relays.js");
type StoreModule = typeof import("../../target/build/typescript/cloudflare/store.js");
const { Relays: RelaysOf } = (await import("../../dist/cloudflare/relays.js" as string)) as RelaysModule;
const { BroadcastStore: Store } = (await import("../../dist/cloudflare/store.js" as string)) as StoreModule;

const [SECOND, MINUTE] = [1_000, 60_000];
const START = (Math.floor(Date.now() / MINUTE) + 100) * MINUTE;
let now = START;

/** By relay name: the updates that each has acknowledged, and those that do not answer. */
let acknowledged: Map<string, OnAirUpdate[]>;
let silent: Set<string>;
/** The sizes by relay name; others are empty. */
let sizes: Map<string, number>;
const size = () => vi.mocked(Relay.prototype.size);

beforeEach(() => {
  now = START;
  vi.spyOn(Date, "now").mockImplementation(() => now);
  [acknowledged, silent, sizes] = [new Map(), new Set(), new Map()];
  vi.spyOn(Relay.prototype, "publish").mockImplementation(function (this: Relay, update) {
    const name = nameOf(this);
    acknowledged.set(name, [...(acknowledged.get(name) ?? []), update]);
  });
  vi.spyOn(Relay.prototype, "size").mockImplementation(function (this: Relay) {
    return sizes.get(nameOf(this)) ?? 0;
  });
});
afterEach(() => void vi.restoreAllMocks());

/** The name of a relay's object. Throws if the test makes it silent. */
function nameOf(relay: Relay): string {
  const name = String((relay as unknown as { ctx: DurableObjectState }).ctx.id.name);
  if (silent.has(name)) throw new Error("lost");
  return name;
}

function factsOf(id: string, revision: number, more: Partial<BroadcastFacts> = {}): BroadcastFacts {
  const onAir = { lane: "primary", channel: "show", uid: 9001 };
  return { id, revision, revisedAt: now, onAir, end: null, ...more } as BroadcastFacts;
}

/** Runs in an object with a broadcast at revision 7 and the relays 0 to 2, of which only the last is up to date. */
function inBroadcast(act: (relays: Relays, store: BroadcastStore, id: string) => Promise<void>): Promise<void> {
  const id = freshId();
  return runInDurableObject(env.RELAY.get(env.RELAY.idFromName(id)), async (_, { storage }) => {
    const store = new Store(storage, 3);
    store.begin();
    store.facts = factsOf(id, 7);
    for (const [number, revision] of [4, 6, 7].entries()) store.relayAcknowledged(number, revision);
    await act(new RelaysOf(env, store), store, id);
  });
}

test("an update is sent to each relay until it acknowledges it", async () => {
  await inBroadcast(async (relays, store, id) => {
    const logged = vi.spyOn(console, "error").mockReturnValue();
    silent.add(`${id}/1`);
    const facts = factsOf(id, 7);
    expect(relays.areUpToDate(facts)).toBe(false);
    relays.update(facts);
    await expect.poll(() => store.relaysBehind(7)).toEqual([1]);
    await expect.poll(() => logged.mock.calls.length).toBe(1);
    expect(logged.mock.lastCall).toEqual([
      "steadymix: a relay did not acknowledge an update:",
      expect.objectContaining({ message: "lost" }),
    ]);
    expect(acknowledged).toEqual(
      new Map([[`${id}/0`, [{ type: "onAir", revision: 7, onAir: facts.onAir, ended: false }]]]),
    );
    silent.clear();
    relays.update(facts);
    await expect.poll(() => relays.areUpToDate(facts)).toBe(true);
    expect([...acknowledged.keys()]).toEqual([`${id}/0`, `${id}/1`]);
    expect(acknowledged.get(`${id}/0`)?.length).toBe(1);
  });
});

test("the end is an update like any other: all relays are behind", async () => {
  await inBroadcast(async (relays, _, id) => {
    const ended = factsOf(id, 8, { onAir: null, end: { at: now, lanes: [] } });
    relays.update(ended);
    await expect.poll(() => relays.areUpToDate(ended)).toBe(true);
    const update = { type: "onAir", revision: 8, onAir: null, ended: true };
    expect([...acknowledged.entries()].sort()).toEqual([0, 1, 2].map((number) => [`${id}/${number}`, [update]]));
  });
});

test("a relay that is behind is retried after a second; the delay doubles, up to ten minutes", async () => {
  await inBroadcast(async (relays, store, id) => {
    const delays: number[] = [];
    for (const failingMs of [0, 999, 1_001, 2_000, 4_000, 599_999, 600_001, 3_600_000]) {
      now = START + failingMs;
      delays.push(relays.nextAttemptAt - now);
    }
    expect(delays).toEqual([1_000, 1_000, 1_001, 2_000, 4_000, 599_999, 600_000, 600_000]);
    for (const number of [0, 1]) store.relayAcknowledged(number, 7);
    expect(relays.nextAttemptAt, "none is behind").toBe(Number.POSITIVE_INFINITY);
    store.facts = factsOf(id, 8);
    expect(relays.nextAttemptAt).toBe(now + SECOND);
  });
});

test("a broadcast that does not exist has nothing to send", async () => {
  await runInDurableObject(env.RELAY.get(env.RELAY.idFromName(freshId())), async (_, { storage }) => {
    const relays = new RelaysOf(env, new Store(storage, 3));
    expect(relays.nextAttemptAt).toBe(Number.POSITIVE_INFINITY);
  });
});

test("a viewer is assigned to the first relay with room; one that does not answer counts as full", async () => {
  await inBroadcast(async (relays, _, id) => {
    sizes = new Map([
      [`${id}/0`, 3],
      [`${id}/2`, 1],
    ]);
    silent.add(`${id}/1`);
    const numbers: number[] = [];
    for (let viewer = 0; viewer < 7; viewer += 1) numbers.push(await relays.withRoom(3));
    // Relay 2 has room for two; further viewers get new relays.
    expect(numbers).toEqual([2, 2, 3, 3, 3, 4, 4]);
  });
});

test("relays are asked for their sizes at most every ten seconds", async () => {
  await inBroadcast(async (relays, _, id) => {
    await relays.withRoom(3);
    expect(size()).toHaveBeenCalledTimes(3);
    sizes.set(`${id}/0`, 3);
    now = START + 10 * SECOND;
    expect(await relays.withRoom(3)).toBe(0);
    expect(size()).toHaveBeenCalledTimes(3);
    now += 1;
    expect(await relays.withRoom(3)).toBe(1);
    expect(size()).toHaveBeenCalledTimes(6);
  });
});
