/** Pages without WebAssembly, as in iOS' Lockdown Mode, or under a policy that forbids it: an import must not end their script. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launch, root, serve } from "./browser.ts";

let browser: Browser;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

type Entry = typeof import("steadymix/viewer");

/**
 * Uses an entry in a page. Returns the error of a first viewer, and the first step of a second one after another entry was
 * imported.
 */
async function tryIn(page: Page, entry: string): Promise<{ code: unknown; message: string; step: unknown }> {
  return page.evaluate(async (entry) => {
    const { Failover } = (await import(`/viewer/${entry}`)) as Entry;
    const make = () => new Failover([9001, 9101], {}, 0);
    let error: { code?: unknown; message?: string } = {};
    try {
      make();
    } catch (thrown) {
      error = thrown as typeof error;
    }
    await import("/viewer/index.no-wasm.js" as string);
    const failover = make();
    failover.handle(0, { type: "connection", state: "connected" });
    failover.handle(0, { type: "published", uid: 9101, kind: "video" });
    return { code: error.code, message: String(error.message), step: failover.poll(0) };
  }, entry);
}

for (const [why, headers, script] of [
  ["no WebAssembly", {}, "delete globalThis.WebAssembly"],
  ["a policy without 'wasm-unsafe-eval'", { "content-security-policy": "script-src 'self'; connect-src 'self'" }, ""],
] as const)
  for (const entry of ["index.inline.js", "index.streaming.js"])
    test(`${why}, ${entry}: it can be imported, throws NO_WEBASSEMBLY, and works with the entry without WebAssembly`, async () => {
      const server = await serve(join(root, "dist"), headers);
      const page = await browser.newPage();
      try {
        if (script) await page.addInitScript(script);
        await page.goto(`${server.url}/index.js`);
        const { code, message, step } = await tryIn(page, entry);
        assert.equal(code, "NO_WEBASSEMBLY", message);
        assert.match(message, /^WebAssembly cannot be used here \(.+\)\. Import "steadymix\/viewer\/no-wasm" first/);
        assert.deepEqual(step, { type: "subscribe", uid: 9101, kind: "video" });
      } finally {
        await page.close();
        await server.close();
      }
    });

test("the same in Node", async () => {
  const script = `
    delete globalThis.WebAssembly;
    const { Failover } = await import("${root}/dist/viewer/index.inline.js");
    try { new Failover([1, 2], {}, 0); console.log("made"); } catch (error) { console.log(error.name, error.code); }
  `;
  const { execFileSync } = await import("node:child_process");
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.equal(printed.trim(), "SteadymixError NO_WEBASSEMBLY");
});
