import { Emulator as Wasm } from "./glue.js";

/** How the emulated service behaves; every field has a default. */
export interface Profile {
  seed?: number;
  /** The `Authorization` header that every call must carry. */
  authorization?: string | null;
  callsPerSecond?: number;
  retryAfterS?: number | null;
  pcw?: number;
  answerMs?: [number, number];
  startUp?: { takesMs?: [number, number]; failsPercent?: number; hangsPercent?: number };
  repeatCreate?: RepeatCreate;
  wrongTokenStatus?: number;
  numericStatus?: boolean;
  forgetAfterMs?: number;
  migrationMs?: [number, number];
  presenceMissesPercent?: number;
  notices?: NoticeProfile | null;
}

export type RepeatCreate = "sameTask200" | "already201WithId" | "already201NoId" | "conflict409";

export interface NoticeProfile {
  secret?: string;
  takesMs?: [number, number];
  lostPercent?: number;
  doubledPercent?: number;
  latePercent?: number;
}

export type CallKind = "acquire" | "create" | "query" | "update" | "delete" | "presence";

/** What happens to the calls that a rule is about. */
export type Effect =
  | { kind: "answer"; status: number; code?: number; retryAfter?: string; body?: string }
  | { kind: "performThenAnswer"; status: number; code?: number }
  | { kind: "performAndLose" }
  | { kind: "performLate"; ms: number }
  | { kind: "lose" }
  | { kind: "delay"; ms: number }
  | { kind: "dns" }
  | { kind: "refuse" }
  | { kind: "garbage" }
  | { kind: "noTaskId" };

export interface Rule {
  call?: CallKind;
  domain?: string;
  uid?: number;
  skip?: number;
  times?: number;
  fromMs?: number;
  untilMs?: number;
  chancePercent?: number;
  effect: Effect;
}

/** What an experimenter can do. */
export type Command =
  | { kind: "addRule"; rule: Rule; forMs?: number }
  | { kind: "clearRules" }
  | { kind: "kill"; taskId?: string; uid?: number; reportLagMs?: number; forgotten?: boolean }
  | { kind: "fail"; taskId?: string; uid?: number; recovers: boolean }
  | { kind: "hosts"; channel: string; present: boolean }
  | { kind: "notices"; profile: NoticeProfile | null }
  | { kind: "startUp"; startUp: NonNullable<Profile["startUp"]> }
  | { kind: "repeatCreate"; answer: RepeatCreate };

export interface Task {
  taskId: string;
  instanceId: string;
  channel: string;
  uid: number;
  /** Whether it is billed. */
  live: boolean;
  /** Whether its stream can be seen. */
  running: boolean;
  /** How it ended, if it has. */
  ended: "idle" | "failed" | "stopped" | null;
  createdMs: number;
  /** When it ended, if it has. */
  endedMs: number | null;
  sequenceId: number | null;
}

export interface State {
  nowMs: number;
  tasks: Task[];
  overlaps: { atMs: number; channel: string; uid: number; older: string; younger: string }[];
  stats: {
    calls: Partial<Record<CallKind, number>>;
    domains: Record<string, number>;
    rateLimited: number;
    mostInASecond: number;
  };
}

export interface Delivery {
  atMs: number;
  body: string;
  signature: string;
  signatureV2: string;
}

export type Reply =
  | { kind: "answer"; delayMs: number; status: number; headers: [string, string][]; body: string }
  | { kind: "nothing"; why: "dns" | "refused" | "lost" };

export interface IncomingCall {
  domain: string;
  method: string;
  path: string;
  authorization?: string | null;
  body?: string;
}

export class Emulator {
  readonly #wasm: Wasm;
  readonly #began = Date.now();
  readonly #speed: number;

  /** Its clock runs `speed` times as fast as the real one. */
  constructor(profile: Profile = {}, speed = 1) {
    this.#wasm = new Wasm(JSON.stringify(profile));
    this.#speed = speed;
  }

  /** Its clock, in ms since the epoch. */
  now(): number {
    return this.#began + (Date.now() - this.#began) * this.#speed;
  }

  /** So much of its time, in real ms. */
  real(ms: number): number {
    return ms / this.#speed;
  }

  handle(call: IncomingCall): Reply {
    return JSON.parse(this.#wasm.handle(this.now(), JSON.stringify(call))) as Reply;
  }

  /** Returns how many tasks it was about. */
  control(command: Command): number {
    return this.#wasm.control(this.now(), JSON.stringify(command));
  }

  takeNotices(): Delivery[] {
    return JSON.parse(this.#wasm.takeNotices(this.now())) as Delivery[];
  }

  nextEventAt(): number | undefined {
    return this.#wasm.nextEventAt();
  }

  state(): State {
    return JSON.parse(this.#wasm.state(this.now())) as State;
  }

  /** Leads to this service instead of the network. */
  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const reply = this.handle({
      domain: url.host,
      method: request.method,
      path: url.pathname + url.search,
      authorization: request.headers.get("authorization"),
      body: await request.text(),
    });
    if (reply.kind === "nothing") {
      if (reply.why === "dns") throw failed("ENOTFOUND");
      if (reply.why === "refused") throw failed("ECONNREFUSED");
      return new Promise((_, reject) => {
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      });
    }
    await new Promise((resolve) => setTimeout(resolve, this.real(reply.delayMs)));
    request.signal.throwIfAborted();
    return new Response(reply.body, { status: reply.status, headers: reply.headers });
  };
}

/** The error with which Node's `fetch` fails. */
function failed(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}
