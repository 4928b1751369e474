import type { HtmlElement, HtmlVideoElement } from "../platform.js";
import type { Uid } from "./types.js";

/** One layer a uid, all of the same size, one above the other: the one that is shown is on top. */
export class Stage {
  readonly #root: HTMLElement;

  constructor(root: HtmlElement) {
    this.#root = root;
    if (getComputedStyle(root).position === "static") root.style.position = "relative";
  }

  /** The layer of an output; it stays attached, or its video would stop. Several stages may share one root. */
  layer(uid: Uid): HtmlElement {
    return this.#layers().find(({ dataset }) => dataset.uid === String(uid)) ?? this.#add(uid);
  }

  /** Puts the layer of this output on top. */
  raise(uid: Uid): void {
    const raised = this.layer(uid);
    for (const layer of this.#layers()) layer.style.zIndex = layer === raised ? "1" : "0";
  }

  /** Takes all layers away. */
  clear(): void {
    for (const layer of this.#layers()) layer.remove();
  }

  #layers(): HTMLElement[] {
    return [...this.#root.querySelectorAll<HTMLElement>(":scope > [data-uid]")];
  }

  #add(uid: Uid): HTMLElement {
    const layer = document.createElement("div");
    layer.dataset.uid = String(uid);
    layer.style.cssText = "position:absolute;inset:0;z-index:0";
    this.#root.append(layer);
    return layer;
  }
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
