import { useEffect, useRef, useState } from "react";
import type { LaneStatus } from "steadymix";
import type { BroadcastEntry, BroadcastStatus, QuotaStatus, StoredEvent } from "steadymix/cloudflare/routes";
import { type Api, ApiError } from "./api.ts";

const POLL_INTERVAL_MS = 1000;
const MAX_EVENTS = 300;
export const HISTORY_MS = 120_000;

/** A time span in which a lane was in one state. Times are in ms since the epoch. */
export interface Span {
  lane: string;
  state: LaneStatus["state"];
  onAir: boolean;
  from: number;
  until: number;
}

export interface WorkerState {
  broadcasts: BroadcastEntry[] | undefined;
  quota: QuotaStatus | undefined;
  /** When `broadcasts` and `quota` were last updated, in ms since the epoch. */
  overviewUpdatedAt: number | undefined;
  /** The selected broadcast. */
  status: BroadcastStatus | undefined;
  /** When `status` was last updated, in ms since the epoch. */
  statusUpdatedAt: number | undefined;
  /** The selected id, if there is no such broadcast. */
  missing: string | undefined;
  /** The events of the selected broadcast, the latest first. */
  events: StoredEvent[];
  spans: Span[];
  problem: unknown;
}

const INITIAL: WorkerState = {
  broadcasts: undefined,
  quota: undefined,
  overviewUpdatedAt: undefined,
  status: undefined,
  statusUpdatedAt: undefined,
  missing: undefined,
  events: [],
  spans: [],
  problem: undefined,
};

/**
 * Polls the Worker once a second: the overview, and the `selected` broadcast. `refresh` polls at once, and resolves when
 * the state is updated.
 */
export function useWorkerState(api: Api, selected: string | undefined): WorkerState & { refresh: () => Promise<void> } {
  const [state, setState] = useState(INITIAL);
  const latestRefresh = useRef(async () => {});

  useEffect(() => {
    let isOver = false;
    let timer: number | undefined;
    let events: StoredEvent[] = [];
    let spans: Span[] = [];
    let polled = Promise.resolve();
    const update = (changes: Partial<WorkerState>) => {
      if (!isOver) setState((before) => ({ ...before, ...changes }));
    };
    const pollOverview = async () => {
      const [broadcasts, quota] = await Promise.all([api.broadcasts(), api.quota()]);
      update({ broadcasts, quota, overviewUpdatedAt: Date.now() });
    };
    const pollBroadcast = async (id: string) => {
      try {
        const status = await api.status(id);
        const more = await api.events(id, events[0]?.seq ?? 0);
        events = [...more.reverse(), ...events].slice(0, MAX_EVENTS);
        spans = extended(spans, status, Date.now());
        update({ status, missing: undefined, events, spans, statusUpdatedAt: Date.now() });
      } catch (error) {
        if (!hasCode(error, "NOT_FOUND")) throw error;
        update({ status: undefined, missing: id });
      }
    };
    const poll = async () => {
      window.clearTimeout(timer);
      if (isOver) return;
      // If one fails, the other is still shown.
      const results = await Promise.allSettled([
        pollOverview(),
        selected === undefined ? undefined : pollBroadcast(selected),
      ]);
      const problem: unknown = results.find((result) => result.status === "rejected")?.reason;
      update({ problem });
      if (hasCode(problem, "UNAUTHORIZED")) isOver = true;
      if (!isOver) timer = window.setTimeout(refresh, POLL_INTERVAL_MS);
    };
    // A poll that is in progress may have read the state before the caller's change: another one follows it.
    const refresh = () => {
      polled = polled.then(poll);
      return polled;
    };
    latestRefresh.current = refresh;
    setState((before) => ({ ...before, status: undefined, missing: undefined, events: [], spans: [] }));
    void refresh();
    return () => {
      isOver = true;
      window.clearTimeout(timer);
    };
  }, [api, selected]);

  return { ...state, refresh: () => latestRefresh.current() };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.code === code;
}

function extended(spans: Span[], { lanes, onAir }: BroadcastStatus, at: number): Span[] {
  const kept = spans.filter(({ until }) => until > at - HISTORY_MS);
  for (const { name, state } of lanes) {
    const isOnAir = onAir?.lane === name;
    const last = kept.findLast(({ lane }) => lane === name);
    if (last && at - last.until < 10 * POLL_INTERVAL_MS) last.until = at;
    if (last?.until === at && last.state === state && last.onAir === isOnAir) continue;
    kept.push({ lane: name, state, onAir: isOnAir, from: at, until: at });
  }
  return kept;
}
