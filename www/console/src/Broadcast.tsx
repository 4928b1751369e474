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
import { useStaleness } from "./useAge.ts";
import type { Stretch } from "./useWatched.ts";

export interface BroadcastProps {
  api: Api;
  status: BroadcastStatus;
  events: StoredEvent[];
  stretches: Stretch[];
  isDemo: boolean;
  texts: Texts;
  language: Language;
  /** When the status was seen, ms since the epoch. */
  seenAt: number | undefined;
  /** Something was done: it is looked at once. */
  onChange: () => Promise<void>;
}

/** One broadcast: how it is, what happened to it, and what can be done about it. */
export function Broadcast(props: BroadcastProps): ReactElement {
  const { api, status, events, stretches, isDemo, texts, language, seenAt, onChange } = props;
  const staleness = useStaleness(seenAt);
  const [error, setError] = useState<unknown>();
  const { id, state, onAir } = status;
  const isOn = state !== "ended" && state !== "failed";
  const act = async (what: () => Promise<unknown>) => {
    try {
      setError(undefined);
      await what();
      await onChange();
    } catch (error) {
      setError(error);
    }
  };
  const stop = () => window.confirm(texts.stopSure(id)) && act(() => api.stop(id));
  const watch = () => {
    // In the click itself: browsers block windows that are opened later.
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
        <Lanes status={status} stretches={stretches} texts={texts} />
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
              <button type="button" data-testid="mend" onClick={() => act(() => api.mend())}>
                {texts.mend}
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
            <p className="hint">{texts.ownPayloads}</p>
          )}
        </section>
      )}
      <Events events={events} texts={texts} language={language} />
    </>
  );
}

/** A window that is empty so far. Not "noopener": that would return no window whose address can be set. */
function openBlank(): Window | null {
  const opened = window.open("about:blank");
  if (opened) opened.opener = null;
  return opened;
}

/** The viewer's page, for this broadcast of the demonstration. */
function viewerAddress({ id, lanes }: BroadcastStatus, viewerToken: string): string {
  const uids = lanes.flatMap(({ uids }) => uids).join();
  const fields = new URLSearchParams({ emulated: "1", broadcast: id, viewerToken, uids });
  return new URL(`/#${fields}`, location.href).href;
}
