/** Shared by the routes: answers, and calls to a broadcast. */
import type { Context } from "hono";
import type { Broadcast } from "./broadcast.js";
import type { SteadymixEnv } from "./environment.js";
import { isOf } from "./input.js";
import { type Remote, reach } from "./objects.js";
import { OPERATIONS } from "./operations.js";
import { Rejection } from "./rejection.js";
import type { AnswerOf, ErrorAnswer, OnAirUpdate, Routes } from "./routes.js";
import { broadcastId } from "./schema.js";

/** The types of Hono's apps and middleware here. */
export type Bindings = { Bindings: SteadymixEnv };

/** Within the 10 s that the service waits for an answer to a notification. */
export const BODY_TIMEOUT_MS = 5_000;
/** For bodies with a few short fields. */
export const MAX_SMALL_BODY_BYTES = 1_024;

/** Calls `act` with a broadcast's object. Throws `NOT_FOUND` if the id is invalid. */
export async function atBroadcast<Value>(
  env: SteadymixEnv,
  id: string,
  act: (broadcast: Remote<Broadcast>) => Promise<Value>,
): Promise<Value> {
  // Before touching a Durable Object.
  if (!isOf(broadcastId, id)) throw notFound();
  return reach(env, "BROADCAST", id, act);
}

/** The current update of a broadcast. Throws `NOT_FOUND` if there is no such broadcast. */
export async function requireBroadcast(env: SteadymixEnv, id: string): Promise<OnAirUpdate> {
  return found(await atBroadcast(env, id, (broadcast) => broadcast.onAirUpdate()));
}

/** A successful answer. */
export function answer<Name extends keyof Routes>(
  c: Context,
  name: Name,
  body: AnswerOf<Name>,
  headers: Record<string, string> = {},
): Response {
  return c.json(body, OPERATIONS[name].status, headers);
}

export function refused(c: Context, { body, status, headers }: Rejection): Response {
  return c.json({ error: body } satisfies ErrorAnswer, status, headers);
}

export function notAllowed(methods: string): Rejection {
  return new Rejection("METHOD_NOT_ALLOWED", `allowed here: ${methods}`, { allowed: methods });
}

export function notFound(): Rejection {
  return new Rejection("NOT_FOUND", "there is no such broadcast");
}

export function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw notFound();
  return value;
}
