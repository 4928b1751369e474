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

/** Settings of a feed. */
export interface OnAirFeedOptions {
  /** A viewer token of the broadcast; asked for anew for each connection, as it expires. */
  token: string | (() => string | Promise<string>);
  /** Takes each change; above all `({ onAir }) => onAir && viewer.tell({ type: "onAir", uid: onAir.uid })`. */
  onUpdate: (update: OnAirUpdate) => void;
  /** With `acrossChannels`, its source: reports name the output by its uid and channel then. */
  source?: Pick<ChannelsSource, "outputs">;
  /** Takes what keeps it from being connected. It tries again by itself. Default: nothing is done. */
  onError?: (error: unknown) => void;
}

/** Delays before it connects again; the last repeats. Each is up to twice as long, so that viewers do not come together. */
const RECONNECT_DELAYS_MS = [500, 1_000, 2_000, 5_000, 10_000, 20_000];
const REPORT_SPACING_MS = 5_000;

/** What a viewer cannot see in another's stead, or says nothing of the output. */
const REPORTED: ReadonlySet<SwitchReason> = new Set<SwitchReason>([
  "left",
  "unpublished",
  "frozen",
  "dead",
  "notStarted",
]);

/** Relative ones, where there is a page, too. */
const ADDRESS: Rule = {
  is: (value) =>
    /^(https?:\/\/.|(?![a-z][a-z\d+.-]*:).)/i.test(String(value)) && (TEXT.is(value) || value instanceof URL),
  allowed: "an http or https address",
};
const OPTIONS: Required<{ readonly [Option in keyof OnAirFeedOptions]: Rule }> = {
  token: {
    is: (value) => TEXT.is(value) || FUNCTION.is(value),
    allowed: "a non-empty string, or a function that gives one",
    isSecret: true,
  },
  onUpdate: FUNCTION,
  source: optional({ is: (value) => Array.isArray(Object(value).outputs), allowed: "what acrossChannels gives" }),
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
 * Follows what a Worker with `steadymix/cloudflare` says is on air, by WebSocket, server-sent events, or polling, whichever
 * gets through; and tells it when this viewer finds an output gone.
 */
export class OnAirFeed {
  readonly #address: string;
  readonly #options: OnAirFeedOptions;
  /** The best first: where one does not get through, as behind some proxies, the next one is tried. */
  readonly #transports: readonly Transport[] = [webSocket, serverSentEvents, polling()];
  #transport = this.#nextTo();
  /** The transport that worked last. */
  #good: Transport | undefined;
  #failures = 0;
  #revision = -1;
  #connection: Connection | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastReportAt = Number.NEGATIVE_INFINITY;
  /** How it was told that the output that is shown is not well; and whether that is reported already. */
  #unwell: Extract<ViewerEvent, { type: "degraded" }> | undefined;
  #isReported = false;
  #isClosed = false;

  /** `address` is the broadcast's: `https://…/broadcasts/{id}`. Throws `INVALID_CONFIG`. */
  constructor(address: string | Url, options: OnAirFeedOptions) {
    check("INVALID_CONFIG", "", { address }, { address: ADDRESS });
    check("INVALID_CONFIG", "options", options, OPTIONS, true);
    this.#address = String(address).replace(/\/$/, "");
    this.#options = options;
    void this.#connect();
  }

  /** Hand in each event of the viewer's: an output that it finds gone is reported, now and then. Throws `INVALID_SIGNAL`. */
  take(event: ViewerEvent): void {
    check("INVALID_SIGNAL", "event", event, EVENT);
    check("INVALID_SIGNAL", `event ${event.type}`, event, EVENTS[event.type]);
    if (event.type === "degraded") {
      this.#unwell = event;
      this.#isReported = false;
      // Anything else may pass.
      if (event.reason !== "left" && event.reason !== "unpublished") return;
    }
    // While there is no other output, nothing is switched.
    const found = event.type === "bothDown" ? this.#unwell : event;
    if (!found || !("reason" in found) || !REPORTED.has(found.reason)) return;
    if (this.#isReported || this.#isClosed || performance.now() - this.#lastReportAt < REPORT_SPACING_MS) return;
    this.#lastReportAt = performance.now();
    this.#isReported = found.type === "degraded";
    const id = "from" in found ? found.from : found.uid;
    const output = this.#options.source?.outputs.find((other) => other.id === id);
    const report = JSON.stringify({ type: "gone", uid: output?.uid ?? id, channel: output?.channel });
    if (this.#connection?.send?.(report)) return;
    void this.#token()
      .then((token) => ask(`${this.#address}/reports`, token, { method: "POST", body: report }))
      .catch((error) => safely(() => this.#options.onError?.(error)));
  }

  /** Disconnects, and does not connect again. */
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
        this.#leave();
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
      take: (text) => {
        this.#take(text);
        this.#good = this.#transport;
        this.#failures = 0;
      },
      lost: (cause, wasOpen) => {
        this.#connection = undefined;
        if (!wasOpen) this.#leave();
        this.#failed(typeof cause === "string" ? new Error(`${this.#address} ${cause}`) : cause);
      },
      ended: (next) => {
        this.#connection = undefined;
        if (next?.isBestTried) this.#transport = this.#nextTo();
        this.#connectIn(next?.delayMs ?? delayAfter(0));
      },
    };
  }

  /** This transport did not get through. One that did before is lost with the network, unless that goes on. */
  #leave(): void {
    if (this.#transport !== this.#good || this.#failures >= RECONNECT_DELAYS_MS.length)
      this.#transport = this.#nextTo(this.#transport);
  }

  /** The next transport that the runtime has; the best one, if this was the last. */
  #nextTo(transport?: Transport): Transport {
    const others = this.#transports.slice(transport ? this.#transports.indexOf(transport) + 1 : 0);
    return others.find((other) => other.isAvailable()) ?? this.#nextTo();
  }

  #take(text: string): void {
    // An answer may have been on its way.
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
    check("INVALID_CONFIG", "token()", { token }, TOKEN);
    return token;
  }
}

function delayAfter(failures: number): number {
  const delayMs = RECONNECT_DELAYS_MS[Math.min(failures, RECONNECT_DELAYS_MS.length - 1)] ?? 0;
  return delayMs * (1 + Math.random());
}
