/** The list of an App ID's broadcasts, and how it counts their tasks against the PCW, in simulated time. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { BroadcastEntry } from "steadymix/cloudflare";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { BroadcastList } from "../../target/build/typescript/cloudflare/broadcastList.js";
import { freshId } from "./world.ts";

// Internal, so not in the package. Its types exist before the package is built.
type Module = typeof import("../../target/build/typescript/cloudflare/broadcastList.js");
const { BroadcastList: List } = (await import("../../dist/cloudflare/broadcastList.js" as string)) as Module;

const MINUTE = 60_000;
const START = Date.now();
let now = START;
beforeEach(() => {
  now = START;
  vi.spyOn(Date, "now").mockImplementation(() => now);
});
afterEach(() => void vi.restoreAllMocks());

/** Runs in its own object, for an App ID with a PCW of 5. */
function inObject(act: (list: BroadcastList, sql: SqlStorage) => void): Promise<void> {
  const stub = env.RELAY.get(env.RELAY.idFromName(freshId()));
  return runInDurableObject(stub, (_, { storage: { sql } }) => act(new List(sql, 5), sql));
}

function entry(id: string, tasks: number, startedAt = 0): BroadcastEntry {
  return { id, tasks, state: "live", onAir: null, startedAt };
}

const entered = { ok: true, value: null };
const full = { ok: false, error: { code: "PCW_REACHED" } };

test("broadcasts enter until their tasks reach the PCW; one that ends or is removed makes room", async () => {
  await inObject((list) => {
    expect(list.enter(entry("a", 2))).toEqual(entered);
    expect(list.enter(entry("b", 3))).toEqual(entered);
    expect(list.enter(entry("c", 1))).toMatchObject(full);
    expect([list.tasks, list.active]).toEqual([5, 2]);
    list.report({ ...entry("a", 0), state: "ended" });
    expect([list.tasks, list.active]).toEqual([3, 1]);
    expect(list.enter(entry("c", 3))).toMatchObject(full);
    expect(list.enter(entry("c", 2))).toEqual(entered);
    expect([list.tasks, list.active]).toEqual([5, 2]);
    list.remove("b");
    expect([list.tasks, list.active]).toEqual([2, 1]);
    expect(list.all().map(({ id }) => id)).toEqual(expect.arrayContaining(["a", "c"]));
  });
});

test("a broadcast that enters again counts once, and the entry of one that has started stays", async () => {
  await inObject((list) => {
    expect(list.enter(entry("a", 4))).toEqual(entered);
    expect(list.enter(entry("a", 5))).toEqual(entered);
    list.report(entry("a", 3));
    expect(list.enter(entry("a", 6))).toEqual(entered);
    expect(list.all()).toEqual([entry("a", 3)]);
  });
});

test("a broadcast that does not report within a minute is removed when another one enters", async () => {
  await inObject((list) => {
    list.enter(entry("a", 3));
    list.enter(entry("b", 2));
    list.report(entry("b", 2));
    now += MINUTE;
    expect(list.enter(entry("c", 3))).toMatchObject(full);
    now += 1;
    expect(list.enter(entry("c", 3))).toEqual(entered);
    expect(new Set(list.all().map(({ id }) => id))).toEqual(new Set(["b", "c"]));
  });
});

test("the newest is listed first, and the list survives a restart of the object", async () => {
  await inObject((list, sql) => {
    for (const [id, startedAt] of [
      ["a", 2],
      ["b", 3],
      ["c", 1],
    ] as const)
      list.report(entry(id, 1, startedAt));
    expect(new List(sql, 5).all().map(({ id }) => id)).toEqual(["b", "a", "c"]);
  });
});
