import type { LaneStatus } from "../types.js";
import type { Answer } from "./answer.js";
import { stateOf } from "./broadcastStatus.js";
import { Clock } from "./clock.js";
import type { SteadymixEnv } from "./environment.js";
import { reachQuota } from "./objects.js";
import { Rejection } from "./rejection.js";
import type { BroadcastEntry } from "./routes.js";
import type { BroadcastFacts } from "./store.js";

/** The list has this long to answer a report. After a failure, the next report waits as long. */
const REPORT_TIMEOUT_MS = 2_000;

/** A broadcast's entry in the App ID's list of broadcasts, which counts tasks against the PCW. */
export class Registration {
  readonly #env: SteadymixEnv;
  readonly #clock = new Clock();
  /** The entry that the list is known to have, as JSON. */
  #reported = "";
  #retryAt = Number.NEGATIVE_INFINITY;

  constructor(env: SteadymixEnv) {
    this.#env = env;
  }

  /** Enters the broadcast, before it begins. Refused: `PCW_REACHED`, `QUOTA_UNAVAILABLE`, `MISCONFIGURED`. */
  enter(entry: BroadcastEntry): Promise<Answer<null>> {
    return reachQuota(this.#env, (quota) => quota.enter(entry)).catch((error: unknown) => {
      if (!(error instanceof Rejection)) throw error;
      return { ok: false, error: error.body };
    });
  }

  /** Reports the entry if it has changed. False if the list may not have it. */
  async report(entry: BroadcastEntry): Promise<boolean> {
    const json = JSON.stringify(entry);
    if (json === this.#reported) return true;
    if (this.#clock.now() < this.#retryAt) return false;
    // The list may take it although its answer is lost: the entry before this one is not known to be listed any more.
    this.#reported = "";
    try {
      await reachQuota(this.#env, (quota) => quota.report(entry), REPORT_TIMEOUT_MS);
      this.#reported = json;
      return true;
    } catch (error) {
      console.error("steadymix: the list of broadcasts could not be told:", error);
      this.#retryAt = this.#clock.now() + REPORT_TIMEOUT_MS;
      return false;
    }
  }

  /** Removes the entry, once the broadcast is forgotten. */
  async remove(id: string): Promise<void> {
    await reachQuota(this.#env, (quota) => quota.remove(id));
  }
}

export function entryOf(facts: BroadcastFacts, lanes: LaneStatus[]): BroadcastEntry {
  const { id, onAir, startedAt } = facts;
  return { id, state: stateOf(facts, lanes), onAir, tasks: tasksOf(lanes), startedAt };
}

/** Tasks that live, or may live. A lane that is going to launch counts as one: it does not ask again whether it may. */
function tasksOf(lanes: LaneStatus[]): number {
  const goesOn = ({ state }: LaneStatus) => state !== "stopping" && state !== "stopped" && state !== "failed";
  return lanes.reduce((sum, lane) => sum + Math.max(lane.tasks.length, goesOn(lane) ? 1 : 0), 0);
}
