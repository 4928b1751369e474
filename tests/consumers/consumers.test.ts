/**
 * Imports the packed package in every supported runtime, bundler and test runner. Each makes the same calls
 * (`project/src/calls.mjs`): a task is launched and confirmed, and a viewer switches.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { consumersFolder } from "../../scripts/build/install.mjs";
import { lock } from "../../scripts/build/lock.mjs";
import { launch, serve } from "../viewer/browser.ts";
import { configOf, startBinary } from "../worker/workerd.ts";

const RESULT = JSON.stringify({ confirmed: 9001, switched: [1, 2] });
const RESULT_WITHOUT_WASM = JSON.stringify({ wasm: false, switched: [1, 2] });
const root = join(import.meta.dirname, "..", "..");
// The consumers' packages are already installed. Only Steadymix is installed for each run.
const folder = consumersFolder();
// Copied before Vite sets NODE_ENV in this process: Next does not accept its value.
const env: NodeJS.ProcessEnv = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
const installed = (...parts: string[]) => join(folder, "node_modules", ...parts);
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: 200_000,
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
const npx = (name: string, ...args: string[]) => run(installed(".bin", name), ...args);
let browser: Browser;

/** Removes the files of an earlier run. */
const clear = () => {
  for (const name of readdirSync(folder))
    if (!/^(node_modules|package(-lock)?\.json|installed)$/.test(name)) rmSync(join(folder, name), { recursive: true });
};

// Other clones share the folder.
let release = () => {};

before(async () => {
  release = await lock(`${folder}.lock`);
  clear();
  cpSync(join(import.meta.dirname, "project"), folder, { recursive: true });
  mkdirSync(join(folder, "out"));
  const packed = JSON.parse(run("npm", "pack", "--json", "--ignore-scripts", root)) as Record<
    string,
    { filename: string }
  >;
  const [made] = Object.values(packed);
  assert.ok(made);
  run("npm", "install", "--no-save", "--no-audit", "--no-fund", `./${made.filename}`);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  clear();
  release();
});

for (const version of [20, 22, 24]) {
  const node = installed(`node-${version}`, "bin", "node");
  test(`Node ${version}`, () => assert.equal(run(node, "src/terminal.mjs").trim(), RESULT));
  test(`Node ${version}, require`, () => assert.equal(run(node, "src/terminal.cjs").trim(), RESULT));
  test(`Node ${version}, the streaming entries`, () =>
    assert.equal(run(node, "src/terminal.streaming.mjs").trim(), RESULT));
}

test("Node without WebAssembly, and React Native's condition", () => {
  const result = run(process.execPath, "--conditions", "react-native", "src/terminal.noWasm.mjs");
  assert.equal(result.trim(), RESULT_WITHOUT_WASM);
});

// The installed engine is for Linux on x64.
test("Hermes, bundled by Metro", { skip: process.platform !== "linux" || process.arch !== "x64" }, () => {
  npx("metro", "build", "native/app.mjs", "--config", "native/metro.config.cjs", "--out", "out/native.js");
  assert.equal(
    run(installed("hermes-engine-cli", "linux64-bin", "hermes"), "out/native.js").trim(),
    RESULT_WITHOUT_WASM,
  );
});

test("Bun", () => assert.equal(npx("bun", "src/terminal.mjs").trim(), RESULT));
test("Deno", () => assert.equal(npx("deno", "run", "--allow-all", "src/terminal.mjs").trim(), RESULT));

test("Vitest", () => {
  npx("vitest", "run", "--globals", "src/calls.test.mjs");
});

test("Jest", () => {
  const config = JSON.stringify({ testMatch: ["**/*.test.mjs"], transform: {}, moduleFileExtensions: ["mjs", "js"] });
  run(process.execPath, "--experimental-vm-modules", installed("jest", "bin", "jest.js"), "--config", config);
});

test("Vite, on the server", () => {
  npx("vite", "build", "--ssr", "src/terminal.mjs", "--outDir", "out/ssr", "--logLevel", "warn");
  assert.equal(run(process.execPath, "out/ssr/terminal.js").trim(), RESULT);
});

