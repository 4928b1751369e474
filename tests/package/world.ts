/** The emulated service behind HTTP, and what a user of the package gives. */
import type { TestContext } from "node:test";
import type { GroupConfig, SteadymixEvent, SupervisorConfig, SupervisorEnv } from "steadymix";
import { loopbackFetch } from "../emulator/js/loopbackFetch.ts";
import { SHOW_LANES, showServices } from "../emulator/js/payload.ts";
import { type EmulatorServer, type ServerOptions, startServer } from "../emulator/js/server.ts";

/** Fast enough for a test, slow enough for a busy machine to answer a call within its time-out. */
export const SPEED = 40;

export const supervisorConfig: SupervisorConfig = {
  appId: "app",
  instanceId: "show",
  services: showServices(),
  uids: [9001, 9002],
};

export const groupConfig: GroupConfig = {
  appId: "app",
  instanceId: "show",
  services: showServices(),
  lanes: SHOW_LANES,
};

export interface World {
  server: EmulatorServer;
  env: SupervisorEnv;
  /** Every event so far. */
  events: SteadymixEvent[];
  /** Resolves with the first event, past or to come, that this is true for. */
  event(matches: (event: SteadymixEvent) => boolean): Promise<SteadymixEvent>;
}

/** Ends with the test. */
export async function world(
  test: TestContext,
  options: ServerOptions = {},
  env: Partial<SupervisorEnv> = {},
): Promise<World> {
  const server = await startServer({ speed: SPEED, ...options });
  test.after(() => server.close());
  const events: SteadymixEvent[] = [];
  const waiting = new Set<(event: SteadymixEvent) => void>();
  return {
    server,
    events,
    env: {
      customerId: "customer",
      customerSecret: "s3cret",
      fetch: loopbackFetch(server.url),
      timeScale: SPEED,
      onEvent: (event) => {
        events.push(event);
        for (const take of waiting) take(event);
      },
      ...env,
    },
    event: (matches) => {
      const past = events.find(matches);
      if (past) return Promise.resolve(past);
      return new Promise((resolve) => {
        const take = (event: SteadymixEvent) => {
          if (!matches(event)) return;
          waiting.delete(take);
          resolve(event);
        };
        waiting.add(take);
      });
    },
  };
}

export const live = (server: EmulatorServer) => server.emulator.state().tasks.filter((task) => task.live);

/**
 * A host whose calls are counted by when they leave, which is the driver's last look at the clock: a busy machine may stop
 * between that and the call, and all the longer before the call arrives.
 */
export function countingDepartures(env: SupervisorEnv, isCounted: (method: string) => boolean = () => true) {
  const began = Date.now();
  let looked = began;
  const left: number[] = [];
  const now = () => {
    looked = began + (Date.now() - began) * SPEED;
    return looked;
  };
  const fetch: typeof globalThis.fetch = (input, init) => {
    if (isCounted(init?.method ?? "GET")) left.push(looked);
    return (env.fetch ?? globalThis.fetch)(input, init);
  };
  return {
    env: { ...env, now, fetch },
    calls: () => left.length,
    /** In any second of the service's. */
    mostInASecond: () => Math.max(...left.map((at, i) => left.slice(i).filter((other) => other < at + 1000).length)),
  };
}
