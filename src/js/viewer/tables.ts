/**
 * What crosses to the WebAssembly as numbers, and what is allowed: the number of anything is its place here.
 * `src/failover/numbers.rs` has the same names in the same order; `tests/viewer/numbers.json` is what both are compared with.
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
import type { FailoverSettings, Signal, Step, ViewerEvent } from "./types.js";
import type { ViewerOptions } from "./viewer.js";

/** The fields of each member of a union, but its type. */
type FieldsOf<Union extends { type: string }> = {
  readonly [Type in Union["type"]]: {
    readonly [Field in Exclude<keyof Extract<Union, { type: Type }>, "type">]-?: Rule;
  };
};

/** The tracks of an output. */
export const KINDS = ["audio", "video"] as const;
const KIND = oneOf(...KINDS);
/** How a track may be; its place is the SDKs' number of it. */
export const STATES = ["stopped", "starting", "decoding", "frozen", "failed"] as const;
/** Why another output is shown. */
export const REASONS = [
  "left",
  "unpublished",
  "frozen",
  "dead",
  "muted",
  "audioLost",
  "failed",
  "notStarted",
  "onAir",
  "unsubscribed",
] as const;
const REASON = oneOf(...REASONS);
/** How an output may leave, as far as SDKs say; its place is the native engines' number of it. */
export const LEFT = ["quit", "timedOut", "becameAudience"] as const;

/** How an output is. */
export const HEALTH = ["absent", "available", "starting", "playing", "frozen", "muted", "failed"] as const;

/** Signals: the uid, if there is one, and then at most three fields. */
export const SIGNALS: FieldsOf<Signal> = {
  joined: { uid: UID },
  left: { uid: UID, how: oneOf(...LEFT, "unknown") },
  published: { uid: UID, kind: KIND },
  unpublished: { uid: UID, kind: KIND },
  muted: { uid: UID, kind: KIND, muted: FLAG },
  state: { uid: UID, kind: KIND, state: oneOf(...STATES), reason: optional(between(0, 255)) },
  frame: { uid: UID },
  progress: { uid: UID, kind: KIND, advanced: FLAG },
  subscribeFailed: { uid: UID, kind: KIND },
  subscriptionLost: { uid: UID, kind: KIND },
  decodeFailed: { uid: UID },
  connection: { state: oneOf("reconnecting", "connected", "closed") },
  mediaPath: { whole: FLAG },
  badNetwork: { bad: FLAG },
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

/** Steps but `tell`, which is one of the events that follow. */
export const STEPS: FieldsOf<Exclude<Step, { type: "tell" }>> = {
  wait: { until: TIME },
  subscribe: { uid: UID, kind: KIND },
  unsubscribe: { uid: UID, kind: KIND },
  show: { uid: UID },
};

/** What happened to the picture. */
export const EVENTS: FieldsOf<ViewerEvent> = {
  degraded: { uid: UID, reason: REASON },
  recovered: { uid: UID },
  switched: { from: UID, to: UID, reason: REASON, detectMs: TIME, switchMs: TIME, outageMs: TIME },
  failedBack: { from: UID, to: UID },
  falseAlarm: { uid: UID },
  bothDown: {},
  unplayable: { uid: UID, kind: KIND },
  closed: {},
};

/** Settings of the failover. */
export const SETTINGS: Required<{ readonly [Setting in keyof FailoverSettings]: Rule }> = {
  standby: optional(oneOf("hot", "probe", "cold")),
  ...(Object.fromEntries(DURATIONS.map((range) => [range[0], duration(range)])) as Record<
    keyof FailoverDurations,
    Rule
  >),
};

/** Options of a viewer. */
export const VIEWER_OPTIONS: Required<{ readonly [Option in keyof ViewerOptions]: Rule }> = {
  uids: uids(2),
  ...SETTINGS,
  onEvent: optional(FUNCTION),
  onError: optional(FUNCTION),
};

/** The number of a value: its place among those that its rule lists, or itself. */
export function numberOf({ values }: Rule, value: unknown): number {
  return values ? values.indexOf(value) : (value as number);
}

/** What has that number in a table; `what` is what the error calls it if nothing has. */
export function numbered<Name>(what: string, table: readonly Name[], number: number): Name {
  const name = table[number];
  if (name === undefined) throw mismatch(`${what} ${number}`);
  return name;
}

/** The steps and events, by number: first what type it is, then the rules of what it carries. */
const OUTPUTS = Object.entries<Rules>({ ...STEPS, ...EVENTS });

/** A step or event by its number, with its fields' values by theirs. */
export function decoded(number: number, value: (at: number) => number): { type: string } {
  const [type, rules] = numbered("output", OUTPUTS, number);
  const fields = Object.entries(rules).map(([field, { values }], at) => [
    field,
    values ? numbered(`${type}.${field}`, values, value(at)) : value(at),
  ]);
  return { type, ...Object.fromEntries(fields) };
}

/** The WebAssembly is not the one that was built with this script, as when one of the two was cached. */
export function mismatch(what: string): Error {
  return steadymixError("MODULE_MISMATCH", `the WebAssembly module is of another version: ${what} is not in both`);
}
