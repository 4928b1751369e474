/// <reference lib="esnext.disposable" preserve="true" />
import type { OnAirUpdate } from "../cloudflare/routes.js";
import type { Url } from "../platform.js";
import type { ChannelsSource } from "./channels.js";
import { check, FLAG, FUNCTION, oneOf, optional, type Rule, type Rules, TEXT, UID } from "./check.js";
import { safely } from "./report.js";
import { EVENTS } from "./tables.js";
import { polling } from "./transports/polling.js";
import { serverSentEvents } from "./transports/serverSentEvents.js";
import { ask, type ConnectedFeed, type Connection, type Transport } from "./transports/transport.js";
import { webSocket } from "./transports/webSocket.js";
import type { SwitchReason, ViewerEvent } from "./types.js";

/** Options of a feed. */
export interface OnAirFeedOptions {
  /** A viewer token of the broadcast. Tokens expire: a function is called for each connection. */
  token: string | (() => string | Promise<string>);
  /** Called with each change. Usually `({ onAir }) => onAir && viewer.handle({ type: "onAir", uid: onAir.uid })`. */
  onUpdate: (update: OnAirUpdate) => void;
  /** The source of `acrossChannels`, if you use it: reports then name an output by its uid and channel. */
  source?: Pick<ChannelsSource, "outputs">;
  /** Called with each error. The feed reconnects by itself. */
  onError?: (error: unknown) => void;
}

/** Backoff schedule of reconnects; the last delay repeats. Jitter of up to 100 % keeps viewers from reconnecting together. */
const RECONNECT_DELAYS_MS = [500, 1_000, 2_000, 5_000, 10_000, 20_000];
const REPORT_INTERVAL_MS = 5_000;

/** The reasons that are reported. The others do not indicate a fault of the task, or concern only this viewer. */
const REPORTED: ReadonlySet<SwitchReason> = new Set<SwitchReason>([
  "left",
  "unpublished",
  "frozen",
  "noData",
  "notStarted",
]);

/** In a page, it may be relative. */
const ADDRESS: Rule = {
  is: (value) =>
    /^(https?:\/\/.|(?![a-z][a-z\d+.-]*:).)/i.test(String(value)) && (TEXT.is(value) || value instanceof URL),
  allowed: "an http or https address",
};
const OPTIONS: Required<{ readonly [Option in keyof OnAirFeedOptions]: Rule }> = {
  token: {
    is: (value) => TEXT.is(value) || FUNCTION.is(value),
    allowed: "a non-empty string, or a function that returns one",
    isSecret: true,
  },
  onUpdate: FUNCTION,
  source: optional({ is: (value) => Array.isArray(Object(value).outputs), allowed: "a source of acrossChannels" }),
  onError: optional(FUNCTION),
};
const TOKEN: Rules = { token: { ...TEXT, isSecret: true } };
const UPDATE: Rules = {
  type: oneOf("onAir"),
  revision: { is: Number.isInteger, allowed: "an integer" },
  ended: FLAG,
  onAir: { is: (value) => typeof value === "object", allowed: "an object or null" },
};
const ON_AIR: Rules = { uid: UID };
const EVENT: Rules = { type: oneOf(...Object.keys(EVENTS)) };

/**
 * Follows which output a Worker with `steadymix/cloudflare` has put on air: by WebSocket, server-sent events or polling,
 * whichever connects. Reports to the Worker which outputs this viewer has lost.
 */
export class OnAirFeed {
  readonly #address: string;
  readonly #options: OnAirFeedOptions;
  /** The best one first. If one does not connect, as behind some proxies, the next one is tried. */
  readonly #transports: readonly Transport[] = [webSocket, serverSentEvents, polling()];
  #transport = this.#nextTo();
  /** The last transport that worked. */
  #good: Transport | undefined;
  #failures = 0;
  #revision = -1;
  #connection: Connection | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastReportAt = Number.NEGATIVE_INFINITY;
  /** The last `degraded` event, and whether it was reported to the Worker. */
  #degraded: Extract<ViewerEvent, { type: "degraded" }> | undefined;
  #isReported = false;
  #isClosed = false;

  /** `address`: the broadcast, `https://…/broadcasts/{id}`. Throws `INVALID_OPTIONS`. */
  constructor(address: string | Url, options: OnAirFeedOptions) {
    check("INVALID_OPTIONS", "", { address }, { address: ADDRESS });
    check("INVALID_OPTIONS", "options", options, OPTIONS, true);
    this.#address = String(address).replace(/\/$/, "");
    this.#options = options;
    void this.#connect();
  }

