/** How long it takes until the first decision could be made: the script is read, its module compiled and instantiated. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { launch, root, serve } from "../viewer/browser.ts";
import { median } from "./timed.ts";

const TIMES = 50;

export interface StartUp {
  entry: string;
  nodeMs: number;
  chromiumMs: number;
}

export async function startUp(entries: { name: string; folder: string }[]): Promise<StartUp[]> {
  const server = await serve(join(root, "dist"));
  const browser = await launch();
  try {
    const rows: StartUp[] = [];
    for (const { name, folder } of entries) {
      const inPages: number[] = [];
      for (let i = 0; i < TIMES; i += 1) inPages.push(await inChromium(browser, server.url, `/${folder}`));
      const inProcesses = Array.from({ length: TIMES }, () => inNode(pathToFileURL(join(root, "dist", folder)).href));
      rows.push({ entry: name, nodeMs: median(inProcesses), chromiumMs: median(inPages) });
    }
    return rows;
  } finally {
    await browser.close();
    await server.close();
  }
}

/** In a process of its own, where nothing is warm. */
function inNode(folder: string): number {
  const program = `console.log(await (${start})(${JSON.stringify(folder)}))`;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" }));
}

/** In a page of its own, with nothing in its cache. */
async function inChromium(browser: Browser, server: string, folder: string): Promise<number> {
  const page = await browser.newPage();
  // Any page of the server, so that modules can be imported.
  await page.route(`${server}/`, (route) => route.fulfill({ contentType: "text/html", body: "" }));
  await page.goto(`${server}/`);
  const took = await page.evaluate(start, folder.replace(/\/$/, ""));
  await page.close();
  return took;
}

/** What the entry with the inlined module does, in ms. */
async function start(folder: string): Promise<number> {
  const began = performance.now();
  const { default: module } = await import(`${folder}/core.inline.js`);
  const { initSync } = await import(`${folder}/glue.js`);
  initSync({ module });
  return performance.now() - began;
}
