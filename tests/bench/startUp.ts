/** How long an entry takes to be imported: its script is read, its module compiled and instantiated. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { rolldown } from "rolldown";
import { launch, root, serve } from "../viewer/browser.ts";
import { cpuMs, startBinary } from "../worker/workerd.ts";
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
  return bundled(`export * from ${JSON.stringify(join(dist, `index.${how}.js`))};`, dist, async (folder) => {
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
  return bundled(entry, dist, async (folder) => {
    writeFileSync(join(folder, "empty.js"), 'export default { fetch: () => new Response("ok") };');
    const withIt: number[] = [];
    const without: number[] = [];
    for (let i = 0; i < TIMES; i += 1) {
      withIt.push(await cpuOfWorkerd(folder, "script.js"));
      without.push(await cpuOfWorkerd(folder, "empty.js"));
    }
    return median(withIt) - median(without);
  });
}

/** Gives a folder with `script.js`, all that `entry` imports as an application would have it, and `core.wasm`. */
async function bundled<T>(entry: string, dist: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "steadymix-start-up-"));
  try {
    writeFileSync(join(folder, "entry.js"), entry);
    copyFileSync(join(dist, "core.wasm"), join(folder, "core.wasm"));
    const bundle = await rolldown({ input: join(folder, "entry.js"), external: /core\.wasm$/ });
    await bundle.write({ file: join(folder, "script.js"), minify: true, paths: () => "./core.wasm" });
    await bundle.close();
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of a workerd of its own, until it has answered for the first time. */
async function cpuOfWorkerd(folder: string, script: string): Promise<number> {
  const modules = [
    `(name = "main.js", esModule = embed "${script}")`,
    ...(script !== "empty.js" ? ['(name = "./core.wasm", wasm = embed "core.wasm")'] : []),
  ];
  const worker = await startBinary(
    folder,
    (port) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (compatibilityDate = "2026-10-01", modules = [${modules.join(", ")}]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);`,
    "/",
  );
  const took = cpuMs(worker.pid);
  worker.stop();
  return took;
}
