import { useEffect, useRef, useState } from "react";
import type { LaneStatus } from "steadymix";
import type { BroadcastEntry, BroadcastStatus, QuotaStatus, StoredEvent } from "steadymix/cloudflare/routes";
import { type Api, ApiError } from "./api.ts";

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
  /** When the list and the limits were seen last, and when the selected broadcast was: ms since the epoch. */
  allSeenAt: number | undefined;
  statusSeenAt: number | undefined;
  broadcasts: BroadcastEntry[] | undefined;
  quota: QuotaStatus | undefined;
  status: BroadcastStatus | undefined;
  /** The id that is selected, if there is no such broadcast. */
  missing: string | undefined;
  /** The youngest first. */
  events: StoredEvent[];
  stretches: Stretch[];
  problem: unknown;
}

const NOTHING: Watched = {
  allSeenAt: undefined,
  statusSeenAt: undefined,
  broadcasts: undefined,
  quota: undefined,
  status: undefined,
  missing: undefined,
  events: [],
  stretches: [],
  problem: undefined,
};

/** How everything is, looked at once a second; `selected` in detail. `look` looks at once, and resolves when it has. */
export function useWatched(api: Api, selected: string | undefined): Watched & { look: () => Promise<void> } {
  const [watched, setWatched] = useState(NOTHING);
  const again = useRef(async () => {});

  useEffect(() => {
    let isOver = false;
    let timer: number | undefined;
    let events: StoredEvent[] = [];
    let stretches: Stretch[] = [];
    let looking = Promise.resolve();
    const show = (seen: Partial<Watched>) => {
      if (!isOver) setWatched((before) => ({ ...before, ...seen }));
    };
    const lookAtAll = async () => {
      const [broadcasts, quota] = await Promise.all([api.broadcasts(), api.quota()]);
      show({ broadcasts, quota, allSeenAt: Date.now() });
    };
    const lookAtSelected = async (id: string) => {
      try {
        const status = await api.status(id);
        const more = await api.events(id, events[0]?.seq ?? 0);
        events = [...more.reverse(), ...events].slice(0, SHOWN_EVENTS);
        stretches = extended(stretches, status, Date.now());
        show({ status, missing: undefined, events, stretches, statusSeenAt: Date.now() });
      } catch (error) {
        if (!isRefused(error, "NOT_FOUND")) throw error;
        show({ status: undefined, missing: id });
      }
    };
    const look = async () => {
      window.clearTimeout(timer);
      if (isOver) return;
      // One shows what it has, though the other fails.
      const looks = [lookAtAll(), selected === undefined ? undefined : lookAtSelected(selected)];
      const problem: unknown = (await Promise.allSettled(looks)).find((look) => look.status === "rejected")?.reason;
      show({ problem });
      if (isRefused(problem, "UNAUTHORIZED")) isOver = true;
      if (!isOver) timer = window.setTimeout(lookAgain, LOOK_MS);
    };
    // One after the other: who asks sees what was so after it asked.
    const lookAgain = () => {
      looking = looking.then(look);
      return looking;
    };
    again.current = lookAgain;
    setWatched((before) => ({ ...before, status: undefined, missing: undefined, events: [], stretches: [] }));
    void lookAgain();
    return () => {
      isOver = true;
      window.clearTimeout(timer);
    };
  }, [api, selected]);

  return { ...watched, look: () => again.current() };
}

function isRefused(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.code === code;
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
