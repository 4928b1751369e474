import { Driven } from "./driven.js";
import { Driver } from "./glue.js";
import { Snapshot } from "./snapshot.js";
import type { LaneStatus, SupervisorEnv, SupervisorOptions } from "./types.js";

/** Keeps one output on air. */
export class Supervisor extends Driven<LaneStatus> {
  /** Throws `INVALID_OPTIONS` with the field, the value and what is allowed. */
  constructor(options: SupervisorOptions, env: SupervisorEnv) {
    super(options, env, { make: Driver.supervisor, restore: Driver.restoreSupervisor });
  }

  /** Resumes exactly where the snapshot was taken. Throws `INVALID_SNAPSHOT`. */
  static restore(snapshot: string, env: SupervisorEnv): Supervisor {
    return new Supervisor(new Snapshot(snapshot) as never, env);
  }
}
