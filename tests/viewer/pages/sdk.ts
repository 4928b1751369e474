/** A viewer on Agora's Web SDK, driven by the tests. */
import type { IAgoraRTCRemoteUser } from "agora-rtc-sdk-ng/esm";
import { agoraWeb, FailoverViewer, type Kind, type Signal, type Uid, type ViewerOptions } from "steadymix/viewer";
import { Studio } from "../../../www/viewer/src/demo/studio.ts";
import { Gateway } from "./gateway.ts";

/** An entry of the log; times in ms since the session began. */
export interface Happening {
  at: number;
  what: "event" | "show" | "sdk";
  [field: string]: unknown;
}

const CLIENT_EVENTS = [
  "user-joined",
  "user-left",
  "user-published",
  "user-unpublished",
  "user-info-updated",
  "connection-state-change",
];

const audio = new AudioContext();
const HUES: Record<Uid, number> = { 9001: 212, 9101: 28, 9102: 320 };

class Session {
  readonly gateway = new Gateway();
  readonly log: Happening[] = [];
  readonly #began = performance.now();
  #viewer: FailoverViewer | undefined;
  #shown: Uid | undefined;

  constructor() {
    for (const event of CLIENT_EVENTS) {
      this.gateway.client.on(
        event as "user-joined",
        ((subject: { uid?: Uid } | string, detail: unknown) => {
          const uid = typeof subject === "object" ? subject.uid : subject;
          this.#note({ what: "sdk", type: event, uid, detail });
        }) as never,
      );
    }
  }

  watch(options: Partial<ViewerOptions> = {}): void {
    const container = this.screen;
    const uids = options.uids ?? [9001, 9101];
    const source = agoraWeb(this.gateway.client, { container, uids });
    this.#viewer = new FailoverViewer(source, {
      ...options,
      uids,
      onEvent: (event) => this.#note({ what: "event", ...event }),
      onError: (error) => this.#note({ what: "event", type: "error", message: String(error) }),
    });
    window.setInterval(() => {
      const shown = this.#viewer?.shown;
      if (shown !== this.#shown) this.#note({ what: "show", uid: shown });
      this.#shown = shown;
    }, 5);
  }

  get screen(): HTMLElement {
    const screen = document.getElementById("screen");
    if (!screen) throw new Error("there is no screen");
    return screen;
  }

  user(uid: Uid): IAgoraRTCRemoteUser {
    const user = this.gateway.client.remoteUsers.find((user) => user.uid === uid);
    if (!user) throw new Error(`${uid} is not there`);
    return user;
  }

  join(uid: Uid, fps = 15): void {
    this.gateway.join(uid, new Studio({ label: String(uid), hue: HUES[uid] ?? 0, hertz: 262, fps, audio }));
  }

  silence(uids: Uid[], kinds?: Kind[]): void {
    this.gateway.silence(uids, kinds);
  }

  dispose(): void {
    this.#viewer?.dispose();
  }

  handle(signal: Signal): void {
    this.#viewer?.handle(signal);
  }

  status() {
    const users = this.gateway.client.remoteUsers;
    const layers = [...document.querySelectorAll<HTMLElement>("[data-uid]")];
    const onTop = layers.filter(({ style }) => style.zIndex === "1").map(({ dataset }) => Number(dataset.uid));
    return {
      shown: this.#viewer?.shown,
      outputs: this.#viewer?.outputs,
      onTop,
      heard: users.filter(({ audioTrack }) => audioTrack?.isPlaying).map(({ uid }) => uid),
      seen: users.filter(({ videoTrack }) => videoTrack?.isPlaying).map(({ uid }) => uid),
      calls: this.gateway.calls,
      log: this.log,
      now: performance.now() - this.#began,
    };
  }

  hide(isHidden: boolean): void {
    Object.defineProperty(document, "visibilityState", { value: isHidden ? "hidden" : "visible", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }

  #note(happening: Omit<Happening, "at">): void {
    this.log.push({ at: Math.round(performance.now() - this.#began), ...happening } as Happening);
  }
}

declare global {
  interface Window {
    session: Session;
  }
}

window.session = new Session();

export type { Session };
