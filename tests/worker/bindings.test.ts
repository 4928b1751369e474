/** Errors for missing and wrong bindings: the name and the remedy. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Broadcast, handler, signViewerToken } from "steadymix/cloudflare";
import { afterEach, describe, expect, test, vi } from "vitest";
import { SHOW_LANES, showServices } from "../emulator/js/payload.ts";
import { freshEmulator } from "./service.ts";
import { call, configOf, freshId, Show } from "./world.ts";

const [KEY = ""] = env.OPERATOR_KEYS?.split(" ") ?? [];
const [VIEWER_KEY = ""] = env.VIEWER_KEYS?.split(" ") ?? [];
const waiting: Promise<unknown>[] = [];
const context = { waitUntil: (promise: Promise<unknown>) => void waiting.push(promise), passThroughOnException() {} };
afterEach(() => vi.restoreAllMocks());

const ROUTES: [string, string, object?][] = [
  ["GET", "/health"],
  ["GET", "/broadcasts"],
  ["POST", "/broadcasts", { id: "x", services: showServices(), lanes: SHOW_LANES }],
  ["GET", "/broadcasts/x"],
  ["PATCH", "/broadcasts/x", { services: showServices() }],
  ["DELETE", "/broadcasts/x"],
  ["GET", "/broadcasts/x/events"],
  ["POST", "/broadcasts/x/viewer-tokens", {}],
  ["GET", "/broadcasts/x/watch"],
  ["GET", "/broadcasts/x/on-air"],
  ["POST", "/broadcasts/x/reports", { type: "gone", uid: 9001 }],
  ["POST", "/notifications", {}],
  ["GET", "/quota"],
];

/** Calls a route of a Worker with these bindings, and checks the answer against the description. */
async function ask(method: string, path: string, body: object | undefined, bindings: object) {
  const isViewers = /watch|on-air|reports/.test(path);
  const token = isViewers ? (await signViewerToken(VIEWER_KEY, "x", 60)).token : KEY;
  const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" };
  const request = new Request(`https://worker.example${path}`, {
    method,
    headers,
    body: body ? JSON.stringify(body) : null,
  });
  const answer = await handler().fetch(request, { ...env, ...bindings }, context as unknown as ExecutionContext);
  const { error } = (await answer.json()) as {
    error?: { code: string; message: string; field?: string; value?: string; allowed?: string };
  };
  return { status: answer.status, error };
}

describe.each(["BROADCAST", "APP_QUOTA", "RELAY"] as const)("%s", (binding) => {
  const className = { BROADCAST: "Broadcast", APP_QUOTA: "AppQuota", RELAY: "Relay" }[binding];

  test.each(ROUTES)("missing, or not a namespace: %s %s", async (method, path, body) => {
    for (const wrong of [undefined, null, {}, "Broadcast", { fetch() {} }]) {
      const { status, error } = await ask(method, path, body, { [binding]: wrong });
      expect({ status, error }).toMatchObject({ status: 503, error: { code: "MISCONFIGURED", field: binding } });
      expect(error?.message).toContain(`of the class ${className} of`);
      expect(error?.value).toBe(wrong === undefined ? "not bound" : "bound to something else");
    }
  });

  const ofIt = ROUTES.filter(([, path]) =>
    binding === "BROADCAST"
      ? path.includes("/broadcasts/x")
      : binding === "APP_QUOTA" && /^\/(quota|broadcasts)$/.test(path),
  ).filter(([method, path]) => binding === "BROADCAST" || method + path !== "POST/broadcasts");

  test.each(ofIt)("another class: %s %s", async (method, path, body) => {
    const others: unknown[] = [env.BROADCAST, env.APP_QUOTA, env.RELAY].filter((other) => other !== env[binding]);
    others.push(env.OTHER);
    for (const other of others) {
      const { status, error } = await ask(method, path, body, { [binding]: other });
      expect({ status, error }).toMatchObject({ status: 503, error: { code: "MISCONFIGURED", field: binding } });
    }
  });

  test.each(ofIt)("a class that is not among new_sqlite_classes: %s %s", async (method, path, body) => {
    const { status, error } = await ask(method, path, body, { [binding]: env[`KV_${binding}`] });
    expect({ status, error }).toMatchObject({ status: 503, error: { code: "MISCONFIGURED", field: "migrations" } });
    expect(error?.message).toContain(`class of ${binding} must be among new_sqlite_classes`);
  });
});

test("a broadcast that cannot reach AppQuota does not start, and the error gives the reason", async () => {
  const show = new Show(freshId());
  for (const [APP_QUOTA, field] of [
    [undefined, "APP_QUOTA"],
    [env.RELAY, "APP_QUOTA"],
    [env.KV_APP_QUOTA, "migrations"],
  ] as const) {
    const started = await runInDurableObject(show.stub, (_, state) =>
      new Broadcast(state, { ...env, APP_QUOTA } as typeof env).start(configOf(show.id)),
    );
    expect(started).toMatchObject({ ok: false, error: { code: "MISCONFIGURED", field } });
  }
  expect(await show.stub.status()).toBeUndefined();
});

test("viewers that need a relay get the error of RELAY", async () => {
  freshEmulator();
  const show = await Show.start();
  const watch = async (RELAY: unknown) => {
    const { token } = await signViewerToken(VIEWER_KEY, show.id, 60);
    const headers = { accept: "text/event-stream" };
    const request = new Request(`https://worker.example/broadcasts/${show.id}/watch?token=${token}`, { headers });
    return handler().fetch(request, { ...env, RELAY });
  };
  const streams = [];
  for (let i = 0; i < 3; i += 1) streams.push(await watch(env.RELAY));
  for (const [wrong, field] of [
    [undefined, "RELAY"],
    [env.BROADCAST, "RELAY"],
    [env.APP_QUOTA, "RELAY"],
    [env.OTHER, "RELAY"],
    [env.KV_RELAY, "migrations"],
  ] as const) {
    const answer = await watch(wrong);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error: { code: "MISCONFIGURED", field } });
  }
  for (const stream of streams) await stream.body?.cancel();
  await show.stop();
});

test("an object is asked once for its class; a failure to answer is not MISCONFIGURED", async () => {
  const asked = vi.spyOn(Broadcast.prototype, "className");
  for (let i = 0; i < 3; i += 1) expect((await ask("GET", "/broadcasts/x", undefined, {})).status).toBe(404);
  expect(asked.mock.calls.length).toBeLessThanOrEqual(1);
  vi.spyOn(console, "error").mockReturnValue();
  const BROADCAST = {
    idFromName: (name: string) => name,
    get: () => ({ className: () => Promise.reject(new Error("the object is overloaded")) }),
  };
  const { status, error } = await ask("GET", "/broadcasts/x", undefined, { BROADCAST });
  expect({ status, code: error?.code }).toEqual({ status: 500, code: "INTERNAL" });
});

test("any other failure in an object is not MISCONFIGURED", async () => {
  const reported = vi.spyOn(console, "error").mockReturnValue();
  vi.spyOn(Broadcast.prototype, "status").mockRejectedValue(new Error("the customer-secret is wrong"));
  const answer = await call("/broadcasts/x", { headers: { authorization: `Bearer ${KEY}` } });
  expect(answer.status).toBe(500);
  const text = await answer.text();
  expect(text).toContain("INTERNAL");
  expect(text).not.toContain("secret");
  expect(reported).toHaveBeenCalled();
});
