import { check, FUNCTION, optional, type Rules } from "./check.js";
import type { Kind, Signal, Uid } from "./types.js";

/**
 * An RTC SDK, as the failover needs it. An adapter for another SDK implements this interface, and nothing else.
 *
 * It reports what happens, carries out calls, and decides nothing. Subscribed video plays at once, behind the output on screen;
 * subscribed audio is muted until its output is shown.
 */
export interface RtcSource {
  /**
   * Begins to emit signals: first the current state of the channel, then each change. Returns a function that detaches. `emit`
   * throws `INVALID_SIGNAL` for an invalid signal, without an effect on the viewer.
   */
  attach(emit: (signal: Signal) => void): () => void;
  /** Subscribes to a track. Rejects on failure. Called once for each track until that is unsubscribed or gone. */
  subscribe(uid: Uid, kind: Kind): Promise<void>;
  /** Unsubscribes from a track. Called in a task of its own, so it may remove elements. Does not fail if the track is gone. */
  unsubscribe(uid: Uid, kind: Kind): Promise<void>;
  /** Brings this output's video to the front and unmutes it; mutes the others. */
  show(uid: Uid): void;
  /** Emits `stats` for each subscribed track: whether bytes arrived since the last call. Called every second. */
  pollStats?(): void | Promise<void>;
}

/** Attaches to a source. Throws `INVALID_OPTIONS` if that does not return a function. */
export function attached(source: RtcSource, emit: (signal: Signal) => void): () => void {
  const detach = source.attach(emit);
  check("INVALID_OPTIONS", "source", { "attach()": detach }, { "attach()": FUNCTION });
  return detach;
}

/** The rules of a source. */
export const SOURCE: Required<{ readonly [Call in keyof RtcSource]: Rules[string] }> = {
  attach: FUNCTION,
  subscribe: FUNCTION,
  unsubscribe: FUNCTION,
  show: FUNCTION,
  pollStats: optional(FUNCTION),
};
