/// <reference lib="esnext.disposable" preserve="true" />
import type { Url } from "../platform.js";
import { UNCACHED } from "../uncached.js";
import type { ChannelsSource } from "./channels.js";
import { check, FLAG, FUNCTION, oneOf, optional, type Rule, type Rules, TEXT, UID } from "./check.js";
import { safely } from "./report.js";
import { EVENTS } from "./tables.js";
import type { SwitchReason, Uid, ViewerEvent } from "./types.js";

/** What the Worker says of a broadcast. */
export interface OnAirWord {
  /** Always `onAir`. */
  type: "onAir";
  /** Grows with every change. */
  word: number;
  /** What to watch; `null`: nothing is known to run. */
  onAir: { lane: string; channel: string; uid: Uid } | null;
  /** The broadcast has ended for good: nothing follows. */
  over: boolean;
}

/** Settings of a feed. */
export interface OnAirFeedOptions {
  /** A viewer token of the broadcast; asked for anew for each connection, as it expires. */
  token: string | (() => string | Promise<string>);
  /** Takes each change; above all `({ onAir }) => onAir && viewer.tell({ type: "onAir", uid: onAir.uid })`. */
  onWord: (word: OnAirWord) => void;
  /** With `acrossChannels`, its source: reports name the output by its uid and channel then. */
  source?: Pick<ChannelsSource, "outputs">;
  /** Takes what keeps it from being connected. It tries again by itself. Default: nothing is done. */
  onError?: (error: unknown) => void;
}

/** Waits before it connects again; the last repeats. Each is up to twice as long, so that viewers do not come together. */
const AGAIN_MS = [500, 1_000, 2_000, 5_000, 10_000, 20_000];
const POLL_MS = 3_000;
const POLLS_BEFORE_BETTER = 20;
/** Less often than from polling: events that come are cut off for it. */
const STREAM_BEFORE_BETTER_MS = 300_000;
const PING_MS = 30_000;
const REPORT_SPACING_MS = 5_000;
/** One that does not open in this time does not open, and one that does not answer a ping in it is lost. */
const OPENS_MS = 10_000;

/** The Worker closes a socket with this code when its token has expired, which is no failure. */
const EXPIRED = 3000;

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
  onWord: FUNCTION,
  source: optional({ is: (value) => Array.isArray(Object(value).outputs), allowed: "what acrossChannels gives" }),
  onError: optional(FUNCTION),
};
const TOKEN: Rules = { token: { ...TEXT, isSecret: true } };
const WORD: Rules = {
  type: oneOf("onAir"),
  word: { is: Number.isInteger, allowed: "an integer" },
  over: FLAG,
  onAir: { is: (value) => typeof value === "object", allowed: "an object or null" },
};
const ON_AIR: Rules = { uid: UID };
const EVENT: Rules = { type: oneOf(...Object.keys(EVENTS)) };

type Way = "socket" | "stream" | "polling";
/** Where one does not get through, as behind some proxies, the next one is tried. */
const NEXT: Record<Way, Way> = { socket: "stream", stream: "polling", polling: "socket" };
/** React Native has no `EventSource`, older versions of Node have neither. */
const NEEDS = { socket: "WebSocket", stream: "EventSource" };

function nextTo(way: Way): Way {
  const next = NEXT[way];
  return next === "polling" || NEEDS[next] in globalThis ? next : nextTo(next);
}

/**
 * Follows what a Worker with `steadymix/cloudflare` says is on air, by WebSocket, server-sent events, or polling, whichever
 * gets through; and tells it when this viewer finds an output gone.
 */
