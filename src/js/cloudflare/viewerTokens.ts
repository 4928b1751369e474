import { sign, verify } from "hono/jwt";
import { asText, integer, secret } from "../check.js";
import { invalid } from "../errors.js";
import { sha256Hex } from "./digest.js";
import { KEY_CHARS } from "./environment.js";
import { Rejection } from "./rejection.js";
import type { ViewerToken } from "./routes.js";

const ALGORITHM = "HS256";
const AUDIENCE = "steadymix-viewer";
/** A hundred years. */
const MAX_LIFETIME_S = 3_155_760_000;

/** What a viewer token that was checked allows. */
export interface ViewerGrant {
  /** Of the token; the same for all who show it, and no secret. */
  tokenId: string;
  /** ms since the epoch. */
  expiresAt: number;
}

/**
 * Lets whoever has it watch this broadcast, for `lifetimeS` seconds: a JSON Web Token, signed with HMAC-SHA256. Each viewer
 * is to have one of its own, as the number of connections is limited for each token.
 */
export async function signViewerToken(key: string, broadcast: string, lifetimeS: number): Promise<ViewerToken> {
  const least = KEY_CHARS.VIEWER_KEYS;
  if (secret("key", key).length < least)
    throw invalid("INVALID_OPTIONS", "key", "too short", `one of VIEWER_KEYS, of ${least} characters or more`);
  const exp = Math.floor(Date.now() / 1000) + integer("lifetimeS", lifetimeS, 1, MAX_LIFETIME_S);
  const claims = { sub: asText("broadcast", broadcast), aud: AUDIENCE, exp, jti: crypto.randomUUID() };
  return { token: await sign(claims, key, ALGORITHM), expiresAt: exp * 1000 };
}

/** Throws `UNAUTHORIZED` unless one of the keys has signed the token, for this broadcast, and it has not expired. */
export async function checkViewerToken(
  token: string | undefined,
  keys: string[],
  broadcast: string,
): Promise<ViewerGrant> {
  if (token === undefined)
    throw new Rejection("UNAUTHORIZED", "show a viewer token: Authorization: Bearer …, or ?token=…");
  for (const key of keys) {
    const claims = await verify(token, key, { alg: ALGORITHM, aud: AUDIENCE }).catch(() => undefined);
    // One that never expires is none of ours.
    if (claims?.sub === broadcast && typeof claims.exp === "number")
      return { tokenId: await tokenIdOf(token), expiresAt: claims.exp * 1000 };
  }
  throw new Rejection("UNAUTHORIZED", "this viewer token is not valid (any more), or for another broadcast");
}

/** Of what is signed: the signature itself can be written in several ways. */
function tokenIdOf(token: string): Promise<string> {
  return sha256Hex(token.slice(0, token.lastIndexOf(".")));
}
