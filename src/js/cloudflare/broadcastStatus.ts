/** What operators and viewers see of a broadcast, derived from its facts and its group. */
import type { GroupStatus, LaneStatus, OnAir, TaskWarning } from "../types.js";
import type { OnAirWord } from "./audience.js";
import type { BroadcastFacts } from "./store.js";

/** `live`: an output is on air. `dark`: none is, though one was. `over`: ended as asked; `failed`: it has given up. */
export type BroadcastState = "starting" | "live" | "dark" | "stopping" | "over" | "failed";

/** How a broadcast is. */
export interface BroadcastStatus {
  /** Its `instanceId`, which is also its object's name. */
  id: string;
  /** How it is, in a word. */
  state: BroadcastState;
  /** What viewers should watch; `null`: nothing is known to run. */
  onAir: OnAir | null;
  /** The primary first. */
  lanes: LaneStatus[];
  /** ms since the epoch. */
  startedAt: number;
  /** When it had ended for good; `null` until then. */
  overAt: number | null;
  /** Viewers that are connected to its own object. */
  viewers: number;
  /**
   * Since when `AppQuota` gives no permits, in ms since the epoch; `null`: it does, as far as is known. Calls go on without
   * it, at most one a second.
   */
  quotaFailedAt: number | null;
  /** What is allowed in its payload, but probably not meant. */
  warnings: TaskWarning[];
  /**
   * The payload in force, as `Services`, with `***…` in the place of tokens, addresses of streams, and every field that is
   * not known to be harmless. `null`: the lanes have different ones, or it is over.
   */
  services: object | null;
}

/** What the status needs of a `RedundancyGroup`. */
interface Group {
  status(): GroupStatus;
  readonly payload: object | null;
}

/** The status; `group` is `undefined` once the broadcast is over. */
export function statusOf(facts: BroadcastFacts, group: Group | undefined, viewers: number): BroadcastStatus {
  const lanes = (facts.lastStatus ?? group?.status())?.lanes ?? [];
  const { id, onAir, startedAt, overAt, quotaFailedAt, warnings } = facts;
  return {
    id,
    state: stateOf(facts, lanes),
    onAir,
    lanes,
    startedAt,
    overAt,
    viewers,
    quotaFailedAt: overAt === null ? quotaFailedAt : null,
    warnings,
    services: group?.payload ?? null,
  };
}

export function stateOf(
  facts: Pick<BroadcastFacts, "overAt" | "stopping" | "onAir" | "aired">,
  lanes: Pick<LaneStatus, "state">[],
): BroadcastState {
  if (facts.overAt !== null) return lanes.every(({ state }) => state === "failed") ? "failed" : "over";
  if (facts.stopping) return "stopping";
  if (facts.onAir) return "live";
  return facts.aired ? "dark" : "starting";
}

/** The update that viewers and relays get. */
export function updateOf({ word, onAir, overAt }: Pick<BroadcastFacts, "word" | "onAir" | "overAt">): OnAirWord {
  return { type: "onAir", word, onAir, over: overAt !== null };
}
