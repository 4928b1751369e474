/**
 * The emulated service as a Worker, for demos. A service binding sends it calls to the service, and commands under the host name
 * `emulator`. One Durable Object has the state, which survives a restart. It stays awake to send notifications.
 */
import { DurableObject } from "cloudflare:workers";
import type { Command } from "steadymix/emulator";
import { StoredEmulator } from "./journal.ts";

interface Env {
  SERVICE: DurableObjectNamespace<Service>;
  /** Receives notifications. */
  WEBHOOK?: Fetcher;
  NOTIFICATION_SECRET?: string;
  /** The service's limits, if they are not the documented ones. */
  LIMITS?: { callsPerSecond: number; pcw: number };
}

/** The runtime evicts an object that is idle for longer. */
const AWAKE_MS = 4_000;
const DELIVER_MS = 250;
const CONTROL_HOST = "emulator";

export class Service extends DurableObject<Env> {
  #emulator: StoredEmulator;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#emulator = this.#open();
    if (env.NOTIFICATION_SECRET) setInterval(() => this.#deliver(), DELIVER_MS);
    void ctx.storage.setAlarm(Date.now() + AWAKE_MS);
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + AWAKE_MS);
    if (this.#emulator.clearIfLong()) this.#emulator = this.#open();
  }

  #open(): StoredEmulator {
    const { NOTIFICATION_SECRET: secret, LIMITS } = this.env;
    return new StoredEmulator(this.ctx.storage, {
      startUp: { takesMs: [800, 2000] },
      ...LIMITS,
      notifications: secret ? { secret } : null,
    });
  }

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.host !== CONTROL_HOST) return this.#emulator.fetch(request);
    if (request.method === "POST") {
      try {
        const commands = (await request.json()) as Command[];
        if (!Array.isArray(commands)) throw new Error("the body must be an array of commands");
        return Response.json({ tasks: commands.map((command) => this.#emulator.control(command)) });
      } catch (error) {
        return Response.json({ message: error instanceof Error ? error.message : String(error) }, { status: 400 });
      }
    }
    return Response.json(this.#emulator.state());
  }

  #deliver(): void {
    for (const { body, signature, signatureV2 } of this.#emulator.takeNotifications()) {
      const headers = { "agora-signature": signature, "agora-signature-v2": signatureV2 };
      // Failures are ignored: notifications may be lost.
      this.env.WEBHOOK?.fetch("https://worker/api/notifications", { method: "POST", headers, body }).catch(() => {});
    }
  }
}

export default {
  fetch: (request, env) => env.SERVICE.get(env.SERVICE.idFromName("the service")).fetch(request),
} satisfies ExportedHandler<Env>;
