import type { LaneStatus, OnAir, SteadymixEvent, TaskWarning } from "../types.js";
import type { StoredEvent } from "./routes.js";

/** The state of a broadcast outside the group's snapshot. */
export interface BroadcastFacts {
  id: string;
  /** A digest of the settings: distinguishes a repeated start from another one. */
  settingsDigest: string;
  startedAt: number;
  /** When it ended (ms since the epoch), and the final status of its lanes. */
  end: { at: number; lanes: LaneStatus[] } | null;
  /** An operator has stopped it. */
  stopping: boolean;
  /** It has been on air. */
  aired: boolean;
  onAir: OnAir | null;
  /** Grows with every update. */
  revision: number;
  /** When `revision` last grew, in ms since the epoch. */
  revisedAt: number;
  /** Since when there have been no permits, in ms since the epoch. */
  quotaFailedAt: number | null;
  /** The number of broadcasts that share the App ID's limits, rounded up to a power of two; absent until known. */
  broadcasts?: number;
  warnings: TaskWarning[];
}

const SNAPSHOT = "snapshot";
const FACTS = "facts";
/** A row holds 2 MB, and a character has up to three bytes of UTF-8. Snapshots of large payloads need several rows. */
const MAX_ROW_CHARS = 600_000;

/** The SQLite database of a broadcast's object. Writes without an `await` in between are committed together. */
export class BroadcastStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #maxEvents: number;
  #hasBegun: boolean;

  constructor(storage: DurableObjectStorage, maxEvents: number) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#maxEvents = maxEvents;
    this.#hasBegun = this.#sql.exec("SELECT name FROM sqlite_master WHERE name = 'kept'").toArray().length > 0;
  }

  /** Creates the tables. Nothing is written before, so an object that was only queried leaves nothing behind. */
  begin(): void {
    this.#sql.exec("CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
    this.#sql.exec("CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL)");
    this.#sql.exec("CREATE TABLE relays (number INTEGER PRIMARY KEY, acknowledged INTEGER NOT NULL)");
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

  /** Deletes the snapshot, which carries tokens, once the group has ended. */
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
    this.#sql.exec("DELETE FROM events WHERE seq <= ?", seq - this.#maxEvents);
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

  /** The numbers of the relays that have or had viewers. */
  relays(): number[] {
    return this.relaysBehind(Number.MAX_SAFE_INTEGER);
  }

  /** The numbers of the relays that have not acknowledged this revision or a newer one. */
  relaysBehind(revision: number): number[] {
    if (!this.#hasBegun) return [];
    return this.#sql
      .exec<{ number: number }>("SELECT number FROM relays WHERE acknowledged < ? ORDER BY number", revision)
      .toArray()
      .map(({ number }) => number);
  }

  /** A relay acknowledged this revision, possibly after the broadcast was forgotten. */
  relayAcknowledged(number: number, revision: number): void {
    if (!this.#hasBegun) return;
    this.#sql.exec(
      "INSERT INTO relays (number, acknowledged) VALUES (?, ?) " +
        "ON CONFLICT (number) DO UPDATE SET acknowledged = MAX(acknowledged, excluded.acknowledged)",
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
    let to = from + MAX_ROW_CHARS;
    // Keeps surrogate pairs together.
    if (to < text.length && /[\uD800-\uDBFF]/.test(text.charAt(to - 1))) to -= 1;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}
