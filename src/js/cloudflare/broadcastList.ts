import { type Answer, refused } from "./answer.js";
import type { BroadcastEntry } from "./routes.js";

/** A broadcast reports within its first turn. One that has entered and does not report is removed after this long. */
const ENTERED_MS = 60_000;

/** An App ID's broadcasts, in the SQLite database of its object. Counts their tasks against the PCW. */
export class BroadcastList {
  readonly #sql: SqlStorage;
  readonly #pcw: number;
  /** Broadcasts that have tasks; not known after a change. */
  #active: number | undefined;

  constructor(sql: SqlStorage, pcw: number) {
    this.#sql = sql;
    this.#pcw = pcw;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS broadcasts (id TEXT PRIMARY KEY, tasks INTEGER NOT NULL, entry TEXT NOT NULL, " +
        // Until when it must have reported; NULL once it has.
        "entered_until INTEGER)",
    );
  }

  /** Enters a broadcast that wants to begin. Refused with `PCW_REACHED` if its tasks do not fit in. */
  enter(entry: BroadcastEntry): Answer<null> {
    this.#sql.exec("DELETE FROM broadcasts WHERE entered_until < ?", Date.now());
    // A broadcast that has begun may ask again: its entry stays as it is.
    const hasBegun = this.#sql
      .exec("SELECT id FROM broadcasts WHERE id = ? AND entered_until IS NULL", entry.id)
      .toArray();
    if (hasBegun.length > 0) return { ok: true, value: null };
    const tasks = this.#count("COALESCE(SUM(tasks), 0)", "id <> ?", entry.id);
    if (tasks + entry.tasks > this.#pcw) {
      return refused(
        "PCW_REACHED",
        `${tasks} tasks live, and ${entry.tasks} more would exceed the PCW of ${this.#pcw}: stop another broadcast, or ` +
          "have the App ID's PCW raised, and QUOTA with it",
      );
    }
    this.#put(entry, Date.now() + ENTERED_MS);
    return { ok: true, value: null };
  }

  /** Takes the present state of a broadcast. */
  report(entry: BroadcastEntry): void {
    this.#put(entry, null);
  }

  remove(id: string): void {
    this.#active = undefined;
    this.#sql.exec("DELETE FROM broadcasts WHERE id = ?", id);
  }

  /** Every broadcast, the youngest first. */
  all(): BroadcastEntry[] {
    const rows = this.#sql.exec<{ entry: string }>("SELECT entry FROM broadcasts").toArray();
    const entries = rows.map(({ entry }) => JSON.parse(entry) as BroadcastEntry);
    return entries.sort((a, b) => b.startedAt - a.startedAt);
  }

  /** The tasks of all broadcasts. */
  get tasks(): number {
    return this.#count("COALESCE(SUM(tasks), 0)", "TRUE");
  }

  /** The broadcasts that have tasks. */
  get active(): number {
    this.#active ??= this.#count("COUNT(*)", "tasks > 0");
    return this.#active;
  }

  #count(what: string, where: string, ...bindings: string[]): number {
    const query = `SELECT ${what} AS count FROM broadcasts WHERE ${where}`;
    return this.#sql.exec<{ count: number }>(query, ...bindings).one().count;
  }

  #put(entry: BroadcastEntry, enteredUntil: number | null): void {
    this.#active = undefined;
    this.#sql.exec(
      "INSERT OR REPLACE INTO broadcasts (id, tasks, entry, entered_until) VALUES (?, ?, ?, ?)",
      entry.id,
      entry.tasks,
      JSON.stringify(entry),
      enteredUntil,
    );
  }
}
