import { useEffect, useRef, useState } from "react";
import type { FailoverViewer, Health, OutputHealth, Uid } from "steadymix/viewer";

/** A time span with one value; times in ms of `performance.now()`. */
export interface Span<T> {
  uid: Uid;
  value: T;
  from: number;
  until: number;
}

export interface History {
  now: OutputHealth[];
  health: Span<Health>[];
  shown: Span<true>[];
}

const SAMPLE_INTERVAL_MS = 100;
export const HISTORY_MS = 60_000;

/** Why there is no longer a picture: the broadcast has ended, or this viewer was removed from the channel. */
export type End = "ended" | "closed";

/**
 * The output whose picture is on screen. `shown` remains set when no output is left in the channel. After the end of the broadcast
 * a frozen picture does not count.
 */
export function onScreenOf(shown: Uid | undefined, outputs: OutputHealth[], end: End | undefined): Uid | undefined {
  if (end === "closed") return undefined;
  const isOn = ({ uid, health }: OutputHealth) => (end ? uid === shown && health === "playing" : health !== "absent");
  return outputs.some(isOn) ? shown : undefined;
}

/** The states of the outputs over the last minute. */
export function useHistory(viewer: FailoverViewer | undefined, end: End | undefined): History {
  const [now, setNow] = useState<OutputHealth[]>([]);
  const kept = useRef<Omit<History, "now">>({ health: [], shown: [] });
  const latestEnd = useRef(end);
  latestEnd.current = end;

  useEffect(() => {
    if (!viewer) return;
    kept.current = { health: [], shown: [] };
    const sample = () => {
      const at = performance.now();
      const outputs = viewer.outputs;
      const { health, shown } = kept.current;
      for (const { uid, health: value } of outputs) extend(health, uid, value, at);
      const onScreen = onScreenOf(viewer.shown, outputs, latestEnd.current);
      if (onScreen !== undefined) extend(shown, onScreen, true, at);
      const isRecent = ({ until }: { until: number }) => until > at - HISTORY_MS;
      kept.current = { health: health.filter(isRecent), shown: shown.filter(isRecent) };
      setNow((before) => (JSON.stringify(before) === JSON.stringify(outputs) ? before : outputs));
    };
    sample();
    const timer = window.setInterval(sample, SAMPLE_INTERVAL_MS);
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

function extend<T>(spans: Span<T>[], uid: Uid, value: T, at: number): void {
  const last = spans.findLast((span) => span.uid === uid);
  if (last) {
    // Extend it until now, unless samples are missing, as in a hidden page.
    if (at - last.until < 20 * SAMPLE_INTERVAL_MS) last.until = at;
    if (last.value === value && last.until === at) return;
  }
  spans.push({ uid, value, from: at, until: at });
}
