/**
 * The platform's own types, where the application's TypeScript knows them (lib `dom`, the types of Node or of Workers); else
 * the parts of them that are used here.
 */

/** `fetch`, of whatever library. */
export type Fetch = typeof globalThis extends { fetch: infer Known } ? Known : MinimalFetch;

/** What is used of `fetch`. */
export type MinimalFetch = (url: string, init: FetchOptions) => Promise<MinimalResponse>;

/** How a call is made. */
export interface FetchOptions {
  /** In capital letters. */
  method: string;
  /** By their names, in small letters. */
  headers: Record<string, string>;
  /** JSON text. */
  body?: string;
  /** Redirects are not followed. */
  redirect: "manual";
  /** Where the runtime knows it. */
  cache?: "no-store";
  /** Fires when the call is given up. */
  signal: Signal;
}

/** What is read of a `Response`. */
export interface MinimalResponse {
  /** The HTTP status. */
  readonly status: number;
  /** Takes names in small letters. */
  readonly headers: { get(name: string): string | null };
  /** The whole body. */
  text(): Promise<string>;
}

/** An `AbortSignal`, of whatever library. */
export interface Signal {
  /** Whether it has fired. */
  readonly aborted: boolean;
  /** Why it has. */
  readonly reason: unknown;
  /** Takes what is called when it fires. */
  addEventListener(type: "abort", listener: () => void): void;
  /** Forgets it. */
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A video's container, or another element. */
export type HtmlElement = typeof globalThis extends { HTMLElement: { prototype: infer Known } } ? Known : object;

/** A `<video>`. */
export type HtmlVideoElement = typeof globalThis extends { HTMLVideoElement: { prototype: infer Known } }
  ? Known
  : object;

/** An address that is no text. */
export type Url = typeof globalThis extends { URL: { prototype: infer Known } } ? Known : { toString(): string };
