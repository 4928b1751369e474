import { Driven } from "./driven.js";
import { Driver } from "./glue.js";
import { Snapshot } from "./snapshot.js";
import type { GroupConfig, GroupStatus, Host } from "./types.js";

/** A primary and its backups on the same inputs, and which of them viewers should watch. */
export class RedundancyGroup extends Driven<GroupStatus> {
  /** Throws `INVALID_CONFIG`, naming the field, the value, and what is allowed. */
  constructor(config: GroupConfig, host: Host) {
    super(config, host, { make: Driver.group, restore: Driver.restoreGroup });
  }

  /** Goes on exactly as the group that the snapshot was taken from. Throws `INVALID_SNAPSHOT`. */
  static restore(snapshot: string, host: Host): RedundancyGroup {
    return new RedundancyGroup(new Snapshot(snapshot) as never, host);
  }
}
