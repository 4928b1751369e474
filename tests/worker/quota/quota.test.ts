/** 200 broadcasts of one App ID, with the limits of the service, in real time. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { groupOf } from "../../../src/js/instanceId.ts";
import { freshEmulator } from "../service.ts";
import { listeners } from "../worker.ts";
import { Show } from "../world.ts";

const BROADCASTS = 200;

test(`${BROADCASTS} broadcasts stay within 10 calls a second, and each gets its turn`, {
  timeout: 300_000,
}, async () => {
  const emulator = freshEmulator({ callsPerSecond: 10, pcw: 10_000 });
  const confirmed = new Map<string, number>();
  const began = Date.now();
  listeners.add((event) => {
    const id = groupOf(event.instanceId ?? "") ?? "";
    if (event.type === "confirmed") confirmed.set(id, Date.now() - began);
  });
  const shows: Show[] = [];
  for (let i = 0; i < BROADCASTS; i += 1) {
    const uids = [100_000 + 2 * i, 100_001 + 2 * i];
    const policy = { confirmDelaysMs: [500], monitorIntervalMs: 600_000 };
    shows.push(await Show.start({ lanes: [{ name: "only", uids }], policy }));
  }
  const last = shows.at(-1);
  await expect.poll(() => confirmed.size, { timeout: 240_000, interval: 250 }).toBeGreaterThan(BROADCASTS / 2);
  // While all wait, the last one is stopped: a Delete goes before the Creates of others.
  const asked = Date.now();
  await last?.stop();
  const stopMs = Date.now() - asked;
  await expect.poll(() => confirmed.size, { timeout: 240_000, interval: 250 }).toBeGreaterThanOrEqual(BROADCASTS - 1);
  const { stats, overlaps } = emulator.state();
  const times = [...confirmed.values()].sort((a, b) => a - b);
  const at = (share: number) => ((times[Math.floor((times.length - 1) * share)] ?? 0) / 1000).toFixed(1);
  const calls = Object.values(stats.calls).reduce((sum, count) => sum + count, 0);
  console.log(
    `${calls} calls in ${at(1)} s, at most ${stats.mostInASecond} in a second, ${stats.rateLimited} refused; confirmed after ` +
      `${at(0)} (first), ${at(0.5)} (median), ${at(0.95)} (p95), ${at(1)} s (last); stopping one of them took ${stopMs} ms`,
  );
  expect(stats.mostInASecond).toBeLessThanOrEqual(10);
  expect(stats.rateLimited).toBe(0);
  expect(overlaps).toEqual([]);
  expect(stopMs).toBeLessThan(10_000);
  const quota = env.APP_QUOTA.get(env.APP_QUOTA.idFromName(env.AGORA_APP_ID));
  const { callsPerSecond, tasks } = await quota.status();
  expect(Math.max(...callsPerSecond)).toBeLessThanOrEqual(10);
  expect(tasks).toBeGreaterThanOrEqual(BROADCASTS - 1);
});
