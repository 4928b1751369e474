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
/** A relay forgets its broadcast this long after the end. */
const RETENTION_MS = 86_400_000;

/** Serves viewers beyond those of the broadcast's own object. `relayName` composes its name. */
export class Relay<Env extends SteadymixEnv = SteadymixEnv> extends DurableObject<Env> {
  readonly #audience: Audience;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    requireSqlite(ctx);
    this.#audience = new Audience(ctx);
  }

  /** Identifies the class: a binding may refer to another one. */
  className(): "Relay" {
    return "Relay";
  }

  /** The number of connected viewers. */
  size(): number {
    return this.#audience.size;
  }

  /** Passes an update on to the viewers. Updates may arrive twice or out of order: older ones are ignored. */
  publish(update: OnAirUpdate): void {
    const known = this.#update;
    if (known && known.revision >= update.revision) return;
    this.#keep(update);
    this.#audience.send(update);
  }

  /** Connects a viewer that was assigned to this relay. */
  override async fetch(request: Request): Promise<Response> {
    const assigned = assignedRelay(request.headers);
    if (!assigned) return new Response(null, { status: 404 });
    const { broadcastId, number, maxPerToken } = assigned;
    const attached = this.#update ?? (await this.#atBroadcast(broadcastId, (broadcast) => broadcast.attach(number)));
    // A newer update may have arrived in the meantime.
    const update = this.#update ?? attached;
    if (!update) return new Response(null, { status: 404 });
    this.ctx.storage.kv.put(BROADCAST, broadcastId);
    this.#keep(update);
    const answer = this.#audience.connect(request, update, maxPerToken);
    await wakeBy(this.ctx.storage, this.#audience.nextCloseAt);
    return answer;
  }

  /** Passes a viewer's report on to the broadcast. Called by the runtime. */
  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const report = this.#audience.read(socket, message);
    const id = this.ctx.storage.kv.get<string>(BROADCAST);
    // Spares the broadcast reports about an output that is not on air.
    if (report && id && this.#update?.onAir?.uid === report.uid)
      await this.#atBroadcast(id, (broadcast) => broadcast.handleReport(report));
  }

  /** A viewer disconnected. Called by the runtime. */
  override webSocketClose(socket: WebSocket): void {
    this.#audience.close(socket);
  }

  /** The connection to a viewer was lost. Called by the runtime. */
  override webSocketError(): void {
    this.#audience.connectionLost();
  }

  /** Closes expired connections; forgets the broadcast a day after its end. Called by the runtime. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    const forgetAt = this.ctx.storage.kv.get<number>(FORGET_AT) ?? Number.POSITIVE_INFINITY;
    if (now >= forgetAt) return this.ctx.storage.deleteAll();
    this.#audience.closeExpired(now);
    await wakeBy(this.ctx.storage, Math.min(forgetAt, this.#audience.nextCloseAt));
  }

  get #update(): OnAirUpdate | undefined {
    return this.ctx.storage.kv.get<OnAirUpdate>(UPDATE);
  }

  #keep(update: OnAirUpdate): void {
    this.ctx.storage.kv.put(UPDATE, update);
    if (!update.ended || this.ctx.storage.kv.get(FORGET_AT) !== undefined) return;
    this.ctx.storage.kv.put(FORGET_AT, Date.now() + RETENTION_MS);
    void this.ctx.storage.setAlarm(Date.now() + RETENTION_MS);
  }

  #atBroadcast<Value>(id: string, act: (broadcast: Remote<Broadcast>) => Promise<Value>): Promise<Value> {
    return reach(this.env, "BROADCAST", id, act);
  }
}
