import { DurableObject } from "cloudflare:workers";
import { CLOUDFLARE, rangeError } from "../durations.js";
import { invalid } from "../errors.js";
import { member } from "../member.js";
import { RedundancyGroup } from "../redundancy.js";
import type {
  GroupConfig,
  GroupUpdate,
  Host,
  LaneStatus,
  LaneUpdate,
  OnAir,
  Quota,
  SteadymixEvent,
  TaskWarning,
} from "../types.js";
import { type Answer, answered, type ErrorBody, refusal, refused } from "./answer.js";
import type { BroadcastEntry } from "./appQuota.js";
import { Audience, type OnAirWord, type ViewerReport } from "./audience.js";
import { Clock, wakeBy } from "./clock.js";
import { sha256Hex } from "./digest.js";
import { type SteadymixEnv, usableLimits } from "./environment.js";
import { integer, shown } from "./input.js";
import { checkSignature, type NoticeSignatures } from "./notices.js";
import { type Remote, reach, reachQuota, requireSqlite } from "./objects.js";
import { Rejection } from "./rejection.js";
import type { Relay } from "./relay.js";
import { rtcTokens } from "./rtcTokens.js";
import { type BroadcastFacts, BroadcastStore, type StoredEvent } from "./store.js";

/** `live`: an output is on air. `dark`: none is, though one was. `over`: ended as asked; `failed`: it has given up. */
export type BroadcastState = "starting" | "live" | "dark" | "stopping" | "over" | "failed";

/** Settings of a broadcast: those of a group. Its `instanceId` is its id; the App ID is the Worker's. */
export type BroadcastConfig = Omit<GroupConfig, "appId">;

/** How a broadcast is. */
export interface BroadcastStatus {
  /** Its `instanceId`, which is also its object's name. */
  id: string;
  /** How it is, in a word. */
  state: BroadcastState;
  /** What viewers should watch; `null`: nothing is known to run. */
  onAir: OnAir | null;
  /** The primary first. */
  lanes: LaneStatus[];
  /** ms since the epoch. */
  startedAt: number;
  /** When it had ended for good; `null` until then. */
  overAt: number | null;
  /** Viewers that are connected to its own object. */
  viewers: number;
  /**
   * Since when `AppQuota` gives no permits, in ms since the epoch; `null`: it does, as far as is known. Calls go on without
   * it, at most one a second.
   */
  quotaFailedAt: number | null;
  /** What is allowed in its payload, but probably not meant. */
  warnings: TaskWarning[];
  /**
   * The payload in force, as `Services`, with `***…` in the place of tokens, addresses of streams, and every field that is
   * not known to be harmless. `null`: the lanes have different ones, or it is over.
   */
  services: object | null;
}

/** What a class of your own may hand to the constructor; what is left out comes from the Worker's environment. */
export interface BroadcastOptions {
  /** Carries out the calls. Default: the binding `AGORA_SERVICE`, or else the network. */
  fetch?: typeof fetch;
  /** Makes RTC tokens. Default: from the secret `AGORA_APP_CERTIFICATE`, or else those in the payload are kept. */
  rtcToken?: NonNullable<Host["rtcToken"]>;
  /** Takes each event. May be async, but is not waited for; what it throws is logged. */
  onEvent?: (event: SteadymixEvent) => void;
  /** Events that are kept: 0 to 1000000. Default 1000. */
  historyLength?: number;
  /**
   * What is known of a broadcast is forgotten so long after its end. 0, or from 3600000 to 315360000000. Default
   * 604800000.
   */
  keptForMs?: number;
  /** Viewers that are connected to the broadcast's own object, and to each relay: 1 to 32768. Default 10000. */
  viewersPerObject?: number;
  /**
   * Connections that viewers with the same token may have to the broadcast's own object, and to each relay: 1 to 32768.
   * Default 10.
   */
  maxConnectionsPerToken?: number;
  /** Viewers' reports bring a Query forward at most this often. 0, or from 100 to 86400000. Default 10000. */
  hintIntervalMs?: number;
}

