/** Ended and unreachable objects free their memory by themselves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import v8 from "node:v8";
import vm from "node:vm";
import type { SupervisorEnv, Supervisor as SupervisorOf } from "steadymix";
import { supervisorOptions } from "./world.ts";

v8.setFlagsFromString("--expose-gc");
const collect: () => void = vm.runInNewContext("gc");

// Installed before the package starts its module.
let memory: WebAssembly.Memory | undefined;
const { Instance } = WebAssembly;
WebAssembly.Instance = new Proxy(Instance, {
  construct(of, values) {
    const instance = Reflect.construct(of, values) as WebAssembly.Instance;
    memory ??= instance.exports.memory as WebAssembly.Memory;
    return instance;
  },
});
const { Supervisor, UidRing } = await import("steadymix");
const bytes = () => memory?.buffer.byteLength ?? 0;

/** Every call is refused, so the run ends at once. */
const refusing: SupervisorEnv = {
  customerId: "customer",
  customerSecret: "s3cret",
  timeScale: 1000,
  fetch: async () => new Response("{}", { status: 401 }),
};

async function collected(of: WeakRef<object>): Promise<boolean> {
  for (let attempt = 0; attempt < 50 && of.deref(); attempt += 1) {
    // A WeakRef keeps its target alive until the end of the turn.
    await turn();
    collect();
  }
  return of.deref() === undefined;
}

test("an ended supervisor needs no dispose(), and still has a status", async () => {
  const types: string[] = [];
  const supervisor: SupervisorOf = new Supervisor(supervisorOptions, {
    ...refusing,
    onEvent: ({ type }) => types.push(type),
  });
  const read: string[] = [];
  const reader = (async () => {
    for await (const { type } of supervisor) read.push(type);
  })();
  const outcome = await supervisor.run();
  assert.deepEqual(outcome, { type: "failed", reason: "wrongCredentials" });
  await reader;
  assert.deepEqual(read, types);
  assert.equal(read.at(-1), "failed");
  assert.equal(supervisor.status().state, "failed");
  assert.ok(supervisor.warnings.every(({ field }) => field.endsWith(".rtcToken")));
  assert.deepEqual(await supervisor.run(), outcome);
  assert.equal(await supervisor.advance(), undefined);
  for await (const _ of supervisor) assert.fail("there must be no event");
  supervisor.stop();
  supervisor.checkNow();
  supervisor.update(supervisorOptions.services);
  assert.throws(() => supervisor.handleNotification("{}"), { code: "INVALID_NOTIFICATION" });
  const again = Supervisor.restore(supervisor.snapshot(), refusing);
  assert.equal(again.status().state, "failed");
  assert.deepEqual(await again.run(), outcome);
  for (const one of [supervisor, again]) {
    one.dispose();
    one.dispose();
    assert.throws(() => one.status(), { code: "DISPOSED" });
    await assert.rejects(one.run(), { code: "DISPOSED" });
  }
});

test("ended supervisors that are still referenced use no memory in WebAssembly", async () => {
  const kept: SupervisorOf[] = [];
  const end = async (how: (one: SupervisorOf) => Promise<unknown>) => {
    const one = new Supervisor(supervisorOptions, { ...refusing, onEvent: () => one.status() });
    await how(one);
    kept.push(one);
  };
  const ways: ((one: SupervisorOf) => Promise<unknown>)[] = [
    (one) => one.run(),
    async (one) => {
      while ((await one.advance()) !== undefined) await turn();
    },
  ];
  for (let i = 0; i < 100; i += 1) for (const how of ways) await end(how);
  const before = bytes();
  for (let i = 0; i < 500; i += 1) for (const how of ways) await end(how);
  assert.ok(bytes() - before < 1_000_000, `${kept.length} have taken ${bytes() - before} bytes`);
});

test("unreachable objects are collected, ended or not", async () => {
  const forgotten: Record<string, () => Promise<object>> = {
    "never run": async () => new Supervisor(supervisorOptions, refusing),
    "ended, and referenced by its own callback": async () => {
      const one: SupervisorOf = new Supervisor(supervisorOptions, { ...refusing, onEvent: () => one.status() });
      await one.run();
      return one;
    },
    "with a reader": async () => {
      const one = new Supervisor(supervisorOptions, refusing);
      one[Symbol.asyncIterator]();
      return one;
    },
    interrupted: async () => {
      const one = new Supervisor(supervisorOptions, {
        ...refusing,
        fetch: () => Promise.reject(new TypeError("no network")),
      });
      const abort = new AbortController();
      const outcome = one.run(abort.signal);
      abort.abort(new Error("enough"));
      await assert.rejects(outcome, /enough/);
      return one;
    },
    "a building block": async () => new UidRing([1, 2]),
  };
  for (const [how, make] of Object.entries(forgotten)) {
    const of = await (async () => new WeakRef(await make()))();
    assert.ok(await collected(of), how);
  }
});
