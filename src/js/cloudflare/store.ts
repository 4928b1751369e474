import type { LaneStatus, OnAir, SteadymixEvent, TaskWarning } from "../types.js";
import type { StoredEvent } from "./routes.js";

/** What is told of a broadcast besides its lanes. */
export interface BroadcastFacts {
  id: string;
  /** Of its configuration: tells the same start made again from another one. */
  settingsDigest: string;
  startedAt: number;
  /** Once it has ended: when that was (ms since the epoch), and how the lanes were. */
  end: { at: number; lanes: LaneStatus[] } | null;
  /** What the operator asked for last. */
  stopping: boolean;
  /** Has been on air before. */
  aired: boolean;
  onAir: OnAir | null;
  /** Grows with every change of what is on air. */
  revision: number;
  /** When it last grew, ms since the epoch. */
  revisedAt: number;
  /** Since when there are no permits, as far as is known. */
  quotaFailedAt: number | null;
  /** Broadcasts that share the App ID's limits, rounded up to a power of two; left out until that is known. */
  broadcasts?: number;
  warnings: TaskWarning[];
}

const SNAPSHOT = "snapshot";
const FACTS = "facts";
/** A row has room for 2 MB, which the snapshot of a few lanes with large payloads exceeds. Of UTF-8: three bytes a character. */
const ROW_CHARS = 600_000;

/** What a broadcast keeps, in the SQLite database of its object. Writes without an `await` between them are one. */
export class BroadcastStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #mostEvents: number;
  #hasBegun: boolean;

  constructor(storage: DurableObjectStorage, mostEvents: number) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#mostEvents = mostEvents;
    this.#hasBegun = this.#sql.exec("SELECT name FROM sqlite_master WHERE name = 'kept'").toArray().length > 0;
  }

  /** Nothing is written before: an object that was only asked for leaves nothing behind. */
  begin(): void {
    this.#sql.exec("CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
    this.#sql.exec("CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL)");
    // `told`: the newest revision that the relay has acknowledged.
    this.#sql.exec("CREATE TABLE relays (number INTEGER PRIMARY KEY, told INTEGER NOT NULL)");
    this.#hasBegun = true;
  }

  async deleteAll(): Promise<void> {
    this.#hasBegun = false;
    await this.#storage.deleteAll();
  }

  get snapshot(): string | undefined {
    let snapshot = this.#get(SNAPSHOT);
    if (snapshot === undefined) return undefined;
    for (let row = 1, next: string | undefined = ""; next !== undefined; row += 1) {
      snapshot += next;
      next = this.#get(`${SNAPSHOT}/${row}`);
    }
    return snapshot;
  }

  set snapshot(snapshot: string) {
    this.#sql.exec("DELETE FROM kept WHERE name LIKE ?", `${SNAPSHOT}/%`);
    for (const [row, piece] of piecesOf(snapshot).entries())
      this.#put(row === 0 ? SNAPSHOT : `${SNAPSHOT}/${row}`, piece);
  }

  /** It carries tokens that nobody needs any more. */
  forgetSnapshot(): void {
    this.#sql.exec("DELETE FROM kept WHERE name LIKE ?", `${SNAPSHOT}%`);
  }

  get facts(): BroadcastFacts | undefined {
    const text = this.#get(FACTS);
    return text === undefined ? undefined : (JSON.parse(text) as BroadcastFacts);
  }

  set facts(facts: BroadcastFacts) {
    this.#put(FACTS, JSON.stringify(facts));
  }

  addEvent(event: SteadymixEvent): void {
    const { seq } = this.#sql
      .exec<{ seq: number }>("INSERT INTO events (event) VALUES (?) RETURNING seq", JSON.stringify(event))
      .one();
    this.#sql.exec("DELETE FROM events WHERE seq <= ?", seq - this.#mostEvents);
  }

  /** The events after number `since`, the oldest first. */
  events(since: number, limit: number): StoredEvent[] {
    if (!this.#hasBegun) return [];
    return this.#sql
      .exec<{ seq: number; event: string }>(
        "SELECT seq, event FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
        since,
        limit,
      )
      .toArray()
      .map(({ seq, event }) => ({ ...(JSON.parse(event) as SteadymixEvent), seq }));
  }

  /** The numbers of the relays that have viewers, or had. */
  relays(): number[] {
    return this.relaysBehind(Number.MAX_SAFE_INTEGER);
  }

  /** Those that have not acknowledged this revision, or a newer one. */
  relaysBehind(revision: number): number[] {
    if (!this.#hasBegun) return [];
    return this.#sql
      .exec<{ number: number }>("SELECT number FROM relays WHERE told < ? ORDER BY number", revision)
      .toArray()
      .map(({ number }) => number);
  }

  /** The relay acknowledged this revision. It may do so after all was forgotten. */
  relayHas(number: number, revision: number): void {
    if (!this.#hasBegun) return;
    this.#sql.exec(
      "INSERT INTO relays (number, told) VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET told = MAX(told, excluded.told)",
      number,
      revision,
    );
  }

  #get(name: string): string | undefined {
    if (!this.#hasBegun) return undefined;
    return this.#sql.exec<{ value: string }>("SELECT value FROM kept WHERE name = ?", name).toArray()[0]?.value;
  }

  #put(name: string, value: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO kept (name, value) VALUES (?, ?)", name, value);
  }
}

function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length || from === 0; ) {
    let to = from + ROW_CHARS;
    // A character outside the first plane is not cut in half.
    if (to < text.length && /[\uD800-\uDBFF]/.test(text.charAt(to - 1))) to -= 1;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}