/** Of the options: the default, the least, the most. An object takes 32768 WebSockets. */
const COUNTS = {
  historyLength: [1_000, 0, 1_000_000],
  viewersPerObject: [10_000, 1, 32_768],
  maxConnectionsPerToken: [10, 1, 32_768],
} as const;
type Numbers = Record<keyof typeof COUNTS | "keptForMs" | "hintIntervalMs", number>;
/** Should this object die while it makes calls, it is woken up after so long. */
const GUARD_MS = 15_000;
/** After something that must not happen, it is tried again so much later. */
const TROUBLE_MS = 30_000;
/** After what could not be told to others it is told again so much later; then later and later, up to the second. */
const AGAIN_MS = 1_000;
const MOST_AGAIN_MS = 600_000;
/** The broadcast is not kept waiting by the list for longer, nor again for so long. */
const REPORT_TIMEOUT_MS = 2_000;
const RELAY_SIZES_LAST_MS = 10_000;
const MOST_EVENTS_AT_ONCE = 500;
/** In an answer to a viewer: it is to be connected to this relay instead, `{number}/{most connections of a token}`. */
export const RELAY_HEADER = "x-steadymix-relay";

/**
 * One broadcast: a redundancy group that lives in a Durable Object, woken up by its alarm. Everything it knows is in the
 * object's storage before a call leaves, so that it may be evicted, moved or killed at any moment, and alarms may come late
 * or twice.
 */
export class Broadcast<Env extends SteadymixEnv = SteadymixEnv> extends DurableObject<Env> {
  readonly #options: BroadcastOptions;
  readonly #numbers: Numbers;
  readonly #store: BroadcastStore;
  readonly #audience: Audience;
  #group: RedundancyGroup | undefined;
  #driving: Promise<void> | undefined;
  readonly #clock = new Clock();
  #isDue = false;
  #lastHintAt = 0;
  #reported = "";
  #reportsAgainAt = 0;
  #isQuotaFailing = false;
  #relaySizes: { at: number; sizes: Map<number, number> } | undefined;

  constructor(ctx: DurableObjectState, env: Env, options: BroadcastOptions = {}) {
    super(ctx, env);
    requireSqlite(ctx);
    this.#options = options;
    this.#numbers = numbersOf(options);
    this.#store = new BroadcastStore(ctx.storage, this.#numbers.historyLength);
    this.#audience = new Audience(ctx);
  }

  /** Which class of this library it is: a binding may lead to another one. */
  className(): "Broadcast" {
    return "Broadcast";
  }

