import { DurableObject } from "cloudflare:workers";
import { TokenBucket } from "../blocks.js";
import type { OnAir, Quota, Want } from "../types.js";
import { type Answer, refused } from "./answer.js";
import type { BroadcastState } from "./broadcastStatus.js";
import { Clock } from "./clock.js";
import { type SteadymixEnv, usableLimits } from "./environment.js";
import { requireSqlite } from "./objects.js";

/** A broadcast, as it is listed. */
export interface BroadcastEntry {
  /** Its `instanceId`, which is also its object's name. */
  id: string;
  /** How it is, in a word. */
  state: BroadcastState;
  /** What viewers should watch; `null`: nothing is known to run. */
  onAir: OnAir | null;
  /** What counts against the PCW: tasks that live, or may live, and lanes that are about to launch one. */
  tasks: number;
  /** ms since the epoch. */
  startedAt: number;
}

/** How much of the App ID's limits is used. */
export interface QuotaStatus {
  /** `QUOTA` of the environment, with the defaults for what is left out there. */
  limits: Required<Quota>;
  /** Calls in each of the last 60 seconds, the current one last. */
  callsPerSecond: number[];
  /** Calls that wait for a permit. */
  waiting: number;
  /** Tasks that live, or may live, and lanes that are about to launch one. */
  tasks: number;
}

/** How long a call is kept waiting here before its broadcast is told to ask again. */
const HOLD_MS = 5_000;
/** A place in the queue, or a permit that is reserved or granted, that is not taken for so long is given up. */
const FORGOTTEN_MS = 10_000;
const RESERVED_MS = 5_000;
/** What was called just before this object began to live is not known. */
const UNKNOWN_MS = 1_000;
/** A broadcast that has entered reports within its first turn. */
const ENTERED_MS = 60_000;
const SECONDS = 60;

interface Asking {
  lane: number;
  want: Want;
  /** When it is expected back, by the clock that never goes back. */
  dueAt: number;
}

