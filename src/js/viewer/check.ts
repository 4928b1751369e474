/**
 * Checks arguments by the rules of `tables.ts`, in which the position of a value is also its number in the WebAssembly. Errors
 * quote strings and arrays (of uids), but no objects; of possible secrets (`isSecret`) they name only the type. `../check.ts` is
 * not used here: it would make the download of a page larger.
 */
import { type DurationRange, rangeError } from "../durations.js";
import { type ErrorCode, type SteadymixError, steadymixError } from "../errors.js";

/** The rule of a value: a check, and its description for error texts. */
export interface Rule {
  /** Whether the value is allowed. */
  is(value: unknown): boolean;
  /** The allowed values, in the words of the error. */
  allowed: string;
  /** The same, for a rule in which it depends on the value. */
  allowedFor?(value: unknown): string | undefined;
  /** All allowed values, if they can be listed: the position of each is its number in the WebAssembly. */
  values?: readonly unknown[];
  /** The value may be a secret: errors do not quote it. */
  isSecret?: boolean;
}

/** Rules by the name of the field. */
export type Rules = Readonly<Record<string, Rule>>;

/** One of these values. */
export function oneOf(...values: readonly unknown[]): Rule {
  return { values, is: (value) => values.includes(value), allowed: values.join(" or ") };
}

/** The same, or `undefined`. */
export function optional(rule: Rule): Rule {
  return { ...rule, is: (value) => value === undefined || rule.is(value) };
}

/** A number in this range. */
export function between(least: number, most: number, unit = ""): Rule {
  const is = (value: unknown) => typeof value === "number" && value >= least && value <= most;
  return { is, allowed: `from ${least} to ${most}${unit}` };
}

/** A duration in its range, or `undefined`. */
export function duration(range: DurationRange): Rule {
  const allowedFor = (value: unknown) => rangeError(value, range);
  return { is: (value) => value === undefined || !allowedFor(value), allowed: "", allowedFor };
}

const isUid = (value: unknown) => Number.isInteger(value) && (value as number) > 0 && (value as number) < 2 ** 32;

export const UID: Rule = { is: isUid, allowed: "an integer from 1 to 4294967295" };
export const FLAG = oneOf(false, true);
export const FUNCTION: Rule = { is: (value) => typeof value === "function", allowed: "a function" };
export const LIST: Rule = { is: Array.isArray, allowed: "an array" };
export const TEXT: Rule = { is: (value) => typeof value === "string" && value !== "", allowed: "a non-empty string" };
/** An instant of any clock, in ms. */
export const TIME = between(0, Number.MAX_SAFE_INTEGER, " ms");

/** An array of at least so many distinct uids. */
export function uids(least: number): Rule {
  const is = (value: unknown) =>
    Array.isArray(value) &&
    value.length >= least &&
    value.length <= 16 &&
    value.every(isUid) &&
    new Set(value).size === value.length;
  return { is, allowed: `an array of ${least} to 16 distinct uids from 1 to 4294967295` };
}

/**
 * Throws an error that names the first field of an object that breaks its rule. `of` is the object's name in the error, empty for
 * the arguments themselves. With `isComplete`, fields without a rule are errors, too.
 */
export function check(code: ErrorCode, of: string, given: unknown, rules: Rules, isComplete = false): void {
  const found = quietly(() => (Object(given) === given ? Object.keys(given as object) : undefined));
  if (!found) throw wrong(code, of, given, { allowed: "an object" });
  const read = (field: string) => quietly(() => (given as Readonly<Record<string, unknown>>)[field]);
  const path = (field: string) => (of === "" ? field : `${of}.${field}`);
  for (const [field, rule] of Object.entries(rules)) {
    const value = read(field);
    if (!quietly(() => rule.is(value))) throw wrong(code, path(field), value, rule);
  }
  if (!isComplete) return;
  const names = Object.keys(rules);
  for (const field of found) {
    const allowed = `left out: the fields are ${names.join(", ")}`;
    const value = read(field);
    if (value !== undefined && !names.includes(field))
      throw wrong(code, path(field), value, { allowed, isSecret: true });
  }
}

/** The result, or `undefined` if a getter or a proxy throws. */
function quietly<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The error for a value that is not allowed. */
export function wrong(code: ErrorCode, path: string, found: unknown, rule: Omit<Rule, "is">): SteadymixError {
  const { isSecret, allowedFor } = rule;
  const allowed = allowedFor?.(found) ?? rule.allowed;
  const value = isSecret ? `a ${typeof found}` : shown(found);
  const error = steadymixError(code, `${path} is ${value}, but must be ${allowed}`);
  // The path begins with the argument and its type, as in `signal left.uid`.
  return Object.assign(error, { field: path.replace(/^(\w+) \w+/, "$1"), value, allowed });
}

function shown(value: unknown): string {
  const isJson = typeof value === "string" || quietly(() => Array.isArray(value));
  const text = isJson ? quietly(() => JSON.stringify(value)) : Object(value) !== value && String(value);
  return text ? text.slice(0, 100) : typeof value === "function" ? "a function" : "an object";
}
