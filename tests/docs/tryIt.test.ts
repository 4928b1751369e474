/** The simulation of the page “Try it here”. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SteadymixEvent } from "steadymix";
import { FAULTS } from "steadymix/emulator";
import { type FaultName, OWN_FAULTS, Simulation } from "../../www/docs/.vitepress/theme/tryIt.ts";
import { sentence, TEXTS } from "../../www/docs/.vitepress/theme/tryItTexts.ts";

const SPEED = 40;

/** A simulation, and a function that resolves with the next event that matches. Disposed at the end of the test. */
function started(t: { after(act: () => void): void }) {
  const waiting = new Set<(event: SteadymixEvent) => void>();
  const simulation = new Simulation(SPEED, (event) => {
    for (const take of waiting) take(event);
  });
  t.after(() => simulation.dispose());
  const next = (matches: (event: SteadymixEvent) => boolean) =>
    new Promise<SteadymixEvent>((resolve) => {
      const take = (event: SteadymixEvent) => {
        if (!matches(event)) return;
        waiting.delete(take);
        resolve(event);
      };
      waiting.add(take);
    });
  const bothRun = Promise.all(
    ["primary", "backup"].map((lane) => next((event) => event.type === "confirmed" && event.lane === lane)),
  );
  return { simulation, next, bothRun };
}

test("a killed primary is relaunched under its other uid while the backup is on air", {
  timeout: 60_000,
}, async (t) => {
  const { simulation, next, bothRun } = started(t);
  await bothRun;
  assert.equal(simulation.view().onAir?.uid, 9001);

  const [relaunched, moved] = [
    next((event) => event.type === "relaunched" && event.lane === "primary"),
    next((event) => event.type === "onAir"),
  ];
  const killedMs = simulation.view().elapsedMs;
  assert.equal(simulation.break("killPrimary"), true);
  const onAir = await moved;
  assert.equal(onAir.type === "onAir" && onAir.toUid, 9101);
  assert.equal((await relaunched).uid, 9002);

  const view = simulation.view();
  assert.ok(view.elapsedMs - killedMs < 180_000, `${view.elapsedMs - killedMs} ms of simulated time`);
  assert.deepEqual(
    view.lanes.map(({ name, state, uid, isOnAir }) => [name, state, uid, isOnAir]),
    [
      ["primary", "running", 9002, false],
      ["backup", "running", 9101, true],
    ],
  );
  assert.deepEqual([view.noStreamMs, view.overlaps], [0, 0]);
  for (const { history } of view.lanes) assert.ok(history.length > 1);
  assert.ok(view.entries.some(({ what }) => what.type === "fault" && what.name === "killPrimary"));

  simulation.stop();
  await simulation.ended;
  const after = simulation.view();
  assert.equal(after.phase, "ended");
  assert.deepEqual(
    after.tasks.filter(({ live }) => live),
    [],
  );
});

test("every fault applies to a broadcast that is on air, and none to one that has ended", {
  timeout: 60_000,
}, async (t) => {
  const names: FaultName[] = [...FAULTS.map(({ name }) => name), ...OWN_FAULTS];
  const { simulation, bothRun } = started(t);
  await bothRun;
  simulation.clearFaults();
  // Each kills the task on air, so one of them is enough here.
  const kills = new Set<FaultName>(FAULTS.filter((fault) => fault.kills).map(({ name }) => name));
  const others = names.filter((name) => !kills.has(name));
  assert.deepEqual(
    ["migrate" as const, ...others].filter((name) => !simulation.break(name)),
    [],
  );
  simulation.dispose();
  await simulation.ended;
  assert.deepEqual(
    names.filter((name) => simulation.break(name)),
    [],
  );
});

test("a page in the background ends the simulation, and says why", async (t) => {
  const { simulation } = started(t);
  simulation.dispose(true);
  await simulation.ended;
  assert.equal(simulation.view().phase, "ended");
  assert.ok(simulation.view().entries.some(({ what }) => what.type === "hidden"));
});

test("both languages have a text for each fault and a sentence for each event", () => {
  const base = { at: 0, lane: "primary", generation: 2, uid: 9002, taskId: "task", instanceId: "show-0-2" };
  const events: SteadymixEvent[] = [
    { ...base, type: "launching", reason: "ended" },
    { ...base, type: "retrying", call: "create", reason: "serverError", waitMs: 3000, attempt: 1 },
    { ...base, type: "retrying", call: "query", reason: "notFound", attempt: 4 },
    { ...base, type: "onAir", toUid: 9101, toLane: "backup" },
    { ...base, type: "onAir", fromUid: 9101, fromLane: "backup" },
    { ...base, type: "failed", reason: "notRestarted" },
  ];
  const seen = new Set<string>();
  for (const language of ["en", "zh"] as const) {
    const texts = TEXTS[language];
    for (const name of [...FAULTS.map(({ name }) => name), ...OWN_FAULTS]) assert.ok(texts.faults[name], name);
    for (const event of events) {
      const text = sentence(event, language)?.text;
      assert.ok(text && !text.includes("undefined"), `${event.type}: ${text}`);
      seen.add(text);
    }
  }
  assert.equal(seen.size, 2 * events.length);
});
