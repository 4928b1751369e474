import { Driven } from "./driven.js";
import { Driver } from "./glue.js";
import { Snapshot } from "./snapshot.js";
import type { LaneStatus, SupervisorEnv, SupervisorOptions } from "./types.js";

/** Keeps one output alive. */
export class Supervisor extends Driven<LaneStatus> {
  /** Throws `INVALID_OPTIONS`, naming the field, the value, and what is allowed. */
  constructor(options: SupervisorOptions, env: SupervisorEnv) {
    super(options, env, { make: Driver.supervisor, restore: Driver.restoreSupervisor });
  }

  /** Goes on exactly as the supervisor that the snapshot was taken from. Throws `INVALID_SNAPSHOT`. */
  static restore(snapshot: string, env: SupervisorEnv): Supervisor {
    return new Supervisor(new Snapshot(snapshot) as never, env);
  }
}
