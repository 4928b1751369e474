import { type Answer, refused } from "./answer.js";
import type { BroadcastEntry } from "./routes.js";

/** A broadcast reports in its first turn. One that enters and never reports is removed after this long. */
const REPORT_TIMEOUT_MS = 60_000;

/** An App ID's broadcasts, in the SQLite database of its object. Counts their tasks against the PCW. */
export class BroadcastList {
  readonly #sql: SqlStorage;
  readonly #pcw: number;
  /** A cached count of the broadcasts with tasks. `undefined`: count again. */
  #active: number | undefined;

  constructor(sql: SqlStorage, pcw: number) {
    this.#sql = sql;
    this.#pcw = pcw;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS broadcasts (id TEXT PRIMARY KEY, tasks INTEGER NOT NULL, entry TEXT NOT NULL, " +
        // The deadline for the first report; NULL after it.
        "entered_until INTEGER)",
    );
  }

  /** Enters a broadcast. Refused with `PCW_REACHED` if its tasks and those of the others exceed the PCW. */
  enter(entry: BroadcastEntry): Answer<null> {
    this.#sql.exec("DELETE FROM broadcasts WHERE entered_until < ?", Date.now());
    // A broadcast that has started may ask again: its entry stays.
    const hasStarted = this.#sql
      .exec("SELECT id FROM broadcasts WHERE id = ? AND entered_until IS NULL", entry.id)
      .toArray();
    if (hasStarted.length > 0) return { ok: true, value: null };
    const tasks = this.#count("COALESCE(SUM(tasks), 0)", "id <> ?", entry.id);
    if (tasks + entry.tasks > this.#pcw) {
      return refused(
        "PCW_REACHED",
        `${tasks} tasks are running, and ${entry.tasks} more would exceed the PCW of ${this.#pcw}: stop another broadcast, ` +
          "or have the App ID's PCW raised, and raise pcw in QUOTA",
      );
    }
    this.#put(entry, Date.now() + REPORT_TIMEOUT_MS);
    return { ok: true, value: null };
  }

  /** Stores the current entry of a broadcast. */
  report(entry: BroadcastEntry): void {
    this.#put(entry, null);
  }

  remove(id: string): void {
    this.#active = undefined;
    this.#sql.exec("DELETE FROM broadcasts WHERE id = ?", id);
  }

  /** All broadcasts, the newest first. */
  all(): BroadcastEntry[] {
    const rows = this.#sql.exec<{ entry: string }>("SELECT entry FROM broadcasts").toArray();
    const entries = rows.map(({ entry }) => JSON.parse(entry) as BroadcastEntry);
    return entries.sort((a, b) => b.startedAt - a.startedAt);
  }

  /** The number of tasks of all broadcasts. */
  get tasks(): number {
    return this.#count("COALESCE(SUM(tasks), 0)", "TRUE");
  }

  /** The number of broadcasts with tasks. */
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
