import type { HtmlElement, HtmlVideoElement } from "../platform.js";
import { check, type Rule } from "./check.js";
import type { Uid } from "./types.js";

/** Of any realm, as that of another window. */
export const ELEMENT: Rule = {
  is: (value) => (value as Node | null)?.nodeType === 1,
  allowed: "an element of the page",
};

/** One layer a uid, all of the same size, one above the other: the one that is shown is on top. */
export class Stage {
  readonly #root: HTMLElement;
  readonly #layers = new Map<Uid, HTMLElement>();
  #raised: Uid | undefined;

  constructor(root: HtmlElement) {
    check("INVALID_CONFIG", "", { container: root }, { container: ELEMENT });
    this.#root = root;
    if (getComputedStyle(root).position === "static") root.style.position = "relative";
  }

  /** The layer of an output; it stays attached, or its video would stop. Several stages may share one root. */
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

  /** Puts the layer of this output on top. */
  raise(uid: Uid): void {
    this.#raised = uid;
    this.keep();
    this.#follow(this.#layers.get(uid)?.querySelector<HTMLVideoElement>("video:last-of-type"));
  }

  /** Puts back into the page what was taken out of it, as by `container.innerHTML = ""`. */
  keep(): void {
    for (const [uid, layer] of this.#layers) {
      layer.style.zIndex = uid === this.#raised ? "1" : "0";
      if (layer.parentNode !== this.#root) this.#root.append(layer);
    }
  }

  /** Takes all layers away. */
  clear(): void {
    for (const layer of this.#layers.values()) layer.remove();
    this.#layers.clear();
  }

  /** Picture-in-picture goes on with the video that is shown; full screen with all of them, or ends where the browser forbids that. */
  #follow(video: HTMLVideoElement | null | undefined): void {
    if (!video) return;
    const { pictureInPictureElement: small, fullscreenElement: full } = this.#root.getRootNode() as Document;
    const isLeft = (element: Element | null) =>
      element && element !== video && element !== this.#root && this.#root.contains(element);
    if (isLeft(small)) otherwise(video.requestPictureInPicture(), () => document.exitPictureInPicture());
    if (isLeft(full)) otherwise(this.#root.requestFullscreen(), () => document.exitFullscreen());
  }
}

function otherwise(tried: Promise<unknown>, then: () => Promise<unknown>): void {
  tried.catch(then).catch(() => {});
}

/** Tells of each frame of a video element. Returns what ends it, or nothing where the browser does not tell. */
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
