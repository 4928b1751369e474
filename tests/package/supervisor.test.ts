import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  DomainFailover,
  isSteadymixError,
  RedundancyGroup,
  type Services,
  type SteadymixEvent,
  Supervisor,
  type SupervisorOptions,
  TokenBucket,
  UidRing,
  validateTask,
} from "steadymix";
import type { Effect } from "steadymix/emulator";
import { loopbackFetch } from "../../src/js/cli/emulator/loopbackFetch.ts";
import { showServices } from "../emulator/js/payload.ts";
import { groupOptions, live, SPEED, supervisorOptions, world } from "./world.ts";

test("launches, confirms and stops", async (t) => {
  const { server, env, events, event } = await world(t);
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  assert.equal(supervisor.status().state, "running");
  assert.deepEqual(
    live(server).map(({ uid, instanceId }) => [uid, instanceId]),
    [[9001, "show-1"]],
  );
  supervisor.stop();
  assert.deepEqual(await outcome, { type: "stopped" });
  assert.deepEqual(live(server), []);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["launching", "created", "confirmed", "stopping", "removed", "stopped"],
  );
});

test("206s that exhaust the backoff schedule switch to the other uid", async (t) => {
  const { server, env, events, event } = await world(t);
  server.emulator.control({
    type: "addRule",
    rule: { call: "create", times: 4, effect: { type: "answer", status: 206 } },
  });
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  const confirmed = await event(({ type }) => type === "confirmed");
  assert.equal(confirmed.uid, 9002);
  const waits = events.flatMap((event) => (event.type === "retrying" ? [event.waitMs] : []));
  assert.deepEqual(waits, [3000, 6000, 9000, undefined]);
  supervisor.stop();
  await outcome;
  assert.deepEqual(live(server), []);
});

test("a lost answer to Create does not make a second task", async (t) => {
  for (const repeatCreate of ["sameTask200", "already201WithId"] as const) {
    const { server, env, event } = await world(t, { profile: { repeatCreate } });
    server.emulator.control({
      type: "addRule",
      rule: { call: "create", times: 1, effect: { type: "performAndLose" } },
    });
    const supervisor = new Supervisor(supervisorOptions, env);
    const outcome = supervisor.run();
    await event(({ type }) => type === "confirmed");
    supervisor.stop();
    await outcome;
    assert.equal(server.emulator.state().tasks.length, 1);
    assert.deepEqual(live(server), []);
  }
});

test("a killed task is replaced under the other uid, with a new RTC token", async (t) => {
  const asked: [number, string][] = [];
  const rtcToken = async (uid: number, channel: string) => {
    asked.push([uid, channel]);
    return `token-of-${uid}`;
  };
  const { server, env, event, events } = await world(t, {}, { rtcToken });
  const supervisor = new Supervisor({ ...supervisorOptions, policy: { monitorIntervalMs: 5000 } }, env);
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  server.emulator.control({ type: "kill", uid: 9001 });
  const relaunched = await event(({ type }) => type === "relaunched");
  assert.equal(relaunched.uid, 9002);
  assert.deepEqual(asked, [
    [0, "studio"],
    [9001, "show"],
    [0, "studio"],
    [9002, "show"],
  ]);
  supervisor.stop();
  await outcome;
  assert.equal(JSON.stringify(events).includes("token-of"), false, "no token in any event");
});

