import { DurableObject } from "cloudflare:workers";
import { invalid } from "../errors.js";
import { RedundancyGroup } from "../redundancy.js";
import type { GroupOptions, GroupUpdate, SteadymixEvent, TaskWarning } from "../types.js";
import { type Answer, answered, refusal, refused } from "./answer.js";
import { Audience } from "./audience.js";
import { retryDelayMs } from "./backoff.js";
import { type BroadcastLimits, type BroadcastOptions, broadcastLimits } from "./broadcastOptions.js";
import { type Known, statusOf, updateOf } from "./broadcastStatus.js";
import { Clock, wakeBy } from "./clock.js";
import { fingerprint } from "./digest.js";
import type { SteadymixEnv } from "./environment.js";
import { GroupDriver } from "./groupDriver.js";
import { groupEnv } from "./groupEnv.js";
import { checkSignature, type NotificationSignatures } from "./notifications.js";
import { requireSqlite } from "./objects.js";
import { entryOf, Registration } from "./registration.js";
import { assignRelay } from "./relayHeader.js";
import { Relays } from "./relays.js";
import type {
  BroadcastStatus,
  OnAirUpdate,
  ReportAnswer,
  StoredEvent,
  UpdatedBroadcast,
  ViewerReport,
} from "./routes.js";
import { SharedQuota } from "./sharedQuota.js";
import { type BroadcastFacts, BroadcastStore } from "./store.js";

/** Settings of a broadcast: those of a group. `instanceId` is the broadcast's id; the App ID is the Worker's. */
export type BroadcastStartOptions = Omit<GroupOptions, "appId">;

const MAX_EVENTS_PER_PAGE = 500;

/**
 * One broadcast: a redundancy group in a Durable Object, driven by its alarm. The whole state is in the object's storage before a
 * call is sent. The object may be evicted, moved or killed at any moment, and alarms may be late or repeated.
 */
export class Broadcast<Env extends SteadymixEnv = SteadymixEnv> extends DurableObject<Env> {
  readonly #options: BroadcastOptions;
  readonly #limits: BroadcastLimits;
  readonly #store: BroadcastStore;
  readonly #audience: Audience;
  readonly #relays: Relays;
  readonly #registration: Registration;
  readonly #quota: SharedQuota;
  readonly #driver: GroupDriver<RedundancyGroup>;
  readonly #clock = new Clock();
  #lastReportAt = 0;

