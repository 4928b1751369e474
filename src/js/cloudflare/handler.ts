import { type Context, Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { secureHeaders } from "hono/secure-headers";
import { parseNotice } from "../blocks.js";
import { groupOf } from "../instanceId.js";
import type { GroupUpdate } from "../types.js";
import { answered } from "./answer.js";
import { withGrant } from "./audience.js";
import type { Broadcast, BroadcastConfig } from "./broadcast.js";
import { checkEnvironment, keysOf, type SteadymixEnv, words } from "./environment.js";
import { bearer, checkOperator, checkOrigin, readBody, readJson } from "./guards.js";
import { checked, checkLeftOut, isOf } from "./input.js";
import { checkSignature, signaturesOf } from "./notices.js";
import { checkBindings, type Remote, reach, reachQuota } from "./objects.js";
import { openApi } from "./openApi.js";
import { newViewerToken, OPERATIONS, since, VIEWER_TOKEN_S, viewerReport } from "./operations.js";
import { Rejection } from "./rejection.js";
import { RELAY_HEADER } from "./relays.js";
import type { AnswerOf, ErrorAnswer, ErrorBody, Routes } from "./routes.js";
import { broadcastId } from "./settingsSchema.js";
import { checkViewerToken, signViewerToken, type ViewerGrant } from "./viewerTokens.js";

/** Each lane may have a payload of its own: one of 90 hosts has some 60 KB. */
const JSON_BYTES = 1_048_576;
/** Some carry the whole payload of a task, escaped. */
const NOTICE_BYTES = 1_048_576;
const REPORT_BYTES = 1_024;
/** The service wants its answer within 10 s. */
const BODY_MS = 5_000;
/** What is on air is asked for at most this often, in each of Cloudflare's places, by those who poll. */
const ON_AIR_S = 1;

/**
 * The routes, to be mounted: `app.route("/api", handler())`, or `export default handler()`. What they need is bound in the
 * Worker's environment, see `SteadymixEnv`. `GET /openapi.json` describes them.
 */
export function handler(): Hono<{ Bindings: SteadymixEnv }> {
  type Here = { Bindings: SteadymixEnv };
  type Granted = Here & { Variables: { grant: ViewerGrant } };
  const app = new Hono<Here>();
  const atBroadcast = async <Value>(
    env: SteadymixEnv,
    id: string,
    act: (broadcast: Remote<Broadcast>) => Promise<Value>,
  ) => {
    // No object is made for what can be none.
    if (!isOf(broadcastId, id)) throw notFound();
    return reach(env, "BROADCAST", id, act);
  };

  const requireBroadcast = async (env: SteadymixEnv, id: string) =>
    found(await atBroadcast(env, id, (broadcast) => broadcast.word()));

  const operator: MiddlewareHandler<Here> = async (c, next) => {
    checkOrigin(c.req.header("origin"), c.req.url, words(c.env.ALLOWED_ORIGINS));
    await checkOperator(c.req.header("authorization"), keysOf(c.env, "OPERATOR_KEYS"));
    checkEnvironment(c.env);
    await next();
  };
  const viewer: MiddlewareHandler<Granted, "/broadcasts/:id/*"> = async (c, next) => {
    checkOrigin(c.req.header("origin"), c.req.url, words(c.env.ALLOWED_ORIGINS));
    const token = bearer(c.req.header("authorization")) ?? c.req.query("token");
    c.set("grant", await checkViewerToken(token, keysOf(c.env, "VIEWER_KEYS"), c.req.param("id")));
    await next();
  };

  app.onError((error, c) => {
    const rejection = error instanceof Rejection ? error : new Rejection("INTERNAL", "something went wrong here");
    if (rejection !== error) console.error("steadymix:", error);
    return refused(c, rejection);
  });

  app.use(
    unlessUpgraded(secureHeaders({ crossOriginResourcePolicy: "cross-origin" })),
    unlessUpgraded(
      cors({
        origin: (origin, c) => (words(c.env.ALLOWED_ORIGINS).includes(origin) ? origin : null),
        allowMethods: ["GET", "POST", "PATCH", "DELETE"],
        allowHeaders: ["authorization", "content-type"],
        maxAge: 600,
      }),
    ),
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => refused(c, notAllowed(methods.join(", "))),
    }),
  );

  app.get("/health", (c) => {
    checkEnvironment(c.env);
    return answer(c, "GET /health", { status: "ok" });
  });
  app.get("/openapi.json", (c) => c.json(openApi(c.req.path.replace(/\/openapi\.json$/, "") || "/")));

  app.use((c, next) => {
    checkBindings(c.env);
    return next();
  });

  // ---- operators -----------------------------------------------------------------------------------------------

  app.get("/broadcasts", operator, async (c) =>
    answer(c, "GET /broadcasts", { broadcasts: await reachQuota(c.env, (quota) => quota.broadcasts()) }),
  );
  app.get("/quota", operator, async (c) => answer(c, "GET /quota", await reachQuota(c.env, (quota) => quota.status())));

  app.post("/broadcasts", operator, async (c) => {
    const { id = crypto.randomUUID(), ...settings } = await readJson(c.req.raw, JSON_BYTES, BODY_MS);
    const { appId, instanceId, ...given } = settings;
    checkLeftOut("INVALID_CONFIG", "appId", appId, "it is the Worker's");
    checkLeftOut("INVALID_CONFIG", "instanceId", instanceId, "it is the id");
    const config = { ...given, instanceId: checked("INVALID_CONFIG", id, broadcastId, "id") } as BroadcastConfig;
    const started = await atBroadcast(c.env, config.instanceId, (broadcast) => broadcast.start(config));
    if (!started.ok) throw Rejection.of(asInBody(started.error));
    const location = `${new URL(c.req.url).pathname}/${config.instanceId}`;
    return answer(c, "POST /broadcasts", started.value, { location });
  });

  app.get("/broadcasts/:id", operator, async (c) => {
    const status = found(await atBroadcast(c.env, c.req.param("id"), (broadcast) => broadcast.status()));
    return answer(c, "GET /broadcasts/{id}", status);
  });

  app.patch("/broadcasts/:id", operator, async (c) => {
    const { services, lanes, ...others } = await readJson(c.req.raw, JSON_BYTES, BODY_MS);
    for (const [field, value] of Object.entries(others))
      checkLeftOut("INVALID_CONFIG", field, value, "only services, or those of lanes, can be changed");
    if (lanes !== undefined) checkLeftOut("INVALID_CONFIG", "services", services, "each of the lanes has its own");
    const update = (lanes === undefined ? services : { lanes }) as GroupUpdate;
    const updated = found(await atBroadcast(c.env, c.req.param("id"), (broadcast) => broadcast.update(update)));
    if (!updated.ok) throw Rejection.of(asInBody(updated.error));
    return answer(c, "PATCH /broadcasts/{id}", updated.value);
  });

  app.delete("/broadcasts/:id", operator, async (c) => {
    const status = found(await atBroadcast(c.env, c.req.param("id"), (broadcast) => broadcast.stop()));
    return answer(c, "DELETE /broadcasts/{id}", status);
  });

  app.get("/broadcasts/:id/events", operator, async (c) => {
    const after = checked("INVALID_QUERY", numberOf(c.req.query("since") ?? "0"), since, "since");
    const id = c.req.param("id");
    const events = await atBroadcast(c.env, id, (broadcast) => broadcast.history(after));
    if (events.length === 0) await requireBroadcast(c.env, id);
    return answer(c, "GET /broadcasts/{id}/events", { events, next: events.at(-1)?.seq ?? after });
  });

  app.post("/broadcasts/:id/viewer-tokens", operator, async (c) => {
    const body = await readJson(c.req.raw, REPORT_BYTES, BODY_MS);
    const { lifetimeS = VIEWER_TOKEN_S } = checked("INVALID_BODY", body, newViewerToken);
    const [key] = keysOf(c.env, "VIEWER_KEYS");
    const id = c.req.param("id");
    await requireBroadcast(c.env, id);
    return answer(c, "POST /broadcasts/{id}/viewer-tokens", await signViewerToken(key, id, lifetimeS));
  });

  // ---- viewers -------------------------------------------------------------------------------------------------

  app.get("/broadcasts/:id/watch", viewer, async (c) => {
    // A HEAD is routed as a GET, and nobody would read the stream.
    if (c.req.method !== "GET") throw notAllowed("GET");
    const isUpgrade = c.req.header("upgrade")?.toLowerCase() === "websocket";
    if (!isUpgrade && !c.req.header("accept")?.includes("text/event-stream")) {
      throw new Rejection("UPGRADE_NEEDED", "connect a WebSocket, or accept text/event-stream");
    }
    const id = c.req.param("id");
    const request = withGrant(c.req.raw, c.get("grant"));
    let answer = await atBroadcast(c.env, id, (broadcast) => broadcast.fetch(request));
    const relay = answer.headers.get(RELAY_HEADER);
    if (relay !== null) {
      const [number = ""] = relay.split("/");
      request.headers.set(RELAY_HEADER, `${id}/${relay}`);
      answer = await reach(c.env, "RELAY", `${id}/${number}`, (relay) => relay.fetch(request));
    }
    if (answer.status === 404) throw notFound();
    if (answer.status === 429) {
      const message = "this viewer token has all the connections that it may have: make one for each viewer";
      throw new Rejection("TOO_MANY_CONNECTIONS", message);
    }
    return answer;
  });

  app.get("/broadcasts/:id/on-air", viewer, async (c) => {
    const id = c.req.param("id");
    // Without the token: all who may see it see the same.
    const key = new URL(`/steadymix/on-air/${encodeURIComponent(id)}`, c.req.url).href;
    const kept = await caches.default.match(key);
    if (kept) return new Response(kept.body, kept);
    const fresh = answer(c, "GET /broadcasts/{id}/on-air", await requireBroadcast(c.env, id), {
      "cache-control": `public, max-age=${ON_AIR_S}`,
    });
    c.executionCtx.waitUntil(caches.default.put(key, fresh.clone()));
    return fresh;
  });

  app.post("/broadcasts/:id/reports", viewer, async (c) => {
    const report = checked("INVALID_BODY", await readJson(c.req.raw, REPORT_BYTES, BODY_MS), viewerReport);
    const id = c.req.param("id");
    await requireBroadcast(c.env, id);
    return answer(c, "POST /broadcasts/{id}/reports", {
      report: await atBroadcast(c.env, id, (broadcast) => broadcast.hint(report)),
    });
  });

  // ---- the service ---------------------------------------------------------------------------------------------

  app.post("/notices", async (c) => {
    keysOf(c.env, "AGORA_NOTICE_SECRET");
    const signatures = signaturesOf(c.req.raw.headers);
    const body = await readBody(c.req.raw, NOTICE_BYTES, BODY_MS);
    const signed = answered(() => checkSignature(c.env, body, signatures));
    if (!signed.ok) throw Rejection.of(signed.error);
    // The service is not kept waiting, and need not send anything again: what it tells is a hint, or its test of this
    // address, or of tasks that are none of ours.
    const instanceId = instanceIdIn(body);
    if (instanceId !== undefined)
      c.executionCtx.waitUntil(
        addressees(c.env, instanceId).then((ids) =>
          Promise.all(ids.map((id) => atBroadcast(c.env, id, (broadcast) => broadcast.notice(body, signatures)))),
        ),
      );
    return c.json({ status: "ok" });
  });

  // Not `notFound`, which is not mounted with the routes; and not thrown, or it would not be looked at any further.
  app.all("*", (c) => refused(c, new Rejection("NOT_FOUND", "there is nothing here")));
  return app;
}

