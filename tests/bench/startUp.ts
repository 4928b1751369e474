/** How long an entry takes to be imported: its script is read, its module compiled and instantiated. */
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

/** How an entry may have its module in a page. */
const HOW = ["inline", "streaming", "no-wasm"] as const;

export interface StartUp {
  entry: string;
  nodeMs: number;
  chromiumMs: Partial<Record<(typeof HOW)[number], number>>;
  /** CPU time, over that of an empty worker: no clock goes on in workerd while a worker starts. Only Linux tells it. */
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

/** What the import of a script takes, in ms. */
async function start(script: string): Promise<number> {
  const began = performance.now();
  await import(script);
  return performance.now() - began;
}

/** In a process of its own, where nothing is warm. */
function inNode(script: string): number {
  const program = `console.log(await (${start})(${JSON.stringify(pathToFileURL(script).href)}))`;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" }));
}

/** In pages of their own, with nothing in their caches: one script, and the module's file beside it. */
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

/** Gives a folder with `script.js`, all that `entry` imports as an application would have it, and the module's file. */
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

/** Of a workerd of its own, until it has answered for the first time. */
async function cpuOfWorkerd(folder: string, ...files: string[]): Promise<number> {
  const worker = await startBinary(folder, (port) => configOf(files, port), "/");
  const took = cpuMs(worker.pid);
  worker.stop();
  return took;
}
