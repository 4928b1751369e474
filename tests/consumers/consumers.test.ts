/**
 * The packed package, imported by whoever may import it: everyone builds, runs, and makes the same calls
 * (`project/src/calls.mjs`): a task is launched and confirmed, and a viewer changes over.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { launch, serve } from "../viewer/browser.ts";
import { startBinary } from "../worker/workerd.ts";

const SAID = JSON.stringify({ confirmed: 9001, switched: [1, 2] });
const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "steadymix-consumers-"));
// As it is now: Vite, in this process, sets NODE_ENV, which Next takes amiss.
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
const installed = (...parts: string[]) => join(folder, "node_modules", ...parts);
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: 120_000,
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
const npx = (name: string, ...args: string[]) => run(installed(".bin", name), ...args);
let browser: Browser;

before(async () => {
  cpSync(join(import.meta.dirname, "project"), folder, { recursive: true });
  const packed = JSON.parse(run("npm", "pack", "--json", "--ignore-scripts", root)) as Record<
    string,
    { filename: string }
  >;
  const [made] = Object.values(packed);
  assert.ok(made);
  run("npm", "install", "--no-audit", "--no-fund", `./${made.filename}`);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

for (const version of [20, 22, 24]) {
  const node = installed(`node-${version}`, "bin", "node");
  test(`Node ${version}`, () => assert.equal(run(node, "src/terminal.mjs").trim(), SAID));
  test(`Node ${version}, require`, () => assert.equal(run(node, "src/terminal.cjs").trim(), SAID));
}

test("Bun", () => assert.equal(npx("bun", "src/terminal.mjs").trim(), SAID));
test("Deno", () => assert.equal(npx("deno", "run", "--allow-all", "src/terminal.mjs").trim(), SAID));

test("Vitest", () => {
  npx("vitest", "run", "--globals", "src/calls.test.mjs");
});

test("Jest", () => {
  const config = JSON.stringify({ testMatch: ["**/*.test.mjs"], transform: {}, moduleFileExtensions: ["mjs", "js"] });
  run(process.execPath, "--experimental-vm-modules", installed("jest", "bin", "jest.js"), "--config", config);
});

test("Vite, on the server", () => {
  npx("vite", "build", "--ssr", "src/terminal.mjs", "--outDir", "out/ssr", "--logLevel", "warn");
  assert.equal(run(process.execPath, "out/ssr/terminal.js").trim(), SAID);
});

test("esbuild, for Node", () => {
  npx("esbuild", "src/terminal.mjs", "--bundle", "--platform=node", "--format=esm", "--outfile=out/node/terminal.mjs");
  assert.equal(run(process.execPath, "out/node/terminal.mjs").trim(), SAID);
});

/** Without any configuration for WebAssembly: what each needs to find packages of npm's, and no more. */
const BUNDLERS: Record<string, (to: string) => void> = {
  esbuild: (to) => npx("esbuild", "src/page.mjs", "--bundle", "--format=esm", `--outfile=${to}/page.js`),
  "esbuild, classic script": (to) =>
    npx("esbuild", "src/page.mjs", "--bundle", "--format=iife", `--outfile=${to}/page.js`),
  Rollup: (to) =>
    npx(
      "rollup",
      "src/page.mjs",
      "-p",
      "@rollup/plugin-node-resolve={browser:true}",
      "-f",
      "es",
      "-o",
      `${to}/page.js`,
    ),
  Rolldown: (to) => npx("rolldown", "src/page.mjs", "--platform", "browser", "-o", `${to}/page.js`),
  webpack: (to) => run(process.execPath, "webpack.mjs", join(folder, to)),
  Vite: (to) => npx("vite", "build", "--config", "vite.page.mjs", "--outDir", to, "--logLevel", "warn"),
};

for (const [name, build] of Object.entries(BUNDLERS)) {
  test(name, async () => {
    const to = `out/${name.replaceAll(/\W+/g, "-").toLowerCase()}`;
    mkdirSync(join(folder, to), { recursive: true });
    build(to);
    await checkPage(
      join(folder, to),
      `<script ${name.includes("classic") ? "defer" : 'type="module"'} src="page.js"></script>`,
    );
  });
}

// Parcel reads a package's `exports` only if it is told to: see the project's package.json.
test("Parcel", async () => {
  mkdirSync(join(folder, "out", "parcel"), { recursive: true });
  writeFileSync(
    join(folder, "parcel.html"),
    `<!doctype html><title></title><script type="module" src="src/page.mjs"></script>`,
  );
  npx("parcel", "build", "parcel.html", "--dist-dir", "out/parcel", "--no-cache");
  renameSync(join(folder, "out", "parcel", "parcel.html"), join(folder, "out", "parcel", "index.html"));
  await checkServed(join(folder, "out", "parcel"));
});

test("a strict content security policy", async () => {
  mkdirSync(join(folder, "out", "csp"), { recursive: true });
  npx("esbuild", "src/page.mjs", "--bundle", "--format=esm", "--outfile=out/csp/page.js");
  await checkPage(join(folder, "out", "csp"), '<script type="module" src="page.js"></script>', {
    "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'",
  });
});

