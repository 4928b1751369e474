/** How an App ID's rate limit is shared among broadcasts: one object in simulated time. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { LimitedCall } from "steadymix";
import type { AppQuota } from "steadymix/cloudflare";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { freshId } from "../world.ts";

const [SECOND, MINUTE] = [1_000, 60_000];
/** How long a call waits before its broadcast has to ask again. */
const HOLD = 5 * SECOND;

const START = (Math.floor(Date.now() / MINUTE) + 100) * MINUTE;
let now = START;
/** The calls that wait, and until when. */
let waiting: { until: number; resume: () => void }[] = [];

beforeEach(() => {
  now = START;
  waiting = [];
  vi.spyOn(Date, "now").mockImplementation(() => now);
  vi.spyOn(scheduler, "wait").mockImplementation(
    (ms) => new Promise((resume) => void waiting.push({ until: now + ms, resume })),
  );
});
afterEach(() => void vi.restoreAllMocks());

/** Runs everything that can run without time passing. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

/** Advances the time. */
async function pass(ms: number): Promise<void> {
  const until = now + ms;
  await settle();
  for (;;) {
    const [next] = waiting.filter((one) => one.until <= until).sort((a, b) => a.until - b.until);
    if (!next) break;
    waiting.splice(waiting.indexOf(next), 1);
    now = Math.max(now, next.until);
    next.resume();
    await settle();
  }
  now = until;
}

/** Runs in a new object. */
function inQuota(act: (quota: AppQuota) => Promise<void>): Promise<void> {
  const stub = env.APP_QUOTA.get(env.APP_QUOTA.idFromName(freshId()));
  return runInDurableObject(stub, act);
}

/** Asks for a permit, and by default makes the call. Resolves with the time of the permit, or the ms to wait before asking again. */
function asks(quota: AppQuota, who: string, call: LimitedCall, isSent = true) {
  const asked: { grantedAt?: number; again?: number } = {};
  void quota.acquirePermit(who, call).then((wait) => {
    if (wait > 0) {
      asked.again = wait;
      return;
    }
    asked.grantedAt = now - START;
    if (isSent) quota.used(who);
  });
  return asked;
}

test("earlier calls are unknown, so no permit is granted in the first second", async () => {
  await inQuota(async (quota) => {
    const first = asks(quota, "show/0", "query");
    await pass(SECOND - 1);
    expect(first).toEqual({});
    expect(quota.status()).toMatchObject({ waiting: 1 });
    await pass(1);
    expect(first).toEqual({ grantedAt: SECOND });
    expect(quota.status().waiting).toBe(0);
    expect(quota.status().callsPerSecond.at(-1)).toBe(1);
  });
});

test("permits are granted at the rate; a call that gets none in time gets a delay", async () => {
  await inQuota(async (quota) => {
    const { callsPerSecond, burst } = quota.status().limits;
    await pass(SECOND);
    const all = Array.from({ length: 10 * callsPerSecond }, (_, i) => asks(quota, `show-${i}/0`, "query"));
    await settle();
    expect(all.filter(({ grantedAt }) => grantedAt !== undefined).length).toBe(burst);
    await pass(HOLD);
    const granted = all.flatMap(({ grantedAt }) => grantedAt ?? []);
    const later = all.flatMap(({ again }) => again ?? []);
    for (let from = 0; from < HOLD + SECOND; from += 100) {
      const within = granted.filter((at) => at >= from && at < from + SECOND).length;
      expect(within, `from ${from} ms on`).toBeLessThanOrEqual(callsPerSecond + burst);
    }
    expect(granted.length).toBeGreaterThanOrEqual(4 * callsPerSecond);
    expect(granted.length + later.length).toBe(all.length);
    expect(later.every((wait) => wait > 0 && wait <= SECOND)).toBe(true);
    const { callsPerSecond: calls, waiting } = quota.status();
    expect([calls.reduce((sum, count) => sum + count, 0), waiting]).toEqual([granted.length, 0]);
  });
});

test("a lane that asks for another call does not get the permit that it asked for before", async () => {
  await inQuota(async (quota) => {
    const query = asks(quota, "show/0", "query");
    await pass(SECOND / 2);
    const stop = asks(quota, "show/0", "delete");
    await pass(SECOND);
    expect([query, stop]).toEqual([{ again: HOLD }, { grantedAt: SECOND }]);
    expect(quota.status().callsPerSecond.reduce((sum, calls) => sum + calls, 0)).toBe(1);
  });
});

test("a lane that does not ask again loses its place and its reserved permit", async () => {
  await inQuota(async (quota) => {
    await pass(SECOND);
    // Each Acquire reserves a permit for its Create; none of these calls is sent.
    const gone = Array.from({ length: 30 }, (_, i) => asks(quota, `gone-${i}/0`, "acquireAndCreate"));
    await pass(30 * SECOND);
    expect(gone.some(({ grantedAt }) => grantedAt !== undefined)).toBe(true);
    const began = now - START;
    const query = asks(quota, "show/0", "query");
    await pass(SECOND);
    expect(query.grantedAt ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(began + SECOND);
  });
});

test("a permit whose call has not been reported counts as a call that may be sent at any moment", async () => {
  await inQuota(async (quota) => {
    const { callsPerSecond, burst } = quota.status().limits;
    await pass(SECOND);
    const all = Array.from({ length: 5 * callsPerSecond }, (_, i) => asks(quota, `show-${i}/0`, "query", false));
    await pass(HOLD - SECOND);
    expect(all.filter(({ grantedAt }) => grantedAt !== undefined).length).toBe(callsPerSecond + burst);
  });
});

test("a Create uses the permit that its Acquire reserved, whoever waits", async () => {
  await inQuota(async (quota) => {
    const { callsPerSecond } = quota.status().limits;
    await pass(SECOND);
    const acquire = asks(quota, "show/0", "acquireAndCreate");
    await settle();
    for (let i = 0; i < 10 * callsPerSecond; i += 1) asks(quota, `other-${i}/0`, "query");
    await settle();
    const create = asks(quota, "show/0", "create");
    await settle();
    expect([acquire, create]).toEqual([{ grantedAt: SECOND }, { grantedAt: SECOND }]);
  });
});
