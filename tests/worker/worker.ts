/** A Worker as a user would write it, with the emulator instead of the network. */
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import type { SteadymixEvent } from "steadymix";
import { AppQuota, Broadcast, type BroadcastOptions, handler, Relay, type SteadymixEnv } from "steadymix/cloudflare";
import { serviceFetch } from "./service.ts";

export { AppQuota, Relay };

/** Lets a test observe the events of broadcasts. */
export const listeners = new Set<(event: SteadymixEvent) => void>();

/** Options as an instance of a class, which an application may pass. */
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

/** A class that is not of the library. */
export class Other extends DurableObject {}
export class KvBroadcast extends TestBroadcast {}
export class KvAppQuota extends AppQuota {}
export class KvRelay extends Relay {}

export default new Hono<{ Bindings: SteadymixEnv }>().route("/api", handler());
