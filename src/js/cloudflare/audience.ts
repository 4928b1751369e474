import { isOf } from "./input.js";
import type { OnAirUpdate, ViewerReport } from "./routes.js";
import { viewerReport } from "./schema.js";
import type { ViewerGrant } from "./viewerTokens.js";

const HEARTBEAT_MS = 25_000;
/** A stream whose client takes nothing for so long is lost. */
const STREAM_TIMEOUT_MS = 10_000;
/** Connections whose token has expired are looked for at most this often. */
const EXPIRY_INTERVAL_MS = 5_000;
/** The connections are counted anew after so long, whatever went uncounted. */
const COUNT_LASTS_MS = 10_000;
const REPORT_CHARS = 200;
/** A viewer that says more than this in a minute is thrown out. */
const REPORTS_A_MINUTE = 20;
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;
/** As IANA has registered it: a client may connect again with another token. */
const UNAUTHORIZED = 3000;
/** In a request to an object: what the viewer's token allows, as JSON. Without it there is no limit. */
const GRANT_HEADER = "x-steadymix-grant";

/** Kept with each WebSocket, while the object sleeps too. */
interface Attachment {
  expiresAt: number;
  /** Of the reports: the minute, and how many there were in it. */
  minute: number;
  times: number;
}

interface Stream {
  writer: WritableStreamDefaultWriter<Uint8Array>;
  tokenId: string | undefined;
  expiresAt: number;
  /** Writes that the client has not taken yet, and since when there are any. */
  untaken: number;
  untakenSince: number;
}

/** The request, with what the viewer's token allows. */
export function withGrant(request: Request, grant: ViewerGrant): Request {
  const granted = new Request(request);
  granted.headers.set(GRANT_HEADER, JSON.stringify(grant));
  return granted;
}

/**
 * The viewers that are connected to one object: by WebSocket, which lets it sleep, or by server-sent events. A connection
 * lasts until its token expires, or the broadcast has ended.
 */
