/** The Worker as it would be deployed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..", "..", "..");

test("the Worker for production can be built, and contains nothing of the emulator", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "steadymix-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(root, "node_modules", "wrangler", "bin", "wrangler.js"),
      ...["deploy", "--dry-run", "-c", join(root, "www", "worker", "wrangler.jsonc")],
      ...["--env", "production", "--outdir", folder],
    ],
    { cwd: folder, encoding: "utf8", env: { ...process.env, CI: "1", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false" } },
  );
  assert.equal(status, 0, stdout + stderr);
  for (const name of ["BROADCAST", "APP_QUOTA", "RELAY", "QUOTA"]) assert.match(stdout, new RegExp(`env\\.${name}\\b`));
  assert.doesNotMatch(stdout, /AGORA_SERVICE|demonstration/i);
  const modules = readdirSync(folder).filter((file) => file.endsWith(".wasm"));
  assert.equal(modules.length, 1);
  assert.match(modules[0] ?? "", /core\.wasm$/);
});
