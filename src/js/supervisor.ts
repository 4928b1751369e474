import { Driven } from "./driven.js";
import { Driver } from "./glue.js";
import { Snapshot } from "./snapshot.js";
import type { LaneStatus, SupervisorConfig, SupervisorEnv } from "./types.js";

/** Keeps one output alive. */
export class Supervisor extends Driven<LaneStatus> {
  /** Throws `INVALID_CONFIG`, naming the field, the value, and what is allowed. */
  constructor(config: SupervisorConfig, env: SupervisorEnv) {
    super(config, env, { make: Driver.supervisor, restore: Driver.restoreSupervisor });
  }

  /** Goes on exactly as the supervisor that the snapshot was taken from. Throws `INVALID_SNAPSHOT`. */
  static restore(snapshot: string, env: SupervisorEnv): Supervisor {
    return new Supervisor(new Snapshot(snapshot) as never, env);
  }
}
