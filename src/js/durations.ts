/** The ranges of durations that TypeScript checks. */

/** All in ms. `orZero`: 0 is allowed too. */
export type DurationRange = readonly [field: string, min: number, orZero?: boolean, max?: number, standard?: number];

/** What is allowed, if `value` is not. If it would be allowed as seconds, suggests that. */
export function rangeError(
  value: unknown,
  [, min, orZero = true, max = 86_400_000]: DurationRange,
): string | undefined {
  const allows = (ms: number) => (ms >= min && ms <= max) || (orZero && ms === 0);
  const allowed = `${orZero ? "0, or " : ""}from ${min} to ${max} ms`;
  if (typeof value !== "number") return allowed;
  const meant = value * 1000;
  return allows(value) ? undefined : allows(meant) ? `${allowed}: did you mean ${meant} ms (${value} s)?` : allowed;
}

// What follows is generated from src/durations.rs: STEADYMIX_GENERATE=1 cargo test durations
// ---- generated ----

export const SUPERVISOR_ENV = [
  ["fallbackQueryIntervalMs", 1000, false, 600000, 1000],
] as const satisfies readonly DurationRange[];

export const CLOUDFLARE = [
  ["retentionMs", 3600000, true, 315360000000, 604800000],
  ["reportIntervalMs", 100, true, 86400000, 10000],
] as const satisfies readonly DurationRange[];
