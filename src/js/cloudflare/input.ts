/**
 * What the fields of a request may be. All of a broadcast's settings but its id are the core's to check. Errors quote objects
 * too, other than those of `../check.ts`: they go back to whoever sent the request, and no field that is checked here is a key.
 */
import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import { Rejection } from "./rejection.js";
import type { RouteErrorCode } from "./routes.js";
import type { SchemaOf } from "./schema.js";

/** Settings, payload, and whatever unknown fields it has: a body that nests deeper is no payload of the service. */
const MOST_LEVELS = 64;
const SHOWN_CHARS = 100;

const validators = new WeakMap<Schema, Validator>();

/** Interprets the schema: Workers cannot compile one into code. */
function validatorOf(schema: Schema): Validator {
  const validator = validators.get(schema) ?? new Validator(schema, "2020-12");
  validators.set(schema, validator);
  return validator;
}

/** Whether the value, out of JSON, is of the schema. */
export function isOf<Type>(schema: SchemaOf<Type>, value: unknown): value is Type {
  return validatorOf(schema).validate(value).valid;
}

/**
 * The value, as the schema wants it. Throws this code with the path of what is not, the value that was found there, and what
 * is allowed. `field`: where the value stands; left out for a whole body.
 */
export function checked<Type>(code: RouteErrorCode, value: unknown, schema: SchemaOf<Type>, field = ""): Type {
  const { errors } = validatorOf(schema).validate(value);
  // The last error is about the innermost value; those before it say that something in a value is wrong.
  const error = errors.at(-1);
  if (!error) return value as Type;
  const path = stepsOf(error.instanceLocation);
  let found = memberAt(value, path);
  let allowed: string;
  if (error.keyword === "false") {
    // Of a field that no schema describes, the error before is about the object that has it.
    allowed = `left out: the fields are ${Object.keys(ruleOf(schema, errors.at(-2)).properties ?? {}).join(", ")}`;
  } else {
    let rule = ruleOf(schema, error);
    const missing = error.keyword === "required" && rule.required?.find((name) => !Object.hasOwn(Object(found), name));
    if (missing) {
      path.push(missing);
      found = undefined;
      rule = rule.properties?.[missing] ?? {};
    }
    allowed = allowedBy(rule);
  }
  const at = [field, ...path].filter((step) => step !== "").join(".");
  const is = found === undefined ? "missing" : shown(found);
  throw new Rejection(code, `${at} is ${is}, but must be ${allowed}`, { field: at, value: is, allowed });
}

/** The keywords of a schema that are put into words. */
interface Rule {
  type?: string;
  const?: unknown;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  description?: string;
  required?: string[];
  properties?: Record<string, Rule>;
}

/** The part of the schema whose keyword an error is about. */
function ruleOf(schema: Schema, error: OutputUnit | undefined): Rule {
  return memberAt(schema, stepsOf(error?.keywordLocation ?? "").slice(0, -1)) as Rule;
}

/** For people. */
function allowedBy({ type, const: only, minimum, maximum, pattern, description }: Rule): string {
  if (only !== undefined) return JSON.stringify(only);
  // A pattern is described by what it allows.
  if (pattern !== undefined && description !== undefined) return description;
  const kind = `${/^[aio]/.test(String(type)) ? "an" : "a"} ${type}`;
  return minimum === undefined || maximum === undefined ? kind : `${kind} from ${minimum} to ${maximum}`;
}

/** Of a JSON pointer in a fragment. The schemas' own names need no escapes. */
function stepsOf(pointer: string): string[] {
  return pointer.split("/").slice(1);
}

function memberAt(value: unknown, steps: string[]): unknown {
  return steps.reduce((member: unknown, step) => (member as Record<string, unknown>)[step], value);
}

/** Throws this code if there is something in a field that is given in another way, or not at all. */
export function checkLeftOut(code: RouteErrorCode, field: string, value: unknown, why: string): void {
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

/** For people, who see what is text by its quotes. */
function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, SHOWN_CHARS);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}
