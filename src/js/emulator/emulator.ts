import { asJson, shown } from "../check.js";
import { invalid, steadymixError } from "../errors.js";
import type { Fetch } from "../platform.js";
import { Emulator as Wasm } from "./glue.js";

/** How the emulated service behaves where nothing is scripted; every field has a default. */
export interface Profile {
  /** All chance comes from it: an integer from 0. Default 1. */
  seed?: number;
  /**
   * The `Authorization` header that every call must carry: `Basic ` and `customerId:customerSecret` in base64. `null` (the
   * default): any such pair. A call without it, or with another one, is answered 401.
   */
  authorization?: string | null;
  /**
   * Whether what only the newest reference refuses, though public programs send it, is refused too: Acquire without
   * `services`, streams without `rtcToken`, a video's `zOrder` below 2 or `rtcUid` 0, watermarks of less than 120 px,
   * `H265` to CDN addresses. Default false.
   */
  strict?: boolean;
  /** Calls in any one second, at least 1; over it, 429. Default 10. */
  callsPerSecond?: number;
  /** `Retry-After` of those 429s, in s; `null` (the default): none. */
  retryAfterS?: number | null;
  /** Live tasks at the same time, at least 1; over it, 429. Default 100. */
  pcw?: number;
  /** Shortest and longest time to an answer, in ms. Default 20 to 120. */
  answerMs?: [number, number];
  /** From Create to a running task. */
  startUp?: StartUp;
  /** What a Create is answered while a task with its instanceId lives. Default `sameTask200`. */
  repeatCreate?: RepeatCreate;
  /**
   * Which changes an Update may make: those that the service documents (the default), or `any` besides where the output
   * goes. Any other one is answered 400, with a message that names the field.
   */
  updates?: "documented" | "any";
  /** What is answered to a builder token that did not start the task: 404 (the default) or 403. */
  wrongTokenStatus?: number;
  /** Whether task statuses are numbers. Default: texts. */
  numericStatus?: boolean;
  /** How long an ended task is still answered for before it is 404, in ms. Default 60000. */
  forgetAfterMs?: number;
  /** Shortest and longest time that the service takes to move a task that failed, in ms. Default 20000 to 80000. */
  migrationMs?: [number, number];
  /** A host that is there is not shown, in percent of the looks; never more than twice in a row. Default 0. */
  presenceMissesPercent?: number;
  /** Notifications; `null` (the default): none. */
  notices?: NoticeProfile | null;
}

/** How a task comes from Create to running. Percentages are 0 by default. */
export interface StartUp {
  /** Shortest and longest time, in ms. Default 1000 to 4000. */
  takesMs?: [number, number];
  /** Tasks that end abnormally instead, in percent. */
  failsPercent?: number;
  /** Tasks that never start, and stay there, in percent. */
  hangsPercent?: number;
}

/** 200 with that task, 201 with its id or without, or 409. */
export type RepeatCreate = "sameTask200" | "already201WithId" | "already201NoId" | "conflict409";

/** How notifications come. Default: signed with `secret`, 100 to 1500 ms on their way, percentages 0. */
export interface NoticeProfile {
  /** What they are signed with. */
  secret?: string;
  /** Shortest and longest time on their way, in ms. */
  takesMs?: [number, number];
  /** Lost ones, in percent. */
  lostPercent?: number;
  /** Ones that come twice, in percent. */
  doubledPercent?: number;
  /** Ones that are held up by up to 20 s, and so come out of order, in percent. */
  latePercent?: number;
  /** Ones that name another task than the one that they are about, in percent. */
  misnamedPercent?: number;
}

/** The kinds of calls: those for a task, and `presence`, which asks who is in a channel. */
export type CallKind = "acquire" | "create" | "query" | "update" | "delete" | "presence";

/** What happens to the calls that a rule is about. */
export type Effect =
  /** It is answered like this (`status`: 200 to 599), and not carried out. */
  | { kind: "answer"; status: number; code?: number; retryAfter?: string; body?: string }
  /** It is carried out, but answered like this. */
  | { kind: "performThenAnswer"; status: number; code?: number }
  /** It is carried out, but the answer is lost. */
  | { kind: "performAndLose" }
  /** It is carried out so many ms late, and the answer is lost. */
  | { kind: "performLate"; ms: number }
  /** It is lost. */
  | { kind: "lose" }
  /** It is carried out, and the answer is held up for so many ms. */
  | { kind: "delay"; ms: number }
  /** The domain's name cannot be resolved. */
  | { kind: "dns" }
  /** The connection is refused. */
  | { kind: "refuse" }
  /** It is carried out, but the answer's body is cut off. */
  | { kind: "garbage" }
  /** It is carried out, but the answer does not name the task. */
  | { kind: "noTaskId" }
  /**
   * It is answered (by default 200) about another task: one of the same App ID that has `ended`, one that is `live`, or
   * somebody else's (`foreign`, always the same id). It is carried out only if `perform` says so. Applies to calls that
   * name a task, or create one, while there is such another one.
   */
  | { kind: "otherTask"; which: "ended" | "live" | "foreign"; status?: number; perform?: boolean };

