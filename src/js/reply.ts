import type { DomainFailure } from "./types.js";

/** A service's reply as the core reads it: `Reply` of `src/wasm/fetch.rs`. */
export type Reply =
  | {
      status: number;
      retryAfter: string | undefined;
      date: string | undefined;
      requestId: string | undefined;
      resourceId: string | undefined;
      body: string;
    }
  | { noReply: NoReply };

/** Why there is no reply. */
export type NoReply = Exclude<DomainFailure, "serverError">;

/** Reads a response of any library. Rejects if it cannot be read, for example because it was read before. */
export async function replyOf(response: Response, maxBytes: number): Promise<Reply> {
  const header = (name: string) => textOf(response.headers.get(name));
  return {
    // A getter may return another type when read again.
    status: Number(response.status),
    retryAfter: header("retry-after"),
    date: header("date"),
    requestId: header("x-request-id"),
    resourceId: header("x-resource-id"),
    body: await bodyOf(response, maxBytes),
  };
}

function textOf(given: unknown): string | undefined {
  return typeof given === "string" ? given : undefined;
}

/** Replaces a body over the limit. It is not from the service, and must not count as empty. */
const TOO_LARGE = "(too large)";

async function bodyOf(response: Response, maxBytes: number): Promise<string> {
  // Some libraries have no `getReader`; jsdom has no `TextDecoder`.
  const reader = typeof TextDecoder === "function" ? response.body?.getReader?.() : undefined;
  if (!reader) {
    const text = textOf(await response.text()) ?? "";
    return text.length > maxBytes ? TOO_LARGE : text;
  }
  const decoder = new TextDecoder();
  let text = "";
  for (let size = 0; size <= maxBytes; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    text += decoder.decode(value, { stream: true });
  }
  reader.cancel().catch(() => {});
  return TOO_LARGE;
}
