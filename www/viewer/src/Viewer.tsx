import { type ReactElement, useCallback, useEffect, useRef, useState } from "react";
import { OnAirFeed, type Uid, type ViewerEvent } from "steadymix/viewer";
import { useFailover } from "steadymix/viewer/react";
import type { Broadcast } from "./broadcast.ts";
import { Experiment } from "./Experiment.tsx";
import { onGesture } from "./gesture.ts";
import { feedLineOf, Log, type LogLine, lineOf, serverLineOf, updateLineOf } from "./Log.tsx";
import { Timeline } from "./Timeline.tsx";
import type { TEXTS } from "./texts.ts";
import { type End, onScreenOf, useHistory } from "./useHistory.ts";
import type { Watchable } from "./watchable.ts";

export type Texts = (typeof TEXTS)["en"];

export interface ViewerProps {
  broadcast: Broadcast;
  watchable: Watchable;
  texts: Texts;
  onProblem: (error: unknown) => void;
}

type Switched = Extract<ViewerEvent, { type: "switched" }>;

const DEMO_UIDS: Uid[] = [9001, 9002, 9101, 9102];
const LOG_LINES = 100;

/** The picture and the state of its outputs. */
export function Viewer({ broadcast, watchable, texts, onProblem }: ViewerProps): ReactElement {
  const uids = broadcast.type === "demo" ? DEMO_UIDS : broadcast.uids;
  const feed = useRef<OnAirFeed>(undefined);
  const [lines, setLines] = useState<LogLine[]>([]);
  const [volume, setVolume] = useState(100);
  const [isBlocked, setBlocked] = useState(false);
  const log = useCallback((line: LogLine | undefined) => {
    if (line) setLines((before) => [line, ...before].slice(0, LOG_LINES));
  }, []);
  const [outage, setOutage] = useState<Switched>();
  const [end, setEnd] = useState<End>();
  const onEvent = (event: ViewerEvent) => {
    log(lineOf(event));
    feed.current?.handle(event);
    if (event.type === "switched") setOutage(event);
    if (event.type === "closed") setEnd("closed");
  };
  const { ref, shown, viewer } = useFailover(watchable.client, { uids, onEvent });
  const history = useHistory(viewer, end);
  const onScreen = onScreenOf(shown, history.now, end);

  useEffect(() => {
    if (!viewer) return;
    watchable.onServerEvent?.((event) => {
      log(serverLineOf(event));
      if (event.type === "onAir" && event.toUid !== undefined) viewer.handle({ type: "onAir", uid: event.toUid });
    });
    watchable.onAutoplayFailed(() => setBlocked(true));
    watchable.join().catch(onProblem);
  }, [viewer, watchable, onProblem, log]);

  useEffect(() => {
    if (!viewer || broadcast.type === "demo" || !broadcast.feed) return;
    const { address, token } = broadcast.feed;
    const made = new OnAirFeed(address, {
      token,
      onUpdate: (update) => {
        log(updateLineOf(update));
        if (update.onAir) viewer.handle({ type: "onAir", uid: update.onAir.uid });
        if (update.ended) setEnd("ended");
      },
      onError: (error) => log(feedLineOf(error)),
    });
    feed.current = made;
    return () => made.close();
  }, [viewer, broadcast, log]);

  useEffect(() => watchable.setVolume(volume), [watchable, volume]);

  useEffect(() => {
    if (!isBlocked) return;
    // After a gesture, the SDK plays by itself. Deferred: the gesture may be a click on the button, which must still see the old
    // state.
    return onGesture(() => window.setTimeout(() => setBlocked(false)));
  }, [isBlocked]);

  return (
    <main className="viewer">
      <div className="column">
        <section className="picture" aria-label={texts.picture}>
          <div className="screen" ref={ref}>
            {onScreen === undefined && (
              <p className="no-picture" role="status">
                {end ? texts.noPicture[end] : shown === undefined ? texts.waiting : texts.noPicture.absent}
              </p>
            )}
          </div>
          <dl className="facts">
            <div>
              <dt>{texts.onScreen}</dt>
              <dd data-testid="shown">{onScreen ?? "–"}</dd>
            </div>
            <div>
              <dt>{texts.lastOutage}</dt>
              <dd data-testid="outage" aria-live="polite">
                {outage ? (
                  <>
                    <strong>{Math.round(outage.outageMs)} ms</strong> · {texts.reason[outage.reason]}
                  </>
                ) : (
                  texts.none
                )}
              </dd>
            </div>
            <button type="button" className="sound" onClick={() => setVolume(isBlocked || volume === 0 ? 100 : 0)}>
              {isBlocked || volume === 0 ? texts.soundOn : texts.soundOff}
            </button>
          </dl>
          {isBlocked && (
            <p className="hint" role="status">
              {texts.soundBlocked}
            </p>
          )}
        </section>

        <Timeline history={history} texts={texts} />
      </div>
      <div className="column">
        <section className="outputs">
          <h2>
            {texts.outputs} <small>{texts.preferredFirst}</small>
          </h2>
          <ul>
            {history.now.map(({ uid, health }) => (
              <li key={uid} data-health={health} aria-current={uid === onScreen}>
                <span className="uid">{uid}</span>
                <span className="health">{texts.health[health]}</span>
                {uid === onScreen && <span className="shown">{texts.onScreen}</span>}
              </li>
            ))}
          </ul>
        </section>

        {watchable.station && <Experiment station={watchable.station} shown={shown} texts={texts} />}
        <Log lines={lines} texts={texts} />
      </div>
      {broadcast.type !== "agora" && (
        <p className="about">{broadcast.type === "demo" ? texts.demoExplained : texts.emulatedExplained}</p>
      )}
    </main>
  );
}
