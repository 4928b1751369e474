/** A clock that never goes back, as `Clock` in `src/time.rs`, so that a wait of seconds does not become one of hours. */
export class Clock {
  #last = Date.now();
  #now = this.#last;

  /** In ms since the epoch, as long as nobody sets the machine's clock. */
  now(): number {
    const last = this.#last;
    this.#last = Date.now();
    this.#now += Math.max(0, this.#last - last);
    return this.#now;
  }
}

/** Sets the object's alarm to that time (ms since the epoch), unless it is set to an earlier one. */
export async function wakeBy(storage: DurableObjectStorage, at: number): Promise<void> {
  if (at === Number.POSITIVE_INFINITY) return;
  const due = await storage.getAlarm();
  if (due === null || due > at) await storage.setAlarm(at);
}
