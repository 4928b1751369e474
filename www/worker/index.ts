/** The Worker: serves the viewer page and the console, and keeps broadcasts on air. */
import { Hono } from "hono";
import { AppQuota, Broadcast, handler, Relay } from "steadymix/cloudflare";
import { demo, type WorkerEnv } from "./demo.ts";

export { AppQuota, Broadcast, Relay };

const app = new Hono<{ Bindings: WorkerEnv }>();
app.route("/api/demo", demo());
app.route("/api", handler());

export default app;
