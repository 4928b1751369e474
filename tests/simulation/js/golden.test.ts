/** Golden traces in WebAssembly: the core's outputs are the same in every runtime as natively. */
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { goldenLines, initSync } from "../../../target/build/release/simulation/simulation.js";
import { launch, serve } from "../../viewer/browser.ts";
import { startBinary } from "../../worker/workerd.ts";

const MODULES = ["simulation.js", "simulation_bg.wasm"];
const committed = readFileSync(join(import.meta.dirname, "..", "golden.txt"), "utf8");
const seeds = committed.trimEnd().split("\n").length;
/** Seeds in one call. */
const CHUNK = 500;
let folder = "";

before(() => {
  folder = mkdtempSync(join(tmpdir(), "steadymix-"));
  const built = join(import.meta.dirname, "..", "..", "..", "target", "build", "release", "simulation");
  for (const module of MODULES) copyFileSync(join(built, module), join(folder, module));
});

after(() => rmSync(folder, { recursive: true, force: true }));

async function assertUnchanged(lines: (first: number, last: number) => Promise<string>): Promise<void> {
  let text = "";
  for (let first = 1; first <= seeds; first += CHUNK) text += await lines(first, Math.min(first + CHUNK - 1, seeds));
  assert.deepEqual(text.split("\n"), committed.split("\n"));
}

// In parallel: each test keeps one processor busy.
describe("the golden traces", { concurrency: true }, () => {
  test("in Chromium", async () => {
    writeFileSync(
      join(folder, "index.html"),
      `<!doctype html><script type="module">
        import load, { goldenLines } from "./simulation.js";
        await load({ module_or_path: "./simulation_bg.wasm" });
        window.goldenLines = goldenLines;
      </script>`,
    );
    const [browser, server] = [await launch(), await serve(folder)];
    try {
      const page = await browser.newPage();
      await page.goto(server.url);
      await page.waitForFunction("window.goldenLines");
      await assertUnchanged((first, last) => page.evaluate<string>(`goldenLines(${first}, ${last})`));
    } finally {
      await browser.close();
      await server.close();
    }
  });

  test("in workerd", async () => {
    writeFileSync(
      join(folder, "worker.js"),
      `import { goldenLines, initSync } from "./simulation.js";
      import module from "./simulation_bg.wasm";
      initSync({ module });
      export default {
        fetch(request) {
          const [first, last] = new URL(request.url).pathname.slice(1).split("-").map(Number);
          return new Response(goldenLines(first, last));
        },
      };`,
    );
    const workerd = await startBinary(
      folder,
      (port) => `using Workerd = import "/workerd/workerd.capnp";
        const config :Workerd.Config = (
          services = [(name = "main", worker = .main)],
          sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
        );
        const main :Workerd.Worker = (
          modules = [
            (name = "worker.js", esModule = embed "worker.js"),
            (name = "simulation.js", esModule = embed "simulation.js"),
            (name = "simulation_bg.wasm", wasm = embed "simulation_bg.wasm"),
          ],
          compatibilityDate = "2026-10-01",
        );`,
      "/1-0",
    );
    try {
      await assertUnchanged(async (first, last) => (await fetch(`${workerd.url}/${first}-${last}`)).text());
    } finally {
      workerd.stop();
    }
  });

  test("in Node", async () => {
    initSync({ module: readFileSync(join(folder, "simulation_bg.wasm")) });
    // This process also serves the other tests.
    await assertUnchanged(async (first, last) => {
      await nextTurn();
      return goldenLines(first, last);
    });
  });
});
