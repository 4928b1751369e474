/** The exports of `steadymix/cloudflare`, called with invalid arguments. */
import { env } from "cloudflare:workers";
import { isSteadymixError } from "steadymix";
import * as cloudflare from "steadymix/cloudflare";
import { expect, test } from "vitest";

const hostile = () =>
  new Proxy(() => {}, {
    get: () => {
      throw new Error("must not be read");
    },
  });

const WRONG: unknown[] = [
  undefined,
  null,
  true,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  5n,
  Symbol("s"),
  {},
  [],
  () => {},
  hostile(),
  "x".repeat(16_777_217),
];

const makeToken = cloudflare.rtcTokens(env.AGORA_APP_ID, env.AGORA_APP_CERTIFICATE ?? "");
const isLeftOut = (value: unknown) => value === undefined;

/** Each argument with its name, a valid value, and those of the wrong values that are valid for it. */
const ROWS: Record<
  string,
  [called: (...args: never[]) => unknown, ...args: [string, unknown, ((value: unknown) => boolean)?][]]
> = {
  rtcTokens: [
    cloudflare.rtcTokens,
    ["appId", env.AGORA_APP_ID],
    ["certificate", env.AGORA_APP_CERTIFICATE],
    ["lifetimeS", 60, isLeftOut],
  ],
  "rtcTokens()": [makeToken, ["uid", 9001], ["channel", "show"]],
  signViewerToken: [cloudflare.signViewerToken, ["key", "k".repeat(32)], ["broadcast", "show"], ["lifetimeS", 60]],
};

test("every function has a row; the other exports are classes and the handler that the runtime calls", () => {
  const calledByTheRuntime = ["AppQuota", "Broadcast", "Relay", "handler"];
  const functions = Object.keys(ROWS).filter((name) => !name.includes("("));
  expect(Object.keys(cloudflare).sort()).toEqual([...functions, ...calledByTheRuntime].sort());
});

for (const [name, [called, ...args]] of Object.entries(ROWS)) {
  test(`${name}: each invalid argument is named`, async () => {
    for (const [at, [argument, , takes]] of args.entries()) {
      for (const value of WRONG) {
        if (takes?.(value)) continue;
        const given = args.map(([, good], other) => (other === at ? value : good));
        const error = await (async () => called(...(given as never[])))().then(
          () => "nothing was thrown",
          (error: unknown) => error,
        );
        expect(isSteadymixError(error) ? [error.code, error.field] : error, String(typeof value)).toEqual([
          "INVALID_OPTIONS",
          argument,
        ]);
      }
    }
    await called(...(args.map(([, good]) => good) as never[]));
  });
}
