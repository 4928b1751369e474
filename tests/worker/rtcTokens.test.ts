/** RTC tokens from the App certificate. */
import { env } from "cloudflare:workers";
import tokens from "agora-token/src/RtcTokenBuilder2.js";
import { rtcTokens } from "steadymix/cloudflare";
import { expect, test, vi } from "vitest";
import { freshEmulator, onCalls } from "./service.ts";
import { Show } from "./world.ts";

const { Role, RtcTokenBuilder } = tokens;
const APP_ID = env.AGORA_APP_ID;
const CERTIFICATE = env.AGORA_APP_CERTIFICATE ?? "";

test("outputs may publish, the inputs may only subscribe, and no token is valid for longer than a day", () => {
  vi.spyOn(RtcTokenBuilder, "buildTokenWithUid");
  const made = rtcTokens(APP_ID, CERTIFICATE, 1_000_000);
  expect(made(9001, "show")).toMatch(/^007/);
  expect(made(0, "studio")).toMatch(/^007/);
  expect(made(9001, "show")).not.toBe(made(9002, "show"));
  const calls = vi.mocked(RtcTokenBuilder.buildTokenWithUid).mock.calls;
  expect(calls[0]).toEqual([APP_ID, CERTIFICATE, "show", 9001, Role.PUBLISHER, 86_400, 86_400]);
  expect(calls[1]).toEqual([APP_ID, CERTIFICATE, "studio", 0, Role.SUBSCRIBER, 86_400, 86_400]);
});

test("an invalid App ID or certificate makes no tokens", () => {
  for (const [appId, certificate] of [
    [APP_ID, CERTIFICATE.slice(1)],
    [APP_ID, `${CERTIFICATE.slice(1)}g`],
    ["app", CERTIFICATE],
  ] as const) {
    expect(() => rtcTokens(appId, certificate)(9001, "show")).toThrow("32 hexadecimal digits");
  }
});

test("each launch gets its own tokens, and no event carries one", async () => {
  freshEmulator();
  const bodies: string[] = [];
  onCalls((_number, moment, body) => {
    if (moment === "before") bodies.push(body);
    return false;
  });
  const show = await Show.start();
  await show.running();
  const tokens = bodies.join().match(/007[\w+/=]{50,}/g) ?? [];
  // Two lanes, each with an output and two inputs, in Acquire and in Create.
  expect(tokens.length).toBe(12);
  expect(new Set(tokens).size).toBeGreaterThan(2);
  const visible = JSON.stringify([await show.stub.history(0), await show.status()]);
  for (const token of tokens) expect(visible).not.toContain(token);
  await show.stop();
});
