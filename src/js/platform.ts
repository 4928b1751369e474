/**
 * The platform's own types if the application's TypeScript knows them (lib `dom`, types of Node or Workers), otherwise the parts
 * of them that this library uses.
 */

/** `fetch` of any library. */
export type Fetch = typeof globalThis extends { fetch: infer Known } ? Known : MinimalFetch;

/** The part of `fetch` that this library uses. */
export type MinimalFetch = (url: string, init: FetchOptions) => Promise<MinimalResponse>;

/** The options of a call. */
export interface FetchOptions {
  /** In upper case. */
  method: string;
  /** By name, in lower case. */
  headers: Record<string, string>;
  /** JSON text. */
  body?: string;
  /** Redirects must not be followed. */
  redirect: "manual";
  /** Left out where the runtime does not know it. */
  cache?: "no-store";
  /** Fires when the call is cancelled. */
  signal: Signal;
}

/** The part of a `Response` that this library reads. */
export interface MinimalResponse {
  /** The HTTP status. */
  readonly status: number;
  /** Accepts names in lower case. */
  readonly headers: { get(name: string): string | null };
  /** The whole body. */
  text(): Promise<string>;
}

/** An `AbortSignal` of any library. */
export interface Signal {
  /** Whether it has fired. */
  readonly aborted: boolean;
  /** Why it has fired. */
  readonly reason: unknown;
  /** Adds a listener that is called when it fires. */
  addEventListener(type: "abort", listener: () => void): void;
  /** Removes a listener. */
  removeEventListener(type: "abort", listener: () => void): void;
}

/** An HTML element. */
export type HtmlElement = typeof globalThis extends { HTMLElement: { prototype: infer Known } } ? Known : object;

/** A `<video>`. */
export type HtmlVideoElement = typeof globalThis extends { HTMLVideoElement: { prototype: infer Known } }
  ? Known
  : object;

/** A `URL`. */
export type Url = typeof globalThis extends { URL: { prototype: infer Known } } ? Known : { toString(): string };
