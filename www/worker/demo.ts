/** Routes of the demonstration: what the service's stand-in is up to, and what can be done to it. */
import { Hono } from "hono";
import type { SteadymixEnv } from "steadymix/cloudflare";
import type { Command, State, Task } from "steadymix/emulator";
import { FAULTS, inputChannelsOf, tasksOf } from "steadymix/emulator/scenarios";

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
    return c.json({ tasks: await tasksIn(c.env) }, 200, { "cache-control": "no-store" });
  });

  app.post("/faults", async (c) => {
    const body: { name?: unknown; broadcast?: unknown; uid?: unknown } = Object(await c.req.json().catch(() => null));
    const { name, broadcast, uid } = body;
    const fault = FAULTS.find((fault) => fault.name === name);
    const isUid = Number.isInteger(uid) && Number(uid) > 0 && Number(uid) <= 0xffff_ffff;
    if (!fault || typeof broadcast !== "string" || !isUid) {
      const names = FAULTS.map(({ name }) => name).join(", ");
      const message = `name must be one of ${names}, broadcast the id of one, and uid the uid that is on air`;
      return c.json({ error: { code: "INVALID_BODY", message } }, 400);
    }
    const tasks = tasksOf(broadcast, await tasksIn(c.env));
    // Another broadcast may have the same uids.
    const onAir = tasks.findLast((task) => task.uid === uid);
    if (!onAir) return conflict(`uid is ${uid}, but must be of a task of ${broadcast}`);
    const inputChannels = inputChannelsOf(tasks.filter(({ live }) => live));
    const commands = fault.commands({ onAir: { taskId: onAir.taskId }, inputChannels }, FAULT_MS);
    if (commands.length === 0) return conflict(`no live task of ${broadcast} has hosts`);
    return control(c.env, commands);
  });

  /** No more rules, and the hosts are back, in whichever channels. */
  app.post("/mend", async (c) => {
    const hosts = inputChannelsOf(await tasksIn(c.env)).map(
      (channel): Command => ({ type: "hosts", channel, present: true }),
    );
    return control(c.env, [{ type: "clearRules" }, ...hosts]);
  });

  return app;
}

function service(env: SteadymixEnv): Fetcher {
  if (!env.AGORA_SERVICE) throw new Error("there is no stand-in");
  return env.AGORA_SERVICE;
}

/** Every task there ever was. */
async function tasksIn(env: SteadymixEnv): Promise<Task[]> {
  return (await (await service(env).fetch("https://emulator/state")).json<State>()).tasks;
}

/** A command that cannot be carried out is answered in the form of this Worker's other errors. */
async function control(env: SteadymixEnv, commands: Command[]): Promise<Response> {
  const answer = await service(env).fetch("https://emulator/control", {
    method: "POST",
    body: JSON.stringify(commands),
  });
  if (answer.ok) return answer;
  const { message } = await answer.json<{ message: string }>();
  return conflict(message);
}

function conflict(message: string): Response {
  return Response.json({ error: { code: "CONFLICT", message } }, { status: 409 });
}
