import assert from "node:assert/strict";
import { test } from "node:test";
import { RedundancyGroup } from "steadymix";
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
