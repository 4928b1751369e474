/** Checks answers of the Worker's objects against the schemas of its routes. */
import { type Schema, Validator } from "@cfworker/json-schema";
import { expect } from "vitest";

// Internal, so not in the package. Their types exist before the package is built.
type Schemas = typeof import("../../target/build/typescript/cloudflare/schemas.js");
type Resolving = typeof import("../../target/build/typescript/cloudflare/schema.js");
const { TYPES } = (await import("../../dist/cloudflare/schemas.js" as string)) as Schemas;
const { resolved } = (await import("../../dist/cloudflare/schema.js" as string)) as Resolving;

/** The schema of one of the routes' types. */
export function schemaOf(name: keyof Schemas["TYPES"]): Schema {
  return resolved(TYPES[name]) as Schema;
}

const validators = new Map<string, Validator>();

/** Fails unless the value as JSON matches the type. */
export function expectOf(name: keyof Schemas["TYPES"], value: unknown): void {
  const validator = validators.get(name) ?? new Validator(schemaOf(name), "2020-12");
  validators.set(name, validator);
  const json: unknown = JSON.parse(JSON.stringify(value));
  expect(validator.validate(json).errors, `${name}: ${JSON.stringify(json)}`).toEqual([]);
}