test("a notification triggers an early Query, and a forged one is refused", async (t) => {
  const webhook = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      received(body, request.headers);
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  t.after(() => webhook.close());
  const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}`;
  const profile = { notifications: { secret: "notification-secret", doubledPercent: 100 } };
  const { server, env, event } = await world(
    t,
    { webhook: url, profile },
    { notificationSecret: "notification-secret" },
  );
  const supervisor = new Supervisor({ ...supervisorOptions, policy: { monitorIntervalMs: 3_600_000 } }, env);
  const taken: string[] = [];
  let received = (body: string, headers: NodeJS.Dict<string | string[]>) => {
    taken.push(supervisor.handleNotification(body, headers));
  };
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  server.emulator.control({ type: "kill", uid: 9001 });
  // Without the notification, the next Query would be an hour away.
  await event(({ type }) => type === "relaunched");
  assert.ok(taken.includes("new") && taken.includes("duplicate"), taken.join());
  received = () => {};
  const forged = () => supervisor.handleNotification('{"eventType":111}', { "agora-signature-v2": "00" });
  assert.throws(forged, (error) => isSteadymixError(error) && error.code === "INVALID_SIGNATURE");
  supervisor.stop();
  await outcome;
});

test("test notifications of Agora's console and those of other products are foreign", async (t) => {
  const { env } = await world(t, {}, { notificationSecret: ["the next one", "secret"] });
  const supervisor = new Supervisor(supervisorOptions, env);
  const send = (body: string) => {
    const signature = createHmac("sha256", "secret").update(body).digest("hex");
    return supervisor.handleNotification(body, { "Agora-Signature-V2": signature });
  };
  for (const body of [
    '{"eventType":10,"noticeId":"n","notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}',
    '{"eventType":111,"payload":{"channelName":"show","uid":9001},"productId":1}',
    '{"eventType":31,"payload":{"taskId":"t","serviceScene":"cloud_recording"},"productId":3}',
    '{"eventType":110,"payload":{"taskId":"nobody\'s"}}',
  ]) {
    assert.equal(send(body), "foreign", body);
    // When it is resent, its task may be known.
    assert.equal(send(body), "foreign", body);
  }
  for (const body of ["[]", "no JSON", `"${" ".repeat(1_048_576)}"`]) {
    assert.throws(
      () => send(body),
      (error) => isSteadymixError(error) && error.code === "INVALID_NOTIFICATION",
    );
  }
  supervisor.dispose();
});

test("a payload without RTC tokens causes warnings, unless the application makes them", async (t) => {
  const { env } = await world(t);
  const fields = (more: object) => {
    const supervisor = new Supervisor(supervisorOptions, { ...env, ...more });
    const { warnings } = supervisor;
    supervisor.dispose();
    return warnings.map(({ field }) => field.replace(/^.*transcoder\./, ""));
  };
  assert.deepEqual(fields({}), [
    "audioInputs[0].rtc.rtcToken",
    "videoInputs[0].rtc.rtcToken",
    "outputs[0].rtc.rtcToken",
  ]);
  assert.deepEqual(fields({ rtcToken: () => "token" }), []);
});

test("a valid update reaches the running task, an invalid one is refused", async (t) => {
  const { server, env, event } = await world(t);
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  const moved = showServices();
  for (const output of moved.cloudTranscoder.config.transcoder.outputs)
    output.audioOption = { profileType: "AUDIO_PROFILE_DEFAULT" };
  assert.deepEqual(supervisor.update(moved), [{ lane: "main", via: "update" }]);
  await event(({ type }) => type === "updated");
  assert.equal(live(server)[0]?.sequenceId, 0);
  assert.throws(
    () => supervisor.update(showServices(0)),
    (error) =>
      isSteadymixError(error) &&
      error.code === "INVALID_TASK" &&
      error.field === "services.cloudTranscoder.config.transcoder.idleTimeout",
  );
  supervisor.stop();
  await outcome;
});

test("no Create is sent while snapshots cannot be saved", async (t) => {
  let broken = true;
  const errors: string[] = [];
  const { server, env, event } = await world(
    t,
    {},
    {
      persist: async () => {
        if (broken) throw new Error("disk full");
      },
      onError: (error, callback) => errors.push(`${callback}: ${(error as Error).message}`),
    },
  );
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  await event((event) => event.type === "retrying" && event.reason === "notPersisted");
  assert.equal(server.emulator.state().stats.calls.create, undefined);
  assert.ok(errors.includes("persist: disk full"));
  broken = false;
  await event(({ type }) => type === "confirmed");
  supervisor.stop();
  await outcome;
});

test("an env may be an instance of a class, with inherited callbacks and their `this`", async (t) => {
  const { server, env, event } = await world(t);
  class Base {
    readonly #token = "token";
    readonly kept: string[] = [];
    readonly asked: string[] = [];
    readonly customerId = "customer";
    get customerSecret() {
      return `s3cret of ${this.#token}`;
    }
    get timeScale() {
      return env.timeScale ?? 1;
    }
    persist(snapshot: string) {
      this.kept.push(snapshot);
    }
    rtcToken(uid: number) {
      this.asked.push(`${this.#token} ${uid}`);
      return this.#token;
    }
    fetch: typeof fetch = (input, init) => {
      assert.ok(this.kept.length > 0, "no call is sent before the snapshot");
      return (env.fetch ?? fetch)(input, init);
    };
    onEvent(confirmed: SteadymixEvent) {
      env.onEvent?.(confirmed);
      if (confirmed.type === "confirmed") throw new Error(this.#token);
    }
  }
  class OurHost extends Base {
    readonly errors: string[] = [];
    onError(error: unknown, callback: string) {
      this.errors.push(`${callback}: ${(error as Error).message}`);
    }
  }
  const ours = new OurHost();
  const supervisor = new Supervisor(supervisorOptions, ours);
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  supervisor.stop();
  await outcome;
  assert.deepEqual(ours.asked, ["token 0", "token 9001"]);
  assert.deepEqual(ours.errors, ["onEvent: token"]);
  assert.deepEqual(live(server), []);
});

