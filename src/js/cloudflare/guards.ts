import { sha256 } from "./digest.js";
import { jsonObject } from "./input.js";
import { Rejection } from "./rejection.js";

/** Throws `UNAUTHORIZED` unless the request shows one of the keys as bearer. Compares all of them, in constant time. */
export async function checkOperator(authorization: string | undefined, keys: string[]): Promise<void> {
  const shown = bearer(authorization);
  if (shown === undefined) throw new Rejection("UNAUTHORIZED", "show an operator key: Authorization: Bearer …");
  const shownDigest = await sha256(shown);
  let fits = false;
  for (const key of keys) {
    // Digests have one length, whatever the keys' are.
    if (crypto.subtle.timingSafeEqual(await sha256(key), shownDigest)) fits = true;
  }
  if (!fits) throw new Rejection("UNAUTHORIZED", "this is no operator key");
}

export function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
}

/** A page of another origin must be named; what is no page sends no origin. Throws `ORIGIN_NOT_ALLOWED`. */
export function checkOrigin(origin: string | undefined, url: string, allowed: string[]): void {
  if (origin === undefined || origin === new URL(url).origin || allowed.includes(origin)) return;
  throw new Rejection("ORIGIN_NOT_ALLOWED", "pages of this origin may not use this: see ALLOWED_ORIGINS");
}

/** The raw body. Throws `BODY_TOO_LARGE` beyond `limit` bytes, `BODY_TOO_SLOW` when it takes longer than `timeoutMs`. */
export async function readBody(request: Request, limit: number, timeoutMs: number): Promise<Uint8Array> {
  const tooLarge = () => new Rejection("BODY_TOO_LARGE", `the body is larger than ${limit} bytes`);
  if (Number(request.headers.get("content-length")) > limit) throw tooLarge();
  if (!request.body) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Rejection("BODY_TOO_SLOW", `the body did not come within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) break;
      size += value.length;
      if (size > limit) throw tooLarge();
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

/** The body as a JSON object. Throws `INVALID_BODY`, too. */
export async function readJson(request: Request, limit: number, timeoutMs: number): Promise<Record<string, unknown>> {
  return jsonObject(await readBody(request, limit, timeoutMs));
}