test("esbuild, for Node", () => {
  npx("esbuild", "src/terminal.mjs", "--bundle", "--platform=node", "--format=esm", "--outfile=out/node/terminal.mjs");
  assert.equal(run(process.execPath, "out/node/terminal.mjs").trim(), RESULT);
});

const PAGE_SCRIPT = '<script type="module" src="page.js"></script>';

/** Only the configuration that each bundler needs for npm packages, and none for WebAssembly. */
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

// Parcel reads a package's `exports` only if the project's package.json enables it.
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
  await checkPage(join(folder, "out", "csp"), PAGE_SCRIPT, {
    "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'",
  });
});

test("a content security policy that forbids WebAssembly", async () => {
  mkdirSync(join(folder, "out", "noWasm"), { recursive: true });
  npx("esbuild", "src/page.noWasm.mjs", "--bundle", "--format=esm", "--outfile=out/noWasm/page.js");
  await checkPage(
    join(folder, "out", "noWasm"),
    PAGE_SCRIPT,
    { "content-security-policy": "default-src 'none'; script-src 'self'" },
    { result: RESULT_WITHOUT_WASM },
  );
});

/** Bundlers that copy the module's file. */
const STREAMING: Record<string, (to: string) => void> = {
  webpack: (to) => run(process.execPath, "webpack.mjs", join(folder, to), "./src/page.streaming.mjs"),
  Vite: (to) => {
    env.PAGE = "src/page.streaming.mjs";
    try {
      npx("vite", "build", "--config", "vite.page.mjs", "--outDir", to, "--logLevel", "warn");
    } finally {
      delete env.PAGE;
    }
  },
};

for (const [name, build] of Object.entries(STREAMING)) {
  test(`${name}, the streaming entries`, async () => {
    const to = `out/streaming-${name.toLowerCase()}`;
    build(to);
    await checkPage(join(folder, to), PAGE_SCRIPT, {}, { modules: 2 });
  });
}

test("the streaming entries with a content security policy and another content type", async () => {
  const to = join(folder, "out", "streaming-csp");
  mkdirSync(to, { recursive: true });
  npx("esbuild", "src/page.streaming.mjs", "--bundle", "--format=esm", `--outfile=${to}/page.js`);
  // esbuild does not copy these files.
  copyFileSync(installed("steadymix", "dist", "core.wasm"), join(to, "core.wasm"));
  copyFileSync(installed("steadymix", "dist", "viewer", "viewer.wasm"), join(to, "viewer.wasm"));
  const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";
  const typed = { ".wasm": "application/wasm; charset=utf-8" };
  await checkPage(
    to,
    PAGE_SCRIPT,
    { "content-security-policy": `${policy}; connect-src 'self'` },
    { modules: 2, types: typed },
  );
  await assert.rejects(
    checkPage(to, PAGE_SCRIPT, { "content-security-policy": policy }),
    /cannot load WebAssembly from http:\S+\.wasm: Failed to fetch/,
  );
});

test("the streaming entries without the module's file report its address", async () => {
  const to = join(folder, "out", "without-file");
  mkdirSync(to, { recursive: true });
  npx("esbuild", "src/page.streaming.mjs", "--bundle", "--format=esm", `--outfile=${to}/page.js`);
  await assert.rejects(
    checkPage(to, PAGE_SCRIPT),
    /cannot load WebAssembly from http:\/\/127\.0\.0\.1:\d+\/(core|viewer)\.wasm: HTTP 404/,
  );
});

test("a page without a bundler", () => checkPage(folder, withoutBundler("inline", "page")));

test("a page without a bundler, the streaming entries", () =>
  checkPage(folder, withoutBundler("streaming", "page.streaming"), {}, { modules: 2 }));

function withoutBundler(how: "inline" | "streaming", page: string): string {
  const dist = "/node_modules/steadymix/dist";
  const suffix = how === "inline" ? "" : `/${how}`;
  const imports = {
    [`steadymix${suffix}`]: `${dist}/index.${how}.js`,
    [`steadymix/viewer${suffix}`]: `${dist}/viewer/index.${how}.js`,
    "steadymix/emulator": `${dist}/emulator/index.inline.js`,
  };
  return `<script type="importmap">${JSON.stringify({ imports })}</script><script type="module" src="src/${page}.mjs"></script>`;
}

