/** Digests: of a text as others compute them, and of JSON whatever the order of its keys. */
import { expect, test } from "vitest";

// No entry of the package exports it. Its types are there before the package is built.
type Module = typeof import("../../target/build/typescript/cloudflare/digest.js");
const { fingerprint, sha256Hex } = (await import("../../dist/cloudflare/digest.js" as string)) as Module;

test("it is SHA-256, in hexadecimal digits", async () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(await sha256Hex("abc")).toBe(abc);
});

test("JSON has the same fingerprint in whichever order its keys stand, on every level; and no other JSON has it", async () => {
  const settings = { a: 1, b: [{ c: 2, d: null }, "text"], e: { f: { g: 3, h: 4 }, i: [] } };
  const reordered = { e: { i: [], f: { h: 4, g: 3 } }, b: [{ d: null, c: 2 }, "text"], a: 1 };
  const own = await fingerprint(settings);
  expect(await fingerprint(reordered)).toBe(own);
  for (const other of [
    { ...settings, a: 2 },
    { ...settings, b: ["text", { c: 2, d: null }] },
    { ...settings, e: { f: { g: 4, h: 3 }, i: [] } },
    { ...settings, e: { f: { g: 3, h: 4 }, i: {} } },
    { ...settings, b: { 0: { c: 2, d: null }, 1: "text" } },
    { ...settings, b: [{ c: 2, d: {} }, "text"] },
  ])
    expect(await fingerprint(other), JSON.stringify(other)).not.toBe(own);
});
