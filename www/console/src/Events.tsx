import type { ReactElement } from "react";
import type { StoredEvent } from "steadymix/cloudflare/routes";
import type { Language } from "../../shared/language.ts";
import type { Texts } from "./texts.ts";

export interface EventsProps {
  events: StoredEvent[];
  texts: Texts;
  language: Language;
}

/** Fields with a column of their own, and obvious ones. Request ids are shown: the service's support asks for them. */
const OMITTED: ReadonlySet<string> = new Set(["seq", "at", "lane", "uid", "type", "instanceId"]);

export function Events({ events, texts, language }: EventsProps): ReactElement {
  const { columns } = texts;
  const time = new Intl.DateTimeFormat(language, { timeStyle: "medium", hourCycle: "h23" });
  return (
    <section className="events">
      <h2>{texts.events}</h2>
      {events.length === 0 && <p className="hint">{texts.noEvents}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable with the keyboard */}
      <div className="scroll" tabIndex={0} data-testid="events">
        <table>
          <thead>
            <tr>
              <th>{columns.time}</th>
              <th>{columns.lane}</th>
              <th>{columns.uid}</th>
              <th>{columns.event}</th>
            </tr>
          </thead>
          <tbody>
            {events.map((event) => (
              <tr key={event.seq} data-type={event.type}>
                <td>
                  <time dateTime={new Date(event.at).toISOString()}>{time.format(event.at)}</time>
                </td>
                <td>{event.lane}</td>
                <td>{event.uid ?? ""}</td>
                <td>
                  <b>{event.type}</b> <small>{detailsOf(event)}</small>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function detailsOf(event: StoredEvent): string {
  return Object.entries(event)
    .filter(([name, value]) => !OMITTED.has(name) && value !== null && value !== undefined)
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(" · ");
}
