/** The emulated service as an HTTP server. The first segment of a path is the domain. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Command, type Delivery, Emulator, type Profile, type Reply } from "steadymix/emulator";

export interface ServerOptions {
  /** 0 for any free port. */
  port?: number;
  /** The speed of its clock relative to real time. */
  speed?: number;
  profile?: Profile;
  /** The URL for notifications. */
  webhook?: string;
  /** Receives every call with its reply. */
  onCall?: (call: { domain: string; method: string; path: string }, reply: Reply) => void;
}

export interface EmulatorServer {
  /** `http://127.0.0.1:…` */
  url: string;
  emulator: Emulator;
  close(): Promise<void>;
}

/** The delays before a notification without a 200 is sent again, in ms. */
const RESEND_DELAYS_MS = [10_000, 30_000, 60_000];

export async function startServer(options: ServerOptions = {}): Promise<EmulatorServer> {
  const emulator = new Emulator(options.profile, options.speed);
  const server = createServer((request, response) => {
    handle(emulator, options, request, response).catch((error: unknown) => {
      response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify({ message: String(error) }));
    });
  });
  await listen(server, options.port ?? 0);
  const webhook = options.webhook === undefined ? undefined : new Webhook(emulator, options.webhook);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    emulator,
    close: () =>
      new Promise((resolve) => {
        webhook?.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
}

async function handle(
  emulator: Emulator,
  options: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await text(request);
  const [, domain = "", rest = ""] = /^\/([^/?]*)(.*)$/.exec(request.url ?? "") ?? [];
  if (domain === "state" && request.method === "GET") return json(response, 200, emulator.state());
  if (domain === "control" && request.method === "POST") {
    // Browsers set Origin: a page of any site could send commands to loopback.
    if (request.headers.origin !== undefined)
      return json(response, 403, { message: "commands from web pages are refused" });
    try {
      return json(response, 200, { tasks: emulator.control(JSON.parse(body) as Command), state: emulator.state() });
    } catch (error) {
      return json(response, 400, { message: error instanceof Error ? error.message : String(error) });
    }
  }
  const call = { domain, method: request.method ?? "", path: rest };
  const reply = emulator.handle({ ...call, body, authorization: request.headers.authorization ?? null });
  options.onCall?.(call, reply);
  if (reply.type === "answer") {
    await new Promise((resolve) => setTimeout(resolve, emulator.real(reply.delayMs)));
    response.writeHead(reply.status, Object.fromEntries(reply.headers));
    response.end(reply.body);
  } else if (reply.why === "dns") {
    // A request to loopback resolves no domain. `loopbackFetch` turns this answer into the error.
    response.writeHead(599, { "x-emulator-failure": "dns" });
    response.end();
  } else if (reply.why === "refused") {
    request.socket.destroy();
  }
  // Lost: the request stays open until the caller's timeout.
}

async function text(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  return body;
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

class Webhook {
  readonly #emulator: Emulator;
  readonly #url: string;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(emulator: Emulator, url: string) {
    this.#emulator = emulator;
    this.#url = url;
    this.#poll();
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  #poll(): void {
    for (const delivery of this.#emulator.takeNotifications()) void this.#deliver(delivery, 0);
    // Any call may cause new notifications.
    this.#after(Math.min(100, this.#emulator.real(100)), () => this.#poll());
  }

  async #deliver(delivery: Delivery, attempt: number): Promise<void> {
    const headers = {
      "content-type": "application/json",
      "agora-signature": delivery.signature,
      "agora-signature-v2": delivery.signatureV2,
    };
    const answered = await fetch(this.#url, {
      method: "POST",
      headers,
      body: delivery.body,
      signal: AbortSignal.timeout(Math.max(100, this.#emulator.real(10_000))),
    }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.status === 200;
      },
      () => false,
    );
    const wait = RESEND_DELAYS_MS[attempt];
    if (!answered && wait !== undefined) {
      this.#after(this.#emulator.real(wait), () => void this.#deliver(delivery, attempt + 1));
    }
  }
}
