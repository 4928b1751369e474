import { type Command, Emulator, type IncomingCall, type Profile, type Reply } from "steadymix/emulator";

/** A journal with more entries than this is cleared as soon as no task is live. */
const MAX_ENTRIES = 5_000;

type Entry = { call: IncomingCall } | { command: Command };

const PROFILE = "profile";

/**
 * An emulator that survives a restart of its object: the same seed, calls and commands at the same times lead to the same state.
 * Notifications that are due at its end may be lost, as the service's may.
 */
export class StoredEmulator extends Emulator {
  readonly #storage: DurableObjectStorage;
  #entries = 0;
  /** The time of the entry that is being replayed. */
  #replayedAt: number | undefined;

  constructor(storage: DurableObjectStorage, profile: Profile) {
    // A journal keeps its profile. A new seed for each one: the ids of its tasks are new, too.
    const kept = storage.kv.get<Profile>(PROFILE) ?? { ...profile, seed: Math.floor(Math.random() * 2 ** 32) };
    storage.kv.put(PROFILE, kept);
    super(kept);
    this.#storage = storage;
    storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS journal (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, entry TEXT NOT NULL)",
    );
    for (const { at, entry } of storage.sql.exec<{ at: number; entry: string }>(
      "SELECT at, entry FROM journal ORDER BY number",
    )) {
      this.#replay(at, JSON.parse(entry));
      this.#entries += 1;
    }
    this.#replayedAt = undefined;
  }

  override now(): number {
    return this.#replayedAt ?? super.now();
  }

  override handle(call: IncomingCall): Reply {
    this.#add({ call });
    return super.handle(call);
  }

  override control(command: Command): number {
    this.#add({ command });
    return super.control(command);
  }

  #replay(at: number, entry: Entry): void {
    this.#replayedAt = at;
    try {
      if ("call" in entry) super.handle(entry.call);
      else super.control(entry.command);
    } catch {
      // It was refused the first time, too.
    }
    // They were delivered then.
    this.takeNotifications();
  }

  #add(entry: Entry): void {
    this.#storage.sql.exec("INSERT INTO journal (at, entry) VALUES (?, ?)", this.now(), JSON.stringify(entry));
    this.#entries += 1;
  }

  /** Clears a long journal if no task is live, and returns whether it did. Then a new emulator takes its place. */
  clearIfLong(): boolean {
    if (this.#entries < MAX_ENTRIES || this.state().tasks.some(({ live }) => live)) return false;
    this.#storage.sql.exec("DELETE FROM journal");
    this.#storage.kv.delete(PROFILE);
    return true;
  }
}