test("the global fetch in an env is called without a `this`, as browsers require", async (t) => {
  const receivers: unknown[] = [];
  t.mock.method(globalThis, "fetch", function (this: unknown) {
    receivers.push(this);
    return Promise.reject(new TypeError("no network"));
  });
  const { env, event } = await world(t, {}, { fetch });
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  await event(({ type }) => type === "retrying");
  supervisor.stop();
  await outcome;
  assert.deepEqual([...new Set(receivers)], [undefined]);
});

test("onError receives the rejection of an asynchronous onEvent, and its own failure is ignored", async (t) => {
  const { env, event } = await world(t);
  const errors: string[] = [];
  const supervisor = new Supervisor(supervisorOptions, {
    ...env,
    onEvent: async (event) => {
      env.onEvent?.(event);
      throw new Error(event.type);
    },
    persist: () => Promise.reject(new Error("disk full")),
    onError: async (error, callback) => {
      errors.push(`${callback}: ${(error as Error).message}`);
      throw error;
    },
  });
  const outcome = supervisor.run();
  await event(({ type }) => type === "retrying");
  supervisor.stop();
  await outcome;
  assert.ok(errors.includes("onEvent: launching") && errors.includes("persist: disk full"), errors.join());
});

test("a second run() is refused, and readers of the first continue", async (t) => {
  const { env, event } = await world(t);
  const supervisor = new Supervisor(supervisorOptions, env);
  const reader = supervisor[Symbol.asyncIterator]();
  const outcome = supervisor.run();
  await assert.rejects(supervisor.run(), { code: "ALREADY_RUNNING" });
  await event(({ type }) => type === "confirmed");
  supervisor.stop();
  await outcome;
  const types: string[] = [];
  for await (const { type } of reader) types.push(type);
  assert.deepEqual([types[0], types.at(-1)], ["launching", "stopped"]);
});

test("every reader gets every event and ends with the run", async (t) => {
  const { env, events, event } = await world(t);
  const supervisor = new Supervisor(supervisorOptions, env);
  const read = async () => {
    const types: string[] = [];
    for await (const { type } of supervisor) types.push(type);
    return types;
  };
  const readers = [read(), read()];
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  supervisor.stop();
  await outcome;
  const types = events.map(({ type }) => type);
  assert.deepEqual(await Promise.all(readers), [types, types]);
});

