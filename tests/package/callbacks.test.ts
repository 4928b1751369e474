/** Callbacks of the application that fail, hang, re-enter or return wrong values, and invalid clocks. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { isSteadymixError, RedundancyGroup, Supervisor, type SupervisorEnv } from "steadymix";
import { loopbackFetch } from "../../src/js/cli/emulator/loopbackFetch.ts";
import { showServices } from "../emulator/js/payload.ts";
import { groupOptions, live, SPEED, supervisorOptions, world } from "./world.ts";

const offline = {
  customerId: "customer",
  customerSecret: "s3cret",
  fetch: () => Promise.reject(new TypeError("no network")),
};

/** Collects the errors that `onError` receives, in short form. */
function errorLog() {
  const errors: string[] = [];
  const onError: SupervisorEnv["onError"] = (error, callback) => {
    errors.push(`${callback}: ${isSteadymixError(error) ? error.code : (error as Error).message}`);
  };
  return { errors, onError };
}

test("after stop(), failing snapshots prevent neither Delete nor the end of run()", async (t) => {
  const ways: Record<string, () => unknown> = {
    rejects: () => Promise.reject(new Error("disk full")),
    throws: () => {
      throw new Error("disk full");
    },
    hangs: () => new Promise(() => {}),
  };
  for (const [way, persist] of Object.entries(ways)) {
    for (const make of [
      (env: SupervisorEnv) => new Supervisor(supervisorOptions, env),
      (env: SupervisorEnv) => new RedundancyGroup(groupOptions, env),
    ]) {
      const { errors, onError } = errorLog();
      let isStopping = false;
      const { server, env, events, event } = await world(
        t,
        {},
        { onError, persist: () => (isStopping ? (persist() as undefined) : undefined) },
      );
      const driven = make(env);
      const outcome = driven.run();
      await event(({ type }) => type === "confirmed");
      isStopping = true;
      driven.stop();
      assert.deepEqual(await outcome, { type: "stopped" }, way);
      assert.deepEqual(live(server), [], way);
      assert.ok(errors.includes(way === "hangs" ? "persist: CALLBACK_TIMEOUT" : "persist: disk full"), errors.join());
      assert.equal(
        events.some(({ type }) => type === "orphaned"),
        false,
        way,
      );
    }
  }
});

test("a persist that is too slow for a Create is reported, and not as a network error", async (t) => {
  const { errors, onError } = errorLog();
  const pending: (() => void)[] = [];
  let isSlow = true;
  const persist = () => (isSlow ? new Promise<void>((resolve) => pending.push(resolve)) : undefined);
  const { server, env, events, event } = await world(t, {}, { onError, persist });
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  const notPersisted = () => events.filter((event) => event.type === "retrying" && event.reason === "notPersisted");
  await event(() => notPersisted().length === 3);
  assert.equal(server.emulator.state().stats.calls.create, undefined, "no Create is sent without its snapshot");
  assert.ok(errors.length > 0 && errors.every((error) => error === "persist: CALLBACK_TIMEOUT"), errors.join());
  isSlow = false;
  for (const resolve of pending) resolve();
  await event(({ type }) => type === "confirmed");
  assert.deepEqual(
    events.filter(({ type }) => type === "domainSwitched"),
    [],
  );
  const others = events.filter((event) => event.type === "retrying" && event.reason !== "notPersisted");
  assert.deepEqual(others, []);
  supervisor.stop();
  await outcome;
});

test("a persist that hangs once is called again", async (t) => {
  const { errors, onError } = errorLog();
  let calls = 0;
  const persist = () => (++calls === 1 ? new Promise<void>(() => {}) : undefined);
  const { env, event } = await world(t, {}, { onError, persist });
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  assert.ok(errors.includes("persist: CALLBACK_TIMEOUT"), errors.join());
  supervisor.stop();
  await outcome;
});

