import { UNCACHED } from "../../uncached.js";

/** A way to follow what is on air. The feed has one connection at a time, by one of them. */
export interface Transport {
  /** Whether the runtime has what it needs. */
  isAvailable(): boolean;
  /** Connects. May throw at once: then the feed takes it as a connection that was never open. */
  connect(feed: ConnectedFeed): Connection;
}

/** A connection, as the feed sees it. */
export interface Connection {
  /** Sends a report the same way. Returns `false` if it cannot. */
  send?(report: string): boolean;
  /** Ends it: nothing more is told to the feed. */
  close(): void;
}

/** The feed, as a connection sees it. */
export interface ConnectedFeed {
  /** The broadcast's address. */
  readonly address: string;
  /** A viewer token for this connection. */
  readonly token: string;
  /** Takes what the Worker says. Throws if that is no update. */
  take(text: string): void;
  /** This connection has failed: by an error, or by what became of the address. `wasOpen`: the Worker had answered. */
  lost(cause: unknown, wasOpen: boolean): void;
  /** This connection is over, as it should be. The feed connects again after `delayMs`, or else as after a first failure. */
  ended(next?: { delayMs: number; isBestTried: boolean }): void;
}

/** A connection that does not open in this time does not open, and one that does not answer a ping in it is lost. */
export const OPENS_MS = 10_000;

/** Where a connection is told each update. */
export function watchAddress({ address, token }: ConnectedFeed): string {
  return `${address}/watch?token=${encodeURIComponent(token)}`;
}

/** Calls a route of the broadcast's. Rejects unless the answer is a success. */
export async function ask(url: string, token: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  // React Native has no `timeout`.
  const answer = await fetch(url, { ...init, ...UNCACHED, headers, signal: AbortSignal.timeout?.(OPENS_MS) });
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status}`);
  return answer;
}
