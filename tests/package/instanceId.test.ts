/** Compares JavaScript's parsing of instanceIds with those that the core sends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RedundancyGroup } from "steadymix";
import { GROUP_ID, GROUP_ID_ALLOWED, groupOf } from "../../src/js/instanceId.ts";
import { showServices } from "../emulator/js/payload.ts";

/** The instanceIds in the first Acquires of a group with this many lanes. */
async function sentBy(instanceId: string, lanes: number): Promise<string[]> {
  const sent: string[] = [];
  let now = Date.now();
  const group = new RedundancyGroup(
    {
      appId: "app",
      instanceId,
      services: showServices(),
      lanes: Array.from({ length: lanes }, (_, i) => ({ name: `${i}`, uids: [2 * i + 9001, 2 * i + 9002] })),
      quota: { callsPerSecond: 10_000, burst: 10_000, pcw: 1_000_000 },
    },
    {
      customerId: "customer",
      customerSecret: "secret",
      now: () => now,
      fetch: async (_, init) => {
        sent.push((JSON.parse(String(init?.body)) as { instanceId: string }).instanceId);
        return new Response("{}", { status: 400 });
      },
    },
  );
  // Every call is refused permanently, so the group ends.
  for (let next: number | undefined = now; next !== undefined; next = await group.advance()) now = Math.max(now, next);
  return sent;
}

test("the group of a task is found for any group name and lane", async () => {
  for (const [id, lanes] of [
    ["show", 1],
    ["show-1-2", 2],
    ["-", 2],
    ["x".repeat(50), 2],
    ["show", 11],
  ] as const) {
    const sent = await sentBy(id, lanes);
    assert.equal(new Set(sent).size, lanes);
    for (const instanceId of sent) assert.equal(groupOf(instanceId), id, instanceId);
  }
  assert.equal(groupOf("show-98-120"), "show");
});

test("other instanceIds belong to no group", () => {
  for (const instanceId of ["", "show", "show-1", "show-100-1", "show-1-1x", "show-a-1", "-1-1", "show-1-1-"])
    assert.equal(groupOf(instanceId), undefined, instanceId);
});

test("the pattern allows exactly the ids that a group accepts", () => {
  const takes = (instanceId: string) => {
    try {
      const lanes = [{ name: "only", uids: [9001, 9002] }];
      const group = new RedundancyGroup(
        { appId: "app", instanceId, services: showServices(), lanes },
        { customerId: "customer", customerSecret: "secret" },
      );
      group.dispose();
      return true;
    } catch {
      return false;
    }
  };
  for (const [id, isAllowed] of [
    ["", false],
    ["Show_1-a", true],
    ["x".repeat(50), true],
    ["x".repeat(51), false],
    ["show\n", false],
    ["a show", false],
    ["šow", false],
  ] as const)
    assert.deepEqual([GROUP_ID.test(id), takes(id)], [isAllowed, isAllowed], id);
  assert.match(GROUP_ID_ALLOWED, /^1 to 50 /);
});
