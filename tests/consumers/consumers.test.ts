/**
 * The packed package, imported by whoever may import it: everyone builds, runs, and makes the same calls
 * (`project/src/calls.mjs`): a task is launched and confirmed, and a viewer changes over.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launch, serve } from "../viewer/browser.ts";

const SAID = JSON.stringify({ confirmed: 9001, switched: [1, 2] });
const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "steadymix-consumers-"));
const installed = (...parts: string[]) => join(folder, "node_modules", ...parts);
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: folder, encoding: "utf8", timeout: 120_000, stdio: ["ignore", "pipe", "pipe"] });
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
      `/node_modules/steadymix/dist${entry}/index.browser.js`,
    ]),
  );
  await checkPage(
    folder,
    `<script type="importmap">${JSON.stringify({ imports })}</script><script type="module" src="src/page.mjs"></script>`,
  );
});

/** What the page says when it has made its calls. */
async function checkPage(at: string, script: string, headers: Record<string, string> = {}): Promise<void> {
  writeFileSync(join(at, "index.html"), `<!doctype html><meta charset="utf-8"><title></title>${script}`);
  await checkServed(at, headers);
}

async function checkServed(at: string, headers: Record<string, string> = {}): Promise<void> {
  const server = await serve(at, headers);
  const page = await browser.newPage();
  try {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.goto(server.url);
    await page
      .waitForFunction(() => document.title !== "", undefined, { timeout: 30_000 })
      .catch(() => assert.fail(errors.join("\n") || "the page said nothing"));
    assert.equal(await page.title(), SAID);
  } finally {
    await page.close();
    server.close();
  }
}
