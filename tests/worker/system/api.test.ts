/** Compares the routes with their description, with requests that Schemathesis generates. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { startWrangler } from "../../../scripts/wrangler.mjs";
import { ask, KEY, newBroadcast, until } from "./system.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const schemathesis = join(root, "target", "tools", "schemathesis", "bin", "schemathesis");
const folder = mkdtempSync(join(tmpdir(), "steadymix-"));
const SEED = "20261123";
let worker: Awaited<ReturnType<typeof startWrangler>>;

before(async () => {
  worker = await startWrangler();
});
after(async () => {
  await worker?.stop();
  rmSync(folder, { recursive: true });
});

/** Runs Schemathesis with these flags, with `id` as the broadcast if given. */
async function search(token: string, flags: string[], id?: string): Promise<string> {
  const config = join(folder, `${id ?? "any"}.toml`);
  // Some generated requests are too large.
  const refusals = `[checks]\nnegative_data_rejection.expected-statuses = ["4xx", "5xx"]\n`;
  writeFileSync(config, id === undefined ? refusals : `[parameters]\nid = "${id}"\n${refusals}`);
  const args = [
    ...["--config-file", config, "run", `${worker.url}/api/openapi.json`],
    ...["--header", `Authorization: Bearer ${token}`, "--checks", "all"],
    // Values that match the description may still conflict: two lanes with the same uid, a region of another area.
    ...["--exclude-checks", "positive_data_acceptance"],
    // Random payloads are seldom valid: no scenario would get beyond its first step.
    ...["--phases", "coverage,fuzzing"],
    ...["--seed", SEED, "--max-examples", "25", "--request-timeout", "20", "--no-color", ...flags],
  ];
  const { stdout } = await promisify(execFile)(schemathesis, args, { cwd: folder }).catch(({ stdout, stderr }) =>
    assert.fail(`seed ${SEED}\n${stdout}\n${stderr}`),
  );
  return /(\d+) generated/.exec(stdout)?.[0] ?? "";
}

// This route answers until the connection ends; viewers.test.ts tests it.
const NOT_ENDLESS = ["--exclude-operation-id", "watch"];

test("as an operator, with any broadcast", async (t) => {
  t.diagnostic(await search(KEY, NOT_ENDLESS));
});

test("as an operator and as a viewer, with a running broadcast", async (t) => {
  const id = "searched";
  assert.equal((await ask(worker.url, "POST", "/broadcasts", newBroadcast(id))).status, 201);
  const state = async () => (await ask(worker.url, "GET", `/broadcasts/${id}`)).json.state;
  await until(async () => (await state()) === "live", "live");
  const about = ["getBroadcast", "getEvents", "makeViewerToken", "updateBroadcast"];
  t.diagnostic(
    await search(
      KEY,
      about.flatMap((one) => ["--include-operation-id", one]),
      id,
    ),
  );
  const { token } = (await ask(worker.url, "POST", `/broadcasts/${id}/viewer-tokens`, {})).json;
  t.diagnostic(await search(token, ["--include-operation-id", "getOnAir", "--include-operation-id", "report"], id));
  // The broadcast is still running.
  assert.equal(await state(), "live");
});
