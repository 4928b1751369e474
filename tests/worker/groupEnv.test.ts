/** A broadcast's credentials and callbacks: from the application's options, or else the environment. */
import { env } from "cloudflare:workers";
import type { SteadymixEvent } from "steadymix";
import { expect, test, vi } from "vitest";
import type { BroadcastOptions } from "../../target/build/typescript/cloudflare/broadcastOptions.js";
import type { SteadymixEnv } from "../../target/build/typescript/cloudflare/environment.js";
import type { SharedQuota } from "../../target/build/typescript/cloudflare/sharedQuota.js";

// Internal, so not in the package. Its types exist before the package is built.
type Module = typeof import("../../target/build/typescript/cloudflare/groupEnv.js");
const { groupEnv } = (await import("../../dist/cloudflare/groupEnv.js" as string)) as Module;

const { AGORA_APP_CERTIFICATE = "", ...bare } = env as SteadymixEnv;

function groupEnvOf(options: BroadcastOptions = {}, more: Partial<SteadymixEnv> = {}) {
  const quota = { acquire: vi.fn(async () => 250), used: vi.fn(), fallbackQueryIntervalMs: 1_600 };
  const [persist, onEvent] = [vi.fn(), vi.fn(() => "the application's")];
  const shared = quota as unknown as SharedQuota;
  const made = groupEnv({ env: { ...bare, ...more }, options, id: "show", quota: shared, persist, onEvent });
  return { made, quota, persist, onEvent };
}

test("without options, credentials come from the environment, tokens from the payload, and calls go to the network", () => {
  const { made, persist } = groupEnvOf();
  expect(made).toMatchObject({ customerId: "customer", customerSecret: "customer-secret" });
  expect(Object.keys(made)).not.toContain("fetch");
  expect(Object.keys(made)).not.toContain("rtcToken");
  expect(made.persist).toBe(persist);
});

test("calls go to the application's fetch, with its own `this`, or else to the service binding", async () => {
  const service = { answer: new Response(), calls: [] as unknown[] };
  const binding = {
    fetch(this: unknown, ...call: unknown[]) {
      service.calls.push(...call, this === binding);
      return Promise.resolve(service.answer);
    },
  };
  const bound = { AGORA_SERVICE: binding as unknown as Fetcher };
  const { made } = groupEnvOf({}, bound);
  expect(await made.fetch?.("https://api.agora.io/", { method: "POST" })).toBe(service.answer);
  expect(service.calls).toEqual(["https://api.agora.io/", { method: "POST" }, true]);
  class Options implements BroadcastOptions {
    readonly #answer = new Response();
    fetch(): Promise<Response> {
      return Promise.resolve(this.#answer);
    }
  }
  const own = groupEnvOf(new Options(), bound).made;
  expect(await own.fetch?.("https://api.agora.io/")).not.toBe(service.answer);
  expect(service.calls.length).toBe(3);
});

test("the certificate makes RTC tokens, unless the application does", async () => {
  const { made } = groupEnvOf({}, { AGORA_APP_CERTIFICATE });
  expect(await made.rtcToken?.(9001, "show")).toMatch(/^007/);
  const rtcToken = async () => "of the application";
  const own = groupEnvOf({ rtcToken }, { AGORA_APP_CERTIFICATE }).made;
  expect(await own.rtcToken?.(9001, "show")).toBe("of the application");
});

test("permits are requested with the names of broadcast and lane; the fallback interval is read each time", async () => {
  const { made, quota } = groupEnvOf();
  expect(await made.acquirePermit?.({ lane: 1, call: "create" } as never)).toBe(250);
  expect(quota.acquire.mock.lastCall).toEqual(["show/1", "create"]);
  made.permitUsed?.({ lane: 2 } as never);
  expect(quota.used.mock.lastCall).toEqual(["show/2"]);
  expect(made.fallbackQueryIntervalMs).toBe(1_600);
  quota.fallbackQueryIntervalMs = 3_200;
  expect(made.fallbackQueryIntervalMs).toBe(3_200);
});

test("each event is passed on, and the callback's result returned", () => {
  const { made, onEvent } = groupEnvOf();
  const event = { type: "stopping" } as SteadymixEvent;
  expect(made.onEvent?.(event)).toBe("the application's");
  expect(onEvent.mock.lastCall).toEqual([event]);
});
