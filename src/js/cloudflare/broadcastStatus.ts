/** A broadcast's status for operators and its updates for viewers, derived from its facts and its group. */
import type { GroupStatus, LaneStatus, Services } from "../types.js";
import type { BroadcastState, BroadcastStatus, OnAirUpdate } from "./routes.js";
import type { BroadcastFacts } from "./store.js";

/** A type without its index signatures: the types of calls between Durable Objects allow no `unknown`. */
export type Known<Type> = Type extends readonly (infer Item)[]
  ? Known<Item>[]
  : Type extends object
    ? { [Name in keyof Type as string extends Name ? never : Name]: Known<Type[Name]> }
    : Type;

/** The parts of a `RedundancyGroup` that the status needs. */
interface Group {
  status(): GroupStatus;
  readonly payload: object | null;
}

/** The status; `group` is `undefined` once the broadcast has ended. */
export function statusOf(facts: BroadcastFacts, group: Group | undefined, viewers: number): Known<BroadcastStatus> {
  const { id, onAir, startedAt, end, quotaFailedAt, warnings } = facts;
  const lanes = (end ?? group?.status())?.lanes ?? [];
  return {
    id,
    state: stateOf(facts, lanes),
    onAir,
    lanes,
    startedAt,
    endedAt: end?.at ?? null,
    viewers,
    quotaFailedAt: end ? null : quotaFailedAt,
    warnings,
    // The core returns nothing else.
    services: (group?.payload ?? null) as Known<Services> | null,
  };
}

export function stateOf(
  facts: Pick<BroadcastFacts, "end" | "stopping" | "onAir" | "aired">,
  lanes: Pick<LaneStatus, "state">[],
): BroadcastState {
  if (facts.end) return lanes.every(({ state }) => state === "failed") ? "failed" : "ended";
  if (facts.stopping) return "stopping";
  if (facts.onAir) return "live";
  return facts.aired ? "offAir" : "starting";
}

/** The update for viewers and relays. */
export function updateOf({ revision, onAir, end }: Pick<BroadcastFacts, "revision" | "onAir" | "end">): OnAirUpdate {
  return { type: "onAir", revision, onAir, ended: end !== null };
}
