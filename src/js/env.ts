import { instant, memberOf, secret, secrets, shown } from "./check.js";
import { type DurationRange, rangeError, SUPERVISOR_ENV } from "./durations.js";
import { type ErrorCode, invalid, steadymixError } from "./errors.js";
import { member } from "./member.js";
import { Permits } from "./permits.js";
import { type NoReply, type Reply, replyOf } from "./reply.js";
import type { PermitRequest, SteadymixEvent, SupervisorEnv } from "./types.js";
import { UNCACHED } from "./uncached.js";
import { textEncoder } from "./utf8.js";

/** A callback whose errors are reported. */
type Callback = Parameters<NonNullable<SupervisorEnv["onError"]>>[1];
type AnyFunction = (...values: unknown[]) => unknown;

const [FALLBACK_QUERY_INTERVAL] = SUPERVISOR_ENV;

/** As in `src/lenient.rs`: far longer than any token. */
const MAX_TOKEN_CHARS = 2048;

/**
 * The application's `SupervisorEnv` as the driver calls it: `src/wasm/env.rs`. Results are checked, and errors go to `onError`:
 * the driver sees no wrong type and, except from `now`, no error. It holds no reference to the supervisor, which could never be
 * garbage-collected otherwise.
 */
export class EnvCalls {
  readonly hasPersist: boolean;
  readonly hasRtcToken: boolean;
  readonly hasPermit: boolean;
  readonly timeScale: number;
  /** Empty: signatures are not verified. */
  readonly notificationSecrets: string[];
  readonly #env: unknown;
  readonly #authorization: string;
  /** The strings to redact, as JSON: the credentials in every form in which they are sent. */
  readonly secrets: string;
  readonly #maxResponseBytes: number;
  readonly #usesGlobalFetch: boolean;
  readonly #publish: (event: SteadymixEvent) => void;
  readonly #startedAt = Date.now();
  /** The last time of the clock, and `performance.now()` at that moment, which cannot be set back. */
  #last = { wall: 0, at: 0 };
  #beforeSetBack = 0;
  readonly #released = new AbortController();
  readonly #permits: Permits;
  /** By lane number. */
  laneNames: string[] = [];

