import { Driven } from "./driven.js";
import { Driver } from "./glue.js";
import { Snapshot } from "./snapshot.js";
import type { GroupOptions, GroupStatus, GroupUpdate, LaneUpdate, SupervisorEnv } from "./types.js";

/** Keeps a primary and its backups on air with the same inputs, and reports which one viewers should watch. */
export class RedundancyGroup extends Driven<GroupStatus, GroupUpdate> {
  /** Throws `INVALID_OPTIONS` with the field, the value and what is allowed. */
  constructor(options: GroupOptions, env: SupervisorEnv) {
    super(options, env, { make: Driver.group, restore: Driver.restoreGroup });
  }

  /**
   * Updates the payload of every lane, or of each named lane; all or none. Each lane keeps its output channel. If tasks must be
   * replaced, lanes take turns, the one on air last. Throws `INVALID_TASK`, `DISPOSED`.
   */
  override update(services: GroupUpdate): LaneUpdate[] {
    return super.update(services);
  }

  /** Resumes exactly where the snapshot was taken. Throws `INVALID_SNAPSHOT`. */
  static restore(snapshot: string, env: SupervisorEnv): RedundancyGroup {
    return new RedundancyGroup(new Snapshot(snapshot) as never, env);
  }
}
