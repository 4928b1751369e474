/** The durations that TypeScript checks itself. */

/** The name, the least value in ms, whether 0 is allowed as well, the greatest value, and the default where it is needed. */
export type DurationRange = readonly [
  field: string,
  least: number,
  orZero?: boolean,
  greatest?: number,
  standard?: number,
];

/** What is allowed, if this is not; and what was probably meant, where it fits as a number of seconds. */
export function rangeError(
  value: unknown,
  [, least, orZero = true, greatest = 86_400_000]: DurationRange,
): string | undefined {
  const allows = (ms: number) => (ms >= least && ms <= greatest) || (orZero && ms === 0);
  const allowed = `${orZero ? "0, or " : ""}from ${least} to ${greatest} ms`;
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