/** A line in the script of faults. What is left out holds for all calls, always. */
export interface Rule {
  /** Only calls of this kind. */
  call?: CallKind;
  /** Only calls to this domain. */
  domain?: string;
  /** Only calls about this output uid. */
  uid?: number;
  /** Lets this many calls through first. */
  skip?: number;
  /** Only for so many calls. */
  times?: number;
  /** From this moment of the emulator's clock on, in ms since the epoch. */
  fromMs?: number;
  /** Before this moment of the emulator's clock, in ms since the epoch. */
  untilMs?: number;
  /** Only by this chance, in percent. */
  chancePercent?: number;
  /** What happens to them. */
  effect: Effect;
}

/**
 * What an experimenter can do. Tasks are named by `taskId` or `uid`, or by both. A command that applies to nothing, such as
 * the uid of no live task or a rule that no call can match, is an error.
 */
export type Command =
  /** Adds a rule to the script of faults, for so many ms from now, or for ever. */
  | { kind: "addRule"; rule: Rule; forMs?: number }
  /** Forgets the script of faults. */
  | { kind: "clearRules" }
  /**
   * Live tasks die at once. Query goes on saying that they run for `reportLagMs`, and then says 404 (`forgotten`) or
   * their end. `reason` (default `abnormal`) is the `stopReason` of the notification and the `message` of Query's answer.
   */
  | ({ kind: "kill"; reportLagMs?: number; forgotten?: boolean; reason?: string } & Target)
  /** Running tasks fail, and the service moves them; whether they will run again. `reason` as for `kill`. */
  | ({ kind: "fail"; recovers: boolean; reason?: string } & Target)
  /** The hosts of an input channel leave, or come back. */
  | { kind: "hosts"; channel: string; present: boolean }
  /** Notifications come like this from now on. */
  | { kind: "notices"; profile: NoticeProfile | null }
  /** Tasks start like this from now on. */
  | { kind: "startUp"; startUp: StartUp }
  /** A repeated Create is answered like this from now on. */
  | { kind: "repeatCreate"; answer: RepeatCreate };

/** Which tasks a command is about. */
export type Target = { taskId: string; uid?: number } | { taskId?: string; uid: number };

/** A task of the emulated service. Times are in ms since the epoch, by its clock. */
export interface Task {
  /** Its id. */
  taskId: string;
  /** Of its Acquire. */
  instanceId: string;
  /** The RTC channel of its inputs; `null`: they are media files. */
  inputChannel: string | null;
  /** Its output channel; empty if it publishes to CDN addresses. */
  channel: string;
  /** Its output uid; 0 if it publishes to CDN addresses. */
  uid: number;
  /** The CDN addresses that it publishes to. */
  streamUrls: string[];
  /** Whether it is billed. */
  live: boolean;
  /** Whether its stream can be seen. */
  running: boolean;
  /** How it ended, if it has. */
  ended: "idle" | "failed" | "stopped" | null;
  /** When it was created. */
  createdMs: number;
  /** When it ended, if it has. */
  endedMs: number | null;
  /** Of its last update; `null`: there was none. */
  sequenceId: number | null;
  /** The `idleTimeout` that it was started with, or updated to. */
  idleTimeoutMs: number;
}

/** Everything at one moment. */
export interface State {
  /** The emulator's clock, in ms since the epoch. */
  nowMs: number;
  /** Every task there ever was. */
  tasks: Task[];
  /** Live tasks that met on one uid of one channel, or on one CDN address, where they kick each other out. */
  overlaps: {
    /** When, in ms since the epoch. */
    atMs: number;
    /** The output channel; empty if it was a CDN address. */
    channel: string;
    /** The output uid; 0 if it was a CDN address. */
    uid: number;
    /** The taskId of the one that was there. */
    older: string;
    /** The taskId of the one that came. */
    younger: string;
  }[];
  /** What came in. */
  stats: {
    /** Calls of each kind. */
    calls: Partial<Record<CallKind, number>>;
    /** Calls to each domain. */
    domains: Record<string, number>;
    /** Calls answered 429 for their rate. */
    rateLimited: number;
    /** Most calls in any one second, looks into channels aside. */
    mostInASecond: number;
  };
}

/** A notification that has arrived, to be posted to a webhook. */
export interface Delivery {
  /** When it arrived, by the emulator's clock, in ms since the epoch. */
  atMs: number;
  /** The raw body. */
  body: string;
  /** The header `Agora-Signature`. */
  signature: string;
  /** The header `Agora-Signature-V2`. */
  signatureV2: string;
}

