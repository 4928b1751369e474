import assert from "node:assert/strict";
import { test } from "node:test";
import { isSteadymixError, RedundancyGroup } from "steadymix";
import { countingDepartures, groupOptions, live, SPEED, world } from "./world.ts";

test("when the primary dies, the next Query puts the backup on air, where it stays", async (t) => {
  const { server, env, events, event } = await world(t);
  const group = new RedundancyGroup({ ...groupOptions, policy: { monitorIntervalMs: 5000 } }, env);
  const outcome = group.run();
  const confirmed = (lane: string) => event((event) => event.type === "confirmed" && event.lane === lane);
  await Promise.all([confirmed("primary"), confirmed("backup")]);
  const first = group.status().onAir;
  assert.ok(first);
  server.emulator.control({ type: "kill", uid: first.uid });
  const moved = await event((event) => event.type === "onAir" && event.fromUid === first.uid);
  assert.ok(moved.type === "onAir" && moved.toUid !== undefined && moved.toLane !== first.lane);
  const relaunched = await event(({ type }) => type === "relaunched");
  assert.equal(relaunched.lane, first.lane);
  assert.equal(group.status().onAir?.uid, moved.toUid, "sticky");
  group.stop();
  assert.deepEqual(await outcome, { type: "stopped" });
  assert.deepEqual(live(server), []);
  assert.deepEqual(server.emulator.state().overlaps, []);
  assert.equal(
    events.some(({ type }) => type === "orphaned"),
    false,
  );
});

test("the outage of a domain is bypassed", async (t) => {
  const { server, env, events, event } = await world(t);
  const rule = { domain: "api.agora.io", effect: { type: "dns" } } as const;
  server.emulator.control({ type: "addRule", rule });
  const group = new RedundancyGroup(groupOptions, env);
  const outcome = group.run();
  await event((event) => event.type === "confirmed" && event.lane === "backup");
  const switched = events.find(({ type }) => type === "domainSwitched");
  assert.ok(switched?.type === "domainSwitched");
  assert.deepEqual([switched.from, switched.to], ["api.agora.io", "api.sd-rtn.com"]);
  group.stop();
  await outcome;
  assert.deepEqual(live(server), []);
});

test("the rate limit holds for all lanes together", async (t) => {
  const { env, event } = await world(t);
  const lanes = Array.from({ length: 6 }, (_, i) => ({ name: `lane ${i}`, uids: [100 + 2 * i, 101 + 2 * i] }));
  const counting = countingDepartures(env);
  const group = new RedundancyGroup({ ...groupOptions, lanes }, counting.env);
  const outcome = group.run();
  await Promise.all(lanes.map(({ name }) => event((event) => event.type === "confirmed" && event.lane === name)));
  group.stop();
  await outcome;
  assert.ok(counting.calls() >= 4 * lanes.length);
  assert.ok(counting.mostInASecond() <= 10, `${counting.mostInASecond()} calls in one second`);
});

test("with a shared rate limit, each call has a permit", async (t) => {
  const asked: string[] = [];
  const { server, env, event, events } = await world(
    t,
    {},
    {
      acquirePermit: ({ lane, call }) => {
        asked.push(`${lane} ${call}`);
        return asked.length === 1 ? 700 : 0;
      },
    },
  );
  const group = new RedundancyGroup(groupOptions, env);
  const outcome = group.run();
  await event(({ type, lane }) => type === "confirmed" && lane === "backup");
  group.stop();
  await outcome;
  assert.deepEqual(live(server), []);
  const { calls } = server.emulator.state().stats;
  const granted = asked.slice(1);
  const times = (call: string) => granted.filter((one) => one.endsWith(` ${call}`)).length;
  for (const lane of [0, 1])
    for (const call of ["acquireAndCreate", "create"])
      assert.ok(granted.includes(`${lane} ${call}`), `${lane} ${call}`);
  // A busy machine may use a permit too late, and ask for another one.
  const permits = { acquire: times("acquireAndCreate"), create: times("create"), delete: times("delete") };
  for (const call of ["acquire", "create", "delete"] as const)
    assert.ok((calls[call] ?? 0) <= permits[call], `${call}: ${calls[call]} calls, ${permits[call]} permits`);
  assert.ok(!events.some(({ type }) => type === "permitFailed"));
});

