import type { BroadcastStore } from "./store.js";

/** If the object is killed during a turn, the alarm starts the next one after this long. */
const GUARD_MS = 15_000;
/** The delay before the next turn after an error. */
const ERROR_RETRY_MS = 30_000;

/** The parts of a `RedundancyGroup` that driving needs. */
export interface Drivable {
  /** Carries out what is due. Resolves with the time of the next turn (ms since the epoch), `undefined` after the end. */
  advance(): Promise<number | undefined>;
  snapshot(): string;
  dispose(): void;
}

/** Callbacks to the owner of the group. */
export interface DriverHooks<Group> {
  /** Restores the group from the store. `undefined`: there is none, or it has ended. */
  restore(): Group | undefined;
  /** Called before and after each turn. */
  report(group: Group): Promise<unknown>;
  /** The latest time for the next alarm (ms since the epoch). */
  wakeBy(): number;
  /** Called when the group has ended, before it is disposed. */
  ended(group: Group): void;
  /** Called after the group is disposed and its snapshot is deleted. */
  windUp(): Promise<void>;
}

/**
 * Drives a group in a Durable Object: one turn at a time, started by the alarm. The state is stored before a call is sent, and
 * the next alarm is always set. The object may be evicted or killed at any moment.
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

  /** The group, restored if this object has just started. `undefined`: there is none, or it has ended. */
  get group(): Group | undefined {
    this.#group ??= this.#hooks.restore();
    return this.#group;
  }

  begin(group: Group): void {
    this.#group = group;
  }

  /** Stores the group after a command. The current turn, or an alarm that is due now, carries the command out. */
  commandTaken(group: Group): void {
    this.#isDue = true;
    this.#keep(group.snapshot(), Date.now());
  }

  /** Stores a snapshot before a call is sent. */
  async persist(snapshot: string): Promise<void> {
    this.#keep(snapshot, Date.now() + GUARD_MS);
    await this.#storage.sync();
  }

  /** Takes turns until nothing is due. Never throws: the runtime gives up on an alarm that keeps throwing. */
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
        // Reports before the turn, which may be long: the list removes a broadcast that enters and does not report.
        await this.#hooks.report(group);
        const next = await group.advance();
        if (next === undefined) return await this.#end(group);
        this.#keep(group.snapshot(), Math.min(next, this.#hooks.wakeBy()));
        await this.#hooks.report(group);
      }
    } catch (error) {
      console.error("steadymix: a turn of a broadcast failed:", error);
      await this.#storage.setAlarm(Date.now() + ERROR_RETRY_MS);
    }
  }

  /** Deletes the snapshot before anything is awaited: a command in the meantime would store it again. */
  async #end(group: Group): Promise<void> {
    this.#hooks.ended(group);
    this.#store.forgetSnapshot();
    this.#group = undefined;
    group.dispose();
    await this.#hooks.windUp();
  }

  /** No `await` in between: the storage commits snapshot and alarm together. */
  #keep(snapshot: string, wakeAt: number): void {
    this.#store.snapshot = snapshot;
    void this.#storage.setAlarm(wakeAt);
  }
}
