import { sign, verify } from "hono/jwt";
import { asText, integer, secret } from "../check.js";
import { Rejection } from "./rejection.js";

const ALGORITHM = "HS256";
const AUDIENCE = "steadymix-viewer";
/** Of a key, at least. */
const KEY_CHARS = 32;
/** A hundred years. */
const MAX_LIFETIME_S = 3_155_760_000;

/** A viewer token, and when it expires (ms since the epoch). */
export interface ViewerToken {
  /** Shown as `Authorization: Bearer …`, or `?token=…`. */
  token: string;
  /** ms since the epoch. */
  expiresAt: number;
}

/** Lets whoever has it watch this broadcast, for `lifetimeS` seconds: a JSON Web Token, signed with HMAC-SHA256. */
export async function signViewerToken(key: string, broadcast: string, lifetimeS: number): Promise<ViewerToken> {
  checkKeys([secret("key", key)]);
  const exp = Math.floor(Date.now() / 1000) + integer("lifetimeS", lifetimeS, 1, MAX_LIFETIME_S);
  const claims = { sub: asText("broadcast", broadcast), aud: AUDIENCE, exp };
  return { token: await sign(claims, key, ALGORITHM), expiresAt: exp * 1000 };
}

/** Throws `UNAUTHORIZED` unless one of the keys has signed the token, for this broadcast, and it has not expired. */
export async function checkViewerToken(token: string | undefined, keys: string[], broadcast: string): Promise<void> {
  if (keys.length === 0) throw new Rejection("MISCONFIGURED", "the secret VIEWER_KEYS is not set");
  checkKeys(keys);
  if (token === undefined)
    throw new Rejection("UNAUTHORIZED", "show a viewer token: Authorization: Bearer …, or ?token=…");
  for (const key of keys) {
    const claims = await verify(token, key, { alg: ALGORITHM, aud: AUDIENCE }).catch(() => undefined);
    // One that never expires is none of ours.
    if (claims?.sub === broadcast && typeof claims.exp === "number") return;
  }
  throw new Rejection("UNAUTHORIZED", "this viewer token is not valid (any more), or for another broadcast");
}

/** With one that can be guessed anybody makes tokens. */
function checkKeys(keys: string[]): void {
  if (keys.some((key) => key.length < KEY_CHARS))
    throw new Rejection("MISCONFIGURED", `each of the secret VIEWER_KEYS must have ${KEY_CHARS} characters or more`);
}
