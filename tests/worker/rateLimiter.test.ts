/** The rate limiter's lanes, places in the queue and permits, with a scripted bucket. */
import { type LimitedCall, TokenBucket } from "steadymix";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RateLimiter } from "../../target/build/typescript/cloudflare/rateLimiter.js";

// Internal, so not in the package. Its types exist before the package is built.
type Module = typeof import("../../target/build/typescript/cloudflare/rateLimiter.js");
const { RateLimiter: Limiter } = (await import("../../dist/cloudflare/rateLimiter.js" as string)) as Module;

const SECOND = 1_000;
/** When a place in the queue, and a permit without its call, expire. */
const [QUEUE_TIMEOUT, PERMIT_TIMEOUT] = [10 * SECOND, 5 * SECOND];
/** Longer than a call waits in the limiter. */
const LONG = 6 * SECOND;

/** At the beginning of a second. */
const START = Math.floor(Date.now() / SECOND) * SECOND;
let now = START;
/** The bucket's next answers; after them it grants everything. */
let waits: number[] = [];
const ask = () => vi.mocked(TokenBucket.prototype.ask);
const used = () => vi.mocked(TokenBucket.prototype.used);
const withdraw = () => vi.mocked(TokenBucket.prototype.withdraw);

beforeEach(() => {
  [now, waits] = [START, []];
  vi.spyOn(Date, "now").mockImplementation(() => now);
  vi.spyOn(scheduler, "wait").mockImplementation(async (ms) => {
    now += ms;
  });
  vi.spyOn(TokenBucket.prototype, "ask").mockImplementation(() => waits.shift() ?? 0);
  vi.spyOn(TokenBucket.prototype, "used").mockReturnValue();
  vi.spyOn(TokenBucket.prototype, "withdraw").mockReturnValue();
});
afterEach(() => void vi.restoreAllMocks());

/** A rate limiter after its first second. */
function open(): RateLimiter {
  const limiter = new Limiter({ callsPerSecond: 7, burst: 2, pcw: 5 });
  now += SECOND;
  return limiter;
}

/** The lane number of the last request to the bucket. */
const lane = () => ask().mock.lastCall?.[1];

test("the bucket grants permits for the lane, the call and the current time", async () => {
  const limiter = open();
  expect(await limiter.acquire("show/0", "update")).toBe(0);
  expect(ask().mock.lastCall).toEqual([now, 0, "update"]);
  waits = [300, 200];
  expect(await limiter.acquire("show/1", "create")).toBe(0);
  expect(now).toBe(START + SECOND + 500);
  waits = [LONG];
  expect(await limiter.acquire("show/2", "query")).toBe(LONG);
  expect(withdraw(), "nobody is late").not.toHaveBeenCalled();
});

test("a lane keeps its number until its Create got a permit; later calls may get another number", async () => {
  const limiter = open();
  const numbers: unknown[] = [];
  for (const [who, call] of [
    ["show/0", "acquireAndCreate"],
    ["show/1", "acquireAndCreate"],
    ["show/0", "create"],
    ["show/0", "query"],
    ["show/0", "query"],
    ["show/1", "delete"],
    ["show/1", "update"],
  ] as const) {
    await limiter.acquire(who, call);
    numbers.push(lane());
  }
  expect(numbers).toEqual([0, 1, 0, 0, 2, 1, 3]);
});

test.each([
  ["create", []],
  ["delete", [[0]]],
  ["query", [[0]]],
] as const)("the permit that is reserved with an Acquire's, and the lane's next call is a %s", async (call, given) => {
  const limiter = open();
  await limiter.acquire("show/0", "acquireAndCreate");
  expect(withdraw()).not.toHaveBeenCalled();
  await limiter.acquire("show/0", call);
  expect(withdraw().mock.calls).toEqual(given);
  now += PERMIT_TIMEOUT + 1;
  await limiter.acquire("show/0", "query");
  expect(withdraw().mock.calls, "once").toEqual(given);
});

test("a repeated Acquire keeps the permit for its Create", async () => {
  const limiter = open();
  await limiter.acquire("show/0", "acquireAndCreate");
  await limiter.acquire("show/0", "acquireAndCreate");
  expect(withdraw()).not.toHaveBeenCalled();
});

test("a reserved permit is withdrawn once, after five seconds without the Create", async () => {
  const limiter = open();
  await limiter.acquire("show/0", "acquireAndCreate");
  now += PERMIT_TIMEOUT;
  await limiter.acquire("other/0", "query");
  expect(withdraw()).not.toHaveBeenCalled();
  now += 1;
  for (let i = 0; i < 2; i += 1) await limiter.acquire("other/0", "query");
  expect(withdraw().mock.calls).toEqual([[0]]);
});

test("a place in the queue is withdrawn once, if its lane does not ask again within ten seconds", async () => {
  const limiter = open();
  waits = [LONG];
  await limiter.acquire("show/0", "query");
  now += LONG + QUEUE_TIMEOUT;
  await limiter.acquire("other/0", "query");
  expect(withdraw()).not.toHaveBeenCalled();
  now += 1;
  for (let i = 0; i < 2; i += 1) await limiter.acquire("other/0", "query");
  expect(withdraw().mock.calls).toEqual([[0]]);
});

test("a lane that has waited and got its permit has no place to withdraw", async () => {
  const limiter = open();
  waits = [100];
  await limiter.acquire("show/0", "query");
  now += QUEUE_TIMEOUT + SECOND;
  await limiter.acquire("other/0", "query");
  expect(withdraw()).not.toHaveBeenCalled();
});

test("a call that is sent is counted once, for the lane with the permit, within five seconds of the permit", async () => {
  const limiter = open();
  for (const who of ["other/0", "show/0", "show/1"]) await limiter.acquire(who, "query");
  limiter.used("unknown/0");
  expect(used()).not.toHaveBeenCalled();
  now += PERMIT_TIMEOUT;
  await limiter.acquire("other/1", "query");
  for (let i = 0; i < 2; i += 1) limiter.used("show/0");
  expect(used().mock.calls).toEqual([[now, 1]]);
  now += 1;
  await limiter.acquire("other/2", "query");
  limiter.used("show/1");
  expect(used()).toHaveBeenCalledTimes(1);
  limiter.used("other/1");
  expect(used()).toHaveBeenCalledTimes(2);
});

test("calls are counted for each of the last 60 seconds", async () => {
  const limiter = open();
  const grant = async (times: number, call: LimitedCall = "query") => {
    for (let i = 0; i < times; i += 1) await limiter.acquire(`show/${i}`, call);
  };
  await grant(2);
  now += 999;
  await grant(1);
  const first = Array<number>(60).fill(0);
  expect(limiter.callsPerSecond).toEqual(first.with(59, 3));
  now += 1;
  await grant(1);
  expect(limiter.callsPerSecond).toEqual(first.with(58, 3).with(59, 1));
  now += 58 * SECOND;
  expect(limiter.callsPerSecond).toEqual(first.with(0, 3).with(1, 1));
  now += SECOND;
  expect(limiter.callsPerSecond).toEqual(first.with(0, 1));
  await grant(2);
  expect(limiter.callsPerSecond).toEqual(first.with(0, 1).with(59, 2));
  expect(limiter.waiting).toBe(0);
});
