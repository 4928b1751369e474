/** The result is the median of this many rounds. */
const ROUNDS = 15;
const ROUND_MS = 60;

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The time of one call in ns: the median of several rounds of many calls. */
export function timed(once: () => unknown): number {
  const round = (times: number) => {
    const began = performance.now();
    for (let i = 0; i < times; i += 1) once();
    return performance.now() - began;
  };
  let times = 64;
  while (round(times) < ROUND_MS) times *= 2;
  return median(Array.from({ length: ROUNDS }, () => (round(times) * 1e6) / times));
}

/** As `timed`, for asynchronous functions. */
export async function timedAsync(once: () => Promise<unknown>): Promise<number> {
  const round = async (times: number) => {
    const began = performance.now();
    for (let i = 0; i < times; i += 1) await once();
    return performance.now() - began;
  };
  let times = 64;
  while ((await round(times)) < ROUND_MS) times *= 2;
  const rounds: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) rounds.push(((await round(times)) * 1e6) / times);
  return median(rounds);
}
