/** The SQLite database of a broadcast's object. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { SteadymixEvent } from "steadymix";
import { expect, test } from "vitest";
import type { BroadcastFacts, BroadcastStore } from "../../target/build/typescript/cloudflare/store.js";
import { freshId } from "./world.ts";

// Internal, so not in the package. Its types exist before the package is built.
type Store = typeof import("../../target/build/typescript/cloudflare/store.js");
const { BroadcastStore: Kept } = (await import("../../dist/cloudflare/store.js" as string)) as Store;

/** The characters that fit into a row. */
const ROW = 600_000;

/** Runs in an object with an empty database. */
function inObject<Value>(act: (storage: DurableObjectStorage) => Value | Promise<Value>): Promise<Value> {
  const stub = env.RELAY.get(env.RELAY.idFromName(freshId()));
  return runInDurableObject(stub, (_, { storage }) => act(storage));
}

function begun(storage: DurableObjectStorage, mostEvents = 3): BroadcastStore {
  const store = new Kept(storage, mostEvents);
  store.begin();
  return store;
}

function tables({ sql }: DurableObjectStorage): unknown[] {
  return sql
    .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'")
    .toArray();
}

function rows({ sql }: DurableObjectStorage): number {
  return sql.exec<{ rows: number }>("SELECT COUNT(*) AS rows FROM kept").one().rows;
}

const event = (at: number): SteadymixEvent => ({ at, lane: "primary", type: "stopping" });

test("an object that was only queried stores nothing", async () => {
  await inObject((storage) => {
    const store = new Kept(storage, 3);
    store.relayAcknowledged(0, 1);
    expect([store.snapshot, store.facts, store.events(0, 9), store.relays(), store.relaysBehind(1)]).toEqual([
      undefined,
      undefined,
      [],
      [],
      [],
    ]);
    expect(tables(storage)).toEqual([]);
  });
});

test("the data survives a restart of the object, until all of it is deleted", async () => {
  await inObject(async (storage) => {
    const facts = { id: "show", revision: 7 } as BroadcastFacts;
    const store = begun(storage);
    store.facts = facts;
    store.snapshot = "the state";
    store.addEvent(event(1));
    store.relayAcknowledged(4, 2);
    const again = new Kept(storage, 3);
    expect([again.facts, again.snapshot, again.relays()]).toEqual([facts, "the state", [4]]);
    expect(again.events(0, 9)).toEqual([{ ...event(1), seq: 1 }]);
    await again.deleteAll();
    expect([again.facts, again.snapshot, again.events(0, 9), again.relays()]).toEqual([undefined, undefined, [], []]);
    expect(tables(storage)).toEqual([]);
  });
});

test("only the last events are kept", async () => {
  await inObject((storage) => {
    const store = begun(storage, 3);
    for (let at = 1; at <= 5; at += 1) store.addEvent(event(at));
    expect(store.events(0, 9).map(({ seq }) => seq)).toEqual([3, 4, 5]);
    expect(store.events(3, 1).map(({ seq }) => seq)).toEqual([4]);
  });
});

test("a snapshot takes as many rows as it needs, whatever its characters; a shorter one takes fewer", async () => {
  await inObject((storage) => {
    const store = begun(storage);
    const cut = `${"x".repeat(ROW - 1)}😀${"y".repeat(ROW)}`;
    for (const [text, needed] of [
      ["x".repeat(2 * ROW + 1), 3],
      [cut, 3],
      ["x".repeat(2 * ROW), 2],
      ["x".repeat(ROW), 1],
      ["short", 1],
    ] as const) {
      store.snapshot = text;
      expect(store.snapshot === text, `${text.length} characters`).toBe(true);
      expect(rows(storage), `${text.length} characters`).toBe(needed);
    }
    store.forgetSnapshot();
    expect([store.snapshot, rows(storage)]).toEqual([undefined, 0]);
  });
});

test("a relay is behind until it acknowledges the revision or a newer one", async () => {
  await inObject((storage) => {
    const store = begun(storage);
    store.relayAcknowledged(0, 5);
    store.relayAcknowledged(1, 7);
    store.relayAcknowledged(1, 6);
    expect([store.relaysBehind(5), store.relaysBehind(6), store.relaysBehind(8)]).toEqual([[], [0], [0, 1]]);
  });
});