test("Vite's development server", async () => {
  const { createServer } = await import(pathToFileURL(installed("vite", "dist", "node", "index.js")).href);
  for (const [file, page] of [
    ["dev.html", "page"],
    ["dev.streaming.html", "page.streaming"],
  ])
    writeFileSync(
      join(folder, file as string),
      `<!doctype html><title></title><script type="module" src="/src/${page}.mjs"></script>`,
    );
  const server = await createServer({ root: folder, logLevel: "warn", server: { env: "127.0.0.1", port: 0 } });
  try {
    await server.listen();
    const url = `http://127.0.0.1:${server.httpServer.address().port}`;
    await checkAt(`${url}/dev.html`);
    await checkAt(`${url}/dev.streaming.html`, { modules: 2 });
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
        const timer = setInterval(() => {
          const result = document.querySelector("iframe").contentDocument.title;
          if (result === "") return;
          clearInterval(timer);
          resolve(result);
        }, 20);
      });
      const [one, two] = await Promise.all([import("./entries.js?1"), import("./entries.js?2")]);
      if (one.Supervisor === two.Supervisor) throw new Error("both imports are the same module");
      const all = new Set(await Promise.all([inWorker, inFrame, one.calls(one), two.calls(two)]));
      document.title = [...all].join(", ");
    </script>`,
  );
});

test("workerd, bundled by wrangler", async () => {
  const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const flags = ["--name", "consumer", "--compatibility-date", "2026-10-01", "--outdir", "out/worker"];
  run(process.execPath, wrangler, "deploy", "--dry-run", ...flags, "src/worker.mjs");
  const files = readdirSync(join(folder, "out", "worker"))
    .filter((file) => /\.(js|wasm)$/.test(file))
    // workerd needs the entry first.
    .sort((a, b) => a.slice(-4).localeCompare(b.slice(-4)))
    .map((file) => `out/worker/${file}`);
  const worker = await startBinary(folder, (port) => configOf(files, port), "/");
  try {
    assert.equal(await (await fetch(worker.url)).text(), RESULT);
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
      let output = "";
      server.stdout.on("data", (text) => {
        output += text;
        const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
        if (address) resolve(address);
      });
      server.once("exit", () => reject(new Error(output)));
    });
    await checkAt(url);
    assert.equal(await (await fetch(`${url}/api/calls`)).text(), RESULT);
  } finally {
    server.kill();
  }
});

/** Serves a page with this script and checks its result. */
async function checkPage(
  at: string,
  script: string,
  headers: Record<string, string> = {},
  expected: Expected = {},
): Promise<void> {
  writeFileSync(join(at, "index.html"), `<!doctype html><meta charset="utf-8"><title></title>${script}`);
  await checkServed(at, headers, expected);
}

async function checkServed(at: string, headers: Record<string, string> = {}, expected: Expected = {}): Promise<void> {
  const server = await serve(at, headers, expected.types);
  try {
    await checkAt(server.url, expected);
  } finally {
    server.close();
  }
}

interface Expected {
  /** The page's title after the calls. */
  result?: string;
  /** How many WebAssembly modules the page fetches. */
  modules?: number;
  /** Content types by file extension that the server sends instead of the right ones. */
  types?: Record<string, string>;
}

async function checkAt(url: string, { result = RESULT, modules = 0 }: Expected = {}): Promise<void> {
  const page = await browser.newPage();
  try {
    const errors: string[] = [];
    let fetched = 0;
    page.on("response", (response) => {
      if (new URL(response.url()).pathname.endsWith(".wasm")) fetched += 1;
    });
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    const broken = new Promise<never>((_, reject) => page.once("pageerror", reject));
    // The error may occur before anything awaits it.
    broken.catch(() => {});
    await page.goto(url);
    const finished = page
      .waitForFunction(() => document.title !== "", undefined, { timeout: 30_000 })
      .catch(() => assert.fail(errors.join("\n") || "the page has no result"));
    await Promise.race([finished, broken]);
    assert.equal(await page.title(), result);
    assert.equal(fetched, modules);
  } finally {
    await page.close();
  }
}
