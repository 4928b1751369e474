import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "steadymix-"));
const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: folder, encoding: "utf8" });
let files: string[] = [];

before(() => {
  const packed = run("npm", "pack", "--json", "--ignore-scripts", "--pack-destination", folder, root);
  const json = JSON.parse(packed) as Record<string, { filename: string; files: { path: string }[] }>;
  const [made] = Object.values(json);
  assert.ok(made);
  files = made.files.map(({ path }) => path);
  writeFileSync(join(folder, "package.json"), "{}");
  run("npm", "install", "--no-audit", "--no-fund", `./${made.filename}`);
});
after(() => rmSync(folder, { recursive: true }));

const PROGRAM = "console.log(JSON.stringify(interpret('create', 206, 65)), typeof Supervisor)";
const SAID = '{"kind":"notCompleted"} function\n';

test("import works from another folder, after npm pack and install", () => {
  const program = `import("steadymix").then(({ interpret, Supervisor }) => ${PROGRAM})`;
  assert.equal(run(process.execPath, "-e", program), SAID);
});

test("so does require", () => {
  const program = `const { interpret, Supervisor } = require("steadymix"); ${PROGRAM}`;
  assert.equal(run(process.execPath, "-e", program), SAID);
});

test("so it does by its file", () => {
  const program = `import { interpret, Supervisor } from "./node_modules/steadymix/dist/index.inline.js"; ${PROGRAM}`;
  writeFileSync(join(folder, "browser.mjs"), program);
  assert.equal(run(process.execPath, "browser.mjs"), SAID);
});

test("the package has what it should, and nothing else", () => {
  const odd = files.filter(
    (path) =>
      !/^(dist\/((viewer|cloudflare|emulator)\/)?[\w.]+|README(\.zh-CN)?\.md|CHANGELOG\.md|LICENSE|package\.json)$/.test(
        path,
      ),
  );
  assert.deepEqual(odd, []);
  for (const path of [
    "dist/core.wasm",
    "dist/index.d.ts",
    "dist/index.workerd.js",
    "dist/cloudflare/entry.js",
    "README.md",
    "LICENSE",
  ]) {
    assert.ok(files.includes(path), path);
  }
});
