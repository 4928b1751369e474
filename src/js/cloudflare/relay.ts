import { DurableObject } from "cloudflare:workers";
import { Audience } from "./audience.js";
import type { Broadcast } from "./broadcast.js";
import { wakeBy } from "./clock.js";
import type { SteadymixEnv } from "./environment.js";
import { type Remote, reach, requireSqlite } from "./objects.js";
import { assignedRelay } from "./relayHeader.js";
import type { OnAirUpdate } from "./routes.js";

const UPDATE = "update";
const BROADCAST = "broadcast";
const FORGET_AT = "forgetAt";
/** What is known of a broadcast is forgotten so long after its end. */
const KEPT_MS = 86_400_000;

/** Viewers beyond those that a broadcast's own object carries. Its name is that of `relayName`. */
export class Relay<Env extends SteadymixEnv = SteadymixEnv> extends DurableObject<Env> {
  readonly #audience: Audience;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    requireSqlite(ctx);
    this.#audience = new Audience(ctx);
  }

  /** Which class of this library it is: a binding may lead to another one. */
  className(): "Relay" {
    return "Relay";
  }

  /** Viewers that are connected here. */
  size(): number {
    return this.#audience.size;
  }

  /** The broadcast says what is on air. It says so again if it does not know that it was heard, and words may overtake. */
  tell(update: OnAirUpdate): void {
    const known = this.#update;
    if (known && known.revision >= update.revision) return;
    this.#keep(update);
    this.#audience.tell(update);
  }

  /** Connects a viewer that was assigned to this relay. */
  override async fetch(request: Request): Promise<Response> {
    const assigned = assignedRelay(request.headers);
    if (!assigned) return new Response(null, { status: 404 });
    const { broadcastId, number, maxPerToken } = assigned;
    const attached = this.#update ?? (await this.#atBroadcast(broadcastId, (broadcast) => broadcast.attach(number)));
    // It may have been told of a change while it asked.
    const update = this.#update ?? attached;
    if (!update) return new Response(null, { status: 404 });
    this.ctx.storage.kv.put(BROADCAST, broadcastId);
    this.#keep(update);
    const answer = this.#audience.connect(request, update, maxPerToken);
    await wakeBy(this.ctx.storage, this.#audience.closesNextAt);
    return answer;
  }

  /** A viewer says something: its report of what is on air goes to the broadcast. The runtime calls it. */
  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const report = this.#audience.read(socket, message);
    const id = this.ctx.storage.kv.get<string>(BROADCAST);
    // What is not on air any more is nothing that the broadcast must be asked about.
    if (report && id && this.#update?.onAir?.uid === report.uid)
      await this.#atBroadcast(id, (broadcast) => broadcast.handleReport(report));
  }

  /** A viewer has gone. The runtime calls it. */
  override webSocketClose(socket: WebSocket): void {
    this.#audience.close(socket);
  }

  /** The connection to a viewer broke. The runtime calls it. */
  override webSocketError(): void {
    this.#audience.broke();
  }

  /** Closes connections whose token has expired; forgets the broadcast, a day after its end. The runtime calls it. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    const forgetAt = this.ctx.storage.kv.get<number>(FORGET_AT) ?? Number.POSITIVE_INFINITY;
    if (now >= forgetAt) return this.ctx.storage.deleteAll();
    this.#audience.closeExpired(now);
    await wakeBy(this.ctx.storage, Math.min(forgetAt, this.#audience.closesNextAt));
  }

  get #update(): OnAirUpdate | undefined {
    return this.ctx.storage.kv.get<OnAirUpdate>(UPDATE);
  }

  #keep(update: OnAirUpdate): void {
    this.ctx.storage.kv.put(UPDATE, update);
    if (!update.ended || this.ctx.storage.kv.get(FORGET_AT) !== undefined) return;
    this.ctx.storage.kv.put(FORGET_AT, Date.now() + KEPT_MS);
    void this.ctx.storage.setAlarm(Date.now() + KEPT_MS);
  }

  #atBroadcast<Value>(id: string, act: (broadcast: Remote<Broadcast>) => Promise<Value>): Promise<Value> {
    return reach(this.env, "BROADCAST", id, act);
  }
}
