import { type ReactElement, useEffect, useState } from "react";
import type { Language } from "../../shared/language.ts";
import type { Api } from "./api.ts";
import { Broadcast } from "./Broadcast.tsx";
import { Quota } from "./Quota.tsx";
import { StartForm } from "./StartForm.tsx";
import type { Texts } from "./texts.ts";
import { useWatched } from "./useWatched.ts";

export interface ConsoleProps {
  api: Api;
  texts: Texts;
  language: Language;
  onProblem: (error: unknown) => void;
}

const NEW = "new";

/** The broadcasts, and one of them in detail. What is selected is in the address, so that it can be shared. */
export function Console({ api, texts, language, onProblem }: ConsoleProps): ReactElement {
  const [selected, select] = useState(() => decodeURIComponent(location.hash.slice(1)) || NEW);
  const [isDemo, setDemo] = useState(false);
  const id = selected === NEW ? undefined : selected;
  const { broadcasts, quota, status, events, stretches, problem, look } = useWatched(api, id);

  useEffect(() => {
    history.replaceState(null, "", id === undefined ? location.pathname : `#${encodeURIComponent(id)}`);
  }, [id]);
  useEffect(() => {
    api.isDemo().then(setDemo, () => {});
  }, [api]);
  useEffect(() => onProblem(problem), [problem, onProblem]);

  return (
    <main className="console">
      {problem !== undefined && (
        <p className="error whole" role="alert">
          {texts.unreachable} {problem instanceof Error ? problem.message : String(problem)}
        </p>
      )}
      <div className="column">
        <nav aria-label={texts.broadcasts}>
          <section>
            <h2>{texts.broadcasts}</h2>
            {broadcasts?.length === 0 && <p className="hint">{texts.none}</p>}
            <ul className="broadcasts">
              {broadcasts?.map(({ id: other, state, onAir }) => (
                <li key={other}>
                  <button type="button" aria-current={other === id} onClick={() => select(other)}>
                    <span className="id">{other}</span>
                    <span className="badge" data-state={state}>
                      {texts.state[state]}
                      {onAir && ` · ${onAir.uid}`}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
            <button type="button" className="new" aria-current={id === undefined} onClick={() => select(NEW)}>
              {texts.startNew}
            </button>
          </section>
        </nav>
        {quota && <Quota quota={quota} texts={texts} />}
      </div>
      <div className="column">
        {id === undefined ? (
          <StartForm
            texts={texts}
            onStart={async (broadcast) => {
              await api.start(broadcast);
              select(broadcast.id);
            }}
          />
        ) : (
          status?.id === id && (
            <Broadcast
              key={id}
              api={api}
              status={status}
              events={events}
              stretches={stretches}
              isDemo={isDemo}
              texts={texts}
              language={language}
              onChange={look}
            />
          )
        )}
      </div>
    </main>
  );
}
