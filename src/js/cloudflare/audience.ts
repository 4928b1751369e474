import { isOf } from "./input.js";
import type { OnAirUpdate, ViewerReport } from "./routes.js";
import { viewerReport } from "./schema.js";
import type { ViewerGrant } from "./viewerTokens.js";

const HEARTBEAT_MS = 25_000;
/** A stream is aborted if its client reads nothing for this long. */
const STREAM_TIMEOUT_MS = 10_000;
/** Expired connections are closed at most this often. */
const EXPIRY_INTERVAL_MS = 5_000;
/** A count is cached for this long. Then it is taken again, because a lost connection may have gone unnoticed. */
const COUNT_INTERVAL_MS = 10_000;
const MAX_REPORT_CHARS = 200;
const MAX_REPORTS_PER_MINUTE = 20;
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;
/** As registered with IANA. The client may connect again with another token. */
const UNAUTHORIZED = 3000;
/** In a request to an object: the `ViewerGrant` as JSON. Without it there are no limits. */
const GRANT_HEADER = "x-steadymix-grant";

/** Stored with each WebSocket, also while the object hibernates. */
interface Attachment {
  expiresAt: number;
  /** The minute of the last report, and the number of reports in it. */
  minute: number;
  reports: number;
}

interface Stream {
  writer: WritableStreamDefaultWriter<Uint8Array>;
  tokenId: string | undefined;
  expiresAt: number;
  /** The number of writes that the client has not read yet, and since when there have been any. */
  pendingWrites: number;
  pendingSince: number;
}

/** A copy of the request that carries the viewer's grant. */
export function withGrant(request: Request, grant: ViewerGrant): Request {
  const granted = new Request(request);
  granted.headers.set(GRANT_HEADER, JSON.stringify(grant));
  return granted;
}

/**
 * The viewers that are connected to one object: by WebSocket, which lets it hibernate, or by server-sent events. A
 * connection lasts until its token expires or the broadcast ends.
 */
export class Audience {
  readonly #ctx: DurableObjectState;
  readonly #streams = new Set<Stream>();
  /** A cached count, because listing the WebSockets is slow. `undefined`: count again. */
  #sockets: { count: number; nextExpiryAt: number; countedAt: number } | undefined;
  /** The WebSockets that this object has closed. They are no longer counted, although the client may not have answered yet. */
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

