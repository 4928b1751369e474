import assert from "node:assert/strict";
import { test } from "node:test";
import { Supervisor } from "steadymix";
import { Emulator } from "steadymix/emulator";
import { SPEED, supervisorConfig } from "./world.ts";

test("the stand-in serves users' own tests, without a server", { timeout: 60_000 }, async () => {
  const emulator = new Emulator({ seed: 7 }, SPEED);
  emulator.control({ kind: "addRule", rule: { call: "create", times: 2, effect: { kind: "answer", status: 503 } } });
  const supervisor = new Supervisor(
    { ...supervisorConfig, policy: { monitorIntervalMs: 5000 } },
    { customerId: "customer", customerSecret: "s3cret", fetch: emulator.fetch, timeScale: SPEED },
  );
  const seen: string[] = [];
  const events = supervisor[Symbol.asyncIterator]();
  const outcome = supervisor.run();
  for await (const event of events) {
    seen.push(event.type);
    if (event.type === "confirmed" && event.uid === 9001) emulator.control({ kind: "kill", uid: event.uid });
    if (event.type === "relaunched") break;
  }
  supervisor.stop();
  assert.deepEqual(await outcome, { kind: "stopped" });
  assert.deepEqual(seen.slice(0, 4), ["launching", "retrying", "retrying", "created"]);
  assert.deepEqual(
    emulator.state().tasks.map(({ uid, live }) => [uid, live]),
    [
      [9001, false],
      [9002, false],
    ],
  );
});
