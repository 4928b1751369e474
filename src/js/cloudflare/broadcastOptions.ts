import { integer, shown } from "../check.js";
import { CLOUDFLARE, rangeError } from "../durations.js";
import { invalid } from "../errors.js";
import type { SteadymixEvent, SupervisorEnv } from "../types.js";

/** What a class of your own may hand to the constructor; what is left out comes from the Worker's environment. */
export interface BroadcastOptions {
  /** Carries out the calls. Default: the binding `AGORA_SERVICE`, or else the network. */
  fetch?: typeof fetch;
  /** Makes RTC tokens. Default: from the secret `AGORA_APP_CERTIFICATE`, or else those in the payload are kept. */
  rtcToken?: NonNullable<SupervisorEnv["rtcToken"]>;
  /** Takes each event. May be async, but is not waited for; what it throws is logged. */
  onEvent?: (event: SteadymixEvent) => void;
  /** Events that are kept: 0 to 1000000. Default 1000. */
  historyLength?: number;
  /**
   * What is known of a broadcast is forgotten so long after its end. 0, or from 3600000 to 315360000000. Default
   * 604800000.
   */
  retentionMs?: number;
  /** Viewers that are connected to the broadcast's own object, and to each relay: 1 to 32768. Default 10000. */
  viewersPerObject?: number;
  /**
   * Connections that viewers with the same token may have to the broadcast's own object, and to each relay: 1 to 32768.
   * Default 10.
   */
  maxConnectionsPerToken?: number;
  /** Viewers' reports bring a Query forward at most this often. 0, or from 100 to 86400000. Default 10000. */
  reportIntervalMs?: number;
}

/** The default, the least and the greatest value. An object takes 32768 WebSockets. */
const COUNTS = {
  historyLength: [1_000, 0, 1_000_000],
  viewersPerObject: [10_000, 1, 32_768],
  maxConnectionsPerToken: [10, 1, 32_768],
} as const;

/** The counts and durations among the options, each with its value. */
export type BroadcastLimits = Record<keyof typeof COUNTS | "retentionMs" | "reportIntervalMs", number>;

/** The counts and durations among the options, with defaults for those that are left out. Throws `INVALID_OPTIONS`. */
export function broadcastLimits(options: BroadcastOptions): BroadcastLimits {
  const limits: Record<string, unknown> = {};
  for (const [name, [standard, least, most]] of Object.entries(COUNTS))
    limits[name] = integer(`options.${name}`, options[name as keyof typeof COUNTS] ?? standard, least, most);
  for (const range of CLOUDFLARE) {
    const [name, , , , standard] = range;
    const value = options[name] ?? standard;
    const allowed = rangeError(value, range);
    if (allowed) throw invalid("INVALID_OPTIONS", `options.${name}`, shown(value), allowed);
    limits[name] = value;
  }
  return limits as BroadcastLimits;
}
