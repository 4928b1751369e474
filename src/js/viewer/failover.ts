import { steadymixError } from "../errors.js";
import { check, type Rules, TIME, uids as uidsRule, wrong } from "./check.js";
import { Failover as Machine, startFailure } from "./glue.js";
import { checkSignal, decoded, EVENTS, HEALTH, SETTINGS, SIGNAL_TYPES, SIGNALS, STEPS } from "./tables.js";
import type { FailoverSettings, Health, OutputHealth, Signal, Step, Uid, ViewerEvent } from "./types.js";

/** Where the uid that is shown is among the fields of the WebAssembly; how each output is follows. */
const SHOWN = 6;
const STEP_COUNT = Object.keys(STEPS).length;

/** Which output a viewer watches: only decides. Times are any clock in ms that does not go back. */
export class Failover {
  #machine: Machine | undefined;
  readonly #uids: readonly Uid[];

  /** The outputs in the order of preference. Throws `INVALID_CONFIG`, and `NO_WEBASSEMBLY` where there is none. */
  constructor(uids: readonly Uid[], settings: FailoverSettings, now: number) {
    check("INVALID_CONFIG", "", { uids, now }, { uids: uidsRule(2), now: TIME });
    check("INVALID_CONFIG", "settings", settings, SETTINGS, true);
    const cause = startFailure();
    if (cause) {
      const text = `WebAssembly cannot be used here (${cause}). Import "steadymix/viewer/no-wasm" first`;
      throw Object.assign(steadymixError("NO_WEBASSEMBLY", text), { cause });
    }
    this.#uids = [...uids];
    const machine = new Machine(now);
    const rules = Object.entries(SETTINGS);
    for (const uid of uids) machine.set(rules.length, uid);
    for (const [at, [setting, { values }]] of rules.entries()) {
      const value = settings[setting as keyof FailoverSettings];
      if (value !== undefined) machine.set(at, values ? values.indexOf(value) : (value as number));
    }
    this.#machine = machine;
  }

  /** The output that is shown. */
  get shown(): Uid | undefined {
    return this.#alive.field(SHOWN) || undefined;
  }

  /** How each output was at the last `handle` or `poll`, in the order of preference. */
  get outputs(): OutputHealth[] {
    const health = (at: number) => HEALTH[this.#alive.field(SHOWN + 1 + at)] as Health;
    return this.#uids.map((uid, at) => ({ uid, health: health(at) }));
  }

  /** Takes what the SDK tells. Poll afterwards. Throws `INVALID_SIGNAL`, and is as before then. */
  handle(now: number, signal: Signal): void {
    this.#checkTime(now);
    checkSignal(signal);
    const { uid, ...rules }: Rules = SIGNALS[signal.type];
    const fields = signal as unknown as Readonly<Record<string, number | undefined>>;
    const [a = 0, b = 0, c = 0] = Object.entries(rules).map(([field, { values }]) =>
      values ? values.indexOf(fields[field]) : (fields[field] ?? 0),
    );
    this.#alive.handle(now, SIGNAL_TYPES.indexOf(signal.type), (uid && fields.uid) || 0, a, b, c);
  }

  /** What to do next: carry it out, and poll again, until it says to wait. */
  poll(now: number): Step {
    this.#checkTime(now);
    const machine = this.#alive;
    const number = machine.poll(now);
    const field = (at: number) => machine.field(at);
    if (number >= STEP_COUNT)
      return { type: "tell", event: decoded(EVENTS, number - STEP_COUNT, field) as ViewerEvent };
    const step = decoded(STEPS, number, field) as Exclude<Step, { type: "tell" }>;
    return step.type === "wait" && Number.isNaN(step.until) ? { type: "wait", until: undefined } : step;
  }

  /** Gives its memory back at once; it must not be used afterwards. */
  free(): void {
    this.#machine?.free();
    this.#machine = undefined;
  }

  get #alive(): Machine {
    if (!this.#machine) throw steadymixError("DISPOSED", "this Failover was freed");
    return this.#machine;
  }

  #checkTime(now: number): void {
    if (!TIME.is(now)) throw wrong("INVALID_SIGNAL", "now", now, TIME);
  }
}