test("an rtcToken that hangs is reported and called again", async (t) => {
  const { errors, onError } = errorLog();
  let calls = 0;
  const rtcToken = () => (++calls === 1 ? new Promise<string>(() => {}) : "a token");
  const { env, event } = await world(t, {}, { onError, rtcToken });
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  assert.ok(errors.includes("rtcToken: CALLBACK_TIMEOUT"), errors.join());
  supervisor.stop();
  await outcome;
});

test("a permit that hangs is reported and called again", async (t) => {
  const { errors, onError } = errorLog();
  let calls = 0;
  const permit = () => (++calls === 1 ? new Promise<number>(() => {}) : 0);
  const { env, event } = await world(t, {}, { onError, acquirePermit: permit });
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  await event(({ type }) => type === "permitFailed");
  assert.ok(errors.includes("acquirePermit: CALLBACK_TIMEOUT"), errors.join());
  supervisor.stop();
  await outcome;
});

test("when permits fail, Queries keep their interval and delay no other call", async (t) => {
  const intervalMs = 20_000;
  const queries: number[] = [];
  let enough = () => {};
  const areEnough = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const { server, env, event } = await world(
    t,
    {},
    { onError: () => {}, acquirePermit: () => Promise.reject(new Error()) },
  );
  const { fetch = globalThis.fetch } = env;
  const counting: typeof fetch = (input, init) => {
    if (init?.method === "GET") queries.push(performance.now() * SPEED);
    if (queries.length === 6) enough();
    return fetch(input, init);
  };
  const others = { ...env, fetch: counting };
  const policy = { monitorIntervalMs: 1000, confirmDelaysMs: [1000], queryNotFoundDelaysMs: [1000] };
  const supervisor = new Supervisor(
    { ...supervisorOptions, policy },
    Object.defineProperty(others, "fallbackQueryIntervalMs", { get: () => intervalMs }),
  );
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  server.emulator.control({ type: "kill", uid: 9001 });
  await event((event) => event.type === "confirmed" && event.uid === 9002);
  await areEnough;
  supervisor.stop();
  await outcome;
  const [first = 0] = queries;
  const elapsedMs = Number(queries.at(-1)) - first;
  // A call may be sent slightly after it was allowed.
  const least = (queries.length - 2) * intervalMs;
  assert.ok(elapsedMs >= least, `${queries.length} Queries within ${elapsedMs} ms`);
  assert.deepEqual(
    server.emulator.state().tasks.filter(({ live }) => live),
    [],
  );
});

test("return values of callbacks are validated", async (t) => {
  const wrong: Record<string, unknown> = {
    undefined: undefined,
    null: null,
    number: 5,
    negative: -1,
    NaN: Number.NaN,
    infinite: Number.POSITIVE_INFINITY,
    bigint: 5n,
    symbol: Symbol("s"),
    boolean: true,
    text: "text",
    "text that is too long": "x".repeat(10_000),
    object: {},
    array: [],
    function: () => {},
    "hostile thenable": new Proxy(
      {},
      {
        get: () => {
          throw new Error("do not wait for me");
        },
      },
    ),
    "not quite a Response": { status: "200", headers: new Headers(), text: async () => "{}" },
  };
  const right: Partial<Record<string, string[]>> = {
    rtcToken: ["undefined", "null", "text"],
    acquirePermit: ["number"],
  };
  const calls = { made: 0 };
  const codes = { rtcToken: "INVALID_RTC_TOKEN", acquirePermit: "INVALID_PERMIT", fetch: "INVALID_RESPONSE" };
  for (const [callback, code] of Object.entries(codes)) {
    for (const [name, value] of Object.entries(wrong)) {
      if (right[callback]?.includes(name)) continue;
      // Every second value is returned in a promise. A hostile thenable cannot be wrapped.
      const given = calls.made++ % 2 === 0 || name === "hostile thenable" ? value : Promise.resolve(value);
      const { errors, onError } = errorLog();
      const { env, event } = await world(t, {}, { onError });
      let asked = 0;
      const real = env[callback as "fetch"];
      const standard = callback === "acquirePermit" ? () => 0 : callback === "rtcToken" ? () => "token" : real;
      const supervisor = new Supervisor(supervisorOptions, {
        ...env,
        [callback]: (...args: Parameters<typeof fetch>) => (++asked === 1 ? given : standard?.(...args)),
      });
      const outcome = supervisor.run();
      await event(({ type }) => type === "confirmed");
      const rejected = callback === "fetch" ? [] : [`${callback}: do not wait for me`];
      const expected = name === "hostile thenable" ? rejected : [`${callback}: ${code}`];
      assert.deepEqual(errors, expected, `${callback} returns ${name}`);
      supervisor.dispose();
      await assert.rejects(outcome, { code: "DISPOSED" });
    }
  }
});

