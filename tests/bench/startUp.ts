/** How long it takes until the first decision could be made: compiling the module and making an instance of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch, root, serve } from "../viewer/browser.ts";
import { median } from "./timed.ts";

const TIMES = 50;

export interface StartUp {
  entry: string;
  /** The module beside the code, in ms. */
  nodeMs: number;
  /** The module as text in the code: read, compiled, made, in ms. */
  chromiumMs: number;
}

export async function startUp(entries: { name: string; folder: string }[]): Promise<StartUp[]> {
  const server = await serve(join(root, "dist"));
  const browser = await launch();
  try {
    const rows: StartUp[] = [];
    for (const { name, folder } of entries) {
      // Of its own for each: a page takes some hundred instances.
      const page = await browser.newPage();
      // Any page of the server, so that modules can be imported.
      const empty = { contentType: "text/html", body: "<!doctype html>" };
      await page.route(`${server.url}/`, (route) => route.fulfill(empty));
      await page.goto(`${server.url}/`);
      const url = `${server.url}/${folder === "" ? "" : `${folder}/`}`;
      rows.push({
        entry: name,
        nodeMs: await inNode(join(root, "dist", folder)),
        chromiumMs: median(await page.evaluate(readAndStart, { url, times: TIMES })),
      });
      await page.close();
    }
    return rows;
  } finally {
    await browser.close();
    await server.close();
  }
}

async function inNode(folder: string): Promise<number> {
  const bytes = readFileSync(join(folder, "core.wasm"));
  const took: number[] = [];
  for (let i = 0; i < TIMES; i += 1) {
    // Each has a module of its own: glue keeps the one that it started.
    const { initSync } = await import(`${pathToFileURL(join(folder, "glue.js")).href}?${i}`);
    const module = Buffer.concat([bytes, Uint8Array.of(...section(i))]);
    const began = performance.now();
    initSync({ module });
    took.push(performance.now() - began);
  }
  return median(took);
}

/** A custom section: V8 compiles the same bytes only once. */
function section(i: number): number[] {
  return [0, 3, 1, 0x78, i];
}

/** Runs in the page: what index.inline.js does, once for each glue of its own. */
async function readAndStart({ url, times }: { url: string; times: number }): Promise<number[]> {
  const took: number[] = [];
  const { default: text } = (await import(`${url}core.inline.js`)) as { default: string };
  const half = (at: number) => (text.charCodeAt(at) - 1) & 15;
  for (let i = 0; i < times; i += 1) {
    const { initSync } = await import(`${url}glue.js?${i}`);
    const began = performance.now();
    const length = text.length / 2;
    const module = new Uint8Array(length + 5);
    for (let at = 0; at < length; at++) module[at] = half(2 * at) * 16 + half(2 * at + 1);
    module.set([0, 3, 1, 0x78, i], length);
    initSync({ module });
    took.push(performance.now() - began);
  }
  return took;
}
