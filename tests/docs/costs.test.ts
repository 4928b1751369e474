/** The arithmetic of the cost calculator. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CostInputs, costsOf, tierOf, videosOf } from "../../www/docs/.vitepress/theme/costs.ts";

const INPUTS: CostInputs = {
  broadcasts: 1,
  hoursPerDay: 24,
  daysPerMonth: 30,
  lanes: 2,
  width: 1280,
  height: 720,
  monitorIntervalS: 120,
  viewers: 100,
  sessionMinutes: 30,
  tokenMinutes: 60,
  feed: "webSocket",
  prices: {
    taskMinutes: 10,
    viewerMinutes: { HD: 4, "Full HD": 9, "2K": 16, "2K+": 36 },
    workerRequests: 1,
    objectRequests: 2,
    rowsWritten: 3,
  },
};
const of = (changed: Partial<CostInputs> = {}) => costsOf({ ...INPUTS, ...changed });

test("each lane is a task with minutes of its own", () => {
  assert.equal(of().tasks, 2);
  assert.equal(of().taskMinutes, 2 * 24 * 60 * 30);
  assert.equal(of().taskCost, 864);
  const one = of({ lanes: 1 });
  assert.equal(one.taskCost, of().taskCost / 2);
  assert.equal(of({ broadcasts: 3 }).tasks, 6);
});

test("a tier ends at its most pixels", () => {
  assert.deepEqual(
    [0, 1280 * 720, 1280 * 720 + 1, 1920 * 1080, 1920 * 1080 + 1, 2560 * 1440, 2560 * 1440 + 1].map(tierOf),
    ["HD", "HD", "Full HD", "Full HD", "2K", "2K", "2K+"],
  );
});

test("a hot standby adds its video to the sum of pixels; a warm or cold one does not", () => {
  assert.deepEqual(
    of().viewers.map(({ standby, tier, pixels }) => [standby, tier, pixels]),
    [
      ["hot", "Full HD", 1_843_200],
      ["warm", "HD", 921_600],
      ["cold", "HD", 921_600],
    ],
  );
  const minutes = 100 * 24 * 60 * 30;
  assert.equal(of().viewerMinutes, minutes);
  assert.deepEqual(
    of().viewers.map(({ cost }) => cost),
    [(minutes / 1000) * 9, (minutes / 1000) * 4, (minutes / 1000) * 4],
  );
  // Two small outputs stay within the same tier.
  assert.equal(of({ width: 640, height: 360 }).viewers[0]?.tier, "HD");
  assert.equal(of({ width: 1920, height: 1080 }).viewers[0]?.tier, "2K+");
  // Without another lane there is no standby; with more lanes only one is kept ready.
  assert.equal(videosOf("hot", 1), 1);
  assert.equal(videosOf("hot", 5), 2);
});

test("Queries follow from the tasks and their interval", () => {
  assert.equal(of().queriesPerDay, 1_440);
  assert.equal(of({ monitorIntervalS: 30 }).queriesPerDay, 5_760);
  assert.equal(of({ hoursPerDay: 3 }).queriesPerDay, 180);
  // Not per day: the rate limit must hold while they run.
  assert.equal(of({ hoursPerDay: 3, monitorIntervalS: 60 }).queriesPerSecond, 2 / 60);
});

test("the Worker's requests and rows", () => {
  const { workerRequestsPerDay, objectRequestsPerDay, rowsWrittenPerDay, workerCost } = of();
  const connections = 100 * 24 * 2;
  assert.equal(workerRequestsPerDay, connections * 2);
  assert.equal(objectRequestsPerDay, 1_440 * 4 + 2 * 14 + connections * 2);
  assert.equal(rowsWrittenPerDay, 1_440 * 5 + 2 * 48);
  assert.equal(
    workerCost.toFixed(6),
    ((30 * (workerRequestsPerDay + 2 * objectRequestsPerDay + 3 * rowsWrittenPerDay)) / 1e6).toFixed(6),
  );
  // A session that outlasts its token connects again.
  assert.equal(of({ sessionMinutes: 120 }).workerRequestsPerDay, 100 * 12 * 2 * 2);
  assert.equal(of({ feed: "none" }).workerRequestsPerDay, 0);
});

test("polls are answered by a cache", () => {
  const polling = of({ feed: "polling" });
  const tokens = 100 * 24 * 2;
  assert.equal(polling.workerRequestsPerDay, (100 * 86_400) / 3 + tokens);
  assert.equal(polling.objectRequestsPerDay, 1_440 * 4 + 2 * 14 + 86_400 + tokens);
  // Two viewers poll less often than the cache expires.
  assert.equal(of({ feed: "polling", viewers: 2 }).objectRequestsPerDay, 1_440 * 4 + 2 * 14 + 57_600 + 96);
});

test("empty and impossible inputs count as nothing", () => {
  const nothing = of({ viewers: Number.NaN, broadcasts: -1, hoursPerDay: Number.POSITIVE_INFINITY });
  assert.deepEqual([nothing.tasks, nothing.taskCost, nothing.viewerMinutes, nothing.workerCost], [0, 0, 0, 0]);
  assert.equal(of({ hoursPerDay: 30 }).taskMinutes, of().taskMinutes);
  assert.equal(of({ lanes: 0 }).tasks, 1);
  assert.ok(Number.isFinite(of({ monitorIntervalS: 0, sessionMinutes: 0, tokenMinutes: 0 }).workerCost));
  assert.equal(of({ prices: { ...INPUTS.prices, viewerMinutes: {} } }).viewers[0]?.cost, 0);
});