/** What the route answers when it succeeds. */
function answer<Name extends keyof Routes>(
  c: Context,
  name: Name,
  body: AnswerOf<Name>,
  headers: Record<string, string> = {},
): Response {
  return c.json(body, OPERATIONS[name].status, headers);
}

function refused(c: Context, { body, status, headers }: Rejection): Response {
  return c.json({ error: body } satisfies ErrorAnswer, status, headers);
}

/** The answer to an upgrade can not be given headers. */
function unlessUpgraded(middleware: MiddlewareHandler): MiddlewareHandler {
  return (c, next) => (c.req.header("upgrade") === undefined ? middleware(c, next) : next());
}

/** The instanceId of a task's notification, `null` if that names none; `undefined` if it is no such notification. */
function instanceIdIn(body: Uint8Array): string | null | undefined {
  try {
    return parseNotice(body).instanceId;
  } catch (error) {
    console.warn("steadymix: what the service has signed is no notification of a task:", error);
    return undefined;
  }
}

/** The broadcasts that a notification with this instanceId may be about. */
async function addressees(env: SteadymixEnv, instanceId: string | null): Promise<string[]> {
  if (instanceId !== null) {
    const id = groupOf(instanceId);
    return id !== undefined && isOf(broadcastId, id) ? [id] : [];
  }
  // Only the broadcasts themselves know their tasks.
  const broadcasts = await reachQuota(env, (quota) => quota.broadcasts());
  return broadcasts.filter(({ state }) => state !== "over" && state !== "failed").map(({ id }) => id);
}

/** A query is text. What is no number in it is named as it is. */
function numberOf(text: string): number | string {
  const number = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(number) ? number : text;
}

function notAllowed(methods: string): Rejection {
  return new Rejection("METHOD_NOT_ALLOWED", `allowed here: ${methods}`, { allowed: methods });
}

function notFound(): Rejection {
  return new Rejection("NOT_FOUND", "there is no such broadcast");
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw notFound();
  return value;
}

/** The core names a field of its configuration `config.…`, and one of what a group takes as an update `update.…`. */
function asInBody({ field, message, ...error }: ErrorBody): ErrorBody {
  const short = (text: string) => text.replace(/^(config|update)\./, "");
  return { ...error, message: short(message), ...(field === undefined ? {} : { field: short(field) }) };
}