test("a page without a bundler", async () => {
  const imports = Object.fromEntries(
    ["", "/viewer", "/emulator"].map((entry) => [
      `steadymix${entry}`,
      `/node_modules/steadymix/dist${entry}/index.inline.js`,
    ]),
  );
  await checkPage(
    folder,
    `<script type="importmap">${JSON.stringify({ imports })}</script><script type="module" src="src/page.mjs"></script>`,
  );
});

test("Vite, its development server", async () => {
  const { createServer } = await import(pathToFileURL(installed("vite", "dist", "node", "index.js")).href);
  writeFileSync(
    join(folder, "dev.html"),
    `<!doctype html><title></title><script type="module" src="/src/page.mjs"></script>`,
  );
  const server = await createServer({ root: folder, logLevel: "warn", server: { host: "127.0.0.1", port: 0 } });
  try {
    await server.listen();
    await checkAt(`http://127.0.0.1:${server.httpServer.address().port}/dev.html`);
  } finally {
    await server.close();
  }
});

test("a web worker, an iframe, and each entry twice in one page", async () => {
  const to = join(folder, "out", "places");
  mkdirSync(to, { recursive: true });
  for (const name of ["entries", "inWorker", "page"]) {
    npx("esbuild", `src/${name}.mjs`, "--bundle", "--format=esm", `--outfile=${to}/${name}.js`);
  }
  writeFileSync(join(to, "inner.html"), `<!doctype html><title></title><script type="module" src="page.js"></script>`);
  await checkPage(
    to,
    `<iframe src="inner.html"></iframe><script type="module">
      const inWorker = new Promise((resolve, reject) => {
        const worker = new Worker("inWorker.js", { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      });
      const inFrame = new Promise((resolve) => {
        const look = setInterval(() => {
          const said = document.querySelector("iframe").contentDocument.title;
          if (said === "") return;
          clearInterval(look);
          resolve(said);
        }, 20);
      });
      const [one, two] = await Promise.all([import("./entries.js?1"), import("./entries.js?2")]);
      if (one.Supervisor === two.Supervisor) throw new Error("it is the same module");
      const all = new Set(await Promise.all([inWorker, inFrame, one.calls(one), two.calls(two)]));
      document.title = [...all].join(", ");
    </script>`,
  );
});

test("workerd, bundled by wrangler", async () => {
  const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const flags = ["--name", "consumer", "--compatibility-date", "2026-10-01", "--outdir", "out/worker"];
  run(process.execPath, wrangler, "deploy", "--dry-run", ...flags, "src/worker.mjs");
  const text = JSON.stringify;
  const modules = readdirSync(join(folder, "out", "worker"))
    .filter((file) => /\.(js|wasm)$/.test(file))
    // The entry first.
    .sort((a, b) => a.slice(-4).localeCompare(b.slice(-4)))
    .map((file) =>
      file.endsWith(".js")
        ? `(name = ${text(file)}, esModule = embed ${text(`out/worker/${file}`)})`
        : `(name = ${text(`./${file}`)}, wasm = embed ${text(`out/worker/${file}`)})`,
    );
  const config = (port: number) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (compatibilityDate = "2026-10-01", modules = [${modules}]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);`;
  const worker = await startBinary(folder, config, "/");
  try {
    assert.equal(await (await fetch(worker.url)).text(), SAID);
  } finally {
    worker.stop();
  }
});

test("Next.js, a client component and a route on its edge runtime", async () => {
  npx("next", "build", "next");
  const next = installed("next", "dist", "bin", "next");
  const args = [next, "start", "next", "--hostname", "127.0.0.1", "--port", "0"];
  const server = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let said = "";
      server.stdout.on("data", (text) => {
        said += text;
        const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
        if (address) resolve(address);
      });
      server.once("exit", () => reject(new Error(said)));
    });
    await checkAt(url);
    assert.equal(await (await fetch(`${url}/api/calls`)).text(), SAID);
  } finally {
    server.kill();
  }
});

/** What the page says when it has made its calls. */
async function checkPage(at: string, script: string, headers: Record<string, string> = {}): Promise<void> {
  writeFileSync(join(at, "index.html"), `<!doctype html><meta charset="utf-8"><title></title>${script}`);
  await checkServed(at, headers);
}

async function checkServed(at: string, headers: Record<string, string> = {}): Promise<void> {
  const server = await serve(at, headers);
  try {
    await checkAt(server.url);
  } finally {
    server.close();
  }
}

async function checkAt(url: string): Promise<void> {
  const page = await browser.newPage();
  try {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.goto(url);
    await page
      .waitForFunction(() => document.title !== "", undefined, { timeout: 30_000 })
      .catch(() => assert.fail(errors.join("\n") || "the page said nothing"));
    assert.equal(await page.title(), SAID);
  } finally {
    await page.close();
  }
}
