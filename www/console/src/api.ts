/** The Worker's routes, as an operator uses them. */
import type { Services } from "steadymix";
import type {
  AnswerOf,
  BodyOf,
  ErrorAnswer,
  ErrorBody,
  NewBroadcast,
  Routes,
  StoredEvent,
} from "steadymix/cloudflare/routes";

/** The code of an error that does not come from the Worker. */
export const UNKNOWN = "UNKNOWN";

/** An error of a route. */
export class ApiError extends Error {
  readonly code: string;
  readonly field: string | undefined;
  readonly allowed: string | undefined;

  constructor({ code, message, field, allowed }: ErrorBody) {
    super(message);
    this.code = code;
    this.field = field;
    this.allowed = allowed;
  }
}

export class Api {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  broadcasts = async () => (await this.#call("GET /broadcasts")).broadcasts;
  quota = () => this.#call("GET /quota");
  status = (id: string) => this.#call("GET /broadcasts/{id}", { id });
  start = (body: NewBroadcast) => this.#call("POST /broadcasts", { body });
  update = async (id: string, services: Services) =>
    (await this.#call("PATCH /broadcasts/{id}", { id, body: { services } })).updates;
  stop = (id: string) => this.#call("DELETE /broadcasts/{id}", { id });
  viewerToken = (id: string) => this.#call("POST /broadcasts/{id}/viewer-tokens", { id, body: {} });
  fault = (name: string, broadcast: string, uid: number) => this.#ask("POST", "/demo/faults", { name, broadcast, uid });
  clearFaults = () => this.#ask("DELETE", "/demo/faults");

  /** All events after the one numbered `since`. */
  async events(id: string, since: number): Promise<StoredEvent[]> {
    const all: StoredEvent[] = [];
    for (let after = since; ; ) {
      const { events, next } = await this.#call("GET /broadcasts/{id}/events", { id, query: `?since=${after}` });
      if (events.length === 0) return all;
      all.push(...events);
      after = next;
    }
  }

  /** Whether the service is emulated, and faults can be injected. */
  async isDemo(): Promise<boolean> {
    return (await fetch("/api/demo/tasks")).ok;
  }

  #call<Name extends keyof Routes>(
    route: Name,
    { id = "", query = "", body }: { id?: string; query?: string; body?: BodyOf<Name> } = {},
  ): Promise<AnswerOf<Name>> {
    const [method = "", path = ""] = route.split(" ");
    // The id may come from the address, and contain anything.
    return this.#ask(method, path.replace("{id}", encodeURIComponent(id)) + query, body);
  }

  async #ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await fetch(`/api${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const json: unknown = await answer.json().catch(() => ({}));
    if (answer.ok) return json as Answer;
    throw new ApiError((json as Partial<ErrorAnswer>).error ?? { code: UNKNOWN, message: `${answer.status}` });
  }
}