  /**
   * Starts it. The same call again changes nothing. Refused: `INVALID_CONFIG`, `ALREADY_STARTED` with other settings,
   * `OVER`, `PCW_REACHED`, `QUOTA_UNAVAILABLE`, `MISCONFIGURED`.
   */
  async start(config: BroadcastConfig): Promise<Answer<BroadcastStatus>> {
    const id = config.instanceId;
    if (this.ctx.id.name !== undefined && this.ctx.id.name !== id) {
      const allowed = `${this.ctx.id.name}, the name of the object`;
      return refusal(invalid("INVALID_CONFIG", "instanceId", id, allowed));
    }
    const made = answered(() => new RedundancyGroup({ ...config, appId: this.env.AGORA_APP_ID }, this.#host(id)));
    if (!made.ok) return made;
    const group = made.value;
    const settings = await digest(config);
    const before = this.#store.facts;
    if (before) {
      group.dispose();
      if (before.overAt !== null) return refused("OVER", `${id} has ended: an id is used once, choose another one`);
      if (before.settings === settings) return { ok: true, value: this.#status(before) };
      return refused("ALREADY_STARTED", `${id} is on already, with other settings: change its payload, or stop it`);
    }
    const facts: BroadcastFacts = {
      id,
      settings,
      startedAt: Date.now(),
      overAt: null,
      stopping: false,
      aired: false,
      onAir: null,
      word: 0,
      wordAt: Date.now(),
      quotaFailedAt: null,
      warnings: group.warnings,
      lastStatus: null,
    };
    const entry = entryOf(facts, "starting", group.status().lanes.length);
    const entered = await reachQuota(this.env, (quota) => quota.enter(entry)).catch(refusedBy);
    if (!entered.ok) {
      group.dispose();
      return entered;
    }
    // Another start may have been quicker while this one waited.
    if (this.#store.facts) {
      group.dispose();
      return this.start(config);
    }
    this.#group = group;
    this.#store.begin();
    this.#store.facts = facts;
    this.#due(group);
    return { ok: true, value: this.#status(facts) };
  }

  /** Ends it: its tasks are deleted. `undefined`: there is none. */
  async stop(): Promise<BroadcastStatus | undefined> {
    const group = this.#open();
    const facts = this.#store.facts;
    if (!facts) return undefined;
    if (group && !facts.stopping) {
      facts.stopping = true;
      this.#store.facts = facts;
      group.stop();
      this.#due(group);
    }
    return this.#status(facts);
  }

  /**
   * Takes a new payload, for every lane or one for each of some; what reads `***…` stays what `status` shows so. Says what
   * becomes of it in each lane. Refused: `INVALID_TASK`, `OVER`. `undefined`: there is none.
   */
  async update(update: GroupUpdate): Promise<Answer<BroadcastStatus & { updates: LaneUpdate[] }> | undefined> {
    const group = this.#open();
    const facts = this.#store.facts;
    if (!facts) return undefined;
    if (!group || facts.stopping) return refused("OVER", `${facts.id} has ended, or is about to`);
    const updated = answered(() => group.update(update));
    if (!updated.ok) return updated;
    facts.warnings = group.warnings;
    this.#store.facts = facts;
    this.#due(group);
    return { ok: true, value: { ...this.#status(facts), updates: updated.value } };
  }

  /** How it is. `undefined`: there is none. */
  status(): BroadcastStatus | undefined {
    const facts = this.#store.facts;
    return facts && this.#status(facts);
  }

  /**
   * Takes a notification as the webhook got it. `foreign`: it is about nothing of this broadcast's. Refused:
   * `INVALID_SIGNATURE`, `INVALID_NOTICE`.
   */
  notice(rawBody: Uint8Array, signatures: NoticeSignatures): Answer<"new" | "duplicate" | "stale" | "foreign"> {
    return answered(() => {
      checkSignature(this.env, rawBody, signatures);
      const group = this.#open();
      const said = group?.notice(rawBody) ?? "foreign";
      if (group && said === "new") this.#due(group);
      return said;
    });
  }

  /** A viewer says that an output is gone: brings one Query forward, if it is about what is on air, and now and then. */
  hint(report: ViewerReport): "taken" | "ignored" {
    const now = this.#clock.now();
    const onAir = this.#store.facts?.onAir;
    if (onAir?.uid !== report.uid || (report.channel ?? onAir.channel) !== onAir.channel) return "ignored";
    if (now - this.#lastHintAt < this.#numbers.hintIntervalMs) return "ignored";
    const group = this.#open();
    if (!group) return "ignored";
    this.#lastHintAt = now;
    group.hint();
    this.#due(group);
    return "taken";
  }

  /** The events after number `since`, the oldest first, at most 500; the oldest of all are forgotten. */
  history(since = 0): StoredEvent[] {
    return this.#store.events(since, MOST_EVENTS_AT_ONCE);
  }

  /** What viewers are to be told now. `undefined`: there is no such broadcast. */
  word(): OnAirWord | undefined {
    const facts = this.#store.facts;
    return facts && wordOf(facts);
  }

  /** A relay has viewers, and wants to be told. */
  attach(relay: number): OnAirWord | undefined {
    const word = this.word();
    if (word) this.#store.relayHas(relay, word.word);
    return word;
  }

  /** Connects a viewer by WebSocket or server-sent events, or says in a header which relay is to. */
  override async fetch(request: Request): Promise<Response> {
    const word = this.word();
    if (!word) return new Response(null, { status: 404 });
    const { viewersPerObject, maxConnectionsPerToken } = this.#numbers;
    if (this.#audience.size < viewersPerObject) {
      const answer = this.#audience.connect(request, word, maxConnectionsPerToken);
      await wakeBy(this.ctx.storage, this.#audience.closesNextAt);
      return answer;
    }
    const relay = await this.#relayWithRoom(viewersPerObject);
    return new Response(null, { headers: { [RELAY_HEADER]: `${relay}/${maxConnectionsPerToken}` } });
  }

  /** A viewer says something: a report is handed to `hint`. The runtime calls it. */
  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const report = this.#audience.read(socket, message);
    if (report) this.hint(report);
  }

  /** A viewer has gone. The runtime calls it. */
  override webSocketClose(socket: WebSocket): void {
    this.#audience.close(socket);
  }

  /** The connection to a viewer broke. The runtime calls it. */
  override webSocketError(): void {
    this.#audience.broke();
  }

  /** Carries out what is due. */
  override async alarm(): Promise<void> {
    const facts = this.#store.facts;
    if (!facts) return;
    this.#audience.closeExpired(Date.now());
    this.#tellRelays(facts);
    if (facts.overAt !== null) return this.#windUp(facts, facts.overAt);
    // Should this turn come to nothing, there is another one.
    await this.ctx.storage.setAlarm(Date.now() + GUARD_MS);
    await this.#drive();
  }

  // ---- driving -------------------------------------------------------------------------------------------------

  /** Goes on at once: in the turn that is under way, or else woken by the alarm. */
  #due(group: RedundancyGroup): void {
    this.#isDue = true;
    this.#keep(group.snapshot(), Date.now());
  }

  /** One turn at a time. */
  #drive(): Promise<void> {
    this.#isDue = true;
    this.#driving ??= this.#driveOn().finally(() => {
      this.#driving = undefined;
    });
    return this.#driving;
  }

  async #driveOn(): Promise<void> {
    try {
      while (this.#isDue) {
        this.#isDue = false;
        const group = this.#open();
        if (!group) return;
        // Before the first turn, which may take long: who has entered, and does not report, is forgotten.
        await this.#report(group.status().lanes);
        const next = await group.advance();
        if (next === undefined) return await this.#end(group);
        this.#keep(group.snapshot(), Math.min(next, this.#relaysToldAt, this.#audience.closesNextAt));
        await this.#report(group.status().lanes);
      }
    } catch (error) {
      // An alarm that throws too often is not repeated: nobody would look after the tasks any more.
      console.error("steadymix: a broadcast is in trouble:", error);
      await this.ctx.storage.setAlarm(Date.now() + TROUBLE_MS);
    }
  }

  /** The state and the time of the next alarm are written together: there is no `await` in between. */
  #keep(snapshot: string, wakeAt: number): void {
    this.#store.snapshot = snapshot;
    void this.ctx.storage.setAlarm(wakeAt);
  }

  #open(): RedundancyGroup | undefined {
    if (this.#group) return this.#group;
    const { facts, snapshot } = this.#store;
    if (!facts || facts.overAt !== null || snapshot === undefined) return undefined;
    this.#group = RedundancyGroup.restore(snapshot, this.#host(facts.id));
    return this.#group;
  }

  #host(id: string): Host {
    const { env } = this;
    const fetch = member(this.#options, "fetch");
    const rtcToken = member(this.#options, "rtcToken");
    const service = env.AGORA_SERVICE;
    const certificate = env.AGORA_APP_CERTIFICATE;
    const limits = usableLimits(env);
    const queryIntervalMs = () => queryIntervalOf(this.#store.facts?.broadcasts ?? 1, limits);
    return {
      customerId: env.AGORA_CUSTOMER_ID,
      customerSecret: env.AGORA_CUSTOMER_SECRET,
      ...(fetch ? { fetch } : service ? { fetch: (input, init) => service.fetch(input, init) } : {}),
      ...(rtcToken ? { rtcToken } : certificate ? { rtcToken: rtcTokens(env.AGORA_APP_ID, certificate) } : {}),
      persist: async (snapshot) => {
        this.#keep(snapshot, Date.now() + GUARD_MS);
        await this.ctx.storage.sync();
      },
      permit: async ({ lane, want }) => {
        const wait = await reachQuota(this.env, (quota) => quota.permit(`${id}/${lane}`, want));
        // An answer that was on its way does not end a failure, but one that was noted before an eviction may be over.
        if (!this.#isQuotaFailing) this.#quotaFailed(null);
        return wait;
      },
      // Should it get lost, the permit counts for a while longer than it need.
      permitUsed: ({ lane }) =>
        void reachQuota(this.env, (quota) => quota.used(`${id}/${lane}`))
          .then((broadcasts) => this.#sharesWith(broadcasts))
          .catch(() => {}),
      get fallbackQueryIntervalMs() {
        return queryIntervalMs();
      },
      onEvent: (event) => this.#onEvent(event),
    };
  }

  /** What the application makes of it comes last, for it may throw; what it gives may be a promise. */
  #onEvent(event: SteadymixEvent): unknown {
    this.#store.addEvent(event);
    if (event.type === "permitFailed" || event.type === "permitRecovered") {
      this.#isQuotaFailing = event.type === "permitFailed";
      this.#quotaFailed(this.#isQuotaFailing ? event.at : null);
    }
    const facts = this.#store.facts;
    if (event.type === "onAir" && facts) this.#tell({ ...facts, onAir: this.#group?.status().onAir ?? null });
    return this.#options.onEvent?.(event);
  }

  #quotaFailed(quotaFailedAt: number | null): void {
    const facts = this.#store.facts;
    if (facts && facts.quotaFailedAt !== quotaFailedAt) this.#store.facts = { ...facts, quotaFailedAt };
  }

  /** So rounded it is seldom written. */
  #sharesWith(active: number): void {
    const broadcasts = 2 ** Math.ceil(Math.log2(Math.max(active, 1)));
    const facts = this.#store.facts;
    if (facts && facts.broadcasts !== broadcasts) this.#store.facts = { ...facts, broadcasts };
  }

  #tell(changed: BroadcastFacts): BroadcastFacts {
    const aired = changed.aired || changed.onAir !== null;
    const facts = { ...changed, word: changed.word + 1, wordAt: Date.now(), aired };
    this.#store.facts = facts;
    this.#audience.tell(wordOf(facts));
    this.#tellRelays(facts);
    return facts;
  }

  /** Tells those that are not known to have got the word. Each alarm does, until they have. */
  #tellRelays(facts: BroadcastFacts): void {
    for (const relay of this.#store.relaysBehind(facts.word)) {
      this.#atRelay(facts.id, relay, (relay) => relay.tell(wordOf(facts)))
        .then(() => this.#store.relayHas(relay, facts.word))
        .catch((error: unknown) => console.error("steadymix: a relay was not told:", error));
    }
  }

  /** When relays that are behind are to be told again. */
  get #relaysToldAt(): number {
    const facts = this.#store.facts;
    if (!facts || this.#store.relaysBehind(facts.word).length === 0) return Number.POSITIVE_INFINITY;
    return Date.now() + againMs(Date.now() - facts.wordAt);
  }

  async #end(group: RedundancyGroup): Promise<void> {
    const facts = this.#store.facts;
    if (!facts) return;
    const overAt = Date.now();
    const over = this.#tell({ ...facts, overAt, onAir: null, lastStatus: group.status() });
    this.#store.forgetSnapshot();
    // Before anything is awaited: a command that comes meanwhile would write the snapshot anew.
    this.#group = undefined;
    group.dispose();
    await this.#windUp(over, overAt);
  }