const CLOCKS: Record<string, () => unknown> = {
  "in ns": () => Date.now() * 1e6,
  "in µs": () => Date.now() * 1e3,
  negative: () => -Date.now(),
  NaN: () => Number.NaN,
  infinite: () => Number.POSITIVE_INFINITY,
  "as a bigint": () => BigInt(Date.now()),
  "as text": () => String(Date.now()),
  "as a Date": () => new Date(),
  "as a promise": async () => Date.now(),
  undefined: () => undefined,
  "that throws": () => {
    throw new Error("no time");
  },
};

test("an invalid clock is refused with its name", async () => {
  for (const [how, now] of Object.entries(CLOCKS)) {
    const refused = (error: unknown) => {
      assert.ok(isSteadymixError(error), how);
      assert.deepEqual([error.code, error.field?.replace("()", "")], ["INVALID_OPTIONS", "env.now"], how);
      return true;
    };
    const env = { ...offline, now: now as () => number };
    assert.throws(() => new Supervisor(supervisorOptions, env), refused);
    const sound = new Supervisor(supervisorOptions, offline);
    assert.throws(() => Supervisor.restore(sound.snapshot(), env), refused);

    // The clock breaks during the run: methods that need the time throw, and work again once it is fixed.
    let isBroken = false;
    const breaking = new Supervisor(supervisorOptions, {
      ...offline,
      now: () => (isBroken ? now() : Date.now()) as number,
    });
    const outcome = breaking.run();
    isBroken = true;
    await assert.rejects(outcome, refused);
    await assert.rejects(breaking.advance(), refused);
    for (const act of [() => breaking.stop(), () => breaking.checkNow(), () => breaking.update(showServices())])
      assert.throws(act, refused);
    assert.equal(breaking.status().state, "waiting");
    isBroken = false;
    breaking.stop();
    assert.deepEqual(await breaking.run(), { type: "stopped" });
    sound.dispose();
  }
});

test("a call that waits for its snapshot is not sent if the clock breaks", async (t) => {
  let isBroken = false;
  const calls: string[] = [];
  const { server, env } = await world(t);
  const began = Date.now();
  const supervisor = new Supervisor(supervisorOptions, {
    ...env,
    now: () => (isBroken ? Number.NaN : began + (Date.now() - began) * SPEED),
    fetch: (input, init) => {
      calls.push(String(init?.method));
      return loopbackFetch(server.url)(input, init);
    },
    persist: () => {
      if (calls.length > 0) isBroken = true;
    },
  });
  await assert.rejects(supervisor.run(), { code: "INVALID_OPTIONS", field: "env.now()" });
  assert.deepEqual(calls, ["POST"], "the Acquire");
  supervisor.dispose();
});

test("a clock that is set back by a day delays nothing", { timeout: 60_000 }, async (t) => {
  let back = 0;
  const began = Date.now();
  const now = () => began + (Date.now() - began) * SPEED - back;
  const { server, env, event } = await world(t, {}, { now });
  const supervisor = new Supervisor({ ...supervisorOptions, policy: { monitorIntervalMs: 1000 } }, env);
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  back = 86_400_000;
  server.emulator.control({ type: "kill", uid: 9001 });
  await event((event) => event.type === "confirmed" && event.uid === 9002);
  supervisor.stop();
  await outcome;
});

