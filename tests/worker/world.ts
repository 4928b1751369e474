/** A broadcast of a test, and how to get along in the real runtime. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import type { BroadcastStartOptions, BroadcastState, BroadcastStatus } from "steadymix/cloudflare";
import { SHOW_LANES, showServices } from "../emulator/js/payload.ts";
import { expectOf } from "./contract.ts";
import { QUICK } from "./policy.ts";
import { emulator } from "./service.ts";
import type { TestBroadcast } from "./worker.ts";

const PATIENCE_MS = 30_000;

let count = 0;

/** A name that no other test has used. */
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

/** What the service tells by now, through the webhook. */
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

  /** A stub may be broken by what happened to its object: it is got anew each time. */
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

  /** Until this is so; whatever goes wrong in between is what the test is about. */
  async until(
    is: (status: BroadcastStatus) => boolean,
    befalls: () => Promise<unknown> = async () => {},
  ): Promise<void> {
    let seen: unknown;
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await scheduler.wait(25)) {
      await deliverNotifications();
      await befalls().catch(() => {});
      const status = await this.status().catch((error: unknown) => {
        seen = String(error);
        return undefined;
      });
      if (status && is(status)) return;
      seen = status ?? seen;
    }
    throw new Error(`${this.id} did not come to that: ${JSON.stringify(seen)}`);
  }

  state(state: BroadcastState): Promise<void> {
    return this.until((status) => status.state === state);
  }

  /** Until every lane's task runs. */
  running(): Promise<void> {
    return this.until(({ lanes }) => lanes.every(({ state }) => state === "running"));
  }

  /** The alarm goes off now, whatever it was set to. False: there was none. */
  ring(): Promise<boolean> {
    return runDurableObjectAlarm(this.stub);
  }

  /** The alarm comes late. */
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
