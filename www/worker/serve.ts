/** The Worker of `steadymix serve`: the same Worker with its pages on disk, and an entrypoint that only the command reaches. */
import { AppQuota, Broadcast, Relay } from "steadymix/cloudflare";
import type { WorkerEnv } from "./demo.ts";
import app from "./index.ts";
import { page } from "./pages.ts";

export { AppQuota, Broadcast, Relay };

interface ServeEnv extends WorkerEnv {
  /** The folder with the pages. */
  PAGES: Fetcher;
}

/** Broadcasts are woken this many at a time. */
const WOKEN_AT_ONCE = 20;

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    return pathname.startsWith("/api/") ? app.fetch(request, env, ctx) : page(request, env.PAGES);
  },
} satisfies ExportedHandler<ServeEnv>;

/** For the command: `/health` is the route, `/wake` wakes broadcasts. */
export const control = {
  fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/wake") return wakeAll(env, searchParams.get("lateMs"));
    return app.fetch(new Request("http://command/api/health"), env, ctx);
  },
} satisfies ExportedHandler<ServeEnv>;

/** The Cache API's storage, which keeps nothing: what it would save is a call within this process. */
export const cache = {
  fetch: ({ method }) =>
    method === "GET"
      ? new Response(null, { status: 504, headers: { "cf-cache-status": "MISS" } })
      : new Response(null, { status: 204 }),
} satisfies ExportedHandler;

/**
 * Wakes the broadcasts whose alarm is missing or late by more than `lateMs`; without it, all of them. Answers with the ids of those
 * that were woken, and of those that could not be.
 */
async function wakeAll(env: ServeEnv, lateMs: string | null): Promise<Response> {
  const quota = env.APP_QUOTA.get(env.APP_QUOTA.idFromName(env.AGORA_APP_ID));
  const ids = (await quota.broadcasts()).map(({ id }) => id);
  const woken: string[] = [];
  const failed: string[] = [];
  const wake = async (id: string) => {
    try {
      const broadcast = env.BROADCAST.get(env.BROADCAST.idFromName(id));
      if (await broadcast.wake(lateMs === null ? undefined : Number(lateMs))) woken.push(id);
    } catch (error) {
      console.error("steadymix: a broadcast could not be woken:", error);
      failed.push(id);
    }
  };
  for (let at = 0; at < ids.length; at += WOKEN_AT_ONCE) await Promise.all(ids.slice(at, at + WOKEN_AT_ONCE).map(wake));
  return Response.json({ woken, failed });
}
