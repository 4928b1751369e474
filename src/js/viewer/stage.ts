import type { HtmlElement, HtmlVideoElement } from "../platform.js";
import { check, type Rule } from "./check.js";
import type { Uid } from "./types.js";

export const ELEMENT: Rule = {
  // Not `instanceof`: it may be an element of another window.
  is: (value) => (value as Node | null)?.nodeType === 1,
  allowed: "an element of the page",
};

/** A layer for each uid, all of the same size: the one on screen is in front. */
export class Stage {
  readonly #root: HTMLElement;
  readonly #layers = new Map<Uid, HTMLElement>();
  #raised: Uid | undefined;

  constructor(root: HtmlElement) {
    check("INVALID_OPTIONS", "", { container: root }, { container: ELEMENT });
    this.#root = root;
    if (getComputedStyle(root).position === "static") root.style.position = "relative";
  }

  /** The layer of an output. It stays in the page: a detached video stops. Several stages may share one root. */
  layer(uid: Uid): HtmlElement {
    const layer = this.#layers.get(uid) ?? document.createElement("div");
    if (!this.#layers.has(uid)) {
      layer.dataset.uid = String(uid);
      layer.style.cssText = "position:absolute;inset:0";
      this.#layers.set(uid, layer);
    }
    this.keep();
    return layer;
  }

  /** Brings the layer of this output to the front. */
  raise(uid: Uid): void {
    this.#raised = uid;
    this.keep();
    this.#follow(this.#layers.get(uid)?.querySelector<HTMLVideoElement>("video:last-of-type"));
  }

  /** Puts layers back that were removed from the page, as by `container.innerHTML = ""`. */
  keep(): void {
    for (const [uid, layer] of this.#layers) {
      layer.style.zIndex = uid === this.#raised ? "1" : "0";
      if (layer.parentNode !== this.#root) this.#root.append(layer);
    }
  }

  /** Removes all layers. */
  clear(): void {
    for (const layer of this.#layers.values()) layer.remove();
    this.#layers.clear();
  }

  /** Moves picture-in-picture to the new video, and full screen to the container. Ends them where the browser forbids that. */
  #follow(video: HTMLVideoElement | null | undefined): void {
    if (!video) return;
    const { pictureInPictureElement: small, fullscreenElement: full } = this.#root.getRootNode() as Document;
    const isLeft = (element: Element | null) =>
      element && element !== video && element !== this.#root && this.#root.contains(element);
    if (isLeft(small)) otherwise(video.requestPictureInPicture(), () => document.exitPictureInPicture());
    if (isLeft(full)) otherwise(this.#root.requestFullscreen(), () => document.exitFullscreen());
  }
}

function otherwise(attempt: Promise<unknown>, fallback: () => Promise<unknown>): void {
  attempt.catch(fallback).catch(() => {});
}

/** Calls `onFrame` for each frame that a video presents. Returns a function that stops it; `undefined` if unsupported. */
export function watchFrames(video: HtmlVideoElement, onFrame: () => void): (() => void) | undefined {
  if (!("requestVideoFrameCallback" in video)) return undefined;
  let handle = 0;
  const next = () => {
    handle = video.requestVideoFrameCallback(() => {
      onFrame();
      next();
    });
  };
  next();
  return () => video.cancelVideoFrameCallback(handle);
}
