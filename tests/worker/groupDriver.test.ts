/** How alarms drive a group, and when its state is stored, in simulated time. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { GroupDriver } from "../../target/build/typescript/cloudflare/groupDriver.js";
import type { BroadcastStore } from "../../target/build/typescript/cloudflare/store.js";
import { freshId } from "./world.ts";

// Internal, so not in the package. Their types exist before the package is built.
type Drivers = typeof import("../../target/build/typescript/cloudflare/groupDriver.js");
type Stores = typeof import("../../target/build/typescript/cloudflare/store.js");
const { GroupDriver: Driver } = (await import("../../dist/cloudflare/groupDriver.js" as string)) as Drivers;
const { BroadcastStore: Store } = (await import("../../dist/cloudflare/store.js" as string)) as Stores;

const [SECOND, MINUTE] = [1_000, 60_000];
/** The delays of the next turn after one that was interrupted, and after one that threw. */
const [GUARD, ERROR_RETRY] = [15 * SECOND, 30 * SECOND];

/** A few hours ahead of the real time: otherwise alarms would go off by themselves. */
const START = (Math.floor(Date.now() / MINUTE) + 100) * MINUTE;
let now = START;

beforeEach(() => {
  now = START;
  vi.spyOn(Date, "now").mockImplementation(() => now);
});
afterEach(() => void vi.restoreAllMocks());

/** A scripted group that logs its calls. */
class ScriptedGroup {
  readonly #log: string[];
  /** The next turns. After them, the next turn is due in ten minutes. */
  readonly turns: (() => number | undefined | Promise<number | undefined>)[] = [];
  state = "new";

  constructor(log: string[]) {
    this.#log = log;
  }

  async advance(): Promise<number | undefined> {
    this.#log.push("advance");
    const turn = this.turns.shift();
    return turn ? turn() : now + 10 * MINUTE;
  }

  snapshot(): string {
    return this.state;
  }

  dispose(): void {
    this.#log.push("dispose");
  }
}

interface World {
  storage: DurableObjectStorage;
  store: BroadcastStore;
  group: ScriptedGroup;
  driver: GroupDriver<ScriptedGroup>;
  log: string[];
  /** The latest time for the next alarm. */
  others: { wakeBy: number };
  windUp: ReturnType<typeof vi.fn>;
}

/** Runs with a group that has started, in its own object. */
function inObject(act: (world: World) => Promise<void>): Promise<void> {
  const stub = env.RELAY.get(env.RELAY.idFromName(freshId()));
  return runInDurableObject(stub, async (_, { storage }) => {
    const store = new Store(storage, 3);
    store.begin();
    const log: string[] = [];
    const others = { wakeBy: Number.POSITIVE_INFINITY };
    const group = new ScriptedGroup(log);
    const windUp = vi.fn(async () => void log.push(`windUp with ${driver.group ? "a group" : "no group"}`));
    const driver: World["driver"] = new Driver<ScriptedGroup>(storage, store, {
      restore: () => undefined,
      report: async () => void log.push("report"),
      wakeBy: () => others.wakeBy,
      ended: () => void log.push(`ended with ${store.snapshot}`),
      windUp,
    });
    driver.begin(group);
    await act({ storage, store, group, driver, log, others, windUp });
  });
}

test("the state is reported before and after a turn; then it is stored, and the alarm set to the next turn", async () => {
  await inObject(async ({ storage, store, group, driver, log }) => {
    group.turns.push(() => {
      group.state = "running";
      return now + MINUTE;
    });
    await driver.drive();
    expect(log).toEqual(["report", "advance", "report"]);
    expect([store.snapshot, await storage.getAlarm()]).toEqual(["running", now + MINUTE]);
  });
});

test("the alarm is set earlier if something else needs it", async () => {
  await inObject(async ({ storage, driver, others }) => {
    others.wakeBy = now + SECOND;
    await driver.drive();
    expect(await storage.getAlarm()).toBe(now + SECOND);
  });
});

test("during a turn, an alarm is set that would repeat it", async () => {
  await inObject(async ({ storage, store, group, driver, log }) => {
    let alarm: number | null = null;
    group.turns.push(async () => {
      alarm = await storage.getAlarm();
      now += 10 * SECOND;
      // Each call moves the alarm.
      await driver.persist("about to create");
      expect(store.snapshot).toBe("about to create");
      expect(await storage.getAlarm()).toBe(now + GUARD);
      return now + MINUTE;
    });
    await driver.drive();
    expect(alarm).toBe(START + GUARD);
    expect(log).toEqual(["report", "advance", "report"]);
  });
});

