/** One build at a time in a clone; stale locks are taken over. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { lock, locked } from "../../scripts/build/lock.mjs";

const folder = mkdtempSync(join(tmpdir(), "steadymix-lock-"));
const file = join(folder, "lock");
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => rmSync(file, { force: true }));

/** Runs a program with `lock` and `file` in another process. */
function inAnotherProcess(program: string) {
  const module = JSON.stringify(join(import.meta.dirname, "..", "..", "scripts", "build", "lock.mjs"));
  const code = `import { lock } from ${module}; const file = ${JSON.stringify(file)}; ${program}`;
  return spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
}

test("concurrent processes get the lock one after the other", async () => {
  const log = join(folder, "log");
  writeFileSync(log, "");
  const program = `
    import { appendFileSync } from "node:fs";
    for (let i = 0; i < 5; i++) {
      const release = await lock(file);
      appendFileSync(${JSON.stringify(log)}, "in ");
      await new Promise((resolve) => setTimeout(resolve, 5));
      appendFileSync(${JSON.stringify(log)}, "out\\n");
      release();
    }`;
  const codes = await Promise.all([1, 2, 3].map(async () => (await once(inAnotherProcess(program), "exit"))[0]));
  assert.deepEqual(codes, [0, 0, 0]);
  assert.equal(readFileSync(log, "utf8"), "in out\n".repeat(15));
});

test("a process that waits prints the owner once", async () => {
  const release = await lock(file);
  const owners: string[] = [];
  const second = locked(
    file,
    async () => "done",
    (owner) => void owners.push(owner),
  );
  // It tries the lock before it waits.
  await new Promise((resolve) => setImmediate(resolve));
  release();
  assert.equal(await second, "done");
  assert.equal(owners.length, 1);
  assert.match(owners[0] ?? "", new RegExp(`process ${process.pid}$`));
});

test("the lock of a process that was killed is taken over", async () => {
  const holder = inAnotherProcess("await lock(file); console.log('held'); setInterval(() => {}, 1000);");
  await once(holder.stdout, "data");
  holder.kill("SIGKILL");
  await once(holder, "exit");
  const release = await lock(file);
  assert.equal(JSON.parse(readFileSync(file, "utf8")).pid, process.pid);
  release();
});

test("a process that ends without a release leaves no lock", async () => {
  await once(inAnotherProcess("await lock(file); process.exit(0);"), "exit");
  assert.throws(() => readFileSync(file), /ENOENT/);
});

test("a lock without a heartbeat is taken over, even if its process id is in use", async () => {
  writeFileSync(file, JSON.stringify({ pid: process.pid, command: "start" }));
  const old = new Date(Date.now() - 120_000);
  utimesSync(file, old, old);
  const owners: string[] = [];
  const release = await lock(file, (owner) => void owners.push(owner));
  assert.deepEqual(owners, []);
  release();
});

test("a failure releases the lock", async () => {
  await assert.rejects(
    locked(file, async () => {
      appendFileSync(file, "");
      throw new Error("no");
    }),
    /no/,
  );
  assert.throws(() => readFileSync(file), /ENOENT/);
});
