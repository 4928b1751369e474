/** A broadcast's share of the App ID's rate limit: permits, their failure, and Queries without them. */
import { env } from "cloudflare:workers";
import type { SteadymixEvent } from "steadymix";
import { AppQuota } from "steadymix/cloudflare";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SharedQuota } from "../../target/build/typescript/cloudflare/sharedQuota.js";
import type { BroadcastFacts, BroadcastStore } from "../../target/build/typescript/cloudflare/store.js";

// Internal, so not in the package. Its types exist before the package is built.
type Module = typeof import("../../target/build/typescript/cloudflare/sharedQuota.js");
const { SharedQuota: Quota } = (await import("../../dist/cloudflare/sharedQuota.js" as string)) as Module;

/** Stores the facts, and counts the writes. */
class Facts {
  writes = 0;
  #facts: BroadcastFacts | undefined;

  constructor(facts: Partial<BroadcastFacts> | undefined = { id: "show", quotaFailedAt: null }) {
    this.#facts = facts as BroadcastFacts | undefined;
  }

  get facts(): BroadcastFacts | undefined {
    return this.#facts && { ...this.#facts };
  }

  set facts(facts: BroadcastFacts | undefined) {
    this.writes += 1;
    this.#facts = facts;
  }
}

function quotaOf(store: Facts, callsPerSecond = 10): SharedQuota {
  const limits = { callsPerSecond, burst: 2, pcw: 10_000 };
  return new Quota({ ...env, QUOTA: limits }, store as unknown as BroadcastStore);
}

const event = (type: "permitFailed" | "permitRecovered" | "stopping", at = 5) => ({ type, at }) as SteadymixEvent;
const permit = () => vi.mocked(AppQuota.prototype.acquirePermit);

beforeEach(() => void vi.spyOn(AppQuota.prototype, "acquirePermit").mockResolvedValue(0));
afterEach(() => void vi.restoreAllMocks());

test("a permit is requested for the lane, and the wait is passed on", async () => {
  const quota = quotaOf(new Facts());
  permit().mockResolvedValue(250);
  expect(await quota.acquire("show/1", "create")).toBe(250);
  expect(permit().mock.lastCall).toEqual(["show/1", "create"]);
  vi.spyOn(console, "error").mockReturnValue();
  permit().mockRejectedValue(new Error("the storage is full"));
  await expect(quota.acquire("show/1", "create")).rejects.toMatchObject({ body: { code: "QUOTA_UNAVAILABLE" } });
});

test("the time of the first failure is stored until permits are granted again", async () => {
  const store = new Facts();
  const quota = quotaOf(store);
  quota.onEvent(event("stopping"));
  expect(store.writes).toBe(0);
  quota.onEvent(event("permitFailed", 7));
  expect(store.facts?.quotaFailedAt).toBe(7);
  quota.onEvent(event("stopping"));
  // A late answer.
  await quota.acquire("show/0", "query");
  expect(store.facts?.quotaFailedAt).toBe(7);
  quota.onEvent(event("permitRecovered", 9));
  expect(store.facts?.quotaFailedAt).toBeNull();
  await quota.acquire("show/0", "query");
  expect(store.writes, "nothing else has changed").toBe(2);
});

test("a failure from before an eviction ends with the first permit", async () => {
  const store = new Facts({ id: "show", quotaFailedAt: 7 });
  await quotaOf(store).acquire("show/0", "query");
  expect([store.facts?.quotaFailedAt, store.writes]).toEqual([null, 1]);
});

test("the number of broadcasts is stored as a power of two, and written only when it changes", async () => {
  const store = new Facts();
  const quota = quotaOf(store);
  const used = vi.spyOn(AppQuota.prototype, "used");
  for (const [i, [broadcasts, kept]] of [
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 4],
    [4, 4],
    [5, 8],
    [64, 64],
    [65, 128],
  ].entries()) {
    used.mockReturnValue(broadcasts ?? 0);
    quota.used("show/1");
    await expect.poll(() => used.mock.calls.length).toBe(i + 1);
    await expect.poll(() => store.facts?.broadcasts, { interval: 5 }).toBe(kept);
  }
  expect(store.writes).toBe(6);
  expect(used.mock.lastCall).toEqual(["show/1"]);
});

test("the message that a call is sent may be lost", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const used = vi.spyOn(AppQuota.prototype, "used").mockImplementation(() => {
    throw new Error("lost");
  });
  const store = new Facts();
  quotaOf(store).used("show/0");
  await expect.poll(() => used.mock.calls.length).toBe(1);
  await scheduler.wait(5);
  expect(store.writes).toBe(0);
});

test("without permits, the Queries of all broadcasts together use half of the rate", () => {
  for (const [broadcasts, callsPerSecond, ms] of [
    [undefined, 1, 2_000],
    [1, 10, 1_000],
    [5, 10, 1_000],
    [8, 10, 1_600],
    [64, 10, 12_800],
    [2_048, 7, 585_142],
    [65_536, 10, 600_000],
  ] as const) {
    const facts = broadcasts === undefined ? {} : { broadcasts };
    const interval = quotaOf(new Facts(facts), callsPerSecond).fallbackQueryIntervalMs;
    expect(Math.floor(interval), `${broadcasts} broadcasts`).toBe(ms);
  }
  expect(quotaOf(new Facts(), 1).fallbackQueryIntervalMs).toBe(2_000);
});

test("nothing is stored for a forgotten broadcast", async () => {
  const store = new Facts();
  store.facts = undefined;
  const quota = quotaOf(store, 1);
  vi.spyOn(AppQuota.prototype, "used").mockReturnValue(5);
  quota.onEvent(event("permitFailed"));
  quota.used("show/0");
  await quota.acquire("show/0", "delete");
  await scheduler.wait(5);
  expect([store.writes, quota.fallbackQueryIntervalMs]).toEqual([1, 2_000]);
});
