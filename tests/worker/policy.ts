import type { RetrySchedules } from "steadymix";

/** Time is real here: every wait is a fiftieth of what is documented. */
export const QUICK: Partial<RetrySchedules> = {
  createTimedOutMs: [60, 120, 180],
  createServerErrorMs: [60, 120, 180],
  createNotCompletedMs: [60, 120],
  queryNotFoundMs: [100, 200, 300],
  queryServerErrorMs: [100, 200, 300, 600],
  queryRefusedMs: [100, 200, 300],
  deleteMs: [100, 200, 300, 600],
  noAnswerMs: [20, 60, 120],
  rateLimitedMs: [20, 40, 100, 200],
  confirmMs: [100, 100, 100, 200],
  confirmDeadlineMs: 1800,
  monitorIntervalMs: 1000,
  relaunchMs: [0, 100, 300, 600],
  relaunchResetMs: 12_000,
  migrationMs: 1800,
  unidentifiedMs: 1800,
  presenceMs: [200, 200, 200, 300, 600],
  stopDeadlineMs: 20_000,
  requestTimeoutMs: 1000,
  hintIntervalMs: 1000,
};
