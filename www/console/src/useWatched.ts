import { useEffect, useRef, useState } from "react";
import type { LaneStatus } from "steadymix";
import type { Api, BroadcastEntry, BroadcastStatus, QuotaStatus, StoredEvent } from "./api.ts";
import { ApiError } from "./api.ts";

const LOOK_MS = 1000;
const SHOWN_EVENTS = 300;
export const KEPT_MS = 120_000;

/** A stretch of time (ms since the epoch) in which a lane was in one state. */
export interface Stretch {
  lane: string;
  state: LaneStatus["state"];
  onAir: boolean;
  from: number;
  until: number;
}

export interface Watched {
  broadcasts: BroadcastEntry[] | undefined;
  quota: QuotaStatus | undefined;
  status: BroadcastStatus | undefined;
  /** The youngest first. */
  events: StoredEvent[];
  stretches: Stretch[];
  problem: unknown;
}

const NOTHING: Watched = {
  broadcasts: undefined,
  quota: undefined,
  status: undefined,
  events: [],
  stretches: [],
  problem: undefined,
};

/** How everything is, looked at once a second; `selected` in detail. */
export function useWatched(api: Api, selected: string | undefined): Watched & { look: () => void } {
  const [watched, setWatched] = useState(NOTHING);
  const again = useRef(() => {});

  useEffect(() => {
    let isOver = false;
    let timer: number | undefined;
    let events: StoredEvent[] = [];
    let stretches: Stretch[] = [];
    let isLooking = false;
    const look = async () => {
      if (isLooking) return;
      isLooking = true;
      window.clearTimeout(timer);
      try {
        const [broadcasts, quota] = await Promise.all([api.broadcasts(), api.quota()]);
        const status = selected === undefined ? undefined : await api.status(selected);
        if (selected !== undefined) {
          const more = await api.events(selected, events[0]?.seq ?? 0);
          events = [...more.reverse(), ...events].slice(0, SHOWN_EVENTS);
        }
        if (status) stretches = extended(stretches, status, Date.now());
        if (!isOver) setWatched({ broadcasts, quota, status, events, stretches, problem: undefined });
      } catch (problem) {
        if (!isOver) setWatched((before) => ({ ...before, problem }));
        if (problem instanceof ApiError && problem.code === "UNAUTHORIZED") isOver = true;
      }
      isLooking = false;
      if (!isOver) timer = window.setTimeout(() => void look(), LOOK_MS);
    };
    again.current = () => void look();
    setWatched((before) => ({ ...before, status: undefined, events: [], stretches: [] }));
    void look();
    return () => {
      isOver = true;
      window.clearTimeout(timer);
    };
  }, [api, selected]);

  return { ...watched, look: () => again.current() };
}

function extended(stretches: Stretch[], { lanes, onAir }: BroadcastStatus, at: number): Stretch[] {
  const kept = stretches.filter(({ until }) => until > at - KEPT_MS);
  for (const { name, state } of lanes) {
    const isOnAir = onAir?.lane === name;
    const last = kept.findLast(({ lane }) => lane === name);
    if (last && at - last.until < 10 * LOOK_MS) last.until = at;
    if (last?.until === at && last.state === state && last.onAir === isOnAir) continue;
    kept.push({ lane: name, state, onAir: isOnAir, from: at, until: at });
  }
  return kept;
}