/** What comes of a call, after `delayMs` of the emulator's time. */
export type Reply =
  | { kind: "answer"; delayMs: number; status: number; headers: [string, string][]; body: string }
  | { kind: "nothing"; why: "dns" | "refused" | "lost" };

/** A call of the REST API. */
export interface IncomingCall {
  /** The domain that was asked. */
  domain: string;
  /** The HTTP method, in capital letters. */
  method: string;
  /** Path and query. */
  path: string;
  /** The `Authorization` header; `null` or left out: none. */
  authorization?: string | null;
  /** JSON text. Default: empty. */
  body?: string;
}

/** Answers with these statuses have none. */
const WITHOUT_BODY = [204, 205, 304];

/** The emulated service: it runs tasks, answers calls, and sends notifications, all by its own clock. */
export class Emulator {
  readonly #wasm: Wasm;
  readonly #began = Date.now();
  readonly #speed: number;

  /** Its clock runs `speed` times as fast as the real one: 0.1 to 10000. Throws if a value is wrong, and names it. */
  constructor(profile: Profile = {}, speed = 1) {
    if (!(typeof speed === "number" && speed >= 0.1 && speed <= 10_000))
      throw invalid("INVALID_CONFIG", "speed", shown(speed), "a number from 0.1 to 10000");
    this.#wasm = taken("profile", profile, (json) => new Wasm(json));
    this.#speed = speed;
  }

  /** Its clock, in ms since the epoch. */
  now(): number {
    return this.#began + (Date.now() - this.#began) * this.#speed;
  }

  /** So much of its time, in real ms. */
  real(ms: number): number {
    if (!Number.isFinite(ms)) throw invalid("INVALID_CONFIG", "ms", shown(ms), "a number of ms");
    return ms / this.#speed;
  }

  /** Takes a call. */
  handle(call: IncomingCall): Reply {
    return JSON.parse(taken("call", call, (json) => this.#wasm.handle(this.now(), json))) as Reply;
  }

  /** Carries out a command, and returns how many tasks it was about. Throws if it is wrong or applies to nothing, and says why. */
  control(command: Command): number {
    return taken("command", command, (json) => this.#wasm.control(this.now(), json));
  }

  /** The notifications that have arrived since the last call. */
  takeNotices(): Delivery[] {
    return JSON.parse(this.#wasm.takeNotices(this.now())) as Delivery[];
  }

  /** When something happens by itself, by the emulator's clock in ms since the epoch. */
  nextEventAt(): number | undefined {
    return this.#wasm.nextEventAt();
  }

  /** Everything at this moment. */
  state(): State {
    return JSON.parse(this.#wasm.state(this.now())) as State;
  }

  /** Leads to this service instead of the network. */
  readonly fetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    // The caller's own if there is one: nothing holds the Request while a lost call waits, and its signal goes with it.
    const signal = init?.signal ?? request.signal;
    const url = new URL(request.url);
    const sent = await request.text();
    // What was given up before it was sent never reaches the service.
    signal.throwIfAborted();
    const reply = this.handle({
      domain: url.host,
      method: request.method,
      path: url.pathname + url.search,
      authorization: request.headers.get("authorization"),
      body: sent,
    });
    if (reply.kind === "nothing") {
      if (reply.why === "dns") throw failed("ENOTFOUND");
      if (reply.why === "refused") throw failed("ECONNREFUSED");
      return wait(signal);
    }
    await wait(signal, this.real(reply.delayMs));
    const body = WITHOUT_BODY.includes(reply.status) ? null : reply.body;
    return new Response(body, { status: reply.status, headers: reply.headers });
  };
}

/** What is wrong with an argument is an error of this library; its message begins with the field. */
function taken<T>(name: string, value: unknown, take: (json: string) => T): T {
  const json = asJson(name, value);
  if (!json.startsWith("{")) throw invalid("INVALID_CONFIG", name, shown(value), "an object");
  // JSON makes `null` of it, which may mean something else.
  JSON.stringify(value, (key, member: unknown) => {
    if (typeof member === "number" && !Number.isFinite(member))
      throw invalid("INVALID_CONFIG", `${name}.${key}`, shown(member), "a finite number");
    return member;
  });
  try {
    return take(json);
  } catch (error) {
    const message = String((error as Error).message);
    const field = /^[\w.[\]]+/.exec(message)?.[0] ?? name;
    throw Object.assign(steadymixError("INVALID_CONFIG", message), { field });
  }
}

/** So many ms, or for ever, unless the signal ends it: then it rejects at once, as `fetch` does. */
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

/** The error with which Node's `fetch` fails. */
function failed(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}
