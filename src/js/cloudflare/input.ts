/** What the fields of a request may be. All of a broadcast's settings but its id are the core's to check. */
import { GROUP_ID, GROUP_ID_ALLOWED } from "../instanceId.js";
import { Rejection } from "./rejection.js";

/** Settings, payload, and whatever unknown fields it has: a body that nests deeper is no payload of the service. */
const MOST_LEVELS = 64;
const SHOWN_CHARS = 100;

interface Rule<Value> {
  allowed: string;
  is: (value: unknown) => value is Value;
}

/** Of a broadcast: the `instanceId` of its group. */
export const ID: Rule<string> = {
  allowed: GROUP_ID_ALLOWED,
  is: (value): value is string => typeof value === "string" && GROUP_ID.test(value),
};

/** Of a query, which is text. */
export const NATURAL: Rule<string> = {
  allowed: "an integer from 0 to 999999999999999",
  is: (value): value is string => typeof value === "string" && /^\d{1,15}$/.test(value),
};

export function integer(least: number, most: number): Rule<number> {
  return {
    allowed: `an integer from ${least} to ${most}`,
    is: (value): value is number => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
  };
}

/** The value, as the rule wants it. Throws this code with field, value and what is allowed. */
export function checked<Value>(code: string, field: string, value: unknown, { allowed, is }: Rule<Value>): Value {
  if (is(value)) return value;
  const found = shown(value);
  throw new Rejection(code, `${field} is ${found}, but must be ${allowed}`, { field, value: found, allowed });
}

/** Throws this code if there is something in a field that is given in another way, or not at all. */
export function checkLeftOut(code: string, field: string, value: unknown, why: string): void {
  if (value === undefined) return;
  const allowed = `left out: ${why}`;
  throw new Rejection(code, `${field} must be ${allowed}`, { field, allowed });
}

/** A JSON object out of the bytes of a body. Throws `INVALID_BODY`. */
export function jsonObject(bytes: Uint8Array): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw new Rejection("INVALID_BODY", "the body is no JSON");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new Rejection("INVALID_BODY", "the body must be a JSON object");
  // What recurses over it, as copies between objects do, ends at some thousand levels.
  if (isDeeper(json, MOST_LEVELS))
    throw new Rejection("INVALID_BODY", `the body must not nest deeper than ${MOST_LEVELS} levels`);
  return json as Record<string, unknown>;
}

/** For people: a value may be an object whose `toString` is anything. */
export function shown(value: unknown): string {
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.slice(0, SHOWN_CHARS);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}
