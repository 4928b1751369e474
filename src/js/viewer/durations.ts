// Generated from src/failover/config.rs: STEADYMIX_GENERATE=1 cargo test durations
import type { DurationRange } from "../durations.js";

/** The durations among the options of a failover, in ms. */
export interface FailoverDurations {
  /**
   * How long an output may stay frozen after the SDK's report (500 ms after the last frame). Where frames are reported, as
   * in browsers, `frameGapGraceMs` applies as well.
   * 0, or from 100 to 86400000. Default 1000.
   */
  frozenGraceMs?: number;
  /**
   * Like `frozenGraceMs`, if the SDK reports congestion as the reason.
   * 0, or from 100 to 86400000. Default 1500.
   */
  congestedGraceMs?: number;
  /**
   * Like `frozenGraceMs`, while the viewer's own network is poor.
   * 0, or from 100 to 86400000. Default 3000.
   */
  poorNetworkGraceMs?: number;
  /**
   * How long the sender may keep its video muted.
   * 0, or from 100 to 86400000. Default 2000.
   */
  mutedGraceMs?: number;
  /**
   * How long audio may be lost while the backup's audio arrives.
   * 0, or from 100 to 86400000. Default 2000.
   */
  audioLostGraceMs?: number;
  /**
   * How long frames may be missing while those of a hot standby arrive. Never less than four frame intervals, or twice
   * the longest recent gap.
   * 0, or from 50 to 86400000. Default 250.
   */
  frameGapGraceMs?: number;
  /**
   * An output whose second frame has not arrived this long after it was subscribed has failed.
   * From 500 to 86400000. Default 3000.
   */
  startTimeoutMs?: number;
  /**
   * How long an output that did not start or could not be decoded is avoided while there is another one.
   * 0, or from 500 to 86400000. Default 30000.
   */
  failureCooldownMs?: number;
  /**
   * How long after a switch only a certain loss causes another switch.
   * 0, or from 500 to 86400000. Default 5000.
   */
  switchCooldownMs?: number;
  /**
   * How long after the viewer's own reconnect no decision is made.
   * 0, or from 100 to 86400000. Default 3500.
   */
  reconnectGraceMs?: number;
  /**
   * How long all outputs may be unhealthy before that is reported.
   * 0, or from 500 to 86400000. Default 10000.
   */
  allDownGraceMs?: number;
  /**
   * A switch is reported as a false alarm if the previous output recovers within this time.
   * 0, or from 100 to 86400000. Default 5000.
   */
  falseAlarmWindowMs?: number;
  /**
   * How long a more preferred output must be healthy before it is shown again. By default the viewer does not fail back.
   * 0, or from 1000 to 86400000.
   */
  failBackDelayMs?: number;
}

/** The range of each, in the order of their numbers in the WebAssembly. */
export const DURATIONS = [
  ["frozenGraceMs", 100],
  ["congestedGraceMs", 100],
  ["poorNetworkGraceMs", 100],
  ["mutedGraceMs", 100],
  ["audioLostGraceMs", 100],
  ["frameGapGraceMs", 50],
  ["startTimeoutMs", 500, false],
  ["failureCooldownMs", 500],
  ["switchCooldownMs", 500],
  ["reconnectGraceMs", 100],
  ["allDownGraceMs", 500],
  ["falseAlarmWindowMs", 100],
  ["failBackDelayMs", 1000],
] as const satisfies readonly DurationRange[];
