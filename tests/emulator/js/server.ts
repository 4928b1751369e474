/** The emulated service behind a real HTTP server: the first segment of a path is the domain that is meant. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Command, type Delivery, Emulator, type Profile, type Reply } from "steadymix/emulator";

export interface ServerOptions {
  /** 0: any that is free. */
  port?: number;
  /** How much faster its clock runs than the real one. */
  speed?: number;
  profile?: Profile;
  /** Where notifications go. */
  webhook?: string;
  /** Sees every call with its reply. */
  onCall?: (call: { domain: string; method: string; path: string }, reply: Reply) => void;
}

export interface EmulatorServer {
  /** `http://127.0.0.1:…` */
  url: string;
  emulator: Emulator;
  close(): Promise<void>;
}

/** A notification that is not answered 200 comes again, so often and so much later each time. */
const RESENDS = [10_000, 30_000, 60_000];

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
    // No page of anybody's has a part in this; one that is open beside it could send it blindly.
    if (request.headers.origin !== undefined) return json(response, 403, { message: "not for pages" });
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
    // There is no name to fail on loopback: `loopbackFetch` makes the failure of it.
    response.writeHead(599, { "x-emulator-failure": "dns" });
    response.end();
  } else if (reply.why === "refused") {
    request.socket.destroy();
  }
  // Lost: no answer, until the caller gives up.
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

/** Delivers notifications. */
class Webhook {
  readonly #emulator: Emulator;
  readonly #url: string;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(emulator: Emulator, url: string) {
    this.#emulator = emulator;
    this.#url = url;
    this.#look();
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

  #look(): void {
    for (const delivery of this.#emulator.takeNotifications()) void this.#deliver(delivery, 0);
    // Calls bring new ones at any time.
    this.#after(Math.min(100, this.#emulator.real(100)), () => this.#look());
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
    const wait = RESENDS[attempt];
    if (!answered && wait !== undefined) {
      this.#after(this.#emulator.real(wait), () => void this.#deliver(delivery, attempt + 1));
    }
  }
}
