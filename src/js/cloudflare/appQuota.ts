import { DurableObject } from "cloudflare:workers";
import type { LimitedCall, Quota } from "../types.js";
import type { Answer } from "./answer.js";
import { BroadcastList } from "./broadcastList.js";
import { type SteadymixEnv, usableLimits } from "./environment.js";
import { requireSqlite } from "./objects.js";
import { RateLimiter } from "./rateLimiter.js";
import type { BroadcastEntry, QuotaStatus } from "./routes.js";

/** An App ID's rate limit and its list of broadcasts. One object for each App ID. */
export class AppQuota<Env extends SteadymixEnv = SteadymixEnv> extends DurableObject<Env> {
  readonly #limits: Required<Quota>;
  readonly #limiter: RateLimiter;
  readonly #list: BroadcastList;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    requireSqlite(ctx);
    // Running broadcasts need permits even if the limits are invalid.
    this.#limits = usableLimits(env);
    this.#limiter = new RateLimiter(this.#limits);
    this.#list = new BroadcastList(ctx.storage.sql, this.#limits.pcw);
  }

  /** Identifies the class: a binding may refer to another one. */
  className(): "AppQuota" {
    return "AppQuota";
  }

  /**
   * Asks for a permit; `who` names the broadcast and its lane. Resolves with 0 if the call may be made now, otherwise with
   * the ms to wait before asking again. Delete goes before Create, and Create before Query.
   */
  acquirePermit(who: string, call: LimitedCall): Promise<number> {
    return this.#limiter.acquire(who, call);
  }

  /** Reports that the call for which `who` got a permit is sent now. Returns the number of broadcasts that share the limits. */
  used(who: string): number {
    this.#limiter.used(who);
    return this.#list.active;
  }

  /** Enters a broadcast before it starts. Refused with `PCW_REACHED` if its tasks and those of the others exceed the PCW. */
  enter(entry: BroadcastEntry): Answer<null> {
    return this.#list.enter(entry);
  }

  /** Stores the current entry of a broadcast. */
  report(entry: BroadcastEntry): void {
    this.#list.report(entry);
  }

  /** Removes a broadcast that was forgotten. */
  remove(id: string): void {
    this.#list.remove(id);
  }

  /** All broadcasts that have not been forgotten, the newest first. */
  broadcasts(): BroadcastEntry[] {
    return this.#list.all();
  }

  /** How much of the limits is used now. */
  status(): QuotaStatus {
    const { callsPerSecond, waiting } = this.#limiter;
    return { limits: this.#limits, callsPerSecond, waiting, tasks: this.#list.tasks };
  }
}