  /** Tells the list of the end until it knows, for tasks count against the PCW until then; in time, forgets everything. */
  async #windUp({ id, word, lastStatus }: BroadcastFacts, overAt: number): Promise<void> {
    const now = Date.now();
    const forgetAt = overAt + this.#numbers.keptForMs;
    try {
      // Should this turn come to nothing, there is another one.
      await this.ctx.storage.setAlarm(now + againMs(now - overAt));
      if (now >= forgetAt) await this.#forget(id);
      else if ((await this.#report(lastStatus?.lanes ?? [])) && this.#store.relaysBehind(word).length === 0)
        await this.ctx.storage.setAlarm(forgetAt);
    } catch (error) {
      console.error("steadymix: a broadcast could not be forgotten:", error);
    }
  }

  async #forget(id: string): Promise<void> {
    await reachQuota(this.env, (quota) => quota.remove(id));
    // Nothing is awaited in between: without its alarm, nobody would forget the rest.
    await Promise.all([this.ctx.storage.deleteAlarm(), this.#store.deleteAll()]);
  }

  /** Tells the list of broadcasts, if there is something new to tell. False when that failed. */
  async #report(lanes: LaneStatus[]): Promise<boolean> {
    const facts = this.#store.facts;
    if (!facts) return true;
    const entry = entryOf(facts, stateOf(facts, lanes), tasksOf(lanes));
    const told = JSON.stringify(entry);
    if (told === this.#reported) return true;
    if (this.#clock.now() < this.#reportsAgainAt) return false;
    // It may be taken although its answer is lost: then what was reported before is not known any more.
    this.#reported = "";
    try {
      await reachQuota(this.env, (quota) => quota.report(entry), REPORT_TIMEOUT_MS);
      this.#reported = told;
      return true;
    } catch (error) {
      console.error("steadymix: the list of broadcasts could not be told:", error);
      this.#reportsAgainAt = this.#clock.now() + REPORT_TIMEOUT_MS;
      return false;
    }
  }

  #status(facts: BroadcastFacts): BroadcastStatus {
    const group = this.#open();
    const lanes = (facts.lastStatus ?? group?.status())?.lanes ?? [];
    const { id, onAir, startedAt, overAt, quotaFailedAt, warnings } = facts;
    return {
      id,
      state: stateOf(facts, lanes),
      onAir,
      lanes,
      startedAt,
      overAt,
      viewers: this.#audience.size,
      quotaFailedAt: overAt === null ? quotaFailedAt : null,
      warnings,
      services: group?.payload ?? null,
    };
  }

  // ---- others --------------------------------------------------------------------------------------------------

  #atRelay<Value>(id: string, number: number, act: (relay: Remote<Relay>) => Promise<Value>): Promise<Value> {
    return reach(this.env, "RELAY", `${id}/${number}`, act);
  }

  /** The first relay that is not full. Their sizes are asked for now and then; in between they are reckoned. */
  async #relayWithRoom(most: number): Promise<number> {
    const id = this.#store.facts?.id ?? "";
    if (!this.#relaySizes || this.#clock.now() - this.#relaySizes.at > RELAY_SIZES_LAST_MS) {
      const numbers = this.#store.relays();
      // One that does not answer has no room for anybody.
      const size = (n: number) => this.#atRelay(id, n, (relay) => relay.size()).catch(() => most);
      const sizes = await Promise.all(numbers.map(async (n) => [n, await size(n)] as const));
      this.#relaySizes = { at: this.#clock.now(), sizes: new Map(sizes) };
    }
    const { sizes } = this.#relaySizes;
    let number = 0;
    while ((sizes.get(number) ?? 0) >= most) number += 1;
    sizes.set(number, (sizes.get(number) ?? 0) + 1);
    return number;
  }
}

