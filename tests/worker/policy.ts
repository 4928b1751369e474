import type { RetrySchedules } from "steadymix";

/** Time is real here: every wait is about a fiftieth of what is documented, or the least that is allowed. */
export const QUICK: Partial<RetrySchedules> = {
  createTimedOutMs: [100, 120, 180],
  createServerErrorMs: [100, 120, 180],
  createNotCompletedMs: [100, 120],
  queryNotFoundMs: [100, 200, 300],
  queryServerErrorMs: [100, 200, 300, 600],
  queryRefusedMs: [100, 200, 300],
  deleteMs: [100, 200, 300, 600],
  noAnswerMs: [100, 100, 120],
  rateLimitedMs: [100, 100, 100, 200],
  confirmMs: [100, 100, 100, 200],
  confirmDeadlineMs: 1800,
  monitorIntervalMs: 1000,
  relaunchMs: [0, 500, 500, 600],
  relaunchResetMs: 12_000,
  migrationMs: 1800,
  unidentifiedMs: 1800,
  presenceMs: [200, 200, 200, 300, 600],
  stopDeadlineMs: 20_000,
  requestTimeoutMs: 1000,
  checkNowIntervalMs: 1000,
};
