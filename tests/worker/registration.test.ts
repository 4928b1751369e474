/** A broadcast's entry in the App ID's list, and when it is reported. */
import { env } from "cloudflare:workers";
import type { LaneStatus } from "steadymix";
import { AppQuota, type BroadcastEntry } from "steadymix/cloudflare";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { BroadcastFacts } from "../../target/build/typescript/cloudflare/store.js";

// Internal, so not in the package. Its types exist before the package is built.
type Module = typeof import("../../target/build/typescript/cloudflare/registration.js");
const { entryOf, Registration } = (await import("../../dist/cloudflare/registration.js" as string)) as Module;

const START = Date.now();
let now = START;
let reported: BroadcastEntry[];
let logged: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  [now, reported] = [START, []];
  vi.spyOn(Date, "now").mockImplementation(() => now);
  vi.spyOn(AppQuota.prototype, "report").mockImplementation((entry) => void reported.push(entry));
  logged = vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => void vi.restoreAllMocks());

function entry(tasks: number): BroadcastEntry {
  return { id: "show", state: "live", onAir: null, tasks, startedAt: 0 };
}

/** Makes the list fail until the mock is restored. */
function broken(method: "report" | "enter") {
  return vi.spyOn(AppQuota.prototype, method).mockRejectedValue(new Error("the storage is full") as never);
}

test("an entry is reported when it has changed", async () => {
  const registration = new Registration(env);
  for (const tasks of [1, 1, 2, 2, 1]) expect(await registration.report(entry(tasks))).toBe(true);
  expect(reported).toEqual([entry(1), entry(2), entry(1)]);
});

test("if the list's answer is lost, the entry is reported again, even if it changes back", async () => {
  const registration = new Registration(env);
  await registration.report(entry(1));
  vi.spyOn(AppQuota.prototype, "report").mockImplementationOnce(() => {
    throw new Error("the answer is lost");
  });
  expect(await registration.report(entry(2))).toBe(false);
  now += 2_000;
  expect(await registration.report(entry(1))).toBe(true);
  expect(reported).toEqual([entry(1), entry(1)]);
});

test("a failed report is logged, and retried two seconds later", async () => {
  const registration = new Registration(env);
  const report = broken("report");
  expect(await registration.report(entry(1))).toBe(false);
  const unavailable = expect.objectContaining({ body: expect.objectContaining({ code: "QUOTA_UNAVAILABLE" }) });
  expect(logged).toHaveBeenLastCalledWith(
    "steadymix: the list of broadcasts did not acknowledge a report:",
    unavailable,
  );
  now += 1_999;
  expect(await registration.report(entry(1))).toBe(false);
  expect(report).toHaveBeenCalledTimes(1);
  now += 1;
  expect(await registration.report(entry(1))).toBe(false);
  expect(report).toHaveBeenCalledTimes(2);
});

test("a list that does not answer delays its broadcast by two seconds", async () => {
  vi.spyOn(AppQuota.prototype, "report").mockReturnValue(new Promise(() => {}) as never);
  const { setTimeout } = globalThis;
  const timeouts: unknown[] = [];
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((act: () => void, ms: number) => {
    timeouts.push(ms);
    return setTimeout(act, 0);
  }) as typeof globalThis.setTimeout);
  expect(await new Registration(env).report(entry(1))).toBe(false);
  expect(timeouts).toEqual([2_000]);
});

test("the list decides whether a broadcast may start; without an answer it is refused with QUOTA_UNAVAILABLE", async () => {
  const registration = new Registration(env);
  const answer = { ok: false, error: { code: "PCW_REACHED", message: "full" } } as const;
  const enter = vi.spyOn(AppQuota.prototype, "enter").mockReturnValue(answer);
  expect(await registration.enter(entry(2))).toEqual(answer);
  expect(enter.mock.lastCall).toEqual([entry(2)]);
  broken("enter");
  expect(await registration.enter(entry(2))).toMatchObject({ ok: false, error: { code: "QUOTA_UNAVAILABLE" } });
});

test("a forgotten broadcast is removed; a failure is thrown", async () => {
  const remove = vi.spyOn(AppQuota.prototype, "remove").mockReturnValue();
  await new Registration(env).remove("show");
  expect(remove.mock.lastCall).toEqual(["show"]);
  remove.mockImplementation(() => {
    throw new Error("the storage is full");
  });
  await expect(new Registration(env).remove("show")).rejects.toMatchObject({ body: { code: "QUOTA_UNAVAILABLE" } });
});

test("tasks that may run count, and one for each lane about to launch", () => {
  const lane = (state: LaneStatus["state"], tasks: number) => ({ state, tasks: Array(tasks).fill({}) }) as LaneStatus;
  const facts = { id: "show", onAir: null, startedAt: 5, end: null, stopping: true } as BroadcastFacts;
  expect(entryOf(facts, [])).toEqual({ id: "show", state: "stopping", onAir: null, tasks: 0, startedAt: 5 });
  for (const [lanes, tasks] of [
    [[lane("launching", 0), lane("launching", 0)], 2],
    [[lane("running", 1), lane("running", 2)], 3],
    [[lane("running", 1), lane("launching", 0)], 2],
    [[lane("stopping", 0)], 0],
    [[lane("stopped", 0)], 0],
    [[lane("failed", 0)], 0],
    [[lane("stopping", 2), lane("stopped", 0), lane("failed", 1)], 3],
  ] as const)
    expect(entryOf(facts, [...lanes]).tasks, JSON.stringify(lanes)).toBe(tasks);
});
