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
    // One of a viewer before this one may still play in it.
    const layer = this.#root.querySelector<HTMLElement>(`:scope > [data-uid="${uid}"]`) ?? this.#add(uid);
    this.#layers.set(uid, layer);
    return layer;
  }

  raise(uid: Uid): void {
    this.layer(uid).style.zIndex = "1";
    for (const [other, layer] of this.#layers) {
      if (other !== uid) layer.style.zIndex = "0";
    }
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
export function watchFrames(video: HTMLVideoElement, onFrame: () => void): (() => void) | undefined {
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
