import { type ReactElement, useEffect, useState } from "react";
import type { Language } from "../../shared/language.ts";
import { type Api, ApiError, UNKNOWN } from "./api.ts";
import { Broadcast } from "./Broadcast.tsx";
import { Quota } from "./Quota.tsx";
import { Stale } from "./Stale.tsx";
import { StartForm } from "./StartForm.tsx";
import type { Texts } from "./texts.ts";
import { useStaleness } from "./useStaleness.ts";
import { useWorkerState } from "./useWorkerState.ts";

export interface ConsoleProps {
  api: Api;
  texts: Texts;
  language: Language;
  onProblem: (error: unknown) => void;
}

/** The broadcasts, and one of them in detail. The address has the id of the selected one, so it can be shared. */
export function Console({ api, texts, language, onProblem }: ConsoleProps): ReactElement {
  // `undefined` shows the form that starts a broadcast.
  const [id, select] = useState(idOfAddress);
  const [isDemo, setDemo] = useState(false);
  const { broadcasts, quota, overviewUpdatedAt, status, statusUpdatedAt, missing, events, spans, problem, refresh } =
    useWorkerState(api, id);
  const staleness = useStaleness(overviewUpdatedAt);

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
          {problemOf(problem, texts)}
        </p>
      )}
      <div className="column" data-stale={staleness !== undefined}>
        <nav aria-label={texts.broadcasts}>
          <section>
            <h2>{texts.broadcasts}</h2>
            <Stale age={staleness} texts={texts} />
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
            <button type="button" className="new" aria-current={id === undefined} onClick={() => select(undefined)}>
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
              select((await api.start(broadcast)).id);
            }}
          />
        ) : missing === id ? (
          <section>
            <p className="hint" role="status">
              {texts.notFound(id)}
            </p>
          </section>
        ) : (
          status?.id === id && (
            <Broadcast
              key={id}
              api={api}
              status={status}
              events={events}
              spans={spans}
              isDemo={isDemo}
              texts={texts}
              language={language}
              updatedAt={statusUpdatedAt}
              onChange={refresh}
            />
          )
        )}
      </div>
    </main>
  );
}

/** `undefined` if the address has no id, or is malformed. */
function idOfAddress(): string | undefined {
  try {
    return decodeURIComponent(location.hash.slice(1)) || undefined;
  } catch {
    return undefined;
  }
}

/** The Worker's errors explain themselves. All others come from the connection. */
function problemOf(problem: unknown, texts: Texts): string {
  const message = problem instanceof Error ? problem.message : String(problem);
  const isRefusal = problem instanceof ApiError && problem.code !== UNKNOWN;
  return isRefusal ? message : `${texts.unreachable} ${message}`;
}
