/** The durations that TypeScript checks itself. */

/** The name, the least and the greatest value in ms, whether 0 is allowed as well, and the default. */
export type DurationRange = readonly [
  field: string,
  least: number,
  greatest: number,
  orZero: boolean,
  standard: number | null,
];

/** What is allowed, if this is not; and what was probably meant, where it fits as a number of seconds. */
export function rangeError(value: unknown, [, least, greatest, orZero]: DurationRange): string | undefined {
  const allows = (ms: number) => (ms >= least && ms <= greatest) || (orZero && ms === 0);
  if (typeof value === "number" && allows(value)) return undefined;
  const allowed = `${orZero ? "0, or " : ""}from ${least} to ${greatest} ms`;
  const meant = Number(value) * 1000;
  return allows(meant) ? `${allowed}: did you mean ${meant} ms, which is ${value} s?` : allowed;
}

// What follows is generated from src/durations.rs: STEADYMIX_GENERATE=1 cargo test durations
// ---- generated ----

export const VIEWER: readonly DurationRange[] = [
  ["frozenMs", 100, 86400000, true, 1000],
  ["congestedMs", 100, 86400000, true, 1500],
  ["badNetworkMs", 100, 86400000, true, 3000],
  ["mutedMs", 100, 86400000, true, 2000],
  ["audioMs", 100, 86400000, true, 2000],
  ["frameGapMs", 50, 86400000, true, 250],
  ["startingMs", 500, 86400000, false, 3000],
  ["penaltyMs", 500, 86400000, true, 30000],
  ["dwellMs", 500, 86400000, true, 5000],
  ["settleMs", 100, 86400000, true, 3500],
  ["bothDownMs", 500, 86400000, true, 10000],
  ["falseAlarmMs", 100, 86400000, true, 5000],
  ["failBackMs", 1000, 86400000, true, null],
];

export const CLOUDFLARE: readonly DurationRange[] = [
  ["keptForMs", 3600000, 315360000000, true, 604800000],
  ["hintIntervalMs", 100, 86400000, true, 10000],
];
