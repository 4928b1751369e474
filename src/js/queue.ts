/** The events that one reader has not read yet. If it is too slow, the oldest are dropped and counted. */
export class EventQueue<Event> implements AsyncIterableIterator<Event, undefined> {
  /** The number of events that were dropped because the reader was too slow. */
  dropped = 0;
  readonly #events: Event[] = [];
  readonly #readers: ((result: IteratorResult<Event, undefined>) => void)[] = [];
  readonly #limit: number;
  readonly #onReturn: () => void;
  #ended = false;

  constructor(limit: number, onReturn: () => void) {
    this.#limit = limit;
    this.#onReturn = onReturn;
  }

  push(event: Event): void {
    const reader = this.#readers.shift();
    if (reader) {
      reader({ done: false, value: event });
      return;
    }
    this.#events.push(event);
    if (this.#events.length > this.#limit) {
      this.#events.shift();
      this.dropped += 1;
    }
  }

  /** Ends the queue. Its events can still be read. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  return(): Promise<IteratorResult<Event, undefined>> {
    this.#events.length = 0;
    this.end();
    this.#onReturn();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
