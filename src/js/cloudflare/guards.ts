import { sha256 } from "./digest.js";
import { jsonObject } from "./input.js";
import { Rejection } from "./rejection.js";

/** Throws `UNAUTHORIZED` unless the bearer is one of the keys. Compares all of them, in constant time. */
export async function checkOperator(authorization: string | undefined, keys: string[]): Promise<void> {
  const key = bearer(authorization);
  if (key === undefined) throw new Rejection("UNAUTHORIZED", "an operator key is required: Authorization: Bearer …");
  const bearerDigest = await sha256(key);
  let isKey = false;
  for (const allowed of keys) {
    // `timingSafeEqual` needs equal lengths, which digests have.
    if (crypto.subtle.timingSafeEqual(await sha256(allowed), bearerDigest)) isKey = true;
  }
  if (!isKey) throw new Rejection("UNAUTHORIZED", "this is not an operator key");
}

export function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
}

/** Throws `ORIGIN_NOT_ALLOWED` for a page of another origin that is not listed. Only browsers send an origin. */
export function checkOrigin(origin: string | undefined, url: string, allowed: string[]): void {
  if (origin === undefined || origin === new URL(url).origin || allowed.includes(origin)) return;
  throw new Rejection("ORIGIN_NOT_ALLOWED", "this origin is not among ALLOWED_ORIGINS");
}

/** Reads the raw body. Throws `BODY_TOO_LARGE` after `limit` bytes, `BODY_TOO_SLOW` after `timeoutMs`. */
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
      () => reject(new Rejection("BODY_TOO_SLOW", `the body did not arrive within ${timeoutMs} ms`)),
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

/** Reads the body as a JSON object. Throws like `readBody`, and `INVALID_BODY`. */
export async function readJson(request: Request, limit: number, timeoutMs: number): Promise<Record<string, unknown>> {
  return jsonObject(await readBody(request, limit, timeoutMs));
}
