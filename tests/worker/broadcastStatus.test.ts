/** A broadcast's status for operators and its updates for viewers. */
import type { GroupStatus, LaneStatus } from "steadymix";
import { expect, test } from "vitest";
import type { BroadcastFacts } from "../../target/build/typescript/cloudflare/store.js";

// Internal, so not in the package. Its types exist before the package is built.
type Module = typeof import("../../target/build/typescript/cloudflare/broadcastStatus.js");
const { stateOf, statusOf, updateOf } = (await import("../../dist/cloudflare/broadcastStatus.js" as string)) as Module;

const onAir = { lane: "primary", channel: "show", uid: 9001 };
const lanes = (...states: LaneStatus["state"][]) => states.map((state) => ({ state })) as LaneStatus[];
const groupStatus = (...states: LaneStatus["state"][]) => ({ lanes: lanes(...states) }) as GroupStatus;
const end = { at: 5, lanes: lanes("stopped") };

const STARTED: BroadcastFacts = {
  id: "show",
  settingsDigest: "",
  startedAt: 1,
  end: null,
  stopping: false,
  aired: false,
  onAir: null,
  revision: 3,
  revisedAt: 2,
  quotaFailedAt: 4,
  warnings: [{ field: "services", message: "odd" }],
};

test.each([
  ["starting", {}, []],
  ["live", { onAir, aired: true }, []],
  ["offAir", { aired: true }, []],
  ["stopping", { onAir, aired: true, stopping: true }, []],
  ["ended", { aired: true, stopping: true, end }, lanes("stopped", "failed")],
  ["failed", { end }, lanes("failed", "failed")],
] as const)("it is %s", (state, facts, ofLanes) => {
  expect(stateOf({ ...STARTED, ...facts }, [...ofLanes])).toBe(state);
});

test("while it runs, its status is that of its group", () => {
  const group = { status: () => groupStatus("running"), payload: { cloudTranscoder: {} } };
  expect(statusOf({ ...STARTED, onAir }, group, 6)).toEqual({
    id: "show",
    state: "live",
    onAir,
    lanes: lanes("running"),
    startedAt: 1,
    endedAt: null,
    viewers: 6,
    quotaFailedAt: 4,
    warnings: STARTED.warnings,
    services: { cloudTranscoder: {} },
  });
});

test("without a group it has no lanes", () => {
  expect(statusOf(STARTED, undefined, 0)).toMatchObject({ state: "starting", lanes: [] });
});

test("after the end, its status is the stored one, without permit failures", () => {
  const status = { state: "ended", lanes: lanes("stopped"), endedAt: 5, quotaFailedAt: null, services: null };
  expect(statusOf({ ...STARTED, end }, undefined, 0)).toMatchObject(status);
});

test("viewers get the output on air with its revision, and the end", () => {
  expect(updateOf({ ...STARTED, onAir })).toEqual({ type: "onAir", revision: 3, onAir, ended: false });
  expect(updateOf({ ...STARTED, end })).toEqual({ type: "onAir", revision: 3, onAir: null, ended: true });
});
