/** Routes of the demonstration: what the service's stand-in is up to, and what can be done to it. */
import { Hono } from "hono";
import type { SteadymixEnv } from "steadymix/cloudflare";
import type { Command, State } from "steadymix/emulator";
import { FAULTS } from "../../tests/emulator/js/faults.ts";

/** How long a fault lasts that does not end by itself. */
const FAULT_MS = 20_000;

/** The environment of the Worker. */
export interface WorkerEnv extends SteadymixEnv {
  /** Set in the demonstration alone: `AGORA_SERVICE` is the service's stand-in, and these routes play with it. */
  DEMONSTRATION?: boolean;
}

export function demo(): Hono<{ Bindings: WorkerEnv }> {
  const app = new Hono<{ Bindings: WorkerEnv }>();

  // Where the service is the real one there is nothing to play with.
  app.use(async (c, next) => (c.env.DEMONSTRATION === true && c.env.AGORA_SERVICE ? next() : c.notFound()));
  // They want no key: a page of another origin could play with the stand-in of whoever looks at it.
  app.use(async (c, next) => {
    const origin = c.req.header("origin");
    const site = c.req.header("sec-fetch-site");
    const isOurs = origin === undefined || origin === new URL(c.req.url).origin;
    if (isOurs && (site === undefined || site === "same-origin" || site === "none")) return next();
    return c.json(
      { error: { code: "ORIGIN_NOT_ALLOWED", message: "only the demonstration's own pages may use this" } },
      403,
    );
  });

  /** Everything there is to know of the tasks: what runs, and how what does not run has ended. */
  app.get("/tasks", async (c) => {
    const { tasks } = await (await service(c.env).fetch("https://emulator/state")).json<State>();
    return c.json({ tasks }, 200, { "cache-control": "no-store" });
  });

  app.post("/faults", async (c) => {
    const { name, uid } = ((await c.req.json().catch(() => null)) ?? {}) as { name?: unknown; uid?: unknown };
    const fault = FAULTS.find((fault) => fault.name === name);
    const isUid = Number.isInteger(uid) && Number(uid) > 0 && Number(uid) <= 0xffff_ffff;
    if (!fault || !isUid) {
      const message = `name must be one of ${FAULTS.map(({ name }) => name).join(", ")}, and uid a uid`;
      return c.json({ error: { code: "INVALID_BODY", message } }, 400);
    }
    return control(c.env, fault.commands(Number(uid), FAULT_MS));
  });

  /** No more rules, and the hosts are back. */
  app.post("/mend", (c) => {
    return control(c.env, [{ kind: "clearRules" }, { kind: "hosts", channel: "studio", present: true }]);
  });

  return app;
}

function service(env: SteadymixEnv): Fetcher {
  if (!env.AGORA_SERVICE) throw new Error("there is no stand-in");
  return env.AGORA_SERVICE;
}

/** A command that cannot be carried out is answered in the form of this Worker's other errors. */
async function control(env: SteadymixEnv, commands: Command[]): Promise<Response> {
  const answer = await service(env).fetch("https://emulator/control", {
    method: "POST",
    body: JSON.stringify(commands),
  });
  if (answer.ok) return answer;
  const { message } = await answer.json<{ message: string }>();
  return Response.json({ error: { code: "CONFLICT", message } }, { status: 409 });
}