/** What another object, or the way there, refused: as an answer. */
function refusedBy(error: unknown): { ok: false; error: ErrorBody } {
  if (!(error instanceof Rejection)) throw error;
  return { ok: false, error: error.body };
}

/** The numbers among the options. Throws `INVALID_CONFIG`. */
function numbersOf(options: BroadcastOptions): Numbers {
  const numbers: Record<string, unknown> = {};
  const take = (name: string, standard: unknown, allowedOf: (value: unknown) => string | undefined) => {
    const value: unknown = options[name as keyof Numbers] ?? standard;
    const allowed = allowedOf(value);
    if (allowed) throw invalid("INVALID_CONFIG", `options.${name}`, shown(value), allowed);
    numbers[name] = value;
  };
  for (const [name, [standard, least, most]] of Object.entries(COUNTS)) {
    const { is, allowed } = integer(least, most);
    take(name, standard, (value) => (is(value) ? undefined : allowed));
  }
  for (const range of CLOUDFLARE) take(range[0], range[4], (value) => rangeError(value, range));
  return numbers as Numbers;
}

/** Half of the rate, for what is more urgent needs some of it, and nobody shares it out. */
function queryIntervalOf(broadcasts: number, { callsPerSecond }: Required<Quota>): number {
  return Math.min(Math.max((broadcasts * 2000) / callsPerSecond, 1000), 600_000);
}

