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
    // Without permits nobody would look after the broadcasts that are on.
    this.#limits = usableLimits(env);
    this.#limiter = new RateLimiter(this.#limits);
    this.#list = new BroadcastList(ctx.storage.sql, this.#limits.pcw);
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
  acquirePermit(who: string, call: LimitedCall): Promise<number> {
    return this.#limiter.acquire(who, call);
  }

  /** The call that `who` got a permit for leaves now. Gives the number of broadcasts that share the limits. */
  used(who: string): number {
    this.#limiter.used(who);
    return this.#list.active;
  }

  /** A broadcast wants to begin. It may, if its tasks fit in besides those that live, or may live. */
  enter(entry: BroadcastEntry): Answer<null> {
    return this.#list.enter(entry);
  }

  /** A broadcast says how it is. */
  report(entry: BroadcastEntry): void {
    this.#list.report(entry);
  }

  /** A broadcast is not kept any more. */
  remove(id: string): void {
    this.#list.remove(id);
  }

  /** Every broadcast that is kept, the youngest first. */
  broadcasts(): BroadcastEntry[] {
    return this.#list.all();
  }

  /** How much of the limits is used now. */
  status(): QuotaStatus {
    const { callsPerSecond, waiting } = this.#limiter;
    return { limits: this.#limits, callsPerSecond, waiting, tasks: this.#list.tasks };
  }
}
