// `steadymix/rtc-tokens` in Node. tests/worker/rtcTokens.test.ts checks the tokens' roles and lifetimes.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { sep } from "node:path";
import { test } from "node:test";
import { rtcTokens } from "steadymix/rtc-tokens";

const ID = "0123456789abcdef0123456789abcdef";

test("makes a token for an output and for the inputs", () => {
  const rtcToken = rtcTokens(ID, ID);
  assert.match(rtcToken(9001, "show"), /^007/);
  assert.notEqual(rtcToken(9001, "show"), rtcToken(0, "show"));
});

test("a wrong certificate is an error, and not an empty token", () => {
  assert.throws(() => rtcTokens(ID, "short")(9001, "show"), /32 hexadecimal digits/);
  assert.throws(() => rtcTokens(ID, ""), { code: "INVALID_OPTIONS", field: "certificate" });
});

test("of agora-token, only the builder in use is loaded", () => {
  const loaded = Object.keys(createRequire(import.meta.url).cache).flatMap(
    (file) => file.split(`node_modules${sep}`)[1] ?? [],
  );
  assert.deepEqual(loaded.map((file) => file.replaceAll(sep, "/")).sort(), [
    "agora-token/src/AccessToken2.js",
    "agora-token/src/RtcTokenBuilder2.js",
  ]);
});