  /** Pass each event of the viewer: lost outputs are reported to the Worker, at most every 5 s. Throws `INVALID_SIGNAL`. */
  handle(event: ViewerEvent): void {
    check("INVALID_SIGNAL", "event", event, EVENT);
    check("INVALID_SIGNAL", `event ${event.type}`, event, EVENTS[event.type]);
    if (event.type === "degraded") {
      this.#degraded = event;
      this.#isReported = false;
      // With any other reason, the output may still recover.
      if (event.reason !== "left" && event.reason !== "unpublished") return;
    }
    // If no other output is healthy, there is no `switched`, only `allDown`.
    const loss = event.type === "allDown" ? this.#degraded : event;
    if (!loss || !("reason" in loss) || !REPORTED.has(loss.reason)) return;
    if (this.#isReported || this.#isClosed || performance.now() - this.#lastReportAt < REPORT_INTERVAL_MS) return;
    this.#lastReportAt = performance.now();
    this.#isReported = loss.type === "degraded";
    const id = "from" in loss ? loss.from : loss.uid;
    const output = this.#options.source?.outputs.find((other) => other.id === id);
    const report = JSON.stringify({ type: "gone", uid: output?.uid ?? id, channel: output?.channel });
    if (this.#connection?.send?.(report)) return;
    void this.#token()
      .then((token) => ask(`${this.#address}/reports`, token, { method: "POST", body: report }))
      .catch((error) => safely(() => this.#options.onError?.(error)));
  }

  /** Disconnects for good. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#connection?.close();
  }

  /** For `using`: calls `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #connect(): Promise<void> {
    try {
      const token = await this.#token();
      if (this.#isClosed) return;
      try {
        this.#connection = this.#transport.connect(this.#connected(token));
      } catch (error) {
        this.#leaveTransport();
        throw error;
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #connected(token: string): ConnectedFeed {
    return {
      address: this.#address,
      token,
      receive: (text) => {
        this.#receive(text);
        this.#good = this.#transport;
        this.#failures = 0;
      },
      lost: (reason, wasOpen) => {
        this.#connection = undefined;
        if (!wasOpen) this.#leaveTransport();
        this.#failed(typeof reason === "string" ? new Error(`${this.#address} ${reason}`) : reason);
      },
      ended: (next) => {
        this.#connection = undefined;
        if (next?.isBestTried) this.#transport = this.#nextTo();
        this.#connectIn(next?.delayMs ?? delayAfter(0));
      },
    };
  }

  /** This transport did not connect. One that has worked before is left only after repeated failures. */
  #leaveTransport(): void {
    if (this.#transport !== this.#good || this.#failures >= RECONNECT_DELAYS_MS.length)
      this.#transport = this.#nextTo(this.#transport);
  }

  /** The next available transport; after the last one, the best one. */
  #nextTo(transport?: Transport): Transport {
    const others = this.#transports.slice(transport ? this.#transports.indexOf(transport) + 1 : 0);
    return others.find((other) => other.isAvailable()) ?? this.#nextTo();
  }

  #receive(text: string): void {
    // A response may arrive after `close()`.
    if (this.#isClosed) return;
    const update = JSON.parse(text) as OnAirUpdate;
    check("INVALID_SIGNAL", "update", update, UPDATE);
    if (update.onAir) check("INVALID_SIGNAL", "update.onAir", update.onAir, ON_AIR);
    if (update.revision <= this.#revision) return;
    this.#revision = update.revision;
    if (update.ended) this.close();
    safely(() => this.#options.onUpdate(update));
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    this.#connectIn(delayAfter(this.#failures));
    this.#failures += 1;
    safely(() => this.#options.onError?.(error));
  }

  #connectIn(delayMs: number): void {
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#connect(), delayMs);
  }

  async #token(): Promise<string> {
    const { token: given } = this.#options;
    const token = typeof given === "string" ? given : await given();
    check("INVALID_OPTIONS", "token()", { token }, TOKEN);
    return token;
  }
}

function delayAfter(failures: number): number {
  const delayMs = RECONNECT_DELAYS_MS[Math.min(failures, RECONNECT_DELAYS_MS.length - 1)] ?? 0;
  return delayMs * (1 + Math.random());
}