test("an abort leaves the tasks alone, and a restore resumes with them", async (t) => {
  const { server, env, event, events } = await world(t);
  const first = new Supervisor(supervisorOptions, env);
  const abort = new AbortController();
  const outcome = first.run(abort.signal);
  await event(({ type }) => type === "created");
  abort.abort(new Error("deploying"));
  await assert.rejects(outcome, /deploying/);
  const snapshot = first.snapshot();
  first.dispose();
  assert.throws(() => first.status(), { code: "DISPOSED" });

  const second = Supervisor.restore(snapshot, env);
  const again = second.run();
  await event(({ type }) => type === "confirmed");
  second.stop();
  await again;
  assert.equal(events.filter(({ type }) => type === "launching").length, 1);
  assert.deepEqual(live(server), []);
  for (const damaged of [snapshot.slice(0, -5), undefined, null, 5, Buffer.from(snapshot)])
    assert.throws(() => Supervisor.restore(damaged as string, env), {
      name: "SteadymixError",
      code: "INVALID_SNAPSHOT",
    });
  // Settings may be untrusted, and a snapshot decides where calls with credentials go.
  const smuggled = { ...supervisorOptions, snapshot } as SupervisorOptions;
  assert.throws(() => new Supervisor(smuggled, env), { code: "INVALID_OPTIONS", field: "options.snapshot" });
});

test("a call that waits for its snapshot at an abort or dispose() is neither sent nor persisted", async (t) => {
  for (const end of ["abort", "dispose"] as const) {
    const abort = new AbortController();
    const calls: string[] = [];
    let written = 0;
    let write = () => {};
    const { server, env } = await world(t);
    const supervisor = new Supervisor(supervisorOptions, {
      ...env,
      fetch: (input, init) => {
        calls.push(String(init?.method));
        return loopbackFetch(server.url)(input, init);
      },
      persist: () => {
        written += 1;
        return new Promise<void>((resolve) => {
          write = resolve;
          // The Create waits for this snapshot.
          if (calls.length > 0)
            setImmediate(() => (end === "abort" ? abort.abort(new Error("abort")) : supervisor.dispose()));
          else resolve();
        });
      },
    });
    await assert.rejects(supervisor.run(abort.signal), end === "abort" ? /abort/ : { code: "DISPOSED" });
    const before = [calls.length, written];
    write();
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([calls.length, written], before, end);
  }
});

test("an abort and dispose() do not wait for the last snapshot", async (t) => {
  for (const end of ["abort", "dispose"] as const) {
    const abort = new AbortController();
    const { env, event } = await world(t);
    let isOver = false;
    const supervisor: Supervisor = new Supervisor(supervisorOptions, {
      ...env,
      onEvent: (event) => {
        env.onEvent?.(event);
        isOver = event.type === "stopped";
      },
      // The last snapshot never completes.
      persist: () => {
        if (!isOver) return;
        setImmediate(() => (end === "abort" ? abort.abort(new Error("abort")) : supervisor.dispose()));
        return new Promise(() => {});
      },
    });
    const outcome = supervisor.run(abort.signal);
    await event(({ type }) => type === "confirmed");
    supervisor.stop();
    await assert.rejects(outcome, end === "abort" ? /abort/ : { code: "DISPOSED" });
  }
});

test("a reader after the end gets no events", async (t) => {
  const { env, event } = await world(t);
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  supervisor.stop();
  await outcome;
  for await (const _ of supervisor) assert.fail("there must be no event");
});

test("a reply that is too large or truncated counts as malformed", async (t) => {
  const { server, env, event, events } = await world(t, {}, { maxResponseBytes: 4096 });
  const large = JSON.stringify({ taskId: "wrong", padding: "x".repeat(5000) });
  const answer = { type: "answer", status: 200, body: large } as const;
  server.emulator.control({ type: "addRule", rule: { call: "create", times: 1, effect: answer } });
  server.emulator.control({ type: "addRule", rule: { call: "query", times: 1, effect: { type: "garbage" } } });
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  supervisor.stop();
  await outcome;
  const retried = events.flatMap((event) => (event.type === "retrying" ? [`${event.call} ${event.reason}`] : []));
  const why = "a truncated body does not prove a status";
  assert.deepEqual(retried, ["create malformed", "query malformed"], why);
  assert.equal(
    events.some(({ taskId }) => taskId === "wrong"),
    false,
  );
});

