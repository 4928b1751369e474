/** `wrangler dev`, killed with `kill -9` at random moments and restarted with its stored state. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Emulator } from "steadymix/emulator";
import { startWrangler } from "../../../scripts/wrangler.mjs";
import { startServer } from "../../../src/js/cli/emulator/server.ts";
import { chance } from "../../emulator/js/chance.ts";
import { QUICK } from "../policy.ts";
import { ask, newBroadcast, until } from "./system.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const KILLS = 20;
const IDS = ["first", "second", "third"];
const seed = Number(process.env.STEADYMIX_KILL_SEED ?? Date.now() % 1_000_000);

test(`killed ${KILLS} times (seed ${seed}): no task is unaccounted for, no uid twice`, async (t) => {
  const random = chance(seed);
  const folder = mkdtempSync(join(tmpdir(), "steadymix-"));
  const service = await startServer(
    new Emulator({ startUp: { takesMs: [50, 300] }, answerMs: [2, 50], callsPerSecond: 1000 }),
  );
  // The emulator outlives the process: its Worker only forwards calls.
  writeFileSync(
    join(folder, "wrangler.json"),
    JSON.stringify({
      name: "steadymix-emulator",
      main: join(root, "tests", "worker", "system", "proxy.ts"),
      compatibility_date: "2026-10-01",
      env: { demo: { name: "steadymix-emulator", vars: { SERVICE: service.url } } },
    }),
  );
  const start = () =>
    startWrangler({
      configs: [join(root, "www", "worker", "wrangler.jsonc"), join(folder, "wrangler.json")],
      persistTo: join(folder, "state"),
    });
  let worker = await start();
  t.after(async () => {
    await worker.stop();
    await service.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const lanes = (i: number) => [
    { name: "primary", uids: [9001 + 10 * i, 9002 + 10 * i] },
    { name: "backup", uids: [9101 + 10 * i, 9102 + 10 * i] },
  ];
  for (const [i, id] of IDS.entries()) {
    const body = newBroadcast(id, { lanes: lanes(i), policy: QUICK });
    assert.equal((await ask(worker.url, "POST", "/broadcasts", body)).status, 201);
  }
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, random() * 2500));
    const running = service.emulator.state().tasks.filter((task) => task.running);
    const victim = running[Math.floor(random() * running.length * 1.5)];
    if (victim) service.emulator.control({ type: "kill", taskId: victim.taskId });
    await new Promise((resolve) => setTimeout(resolve, random() * 1500));
    await worker.stop();
    worker = await start();
    // Alarms go off by themselves, without any request.
    assert.deepEqual(service.emulator.state().overlaps, [], `after kill ${kill}`);
  }
  const laneStates = async (id: string): Promise<string[]> =>
    (await ask(worker.url, "GET", `/broadcasts/${id}`)).json.lanes.map(({ state }: { state: string }) => state);
  for (const id of IDS) {
    await until(async () => (await laneStates(id)).every((state) => state === "running"), `${id} runs`, 60_000);
  }
  const orphaned = new Set<string>();
  for (const id of IDS) {
    await ask(worker.url, "DELETE", `/broadcasts/${id}`);
    const state = async () => (await ask(worker.url, "GET", `/broadcasts/${id}`)).json.state;
    await until(async () => (await state()) === "ended", `${id} is over`, 60_000);
    const { events } = (await ask(worker.url, "GET", `/broadcasts/${id}/events`)).json;
    for (const { type, taskId, instanceId } of events) if (type === "orphaned") orphaned.add(taskId ?? instanceId);
  }
  const { tasks, overlaps } = service.emulator.state();
  const living = tasks.filter((task) => task.live && !orphaned.has(task.taskId) && !orphaned.has(task.instanceId));
  assert.deepEqual(living, []);
  assert.deepEqual(overlaps, []);
  t.diagnostic(`${tasks.length} tasks, ${orphaned.size} orphaned`);
});
