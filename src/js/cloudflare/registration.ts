import type { LaneStatus } from "../types.js";
import type { Answer } from "./answer.js";
import { stateOf } from "./broadcastStatus.js";
import { Clock } from "./clock.js";
import type { SteadymixEnv } from "./environment.js";
import { reachQuota } from "./objects.js";
import { Rejection } from "./rejection.js";
import type { BroadcastEntry } from "./routes.js";
import type { BroadcastFacts } from "./store.js";

/** The list must answer a report within this time. */
const REPORT_TIMEOUT_MS = 2_000;
/** After a failure, the next report waits this long. */
const REPORT_COOLDOWN_MS = 2_000;

/** A broadcast's entry in the App ID's list of broadcasts, which counts tasks against the PCW. */
export class Registration {
  readonly #env: SteadymixEnv;
  readonly #clock = new Clock();
  /** The last entry that the list has acknowledged, as JSON. */
  #reported = "";
  #retryAt = Number.NEGATIVE_INFINITY;

  constructor(env: SteadymixEnv) {
    this.#env = env;
  }

  /** Enters the broadcast before it starts. Refused: `PCW_REACHED`, `QUOTA_UNAVAILABLE`, `MISCONFIGURED`. */
  enter(entry: BroadcastEntry): Promise<Answer<null>> {
    return reachQuota(this.#env, (quota) => quota.enter(entry)).catch((error: unknown) => {
      if (!(error instanceof Rejection)) throw error;
      return { ok: false, error: error.body };
    });
  }

  /** Reports the entry if it has changed. `false`: the list may not have it. */
  async report(entry: BroadcastEntry): Promise<boolean> {
    const json = JSON.stringify(entry);
    if (json === this.#reported) return true;
    if (this.#clock.now() < this.#retryAt) return false;
    // The list may store the entry although its answer is lost. Then the previous entry is no longer listed.
    this.#reported = "";
    try {
      await reachQuota(this.#env, (quota) => quota.report(entry), REPORT_TIMEOUT_MS);
      this.#reported = json;
      return true;
    } catch (error) {
      console.error("steadymix: the list of broadcasts did not acknowledge a report:", error);
      this.#retryAt = this.#clock.now() + REPORT_COOLDOWN_MS;
      return false;
    }
  }

  async remove(id: string): Promise<void> {
    await reachQuota(this.#env, (quota) => quota.remove(id));
  }
}

export function entryOf(facts: BroadcastFacts, lanes: LaneStatus[]): BroadcastEntry {
  const { id, onAir, startedAt } = facts;
  return { id, state: stateOf(facts, lanes), onAir, tasks: tasksOf(lanes), startedAt };
}

/** Tasks that run or may run. A lane about to launch counts as one, because it does not enter again. */
function tasksOf(lanes: LaneStatus[]): number {
  const mayLaunch = ({ state }: LaneStatus) => state !== "stopping" && state !== "stopped" && state !== "failed";
  return lanes.reduce((sum, lane) => sum + Math.max(lane.tasks.length, mayLaunch(lane) ? 1 : 0), 0);
}
