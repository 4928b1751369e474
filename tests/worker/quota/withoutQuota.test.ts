/** AppQuota fails: broadcasts continue, and report it. */
import { env } from "cloudflare:workers";
import { AppQuota } from "steadymix/cloudflare";
import { afterEach, expect, test, vi } from "vitest";
import { SHOW_LANES, showServices } from "../../emulator/js/payload.ts";
import { QUICK } from "../policy.ts";
import { freshEmulator } from "../service.ts";
import { call, freshId, Show } from "../world.ts";

const [KEY = ""] = env.OPERATOR_KEYS?.split(" ") ?? [];
const headers = { authorization: `Bearer ${KEY}` };
afterEach(() => vi.restoreAllMocks());

const METHODS = ["acquirePermit", "enter", "report", "broadcasts", "status"] as const;
const fail = (failure: () => Promise<never>, methods: readonly (typeof METHODS)[number][] = METHODS) => {
  vi.spyOn(console, "error").mockReturnValue();
  for (const method of methods) vi.spyOn(AppQuota.prototype, method).mockImplementation(failure);
};
const throws = () => Promise.reject(new Error("Exceeded allowed rows written in Durable Objects free tier."));
const hangs = () => new Promise<never>(() => {});

test.each([
  ["throws", throws],
  ["does not answer", hangs],
])("it %s: failed tasks are still replaced, broadcasts still end, and both are reported", async (_, failure) => {
  const emulator = freshEmulator();
  const show = await Show.start();
  await show.running();
  expect((await show.status()).quotaFailedAt).toBeNull();
  fail(failure);
  const began = Date.now();
  await show.until(({ quotaFailedAt }) => quotaFailedAt !== null);
  const status = await show.status();
  expect(status.state).toBe("live");
  expect(status.quotaFailedAt).toBeGreaterThanOrEqual(began);
  emulator.control({ type: "kill", uid: 9001 });
  await show.until(({ lanes }) => lanes[0]?.uid === 9002 && lanes[0].state === "running");
  // One call a second, after the initial burst.
  const { calls } = emulator.state().stats;
  const before = Object.values(calls).reduce((sum, count) => sum + count, 0);
  const since = Date.now();
  await scheduler.wait(3_000);
  const after = Object.values(emulator.state().stats.calls).reduce((sum, count) => sum + count, 0);
  expect(after - before).toBeLessThanOrEqual(Math.ceil((Date.now() - since) / 1_000) + 1);
  expect((await show.events()).filter((type) => type === "permitFailed")).toHaveLength(1);
  await show.stub.stop();
  await show.state("ended");
  expect(emulator.state().tasks.filter(({ live }) => live)).toEqual([]);
});

test("without permits, Queries are rarer the more broadcasts share the limits; other calls are not delayed", async () => {
  const emulator = freshEmulator();
  // The result is one Query in 18 s.
  vi.spyOn(AppQuota.prototype, "used").mockReturnValue(64);
  const show = await Show.start();
  await show.running();
  fail(throws);
  await show.until(({ quotaFailedAt }) => quotaFailedAt !== null);
  const queries = () => emulator.state().stats.calls.query ?? 0;
  const before = queries();
  await scheduler.wait(4_000);
  expect(queries() - before).toBeLessThanOrEqual(1);
  await show.stub.stop();
  await expect.poll(() => emulator.state().tasks.filter(({ live }) => live), { timeout: 10_000 }).toEqual([]);
  await show.state("ended");
});

test("the recovery is reported", async () => {
  freshEmulator();
  const show = await Show.start();
  await show.running();
  fail(throws);
  await show.until(({ quotaFailedAt }) => quotaFailedAt !== null);
  vi.restoreAllMocks();
  await show.until(({ quotaFailedAt }) => quotaFailedAt === null);
  await expect.poll(() => show.events()).toContain("permitRecovered");
  await show.stop();
});

test("routes that need it are refused with QUOTA_UNAVAILABLE", async () => {
  freshEmulator();
  fail(throws);
  const reported = vi.spyOn(console, "error").mockReturnValue();
  const body = JSON.stringify({ id: freshId(), services: showServices(), lanes: SHOW_LANES, policy: QUICK });
  for (const [method, path, init] of [
    ["GET", "/quota", {}],
    ["GET", "/broadcasts", {}],
    ["POST", "/broadcasts", { body }],
  ] as const) {
    const answer = await call(path, { method, headers, ...init });
    expect(answer.status, path).toBe(503);
    const text = await answer.text();
    expect(JSON.parse(text), path).toMatchObject({ error: { code: "QUOTA_UNAVAILABLE" } });
    expect(text).not.toContain("free tier");
    expect(reported.mock.lastCall?.join(" ")).toMatch(/^steadymix: AppQuota: .*free tier/);
  }
});
