// The package as its consumers' tools read it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "steadymix-"));
let tarball: Buffer;

before(() => {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder, root];
  const json = JSON.parse(execFileSync("npm", args, { encoding: "utf8" })) as Record<string, { filename: string }>;
  const [made] = Object.values(json);
  assert.ok(made);
  tarball = readFileSync(join(folder, made.filename));
});
after(() => rmSync(folder, { recursive: true }));

test("publint has nothing to say", async () => {
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: arrayBuffer(tarball) } });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg)),
    [],
  );
});

test("types are found wherever the code is", async () => {
  const checked = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
  assert.ok(checked.types);
  // CommonJS gets ESM, which Node's `require` takes from 20.19 on; and Node 10 knew no `exports`.
  const known = new Set(["CJSResolvesToESM", "NoResolution"]);
  const odd = checked.problems.filter(
    (problem) => !known.has(problem.kind) || ("resolutionKind" in problem && problem.resolutionKind === "bundler"),
  );
  assert.deepEqual(odd, []);
  assert.ok(checked.problems.some((problem) => problem.kind === "CJSResolvesToESM"));
});

function arrayBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
