const MIN_DELAY_MS = 1_000;
const MAX_DELAY_MS = 600_000;

/**
 * The delay before the next attempt to reach an object that has not answered for `failingMs`. The delays double, from 1 s to
 * 10 min, because each is as long as all attempts before it together.
 */
export function retryDelayMs(failingMs: number): number {
  return Math.min(Math.max(failingMs, MIN_DELAY_MS), MAX_DELAY_MS);
}
