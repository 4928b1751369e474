/** Routes of the demo: the tasks of the emulated service, and faults to inject. */
import { Hono } from "hono";
import type { SteadymixEnv } from "steadymix/cloudflare";
import type { Command, State, Task } from "steadymix/emulator";
import { FAULTS, inputChannelsOf, tasksOf } from "steadymix/emulator/scenarios";

/** The duration of faults that do not end by themselves. */
const FAULT_MS = 20_000;

/** The environment of the Worker. */
export interface WorkerEnv extends SteadymixEnv {
  /** Set in the demo only, where `AGORA_SERVICE` is the emulator. Without it these routes answer 404. */
  DEMONSTRATION?: boolean;
}

export function demo(): Hono<{ Bindings: WorkerEnv }> {
  const app = new Hono<{ Bindings: WorkerEnv }>();

  app.use(async (c, next) => (c.env.DEMONSTRATION === true && c.env.AGORA_SERVICE ? next() : c.notFound()));
  // The routes need no key, so pages of other origins must not reach them.
  app.use(async (c, next) => {
    const origin = c.req.header("origin");
    const site = c.req.header("sec-fetch-site");
    const isOurs = origin === undefined || origin === new URL(c.req.url).origin;
    if (isOurs && (site === undefined || site === "same-origin" || site === "none")) return next();
    return c.json(
      { error: { code: "ORIGIN_NOT_ALLOWED", message: "only the pages of the demo may use this route" } },
      403,
    );
  });

  /** All tasks, including those that have ended. */
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
      const message = `the body must be { name, broadcast, uid }: one of ${names}; a broadcast's id; the uid that is on air`;
      return c.json({ error: { code: "INVALID_BODY", message } }, 400);
    }
    const tasks = tasksOf(broadcast, await tasksIn(c.env));
    // Uids are not unique: another broadcast may use the same ones.
    const onAir = tasks.findLast((task) => task.uid === uid);
    if (!onAir) return conflict(`uid is ${uid}, but must be the output uid of a task of ${broadcast}`);
    const inputChannels = inputChannelsOf(tasks.filter(({ live }) => live));
    const commands = fault.commands({ onAir: { taskId: onAir.taskId }, inputChannels }, FAULT_MS);
    if (commands.length === 0) return conflict(`no live task of ${broadcast} has hosts`);
    return control(c.env, commands);
  });

  /** Removes all rules, and returns the hosts of every task to their channels. */
  app.delete("/faults", async (c) => {
    const hosts = inputChannelsOf(await tasksIn(c.env)).map(
      (channel): Command => ({ type: "hosts", channel, present: true }),
    );
    return control(c.env, [{ type: "clearRules" }, ...hosts]);
  });

  return app;
}

function emulator(env: SteadymixEnv): Fetcher {
  if (!env.AGORA_SERVICE) throw new Error("AGORA_SERVICE is missing");
  return env.AGORA_SERVICE;
}

async function tasksIn(env: SteadymixEnv): Promise<Task[]> {
  return (await (await emulator(env).fetch("https://emulator/state")).json<State>()).tasks;
}

/** Converts the emulator's errors into the form of this Worker's errors. */
async function control(env: SteadymixEnv, commands: Command[]): Promise<Response> {
  const answer = await emulator(env).fetch("https://emulator/control", {
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