test("an unreadable reply counts as no answer, and the call is retried", async (t) => {
  const odd: [string, (response: Response) => unknown][] = [
    ["nothing at all", () => undefined],
    ["one without headers", () => ({ status: 200 })],
    [
      "a body that was already read",
      async (response) => {
        await response.text();
        return response;
      },
    ],
  ];
  for (const [name, spoilt] of odd) {
    const { server, env, event, events } = await world(t);
    let calls = 0;
    const supervisor = new Supervisor(supervisorOptions, {
      ...env,
      fetch: async (input, init) => {
        const response = await loopbackFetch(server.url)(input, init);
        calls += 1;
        return (calls <= 2 ? await spoilt(response) : response) as Response;
      },
    });
    const outcome = supervisor.run();
    await event(({ type }) => type === "confirmed");
    supervisor.stop();
    assert.deepEqual(await outcome, { type: "stopped" }, name);
    const retried = events.flatMap((event) => (event.type === "retrying" ? [`${event.call} ${event.reason}`] : []));
    assert.deepEqual(retried, ["acquire noAnswer", "acquire noAnswer"], name);
  }
});

test("a body without a reader, as from another library's fetch, is read", async (t) => {
  const { server, env, event, events } = await world(t, {}, { maxResponseBytes: 4096 });
  const large = { type: "answer", status: 200, body: JSON.stringify({ taskId: "wrong", padding: "x".repeat(5000) }) };
  server.emulator.control({ type: "addRule", rule: { call: "create", times: 1, effect: large as Effect } });
  const supervisor = new Supervisor(supervisorOptions, {
    ...env,
    fetch: async (input, init) => {
      const { status, headers, body } = await loopbackFetch(server.url)(input, init);
      const text = () => new Response(body).text();
      // Headers of Node's `http` module may be arrays.
      const get = (name: string) => (name === "date" ? [headers.get(name)] : headers.get(name));
      return { status, headers: { get }, body: { pipe: () => {} }, text } as unknown as Response;
    },
  });
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  supervisor.stop();
  assert.deepEqual(await outcome, { type: "stopped" });
  const retried = events.flatMap((event) => (event.type === "retrying" ? [`${event.call} ${event.reason}`] : []));
  assert.deepEqual(retried, ["create malformed"]);
});

test("`using` disposes of it, and later calls throw DISPOSED", async (t) => {
  const { env } = await world(t);
  const run = async () => {
    using supervisor = new Supervisor(supervisorOptions, env);
    const outcome = supervisor.run();
    outcome.catch(() => {});
    return { supervisor, outcome };
  };
  const { supervisor, outcome } = await run();
  await assert.rejects(outcome, { code: "DISPOSED" });
  assert.throws(() => supervisor.snapshot(), { code: "DISPOSED" });
  for await (const _ of supervisor) assert.fail("there must be no event");
});

