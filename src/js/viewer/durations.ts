// Generated from src/failover/config.rs: STEADYMIX_GENERATE=1 cargo test durations
import type { DurationRange } from "../durations.js";

/** The durations among the settings, in ms. */
export interface FailoverDurations {
  /**
   * How long an output that the SDK calls frozen (after 500 ms of its own) is waited for. Where frames are reported, as
   * in browsers, one that provably stands still is left sooner.
   * 0, or from 100 to 86400000. Default 1000.
   */
  frozenMs?: number;
  /**
   * The same, when an engine says that congestion is the cause.
   * 0, or from 100 to 86400000. Default 1500.
   */
  congestedMs?: number;
  /**
   * The same, when the viewer's own network is bad.
   * 0, or from 100 to 86400000. Default 3000.
   */
  badNetworkMs?: number;
  /**
   * How long an output that was muted on purpose is waited for.
   * 0, or from 100 to 86400000. Default 2000.
   */
  mutedMs?: number;
  /**
   * How long lost audio is waited for, when the backup's is alive.
   * 0, or from 100 to 86400000. Default 2000.
   */
  audioMs?: number;
  /**
   * With a hot standby that progresses, no frame for this long is enough to change over; but never less than four times
   * the interval of the frames, or twice the longest gap seen lately.
   * 0, or from 50 to 86400000. Default 250.
   */
  frameGapMs?: number;
  /**
   * An output that does not show its second frame this long after it was subscribed has failed.
   * From 500 to 86400000. Default 3000.
   */
  startingMs?: number;
  /**
   * How long an output that did not start, or could not be decoded, is not tried again if there is another.
   * 0, or from 500 to 86400000. Default 30000.
   */
  penaltyMs?: number;
  /**
   * How long after a switch only a certain loss is followed by another.
   * 0, or from 500 to 86400000. Default 5000.
   */
  dwellMs?: number;
  /**
   * How long after the viewer's own reconnect nothing is believed.
   * 0, or from 100 to 86400000. Default 3500.
   */
  settleMs?: number;
  /**
   * When no output is well for this long, that is reported.
   * 0, or from 500 to 86400000. Default 10000.
   */
  bothDownMs?: number;
  /**
   * An output that flows again this soon after it was left was a false positive, which is reported.
   * 0, or from 100 to 86400000. Default 5000.
   */
  falseAlarmMs?: number;
  /**
   * How long the preferred output must be healthy before it is shown again. Off by default: never, as long as the one
   * that is shown is healthy.
   * 0, or from 1000 to 86400000.
   */
  failBackMs?: number;
}

/** What is allowed of each, in the order of their numbers in the WebAssembly. */
export const DURATIONS = [
  ["frozenMs", 100],
  ["congestedMs", 100],
  ["badNetworkMs", 100],
  ["mutedMs", 100],
  ["audioMs", 100],
  ["frameGapMs", 50],
  ["startingMs", 500, false],
  ["penaltyMs", 500],
  ["dwellMs", 500],
  ["settleMs", 100],
  ["bothDownMs", 500],
  ["falseAlarmMs", 100],
  ["failBackMs", 1000],
] as const satisfies readonly DurationRange[];
