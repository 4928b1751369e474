import { asJson, shown } from "../check.js";
import { invalid, steadymixError } from "../errors.js";
import type { Fetch } from "../platform.js";
import type { Command, Delivery, IncomingCall, Profile, Reply, State } from "./contract.js";
import { Emulator as Wasm } from "./glue.js";

export type * from "./contract.js";

/** Responses with these statuses have no body. */
const WITHOUT_BODY = [204, 205, 304];

/** The emulated service. It runs tasks, answers calls and sends notifications by its own clock. */
export class Emulator {
  readonly #wasm: Wasm;
  readonly #began = Date.now();
  readonly #speed: number;

  /** `speed` is the speed of its clock relative to real time: 0.1 to 10000. Throws an error that names an invalid value. */
  constructor(profile: Profile = {}, speed = 1) {
    if (!(typeof speed === "number" && speed >= 0.1 && speed <= 10_000))
      throw invalid("INVALID_OPTIONS", "speed", shown(speed), "a number from 0.1 to 10000");
    this.#wasm = passJson("profile", profile, (json) => new Wasm(json));
    this.#speed = speed;
  }

  /** The time of its clock, in ms since the epoch. */
  now(): number {
    return this.#began + (Date.now() - this.#began) * this.#speed;
  }

  /** Converts a duration on its clock to real time. Both are in ms. */
  real(ms: number): number {
    if (!Number.isFinite(ms)) throw invalid("INVALID_OPTIONS", "ms", shown(ms), "a number of ms");
    return ms / this.#speed;
  }

  /** Handles a call. */
  handle(call: IncomingCall): Reply {
    return JSON.parse(passJson("call", call, (json) => this.#wasm.handle(this.now(), json))) as Reply;
  }

  /** Carries out a command, and returns the number of tasks that it applied to. Throws if it is invalid or applies to nothing. */
  control(command: Command): number {
    return passJson("command", command, (json) => this.#wasm.control(this.now(), json));
  }

  /** The notifications that have arrived since the last call. */
  takeNotifications(): Delivery[] {
    return JSON.parse(this.#wasm.takeNotifications(this.now())) as Delivery[];
  }

  /** When the next change or notification is due, in ms since the epoch on the emulator's clock. */
  nextEventAt(): number | undefined {
    return this.#wasm.nextEventAt();
  }

  /** The current state. */
  state(): State {
    return JSON.parse(this.#wasm.state(this.now())) as State;
  }

  /** A `fetch` that calls this service instead of the network. */
  readonly fetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    // Prefer the caller's signal: while a lost call waits, the Request and its signal may be garbage-collected.
    const signal = init?.signal ?? request.signal;
    const url = new URL(request.url);
    const sent = await request.text();
    // An aborted call never reaches the service.
    signal.throwIfAborted();
    const reply = this.handle({
      domain: url.host,
      method: request.method,
      path: url.pathname + url.search,
      authorization: request.headers.get("authorization"),
      body: sent,
    });
    if (reply.type === "nothing") {
      if (reply.why === "dns") throw failed("ENOTFOUND");
      if (reply.why === "refused") throw failed("ECONNREFUSED");
      return wait(signal);
    }
    await wait(signal, this.real(reply.delayMs));
    const body = WITHOUT_BODY.includes(reply.status) ? null : reply.body;
    return new Response(body, { status: reply.status, headers: reply.headers });
  };
}

/** Passes an argument as JSON. Errors become errors of this library, whose messages begin with the field. */
function passJson<T>(name: string, value: unknown, take: (json: string) => T): T {
  const json = asJson(name, value);
  if (!json.startsWith("{")) throw invalid("INVALID_OPTIONS", name, shown(value), "an object");
  try {
    return take(json);
  } catch (error) {
    const message = String((error as Error).message);
    const field = /^[\w.[\]]+/.exec(message)?.[0] ?? name;
    throw Object.assign(steadymixError("INVALID_OPTIONS", message), { field });
  }
}

/** Waits for `ms`, or for ever. Rejects when the signal aborts, as `fetch` does. */
function wait(signal: AbortSignal, ms: number): Promise<void>;
function wait(signal: AbortSignal): Promise<never>;
function wait(signal: AbortSignal, ms?: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const done = () => {
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const timer = ms === undefined ? undefined : setTimeout(done, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** An error like that of Node's `fetch`. */
function failed(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}