const NEVER = new Promise<number>(() => {});
const FAILURES: [string, string, () => number | Promise<number>][] = [
  ["rejected", "it is gone", () => Promise.reject(new Error("it is gone"))],
  [
    "rejected",
    "not there",
    () => {
      throw new Error("not there");
    },
  ],
  ["invalid", "INVALID_PERMIT", () => "soon" as unknown as number],
  ["invalid", "INVALID_PERMIT", () => -1],
  ["invalid", "INVALID_PERMIT", () => Number.NaN],
  ["timedOut", "CALLBACK_TIMEOUT", () => NEVER],
];

for (const [reason, message, fail] of FAILURES)
  test(`calls continue slowly while permits fail (${reason}: ${message}), and an event is emitted`, async (t) => {
    let isFailing = true;
    const errors: unknown[] = [];
    const { server, env, events, event } = await world(
      t,
      {},
      { acquirePermit: () => (isFailing ? fail() : 0), onError: (error) => errors.push(error) },
    );
    const eventsOf = (type: string) => events.filter((event) => event.type === type);
    const counting = countingDepartures(env);
    const group = new RedundancyGroup({ ...groupOptions, policy: { monitorIntervalMs: 5_000 } }, counting.env);
    t.after(() => group.dispose());
    const outcome = group.run();
    const confirmed = (lane: string) => event((event) => event.type === "confirmed" && event.lane === lane);
    await Promise.all([confirmed("primary"), confirmed("backup")]);
    server.emulator.control({ type: "kill", uid: group.status().onAir?.uid ?? 0 });
    await event(({ type }) => type === "relaunched");
    assert.ok(counting.mostInASecond() <= 3, `${counting.mostInASecond()} calls in one second`);
    assert.equal(eventsOf("permitFailed").length, 1, "once, however often it fails");
    const [failed] = eventsOf("permitFailed");
    assert.ok(failed?.type === "permitFailed" && failed.reason === reason);
    assert.ok(["primary", "backup"].includes(failed.lane) && failed.at > 0);
    assert.match(isSteadymixError(errors[0]) ? errors[0].code : String(errors[0]), new RegExp(message));
    isFailing = false;
    const recovered = await event(({ type }) => type === "permitRecovered");
    assert.ok(recovered.type === "permitRecovered" && recovered.failedForMs > 10_000);
    assert.equal(recovered.at - failed.at, recovered.failedForMs);
    isFailing = true;
    group.stop();
    assert.deepEqual(await outcome, { type: "stopped" });
    assert.deepEqual(live(server), []);
  });

test("dispose() does not wait for a permit", async (t) => {
  const { env } = await world(t, {}, { acquirePermit: () => NEVER });
  const group = new RedundancyGroup(groupOptions, env);
  const run = assert.rejects(group.run(), { code: "DISPOSED" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  group.dispose();
  await run;
});

test("calls that wait for the same snapshot keep the rate limit", async (t) => {
  const profile = { callsPerSecond: 1000, pcw: 1000, startUp: { takesMs: [50, 100] as [number, number] } };
  let persistMs = 0;
  const persist = () => new Promise<void>((resolve) => setTimeout(resolve, persistMs));
  const { server, env, event } = await world(t, { profile }, { persist });
  const counting = countingDepartures(env, (method) => method === "DELETE");
  const lanes = Array.from({ length: 30 }, (_, i) => ({ name: `lane ${i}`, uids: [9000 + 2 * i, 9001 + 2 * i] }));
  const quota = { callsPerSecond: 8, burst: 2, pcw: 1000 };
  const group = new RedundancyGroup({ ...groupOptions, lanes, quota }, counting.env);
  const outcome = group.run();
  await Promise.all(lanes.map(({ name }) => event(({ type, lane }) => type === "confirmed" && lane === name)));
  // Several permits are granted in these 3 s of the service's clock.
  persistMs = 3000 / SPEED;
  group.stop();
  await outcome;
  assert.ok(counting.calls() >= lanes.length);
  assert.ok(counting.mostInASecond() <= 10, `${counting.mostInASecond()} in a second`);
  assert.ok(live(server).length === 0);
});