function stateOf(facts: BroadcastFacts, lanes: LaneStatus[]): BroadcastState {
  if (facts.overAt !== null) return lanes.every(({ state }) => state === "failed") ? "failed" : "over";
  if (facts.stopping) return "stopping";
  if (facts.onAir) return "live";
  return facts.aired ? "dark" : "starting";
}

function entryOf(facts: BroadcastFacts, state: BroadcastState, tasks: number): BroadcastEntry {
  return { id: facts.id, state, onAir: facts.onAir, tasks, startedAt: facts.startedAt };
}

/** Tasks that live, or may live, and one for each lane that is about to launch: it does not ask again whether it may. */
function tasksOf(lanes: LaneStatus[]): number {
  const goesOn = ({ state }: LaneStatus) => state !== "stopping" && state !== "stopped" && state !== "failed";
  return lanes.reduce((sum, lane) => sum + Math.max(lane.tasks.length, goesOn(lane) ? 1 : 0), 0);
}

function wordOf({ word, onAir, overAt }: BroadcastFacts): OnAirWord {
  return { type: "onAir", word, onAir, over: overAt !== null };
}

/** The wait before others are told again who have not been for so long: it doubles. */
function againMs(ms: number): number {
  return Math.min(Math.max(ms, AGAIN_MS), MOST_AGAIN_MS);
}

/** The same for the same settings: the order in which their keys stand says nothing. */
function digest(settings: unknown): Promise<string> {
  const inOrder = (_key: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return sha256Hex(JSON.stringify(settings, inOrder));
}
