const LEAST_MS = 1_000;
const MOST_MS = 600_000;

/**
 * The delay before the next attempt to reach another object that has failed to answer for `failingMs`. It is as long again as
 * all attempts so far took together, so it doubles: from a second to ten minutes.
 */
export function retryDelayMs(failingMs: number): number {
  return Math.min(Math.max(failingMs, LEAST_MS), MOST_MS);
}