  constructor(ctx: DurableObjectState, env: Env, options: BroadcastOptions = {}) {
    super(ctx, env);
    requireSqlite(ctx);
    this.#options = options;
    this.#limits = broadcastLimits(options);
    this.#store = new BroadcastStore(ctx.storage, this.#limits.historyLength);
    this.#audience = new Audience(ctx);
    this.#relays = new Relays(env, this.#store);
    this.#registration = new Registration(env);
    this.#quota = new SharedQuota(env, this.#store);
    this.#driver = new GroupDriver(ctx.storage, this.#store, {
      restore: () => this.#restore(),
      report: (group) => this.#report(group.status().lanes),
      wakeBy: () => Math.min(this.#relays.nextAttemptAt, this.#audience.nextCloseAt),
      ended: (group) => this.#ended(group),
      windUp: () => this.#windUp(),
    });
  }

  /** Identifies the class: a binding may refer to another one. */
  className(): "Broadcast" {
    return "Broadcast";
  }

  /**
   * Starts the broadcast. Repeating the call changes nothing. Refused: `INVALID_OPTIONS`, `ALREADY_STARTED` (with other
   * settings), `ENDED`, `PCW_REACHED`, `QUOTA_UNAVAILABLE`, `MISCONFIGURED`.
   */
  async start(options: BroadcastStartOptions): Promise<Answer<Known<BroadcastStatus>>> {
    const id = options.instanceId;
    if (this.ctx.id.name !== undefined && this.ctx.id.name !== id) {
      const allowed = `${this.ctx.id.name}, the name of the object`;
      return refusal(invalid("INVALID_OPTIONS", "instanceId", id, allowed));
    }
    const made = answered(() => new RedundancyGroup({ ...options, appId: this.env.AGORA_APP_ID }, this.#groupEnv(id)));
    if (!made.ok) return made;
    const group = made.value;
    const settingsDigest = await fingerprint(options);
    const before = this.#store.facts;
    if (before) {
      group.dispose();
      if (before.end) return refused("ENDED", `${id} has ended: an id can be used only once, choose another one`);
      if (before.settingsDigest === settingsDigest) return { ok: true, value: this.#status(before) };
      return refused("ALREADY_STARTED", `${id} is already running with other settings: update its payload, or stop it`);
    }
    const facts = newFacts(id, settingsDigest, group.warnings);
    const entered = await this.#registration.enter(entryOf(facts, group.status().lanes));
    if (!entered.ok) {
      group.dispose();
      return entered;
    }
    // Another start may have finished in the meantime.
    if (this.#store.facts) {
      group.dispose();
      return this.start(options);
    }
    this.#driver.begin(group);
    this.#store.begin();
    this.#store.facts = facts;
    this.#driver.commandTaken(group);
    return { ok: true, value: this.#status(facts) };
  }

  /** Ends the broadcast: its tasks are deleted. `undefined`: there is no such broadcast. */
  async stop(): Promise<Known<BroadcastStatus> | undefined> {
    const { group } = this.#driver;
    const facts = this.#store.facts;
    if (!facts) return undefined;
    if (group && !facts.stopping) {
      facts.stopping = true;
      this.#store.facts = facts;
      group.stop();
      this.#driver.commandTaken(group);
    }
    return this.#status(facts);
  }

  /**
   * Updates the payload of every lane, or of each lane that is named. A field with `***…`, as `status` shows it, keeps its value.
   * Returns how each lane applies it. Refused: `INVALID_TASK`, `ENDED`. `undefined`: there is no such broadcast.
   */
  async update(update: GroupUpdate): Promise<Answer<Known<UpdatedBroadcast>> | undefined> {
    const { group } = this.#driver;
    const facts = this.#store.facts;
    if (!facts) return undefined;
    if (!group || facts.stopping) return refused("ENDED", `${facts.id} has ended or is stopping`);
    const updated = answered(() => group.update(update));
    if (!updated.ok) return updated;
    facts.warnings = group.warnings;
    this.#store.facts = facts;
    this.#driver.commandTaken(group);
    return { ok: true, value: { ...this.#status(facts), updates: updated.value } };
  }

  /** The broadcast's status. `undefined`: there is no such broadcast. */
  status(): Known<BroadcastStatus> | undefined {
    const facts = this.#store.facts;
    return facts && this.#status(facts);
  }

  /**
   * Handles a notification with the raw body that the webhook received. `foreign`: it is not about this broadcast. Refused:
   * `INVALID_SIGNATURE`, `INVALID_NOTIFICATION`.
   */
  handleNotification(
    rawBody: Uint8Array,
    signatures: NotificationSignatures,
  ): Answer<"new" | "duplicate" | "stale" | "foreign"> {
    return answered(() => {
      checkSignature(this.env, rawBody, signatures);
      const { group } = this.#driver;
      const result = group?.handleNotification(rawBody) ?? "foreign";
      if (group && result === "new") this.#driver.commandTaken(group);
      return result;
    });
  }

  /** Handles a viewer's report: brings a Query forward if the output is on air, at most once per `reportIntervalMs`. */
  handleReport(report: ViewerReport): ReportAnswer["report"] {
    const now = this.#clock.now();
    const onAir = this.#store.facts?.onAir;
    if (onAir?.uid !== report.uid || (report.channel ?? onAir.channel) !== onAir.channel) return "ignored";
    if (now - this.#lastReportAt < this.#limits.reportIntervalMs) return "ignored";
    const { group } = this.#driver;
    if (!group) return "ignored";
    this.#lastReportAt = now;
    group.checkNow();
    this.#driver.commandTaken(group);
    return "taken";
  }

  /** The events after number `since`, the oldest first, at most 500. Only the last `historyLength` events are kept. */
  history(since = 0): StoredEvent[] {
    return this.#store.events(since, MAX_EVENTS_PER_PAGE);
  }

  /** The current update for viewers. `undefined`: there is no such broadcast. */
  onAirUpdate(): OnAirUpdate | undefined {
    const facts = this.#store.facts;
    return facts && updateOf(facts);
  }

  /** Registers a relay for updates. `undefined`: there is no such broadcast. */
  attach(relay: number): OnAirUpdate | undefined {
    const update = this.onAirUpdate();
    if (update) this.#store.relayAcknowledged(relay, update.revision);
    return update;
  }

  /**
   * For runtimes that may lose alarms, as a restored backup does: sets the alarm to now if it is missing or was due more than
   * `lateMs` ago; without `lateMs`, in any case. Returns whether it did.
   */
  async wake(lateMs?: number): Promise<boolean> {
    if (!this.#store.facts) return false;
    const due = await this.ctx.storage.getAlarm();
    const now = Date.now();
    if (lateMs !== undefined && due !== null && due >= now - lateMs) return false;
    await this.ctx.storage.setAlarm(now);
    return true;
  }

  /** Connects a viewer by WebSocket or server-sent events, or assigns it to a relay. */
  override async fetch(request: Request): Promise<Response> {
    const facts = this.#store.facts;
    if (!facts) return new Response(null, { status: 404 });
    const { viewersPerObject, maxConnectionsPerToken: maxPerToken } = this.#limits;
    if (this.#audience.size < viewersPerObject) {
      const answer = this.#audience.connect(request, updateOf(facts), maxPerToken);
      await wakeBy(this.ctx.storage, this.#audience.nextCloseAt);
      return answer;
    }
    const number = await this.#relays.withRoom(viewersPerObject);
    const headers = assignRelay(new Headers(), { broadcastId: facts.id, number, maxPerToken });
    return new Response(null, { headers });
  }

  /** Handles a viewer's message. Called by the runtime. */
  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const report = this.#audience.read(socket, message);
    if (report) this.handleReport(report);
  }

  /** A viewer disconnected. Called by the runtime. */
  override webSocketClose(socket: WebSocket): void {
    this.#audience.close(socket);
  }

  /** The connection to a viewer was lost. Called by the runtime. */
  override webSocketError(): void {
    this.#audience.connectionLost();
  }

  /** Carries out what is due. Called by the runtime. */
  override async alarm(): Promise<void> {
    const facts = this.#store.facts;
    if (!facts) return;
    this.#audience.closeExpired(Date.now());
    this.#relays.update(facts);
    await (facts.end ? this.#windUp() : this.#driver.drive());
  }

  #restore(): RedundancyGroup | undefined {
    const { facts, snapshot } = this.#store;
    if (!facts || facts.end || snapshot === undefined) return undefined;
    return RedundancyGroup.restore(snapshot, this.#groupEnv(facts.id));
  }

  #groupEnv(id: string) {
    return groupEnv({
      env: this.env,
      options: this.#options,
      id,
      quota: this.#quota,
      persist: (snapshot) => this.#driver.persist(snapshot),
      onEvent: (event) => this.#onEvent(event),
    });
  }

  /** The application's callback comes last, because it may throw. It may return a promise. */
  #onEvent(event: SteadymixEvent): unknown {
    this.#store.addEvent(event);
    this.#quota.onEvent(event);
    const facts = this.#store.facts;
    if (event.type === "onAir" && facts) this.#publish({ ...facts, onAir: this.#driver.group?.status().onAir ?? null });
    return this.#options.onEvent?.(event);
  }

  /** Stores the facts as a new revision and sends it to viewers and relays. */
  #publish(changed: BroadcastFacts): void {
    const aired = changed.aired || changed.onAir !== null;
    const facts = { ...changed, revision: changed.revision + 1, revisedAt: Date.now(), aired };
    this.#store.facts = facts;
    this.#audience.send(updateOf(facts));
    this.#relays.update(facts);
  }

  async #report(lanes: BroadcastStatus["lanes"]): Promise<boolean> {
    const facts = this.#store.facts;
    return !facts || this.#registration.report(entryOf(facts, lanes));
  }

  #ended(group: RedundancyGroup): void {
    const facts = this.#store.facts;
    if (facts) this.#publish({ ...facts, end: { at: Date.now(), lanes: group.status().lanes }, onAir: null });
  }

  /**
   * Repeats the broadcast's end until the list and all relays have acknowledged it: its tasks count against the PCW until
   * then. Forgets the broadcast `retentionMs` after its end.
   */
  async #windUp(): Promise<void> {
    const facts = this.#store.facts;
    if (!facts?.end) return;
    const now = Date.now();
    const forgetAt = facts.end.at + this.#limits.retentionMs;
    try {
      // Retries if this attempt fails.
      await this.ctx.storage.setAlarm(now + retryDelayMs(now - facts.end.at));
      if (now >= forgetAt) await this.#forget(facts.id);
      else if ((await this.#report(facts.end.lanes)) && this.#relays.areUpToDate(facts))
        await this.ctx.storage.setAlarm(forgetAt);
    } catch (error) {
      console.error("steadymix: winding up a broadcast failed:", error);
    }
  }

  async #forget(id: string): Promise<void> {
    await this.#registration.remove(id);
    // No `await` in between: without the alarm, nothing would delete the rest.
    await Promise.all([this.ctx.storage.deleteAlarm(), this.#store.deleteAll()]);
  }

  #status(facts: BroadcastFacts): Known<BroadcastStatus> {
    return statusOf(facts, this.#driver.group, this.#audience.size);
  }
}

function newFacts(id: string, settingsDigest: string, warnings: TaskWarning[]): BroadcastFacts {
  return {
    id,
    settingsDigest,
    startedAt: Date.now(),
    end: null,
    stopping: false,
    aired: false,
    onAir: null,
    revision: 0,
    revisedAt: Date.now(),
    quotaFailedAt: null,
    warnings,
  };
}
