/** The emulated service as an HTTP server. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Command, Delivery, Emulator as Emulated, Reply } from "../../emulator/emulator.js";
import { REFERENCE } from "./reference.ts";

/** What the server needs of an emulator. Tests bring that of the built package, whose class is another one. */
type Emulator = Pick<Emulated, "handle" | "control" | "state" | "real" | "takeNotifications">;

/** The answer to `GET /`, and a part of the help. */
export const DOCUMENTATION = `The first segment of a path is the service's domain. Instead of https://api.agora.io/v1/…, call
http://127.0.0.1:PORT/api.agora.io/v1/… with HTTP Basic credentials: any id and secret, unless the profile sets authorization.

  /DOMAIN/v1/projects/APP_ID/rtsc/cloud-transcoder/…   the calls of the service
  /DOMAIN/dev/v1/channel/user/…                        presence checks
  POST /control                                        carries out a Command, such as {"type":"kill","uid":9001} or {"type":"addRule",
                                                       "rule":{"call":"create","times":3,"effect":{"type":"answer","status":206}}}.
                                                       Answers {"tasks": how many it applied to, "state": …}, or 400 with {"message"};
                                                       403 if it comes from a web page
  GET /state                                           the State
  GET /                                                this text

An answer that is lost keeps the connection open until the client gives up. A connection that is refused is closed at once. A name
that cannot be resolved is answered 599 with the header x-emulator-failure: dns, because loopback resolves no names.

In JSON, a Command and an Effect are objects with the field "type", and the fields below it.

${REFERENCE.trimEnd()}`;

export interface ServerOptions {
  /** 0 for any free port. */
  port?: number;
  /** The URL for notifications. */
  webhook?: string;
  /** Receives every call with its reply. */
  onCall?: (call: { domain: string; method: string; path: string }, reply: Reply) => void;
}

export interface EmulatorServer<E = Emulator> {
  /** `http://127.0.0.1:…` */
  url: string;
  emulator: E;
  close(): Promise<void>;
}

/** The delays before a notification without a 200 is sent again, in ms. */
const RESEND_DELAYS_MS = [10_000, 30_000, 60_000];

export async function startServer<E extends Emulator>(
  emulator: E,
  options: ServerOptions = {},
): Promise<EmulatorServer<E>> {
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
    server.once("error", ({ code, message }: NodeJS.ErrnoException) =>
      reject(
        new Error(
          code === "EADDRINUSE"
            ? `port ${port} is in use by another program: choose another one with --port, or --port 0 for any free port`
            : message,
        ),
      ),
    );
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
  if (domain === "" && request.method === "GET") {
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
    return void response.end(`${DOCUMENTATION}\n`);
  }
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
  if (!domain.includes("."))
    return json(response, 404, {
      message: `the first segment of the path is ${JSON.stringify(domain)}, but must be a domain, as in /api.agora.io/v1/…: see GET /`,
    });
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