export class Audience {
  readonly #ctx: DurableObjectState;
  readonly #streams = new Set<Stream>();
  /** Not known after this object slept, or a connection broke: to list the WebSockets takes a while. */
  #sockets: { count: number; nextExpiryAt: number; countedAt: number } | undefined;
  /** Closed from here: they are not counted any more, though the other side has not answered yet. */
  readonly #closed = new WeakSet<WebSocket>();
  #expiredAt = Number.NEGATIVE_INFINITY;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  get size(): number {
    return this.#counted().count + this.#streams.size;
  }

  /** When `closeExpired` is to be called, ms since the epoch; `Infinity`: there is no need to. */
  get closesNextAt(): number {
    const streams = [...this.#streams].map(({ expiresAt }) => expiresAt);
    const next = Math.min(this.#counted().nextExpiryAt, ...streams);
    return Math.max(next, this.#expiredAt + EXPIRY_INTERVAL_MS);
  }

  /** Connects whoever asks, and tells how things are; 429 if the token has `maxPerToken` connections already. */
  connect(request: Request, update: OnAirUpdate, maxPerToken: number): Response {
    const header = request.headers.get(GRANT_HEADER);
    const grant: Partial<ViewerGrant> = header === null ? {} : JSON.parse(header);
    const { tokenId, expiresAt = Number.POSITIVE_INFINITY } = grant;
    if (tokenId !== undefined && this.#connectionsOf(tokenId) >= maxPerToken)
      return new Response(null, { status: 429 });
    if (request.headers.get("upgrade")?.toLowerCase() === "websocket")
      return this.#connectSocket(update, tokenId, expiresAt);
    // An EventSource connects again until it is told that there is nothing to come.
    if (update.ended && request.headers.get("last-event-id") === String(update.revision))
      return new Response(null, { status: 204 });
    return this.#connectStream(update, tokenId, expiresAt);
  }

  tell(update: OnAirUpdate): void {
    const text = JSON.stringify(update);
    for (const socket of this.#ctx.getWebSockets()) {
      try {
        socket.send(text);
      } catch {
        // It is gone, and about to be closed.
      }
      if (update.ended) this.#closeEnded(socket);
    }
    const event = sse(update);
    for (const stream of this.#streams) {
      this.#write(stream, event);
      if (update.ended) this.#closeStream(stream);
    }
  }

  /** Closes the connections whose token has expired by `now`, in ms since the epoch. */
  closeExpired(now: number): void {
    for (const stream of this.#streams) if (stream.expiresAt <= now) this.#closeStream(stream);
    if (this.#counted().nextExpiryAt > now) return;
    this.#expiredAt = now;
    for (const socket of this.#ctx.getWebSockets())
      if (attachmentOf(socket).expiresAt <= now)
        this.#closeSocket(socket, UNAUTHORIZED, "the viewer token has expired");
    this.#sockets = undefined;
  }

  /** Reads what a viewer says; one that says nonsense, or too much, is thrown out. */
  read(socket: WebSocket, message: string | ArrayBuffer): ViewerReport | undefined {
    const said = attachmentOf(socket);
    const minute = Math.floor(Date.now() / 60_000);
    const times = said.minute === minute ? said.times + 1 : 1;
    attach(socket, { ...said, minute, times });
    const report = typeof message === "string" && message.length <= REPORT_CHARS ? parseReport(message) : undefined;
    if (!report) this.#closeSocket(socket, UNSUPPORTED_DATA, 'say "ping", or {"type":"gone","uid":…}');
    else if (times > REPORTS_A_MINUTE) this.#closeSocket(socket, POLICY_VIOLATION, "too many reports");
    else return report;
    return undefined;
  }

  /** A viewer has gone. */
  close(socket: WebSocket): void {
    this.#closeSocket(socket, NORMAL_CLOSURE);
  }

  /** The connection to a viewer broke. */
  broke(): void {
    this.#sockets = undefined;
  }

  #connectSocket(update: OnAirUpdate, tokenId: string | undefined, expiresAt: number): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    const sockets = this.#counted();
    this.#ctx.acceptWebSocket(server, tokenId === undefined ? [] : [tokenId]);
    attach(server, { expiresAt, minute: 0, times: 0 });
    sockets.count += 1;
    sockets.nextExpiryAt = Math.min(sockets.nextExpiryAt, expiresAt);
    server.send(JSON.stringify(update));
    if (update.ended) this.#closeEnded(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  #connectStream(update: OnAirUpdate, tokenId: string | undefined, expiresAt: number): Response {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const stream: Stream = { writer: writable.getWriter(), tokenId, expiresAt, untaken: 0, untakenSince: 0 };
    this.#streams.add(stream);
    stream.writer.closed.catch(() => {}).finally(() => this.#drop(stream));
    this.#heartbeat ??= setInterval(() => this.#beat(Date.now()), HEARTBEAT_MS);
    this.#write(stream, sse(update));
    if (update.ended) this.#closeStream(stream);
    return new Response(readable, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  }

  #connectionsOf(tokenId: string): number {
    const sockets = this.#ctx.getWebSockets(tokenId).filter(isOpen).length;
    return sockets + [...this.#streams].filter((stream) => stream.tokenId === tokenId).length;
  }

  #counted() {
    const now = Date.now();
    if (this.#sockets && Math.abs(now - this.#sockets.countedAt) < COUNT_LASTS_MS) return this.#sockets;
    const sockets = this.#ctx.getWebSockets().filter(isOpen);
    const nextExpiryAt = sockets.reduce(
      (next, socket) => Math.min(next, attachmentOf(socket).expiresAt),
      Number.POSITIVE_INFINITY,
    );
    this.#sockets = { count: sockets.length, nextExpiryAt, countedAt: now };
    return this.#sockets;
  }

  #closeEnded(socket: WebSocket): void {
    this.#closeSocket(socket, NORMAL_CLOSURE, "the broadcast has ended");
  }

  #closeSocket(socket: WebSocket, code: number, reason?: string): void {
    if (this.#sockets && !this.#closed.has(socket)) this.#sockets.count = Math.max(0, this.#sockets.count - 1);
    this.#closed.add(socket);
    try {
      socket.close(code, reason);
    } catch {
      // It is gone.
    }
  }

  #beat(now: number): void {
    for (const stream of this.#streams) {
      if (stream.untaken > 0 && now - stream.untakenSince >= STREAM_TIMEOUT_MS) this.#abort(stream);
      else this.#write(stream, HEARTBEAT);
    }
  }

  #write(stream: Stream, bytes: Uint8Array): void {
    this.#taken(stream, stream.writer.write(bytes));
  }

  /** After what was written before. One that takes nothing is dropped by the heartbeat, and until then expires no more. */
  #closeStream(stream: Stream): void {
    stream.expiresAt = Number.POSITIVE_INFINITY;
    this.#taken(stream, stream.writer.close());
  }

  #taken(stream: Stream, written: Promise<void>): void {
    if (stream.untaken === 0) stream.untakenSince = Date.now();
    stream.untaken += 1;
    // What fails because it is being closed is no reason to forget it before it is.
    written
      .catch(() => {})
      .finally(() => {
        stream.untaken -= 1;
      });
  }

  #abort(stream: Stream): void {
    this.#drop(stream);
    stream.writer.abort(new Error("the client takes nothing")).catch(() => {});
  }

  #drop(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0 || this.#heartbeat === undefined) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}

function parseReport(text: string): ViewerReport | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isOf(viewerReport, json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function isOpen({ readyState }: WebSocket): boolean {
  return readyState === WebSocket.OPEN;
}

function attachmentOf(socket: WebSocket): Attachment {
  return socket.deserializeAttachment() as Attachment;
}

function attach(socket: WebSocket, attachment: Attachment): void {
  socket.serializeAttachment(attachment);
}

const encoder = new TextEncoder();
const HEARTBEAT = encoder.encode(":\n\n");

function sse(update: OnAirUpdate): Uint8Array {
  return encoder.encode(`id: ${update.revision}\ndata: ${JSON.stringify(update)}\n\n`);
}
