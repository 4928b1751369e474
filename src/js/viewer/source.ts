import { check, FUNCTION, optional, type Rules } from "./check.js";
import type { Kind, Signal, Uid } from "./types.js";

/**
 * An RTC SDK, as the failover needs it. An adapter for another SDK implements this, and nothing more.
 *
 * It tells what happens, carries out what it is asked, and decides nothing. Video that is subscribed plays at once, below
 * what is shown; audio that is subscribed is not heard before its output is shown.
 */
export interface RtcSource {
  /**
   * Begins to tell: first who is there already, then what happens. Returns what ends it. `tell` throws `INVALID_SIGNAL` for what
   * is no signal, and the viewer goes on as before.
   */
  attach(tell: (signal: Signal) => void): () => void;
  /** Subscribes to a track. Rejects when that fails. Asked once for each track until it is unsubscribed or gone. */
  subscribe(uid: Uid, kind: Kind): Promise<void>;
  /** Unsubscribes from a track, in a task of its own: elements may be removed. One that is gone already is no error. */
  unsubscribe(uid: Uid, kind: Kind): Promise<void>;
  /** Puts this output's picture on top, and lets it be heard; silences the others. */
  show(uid: Uid): void;
  /** Tells, as `progress`, of each subscribed track whether bytes came in since the last call. Called every second. */
  look?(): void | Promise<void>;
}

/** Attaches to a source. Throws `INVALID_CONFIG` if it gives nothing that ends it. */
export function attached(source: RtcSource, tell: (signal: Signal) => void): () => void {
  const detach = source.attach(tell);
  check("INVALID_CONFIG", "source", { "attach()": detach }, { "attach()": FUNCTION });
  return detach;
}

/** What a source has. */
export const SOURCE: Required<{ readonly [Call in keyof RtcSource]: Rules[string] }> = {
  attach: FUNCTION,
  subscribe: FUNCTION,
  unsubscribe: FUNCTION,
  show: FUNCTION,
  look: optional(FUNCTION),
};
