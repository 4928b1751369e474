/**
 * Checks the fields of requests; the core checks the settings of a broadcast except its id. Unlike in `../check.ts`, errors
 * quote objects too: they go back to the sender, and no field that is checked here is a key.
 */
import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import { Rejection } from "./rejection.js";
import type { RouteErrorCode } from "./routes.js";
import type { SchemaOf } from "./schema.js";

/** Ample for settings and payload with their unknown fields. */
const MAX_LEVELS = 64;
const MAX_SHOWN_CHARS = 100;

const validators = new WeakMap<Schema, Validator>();

/** A validator that interprets the schema: Workers do not allow compiling one into code. */
function validatorOf(schema: Schema): Validator {
  const validator = validators.get(schema) ?? new Validator(schema, "2020-12");
  validators.set(schema, validator);
  return validator;
}

/** Whether a JSON value matches the schema. */
export function isOf<Type>(schema: SchemaOf<Type>, value: unknown): value is Type {
  return validatorOf(schema).validate(value).valid;
}

/**
 * Returns the value if it matches the schema. Otherwise throws `code` with the path of the wrong value, the value and the allowed
 * values. `field`: the path of `value`, empty for a whole body.
 */
export function checked<Type>(code: RouteErrorCode, value: unknown, schema: SchemaOf<Type>, field = ""): Type {
  const { errors } = validatorOf(schema).validate(value);
  // The last error is about the innermost value; those before it are about the values around it.
  const error = errors.at(-1);
  if (!error) return value as Type;
  const path = stepsOf(error.instanceLocation);
  let found = memberAt(value, path);
  let allowed: string;
  if (error.keyword === "false") {
    // An unknown field: the error before is about its object.
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

/** The keywords of a schema that messages use. */
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

/** The part of the schema that an error is about. */
function ruleOf(schema: Schema, error: OutputUnit | undefined): Rule {
  return memberAt(schema, stepsOf(error?.keywordLocation ?? "").slice(0, -1)) as Rule;
}

/** Describes the values that a schema allows, for a message. */
function allowedBy({ type, const: only, minimum, maximum, pattern, description }: Rule): string {
  if (only !== undefined) return JSON.stringify(only);
  // The description of a pattern states the allowed values.
  if (pattern !== undefined && description !== undefined) return description;
  const kind = `${/^[aio]/.test(String(type)) ? "an" : "a"} ${type}`;
  return minimum === undefined || maximum === undefined ? kind : `${kind} from ${minimum} to ${maximum}`;
}

/** The steps of a JSON pointer in a fragment. The schemas' names need no escapes. */
function stepsOf(pointer: string): string[] {
  return pointer.split("/").slice(1);
}

function memberAt(value: unknown, steps: string[]): unknown {
  return steps.reduce((member: unknown, step) => (member as Record<string, unknown>)[step], value);
}

/** Throws `code` if a field is present that must be left out. */
export function checkLeftOut(code: RouteErrorCode, field: string, value: unknown, reason: string): void {
  if (value === undefined) return;
  const allowed = `left out: ${reason}`;
  throw new Rejection(code, `${field} must be ${allowed}`, { field, allowed });
}

/** Parses a body as a JSON object. Throws `INVALID_BODY`. */
export function jsonObject(bytes: Uint8Array): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw new Rejection("INVALID_BODY", "the body is not JSON");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new Rejection("INVALID_BODY", "the body must be a JSON object");
  // Recursive code, such as copies between objects, overflows at some thousand levels.
  if (isDeeper(json, MAX_LEVELS))
    throw new Rejection("INVALID_BODY", `the body must not nest deeper than ${MAX_LEVELS} levels`);
  return json as Record<string, unknown>;
}

/** A value in a message; strings have quotes. */
function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, MAX_SHOWN_CHARS);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}
