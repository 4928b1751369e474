import type { OnAir, Uid } from "../types.js";

/** What viewers are told. */
export interface OnAirWord {
  /** Always `onAir`. */
  type: "onAir";
  /** Grows with every change; one that is not greater than the last is old news. */
  word: number;
  /** What to watch; `null`: nothing is known to run. */
  onAir: OnAir | null;
  /** The broadcast has ended for good. */
  over: boolean;
}

/** What a viewer may say: the output that it should watch does not come. */
export interface ViewerReport {
  /** Always `gone`. */
  type: "gone";
  /** Of the output. */
  uid: Uid;
}

const HEARTBEAT_MS = 25_000;
const REPORT_CHARS = 200;
/** A viewer that says more than this in a minute is thrown out. */
const REPORTS_A_MINUTE = 20;
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;

/** The viewers that are connected to one object: by WebSocket, which lets it sleep, or by server-sent events. */
export class Audience {
  readonly #ctx: DurableObjectState;
  readonly #streams = new Set<WritableStreamDefaultWriter<Uint8Array>>();
  /** How many there are; not known after this object slept, or one of them broke. To list them takes a while. */
  #sockets: number | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  get size(): number {
    this.#sockets ??= this.#ctx.getWebSockets().length;
    return this.#sockets + this.#streams.size;
  }

  /** Connects whoever asks, and tells how things are. */
  connect(request: Request, word: OnAirWord): Response {
    return request.headers.get("upgrade")?.toLowerCase() === "websocket"
      ? this.#connectSocket(word)
      : this.#connectStream(word);
  }

  tell(word: OnAirWord): void {
    const text = JSON.stringify(word);
    for (const socket of this.#ctx.getWebSockets()) {
      try {
        socket.send(text);
      } catch {
        // It is gone, and about to be closed.
      }
    }
    const event = sse(text);
    for (const stream of this.#streams) this.#write(stream, event);
  }

  /** Reads what a viewer says; one that says nonsense, or too much, is thrown out. */
  read(socket: WebSocket, message: string | ArrayBuffer): ViewerReport | undefined {
    const said = socket.deserializeAttachment() as { minute: number; times: number } | null;
    const minute = Math.floor(Date.now() / 60_000);
    const times = said?.minute === minute ? said.times + 1 : 1;
    socket.serializeAttachment({ minute, times });
    const report = typeof message === "string" && message.length <= REPORT_CHARS ? parseReport(message) : undefined;
    if (!report) socket.close(UNSUPPORTED_DATA, 'say "ping", or {"type":"gone","uid":…}');
    else if (times > REPORTS_A_MINUTE) socket.close(POLICY_VIOLATION, "too many reports");
    else return report;
    return undefined;
  }

  /** A viewer has gone. */
  close(socket: WebSocket): void {
    if (this.#sockets !== undefined) this.#sockets -= 1;
    socket.close(NORMAL_CLOSURE);
  }

  /** The connection to a viewer broke. */
  broke(): void {
    this.#sockets = undefined;
  }

  #connectSocket(word: OnAirWord): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    if (this.#sockets !== undefined) this.#sockets += 1;
    server.send(JSON.stringify(word));
    return new Response(null, { status: 101, webSocket: client });
  }

  #connectStream(word: OnAirWord): Response {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const stream = writable.getWriter();
    this.#streams.add(stream);
    stream.closed.catch(() => {}).finally(() => this.#drop(stream));
    this.#write(stream, sse(JSON.stringify(word)));
    this.#heartbeat ??= setInterval(() => {
      for (const stream of this.#streams) this.#write(stream, encoder.encode(":\n\n"));
    }, HEARTBEAT_MS);
    return new Response(readable, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  }

  #write(stream: WritableStreamDefaultWriter<Uint8Array>, bytes: Uint8Array): void {
    stream.write(bytes).catch(() => this.#drop(stream));
  }

  #drop(stream: WritableStreamDefaultWriter<Uint8Array>): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0 || this.#heartbeat === undefined) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}

export function parseReport(text: string): ViewerReport | undefined {
  try {
    const { type, uid } = JSON.parse(text) as Partial<ViewerReport>;
    const isUid = Number.isInteger(uid) && Number(uid) > 0 && Number(uid) <= 0xffff_ffff;
    return type === "gone" && isUid ? { type, uid: Number(uid) } : undefined;
  } catch {
    return undefined;
  }
}

const encoder = new TextEncoder();

function sse(text: string): Uint8Array {
  return encoder.encode(`data: ${text}\n\n`);
}
