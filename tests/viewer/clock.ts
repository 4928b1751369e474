/** A manual clock for Node's timers and `performance.now()`. */
import { mock } from "node:test";

export class Clock {
  now = 0;
  readonly #inTime = mock.method(performance, "now", () => this.now);

  constructor() {
    mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  }

  /** Lets time pass; settled promises are handled after each ms. */
  async pass(ms: number): Promise<void> {
    for (const until = this.now + ms; this.now < until; ) {
      this.now += 1;
      mock.timers.tick(1);
      await settled();
    }
  }

  restore(): void {
    this.#inTime.mock.restore();
    mock.timers.reset();
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
}
