import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { installed } from "./installed.ts";

const root = join(import.meta.dirname, "..", "..");
const { folder, files, tarball } = installed();
after(() => rmSync(folder, { recursive: true }));
const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: folder, encoding: "utf8" });

const PROGRAM = "console.log(JSON.stringify(interpret('create', 206, 65)), typeof Supervisor)";
const SAID = '{"type":"notCompleted"} function\n';

test("import works from another folder, after npm pack and install", () => {
  const program = `import("steadymix").then(({ interpret, Supervisor }) => ${PROGRAM})`;
  assert.equal(run(process.execPath, "-e", program), SAID);
});

test("require works", () => {
  const program = `const { interpret, Supervisor } = require("steadymix"); ${PROGRAM}`;
  assert.equal(run(process.execPath, "-e", program), SAID);
});

test("import by file works", () => {
  const program = `import { interpret, Supervisor } from "./node_modules/steadymix/dist/index.inline.js"; ${PROGRAM}`;
  writeFileSync(join(folder, "browser.mjs"), program);
  assert.equal(run(process.execPath, "browser.mjs"), SAID);
});

test("the package has all its files and no others", () => {
  const odd = files.filter(
    (path) =>
      !/^(dist\/((viewer(\/transports)?|cloudflare|cli(\/\w+)?|emulator|serve(\/pages(\/console)?(\/assets)?)?)\/)?[\w.-]+|README(\.zh-CN)?\.md|www\/docs\/(zh\/)?guide\/\w+\.md|www\/docs\/public\/failover(\.zh)?\.png|CHANGELOG\.md|SECURITY\.md|LICENSE-(MIT|APACHE)|package\.json)$/.test(
        path,
      ),
  );
  assert.deepEqual(odd, []);
  for (const path of [
    "dist/core.wasm",
    "dist/index.d.ts",
    "dist/index.workerd.js",
    "dist/cloudflare/entry.js",
    "dist/cli/main.js",
    "dist/serve/worker.js",
    "dist/serve/emulator.js",
    "dist/serve/pages/console/index.html",
    "dist/serve/THIRD-PARTY-NOTICES.txt",
    "dist/serve/pages/THIRD-PARTY-NOTICES.txt",
    "dist/THIRD-PARTY-NOTICES.txt",
    "README.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "SECURITY.md",
  ]) {
    assert.ok(files.includes(path), path);
  }
});

test("the package has the notices of all crates in its modules", () => {
  const notices = readFileSync(join(folder, "node_modules", "steadymix", "dist", "THIRD-PARTY-NOTICES.txt"), "utf8");
  const tree = (...of: string[]) =>
    execFileSync(
      "cargo",
      ["tree", "--locked", "--offline", "--target", "wasm32-unknown-unknown", "--prefix", "none", ...of],
      {
        cwd: root,
        encoding: "utf8",
      },
    );
  const wasm = [
    tree("-p", "steadymix", "-e", "normal,no-proc-macro", "--features", "small-allocator"),
    tree("-p", "steadymix-emulator", "-e", "normal,no-proc-macro"),
  ].join("");
  const crates = new Set(
    [...wasm.matchAll(/^(?!steadymix)(\S+) v(\S+)/gm)].map(([, name, version]) => `${name} ${version}`),
  );
  assert.ok(crates.size >= 30, `${crates.size} crates`);
  const missing = [...crates, "The Rust standard library,"].filter((crate) => !notices.includes(`\n${crate} `));
  assert.deepEqual(missing, []);
  // Every licence text names the copyright holder. The Apache License contains the word, too.
  const [, ...texts] = notices.split(`${"=".repeat(80)}\n`);
  for (const text of texts) assert.match(text, /copyright/i);
});

test("no file of the package contains a path of the build machine", () => {
  const cargo = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const rustup = process.env.RUSTUP_HOME ?? join(homedir(), ".rustup");
  const places = [root, cargo, rustup, `${homedir()}/`];
  const found = files.flatMap((file) => {
    const bytes = readFileSync(join(folder, "node_modules", "steadymix", file));
    return places.filter((place) => bytes.includes(place)).map((place) => `${file}: ${place}`);
  });
  assert.deepEqual(found, []);
});

test("the crate has its sources, what its README links to, and no other files", () => {
  const listed = execFileSync("cargo", ["package", "--list", "--allow-dirty", "-p", "steadymix"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const odd = listed
    .trim()
    .split("\n")
    .filter(
      (path) =>
        !/^(src\/[\w/]+\.rs|www\/docs\/(zh\/)?guide\/\w+\.md|Cargo\.(lock|toml|toml\.orig)|\.cargo_vcs_info\.json)$/.test(
          path,
        ),
    );
  assert.deepEqual(odd, [
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "README.zh-CN.md",
    "SECURITY.md",
    "www/docs/public/failover.png",
    "www/docs/public/failover.zh.png",
  ]);
});

test("publint reports nothing", async () => {
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: new Uint8Array(tarball).buffer } });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg)),
    [],
  );
});

test("types resolve wherever the code does", async () => {
  const checked = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  assert.ok(checked.types);
  // CommonJS gets ESM, which Node's `require` supports from 20.19 on. Node 10 does not support `exports`.
  const known = new Set(["CJSResolvesToESM", "NoResolution"]);
  const odd = checked.problems.filter(
    (problem) => !known.has(problem.kind) || ("resolutionKind" in problem && problem.resolutionKind === "bundler"),
  );
  assert.deepEqual(odd, []);
  assert.ok(checked.problems.some((problem) => problem.kind === "CJSResolvesToESM"));
});
