/** Measures the import of an entry: reading its script, compiling and instantiating its module. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { rolldown } from "rolldown";
import { launch, root, serve } from "../viewer/browser.ts";
import { configOf, cpuMs, startBinary } from "../worker/workerd.ts";
import { median } from "./timed.ts";

const TIMES = 50;

/** The forms of an entry for pages. */
const HOW = ["inline", "streaming", "no-wasm"] as const;

export interface StartUp {
  entry: string;
  nodeMs: number;
  chromiumMs: Partial<Record<(typeof HOW)[number], number>>;
  /** CPU time above that of an empty worker: clocks stand still in workerd while a worker starts. Only measured on Linux. */
  workerdCpuMs: number | undefined;
}

export async function startUp(entries: { name: string; folder: string }[]): Promise<StartUp[]> {
  const browser = await launch();
  try {
    const rows: StartUp[] = [];
    for (const { name, folder } of entries) {
      const dist = join(root, "dist", folder);
      const inProcesses = Array.from({ length: TIMES }, () => inNode(join(dist, "index.inline.js")));
      const chromiumMs: StartUp["chromiumMs"] = {};
      for (const how of HOW.filter((how) => existsSync(join(dist, `index.${how}.js`))))
        chromiumMs[how] = await inChromium(browser, dist, how);
      const workerdCpuMs = process.platform === "linux" ? await inWorkerd(dist) : undefined;
      rows.push({ entry: name, nodeMs: median(inProcesses), chromiumMs, workerdCpuMs });
    }
    return rows;
  } finally {
    await browser.close();
  }
}

/** The time of the import of a script, in ms. */
async function start(script: string): Promise<number> {
  const began = performance.now();
  await import(script);
  return performance.now() - began;
}

/** Measures in a new process: caches are cold. */
function inNode(script: string): number {
  const program = `console.log(await (${start})(${JSON.stringify(pathToFileURL(script).href)}))`;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" }));
}

/** Measures in new pages with empty caches: one script, and the module's file next to it. */
function inChromium(browser: Browser, dist: string, how: string): Promise<number> {
  return packed(`export * from ${JSON.stringify(join(dist, `index.${how}.js`))};`, dist, async (folder) => {
    writeFileSync(join(folder, "index.html"), "<!doctype html><title></title>");
    const server = await serve(folder);
    try {
      const times: number[] = [];
      for (let i = 0; i < TIMES; i += 1) {
        const page = await browser.newPage();
        await page.goto(server.url);
        times.push(await page.evaluate(start, "/script.js"));
        await page.close();
      }
      return median(times);
    } finally {
      await server.close();
    }
  });
}

function inWorkerd(dist: string): Promise<number> {
  const entry = `import * as all from ${JSON.stringify(join(dist, "index.workerd.js"))};
export default { fetch: () => new Response(Object.keys(all).length) };`;
  return packed(entry, dist, async (folder) => {
    writeFileSync(join(folder, "empty.js"), 'export default { fetch: () => new Response("ok") };');
    const withIt: number[] = [];
    const without: number[] = [];
    for (let i = 0; i < TIMES; i += 1) {
      withIt.push(await cpuOfWorkerd(folder, "script.js", moduleOf(folder)));
      without.push(await cpuOfWorkerd(folder, "empty.js"));
    }
    return median(withIt) - median(without);
  });
}

const moduleOf = (folder: string) => readdirSync(folder).find((file) => file.endsWith(".wasm")) ?? "";

/** Bundles `entry` into `script.js` as an application would, and passes its folder, with the module's file, to `use`. */
async function packed<T>(entry: string, dist: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "steadymix-start-up-"));
  try {
    writeFileSync(join(folder, "entry.js"), entry);
    copyFileSync(join(dist, moduleOf(dist)), join(folder, moduleOf(dist)));
    const bundle = await rolldown({ input: join(folder, "entry.js"), external: /\.wasm$/ });
    await bundle.write({ file: join(folder, "script.js"), minify: true, paths: (id) => `./${basename(id)}` });
    await bundle.close();
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The CPU time of a new workerd until its first answer. */
async function cpuOfWorkerd(folder: string, ...files: string[]): Promise<number> {
  const worker = await startBinary(folder, (port) => configOf(files, port), "/");
  const took = cpuMs(worker.pid);
  worker.stop();
  return took;
}
