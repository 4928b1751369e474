/** Records which picture is in front, and which of its frames, each time the screen is painted. Independent of the viewer. */
export interface Sight {
  /** The video element: each new one gets the next number. */
  video: number;
  /** When it was first painted, in ms of `performance.now()`. */
  at: number;
}

interface Picture {
  element: HTMLVideoElement;
  number: number;
  /** Frames that were presented so far. */
  frames: number;
}

export class Witness {
  readonly #screen: HTMLElement;
  readonly #observer: MutationObserver;
  readonly #pictures = new Map<HTMLVideoElement, Picture>();
  #count = 0;
  #isOver = false;
  #before = "";
  /** Each frame that was painted. */
  readonly seen: Sight[] = [];

  constructor(screen: HTMLElement) {
    this.#screen = screen;
    this.#observer = new MutationObserver(() => this.#find());
    this.#observer.observe(screen, { childList: true, subtree: true });
    this.#find();
    this.#watch();
  }

  /**
   * The time of the last frame of the previous picture, and of the first frame of the next one after the first `sights`. Sights
   * are counted instead of timed, because a paint is dated by its beginning: an action during it would seem to come later.
   */
  change(sights: number): { last: number; first: number } | undefined {
    const before = this.seen[sights - 1];
    const at = this.seen.findIndex(({ video }, at) => at >= sights && video !== before?.video);
    const [last, first] = [this.seen[at - 1], this.seen[at]];
    return last && first && { last: last.at, first: first.at };
  }

  end(): void {
    this.#isOver = true;
    this.#observer.disconnect();
  }

  #find(): void {
    for (const element of this.#screen.querySelectorAll("video")) {
      if (this.#pictures.has(element)) continue;
      this.#count += 1;
      const picture = { element, number: this.#count, frames: 0 };
      this.#pictures.set(element, picture);
      this.#countFrames(picture);
    }
  }

  #countFrames(picture: Picture): void {
    picture.element.requestVideoFrameCallback(() => {
      picture.frames += 1;
      if (!this.#isOver) this.#countFrames(picture);
    });
  }

  #watch(): void {
    requestAnimationFrame((at) => {
      if (this.#isOver) return;
      for (const { element, number, frames } of this.#pictures.values()) {
        const now = `${number} ${frames}`;
        if (frames === 0 || now === this.#before || !element.isConnected || !isOnTop(element)) continue;
        this.#before = now;
        this.seen.push({ video: number, at });
      }
      this.#watch();
    });
  }
}

function isOnTop(video: HTMLVideoElement): boolean {
  const layer = video.closest<HTMLElement>("[data-uid]");
  return layer === null || layer.style.zIndex === "1";
}
