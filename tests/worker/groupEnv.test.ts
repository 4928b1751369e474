/** Where a broadcast's credentials and callbacks come from: the application's options, or else the environment. */
import { env } from "cloudflare:workers";
import type { SteadymixEvent } from "steadymix";
import { expect, test, vi } from "vitest";
import type { BroadcastOptions } from "../../target/build/typescript/cloudflare/broadcastOptions.js";
import type { SteadymixEnv } from "../../target/build/typescript/cloudflare/environment.js";
import type { SharedQuota } from "../../target/build/typescript/cloudflare/sharedQuota.js";

// No entry of the package exports it. Its types are there before the package is built.
type Module = typeof import("../../target/build/typescript/cloudflare/groupEnv.js");
const { groupEnv } = (await import("../../dist/cloudflare/groupEnv.js" as string)) as Module;

const { AGORA_APP_CERTIFICATE = "", ...bare } = env as SteadymixEnv;

function hostOf(options: BroadcastOptions = {}, more: Partial<SteadymixEnv> = {}) {
  const quota = { acquire: vi.fn(async () => 250), used: vi.fn(), fallbackQueryIntervalMs: 1_600 };
  const [persist, onEvent] = [vi.fn(), vi.fn(() => "the application's")];
  const shared = quota as unknown as SharedQuota;
  const host = groupEnv({ env: { ...bare, ...more }, options, id: "show", quota: shared, persist, onEvent });
  return { host, quota, persist, onEvent };
}

test("credentials are the environment's; without options, calls go to the network, and tokens are the payload's", () => {
  const { host, persist } = hostOf();
  expect(host).toMatchObject({ customerId: "customer", customerSecret: "customer-secret" });
  expect(Object.keys(host)).not.toContain("fetch");
  expect(Object.keys(host)).not.toContain("rtcToken");
  expect(host.persist).toBe(persist);
});

test("calls go to the service binding, or to what the application gave, with its own this", async () => {
  const service = { answer: new Response(), calls: [] as unknown[] };
  const binding = {
    fetch(this: unknown, ...call: unknown[]) {
      service.calls.push(...call, this === binding);
      return Promise.resolve(service.answer);
    },
  };
  const bound = { AGORA_SERVICE: binding as unknown as Fetcher };
  const { host } = hostOf({}, bound);
  expect(await host.fetch?.("https://api.agora.io/", { method: "POST" })).toBe(service.answer);
  expect(service.calls).toEqual(["https://api.agora.io/", { method: "POST" }, true]);
  class Options implements BroadcastOptions {
    readonly #answer = new Response();
    fetch(): Promise<Response> {
      return Promise.resolve(this.#answer);
    }
  }
  const own = hostOf(new Options(), bound).host;
  expect(await own.fetch?.("https://api.agora.io/")).not.toBe(service.answer);
  expect(service.calls.length).toBe(3);
});

test("RTC tokens are made with the certificate, unless the application makes them", async () => {
  const { host } = hostOf({}, { AGORA_APP_CERTIFICATE });
  expect(await host.rtcToken?.(9001, "show")).toMatch(/^007/);
  const rtcToken = async () => "of the application";
  const own = hostOf({ rtcToken }, { AGORA_APP_CERTIFICATE }).host;
  expect(await own.rtcToken?.(9001, "show")).toBe("of the application");
});

test("permits are asked for under the name of broadcast and lane; the interval without them is read each time", async () => {
  const { host, quota } = hostOf();
  expect(await host.acquirePermit?.({ lane: 1, call: "create" } as never)).toBe(250);
  expect(quota.acquire.mock.lastCall).toEqual(["show/1", "create"]);
  host.permitUsed?.({ lane: 2 } as never);
  expect(quota.used.mock.lastCall).toEqual(["show/2"]);
  expect(host.fallbackQueryIntervalMs).toBe(1_600);
  quota.fallbackQueryIntervalMs = 3_200;
  expect(host.fallbackQueryIntervalMs).toBe(3_200);
});

test("each event is handed on, and so is what becomes of it", () => {
  const { host, onEvent } = hostOf();
  const event = { type: "stopping" } as SteadymixEvent;
  expect(host.onEvent?.(event)).toBe("the application's");
  expect(onEvent.mock.lastCall).toEqual([event]);
});
