import type { BroadcastStore } from "./store.js";

/** If the object dies during a turn, the alarm starts another one after this long. */
const GUARD_MS = 15_000;
/** The next turn after one that threw. */
const ERROR_RETRY_MS = 30_000;

/** What is driven: a `RedundancyGroup`. */
export interface Drivable {
  /** Carries out what is due. The time of the next turn (ms since the epoch); `undefined`: it is over. */
  advance(): Promise<number | undefined>;
  snapshot(): string;
  dispose(): void;
}

/** What the owner of the group does beside each turn. */
export interface DriverHooks<Group> {
  /** Restores the group from the store; `undefined`: there is none, or it is over. */
  restore(): Group | undefined;
  /** Called before and after each turn. */
  report(group: Group): Promise<unknown>;
  /** The next alarm goes off at this time or before (ms since the epoch). */
  wakeBy(): number;
  /** The group is over. Called before it is disposed of. */
  ended(group: Group): void;
  /** Called once group and snapshot are gone. */
  windUp(): Promise<void>;
}

/**
 * Drives a group in a Durable Object: one turn at a time, started by the alarm. The state is in the store before a call
 * leaves, and the next alarm is always set, so the object may be evicted or killed at any moment.
 */
export class GroupDriver<Group extends Drivable> {
  readonly #storage: DurableObjectStorage;
  readonly #store: BroadcastStore;
  readonly #hooks: DriverHooks<Group>;
  #group: Group | undefined;
  #turns: Promise<void> | undefined;
  #isDue = false;

  constructor(storage: DurableObjectStorage, store: BroadcastStore, hooks: DriverHooks<Group>) {
    this.#storage = storage;
    this.#store = store;
    this.#hooks = hooks;
  }

  /** The group, restored if this object has just begun to live; `undefined`: there is none, or it is over. */
  get group(): Group | undefined {
    this.#group ??= this.#hooks.restore();
    return this.#group;
  }

  /** Takes a new group, where there was none. */
  begin(group: Group): void {
    this.#group = group;
  }

  /** Persists the group after a command and has it carried out: by the turns under way, or by an alarm that is due now. */
  commandTaken(group: Group): void {
    this.#isDue = true;
    this.#keep(group.snapshot(), Date.now());
  }

  /** Persists a state before a call leaves. */
  async persist(snapshot: string): Promise<void> {
    this.#keep(snapshot, Date.now() + GUARD_MS);
    await this.#storage.sync();
  }

  /** Carries out what is due, until nothing is. Never throws: an alarm that throws too often is not repeated. */
  async drive(): Promise<void> {
    await this.#storage.setAlarm(Date.now() + GUARD_MS);
    this.#isDue = true;
    this.#turns ??= this.#takeTurns().finally(() => {
      this.#turns = undefined;
    });
    return this.#turns;
  }

  async #takeTurns(): Promise<void> {
    try {
      while (this.#isDue) {
        this.#isDue = false;
        const { group } = this;
        if (!group) return;
        // Before the first turn too, which may take long: the list forgets a broadcast that enters and does not report.
        await this.#hooks.report(group);
        const next = await group.advance();
        if (next === undefined) return await this.#end(group);
        this.#keep(group.snapshot(), Math.min(next, this.#hooks.wakeBy()));
        await this.#hooks.report(group);
      }
    } catch (error) {
      console.error("steadymix: a broadcast is in trouble:", error);
      await this.#storage.setAlarm(Date.now() + ERROR_RETRY_MS);
    }
  }

  /** The snapshot is gone before anything is awaited: a command that comes meanwhile would write it anew. */
  async #end(group: Group): Promise<void> {
    this.#hooks.ended(group);
    this.#store.forgetSnapshot();
    this.#group = undefined;
    group.dispose();
    await this.#hooks.windUp();
  }

  /** The state and the time of the next alarm are written together: there is no `await` in between. */
  #keep(snapshot: string, wakeAt: number): void {
    this.#store.snapshot = snapshot;
    void this.#storage.setAlarm(wakeAt);
  }
}