  /** `publish` gets each event before `onEvent` does. Throws `INVALID_OPTIONS`. */
  constructor(env: unknown, publish: (event: SteadymixEvent) => void) {
    this.#env = env;
    this.#publish = publish;
    const credentials = ["customerId", "customerSecret"].map((name) => secret(`env.${name}`, memberOf(env, name)));
    const encoded = btoa(String.fromCharCode(...textEncoder().encode(credentials.join(":"))));
    this.#authorization = `Basic ${encoded}`;
    const given = memberOf(env, "notificationSecret");
    this.notificationSecrets = given === undefined ? [] : secrets("env.notificationSecret", given);
    // An answer may quote the Base64 without its padding.
    const sent = [encoded.replace(/=+$/, ""), credentials.join(":"), ...credentials, ...this.notificationSecrets];
    this.secrets = JSON.stringify(sent);
    this.timeScale = this.#number("timeScale", 1, 0.001, 100_000);
    this.#maxResponseBytes = this.#number("maxResponseBytes", 1_048_576, 1024, 16_777_216);
    const fetch = this.#callback("fetch");
    this.#usesGlobalFetch = fetch === undefined || fetch === globalThis.fetch;
    if (this.#usesGlobalFetch && typeof globalThis.fetch !== "function")
      throw invalid("INVALID_OPTIONS", "env.fetch", "undefined", "a function, because this runtime has none");
    this.hasPersist = this.#callback("persist") !== undefined;
    this.hasPermit = this.#callback("acquirePermit") !== undefined;
    this.#permits = new Permits({
      acquirePermit: (request) => this.#callback("acquirePermit")?.(request),
      queryIntervalMs: () => this.#duration(FALLBACK_QUERY_INTERVAL),
      now: () => this.now(),
      timeScale: this.timeScale,
      onError: (error) => this.#reportError(error, "acquirePermit"),
      emit: (details, lane, at) => this.emitEvent({ at, lane: this.laneNames[lane] ?? "", ...details }),
      released: this.#released.signal,
    });
    this.hasRtcToken = this.#callback("rtcToken") !== undefined;
    for (const name of ["permitUsed", "onEvent", "onError", "now"] as const) this.#callback(name);
    for (const range of SUPERVISOR_ENV) this.#duration(range);
  }

  /** The time, in ms since the epoch. */
  now(): number {
    const [wall, at] = [this.#now(), performance.now()];
    const until = this.#last.wall + (at - this.#last.at) * this.timeScale;
    if (wall < this.#last.wall) this.#beforeSetBack = until;
    this.#last = { wall, at };
    return wall;
  }

  /** The time that the clock would have shown when it was last set back, in ms since the epoch: see `Clock` in `src/time.rs`. */
  beforeSetBack(): number {
    return this.#beforeSetBack;
  }

  #now(): number {
    const now = this.#callback("now");
    if (!now) return this.#startedAt + (Date.now() - this.#startedAt) * this.timeScale;
    let time: unknown;
    try {
      time = now();
    } catch (cause) {
      throw Object.assign(steadymixError("INVALID_OPTIONS", "env.now threw an error: see its cause"), {
        field: "env.now",
        cause,
      });
    }
    return instant("env.now()", time);
  }

  async fetch(url: string, method: string, body: string | undefined, signal: AbortSignal): Promise<Reply> {
    const init = {
      method,
      headers: { authorization: this.#authorization, accept: "application/json", "content-type": "application/json" },
      // A redirect must not carry the credentials to another domain.
      redirect: "manual",
      signal,
      ...UNCACHED,
      ...(body === undefined ? {} : { body }),
    } as const;
    try {
      // Looked up for each call, because the application may replace or wrap it.
      const { fetch: global } = globalThis;
      const given = this.#usesGlobalFetch ? global : (this.#callback("fetch") ?? global);
      const response: unknown = await given(url, init);
      if (!isResponse(response)) {
        const allowed = "a Response, with an integer `status`, `headers.get` and `text`";
        this.#reportError(invalid("INVALID_RESPONSE", "fetch()", shown(response), allowed), "fetch");
        return { noReply: "unknown" };
      }
      return await replyOf(response, this.#maxResponseBytes);
    } catch (error) {
      return { noReply: reasonOf(error) };
    }
  }

  /** The token, or `undefined` to keep the payload's. Rejects if the callback fails. */
  async rtcToken(uid: number, channel: string): Promise<string | undefined> {
    return this.#invoke("rtcToken", [uid, channel], (token) => {
      if (token === undefined || token === null) return undefined;
      if (typeof token === "string" && token.length <= MAX_TOKEN_CHARS) return token;
      const value = typeof token === "string" ? `${token.length} characters long` : shown(token);
      throw invalidResult(
        "INVALID_RTC_TOKEN",
        "rtcToken",
        value,
        `a string of at most ${MAX_TOKEN_CHARS} characters, or null`,
      );
    });
  }

  /** Whether the snapshot was stored. */
  async persist(snapshot: string): Promise<boolean> {
    return this.#invoke("persist", [snapshot], () => true).catch(() => false);
  }

  /** 0: a permit; otherwise the ms to wait before asking again. */
  acquirePermit(request: PermitRequest): Promise<number> {
    return this.#permits.ask(request);
  }

  /** Cancels everything that is awaited. */
  release(): void {
    this.#released.abort();
  }

  permitUsed(request: PermitRequest): void {
    void this.#invoke("permitUsed", [request], () => {}).catch(() => {});
  }

  emitEvent(event: SteadymixEvent): void {
    this.#publish(event);
    // Not awaited. An unhandled rejection would end a Node process.
    void this.#invoke("onEvent", [event], () => {}).catch(() => {});
  }

  reportSlow(callback: Callback, ms: number, consequence: string): void {
    const message = `${callback} has not finished after ${ms} ms: ${consequence}`;
    this.#reportError(steadymixError("CALLBACK_TIMEOUT", message), callback);
  }

  /** Calls a callback and reads its result. Reports an error, and rejects with it. */
  async #invoke<T>(name: Callback, values: unknown[], read: (given: unknown) => T): Promise<T> {
    try {
      return read(await this.#callback(name)?.(...values));
    } catch (error) {
      this.#reportError(error, name);
      throw error;
    }
  }

  #reportError(error: unknown, callback: Callback): void {
    const toConsole = () => console.error(`steadymix: ${callback}:`, error);
    // `onError` may be async too. Its own errors cannot be reported.
    void (async () => (this.#callback("onError") ?? toConsole)(error, callback))().catch(() => {});
  }

  /** The current callback, with the application's object as its `this`. */
  #callback(name: keyof SupervisorEnv): AnyFunction | undefined {
    const given = memberOf(this.#env, name);
    if (given === undefined || given === null) return undefined;
    if (typeof given !== "function") throw invalid("INVALID_OPTIONS", `env.${name}`, typeof given, "a function");
    return member(this.#env as SupervisorEnv, name) as AnyFunction;
  }

  #duration(range: DurationRange): number {
    const [name, , , , standard] = range;
    const given = memberOf(this.#env, name) ?? standard;
    const allowed = rangeError(given, range);
    if (allowed) throw invalid("INVALID_OPTIONS", `env.${name}`, shown(given), allowed);
    return Number(given);
  }

  #number(name: keyof SupervisorEnv, standard: number, min: number, max: number): number {
    const given = memberOf(this.#env, name);
    if (given === undefined) return standard;
    if (typeof given === "number" && given >= min && given <= max) return given;
    throw invalid("INVALID_OPTIONS", `env.${name}`, shown(given), `a number from ${min} to ${max}`);
  }
}

function invalidResult(code: ErrorCode, callback: string, value: string, allowed: string): Error {
  return invalid(code, `${callback}()`, value, allowed);
}

/** Accepts the responses of any library. */
function isResponse(given: unknown): given is Response {
  const isFunction = (name: string) => typeof memberOf(given, name) === "function";
  const hasHeaders = typeof memberOf(memberOf(given, "headers"), "get") === "function";
  return Number.isInteger(memberOf(given, "status")) && hasHeaders && isFunction("text");
}

/** The error codes of failed calls in Node. Browsers and Workers have none. */
const CODES: Record<string, NoReply> = {
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EAI_FAIL: "dns",
  EAI_NODATA: "dns",
  EAI_NONAME: "dns",
  ECONNREFUSED: "unreachable",
  ECONNRESET: "unreachable",
  ECONNABORTED: "unreachable",
  EPIPE: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ETIMEDOUT: "unreachable",
  UND_ERR_CONNECT_TIMEOUT: "unreachable",
  UND_ERR_SOCKET: "unreachable",
};

function reasonOf(error: unknown): NoReply {
  let at = error;
  // Node nests the error with the code in causes.
  for (let depth = 0; depth < 3; depth += 1) {
    const code = memberOf(at, "code");
    const reason = typeof code === "string" && Object.hasOwn(CODES, code) ? CODES[code] : undefined;
    if (reason) return reason;
    at = memberOf(at, "cause");
  }
  return "unknown";
}