/** Shares out an App ID's rate limit among its broadcasts, and counts their tasks. One object for each App ID. */
export class AppQuota<Env extends SteadymixEnv = SteadymixEnv> extends DurableObject<Env> {
  readonly #limits: Required<Quota>;
  readonly #bucket: TokenBucket;
  readonly #clock = new Clock();
  readonly #opensAt = this.#clock.now() + UNKNOWN_MS;
  readonly #lanes = new Map<string, number>();
  readonly #asking = new Map<string, Asking>();
  readonly #reserved = new Map<number, number>();
  /** Permits whose calls are not known to have left: their lanes, and when they are given up. */
  readonly #unused = new Map<string, { lane: number; until: number }>();
  readonly #calls: number[] = [];
  #waiting = 0;
  /** Broadcasts that have tasks; not known after a change. */
  #active: number | undefined;
  #nextLane = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    requireSqlite(ctx);
    // Without permits nobody would look after the broadcasts that are on.
    this.#limits = usableLimits(env);
    this.#bucket = new TokenBucket(this.#limits, this.#opensAt, true);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS broadcasts (id TEXT PRIMARY KEY, tasks INTEGER NOT NULL, entry TEXT NOT NULL, " +
        // Until when it must have reported; NULL once it has.
        "entered_until INTEGER)",
    );
  }

  /** Which class of this library it is: a binding may lead to another one. */
  className(): "AppQuota" {
    return "AppQuota";
  }

  /**
   * Asks for a permit; `who` names the broadcast and its lane. Resolves with 0 when the call is to be made now, or else
   * with the ms to wait before asking again. Delete goes before Create before Query, and nobody waits much longer than a
   * round.
   */
  async permit(who: string, want: Want): Promise<number> {
    const lane = this.#lanes.get(who) ?? this.#nextLane++;
    this.#lanes.set(who, lane);
    const asking: Asking = { lane, want, dueAt: 0 };
    this.#asking.set(who, asking);
    const givesUpAt = this.#clock.now() + HOLD_MS;
    this.#waiting += 1;
    try {
      for (;;) {
        const now = this.#clock.now();
        this.#forget(now);
        const wait = now < this.#opensAt ? this.#opensAt - now : this.#bucket.ask(now, lane, want);
        if (wait === 0) {
          this.#granted(who, asking, now);
          return 0;
        }
        asking.dueAt = now + wait;
        if (asking.dueAt > givesUpAt) return wait;
        await scheduler.wait(wait);
        // It has asked for something else in the meantime.
        if (this.#asking.get(who) !== asking) return HOLD_MS;
      }
    } finally {
      this.#waiting -= 1;
    }
  }

  /** The call that `who` got a permit for leaves now. Gives the number of broadcasts that share the limits. */
  used(who: string): number {
    const unused = this.#unused.get(who);
    if (unused) {
      this.#unused.delete(who);
      this.#bucket.used(this.#clock.now(), unused.lane);
    }
    this.#active ??= this.ctx.storage.sql
      .exec<{ active: number }>("SELECT COUNT(*) AS active FROM broadcasts WHERE tasks > 0")
      .one().active;
    return this.#active;
  }

  /** A broadcast wants to begin. It may, if its tasks fit in besides those that live, or may live. */
  enter(entry: BroadcastEntry): Answer<null> {
    const { sql } = this.ctx.storage;
    // Whoever died before it began is not counted; whoever has begun, and asks again, is as it is.
    sql.exec("DELETE FROM broadcasts WHERE entered_until < ?", Date.now());
    const hasBegun = sql.exec("SELECT id FROM broadcasts WHERE id = ? AND entered_until IS NULL", entry.id).toArray();
    if (hasBegun.length > 0) return { ok: true, value: null };
    const { tasks } = sql
      .exec<{ tasks: number }>("SELECT COALESCE(SUM(tasks), 0) AS tasks FROM broadcasts WHERE id <> ?", entry.id)
      .one();
    const { pcw } = this.#limits;
    if (tasks + entry.tasks > pcw) {
      return refused(
        "PCW_REACHED",
        `${tasks} tasks live, and ${entry.tasks} more would exceed the PCW of ${pcw}: stop another broadcast, or have the ` +
          "App ID's PCW raised, and QUOTA with it",
      );
    }
    this.#put(entry, Date.now() + ENTERED_MS);
    return { ok: true, value: null };
  }

  /** A broadcast says how it is. */
  report(entry: BroadcastEntry): void {
    this.#put(entry, null);
  }

  /** A broadcast is not kept any more. */
  remove(id: string): void {
    this.#active = undefined;
    this.ctx.storage.sql.exec("DELETE FROM broadcasts WHERE id = ?", id);
  }

  /** Every broadcast that is kept, the youngest first. */
  broadcasts(): BroadcastEntry[] {
    const rows = this.ctx.storage.sql.exec<{ entry: string }>("SELECT entry FROM broadcasts").toArray();
    const entries = rows.map(({ entry }) => JSON.parse(entry) as BroadcastEntry);
    return entries.sort((a, b) => b.startedAt - a.startedAt);
  }

  /** How much of the limits is used now. */
  status(): QuotaStatus {
    const second = Math.floor(this.#clock.now() / 1000);
    this.#age(second);
    const { tasks } = this.ctx.storage.sql
      .exec<{ tasks: number }>("SELECT COALESCE(SUM(tasks), 0) AS tasks FROM broadcasts")
      .one();
    const callsPerSecond = Array.from({ length: SECONDS }, (_, i) => {
      const of = second - SECONDS + 1 + i;
      return this.#calls.filter((at) => Math.floor(at / 1000) === of).length;
    });
    return { limits: this.#limits, callsPerSecond, waiting: this.#waiting, tasks };
  }

  #put(entry: BroadcastEntry, enteredUntil: number | null): void {
    this.#active = undefined;
    this.ctx.storage.sql.exec(
      "INSERT OR REPLACE INTO broadcasts (id, tasks, entry, entered_until) VALUES (?, ?, ?, ?)",
      entry.id,
      entry.tasks,
      JSON.stringify(entry),
      enteredUntil,
    );
  }

  #granted(who: string, { lane, want }: Asking, now: number): void {
    this.#asking.delete(who);
    this.#unused.set(who, { lane, until: now + RESERVED_MS });
    this.#calls.push(now);
    this.#age(Math.floor(now / 1000));
    if (want === "acquireAndCreate") this.#reserved.set(lane, now + RESERVED_MS);
    // The bucket itself gives up only what a Create uses.
    else if (this.#reserved.delete(lane) && want !== "create") this.#bucket.withdraw(lane);
    // A lane that has come this far may not come again for minutes.
    if (want !== "acquireAndCreate" && want !== "create") this.#lanes.delete(who);
  }

  /** Places in the queue of those who did not come back. */
  #forget(now: number): void {
    for (const [who, { lane, dueAt }] of this.#asking) {
      if (dueAt === 0 || now <= dueAt + FORGOTTEN_MS) continue;
      this.#asking.delete(who);
      this.#bucket.withdraw(lane);
    }
    for (const [who, { until }] of this.#unused) if (now > until) this.#unused.delete(who);
    for (const [lane, until] of this.#reserved) {
      if (now <= until) continue;
      this.#reserved.delete(lane);
      this.#bucket.withdraw(lane);
    }
  }

  #age(second: number): void {
    while (this.#calls[0] !== undefined && this.#calls[0] < (second - SECONDS) * 1000) this.#calls.shift();
  }
}
