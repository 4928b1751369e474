import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";

const demo = join(import.meta.dirname, "..", "..", "scripts", "demo", "main.ts");

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { ...process.env, STEADYMIX_CUSTOMER_SECRET: "" };
  const child = spawn(process.execPath, [demo, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    err += chunk;
  });
  const [code] = (await once(child, "close")) as [number];
  return { code, out, err };
}

test("the demo plays all acts and ends without orphaned tasks", async () => {
  const { code, out, err } = await run("--speed", "100");
  assert.equal(err, "");
  assert.equal(code, 0, out);
  for (let act = 1; act <= 8; act += 1) assert.match(out, new RegExp(`^── ${act}\\. `, "m"));
  assert.match(out, /orphaned tasks +0$/m);
  assert.match(out, /two tasks on one uid +0$/m);
  const wide = out.split("\n").filter((line) => [...line].length > 80);
  assert.deepEqual(wide, [], "lines fit a terminal");
});

test("wrong flags are reported", async () => {
  const wrong = async (...args: string[]) => {
    const { code, err } = await run(...args);
    return [code, err.split("\n")[0]];
  };
  assert.deepEqual(await wrong("--speed", "0"), [2, '--speed is "0", but must be from 1 to 1000']);
  assert.deepEqual(await wrong("--uids", "1,2"), [2, "--uids is for the real service: --app-id is missing"]);
  assert.deepEqual(await wrong("--app-id", "a"), [
    2,
    "the environment variable STEADYMIX_CUSTOMER_SECRET must hold the customer secret",
  ]);
  const [code, line] = await wrong("--sped", "5");
  assert.equal(code, 2);
  assert.match(String(line), /Unknown option '--sped'/);
});

test("--help lists the flags", async () => {
  const { code, out } = await run("--help");
  assert.equal(code, 0);
  assert.match(out, /--app-id ID/);
});
