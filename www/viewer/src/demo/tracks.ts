/** Remote tracks that behave like those of Agora's Web SDK. */
import type { AgoraAudioTrack, AgoraVideoTrack } from "steadymix/viewer";
import { onGesture } from "../gesture.ts";

type Listener = (...args: never[]) => void;

/** The SDK's states of a remote video. */
const STOPPED = 0;
const STARTING = 1;
const DECODING = 2;
const FROZEN = 3;
/** The SDK reports a video as frozen after this time without a frame. */
const FREEZE_MS = 500;

export class VideoTrack implements AgoraVideoTrack {
  readonly #track: MediaStreamTrack;
  readonly #listeners = new Map<string, Set<Listener>>();
  #video: HTMLVideoElement | undefined;
  #state = STOPPED;
  #timer = 0;
  #lastFrame = 0;

  constructor(track: MediaStreamTrack) {
    this.#track = track;
  }

  on(event: string, listener: Listener): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
  }

  off(event: string, listener: Listener): void {
    this.#listeners.get(event)?.delete(listener);
  }

  play(element: HTMLElement, { fit = "contain" }: { fit?: "cover" | "contain" | "fill" } = {}): void {
    this.stop();
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.autoplay = true;
    video.style.cssText = `position:absolute;inset:0;width:100%;height:100%;object-fit:${fit}`;
    video.srcObject = new MediaStream([this.#track]);
    video.addEventListener("loadeddata", () => {
      this.#become(STARTING);
      this.#emit("first-frame-decoded");
    });
    element.append(video);
    this.#video = video;
    video.play().catch(() => {});
    this.#watch(video);
  }

  stop(): void {
    window.clearTimeout(this.#timer);
    if (!this.#video) return;
    this.#video.srcObject = null;
    this.#video.remove();
    this.#video = undefined;
    this.#become(STOPPED);
  }

  #watch(video: HTMLVideoElement): void {
    video.requestVideoFrameCallback?.((now) => {
      if (this.#video !== video) return;
      const gap = now - this.#lastFrame;
      this.#lastFrame = now;
      if (this.#state === STARTING || (this.#state === FROZEN && gap < FREEZE_MS)) this.#become(DECODING);
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => {
        if (this.#state === DECODING && document.visibilityState === "visible") this.#become(FROZEN);
      }, FREEZE_MS);
      this.#watch(video);
    });
  }

  #become(state: number): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#emit("video-state-changed", state);
  }

  #emit(event: string, ...args: unknown[]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(...(args as never[]));
  }
}

export class AudioTrack implements AgoraAudioTrack {
  readonly #element = new Audio();
  readonly #track: MediaStreamTrack;
  readonly #onBlocked: () => void;

  constructor(track: MediaStreamTrack, onBlocked: () => void) {
    this.#track = track;
    this.#onBlocked = onBlocked;
  }

  play(): void {
    this.#element.srcObject = new MediaStream([this.#track]);
    this.#element.play().catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      this.#onBlocked();
      // Plays at the next user gesture, as the SDK does, unless the track was stopped in the meantime.
      onGesture(() => {
        if (this.#element.srcObject) this.play();
      });
    });
  }

  stop(): void {
    this.#element.srcObject = null;
  }

  /** From 0 to 100. */
  setVolume(volume: number): void {
    this.#element.volume = volume / 100;
  }
}
