/** A test's broadcast, and helpers for the real runtime. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { BroadcastStartOptions, BroadcastState, BroadcastStatus } from "steadymix/cloudflare";
import { SHOW_LANES, showServices } from "../emulator/js/payload.ts";
import { expectOf } from "./contract.ts";
import { QUICK } from "./policy.ts";
import { emulator } from "./service.ts";
import type { TestBroadcast } from "./worker.ts";

const TIMEOUT_MS = 30_000;

let count = 0;

/** A name that no other test uses. */
export function freshId(of = "show"): string {
  count += 1;
  return `${of}-${count}-${crypto.randomUUID().slice(0, 8)}`;
}

export function configOf(instanceId: string, more: Partial<BroadcastStartOptions> = {}): BroadcastStartOptions {
  return { instanceId, services: showServices(), lanes: SHOW_LANES, policy: QUICK, ...more };
}

/** Calls a route of the Worker. */
export function call(path: string, init?: RequestInit): Promise<Response> {
  return exports.default.fetch(`https://worker.example/api${path}`, init);
}

/** Sends the emulator's pending notifications to the webhook. */
async function deliverNotifications(): Promise<void> {
  for (const { body, signature, signatureV2 } of emulator.takeNotifications()) {
    const headers = { "agora-signature": signature, "agora-signature-v2": signatureV2 };
    const { status } = await call("/notifications", { method: "POST", headers, body });
    if (status !== 200) throw new Error(`a notification was answered ${status}`);
  }
}

export class Show {
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  /** A new stub each time: killing an object breaks its stubs. */
  get stub(): DurableObjectStub<TestBroadcast> {
    return env.BROADCAST.get(env.BROADCAST.idFromName(this.id)) as unknown as DurableObjectStub<TestBroadcast>;
  }

  static async start(more: Partial<BroadcastStartOptions> = {}): Promise<Show> {
    const show = new Show(freshId());
    const started = await show.stub.start(configOf(show.id, more));
    if (!started.ok) throw new Error(started.error.message);
    return show;
  }

  async status(): Promise<BroadcastStatus> {
    const status = await this.stub.status();
    if (!status) throw new Error(`there is no ${this.id}`);
    expectOf("BroadcastStatus", status);
    return status;
  }

  async events(): Promise<string[]> {
    const events = await this.stub.history(0);
    for (const event of events) expectOf("StoredEvent", event);
    return events.map(({ type }) => type);
  }

  /** Waits until the condition holds. Errors in between are ignored: the tests cause them. */
  async until(
    condition: (status: BroadcastStatus) => boolean,
    interfere: () => Promise<unknown> = async () => {},
  ): Promise<void> {
    let last: unknown;
    for (const end = Date.now() + TIMEOUT_MS; Date.now() < end; await scheduler.wait(25)) {
      await deliverNotifications();
      await interfere().catch(() => {});
      const status = await this.status().catch((error: unknown) => {
        last = String(error);
        return undefined;
      });
      if (status && condition(status)) return;
      last = status ?? last;
    }
    throw new Error(`timed out: ${this.id} is ${JSON.stringify(last)}`);
  }

  state(state: BroadcastState): Promise<void> {
    return this.until((status) => status.state === state);
  }

  /** Waits until every lane's task runs. */
  running(): Promise<void> {
    return this.until(({ lanes }) => lanes.every(({ state }) => state === "running"));
  }

  /** Runs the alarm now, whatever it is set to. `false`: there was none. */
  ring(): Promise<boolean> {
    return runDurableObjectAlarm(this.stub);
  }

  /** Delays the alarm. */
  delayAlarm(ms: number): Promise<void> {
    return runInDurableObject(this.stub, async (_, { storage }) => {
      const due = await storage.getAlarm();
      if (due !== null) await storage.setAlarm(Math.max(due, Date.now()) + ms);
    });
  }

  async stop(): Promise<void> {
    await this.stub.stop();
    await this.state("ended");
    await this.events();
  }
}