test("after dispose() at or just after any event, nothing runs", async () => {
  for (let last = 1; last <= 6; last += 1) {
    for (const when of [(act: () => void) => act(), queueMicrotask]) {
      let seen = 0;
      const supervisor: Supervisor = new Supervisor(supervisorOptions, {
        customerId: "customer",
        customerSecret: "s3cret",
        timeScale: SPEED,
        fetch: () => Promise.reject(new TypeError("no network")),
        onEvent: () => {
          seen += 1;
          if (seen === last) when(() => supervisor.dispose());
        },
      });
      await assert.rejects(supervisor.run(), { code: "DISPOSED" });
      // An unhandled rejection fails the test here.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});

test("invalid input is named", () => {
  const env = { customerId: "a", customerSecret: "b" };
  const code = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      assert.ok(isSteadymixError(error) && error instanceof Error);
      return [error.code, error.field, error.value];
    }
    return assert.fail("nothing was thrown");
  };
  const make = (change: object) => () => new Supervisor({ ...supervisorOptions, ...change }, env);
  assert.deepEqual(code(make({ uids: [1, 1] })), ["INVALID_OPTIONS", "options.uids", "[1, 1]"]);
  assert.deepEqual(code(make({ uids: [1, 9001] })), ["INVALID_OPTIONS", "options.uids", "1"]);
  assert.deepEqual(code(make({ instanceId: undefined })), ["INVALID_OPTIONS", "options.instanceId", "missing"]);
  assert.deepEqual(code(make({ policy: { confirmDelaysMs: [400_000] } }))[1], "options.policy.confirmDelaysMs");
  assert.deepEqual(code(make({ area: "mars" })), ["INVALID_OPTIONS", "options.area", '"mars"']);
  const noSecret = () => new Supervisor(supervisorOptions, { customerId: "a" } as never);
  assert.deepEqual(code(noSecret), ["INVALID_OPTIONS", "env.customerSecret", "undefined"]);
  const given = (change: object) => () => new Supervisor(supervisorOptions, { ...env, ...change } as never);
  assert.deepEqual(code(given({ onError: "log" })), ["INVALID_OPTIONS", "env.onError", "string"]);
  assert.deepEqual(code(given({ onEvent: "log" })), ["INVALID_OPTIONS", "env.onEvent", "string"]);
  assert.deepEqual(code(given({ fetch: "get" })), ["INVALID_OPTIONS", "env.fetch", "string"]);
  assert.deepEqual(code(given({ notificationSecret: null })), ["INVALID_OPTIONS", "env.notificationSecret", "object"]);
  assert.deepEqual(code(given({ notificationSecret: 5 })), ["INVALID_OPTIONS", "env.notificationSecret", "number"]);
  assert.deepEqual(code(given({ notificationSecret: "" })), ["INVALID_OPTIONS", "env.notificationSecret", "empty"]);
  assert.deepEqual(code(given({ notificationSecret: [] }))[1], "env.notificationSecret");
  assert.deepEqual(code(given({ notificationSecret: ["s", 5] })), [
    "INVALID_OPTIONS",
    "env.notificationSecret[1]",
    "number",
  ]);
  for (const none of [undefined, null]) {
    const noHost = () => new Supervisor(supervisorOptions, none as never);
    assert.deepEqual(code(noHost), ["INVALID_OPTIONS", "env.customerId", "undefined"]);
  }
});

test("values that JSON cannot express and uids outside the ring are named", () => {
  const circular: { itself?: object } = {};
  circular.itself = circular;
  const env = { customerId: "a", customerSecret: "b" };
  using supervisor = new Supervisor(supervisorOptions, env);
  for (const [services, value, field = "services", allowed = "an object"] of [
    [undefined, "undefined"],
    [{ big: 1n }, "an object that JSON cannot express"],
    [circular, "an object that JSON cannot express"],
    [{ cloudTranscoder: [{}, { level: NaN }] }, "NaN", "services.cloudTranscoder[1].level", "a finite number"],
  ] as unknown as [Services, string, string?, string?][]) {
    const named = { field, value, allowed };
    assert.throws(() => supervisor.update(services), { code: "INVALID_TASK", ...named });
    assert.deepEqual(validateTask(services).errors, [named]);
  }
  const asObject = { code: "INVALID_OPTIONS", field: "options", allowed: "an object" };
  assert.throws(() => new Supervisor(circular as never, env), asObject);
  for (const monitorIntervalMs of [NaN, Infinity, -Infinity]) {
    const options = { ...supervisorOptions, policy: { monitorIntervalMs } };
    const named = { field: "options.policy.monitorIntervalMs", value: String(monitorIntervalMs) };
    assert.throws(() => new Supervisor(options, env), { code: "INVALID_OPTIONS", ...named });
  }
  const ring = new UidRing([1, 2]);
  const named = { field: "uid", value: "3", allowed: "one of [1, 2]" };
  assert.throws(() => ring.take(3), { code: "INVALID_OPTIONS", ...named });
});

test("a clock that is set back does not delay permits", () => {
  const now = Date.now();
  const bucket = new TokenBucket({ callsPerSecond: 2, burst: 2 }, now);
  assert.deepEqual([bucket.ask(now, 0, "query"), bucket.ask(now, 1, "query")], [0, 0]);
  // One hour back, the wait has the same length and ends as soon.
  const back = now - 3_600_000;
  assert.equal(bucket.ask(back, 2, "query"), 500);
  assert.equal(bucket.ask(back + 500, 2, "query"), 0);
});

test("a number in a reply that JavaScript cannot represent does not break events, the status or snapshots", async (t) => {
  const { server, env, event, events } = await world(t);
  const rule = { call: "acquire", times: 1, effect: { type: "answer", status: 503, code: 2 ** 53 } } as const;
  server.emulator.control({ type: "addRule", rule });
  const supervisor = new Supervisor(supervisorOptions, env);
  const outcome = supervisor.run();
  await event(({ type }) => type === "confirmed");
  const retrying = events.find(({ type }) => type === "retrying");
  assert.ok(retrying?.type === "retrying" && retrying.status === 503 && retrying.code === undefined);
  assert.equal(supervisor.status().state, "running");
  supervisor.stop();
  assert.deepEqual(await outcome, { type: "stopped" });
});

test("a clock that is set back does not delay the return to a domain", () => {
  const now = Date.now();
  const domains = new DomainFailover("north-america", undefined, 60_000);
  for (let call = 0; call < 2; call++) domains.failed("api.agora.io", "unreachable", now);
  assert.equal(domains.domain(now), "api-us-east-1.agora.io");
  const back = now - 3_600_000;
  assert.equal(domains.domain(back), "api-us-east-1.agora.io");
  assert.equal(domains.domain(back + 60_000), "api.agora.io");
});

/** Answers every call like a proxy that echoes the request. */
const echoing =
  (status: number, written: (text: string) => string): typeof fetch =>
  async (url, init) => {
    const authorization = new Headers(init?.headers).get("authorization") ?? "";
    const message = written(`${authorization} of ${url} ${init?.body}`);
    const headers = { "x-request-id": authorization, "retry-after": "0" };
    return Response.json({ message }, { status, headers });
  };

test("credentials that a proxy echoes in any encoding are in no event and no status", async () => {
  const everyByte = (text: string) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  const ways: ((text: string) => string)[] = [
    (text) => text,
    (text) => text.toUpperCase(),
    everyByte,
    (text) => JSON.stringify({ headers: JSON.stringify({ authorization: text }) }),
    (text) => JSON.stringify(text).replace(/[a-z]/gi, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`),
    () => `customerSecret: ${customerSecret}, customerId: ${customerId}, notifications: ${notificationSecret}`,
  ];
  const [customerId, customerSecret, notificationSecret] = [
    "0a1b2c3d4e5f",
    "s3cret/of+the~customer",
    "s3cret-of-notifications",
  ];
  const header = Buffer.from(`${customerId}:${customerSecret}`).toString("base64");
  const secrets = [customerId, customerSecret, notificationSecret, header.slice(0, 16), everyByte(header).slice(0, 24)];
  for (const written of ways) {
    for (const status of [503, 400]) {
      const events: unknown[] = [];
      const errors: unknown[] = [];
      const env = {
        ...{ customerId, customerSecret, notificationSecret, fetch: echoing(status, written), timeScale: 1000 },
        onEvent: (event: unknown) => {
          if (events.push(event) === 8) enough.abort();
        },
        onError: (error: unknown) => errors.push(error),
      };
      const enough = new AbortController();
      const group = new RedundancyGroup(groupOptions, env);
      await group.run(enough.signal).catch((error: unknown) => assert.equal(error, enough.signal.reason));
      const shown = JSON.stringify([events, group.status(), errors]).toLowerCase();
      assert.ok(events.length > 2 && shown.includes("…"), shown);
      for (const secret of secrets) assert.ok(!shown.includes(secret.toLowerCase()), `${secret} in ${shown}`);
      group.dispose();
    }
  }
});

test("a value that may be a secret is not quoted", () => {
  const env = { customerId: "a", customerSecret: "b" };
  const secret = "s3cret-0123456789";
  const wrong: unknown[] = [
    { ...supervisorOptions, customerSecret: secret },
    { ...supervisorOptions, authorization: [secret] },
    { ...supervisorOptions, policy: { token: secret } },
    { ...supervisorOptions, quota: { password: { a: secret } } },
    { ...supervisorOptions, services: secret },
    { ...supervisorOptions, uids: secret },
    secret,
    [secret],
    { ...supervisorOptions, token: secret, odd: "\ud800" },
  ];
  for (const options of wrong) {
    assert.throws(
      () => new Supervisor(options as SupervisorOptions, env),
      (error: Error) => isSteadymixError(error) && !inspect(error, { depth: 5 }).includes(secret),
      JSON.stringify(options),
    );
  }
  const snapshot = () => Supervisor.restore(`{"customerSecret":"${secret}"}`, env);
  assert.throws(snapshot, (error: Error) => !error.message.includes(secret));
});

test("the exported payload hides secrets and is accepted as an update", async (t) => {
  const { server, env, event } = await world(t);
  const services = showServices();
  const { transcoder } = services.cloudTranscoder.config;
  Object.assign(transcoder, { seiToken: "s3cret-one", layout: { key: ["s3cret-two"] } });
  const supervisor = new Supervisor({ ...supervisorOptions, services }, env);
  const run = supervisor.run();
  await event(({ type }) => type === "confirmed");
  const shown = supervisor.payload as typeof services;
  assert.ok(!JSON.stringify(shown).includes("s3cret"), JSON.stringify(shown));
  assert.equal(shown.cloudTranscoder.config.transcoder.idleTimeout, transcoder.idleTimeout);
  const [output] = shown.cloudTranscoder.config.transcoder.outputs;
  Object.assign(output ?? {}, { audioOption: { profileType: "AUDIO_PROFILE_SPEECH_STANDARD" } });
  assert.deepEqual(supervisor.update(shown), [{ lane: "main", via: "update" }]);
  await event(({ type }) => type === "updated");
  assert.ok(supervisor.snapshot().includes("s3cret-two"));
  assert.ok(!supervisor.snapshot().includes("***"));
  supervisor.stop();
  await run;
  assert.equal(live(server).length, 0);
});

test("a date in Retry-After is relative to the reply's Date, and a date out of range is ignored", async () => {
  const day = 86_400_000;
  const seen: SteadymixEvent[] = [];
  const answers = [
    () => {
      const headers = { date: new Date(day).toUTCString(), "retry-after": new Date(day + 20_000).toUTCString() };
      return new Response("{}", { status: 503, headers });
    },
    () => new Response(`{"tokenName":"name","more":"${"x".repeat(2_000)}"}`),
  ];
  const supervisor = new Supervisor(supervisorOptions, {
    customerId: "a",
    customerSecret: "b",
    maxResponseBytes: 1_024,
    timeScale: 1_000,
    fetch: async () => (answers.shift() ?? (() => new Response("{}", { status: 400 })))(),
    onEvent: (event) => seen.push(event),
  });
  await supervisor.run();
  const retries = seen.filter((event) => event.type === "retrying");
  assert.deepEqual(
    retries.map(({ reason, waitMs }) => [reason, waitMs]),
    [
      ["serverError", 20_000],
      ["malformed", 6_000],
    ],
  );
});

test("no secret is visible from outside", () => {
  const supervisor = new Supervisor(supervisorOptions, {
    customerId: "me",
    customerSecret: "s3cret",
    notificationSecret: "n0tice",
  });
  const shown = inspect(supervisor, { depth: 10, showHidden: true }) + JSON.stringify(supervisor) + String(supervisor);
  assert.doesNotMatch(shown, /s3cret|n0tice/);
  supervisor.dispose();
});
