import type { ReactElement } from "react";
import type { Uid } from "steadymix/viewer";
import type { Station } from "./demo/station.ts";
import type { Texts } from "./Viewer.tsx";

export interface ExperimentProps {
  station: Station;
  shown: Uid | undefined;
  texts: Texts;
}

const DISTURBANCE_MS = 4000;
const ALL: Uid[] = [9001, 9002, 9101, 9102];

/** Buttons that inject faults into the output on screen. */
export function Experiment({ station, shown, texts }: ExperimentProps): ReactElement {
  const withShown = (act: (uid: Uid) => void) => () => shown !== undefined && act(shown);
  const buttons = [
    { name: "kill", label: texts.kill, hint: texts.killHint, act: withShown((uid) => station.kill(uid)) },
    { name: "end", label: texts.end, hint: texts.endHint, act: withShown((uid) => station.end(uid)) },
    { name: "freeze", label: texts.freeze, hint: texts.freezeHint, act: withShown((uid) => station.freeze([uid])) },
    { name: "freezeBoth", label: texts.freezeBoth, hint: texts.freezeBothHint, act: () => station.freeze(ALL) },
    {
      name: "disturb",
      label: texts.disturb,
      hint: texts.disturbHint,
      act: () => station.channel.disturb(DISTURBANCE_MS),
    },
    { name: "bringBack", label: texts.bringBack, hint: texts.bringBackHint, act: () => station.bringBack() },
  ];
  return (
    <section className="experiment">
      <h2>{texts.experiment}</h2>
      <p>{texts.experimentExplained}</p>
      <ul>
        {buttons.map(({ name, label, hint, act }) => (
          <li key={name}>
            <button
              type="button"
              data-testid={name}
              className={name}
              aria-describedby={`hint-${name}`}
              disabled={shown === undefined}
              onClick={act}
            >
              {label}
            </button>
            <small id={`hint-${name}`}>{hint}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}
