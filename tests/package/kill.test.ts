import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { GroupStatus, SteadymixEvent } from "steadymix";
import { Emulator } from "steadymix/emulator";
import { startServer } from "../../src/js/cli/emulator/server.ts";
import { chance } from "../emulator/js/chance.ts";
import { live, SPEED, type World } from "./world.ts";

const KILLS = 20;
const seed = Number(process.env.STEADYMIX_KILL_SEED ?? Date.now() % 1_000_000);

type Message = { event?: SteadymixEvent; status?: GroupStatus; outcome?: unknown };

test(`killed at ${KILLS} random calls (seed ${seed}), restored each time: no task is unaccounted for`, async (t) => {
  const random = chance(seed);
  const folder = mkdtempSync(join(tmpdir(), "steadymix-"));
  t.after(() => rmSync(folder, { recursive: true }));
  let onCall: () => void = () => {};
  const server = await startServer(new Emulator({}, SPEED), { onCall: () => onCall() });
  t.after(() => server.close());
  const orphaned = new Set<string>();
  const start = () => {
    const child = fork(join(import.meta.dirname, "broadcast.ts"), [
      server.url,
      join(folder, "snapshot"),
      String(SPEED),
    ]);
    child.on("message", ({ event }: Message) => {
      if (event?.type === "orphaned") orphaned.add(event.instanceId ?? "");
    });
    t.after(() => child.kill("SIGKILL"));
    return child;
  };

  const moments: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    trouble(server, random);
    const child = start();
    const calls = 1 + Math.floor(random() * 8);
    const answered = random() < 0.5;
    moments.push(`${calls}${answered ? "a" : "p"}`);
    await nth(calls, (act) => {
      onCall = act;
    });
    // The call is carried out. Kill the process before or after the answer.
    if (answered) await new Promise((resolve) => setTimeout(resolve, server.emulator.real(200)));
    child.kill("SIGKILL");
    await once(child, "exit");
    onCall = () => {};
  }
  t.diagnostic(`killed after calls ${moments.join(" ")} (p: carried out, a: answered)`);

  server.emulator.control({ type: "clearRules" });
  const child = start();
  const status = await running(child);
  const known = new Set(
    status.lanes.flatMap(({ tasks }) => tasks.map(({ taskId, instanceId }) => taskId ?? instanceId)),
  );
  const unknown = live(server).filter(({ taskId, instanceId }) => !known.has(taskId) && !known.has(instanceId));
  assert.deepEqual(unknown, [], "every live task is known");
  child.send("stop");
  await once(child, "exit");
  const forgotten = live(server).filter(({ instanceId }) => !orphaned.has(instanceId));
  assert.deepEqual(forgotten, [], "after stop(), every live task was reported as orphaned");
  assert.deepEqual(server.emulator.state().overlaps, []);
  assert.ok(server.emulator.state().tasks.length >= 4, "the process launched tasks between the kills");
});

/** Injects faults that cause launches, and so Creates. */
function trouble(server: World["server"], random: () => number): void {
  server.emulator.control({ type: "clearRules" });
  const kills = random() < 0.6;
  for (const { taskId } of live(server)) if (kills) server.emulator.control({ type: "kill", taskId });
  const effects = [
    { type: "performAndLose" },
    { type: "performThenAnswer", status: 206 },
    { type: "answer", status: 503 },
    { type: "delay", ms: 3000 },
  ] as const;
  const effect = effects[Math.floor(random() * effects.length)] ?? effects[0];
  if (random() < 0.6) server.emulator.control({ type: "addRule", rule: { call: "create", times: 2, effect } });
}

function nth(count: number, listen: (act: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    listen(() => {
      seen += 1;
      if (seen === count) resolve();
    });
  });
}

/** Resolves with the status once all lanes run. */
async function running(child: ChildProcess): Promise<GroupStatus> {
  for (;;) {
    const [message] = (await once(child, "message")) as [Message];
    if (message.status?.lanes.every(({ state }) => state === "running")) return message.status;
    if (message.status === undefined) child.send("status");
  }
}
