import type { ReactElement } from "react";
import type { ServiceReply, SteadymixEvent } from "steadymix";
import type { BroadcastStatus } from "steadymix/cloudflare/routes";
import type { Texts } from "./texts.ts";
import { useNow } from "./useStaleness.ts";
import { HISTORY_MS, type Span } from "./useWorkerState.ts";

export interface LanesProps {
  status: BroadcastStatus;
  spans: Span[];
  texts: Texts;
}

/** The current and the recent state of each lane. */
export function Lanes({ status, spans, texts }: LanesProps): ReactElement {
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
                {texts.lastConfirmed} <b>{ago(now, lane.lastConfirmedAt, texts)}</b>
              </span>
            </div>
            {lane.lastProblem && (
              <p className="last-problem" data-testid={`problem-${lane.name}`}>
                {texts.lastProblem} <b>{lane.lastProblem.type}</b> {replyOf(lane.lastProblem)}{" "}
                <small>{ago(now, lane.lastProblem.at, texts)}</small>
              </p>
            )}
            <Timeline now={now} spans={spans.filter((span) => span.lane === lane.name)} texts={texts} />
          </li>
        ))}
      </ul>
      <p className="hint">{texts.timelineHint}</p>
    </>
  );
}

function Timeline({ now, spans, texts }: { now: number; spans: Span[]; texts: Texts }): ReactElement {
  const x = (at: number) => Math.max(0, 100 - ((now - at) * 100) / HISTORY_MS);
  const label = [...new Set(spans.map(({ state }) => texts.laneState[state]))].join(", ");
  return (
    <svg className="laneline" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      {spans.map(({ state, onAir, from, until }) => (
        <g key={from}>
          <rect data-lane={state} x={x(from)} width={Math.max(0.3, x(until) - x(from))} y={0} height={7} />
          {onAir && <rect className="air" x={x(from)} width={Math.max(0.3, x(until) - x(from))} y={8} height={2} />}
        </g>
      ))}
    </svg>
  );
}

/** The service's own texts. */
function replyOf(event: SteadymixEvent): string {
  const { status, message, details, stopReason } = event as Partial<ServiceReply>;
  // Several fields often have the same text.
  const parts = new Set([status, stopReason, message, details]);
  parts.delete(undefined);
  return [...parts].join(" · ");
}

function ago(now: number, at: number | null, texts: Texts): string {
  return at === null ? texts.never : texts.secondsAgo(Math.max(0, Math.round((now - at) / 1000)));
}
