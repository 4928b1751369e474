import { steadymixError } from "../errors.js";
import { check, type Rules, TIME, uids as uidsRule, wrong } from "./check.js";
import { Failover as Machine, startFailure } from "./glue.js";
import {
  checkSignal,
  decoded,
  EVENTS,
  FAILOVER_OPTIONS,
  HEALTH,
  mismatch,
  numbered,
  numberOf,
  SIGNAL_TYPES,
  SIGNALS,
} from "./tables.js";
import type { FailoverOptions, OutputHealth, Signal, Step, Uid, ViewerEvent } from "./types.js";

/** Decides which output a viewer watches. Sans-I/O: no SDK, no clock. Times are in ms, by any clock that does not go back. */
export class Failover {
  #machine: Machine | undefined;
  readonly #uids: readonly Uid[];

  /** `uids`: the outputs in the order of preference. Throws `INVALID_OPTIONS`, and `NO_WEBASSEMBLY` without WebAssembly. */
  constructor(uids: readonly Uid[], options: FailoverOptions, now: number) {
    check("INVALID_OPTIONS", "", { uids, now }, { uids: uidsRule(2), now: TIME });
    check("INVALID_OPTIONS", "options", options, FAILOVER_OPTIONS, true);
    const cause = startFailure();
    if (cause) {
      const text = `WebAssembly cannot be used here (${cause}). Import "steadymix/viewer/no-wasm" first`;
      throw Object.assign(steadymixError("NO_WEBASSEMBLY", text), { cause });
    }
    this.#uids = [...uids];
    const machine = new Machine(now);
    this.#machine = machine;
    for (const uid of uids) machine.add(uid);
    for (const [number, [option, rule]] of Object.entries(FAILOVER_OPTIONS).entries()) {
      const value = options[option as keyof FailoverOptions];
      if (value !== undefined && !machine.set(number, numberOf(rule, value))) throw mismatch(`options.${option}`);
    }
  }

  /** The output on screen. */
  get shown(): Uid | undefined {
    return this.#alive.shown() || undefined;
  }

  /** The state of each output as of the last `handle` or `poll`, in the order of preference. */
  get outputs(): OutputHealth[] {
    const machine = this.#alive;
    return this.#uids.map((uid, at) => ({ uid, health: numbered("health", HEALTH, machine.health(at)) }));
  }

  /** Handles a signal of the SDK. Poll afterwards. Throws `INVALID_SIGNAL`; then nothing has changed. */
  handle(now: number, signal: Signal): void {
    this.#checkTime(now);
    checkSignal(signal);
    const { uid, ...rules }: Rules = SIGNALS[signal.type];
    const fields = signal as unknown as Readonly<Record<string, number | undefined>>;
    const [a, b, c] = Object.entries(rules).map(([field, rule]) => numberOf(rule, fields[field]));
    const number = SIGNAL_TYPES.indexOf(signal.type);
    if (!this.#alive.handle(now, number, (uid && fields.uid) || 0, a ?? 0, b ?? 0, c ?? 0))
      throw mismatch(`signal ${signal.type}`);
  }

  /** The next step. Carry it out and poll again, until the step is `wait`. */
  poll(now: number): Step {
    this.#checkTime(now);
    const machine = this.#alive;
    const output = decoded(machine.poll(now), (at) => machine.field(at));
    if (output.type in EVENTS) return { type: "emit", event: output as ViewerEvent };
    const step = output as Exclude<Step, { type: "emit" }>;
    return step.type === "wait" && Number.isNaN(step.until) ? { type: "wait", until: undefined } : step;
  }

  /** Frees the memory. The object must not be used afterwards. */
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
