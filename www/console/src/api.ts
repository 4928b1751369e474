/** The Worker's routes, as an operator uses them. */
import type { LaneStatus, LaneUpdate, OnAir, Services, SteadymixEvent, TaskWarning } from "steadymix";

export type BroadcastState = "starting" | "live" | "dark" | "stopping" | "over" | "failed";

export interface BroadcastEntry {
  id: string;
  state: BroadcastState;
  onAir: OnAir | null;
  tasks: number;
  startedAt: number;
}

export interface BroadcastStatus extends Omit<BroadcastEntry, "tasks"> {
  lanes: LaneStatus[];
  overAt: number | null;
  viewers: number;
  quotaFailedAt: number | null;
  warnings: TaskWarning[];
  services: Services | null;
}

export interface QuotaStatus {
  limits: { callsPerSecond: number; burst: number; pcw: number };
  callsPerSecond: number[];
  waiting: number;
  tasks: number;
}

export type StoredEvent = SteadymixEvent & { seq: number };

export interface NewBroadcast {
  id: string;
  services: Services;
  lanes: { name: string; uids: number[] }[];
  restart: "on-failure" | "always" | "never";
  onAir: "sticky" | "prefer-primary";
}

/** The code of an answer that is none of the Worker's. */
export const UNKNOWN = "UNKNOWN";

/** What a route refused. */
export class ApiError extends Error {
  readonly code: string;
  readonly field: string | undefined;
  readonly allowed: string | undefined;

  constructor({ code, message, field, allowed }: { code: string; message: string; field?: string; allowed?: string }) {
    super(message);
    this.code = code;
    this.field = field;
    this.allowed = allowed;
  }
}

/** An id out of the address may be anything. */
const at = (id: string) => `/broadcasts/${encodeURIComponent(id)}`;

export class Api {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  broadcasts = async () => (await this.#ask<{ broadcasts: BroadcastEntry[] }>("GET", "/broadcasts")).broadcasts;
  quota = () => this.#ask<QuotaStatus>("GET", "/quota");
  status = (id: string) => this.#ask<BroadcastStatus>("GET", at(id));
  start = (broadcast: NewBroadcast) => this.#ask<BroadcastStatus>("POST", "/broadcasts", broadcast);
  update = async (id: string, services: Services) =>
    (await this.#ask<{ updates: LaneUpdate[] }>("PATCH", at(id), { services })).updates;
  stop = (id: string) => this.#ask<BroadcastStatus>("DELETE", at(id));
  viewerToken = (id: string) => this.#ask<{ token: string }>("POST", `${at(id)}/viewer-tokens`, {});
  fault = (name: string, broadcast: string, uid: number) => this.#ask("POST", "/demo/faults", { name, broadcast, uid });
  mend = () => this.#ask("POST", "/demo/mend");

  /** Everything after number `since`. */
  async events(id: string, since: number): Promise<StoredEvent[]> {
    const events: StoredEvent[] = [];
    for (;;) {
      const after = events.at(-1)?.seq ?? since;
      const more = await this.#ask<{ events: StoredEvent[] }>("GET", `${at(id)}/events?since=${after}`);
      if (more.events.length === 0) return events;
      events.push(...more.events);
    }
  }

  /** Whether the service is a stand-in, that can be played with. */
  async isDemo(): Promise<boolean> {
    return (await fetch("/api/demo/tasks")).ok;
  }

  async #ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(`/api${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const json = (await answer.json().catch(() => ({}))) as Answer & {
      error?: ConstructorParameters<typeof ApiError>[0];
    };
    if (!answer.ok) throw new ApiError(json.error ?? { code: UNKNOWN, message: `${answer.status}` });
    return json;
  }
}
