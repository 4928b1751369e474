/**
 * The values that are passed to the WebAssembly as numbers, and the rules that check them. The number of a value is its position.
 * `src/failover/numbers.rs` has the same names in the same order; tests compare both with `tests/viewer/numbers.json`.
 */
import { steadymixError } from "../errors.js";
import {
  between,
  check,
  duration,
  FLAG,
  FUNCTION,
  oneOf,
  optional,
  type Rule,
  type Rules,
  TIME,
  UID,
  uids,
} from "./check.js";
import { DURATIONS, type FailoverDurations } from "./durations.js";
import type { FailoverOptions, Signal, Step, ViewerEvent } from "./types.js";
import type { ViewerOptions } from "./viewer.js";

/** The fields of each member of a union, without `type`. */
type FieldsOf<Union extends { type: string }> = {
  readonly [Type in Union["type"]]: {
    readonly [Field in Exclude<keyof Extract<Union, { type: Type }>, "type">]-?: Rule;
  };
};

/** The kinds of tracks. */
export const KINDS = ["audio", "video"] as const;
const KIND = oneOf(...KINDS);
/** The states of a track. The position of each is its number in the SDKs. */
export const STATES = ["stopped", "starting", "decoding", "frozen", "failed"] as const;
/** Why a viewer switches. */
export const REASONS = [
  "left",
  "unpublished",
  "frozen",
  "noData",
  "muted",
  "audioLost",
  "failed",
  "notStarted",
  "onAir",
  "unsubscribed",
] as const;
const REASON = oneOf(...REASONS);
/** Why an output leaves. The position of each is its number in the native SDKs, which have no `unknown`. */
export const LEAVE_REASONS = ["quit", "timedOut", "becameAudience", "unknown"] as const;

/** The states of an output. */
export const HEALTH = ["absent", "available", "starting", "playing", "frozen", "muted", "failed"] as const;

/** Signals: the uid, if there is one, then at most three fields. */
export const SIGNALS: FieldsOf<Signal> = {
  joined: { uid: UID },
  left: { uid: UID, reason: oneOf(...LEAVE_REASONS) },
  published: { uid: UID, kind: KIND },
  unpublished: { uid: UID, kind: KIND },
  muted: { uid: UID, kind: KIND, muted: FLAG },
  state: { uid: UID, kind: KIND, state: oneOf(...STATES), reason: optional(between(0, 255)) },
  frame: { uid: UID },
  stats: { uid: UID, kind: KIND, receiving: FLAG },
  subscribeFailed: { uid: UID, kind: KIND },
  subscriptionLost: { uid: UID, kind: KIND },
  decodeFailed: { uid: UID },
  connection: { state: oneOf("reconnecting", "connected", "closed") },
  mediaConnection: { connected: FLAG },
  network: { poor: FLAG },
  visible: { visible: FLAG },
  onAir: { uid: UID },
};

export const SIGNAL_TYPES = Object.keys(SIGNALS);
const HAS_TYPE: Rules = { type: oneOf(...SIGNAL_TYPES) };

/** Throws `INVALID_SIGNAL`. */
export function checkSignal(signal: Signal): void {
  check("INVALID_SIGNAL", "signal", signal, HAS_TYPE);
  check("INVALID_SIGNAL", `signal ${signal.type}`, signal, SIGNALS[signal.type]);
}

/** Steps, without `emit`: each event has a number of its own. */
export const STEPS: FieldsOf<Exclude<Step, { type: "emit" }>> = {
  wait: { until: TIME },
  subscribe: { uid: UID, kind: KIND },
  unsubscribe: { uid: UID, kind: KIND },
  show: { uid: UID },
};

/** Events. */
export const EVENTS: FieldsOf<ViewerEvent> = {
  degraded: { uid: UID, reason: REASON },
  recovered: { uid: UID },
  switched: { from: UID, to: UID, reason: REASON, detectMs: TIME, switchMs: TIME, outageMs: TIME },
  failedBack: { from: UID, to: UID },
  falseAlarm: { uid: UID },
  allDown: {},
  unplayable: { uid: UID, kind: KIND },
  closed: {},
};

/** Options of the failover. */
export const FAILOVER_OPTIONS: Required<{ readonly [Option in keyof FailoverOptions]: Rule }> = {
  standby: optional(oneOf("hot", "warm", "cold")),
  ...(Object.fromEntries(DURATIONS.map((range) => [range[0], duration(range)])) as Record<
    keyof FailoverDurations,
    Rule
  >),
};

/** Options of a viewer. */
export const VIEWER_OPTIONS: Required<{ readonly [Option in keyof ViewerOptions]: Rule }> = {
  uids: uids(2),
  ...FAILOVER_OPTIONS,
  onEvent: optional(FUNCTION),
  onError: optional(FUNCTION),
};

/** The number of a value: its position among the values of its rule, or itself. */
export function numberOf({ values }: Rule, value: unknown): number {
  return values ? values.indexOf(value) : (value as number);
}

/** The entry of a table with this number. `what` names the table in the error. */
export function numbered<Name>(what: string, table: readonly Name[], number: number): Name {
  const name = table[number];
  if (name === undefined) throw mismatch(`${what} ${number}`);
  return name;
}

/** The steps and events by number: the type, and the rules of the fields. */
const OUTPUTS = Object.entries<Rules>({ ...STEPS, ...EVENTS });

/** The step or event with this number. `value` reads the numbers of its fields. */
export function decoded(number: number, value: (at: number) => number): { type: string } {
  const [type, rules] = numbered("output", OUTPUTS, number);
  const fields = Object.entries(rules).map(([field, { values }], at) => [
    field,
    values ? numbered(`${type}.${field}`, values, value(at)) : value(at),
  ]);
  return { type, ...Object.fromEntries(fields) };
}

/** The WebAssembly and this script are of different builds, for example because one of them comes from a cache. */
export function mismatch(what: string): Error {
  return steadymixError("MODULE_MISMATCH", `the WebAssembly module is of another version: ${what} is not in both`);
}
