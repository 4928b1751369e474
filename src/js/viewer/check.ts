/**
 * Checks what a page gives, by the rules of `tables.ts`, where the place of a value is also its number in the WebAssembly. Errors
 * quote arrays too, which are of uids here; but no objects, and of what may be a secret (`isSecret`) only the type. It has nothing
 * of `../check.ts`, which would add to what a page downloads.
 */
import { type DurationRange, rangeError } from "../durations.js";
import { type ErrorCode, type SteadymixError, steadymixError } from "../errors.js";

/** What a value may be, for programs and for people. */
export interface Rule {
  /** Whether it is allowed. */
  is(value: unknown): boolean;
  /** What is allowed, as errors say it. */
  allowed: string;
  /** The same, where it depends on the value. */
  why?(value: unknown): string | undefined;
  /** All that is allowed, where that can be listed: the place of one is its number in the WebAssembly. */
  values?: readonly unknown[];
  /** It may be a secret: errors do not repeat it. */
  isSecret?: boolean;
}

/** Rules by the name of the field. */
export type Rules = Readonly<Record<string, Rule>>;

/** One of these. */
export function oneOf(...values: readonly unknown[]): Rule {
  return { values, is: (value) => values.includes(value), allowed: values.join(" or ") };
}

/** The same, or nothing. */
export function optional(rule: Rule): Rule {
  return { ...rule, is: (value) => value === undefined || rule.is(value) };
}

/** A number in these bounds. */
export function between(least: number, most: number, unit = ""): Rule {
  const is = (value: unknown) => typeof value === "number" && value >= least && value <= most;
  return { is, allowed: `from ${least} to ${most}${unit}` };
}

/** A duration in its range, or nothing. */
export function duration(range: DurationRange): Rule {
  const why = (value: unknown) => rangeError(value, range);
  return { is: (value) => value === undefined || !why(value), allowed: "", why };
}

const isUid = (value: unknown) => Number.isInteger(value) && (value as number) > 0 && (value as number) < 2 ** 32;

export const UID: Rule = { is: isUid, allowed: "an integer from 1 to 4294967295" };
export const FLAG = oneOf(false, true);
export const FUNCTION: Rule = { is: (value) => typeof value === "function", allowed: "a function" };
export const LIST: Rule = { is: Array.isArray, allowed: "an array" };
export const TEXT: Rule = { is: (value) => typeof value === "string" && value !== "", allowed: "a non-empty string" };
/** Such as the time of a clock, in ms. */
export const TIME = between(0, Number.MAX_SAFE_INTEGER, " ms");

/** So many distinct uids. */
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
 * Throws an error that names the first field of an object that is not as it must be. `of` is what the error calls the object,
 * empty for the arguments themselves; if there may be no other fields than these, the error names one that there is.
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

/** A getter or a proxy may throw: then there is nothing. */
function quietly<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The error of a value that is not allowed. */
export function wrong(code: ErrorCode, path: string, found: unknown, rule: Omit<Rule, "is">): SteadymixError {
  const { isSecret, why } = rule;
  const allowed = why?.(found) ?? rule.allowed;
  const value = isSecret ? `a ${typeof found}` : shown(found);
  const error = steadymixError(code, `${path} is ${value}, but must be ${allowed}`);
  // The path begins with the argument, and what kind of it that is.
  return Object.assign(error, { field: path.replace(/^(\w+) \w+/, "$1"), value, allowed });
}

function shown(value: unknown): string {
  const isJson = typeof value === "string" || quietly(() => Array.isArray(value));
  const text = isJson ? quietly(() => JSON.stringify(value)) : Object(value) !== value && String(value);
  return text ? text.slice(0, 100) : typeof value === "function" ? "a function" : "an object";
}