export class OnAirFeed {
  readonly #address: string;
  readonly #options: OnAirFeedOptions;
  #way = nextTo("polling");
  /** The way that led there last. */
  #good: Way | undefined;
  #failures = 0;
  #polls = 0;
  #word = -1;
  #socket: WebSocket | undefined;
  #end: () => void = () => {};
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
    const socket = this.#socket;
    // `WebSocket` itself may not exist.
    if (socket && socket.readyState === socket.OPEN) socket.send(report);
    else
      void this.#token()
        .then((token) => this.#ask("reports", token, { method: "POST", body: report }))
        .catch((error) => safely(() => this.#options.onError?.(error)));
  }

  /** Disconnects, and does not connect again. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#end();
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
        if (this.#way === "polling") await this.#poll(token);
        else this.#open(this.#way, token);
      } catch (error) {
        this.#leave();
        throw error;
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  async #poll(token: string): Promise<void> {
    const answer = await this.#ask("on-air", token);
    this.#take(await answer.text());
    this.#works();
    // Something better may get through by now.
    this.#polls += 1;
    if (this.#polls % POLLS_BEFORE_BETTER === 0) this.#way = nextTo("polling");
    this.#after(POLL_MS);
  }

  #open(way: "socket" | "stream", token: string): void {
    const address = `${this.#address}/watch?token=${encodeURIComponent(token)}`;
    const socket = way === "socket" ? new WebSocket(address.replace(/^http/, "ws")) : undefined;
    const source = socket ?? new EventSource(address);
    let isOpen = false;
    let pings: ReturnType<typeof setInterval> | undefined;
    let patience = setTimeout(() => lost("cannot be reached"), OPENS_MS);
    const end = () => {
      clearTimeout(patience);
      clearInterval(pings);
      source.onmessage = source.onerror = null;
      if (socket) socket.onclose = null;
      source.close();
      this.#socket = undefined;
    };
    const lost = (how: string, cause?: unknown) => {
      end();
      if (!isOpen) this.#leave();
      this.#failed(cause ?? new Error(`${this.#address} ${how} by ${way}`));
    };
    this.#end = end;
    source.onmessage = ({ data }: MessageEvent) => {
      if (!isOpen || socket) clearTimeout(patience);
      // As from polling: the socket may get through by now.
      if (!isOpen && way === "stream")
        patience = setTimeout(() => {
          end();
          this.#way = nextTo("polling");
          void this.#connect();
        }, STREAM_BEFORE_BETTER_MS);
      isOpen = true;
      try {
        if (data !== "pong") this.#take(String(data));
        this.#works();
      } catch (error) {
        lost("", error);
      }
    };
    const broken = () => lost("was lost");
    source.onerror = broken;
    if (socket) {
      this.#socket = socket;
      socket.onclose = ({ code }) => {
        if (code !== EXPIRED) return lost("was closed");
        end();
        this.#again(0);
      };
      // Proxies cut what is silent; and where the network has changed, nothing but the missing answer says so.
      pings = setInterval(() => {
        if (socket.readyState !== socket.OPEN) return;
        socket.send("ping");
        patience = setTimeout(broken, OPENS_MS);
      }, PING_MS);
    }
  }

  #works(): void {
    this.#good = this.#way;
    this.#failures = 0;
  }

  /** This way did not lead there. One that did before is lost with the network, unless that goes on. */
  #leave(): void {
    if (this.#way !== this.#good || this.#failures >= AGAIN_MS.length) this.#way = nextTo(this.#way);
  }

  #take(text: string): void {
    // An answer may have been on its way.
    if (this.#isClosed) return;
    const word = JSON.parse(text) as OnAirWord;
    check("INVALID_SIGNAL", "word", word, WORD);
    if (word.onAir) check("INVALID_SIGNAL", "word.onAir", word.onAir, ON_AIR);
    if (word.word <= this.#word) return;
    this.#word = word.word;
    if (word.over) this.close();
    safely(() => this.#options.onWord(word));
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return;
    this.#again(this.#failures);
    this.#failures += 1;
    safely(() => this.#options.onError?.(error));
  }

  #again(failures: number): void {
    this.#after((AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)] ?? 0) * (1 + Math.random()));
  }

  #after(ms: number): void {
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#connect(), ms);
  }

  async #token(): Promise<string> {
    const { token: given } = this.#options;
    const token = typeof given === "string" ? given : await given();
    check("INVALID_CONFIG", "token()", { token }, TOKEN);
    return token;
  }

  async #ask(route: string, token: string, init: RequestInit = {}): Promise<Response> {
    const [url, headers] = [`${this.#address}/${route}`, { authorization: `Bearer ${token}` }];
    // React Native has no `timeout`.
    const answer = await fetch(url, { ...init, ...UNCACHED, headers, signal: AbortSignal.timeout?.(OPENS_MS) });
    if (!answer.ok) throw new Error(`${url} was answered ${answer.status}`);
    return answer;
  }
}
