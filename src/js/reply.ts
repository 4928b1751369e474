import type { DomainFailure } from "./types.js";

/** What the core reads of a call: `Reply` of `src/wasm/fetch.rs`. */
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

/** Reads a reply, which may be of any library. One that cannot be read, as one that was read already, is none: then it rejects. */
export async function replyOf(response: Response, mostBytes: number): Promise<Reply> {
  const header = (name: string) => textOf(response.headers.get(name));
  return {
    // A getter may give anything at its second reading.
    status: Number(response.status),
    retryAfter: header("retry-after"),
    date: header("date"),
    requestId: header("x-request-id"),
    resourceId: header("x-resource-id"),
    body: await bodyOf(response, mostBytes),
  };
}

function textOf(given: unknown): string | undefined {
  return typeof given === "string" ? given : undefined;
}

/** In the place of a body that is larger: that is no reply of this service, and must not read as an empty one. */
const TOO_LARGE = "(too large)";

async function bodyOf(response: Response, mostBytes: number): Promise<string> {
  // Bodies of other libraries have none; jsdom has no decoder.
  const reader = typeof TextDecoder === "function" ? response.body?.getReader?.() : undefined;
  if (!reader) {
    const text = textOf(await response.text()) ?? "";
    return text.length > mostBytes ? TOO_LARGE : text;
  }
  const decoder = new TextDecoder();
  let text = "";
  for (let size = 0; size <= mostBytes; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    text += decoder.decode(value, { stream: true });
  }
  reader.cancel().catch(() => {});
  return TOO_LARGE;
}
