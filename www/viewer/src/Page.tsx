import { type ComponentType, type ReactElement, useCallback, useEffect, useState } from "react";
import { DOCS } from "../../shared/docs.ts";
import { keepLanguage, type Language, preferredLanguage } from "../../shared/language.ts";
import { AddressError, type Broadcast, broadcastOf } from "./broadcast.ts";
import { TEXTS } from "./texts.ts";
import type { ViewerProps } from "./Viewer.tsx";
import type { Watchable } from "./watchable.ts";

interface Ready {
  Viewer: ComponentType<ViewerProps>;
  broadcast: Broadcast;
  watchable: Watchable;
}

type Problem = { type: "noWebRtc" | "noWebAssembly" | "address" | "failed"; message: string };

/** The page: loads the viewer and the broadcast, or shows why that is not possible. */
export function Page(): ReactElement {
  const [language, setLanguage] = useState<Language>(preferredLanguage);
  const [ready, setReady] = useState<Ready>();
  const [problem, setProblem] = useState<Problem>();
  const texts = TEXTS[language];

  useEffect(() => {
    document.documentElement.lang = language;
    document.title = TEXTS[language].title;
  }, [language]);

  useEffect(() => {
    const reload = () => location.reload();
    window.addEventListener("hashchange", reload);
    return () => window.removeEventListener("hashchange", reload);
  }, []);

  useEffect(() => {
    let isOver = false;
    let made: Watchable | undefined;
    getReady().then(
      (ready) => {
        made = ready.watchable;
        if (isOver) void made.leave();
        else setReady(ready);
      },
      (error: unknown) => !isOver && setProblem(problemOf(error)),
    );
    return () => {
      isOver = true;
      void made?.leave();
      setReady(undefined);
    };
  }, []);

  const switchLanguage = () => {
    const other = language === "en" ? "zh" : "en";
    keepLanguage(other);
    setLanguage(other);
  };
  // Stable: with another callback the viewer would join again.
  const fail = useCallback((error: unknown) => setProblem(problemOf(error)), []);

  return (
    <>
      <header>
        <h1>Steadymix</h1>
        <p>{ready && modeOf(ready.broadcast, language)}</p>
        <a href={DOCS[language].address} target="_blank" rel="noreferrer">
          {DOCS[language].text}
        </a>
        <button type="button" lang={language === "en" ? "zh" : "en"} onClick={switchLanguage}>
          {texts.otherLanguage}
        </button>
      </header>
      {problem ? (
        <main className="problem" role="alert">
          <h2>{texts.problems.title}</h2>
          <p>{texts.problems[problem.type]}</p>
          {problem.message && <p className="detail">{problem.message}</p>}
          <p>
            <button type="button" onClick={() => location.reload()}>
              {texts.problems.again}
            </button>{" "}
            {problem.type !== "noWebRtc" && problem.type !== "noWebAssembly" && (
              <a href="#demo">{texts.problems.demoInstead}</a>
            )}
          </p>
        </main>
      ) : ready ? (
        <ready.Viewer broadcast={ready.broadcast} watchable={ready.watchable} texts={texts} onProblem={fail} />
      ) : (
        <main>
          <p className="loading" role="status">
            {texts.loading}
          </p>
        </main>
      )}
    </>
  );
}

async function getReady(): Promise<Ready> {
  const broadcast = broadcastOf(location.hash);
  if (typeof RTCPeerConnection === "undefined") throw new NoWebRtc();
  // Compiles the smallest possible module: a policy that forbids WebAssembly fails here, not while rendering.
  new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const { Viewer } = await import("./Viewer.tsx");
  return { Viewer, broadcast, watchable: await watchableOf(broadcast) };
}

async function watchableOf(broadcast: Broadcast): Promise<Watchable> {
  switch (broadcast.type) {
    case "demo":
      return (await import("./demo/watchable.ts")).startDemo(broadcast.fps);
    case "emulated":
      return (await import("./demo/watchable.ts")).followEmulated(broadcast);
    case "agora":
      return (await import("./agora.ts")).joinAgora(broadcast);
  }
}

class NoWebRtc extends Error {}

function problemOf(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof AddressError) return { type: "address", message };
  if (error instanceof NoWebRtc) return { type: "noWebRtc", message: "" };
  if (typeof WebAssembly === "undefined" || error instanceof WebAssembly.CompileError || error instanceof EvalError) {
    return { type: "noWebAssembly", message };
  }
  return { type: "failed", message };
}

function modeOf(broadcast: Broadcast, language: Language): string {
  const texts = TEXTS[language];
  switch (broadcast.type) {
    case "demo":
      return texts.demo;
    case "emulated":
      return texts.emulated(broadcast.id);
    case "agora":
      return texts.channel(broadcast.channel);
  }
}
