import assert from "node:assert/strict";
import { test } from "node:test";
import { isSteadymixError, RedundancyGroup } from "steadymix";
import { groupConfig, live, world } from "./world.ts";

test("when the primary dies the backup is on air at the next look, and stays there", async (t) => {
  const { server, host, events, event } = await world(t);
  const group = new RedundancyGroup({ ...groupConfig, policy: { monitorIntervalMs: 5000 } }, host);
  const outcome = group.run();
  const confirmed = (lane: string) => event((event) => event.type === "confirmed" && event.lane === lane);
  await Promise.all([confirmed("primary"), confirmed("backup")]);
  const first = group.status().onAir;
  assert.ok(first);
  server.emulator.control({ kind: "kill", uid: first.uid });
  const moved = await event((event) => event.type === "onAir" && event.fromUid === first.uid);
  assert.ok(moved.type === "onAir" && moved.toUid !== undefined && moved.toLane !== first.lane);
  const relaunched = await event(({ type }) => type === "relaunched");
  assert.equal(relaunched.lane, first.lane);
  assert.equal(group.status().onAir?.uid, moved.toUid, "sticky");
  group.stop();
  assert.deepEqual(await outcome, { kind: "stopped" });
  assert.deepEqual(live(server), []);
  assert.deepEqual(server.emulator.state().overlaps, []);
  assert.equal(
    events.some(({ type }) => type === "leftBehind"),
    false,
  );
});

test("a whole domain's outage is walked round", async (t) => {
  const { server, host, events, event } = await world(t);
  const rule = { domain: "api.agora.io", effect: { kind: "dns" } } as const;
  server.emulator.control({ kind: "addRule", rule });
  const group = new RedundancyGroup(groupConfig, host);
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
  const { server, host, event } = await world(t);
  const lanes = Array.from({ length: 6 }, (_, i) => ({ name: `lane ${i}`, uids: [100 + 2 * i, 101 + 2 * i] }));
  const group = new RedundancyGroup({ ...groupConfig, lanes }, host);
  const outcome = group.run();
  await Promise.all(lanes.map(({ name }) => event((event) => event.type === "confirmed" && event.lane === name)));
  group.stop();
  await outcome;
  const { stats } = server.emulator.state();
  assert.equal(stats.rateLimited, 0);
  assert.ok(stats.mostInASecond <= 10, `${stats.mostInASecond} calls in one second`);
});

test("where the rate limit is shared, each call has a permit; one that cannot be asked for is asked for again", async (t) => {
  const asked: string[] = [];
  const errors: unknown[] = [];
  const { server, host, event } = await world(
    t,
    {},
    {
      permit: ({ lane, want }) => {
        asked.push(`${lane} ${want}`);
        if (asked.length === 1) throw new Error("not there");
        if (asked.length === 2) return "soon" as unknown as number;
        return asked.length === 3 ? 700 : 0;
      },
      onError: (error) => errors.push(error),
    },
  );
  const group = new RedundancyGroup(groupConfig, host);
  const outcome = group.run();
  await event(({ type, lane }) => type === "confirmed" && lane === "backup");
  group.stop();
  await outcome;
  assert.deepEqual(live(server), []);
  const { calls } = server.emulator.state().stats;
  const granted = (lane: number, want: string) => asked.slice(3).filter((one) => one === `${lane} ${want}`).length;
  for (const lane of [0, 1]) {
    assert.equal(granted(lane, "acquireAndCreate"), 1);
    assert.equal(granted(lane, "create"), 1);
  }
  assert.equal(granted(0, "delete") + granted(1, "delete"), calls.delete);
  assert.deepEqual(
    errors.map((error) => (isSteadymixError(error) ? error.code : String(error))),
    ["Error: not there", "INVALID_PERMIT"],
  );
});
