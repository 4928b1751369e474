/** The durations that TypeScript checks itself. */

/** The name, the least and the greatest value in ms, whether 0 is allowed as well, and the default where it is needed. */
export type DurationRange = readonly [
  field: string,
  least: number,
  greatest: number,
  orZero: boolean,
  standard?: number,
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
  ["frozenMs", 100, 86400000, true],
  ["congestedMs", 100, 86400000, true],
  ["badNetworkMs", 100, 86400000, true],
  ["mutedMs", 100, 86400000, true],
  ["audioMs", 100, 86400000, true],
  ["frameGapMs", 50, 86400000, true],
  ["startingMs", 500, 86400000, false],
  ["penaltyMs", 500, 86400000, true],
  ["dwellMs", 500, 86400000, true],
  ["settleMs", 100, 86400000, true],
  ["bothDownMs", 500, 86400000, true],
  ["falseAlarmMs", 100, 86400000, true],
  ["failBackMs", 1000, 86400000, true],
];

export const CLOUDFLARE: readonly DurationRange[] = [
  ["keptForMs", 3600000, 315360000000, true, 604800000],
  ["hintIntervalMs", 100, 86400000, true, 10000],
];