  /** When to call `closeExpired` (ms since the epoch); `Infinity`: never. */
  get nextCloseAt(): number {
    const streams = [...this.#streams].map(({ expiresAt }) => expiresAt);
    const next = Math.min(this.#counted().nextExpiryAt, ...streams);
    return Math.max(next, this.#expiredAt + EXPIRY_INTERVAL_MS);
  }

  /** Connects a viewer and sends it the update. Answers 429 if its token already has `maxPerToken` connections. */
  connect(request: Request, update: OnAirUpdate, maxPerToken: number): Response {
    const header = request.headers.get(GRANT_HEADER);
    const grant: Partial<ViewerGrant> = header === null ? {} : JSON.parse(header);
    const { tokenId, expiresAt = Number.POSITIVE_INFINITY } = grant;
    if (tokenId !== undefined && this.#connectionsOf(tokenId) >= maxPerToken)
      return new Response(null, { status: 429 });
    if (request.headers.get("upgrade")?.toLowerCase() === "websocket")
      return this.#connectSocket(update, tokenId, expiresAt);
    // An EventSource reconnects until it gets a 204.
    if (update.ended && request.headers.get("last-event-id") === String(update.revision))
      return new Response(null, { status: 204 });
    return this.#connectStream(update, tokenId, expiresAt);
  }

  /** Sends the update to all viewers, and disconnects them if the broadcast has ended. */
  send(update: OnAirUpdate): void {
    const text = JSON.stringify(update);
    for (const socket of this.#ctx.getWebSockets()) {
      try {
        socket.send(text);
      } catch {
        // Already disconnected: the runtime calls `webSocketClose`.
      }
      if (update.ended) this.#closeEnded(socket);
    }
    const event = sse(update);
    for (const stream of this.#streams) {
      this.#write(stream, event);
      if (update.ended) this.#closeStream(stream);
    }
  }

  /** Closes the connections whose token has expired by `now` (ms since the epoch). */
  closeExpired(now: number): void {
    for (const stream of this.#streams) if (stream.expiresAt <= now) this.#closeStream(stream);
    if (this.#counted().nextExpiryAt > now) return;
    this.#expiredAt = now;
    for (const socket of this.#ctx.getWebSockets())
      if (attachmentOf(socket).expiresAt <= now)
        this.#closeSocket(socket, UNAUTHORIZED, "the viewer token has expired");
    this.#sockets = undefined;
  }

  /** Reads a viewer's report. A viewer that sends anything else, or too many reports, is disconnected. */
  read(socket: WebSocket, message: string | ArrayBuffer): ViewerReport | undefined {
    const attachment = attachmentOf(socket);
    const minute = Math.floor(Date.now() / 60_000);
    const reports = attachment.minute === minute ? attachment.reports + 1 : 1;
    attach(socket, { ...attachment, minute, reports });
    const report = typeof message === "string" && message.length <= MAX_REPORT_CHARS ? parseReport(message) : undefined;
    if (!report) this.#closeSocket(socket, UNSUPPORTED_DATA, 'send "ping", or {"type":"gone","uid":…}');
    else if (reports > MAX_REPORTS_PER_MINUTE) this.#closeSocket(socket, POLICY_VIOLATION, "too many reports");
    else return report;
    return undefined;
  }

  /** A viewer disconnected. */
  close(socket: WebSocket): void {
    this.#closeSocket(socket, NORMAL_CLOSURE);
  }

  /** Discards the cached count, which may include the connection that was lost. */
  connectionLost(): void {
    this.#sockets = undefined;
  }

  #connectSocket(update: OnAirUpdate, tokenId: string | undefined, expiresAt: number): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    const sockets = this.#counted();
    this.#ctx.acceptWebSocket(server, tokenId === undefined ? [] : [tokenId]);
    attach(server, { expiresAt, minute: 0, reports: 0 });
    sockets.count += 1;
    sockets.nextExpiryAt = Math.min(sockets.nextExpiryAt, expiresAt);
    server.send(JSON.stringify(update));
    if (update.ended) this.#closeEnded(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  #connectStream(update: OnAirUpdate, tokenId: string | undefined, expiresAt: number): Response {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const stream: Stream = { writer: writable.getWriter(), tokenId, expiresAt, pendingWrites: 0, pendingSince: 0 };
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
    if (this.#sockets && Math.abs(now - this.#sockets.countedAt) < COUNT_INTERVAL_MS) return this.#sockets;
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
      // Already disconnected.
    }
  }

  #beat(now: number): void {
    for (const stream of this.#streams) {
      if (stream.pendingWrites > 0 && now - stream.pendingSince >= STREAM_TIMEOUT_MS) this.#abort(stream);
      else this.#write(stream, HEARTBEAT);
    }
  }

  #write(stream: Stream, bytes: Uint8Array): void {
    this.#track(stream, stream.writer.write(bytes));
  }

  /** Closes the stream after its pending writes, and only once. If its client reads nothing, the heartbeat aborts it. */
  #closeStream(stream: Stream): void {
    stream.expiresAt = Number.POSITIVE_INFINITY;
    this.#track(stream, stream.writer.close());
  }

  #track(stream: Stream, written: Promise<void>): void {
    if (stream.pendingWrites === 0) stream.pendingSince = Date.now();
    stream.pendingWrites += 1;
    // A write that fails while the stream is closing does not drop it: `closed` does.
    written
      .catch(() => {})
      .finally(() => {
        stream.pendingWrites -= 1;
      });
  }

  #abort(stream: Stream): void {
    this.#drop(stream);
    stream.writer.abort(new Error("the client reads nothing")).catch(() => {});
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
