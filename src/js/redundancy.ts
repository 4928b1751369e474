import { Driven } from "./driven.js";
import { Driver } from "./glue.js";
import { Snapshot } from "./snapshot.js";
import type { GroupOptions, GroupStatus, GroupUpdate, LaneUpdate, SupervisorEnv } from "./types.js";

/** A primary and its backups on the same inputs, and which of them viewers should watch. */
export class RedundancyGroup extends Driven<GroupStatus, GroupUpdate> {
  /** Throws `INVALID_OPTIONS`, naming the field, the value, and what is allowed. */
  constructor(options: GroupOptions, env: SupervisorEnv) {
    super(options, env, { make: Driver.group, restore: Driver.restoreGroup });
  }

  /**
   * Takes a new payload, for every lane or one for each of some; for all or for none. Each lane keeps the channel of its own
   * output, and where tasks have to be replaced it is one lane after the other, that on air last. Throws `INVALID_TASK`.
   */
  override update(services: GroupUpdate): LaneUpdate[] {
    return super.update(services);
  }

  /** Goes on exactly as the group that the snapshot was taken from. Throws `INVALID_SNAPSHOT`. */
  static restore(snapshot: string, env: SupervisorEnv): RedundancyGroup {
    return new RedundancyGroup(new Snapshot(snapshot) as never, env);
  }
}
