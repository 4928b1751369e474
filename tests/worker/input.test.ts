/** What bodies, and fields that must be left out, are refused with. */
import { expect, test } from "vitest";

// No entry of the package exports it. Its types are there before the package is built.
type Module = typeof import("../../target/build/typescript/cloudflare/input.js");
const { checkLeftOut, jsonObject } = (await import("../../dist/cloudflare/input.js" as string)) as Module;

const bytesOf = (text: string) => new TextEncoder().encode(text);
const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

test("a body is a JSON object, with a byte order mark or without", () => {
  for (const text of ["{}", '{"a":[null,{"b":"ü"}]}', nested(64)])
    for (const mark of ["", "\u{feff}"]) expect(jsonObject(bytesOf(mark + text))).toEqual(JSON.parse(text));
});

test("any other body is refused, with what it must be", () => {
  const refused = (bytes: Uint8Array, message: string) =>
    expect(() => jsonObject(bytes)).toThrow(expect.objectContaining({ body: { code: "INVALID_BODY", message } }));
  for (const text of ["", "{", "{}{}"]) refused(bytesOf(text), "the body is no JSON");
  // Not UTF-8.
  refused(Uint8Array.of(...bytesOf('{"a":"'), 0xff, ...bytesOf('"}')), "the body is no JSON");
  for (const text of ["null", "[]", "1", '"{}"', "true"]) refused(bytesOf(text), "the body must be a JSON object");
  refused(bytesOf(nested(65)), "the body must not nest deeper than 64 levels");
});

test("a field that must be left out is refused with the reason", () => {
  checkLeftOut("INVALID_CONFIG", "lanes", undefined, "the group has them");
  expect(() => checkLeftOut("INVALID_CONFIG", "lanes", null, "the group has them")).toThrow(
    expect.objectContaining({
      body: {
        code: "INVALID_CONFIG",
        message: "lanes must be left out: the group has them",
        field: "lanes",
        allowed: "left out: the group has them",
      },
    }),
  );
});