test("a supervisor restored after its end emits alreadyEnded", async (t) => {
  const { env, event, events } = await world(t);
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  supervisor.stop();
  await outcome;
  events.length = 0;
  const restored = Supervisor.restore(supervisor.snapshot(), env);
  assert.deepEqual(await restored.run(), { type: "stopped" });
  assert.deepEqual(
    events.map(({ type, ...more }) => [type, "outcome" in more && more.outcome]),
    [["alreadyEnded", { type: "stopped" }]],
  );
});

const CALLBACKS = ["fetch", "rtcToken", "persist", "acquirePermit", "onEvent", "onError", "now"] as const;

/** The env with one callback that first calls `act`. */
function interposed(env: SupervisorEnv, within: (typeof CALLBACKS)[number], act: () => void): SupervisorEnv {
  const began = Date.now();
  const whole: SupervisorEnv = { ...env, now: () => began + (Date.now() - began) * SPEED };
  if (within === "onError")
    whole.onEvent = (event) => {
      env.onEvent?.(event);
      throw new Error("calls onError");
    };
  const real = whole[within] as ((...args: never[]) => unknown) | undefined;
  const before = (...args: never[]) => {
    act();
    return real?.(...args);
  };
  return Object.assign(whole, { [within]: before });
}

test("every callback may call every method", async (t) => {
  for (const within of CALLBACKS) {
    const { env, event } = await world(
      t,
      {},
      { acquirePermit: () => 0, persist: () => {}, rtcToken: () => "token", onError: () => {} },
    );
    let supervisor: Supervisor | undefined;
    let depth = 0;
    let times = 0;
    const seen = new Set<string>();
    const meddle = () => {
      // The methods call the clock again.
      if (!supervisor || depth > 0 || times > 20) return;
      times += 1;
      depth += 1;
      const attempts: Record<string, () => unknown> = {
        status: () => supervisor?.status(),
        snapshot: () => supervisor?.snapshot(),
        warnings: () => supervisor?.warnings,
        checkNow: () => supervisor?.checkNow(),
        update: () => supervisor?.update(showServices()),
        notification: () => supervisor?.handleNotification("{}"),
        run: () => supervisor?.run().catch(() => {}),
        advance: () => supervisor?.advance().catch(() => {}),
        another: () => new Supervisor(supervisorOptions, offline).dispose(),
      };
      for (const [name, attempt] of Object.entries(attempts)) {
        try {
          attempt();
        } catch (error) {
          assert.ok(isSteadymixError(error), `${name} within ${within}: ${error}`);
        }
        seen.add(name);
      }
      depth -= 1;
    };
    supervisor = new Supervisor(supervisorOptions, interposed(env, within, meddle));
    const outcome = supervisor.run();
    await event(({ type }) => type === "confirmed");
    assert.equal(seen.size, 9, within);
    supervisor.stop();
    assert.deepEqual(await outcome, { type: "stopped" }, within);
  }
});

