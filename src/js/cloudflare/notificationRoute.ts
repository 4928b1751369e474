import type { Hono } from "hono";
import { parseNotification } from "../blocks.js";
import { groupOf } from "../instanceId.js";
import { answered } from "./answer.js";
import { keysOf, type SteadymixEnv } from "./environment.js";
import { readBody } from "./guards.js";
import { isOf } from "./input.js";
import { checkSignature, signaturesOf } from "./notifications.js";
import { reachQuota } from "./objects.js";
import { Rejection } from "./rejection.js";
import { atBroadcast, type Bindings, BODY_TIMEOUT_MS } from "./routing.js";
import { broadcastId } from "./schema.js";

/** Some notifications carry the whole payload of a task, escaped. */
const MAX_NOTIFICATION_BYTES = 1_048_576;

/** The route for the service's notifications. */
export function addNotificationRoute(app: Hono<Bindings>): void {
  app.post("/notifications", async (c) => {
    keysOf(c.env, "AGORA_NOTIFICATION_SECRET");
    const signatures = signaturesOf(c.req.raw.headers);
    const body = await readBody(c.req.raw, MAX_NOTIFICATION_BYTES, BODY_TIMEOUT_MS);
    const signed = answered(() => checkSignature(c.env, body, signatures));
    if (!signed.ok) throw Rejection.of(signed.error);
    // Answered before it is handled. A lost notification does no harm, because it only brings a Query forward.
    const instanceId = instanceIdIn(body);
    if (instanceId !== undefined)
      c.executionCtx.waitUntil(
        broadcastsFor(c.env, instanceId).then((ids) =>
          Promise.all(
            ids.map((id) => atBroadcast(c.env, id, (broadcast) => broadcast.handleNotification(body, signatures))),
          ),
        ),
      );
    return c.json({ status: "ok" });
  });
}

/** The instanceId in a task's notification. `null`: it has none. `undefined`: it is not about a task. */
function instanceIdIn(body: Uint8Array): string | null | undefined {
  try {
    return parseNotification(body).instanceId;
  } catch (error) {
    console.warn("steadymix: a signed notification is not about a task:", error);
    return undefined;
  }
}

/** The ids of the broadcasts that a notification with this instanceId may be about. */
async function broadcastsFor(env: SteadymixEnv, instanceId: string | null): Promise<string[]> {
  if (instanceId !== null) {
    const id = groupOf(instanceId);
    return id !== undefined && isOf(broadcastId, id) ? [id] : [];
  }
  // Only the broadcasts themselves know their tasks.
  const broadcasts = await reachQuota(env, (quota) => quota.broadcasts());
  return broadcasts.filter(({ state }) => state !== "ended" && state !== "failed").map(({ id }) => id);
}
