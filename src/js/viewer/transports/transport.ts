import { UNCACHED } from "../../uncached.js";

/** A way to follow the output on air. The feed has one connection at a time. */
export interface Transport {
  /** Whether the runtime supports it. */
  isAvailable(): boolean;
  /** Connects. May throw: the feed handles that as a connection that did not open. */
  connect(feed: ConnectedFeed): Connection;
}

/** A connection, as the feed sees it. */
export interface Connection {
  /** Sends a report over this connection. Returns `false` if that is not possible. */
  send?(report: string): boolean;
  /** Closes the connection. The feed is not called afterwards. */
  close(): void;
}

/** The feed, as a connection sees it. */
export interface ConnectedFeed {
  /** The broadcast's address. */
  readonly address: string;
  /** A viewer token for this connection. */
  readonly token: string;
  /** Receives a message of the Worker. Throws if it is not an update. */
  receive(text: string): void;
  /** The connection failed. A string as `reason` follows the address in the error text. `wasOpen`: the Worker had answered. */
  lost(reason: unknown, wasOpen: boolean): void;
  /** The connection ended as expected. The feed reconnects after `delayMs`; by default as after a first failure. */
  ended(next?: { delayMs: number; isBestTried: boolean }): void;
}

/** The timeout for opening a connection, and for the answer to a ping or request. */
export const OPEN_TIMEOUT_MS = 10_000;

/** The address at which the Worker sends each update. */
export function watchAddress({ address, token }: ConnectedFeed): string {
  return `${address}/watch?token=${encodeURIComponent(token)}`;
}

/** Calls a route of the broadcast. Rejects unless the response is a success. */
export async function ask(url: string, token: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  // React Native has no `AbortSignal.timeout`.
  const answer = await fetch(url, { ...init, ...UNCACHED, headers, signal: AbortSignal.timeout?.(OPEN_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status}`);
  return answer;
}
