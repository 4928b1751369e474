import type { ReactElement } from "react";
import type { ServiceReply, SteadymixEvent } from "steadymix";
import type { BroadcastStatus } from "steadymix/cloudflare/routes";
import type { Texts } from "./texts.ts";
import { useNow } from "./useAge.ts";
import { KEPT_MS, type Stretch } from "./useWatched.ts";

export interface LanesProps {
  status: BroadcastStatus;
  stretches: Stretch[];
  texts: Texts;
}

/** Each lane: how it is, and how it was. */
export function Lanes({ status, stretches, texts }: LanesProps): ReactElement {
  const now = useNow();
  return (
    <>
      <ul className="lanes">
        {status.lanes.map((lane) => (
          <li key={lane.name} data-testid={`lane-${lane.name}`}>
            <div className="lane">
              <strong>{lane.name}</strong>
              <span className="badge" data-lane={lane.state}>
                {texts.laneState[lane.state]}
              </span>
              <span>
                {texts.output} <b>{lane.uid ?? "–"}</b>
              </span>
              <span>
                {texts.generation} <b>{lane.generation}</b>
              </span>
              <span>
                {texts.tasks} <b>{lane.tasks.length}</b>
              </span>
              <span>
                {texts.lastGoodQuery} <b>{ago(now, lane.lastConfirmedAt, texts)}</b>
              </span>
            </div>
            {lane.lastProblem && (
              <p className="last-problem" data-testid={`problem-${lane.name}`}>
                {texts.lastProblem} <b>{lane.lastProblem.type}</b> {wordsOf(lane.lastProblem)}{" "}
                <small>{ago(now, lane.lastProblem.at, texts)}</small>
              </p>
            )}
            <Timeline now={now} stretches={stretches.filter((stretch) => stretch.lane === lane.name)} texts={texts} />
          </li>
        ))}
      </ul>
      <p className="hint">{texts.timelineHint}</p>
    </>
  );
}

function Timeline({ now, stretches, texts }: { now: number; stretches: Stretch[]; texts: Texts }): ReactElement {
  const x = (at: number) => Math.max(0, 100 - ((now - at) * 100) / KEPT_MS);
  const said = [...new Set(stretches.map(({ state }) => texts.laneState[state]))].join(", ");
  return (
    <svg className="laneline" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={said}>
      <title>{said}</title>
      {stretches.map(({ state, onAir, from, until }) => (
        <g key={from}>
          <rect data-lane={state} x={x(from)} width={Math.max(0.3, x(until) - x(from))} y={0} height={7} />
          {onAir && <rect className="air" x={x(from)} width={Math.max(0.3, x(until) - x(from))} y={8} height={2} />}
        </g>
      ))}
    </svg>
  );
}

/** What the service said, in its own words. */
function wordsOf(event: SteadymixEvent): string {
  const { status, message, details, stopReason } = event as Partial<ServiceReply>;
  // The same is often said in several places.
  const words = new Set([status, stopReason, message, details]);
  words.delete(undefined);
  return [...words].join(" · ");
}

function ago(now: number, at: number | null, texts: Texts): string {
  return at === null ? texts.never : texts.secondsAgo(Math.max(0, Math.round((now - at) / 1000)));
}
