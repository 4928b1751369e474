import type { Hono, MiddlewareHandler } from "hono";
import { withGrant } from "./audience.js";
import { keysOf, splitAtSpaces } from "./environment.js";
import { bearer, checkOrigin, readJson } from "./guards.js";
import { checked } from "./input.js";
import { reach } from "./objects.js";
import { Rejection } from "./rejection.js";
import { assignedRelay, assignRelay, relayName } from "./relayHeader.js";
import {
  answer,
  atBroadcast,
  type Bindings,
  BODY_TIMEOUT_MS,
  MAX_SMALL_BODY_BYTES,
  notAllowed,
  notFound,
  requireBroadcast,
} from "./routing.js";
import { viewerReport } from "./schema.js";
import { checkViewerToken, type ViewerGrant } from "./viewerTokens.js";

/** However many viewers poll, each Cloudflare location asks the broadcast at most this often. */
const ON_AIR_CACHE_S = 1;

/** The routes for viewers. */
export function addViewerRoutes(app: Hono<Bindings>): void {
  app.get("/broadcasts/:id/watch", viewer, async (c) => {
    // Hono routes HEAD as GET, and nobody would read the stream.
    if (c.req.method !== "GET") throw notAllowed("GET");
    const isUpgrade = c.req.header("upgrade")?.toLowerCase() === "websocket";
    if (!isUpgrade && !c.req.header("accept")?.includes("text/event-stream")) {
      throw new Rejection("UPGRADE_NEEDED", "connect with a WebSocket, or accept text/event-stream");
    }
    const id = c.req.param("id");
    const request = withGrant(c.req.raw, c.get("grant"));
    let response = await atBroadcast(c.env, id, (broadcast) => broadcast.fetch(request));
    const assigned = assignedRelay(response.headers);
    if (assigned) {
      assignRelay(request.headers, assigned);
      response = await reach(c.env, "RELAY", relayName(assigned), (relay) => relay.fetch(request));
    }
    if (response.status === 404) throw notFound();
    if (response.status === 429) {
      const message = "this viewer token has too many connections: make a token for each viewer";
      throw new Rejection("TOO_MANY_CONNECTIONS", message);
    }
    return response;
  });

  app.get("/broadcasts/:id/on-air", viewer, async (c) => {
    const id = c.req.param("id");
    // Does not contain the token, because the answer is the same for all viewers.
    const key = new URL(`/steadymix/on-air/${encodeURIComponent(id)}`, c.req.url).href;
    const kept = await caches.default.match(key);
    if (kept) return new Response(kept.body, kept);
    const fresh = answer(c, "GET /broadcasts/{id}/on-air", await requireBroadcast(c.env, id), {
      "cache-control": `public, max-age=${ON_AIR_CACHE_S}`,
    });
    c.executionCtx.waitUntil(caches.default.put(key, fresh.clone()));
    return fresh;
  });

  app.post("/broadcasts/:id/reports", viewer, async (c) => {
    const report = checked(
      "INVALID_BODY",
      await readJson(c.req.raw, MAX_SMALL_BODY_BYTES, BODY_TIMEOUT_MS),
      viewerReport,
    );
    const id = c.req.param("id");
    await requireBroadcast(c.env, id);
    return answer(c, "POST /broadcasts/{id}/reports", {
      report: await atBroadcast(c.env, id, (broadcast) => broadcast.handleReport(report)),
    });
  });
}

type Granted = Bindings & { Variables: { grant: ViewerGrant } };

const viewer: MiddlewareHandler<Granted, "/broadcasts/:id/*"> = async (c, next) => {
  checkOrigin(c.req.header("origin"), c.req.url, splitAtSpaces(c.env.ALLOWED_ORIGINS));
  const token = bearer(c.req.header("authorization")) ?? c.req.query("token");
  c.set("grant", await checkViewerToken(token, keysOf(c.env, "VIEWER_KEYS"), c.req.param("id")));
  await next();
};
