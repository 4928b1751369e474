import { sign, verify } from "hono/jwt";
import { asText, integer, secret } from "../check.js";
import { invalid } from "../errors.js";
import { sha256Hex } from "./digest.js";
import { MIN_KEY_CHARS } from "./environment.js";
import { Rejection } from "./rejection.js";
import type { ViewerToken } from "./routes.js";

const ALGORITHM = "HS256";
const AUDIENCE = "steadymix-viewer";
/** A hundred years. */
const MAX_LIFETIME_S = 3_155_760_000;

/** The rights of a valid viewer token. */
export interface ViewerGrant {
  /** The same for all connections with the token; not a secret. */
  tokenId: string;
  /** When the token expires, in ms since the epoch. */
  expiresAt: number;
}

/**
 * Signs a token with which this broadcast can be watched for `lifetimeS` seconds (1 to 3155760000): a JSON Web Token with
 * HMAC-SHA256. `key` is one of `VIEWER_KEYS`. Make one for each viewer: the connections of a token are limited.
 */
export async function signViewerToken(key: string, broadcast: string, lifetimeS: number): Promise<ViewerToken> {
  const min = MIN_KEY_CHARS.VIEWER_KEYS;
  if (secret("key", key).length < min)
    throw invalid("INVALID_OPTIONS", "key", "too short", `one of VIEWER_KEYS, of ${min} characters or more`);
  const exp = Math.floor(Date.now() / 1000) + integer("lifetimeS", lifetimeS, 1, MAX_LIFETIME_S);
  const claims = { sub: asText("broadcast", broadcast), aud: AUDIENCE, exp, jti: crypto.randomUUID() };
  return { token: await sign(claims, key, ALGORITHM), expiresAt: exp * 1000 };
}

/** Throws `UNAUTHORIZED` unless one of the keys signed the token for this broadcast, and it has not expired. */
export async function checkViewerToken(
  token: string | undefined,
  keys: string[],
  broadcast: string,
): Promise<ViewerGrant> {
  if (token === undefined)
    throw new Rejection("UNAUTHORIZED", "a viewer token is required: Authorization: Bearer …, or ?token=…");
  for (const key of keys) {
    const claims = await verify(token, key, { alg: ALGORITHM, aud: AUDIENCE }).catch(() => undefined);
    // `signViewerToken` makes no token without an expiry.
    if (claims?.sub === broadcast && typeof claims.exp === "number")
      return { tokenId: await tokenIdOf(token), expiresAt: claims.exp * 1000 };
  }
  throw new Rejection("UNAUTHORIZED", "this viewer token is invalid, expired, or for another broadcast");
}

/** A digest without the signature, which can be encoded in several ways. */
function tokenIdOf(token: string): Promise<string> {
  return sha256Hex(token.slice(0, token.lastIndexOf(".")));
}
