import type { Uid } from "./types.js";

/** One layer a uid, all of the same size, one above the other: the one that is shown is on top. */
export class Stage {
  readonly #root: HTMLElement;
  readonly #layers = new Map<Uid, HTMLElement>();

  constructor(root: HTMLElement) {
    this.#root = root;
    if (getComputedStyle(root).position === "static") root.style.position = "relative";
  }

  /** The layer of an output; it stays attached, or its video would stop. */
  layer(uid: Uid): HTMLElement {
    const known = this.#layers.get(uid);
    if (known) return known;
    const layer = document.createElement("div");
    layer.dataset.uid = String(uid);
    layer.style.cssText = "position:absolute;inset:0;z-index:0";
    this.#root.append(layer);
    this.#layers.set(uid, layer);
    return layer;
  }

  raise(uid: Uid): void {
    this.layer(uid).style.zIndex = "1";
    for (const [other, layer] of this.#layers) {
      if (other !== uid) layer.style.zIndex = "0";
    }
  }

  clear(): void {
    for (const layer of this.#layers.values()) layer.remove();
    this.#layers.clear();
  }
}

/** Tells of each frame of a video element, where the browser can. Returns what ends it. */
export function watchFrames(video: HTMLVideoElement, onFrame: () => void): () => void {
  if (!("requestVideoFrameCallback" in video)) return () => {};
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
