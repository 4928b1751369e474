/** A Worker as a user would write it, with the emulated service in the place of the network. */
import { Hono } from "hono";
import type { SteadymixEvent } from "steadymix";
import { AppQuota, Broadcast, handler, Relay, type SteadymixEnv } from "steadymix/cloudflare";
import { serviceFetch } from "./service.ts";

export { AppQuota, Relay };

/** What a test wants to know of what broadcasts tell. */
export const listeners = new Set<(event: SteadymixEvent) => void>();

export class TestBroadcast extends Broadcast {
  constructor(ctx: DurableObjectState, env: SteadymixEnv) {
    super(ctx, env, {
      fetch: serviceFetch(ctx),
      onEvent: (event) => {
        for (const listener of listeners) listener(event);
      },
      viewersPerObject: 3,
      hintIntervalMs: 300,
      keptForMs: 1500,
    });
  }
}

export default new Hono<{ Bindings: SteadymixEnv }>().route("/api", handler());
