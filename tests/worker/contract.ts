/** Holds what the Worker's objects answer against the schemas of its routes. */
import { type Schema, Validator } from "@cfworker/json-schema";
import { expect } from "vitest";

// No entry of the package exports it. Its types are there before the package is built.
type Module = typeof import("../../target/build/typescript/cloudflare/statusSchema.js");
const schemas = (await import("../../dist/cloudflare/statusSchema.js" as string)) as Module;

const validators = new Map(
  Object.entries(schemas).map(([name, schema]) => [name, new Validator(schema as Schema, "2020-12")]),
);

/** Fails unless the value is, as JSON, what the schema says. */
export function expectOf(name: keyof Module, value: unknown): void {
  const json: unknown = JSON.parse(JSON.stringify(value));
  expect(validators.get(name)?.validate(json).errors, `${name}: ${JSON.stringify(json)}`).toEqual([]);
}
