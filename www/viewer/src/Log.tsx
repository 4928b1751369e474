import type { ReactElement } from "react";
import type { SteadymixEvent } from "steadymix";
import type { OnAirUpdate, ViewerEvent } from "steadymix/viewer";
import type { Texts } from "./Viewer.tsx";

/** An entry of the log. It keeps the event itself: its text depends on the language. */
export type LogLine = { id: number; at: Date } & (
  | { side: "viewer"; event: ViewerEvent }
  | { side: "server"; event: SteadymixEvent }
  | { side: "update"; event: OnAirUpdate }
  | { side: "feed"; event: string }
);

let lines = 0;

export function lineOf(event: ViewerEvent): Extract<LogLine, { side: "viewer" }> {
  lines += 1;
  return { id: lines, at: new Date(), side: "viewer", event };
}

const LOGGED: ReadonlySet<string> = new Set(["launching", "confirmed", "relaunched", "onAir", "suspect"]);

export function serverLineOf(event: SteadymixEvent): LogLine | undefined {
  if (!LOGGED.has(event.type)) return undefined;
  lines += 1;
  return { id: lines, at: new Date(), side: "server", event };
}

/** An update from the Worker. It is not logged while no output is on air yet. */
export function updateLineOf(update: OnAirUpdate): LogLine | undefined {
  if (!update.onAir && !update.ended) return undefined;
  lines += 1;
  return { id: lines, at: new Date(), side: "update", event: update };
}

/** An error of the feed. */
export function feedLineOf(error: unknown): LogLine {
  lines += 1;
  return { id: lines, at: new Date(), side: "feed", event: error instanceof Error ? error.message : String(error) };
}

export function Log({ lines, texts }: { lines: LogLine[]; texts: Texts }): ReactElement {
  return (
    <section className="log">
      <h2>{texts.log}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable list must be reachable with the keyboard */}
      <ol tabIndex={0} aria-label={texts.log} data-testid="log">
        {lines.map((line) => (
          <li key={line.id} data-side={line.side} data-type={line.side === "viewer" ? line.event.type : undefined}>
            <time dateTime={line.at.toISOString()}>{line.at.toTimeString().slice(0, 8)}</time>
            <span className="side">{line.side === "viewer" ? texts.viewerSide : texts.serverSide}</span>
            <span>{textOf(line, texts)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function textOf(line: LogLine, texts: Texts): string {
  switch (line.side) {
    case "viewer":
      return viewerText(line.event, texts);
    case "server":
      return serverText(line.event, texts);
    case "update":
      return line.event.onAir ? texts.server.onAir(line.event.onAir.uid) : texts.server.ended;
    case "feed":
      return line.event;
  }
}

function viewerText(event: ViewerEvent, { events, reason }: Texts): string {
  switch (event.type) {
    case "degraded":
      return events.degraded(event.uid, reason[event.reason]);
    case "recovered":
      return events.recovered(event.uid);
    case "switched":
      return events.switched(event.from, event.to, reason[event.reason], Math.round(event.outageMs));
    case "failedBack":
      return events.failedBack(event.from, event.to);
    case "falseAlarm":
      return events.falseAlarm(event.uid);
    case "allDown":
      return events.allDown;
    case "unplayable":
      return events.unplayable(event.uid);
    case "closed":
      return events.closed;
  }
}

function serverText(event: SteadymixEvent, { server }: Texts): string {
  const uid = event.uid ?? 0;
  switch (event.type) {
    case "launching":
      return server.launching(uid);
    case "confirmed":
      return server.confirmed(uid);
    case "relaunched":
      return server.relaunched(uid);
    case "suspect":
      return server.suspect(uid);
    case "onAir":
      return server.onAir(event.toUid ?? 0);
    default:
      return event.type;
  }
}