test("a call is sent only after the state is stored", async () => {
  await inObject(async ({ storage, driver }) => {
    let written = () => {};
    vi.spyOn(storage, "sync").mockReturnValue(
      new Promise((resolve) => {
        written = () => resolve();
      }),
    );
    let isPersisted = false;
    const persisted = driver.persist("about to create").then(() => {
      isPersisted = true;
    });
    await scheduler.wait(0);
    expect(isPersisted).toBe(false);
    written();
    await persisted;
  });
});

test("a command is stored at once, and an alarm is due that carries it out", async () => {
  await inObject(async ({ storage, store, group, driver, log }) => {
    group.state = "stopping";
    driver.commandTaken(group);
    expect([store.snapshot, await storage.getAlarm()]).toEqual(["stopping", now]);
    expect(log).toEqual([]);
  });
});

/** A turn that waits until the test continues it. */
function held() {
  let goOn = () => {};
  const until = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  return { goOn: () => goOn(), turn: () => until.then(() => now + MINUTE) };
}

test("a command during a turn gets its own turn right afterwards", async () => {
  await inObject(async ({ group, driver, log }) => {
    const { goOn, turn } = held();
    group.turns.push(turn);
    const driving = driver.drive();
    await scheduler.wait(0);
    driver.commandTaken(group);
    goOn();
    await driving;
    expect(log).toEqual(["report", "advance", "report", "report", "advance", "report"]);
  });
});

test("an alarm during a turn waits for it and gets its own turn: never two at once", async () => {
  await inObject(async ({ group, driver, log }) => {
    const { goOn, turn } = held();
    group.turns.push(turn);
    const first = driver.drive();
    await scheduler.wait(0);
    const second = driver.drive();
    await scheduler.wait(0);
    expect(log).toEqual(["report", "advance"]);
    goOn();
    await Promise.all([first, second]);
    expect(log).toEqual(["report", "advance", "report", "report", "advance", "report"]);
    await driver.drive();
    expect(log.filter((entry) => entry === "advance").length).toBe(3);
  });
});

test("at the end, `ended` gets the group, and the snapshot is deleted before anything is awaited", async () => {
  await inObject(async ({ store, group, driver, log, windUp }) => {
    store.snapshot = "stopping";
    group.turns.push(() => undefined);
    windUp.mockImplementationOnce(async () => {
      expect([store.snapshot, driver.group]).toEqual([undefined, undefined]);
      log.push("windUp");
      await scheduler.wait(0);
      log.push("wound up");
    });
    await driver.drive();
    expect(log).toEqual(["report", "advance", "ended with stopping", "dispose", "windUp", "wound up"]);
    await driver.drive();
    expect(log.length).toBe(6);
  });
});

test("a new object restores its group once, on demand", async () => {
  await inObject(async ({ storage, store, group, log }) => {
    const restore = vi.fn(() => group as ScriptedGroup | undefined);
    const hooks = { report: async () => {}, wakeBy: () => now, ended: () => {}, windUp: async () => {} };
    const driver = new Driver<ScriptedGroup>(storage, store, { restore, ...hooks });
    expect(restore).not.toHaveBeenCalled();
    await driver.drive();
    expect(driver.group).toBe(group);
    expect(restore).toHaveBeenCalledTimes(1);
    expect(log).toEqual(["advance"]);
    const none = new Driver<ScriptedGroup>(storage, store, { restore: () => undefined, ...hooks });
    await none.drive();
    expect(log).toEqual(["advance"]);
    expect(await storage.getAlarm()).toBe(now + GUARD);
  });
});

test("an error in a turn is logged, and another turn follows", async () => {
  await inObject(async ({ storage, group, driver, log }) => {
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const error = new Error("the storage is full");
    group.turns.push(() => Promise.reject(error));
    await driver.drive();
    expect(logged.mock.calls).toEqual([["steadymix: a turn of a broadcast failed:", error]]);
    expect(await storage.getAlarm()).toBe(now + ERROR_RETRY);
    await driver.drive();
    expect(log).toEqual(["report", "advance", "report", "advance", "report"]);
    expect(await storage.getAlarm()).toBe(now + 10 * MINUTE);
  });
});
