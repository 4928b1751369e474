/** The emulated service over HTTP, and a user's options and env. */
import type { TestContext } from "node:test";
import type { GroupOptions, SteadymixEvent, SupervisorEnv, SupervisorOptions } from "steadymix";
import { Emulator, type Profile } from "steadymix/emulator";
import { loopbackFetch } from "../../src/js/cli/emulator/loopbackFetch.ts";
import { type EmulatorServer, type ServerOptions, startServer } from "../../src/js/cli/emulator/server.ts";
import { SHOW_LANES, showServices } from "../emulator/js/payload.ts";

/** Fast enough for tests, slow enough that a busy machine answers within the timeout of a call. */
export const SPEED = 40;

export const supervisorOptions: SupervisorOptions = {
  appId: "app",
  instanceId: "show",
  services: showServices(),
  uids: [9001, 9002],
};

export const groupOptions: GroupOptions = {
  appId: "app",
  instanceId: "show",
  services: showServices(),
  lanes: SHOW_LANES,
};

export interface World {
  server: EmulatorServer<Emulator>;
  env: SupervisorEnv;
  /** All events so far. */
  events: SteadymixEvent[];
  /** Resolves with the first past or future event that matches. */
  event(matches: (event: SteadymixEvent) => boolean): Promise<SteadymixEvent>;
}

/** The world is closed at the end of the test. */
export async function world(
  test: TestContext,
  { profile, speed = SPEED, ...options }: ServerOptions & { profile?: Profile; speed?: number } = {},
  env: Partial<SupervisorEnv> = {},
): Promise<World> {
  const server = await startServer(new Emulator(profile, speed), options);
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

export const live = (server: World["server"]) => server.emulator.state().tasks.filter((task) => task.live);

/**
 * An env that counts calls at the time of the driver's last reading of the clock. Arrival times would be wrong on a busy machine,
 * which may pause before a call is sent and again before it arrives.
 */
export function countingDepartures(env: SupervisorEnv, isCounted: (method: string) => boolean = () => true) {
  const began = Date.now();
  let readAt = began;
  const sentAt: number[] = [];
  const now = () => {
    readAt = began + (Date.now() - began) * SPEED;
    return readAt;
  };
  const fetch: typeof globalThis.fetch = (input, init) => {
    if (isCounted(init?.method ?? "GET")) sentAt.push(readAt);
    return (env.fetch ?? globalThis.fetch)(input, init);
  };
  return {
    env: { ...env, now, fetch },
    calls: () => sentAt.length,
    /** The most calls in any second of the service's clock. */
    mostInASecond: () =>
      Math.max(...sentAt.map((at, i) => sentAt.slice(i).filter((other) => other < at + 1000).length)),
  };
}
