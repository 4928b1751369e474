/** Checks of bodies and of their fields. */
import type { Schema } from "@cfworker/json-schema";
import { expect, test } from "vitest";

// Internal, so not in the package. Its types exist before the package is built.
type Module = typeof import("../../target/build/typescript/cloudflare/input.js");
const { checked, checkLeftOut, isOf, jsonObject } = (await import(
  "../../dist/cloudflare/input.js" as string
)) as Module;

const bytesOf = (text: string) => new TextEncoder().encode(text);
const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

test("a body is a JSON object, with or without a byte order mark", () => {
  for (const text of ["{}", '{"a":[null,{"b":"ü"}]}', nested(64)])
    for (const mark of ["", "\u{feff}"]) expect(jsonObject(bytesOf(mark + text))).toEqual(JSON.parse(text));
});

test("any other body is refused, and the error states what is allowed", () => {
  const refused = (bytes: Uint8Array, message: string) =>
    expect(() => jsonObject(bytes)).toThrow(expect.objectContaining({ body: { code: "INVALID_BODY", message } }));
  for (const text of ["", "{", "{}{}"]) refused(bytesOf(text), "the body is not JSON");
  // Not UTF-8.
  refused(Uint8Array.of(...bytesOf('{"a":"'), 0xff, ...bytesOf('"}')), "the body is not JSON");
  for (const text of ["null", "[]", "1", '"{}"', "true"]) refused(bytesOf(text), "the body must be a JSON object");
  refused(bytesOf(nested(65)), "the body must not nest deeper than 64 levels");
});

const SCHEMA: Schema = {
  type: "object",
  properties: {
    name: { type: "string", pattern: "^[a-z]+$", description: "letters" },
    inside: {
      type: "object",
      properties: { count: { type: "integer", minimum: 2, maximum: 3 }, kind: { const: "one" } },
      required: ["count", "kind"],
    },
    text: { type: "string", description: "anything" },
    number: { type: "integer", minimum: 2 },
    closed: { type: "object", properties: { a: {}, b: {} }, additionalProperties: false },
  },
  required: ["name"],
};

test("a value that matches the schema is returned unchanged", () => {
  for (const value of [
    { name: "a" },
    { name: "a", inside: { count: 3, kind: "one", more: 1 }, text: "", number: 2 },
  ] as const) {
    expect(isOf(SCHEMA, value)).toBe(true);
    expect(checked("INVALID_BODY", value, SCHEMA)).toBe(value);
  }
});

test("otherwise the error has the innermost field's path, its value, and what is allowed", () => {
  for (const [value, field, found, allowed] of [
    [{}, "name", "missing", "letters"],
    [{ name: "A" }, "name", '"A"', "letters"],
    [{ name: 1 }, "name", "1", "letters"],
    [{ name: "a", inside: { count: 1, kind: "one" } }, "inside.count", "1", "an integer from 2 to 3"],
    [{ name: "a", inside: { count: 4, kind: "one" } }, "inside.count", "4", "an integer from 2 to 3"],
    [{ name: "a", inside: { kind: "one" } }, "inside.count", "missing", "an integer from 2 to 3"],
    [{ name: "a", inside: { count: 2, kind: "two" } }, "inside.kind", '"two"', '"one"'],
    [{ name: "a", inside: [1] }, "inside", "[1]", "an object"],
    [{ name: "a", text: { toString: 1 } }, "text", '{"toString":1}', "a string"],
    [{ name: "a", closed: { a: 1, c: 2 } }, "closed.c", "2", "left out: the fields are a, b"],
    [{ name: "a", number: 1.5 }, "number", "1.5", "an integer"],
    [{ name: "a", number: "x".repeat(200) }, "number", `"${"x".repeat(99)}`, "an integer"],
  ] as const) {
    expect(isOf(SCHEMA, value)).toBe(false);
    const body = (field: string) => ({
      code: "INVALID_BODY",
      message: `${field} is ${found}, but must be ${allowed}`,
      field,
      value: found,
      allowed,
    });
    const refused = (at?: string) => () => checked("INVALID_BODY", value, SCHEMA, at);
    expect(refused()).toThrow(expect.objectContaining({ body: body(field) }));
    expect(refused("outside")).toThrow(expect.objectContaining({ body: body(`outside.${field}`) }));
  }
  expect(() => checked("INVALID_QUERY", "x", { type: "integer" }, "since")).toThrow(
    expect.objectContaining({ body: expect.objectContaining({ field: "since", value: '"x"', allowed: "an integer" }) }),
  );
});

test("a field that must be left out is refused with the reason", () => {
  checkLeftOut("INVALID_OPTIONS", "lanes", undefined, "the group has them");
  expect(() => checkLeftOut("INVALID_OPTIONS", "lanes", null, "the group has them")).toThrow(
    expect.objectContaining({
      body: {
        code: "INVALID_OPTIONS",
        message: "lanes must be left out: the group has them",
        field: "lanes",
        allowed: "left out: the group has them",
      },
    }),
  );
});