test("after dispose() within any callback, nothing runs", async (t) => {
  for (const within of CALLBACKS) {
    const { env } = await world(t, {}, { acquirePermit: () => 0, persist: () => {}, rtcToken: () => "token" });
    let supervisor: Supervisor | undefined;
    const dispose = () => supervisor?.dispose();
    supervisor = new Supervisor(supervisorOptions, interposed(env, within, dispose));
    await assert.rejects(supervisor.run(), { code: "DISPOSED" }, within);
    assert.throws(() => supervisor?.status(), { code: "DISPOSED" });
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test("after dispose() within the clock, no callback is called", async (t) => {
  const { env } = await world(t);
  const asked: string[] = [];
  let supervisor: Supervisor | undefined;
  let reads = 0;
  const now = () => {
    reads += 1;
    if (reads === 3) supervisor?.dispose();
    if (reads > 3) asked.push("now");
    return Date.now();
  };
  const ask = (name: string) => () => {
    asked.push(name);
    return null;
  };
  const permit = () => {
    asked.push("acquirePermit");
    return 0;
  };
  supervisor = new Supervisor(supervisorOptions, { ...env, now, rtcToken: ask("rtcToken"), acquirePermit: permit });
  await assert.rejects(supervisor.run(), { code: "DISPOSED" });
  assert.deepEqual([reads, asked], [3, []]);
});

test("a secret that could not be redacted is refused", () => {
  for (const name of ["customerId", "customerSecret", "notificationSecret"]) {
    const given = { customerId: "customer", customerSecret: "s3cret", [name]: "s3cr3t-abcdef\ud800" };
    assert.throws(
      () => new Supervisor(supervisorOptions, given),
      (error) =>
        isSteadymixError(error) && error.code === "INVALID_OPTIONS" && error.value === "with an unpaired surrogate",
    );
  }
});

test("dispose() aborts calls in flight, and the process ends", async (t) => {
  let signal: AbortSignal | null | undefined;
  let called = () => {};
  const isCalled = new Promise<void>((resolve) => {
    called = resolve;
  });
  const supervisor = new Supervisor(supervisorOptions, {
    ...offline,
    fetch: (_, init) => {
      signal = init?.signal;
      called();
      return new Promise(() => {});
    },
  });
  const outcome = supervisor.run();
  await isCalled;
  assert.equal(signal?.aborted, false);
  supervisor.dispose();
  assert.equal(signal?.aborted, true);
  await assert.rejects(outcome, { code: "DISPOSED" });

  // A service that never answers, and a separate process.
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const program = `
    import { Supervisor } from "steadymix";
    const supervisor = new Supervisor(${JSON.stringify(supervisorOptions)}, {
      customerId: "customer",
      customerSecret: "s3cret",
      persist: () => {},
      fetch: (_, init) => {
        const call = fetch("${address}", init);
        setTimeout(() => supervisor.dispose(), 200);
        return call;
      },
    });
    supervisor.run().catch(({ code }) => console.log(code));`;
  const begun = Date.now();
  const output = await new Promise((resolve, reject) => {
    const args = ["--input-type=module", "--eval", program];
    execFile(process.execPath, args, { cwd: import.meta.dirname, timeout: 60_000 }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
  assert.equal(output, "DISPOSED\n");
  assert.ok(Date.now() - begun < 9_000, `it took ${Date.now() - begun} ms; Acquire's timeout is 10 s`);
});

test("each call uses the current global fetch, without a cache", async (t) => {
  const original = globalThis.fetch;
  t.after(() => {
    globalThis.fetch = original;
  });
  for (const given of [{}, { fetch: undefined }, { fetch: original }]) {
    const { server, env, event } = await world(t);
    const { fetch: _, ...withoutFetch } = env;
    globalThis.fetch = original;
    const supervisor = new Supervisor({ ...supervisorOptions, presence: "always" }, {
      ...withoutFetch,
      ...given,
    } as SupervisorEnv);
    // Replaced later, as msw and OpenTelemetry do.
    const caches = new Map<string, string | undefined>();
    globalThis.fetch = (input, init) => {
      caches.set(`${init?.method} ${String(input).includes("hosts_only") ? "presence" : "task"}`, init?.cache);
      return server.emulator.fetch(input, init);
    };
    const outcome = supervisor.run();
    await event(({ type }) => type === "confirmed");
    supervisor.stop();
    await outcome;
    assert.deepEqual([...caches.keys()].sort(), ["DELETE task", "GET presence", "GET task", "POST task"]);
    assert.deepEqual([...new Set(caches.values())], ["no-store"]);
  }
});
