import { useEffect, useRef, useState } from "react";
import type { FailoverViewer, Health, OutputHealth, Uid } from "steadymix/viewer";

/** A stretch of time in which something was so; times in ms of `performance.now()`. */
export interface Stretch<T> {
  uid: Uid;
  value: T;
  from: number;
  until: number;
}

export interface History {
  now: OutputHealth[];
  health: Stretch<Health>[];
  shown: Stretch<true>[];
}

const LOOK_MS = 100;
export const KEPT_MS = 60_000;

/** Why no picture follows: the broadcast has ended, or this viewer was removed from the channel. */
export type End = "ended" | "closed";

/**
 * The output whose picture is on screen. `shown` stays the last one when no output is left in the channel. After the end of the
 * broadcast, a picture that does not move is none.
 */
export function onScreenOf(shown: Uid | undefined, outputs: OutputHealth[], end: End | undefined): Uid | undefined {
  if (end === "closed") return undefined;
  const isOn = ({ uid, health }: OutputHealth) => (end ? uid === shown && health === "playing" : health !== "absent");
  return outputs.some(isOn) ? shown : undefined;
}

/** How the outputs have been in the last minute. */
export function useHistory(viewer: FailoverViewer | undefined, end: End | undefined): History {
  const [now, setNow] = useState<OutputHealth[]>([]);
  const kept = useRef<Omit<History, "now">>({ health: [], shown: [] });
  const latestEnd = useRef(end);
  latestEnd.current = end;

  useEffect(() => {
    if (!viewer) return;
    kept.current = { health: [], shown: [] };
    const look = () => {
      const at = performance.now();
      const outputs = viewer.outputs;
      const { health, shown } = kept.current;
      for (const { uid, health: value } of outputs) extend(health, uid, value, at);
      const onScreen = onScreenOf(viewer.shown, outputs, latestEnd.current);
      if (onScreen !== undefined) extend(shown, onScreen, true, at);
      const isRecent = ({ until }: { until: number }) => until > at - KEPT_MS;
      kept.current = { health: health.filter(isRecent), shown: shown.filter(isRecent) };
      setNow((before) => (JSON.stringify(before) === JSON.stringify(outputs) ? before : outputs));
    };
    look();
    const timer = window.setInterval(look, LOOK_MS);
    return () => window.clearInterval(timer);
  }, [viewer]);

  return {
    now,
    get health() {
      return kept.current.health;
    },
    get shown() {
      return kept.current.shown;
    },
  };
}

function extend<T>(stretches: Stretch<T>[], uid: Uid, value: T, at: number): void {
  const last = stretches.findLast((stretch) => stretch.uid === uid);
  if (last) {
    // It was so until now, unless nobody looked for a while.
    if (at - last.until < 20 * LOOK_MS) last.until = at;
    if (last.value === value && last.until === at) return;
  }
  stretches.push({ uid, value, from: at, until: at });
}
