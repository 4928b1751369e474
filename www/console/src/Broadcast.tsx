import { type ReactElement, useState } from "react";
import type { BroadcastStatus, StoredEvent } from "steadymix/cloudflare/routes";
import { FAULTS } from "steadymix/emulator/scenarios";
import type { Language } from "../../shared/language.ts";
import type { Api } from "./api.ts";
import { Events } from "./Events.tsx";
import { FormError } from "./Field.tsx";
import { Lanes } from "./Lanes.tsx";
import { Stale } from "./Stale.tsx";
import type { Texts } from "./texts.ts";
import { UpdateForm } from "./UpdateForm.tsx";
import { useStaleness } from "./useStaleness.ts";
import type { Span } from "./useWorkerState.ts";

export interface BroadcastProps {
  api: Api;
  status: BroadcastStatus;
  events: StoredEvent[];
  spans: Span[];
  isDemo: boolean;
  texts: Texts;
  language: Language;
  /** When the status was last updated, in ms since the epoch. */
  updatedAt: number | undefined;
  /** Called after each change. Resolves when the state is updated. */
  onChange: () => Promise<void>;
}

/** One broadcast: its state, its events, and the operator's actions. */
export function Broadcast(props: BroadcastProps): ReactElement {
  const { api, status, events, spans, isDemo, texts, language, updatedAt, onChange } = props;
  const staleness = useStaleness(updatedAt);
  const [error, setError] = useState<unknown>();
  const { id, state, onAir } = status;
  const isOn = state !== "ended" && state !== "failed";
  const act = async (action: () => Promise<unknown>) => {
    try {
      setError(undefined);
      await action();
      await onChange();
    } catch (error) {
      setError(error);
    }
  };
  const stop = () => window.confirm(texts.stopSure(id)) && act(() => api.stop(id));
  const watch = () => {
    // Browsers block windows that are opened after the click.
    const viewer = openBlank();
    return act(async () => {
      if (!viewer) throw new Error(texts.popUpBlocked);
      try {
        viewer.location.replace(viewerAddress(status, (await api.viewerToken(id)).token));
      } catch (error) {
        viewer.close();
        throw error;
      }
    });
  };

  return (
    <>
      <section data-stale={staleness !== undefined}>
        <Stale age={staleness} texts={texts} />
        <h2 className="title">
          {id}
          <span className="badge" data-state={state} data-testid="state">
            {texts.state[state]}
            {staleness !== undefined && ` · ${texts.secondsAgo(staleness)}`}
          </span>
          {isOn && (
            <span className="actions">
              {isDemo && (
                <button type="button" data-testid="watch" onClick={watch}>
                  {texts.watch}
                </button>
              )}
              <button
                type="button"
                className="danger"
                data-testid="stop"
                disabled={state === "stopping"}
                onClick={stop}
              >
                {texts.stop}
              </button>
            </span>
          )}
        </h2>
        <FormError error={error} />
        <dl className="facts">
          <div>
            <dt>{texts.onAir}</dt>
            <dd data-testid="onAir" aria-live="polite">
              {onAir ? `${onAir.uid} · ${onAir.lane} · ${onAir.channel}` : texts.nothingOnAir}
            </dd>
          </div>
          <div>
            <dt>{texts.viewers}</dt>
            <dd>{status.viewers}</dd>
          </div>
        </dl>
        {status.quotaFailedAt !== null && (
          <p className="error" role="alert">
            {texts.quotaFailed}
          </p>
        )}
        {status.warnings.map(({ field, message }) => (
          <p className="hint" key={field}>
            {field}: {message}
          </p>
        ))}
        <Lanes status={status} spans={spans} texts={texts} />
      </section>
      {isDemo && isOn && (
        <section className="faults">
          <h2>{texts.faults}</h2>
          <p className="hint">{texts.faultsHint}</p>
          <ul>
            {FAULTS.map(({ name }) => (
              <li key={name}>
                <button
                  type="button"
                  data-testid={`fault-${name}`}
                  disabled={!onAir}
                  onClick={() => onAir && act(() => api.fault(name, id, onAir.uid))}
                >
                  {texts.faultNames[name]}
                </button>
              </li>
            ))}
            <li>
              <button type="button" data-testid="clear-faults" onClick={() => act(() => api.clearFaults())}>
                {texts.clearFaults}
              </button>
            </li>
          </ul>
        </section>
      )}
      {isOn && (
        <section>
          {status.services ? (
            <UpdateForm
              services={status.services}
              texts={texts}
              onUpdate={async (services) => {
                const updates = await api.update(id, services);
                await onChange();
                return updates;
              }}
            />
          ) : (
            <p className="hint">{texts.payloadsDiffer}</p>
          )}
        </section>
      )}
      <Events events={events} texts={texts} language={language} />
    </>
  );
}

/** An empty window. The feature "noopener" would return none, so its address could not be set. */
function openBlank(): Window | null {
  const opened = window.open("about:blank");
  if (opened) opened.opener = null;
  return opened;
}

/** The address of the viewer page for this broadcast of the demo. */
function viewerAddress({ id, lanes }: BroadcastStatus, viewerToken: string): string {
  const uids = lanes.flatMap(({ uids }) => uids).join();
  const fields = new URLSearchParams({ emulated: "1", broadcast: id, viewerToken, uids });
  return new URL(`/#${fields}`, location.href).href;
}
