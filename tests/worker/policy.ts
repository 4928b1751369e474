import type { RetrySchedules } from "steadymix";

/** For tests in real time: every delay is about a fiftieth of the documented one, or the minimum. */
export const QUICK: Partial<RetrySchedules> = {
  createTimedOutDelaysMs: [100, 120, 180],
  createServerErrorDelaysMs: [100, 120, 180],
  createNotCompletedDelaysMs: [100, 120],
  queryNotFoundDelaysMs: [100, 200, 300],
  queryServerErrorDelaysMs: [100, 200, 300, 600],
  queryRefusedDelaysMs: [100, 200, 300],
  deleteDelaysMs: [100, 200, 300, 600],
  noAnswerDelaysMs: [100, 100, 120],
  rateLimitedDelaysMs: [100, 100, 100, 200],
  confirmDelaysMs: [100, 100, 100, 200],
  confirmTimeoutMs: 1800,
  monitorIntervalMs: 1000,
  relaunchDelaysMs: [0, 500, 500, 600],
  relaunchResetAfterMs: 12_000,
  migrationGraceMs: 1800,
  taskIdUnknownGraceMs: 1800,
  presenceDelaysMs: [200, 200, 200, 300, 600],
  stopTimeoutMs: 20_000,
  requestTimeoutMs: 1000,
  checkNowIntervalMs: 1000,
};
