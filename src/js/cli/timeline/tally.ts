/** Counts events for the summary. */
import type { SteadymixEvent } from "../../types.js";

export class Tally {
  launches = 0;
  retries = 0;
  uidSwitches = 0;
  domainSwitches = 0;
  onAirMoves = 0;
  orphaned = 0;
  readonly gaps: number[] = [];
  #firstOnAir: number | undefined;
  #onAirSince: number | undefined;
  #onAirMs = 0;
  #end: number | undefined;

  take(event: SteadymixEvent): void {
    if (event.type === "launching") this.launches += 1;
    if (event.type === "retrying") this.retries += 1;
    if (event.type === "uidSwitched") this.uidSwitches += 1;
    if (event.type === "domainSwitched") this.domainSwitches += 1;
    if (event.type === "orphaned") this.orphaned += 1;
    if (event.type === "relaunched") this.gaps.push(event.downtimeMs);
    if (event.type === "stopping") this.#end ??= event.at;
    if (event.type === "onAir" && this.#end === undefined) this.#onAir(event.at, event.toUid !== undefined);
  }

  #onAir(at: number, is: boolean): void {
    this.onAirMoves += 1;
    this.#firstOnAir ??= at;
    this.wentDark(at);
    this.#onAirSince = is ? at : undefined;
  }

  /** The output on air is gone, whether or not an event has reported it. */
  wentDark(at: number): void {
    if (this.#onAirSince !== undefined) this.#onAirMs += at - this.#onAirSince;
    this.#onAirSince = undefined;
  }

  /** Percentage of the time since something was first on air. */
  onAirPercent(now: number): number {
    const end = this.#end ?? now;
    if (this.#firstOnAir === undefined) return 0;
    const open = this.#onAirSince === undefined ? 0 : end - this.#onAirSince;
    return (100 * (this.#onAirMs + open)) / Math.max(1, end - this.#firstOnAir);
  }
}
