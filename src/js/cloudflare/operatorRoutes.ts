import type { Hono, MiddlewareHandler } from "hono";
import type { GroupUpdate } from "../types.js";
import type { BroadcastStartOptions } from "./broadcast.js";
import { checkEnvironment, keysOf, splitAtSpaces } from "./environment.js";
import { checkOperator, checkOrigin, readJson } from "./guards.js";
import { checked, checkLeftOut } from "./input.js";
import { reachQuota } from "./objects.js";
import { Rejection } from "./rejection.js";
import type { ErrorBody } from "./routes.js";
import {
  answer,
  atBroadcast,
  type Bindings,
  BODY_TIMEOUT_MS,
  found,
  MAX_SMALL_BODY_BYTES,
  requireBroadcast,
} from "./routing.js";
import { broadcastId, newViewerToken, since } from "./schema.js";
import { signViewerToken } from "./viewerTokens.js";

/** Each lane may have its own payload, of some 60 KB with 90 hosts. */
const MAX_SETTINGS_BYTES = 1_048_576;

const DEFAULT_LIFETIME_S = 3_600;

/** The routes for operators. */
export function addOperatorRoutes(app: Hono<Bindings>): void {
  app.get("/broadcasts", operator, async (c) =>
    answer(c, "GET /broadcasts", { broadcasts: await reachQuota(c.env, (quota) => quota.broadcasts()) }),
  );
  app.get("/quota", operator, async (c) => answer(c, "GET /quota", await reachQuota(c.env, (quota) => quota.status())));

  app.post("/broadcasts", operator, async (c) => {
    const { id = crypto.randomUUID(), ...settings } = await readJson(c.req.raw, MAX_SETTINGS_BYTES, BODY_TIMEOUT_MS);
    const { appId, instanceId, ...given } = settings;
    checkLeftOut("INVALID_OPTIONS", "appId", appId, "the Worker has its own");
    checkLeftOut("INVALID_OPTIONS", "instanceId", instanceId, "it equals the id");
    const options = {
      ...given,
      instanceId: checked("INVALID_OPTIONS", id, broadcastId, "id"),
    } as BroadcastStartOptions;
    const started = await atBroadcast(c.env, options.instanceId, (broadcast) => broadcast.start(options));
    if (!started.ok) throw Rejection.of(asInBody(started.error));
    const location = `${new URL(c.req.url).pathname}/${options.instanceId}`;
    return answer(c, "POST /broadcasts", started.value, { location });
  });

  app.get("/broadcasts/:id", operator, async (c) => {
    const status = found(await atBroadcast(c.env, c.req.param("id"), (broadcast) => broadcast.status()));
    return answer(c, "GET /broadcasts/{id}", status);
  });

  app.patch("/broadcasts/:id", operator, async (c) => {
    const { services, lanes, ...others } = await readJson(c.req.raw, MAX_SETTINGS_BYTES, BODY_TIMEOUT_MS);
    for (const [field, value] of Object.entries(others))
      checkLeftOut("INVALID_OPTIONS", field, value, "only services, or those of lanes, can be changed");
    if (lanes !== undefined) checkLeftOut("INVALID_OPTIONS", "services", services, "each of the lanes has its own");
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
    const body = await readJson(c.req.raw, MAX_SMALL_BODY_BYTES, BODY_TIMEOUT_MS);
    const { lifetimeS = DEFAULT_LIFETIME_S } = checked("INVALID_BODY", body, newViewerToken);
    const [key] = keysOf(c.env, "VIEWER_KEYS");
    const id = c.req.param("id");
    await requireBroadcast(c.env, id);
    return answer(c, "POST /broadcasts/{id}/viewer-tokens", await signViewerToken(key, id, lifetimeS));
  });
}

const operator: MiddlewareHandler<Bindings> = async (c, next) => {
  checkOrigin(c.req.header("origin"), c.req.url, splitAtSpaces(c.env.ALLOWED_ORIGINS));
  await checkOperator(c.req.header("authorization"), keysOf(c.env, "OPERATOR_KEYS"));
  checkEnvironment(c.env);
  await next();
};

/** A query parameter as a number; anything else stays a string, which the error quotes. */
function numberOf(text: string): number | string {
  const number = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(number) ? number : text;
}

/** Removes the prefixes with which the core names fields of settings and updates. */
function asInBody({ field, message, ...error }: ErrorBody): ErrorBody {
  const short = (text: string) => text.replace(/^(options|update)\./, "");
  return { ...error, message: short(message), ...(field === undefined ? {} : { field: short(field) }) };
}
