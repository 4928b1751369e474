/** The viewer's core decides the same in JavaScript as in WebAssembly. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failover as InWasm, type Kind, type MediaState, type Signal, type Step } from "steadymix/viewer";
import { chance } from "../emulator/js/chance.ts";
import { viewerWithoutWasm } from "../viewer/withoutWasm.ts";

const { Failover: InScript } = await viewerWithoutWasm();

const UIDS = [9001, 9002, 9003];
const SCHEDULES = 500;
const SIGNALS = 300;
const seed = Number(process.env.STEADYMIX_NO_WASM_SEED ?? 1);

test(`the same steps in ${SCHEDULES} schedules of ${SIGNALS} signals (from seed ${seed} on)`, () => {
  const kinds = new Set<string>();
  for (let at = seed; at < seed + SCHEDULES; at += 1) {
    const random = chance(at);
    const one = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)] as T;
    const settings = { standby: one(["hot", "warm", "cold"] as const), frameGapGraceMs: one([250, 500]) };
    // The clock of a page, or that of a server: neither fits into 32 bits for long.
    let now = one([0.25, 1_764_000_000_000]);
    const both = [new InWasm(UIDS, settings, now), new InScript(UIDS, settings, now)] as const;
    for (let step = 0; step < SIGNALS; step += 1) {
      now += one([0, 5, 33.3, 250, 1_000, 31_000]);
      const signal = anySignal(one, random);
      const [wasm, script] = both.map((failover) => {
        failover.handle(now, signal);
        return { steps: stepsOf(failover, now), shown: failover.shown, outputs: failover.outputs };
      });
      assert.deepEqual(script, wasm, `seed ${at}, signal ${step}: ${JSON.stringify(signal)}`);
      for (const { type } of wasm?.steps ?? []) kinds.add(type);
    }
  }
  assert.deepEqual([...kinds].sort(), ["emit", "show", "subscribe", "unsubscribe", "wait"]);
});

test("both still work after their memory has grown", () => {
  // Each needs some hundred bytes, and memory starts with 64 KiB.
  const [wasm, script] = [InWasm, InScript].map((Machine) => {
    const many = Array.from({ length: 3_000 }, (_, at) => new Machine([at + 1, at + 2], {}, 0));
    return many.map((failover, at) => {
      failover.handle(0, { type: "connection", state: "connected" });
      failover.handle(0, { type: "joined", uid: at + 2 });
      failover.handle(0, { type: "published", uid: at + 2, kind: "video" });
      return { steps: stepsOf(failover, 0), outputs: failover.outputs };
    });
  });
  assert.deepEqual(script, wasm);
  assert.deepEqual(script?.at(-1)?.steps[0], { type: "subscribe", uid: 3_001, kind: "video" });
});

function stepsOf(failover: InWasm, now: number): Step[] {
  const steps: Step[] = [];
  do steps.push(failover.poll(now));
  while (steps.at(-1)?.type !== "wait");
  return steps;
}

function anySignal(one: <T>(of: readonly T[]) => T, random: () => number): Signal {
  const uid = one(UIDS);
  const kind = one<Kind>(["audio", "video"]);
  const yes = random() < 0.5;
  return one<Signal>([
    { type: "joined", uid },
    { type: "left", uid, reason: one(["quit", "timedOut", "becameAudience", "unknown"] as const) },
    { type: "published", uid, kind },
    { type: "published", uid, kind },
    { type: "unpublished", uid, kind },
    { type: "muted", uid, kind, muted: yes },
    {
      type: "state",
      uid,
      kind,
      state: one<MediaState>(["stopped", "starting", "decoding", "decoding", "frozen", "failed"]),
      reason: one([0, 1, 8]),
    },
    { type: "frame", uid },
    { type: "frame", uid },
    { type: "stats", uid, kind, receiving: yes },
    { type: "subscribeFailed", uid, kind },
    { type: "decodeFailed", uid },
    { type: "connection", state: one(["reconnecting", "connected", "connected", "connected"] as const) },
    { type: "mediaConnection", connected: yes },
    { type: "network", poor: yes },
    { type: "visible", visible: yes },
    { type: "onAir", uid },
  ]);
}
