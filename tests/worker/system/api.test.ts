/** The routes against their description, with whatever Schemathesis thinks of. */
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

/** Runs it with these flags, about the broadcast `id` if one is given. */
async function search(token: string, flags: string[], id?: string): Promise<string> {
  const config = join(folder, `${id ?? "any"}.toml`);
  // Some of what it thinks of is too large as well.
  const refusals = `[checks]\nnegative_data_rejection.expected-statuses = ["4xx", "5xx"]\n`;
  writeFileSync(config, id === undefined ? refusals : `[parameters]\nid = "${id}"\n${refusals}`);
  const args = [
    ...["--config-file", config, "run", `${worker.url}/api/openapi.json`],
    ...["--header", `Authorization: Bearer ${token}`, "--checks", "all"],
    // What fits the description may still not fit together: two lanes with the same uid, a region of another area.
    ...["--exclude-checks", "positive_data_acceptance"],
    // What is described is seldom allowed by chance: no scenario would get beyond its first step.
    ...["--phases", "coverage,fuzzing"],
    ...["--seed", SEED, "--max-examples", "25", "--request-timeout", "20", "--no-color", ...flags],
  ];
  const { stdout } = await promisify(execFile)(schemathesis, args, { cwd: folder }).catch(({ stdout, stderr }) =>
    assert.fail(`seed ${SEED}\n${stdout}\n${stderr}`),
  );
  return /(\d+) generated/.exec(stdout)?.[0] ?? "";
}

// It answers only when the connection ends: watched in viewers.test.ts.
const NOT_ENDLESS = ["--exclude-operation-id", "watch"];

test("as an operator, about anything", async (t) => {
  t.diagnostic(await search(KEY, NOT_ENDLESS));
});

test("as an operator and as a viewer, about a broadcast that is on", async (t) => {
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
  // All that did it no harm.
  assert.equal(await state(), "live");
});
