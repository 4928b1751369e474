/** A Worker as a user would write it, with the emulated service in the place of the network. */
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import type { SteadymixEvent } from "steadymix";
import { AppQuota, Broadcast, type BroadcastOptions, handler, Relay, type SteadymixEnv } from "steadymix/cloudflare";
import { serviceFetch } from "./service.ts";

export { AppQuota, Relay };

/** What a test wants to know of what broadcasts tell. */
export const listeners = new Set<(event: SteadymixEvent) => void>();

/** An instance of a class, as an application may hand in. */
class Options implements BroadcastOptions {
  readonly viewersPerObject = 3;
  readonly maxConnectionsPerToken = 2;
  readonly reportIntervalMs = 300;
  readonly retentionMs = 3_600_000;
  readonly #service: typeof fetch;

  constructor(ctx: DurableObjectState) {
    this.#service = serviceFetch(ctx);
  }

  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    return this.#service(input, init);
  }

  onEvent(event: SteadymixEvent): void {
    for (const listener of listeners) listener(event);
  }
}

export class TestBroadcast extends Broadcast {
  constructor(ctx: DurableObjectState, env: SteadymixEnv) {
    super(ctx, env, new Options(ctx));
  }
}

/** None of the library's. */
export class Other extends DurableObject {}
export class KvBroadcast extends TestBroadcast {}
export class KvAppQuota extends AppQuota {}
export class KvRelay extends Relay {}

export default new Hono<{ Bindings: SteadymixEnv }>().route("/api", handler());
