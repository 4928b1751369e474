/**
 * `npm run bench:switch`: measures how long a picture is frozen when its output dies, in a real browser over WebRTC.
 *
 * STEADYMIX_DEATHS (default 20) and STEADYMIX_JITTER_MINUTES (default 10): set lower numbers for a quick run.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch, root, serve } from "./browser.ts";
import type { Measured } from "./pages/bench.ts";

const DEATHS = Number(process.env.STEADYMIX_DEATHS ?? 20);
const JITTER_MS = Number(process.env.STEADYMIX_JITTER_MINUTES ?? 10) * 60_000;
const RATES = [15, 30] as const;
/** The number of deaths that are measured in parallel, because each takes 20 s. */
const SIDE_BY_SIDE = 5;
const BOTH_FROZEN_MS = 8000;

interface Figures {
  minMs: number;
  medianMs: number;
  p95Ms: number;
  maxMs: number;
  /** From the decision to the first new frame. */
  beyondDetectionMs?: { medianMs: number; maxMs: number };
  ms: number[];
}

type ByRate = Record<`fps${(typeof RATES)[number]}`, Figures>;

const server = await serve(join(root, "target", "www", "tests"));
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
page.on("pageerror", (error) => console.error(error));
await page.goto(`${server.url}/bench.html`);
await page.waitForFunction(() => "bench" in window);

const measure = (act: "hot" | "warm" | "cold" | "leave" | "baseline", fps: number): Promise<Measured> =>
  page.evaluate(
    ([act, fps]) => {
      if (act === "leave") return window.bench.leave(fps);
      return act === "baseline" ? window.bench.baseline(fps) : window.bench.death(act, fps);
    },
    [act, fps] as const,
  );

async function series(act: Parameters<typeof measure>[0], sideBySide = 1): Promise<ByRate> {
  const made: Partial<ByRate> = {};
  for (const fps of RATES) {
    const all: Measured[] = [];
    while (all.length < DEATHS) {
      const some = Array.from({ length: Math.min(sideBySide, DEATHS - all.length) }, () => measure(act, fps));
      all.push(...(await Promise.all(some)));
    }
    const figures = figuresOf(all);
    made[`fps${fps}`] = figures;
    print(`${act} at ${fps} fps`, figures);
  }
  return made as ByRate;
}

function figuresOf(all: Measured[]): Figures {
  const ms = sorted(all.map(({ outageMs }) => outageMs));
  const beyond = sorted(all.flatMap(({ switchMs }) => (switchMs === undefined ? [] : [switchMs])));
  return {
    minMs: at(ms, 0),
    medianMs: at(ms, 0.5),
    p95Ms: at(ms, 0.95),
    maxMs: at(ms, 1),
    ...(beyond.length > 0 && { beyondDetectionMs: { medianMs: at(beyond, 0.5), maxMs: at(beyond, 1) } }),
    ms,
  };
}

function sorted(values: number[]): number[] {
  return values.map((value) => Math.round(value)).sort((a, b) => a - b);
}

/** A percentile of the values; `part` is from 0 to 1 (nearest rank). */
function at(values: number[], part: number): number {
  return values[Math.max(0, Math.ceil(values.length * part) - 1)] ?? Number.NaN;
}

function print(what: string, { minMs, medianMs, p95Ms, maxMs, beyondDetectionMs }: Figures): void {
  const columns = [what.padEnd(20), ...[minMs, medianMs, p95Ms, maxMs].map((ms) => String(ms).padStart(8))];
  const beyond = beyondDetectionMs ? `${beyondDetectionMs.medianMs} (at most ${beyondDetectionMs.maxMs})` : "";
  console.log(`${columns.join("")}   ${beyond}`);
}

console.log(`Frozen picture in ms, ${DEATHS} times each`);
console.log(`${"".padEnd(20)}     min  median     p95     max   of these, after the decision`);
const hot = await series("hot");
const warm = await series("warm");
const cold = await series("cold");
const leave = await series("leave");
const bothFrozen: number[] = [];
for (const fps of RATES) {
  bothFrozen.push(await page.evaluate(([fps, ms]) => window.bench.bothFrozen(fps, ms), [fps, BOTH_FROZEN_MS] as const));
}
const jittery = RATES.map((fps) =>
  page.evaluate(([fps, ms]) => window.bench.jitter(fps, ms), [fps, JITTER_MS] as const),
);
// Jittery streams in parallel do not affect a picture that is frozen for 20 s.
const baseline = await series("baseline", SIDE_BY_SIDE);
const jitter = await Promise.all(jittery);
const falseSwitches = jitter.reduce((sum, { switches }) => sum + switches, 0);
const switchesWhileBothFrozen = bothFrozen.reduce((sum, switches) => sum + switches, 0);

console.log(
  `${"false switches".padEnd(20)}${String(falseSwitches).padStart(8)}   in ${JITTER_MS / 60_000} min of jitter`,
);
for (const [i, fps] of RATES.entries()) {
  console.log(
    `  at ${fps} fps: ${jitter[i]?.frames} frames, longest gap ${Math.round(jitter[i]?.longestGapMs ?? 0)} ms`,
  );
}
console.log(`${"while both frozen".padEnd(20)}${String(switchesWhileBothFrozen).padStart(8)}`);

await browser.close();
await server.close();
const folder = join(root, "target", "bench");
mkdirSync(folder, { recursive: true });
const report = {
  deaths: DEATHS,
  hot,
  warm,
  cold,
  leave,
  baseline,
  falseSwitches,
  jitter: { ms: JITTER_MS, runs: jitter },
  switchesWhileBothFrozen,
};
writeFileSync(join(folder, "switch.json"), `${JSON.stringify(report, null, 2)}\n`);
