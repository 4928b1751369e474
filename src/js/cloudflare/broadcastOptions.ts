import { integer, shown } from "../check.js";
import { CLOUDFLARE, rangeError } from "../durations.js";
import { invalid } from "../errors.js";
import type { SteadymixEvent, SupervisorEnv } from "../types.js";

/** Options that a class of yours passes to the constructor of `Broadcast`. */
export interface BroadcastOptions {
  /** Sends the calls to the service. Default: the binding `AGORA_SERVICE`, or else the network. */
  fetch?: typeof fetch;
  /** Makes RTC tokens. Default: from the secret `AGORA_APP_CERTIFICATE`, or else the payload's tokens are used. */
  rtcToken?: NonNullable<SupervisorEnv["rtcToken"]>;
  /** Called with each event. May be async, but is not awaited; errors are logged. */
  onEvent?: (event: SteadymixEvent) => void;
  /** The number of events that are kept: 0 to 1000000. Default 1000. */
  historyLength?: number;
  /** How long after its end a broadcast is forgotten, in ms: 0, or from 3600000 to 315360000000. Default 604800000. */
  retentionMs?: number;
  /** The most viewers of the broadcast's own object, and of each relay: 1 to 32768. Default 10000. */
  viewersPerObject?: number;
  /**
   * The most connections with the same viewer token to the broadcast's own object, and to each relay: 1 to 32768. Default 10.
   */
  maxConnectionsPerToken?: number;
  /** Viewers' reports bring a Query forward at most once in this many ms: 0, or from 100 to 86400000. Default 10000. */
  reportIntervalMs?: number;
}

/** Default, minimum and maximum. An object accepts 32768 WebSockets. */
const COUNTS = {
  historyLength: [1_000, 0, 1_000_000],
  viewersPerObject: [10_000, 1, 32_768],
  maxConnectionsPerToken: [10, 1, 32_768],
} as const;

/** The counts and durations among the options, defaults filled in. */
export type BroadcastLimits = Record<keyof typeof COUNTS | "retentionMs" | "reportIntervalMs", number>;

/** Checks counts and durations, and fills in the defaults. Throws `INVALID_OPTIONS`. */
export function broadcastLimits(options: BroadcastOptions): BroadcastLimits {
  const limits: Record<string, unknown> = {};
  for (const [name, [standard, min, max]] of Object.entries(COUNTS))
    limits[name] = integer(`options.${name}`, options[name as keyof typeof COUNTS] ?? standard, min, max);
  for (const range of CLOUDFLARE) {
    const [name, , , , standard] = range;
    const value = options[name] ?? standard;
    const allowed = rangeError(value, range);
    if (allowed) throw invalid("INVALID_OPTIONS", `options.${name}`, shown(value), allowed);
    limits[name] = value;
  }
  return limits as BroadcastLimits;
}
