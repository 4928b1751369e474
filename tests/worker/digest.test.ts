/** Digests of strings, and of JSON independent of the order of its keys. */
import { expect, test } from "vitest";

// Internal, so not in the package. Its types exist before the package is built.
type Module = typeof import("../../target/build/typescript/cloudflare/digest.js");
const { fingerprint, sha256Hex } = (await import("../../dist/cloudflare/digest.js" as string)) as Module;

test("a digest is SHA-256 in hexadecimal digits", async () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(await sha256Hex("abc")).toBe(abc);
});

test("a fingerprint does not depend on the order of keys at any level, but on everything else", async () => {
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
