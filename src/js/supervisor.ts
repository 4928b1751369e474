import { Driven } from "./driven.js";
import { Driver } from "./glue.js";
import type { Host, LaneStatus, SupervisorConfig } from "./types.js";

/** Keeps one output alive. */
export class Supervisor extends Driven<LaneStatus> {
  /** Throws `INVALID_CONFIG`, naming the field, the value, and what is allowed. */
  constructor(config: SupervisorConfig, host: Host);
  /** @internal */
  constructor(config: { snapshot: string }, host: Host);
  constructor(config: SupervisorConfig | { snapshot: string }, host: Host) {
    super(host, (host) =>
      "snapshot" in config ? Driver.restoreSupervisor(config.snapshot, host) : Driver.supervisor(config, host),
    );
  }

  /** Goes on exactly as the supervisor that the snapshot was taken from. Throws `INVALID_SNAPSHOT`. */
  static restore(snapshot: string, host: Host): Supervisor {
    return new Supervisor({ snapshot }, host);
  }
}
