/** `npm run bench`: prints a report and writes it as Markdown and JSON. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { downloadOf } from "../../scripts/build/sizes.mjs";
import { root } from "../viewer/browser.ts";
import { ours, theirs } from "./decisions.ts";
import { startUp } from "./startUp.ts";

const ENTRIES = [
  { name: "steadymix", folder: "" },
  { name: "steadymix/viewer", folder: "viewer" },
  { name: "steadymix/emulator", folder: "emulator" },
];

interface Native {
  ns: number;
  allocations: number;
  allocatedBytes: number;
}

interface Growth {
  supervisors: number;
  msPerSimulatedHour: number;
  nsPerStep: number;
  bytesEach: number;
  snapshotBytes: number;
}

const native = JSON.parse(
  execFileSync(join(root, "target", "prove", "steadymix-bench"), { encoding: "utf8" }),
) as Record<"interpret" | "retry" | "step" | "frame", Native> & { growth: Growth[] };

const sizes = [];
for (const { name, folder } of ENTRIES) sizes.push({ entry: name, ...(await downloadOf(join(root, "dist", folder))) });

const report = {
  commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim(),
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0]?.model ?? "an unknown processor"}, Node ${process.versions.node}`,
  sizes,
  startUp: await startUp(ENTRIES),
  throughWebAssembly: await ours(),
  others: await theirs(),
  native,
  recovery: recovery(),
};

const ns = (value: number) => (value < 1_000 ? `${value.toPrecision(3)} ns` : `${(value / 1_000).toPrecision(3)} µs`);
const kb = (bytes: number) => (bytes / 1_000).toFixed(1);

const text = [
  "# Sizes and times of Steadymix",
  "",
  `${report.date}, commit ${report.commit}, ${report.machine}. Medians; compare within one report only.`,
  "",
  ...table(
    "Size, in KB",
    [
      "entry",
      ...["module: raw", "gzip", "brotli", "script: gzip", "brotli", "bundle, inlined: gzip", "brotli"],
      ...["bundle, without WebAssembly: gzip", "brotli"],
    ],
    report.sizes.map(({ entry, module, script, inlined, noWasm }) => [
      entry,
      kb(module.raw),
      kb(module.gzip),
      kb(module.brotli),
      kb(script.gzip),
      kb(script.brotli),
      kb(inlined.gzip),
      kb(inlined.brotli),
      noWasm ? kb(noWasm.gzip) : "",
      noWasm ? kb(noWasm.brotli) : "",
    ]),
  ),
  ...table(
    "Cold start: import of an entry, compilation and instantiation of its module, in ms (workerd: CPU time above an empty worker)",
    ["entry", "Node", "Chromium: inlined", "streaming", "without WebAssembly", "workerd"],
    report.startUp.map(({ entry, nodeMs, chromiumMs, workerdCpuMs }) => [
      entry,
      ...[nodeMs, chromiumMs.inline, chromiumMs.streaming, chromiumMs["no-wasm"], workerdCpuMs].map((ms) =>
        ms === undefined ? "" : ms.toFixed(1),
      ),
    ]),
  ),
  ...table(
    "A decision, natively",
    ["what", "time", "allocations", "bytes"],
    (["interpret", "retry", "step", "frame"] as const).map((what) => {
      const { ns: time, allocations, allocatedBytes } = native[what];
      const NAMES = {
        interpret: "interpret",
        retry: "RetryPolicy::wait",
        step: "a supervisor's poll or answer",
        frame: "a viewer's frame",
      };
      return [NAMES[what], ns(time), allocations.toFixed(1), allocatedBytes.toFixed(0)];
    }),
  ),
  ...table(
    "Through WebAssembly, in Node",
    ["what", "time"],
    report.throughWebAssembly.map(({ what, ns: time }) => [what, ns(time)]),
  ),
  ...table(
    "For comparison: a call that succeeds at once, wrapped by a retry library",
    ["library", "time"],
    report.others.map(({ what, ns: time }) => [what, ns(time)]),
  ),
  ...table(
    "Growth: supervisors in one process",
    ["supervisors", "ms per simulated hour", "time per step", "bytes each", "bytes per snapshot"],
    native.growth.map((row) => [
      row.supervisors.toLocaleString("en"),
      row.msPerSimulatedHour.toPrecision(3),
      ns(row.nsPerStep),
      String(row.bytesEach),
      String(row.snapshotBytes),
    ]),
  ),
  ...table(
    "Recovery: from a task's death to the confirmation of its replacement, in simulated s",
    ["source", "median", "95th percentile", "99th", "longest"],
    report.recovery.map((row) => [row.source, row.median, row.p95, row.p99, row.longest]),
  ),
].join("\n");

const folder = join(root, "target", "bench");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
writeFileSync(join(folder, "report.md"), `${text}\n`);
console.log(text);
console.log("target/bench/report.md, target/bench/report.json");

/** A Markdown table with aligned columns. */
function table(heading: string, head: string[], rows: string[][]): string[] {
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const pad = (cell: string, at: number) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0));
  const line = (cells: string[]) => `| ${cells.map(pad).join(" | ")} |`;
  const rule = widths.map((width, at) => (at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [`## ${heading}`, "", line(head), `| ${rule.join(" | ")} |`, ...rows.map(line), ""];
}

/** Rows of the generated table of settings. */
function recovery(): { source: string; median: string; p95: string; p99: string; longest: string }[] {
  const ROWS = {
    "the defaults, a pair of lanes": "polling only, every 120 s",
    "`monitorIntervalMs` 10 s": "polling only, every 10 s",
    "viewers' reports": "viewers' reports",
    notifications: "notifications",
    "notifications and viewers' reports": "notifications and viewers' reports",
    "end reported at once, notifications": "notifications, if the service notices the death at once",
  };
  const lines = readFileSync(join(root, "tests", "simulation", "sweep.md"), "utf8").split("\n");
  return Object.entries(ROWS).map(([setting, source]) => {
    const cells = lines.find((line) => line.startsWith(`| ${setting} |`))?.split("|");
    const [median, p95, p99, longest] = (cells?.[5] ?? "").trim().split(" / ");
    if (!median || !p95 || !p99 || !longest) throw new Error(`tests/simulation/sweep.md has no row "${setting}"`);
    return { source, median, p95, p99, longest };
  });
}
