/** A clock that never goes back, like `Clock` in `src/time.rs`: otherwise a wait of seconds could become one of hours. */
export class Clock {
  #last = Date.now();
  #now = this.#last;

  /** In ms since the epoch, unless the machine's clock is set back. */
  now(): number {
    const last = this.#last;
    this.#last = Date.now();
    this.#now += Math.max(0, this.#last - last);
    return this.#now;
  }
}

/** Sets the object's alarm to `at` (ms since the epoch), unless it is already set to an earlier time. */
export async function wakeBy(storage: DurableObjectStorage, at: number): Promise<void> {
  if (at === Number.POSITIVE_INFINITY) return;
  const due = await storage.getAlarm();
  if (due === null || due > at) await storage.setAlarm(at);
}
