/** What the core reads of a reply. One that cannot be read, as one that was read already, is none: then it rejects. */
export async function replyOf(response: Response, mostBytes: number): Promise<object> {
  const header = (name: string) => response.headers.get(name);
  return {
    status: response.status,
    retryAfter: header("retry-after"),
    date: header("date"),
    requestId: header("x-request-id"),
    resourceId: header("x-resource-id"),
    body: await bodyOf(response, mostBytes),
  };
}

/** In the place of a body that is larger: that is no reply of this service, and must not read as an empty one. */
const TOO_LARGE = "(too large)";

async function bodyOf(response: Response, mostBytes: number): Promise<string> {
  // Bodies of other libraries have none; jsdom has no decoder.
  const reader = typeof TextDecoder === "function" ? response.body?.getReader?.() : undefined;
  if (!reader) {
    const text = await response.text();
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
