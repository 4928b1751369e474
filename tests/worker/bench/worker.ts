import { Hono } from "hono";
import { AppQuota, Broadcast, handler, Relay, type SteadymixEnv } from "steadymix/cloudflare";

export { AppQuota, Relay };

export class BenchBroadcast extends Broadcast {
  /** Does nothing: measures the call itself. */
  nothing(): void {}

  /** Runs the alarm. */
  turn(): Promise<void> {
    return this.alarm();
  }

  /** Drops everything in memory, like an eviction. */
  forget(): void {
    this.ctx.abort("forget");
  }

  /** The size of its database. */
  bytes(): number {
    return this.ctx.storage.sql.databaseSize;
  }
}

type Env = Omit<SteadymixEnv, "BROADCAST"> & { BROADCAST: DurableObjectNamespace<BenchBroadcast> };
const app = new Hono<{ Bindings: Env }>();

app.post("/bench/:id/:what", async (c) => {
  const { id, what } = c.req.param();
  const stub = c.env.BROADCAST.get(c.env.BROADCAST.idFromName(id));
  if (what === "nothing") await stub.nothing();
  else if (what === "turn") await stub.turn();
  else if (what === "forget") await stub.forget().catch(() => {});
  else if (what === "bytes") return c.json(await stub.bytes());
  return c.json(null);
});
app.route("/api", handler());

export default app;
